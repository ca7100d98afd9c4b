package ingest

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"time"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/tilegrid"
)

// Estimate is a guess at what a plan costs, good to a factor of two where the ground is much the same all over.
type Estimate struct {
	Tiles     []int // of each level, those that balance the tree included
	SizeBytes int64
	Time      time.Duration
}

// Total returns the number of tiles of all levels.
func (e Estimate) Total() int {
	total := 0
	for _, n := range e.Tiles {
		total += n
	}
	return total
}

const (
	samples  = 25                      // tiles that are baked for an estimate
	rimBytes = 1500                    // of a tile of the rim, smooth slopes
	rowBytes = 130                     // of a tile and its heights, beside their data: keys and hashes
	slack    = 1.25                    // of the file over what is in it: pages that are not full
	tileTime = 1500 * time.Microsecond // measured on SRTM in mountains; plains and sea take less
	leadTime = 200 * time.Millisecond  // the survey, and opening the store
)

// Estimate says what the work costs on so many goroutines. It bakes a few tiles spread over the ground: how large they are, and how many of them hold data,
// stands for all.
func (j *Job) Estimate(ctx context.Context, jobs int) (Estimate, error) {
	held, size, err := j.sample(ctx)
	if err != nil {
		return Estimate{}, fmt.Errorf("estimate: %w", err)
	}
	share := max(float64(held)/samples, 0.05)
	e := Estimate{Tiles: slices.Clone(j.Plan.Tiles)}
	for z, n := range e.Tiles {
		e.Tiles[z] = max(min(n, 2), int(math.Round(float64(n)*share)))
		e.SizeBytes += int64(e.Tiles[z]) * (size + rowBytes)
	}
	for z, n := range j.Plan.rim() {
		e.Tiles[z] += n
		e.SizeBytes += int64(n) * (rimBytes + rowBytes)
	}
	e.SizeBytes = int64(float64(e.SizeBytes) * slack)
	workers := max(1, min(jobs, runtime.GOMAXPROCS(0)))
	e.Time = leadTime + time.Duration(e.Total())*tileTime/time.Duration(workers)
	return e, nil
}

// sample bakes tiles of the deepest level, the northern ones first as files are stored. It returns how many hold data, and the bytes of one with its heights.
func (j *Job) sample(ctx context.Context) (held int, size int64, err error) {
	o := newOven(&Baker{plan: j.Plan, errors: j.tolerances()})
	var source Source
	if j.site != nil {
		source, _ = j.site.over(ground{j.under}, j.Plan.Leaf, j.Plan.Leaf)
	} else {
		source = j.clipped(j.stack)
	}
	for k := range samples {
		c := j.Plan.spot(k)
		o.pyramid.around(c, c.Z, 0)
		w := o.pyramid.base()
		if err := source.Heights(ctx, o.lattice(), w.z); err != nil {
			return 0, 0, err
		}
		if !slices.ContainsFunc(w.z, func(h float32) bool { return !isMissing(h) }) {
			continue
		}
		copy(w.z, pushPull(w.z, w.side, w.side))
		w.round()
		t, err := o.bakeTile(c)
		if err != nil {
			return 0, 0, err
		}
		held, size = held+1, size+int64(len(t.mesh)+len(t.heights))
	}
	return held, size / int64(max(held, 1)), nil
}

// spot picks the k-th of the tiles to sample: rows from north to south through the bounds of the finest ground, columns by the golden ratio. Of many bounds
// each gives a tile or none.
func (p Plan) spot(k int) tilegrid.Coord {
	bounds := slices.Clone(p.Grounds[0].Bounds)
	slices.SortStableFunc(bounds, func(a, b orb.Bound) int { return cmp.Compare(b.Max[1], a.Max[1]) })
	r := tilegrid.Geodetic.Cover(bounds[k*len(bounds)/samples], p.Leaf)
	columns, rows := r.MaxX-r.MinX+1, r.MaxY-r.MinY+1
	_, across := math.Modf(float64(k) * (math.Sqrt(5) - 1) / 2)
	down := float64(k) / samples
	if len(bounds) > 1 {
		_, down = math.Modf(float64(k) * math.Sqrt2)
	}
	return tilegrid.Coord{Z: p.Leaf, X: r.MinX + uint32(across*float64(columns)), Y: r.MaxY - uint32(down*float64(rows))}
}

// countedRim is up to how many tiles the rim is counted; of more it is a small part.
const countedRim = 1 << 18

// rim returns how many tiles of each level balance the tree, as if all ground held data; nil for a plan so large that they do not matter.
func (p Plan) rim() []int {
	if p.Total() > countedRim {
		return nil
	}
	covers, added := map[uint8]cover{}, make([]int, p.Leaf+1)
	for z := range p.Leaf + 1 {
		covers[z] = cover{}
		for _, c := range p.cover(z, z) {
			covers[z].add(c)
		}
	}
	whole := Stage{Base: p.Leaf, Top: p.Leaf}
	for c := range rim(covers, whole).all() {
		added[c.Z]++
	}
	return added
}

// Share returns how much of the work is done with so many units, 0 to 1. Units of different stages make different numbers of tiles.
func (p Plan) Share(units int) float64 {
	done, all := 0.0, 0.0
	for _, s := range p.Stages {
		tiles := 0
		for z := s.Root; z <= s.Top; z++ {
			tiles += p.Tiles[z]
		}
		n := len(s.Units) + 1 // its rim is one more
		done += float64(tiles) * float64(min(n, max(0, units))) / float64(n)
		all += float64(tiles)
		units -= n
	}
	if units >= 0 {
		return 1
	}
	return done / all
}
