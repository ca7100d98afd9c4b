package ingest

import (
	"context"
	"fmt"
	"slices"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
)

// A dataset is renewed in the stages of an ingest, with three differences. The ground where sources have nothing is the
// dataset's own, so there are no voids to fill. Each level is the low pass of the one below it only where that one has changed,
// and what is stored elsewhere: so what changes ends where the sources do, plus two posts a level. And of tiles that the
// dataset has, only those are made in which a post has changed, their halo included: whatever else the new version holds is
// copied.

// changes is the memory of one goroutine that renews.
type changes struct {
	before []float32 // of one window: what the dataset has
	marks  []bool    // of that window
	rows   []bool    // of each column of the coarser window and row of the finer: something changed near it
}

// renew makes the tiles of one unit that are new or have changed.
func (o *oven) renew(ctx context.Context, s Stage, unit tilegrid.Coord) ([]tile, error) {
	if o.idle(s, unit) {
		return nil, nil
	}
	apron := 0
	if len(o.guide.patches) > 0 {
		apron = reach
	}
	o.pyramid.around(unit, s.Base, apron)
	if err := o.lay(ctx); err != nil {
		return nil, fmt.Errorf("heights of unit %s: %w", unit, err)
	}
	w := o.pyramid.base()
	o.poles(w)
	if err := o.compare(ctx, w); err != nil {
		return nil, err
	}
	if o.only == nil && len(o.found) == 0 && !slices.Contains(w.valid, true) && !slices.Contains(w.holding, true) {
		return nil, nil
	}
	for k := 1; k < len(o.pyramid.levels); k++ {
		if err := o.lift(ctx, &o.pyramid.levels[k-1], &o.pyramid.levels[k]); err != nil {
			return nil, err
		}
	}
	return o.renewed(ctx, s, unit)
}

// lay gives the window what the stage before stored, and the sources over the dataset where it stored nothing. It notes which
// posts hold data that is worth a tile of the stage's base level.
func (o *oven) lay(ctx context.Context) error {
	w := o.pyramid.base()
	clear(o.found)
	clear(w.holding)
	whole, err := o.restore(ctx)
	if err != nil {
		return err
	}
	if !whole {
		if err := o.readAround(ctx, false); err != nil {
			return err
		}
		if err := o.bridge(ctx); err != nil {
			return err
		}
	}
	w.overPoles()
	if o.own == nil {
		return nil
	}
	o.scratch = slices.Grow(o.scratch[:0], len(w.z))[:len(w.z)]
	if err := o.own.Heights(ctx, o.lattice(), o.scratch); err != nil {
		return err
	}
	w.hold(o.scratch)
	return nil
}

// bridge gives posts without data the dataset's own ground, raised by what the data around differs from it.
func (o *oven) bridge(ctx context.Context) error {
	w := o.pyramid.base()
	if o.graded {
		known := make([]float32, len(w.z))
		err := surveyed{o.old}.Heights(ctx, o.lattice(), known)
		for k, h := range known {
			w.data[k] = w.data[k] && h == h
		}
		return err
	}
	w.overPoles()
	all, some := w.mark()
	if all {
		return nil
	}
	was, err := o.past(ctx, w)
	if err != nil {
		return err
	}
	for k, h := range was {
		w.z[k] -= h
	}
	if some {
		o.filler.fill(w)
	} else {
		o.filler.bare(w)
	}
	for k, h := range was {
		w.z[k] += h
	}
	return nil
}

// idle tells that a unit lies beyond the sources and has no tile of the dataset.
func (o *oven) idle(s Stage, unit tilegrid.Coord) bool {
	if o.only != nil || len(o.plan.Rims) == 0 || o.old.has(unit) {
		return false
	}
	for c := range subtree(unit, s.Base).All() {
		if o.earlier.has(c) {
			return false
		}
	}
	around := tilegrid.Geodetic.Bound(unit).Pad(renewPad * spacing(s.Base))
	for _, g := range o.plan.Grounds {
		for _, b := range g.Bounds {
			if _, near := turnTo(around, b); near {
				return false
			}
		}
	}
	return true
}

