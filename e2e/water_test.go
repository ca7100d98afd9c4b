//go:build e2e

package e2e

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// TestLakesGlitterWhereTheirPolygonsAre gives a DEM the lakes of Natural Earth and looks at Lake Ontario from above, with the
// water and without: the ocean that CesiumJS draws must show on the lake and nowhere else.
func TestLakesGlitterWhereTheirPolygonsAre(t *testing.T) {
	dem, lakes := sharedFile(t, "data/dem/n43.dt0"), sharedFile(t, "data/vector/ne_50m_lakes.geojson")
	data := t.TempDir()
	c := exec.Command(program, "ingest", "terrain", "--data", data, "--name", "ontario", "--water", lakes, "--progress", "none", dem)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("ingest: %v\n%s", err, out)
	}
	server := start(t, "serve", "--data", data)
	const view = "viewer#dataset=ontario&lon=-79.5&lat=43.5&height=90000&surface=map&lighting=0"
	r := visit(t, server.url,
		step{"do": "open", "path": view, "size": []int{600, 600}},
		step{"do": "complete"},
		step{"do": "shot", "name": "water"},
		step{"do": "press", "selector": "body", "key": "o"},
		step{"do": "complete"},
		step{"do": "shot", "name": "water-off"},
		step{"do": "address"},
		step{"do": "count", "selector": "#problems"},
	)
	wet, land := differs(t, "water", "water-off", 0.62, 0.60), differs(t, "water", "water-off", 0.45, 0.15)
	if wet < 0.9 || land > 0.02 {
		t.Errorf("with water %.2f of the lake's pixels differ, want all, and %.2f of the land's, want none", wet, land)
	}
	expect(t, "problems shown", r[7], "0")
}

// differs returns which share of the pixels around a place, as shares of width and height, differ between two pictures in out/.
func differs(t *testing.T, one, other string, x, y float64) float64 {
	t.Helper()
	a, b := readPNG(t, filepath.Join("out", one+".png")), readPNG(t, filepath.Join("out", other+".png"))
	const reach = 15
	n := 0
	w, h := a.Bounds().Dx(), a.Bounds().Dy()
	for dy := -reach; dy <= reach; dy++ {
		for dx := -reach; dx <= reach; dx++ {
			px, py := int(x*float64(w))+dx, int(y*float64(h))+dy
			r0, g0, b0, _ := a.At(px, py).RGBA()
			r1, g1, b1, _ := b.At(px, py).RGBA()
			if far(r0, r1)+far(g0, g1)+far(b0, b1) > 12<<8 {
				n++
			}
		}
	}
	return float64(n) / ((2*reach + 1) * (2*reach + 1))
}

func far(a, b uint32) uint32 { return max(a, b) - min(a, b) }
