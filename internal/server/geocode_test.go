package server

import (
	"encoding/json"
	"math"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"github.com/terrane/terrane/internal/access"
	"github.com/terrane/terrane/internal/places"
)

// withPlaces serves the shelf with a small gazetteer.
func withPlaces(t *testing.T) *Server {
	t.Helper()
	if err := places.Supported(); err != nil {
		t.Skipf("SQLite has no FTS5 in this build: %v (go test -tags sqlite_fts5)", err)
	}
	dir := t.TempDir()
	w, err := places.Create(t.Context(), dir, "world")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for _, p := range []places.Place{
		{Name: "Zürich", Region: "Zürich", Country: "Switzerland", CountryCode: "CH", Population: 1108000, Point: orb.Point{8.55, 47.37}},
		{Name: "Paris", Region: "Île-de-France", Country: "France", CountryCode: "FR", Population: 9904000, Point: orb.Point{2.35, 48.86}},
		{Name: "Paris", Region: "Texas", Country: "United States", CountryCode: "US", Population: 25171, Point: orb.Point{-95.55, 33.66}},
		{Name: "Taveuni", Country: "Fiji", CountryCode: "FJ", Layer: places.Landform, Point: orb.Point{179.99, -16.8}},
		{Name: "Alpnach", Country: "Switzerland", CountryCode: "CH", Population: 5000, Point: orb.Point{8.27, 46.94}},
	} {
		if err := w.Put(p); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Commit(t.Context(), places.Info{Attribution: "© GeoNames"}, nil); err != nil {
		t.Fatal(err)
	}
	folder, err := places.OpenFolder(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { folder.Close() })
	return New(newShelf(), Options{Places: folder})
}

// search asks and decodes the answer.
func search(t *testing.T, h http.Handler, query string) (f found) {
	t.Helper()
	r := ask(h, "GET", "/v1/geocode/search?"+query, "Origin: http://a.example")
	body := bodyOf(t, r)
	if r.StatusCode != http.StatusOK || r.Header.Get("Access-Control-Allow-Origin") != "*" || r.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("%s: %d %v %s", query, r.StatusCode, r.Header, body)
	}
	if err := json.Unmarshal(body, &f); err != nil || f.Features == nil || f.Type != "FeatureCollection" {
		t.Fatalf("%s: %v %s", query, err, body)
	}
	return f
}

// labelsOf are those of an answer.
func labelsOf(f found) (all []string) {
	for _, p := range f.Features {
		all = append(all, p.Properties.Label)
	}
	return all
}

func TestPlacesAreAnsweredInPeliasForm(t *testing.T) {
	s := withPlaces(t)
	f := search(t, s, "text=zurich&access_token=whatever&geocoder=default")
	want := foundProperties{
		ID: "2", GID: "world:locality:2", Layer: "locality", Source: "world", Name: "Zürich", Label: "Zürich, Switzerland", Country: "Switzerland",
		CountryCode: "CH", Region: "Zürich", Population: 1108000,
	}
	if len(f.Features) != 1 || f.Features[0].Properties != want || f.Features[0].Geometry.Coordinates != [2]float64{8.55, 47.37} {
		t.Fatalf("zurich: %+v", f)
	}
	b := f.Features[0].BBox
	if !(b[0] < 8.55 && b[2] > 8.55 && b[1] < 47.37 && b[3] > 47.37 && b[3]-b[1] > 0.1 && b[3]-b[1] < 1) {
		t.Errorf("a city of a million is shown in %v", b)
	}
	if diff := cmp.Diff([]attribution{{"© GeoNames", true}}, f.Attributions); diff != "" {
		t.Errorf("attributions: %s", diff)
	}
	if b := search(t, s, "text=taveuni").Features[0].BBox; !(b[0] > 179 && b[2] < -179) {
		t.Errorf("a box across the antimeridian: %v", b)
	}
	for _, path := range []string{"/v1/geocode/autocomplete?text=par", "/v1/geocode/search?text=par"} {
		head := ask(s, "HEAD", path)
		get := ask(s, "GET", path, "If-None-Match: "+head.Header.Get("Etag"))
		if head.StatusCode != 200 || len(bodyOf(t, head)) > 0 || get.StatusCode != http.StatusNotModified {
			t.Errorf("%s: HEAD %d, then GET %d", path, head.StatusCode, get.StatusCode)
		}
		if r := ask(s, "OPTIONS", path, "Origin: http://a.example"); r.StatusCode != http.StatusNoContent {
			t.Errorf("OPTIONS %s: %d", path, r.StatusCode)
		}
	}
}

