//go:build !serveonly

package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

// squareFile writes a GeoJSON polygon around a box.
func squareFile(t *testing.T, name, ring string) string {
	t.Helper()
	return write(t, filepath.Join(t.TempDir(), name), []byte(`{"type":"Polygon","coordinates":[[`+ring+`]]}`))
}

func TestWaterIsMadeSaidAndVerified(t *testing.T) {
	t.Chdir(t.TempDir())
	lake := squareFile(t, "lake.geojson", "[10.2,40.2],[10.6,40.2],[10.6,40.6],[10.2,40.6],[10.2,40.2]")
	code, _, stderr := run(t, "ingest", "terrain", "--src-crs", "EPSG:4326", "--water", lake+",sealevel=140", "--bathymetry", "clamp", "--clip", lake, hills(t))
	if code != exitDone {
		t.Fatalf("exit %d\n%s", code, stderr)
	}
	for _, want := range []string{
		"water    water of lake.geojson (1 polygons), ground up to 140 m where the sources have data, and around islands; ground below it raised to the sea",
		"clip     lake.geojson  1 polygon  EPSG:4326: what lies outside is no data", "tiles valid",
	} {
		if !strings.Contains(stderr, want) {
			t.Errorf("no %q in\n%s", want, stderr)
		}
	}
	_, stdout, _ := run(t, "info", "hills")
	for _, want := range []string{"octvertexnormals, watermask", "clip         lake.geojson", "ground up to 140 m; ground below it raised"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in\n%s", want, stdout)
		}
	}
	_, stdout, _ = run(t, "info", "hills", "--json")
	var d struct {
		Extensions []string
		Bounds     [4]float64
	}
	if err := json.Unmarshal([]byte(stdout), &d); err != nil || len(d.Extensions) != 2 || d.Bounds != [4]float64{10.2, 40.2, 10.6, 40.6} {
		t.Errorf("%v: %s", err, stdout)
	}
	if code, stdout, _ = run(t, "verify", "hills"); code != exitDone || !strings.Contains(stdout, "no faults") {
		t.Errorf("verify: exit %d\n%s", code, stdout)
	}
}

func TestWaterThatCannotBeIsRefusedWithARemedy(t *testing.T) {
	t.Chdir(t.TempDir())
	open := squareFile(t, "open.geojson", "[10,40],[11,40],[11,41],[10,41]")
	far := squareFile(t, "far.geojson", "[50,0],[51,0],[51,1],[50,0]")
	metres := squareFile(t, "metres.geojson", "[500000,0],[510000,0],[510000,1000],[500000,0]")
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"a level of words":      {[]string{"--water", "sealevel=high"}, exitUsage, "it is sealevel=METRES"},
		"none and something":    {[]string{"--water", "none,sealevel"}, exitUsage, "what else is water"},
		"clamp without water":   {[]string{"--bathymetry", "clamp"}, exitUsage, "says where the sea is"},
		"unknown bathymetry":    {[]string{"--bathymetry", "drain"}, exitUsage, "keep or clamp"},
		"no such file":          {[]string{"--water", "lakes.shp"}, exitInput, "no such file"},
		"a ring that is open":   {[]string{"--water-land", open}, exitInput, "open.geojson: unusable polygons: feature 0: a ring is not closed"},
		"no degrees":            {[]string{"--water", metres}, exitInput, "no degrees"},
		"a clip elsewhere":      {[]string{"--clip", far}, exitUsage, "no source reaches into its polygons"},
		"a clip that is a DEM":  {[]string{"--clip", hills(t)}, exitInput, "supported: GeoJSON, Shapefile"},
		"water that is nowhere": {[]string{"--water", far}, exitDone, ""},
	} {
		t.Run(name, func(t *testing.T) {
			code, _, stderr := run(t, append([]string{"ingest", "terrain", "--dry-run", "--src-crs", "EPSG:4326", hills(t)}, c.args...)...)
			if code != c.code || !strings.Contains(stderr, c.says) || code != exitDone && !strings.Contains(stderr, "\ntry: ") {
				t.Errorf("exit %d, want %d and %q\n%s", code, c.code, c.says, stderr)
			}
		})
	}
}
