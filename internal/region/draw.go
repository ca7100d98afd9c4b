package region

import (
	"math"

	"github.com/paulmach/orb"
)

// Side is how many pixels a tile has along each side: those of a quantized-mesh water mask.
const Side = 256

// stride is a row of cells: what a segment leaves in a pixel may reach into the next, also past the last.
const stride = Side + 2

// Drawer is the memory of whoever asks regions; it serves one goroutine at a time. Its zero value is ready.
type Drawer struct {
	cells   []float32     // change of cover from pixel to pixel, stride a row
	west    [Side]float64 // cover that comes into each row from the west
	touched [Side]bool    // rows with cells that are not 0
	mixed   bool          // any is
	pixels  []byte
	one     [1]byte
	winding []int32
}

// Draw returns how much of each pixel of a square of degrees the region covers, 0 to 255: 256 x 256 bytes, rows from the north,
// or a single one where all are 0 or all are 255. The bytes are the drawer's own and good until its next call.
func (d *Drawer) Draw(r *Region, b orb.Bound) []byte {
	if d.cells == nil {
		d.cells, d.pixels = make([]float32, Side*stride), make([]byte, Side*Side)
	}
	clear(d.west[:])
	d.mixed = false
	scale := Side / (b.Max[1] - b.Min[1])
	r.walk(b, func(p, q orb.Point, turn int) {
		shift := 360*float64(turn) - b.Min[0]
		d.segment((p[0]+shift)*scale, (b.Max[1]-p[1])*scale, (q[0]+shift)*scale, (b.Max[1]-q[1])*scale)
	})
	if !d.mixed && d.even() {
		return d.all(d.west[0] >= 0.5)
	}
	return d.shade()
}

// even tells whether all rows get the same cover from the west, as bytes go.
func (d *Drawer) even() bool {
	first := level(d.west[0])
	for _, cover := range d.west {
		if level(cover) != first {
			return false
		}
	}
	return first == 0 || first == 255
}

// all returns the one byte of a tile that is the same throughout.
func (d *Drawer) all(covered bool) []byte {
	d.one[0] = 0
	if covered {
		d.one[0] = 255
	}
	return d.one[:]
}

// shade turns what segments left into bytes.
func (d *Drawer) shade() []byte {
	none, full := true, true
	for y := range Side {
		row, cells, cover := d.pixels[y*Side:][:Side], d.cells[y*stride:][:stride], d.west[y]
		if !d.touched[y] {
			v := level(cover)
			none, full = none && v == 0, full && v == 255
			for x := range row {
				row[x] = v
			}
			continue
		}
		for x := range row {
			cover += float64(cells[x])
			v := level(cover)
			none, full = none && v == 0, full && v == 255
			row[x] = v
		}
		clear(cells)
		d.touched[y] = false
	}
	if none || full {
		return d.all(full)
	}
	return d.pixels
}

// level turns a cover into a byte. Where polygons lie over each other there is more than 1.
func level(cover float64) byte { return byte(max(0, min(1, cover))*255 + 0.5) }

// leastHeight is that of a segment that covers anything to speak of, pixels; of a lower one the slope would be no number.
const leastHeight = 1e-12

// segment adds the cover east of a segment, pixels from the tile's north-western corner. One that runs south has the region on its east.
func (d *Drawer) segment(x0, y0, x1, y1 float64) {
	sign := 1.0
	if y0 > y1 {
		x0, y0, x1, y1, sign = x1, y1, x0, y0, -1
	}
	if y1-y0 < leastHeight || y1 <= 0 || y0 >= Side {
		return
	}
	slope := (x1 - x0) / (y1 - y0)
	if y0 < 0 {
		x0, y0 = x0-y0*slope, 0
	}
	if y1 > Side {
		x1, y1 = x0+(Side-y0)*slope, Side
	}
	d.part(x0, y0, x1, y1, sign)
}

// part is segment for one that runs south and lies within the tile's rows. It is cut where it crosses the tile's sides.
func (d *Drawer) part(x0, y0, x1, y1, sign float64) {
	for _, side := range [2]float64{0, Side} {
		if min(x0, x1) < side && max(x0, x1) > side {
			y := max(y0, min(y1, y0+(side-x0)*(y1-y0)/(x1-x0)))
			d.part(x0, y0, side, y, sign)
			d.part(side, y, x1, y1, sign)
			return
		}
	}
	switch {
	case y0 >= y1 || min(x0, x1) >= Side:
	case max(x0, x1) <= 0:
		d.comeIn(y0, y1, sign)
	default:
		d.draw(x0, y0, x1, y1, sign)
	}
}

// comeIn adds the cover of a segment west of the tile.
func (d *Drawer) comeIn(y0, y1, sign float64) {
	for y := int(y0); y < Side && float64(y) < y1; y++ {
		d.west[y] += sign * (min(float64(y+1), y1) - max(float64(y), y0))
	}
}

// draw adds the cover of a segment inside the tile, row by row.
func (d *Drawer) draw(x0, y0, x1, y1, sign float64) {
	d.mixed = true
	slope := (x1 - x0) / (y1 - y0)
	x := x0
	for y := int(y0); y < Side && float64(y) < y1; y++ {
		height := min(float64(y+1), y1) - max(float64(y), y0)
		next := max(0, min(Side, x+slope*height))
		d.touched[y] = true
		cross(d.cells[y*stride:][:stride], min(x, next), max(x, next), float32(sign*height))
		x = next
	}
}

// cross adds the cover of a segment that goes from x0 to x1 within one row and covers so much of the row's height: each pixel
// gets what of it lies east of the segment, less what the one before has got.
func cross(cells []float32, x0, x1 float64, cover float32) {
	first, last := int(x0), int(math.Ceil(x1))
	if last <= first+1 {
		mean := float32((x0+x1)/2 - float64(first))
		cells[first] += cover * (1 - mean)
		cells[first+1] += cover * mean
		return
	}
	step := 1 / (x1 - x0)
	begin, end := 1-(x0-float64(first)), x1-float64(last-1)
	before := float32(0)
	for k := first; k <= last; k++ {
		var share float64 // of the segment's height times what lies east of it, up to this pixel
		switch k {
		case first:
			share = 0.5 * step * begin * begin
		case last - 1:
			share = 1 - 0.5*step*end*end
		case last:
			share = 1
		default:
			share = step * (begin + float64(k-first) - 0.5)
		}
		cells[k] += cover * (float32(share) - before)
		before = float32(share)
	}
}
