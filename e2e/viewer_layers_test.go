//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// magenta is a colour that neither the base map nor any style of terrain has.
var magenta = color.NRGBA{R: 255, B: 255, A: 255}

// layMagenta adds an imagery dataset to a data folder: a picture of one colour whose north-western corner is at west, north and that is side
// degrees wide and high.
func layMagenta(t *testing.T, data, name string, west, north, side float64, flags ...string) {
	t.Helper()
	const pixels = 64
	m := image.NewNRGBA(image.Rect(0, 0, pixels, pixels))
	draw.Draw(m, m.Bounds(), image.NewUniform(magenta), image.Point{}, draw.Src)
	file := filepath.Join(t.TempDir(), name+".png")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(f, m); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	step := side / pixels
	world := fmt.Sprintf("%v\n0\n0\n%v\n%v\n%v\n", step, -step, west+step/2, north-step/2)
	if err := os.WriteFile(strings.TrimSuffix(file, "png")+"pgw", []byte(world), 0o644); err != nil {
		t.Fatal(err)
	}
	line := []string{"ingest", "imagery", "--data", data, "--name", name, "--src-crs", "EPSG:4326", "--progress", "none", file}
	c := exec.Command(program, append(line, flags...)...)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("ingest imagery: %v\n%s", err, out)
	}
}

