package server

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// front is a listener whose connections answer the requests that a tile server lives from before net/http sees them: plain GETs of what is stored,
// answered 200 or 304. Of the 50 us of CPU that such a request took, 30 went to what net/http does for any request: a goroutine that listens for
// hang-ups, six deadlines, a map of headers read and a sorted list written. The front takes 4 beside its two system calls.
//
// net/http owns the connection all the same. It reads from a [caller], which looks at what comes in between two of its requests: those that [scan] calls
// plain and for which a route has an answer are answered and never handed on; all else, errors too, goes to net/http byte by byte. The caller keeps
// what it handed on, and whenever net/http says that it has answered a request, takes that one off. When nothing is left net/http has no byte of the
// next request, and the front may look again. A request about whose end scan is unclear makes the connection net/http's for good. So no byte can mean
// one thing to the front and another to net/http. The first request is always net/http's, which begins to count its time when it accepts.
type front struct {
	*listener
	server *Server
	routes []storedRoute
	date   date
	left   atomic.Int64 // connections that are leaving
}

// storedRoute is a route of the table whose answers are stored, with its counters.
type storedRoute struct {
	path   string // without the "*" that takes the rest
	rest   bool   // ends with "*"
	find   finder
	counts *routeMetrics
}

// newFront puts the routes that have a finder in front of what l accepts.
func newFront(l *listener, s *Server) *front {
	f := &front{listener: l, server: s}
	for _, r := range s.routes() {
		if r.find != nil {
			path, rest := strings.CutSuffix(r.path, "*")
			f.routes = append(f.routes, storedRoute{path, rest, r.find, s.metrics.routes[r.path]})
		}
	}
	return f
}

// Accept waits for a connection.
func (f *front) Accept() (net.Conn, error) {
	n, err := f.listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &caller{conn: n.(*conn), front: f}
	c.request = http.Request{Method: http.MethodGet, URL: new(url.URL), Header: http.Header{}}
	return c, nil
}

// notice is the hook http.Server.ConnState, which net/http calls when it has answered a request and reads no more.
func (f *front) notice(n net.Conn, state http.ConnState) {
	if c, ok := n.(*caller); ok && state == http.StateIdle && !c.lost {
		_, size, form := scan(c.handed)
		c.handed = c.handed[:copy(c.handed, c.handed[size:])]
		c.lost = form == unclear
		c.atRest = len(c.handed) == 0 && !c.lost
	}
}

// wait waits until the connections that are leaving have left, or ctx ends.
func (f *front) wait(ctx context.Context) error {
	for f.left.Load() > 0 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(farewell / 20):
		}
	}
	return nil
}

// Whose turn it is on a connection.
const (
	passing   int32 = iota // net/http's, or nobody's any more
	waiting                // the client's: the front waits for a request
	answering              // the front's
	leaving                // the front's for the last time: the connection was closed while it waited or answered
)

// farewell is how long a connection that is closed at rest may still bring the request that was on its way.
const farewell = 100 * time.Millisecond

// caller is a connection behind the front. net/http reads in one goroutine at a time, and all fields but turn are its own.
type caller struct {
	*conn
	front *front
	turn  atomic.Int32

	atRest  bool   // net/http waits for a request and has no byte of it: the front may look
	lost    bool   // net/http may have bytes that nobody knows of
	handed  []byte // what net/http got beyond the requests that it answered
	request http.Request
	values  [len(kept)][]string // of the request before: clients repeat themselves

	readBy, writeBy time.Time // deadlines that the front set; zero when net/http may have set others
}

// Read hands bytes to net/http: at rest those that the front does not answer, else all.
func (c *caller) Read(p []byte) (int, error) {
	if c.atRest {
		return c.look(p)
	}
	n, err := c.conn.Read(p)
	c.hand(p[:n])
	return n, err
}

// hand notes what net/http gets.
func (c *caller) hand(b []byte) {
	const most = 8 << 10 // twice what net/http reads at once
	if c.lost = c.lost || len(c.handed)+len(b) > most; c.lost {
		c.handed = nil
		return
	}
	c.handed = append(c.handed, b...)
}

