//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"math"
	"os/exec"
	"strings"
	"testing"
)

// undulations asks GDAL's own program how far EGM96 lies above the ellipsoid at places.
func undulations(t *testing.T, places [][2]float64) []float64 {
	t.Helper()
	var in strings.Builder
	for _, p := range places {
		fmt.Fprintf(&in, "%.9f %.9f 0\n", p[0], p[1])
	}
	c := exec.Command("gdaltransform", "-s_srs", "EPSG:4326+5773", "-t_srs", "EPSG:4979")
	c.Stdin = strings.NewReader(in.String())
	out, err := c.Output()
	if err != nil {
		t.Skipf("gdaltransform: %v", err)
	}
	var all []float64
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		var lon, lat, n float64
		if _, err := fmt.Sscan(line, &lon, &lat, &n); err != nil {
			t.Fatalf("gdaltransform said %q: %v", line, err)
		}
		all = append(all, n)
	}
	return all
}

// TestGlobeStandsAboveTheEllipsoidWhereTheDEMStandsAboveTheGeoid ingests SRTM without a flag: what the browser shows is the DEM and some 52 m of
// geoid.
func TestGlobeStandsAboveTheEllipsoidWhereTheDEMStandsAboveTheGeoid(t *testing.T) {
	file, data := sharedFile(t, "data/dem/N42E001.hgt.zip"), t.TempDir()
	source := readHGT(t, file, 1, 42)
	ingestInto(t, data, "terrain", "pyrenees", file)
	server := start(t, "serve", "--data", data)
	points := source.points(200)
	shift := undulations(t, points)
	r := visit(t, server.url,
		step{"do": "open", "path": "viewer#water=0", "size": []int{700, 400}},
		step{"do": "see", "selector": "#facts"},
		step{"do": "sample", "points": points},
		step{"do": "count", "selector": "#problems"},
		step{"do": "open", "path": "", "size": []int{640, 480}},
		step{"do": "see", "selector": "main"},
	)
	var heights []*float64
	if err := json.Unmarshal(r[2], &heights); err != nil {
		t.Fatal(err)
	}
	bias, above := 0.0, make([]*float64, len(points))
	for i, p := range points {
		if heights[i] == nil {
			t.Fatalf("no height at %v", p)
		}
		h := *heights[i] - shift[i]
		above[i] = &h
		bias += (h - source.height(p[0], p[1])) / float64(len(points))
	}
	lowered, err := json.Marshal(above)
	if err != nil {
		t.Fatal(err)
	}
	source.compare(t, points, lowered, server.leaf(t, "pyrenees"))
	if t.Logf("on average %.2f m off", bias); math.Abs(bias) > 1 {
		t.Errorf("heights are %.2f m off on average", bias)
	}
	for k, page := range map[int]string{1: "viewer", 5: "catalogue"} {
		if said := string(r[k]); !strings.Contains(said, "ellipsoid (EGM96 \u2192 ellipsoid, N = +50.0 .. +53.1 m)") {
			t.Errorf("the %s does not say what was done to the heights: %s", page, said)
		}
	}
	expect(t, "problems shown", r[3], "0")
}
