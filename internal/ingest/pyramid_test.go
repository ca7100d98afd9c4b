package ingest

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
	"pgregory.net/rapid"
)

// direct computes posts of coarser levels from a function of the finest, one by one: the 5/3 low pass as its paper writes it.
type direct struct {
	base   uint8
	height func(i, j int64) float32
	known  map[[3]int64]float32
}

func (d direct) at(level uint8, i, j int64) float32 {
	key := [3]int64{int64(level), i, j}
	if h, ok := d.known[key]; ok {
		return h
	}
	h := d.compute(level, i, j)
	h = float32(math.RoundToEven(float64(h)*64)) / 64
	d.known[key] = h
	return h
}

func (d direct) compute(level uint8, i, j int64) float32 {
	if level == d.base {
		return d.height(i, j)
	}
	row := func(j int64) float32 {
		f := func(k int64) float32 { return d.at(level+1, 2*i+k, j) }
		return 0.75*f(0) + 0.25*(f(-1)+f(1)) - 0.125*(f(-2)+f(2))
	}
	return 0.75*row(2*j) + 0.25*(row(2*j+1)+row(2*j-1)) - 0.125*(row(2*j+2)+row(2*j-2))
}

// heaped fills the base of a pyramid from a function and raises it, with nothing but NaN where no margin reaches.
func heaped(p *pyramid, height func(i, j int64) float32, extra int) {
	w := p.base()
	for k := range w.z {
		c, r := k%w.side, k/w.side
		w.z[k] = height(w.west+int64(c), w.north-int64(r))
		if min(c, r) < extra || max(c, r) >= w.side-extra {
			w.z[k] = missing
		}
	}
	w.round()
	p.raise(func(*window) {})
}

func rough(i, j int64) float32 { return float32(mix(7, uint64(i), uint64(j))%1_000_000) / 200 }

func TestEveryLevelOfAPyramidIsTheDirectFilterOfTheOneBelow(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for depth := range uint8(5) {
		unit := tilegrid.Coord{Z: 5, X: 1 + uint32(r.IntN(60)), Y: 1 + uint32(r.IntN(30))}
		p := pyramid{}
		p.around(unit, unit.Z+depth, reach)
		heaped(&p, rough, reach)
		d := direct{unit.Z + depth, func(i, j int64) float32 { return float32(math.RoundToEven(float64(rough(i, j))*64)) / 64 }, map[[3]int64]float32{}}
		for z := unit.Z; z <= unit.Z+depth; z++ {
			w := p.at(z)
			for range 200 {
				c, row := r.IntN(w.side), r.IntN(w.side)
				if z == unit.Z+depth {
					c, row = reach+r.IntN(w.side-2*reach), reach+r.IntN(w.side-2*reach)
				}
				i, j := w.west+int64(c), w.north-int64(row)
				if got, want := w.z[w.at(i, j)], d.at(z, i, j); got != want {
					t.Fatalf("depth %d, level %d, post %d, %d: %v, want %v", depth, z, i, j, got, want)
				}
			}
		}
	}
}

func TestMarginsAreWideEnoughAndNoWider(t *testing.T) {
	for levels := 1; levels <= deepestUnit+1; levels++ {
		m := margins(levels)
		if m[levels-1] != terrain.Halo {
			t.Errorf("%d levels: the root has a margin of %d", levels, m[levels-1])
		}
		for k := 1; k < levels; k++ {
			if m[k-1] != 2*m[k]+2 {
				t.Errorf("%d levels: margins %v: a post needs two more on either side of twice its place", levels, m)
			}
		}
	}
}

func TestPyramidsReproduceFlatAndSlopingGroundToTheBit(t *testing.T) {
	unit := tilegrid.Coord{Z: 3, X: 6, Y: 2}
	const base = 6
	for _, c := range []struct {
		name   string
		height func(i, j int64) float32
	}{
		{"the sea", func(i, j int64) float32 { return 0 }},
		{"a plateau", func(i, j int64) float32 { return 1234.5 }},
		{"a depression", func(i, j int64) float32 { return -430.25 }},
		{"a slope to the east", func(i, j int64) float32 { return float32(i)/8 - 200 }},
		{"a slope to the north", func(i, j int64) float32 { return float32(j) / 8 }},
		{"a tilted plane", func(i, j int64) float32 { return float32(i)/8 - float32(j)/4 + 100 }},
	} {
		p := pyramid{}
		p.around(unit, base, 0)
		heaped(&p, c.height, 0)
		for z := unit.Z; z <= base; z++ {
			w, scale := p.at(z), int64(1)<<(base-z)
			for k, got := range w.z {
				i, j := w.west+int64(k%w.side), w.north-int64(k/w.side)
				if want := c.height(i*scale, j*scale); got != want {
					t.Fatalf("%s, level %d, post %d, %d: %v, want %v", c.name, z, i, j, got, want)
				}
			}
		}
	}
}

