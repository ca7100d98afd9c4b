//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"github.com/terrane/terrane/internal/snippet"
)

// The size of a map on a page, pages/stage.css.
const mapWidth, mapHeight = 640, 480

// dataset is one that maps show, as the server describes it, and what is to be seen of it.
type dataset struct {
	subject subject
	view    orb.Bound
	Name    string
	Kind    string
	Bounds  [4]float64
	Layers  []layer
}

// layer is one way to see a dataset: imagery has one, terrain one a style.
type layer struct {
	Style, Grid string
	Levels      [2]uint8
	TileSize    int
}

// maps is a terrane with datasets, and pages of another origin that show them, as the pages of its users are.
type maps struct {
	server   running
	pages    *httptest.Server
	datasets map[string]*dataset
	snippets map[string]string // modules by their path
}

func startMaps(t *testing.T) *maps {
	t.Helper()
	heights := sharedFile(t, "data/dem/N42E001.hgt.zip")
	data := ingest(t, "pyrenees", heights)
	makeCharts(t, data)
	m := &maps{server: start(t, "serve", "--data", data), snippets: make(map[string]string)}
	ground := hills{readHGT(t, heights, 1, 42)}
	m.datasets = map[string]*dataset{
		"world": {subject: world, view: world.view}, "world-geographic": {subject: world, view: world.view},
		"world-jpeg": {subject: world.lossy(), view: world.view},
		"region":     {subject: region, view: region.view}, "region-geographic": {subject: region, view: region.view},
		"pyrenees": {subject: ground, view: ground.view()},
	}
	for name, d := range m.datasets {
		m.server.json(t, "datasets/"+name, d)
	}
	m.pages = httptest.NewServer(m.site(t))
	t.Cleanup(m.pages.Close)
	return m
}

// site serves the pages, what npm installed, the server's own CesiumJS, and the snippets.
func (m *maps) site(t *testing.T) http.Handler {
	t.Helper()
	target, err := url.Parse(m.server.url)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/pages/", http.FileServer(http.Dir(".")))
	mux.Handle("/lib/", http.StripPrefix("/lib", http.FileServer(http.Dir("node_modules"))))
	mux.Handle("/cesium/", httputil.NewSingleHostReverseProxy(target))
	mux.HandleFunc("/snippets/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		io.WriteString(w, m.snippets[r.URL.Path])
	})
	return mux
}

// base is the server's address as snippets and pages write it.
func (m *maps) base() string { return strings.TrimSuffix(m.server.url, "/") }

// sight is one map to be looked at.
type sight struct {
	dataset string
	show    string // a case of the page's script
	snippet string // or the path of a module instead, /snippets/{dataset}/{client}.js
	pick    bool   // click where the picture is
}

// answer is what the page reports of a map.
type answer struct {
	Error  string
	Ms     float64
	Pixels [][2]float64
	Facts  []struct {
		Name       string
		Properties map[string]any
	}
}

// look shows maps one after another in one page of a client, and compares each with what is known of its dataset.
func (m *maps) look(t *testing.T, client string, sights []sight) {
	t.Helper()
	steps := []step{{"do": "open", "path": "pages/" + client + ".html", "size": []int{mapWidth, mapHeight + 80}}}
	for _, s := range sights {
		d := m.datasets[s.dataset]
		task, err := json.Marshal(map[string]any{
			"show": s.show, "snippet": s.snippet, "pick": d.click(s), "base": m.base(), "dataset": s.dataset, "deepest": d.Layers[0].Levels[1],
			"bounds": d.Bounds, "view": box(d.view), "places": d.subject.places(),
		})
		if err != nil {
			t.Fatal(err)
		}
		steps = append(steps,
			step{"do": "set", "selector": "#task", "value": string(task)},
			step{"do": "see", "selector": "#report"},
			step{"do": "shot", "name": s.picture(client)})
	}
	results := browse(t, m.pages.URL+"/", []string{m.pages.URL, m.base()}, steps...)
	for i, s := range sights {
		t.Run(s.title(), func(t *testing.T) { m.judge(t, client, s, texts(t, results[3*i+2])) })
	}
}

func (s sight) title() string {
	if s.show == "" {
		return s.dataset + " by the snippet for " + strings.TrimSuffix(filepath.Base(s.snippet), ".js")
	}
	return s.dataset + " by " + s.show
}

