package raster

import (
	"context"
	"math"
)

// fillProjected serves every layer that fillPlain does not: projections, other datums, rotated grids.
func (s *Stack) fillProjected(ctx context.Context, l *layer, v view, step int) error {
	t, err := l.lender.borrow()
	if err != nil {
		return refuse(l.files[0].path, ErrCRS, crsAdvice, "%v", err)
	}
	defer l.lender.giveBack(t)
	return s.fillMesh(ctx, l, t, v, step)
}

func (s *Stack) fillMesh(ctx context.Context, l *layer, t transform, v view, step int) error {
	m := l.newMesh(t, v.Lattice, l.spacing(t, v.Level))
	reach := m.reach()
	if !(reach.Min[0] <= reach.Max[0]+edge && reach.Min[1] <= reach.Max[1]+edge) {
		return nil
	}
	w := cellsOf(reach.Min[0], reach.Min[1], reach.Max[0], reach.Max[1], step)
	if w.cols*w.rows > maxBlock && v.Cols*v.Rows > 1 {
		for _, half := range v.halves() {
			if err := s.fillMesh(ctx, l, t, half, step); err != nil {
				return err
			}
		}
		return nil
	}
	memory := s.borrowScratch()
	defer s.scratch.Put(memory)
	b, err := s.readBlock(ctx, l, w, step, memory)
	if err != nil {
		return err
	}
	us, vs := make([]float64, v.Cols), make([]float64, v.Cols)
	lift := l.lifter(v.Lattice)
	for r := range v.Rows {
		if j := v.MinJ + int64(v.Rows-1-r); j < 0 || j > int64(64)<<v.Level {
			continue
		}
		m.positions(r, us, vs)
		dst := v.dst[r*v.stride:][:v.Cols]
		lift.keep(dst)
		b.blend(l, dst, us, vs)
		lift.add(r, dst)
	}
	return nil
}

// cellsOf returns the cells that interpolation inside a rectangle of pixels needs.
func cellsOf(u0, v0, u1, v1 float64, step int) window {
	c0, _ := split(u0-edge, step)
	r0, _ := split(v0-edge, step)
	c1, _ := split(u1+edge, step)
	r1, _ := split(v1+edge, step)
	return window{c0, r0, c1 - c0 + 2, r1 - r0 + 2}
}

// blend interpolates posts at pixel positions, where dst is still NaN. Positions outside the layer, and NaN, stay void.
func (b *block) blend(l *layer, dst []float32, us, vs []float64) {
	right, bottom := float64(l.cols)+edge, float64(l.rows)+edge
	shrink := 1 / float64(b.step)
	for i := range dst {
		u, v := us[i], vs[i]
		if dst[i] == dst[i] || !(u >= -edge && u <= right && v >= -edge && v <= bottom) {
			continue
		}
		u, v = u*shrink-0.5, v*shrink-0.5
		fu, fv := math.Floor(u), math.Floor(v)
		at := (int(fv)-b.row)*b.cols + int(fu) - b.col
		x, y := float32(u-fu), float32(v-fv)
		top := b.heights[at : at+2 : at+2]
		low := b.heights[at+b.cols : at+b.cols+2 : at+b.cols+2]
		n := top[0] + (top[1]-top[0])*x
		s := low[0] + (low[1]-low[0])*x
		h := n + (s-n)*y
		if !(h >= lowest && h <= highest) {
			h = blendVoid([4]float32{top[0], top[1], low[0], low[1]}, x, y)
		}
		dst[i] = h
	}
}
