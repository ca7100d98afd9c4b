package server

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// sink is a response writer that keeps nothing.
type sink struct{ header http.Header }

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) Write(b []byte) (int, error) { return len(b), nil }
func (s *sink) WriteHeader(int)             {}

// BenchmarkTileAnswer measures a tile from routing to the last byte written, without the network and net/http's own work.
func BenchmarkTileAnswer(b *testing.B) {
	dir := b.TempDir()
	publish(b, dir, "alps", 'a')
	for name, options := range map[string]Options{"ready": {}, "stored": {CacheBytes: -1}} {
		b.Run(name, func(b *testing.B) {
			s := New(openFolder(b, dir), options)
			r := httptest.NewRequest(http.MethodGet, "/terrain/alps/3/5/2.terrain?v=1.0.0", nil)
			r.Header.Set("Accept", acceptAll[len("Accept: "):])
			r.Header.Set("Accept-Encoding", "gzip, deflate, br")
			w := &sink{http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				clear(w.header)
				s.ServeHTTP(w, r)
			}
		})
	}
}