// picture names the file that a map is kept in.
func (s sight) picture(client string) string {
	return "maps-" + strings.NewReplacer(" ", "-", "@", "", ".", "").Replace(client+"-"+s.title())
}

func (m *maps) judge(t *testing.T, client string, s sight, report string) {
	var a answer
	if err := json.Unmarshal([]byte(report), &a); err != nil {
		t.Fatalf("report %q: %v", report, err)
	}
	if a.Error != "" {
		t.Fatal(a.Error)
	}
	t.Logf("drawn after %.0f ms", a.Ms)
	shot := readPNG(t, filepath.Join("out", s.picture(client)+".png"))
	var seen []*patch
	for _, p := range a.Pixels {
		seen = append(seen, patchAt(shot, p[0], p[1]))
	}
	d := m.datasets[s.dataset]
	d.subject.judge(t, seen, s.snippet != "")
	if at := d.click(s); at != nil {
		expectPicked(t, d.subject.(chart), *at, a)
	}
}

// click returns where to click: nowhere, or at the first place where the chart has a colour.
func (d *dataset) click(s sight) *orb.Point {
	if !s.pick {
		return nil
	}
	c := d.subject.(chart)
	list := c.places()
	return &list[slices.IndexFunc(list, func(p orb.Point) bool { return c.colour(p).A > 0 })]
}

// expectPicked compares what a click found with the chart.
func expectPicked(t *testing.T, c chart, at orb.Point, a answer) {
	t.Helper()
	want := c.colour(at)
	if len(a.Facts) != 1 {
		t.Fatalf("a click found %d features, want 1", len(a.Facts))
	}
	values := map[string]uint8{"red": want.R, "green": want.G, "blue": want.B}
	if a.Facts[0].Properties["kind"] == "stored colour" { // the source's own values have none
		values["alpha"] = want.A
	}
	for name, v := range values {
		got, ok := a.Facts[0].Properties[name].(float64)
		if !ok || math.Abs(got-float64(v)) > 12 {
			t.Errorf("a click found %v, want %s near %d", a.Facts[0].Properties, name, v)
		}
	}
}

func readPNG(t *testing.T, file string) image.Image {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	shot, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return shot
}

func box(b orb.Bound) [4]float64 { return [4]float64{b.Min[0], b.Min[1], b.Max[0], b.Max[1]} }

func TestMapClientsShowEveryDatasetWhereItLies(t *testing.T) {
	m := startMaps(t)
	for _, client := range []struct {
		name, page string
		sights     []sight
	}{
		{"CesiumJS", "cesium", cesiumSights},
		{"OpenLayers", "openlayers", openLayersSights},
		{"MapLibre", "maplibre", mapLibreSights},
		{"Leaflet", "leaflet", leafletSights},
	} {
		t.Run(client.name, func(t *testing.T) { m.look(t, client.page, append(m.snippetSights(client.page), client.sights...)) })
	}
}

var cesiumSights = []sight{
	{dataset: "region", show: "UrlTemplate Mercator"},
	{dataset: "world-geographic", show: "UrlTemplate geographic"},
	{dataset: "world", show: "TileMapService"},
	{dataset: "region-geographic", show: "TileMapService"},
	{dataset: "region", show: "WebMapService 1.1.1", pick: true},
	{dataset: "world-jpeg", show: "WebMapService as it asks by itself"},
	{dataset: "region", show: "WebMapService 1.3.0 CRS 84", pick: true},
	{dataset: "region-geographic", show: "WebMapService 1.3.0 EPSG 4326", pick: true},
	{dataset: "region-geographic", show: "WebMapService 1.3.0 Mercator"},
	{dataset: "region", show: "WebMapTileService KVP", pick: true},
	{dataset: "region", show: "WebMapTileService REST", pick: true},
	{dataset: "region-geographic", show: "WebMapTileService REST geographic"},
	{dataset: "region", show: "SingleTile 1.1.1"},
	{dataset: "world", show: "SingleTile 1.3.0"},
}

