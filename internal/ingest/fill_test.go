package ingest

import (
	"math"
	"testing"

	"github.com/terrane/terrane/tilegrid"
	"pgregory.net/rapid"
)

// drawGrid draws a grid with holes.
func drawGrid(t *rapid.T) (z []float32, cols, rows int) {
	cols, rows = rapid.IntRange(1, 40).Draw(t, "cols"), rapid.IntRange(1, 40).Draw(t, "rows")
	z = make([]float32, cols*rows)
	seed, holes := rapid.Uint64().Draw(t, "seed"), rapid.Uint64Range(1, 20).Draw(t, "valid one in")
	for k := range z {
		z[k] = float32(mix(seed, 1, uint64(k)) % 3000)
		if mix(seed, 2, uint64(k))%holes > 0 {
			z[k] = missing
		}
	}
	return z, cols, rows
}

func TestPushPullKeepsWhatIsThereAndLeavesNoHole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		z, cols, rows := drawGrid(t)
		low, high := float32(math.Inf(1)), float32(math.Inf(-1))
		for _, h := range z {
			if !isMissing(h) {
				low, high = min(low, h), max(high, h)
			}
		}
		if low > high {
			low, high = 0, 0
		}
		for k, h := range pushPull(z, cols, rows) {
			if !isMissing(z[k]) && h != z[k] {
				t.Fatalf("sample %d: %v became %v", k, z[k], h)
			}
			if !(h >= low-0.01 && h <= high+0.01) {
				t.Fatalf("sample %d: %v is not between %v and %v", k, h, low, high)
			}
		}
	})
}

func TestDistancesAreThoseOfABruteForceSearch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		z, cols, rows := drawGrid(t)
		narrow := rapid.Float64Range(0.05, 1).Draw(t, "narrow")
		marked := make([]bool, len(z))
		for k, h := range z {
			marked[k] = !isMissing(h)
		}
		for k, got := range distances(marked, cols, rows, narrow) {
			want := math.Inf(1)
			for n, m := range marked {
				if m {
					want = min(want, math.Hypot(float64(k%cols-n%cols)*narrow, float64(k/cols-n/cols)))
				}
			}
			if math.IsInf(want, 1) {
				if got < 1e5 {
					t.Fatalf("sample %d is %v from nothing", k, got)
				}
			} else if math.Abs(float64(got)-want) > 1e-3 {
				t.Fatalf("sample %d: %v, want %v", k, got, want)
			}
		}
	})
}

func TestSmoothGoesFromNothingToOneWithoutACorner(t *testing.T) {
	for _, c := range [][2]float32{{-1, 0}, {0, 0}, {0.25, 0.15625}, {0.5, 0.5}, {0.75, 0.84375}, {1, 1}, {7, 1}} {
		if got := smooth(c[0]); got != c[1] {
			t.Errorf("smooth(%v) is %v, want %v", c[0], got, c[1])
		}
	}
	if slope := smooth(0.001) / 0.001; slope > 0.01 {
		t.Errorf("it leaves nothing at a slope of %v", slope)
	}
	if slope := (1 - smooth(0.999)) / 0.001; slope > 0.01 {
		t.Errorf("it reaches one at a slope of %v", slope)
	}
}

func TestNearestDataIsThatOfABruteForceSearch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := window{}
		w.around(tilegrid.Coord{Z: 4, X: 3, Y: 3}, 4, reach)
		seed, few := rapid.Uint64().Draw(t, "seed"), rapid.Uint64Range(2, 400).Draw(t, "valid one in")
		for k := range w.z {
			if w.z[k] = 5; mix(seed, 3, uint64(k))%few > 0 {
				w.z[k] = missing
			}
		}
		w.mark()
		f := filler{guide: &guide{}}
		f.columns(&w)
		for range 50 {
			c, r := rapid.IntRange(0, w.side-1).Draw(t, "c"), rapid.IntRange(0, w.side-1).Draw(t, "r")
			f.columnsOf(&w, r)
			want := reach * reach
			for k, ok := range w.valid {
				if d := (k%w.side-c)*(k%w.side-c) + (k/w.side-r)*(k/w.side-r); ok {
					want = min(want, d)
				}
			}
			at, _, ok := f.near(&w, c, r)
			if ok != (want < reach*reach) {
				t.Fatalf("column %d, row %d: found %v, nearest within %d", c, r, ok, want)
			}
			if d := (at%w.side-c)*(at%w.side-c) + (at/w.side-r)*(at/w.side-r); ok && (d != want || !w.valid[at]) {
				t.Fatalf("column %d, row %d: found at %d, nearest at %d", c, r, d, want)
			}
		}
	})
}

func TestTheEdgeOfTheDataCarriesOnAndFadesIntoTheGuideWithinReach(t *testing.T) {
	w := window{}
	w.around(tilegrid.Coord{Z: 4, X: 3, Y: 3}, 4, 0)
	edge := w.side / 2
	for k := range w.z {
		if w.z[k] = 100; k%w.side > edge {
			w.z[k] = missing
		}
	}
	w.mark()
	f := filler{guide: &guide{}}
	f.fill(&w)
	row := w.z[10*w.side:]
	for c := edge + 1; c < w.side; c++ {
		if row[c] > row[c-1] || row[c-1]-row[c] > 100*1.6/reach {
			t.Errorf("%d posts from the data: %v after %v", c-edge, row[c], row[c-1])
		}
	}
	if got := row[edge+1]; got < 98 {
		t.Errorf("beside the data: %v", got)
	}
	for c := edge + reach; c < w.side; c++ {
		if row[c] != 0 {
			t.Errorf("%d posts from the data: %v, want the guide's 0", c-edge, row[c])
		}
	}
}
