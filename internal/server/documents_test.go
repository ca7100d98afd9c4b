package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/terrane/terrane/tilestore"
)

// TestDocumentsAreMadeOnce counts how often a document is written.
func TestDocumentsAreMadeOnce(t *testing.T) {
	var d documents
	var written atomic.Int64
	get := func(base string) (pair, error) {
		return d.get(documentKey{base: base, kind: "text/xml"}, func() ([]byte, error) {
			written.Add(1)
			return []byte(base), nil
		})
	}
	var wait sync.WaitGroup
	for range 50 {
		wait.Go(func() {
			if p, err := get("a"); err != nil || string(p[0].body) != "a" {
				t.Errorf("%v %v", p, err)
			}
		})
	}
	wait.Wait()
	if n := written.Load(); n != 1 {
		t.Errorf("written %d times", n)
	}
	for n := range 3 * mostDocuments { // names that clients make up
		get(fmt.Sprint("b", n))
		get("a")
	}
	if n := written.Load(); n != 1+3*mostDocuments || len(d.kept) != mostDocuments {
		t.Errorf("written %d times, %d kept", n, len(d.kept))
	}
}

func TestDocumentsThatFailAreNotKept(t *testing.T) {
	var d documents
	bad := errors.New("bad")
	if _, err := d.get(documentKey{}, func() ([]byte, error) { return nil, bad }); err != bad {
		t.Error(err)
	}
	p, err := d.get(documentKey{}, func() ([]byte, error) { return []byte("good"), nil })
	if err != nil || string(p[0].body) != "good" {
		t.Errorf("%v %v", p, err)
	}
}

// TestADocumentWhoseWritingPanicsIsNotKept: whoever waits for it gets an error, who asks later the document.
func TestADocumentWhoseWritingPanicsIsNotKept(t *testing.T) {
	var d documents
	writing, end := make(chan bool), make(chan bool)
	var wait sync.WaitGroup
	wait.Go(func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		d.get(documentKey{}, func() ([]byte, error) {
			close(writing)
			<-end
			panic("bad")
		})
	})
	<-writing
	one := d.of(documentKey{}) // of one who waits
	close(end)
	wait.Wait()
	one.make.Do(func() { t.Error("it is written again") })
	if one.err == nil {
		t.Error("who waited got an empty document")
	}
	p, err := d.get(documentKey{}, func() ([]byte, error) { return []byte("good"), nil })
	if err != nil || string(p[0].body) != "good" {
		t.Errorf("who came later got %q, %v", p[0].body, err)
	}
}

// TestCapabilitiesAreKeptApart asks for each document twice: every one is another, and the same again, packed or not.
func TestCapabilitiesAreKeptApart(t *testing.T) {
	s, _ := newGallery(t, Options{})
	seen := map[string]string{}
	const kvp, of = "http://a.example/wmts?service=WMTS&request=GetCapabilities", "request=GetCapabilities&service=WMS&version="
	now, err := s.services(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for _, target := range []string{kvp, kvp + "&sections=Contents", kvp + "&updatesequence=" + now.wmts.UpdateSequence,
			"http://b.example/wmts?service=WMTS&request=GetCapabilities", "http://a.example/wms?" + of + "1.3.0", "http://a.example/wms?" + of + "1.1.1"} {
			r := ask(s, "GET", target)
			body := string(bodyOf(t, r))
			if r.StatusCode != 200 {
				t.Fatalf("%s: %d", target, r.StatusCode)
			}
			if packed := bodyOf(t, ask(s, "GET", target, "Accept-Encoding: gzip")); len(packed) > len(body) || len(body) > 1000 && len(packed) == len(body) {
				t.Errorf("%s: %d bytes of %d", target, len(packed), len(body))
			}
			if r := ask(s, "GET", target, "If-None-Match: "+r.Header.Get("ETag")); r.StatusCode != 304 {
				t.Errorf("%s again: %d", target, r.StatusCode)
			}
			for other, text := range seen {
				if (other == target) != (text == body) {
					t.Errorf("%s and %s", target, other)
				}
			}
			seen[target] = body
		}
	}
	// text/xml is the same document by another type; an error is none
	if r := ask(s, "GET", kvp+"&acceptformats=text/xml"); r.Header.Get("Content-Type") != "text/xml" || string(bodyOf(t, r)) != seen[kvp] {
		t.Errorf("text/xml is %s", r.Header.Get("Content-Type"))
	}
	expectOWS(t, ask(s, "GET", kvp+"&updatesequence=99999999999999999999"), 400, "InvalidUpdateSequence", "")
}

// newThousand is a server that offers a thousand datasets, which are one of the gallery's under other names.
func newThousand(b testing.TB) *Server {
	s, _ := newGallery(b, Options{})
	infos, err := s.catalog.All(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	var all []tilestore.Info
	for n := range 1000 {
		i := infos[n%len(infos)]
		f, err := s.factsOf(context.Background(), i)
		if err != nil {
			b.Fatal(err)
		}
		i.Name = fmt.Sprintf("%s-%04d", i.Name, n)
		s.maps.known.put(identity(i, nil), f)
		all = append(all, i)
	}
	o, err := s.offer(context.Background(), all, nil)
	if err != nil || len(o.pictured) != 1000 {
		b.Fatal(err)
	}
	o.wms.UpdateSequence, o.wmts.UpdateSequence = "1", "1"
	s.maps.services.now, s.maps.services.asked = o, time.Now().Add(time.Hour)
	return s
}

// BenchmarkCapabilities1000 measures the capabilities of a thousand datasets, packed: made anew as for the first request after a change, and kept.
func BenchmarkCapabilities1000(b *testing.B) {
	s := newThousand(b)
	const request = "&request=GetCapabilities"
	for name, target := range map[string]string{"wmts": "/wmts?service=WMTS" + request, "wms": "/wms?service=WMS" + request} {
		for state, forget := range map[string]bool{"first": true, "kept": false} {
			b.Run(name+"/"+state, func(b *testing.B) {
				r := httptest.NewRequest(http.MethodGet, target, nil)
				r.Header.Set("Accept-Encoding", "gzip")
				w := &lastBody{sink: sink{http.Header{}}}
				b.ReportAllocs()
				for b.Loop() {
					if forget {
						s.maps.services.now.documents.kept = nil
					}
					clear(w.header)
					w.Reset()
					s.ServeHTTP(w, r)
				}
				b.ReportMetric(float64(w.Len()), "packed-B")
			})
		}
	}
}

// lastBody is a response writer that keeps the last body.
type lastBody struct {
	sink
	bytes.Buffer
}

func (c *lastBody) Write(p []byte) (int, error) { return c.Buffer.Write(p) }
