package imagery

import (
	"context"
	"fmt"
	"image"
	"math"
	"math/bits"

	"github.com/terrane/terrane/internal/resample"
	"github.com/terrane/terrane/tilegrid"
)

const (
	exactness  = 0.05        // largest error of an interpolated position, in pixels of the view
	finer      = 0.01        // a level that is coarser than asked by less than 2^0.01 is fine enough
	coarsen    = 1.5         // a level that is finer than this is averaged down
	mostShrink = 8           // averages of 2^8 pixels, at most
	mostOblong = 16          // times as fine in one direction as asked, at most, for the sake of the other
	smallBlock = 32          // pixels a side: not split, while there is a coarser level
	someJoined = 36          // tiles that are joined for a larger block, at most
	mostJoined = 128         // and for a small one
	mostWindow = 3 * 1 << 20 // pixels that are joined at a time
)

// layer is one source in one block of a view.
type layer struct {
	*painter
	source Source
	grid   tilegrid.Grid
	tile   int
	lo, hi uint8
	over   bool // something lies below it
}

// level is a level of a layer for a part of the view: how to get there, and what is averaged down.
type level struct {
	z                uint8
	field            *resample.Field
	scaleX, scaleY   float64 // columns and rows to a pixel of the view
	shrinkX, shrinkY uint    // powers of two
	window           image.Rectangle
}

// width returns the grid's width in pixels.
func (l *layer) width(z uint8) float64 {
	columns, _ := l.grid.Size(z)
	return float64(columns) * float64(l.tile)
}

// part draws a part of the view, in quarters where it would take too many tiles at once.
func (l *layer) part(ctx context.Context, r image.Rectangle) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	x, y, ok := l.scale(l.grid, l.width(0), r)
	if !ok {
		return l.quarters(ctx, r, smallBlock)
	}
	fewest := max(min(x, y), max(x, y)/mostOblong)
	z := l.choose(fewest)
	n := math.Exp2(float64(z))
	options := resample.FieldOptions{Tolerance: max(exactness*fewest*n, 1e-6), Period: l.width(z)}
	at := level{z: z, field: resample.NewField(r, l.place(l.grid, l.width(z)), options), scaleX: x * n, scaleY: y * n}
	l.open(&at, r)
	for !l.fits(at, r) {
		if side := max(r.Dx(), r.Dy()); side > smallBlock || at.z == l.lo && side > 1 {
			return l.quarters(ctx, r, 1)
		}
		if at.z == l.lo {
			return fmt.Errorf("%w: a view of so much ground takes too many tiles of level %d", ErrTooLarge, at.z)
		}
		at = l.coarser(at, at.z-1, r)
	}
	l.pixels -= r.Dx() * r.Dy()
	return l.draw(ctx, at, r)
}

// choose returns the first level that is at least as fine as asked, of those that there are; scale is that of level 0.
func (l *layer) choose(scale float64) uint8 {
	z := math.Ceil(-math.Log2(scale) - finer)
	return uint8(max(float64(l.lo), min(float64(l.hi), z)))
}

