package imagery

import (
	"context"
	"errors"
	"fmt"
	"image"
	"math"
	"sync"

	"github.com/terrane/terrane/internal/picture"
	"github.com/terrane/terrane/internal/resample"
)

// ErrView: a view that cannot be drawn: no pixels, a box without width or height or turned over, numbers that are none, no projection.
var ErrView = errors.New("imagery: no such view")

// Limits bound what one request may take. More is [ErrTooLarge]. 0 is the default.
type Limits struct {
	Pixels int // width times height; default 4096 x 4096
	Tiles  int // tiles joined, each counted for each block of the view that it is joined for; default 1024 and one for each 1024 pixels of the view and layer
}

const (
	mostPixels = 4096 * 4096
	mostSide   = 1 << 20 // of any view, whatever the limits are
	someTiles  = 1024
	tileEach   = 1024 // pixels
)

// Drawer draws views. The zero value has the default limits. It keeps memory between views, and is safe for concurrent use.
type Drawer struct {
	Limits  Limits
	scratch sync.Pool // of *buffer
}

// buffer is memory for one picture that is used within a block.
type buffer struct{ pix []uint8 }

// Draw draws a view with a fresh [Drawer].
func Draw(ctx context.Context, sources []Source, v View) (picture.Picture, error) {
	return new(Drawer).Draw(ctx, sources, v)
}

// Draw paints sources over each other, the first lowest. The picture's Rect begins at 0, 0; where no source has anything it is transparent.
//
// A view is drawn in blocks of about 256 pixels. For each, of each source that level is taken which is the first at least as fine as asked, in both directions; what is more than
// 1.5 times as fine is averaged down by a power of two first, in each direction by itself, so that nothing aliases. (Nearest is never averaged.) Where that level has no tile but one
// above has, that one is drawn, magnified. Near a pole, or where a projection folds, a block of 32 pixels may come to need more tiles than its share: it is drawn from a coarser level.
//
// Positions are right to 0.06 pixels of the view. Errors: [ErrView], [ErrTooLarge], the context's, and those of the sources.
func (d *Drawer) Draw(ctx context.Context, sources []Source, v View) (picture.Picture, error) {
	if err := d.check(v); err != nil {
		return picture.Picture{}, err
	}
	dst := image.NewNRGBA(image.Rect(0, 0, v.Width, v.Height))
	opaque, err := d.draw(ctx, dst, sources, v)
	if err != nil {
		return picture.Picture{}, err
	}
	return picture.Picture{NRGBA: dst, Opaque: opaque}, nil
}

// DrawTo is [Drawer.Draw] into a picture of the caller's: dst's size is the view's, and what it held is lost. Opaque says that every pixel is.
func (d *Drawer) DrawTo(ctx context.Context, dst *image.NRGBA, sources []Source, v View) (opaque bool, err error) {
	if err := d.check(v); err != nil {
		return false, err
	}
	if dst.Rect != image.Rect(0, 0, v.Width, v.Height) {
		return false, fmt.Errorf("%w: %d x %d pixels into a picture of %v", ErrView, v.Width, v.Height, dst.Rect)
	}
	return d.draw(ctx, dst, sources, v)
}

func (d *Drawer) check(v View) error {
	if v.Width < 1 || v.Height < 1 || v.Projection == nil {
		return fmt.Errorf("%w: %d x %d pixels", ErrView, v.Width, v.Height)
	}
	w, h := v.Bound.Max[0]-v.Bound.Min[0], v.Bound.Max[1]-v.Bound.Min[1]
	if !(w > 0 && h > 0) || math.IsInf(w, 1) || math.IsInf(h, 1) {
		return fmt.Errorf("%w: box %v to %v", ErrView, v.Bound.Min, v.Bound.Max)
	}
	most := d.Limits.Pixels
	if most <= 0 {
		most = mostPixels
	}
	if v.Width > mostSide || v.Height > mostSide || v.Width*v.Height > most {
		return fmt.Errorf("%w: %d x %d pixels, at most %d are drawn", ErrTooLarge, v.Width, v.Height, most)
	}
	return nil
}

// blockSide is the wanted side of a block: blocks are 128 to 384 pixels wide and high, or the whole of a smaller view.
const blockSide = 256

func (d *Drawer) draw(ctx context.Context, dst *image.NRGBA, sources []Source, v View) (opaque bool, err error) {
	p := painter{
		drawer: d, dst: dst, view: v,
		stepX: (v.Bound.Max[0] - v.Bound.Min[0]) / float64(v.Width), stepY: (v.Bound.Max[1] - v.Bound.Min[1]) / float64(v.Height),
		tiles: d.Limits.Tiles, pixels: v.Width * v.Height * len(sources),
	}
	if p.tiles <= 0 {
		p.tiles = someTiles + p.pixels/tileEach
	}
	opaque = true
	cols, rows := max(1, (v.Width+blockSide/2)/blockSide), max(1, (v.Height+blockSide/2)/blockSide)
	for j := range rows {
		for i := range cols {
			block := image.Rect(i*v.Width/cols, j*v.Height/rows, (i+1)*v.Width/cols, (j+1)*v.Height/rows)
			covered, err := p.block(ctx, sources, block)
			if err != nil {
				return false, err
			}
			opaque = opaque && covered
		}
	}
	return opaque, nil
}

// borrow returns a picture of a rectangle with any content, and what gives its memory back.
func (d *Drawer) borrow(r image.Rectangle) (m *image.NRGBA, giveBack func()) {
	b, _ := d.scratch.Get().(*buffer)
	if b == nil {
		b = new(buffer)
	}
	if n := 4 * r.Dx() * r.Dy(); cap(b.pix) < n {
		b.pix = make([]uint8, n)
	}
	return &image.NRGBA{Pix: b.pix[:4*r.Dx()*r.Dy()], Stride: 4 * r.Dx(), Rect: r}, func() { d.scratch.Put(b) }
}

// painter is one view on its way.
type painter struct {
	drawer       *Drawer
	dst          *image.NRGBA
	view         View
	stepX, stepY float64 // a pixel, in the map's unit
	tiles        int     // that may still be joined
	pixels       int     // that are still to be drawn, in all layers
}

// block draws all sources in a rectangle and tells whether it came out opaque.
func (p *painter) block(ctx context.Context, sources []Source, block image.Rectangle) (opaque bool, err error) {
	for row := block.Min.Y; row < block.Max.Y; row++ {
		clear(p.dst.Pix[p.dst.PixOffset(block.Min.X, row):][:4*block.Dx()])
	}
	for i, s := range sources {
		l := layer{painter: p, source: s, grid: s.Grid(), tile: s.TileSize(), over: i > 0}
		l.lo, l.hi = s.Levels()
		if l.tile < 1 || l.lo > l.hi {
			continue
		}
		if err := l.part(ctx, block); err != nil {
			return false, err
		}
	}
	return resample.Opaque(p.dst, block), nil
}
