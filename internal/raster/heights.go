package raster

import (
	"context"
	"math"
)

// maxBlock is the most cells that a block holds; a window that needs more is cut.
const maxBlock = 1 << 21

// edge is how far, in pixels, a post may lie outside the outer edge and still count as on it: the rounding of positions.
const edge = 1e-6

// Heights fills dst with the heights of a window, in metres; see [Lattice] for the order. len(dst) must be Cols*Rows. Posts
// without data are NaN, those beyond a pole too. A post is interpolated bilinearly between the centres of the four pixels
// around it, files of a layer being one mosaic; void neighbours are left out as long as the nearest is valid; layers below
// fill what is void above. The value depends on the post only, never on the window, to the bit. Only where posts lie more
// than two pixels apart, pixels are thinned out before, to the largest power of two that is not coarser than the posts.
//
// Before the undulation of a geoid is added, no value lies outside -12000..9000 m: pixels beyond are void. A failing read is an error that matches [ErrCorrupt]; it is never void.
func (s *Stack) Heights(ctx context.Context, l Lattice, dst []float32) error {
	if err := l.check(dst); err != nil {
		return err
	}
	for i := range dst {
		dst[i] = nan32
	}
	for n, layer := range s.layers {
		if n > 0 && !hasVoid(dst) {
			return nil
		}
		if err := s.fill(ctx, layer, view{l, l.Cols, dst}); err != nil {
			return err
		}
	}
	return nil
}

func hasVoid(dst []float32) bool {
	for _, v := range dst {
		if v != v {
			return true
		}
	}
	return false
}

// view is a window of the lattice and where its heights go: lines lie stride apart.
type view struct {
	Lattice
	stride int
	dst    []float32
}

// halves cuts a view along its longer side.
func (v view) halves() [2]view {
	a, b := v, v
	if v.Cols >= v.Rows {
		a.Cols = v.Cols / 2
		b.Cols, b.MinI, b.dst = v.Cols-a.Cols, v.MinI+int64(a.Cols), v.dst[a.Cols:]
	} else {
		a.Rows = v.Rows / 2
		b.Rows, b.dst = v.Rows-a.Rows, v.dst[a.Rows*v.stride:]
		a.MinJ += int64(b.Rows)
	}
	return [2]view{a, b}
}

// fill fills the posts of a view that are still NaN from one layer.
func (s *Stack) fill(ctx context.Context, l *layer, v view) error {
	for _, part := range l.crop(v) {
		if err := ctx.Err(); err != nil {
			return err
		}
		step := l.thinning(v.Step())
		fill := s.fillProjected
		if l.plain {
			fill = s.fillPlain
		}
		if err := fill(ctx, l, part, step); err != nil {
			return err
		}
	}
	return nil
}

// part cuts a view down to some rows and columns, counted from its south and its west; a view without heights may be cut too.
func (v view) part(south, rows, west, cols int) view {
	if v.dst != nil {
		v.dst = v.dst[(v.Rows-south-rows)*v.stride+west:]
	}
	v.MinJ, v.Rows = v.MinJ+int64(south), rows
	v.MinI, v.Cols = v.MinI+int64(west), cols
	return v
}

// crop cuts a view to the posts near the layer's ground, once for each turn round the globe that the view makes. Far away a
// projection may have an answer that is not to be believed.
func (l *layer) crop(v view) []view {
	s := v.Step()
	width, height := l.bound.Max[0]-l.bound.Min[0], l.bound.Max[1]-l.bound.Min[1]
	margin := 4*l.resolution.Degrees + (width+height)/100
	first := func(degrees float64) int64 { return int64(math.Ceil(degrees / s)) }
	south, north := max(v.MinJ, first(l.bound.Min[1]-margin+90)), min(v.MinJ+int64(v.Rows), first(l.bound.Max[1]+margin+90))
	if south >= north {
		return nil
	}
	v = v.part(int(south-v.MinJ), int(north-south), 0, v.Cols)
	if width+2*margin >= 360 {
		return []view{v}
	}
	var parts []view
	round, end := int64(128)<<v.Level, v.MinI+int64(v.Cols)
	west, east := first(l.bound.Min[0]-margin+180), first(l.bound.Max[0]+margin+180)
	for turn := (v.MinI-east)/round*round - round; west+turn < end; turn += round {
		lo, hi := max(v.MinI, west+turn), min(end, east+turn)
		if lo < hi {
			parts = append(parts, v.part(0, v.Rows, int(lo-v.MinI), int(hi-lo)))
		}
	}
	return parts
}

// thinning returns how many pixels a side become one cell for posts that lie step degrees apart.
func (l *layer) thinning(step float64) int {
	if step <= 2*l.resolution.Degrees*(1+1e-9) {
		return 1
	}
	n := 2
	for float64(2*n)*l.resolution.Degrees <= step && n < 1<<20 {
		n *= 2
	}
	return n
}

// place is where a post lies between two cells: the first of them and the share of the second. A negative cell is no cell.
type place struct {
	cell  int
	share float32
}

const nowhere = -1

