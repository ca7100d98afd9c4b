package ingest

import (
	"cmp"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/terrane/terrane/tilegrid"
	"pgregory.net/rapid"
)

func drawTiles(t *rapid.T, z uint8) map[tilegrid.Coord]bool {
	columns, rows := tilegrid.Geodetic.Size(z)
	set := map[tilegrid.Coord]bool{}
	for range rapid.IntRange(1, 40).Draw(t, "tiles") {
		set[tilegrid.Coord{Z: z, X: rapid.Uint32Range(0, columns-1).Draw(t, "x"), Y: rapid.Uint32Range(0, rows-1).Draw(t, "y")}] = true
	}
	return set
}

func coverOf(set map[tilegrid.Coord]bool) cover {
	c := cover{}
	for tile := range set {
		c.add(tile)
	}
	return c
}

func setOf(c cover) map[tilegrid.Coord]bool {
	set := map[tilegrid.Coord]bool{}
	for tile := range c.all() {
		set[tile] = true
	}
	return set
}

func TestCoverHoldsWhatWasAddedAndNothingElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawTiles(t, uint8(rapid.IntRange(0, 30).Draw(t, "level")))
		c := coverOf(want)
		if got := setOf(c); !maps.Equal(got, want) {
			t.Fatalf("all: %v, want %v", got, want)
		}
		for tile := range want {
			if !c.has(tile) {
				t.Errorf("has not %s", tile)
			}
			for n := range neighbours(tile) {
				if c.has(n) != want[n] {
					t.Errorf("has %s: %v", n, c.has(n))
				}
			}
		}
		sorted := slices.SortedFunc(maps.Keys(want), func(a, b tilegrid.Coord) int { return cmp.Compare(a.Morton(), b.Morton()) })
		if got := c.sorted(); !slices.Equal(got, sorted) {
			t.Errorf("sorted: %v", got)
		}
	})
}

func TestACoverCanBeLeftEarly(t *testing.T) {
	c := coverOf(map[tilegrid.Coord]bool{{Z: 3, X: 1}: true, {Z: 3, X: 2}: true})
	for range c.all() {
		break
	}
	for range neighbours(tilegrid.Coord{Z: 3, X: 1, Y: 1}) {
		break
	}
}

// place is column and row.
type place [2]uint32

func tilesOf(z uint8, places ...place) []tilegrid.Coord {
	var out []tilegrid.Coord
	for _, p := range places {
		out = append(out, tilegrid.Coord{Z: z, X: p[0], Y: p[1]})
	}
	return out
}

func TestNeighboursWrapAtTheAntimeridianAndEndAtThePoles(t *testing.T) {
	for _, c := range []struct {
		name string
		of   tilegrid.Coord
		want []tilegrid.Coord
	}{
		{"in the middle", tilegrid.Coord{Z: 3, X: 5, Y: 3}, tilesOf(3, place{4, 2}, place{5, 2}, place{6, 2}, place{4, 3}, place{6, 3}, place{4, 4}, place{5, 4}, place{6, 4})},
		{"at the south pole, west end", tilegrid.Coord{Z: 3}, tilesOf(3, place{15, 0}, place{1, 0}, place{15, 1}, place{0, 1}, place{1, 1})},
		{"at the north pole, east end", tilegrid.Coord{Z: 3, X: 15, Y: 7}, tilesOf(3, place{14, 6}, place{15, 6}, place{0, 6}, place{14, 7}, place{0, 7})},
		{"a root, the other being on both sides", tilegrid.Coord{}, tilesOf(0, place{1, 0}, place{1, 0})},
	} {
		if got := slices.Collect(neighbours(c.of)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// grown returns the tree that a stage makes of leaves: their ancestors down to level 0.
func grown(leaves map[tilegrid.Coord]bool, base uint8) map[uint8]cover {
	covers := map[uint8]cover{}
	for z := range base + 1 {
		covers[z] = cover{}
	}
	for c := range leaves {
		for z := range base + 1 {
			covers[z].add(c.Ancestor(z))
		}
	}
	return covers
}

func TestAfterItsRimATreeIsBalanced(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := uint8(rapid.IntRange(1, 7).Draw(t, "base"))
		covers := grown(drawTiles(t, base), base)
		before := map[uint8]map[tilegrid.Coord]bool{}
		for z, c := range covers {
			before[z] = setOf(c)
		}
		added := rim(covers, Stage{Base: base, Top: base})
		for z := base; z > 0; z-- {
			for c := range covers[z].all() {
				if !covers[z-1].has(c.Parent()) {
					t.Errorf("%s has no parent", c)
				}
				for n := range neighbours(c) {
					if !covers[z-1].has(n.Parent()) {
						t.Errorf("%s has no tile of its own or the next level beside it, at %s", c, n)
					}
				}
				if before[z][c] == added.has(c) {
					t.Errorf("%s: was there %v, added %v", c, before[z][c], added.has(c))
				}
			}
		}
	})
}

func TestAboveIsWhatAStageAndItsRimLeave(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := uint8(rapid.IntRange(2, 7).Draw(t, "base"))
		root := uint8(rapid.IntRange(1, int(base)-1).Draw(t, "root"))
		covers := grown(drawTiles(t, base), base)
		rim(covers, Stage{Base: base, Top: base, Root: root})
		if got, want := setOf(covers[root+1].above()), setOf(covers[root]); !maps.Equal(got, want) {
			t.Errorf("level %d: above %v, stored %v", root, got, want)
		}
	})
}

func TestARimLeavesAloneTheLevelsThatItsStageDoesNotMake(t *testing.T) {
	covers := grown(map[tilegrid.Coord]bool{{Z: 5, X: 17, Y: 17}: true}, 5)
	for c := range rim(covers, Stage{Base: 5, Top: 3, Root: 2}).all() {
		if c.Z > 3 || c.Z < 2 {
			t.Errorf("added %s", c)
		}
	}
}

func BenchmarkRim(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	leaves := map[tilegrid.Coord]bool{}
	for range 2000 {
		leaves[tilegrid.Coord{Z: 9, X: r.Uint32N(1024), Y: r.Uint32N(512)}] = true
	}
	b.ReportAllocs()
	for b.Loop() {
		rim(grown(leaves, 9), Stage{Base: 9, Top: 9})
	}
}
