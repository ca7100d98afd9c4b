package ingest

// reach is how far, in posts, detail is carried from the edge of the data into a hole before the guide takes over.
const reach = 16

// filler gives heights to posts without data. It depends on the data within reach of a post and on the guide, not on the window, so two windows that share a
// post agree to the bit.
type filler struct {
	guide   *guide
	nearest []int8    // of each post: rows to the nearest post with data in the same column, +south, or none
	line    []float32 // guide under one row
	next    []int32   // of each column of one row: the first column from there on whose nearest is not none
}

const none = int8(127)

// fill replaces the window's NaN. The result is right for posts at least reach away from the window's sides.
//
// A post takes the guide's height, plus what the nearest data differs from the guide there, fading to nothing at reach. Close to the data
// the surface carries on without a step; further out it is the guide's, which is smooth and ends in the base.
func (f *filler) fill(w *window) {
	f.columns(w)
	guide := f.guide.from(w.level)
	f.line = append(f.line[:0], make([]float32, w.side)...)
	for r, gaps := range w.gaps {
		if !gaps {
			continue
		}
		f.columnsOf(w, r)
		guide.row(w.west, w.north-int64(r), f.line)
		for c := range w.side {
			k := r*w.side + c
			if w.valid[k] {
				continue
			}
			h := f.line[c]
			if near, weight, ok := f.near(w, c, r); ok {
				ni, nj := w.west+int64(near%w.side), w.north-int64(near/w.side)
				h += weight * (w.z[near] - guide.at(ni, nj))
			}
			w.z[k] = h
		}
	}
}

// bare gives a window without any data the guide's heights: what fill does, at a fraction of its cost.
func (f *filler) bare(w *window) {
	guide := f.guide.from(w.level)
	for r := range w.side {
		guide.row(w.west, w.north-int64(r), w.z[r*w.side:][:w.side])
	}
}

// columns finds for each post the nearest data in its own column within reach; of two equally near the northern.
func (f *filler) columns(w *window) {
	if cap(f.nearest) < len(w.z) {
		f.nearest = make([]int8, len(w.z))
	}
	f.nearest = f.nearest[:len(w.z)]
	for c := range w.side {
		last := -reach - 1
		for r := range w.side {
			k := r*w.side + c
			if w.valid[k] {
				last = r
			}
			f.nearest[k] = none
			if r-last <= reach {
				f.nearest[k] = int8(last - r)
			}
		}
		last = w.side + reach
		for r := w.side - 1; r >= 0; r-- {
			k := r*w.side + c
			if w.valid[k] {
				last = r
			}
			if d := last - r; d <= reach && (f.nearest[k] == none || d < -int(f.nearest[k])) {
				f.nearest[k] = int8(d)
			}
		}
	}
}

// columnsOf notes for near which columns of a row have data within reach.
func (f *filler) columnsOf(w *window, r int) {
	if cap(f.next) <= w.side {
		f.next = make([]int32, w.side+1)
	}
	f.next = f.next[:w.side+1]
	f.next[w.side] = int32(w.side)
	row := f.nearest[r*w.side:][:w.side]
	for c := w.side - 1; c >= 0; c-- {
		f.next[c] = f.next[c+1]
		if row[c] != none {
			f.next[c] = int32(c)
		}
	}
}

// near returns the post with data nearest to column c, row r, and the weight of its difference: 1 beside it, 0 at reach.
func (f *filler) near(w *window, c, r int) (at int, weight float32, ok bool) {
	best := reach * reach // ties go to the west, then to the north
	for x := int(f.next[max(0, c-reach)]); x <= min(w.side-1, c+reach); x = int(f.next[x+1]) {
		d := f.nearest[r*w.side+x]
		if d2 := (x-c)*(x-c) + int(d)*int(d); d2 < best {
			best, at, ok = d2, (r+int(d))*w.side+x, true
		}
	}
	if !ok {
		return 0, 0, false
	}
	return at, 1 - smooth(sqrt32(float32(best))/reach), true
}
