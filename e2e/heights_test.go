//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// heightsAsked are the heights of places, as POST /height answers.
func (r running) heightsAsked(t *testing.T, name string, places [][2]float64) []float64 {
	t.Helper()
	body, err := json.Marshal(places)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.Post(r.url+"height/"+name, "application/json", strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var all [][3]float64
	if err := json.NewDecoder(answer.Body).Decode(&all); err != nil || len(all) != len(places) {
		t.Fatalf("%d, %v, %d answers", answer.StatusCode, err, len(all))
	}
	heights := make([]float64, len(all))
	for k, p := range all {
		heights[k] = p[2]
	}
	return heights
}

// TestMapLibreStandsOnTheHeightsOfTheDEM has MapLibre tell how high its terrain is, out of both encodings, PNG and WebP, 256 and
// 512 pixels, and compares with the DEM and with what the server says of the same places. MapLibre's terrain is bilinear between
// pixels that are half as wide as posts are apart.
func TestMapLibreStandsOnTheHeightsOfTheDEM(t *testing.T) {
	file := sharedFile(t, "data/dem/N42E001.hgt.zip")
	source := readHGT(t, file, 1, 42)
	server := start(t, "serve", "--data", ingest(t, "pyrenees", file))
	pages := http.NewServeMux()
	pages.Handle("/pages/", http.FileServer(http.Dir(".")))
	pages.Handle("/lib/", http.StripPrefix("/lib", http.FileServer(http.Dir("node_modules"))))
	site := httptest.NewServer(pages)
	t.Cleanup(site.Close)
	const west, south, side = 1.52, 42.62, 0.012 // so little that the deepest tiles are drawn
	chance := rand.New(rand.NewPCG(8, 9))
	var places [][2]float64
	for range 60 {
		places = append(places, [2]float64{west + side*(0.1+0.8*chance.Float64()), south + side*(0.1+0.8*chance.Float64())})
	}
	said := server.heightsAsked(t, "pyrenees", places)
	shows := []string{"terrain-RGB", "terrain-RGB @2x WebP", "Terrarium"}
	steps := []step{{"do": "open", "path": "pages/maplibre.html", "size": []int{mapWidth, mapHeight + 80}}}
	for _, show := range shows {
		task, err := json.Marshal(map[string]any{"show": show, "base": strings.TrimSuffix(server.url, "/"), "dataset": "pyrenees",
			"view": [4]float64{west, south, west + side, south + side}, "places": places})
		if err != nil {
			t.Fatal(err)
		}
		steps = append(steps, step{"do": "set", "selector": "#task", "value": string(task)}, step{"do": "see", "selector": "#report"},
			step{"do": "shot", "name": "heights-" + strings.ReplaceAll(show, " ", "-")})
	}
	results := browse(t, site.URL+"/", []string{site.URL, strings.TrimSuffix(server.url, "/")}, steps...)
	for i, show := range shows {
		t.Run(show, func(t *testing.T) {
			var report struct {
				Error string
				Facts []*float64
			}
			if err := json.Unmarshal([]byte(texts(t, results[3*i+2])), &report); err != nil || report.Error != "" || len(report.Facts) != len(places) {
				t.Fatalf("%v %s, %d heights", err, report.Error, len(report.Facts))
			}
			var ours, dem, worst float64
			for k, p := range places {
				if report.Facts[k] == nil {
					t.Fatalf("no height at %v", p)
				}
				off := *report.Facts[k] - said[k]
				ours, dem, worst = ours+off*off, dem+math.Pow(*report.Facts[k]-source.height(p[0], p[1]), 2), max(worst, math.Abs(off))
			}
			n := float64(len(places))
			t.Logf("from what the server says RMS %.3f m, at most %.2f m; from the DEM RMS %.3f m", math.Sqrt(ours/n), worst, math.Sqrt(dem/n))
			if math.Sqrt(ours/n) > 1 || math.Sqrt(dem/n) > 3 {
				t.Errorf("RMS %.3f m from the server's heights, %.3f m from the DEM's", math.Sqrt(ours/n), math.Sqrt(dem/n))
			}
		})
	}
}

func TestCesiumReadsTerrainAsHeightmaps(t *testing.T) {
	file := sharedFile(t, "data/dem/N42E001.hgt.zip")
	source := readHGT(t, file, 1, 42)
	server := start(t, "serve", "--data", ingest(t, "pyrenees", file))
	points := source.points(100)
	r := visit(t, server.url,
		step{"do": "open", "path": "viewer", "size": []int{640, 400}},
		step{"do": "complete"},
		step{"do": "terrain", "path": "heightmap/pyrenees/"},
		step{"do": "complete"},
		step{"do": "shot", "name": "heightmap"},
		step{"do": "sample", "points": points},
		step{"do": "count", "selector": "#problems"},
	)
	source.compare(t, points, r[5], server.leaf(t, "pyrenees"))
	expect(t, "problems shown", r[6], "0")
}

func TestViewerMeasuresByClicksAndByKeyboardAndDrawsTheProfile(t *testing.T) {
	file := sharedFile(t, "data/dem/N42E001.hgt.zip")
	server := start(t, "serve", "--data", ingest(t, "pyrenees", file))
	r := visit(t, server.url,
		step{"do": "open", "path": "viewer", "size": []int{1000, 640}},
		step{"do": "complete"},
		step{"do": "press", "selector": "#panel > summary", "key": "Enter"},
		step{"do": "press", "selector": "#measure > summary", "key": "Enter"},
		step{"do": "appear", "selector": "#crosshair"},
		step{"do": "tap", "at": []int{420, 300}},
		step{"do": "tap", "at": []int{560, 270}},
		step{"do": "appear", "selector": "#chart path.ridge"},
		step{"do": "press", "selector": "#chart", "key": "End"},
		step{"do": "see", "selector": "#chart-at"},
		step{"do": "see", "selector": "#measure-facts"},
		step{"do": "complete"},
		step{"do": "shot", "name": "measure"},
		step{"do": "press", "selector": "#measure-undo", "key": "Enter"},
		step{"do": "count", "selector": "#chart"},
		step{"do": "press", "selector": "#globe canvas", "key": "Backspace"},
		step{"do": "press", "selector": "#globe canvas", "key": "p"},
		step{"do": "press", "selector": "#globe canvas", "key": "ArrowRight"},
		step{"do": "press", "selector": "#globe canvas", "key": "p"},
		step{"do": "appear", "selector": "#chart path.ridge"},
		step{"do": "count", "selector": "#problems"},
		step{"do": "open", "path": "viewer", "size": []int{390, 844}, "dark": true},
		step{"do": "press", "selector": "#measure > summary", "key": "Enter"},
		step{"do": "complete"},
		step{"do": "appear", "selector": "#crosshair"},
		step{"do": "tap", "at": []int{150, 370}},
		step{"do": "tap", "at": []int{240, 350}},
		step{"do": "appear", "selector": "#chart path.ridge"},
		step{"do": "overflow"},
		step{"do": "shot", "name": "measure-phone"},
	)
	var length, up, down, low, high float64
	facts := texts(t, r[10])
	if _, err := fmt.Sscanf(facts[strings.Index(facts, "up "):], "up %g m, down %g m, %g to %g m", &up, &down, &low, &high); err != nil {
		t.Fatalf("%q: %v", facts, err)
	}
	_, err := fmt.Sscanf(facts, "Distance %g km", &length)
	if err != nil || length < 2 || length > 60 || up+down < high-low || low < 300 || high > 3300 {
		t.Errorf("%q: %v", facts, err)
	}
	if at := texts(t, r[9]); !strings.HasPrefix(at, fmt.Sprintf("%.2f km: ", length)) {
		t.Errorf("the end of the profile reads %q, its length %.2f km", at, length)
	}
	expect(t, "charts of one point", r[14], "0")
	expect(t, "problems shown", r[20], "0")
	expect(t, "pixels that stick out on a phone", r[28], "0")
}
