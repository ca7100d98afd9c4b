package server

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

const (
	tileRequest   = "GET /terrain/alps/0/0/0.terrain HTTP/1.1\r\nHost: a\r\n\r\n"
	healthRequest = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
)

// withoutFront returns options under which net/http answers all, and the same otherwise.
func withoutFront(o Options) Options {
	o.AccessLog = slog.New(slog.DiscardHandler)
	return o
}

// counted counts the requests that net/http hands to a server.
func counted(s *Server) (*Server, *atomic.Int64) {
	n := new(atomic.Int64)
	s.echo.Pre(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error { n.Add(1); return next(c) }
	})
	return s, n
}

// talk is a connection that asks and reads answers byte by byte.
type talk struct {
	net.Conn
	seen    bytes.Buffer // what was read, ahead of answers too
	answers *bufio.Reader
}

func dial(t *testing.T, address string) *talk {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(20 * time.Second))
	k := &talk{Conn: c}
	k.answers = bufio.NewReader(io.TeeReader(c, &k.seen))
	return k
}

// ask sends a request and returns the answer and its very bytes.
func (k *talk) ask(t *testing.T, request string) (*http.Response, string) {
	t.Helper()
	k.seen.Reset()
	io.WriteString(k, request)
	method, _, _ := strings.Cut(request, " ")
	r, err := http.ReadResponse(k.answers, &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%.80q: %v", request, err)
	}
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		t.Fatalf("%.80q: %v", request, err)
	}
	return r, k.seen.String()
}

var dateLine = regexp.MustCompile(`Date: [^\r]*GMT\r\n`)

func TestTheFrontSaysWhatNetHTTPSays(t *testing.T) {
	base, _ := url.Parse("https://maps.example/t/")
	etag := ask(New(newShelf(), Options{}), "GET", "/terrain/alps/0/0/0.terrain").Header.Get("ETag")
	large := newShelf()
	large["alps"].tiles[coord(1, 2, 0)] = bytes.Repeat([]byte("large"), 100_000)
	for _, o := range []Options{{}, {CacheBytes: -1}, {CORS: []string{"https://app.example"}}, {BaseURL: base}} {
		front, reached := counted(New(large, o))
		ours, _ := start(t, front)
		theirs, _ := start(t, New(large, withoutFront(o)))
		a, b := dial(t, ours), dial(t, theirs)
		for _, c := range []struct {
			line, headers string
			front         bool
		}{
			{"GET /healthz", "", false}, // the first request is always net/http's
			{"GET /terrain/alps/0/0/0.terrain", "", true},
			{"GET /terrain/alps/0/0/0.terrain?v=1.0.0", "Accept-Encoding: gzip, deflate, br\r\n" + acceptAll + "\r\n", true},
			{"GET /terrain/alps@1/0/1/0.terrain?extensions=octvertexnormals", "Accept-Encoding: gzip\r\n", true},
			{"GET /terrain/alps/1/0/0.terrain", "Accept-Encoding: gzip;q=0\r\n", true},
			{"GET /terrain/alps/1/2/0.terrain", "", true},
			{"GET /terrain/alps/layer.json", "Accept-Encoding: gzip\r\n", true},
			{"GET /terrain/alps/0/0/0.terrain", "If-None-Match: " + etag + "\r\n", true},
			{"GET /terrain/alps/0/0/0.terrain", "Origin: https://app.example\r\n", true},
			{"GET /terrain/alps/0/0/0.terrain", "Origin: https://evil.example\r\n", true},
			{"GET /t/terrain/alps/0/0/0.terrain", "", o.BaseURL != nil},
			{"GET /terrain/alps%401/layer.json", "", false},
			{"HEAD /terrain/alps/0/0/0.terrain", "", false},
			{"OPTIONS /terrain/alps/0/0/0.terrain", "", false},
			{"GET /terrain/alps/1/3/1.terrain", "", false},
			{"GET /terrain/alps/-1/0/0.terrain", "", false},
			{"GET /terrain/none/layer.json", "", false},
			{"GET /wmts?service=WMTS&request=GetTile", "", false},
			{"GET /wmtsfoo?service=WMTS&request=GetTile", "", false}, // no route ends there
			{"GET /imagery/alps/0/0/0.png", "", false},
			{"GET /terrain/alps/../alps/layer.json", "", false},
			{"GET //terrain/alps/layer.json", "", false},
			{"POST /terrain/alps/layer.json", "", false},
			{"GET /terrain/alps/0/0/0.terrain", "", true},
		} {
			request, before := c.line+" HTTP/1.1\r\nHost: a\r\n"+c.headers+"\r\n", reached.Load()
			_, got := a.ask(t, request)
			for try := 0; c.front && reached.Load() > before && try < 100; try++ { // net/http had begun to read it, to notice a hang-up
				time.Sleep(time.Duration(try) * time.Millisecond)
				before = reached.Load()
				_, got = a.ask(t, request)
			}
			_, want := b.ask(t, request)
			if got, want = dateLine.ReplaceAllString(got, ""), dateLine.ReplaceAllString(want, ""); got != want {
				t.Errorf("%s %s\n%.400q, net/http says\n%.400q", c.line, c.headers, got, want)
			}
			if n := reached.Load() - before; (n == 0) != c.front && !strings.HasPrefix(c.line, "OPTIONS") { // which the edge answers before it is counted
				t.Errorf("%s %s: %d requests reached net/http", c.line, c.headers, n)
			}
		}
	}
}

