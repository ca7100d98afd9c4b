package style

import (
	"context"
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
)

// window is a rectangle of posts of one level. Columns count from longitude -180, rows from the south pole; both may leave the grid: columns go
// on round the globe, rows beyond a pole come back on the other side.
type window struct {
	level       uint8
	west, north int64 // the first post's column and row
	cols, rows  int
	z           []float32 // metres, northern row first; NaN where nothing is known
}

func newWindow(level uint8, west, north int64, cols, rows int) *window {
	return &window{level, west, north, cols, rows, make([]float32, cols*rows)}
}

func isNaN(h float32) bool { return h != h }

// load fills a window with what is stored for its level, and where nothing is, with what lies between the posts of the level above.
func (g *Ground) load(ctx context.Context, w *window) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	nan := float32(math.NaN())
	for k := range w.z {
		w.z[k] = nan
	}
	if w.level <= g.info.Levels[1] {
		if err := g.restore(ctx, w); err != nil {
			return err
		}
	}
	if w.level == 0 || !slices.ContainsFunc(w.z, isNaN) {
		return nil
	}
	above := w.above()
	if err := g.load(ctx, above); err != nil {
		return err
	}
	if w.level > g.info.Levels[1] {
		w.refine(above, soft)
	} else {
		w.refine(above, exact)
	}
	return nil
}

// restore copies stored tiles into the window. A border post is known if a tile on either side of it is.
func (g *Ground) restore(ctx context.Context, w *window) error {
	south, east := w.north-int64(w.rows)+1, w.west+int64(w.cols)-1
	for ty := floorDiv(w.north, terrain.Cells); ty >= floorDiv(south-1, terrain.Cells); ty-- {
		for tx := floorDiv(w.west-1, terrain.Cells); tx <= floorDiv(east, terrain.Cells); tx++ {
			part := w.under(tx, ty)
			if !part.unknown() {
				continue
			}
			c, mirrored := wrap(w.level, tx, ty)
			z, err := g.tile(ctx, c)
			if err != nil {
				return err
			}
			if z != nil {
				part.copy(z, mirrored)
			}
		}
	}
	return nil
}

// wrap returns the tile that stands at a column and row which may leave the grid, and whether its rows run the other way: beyond a pole.
func wrap(level uint8, tx, ty int64) (c tilegrid.Coord, mirrored bool) {
	columns, rows := tilegrid.Geodetic.Size(level)
	switch {
	case ty < 0:
		tx, ty, mirrored = tx+int64(columns)/2, -1-ty, true
	case ty >= int64(rows):
		tx, ty, mirrored = tx+int64(columns)/2, 2*int64(rows)-1-ty, true
	}
	return tilegrid.Coord{Z: level, X: uint32(mod(tx, int64(columns))), Y: uint32(ty)}, mirrored
}

func floorDiv(a, b int64) int64 { return (a - mod(a, b)) / b }

func mod(a, b int64) int64 { return (a%b + b) % b }

// part is where a tile lies in a window: the window's columns and rows from, to (excluded), and the tile's post at the first of them.
type part struct {
	w                *window
	c0, c1, r0, r1   int
	column, rowNorth int
}

func (w *window) under(tx, ty int64) part {
	left, top := int(tx*terrain.Cells-w.west), int(w.north-(ty+1)*terrain.Cells)
	p := part{w: w, c0: max(0, left), c1: min(w.cols, left+terrain.StoredSide), r0: max(0, top), r1: min(w.rows, top+terrain.StoredSide)}
	p.column, p.rowNorth = p.c0-left, p.r0-top
	return p
}

// unknown tells whether any post of the part is.
func (p part) unknown() bool {
	for r := p.r0; r < p.r1; r++ {
		if p.c0 < p.c1 && slices.ContainsFunc(p.w.z[r*p.w.cols+p.c0:r*p.w.cols+p.c1], isNaN) {
			return true
		}
	}
	return false
}

func (p part) copy(z []float32, mirrored bool) {
	for r := p.r0; r < p.r1; r++ {
		row := p.rowNorth + r - p.r0
		if mirrored {
			row = terrain.Cells - row
		}
		copy(p.w.z[r*p.w.cols+p.c0:r*p.w.cols+p.c1], z[row*terrain.StoredSide+p.column:])
	}
}

// above returns the window of the level above that refine needs: two posts more on every side than lie under this one.
func (w *window) above() *window {
	south, east := w.north-int64(w.rows)+1, w.west+int64(w.cols)-1
	west, north := floorDiv(w.west, 2)-1, floorDiv(w.north+1, 2)+1
	return newWindow(w.level-1, west, north, int(floorDiv(east, 2)+2-west)+1, int(north-floorDiv(south, 2)+2)+1)
}