// look answers what it can, and returns with the first bytes that it cannot. The deadlines in force when it begins are net/http's.
func (c *caller) look(p []byte) (int, error) {
	c.readBy, c.writeBy = time.Time{}, time.Time{}
	c.turn.CompareAndSwap(passing, waiting)
	defer c.turn.CompareAndSwap(waiting, passing)
	for {
		n, err := c.conn.Read(p)
		if err != nil {
			return n, err
		}
		c.turn.CompareAndSwap(waiting, answering)
		rest, err := c.answerAll(p[:n])
		if c.turn.CompareAndSwap(answering, waiting); err != nil || len(rest) > 0 {
			c.atRest = false
			c.hand(rest)
			return copy(p, rest), err
		}
	}
}

// answerAll answers the requests at the beginning of b. What it returns is net/http's.
func (c *caller) answerAll(b []byte) (rest []byte, err error) {
	for len(b) > 0 {
		q, size, form := scan(b)
		if form != plain {
			return b, nil
		}
		done, err := c.answer(&q)
		if !done {
			return b, nil
		}
		if err == nil && c.turn.Load() == leaving {
			err = net.ErrClosed
		}
		if err != nil {
			return nil, err
		}
		b = b[size:]
	}
	return nil, nil
}

// answer answers one request, and tells whether it did; err is what came of the writing.
func (c *caller) answer(q *asked) (done bool, err error) {
	begin := time.Now()
	route, a := c.find(q)
	if route == nil {
		return false, nil
	}
	c.extend(&c.writeBy, begin, c.front.server.options.Limits.Write, c.conn.SetWriteDeadline)
	w := wire{origin: c.front.server.headers.origin(&c.request), date: c.front.date.at(begin), last: c.turn.Load() == leaving}
	status := a.status(&c.request)
	size, err := a.write(c.conn.Conn, status, w)
	end := time.Now()
	c.extend(&c.readBy, end, c.front.server.options.Limits.Idle, c.conn.SetReadDeadline)
	route.counts.observe(status, int64(size), end.Sub(begin))
	return true, err
}

// find asks the route of a request for its answer: nil if there is none, or an error or a panic, of which net/http's side can tell the client and the log.
func (c *caller) find(q *asked) (route *storedRoute, a reply) {
	defer func() {
		if recover() != nil {
			route = nil
		}
	}()
	r := c.describe(q)
	for i := range c.front.routes {
		s := &c.front.routes[i]
		if r.URL.Path == s.path || s.rest && strings.HasPrefix(r.URL.Path, s.path) {
			a, err := s.find(r)
			if err != nil {
				return nil, reply{}
			}
			return s, a
		}
	}
	return nil, reply{}
}

// describe makes the request that a finder reads. It is the connection's own, good until the next one.
func (c *caller) describe(q *asked) *http.Request {
	r := &c.request
	*r.URL = url.URL{Path: string(q.path), RawQuery: again(r.URL.RawQuery, q.query)}
	c.front.server.trimBase(r.URL)
	for i, name := range kept {
		switch v := q.headers[i]; {
		case v == nil:
			delete(r.Header, name)
		case c.values[i] == nil || c.values[i][0] != string(v):
			c.values[i] = []string{string(v)}
			fallthrough
		default:
			r.Header[name] = c.values[i]
		}
	}
	return r
}

// again returns the text of b, without allocating if it is what it was.
func again(was string, b []byte) string {
	if was == string(b) {
		return was
	}
	return string(b)
}

// extend moves a deadline to limit from now on, unless less than a sixtieth of limit was lost since it last did: setting one costs as much as finding
// a tile.
func (c *caller) extend(by *time.Time, now time.Time, limit time.Duration, set func(time.Time) error) {
	if by.Sub(now) < limit-limit/60 {
		*by = now.Add(limit)
		_ = set(*by) // an error is a closed connection: the next read or write says so
	}
}

// Close closes the connection: at once, or if the front answers or waits, when the answer is out or the farewell over. net/http closes
// connections at rest when the server stops, and knows nothing of requests that the front answers.
func (c *caller) Close() error {
	for {
		switch turn := c.turn.Load(); {
		case turn == answering && c.turn.CompareAndSwap(turn, leaving):
			c.front.left.Add(1)
			return c.conn.SetWriteDeadline(time.Now().Add(c.front.server.options.Limits.Shutdown))
		case turn == waiting && c.turn.CompareAndSwap(turn, leaving):
			c.front.left.Add(1)
			return c.conn.SetReadDeadline(time.Now().Add(farewell))
		case turn != answering && turn != waiting && c.turn.CompareAndSwap(turn, passing):
			if turn == leaving {
				defer c.front.left.Add(-1)
			}
			return c.conn.Close()
		}
	}
}