// magentaShare is how much of a rectangle of a picture in out/ is magenta, in light or in shade; the rectangle is in percent of the picture.
func magentaShare(t *testing.T, name string, west, north, east, south int) float64 {
	t.Helper()
	f, err := os.Open(filepath.Join("out", name+".png"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	b := m.Bounds()
	found, all := 0, 0
	for y := b.Dy() * north / 100; y < b.Dy()*south/100; y++ {
		for x := b.Dx() * west / 100; x < b.Dx()*east/100; x++ {
			r, g, b, _ := m.At(x, y).RGBA()
			if all++; r > 0x3000 && b > 0x3000 && g < r/2 && g < b/2 {
				found++
			}
		}
	}
	return float64(found) / float64(all)
}

func TestViewerLaysLayersOverTerrainByKeyboardAndTheLinkKeepsThem(t *testing.T) {
	file := sharedFile(t, "data/dem/n43.dt0")
	data := ingest(t, "ontario", file)
	layMagenta(t, data, "photo", -79.8, 43.8, 0.6)
	server := start(t, "serve", "--data", data)
	names := step{"do": "see", "selector": "#layer-list .name"}
	r := visit(t, server.url,
		step{"do": "open", "path": "viewer#dataset=photo", "size": []int{700, 480}},
		step{"do": "complete"},
		step{"do": "shot", "name": "viewer-layer"},
		step{"do": "press", "selector": "#layers > summary", "key": "Enter"},
		step{"do": "set", "selector": "#add", "value": "ontario"},
		step{"do": "press", "selector": "#add-layer", "key": "Enter"},
		names,
		step{"do": "press", "selector": "#layer-list li:first-child .down", "key": "Enter"},
		names,
		step{"do": "set", "selector": "#layer-list li:first-child .opacity", "value": 40},
		step{"do": "set", "selector": "#layer-list li:last-child .style", "value": "slope"},
		step{"do": "appear", "selector": "#layer-list .legend"},
		step{"do": "press", "selector": "#layer-list li:first-child .shown", "key": "Space"},
		step{"do": "address"},
		step{"do": "press", "selector": "#layer-list li:first-child .remove", "key": "Enter"},
		names,
		step{"do": "count", "selector": "#problems"},
	)
	if share := magentaShare(t, "viewer-layer", 48, 40, 54, 55); share < 0.9 {
		t.Errorf("the layer covers %.2f of the picture's middle", share)
	}
	expect(t, "layers, topmost first", r[6], `["ontario","photo"]`)
	expect(t, "layers after one went down", r[8], `["photo","ontario"]`)
	expect(t, "legends shown", r[11], "1")
	expect(t, "layers after one was removed", r[15], `["ontario"]`)
	expect(t, "problems shown", r[16], "0")
	var link string
	if err := json.Unmarshal(r[13], &link); err != nil {
		t.Fatal(err)
	}
	expectLayers(t, link, "ontario*slope*100", "photo*default*40*off")
	_, hash, _ := strings.Cut(link, "#")
	r = visit(t, server.url,
		step{"do": "open", "path": "viewer#" + hash, "size": []int{390, 640}, "dark": true},
		step{"do": "press", "selector": "#layers > summary", "key": "Enter"},
		names,
		step{"do": "see", "selector": "#layer-list output"},
		step{"do": "overflow"},
		step{"do": "address"},
	)
	expect(t, "layers of the link, topmost first", r[2], `["photo","ontario"]`)
	expect(t, "opacities of the link", r[3], `["40 %","100 %"]`)
	expect(t, "pixels that stick out on a phone", r[4], "0")
}

// TestViewerOffersTheTimesOfALayer has magenta in the middle in 2019 only; the version of that time is the newer one.
func TestViewerOffersTheTimesOfALayer(t *testing.T) {
	data := t.TempDir()
	layMagenta(t, data, "plot", -79.8, 43.8, 0.1, "--time", "2024-06-01")
	layMagenta(t, data, "plot", -79.8, 43.8, 0.6, "--time", "2019-06-01")
	server := start(t, "serve", "--data", data)
	camera := "&lon=-79.5&lat=43.5&height=60000&pitch=-90&heading=0"
	layers := step{"do": "press", "selector": "#layers > summary", "key": "Enter"}
	shot := func(name string) []step { return []step{{"do": "complete"}, {"do": "shot", "name": name}} }
	steps := append([]step{{"do": "open", "path": "viewer#dataset=&layer=plot" + camera, "size": []int{700, 480}}}, shot("viewer-time-latest")...)
	steps = append(steps, layers, step{"do": "see", "selector": "#layer-list .time"},
		step{"do": "set", "selector": "#layer-list .time", "value": "2019-06-01T00:00:00Z"})
	steps = append(steps, step{"do": "until", "text": "at=2019-06-01"}, layers)
	steps = append(steps, shot("viewer-time-earlier")...)
	steps = append(steps, step{"do": "address"}, step{"do": "count", "selector": "#problems"})
	r := visit(t, server.url, steps...)
	expect(t, "times", r[4], `["2024-06-01, the latest2019-06-01"]`)
	for name, want := range map[string]float64{"viewer-time-latest": 0, "viewer-time-earlier": 1} {
		if share := magentaShare(t, name, 48, 40, 54, 55); share < want-0.1 || share > want+0.1 {
			t.Errorf("%s: the layer covers %.2f of the picture's middle", name, share)
		}
	}
	var link string
	if err := json.Unmarshal(r[10], &link); err != nil {
		t.Fatal(err)
	}
	expectLayers(t, link, "plot*default*100*at=2019-06-01T00:00:00Z")
	expect(t, "problems shown", r[11], "0")
	_, hash, _ := strings.Cut(link, "#")
	steps = append([]step{{"do": "open", "path": "viewer#" + hash, "size": []int{700, 480}}}, shot("viewer-time-link")...)
	visit(t, server.url, append(steps, layers, step{"do": "address"})...)
	if share := magentaShare(t, "viewer-time-link", 48, 40, 54, 55); share < 0.9 {
		t.Errorf("by its link the layer covers %.2f of the picture's middle", share)
	}
}

// expectLayers compares the layers of a link with those wanted, lowest first.
func expectLayers(t *testing.T, link string, want ...string) {
	t.Helper()
	_, hash, _ := strings.Cut(link, "#")
	q, err := url.ParseQuery(hash)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(q["layer"], " "); got != strings.Join(want, " ") || q.Get("surface") != "map" {
		t.Errorf("the link has layers %q over surface %q, want %q", got, q.Get("surface"), want)
	}
}

func TestViewerShowsImageryAloneOnBothSidesOfTheAntimeridian(t *testing.T) {
	data := t.TempDir()
	layMagenta(t, data, "fiji", 179.5, -16.5, 1)
	server := start(t, "serve", "--data", data)
	r := visit(t, server.url,
		step{"do": "open", "path": "viewer", "size": []int{700, 480}},
		step{"do": "complete"},
		step{"do": "see", "selector": "#facts"},
		step{"do": "click", "selector": "#panel > summary"}, // out of the picture's way
		step{"do": "shot", "name": "viewer-imagery"},
		step{"do": "address"},
		step{"do": "count", "selector": "#problems"},
	)
	for side, share := range map[string]float64{
		"west": magentaShare(t, "viewer-imagery", 40, 45, 49, 55), "east": magentaShare(t, "viewer-imagery", 51, 45, 60, 55),
	} {
		if share < 0.9 {
			t.Errorf("the layer covers %.2f %s of the antimeridian", share, side)
		}
	}
	if facts := texts(t, r[2]); !strings.Contains(facts, "fiji") || !strings.Contains(facts, "Web Mercator") {
		t.Errorf("facts: %q", facts)
	}
	if link := string(r[5]); !strings.Contains(link, "dataset=&") || !strings.Contains(link, "layer=fiji") {
		t.Errorf("the address does not hold the view: %s", link)
	}
	expect(t, "problems shown", r[6], "0")
}
