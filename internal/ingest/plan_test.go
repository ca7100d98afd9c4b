package ingest

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"github.com/terrane/terrane/tilegrid"
	"pgregory.net/rapid"
)

func TestLeafLevelIsTheFirstThatIsFineEnough(t *testing.T) {
	for _, c := range []struct {
		name    string
		spacing float64
		want    uint8
	}{
		{"SRTM1, one arc second", 1.0 / 3600, 14},
		{"SRTM3, three arc seconds", 3.0 / 3600, 12},
		{"DTED level 0, thirty arc seconds", 30.0 / 3600, 9},
		{"ETOPO1, one arc minute", 1.0 / 60, 8},
		{"etopo20, twenty arc minutes", 20.0 / 60, 4},
		{"one degree", 1, 2},
		{"one metre", 1 / 111195.0, 19},
		{"thirty metres", 30 / 111195.0, 14},
		{"five centimetres", 0.05 / 111195.0, 23},
		{"exactly a level's own", 180.0 / 64 / 32, 5},
		{"a rounding error finer than a level's own", 180.0 / 64 / 32 * (1 - 1e-9), 5},
		{"a hair finer than a level's own", 180.0 / 64 / 32 * 0.999, 6},
		{"coarser than the roots", 90, 0},
		{"absurdly fine", 1e-15, tilegrid.MaxLevel - 2},
		{"nothing", 0, tilegrid.MaxLevel - 2},
	} {
		if got := LeafLevel(c.spacing); got != c.want {
			t.Errorf("%s: level %d, want %d", c.name, got, c.want)
		}
	}
}

// drawGrounds draws one to three grounds of one to three boxes, some across the antimeridian, some up to a pole.
func drawGrounds(t *rapid.T) []Ground {
	var grounds []Ground
	for range rapid.IntRange(1, 3).Draw(t, "grounds") {
		g := Ground{Leaf: uint8(rapid.IntRange(0, 8).Draw(t, "leaf"))}
		for range rapid.IntRange(1, 3).Draw(t, "bounds") {
			w := rapid.Float64Range(-180, 179).Draw(t, "west")
			s := rapid.Float64Range(-90, 85).Draw(t, "south")
			g.Bounds = append(g.Bounds, box(w, s, w+rapid.Float64Range(0, 20).Draw(t, "width"), min(90, s+rapid.Float64Range(0, 15).Draw(t, "height"))))
		}
		grounds = append(grounds, g)
	}
	return grounds
}

func TestStagesMakeEveryLevelOnceAndBeginWhereverSourcesComeIn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		grounds := drawGrounds(t)
		p, err := NewPlan(grounds)
		if err != nil {
			t.Fatal(err)
		}
		bases := map[uint8]bool{}
		next := p.Leaf
		for n, s := range p.Stages {
			if n > 0 && s.Base != p.Stages[n-1].Root {
				t.Errorf("stage %d takes heights of level %d, the one before ended at %d", n, s.Base, p.Stages[n-1].Root)
			}
			if want := next; s.Top != want && !(s.Fresh && s.Top == s.Base) {
				t.Errorf("stage %d makes levels from %d, want %d", n, s.Top, want)
			}
			if s.Root > s.Base || s.Base-s.Root > deepestUnit || s.Root == s.Base && s.Base > 0 {
				t.Errorf("stage %d: base %d, root %d", n, s.Base, s.Root)
			}
			bases[s.Base] = true
			next = s.Root - 1
		}
		if last := p.Stages[len(p.Stages)-1]; last.Root != 0 {
			t.Errorf("the last stage ends at level %d", last.Root)
		}
		for _, g := range p.Grounds {
			if !bases[g.Leaf] && g.Leaf > 0 {
				t.Errorf("no stage begins at level %d, where a source comes in", g.Leaf)
			}
		}
	})
}

func TestUnitsAreInZOrderWithoutRepeatsAndCoverTheGround(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, err := NewPlan(drawGrounds(t))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range p.Stages {
			units := map[tilegrid.Coord]bool{}
			for k, u := range s.Units {
				if u.Z != s.Root || !tilegrid.Geodetic.Valid(u) {
					t.Errorf("unit %s of a stage with root %d", u, s.Root)
				}
				if k > 0 && u.Morton() <= s.Units[k-1].Morton() {
					t.Errorf("unit %s after %s", u, s.Units[k-1])
				}
				units[u] = true
			}
			for _, g := range p.Grounds {
				for _, b := range g.Bounds {
					for _, corner := range []orb.Point{b.Min, b.Center(), {b.Min[0], b.Max[1]}} {
						if c := tilegrid.Geodetic.At(corner, s.Root); g.Leaf >= s.Base && b.Max[1] > b.Min[1] && b.Max[0] > b.Min[0] && corner != b.Max &&
							!units[c] && corner[1] < b.Max[1] {
							t.Errorf("stage %d-%d has no unit %s at %v, on ground of level %d", s.Base, s.Root, c, corner, g.Leaf)
						}
					}
				}
			}
		}
	})
}