// past reads what the dataset has for a window.
func (o *oven) past(ctx context.Context, w *window) ([]float32, error) {
	o.changes.before = slices.Grow(o.changes.before[:0], len(w.z))[:len(w.z)]
	o.changes.marks = slices.Grow(o.changes.marks[:0], len(w.z))[:len(w.z)]
	was := *w
	was.z, was.valid, was.gaps = o.changes.before, o.changes.marks, make([]bool, w.side)
	l := raster.Lattice{Level: w.level, MinI: w.west, MinJ: w.north - int64(w.side) + 1, Cols: w.side, Rows: w.side}
	if err := (ground{o.old}).Heights(ctx, l, was.z); err != nil {
		return nil, err
	}
	was.overPoles()
	was.round()
	return was.z, nil
}

// compare notes in the base window's valid which posts differ from what the dataset has, and raises those to the water, if they are to be.
func (o *oven) compare(ctx context.Context, w *window) error {
	w.round()
	was, err := o.past(ctx, w)
	if err != nil {
		return err
	}
	for k := range was {
		w.valid[k] = w.z[k] != was[k]
		w.data[k] = w.data[k] || o.graded && w.valid[k]
	}
	o.painter.raise(o.water, w)
	w.round()
	for k, changed := range w.valid {
		if !changed {
			w.z[k] = was[k]
		}
	}
	return nil
}

// lift makes a level from the one below it.
func (o *oven) lift(ctx context.Context, fine, coarse *window) error {
	o.pyramid.halve(fine, coarse)
	o.settle(coarse)
	coarse.round()
	was, err := o.past(ctx, coarse)
	if err != nil {
		return err
	}
	o.changes.spread(fine, coarse)
	for k := range was {
		if !coarse.valid[k] {
			coarse.z[k] = was[k]
		}
		coarse.valid[k] = coarse.z[k] != was[k]
	}
	return nil
}

// spread notes which posts of the coarser window are made of posts of the finer one of which any changed.
func (c *changes) spread(fine, coarse *window) {
	c.rows = slices.Grow(c.rows[:0], coarse.side*fine.side)[:coarse.side*fine.side]
	left, top := int(2*coarse.west-fine.west), int(fine.north-2*coarse.north)
	for r := range fine.side {
		row, out := fine.valid[r*fine.side:][:fine.side], c.rows[r*coarse.side:][:coarse.side]
		for k := range out {
			out[k] = slices.Contains(row[left+2*k-2:][:5], true)
		}
	}
	for r := range coarse.side {
		out := coarse.valid[r*coarse.side:][:coarse.side]
		clear(out)
		for y := top + 2*r - 2; y <= top+2*r+2; y++ {
			for k, changed := range c.rows[y*coarse.side:][:coarse.side] {
				out[k] = out[k] || changed
			}
		}
	}
}

// renewed makes the tiles of the unit that are new or have changed, level by level.
func (o *oven) renewed(ctx context.Context, s Stage, unit tilegrid.Coord) ([]tile, error) {
	var out []tile
	below := cover{} // tiles of the level below that the dataset does not have
	for z := s.Base; ; z-- {
		added := cover{}
		for c := range subtree(unit, z).All() {
			fresh := !o.old.has(c) && (o.found[c] || z == s.Base && o.pyramid.base().holds(c) || slices.ContainsFunc(sliceOf(c.Children()), below.has))
			if fresh {
				added.add(c)
			}
			make := !o.found[c] && (fresh || o.old.has(c) && o.pyramid.at(z).changed(c))
			if o.only != nil {
				make = o.only.has(c)
			}
			if !make {
				continue
			}
			t, err := o.rebake(ctx, c)
			if err != nil {
				return nil, err
			}
			out = append(out, t)
		}
		if z == unit.Z {
			return out, nil
		}
		below = added
	}
}

