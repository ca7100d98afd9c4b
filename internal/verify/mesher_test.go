package verify

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
)

// ranges is rough ground that meets itself at the antimeridian: waves of a dozen lengths, each half as high as the one before.
func ranges(p orb.Point) float64 {
	h, waves := 1000.0, 3.0
	for height := 800.0; height > 0.1; height /= 2 {
		lon, lat := p.Lon()*math.Pi/180, p.Lat()*math.Pi/180
		h += height * math.Sin(waves*lon+height) * math.Cos(waves*lat*1.3+waves)
		waves *= 2
	}
	return h
}

func sample(c tilegrid.Coord, z []float32) { sampleOf(ranges, c, z) }

// sampleOf fills the grid of a tile with its halo. Places are computed from their number in the level, so neighbours get the same bits.
func sampleOf(height func(orb.Point) float64, c tilegrid.Coord, z []float32) {
	step := 180 / float64(uint64(terrain.Cells)<<c.Z)
	for j := range terrain.HeightsSide {
		for i := range terrain.HeightsSide {
			column := int64(c.X)*terrain.Cells + int64(i) - terrain.Halo
			row := int64(c.Y+1)*terrain.Cells - int64(j) + terrain.Halo
			around := int64(2*terrain.Cells) << c.Z
			column = (column + around) % around
			z[j*terrain.HeightsSide+i] = float32(height(orb.Point{float64(column)*step - 180, float64(row)*step - 90}))
		}
	}
}

// TestMeshesOfOurOwnMesherAreFaultless ties mesher, encoder and verifier together on rough ground.
func TestMeshesOfOurOwnMesherAreFaultless(t *testing.T) {
	d := newDataset(
		[]tilegrid.Range{{Z: 1, MaxX: 3, MaxY: 1}},
		[]tilegrid.Range{{Z: 2, MaxX: 7, MaxY: 3}},
		[]tilegrid.Range{{Z: 3, MinX: 4, MinY: 3, MaxX: 9, MaxY: 7}, {Z: 3, MinX: 14, MinY: 3, MaxX: 15, MaxY: 5}, {Z: 3, MaxX: 1, MinY: 3, MaxY: 5}},
		[]tilegrid.Range{{Z: 4, MinX: 12, MinY: 8, MaxX: 15, MaxY: 11}},
		[]tilegrid.Range{{Z: 5, MinX: 27, MinY: 18, MaxX: 29, MaxY: 20}},
	)
	mesher, z := terrain.NewMesher(), make([]float32, terrain.HeightsSide*terrain.HeightsSide)
	for c := range d.tiles {
		sample(c, z)
		m, err := mesher.Mesh(c, z, terrain.Options{Error: terrain.MaxError(c.Z) / 4, Normals: true})
		if err != nil {
			t.Fatal(err)
		}
		d.tiles[c] = pack(m)
		d.storeHeights(t, c, ranges)
	}
	d.seal()
	report := run(t, d, Options{})
	if !report.OK() {
		t.Fatalf("%d faults: %v", report.FaultCount, report.Faults)
	}
	for _, l := range report.Levels {
		if l.MaxSeam > 0.001 || l.MaxTurn > 0 {
			t.Errorf("level %d: seam %.4f m, normals turn by %.2f degrees", l.Level, l.MaxSeam, l.MaxTurn)
		}
	}
	deepest := report.Levels[5]
	if bound := terrain.MaxError(5)/4 + 1; deepest.RMS > bound/2 || deepest.MaxError > 3*bound {
		t.Errorf("level 5: RMS %.1f, worst %.1f, bound %.1f", deepest.RMS, deepest.MaxError, bound)
	}
}

// TestAMeshBeyondItsBoundIsAFault has the tiles over one place down to level 12, meshed to 8 m at the deepest.
func TestAMeshBeyondItsBoundIsAFault(t *testing.T) {
	const leaf = 12
	var levels [][]tilegrid.Range
	for z := uint8(1); z <= leaf; z++ {
		c := tilegrid.Geodetic.At(orb.Point{10.5, 47.5}, z)
		levels = append(levels, []tilegrid.Range{{Z: z, MinX: c.X, MinY: c.Y, MaxX: c.X, MaxY: c.Y}})
	}
	bumpy := func(p orb.Point) float64 { return 1000 + 20*math.Sin(p.Lon()*3000)*math.Cos(p.Lat()*4000) }
	d := newDataset(levels...)
	mesher, z := terrain.NewMesher(), make([]float32, terrain.HeightsSide*terrain.HeightsSide)
	for c := range d.tiles {
		sampleOf(bumpy, c, z)
		m, err := mesher.Mesh(c, z, terrain.Options{Error: max(8, terrain.MaxError(c.Z)/2), Normals: true})
		if err != nil {
			t.Fatal(err)
		}
		d.tiles[c] = pack(m)
		d.storeHeights(t, c, bumpy)
	}
	d.seal()
	for _, c := range []struct {
		bound  float64 // 0: not stated
		faults int64
	}{{8, 0}, {0, 0}, {4, 1}} {
		d.info.Provenance = nil
		if c.bound > 0 {
			bounds := make([]float64, leaf+1)
			for z := range bounds {
				bounds[z] = math.Ldexp(c.bound, leaf-z)
			}
			text, err := json.Marshal(map[string]any{"maxErrors": bounds})
			if err != nil {
				t.Fatal(err)
			}
			d.info.Provenance = text
		}
		report := run(t, d, Options{})
		if report.FaultCount != c.faults || c.faults > 0 && report.Faults[0].Rule != "error.bound" {
			t.Errorf("bound %g: %v; worst %.3f", c.bound, report.Faults, report.Levels[leaf].MaxError)
		}
	}
}
