package server

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
)

const host = "Host: a\r\n"

func TestScanVouchesForOrdinaryRequestsOnly(t *testing.T) {
	const get = "GET /terrain/alps/0/0/0.terrain?v=1 HTTP/1.1\r\n"
	for _, c := range []struct {
		name, request string
		want          form
	}{
		{"a tile", get + host + "\r\n", plain},
		{"a tile, as browsers ask", get + host + "Accept: a;b=c,*/*;q=0.01\r\naccept-ENCODING: gzip\r\nConnection: keep-alive\r\nUser-Agent: M (x)\r\n\r\n", plain},
		{"an empty header", get + host + "Accept:\r\n\r\n", plain},
		{"not over yet", get + host, unclear},
		{"nothing", "", unclear},
		{"an empty line first", "\r\n" + get + host + "\r\n", unclear},
		{"a bare line feed", get + "Host: a\n\r\n", unclear},
		{"a bare line feed at the end", get + host + "\n", unclear},
		{"a carriage return inside", get + host + "X: a\rb\r\n\r\n", unclear},
		{"a folded line", get + host + "X: a\r\n b\r\n\r\n", unclear},
		{"a blank before the colon", get + host + "Content-Length : 4\r\n\r\n", unclear},
		{"no colon", get + host + "Accept\r\n\r\n", unclear},
		{"no name", get + host + ": a\r\n\r\n", unclear},
		{"a zero byte", get + host + "X: a\x00\r\n\r\n", unclear},
		{"a body", get + host + "Content-Length: 4\r\n\r\nabcd", unclear},
		{"a body, in other letters", get + host + "cONTENT-lENGTH: 4\r\n\r\nabcd", unclear},
		{"chunks", get + host + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", unclear},
		{"a body to be asked for", get + host + "Expect: 100-continue\r\n\r\n", unclear},
		{"another protocol", get + host + "Connection: upgrade\r\nUpgrade: h2c\r\n\r\n", unclear},
		{"the last one", get + host + "Connection: close\r\n\r\n", whole},
		{"no host", get + "\r\n", whole},
		{"two hosts", get + host + host + "\r\n", whole},
		{"a host that is none", get + "Host: a/b\r\n\r\n", whole},
		{"a list over two lines", get + host + "Accept: a\r\nAccept: b\r\n\r\n", whole},
		{"HEAD", "HEAD / HTTP/1.1\r\n" + host + "\r\n", whole},
		{"HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", whole},
		{"an escape in the path", "GET /terrain/alps%401/layer.json HTTP/1.1\r\n" + host + "\r\n", whole},
		{"a whole URL", "GET http://a/terrain/alps/layer.json HTTP/1.1\r\n" + host + "\r\n", whole},
		{"two blanks", "GET  /terrain/alps/layer.json HTTP/1.1\r\n" + host + "\r\n", whole},
	} {
		_, size, got := scan([]byte(c.request))
		if got != c.want || got != unclear && size != len(c.request) {
			t.Errorf("%s: %d, %d bytes; want %d, %d bytes", c.name, got, size, c.want, len(c.request))
		}
	}
}

// FuzzScan holds scan against net/http: where it vouches for a request, net/http reads the same bytes as the same request, or refuses it.
func FuzzScan(f *testing.F) {
	const get = "GET /terrain/alps/0/0/0.terrain?v=1&extensions=a-b HTTP/1.1\r\nHost: a:80\r\n"
	for _, s := range []string{"\r\n", "Accept: a;b=c\r\nAccept-Encoding: gzip\r\nIf-None-Match: \"x\"\r\nOrigin: http://b\r\n\r\nGET / HTTP/1.1\r\n\r\n", "Content-Length: 1\r\n\r\na",
		"Connection: close\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "TE: x\r\n\tb\r\n\r\n", "Trailer: a\nb:c\r\n\r\n"} {
		f.Add([]byte(get + s))
	}
	f.Add([]byte("POST //a?b?c# HTTP/1.0\r\n\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		q, size, form := scan(b)
		if form == unclear {
			return
		}
		left := bytes.NewReader(b)
		buffered := bufio.NewReaderSize(left, 16)
		r, err := http.ReadRequest(buffered)
		if err != nil {
			if form == plain {
				t.Fatalf("plain, but net/http says %v", err)
			}
			return
		}
		if read := len(b) - left.Len() - buffered.Buffered(); read != size {
			t.Fatalf("net/http reads %d bytes, scan %d", read, size)
		}
		if body, err := io.ReadAll(r.Body); len(body) > 0 || err != nil || r.ContentLength != 0 || r.TransferEncoding != nil {
			t.Fatalf("a body of %d bytes, length %d, %v, %v", len(body), r.ContentLength, r.TransferEncoding, err)
		}
		if form == plain {
			samePlain(t, &q, r)
		}
	})
}

// samePlain holds that all of a plain request is what net/http makes of it.
func samePlain(t *testing.T, q *asked, r *http.Request) {
	t.Helper()
	if r.Method != http.MethodGet || !r.ProtoAtLeast(1, 1) || r.Close || r.URL.Path != string(q.path) || r.URL.RawQuery != string(q.query) || r.URL.RawPath != "" {
		t.Fatalf("%s %s %v close %v, scan read %q ? %q", r.Method, r.RequestURI, r.Proto, r.Close, q.path, q.query)
	}
	for i, name := range kept {
		lines := r.Header[name]
		if len(lines) > 1 || (len(lines) == 1) != (q.headers[i] != nil) || len(lines) == 1 && lines[0] != string(q.headers[i]) {
			t.Fatalf("%s: %q, scan read %q", name, lines, q.headers[i])
		}
	}
	if !plainHost(r.Host) || strings.ContainsAny(r.URL.Host+r.URL.Opaque, "/") {
		t.Fatalf("host %q, URL %#v", r.Host, r.URL)
	}
}
