package server

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics counts what operators ask for. Labels are routes of the table, never a client's text.
type metrics struct {
	registry    *prometheus.Registry
	routes      map[string]*routeMetrics
	other       *routeMetrics
	connections atomic.Int64
	page        http.Handler
}

// routeMetrics are the counters of one route, looked up once.
type routeMetrics struct {
	classes [6]prometheus.Counter // by status / 100
	seconds prometheus.Observer
	bytes   prometheus.Counter
}

func newMetrics(s *Server) *metrics {
	m := &metrics{registry: prometheus.NewRegistry(), routes: map[string]*routeMetrics{}}
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "terrane_http_requests_total",
		Help: "Answers by route and class of status."}, []string{"route", "class"})
	seconds := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "terrane_http_request_seconds",
		Help: "Time to answer, by route.", Buckets: []float64{.0001, .0005, .002, .01, .05, .25, 1, 5}}, []string{"route"})
	sent := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "terrane_http_body_bytes_total",
		Help: "Bytes of answer bodies, by route."}, []string{"route"})
	m.registry.MustRegister(requests, seconds, sent, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.gauges(s)
	add := func(path string) *routeMetrics {
		r := &routeMetrics{seconds: seconds.WithLabelValues(path), bytes: sent.WithLabelValues(path)}
		for i, class := range []string{"0xx", "1xx", "2xx", "3xx", "4xx", "5xx"} {
			if i >= 2 {
				r.classes[i] = requests.WithLabelValues(path, class)
			}
		}
		return r
	}
	for _, r := range s.routes() {
		m.routes[r.path] = add(r.path)
	}
	m.other = add("other")
	m.page = promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
	return m
}

// gauges registers what is read off the server when it is asked.
func (m *metrics) gauges(s *Server) {
	gauge := func(name, help string, read func() float64) {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, read))
	}
	counter := func(name, help string, read func() float64) {
		m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, read))
	}
	gauge("terrane_connections", "Open connections.", func() float64 { return float64(m.connections.Load()) })
	gauge("terrane_cache_bytes", "Bytes of ready answers kept.", func() float64 { return float64(s.cache.size()) })
	counter("terrane_cache_hits_total", "Answers found ready.", func() float64 { return float64(s.cache.hits.Load()) })
	counter("terrane_cache_misses_total", "Answers that had to be made.", func() float64 { return float64(s.cache.misses.Load()) })
	gauge("terrane_datasets", "Datasets in the catalogue.", func() float64 {
		all, _ := s.catalog.All(everything(context.Background())) // none if it cannot be read; /readyz says so
		return float64(len(all))
	})
}

// of returns the counters of a route of the table.
func (m *metrics) of(path string) *routeMetrics {
	if r, ok := m.routes[path]; ok {
		return r
	}
	return m.other
}

// observe counts one answer.
func (r *routeMetrics) observe(status int, size int64, took time.Duration) {
	if class := status / 100; class >= 2 && class <= 5 {
		r.classes[class].Inc()
	}
	r.seconds.Observe(took.Seconds())
	r.bytes.Add(float64(size))
}

// handle answers /metrics in the text format of Prometheus.
func (m *metrics) handle(c echo.Context) error {
	c.Response().Header()["Cache-Control"] = cacheNever
	m.page.ServeHTTP(c.Response(), c.Request())
	return nil
}
