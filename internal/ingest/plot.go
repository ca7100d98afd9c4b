package ingest

import (
	"context"
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/internal/region"
)

// plot is a site as a Source: over ground, or alone.
type plot struct {
	*site
	ground Source
}

// Heights fills dst with the ground, changed where the site is; without ground with the site's height, NaN beyond the blend.
func (p *plot) Heights(ctx context.Context, l raster.Lattice, dst []float32) error {
	for k := range dst {
		dst[k] = missing
	}
	if p.ground != nil {
		if err := p.ground.Heights(ctx, l, dst); err != nil {
			return err
		}
	}
	if !slices.ContainsFunc(p.bounds, func(b orb.Bound) bool { _, ok := turnTo(l.Bound(), b); return ok }) {
		return ctx.Err()
	}
	inside := p.inside(l)
	for k, h := range dst {
		at := l.Post(l.MinI+int64(k%l.Cols), l.MinJ+int64(l.Rows-1-k/l.Cols))
		weight := float32(1)
		if !inside[k] {
			weight = p.weight(at)
		} else if p.cut && !p.reaches(at) {
			weight = 0
		}
		if weight == 0 {
			continue
		}
		height := p.heightAt(at)
		switch {
		case p.Grade == Cut && h <= height || p.Grade == Raise && h >= height:
		case p.ground == nil:
			dst[k] = height
		default:
			dst[k] += (height - h) * weight
		}
	}
	return ctx.Err()
}

// heightAt is the site's height at a place, as the dataset counts.
func (s *site) heightAt(at orb.Point) float32 {
	if s.Sea == nil {
		return float32(s.Height)
	}
	n, _ := s.Sea.Undulation(at) // settle has asked
	return float32(s.Height + n)
}

// reaches tells whether a place lies in the ground that changes.
func (s *site) reaches(at orb.Point) bool {
	return slices.ContainsFunc(s.bounds, func(b orb.Bound) bool { return within(b, at, 0) })
}

// inside tells which posts lie in the site's polygons.
func (p *plot) inside(l raster.Lattice) []bool {
	d, ok := p.pool.Get().(*region.Drawer)
	if !ok {
		d = new(region.Drawer)
	}
	defer p.pool.Put(d)
	in := make([]bool, l.Cols*l.Rows)
	d.Inside(p.region, postsOf(l), in)
	return in
}

// weight is how much of the site's height a place outside its polygons takes: 1 beside them, 0 where the blend ends.
func (s *site) weight(at orb.Point) float32 {
	far := s.Blend
	shrink := math.Cos(at[1] * math.Pi / 180)
	if far == 0 || !s.reaches(at) {
		return 0
	}
	for _, e := range s.edges {
		far = min(far, distance(at, e, shrink))
	}
	return 1 - smooth(float32(far/s.Blend))
}

// distance returns how far a place is from an edge, metres, near enough for a blend; a degree of longitude is shrink degrees of latitude there.
func distance(at orb.Point, edge [2]orb.Point, shrink float64) float64 {
	near := func(p orb.Point) (x, y float64) { return math.Remainder(p[0]-at[0], 360) * shrink, p[1] - at[1] }
	ax, ay := near(edge[0])
	bx, by := near(edge[1])
	dx, dy := bx-ax, by-ay
	t := 0.0
	if square := dx*dx + dy*dy; square > 0 {
		t = max(0, min(1, -(ax*dx+ay*dy)/square))
	}
	return math.Hypot(ax+t*dx, ay+t*dy) * metresPerDegree
}
