package server

import (
	"bytes"
	"io"
	"net"
	"sync"
	"sync/atomic"
)

// listener bounds the connections that are open at a time. More of them wait in the system's queue, where they cost nothing.
type listener struct {
	net.Listener
	places chan struct{}
	open   *atomic.Int64
	closed chan struct{}
	once   sync.Once
}

func newListener(l net.Listener, most int, open *atomic.Int64) *listener {
	return &listener{Listener: l, places: make(chan struct{}, most), open: open, closed: make(chan struct{})}
}

// Accept waits for a place, then for a connection.
func (l *listener) Accept() (net.Conn, error) {
	select {
	case l.places <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.places
		return nil, err
	}
	l.open.Add(1)
	return &conn{Conn: c, leave: sync.OnceFunc(func() { l.open.Add(-1); <-l.places })}, nil
}

// Close stops accepting.
func (l *listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// conn gives its place back when it closes.
type conn struct {
	net.Conn
	leave func()
}

// Close closes the connection.
func (c *conn) Close() error {
	defer c.leave()
	return c.Conn.Close()
}

// net/http answers an unknown Transfer-Encoding or protocol version on its own, before any handler, with 501 or 505. Both are the
// client's mistake, and a 5xx alarms operators.
var (
	refusals   = [][]byte{[]byte("HTTP/1.1 501 Not Implemented"), []byte("HTTP/1.1 505 HTTP Version Not Supported")}
	badRequest = []byte("HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 11\r\nConnection: close\r\n\r\nbad request")
)

// Write sends b, unless it is one of those refusals: then 400.
func (c *conn) Write(b []byte) (int, error) { return writePolitely(c.Conn, b) }

func writePolitely(w io.Writer, b []byte) (int, error) {
	if len(b) < 256 && bytes.HasPrefix(b, refusals[0][:10]) {
		for _, r := range refusals {
			if bytes.HasPrefix(b, r) {
				_, err := w.Write(badRequest)
				return len(b), err
			}
		}
	}
	return w.Write(b)
}
