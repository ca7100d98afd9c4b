package server

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// start runs s on a free port and returns its address and what ends it.
func start(t *testing.T, s *Server) (address string, stop func() error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, l) }()
	stop = sync.OnceValue(func() error { cancel(); return <-done })
	t.Cleanup(func() { stop() })
	return l.Addr().String(), stop
}

// raw sends bytes as they are and returns what comes back until the server closes.
func raw(t *testing.T, address, request string) string {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	io.WriteString(c, request)
	answer, _ := io.ReadAll(c) // a reset after the answer is fine
	return string(answer)
}

// broken are requests that no client sends on purpose, and none of which is the server's fault.
var broken = map[string]string{
	"unknown transfer encoding": "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: foo\r\n\r\n",
	"HTTP of the future":        "GET / HTTP/3.0\r\nHost: a\r\n\r\n",
	"HTTP 2 without TLS":        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	"no host":                   "GET / HTTP/1.1\r\n\r\n",
	"no HTTP":                   "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n",
	"a header too large":        "GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("a", 64<<10) + "\r\n\r\n",
	"two lengths":               "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
	"a body too large":          "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 999999999\r\n\r\n",
}

func TestBrokenRequestsAreTheClientsFault(t *testing.T) {
	address, _ := start(t, New(newShelf(), Options{}))
	for name, request := range broken {
		answer := raw(t, address, request)
		if !strings.HasPrefix(answer, "HTTP/1.1 4") {
			t.Errorf("%s: %.100q", name, answer)
		}
	}
}

func TestSlowClientsAreClosedAndOthersDoNotFeelThem(t *testing.T) {
	limits := Limits{Header: 200 * time.Millisecond, Read: 300 * time.Millisecond, Write: 400 * time.Millisecond, Idle: 200 * time.Millisecond}
	address, _ := start(t, New(newShelf(), Options{Limits: limits}))
	const each = 50
	var slow sync.WaitGroup
	for kind, begin := range []string{"", "GET / HTTP/1.1\r\nHost: a\r\nX: ", "GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nx", "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"} {
		for range each {
			slow.Go(func() {
				c, err := net.Dial("tcp", address)
				if err != nil {
					t.Error(err)
					return
				}
				defer c.Close()
				io.WriteString(c, begin)
				c.SetReadDeadline(time.Now().Add(5 * time.Second))
				if _, err := io.Copy(io.Discard, c); err != nil && strings.Contains(err.Error(), "timeout") {
					t.Errorf("kind %d: still open after 5 s", kind)
				}
			})
		}
	}
	for range 100 {
		begin := time.Now()
		r, err := http.Get("http://" + address + "/terrain/alps/0/0/0.terrain")
		if err != nil || r.StatusCode != 200 {
			t.Fatalf("another client: %v", err)
		}
		io.Copy(io.Discard, r.Body)
		r.Body.Close()
		if took := time.Since(begin); took > 2*time.Second {
			t.Errorf("another client waited %v", took)
		}
	}
	slow.Wait()
}

func TestAClientThatDoesNotReadIsClosed(t *testing.T) {
	books := newShelf()
	books["alps"].tiles[coord(1, 2, 0)] = make([]byte, 64<<20) // more than the sockets hold
	address, _ := start(t, New(books, Options{Limits: Limits{Write: 300 * time.Millisecond}}))
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "GET /terrain/alps/1/2/0.terrain HTTP/1.1\r\nHost: a\r\n\r\n")
	time.Sleep(600 * time.Millisecond) // past the limit: the one thing this test is about
	c.SetReadDeadline(time.Now().Add(5 * time.Second))
	n, err := io.Copy(io.Discard, c)
	if n >= 64<<20 || err != nil && strings.Contains(err.Error(), "timeout") {
		t.Errorf("read %d bytes, %v", n, err)
	}
}

func TestConnectionsBeyondTheLimitWait(t *testing.T) {
	s := New(newShelf(), Options{Limits: Limits{Connections: 2, Idle: 200 * time.Millisecond}})
	address, _ := start(t, s)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			answer := raw(t, address, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
			if !strings.HasPrefix(answer, "HTTP/1.1 200") {
				t.Errorf("%.60q", answer)
			}
			if n := s.metrics.connections.Load(); n > 2 {
				t.Errorf("%d connections open", n)
			}
		})
	}
	all.Wait()
}

// slowBook answers tiles only when told to.
type slowBook struct {
	*book
	asked, answer chan struct{}
}

func (b slowBook) Tile(ctx context.Context, c tilegrid.Coord) (tilestore.Tile, error) {
	close(b.asked)
	<-b.answer
	return b.book.Tile(ctx, c)
}

type slowShelf struct{ slowBook }

func (s slowShelf) Get(context.Context, string) (Dataset, error)  { return s.slowBook, nil }
func (s slowShelf) All(context.Context) ([]tilestore.Info, error) { return nil, nil }

func TestStoppingAnswersRequestsUnderWay(t *testing.T) {
	for name, before := range map[string]string{"on a new connection": "", "behind the front": healthRequest} {
		t.Run(name, func(t *testing.T) {
			b := slowBook{newShelf()["alps"], make(chan struct{}), make(chan struct{})}
			s := New(slowShelf{b}, Options{})
			address, stop := start(t, s)
			k := dial(t, address)
			if before != "" {
				k.ask(t, before)
			}
			io.WriteString(k, tileRequest)
			<-b.asked
			ended := make(chan error, 1)
			go func() { ended <- stop() }()
			for !s.stopping.Load() {
				time.Sleep(time.Millisecond)
			}
			time.Sleep(50 * time.Millisecond) // so that net/http has closed what it takes for idle
			close(b.answer)
			r, err := http.ReadResponse(k.answers, nil)
			if err != nil || r.StatusCode != 200 {
				t.Fatalf("the request under way: %v", err)
			}
			if body, err := io.ReadAll(r.Body); err != nil || len(body) != len(meshPart) {
				t.Errorf("its body: %d bytes, %v", len(body), err)
			}
			if err := <-ended; err != nil {
				t.Errorf("the server ended with %v", err)
			}
			if _, err := net.DialTimeout("tcp", address, time.Second); err == nil {
				t.Error("it still listens")
			}
		})
	}
}

func TestStoppingCutsOffWhatDoesNotEnd(t *testing.T) {
	b := slowBook{newShelf()["alps"], make(chan struct{}), make(chan struct{})}
	defer close(b.answer)
	address, stop := start(t, New(slowShelf{b}, Options{Limits: Limits{Shutdown: 100 * time.Millisecond}}))
	go http.Get("http://" + address + "/terrain/alps/0/0/0.terrain")
	<-b.asked
	begin := time.Now()
	if err := stop(); err != nil || time.Since(begin) > 5*time.Second {
		t.Errorf("%v after %v", err, time.Since(begin))
	}
}