// TestNoByteMeansTwoThings sends the same bytes, cut at random, to a server with the front and to one without: requests behind each other, and bodies
// that look like requests.
func TestNoByteMeansTwoThings(t *testing.T) {
	pieces := []string{tileRequest, tileRequest, tileRequest, healthRequest, "HEAD /terrain/alps/0/0/0.terrain HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /terrain/alps/1/3/1.terrain HTTP/1.1\r\nHost: a\r\n\r\n", "GET /terrain/alps/layer.json HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 3000) + "\r\n\r\n",
		fmt.Sprintf("POST /datasets HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", len(tileRequest), tileRequest),
		fmt.Sprintf("GET /terrain/alps/0/1/0.terrain HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", len(tileRequest), tileRequest),
		fmt.Sprintf("GET /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(tileRequest), tileRequest),
		"POST /healthz HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "\r\n"}
	ours, _ := start(t, New(newShelf(), Options{}))
	theirs, _ := start(t, New(newShelf(), withoutFront(Options{})))
	random := rand.New(rand.NewPCG(17, 13))
	for n := range 150 {
		stream := ""
		for range 1 + random.IntN(8) {
			stream += pieces[random.IntN(len(pieces))]
		}
		stream += "GET /terrain/alps/0/1/0.terrain HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
		var cuts []string
		for rest := stream; rest != ""; {
			at := min(1+random.IntN(400), len(rest))
			cuts, rest = append(cuts, rest[:at]), rest[at:]
		}
		if got, want := say(t, ours, cuts), say(t, theirs, cuts); got != want {
			t.Fatalf("stream %d %.3000q\nanswered\n%.3000q, net/http answers\n%.3000q", n, cuts, got, want)
		}
	}
}

// say sends the pieces one by one and returns all that comes back, without dates.
func say(t *testing.T, address string, pieces []string) string {
	t.Helper()
	k := dial(t, address)
	go func() {
		for _, p := range pieces {
			if _, err := io.WriteString(k, p); err != nil {
				return // the server closed on a request that is none; what it answered is compared
			}
			time.Sleep(50 * time.Microsecond) // so that they arrive as pieces, most often
		}
	}()
	answers, _ := io.ReadAll(k) // a reset after the answers is fine
	return dateLine.ReplaceAllString(string(answers), "")
}

func TestSlowClientsBehindTheFrontAreClosed(t *testing.T) {
	limits := Limits{Header: 300 * time.Millisecond, Read: 400 * time.Millisecond, Write: 500 * time.Millisecond, Idle: 600 * time.Millisecond}
	address, _ := start(t, New(newShelf(), Options{Limits: limits}))
	for _, c := range []struct {
		name, begin, drip string
		within            time.Duration
	}{
		{"idle", "", "", limits.Idle},
		{"a header that drips", "GET /terrain/alps/0/0/0.terrain HTTP/1.1\r\nHost: a\r\nX: ", "a", limits.Header},
		{"a body that drips", "POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n", "a", limits.Read},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			k := dial(t, address)
			for range 3 {
				k.ask(t, tileRequest)
			}
			begin := time.Now()
			io.WriteString(k, c.begin)
			if c.drip != "" {
				go func() {
					for {
						if _, err := io.WriteString(k, c.drip); err != nil {
							return
						}
						time.Sleep(20 * time.Millisecond)
					}
				}()
			}
			if _, err := io.Copy(io.Discard, k.answers); err != nil && strings.Contains(err.Error(), "timeout") {
				t.Error("still open after 20 s")
			}
			if took := time.Since(begin); took > c.within+3*time.Second || took < c.within*9/10 {
				t.Errorf("closed after %v, the limit is %v", took, c.within)
			}
		})
	}
}

