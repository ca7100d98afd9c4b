package ingest

import (
	"context"
	"math"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/terrain"
)

// joint lays sources over each other without a step where one ends: the heights of an upper one pass into those below it over
// up to reach posts inside the edge of its data. It is a Source, and as with every one a post's height depends on the post
// alone: a window is read with an apron as wide as anything that counts for a post may be away.
type joint []part // the top one first

// part is one source of a joint and the ground beyond which it has nothing.
type part struct {
	Source
	ground orb.Bound // degrees; Max.Lon may be beyond 180; the zero value is everywhere
}

// pinhole is the radius, in posts, up to which a hole in the data counts as a flaw of it rather than as its edge: laser scans
// are full of them, and edges around each would leave little of the scan. A pinhole takes the shape of what lies below, raised
// to the data around it.
const pinhole = 4

// mostChained is how many sources with pinholes over pinholes are told apart to the bit.
const mostChained = 16

// Heights fills dst with the joint's heights, NaN where no source has any.
func (s joint) Heights(ctx context.Context, l raster.Lattice, dst []float32) error {
	near := s.touching(l)
	switch len(near) {
	case 0:
		copy(dst, newSheet(l).z)
		return nil
	case 1:
		return near[0].Heights(ctx, l, dst)
	}
	apron := reach + 2*pinhole + pinhole*min(len(near), mostChained)
	wide := raster.Lattice{Level: l.Level, MinI: l.MinI - int64(apron), MinJ: l.MinJ - int64(apron), Cols: l.Cols + 2*apron, Rows: l.Rows + 2*apron}
	g, err := near.lay(ctx, wide)
	if err != nil {
		return err
	}
	for r := range l.Rows {
		copy(dst[r*l.Cols:][:l.Cols], g.z[(r+apron)*wide.Cols+apron:])
	}
	return nil
}

// touching returns the sources whose ground reaches into a window or its apron.
func (s joint) touching(l raster.Lattice) joint {
	around := l.Bound().Pad(l.Step() * (reach + (2+mostChained)*pinhole))
	var near joint
	for _, p := range s {
		if _, ok := turnTo(around, p.reached()); p.ground.IsZero() || ok {
			near = append(near, p)
		}
	}
	return near
}

// reached is the part's ground with a margin: bounds of what was projected are known about only.
func (p part) reached() orb.Bound {
	return p.ground.Pad((p.ground.Max[0] - p.ground.Min[0] + p.ground.Max[1] - p.ground.Min[1]) / 100)
}

// sheet is a rectangle of posts with the heights of something, NaN where it has none.
type sheet struct {
	raster.Lattice
	z []float32
}

func newSheet(l raster.Lattice) sheet {
	s := sheet{l, make([]float32, l.Cols*l.Rows)}
	for k := range s.z {
		s.z[k] = missing
	}
	return s
}

// lay returns what the sources have for a window, from the bottom up. What lies below a source without holes is not read.
func (s joint) lay(ctx context.Context, l raster.Lattice) (sheet, error) {
	if len(s) == 0 {
		return newSheet(l), nil
	}
	own := newSheet(s[0].within(l))
	if len(own.z) == 0 {
		return s[1:].lay(ctx, l)
	}
	if err := s[0].Heights(ctx, own.Lattice, own.z); err != nil {
		return sheet{}, err
	}
	marks := own.marks()
	if own.Lattice == l && !marks.some(false) {
		return own, nil
	}
	below, err := s[1:].lay(ctx, l)
	if err == nil && marks.some(true) {
		below.cover(own, marks)
	}
	return below, err
}

// within cuts a window to the part's ground, where that lies in it once.
func (p part) within(l raster.Lattice) raster.Lattice {
	if p.ground.IsZero() {
		return l
	}
	b, step := p.reached(), l.Step()
	pad := step * (reach + (2+mostChained)*pinhole)
	if b = b.Pad(pad); b.Max[0]-b.Min[0]+float64(l.Cols)*step >= 360 {
		return l
	}
	b, ok := turnTo(l.Bound(), b)
	if !ok {
		return raster.Lattice{}
	}
	west, east := max(l.MinI, int64(math.Floor((b.Min[0]+180)/step))), min(l.MinI+int64(l.Cols)-1, int64(math.Ceil((b.Max[0]+180)/step)))
	south, north := max(l.MinJ, int64(math.Floor((b.Min[1]+90)/step))), min(l.MinJ+int64(l.Rows)-1, int64(math.Ceil((b.Max[1]+90)/step)))
	if west > east || south > north {
		return raster.Lattice{}
	}
	return raster.Lattice{Level: l.Level, MinI: west, MinJ: south, Cols: int(east-west) + 1, Rows: int(north-south) + 1}
}

// marks says of each post of a sheet whether it has data.
type marks []bool

// marks returns where the sheet has data. What lies beyond a pole has what the pole has: data does not end there.
func (s sheet) marks() marks {
	m := make(marks, len(s.z))
	for k, h := range s.z {
		m[k] = h == h
	}
	top := int64(terrain.Cells) << s.Level
	for r := range s.Rows {
		j := s.MinJ + int64(s.Rows-1-r)
		pole := int(s.MinJ) + s.Rows - 1 - int(max(0, min(top, j)))
		if (j < 0 || j > top) && pole >= 0 && pole < s.Rows {
			copy(m[r*s.Cols:][:s.Cols], m[pole*s.Cols:][:s.Cols])
		}
	}
	return m
}

// some tells whether any post is marked so.
func (m marks) some(as bool) bool {
	for _, v := range m {
		if v == as {
			return true
		}
	}
	return false
}

