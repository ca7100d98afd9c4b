package server

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/internal/tiler"
	"github.com/terrane/terrane/tilegrid"
)

// realPicture returns a file of the shared test data, or skips the test.
func realPicture(t testing.TB, name string) string {
	t.Helper()
	root := os.Getenv("TERRANE_SHARED")
	if root == "" {
		root = "../../../shared"
	}
	path := filepath.Join(root, "data", name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("%s is absent: set TERRANE_SHARED to the folder of test data", name)
	}
	return path
}

// located is what gdallocationinfo says of places in degrees: of each the values of all bands.
func located(t testing.TB, path string, places []orb.Point) [][]float64 {
	t.Helper()
	tool, err := exec.LookPath("gdallocationinfo")
	if err != nil {
		t.Skip("no gdallocationinfo to compare with")
	}
	var in, out bytes.Buffer
	for _, p := range places {
		fmt.Fprintf(&in, "%.12f %.12f\n", p[0], p[1])
	}
	c := exec.Command(tool, "-valonly", "-wgs84", path)
	c.Stdin, c.Stdout = &in, &out
	if err := c.Run(); err != nil {
		t.Fatal(err)
	}
	words := strings.Fields(out.String())
	values := make([][]float64, len(places))
	for i, w := range words {
		v, err := strconv.ParseFloat(w, 64)
		if err != nil {
			t.Fatal(err)
		}
		at := i * len(places) / len(words)
		values[at] = append(values[at], v)
	}
	return values
}

