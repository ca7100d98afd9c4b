package terrain

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

func alpsInfo() tilestore.Info {
	return tilestore.Info{
		Name: "alps", Version: 2, Kind: tilestore.Terrain, Title: "The Alps", Attribution: `<a href="https://example.org">SRTM</a>`,
		Format: tilestore.QuantizedMesh, Bound: orb.Bound{Min: orb.Point{7, 46}, Max: orb.Point{8, 47}}, Levels: [2]uint8{0, 2},
		Extensions: []string{"octvertexnormals"}, Vertical: "ellipsoid",
		Available: [][]tilegrid.Range{
			{{Z: 0, MaxX: 1}}, {{Z: 1, MinX: 2, MinY: 1, MaxX: 2, MaxY: 1}}, {{Z: 2, MinX: 4, MinY: 3, MaxX: 4, MaxY: 3}},
		},
	}
}

func TestLayerIsWhatClientsRead(t *testing.T) {
	got, err := json.MarshalIndent(NewLayer(alpsInfo()), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	path := filepath.Join("testdata", "layer.json.golden")
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("(-golden +got), rewrite with -update\n%s", d)
	}
}

func TestLayerComesBackFromItsJSON(t *testing.T) {
	info := alpsInfo()
	want := NewLayer(info)
	data, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseLayer(data)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(info.Available, got.Ranges()); d != "" {
		t.Error(d)
	}
}

func TestLayerOfDataAcrossTheAntimeridianBoundsTheGlobe(t *testing.T) {
	info := alpsInfo()
	info.Bound = orb.Bound{Min: orb.Point{177, -19}, Max: orb.Point{182, -16}}
	if got := NewLayer(info).Bounds; got != [4]float64{-180, -19, 180, -16} {
		t.Errorf("got %v", got)
	}
}

func TestLayerWithoutTilesListsNoNull(t *testing.T) {
	data, err := json.Marshal(NewLayer(tilestore.Info{Available: [][]tilegrid.Range{nil}}))
	if err != nil || strings.Contains(string(data), "null") {
		t.Errorf("got %s, %v", data, err)
	}
}

// TestLayersByOthers reads the variants of CesiumJS's own specs; those that it refuses for terrain meshes are refused here.
func TestLayersByOthers(t *testing.T) {
	refused := map[string]string{
		"EmptyTilesArray": "heightmap-1.0", "InvalidFormat": "awesometron", "MultipleUrls": "heightmap-1.0", "NoFormat": "not specified",
		"NoTiles": "heightmap-1.0", "PartialAvailability": "heightmap-1.0", "QuantizedMesh2.0": "quantized-mesh-2.0",
		"StandardHeightmap": "heightmap-1.0", "WithAttribution": "heightmap-1.0",
	}
	paths, err := filepath.Glob(filepath.Join(sharedDir(t), "cesium-specs", "*.tile.json"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d files, %v", len(paths), err)
	}
	for _, path := range append(paths, filepath.Join(sharedDir(t), "cesium-specs", "9_759_335", "layer.json")) {
		name := strings.TrimSuffix(filepath.Base(path), ".tile.json")
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		_, err = ParseLayer(data)
		reason, bad := refused[name]
		if bad != errors.Is(err, ErrLayer) || bad && !strings.Contains(err.Error(), reason) {
			t.Errorf("%s: got %v, want %q", name, err, reason)
		}
	}
}

func TestParseLayerRefusesWhatClientsRefuse(t *testing.T) {
	const good = `"format":"quantized-mesh-1.0","tiles":["{z}/{x}/{y}.terrain"]`
	cases := []struct{ name, text, want string }{
		{"not JSON", `<html>`, "invalid character"},
		{"no tiles", `{"format":"quantized-mesh-1.0"}`, "tile URLs"},
		{"another scheme", `{` + good + `,"scheme":"xyz"}`, `scheme "xyz"`},
		{"another projection", `{` + good + `,"projection":"EPSG:2056"}`, "EPSG:2056"},
		{"a range outside its level", `{` + good + `,"available":[[{"endX":2}]]}`, "outside level 0"},
		{"a range that ends before it starts", `{` + good + `,"available":[[{"startX":1}]]}`, "outside level 0"},
		{"too many levels", `{` + good + `,"available":[` + strings.Repeat("[],", 40) + `[]]}`, "41 levels"},
	}
	for _, c := range cases {
		if _, err := ParseLayer([]byte(c.text)); !errors.Is(err, ErrLayer) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}

func TestParseLayerFillsInDefaults(t *testing.T) {
	l, err := ParseLayer([]byte("\xef\xbb\xbf" + `{"format":"quantized-mesh-1.0","tiles":["{z}"],"version":2,"minzoom":"none","available":[[],[]]}`))
	if err != nil {
		t.Fatal(err)
	}
	if l.Scheme != SchemeTMS || l.Projection != "EPSG:4326" || l.Version != "2" || l.MinZoom != 0 || l.MaxZoom != 1 {
		t.Errorf("got %+v", l)
	}
	if l, err = ParseLayer([]byte(`{"format":"quantized-mesh-1.0","tiles":["{z}"],"projection":"EPSG:3857"}`)); err != nil || l.Grid() != tilegrid.Mercator {
		t.Errorf("got %+v, %v", l, err)
	}
}