// quarters draws a part in four, or nothing if it is not larger than so many pixels a side.
func (l *layer) quarters(ctx context.Context, r image.Rectangle, smallest int) error {
	if r.Dx() <= smallest && r.Dy() <= smallest {
		l.pixels -= r.Dx() * r.Dy()
		return nil
	}
	c := image.Pt((r.Min.X+r.Max.X)/2, (r.Min.Y+r.Max.Y)/2)
	for _, q := range [4]image.Rectangle{
		{r.Min, c}, {image.Pt(c.X, r.Min.Y), image.Pt(r.Max.X, c.Y)},
		{image.Pt(r.Min.X, c.Y), image.Pt(c.X, r.Max.Y)}, {c, r.Max},
	} {
		if q.Empty() {
			continue
		}
		if err := l.part(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

// coarser returns what at is on a level above.
func (l *layer) coarser(at level, z uint8, r image.Rectangle) level {
	n := math.Exp2(float64(z) - float64(at.z))
	up := level{z: z, field: at.field.Scaled(n, n), scaleX: at.scaleX * n, scaleY: at.scaleY * n}
	l.open(&up, r)
	return up
}

// open finds how far a level is averaged down, and the window of its pixels that a part of the view takes.
func (l *layer) open(at *level, r image.Rectangle) {
	if l.view.Kernel != resample.Nearest {
		at.shrinkX, at.shrinkY = l.shrink(at.scaleX), l.shrink(at.scaleY)
	}
	box := at.field.Bounds(r)
	if !(box.MinX <= box.MaxX && box.MinY <= box.MaxY) {
		return
	}
	reach := l.view.Kernel.Reach()
	_, rows := l.grid.Size(at.z)
	w := image.Rectangle{
		Min: image.Pt(floorTo(box.MinX, at.shrinkX, -reach), floorTo(box.MinY, at.shrinkY, -reach)),
		Max: image.Pt(floorTo(box.MaxX, at.shrinkX, reach+1), floorTo(box.MaxY, at.shrinkY, reach+1)),
	}
	w.Min.Y, w.Max.Y = max(w.Min.Y, 0), min(w.Max.Y, int(rows)*l.tile)
	at.window = l.clip(w, at.z)
}

// shrink returns how often a level is halved. A tile is cut in whole averages, so one of an odd size is not halved at all.
func (l *layer) shrink(scale float64) (n uint) {
	for most := min(mostShrink, uint(bits.TrailingZeros(uint(l.tile)))); scale > coarsen && n < most; n++ {
		scale /= 2
	}
	return n
}

// floorTo returns the first source pixel of the 2^n that a position is averaged with, moved on by so many such pixels.
func floorTo(v float64, n uint, by int) int {
	return (int(math.Floor(v))>>n + by) << n
}

// extentSource is a [Source] that knows outside of which tiles of a level it holds nothing there and above.
type extentSource interface {
	Extent(z uint8) (tilegrid.Range, bool)
}

// clip cuts a window to what the source holds, on whichever time round the globe.
func (l *layer) clip(w image.Rectangle, z uint8) image.Rectangle {
	s, ok := l.source.(extentSource)
	if !ok || w.Empty() {
		return w
	}
	held, any := s.Extent(z)
	if !any {
		return image.Rectangle{}
	}
	columns, rows := l.grid.Size(z)
	w.Min.Y = max(w.Min.Y, int(rows-1-held.MaxY)*l.tile)
	w.Max.Y = min(w.Max.Y, int(rows-held.MinY)*l.tile)
	around := int(columns) * l.tile
	west, east := int(held.MinX)*l.tile, int(held.MaxX+1)*l.tile
	if first := floorDiv(w.Min.X-east, around) + 1; first*around+west > w.Min.X {
		w.Min.X = first*around + west
	}
	if last := floorDiv(w.Max.X-west-1, around); last*around+east < w.Max.X {
		w.Max.X = last*around + east
	}
	if w.Empty() {
		return image.Rectangle{}
	}
	return w
}

func floorDiv(a, b int) int {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// tilesOf returns the tiles that a window lies in, columns on whichever time round, rows from the north.
func (l *layer) tilesOf(w image.Rectangle) image.Rectangle {
	if w.Empty() {
		return image.Rectangle{}
	}
	return image.Rect(floorDiv(w.Min.X, l.tile), floorDiv(w.Min.Y, l.tile), floorDiv(w.Max.X-1, l.tile)+1, floorDiv(w.Max.Y-1, l.tile)+1)
}

// fits tells whether a part's window may be joined at once. A small part may have a share of the tiles that are left, several times what its pixels come to.
func (l *layer) fits(at level, r image.Rectangle) bool {
	w, t := at.window, l.tilesOf(at.window)
	most := someJoined
	if max(r.Dx(), r.Dy()) <= smallBlock {
		share := float64(l.tiles) * float64(r.Dx()*r.Dy()) / float64(max(1, l.pixels))
		most = int(max(4, min(mostJoined, 8*share)))
	}
	return float64(w.Dx())*float64(w.Dy()) <= mostWindow && float64(t.Dx())*float64(t.Dy()) <= float64(most)
}
