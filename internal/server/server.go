// Package server answers HTTP: terrain tiles and their layer.json, pictures through WMS, WMTS, XYZ and TMS, the JSON catalogue, the pages, and what operators ask for.
//
// It is the one package that imports Echo. What it serves comes from a [Catalog]; it never sees a file. [New] builds the
// server, [Server.Serve] runs it on a listener until its context ends; a Server is also an http.Handler, which is how tests
// and benchmarks use it. The table in routes.go names the handler of every URL.
//
// Rules that hold for every answer, errors included:
//
//   - CORS headers, and OPTIONS is answered everywhere;
//   - GET and HEAD, and POST where a question may be long; Content-Length always set, a strong ETag that differs by representation, 304 where it matches;
//   - gzip only where the client accepts it, and then with Content-Encoding: stored gzip is passed through, not repacked;
//   - errors are JSON {"error", "status"}, or the exceptions of WMS and WMTS: never a path of the machine, SQL, a stack, or what the client sent;
//   - no 5xx but a deliberate 503 with Retry-After, and 500 after a panic in a handler: a bug of ours, told in full in the log only.
//
// A request holds the dataset version that it began with (see [Dataset]), so publishing a new version tears no answer.
// Requests for stored tiles on plain connections are answered in front of net/http (see front.go), by the same functions and byte for byte the same.
// Answers that are ready to send are kept in a cache bounded by bytes; its keys hold the opening of the file ([Dataset.Opening]), so a
// replaced dataset never finds its predecessor's answers.
//
// With Options.Access the guard (guard.go) stands before the handler of each route that does not say that it is open; a catalogue that is looked at for
// somebody shows what is theirs ([guarded]), so a handler cannot give away what it was not told of. Answers are private then, and those that hold a
// token are kept by nobody.
//
// What a client sends reaches nothing but the parsers here: no file name, no SQL text, no template; log lines are JSON.
package server

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/labstack/echo/v4"
	"github.com/terrane/terrane/internal/access"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// Catalog finds datasets. Get takes "name" or "name@version" and returns an error that wraps tilestore.ErrNoDataset if there
// is none, or tilestore.ErrCorrupt if it was withdrawn; All describes the current version of each dataset, mostly the newest, sorted by name. Both are
// safe for concurrent use.
type Catalog interface {
	Get(ctx context.Context, ref string) (Dataset, error)
	All(ctx context.Context) ([]tilestore.Info, error)
}

// Chronicle is implemented by catalogues that can tell the versions of a dataset apart: Versions describes all of them, sorted by number, Numbers only names
// them and is cheap. Versions that show an instant (tilestore.Info.Time) are offered as the instants of one layer.
type Chronicle interface {
	Numbers(name string) []int
	Versions(ctx context.Context, name string) ([]tilestore.Info, error)
}

// Holder is implemented by catalogues in which a version can be held as the current one, whatever is newer: Get and All find it under the bare name. The
// instants of a dataset end with it.
type Holder interface {
	Held(name string) (version int, ok bool)
}

// Dataset is one dataset version, held open for one request until Release. Opening is a comparable value, equal for all requests that read the
// same opening of the same file, and never equal for two files: a pointer to the shared reader, say.
type Dataset interface {
	Opening() any
	Info() tilestore.Info
	Tile(ctx context.Context, c tilegrid.Coord) (tilestore.Tile, error)
	Release()
}

// Server answers requests for what is in its catalogue. It is safe for concurrent use.
type Server struct {
	catalog  Catalog
	options  Options
	echo     *echo.Echo
	cache    *cache
	maps     *maps
	metrics  *metrics
	headers  headers
	limiter  *access.Limiter
	upload   sync.Mutex // held by the one that there may be at a time
	pages    map[string]pair
	cesium   *archive
	globe    func() *globe // the ellipsoid as terrain, made when it is first asked for
	stopping atomic.Bool
}

// New returns a server of what is in catalog.
func New(catalog Catalog, options Options) *Server {
	s := &Server{catalog: catalog, options: options.withDefaults(), echo: echo.New(), limiter: access.NewLimiter()}
	if s.options.Access != nil {
		s.catalog = guarded{catalog}
	}
	s.cache = newCache(s.options.CacheBytes)
	s.maps = newMaps(s.options)
	s.headers = newHeaders(s.options.CORS)
	s.pages = loadPages(s.options.Pages)
	s.cesium = newArchive(s.options.Cesium)
	s.globe = sync.OnceValue(newGlobe)
	s.metrics = newMetrics(s)
	s.echo.HTTPErrorHandler = func(err error, c echo.Context) { s.fail(c, err) }
	s.echo.Pre(s.edge)
	for _, r := range s.routes() {
		for method, handle := range r.methods() {
			s.echo.Add(method, r.path, s.guard(r, handle))
		}
	}
	return s
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.echo.ServeHTTP(w, r) }

// Serve answers requests that come in on l until ctx ends. Then it stops taking new ones, says so on /readyz, and gives those
// under way up to Limits.Shutdown to end. It closes l. The error is nil after an orderly end.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	limits := s.options.Limits
	h := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: limits.Header,
		ReadTimeout:       limits.Read,
		WriteTimeout:      limits.Write,
		IdleTimeout:       limits.Idle,
		MaxHeaderBytes:    limits.HeaderBytes,
		TLSConfig:         withHTTP2(s.options.TLS),
		ErrorLog:          slog.NewLogLogger(s.options.Log.Handler(), slog.LevelDebug),
	}
	f := newFront(newListener(l, limits.Connections, &s.metrics.connections), s)
	h.ConnState = f.notice
	done := make(chan error, 1)
	defer s.warm(ctx)()
	go func() { done <- h.Serve(s.behind(f, h.TLSConfig)) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	s.stopping.Store(true)
	return s.stop(h, f)
}

// warm does what the first map would wait for: PROJ takes a tenth of a second for the reference systems that are offered. The
// datasets, of which there may be many, are looked at meanwhile; wait ends when that has.
func (s *Server) warm(ctx context.Context) (wait func()) {
	s.offered()
	var looking sync.WaitGroup
	looking.Go(func() { _, _ = s.allServices(ctx) }) // what is wrong with them is told to who asks
	return looking.Wait
}

// behind picks what net/http accepts from: connections behind the front, unless they are encrypted or each request is to be logged or looked at
// by a guard.
func (s *Server) behind(f *front, encryption *tls.Config) net.Listener {
	switch {
	case encryption != nil:
		return newSecure(f.listener, encryption, s.options.Limits.Header)
	case s.options.AccessLog != nil || s.guards():
		return f.listener
	}
	return f
}

// stop ends h: in peace within Limits.Shutdown, by force after.
func (s *Server) stop(h *http.Server, f *front) error {
	patience := s.options.Limits.Shutdown
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err := h.Shutdown(ctx)
	if err == nil {
		err = f.wait(ctx)
	}
	if err != nil {
		s.options.Log.Warn("requests cut off at shutdown", "after", patience.String())
		return h.Close()
	}
	return nil
}
