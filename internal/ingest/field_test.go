package ingest

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/tilegrid"
)

// field is a source whose height at a post depends on the place alone, as that of a raster.Stack does: a dome and noise, here and there a void, nothing
// beyond the poles and outside its bounds.
type field struct {
	bounds []orb.Bound // within -180..180; nil: the whole globe
	seed   uint64
	voids  uint64 // one in so many blocks of posts is void, and one in so many posts; 0: none
	fail   error
}

func (f field) Heights(ctx context.Context, l raster.Lattice, dst []float32) error {
	for k := range dst {
		i, j := l.MinI+int64(k%l.Cols), l.MinJ+int64(l.Rows-1-k/l.Cols)
		dst[k] = f.at(l, i, j)
	}
	if f.fail != nil {
		return f.fail
	}
	return ctx.Err()
}

func (f field) at(l raster.Lattice, i, j int64) float32 {
	p := l.Post(i, j)
	if p[1] < -90 || p[1] > 90 || !f.covers(p) {
		return missing
	}
	// numbers of the finest lattice: a place has the same height at any level
	x, y := uint64(math.Round((p[0]+180)*1e9)), uint64(math.Round((p[1]+90)*1e9))
	step := uint64(math.Round(l.Step() * 1e9))
	if f.voids > 0 && (mix(f.seed, x/(step*11), y/(step*7))%f.voids == 0 || mix(f.seed+1, x, y)%(8*f.voids) == 0) {
		return missing
	}
	dome := 4000 - p[0]*p[0]/20 - p[1]*p[1]/4
	return float32(dome + float64(mix(f.seed+2, x, y)%100_000)/1000)
}

func (f field) covers(p orb.Point) bool {
	return f.bounds == nil || slices.ContainsFunc(f.bounds, func(b orb.Bound) bool {
		return b.Contains(p) || p[0] == -180 && b.Contains(orb.Point{180, p[1]})
	})
}

// mix is a hash of three numbers: splitmix64, by Steele et al. 2014, chained.
func mix(a, b, c uint64) uint64 {
	h := a
	for _, v := range [3]uint64{b, c, 0x9e3779b97f4a7c15} {
		h += v + 0x9e3779b97f4a7c15
		h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
		h = (h ^ h>>27) * 0x94d049bb133111eb
		h ^= h >> 31
	}
	return h
}

// layered are sources of several levels: where the finer has no height the next coarser one shows.
type layered []field

func (l layered) Heights(ctx context.Context, lattice raster.Lattice, dst []float32) error {
	part := make([]float32, len(dst))
	for k := range dst {
		dst[k] = missing
	}
	for _, f := range l {
		if err := f.Heights(ctx, lattice, part); err != nil {
			return err
		}
		for k, h := range part {
			if isMissing(dst[k]) {
				dst[k] = h
			}
		}
	}
	return nil
}

func box(w, s, e, n float64) orb.Bound {
	return orb.Bound{Min: orb.Point{w, s}, Max: orb.Point{e, n}}
}

// kitchen is a Baker over fields, one for each ground, finest first.
func kitchen(t testing.TB, fill Fill, grounds []Ground, fields []field) *Baker {
	t.Helper()
	plan, err := NewPlan(grounds)
	if err != nil {
		t.Fatal(err)
	}
	var bounds []orb.Bound
	for _, g := range grounds {
		bounds = append(bounds, g.Bounds...)
	}
	coarse := plan.Leaf - min(plan.Leaf, 2) // the guide of large ground sees less than its posts
	guide, err := newGuide(t.Context(), layered(fields), bounds, coarse, nil, fill)
	if err != nil {
		t.Fatal(err)
	}
	b := &Baker{guide: guide, plan: plan, covers: map[uint8]cover{}}
	for range plan.Leaf + 1 {
		b.errors = append(b.errors, 1e5) // two triangles a tile: these tests are about heights
	}
	b.sources = func(level uint8) (all, own Source) {
		var upTo, as layered
		for k, g := range grounds {
			if g.Leaf <= level {
				upTo = append(upTo, fields[k])
			}
			if g.Leaf == level {
				as = append(as, fields[k])
			}
		}
		if upTo != nil {
			all = upTo
		}
		if as != nil {
			own = as
		}
		return all, own
	}
	return b
}

// tileSet lists tiles by level.
func tileSet(coords []tilegrid.Coord) map[uint8]cover {
	out := map[uint8]cover{}
	for _, c := range coords {
		if out[c.Z] == nil {
			out[c.Z] = cover{}
		}
		out[c.Z].add(c)
	}
	return out
}
