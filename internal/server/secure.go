package server

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"time"
)

// protocols are what a client may choose from in the TLS handshake, the better one first.
var protocols = []string{"h2", "http/1.1"}

// withHTTP2 returns a copy of c that offers them, nil for nil.
func withHTTP2(c *tls.Config) *tls.Config {
	if c == nil {
		return nil
	}
	c = c.Clone()
	c.NextProtos = slices.Clone(protocols)
	return c
}

// secure is a listener that does the TLS handshake before it hands a connection on, as what net/http writes must be read above the
// encryption (see conn.Write). Handshakes run beside each other: a slow one holds up nobody.
type secure struct {
	net.Listener
	config   *tls.Config
	patience time.Duration // for a handshake
	ready    chan accepted
	closed   context.Context
	close    context.CancelFunc
}

type accepted struct {
	conn net.Conn
	err  error
}

func newSecure(l net.Listener, config *tls.Config, patience time.Duration) *secure {
	s := &secure{Listener: l, config: config, patience: patience, ready: make(chan accepted)}
	s.closed, s.close = context.WithCancel(context.Background())
	go s.run()
	return s
}

// run accepts until the listener is closed. An error waits until it is taken, so whoever takes it sets the pace.
func (s *secure) run() {
	for {
		c, err := s.Listener.Accept()
		if err == nil {
			go s.handshake(tls.Server(c, s.config))
			continue
		}
		s.give(accepted{err: err})
		if errors.Is(err, net.ErrClosed) {
			return
		}
	}
}

// handshake hands the connection on in any case. One that failed is net/http's: it knows what to say to a client that speaks plain HTTP. One of
// HTTP/2 too: that code asks for a *tls.Conn, and it never writes the refusals.
func (s *secure) handshake(c *tls.Conn) {
	ctx, cancel := context.WithTimeout(s.closed, s.patience)
	defer cancel()
	if err := c.HandshakeContext(ctx); err != nil || c.ConnectionState().NegotiatedProtocol == protocols[0] {
		s.give(accepted{conn: c})
		return
	}
	s.give(accepted{conn: &secured{c}})
}

func (s *secure) give(a accepted) {
	select {
	case s.ready <- a:
	case <-s.closed.Done():
		if a.conn != nil {
			a.conn.Close()
		}
	}
}

// Accept returns the next connection whose handshake is over.
func (s *secure) Accept() (net.Conn, error) {
	select {
	case a := <-s.ready:
		return a.conn, a.err
	case <-s.closed.Done():
		return nil, net.ErrClosed
	}
}

// Close stops accepting and ends the handshakes under way.
func (s *secure) Close() error {
	s.close()
	return s.Listener.Close()
}

// secured is a connection of HTTP/1.1 over TLS. net/http finds the state of TLS by its method ConnectionState.
type secured struct{ *tls.Conn }

// Write is that of conn.
func (c *secured) Write(b []byte) (int, error) { return writePolitely(c.Conn, b) }
