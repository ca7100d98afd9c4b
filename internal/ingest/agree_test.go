package ingest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
)

// TestHeightsDependOnThePostAndNotOnTheUnit bakes neighbouring units anywhere on the globe, at any depth, over ground with voids, and compares every post
// that both windows have, margins included, at every level.
func TestHeightsDependOnThePostAndNotOnTheUnit(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for n := range 20 {
		depth := uint8(1 + r.IntN(2))
		root := uint8(r.IntN(12))
		columns, rows := tilegrid.Geodetic.Size(root)
		unit := tilegrid.Coord{Z: root, X: r.Uint32N(columns), Y: r.Uint32N(rows)}
		switch n % 4 {
		case 1:
			unit.X = columns - 1
		case 2:
			unit.Y = 0
		case 3:
			unit.X, unit.Y = columns-1, rows-1
		}
		var others []tilegrid.Coord
		for o := range neighbours(unit) {
			others = append(others, o)
		}
		other := others[r.IntN(len(others))]
		fill := []Fill{Interpolate, Sea, NoFill}[n%3]
		t.Run(fmt.Sprintf("%s beside %s, %d levels, %s", unit, other, depth+1, fill), func(t *testing.T) {
			f := field{bounds: around(unit), seed: uint64(n), voids: 5}
			b := kitchen(t, fill, []Ground{{Bounds: f.bounds, Leaf: root + depth}}, []field{f})
			// one plan may cut other units: bake these as the first stage of a plan that does
			s := Stage{Base: root + depth, Top: root + depth, Root: root, Fresh: true}
			one, two := baked(t, b, s, unit), baked(t, b, s, other)
			agree(t, one, two)
		})
	}
}

// around is the middle two thirds of a tile and its neighbours: some of every one has no data.
func around(c tilegrid.Coord) []orb.Bound {
	b := tilegrid.Geodetic.Bound(c)
	w, h := b.Max[0]-b.Min[0], b.Max[1]-b.Min[1]
	return tilegrid.SplitBound(box(b.Min[0]-w/3, max(-90, b.Min[1]-h/3), b.Max[0]+w/3, min(90, b.Max[1]+h/3)))
}

func baked(t *testing.T, b *Baker, s Stage, unit tilegrid.Coord) *oven {
	t.Helper()
	o := newOven(b)
	o.begin(s, nil)
	o.only = cover{} // no mesh is needed, and the unit counts as worthwhile
	if _, err := o.bake(t.Context(), s, unit); err != nil {
		t.Fatal(err)
	}
	return o
}

// agree compares all posts that two windows share, at every level. What lies further out than the margins is of no use and not compared.
func agree(t *testing.T, one, two *oven) {
	t.Helper()
	shared := 0
	for k := range one.pyramid.levels {
		a, b := &one.pyramid.levels[k], &two.pyramid.levels[k]
		edge := 0
		if k == 0 {
			edge = reach
		}
		circle := int64(2*terrain.Cells) << a.level
		for i := range int64(a.side - 2*edge) {
			for j := range int64(a.side - 2*edge) {
				pi, pj := a.west+int64(edge)+i, a.north-int64(edge)-j
				for _, turn := range []int64{0, circle, -circle} {
					c, r := pi+turn-b.west, b.north-pj
					if min(c, r) < int64(edge) || max(c, r) >= int64(b.side-edge) {
						continue
					}
					shared++
					if got, want := b.z[b.at(pi+turn, pj)], a.z[a.at(pi, pj)]; got != want {
						t.Fatalf("level %d, post %d, %d: %v in one, %v in the other", a.level, pi, pj, want, got)
					}
				}
			}
		}
	}
	if shared < 50 {
		t.Errorf("only %d posts are shared", shared)
	}
}

// kitchenware is what a whole run made: every tile's grid with its halo, and in which stage.
type kitchenware struct {
	grids map[tilegrid.Coord][]float32
	stage map[tilegrid.Coord]int
}

