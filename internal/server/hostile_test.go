package server

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
)

// leak matches what no answer may hold: paths of the machine, these folders, SQL, stacks, our canary in any form.
func leak(t *testing.T, folders ...string) *regexp.Regexp {
	t.Helper()
	pattern := `(?i)c4nary|/root/|/home/|/etc/|goroutine |\.go:\d|sqlite|select .* from|panic|gdal`
	for _, f := range folders {
		pattern += "|" + regexp.QuoteMeta(f)
	}
	return regexp.MustCompile(pattern)
}

// hostile makes requests out of pieces that broke servers before.
type hostile struct{ *rand.Rand }

func (h hostile) pick(of ...string) string { return of[h.IntN(len(of))] }

func (h hostile) number() string {
	return h.pick("0", "1", "-1", "00", "1e3", "1.5", "NaN", "Infinity", "0x10", "4294967296", "18446744073709551616", "", " 1", "+1", "1%00", "%31",
		"١", "..", "%2e%2e", "${jndi:ldap://c4nary}", "1;c4nary", "1'c4nary--", "<c4nary>", strings.Repeat("9", 300))
}

func (h hostile) name() string {
	return h.pick("alps", "alps@1", "alps@99", "alps@-1", "ALPS", "..", "%2e%2e%2f%2e%2e", "../../etc/passwd", "%00", "alps%00", "con", "<script>c4nary</script>",
		"c4nary' OR 1=1--", "{{c4nary}}", "%ff%fe", "%0d%0aX-C4nary:1", strings.Repeat("a", 5000), "/vsicurl/http://c4nary", "file:///etc/passwd", ".alps.mbtiles.partial")
}

func (h hostile) path() string {
	switch h.IntN(6) {
	case 0:
		return "/terrain/" + h.name() + "/" + h.pick("layer.json", "layer.json/", "LAYER.JSON", "layer.json%00", "")
	case 1, 2:
		return fmt.Sprintf("/terrain/%s/%s/%s/%s%s", h.name(), h.number(), h.number(), h.number(), h.pick(".terrain", ".terrain", ".png", "", ".terrain/..", ".TERRAIN"))
	case 3:
		return "/datasets/" + h.name()
	case 4:
		return h.pick("/assets/", "/cesium/", "/static/", "/", "//", "/viewer/", "/metrics/") + h.name()
	}
	return "/" + h.name() + "/" + h.number()
}

func (h hostile) query() string {
	return h.pick("", "", "?extensions="+h.name(), "?v="+h.number(), "?extensions=%zz", "?"+strings.Repeat("a=b&", 500), "?url=http://c4nary/", "?;%00")
}

func (h hostile) headers() http.Header {
	header := http.Header{}
	for range h.IntN(4) {
		value := h.pick(h.name(), h.number(), "*/*;q=NaN", "gzip;q=-1", ",,,;;;", strings.Repeat("a,", 2000), `"`, "W/", "application/vnd.quantized-mesh;extensions="+h.name())
		header.Add(h.pick("Accept", "Accept-Encoding", "If-None-Match", "Origin", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "Range", "Host", "Authorization",
			"User-Agent", "X-Original-URL", "X-HTTP-Method-Override", "Transfer-Encoding", "If-Modified-Since", "Referer", "Cookie"), value)
	}
	return header
}

func (h hostile) request() *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Method = h.pick("GET", "GET", "GET", "GET", "GET", "GET", "GET", "GET", "HEAD", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "TRACE", "CONNECT", "C4NARY", "PROPFIND")
	r.RequestURI = h.path() + h.query()
	u, err := url.ParseRequestURI(r.RequestURI)
	if err != nil { // net/http would have answered 400; what a proxy may pass on is tried as an opaque path
		u = &url.URL{Path: r.RequestURI}
	}
	r.URL, r.Header, r.Host = u, h.headers(), h.pick("example.com", "c4nary.example<b>", "", "a b", "[::1]:80", strings.Repeat("h", 400))
	return r
}

func TestHostileRequestsGetNoServerErrorAndLearnNothing(t *testing.T) {
	dir := t.TempDir()
	publish(t, dir, "alps", 'a')
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	leak := leak(t, dir, here)
	s := New(openFolder(t, dir), Options{})
	h := hostile{rand.New(rand.NewPCG(20181001, 5000))}
	seen := map[int]int{}
	for i := range 5000 {
		r := h.request()
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		seen[w.Code]++
		deliberate := w.Code == 503 && w.Header().Get("Retry-After") != ""
		if w.Code >= 500 && !deliberate || w.Code < 200 {
			t.Errorf("request %d %s %.200q: %d", i, r.Method, r.RequestURI, w.Code)
		}
		if w.Header().Get("Access-Control-Allow-Origin") != "*" || w.Header().Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("request %d: CORS %v", i, w.Header())
		}
		if text := fmt.Sprint(w.Header(), w.Body.String()); w.Header().Get("Content-Type") != "text/plain; version=0.0.4; charset=utf-8" && leak.MatchString(text) {
			t.Errorf("request %d %s %.200q: answer holds %q", i, r.Method, r.RequestURI, leak.FindString(text))
		}
	}
	if seen[200] < 50 || seen[400] < 50 || seen[404] < 500 || seen[405] < 50 {
		t.Errorf("the generator is too tame: %v", seen)
	}
}
