package raster

import "slices"

// lifter adds a geoid's undulation to the posts that a layer gives to a view, row by row: keep before a row is filled, add after. nil does nothing.
// What is added depends on the post's position alone, to the bit.
type lifter struct {
	geoid   *Geoid
	lattice Lattice
	before  []float32 // the row as it was

	grid  *geoidGrid // where the geoid is one grid; what follows is for it
	slots []place64  // of each post: its place among nodes
	nodes []int      // columns of the grid under the view, neighbours side by side
	row   []float64  // undulations at nodes, at a row's latitude
}

// place64 is where a post lies between two nodes: the first of them, or nowhere, and the share of the second.
type place64 struct {
	slot  int
	share float64
}

// lifter readies one for a view of a layer.
func (l *layer) lifter(v Lattice) *lifter {
	g := l.files[0].geoid
	if g == nil {
		return nil
	}
	f := &lifter{geoid: g, lattice: v, before: make([]float32, v.Cols)}
	if len(g.parts) == 1 && g.parts[0].grid != nil {
		f.grid, f.slots = g.parts[0].grid, make([]place64, v.Cols)
		for i := range f.slots {
			f.slots[i] = f.place(v.Post(v.MinI+int64(i), 0)[0])
		}
		f.row = make([]float64, len(f.nodes))
	}
	return f
}

// place finds a longitude among the nodes, and adds those that are not there yet.
func (f *lifter) place(lon float64) place64 {
	c, share := f.grid.column(lon)
	if c < 0 {
		return place64{nowhere, 0}
	}
	next, n := f.grid.next(c), len(f.nodes)
	switch {
	case n >= 2 && f.nodes[n-2] == c && f.nodes[n-1] == next:
		return place64{n - 2, share}
	case n >= 1 && f.nodes[n-1] == c:
		f.nodes = append(f.nodes, next)
		return place64{n - 1, share}
	}
	f.nodes = append(f.nodes, c, next)
	return place64{n, share}
}

// keep remembers which posts of a row are filled.
func (f *lifter) keep(dst []float32) {
	if f != nil {
		copy(f.before, dst)
	}
}

// add lifts the posts of row r, from the north, that were filled since keep. Those that the geoid does not reach become void.
func (f *lifter) add(r int, dst []float32) {
	if f == nil {
		return
	}
	j := f.lattice.MinJ + int64(f.lattice.Rows-1-r)
	ready := f.grid != nil && f.ready(f.lattice.Post(0, j)[1])
	for i, h := range dst {
		if h != h || f.before[i] == f.before[i] {
			continue
		}
		if ready && f.slots[i].slot != nowhere {
			s := f.slots[i]
			if n := f.row[s.slot]*(1-s.share) + f.row[s.slot+1]*s.share; n == n {
				dst[i] = float32(float64(h) + n)
				continue
			}
		}
		dst[i] = nan32
		if n, ok := f.geoid.Undulation(f.lattice.Post(f.lattice.MinI+int64(i), j)); ok {
			dst[i] = float32(float64(h) + n)
		}
	}
}

// ready interpolates the grid at a latitude, false where it has none.
func (f *lifter) ready(lat float64) bool {
	g := f.grid
	r, share := g.row(lat)
	if r < 0 {
		return false
	}
	low, high := g.z[r*g.cols:][:g.cols], g.z[min(r+1, g.rows-1)*g.cols:][:g.cols]
	f.row = slices.Grow(f.row[:0], len(f.nodes))[:len(f.nodes)]
	for k, c := range f.nodes {
		f.row[k] = float64(low[c])*(1-share) + float64(high[c])*share
	}
	return true
}
