package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/labstack/echo/v4"
	"github.com/terrane/terrane/tilestore"
)

func urlWithQuery(q string) *url.URL { return &url.URL{Path: "/", RawQuery: q} }

func TestErrorsAreJSONWithCORS(t *testing.T) {
	s := New(newShelf(), Options{})
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/nothing", 404},
		{"GET", "/terrain", 404},
		{"GET", "/terrain/", 404},
		{"GET", "/terrain/none/layer.json", 404},
		{"GET", "/terrain/alps@9/layer.json", 404},
		{"GET", "/terrain/photo/layer.json", 404},
		{"GET", "/terrain/alps/1/3/1.terrain", 404},
		{"GET", "/terrain/alps/0/2/0.terrain", 404},
		{"GET", "/terrain/alps/0/-1/0.terrain", 400},
		{"GET", "/terrain/alps/0/1e3/0.terrain", 400},
		{"GET", "/terrain/alps/0/%00/0.terrain", 400},
		{"GET", "/terrain/..%2f..%2fetc/passwd", 404},
		{"GET", "/datasets/none", 404},
		{"GET", "/datasets/", 404},
		{"GET", "/datasets/alps/x", 404},
		{"GET", "/datasets/%3Cscript%3E", 404},
		{"GET", "/assets/../server.go", 404},
		{"GET", "/" + strings.Repeat("a", maxURI), 414},
		{"POST", "/terrain/alps/layer.json", 405},
		{"DELETE", "/datasets/alps", 405},
		{"PROPFIND", "/datasets", 405},
	} {
		r := ask(s, c.method, c.path)
		var body struct {
			Error  string
			Status int
		}
		if err := json.Unmarshal(bodyOf(t, r), &body); err != nil || body.Error == "" || body.Status != c.status {
			t.Errorf("%s %.60s: body %+v, %v", c.method, c.path, body, err)
		}
		if r.StatusCode != c.status || r.Header.Get("Access-Control-Allow-Origin") != "*" || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %.60s: %d, want %d; %v", c.method, c.path, r.StatusCode, c.status, r.Header)
		}
		if c.status == 405 && !strings.Contains(r.Header.Get("Allow"), "GET") {
			t.Errorf("%s %s: Allow %q", c.method, c.path, r.Header.Get("Allow"))
		}
	}
}

func TestWrappedErrorsKeepTheirStatus(t *testing.T) {
	for _, c := range []struct {
		err  error
		want int
	}{
		{fmt.Errorf("a: %w", echo.NewHTTPError(404)), 404},
		{fmt.Errorf("a: %w", echo.NewHTTPError(500)), 503},
		{fmt.Errorf("a: %w", tilestore.ErrNotFound), 404},
		{errors.New("disk I/O error"), 503},
	} {
		p := problemOf(c.err)
		if p.status != c.want || (p.status == 503) != (p.retry != "") {
			t.Errorf("%v: %+v", c.err, p)
		}
	}
}

func TestOptionsIsAnsweredEverywhere(t *testing.T) {
	s := New(newShelf(), Options{})
	for _, path := range []string{"/", "/terrain/alps/layer.json", "/terrain/alps/0/0/0.terrain", "/terrain/alps/9/9/x", "/datasets", "/nothing", "*"} {
		r := ask(s, "OPTIONS", path, "Origin: https://app.example", "Access-Control-Request-Method: GET",
			"Access-Control-Request-Headers: authorization,x-cesium-client,x-cesium-client-version")
		if r.StatusCode != 204 || r.Header.Get("Access-Control-Allow-Origin") != "*" || r.Header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: %d %v", path, r.StatusCode, r.Header)
		}
		for _, name := range []string{"Authorization", "X-Cesium-Client", "X-Cesium-Client-Version", "Accept"} {
			if !strings.Contains(r.Header.Get("Access-Control-Allow-Headers"), name) {
				t.Errorf("%s: %s is not allowed", path, name)
			}
		}
		if got := r.Header.Get("Access-Control-Allow-Methods"); got != "GET, HEAD, OPTIONS" {
			t.Errorf("%s: methods %q", path, got)
		}
	}
}

func TestOriginsAreNamedOnlyIfListed(t *testing.T) {
	s := New(newShelf(), Options{CORS: []string{"https://app.example"}})
	for origin, want := range map[string]string{"https://app.example": "https://app.example", "https://evil.example": "", "null": "", "": ""} {
		r := ask(s, "GET", "/terrain/alps/0/0/0.terrain", "Origin: "+origin)
		if got := r.Header.Get("Access-Control-Allow-Origin"); got != want {
			t.Errorf("%q: allowed %q", origin, got)
		}
		if !strings.Contains(r.Header.Get("Vary"), "Origin") {
			t.Errorf("Vary %q", r.Header.Get("Vary"))
		}
	}
}

