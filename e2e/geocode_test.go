//go:build e2e

package e2e

import (
	"encoding/json"
	"math"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"strings"
	"testing"
)

// TestCesiumsOwnSearchBoxFindsPlacesAndFliesThere types into the Geocoder widget of CesiumJS, which knows nothing of this server but its address.
func TestCesiumsOwnSearchBoxFindsPlacesAndFliesThere(t *testing.T) {
	places := sharedFile(t, "data/vector/ne_10m_populated_places.geojson")
	data := t.TempDir()
	c := exec.Command(program, "ingest", "places", "--data", data, "--name", "world", "--attribution", "Natural Earth", "--progress", "none", places)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("ingest places: %v\n%s", err, out)
	}
	server := start(t, "serve", "--data", data)
	target, err := url.Parse(server.url)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/pages/", http.FileServer(http.Dir(".")))
	mux.Handle("/cesium/", httputil.NewSingleHostReverseProxy(target))
	site := httptest.NewServer(mux) // another origin than the server's, as an application is
	t.Cleanup(site.Close)
	const box = ".cesium-geocoder-input"
	r := browse(t, site.URL+"/", []string{site.URL, origin(t, server.url)},
		step{"do": "open", "path": "pages/geocoder.html?ion=" + url.QueryEscape(server.url), "size": []int{420, 360}},
		step{"do": "appear", "selector": box},
		step{"do": "fill", "selector": box, "text": "zuri"},
		step{"do": "see", "selector": ".search-results li"},
		step{"do": "shot", "name": "geocoder"},
		step{"do": "click", "selector": ".search-results li"},
		step{"do": "see", "selector": "#report[data-flights='1']"},
		step{"do": "fill", "selector": box, "text": "46°30'N 7°54'E"},
		step{"do": "press", "selector": box, "key": "Enter"},
		step{"do": "see", "selector": "#report[data-flights='2']"},
	)
	if shown := texts(t, r[3]); !strings.HasPrefix(shown, "Zürich, Switzerland") {
		t.Errorf("suggested for zuri: %q", shown)
	}
	expectCamera(t, "Zürich", r[6], 8.548, 47.38, "Zürich, Switzerland")
	expectCamera(t, "coordinates", r[9], 7.9, 46.5, "46.50000° N, 7.90000° E (read as degrees, minutes)")
}

// expectCamera fails the test unless the camera stands above a place, at a height from which it is seen.
func expectCamera(t *testing.T, what string, result json.RawMessage, lon, lat float64, text string) {
	t.Helper()
	var at struct {
		Lon, Lat, Height float64
		Text             string
	}
	if err := json.Unmarshal([]byte(texts(t, result)), &at); err != nil {
		t.Fatalf("%s: %v: %s", what, err, result)
	}
	if math.Abs(at.Lon-lon) > 0.1 || math.Abs(at.Lat-lat) > 0.1 || at.Height < 1000 || at.Height > 200e3 || !strings.HasPrefix(at.Text, text) {
		t.Errorf("%s: the camera is at %+v, want %g, %g", what, at, lon, lat)
	}
}
