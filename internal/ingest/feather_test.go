package ingest

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/terrain"
)

// slab is a source of one height within a box, but for posts that are holes.
type slab struct {
	box    orb.Bound
	height float32
	hole   func(i, j int64) bool // nil: none
}

func (s slab) Heights(_ context.Context, l raster.Lattice, dst []float32) error {
	for k := range dst {
		i, j := l.MinI+int64(k%l.Cols), l.MinJ+int64(l.Rows-1-k/l.Cols)
		dst[k] = missing
		if s.box.Contains(l.Post(i, j)) && (s.hole == nil || !s.hole(i, j)) {
			dst[k] = s.height
		}
	}
	return nil
}

func (s slab) part() part { return part{s, s.box} }

func heightsOf(t testing.TB, s Source, l raster.Lattice) []float32 {
	t.Helper()
	z := make([]float32, l.Cols*l.Rows)
	if err := s.Heights(t.Context(), l, z); err != nil {
		t.Fatal(err)
	}
	return z
}

// atLevel5 is a window of level 5, 180/2048 degrees between posts, from a place on.
func atLevel5(lon, lat float64, cols, rows int) raster.Lattice {
	s := spacing(5)
	return raster.Lattice{Level: 5, MinI: int64((lon + 180) / s), MinJ: int64((lat + 90) / s), Cols: cols, Rows: rows}
}

func TestAJoinsHeightsDependOnThePostAlone(t *testing.T) {
	fine, mid := box(1, 40, 9, 48), box(6, 38, 14, 52)
	s := joint{
		{field{bounds: []orb.Bound{fine}, seed: 1, voids: 9}, fine}, {field{bounds: []orb.Bound{mid}, seed: 2, voids: 11}, mid},
		{field{seed: 3}, orb.Bound{}},
	}
	whole := atLevel5(0, 36, 200, 200)
	want := heightsOf(t, s, whole)
	r := rand.New(rand.NewPCG(1, 2))
	for range 30 {
		c, row, cols, rows := r.IntN(190), r.IntN(190), 1+r.IntN(10), 1+r.IntN(10)
		got := heightsOf(t, s, raster.Lattice{Level: 5, MinI: whole.MinI + int64(c), MinJ: whole.MinJ + int64(row), Cols: cols, Rows: rows})
		for k, h := range got {
			y := whole.Rows - row - rows + k/cols
			if w := want[y*whole.Cols+c+k%cols]; math.Float32bits(w) != math.Float32bits(h) {
				t.Fatalf("window %d, %d of %d x %d, post %d: %v, want %v", c, row, cols, rows, k, h, w)
			}
		}
	}
}

// steepest returns the most that neighbours of a window differ.
func steepest(z []float32, cols int) float32 {
	most := float32(0)
	for k, h := range z {
		if k%cols > 0 {
			most = max(most, abs32(h-z[k-1]))
		}
		if k >= cols {
			most = max(most, abs32(h-z[k-cols]))
		}
	}
	return most
}

func TestNoStepIsLeftWhereASourceEnds(t *testing.T) {
	ground := slab{box: box(-20, 20, 30, 70)}
	s := spacing(5)
	for _, c := range []struct {
		name  string
		parts joint
		most  float32
	}{
		{"a box on wide ground", joint{slab{box: box(0, 40, 10, 50), height: 10}.part(), ground.part()}, 1.1},
		{"coarse on fine", joint{ground.part(), slab{box: box(0, 40, 10, 50), height: 10}.part()}, 0},
		{"a strip of eight posts in which two overlap", joint{
			slab{box: box(-20, 20, 5, 70), height: 10}.part(), slab{box: box(5-8*s, 20, 30, 70)}.part()}, 3.5},
		{"three on each other", joint{
			slab{box: box(4, 44, 6, 46), height: 20}.part(), slab{box: box(0, 40, 10, 50), height: 10}.part(), ground.part()}, 2.2},
	} {
		l := atLevel5(-4, 36, 200, 200)
		z := heightsOf(t, c.parts, l)
		if slices.ContainsFunc(z, isMissing) {
			t.Errorf("%s: holes", c.name)
		}
		if got := steepest(z, l.Cols); got > c.most {
			t.Errorf("%s: a step of %v, want %v at most", c.name, got, c.most)
		}
	}
}

func TestSourcesThatOnlyTouchKeepTheirHeights(t *testing.T) {
	west, east := slab{box: box(0, 40, 5, 50), height: 1}, slab{box: box(5+1e-9, 40, 10, 50), height: 2}
	l := atLevel5(1, 41, 90, 90)
	for k, h := range heightsOf(t, joint{west.part(), east.part()}, l) {
		want := float32(1)
		if l.Post(l.MinI+int64(k%l.Cols), 0)[0] > 5 {
			want = 2
		}
		if h != want {
			t.Fatalf("post %d: %v, want %v", k, h, want)
		}
	}
}

func TestAPinholeIsNoEdgeAndAHoleIs(t *testing.T) {
	ground := slab{box: box(-20, 20, 30, 70)}
	l := atLevel5(1, 41, 81, 81)
	disc := func(radius int64) func(i, j int64) bool {
		return func(i, j int64) bool {
			x, y := i-l.MinI-40, j-l.MinJ-40
			return x*x+y*y <= radius*radius
		}
	}
	for radius, edge := range map[int64]bool{0: false, 1: false, pinhole - 1: false, 12: true} {
		top := slab{box: box(-5, 35, 15, 55), height: 10, hole: disc(radius)}
		z := heightsOf(t, joint{top.part(), ground.part()}, l)
		mid, beside := z[40*81+40], z[40*81+40+int(radius)+2]
		if edge != (mid == 0) || edge != (beside < 5) {
			t.Errorf("a hole of radius %d: %v in its middle, %v beside it", radius, mid, beside)
		}
	}
}

func TestDataThatReachAPoleDoNotEndThere(t *testing.T) {
	top := slab{box: box(-180, 60, 180, 90), height: 10}
	l := raster.Lattice{Level: 3, MinI: 40, MinJ: int64(terrain.Cells)<<3 - 20, Cols: 30, Rows: 21}
	z := heightsOf(t, joint{{top, orb.Bound{}}, {slab{box: box(-180, -90, 180, 90)}, orb.Bound{}}}, l)
	if z[0] != 10 {
		t.Errorf("at the pole: %v", z[0])
	}
}

func TestTheNearestMarkIsFound(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	l := raster.Lattice{Cols: 37, Rows: 23}
	for range 40 {
		m := make(marks, l.Cols*l.Rows)
		for range r.IntN(8) {
			m[r.IntN(len(m))] = true
		}
		for _, within := range []int{1, 5, reach} {
			for k, got := range near(m, true, l, within) {
				want := float64(within)
				for n, marked := range m {
					if marked {
						want = min(want, math.Hypot(float64(n%l.Cols-k%l.Cols), float64(n/l.Cols-k/l.Cols)))
					}
				}
				if math.Abs(float64(got)-want) > 1e-6 {
					t.Fatalf("post %d, within %d: %v, want %v", k, within, got, want)
				}
			}
		}
	}
}
