package server

import (
	"archive/zip"
	"crypto/tls"
	"io"
	"io/fs"
	"log/slog"
	"net/netip"
	"net/url"
	"time"

	"github.com/terrane/terrane/imagery"
	"github.com/terrane/terrane/imagery/wms"
	"github.com/terrane/terrane/internal/access"
	"github.com/terrane/terrane/internal/elevation"
	"github.com/terrane/terrane/internal/ion"
)

// Options say how to serve. The zero value is a server for one host with sensible limits and no pages.
type Options struct {
	// BaseURL is where clients see this server, with a path if it sits below one behind a proxy. Without a host, scheme and host are
	// the request's. A path prefix that the proxy leaves on requests is taken off.
	BaseURL *url.URL
	// CORS lists the origins that browsers may read from; nil or "*" is everybody. An origin is never answered with credentials.
	CORS []string
	// TrustedProxies are the peers whose X-Forwarded-* and Forwarded headers count. From all others they are ignored.
	TrustedProxies []netip.Prefix
	// AccessLog gets one line a request; nil for none. Queries are left out: they may hold tokens.
	AccessLog *slog.Logger
	// Log gets what an operator should know; nil for silence.
	Log *slog.Logger
	// CacheBytes bounds the memory kept for ready answers; 0 is 64 MB, negative is none.
	CacheBytes int64
	// PictureBytes bounds the memory kept for decoded tiles and heights, of which maps are drawn; 0 is 256 MB, negative is none.
	PictureBytes int64
	// Registry knows the reference systems that maps are drawn in; nil for WGS 84 and Mercator only.
	Registry imagery.Registry
	// Sea is mean sea level, above which heights may be asked for; the zero value is none.
	Sea elevation.Sea
	// Places finds places by name for /v1/geocode/; nil: only datasets and coordinates are found.
	Places Gazetteer
	// Title and Contact are what the capabilities of WMS and WMTS say of the service; the zero Contact leaves it out.
	Title   string
	Contact wms.Contact
	// TLS answers HTTPS with this configuration; nil for plain HTTP.
	TLS *tls.Config
	// Ion says which datasets stand for the assets that applications written for Cesium ion know by number.
	Ion ion.Choices
	// Access knows the tokens that are asked for; nil: everybody may read everything.
	Access *access.Gate
	// Rate bounds the requests of each address that shows no token, and of each subject of JWTs; tokens have rates of their own. Zero is no limit.
	Rate access.Rate
	// Admin does what /admin/ asks for; nil: nothing. It takes Access.
	Admin Admin
	// UploadBytes bounds a dataset that is published over HTTP; 0 is none.
	UploadBytes int64
	// Limits bound what one client can take.
	Limits Limits
	// Build is what /version answers.
	Build Build
	// Pages holds index.html, viewer.html and their assets; nil for none.
	Pages fs.FS
	// Cesium is the CesiumJS build as a zip file; nil for none: then /cesium answers 503.
	Cesium *zip.Reader
}

// Limits bound time, bytes and connections; a zero field takes the default that stands beside it.
type Limits struct {
	Header      time.Duration // to send the request's header: 5 s
	Read        time.Duration // to send the whole request: 10 s
	Write       time.Duration // to take the answer: 60 s
	Idle        time.Duration // between requests: 60 s
	Shutdown    time.Duration // for requests under way at the end: 25 s
	HeaderBytes int           // of the request: 32 KB
	BodyBytes   int64         // of the request: 64 KB; questions for many heights may have 2 MB
	Connections int           // open at a time; more wait to be accepted: 4096
}

// Build says what program this is.
type Build struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	Go      string `json:"go"`
	GDAL    string `json:"gdal,omitempty"`
}

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	o.CacheBytes = either(o.CacheBytes, 64<<20)
	o.PictureBytes = either(o.PictureBytes, 256<<20)
	o.Title = either(o.Title, "Terrane")
	l := &o.Limits
	l.Header = either(l.Header, 5*time.Second)
	l.Read = either(l.Read, 10*time.Second)
	l.Write = either(l.Write, 60*time.Second)
	l.Idle = either(l.Idle, 60*time.Second)
	l.Shutdown = either(l.Shutdown, 25*time.Second)
	l.HeaderBytes = either(l.HeaderBytes, 32<<10)
	l.BodyBytes = either(l.BodyBytes, 64<<10)
	l.Connections = either(l.Connections, 4096)
	return o
}

// either returns v, or fallback if v is zero.
func either[T comparable](v, fallback T) T {
	var zero T
	if v == zero {
		return fallback
	}
	return v
}