var openLayersSights = []sight{
	{dataset: "world-jpeg", show: "XYZ"},
	{dataset: "region", show: "XYZ"},
	{dataset: "region-geographic", show: "XYZ geographic"},
	{dataset: "world-geographic", show: "XYZ geographic reprojected to Mercator"},
	{dataset: "world", show: "TileWMS 1.3.0 Mercator"},
	{dataset: "region", show: "TileWMS 1.3.0 EPSG 4326"},
	{dataset: "region-geographic", show: "TileWMS 1.1.1 EPSG 4326"},
	{dataset: "region", show: "ImageWMS 1.3.0 Mercator"},
	{dataset: "region", show: "ImageWMS 1.3.0 EPSG 4326"},
	{dataset: "region", show: "ImageWMS 1.3.0 UTM"},
	{dataset: "region", show: "ImageWMS 1.1.1 Mercator"},
	{dataset: "region", show: "WMTS capabilities KVP"},
	{dataset: "region", show: "WMTS capabilities REST"},
	{dataset: "region-geographic", show: "WMTS capabilities geographic"},
	{dataset: "region", show: "WMTS capabilities reprojected to UTM"},
	{dataset: "pyrenees", show: "XYZ hillshade"},
	{dataset: "pyrenees", show: "WMTS hillshade"},
	{dataset: "pyrenees", show: "TileWMS hillshade"},
}

var mapLibreSights = []sight{
	{dataset: "world", show: "TileJSON"},
	{dataset: "region", show: "TileJSON"},
	{dataset: "region", show: "TileJSON @2x"},
	{dataset: "region", show: "tiles"},
	{dataset: "region", show: "tiles TMS"},
	{dataset: "region", show: "WMS 1.1.1"},
	{dataset: "region-geographic", show: "WMS 1.3.0"},
}

var leafletSights = []sight{
	{dataset: "world", show: "XYZ"},
	{dataset: "region", show: "XYZ"},
	{dataset: "region-geographic", show: "XYZ geographic"},
	{dataset: "region", show: "TMS"},
	{dataset: "region", show: "WMS 1.1.1"},
	{dataset: "region", show: "WMS 1.1.1 EPSG 4326"},
	{dataset: "region", show: "WMS 1.3.0"},
	{dataset: "region-geographic", show: "WMS 1.3.0 EPSG 4326"},
}

// runnable are the clients whose snippets run in a page, the page, and the name of the map that each makes. That for CesiumJS 1.48 does not run in
// today's CesiumJS.
var runnable = map[string]struct{ page, variable string }{
	"cesium": {"cesium", "viewer"}, "cesium-wmts": {"cesium", "viewer"},
	"openlayers": {"openlayers", "map"}, "maplibre": {"maplibre", "map"}, "leaflet": {"leaflet", "map"},
}

// snippetSights are maps by the snippets that run in a page, each as it stands, as a module. All that is added is a line that exports the map.
func (m *maps) snippetSights(page string) []sight {
	var sights []sight
	for _, name := range []string{"region", "region-geographic", "pyrenees"} {
		for _, s := range snippet.For(m.describe(name)) {
			if r, ok := runnable[s.Client]; ok && r.page == page {
				path := fmt.Sprintf("/snippets/%s/%s.js", name, s.Client)
				m.snippets[path] = fmt.Sprintf("%s\nexport default %s;\n", s.Code, r.variable)
				sights = append(sights, sight{dataset: name, snippet: path})
			}
		}
	}
	return sights
}

// describe is a dataset as snippets want it; of terrain the hillshade.
func (m *maps) describe(name string) snippet.Dataset {
	d := m.datasets[name]
	l := d.Layers[0]
	if d.Kind == snippet.Terrain {
		l = d.Layers[slices.IndexFunc(d.Layers, func(l layer) bool { return l.Style == "hillshade" })]
	}
	s := snippet.Dataset{
		Name: name, Kind: d.Kind, BaseURL: m.base(), Grid: l.Grid, Levels: l.Levels, Bounds: d.Bounds, TileSize: l.TileSize,
	}
	if d.Kind == snippet.Terrain {
		s.Style = l.Style
	}
	return s
}

// json asks the server for a document.
func (r running) json(t *testing.T, path string, to any) {
	t.Helper()
	answer, err := http.Get(r.url + path)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(to); err != nil {
		t.Fatal(err)
	}
}