// rebake makes a tile with the water that the dataset has there beside that of the sources.
func (o *oven) rebake(ctx context.Context, c tilegrid.Coord) (tile, error) {
	if o.kept = nil; slices.Contains(o.old.Info().Extensions, watermask) {
		var err error
		if o.kept, err = o.oldMask(ctx, c); err != nil {
			return tile{}, err
		}
	}
	return o.bakeTile(c)
}

// changed tells whether a post of tile c, or of its halo, has changed.
func (w *window) changed(c tilegrid.Coord) bool {
	at := w.at(int64(c.X)*terrain.Cells-terrain.Halo, (int64(c.Y)+1)*terrain.Cells+terrain.Halo)
	for range terrain.HeightsSide {
		if slices.Contains(w.valid[at:][:terrain.HeightsSide], true) {
			return true
		}
		at += w.side
	}
	return false
}

// renewRim adds the tiles that balance the tree, and makes those of the dataset again that have a new one beside them: their
// normals leaned on a guess of what lies there. Then it copies what the next stage expects to find although nothing in it has
// changed.
func (s *sweep) renewRim(ctx context.Context) error {
	added := s.unbalanced()
	for z := s.stage.Base; ; z-- {
		for _, c := range s.lonely(z, added) {
			added.add(c)
		}
		if z == s.stage.Root {
			break
		}
	}
	for c := range bordering(s.earlier, s.covers[s.stage.Base]).all() {
		added.add(c)
	}
	if err := s.bakeRim(ctx, added); err != nil || s.stage.Root == 0 {
		return err
	}
	return s.keep(ctx, s.covers[s.stage.Root+1].above())
}

// unbalanced lists the parents that neighbours of the stage's tiles lack.
func (s *sweep) unbalanced() cover {
	added := cover{}
	for z := s.stage.Base; z > s.stage.Root; z-- {
		look := func(c tilegrid.Coord) {
			for n := range neighbours(c) {
				if p := n.Parent(); !s.old.has(p) && !s.covers[p.Z].has(p) {
					added.add(p)
				}
			}
		}
		for c := range s.covers[z].all() {
			look(c)
		}
		for c := range added.all() {
			if c.Z == z {
				look(c)
			}
		}
	}
	return added
}

// lonely lists tiles of the dataset that were not made and have a new one beside them.
func (s *sweep) lonely(z uint8, added cover) (tiles []tilegrid.Coord) {
	look := func(c tilegrid.Coord) {
		for n := range neighbours(c) {
			if !s.old.has(c) && s.old.has(n) && !s.covers[z].has(n) {
				tiles = append(tiles, n)
			}
		}
	}
	for c := range s.covers[z].all() {
		look(c)
	}
	for c := range added.all() {
		if c.Z == z {
			look(c)
		}
	}
	return tiles
}

// keep copies those of the tiles that were not made, in Z order.
func (s *sweep) keep(ctx context.Context, tiles cover) error {
	for _, c := range tiles.sorted() {
		if s.covers[c.Z].has(c) {
			continue
		}
		mesh, err := s.old.Tile(ctx, c)
		if err != nil {
			return fmt.Errorf("keep tile %s: %w", c, err)
		}
		heights, err := s.old.Stored.Heights(ctx, c)
		if err != nil {
			return fmt.Errorf("keep heights of %s: %w", c, err)
		}
		if err := s.put(ctx, []tile{{c, mesh.Data, heights}}); err != nil {
			return err
		}
	}
	return nil
}

// boxed is a source without what lies beyond a box.
type boxed struct {
	Source
	box orb.Bound
}

func (b boxed) Heights(ctx context.Context, l raster.Lattice, dst []float32) error {
	err := b.Source.Heights(ctx, l, dst)
	for k := range dst {
		if p := l.Post(l.MinI+int64(k%l.Cols), l.MinJ+int64(l.Rows-1-k/l.Cols)); !within(b.box, p, l.Step()) {
			dst[k] = missing
		}
	}
	return err
}