// TestKeptValuesAreThoseOfTheSource asks WMTS and WMS for many pixels of tiles around the middle of real files, and gdallocationinfo for
// the same places.
func TestKeptValuesAreThoseOfTheSource(t *testing.T) {
	dir := t.TempDir()
	files := map[string]string{
		"landsat": "imagery/landsat8_dateline_uint16_utm60n.tif", "lidar": "dem/slovenia_lidar_dtm_1m_epsg3794_nan.tif",
		"cover": "imagery/palette_cog_epsg3857.tif", "naip": "imagery/naip_4band_utm14n_5m.tif",
	}
	for name, file := range files {
		publishPicture(t, dir, name, tiler.Options{Sources: []string{realPicture(t, file)}, Grid: tilegrid.Mercator, Max: -1, KeepValues: true})
	}
	catalogue := openFolder(t, dir)
	s := New(catalogue, Options{Registry: projections{raster.NewRegistry()}})
	for name, file := range files {
		d, err := catalogue.Get(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		z, middle := d.Info().Levels[1], d.Info().Bound.Center()
		d.Release()
		if middle[0] > 180 {
			middle[0] -= 360
		}
		center := tilegrid.Mercator.At(middle, z)
		var places []orb.Point
		var got [][]float64
		for k := range uint32(2) {
			c := tilegrid.Coord{Z: z, X: (center.X + k) % (1 << z), Y: center.Y}
			north := tilegrid.Mercator.FlipY(c)
			for pixel, at := range tilePlaces(tilegrid.Mercator, c, 256) {
				path := fmt.Sprintf("/wmts/1.0.0/%s/default/WebMercatorQuad/%d/%d/%d/%d/%d.json", name, z, north.Y, north.X, pixel[1], pixel[0])
				infos := infosOf(t, ask(s, "GET", path))
				if len(infos.Features) == 0 {
					continue
				}
				p := infos.Features[0].Properties
				var values []float64
				for b := 1; p[fmt.Sprint("band ", b)] != nil; b++ {
					values = append(values, p[fmt.Sprint("band ", b)].(float64))
				}
				if p["kind"] != "kept value" || len(values) == 0 {
					t.Fatalf("%s: %v", path, p)
				}
				places, got = append(places, at), append(got, values)
				if len(places)%20 == 0 {
					if again := mapInfo(t, s, name, at); fmt.Sprint(again["band 1"]) != fmt.Sprint(p["band 1"]) {
						t.Errorf("%s at %v: %v by WMTS, %v by WMS", name, at, p, again)
					}
				}
			}
		}
		differ := 0
		for i, want := range located(t, realPicture(t, file), places) {
			for b := range want {
				if len(got[i]) != len(want) || got[i][b] != float64(float32(want[b])) {
					differ++
					break
				}
			}
		}
		if len(places) < 100 || differ*100 > len(places) {
			t.Errorf("%s: %d of %d places differ", name, differ, len(places))
		}
		t.Logf("%s: %d of %d places differ", name, differ, len(places))
	}
}

// mapInfo asks WMS for what lies in the middle of a map of one pixel.
func mapInfo(t *testing.T, s *Server, layer string, at orb.Point) map[string]any {
	t.Helper()
	query := kvp(map[string]string{"SERVICE": "WMS", "VERSION": "1.3.0", "REQUEST": "GetFeatureInfo", "LAYERS": layer, "QUERY_LAYERS": layer,
		"STYLES": "", "CRS": "CRS:84",
		"BBOX": fmt.Sprintf("%.12f,%.12f,%.12f,%.12f", at[0]-1e-9, at[1]-1e-9, at[0]+1e-9, at[1]+1e-9), "WIDTH": "1", "HEIGHT": "1",
		"FORMAT": "image/png", "INFO_FORMAT": "application/json",
		"I": "0", "J": "0"})
	infos := infosOf(t, ask(s, "GET", "/wms?"+query))
	if len(infos.Features) != 1 {
		t.Fatalf("%s at %v: %+v", layer, at, infos)
	}
	return infos.Features[0].Properties
}

func TestInfoSaysWhatItsNumbersAre(t *testing.T) {
	k := tint{box(8, 47, 9, 48), 100}
	dir, at := t.TempDir(), orb.Point{8.3, 47.6}
	source := k.write(t, 256, true)
	for name, o := range map[string]tiler.Options{
		"kept": {Format: tiler.JPEG, KeepValues: true}, "whole": {Format: tiler.PNG}, "lossy": {Format: tiler.JPEG},
		"scaled": {Format: tiler.PNG, Raster: raster.PictureOptions{Scale: &[2]float64{0, 200}}},
		"one":    {Format: tiler.PNG, Raster: raster.PictureOptions{Bands: []int{2}}}, "web": {Format: tiler.WebP},
	} {
		o.Sources, o.Grid, o.Max = []string{source}, tilegrid.Mercator, -1
		publishPicture(t, dir, name, o)
	}
	s := New(openFolder(t, dir), Options{Registry: projections{raster.NewRegistry()}})
	for name, want := range map[string]struct{ kind, first, last string }{
		"kept": {"kept value", "band 1", "band 3"}, "whole": {"stored value", "red", "blue"}, "lossy": {"stored colour", "red", "alpha"},
		"scaled": {"stored colour", "red", "alpha"},
		"one":    {"stored value", "band 2", "band 2"}, "web": {"stored colour", "red", "alpha"},
	} {
		place := at
		if name != "lossy" && name != "kept" { // JPEG has no hole
			if got := s.infoText(t, name, orb.Point{8.5, 47.5}); got != "nothing here\n" {
				t.Errorf("%s in the hole: %s", name, got)
			}
			place = orb.Point{8.1, 47.9}
		}
		p := mapInfo(t, s, name, orb.Point{8.1, 47.9})
		if p["kind"] != want.kind || p[want.first] == nil || p[want.last] == nil {
			t.Errorf("%s: %v, want %+v", name, p, want)
		}
		if text := s.infoText(t, name, place); name != "kept" && !strings.Contains(text, "("+want.kind+")") {
			t.Errorf("%s as text: %s", name, text)
		}
	}
	if got := s.infoText(t, "kept", orb.Point{8.5, 47.5}); got != "nothing here\n" {
		t.Errorf("kept, in the hole that JPEG fills: %s", got)
	}
	for format, says := range map[string]string{"text/html": "(kept value)", "application/vnd.ogc.gml": `<value name="band 1">`,
		"text/xml": "<kind>kept value</kind>"} {
		if text := s.infoAs(t, "kept", orb.Point{8.1, 47.9}, format); !strings.Contains(text, says) {
			t.Errorf("%s: no %s in %s", format, says, text)
		}
	}
	if got, want := mapInfo(t, s, "kept", orb.Point{8.1, 47.9})["band 1"].(float64), float64(k.colour(orb.Point{8.1,
		47.9}).R); math.Abs(got-want) > 1 {
		t.Errorf("kept value %v, want %v", got, want)
	}
}

func (s *Server) infoText(t *testing.T, layer string, at orb.Point) string {
	return s.infoAs(t, layer, at, "text/plain")
}

// infoAs asks WMS for what lies at a place, in a format.
func (s *Server) infoAs(t *testing.T, layer string, at orb.Point, format string) string {
	t.Helper()
	query := kvp(map[string]string{"SERVICE": "WMS", "VERSION": "1.1.1", "REQUEST": "GetFeatureInfo", "LAYERS": layer, "QUERY_LAYERS": layer,
		"STYLES": "", "SRS": "EPSG:4326",
		"BBOX": fmt.Sprintf("%.9f,%.9f,%.9f,%.9f", at[0]-1e-6, at[1]-1e-6, at[0]+1e-6, at[1]+1e-6), "WIDTH": "1", "HEIGHT": "1",
		"FORMAT": "image/png", "INFO_FORMAT": format, "X": "0", "Y": "0"})
	r := ask(s, "GET", "/wms?"+query)
	if r.StatusCode != 200 {
		t.Fatalf("%s: %d", layer, r.StatusCode)
	}
	return string(bodyOf(t, r))
}

// TestAveragesAreNoStoredValues asks for places of a mosaic: in a tile that none lies below, and in a quarter of a tile that has deeper ones.
func TestAveragesAreNoStoredValues(t *testing.T) {
	coarse, fine := tint{box(0, 40, 40, 60), 100}, tint{box(8, 47, 9, 48), 100}
	sources, dir := []string{coarse.write(t, 256, false), fine.write(t, 256, false)}, t.TempDir()
	for _, name := range []string{"kept", "plain"} {
		publishPicture(t, dir, name, tiler.Options{Sources: sources, Grid: tilegrid.Mercator, Min: 0, Max: -1, Format: tiler.PNG,
			KeepValues: name == "kept"})
	}
	s := New(openFolder(t, dir), Options{Registry: projections{raster.NewRegistry()}})
	beside := orb.Point{6.5, 47.5}
	for at, want := range map[orb.Point]string{{8.5, 47.5}: "stored value", {30, 50}: "stored value", beside: "stored colour"} {
		p := mapInfo(t, s, "plain", at)
		if p["kind"] != want {
			t.Errorf("plain at %v: %v, want a %s", at, p, want)
		}
		p = mapInfo(t, s, "kept", at)
		if p["kind"] != "kept value" {
			t.Errorf("kept at %v: %v", at, p)
		}
	}
	if got, want := mapInfo(t, s, "kept", beside)["band 1"].(float64), float64(coarse.colour(beside).R); math.Abs(got-want) > 2 {
		t.Errorf("kept value %v, want %v", got, want)
	}
}