func TestParametersOfPeliasAreUnderstoodOrPassedOver(t *testing.T) {
	s := withPlaces(t)
	for query, want := range map[string][]string{
		"text=paris":        {"Paris, Île-de-France, France", "Paris, Texas, United States"},
		"text=paris&size=1": {"Paris, Île-de-France, France"},
		"text=paris&size=1&focus.point.lat=33&focus.point.lon=-95": {"Paris, Texas, United States"},
		"text=paris&boundary.country=us":                           {"Paris, Texas, United States"},
		"text=p&boundary.rect.min_lon=-100&boundary.rect.max_lon=-90&boundary.rect.min_lat=30&boundary.rect.max_lat=40": {"Paris, Texas, United States"},
		"text=paris&boundary.circle.lon=2&boundary.circle.lat=48.5&boundary.circle.radius=100":                          {"Paris, Île-de-France, France"},
		"text=paris&size=x&focus.point.lat=NaN&focus.point.lon=1&layers=venue&lang=de&%zz=1": {
			"Paris, Île-de-France, France", "Paris, Texas, United States"},
		"text=paris%20texas":     {"Paris, Texas, United States"},
		"text=Paris,%20Texas":    {"Paris, Texas, United States"},
		"text=alps":              {"alps (dataset)"},
		"text=alp":               {"alps (dataset)", "Alpnach, Switzerland"},
		"text=nowhere":           nil,
		"text=":                  nil,
		"":                       nil,
		"text=%22%2A%20NEAR(%29": nil,
		"text=%00%ff":            nil,
		"text=zurich;&size=40":   {"Zürich, Switzerland"},
		"text=" + url.QueryEscape(strings.Repeat("zürich ", 500)): {"Zürich, Switzerland"},
	} {
		f := search(t, s, query)
		if diff := cmp.Diff(want, labelsOf(f)); diff != "" {
			t.Errorf("%.120s: %s", query, diff)
		}
	}
}

func TestCoordinatesAreFoundInAnyNotation(t *testing.T) {
	s := New(newShelf(), Options{}) // no gazetteer is needed
	for text, label := range map[string]string{
		"46.5, 7.9":          "46.50000° N, 7.90000° E (read as latitude, longitude)",
		"-33.9 151.2":        "33.90000° S, 151.20000° E (read as latitude, longitude)",
		"151.2, -33.9":       "33.90000° S, 151.20000° E (read as longitude, latitude)",
		"46°30'0\"N 7°54'W":  "46.50000° N, 7.90000° W (read as degrees, minutes, seconds)",
		"32T 417000 5150000": "46.49845° N, 7.91834° E (read as UTM, zone 32T)",
		"geo:46.5,7.9":       "46.50000° N, 7.90000° E (read as geo: address)",
	} {
		f := search(t, s, "text="+url.QueryEscape(text))
		if diff := cmp.Diff([]string{label}, labelsOf(f)); diff != "" {
			t.Errorf("%s: %s", text, diff)
			continue
		}
		p := f.Features[0]
		if middle := (p.BBox[0] + p.BBox[2]) / 2; math.Abs(middle-p.Geometry.Coordinates[0]) > 1e-6 || p.BBox[3]-p.BBox[1] < 0.01 {
			t.Errorf("%s: box %v around %v", text, p.BBox, p.Geometry.Coordinates)
		}
	}
}

func TestWithoutAGazetteerSearchSaysSo(t *testing.T) {
	f := search(t, New(newShelf(), Options{}), "text=paris")
	if len(f.Features) != 0 || f.Geocoding == nil || !strings.Contains(f.Geocoding.Warnings[0], "terrane ingest places") {
		t.Errorf("%+v", f)
	}
}

func TestSearchNamesNoDatasetThatATokenIsNotFor(t *testing.T) {
	if h := search(t, New(newShelf(), Options{}), "text=alps"); len(h.Features) != 1 {
		t.Fatalf("open to all: %+v", h)
	}
	s := New(newShelf(), Options{Access: new(access.Gate)})
	if r := ask(s, "GET", "/v1/geocode/search?text=alps"); r.StatusCode != http.StatusUnauthorized {
		t.Errorf("without a token: %d", r.StatusCode)
	}
}