// bakeAll works a plan off as Run does, one unit after the other, and keeps the grids that the meshes are made of.
func bakeAll(t *testing.T, b *Baker, store *memory) kitchenware {
	t.Helper()
	ctx := context.Background()
	out := kitchenware{map[tilegrid.Coord][]float32{}, map[tilegrid.Coord]int{}}
	b.stored = store
	if err := b.load(ctx, store); err != nil {
		t.Fatal(err)
	}
	for n, s := range b.plan.Stages {
		w := sweep{Baker: b, stage: s, store: store, progress: &Progress{}, report: func(Progress) {}}
		if s.Base < b.plan.Leaf {
			w.earlier = b.covers[s.Base+1].above()
		}
		o := newOven(b)
		o.begin(s, w.earlier)
		bake := func(unit tilegrid.Coord) {
			tiles, err := o.bake(ctx, s, unit)
			if err == nil {
				err = w.put(ctx, tiles)
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, made := range tiles {
				grid := make([]float32, terrain.HeightsSide*terrain.HeightsSide)
				o.pyramid.at(made.coord.Z).tile(made.coord, grid)
				if out.grids[made.coord] != nil && !w.earlier.has(made.coord) {
					t.Errorf("%s is made twice", made.coord)
				}
				out.grids[made.coord], out.stage[made.coord] = grid, n
			}
		}
		for _, unit := range s.Units {
			bake(unit)
		}
		o.only = rim(b.covers, s)
		for c := range bordering(w.earlier, b.covers[s.Base]).all() {
			o.only.add(c)
		}
		units := cover{}
		for c := range o.only.all() {
			units.add(c.Ancestor(s.Root))
		}
		for _, unit := range units.sorted() {
			bake(unit)
		}
	}
	return out
}

// TestNeighboursAgreeInEveryPostTheyShare is the promise that seams rest on: all tiles of a run, whatever unit, stage or rim they come from, have the same
// bits where they have the same post; within a stage the halos, from which normals are taken, have too.
func TestNeighboursAgreeInEveryPostTheyShare(t *testing.T) {
	globe := []orb.Bound{box(-180, -90, 180, 90)}
	for _, c := range []struct {
		name    string
		fill    Fill
		grounds []Ground
		voids   uint64
		box     []orb.Bound
	}{
		{"a place with voids", Interpolate, []Ground{{[]orb.Bound{box(1, 41, 20, 52)}, 6}}, 4, nil},
		{"a place with holes left open", NoFill, []Ground{{[]orb.Bound{box(1, 41, 20, 52)}, 6}}, 2, nil},
		{"a place with lakes", Sea, []Ground{{[]orb.Bound{box(-30, -11, -7, 2)}, 6}}, 3, nil},
		{"across the antimeridian", Interpolate, []Ground{{[]orb.Bound{box(170, -20, 180, -3), box(-180, -20, -172, -3)}, 6}}, 4, nil},
		{"at the south pole", Interpolate, []Ground{{[]orb.Bound{box(-180, -90, 180, -80)}, 4}}, 4, nil},
		{"the whole globe", Interpolate, []Ground{{globe, 3}}, 6, nil},
		{"the whole globe in a box", Interpolate, []Ground{{globe, 3}}, 6, globe},
		{"places far apart", Interpolate, []Ground{{[]orb.Bound{box(1, 1, 5, 5), box(90, 40, 99, 44), box(-179, 60, -170, 63)}, 6}}, 5, nil},
		{"a fine place on coarse ground", Interpolate, []Ground{{[]orb.Bound{box(5, 44, 12, 48)}, 6}, {[]orb.Bound{box(-5, 36, 25, 56)}, 4}}, 6, nil},
		{"a fine pole on a coarse globe", Interpolate, []Ground{{[]orb.Bound{box(-180, 78, 180, 90)}, 4}, {globe, 3}}, 9, nil},
		{"three, across the antimeridian", Interpolate, []Ground{
			{[]orb.Bound{box(178, 50, 180, 54), box(-180, 50, -178, 54)}, 6}, {[]orb.Bound{box(168, 44, 180, 60), box(-180, 44, -170, 60)}, 4}, {globe, 2},
		}, 8, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var fields []field
			for n, g := range c.grounds {
				fields = append(fields, field{bounds: g.Bounds, seed: uint64(n), voids: c.voids})
			}
			b := kitchen(t, c.fill, c.grounds, fields)
			if c.box != nil {
				b.box = &c.box[0]
			}
			out := bakeAll(t, b, newMemory())
			tiles := tileSet(coordsOf(out))
			for z := range tiles {
				compareLevel(t, out, tiles[z])
			}
		})
	}
}

func coordsOf(k kitchenware) []tilegrid.Coord {
	var out []tilegrid.Coord
	for c := range k.grids {
		out = append(out, c)
	}
	return out
}

// compareLevel compares each tile with its neighbours to the east and north, and across corners.
func compareLevel(t *testing.T, k kitchenware, tiles cover) {
	t.Helper()
	for a := range tiles.all() {
		columns, _ := tilegrid.Geodetic.Size(a.Z)
		for _, d := range [][2]int64{{1, 0}, {0, 1}, {1, 1}, {-1, 1}} {
			b := tilegrid.Coord{Z: a.Z, X: uint32((int64(a.X) + d[0] + int64(columns)) % int64(columns)), Y: a.Y + uint32(d[1])}
			if !tilegrid.Geodetic.Valid(b) || !tiles.has(b) {
				continue
			}
			halo := int64(terrain.Halo)
			if k.stage[a] != k.stage[b] {
				halo = 0 // the finer stage filtered what lies beyond its border down from finer posts
			}
			if i, j, ok := differ(k.grids[a], k.grids[b], d, halo); !ok {
				t.Fatalf("%s (stage %d) and %s (stage %d) differ at post %d, %d of the first", a, k.stage[a], b, k.stage[b], i, j)
			}
		}
	}
}

// differ compares two grids of which the second lies d tiles east and north of the first, in all posts that both have, so much halo included.
func differ(a, b []float32, d [2]int64, halo int64) (i, j int64, ok bool) {
	at := func(z []float32, i, j int64) float32 {
		return z[(terrain.Cells+terrain.Halo-j)*terrain.HeightsSide+i+terrain.Halo]
	}
	lo, hi := -halo, terrain.Cells+halo
	for j := max(lo, lo+d[1]*terrain.Cells); j <= min(hi, hi+d[1]*terrain.Cells); j++ {
		for i := max(lo, lo+d[0]*terrain.Cells); i <= min(hi, hi+d[0]*terrain.Cells); i++ {
			if at(a, i, j) != at(b, i-d[0]*terrain.Cells, j-d[1]*terrain.Cells) {
				return i, j, false
			}
		}
	}
	return 0, 0, true
}
