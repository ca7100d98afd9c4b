package server

import (
	"net/http"
	"slices"
	"strings"

	"github.com/terrane/terrane/internal/server/web"
)

// headers are the values that every answer shares, made once.
type headers struct {
	anyOrigin    bool
	origins      []string // allowed, if not any
	varyAccept   []string // of tiles
	varyEncoding []string // of all else that is cached
	varyOrigin   []string // of pictures, which are the same for all clients: nothing, unless origins are told apart
}

// The values that never change. Methods and headers are what Cesium's ion client sends before each tile (spec: cesium-client, 5).
var (
	star         = []string{"*"}
	noSniff      = []string{"nosniff"}
	allowMethods = []string{"GET, HEAD, OPTIONS"}
	allowPost    = []string{"GET, HEAD, POST, OPTIONS"}
	allowHeaders = []string{"Authorization, X-Cesium-Client, X-Cesium-Client-Version, Accept, Content-Type, If-None-Match"}
	maxAge       = []string{"86400"}
	policy       = []string{web.Policy}
	noReferrer   = []string{"no-referrer"}
)

func newHeaders(origins []string) headers {
	h := headers{anyOrigin: len(origins) == 0 || slices.Contains(origins, "*"), origins: origins}
	suffix := ""
	if !h.anyOrigin {
		suffix, h.varyOrigin = ", Origin", []string{"Origin"}
	}
	h.varyAccept = []string{"Accept, Accept-Encoding" + suffix}
	h.varyEncoding = []string{"Accept-Encoding" + suffix}
	return h
}

// apply sets what each answer carries: little, as a tile with eight headers costs a tenth less than with nine (a map of eight needs no table). An
// origin is named only if it is listed, and never together with credentials.
func (s *headers) apply(h http.Header, r *http.Request) {
	h["X-Content-Type-Options"] = noSniff
	if o := s.origin(r); o != nil {
		h["Access-Control-Allow-Origin"] = o
	}
}

// origin returns what Access-Control-Allow-Origin says to a request, nil for nothing.
func (s *headers) origin(r *http.Request) []string {
	if s.anyOrigin {
		return star
	}
	if o := r.Header["Origin"]; len(o) > 0 && slices.Contains(s.origins, o[0]) {
		return o[:1]
	}
	return nil
}

// preflight sets what OPTIONS answers beside that.
func (s *headers) preflight(h http.Header, path string) {
	methods := allowMethods
	if pointsPath(path) {
		methods = allowPost
	}
	h["Access-Control-Allow-Methods"] = methods
	h["Access-Control-Allow-Headers"] = allowHeaders
	h["Access-Control-Max-Age"] = maxAge
	h["Allow"] = methods
	if !s.anyOrigin {
		h["Vary"] = []string{"Origin"}
	}
}

// page sets what pages carry: they may load from this origin only.
func (s *headers) page(h http.Header) {
	h["Content-Security-Policy"] = policy
	h["Referrer-Policy"] = noReferrer
}

// isHTML tells whether a file is a page.
func isHTML(name string) bool { return strings.HasSuffix(name, ".html") }