// refine gives every unknown post its height from the posts of the level above: rows first, then columns.
func (w *window) refine(above *window, rule rule) {
	rows := make([]float32, above.rows*w.cols)
	for r := range above.rows {
		src, dst := above.z[r*above.cols:][:above.cols], rows[r*w.cols:][:w.cols]
		for c := range dst {
			i := w.west + int64(c)
			k := int(floorDiv(i, 2) - above.west)
			if i&1 == 0 {
				dst[c] = rule.at(src[k-1], src[k], src[k+1])
			} else {
				dst[c] = rule.between(src[k-1], src[k], src[k+1], src[k+2])
			}
		}
	}
	for r := range w.rows {
		j := w.north - int64(r)
		k := int(above.north - floorDiv(j+1, 2)) // the row at the post, or north of it
		a, b, c, d := rows[(k-1)*w.cols:], rows[k*w.cols:], rows[(k+1)*w.cols:], rows[(k+2)*w.cols:]
		for n, h := range w.z[r*w.cols:][:w.cols] {
			switch {
			case !isNaN(h):
			case j&1 == 0:
				w.z[r*w.cols+n] = rule.at(a[n], b[n], c[n])
			default:
				w.z[r*w.cols+n] = rule.between(a[n], b[n], c[n], d[n])
			}
		}
	}
}

// rule is how a level follows from the one above it: at the posts that both have, and halfway between two of them.
type rule struct {
	at      func(before, at, after float32) float32
	between func(a, b, c, d float32) float32
}

// exact keeps the posts: for the ground that levels above fill in beside stored tiles.
var exact = rule{func(_, h, _ float32) float32 { return h }, halfway}

// soft is for what is magnified: the mean of the four-point rule and of the cubic B-spline's (Lane & Riesenfeld 1980). It bends more evenly, so
// that shading shows less of how the posts were sampled, at the price of a little steepness.
var soft = rule{
	func(a, b, c float32) float32 { return 0.875*b + 0.0625*(a+c) },
	func(a, b, c, d float32) float32 {
		if b == c {
			return b
		}
		return 0.53125*(b+c) - 0.03125*(a+d)
	},
}

// halfway returns the height halfway between b and c of four posts in line: the four-point rule (Dubuc 1986; Dyn, Levin & Gregory 1987). Between
// equal posts the ground is flat: lakes and the sea do not swing at their shores.
func halfway(a, b, c, d float32) float32 {
	if b == c {
		return b
	}
	return 0.5625*(b+c) - 0.0625*(a+d)
}

// reach is how many posts beyond the bound count for a pixel within it: two pixels of margin, and two posts of the four-point rule.
const reach = 4

// extend has the ground beyond the bound go on as it came: each post outside follows the line through the two nearest posts inside. Windows that
// see fewer stay as they are.
func (w *window) extend(b orb.Bound) {
	s := tilegrid.Geodetic.Resolution(w.level, terrain.Cells)
	circle, pole := int64(2*terrain.Cells)<<w.level, int64(terrain.Cells)<<w.level
	west, east := int64(math.Ceil((b.Min.Lon()+180)/s)), int64(math.Floor((b.Max.Lon()+180)/s))
	south, north := int64(math.Ceil((b.Min.Lat()+90)/s)), int64(math.Floor((b.Max.Lat()+90)/s))
	for _, turn := range [3]int64{-circle, 0, circle} {
		l := line{apart: 1, n: w.cols, first: int(west + turn - w.west), last: int(east + turn - w.west), reach: int(min(reach, (circle-1-(east-west))/2))}
		for r := range w.rows {
			l.extend(w.z[r*w.cols:])
		}
	}
	l := line{apart: w.cols, n: w.rows, first: int(w.north - north), last: int(w.north - south), reach: reach}
	if north >= pole { // what lies beyond a pole is ground
		l.first -= reach
	}
	if south <= 0 {
		l.last += reach
	}
	for c := range w.cols {
		l.extend(w.z[c:])
	}
}

// line is a row or column of n posts that lie so many values apart; those from first to last are inside the bound.
type line struct{ apart, n, first, last, reach int }

// extend sets the posts beyond both ends, as far as the reach goes.
func (l line) extend(z []float32) {
	if l.last <= l.first {
		return
	}
	if l.first > 0 && l.first+1 < l.n {
		h := z[l.first*l.apart]
		step := h - z[(l.first+1)*l.apart]
		for k := l.first - 1; k >= max(0, l.first-l.reach); k-- {
			h = onward(h, step)
			z[k*l.apart] = h
		}
	}
	if l.last < l.n-1 && l.last > 0 {
		h := z[l.last*l.apart]
		step := h - z[(l.last-1)*l.apart]
		for k := l.last + 1; k <= min(l.n-1, l.last+l.reach); k++ {
			h = onward(h, step)
			z[k*l.apart] = h
		}
	}
}

// onward takes a step that ends at sea level: no shore comes up beyond the data.
func onward(h, step float32) float32 {
	if (h < 0) != (h+step < 0) {
		return 0
	}
	return h + step
}