// TestPicturesVaryOnlyByWhatIsToldApart: with * allowed, an answer is the same for all origins, and a cache needs one copy of it.
func TestPicturesVaryOnlyByWhatIsToldApart(t *testing.T) {
	for _, c := range []struct {
		origins       []string
		picture, text string
	}{
		{nil, "", "Accept-Encoding"}, {[]string{"*"}, "", "Accept-Encoding"}, {[]string{"https://app.example", "*"}, "", "Accept-Encoding"},
		{[]string{"https://app.example"}, "Origin", "Accept-Encoding, Origin"},
	} {
		s, _ := newGallery(t, Options{CORS: c.origins})
		for path, want := range map[string]string{
			"/wmts/1.0.0/mercator/default/WebMercatorQuad/5/11/16.png": c.picture, "/tms/mercator/5/16/20.png": c.picture,
			"/wms?service=WMS&version=1.1.1&request=GetMap&layers=mercator&styles=&srs=EPSG:4326&bbox=8,47,9,48&width=9&height=9&format=image/png": c.picture,
			"/wmts/1.0.0/WMTSCapabilities.xml": c.text, "/imagery/mercator/tilejson.json": c.text,
		} {
			r := ask(s, "GET", path, "Origin: https://app.example")
			if got := strings.Join(r.Header.Values("Vary"), "; "); r.StatusCode != 200 || got != want {
				t.Errorf("%v %s: %d, Vary is %q, want %q", c.origins, path, r.StatusCode, got, want)
			}
		}
	}
}

func TestLinksFollowBaseURLAndTrustedProxies(t *testing.T) {
	proxy := netip.MustParsePrefix("192.0.2.0/24") // httptest's peer is 192.0.2.1
	at := func(s string) *url.URL { u, _ := url.Parse(s); return u }
	for _, c := range []struct {
		name    string
		options Options
		headers []string
		want    string
	}{
		{"the request's own host", Options{}, nil, "http://example.com/"},
		{"headers of strangers are ignored", Options{}, []string{"X-Forwarded-Host: evil.example", "X-Forwarded-Proto: https", "Forwarded: host=evil.example"}, "http://example.com/"},
		{"a trusted proxy", Options{TrustedProxies: []netip.Prefix{proxy}}, []string{"X-Forwarded-Host: maps.example:8443", "X-Forwarded-Proto: https", "X-Forwarded-Prefix: /t/"}, "https://maps.example:8443/t/"},
		{"Forwarded", Options{TrustedProxies: []netip.Prefix{proxy}}, []string{`Forwarded: for=1.2.3.4;host=a.example, for=5.6.7.8;proto=https;host="b.example:1"`}, "https://b.example:1/"},
		{"nonsense of a trusted proxy", Options{TrustedProxies: []netip.Prefix{proxy}}, []string{"X-Forwarded-Host: a<b>.example", "X-Forwarded-Proto: javascript", "X-Forwarded-Prefix: //evil"}, "http://example.com/"},
		{"base URL", Options{BaseURL: at("https://maps.example/terrane/")}, nil, "https://maps.example/terrane/"},
		{"base path", Options{BaseURL: at("/terrane")}, nil, "http://example.com/terrane/"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var d Summary
			if err := json.Unmarshal(bodyOf(t, ask(New(newShelf(), c.options), "GET", "/datasets/alps", c.headers...)), &d); err != nil {
				t.Fatal(err)
			}
			if want := c.want + "terrain/alps/layer.json"; d.Links["layer"] != want {
				t.Errorf("layer %q, want %q", d.Links["layer"], want)
			}
		})
	}
}

