//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// witness stands before a server, at an origin of its own, and notes what is asked of it and how that was answered.
type witness struct {
	url string // without a slash at the end

	mu    sync.Mutex // guards asked
	asked []visitNote
}

// visitNote is a request and the status of its answer.
type visitNote struct {
	method, path string
	status       int
}

func newWitness(t *testing.T, server running) *witness {
	t.Helper()
	target, err := url.Parse(server.url)
	if err != nil {
		t.Fatal(err)
	}
	w := new(witness)
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Host = r.In.Host },
		ModifyResponse: func(r *http.Response) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.asked = append(w.asked, visitNote{r.Request.Method, r.Request.URL.RequestURI(), r.StatusCode})
			return nil
		},
	}
	front := httptest.NewServer(proxy)
	t.Cleanup(front.Close)
	w.url = front.URL
	return w
}

// notes returns what was noted.
func (w *witness) notes() []visitNote {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.asked)
}

// moved is an application that moved here from elsewhere.
type moved struct {
	cesium, build string // version and where it is on the site of the pages
	tileset       string // of the retired service
	app           string // of pages/ion.js
	server        *witness
}

// movedPlaces are where heights are asked for; movedSteps are what is done with each application.
var movedPlaces = [][2]float64{{10.2, 47.2}, {10.5, 47.5}, {10.777, 47.333}, {10.9, 47.9}}

const movedSteps = 4

// TestApplicationsThatMovedHereNeedOneLine runs three applications in CesiumJS 1.48, 1.50 and today's. Their pages are of another origin than the
// server.
func TestApplicationsThatMovedHereNeedOneLine(t *testing.T) {
	m := &maps{server: start(t, "serve", "--data", ingestPictures(t))}
	site := httptest.NewServer(m.site(t))
	t.Cleanup(site.Close)
	var all []moved
	var steps []step
	origins := []string{site.URL}
	for _, version := range []moved{
		{cesium: "1.48", build: "/lib/cesium-1.48/Build/Cesium/", tileset: "/stk-terrain/world"},
		{cesium: "1.50", build: "/lib/cesium-1.50/Build/Cesium/", tileset: "/stk-terrain/v1/tilesets/world/tiles"},
		{cesium: "1.145", build: "/cesium/", tileset: "/stk-terrain/tilesets/World/tiles"},
	} {
		for _, app := range []string{"retired", "own", "ion"} {
			a := version
			a.app, a.server = app, newWitness(t, m.server)
			all, origins, steps = append(all, a), append(origins, a.server.url), append(steps, a.steps(t)...)
		}
	}
	results := browse(t, site.URL+"/", origins, steps...)
	for i, a := range all {
		t.Run(a.app+" in CesiumJS "+a.cesium, func(t *testing.T) { a.judge(t, results[i*movedSteps:]) })
	}
}

// steps show the application.
func (a moved) steps(t *testing.T) []step {
	t.Helper()
	places, err := json.Marshal(movedPlaces)
	if err != nil {
		t.Fatal(err)
	}
	query := url.Values{"build": {a.build}, "app": {a.app}, "host": {a.server.url}, "tileset": {a.tileset}, "places": {string(places)}}
	return []step{
		{"do": "open", "path": "pages/ion.html?" + query.Encode(), "size": []int{320, 280}},
		{"do": "see", "selector": "#report"},
		{"do": "shot", "name": "moved-" + a.app + "-" + a.cesium},
		{"do": "darkness"},
	}
}

// judge looks at what came of the steps.
func (a moved) judge(t *testing.T, results []json.RawMessage) {
	var report struct {
		Error, Version string
		Heights        []*float64
		Ms             int
	}
	if err := json.Unmarshal([]byte(texts(t, results[1])), &report); err != nil {
		t.Fatal(err)
	}
	if report.Error != "" {
		t.Fatal(report.Error)
	}
	if !strings.HasPrefix(report.Version, a.cesium) {
		t.Errorf("the page ran CesiumJS %s", report.Version)
	}
	const tolerance = 5 // metres: the meshes of the deepest level, whose posts are a kilometre apart, keep that bound
	for i, p := range movedPlaces {
		if want, got := slopeAt(p[0], p[1]), report.Heights[i]; got == nil || math.Abs(*got-want) > tolerance {
			t.Errorf("heights at %v are %v, want %.1f at the %dth", movedPlaces, texts(t, results[1]), want, i+1)
		}
	}
	if dark, err := strconv.ParseFloat(string(results[3]), 64); err != nil || dark > 0.02 {
		t.Errorf("%s of the picture's middle is black", results[3])
	}
	preflights := a.expectGoodAnswers(t, a.server.notes())
	t.Logf("drawn after %d ms, %d preflights", report.Ms, preflights)
	if preflights > 2 {
		t.Errorf("%d preflights, want 2 at most: one an endpoint", preflights)
	}
}

// expectGoodAnswers fails the test for every answer that is not 200 or "as you have it", and counts preflights.
func (a moved) expectGoodAnswers(t *testing.T, notes []visitNote) (preflights int) {
	t.Helper()
	seen := map[string]bool{}
	for _, n := range notes {
		if n.status >= 300 && n.status != http.StatusNotModified {
			t.Errorf("%s %s: %d", n.method, n.path, n.status)
		}
		if n.method == http.MethodOptions {
			preflights++
		}
		seen[strings.Split(n.path, "?")[0]] = true
	}
	for _, path := range map[string][]string{
		"retired": {a.tileset + "/layer.json", a.tileset + "/0/1/0.terrain"},
		"own":     {"/terrain/slope/layer.json", "/wms"},
		"ion":     {"/v1/assets/1/endpoint", "/v1/assets/2/endpoint", "/terrain/slope/layer.json", "/tms/tint/tilemapresource.xml"},
	}[a.app] {
		if !seen[path] {
			t.Errorf("nobody asked for %s: %s", path, fmt.Sprint(notes))
		}
	}
	return preflights
}
