//go:build e2e

// Package e2e starts the built program and visits it with a real browser. It needs Node and Chromium (scripts/setup test); pictures
// of what was seen stay in out/.
package e2e

import (
	"math"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

func TestGlobeStandsAtTheHeightsOfARealDEM(t *testing.T) {
	file := sharedFile(t, "data/dem/N42E001.hgt.zip")
	source := readHGT(t, file, 1, 42)
	server := start(t, "serve", "--data", ingest(t, "pyrenees", file))
	points := source.points(200)
	r := visit(t, server.url,
		step{"do": "open", "path": "viewer", "size": []int{700, 440}},
		step{"do": "complete"},
		step{"do": "shot", "name": "pyrenees"},
		step{"do": "sample", "points": points},
		step{"do": "count", "selector": "#problems"},
		step{"do": "see", "selector": "#origin-count"},
		step{"do": "darkness"},
	)
	source.compare(t, points, r[3], server.leaf(t, "pyrenees"))
	expect(t, "problems shown", r[4], "0")
	expect(t, "origins the page admits", r[5], `["one"]`)
	if dark, err := strconv.ParseFloat(string(r[6]), 64); err != nil || dark > 0.02 {
		t.Errorf("%s of the picture's middle is black", r[6])
	}
}

func TestDemoNeedsOneCommandAndLooksRightOnPhoneDeskAndWall(t *testing.T) {
	server := start(t, "demo", "--data", t.TempDir())
	source := demoDEM()
	points := source.points(200)
	r := visit(t, server.url,
		step{"do": "open", "path": "viewer", "size": []int{1280, 800}},
		step{"do": "complete"},
		step{"do": "shot", "name": "demo"},
		step{"do": "sample", "points": points},
		step{"do": "set", "selector": "#exaggeration", "value": 2},
		step{"do": "complete"},
		step{"do": "hover", "at": []int{700, 400}},
		step{"do": "see", "selector": "#cursor"},
		step{"do": "click", "selector": "#wireframe"},
		step{"do": "click", "selector": "#grid"},
		step{"do": "complete"},
		step{"do": "shot", "name": "demo-wireframe"},
		step{"do": "count", "selector": "#problems"},
		step{"do": "address"},
		step{"do": "open", "path": "viewer", "size": []int{390, 844}, "dark": true},
		step{"do": "complete"},
		step{"do": "shot", "name": "demo-phone"},
		step{"do": "overflow"},
		step{"do": "open", "path": "viewer#water=0", "size": []int{1920, 1080}}, // drawn in software, water takes minutes there
		step{"do": "complete"},
		step{"do": "shot", "name": "demo-wall"},
	)
	source.compare(t, points, r[3], server.leaf(t, "demo"))
	expectHeightUnderPointer(t, source, texts(t, r[7]))
	expect(t, "problems shown", r[12], "0")
	if link := string(r[13]); !strings.Contains(link, "dataset=demo&lon=-") || !strings.Contains(link, "exaggeration=2") || !strings.Contains(link, "wireframe=1") {
		t.Errorf("the address does not hold the view: %s", link)
	}
	expect(t, "pixels that stick out on a phone", r[17], "0")
}

// expectHeightUnderPointer compares the line at the foot of the viewer with the DEM, exaggeration taken out. The drawn level is
// coarser than the deepest, hence the tolerance.
func expectHeightUnderPointer(t *testing.T, source dem, line string) {
	t.Helper()
	m := regexp.MustCompile(`^([\d.]+)° W\s+([\d.]+)° N\s+(-?[\d.]+) m(?:  -?[\d.]+ m MSL)?$`).FindStringSubmatch(line)
	if m == nil {
		t.Fatalf("the pointer's line reads %q", line)
	}
	lon, _ := strconv.ParseFloat(m[1], 64)
	lat, _ := strconv.ParseFloat(m[2], 64)
	height, _ := strconv.ParseFloat(m[3], 64)
	if want := source.height(-lon, lat); math.Abs(height-want) > 100 {
		t.Errorf("the pointer's line reads %q, the DEM has %.1f m there", line, want)
	}
}

func TestCatalogueShowsAndFiltersDatasetsAndViewerNamesAMissingOne(t *testing.T) {
	file := sharedFile(t, "data/dem/n43.dt0")
	server := start(t, "serve", "--data", ingest(t, "ontario", file))
	r := visit(t, server.url,
		step{"do": "open", "path": "./", "size": []int{390, 844}, "dark": true},
		step{"do": "see", "selector": "article h2"},
		step{"do": "overflow"},
		step{"do": "shot", "name": "catalogue-phone"},
		step{"do": "fill", "selector": "#filter", "text": "no such thing"},
		step{"do": "count", "selector": "article"},
		step{"do": "fill", "selector": "#filter", "text": "ELLIPS ontar"},
		step{"do": "count", "selector": "article"},
		step{"do": "see", "selector": "article pre"},
		step{"do": "open", "path": "./", "size": []int{2560, 1440}},
		step{"do": "see", "selector": "article h2"},
		step{"do": "shot", "name": "catalogue-wall"},
		step{"do": "open", "path": "viewer#dataset=atlantis", "size": []int{640, 400}},
		step{"do": "see", "selector": "#problems li"},
	)
	expect(t, "cards", r[1], `["ontario"]`)
	expect(t, "pixels that stick out on a phone", r[2], "0")
	expect(t, "cards that match nonsense", r[5], "0")
	expect(t, "cards that match two words", r[7], "1")
	if line := texts(t, r[8]); !strings.Contains(line, server.url+"terrain/ontario/") {
		t.Errorf("the line to copy lacks this server's address: %s", line)
	}
	expect(t, "problem shown", r[13], `["There is no dataset named atlantis."]`)
}

func TestPagesWorkBehindAProxyThatAddsAPathPrefix(t *testing.T) {
	file := sharedFile(t, "data/dem/n43.dt0")
	server := start(t, "serve", "--data", ingest(t, "ontario", file))
	target, err := url.Parse(server.url)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewServer(http.StripPrefix("/maps/globe", httputil.NewSingleHostReverseProxy(target)))
	defer proxy.Close()
	r := visit(t, proxy.URL+"/maps/globe/",
		step{"do": "open", "path": "./", "size": []int{800, 600}},
		step{"do": "see", "selector": "article pre"},
		step{"do": "open", "path": "viewer", "size": []int{640, 400}},
		step{"do": "complete"},
		step{"do": "count", "selector": "#problems"},
		step{"do": "press", "selector": "body", "key": "i"}, // the button "Inspect tile"
		step{"do": "until", "text": "/maps/globe/inspect#dataset=ontario&tile="},
		step{"do": "see", "selector": "#found[aria-busy=false] #facts dd"},
	)
	if line := texts(t, r[1]); !strings.Contains(line, proxy.URL+"/maps/globe/terrain/ontario/") {
		t.Errorf("the line to copy lacks the proxy's address: %s", line)
	}
	expect(t, "problems shown", r[4], "0")
}