// cut returns the part of a sheet under a lattice that lies within it.
func (s sheet) cut(l raster.Lattice) sheet {
	out := sheet{l, make([]float32, l.Cols*l.Rows)}
	at := int(s.MinJ+int64(s.Rows)-l.MinJ-int64(l.Rows))*s.Cols + int(l.MinI-s.MinI)
	for r := range l.Rows {
		copy(out.z[r*l.Cols:][:l.Cols], s.z[at+r*s.Cols:])
	}
	return out
}

// cover lays another sheet over the part of this one that it covers.
//
// The weight of the upper one is 0 at its edge and 1 from reach posts inside it on; where what lies below ends in its turn, its
// weight grows to 1 there, so that a strip in which two overlap is enough to pass from one to the other.
func (s sheet) cover(own sheet, data marks) {
	below := s.cut(own.Lattice)
	under := below.marks()
	own.mend(below, data)
	in, on := near(data, false, own.Lattice, reach), []float32(nil)
	if under.some(false) {
		on = near(under, false, own.Lattice, reach)
	}
	at := int(s.MinJ+int64(s.Rows)-own.MinJ-int64(own.Rows))*s.Cols + int(own.MinI-s.MinI)
	for k, h := range own.z {
		to := at + k/own.Cols*s.Cols + k%own.Cols
		switch {
		case isMissing(h):
		case in[k] >= reach || isMissing(below.z[k]):
			s.z[to] = h
		default:
			a, b := smooth(in[k]/reach), float32(1)
			if on != nil {
				b = smooth(on[k] / reach)
			}
			s.z[to] += (h - below.z[k]) * (a / (a + b*(1-a)))
		}
	}
}

// mend closes the pinholes of a sheet over what lies below: its shape, raised by what the data around the hole differs from it.
// data is kept in step.
func (s sheet) mend(below sheet, data marks) {
	enclosed := data.between(s.Lattice)
	if !enclosed.some(true) {
		return
	}
	const wider = pinhole + 1
	out := near(data, true, s.Lattice, wider)
	core := make(marks, len(data))
	for k, d := range out {
		core[k] = d >= wider
	}
	far := near(core, true, s.Lattice, wider)
	whole := append([]float32(nil), s.z...)
	for k, d := range far {
		if data[k] || d < wider || isMissing(below.z[k]) || !enclosed[k] {
			continue
		}
		if rise, ok := rise(whole, below, k); ok {
			s.z[k], data[k] = below.z[k]+rise, true
		}
	}
}

// between tells of each post without data whether there is some on both sides of it, in its row or in its column, near enough for a pinhole.
func (m marks) between(l raster.Lattice) marks {
	const far = 2*pinhole + 1
	out := make(marks, len(m))
	line := func(at, step, n int) {
		last := -2 * far
		for k := range n {
			if !m[at+k*step] {
				continue
			}
			for gap := last + 1; k-last > 1 && k-last <= far && gap < k; gap++ {
				out[at+gap*step] = true
			}
			last = k
		}
	}
	for r := range l.Rows {
		line(r*l.Cols, 1, l.Cols)
	}
	for c := range l.Cols {
		line(c, l.Cols, l.Rows)
	}
	return out
}

// rise returns how much heights differ around a post from those below, the nearest counting most.
func rise(z []float32, below sheet, at int) (mean float32, ok bool) {
	sum, weights := float32(0), float32(0)
	c, r := at%below.Cols, at/below.Cols
	for y := max(0, r-pinhole); y <= min(below.Rows-1, r+pinhole); y++ {
		for x := max(0, c-pinhole); x <= min(below.Cols-1, c+pinhole); x++ {
			if d := z[y*below.Cols+x] - below.z[y*below.Cols+x]; !isMissing(d) {
				w := 1 / float32((x-c)*(x-c)+(y-r)*(y-r))
				sum, weights = sum+w*d, weights+w
			}
		}
	}
	return sum / weights, weights > 0
}

// near returns how far the nearest post marked so is from each, in posts, up to within, which stands for all that are as far or further.
func near(m marks, as bool, l raster.Lattice, within int) []float32 {
	rows := alongColumns(m, as, l, within)
	out := make([]float32, len(m))
	for r := range l.Rows {
		row, to := rows[r*l.Cols:][:l.Cols], out[r*l.Cols:][:l.Cols]
		last := -within // the last column so far that has a mark near enough
		for c := 1 - within; c < l.Cols; c++ {
			if ahead := c + within - 1; ahead < l.Cols && int(row[ahead]) < within {
				last = ahead
			}
			if c >= 0 {
				to[c] = float32(within)
				if last > c-within {
					to[c] = sqrt32(float32(nearest(row, c, within)))
				}
			}
		}
	}
	return out
}

// nearest returns the square of the distance to the nearest mark of one post, given those along the columns of its row.
func nearest(row []uint8, c, within int) int {
	best := within * within
	for x := 0; x*x < best; x++ {
		for _, at := range [2]int{c - x, c + x} {
			if at < 0 || at >= len(row) {
				continue
			}
			if d := int(row[at]); d < within {
				best = min(best, x*x+d*d)
			}
		}
	}
	return best
}

// alongColumns returns how far the nearest post marked so is in each post's column, up to within.
func alongColumns(m marks, as bool, l raster.Lattice, within int) []uint8 {
	out := make([]uint8, len(m))
	sweep := func(r, from int) {
		for c := range l.Cols {
			k := r*l.Cols + c
			d := uint8(within)
			if from >= 0 && from < l.Rows {
				d = min(d, out[from*l.Cols+c]+1)
			}
			if m[k] == as {
				d = 0
			}
			if r < from {
				d = min(d, out[k])
			}
			out[k] = d
		}
	}
	for r := range l.Rows {
		sweep(r, r-1)
	}
	for r := l.Rows - 1; r >= 0; r-- {
		sweep(r, r+1)
	}
	return out
}