func TestHalfOfALonePeakSurvives(t *testing.T) {
	unit := tilegrid.Coord{Z: 3, X: 6, Y: 2}
	p := pyramid{}
	p.around(unit, 4, 0)
	w := p.base()
	peak := w.west + int64(w.side/2) | 1
	heaped(&p, func(i, j int64) float32 {
		if i == peak {
			return 1000
		}
		return 0
	}, 0)
	coarse := p.at(3)
	if got := coarse.z[coarse.at(peak>>1, coarse.north-5)]; got != 250 {
		t.Errorf("beside a ridge of 1000 m between two posts: %v, want 250", got)
	}
}

func TestATilesGridIsCutWithItsHalo(t *testing.T) {
	unit := tilegrid.Coord{Z: 2, X: 3, Y: 1}
	p := pyramid{}
	p.around(unit, 4, reach)
	w := p.base()
	for k := range w.z {
		w.z[k] = float32(k)
	}
	z := make([]float32, terrain.HeightsSide*terrain.HeightsSide)
	for c := range subtree(unit, 4).All() {
		w.tile(c, z)
		for k, got := range z {
			i := int64(c.X)*terrain.Cells - terrain.Halo + int64(k%terrain.HeightsSide)
			j := int64(c.Y+1)*terrain.Cells + terrain.Halo - int64(k/terrain.HeightsSide)
			if want := float32(w.at(i, j)); got != want {
				t.Fatalf("%s, sample %d: post %v, want %v", c, k, got, want)
			}
		}
	}
}

func TestATileHoldsDataOnItsBordersToo(t *testing.T) {
	w := window{}
	unit := tilegrid.Coord{Z: 4, X: 9, Y: 6}
	w.around(unit, 5, 3)
	rapid.Check(t, func(t *rapid.T) {
		clear(w.holding)
		k := rapid.IntRange(0, w.side*w.side-1).Draw(t, "post")
		w.holding[k] = true
		i, j := w.west+int64(k%w.side), w.north-int64(k/w.side)
		for c := range subtree(unit, 5).All() {
			x, y := i-int64(c.X)*terrain.Cells, j-int64(c.Y)*terrain.Cells
			if want := x >= 0 && x <= terrain.Cells && y >= 0 && y <= terrain.Cells; w.holds(c) != want {
				t.Errorf("%s, data at %d, %d of it: holds %v", c, x, y, !want)
			}
		}
	})
}

func TestRowsBeyondAPoleAreThePolesOwn(t *testing.T) {
	for _, unit := range []tilegrid.Coord{{}, {X: 1}, {Z: 2, X: 3}, {Z: 2, X: 3, Y: 3}} {
		w := window{}
		w.around(unit, unit.Z+1, 5)
		for k := range w.z {
			w.z[k] = float32(k)
		}
		w.mark()
		w.levelPoles([2]float32{-1, -2})
		w.overPoles()
		south, north := w.poles()
		for k, got := range w.z {
			want := float32(k)
			if j := w.north - int64(k/w.side); j <= south {
				want = -1
			} else if j >= north {
				want = -2
			}
			if got != want {
				t.Fatalf("unit %s, sample %d: %v, want %v", unit, k, got, want)
			}
		}
	}
}

func TestRoundingIsThatOfTheStore(t *testing.T) {
	w := window{}
	w.around(tilegrid.Coord{Z: 3}, 3, 0)
	for k := range w.z {
		w.z[k] = rough(int64(k), 1) - 2500
	}
	data, err := terrain.EncodeHeights(w.z)
	if err != nil {
		t.Fatal(err)
	}
	stored := make([]float32, len(w.z))
	if err := terrain.DecodeHeights(data, stored); err != nil {
		t.Fatal(err)
	}
	w.round()
	for k := range stored {
		if stored[k] != w.z[k] {
			t.Fatalf("sample %d: %v in memory, %v stored", k, w.z[k], stored[k])
		}
	}
}