// TestAClientThatAsksAndDoesNotReadIsClosed: when the sockets are full the server waits for the client to read, the client's own write waits for the
// server, and the server's limit ends both.
func TestAClientThatAsksAndDoesNotReadIsClosed(t *testing.T) {
	address, _ := start(t, New(newShelf(), Options{Limits: Limits{Write: 500 * time.Millisecond}}))
	k := dial(t, address)
	k.ask(t, tileRequest)
	var err error
	for many := strings.Repeat(tileRequest, 1000); err == nil; {
		_, err = io.WriteString(k, many)
	}
	if e := net.Error(nil); errors.As(err, &e) && e.Timeout() {
		t.Error("still open after 20 s")
	}
}

// TestALongLifeBehindTheFrontLeavesNetHTTPItsTime: net/http begins to count when a request begins, not when the connection did.
func TestALongLifeBehindTheFrontLeavesNetHTTPItsTime(t *testing.T) {
	limits := Limits{Header: 300 * time.Millisecond, Read: 400 * time.Millisecond, Write: 500 * time.Millisecond, Idle: 600 * time.Millisecond}
	address, _ := start(t, New(newShelf(), Options{Limits: limits}))
	k := dial(t, address)
	for range 10 {
		k.ask(t, tileRequest)
		time.Sleep(150 * time.Millisecond) // longer together than any limit
	}
	for _, request := range []string{healthRequest, tileRequest, "GET /datasets HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", healthRequest, tileRequest} {
		if r, _ := k.ask(t, request); r.StatusCode != 200 {
			t.Errorf("%.30q: %s", request, r.Status)
		}
	}
}

// angryBook panics when asked for a tile.
type angryBook struct{ *book }

func (angryBook) Tile(context.Context, tilegrid.Coord) (tilestore.Tile, error) { panic("secret") }

type angryShelf struct{ angryBook }

func (s angryShelf) Get(context.Context, string) (Dataset, error)  { return s.angryBook, nil }
func (s angryShelf) All(context.Context) ([]tilestore.Info, error) { return nil, nil }

func TestAPanicBehindTheFrontIsAnswered(t *testing.T) {
	address, _ := start(t, New(angryShelf{angryBook{newShelf()["alps"]}}, Options{}))
	k := dial(t, address)
	for _, want := range []string{"HTTP/1.1 200", "HTTP/1.1 500", "HTTP/1.1 200"} {
		request := healthRequest
		if strings.HasSuffix(want, "500") {
			request = tileRequest
		}
		if _, got := k.ask(t, request); !strings.HasPrefix(got, want) || strings.Contains(got, "secret") {
			t.Errorf("%.300q, want %s", got, want)
		}
	}
}

func TestARequestOnItsWayAtTheEndIsAnswered(t *testing.T) {
	s := New(newShelf(), Options{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	k := dial(t, l.Addr().String())
	f := newFront(newListener(l, 1, new(atomic.Int64)), s)
	accepted, err := f.Accept()
	if err != nil {
		t.Fatal(err)
	}
	c := accepted.(*caller)
	c.atRest = true
	ended := make(chan error, 1)
	go func() { _, err := c.Read(make([]byte, 4096)); ended <- err }()
	for c.turn.Load() != waiting {
		time.Sleep(time.Millisecond)
	}
	c.Close() // as net/http does
	if r, _ := k.ask(t, tileRequest); r.StatusCode != 200 || !r.Close {
		t.Errorf("%s, closes %v", r.Status, r.Close)
	}
	if err := <-ended; err == nil || f.left.Load() != 1 {
		t.Errorf("net/http reads on: %v; %d are leaving", err, f.left.Load())
	}
	c.Close()
	if err := f.wait(t.Context()); err != nil {
		t.Errorf("it has not left: %v", err)
	}
}