func TestBasePathIsTakenOffRequests(t *testing.T) {
	base, _ := url.Parse("https://maps.example/terrane/")
	s := New(newShelf(), Options{BaseURL: base})
	for path, want := range map[string]int{"/terrane/terrain/alps/layer.json": 200, "/terrain/alps/layer.json": 200, "/terrane/healthz": 200,
		"/terraneterrain/alps/layer.json": 404, "/terrane/terrane/healthz": 404} {
		if got := ask(s, "GET", path).StatusCode; got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
}

func TestPagesMayLoadFromThisOriginOnly(t *testing.T) {
	pages := fstest.MapFS{"index.html": {Data: []byte("<p>hello")}, "viewer.html": {Data: []byte("<p>viewer")}, "style.css": {Data: []byte("p{}")}}
	s := New(newShelf(), Options{Pages: pages})
	for path, kind := range map[string]string{"/": "text/html; charset=utf-8", "/viewer": "text/html; charset=utf-8", "/assets/style.css": "text/css; charset=utf-8"} {
		r := ask(s, "GET", path)
		if r.StatusCode != 200 || r.Header.Get("Content-Type") != kind {
			t.Errorf("%s: %d %q", path, r.StatusCode, r.Header.Get("Content-Type"))
		}
		csp := r.Header.Get("Content-Security-Policy")
		if strings.HasPrefix(kind, "text/html") && (!strings.Contains(csp, "default-src 'self'") || strings.Contains(csp, "http")) {
			t.Errorf("%s: policy %q", path, csp)
		}
	}
	if r := ask(s, "GET", "/assets/index.html"); r.StatusCode != 404 {
		t.Errorf("a page below /assets/: %d", r.StatusCode)
	}
}

func TestAVersionMayBePercentEncoded(t *testing.T) {
	s := New(newShelf(), Options{})
	for _, path := range []string{"/datasets/alps@1", "/datasets/alps%401", "/terrain/alps@1/layer.json", "/terrain/alps%401/layer.json"} {
		if got := ask(s, "GET", path).StatusCode; got != 200 {
			t.Errorf("%s: %d", path, got)
		}
	}
}

func TestABareURLLeadsOn(t *testing.T) {
	s := New(newShelf(), Options{Pages: fstest.MapFS{"viewer.html": {Data: []byte("<p>viewer")}}})
	for path, want := range map[string]string{"/terrain/alps/": "/terrain/alps/layer.json", "/terrain/alps": "/terrain/alps/layer.json", "/terrain/alps@1/": "/terrain/alps@1/layer.json",
		"/terrain/alps@1": "/terrain/alps@1/layer.json", "/viewer/": "/viewer"} {
		for _, method := range []string{"GET", "HEAD"} {
			r := ask(s, method, path)
			to, err := url.Parse(r.Header.Get("Location"))
			if err != nil || to.IsAbs() || r.StatusCode != 302 || r.Header.Get("Access-Control-Allow-Origin") != "*" || r.Header.Get("Content-Length") != "0" {
				t.Fatalf("%s %s: %d %v", method, path, r.StatusCode, r.Header)
			}
			if got := (&url.URL{Path: path}).ResolveReference(to).Path; got != want || ask(s, method, got).StatusCode != 200 {
				t.Errorf("%s %s leads to %s, want %s", method, path, got, want)
			}
		}
	}
	for _, path := range []string{"/terrain/none/", "/terrain/none", "/terrain/photo/", "/terrain/alps//", "/terrain/%2f%2fevil.example/", "/terrain//evil.example", "/terrain/alps/x/", "/viewer/x",
		"/terrain/alps%0d%0aX:1/", "/viewer//"} {
		if r := ask(s, "GET", path); r.StatusCode != 404 || r.Header.Get("Location") != "" {
			t.Errorf("%s: %d %v", path, r.StatusCode, r.Header)
		}
	}
}

func TestOperations(t *testing.T) {
	s := New(newShelf(), Options{Build: Build{Version: "1.2.3", Go: "go"}})
	ask(s, "GET", "/terrain/alps/0/0/0.terrain")
	for path, want := range map[string]string{"/healthz": `"ok"`, "/readyz": `"ready"`, "/version": `"version":"1.2.3"`, "/datasets": `"name":"alps"`,
		"/metrics": `terrane_http_requests_total{class="2xx",route="/terrain/*"} 1`} {
		r := ask(s, "GET", path)
		if body := bodyOf(t, r); r.StatusCode != 200 || !bytes.Contains(body, []byte(want)) {
			t.Errorf("%s: %d without %s in %.300s", path, r.StatusCode, want, body)
		}
	}
	if r := ask(s, "GET", "/cesium/Cesium.js"); r.StatusCode != 503 || r.Header.Get("Retry-After") == "" {
		t.Errorf("/cesium without CesiumJS: %d", r.StatusCode)
	}
	s.stopping.Store(true)
	if r := ask(s, "GET", "/readyz"); r.StatusCode != 503 || r.Header.Get("Retry-After") == "" || r.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("/readyz while stopping: %d", r.StatusCode)
	}
}

func TestLogLinesCannotBeForged(t *testing.T) {
	var log bytes.Buffer
	s := New(newShelf(), Options{AccessLog: slog.New(slog.NewJSONHandler(&log, nil))})
	ask(s, "GET", "/x%0a%7b%22msg%22:%22forged%22%7d?token=secret", "User-Agent: a\n{\"msg\":\"forged\"}\x1b[31m")
	if n := strings.Count(log.String(), "\n"); n != 1 {
		t.Errorf("%d lines", n)
	}
	if strings.Contains(log.String(), "secret") || strings.Contains(log.String(), "\x1b") {
		t.Errorf("log holds the query or a control character: %s", log.String())
	}
}

func TestAPanicIsAnsweredWithoutItsTrace(t *testing.T) {
	var log bytes.Buffer
	s := New(newShelf(), Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	s.echo.GET("/panic", func(echo.Context) error { panic("secret") })
	r := ask(s, "GET", "/panic")
	if body := bodyOf(t, r); r.StatusCode != 500 || bytes.Contains(body, []byte("secret")) || bytes.Contains(body, []byte(".go")) {
		t.Errorf("%d %s", r.StatusCode, body)
	}
	if !strings.Contains(log.String(), "secret") {
		t.Error("the log does not say what happened")
	}
}

func TestBodiesAreBounded(t *testing.T) {
	s := New(newShelf(), Options{})
	r := httptest.NewRequest("GET", "/healthz", strings.NewReader(strings.Repeat("x", 65<<10)))
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d", w.Code)
	}
}
