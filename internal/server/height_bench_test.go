package server

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// BenchmarkHeight measures a question for one place, and questions for 10,000 as an array and as features, from routing to the
// last byte written.
func BenchmarkHeight(b *testing.B) {
	dir := b.TempDir()
	publishRough(b, dir, "rough")
	s := New(openFolder(b, dir), Options{})
	chance := rand.New(rand.NewPCG(1, 9))
	var list, features []string
	for range 10_000 {
		position := fmt.Sprintf("[%.6f,%.6f]", 10+chance.Float64(), 47+chance.Float64())
		list = append(list, position)
		features = append(features, `{"type":"Feature","properties":{"name":"p"},"geometry":{"type":"Point","coordinates":`+position+`}}`)
	}
	for name, r := range map[string]func() *http.Request{
		"one":  func() *http.Request { return httptest.NewRequest("GET", "/height/rough?lon=10.3&lat=47.7", nil) },
		"list": func() *http.Request { return post("/height/rough", "["+strings.Join(list, ",")+"]") },
		"features": func() *http.Request {
			return post("/height/rough", `{"type":"FeatureCollection","features":[`+strings.Join(features, ",")+`]}`)
		},
		"profile": func() *http.Request {
			return httptest.NewRequest("GET", "/profile/rough?line=10.1,47.1;10.9,47.9", nil)
		},
	} {
		b.Run(name, func(b *testing.B) {
			w := &sink{http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				q := r()
				q.Header.Set("Accept-Encoding", "gzip")
				clear(w.header)
				b.StartTimer()
				s.ServeHTTP(w, q)
			}
		})
	}
}

func post(path, body string) *http.Request {
	return httptest.NewRequest("POST", path, strings.NewReader(body))
}
