package verify

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/internal/region"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
)

// watered gives every tile of the test dataset a mask.
func watered(mask func(c tilegrid.Coord) []byte) *dataset {
	d := testDataset()
	d.info.Extensions = append(d.info.Extensions, "watermask")
	for c := range d.tiles {
		d.change(c, func(m *terrain.Mesh) { m.Water = mask(c) })
	}
	return d
}

func TestFaultsOfWaterMasksAreNamed(t *testing.T) {
	half := bytes.Repeat([]byte{0, 255}, waterSide*waterSide/2)
	for name, c := range map[string]struct {
		mask   []byte
		listed bool
		want   string
	}{
		"land":              {[]byte{0}, true, ""},
		"water":             {[]byte{255}, true, ""},
		"both":              {half, true, ""},
		"all of one value":  {make([]byte, waterSide*waterSide), true, "watermask.uniform"},
		"grey throughout":   {bytes.Repeat([]byte{99}, waterSide*waterSide), true, ""},
		"one grey byte":     {[]byte{99}, true, "watermask.value"},
		"a quarter of one":  {make([]byte, waterSide*waterSide/4), true, "tile.decode"},
		"promised, absent":  {nil, true, "watermask.absent"},
		"there, not listed": {[]byte{0}, false, "watermask.unlisted"},
	} {
		t.Run(name, func(t *testing.T) {
			d := watered(func(tilegrid.Coord) []byte { return []byte{0} })
			d.change(inner, func(m *terrain.Mesh) { m.Water = c.mask })
			if !c.listed {
				d = testDataset()
				d.change(inner, func(m *terrain.Mesh) { m.Water = c.mask })
			}
			r := run(t, d, Options{})
			if c.want == "" && !r.OK() || c.want != "" && (r.OK() || r.Faults[0].Rule != c.want) {
				t.Errorf("faults %v, want %q", r.Faults, c.want)
			}
		})
	}
}

// TestMasksWithRowsTheWrongWayAreFound draws a coast in every tile of a block, as it should be and mirrored.
func TestMasksWithRowsTheWrongWayAreFound(t *testing.T) {
	chance := rand.New(rand.NewPCG(1, 2))
	var islands []orb.Polygon
	for k := range 150 {
		at := orb.Point{float64(k%15) + chance.Float64(), 40 + float64(k/15) + chance.Float64()}
		var ring orb.Ring
		for n := range 40 {
			a, d := 2*math.Pi*float64(n)/40, 0.2+0.3*chance.Float64()
			ring = append(ring, orb.Point{at[0] + d*math.Cos(a), at[1] + d*math.Sin(a)})
		}
		islands = append(islands, orb.Polygon{append(ring, ring[0])})
	}
	land := region.New(islands)
	flip := func(mask []byte, place func(x, y int) int) []byte {
		out := make([]byte, len(mask))
		for k := range mask {
			out[place(k%waterSide, k/waterSide)] = mask[k]
		}
		return out
	}
	for name, c := range map[string]struct {
		place func(x, y int) int
		torn  bool
	}{
		"as it should be":     {func(x, y int) int { return y*waterSide + x }, false},
		"rows from the south": {func(x, y int) int { return (waterSide-1-y)*waterSide + x }, true},
		"columns and rows":    {func(x, y int) int { return x*waterSide + y }, true},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVerifier(testDataset(), Options{MaxFaults: 9})
			s := newSeams(v, 7)
			var d region.Drawer
			for tile := range tilegrid.Geodetic.Cover(orb.Bound{Min: orb.Point{0, 40}, Max: orb.Point{15, 50}}, 7).All() {
				mask := d.Draw(land, tilegrid.Geodetic.Bound(tile))
				if len(mask) > 1 {
					mask = flip(mask, c.place)
				}
				s.add(&checkedTile{coord: tile, shores: shoresOf(mask)})
			}
			s.close()
			if got := v.report.FaultCount > 0; got != c.torn || min(s.coasts[0], s.coasts[1]) < manyBorders {
				t.Errorf("torn on %d of %d borders, fault %v, want %v", s.torn, s.coasts, got, c.torn)
			}
		})
	}
}