// fillPlain serves layers in degrees: columns depend on longitude only, rows on latitude only.
func (s *Stack) fillPlain(ctx context.Context, l *layer, v view, step int) error {
	cols, w := make([]place, v.Cols), window{}
	rows := make([]place, v.Rows)
	w.col, w.cols = l.columns(v.Lattice, step, cols)
	w.row, w.rows = l.lines(v.Lattice, step, rows)
	if w.cols == 0 || w.rows == 0 {
		return nil
	}
	if w.cols*w.rows > maxBlock && v.Cols*v.Rows > 1 {
		for _, half := range v.halves() {
			if err := s.fill(ctx, l, half); err != nil {
				return err
			}
		}
		return nil
	}
	m := s.borrowScratch()
	defer s.scratch.Put(m)
	b, err := s.readBlock(ctx, l, w, step, m)
	if err != nil {
		return err
	}
	lift := l.lifter(v.Lattice)
	for r, p := range rows {
		if p.cell < 0 {
			continue
		}
		dst := v.dst[r*v.stride:][:v.Cols]
		lift.keep(dst)
		top := b.heights[p.cell*w.cols:][:w.cols]
		bottom := b.heights[(p.cell+1)*w.cols:][:w.cols]
		blendRow(dst, cols, top, bottom, p.share)
		lift.add(r, dst)
	}
	return nil
}

// blendRow interpolates one row of posts between two rows of cells. NaN in any of the four poisons the sum, so the common
// case pays two comparisons for voids.
func blendRow(dst []float32, cols []place, top, bottom []float32, share float32) {
	cols, bottom = cols[:len(dst)], bottom[:len(top)]
	for i, v := range dst {
		p := cols[i]
		if v == v || p.cell < 0 {
			continue
		}
		t, w := top[p.cell:p.cell+2], bottom[p.cell:p.cell+2]
		a, b, c, d := t[0], t[1], w[0], w[1]
		n := a + (b-a)*p.share
		s := c + (d-c)*p.share
		h := n + (s-n)*share
		if !(h >= lowest && h <= highest) { // void, or rounded across the limit
			h = blendVoid([4]float32{a, b, c, d}, p.share, share)
		}
		dst[i] = h
	}
}

// blendVoid interpolates among the valid of four cells (upper left, upper right, lower left, lower right) if the nearest is
// one of them; of two equally near ones, either will do.
func blendVoid(h [4]float32, x, y float32) float32 {
	if h[0] != h[0] && h[1] != h[1] && h[2] != h[2] && h[3] != h[3] {
		return nan32
	}
	const tie = 1e-5
	weight := [4]float32{(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y}
	nearest := max(weight[0], weight[1], weight[2], weight[3])
	var sum, total float32
	near := false
	for i, w := range weight {
		if h[i] != h[i] {
			continue
		}
		near = near || w >= nearest-tie
		sum, total = sum+w*h[i], total+w
	}
	if !near || total <= 0 {
		return nan32
	}
	return max(lowest, min(highest, sum/total))
}

// columns finds the place of each of a window's longitudes and the run of cells that they need. Cells are counted on eastward
// through the seam of a layer with a period; places are relative to the run's first cell.
func (l *layer) columns(w Lattice, step int, out []place) (first, n int) {
	round := 0 // cells round the globe
	if l.period > 0 && l.period%step == 0 {
		round = l.period / step
	}
	x0, dx := l.transform[0], l.transform[1]
	last := math.MinInt
	cells := make([]int, len(out))
	for i := range out {
		out[i].cell = nowhere
		lon := w.Post(w.MinI+int64(i), 0)[0]
		u := (lon - 360*math.Floor((lon-x0)/360) - x0) / dx
		if 360/dx-u < edge {
			u = 0 // on the west edge, but for rounding
		}
		if round == 0 && u > float64(l.cols)+edge {
			continue
		}
		cell, share := split(u, step)
		if round > 0 && cell < last {
			cell += (last - cell + round - 1) / round * round
		}
		last = cell
		out[i] = place{0, share}
		cells[i] = cell
	}
	return gather(out, cells)
}

// lines is columns for latitudes, from north to south.
func (l *layer) lines(w Lattice, step int, out []place) (first, n int) {
	y0, dy := l.transform[3], l.transform[5]
	cells := make([]int, len(out))
	for r := range out {
		out[r].cell = nowhere
		j := w.MinJ + int64(w.Rows-1-r)
		v := (w.Post(0, j)[1] - y0) / dy
		if j < 0 || j > int64(64)<<w.Level || v < -edge || v > float64(l.rows)+edge {
			continue
		}
		cell, share := split(v, step)
		out[r], cells[r] = place{0, share}, cell
	}
	return gather(out, cells)
}

// split turns a pixel position into the cell whose centre lies before it and the way to the next centre.
func split(u float64, step int) (cell int, share float32) {
	c := u/float64(step) - 0.5
	f := math.Floor(c)
	return int(f), float32(c - f)
}

// gather makes the cells of places relative to the first one needed; n counts the cells, the last one's neighbour included.
func gather(out []place, cells []int) (first, n int) {
	lo, hi := math.MaxInt, math.MinInt
	for i, p := range out {
		if p.cell != nowhere {
			lo, hi = min(lo, cells[i]), max(hi, cells[i])
		}
	}
	if lo > hi {
		return 0, 0
	}
	for i := range out {
		if out[i].cell != nowhere {
			out[i].cell = cells[i] - lo
		}
	}
	return lo, hi - lo + 2
}