func TestTileCountsAreThoseOfABruteForceCount(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		leaf := uint8(r.IntN(6))
		w, s := r.Float64()*350-180, r.Float64()*170-90
		b := box(w, s, w+r.Float64()*100, min(90, s+r.Float64()*40))
		p, err := NewPlan([]Ground{{Bounds: []orb.Bound{b}, Leaf: leaf}})
		if err != nil {
			t.Fatal(err)
		}
		for z := uint8(1); z <= leaf; z++ {
			want := 0
			for _, part := range tilegrid.SplitBound(b) {
				for c := range (tilegrid.Range{Z: z, MaxX: 2<<z - 1, MaxY: 1<<z - 1}).All() {
					tile := tilegrid.Geodetic.Bound(c)
					if tile.Min[0] < part.Max[0] && tile.Max[0] > part.Min[0] && tile.Min[1] < part.Max[1] && tile.Max[1] > part.Min[1] {
						want++
					}
				}
			}
			if p.Tiles[z] != want {
				t.Errorf("%v at level %d: %d tiles, want %d", b, z, p.Tiles[z], want)
			}
		}
		if p.Tiles[0] != 2 {
			t.Errorf("%v: %d roots", b, p.Tiles[0])
		}
	}
}

func TestGroundAcrossTheAntimeridianHasUnitsOnBothSides(t *testing.T) {
	p, err := NewPlan([]Ground{{Bounds: []orb.Bound{box(178, -2, 182, 2)}, Leaf: 8}})
	if err != nil {
		t.Fatal(err)
	}
	columns, _ := tilegrid.Geodetic.Size(p.Stages[0].Root)
	xs := map[uint32]bool{}
	for _, u := range p.Stages[0].Units {
		xs[u.X] = true
	}
	if !xs[0] || !xs[columns-1] || len(xs) != 2 {
		t.Errorf("columns %v of %d", xs, columns)
	}
}

func TestUnitsSpanMoreLevelsWhereThereIsMoreGround(t *testing.T) {
	for _, c := range []struct {
		name  string
		bound orb.Bound
		leaf  uint8
		want  [][2]uint8 // base and root of each stage
	}{
		{"the roots alone", box(-180, -90, 180, 90), 0, [][2]uint8{{0, 0}}},
		{"one level", box(-180, -90, 180, 90), 1, [][2]uint8{{1, 0}}},
		{"a small place, shallow", box(0, 0, 1, 1), 3, [][2]uint8{{3, 1}, {1, 0}}},
		{"a small place, deep", box(0, 0, 1, 1), 8, [][2]uint8{{8, 6}, {6, 4}, {4, 2}, {2, 0}}},
		{"a degree of SRTM1", box(0, 0, 1, 1), 14, [][2]uint8{{14, 11}, {11, 8}, {8, 5}, {5, 2}, {2, 0}}},
		{"the whole globe", box(-180, -90, 180, 90), 8, [][2]uint8{{8, 4}, {4, 0}}},
	} {
		p, err := NewPlan([]Ground{{Bounds: []orb.Bound{c.bound}, Leaf: c.leaf}})
		if err != nil {
			t.Fatal(err)
		}
		var got [][2]uint8
		units := 0
		for _, s := range p.Stages {
			got = append(got, [2]uint8{s.Base, s.Root})
			units += len(s.Units) + 1
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: stages (-want +got)\n%s", c.name, diff)
		}
		if p.Units() != units || p.Total() < len(p.Stages) {
			t.Errorf("%s: %d units, want %d; %d tiles", c.name, p.Units(), units, p.Total())
		}
	}
}

func TestPlansWithoutSenseAreRefused(t *testing.T) {
	for _, c := range []struct {
		name    string
		grounds []Ground
	}{
		{"nothing", nil},
		{"grounds without bounds", []Ground{{Leaf: 3}}},
		{"more tiles than any machine makes", []Ground{{Bounds: []orb.Bound{box(-180, -90, 180, 90)}, Leaf: 20}}},
		{"levels beyond the grid", []Ground{{Bounds: []orb.Bound{box(0, 0, 1e-7, 1e-7)}, Leaf: tilegrid.MaxLevel - 1}}},
	} {
		if _, err := NewPlan(c.grounds); !errors.Is(err, ErrOptions) {
			t.Errorf("%s: %v, want ErrOptions", c.name, err)
		}
	}
}

func TestEqualGroundsGiveEqualPlansWhateverTheirOrder(t *testing.T) {
	a := []Ground{{Bounds: []orb.Bound{box(0, 0, 3, 3)}, Leaf: 9}, {Bounds: []orb.Bound{box(-5, -5, 8, 8)}, Leaf: 6}}
	b := slices.Clone(a)
	slices.Reverse(b)
	one, _ := NewPlan(a)
	other, _ := NewPlan(b)
	if diff := cmp.Diff(one, other); diff != "" {
		t.Error(diff)
	}
}

func TestLevelForGivesTheDeepestLevelWithSoManyPosts(t *testing.T) {
	for _, span := range []float64{1e-5, 0.01, 1, 7.3, 90, 359, 360, 500} {
		for _, n := range []int{2, 1024} {
			z := levelFor(span, n)
			if posts := span / spacing(z); z > 0 && posts > float64(n) {
				t.Errorf("%g degrees at level %d are %.0f posts, more than %d", span, z, posts, n)
			}
			if posts := span / spacing(z+1); posts < float64(n)*(1-1e-9) {
				t.Errorf("%g degrees at level %d are %.0f posts, still no more than %d", span, z+1, posts, n)
			}
		}
	}
}
