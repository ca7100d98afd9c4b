package server

import (
	"math"
	"testing"

	"github.com/paulmach/orb"

	"github.com/terrane/terrane/internal/gzrun"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// roughBound is where the dataset of publishRough has data; beyond, its ground is 0.
var roughBound = box(10, 47, 11, 48)

// roughLeaf is its deepest level.
const roughLeaf = 9

// rough is its height: mountains with detail at every scale, all multiples of the stored step.
func rough(p orb.Point) float64 {
	if !roughBound.Contains(p) {
		return 0
	}
	x, y := p[0]*math.Pi/180, p[1]*math.Pi/180
	h := 1500 + 900*math.Sin(300*x)*math.Cos(280*y) + 200*math.Sin(2311*x+1700*y) + 30*math.Sin(17001*x)*math.Sin(15013*y) + 3*math.Sin(90011*x+80021*y)
	return math.Round(h/terrain.StoredStep) * terrain.StoredStep
}

// publishRough writes terrain with heights: the roots and all tiles over roughBound down to roughLeaf. Meshes are nothing, a
// water mask says the tile's level.
func publishRough(t testing.TB, dir, name string) {
	t.Helper()
	w, err := mbtiles.Create(t.Context(), dir, name, mbtiles.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	z := make([]float32, terrain.StoredSide*terrain.StoredSide)
	for level := range uint8(roughLeaf + 1) {
		all := tilegrid.Geodetic.Cover(roughBound, level)
		if level == 0 {
			all.MinX, all.MaxX = 0, 1
		}
		for c := range all.All() {
			step := tilegrid.Geodetic.Resolution(level, terrain.Cells)
			nw := tilegrid.Geodetic.Bound(c)
			for k := range z {
				z[k] = float32(rough(orb.Point{nw.Min[0] + float64(k%terrain.StoredSide)*step, nw.Max[1] - float64(k/terrain.StoredSide)*step}))
			}
			heights, err := terrain.EncodeHeights(z)
			if err != nil {
				t.Fatal(err)
			}
			water := []byte{2, 1, 0, 0, 0, level}
			if err := w.Put(t.Context(), c, gzrun.Pack([]gzrun.Run{{ID: 0, Data: meshPart}, {ID: 2, Data: water}})); err != nil {
				t.Fatal(err)
			}
			if err := w.PutHeights(t.Context(), c, heights); err != nil {
				t.Fatal(err)
			}
		}
	}
	info := tilestore.Info{
		Kind: tilestore.Terrain, Format: tilestore.QuantizedMesh, Bound: roughBound, Vertical: "ellipsoid", Extensions: []string{"watermask"},
		Attribution: "© Survey",
	}
	if err := w.Commit(t.Context(), info); err != nil {
		t.Fatal(err)
	}
}
