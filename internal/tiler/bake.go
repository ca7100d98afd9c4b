package tiler

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"

	"github.com/terrane/terrane/internal/picture"
	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/internal/resample"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// Painter paints the sources into windows; goroutines share it. raster.Pictures is one.
type Painter interface {
	// Paint fills dst, all of it, and tells whether every pixel is opaque.
	Paint(ctx context.Context, w raster.Window, dst *image.NRGBA) (opaque bool, err error)
}

// tile is one tile ready to be stored.
type tile struct {
	coord tilegrid.Coord
	data  []byte
}

// oven bakes units; one goroutine uses one.
type oven struct {
	plan    Plan
	painter Painter
	stored  Stored
	encoder *encoder
	classes bool             // pixels are classes: a parent takes one, it makes no averages
	box     *image.Rectangle // pixels of the deepest level beyond it do not count; nil: all do
	windows [deepestUnit + 1]*image.NRGBA
}

// Stored gives back what was put.
type Stored interface {
	Tile(ctx context.Context, c tilegrid.Coord) (tilestore.Tile, error)
}

// bake makes the tiles of one unit that show anything, deepest level first, rows from the south.
func (o *oven) bake(ctx context.Context, s Stage, unit tilegrid.Coord) ([]tile, error) {
	window := o.window(0, pixelsBelow(o.plan.Grid, unit, s.Base))
	opaque, err := o.load(ctx, s, unit, window)
	if err != nil {
		return nil, fmt.Errorf("unit %s: %w", unit, err)
	}
	if some, _ := visible(window); !some {
		return nil, nil
	}
	var out []tile
	for z, k := s.Base, 0; ; z, k = z-1, k+1 {
		if z <= s.Top {
			if out, err = o.tiles(out, unit, z, window); err != nil {
				return nil, err
			}
		}
		if z == max(s.Root, o.plan.Min) {
			return out, nil
		}
		above := o.window(k+1, pixelsBelow(o.plan.Grid, unit, z-1))
		o.halve(above, resample.Source{Pix: window, Opaque: opaque})
		window = above
	}
}

// window returns the picture number k of the oven's memory, cut to a rectangle of a level's pixels. Its pixels are whatever was there.
func (o *oven) window(k int, r image.Rectangle) *image.NRGBA {
	w := o.windows[k]
	if n := 4 * r.Dx() * r.Dy(); w == nil || len(w.Pix) != n {
		w = image.NewNRGBA(r)
		o.windows[k] = w
	}
	w.Rect, w.Stride = r, 4*r.Dx()
	return w
}

// pixelsBelow returns the pixels of level z that a unit covers.
func pixelsBelow(g tilegrid.Grid, unit tilegrid.Coord, z uint8) image.Rectangle {
	side := TileSize << (z - unit.Z)
	north := g.FlipY(unit)
	at := image.Pt(int(north.X)*side, int(north.Y)*side)
	return image.Rectangle{at, at.Add(image.Pt(side, side))}
}

// load fills the window of a stage's base level, and tells whether all of it is opaque.
func (o *oven) load(ctx context.Context, s Stage, unit tilegrid.Coord, window *image.NRGBA) (opaque bool, err error) {
	if s.Base != o.plan.Max {
		return o.restore(ctx, s, unit, window)
	}
	w := raster.Window{Grid: o.plan.Grid, Level: s.Base, TileSize: TileSize, Rect: window.Rect}
	opaque, err = o.painter.Paint(ctx, w, window)
	if err != nil || o.box == nil || window.Rect.In(*o.box) {
		return opaque, err
	}
	for y := window.Rect.Min.Y; y < window.Rect.Max.Y; y++ {
		row := window.Pix[window.PixOffset(window.Rect.Min.X, y):][:window.Stride]
		for x := window.Rect.Min.X; x < window.Rect.Max.X; x++ {
			if !(image.Point{x, y}.In(*o.box)) {
				clear(row[4*(x-window.Rect.Min.X):][:4])
			}
		}
	}
	return false, nil
}

// restore fills the window from the tiles that the stage before stored.
func (o *oven) restore(ctx context.Context, s Stage, unit tilegrid.Coord, window *image.NRGBA) (opaque bool, err error) {
	clear(window.Pix)
	opaque = true
	d := s.Base - unit.Z
	for y := unit.Y << d; y < (unit.Y+1)<<d; y++ {
		for x := unit.X << d; x < (unit.X+1)<<d; x++ {
			c := tilegrid.Coord{Z: s.Base, X: x, Y: y}
			p, err := o.stored1(ctx, c)
			if err != nil {
				return false, err
			}
			opaque = opaque && p.NRGBA != nil && p.Opaque
			if p.NRGBA != nil {
				paste(window, p.NRGBA, pixelsBelow(o.plan.Grid, c, c.Z).Min)
			}
		}
	}
	return opaque, nil
}

// stored1 returns a tile that was put, or no picture.
func (o *oven) stored1(ctx context.Context, c tilegrid.Coord) (picture.Picture, error) {
	t, err := o.stored.Tile(ctx, c)
	if errors.Is(err, tilestore.ErrNotFound) {
		return picture.Picture{}, nil
	}
	if err != nil {
		return picture.Picture{}, err
	}
	p, err := picture.Decode(t.Data, TileSize*TileSize)
	if err == nil && p.Rect.Size() != image.Pt(TileSize, TileSize) {
		err = fmt.Errorf("%w: %v pixels", tilestore.ErrCorrupt, p.Rect.Size())
	}
	if err != nil {
		return picture.Picture{}, fmt.Errorf("stored tile %s: %w", c, err)
	}
	return p, nil
}

// paste copies src into dst, its first pixel at a place.
func paste(dst, src *image.NRGBA, at image.Point) {
	for y := range src.Rect.Dy() {
		copy(dst.Pix[dst.PixOffset(at.X, at.Y+y):][:4*src.Rect.Dx()], src.Pix[y*src.Stride:])
	}
}

// halve makes the window of the level above.
func (o *oven) halve(dst *image.NRGBA, src resample.Source) {
	if !o.classes {
		resample.Halve(dst, src)
		return
	}
	for y := dst.Rect.Min.Y; y < dst.Rect.Max.Y; y++ {
		to := dst.Pix[dst.PixOffset(dst.Rect.Min.X, y):][:4*dst.Rect.Dx()]
		upper := src.Pix.Pix[src.Pix.PixOffset(2*dst.Rect.Min.X, 2*y):][:2*len(to)]
		lower := src.Pix.Pix[src.Pix.PixOffset(2*dst.Rect.Min.X, 2*y+1):][:2*len(to)]
		for k := 0; k < len(to); k += 4 {
			copy(to[k:k+4], firstVisible(upper[2*k:2*k+8], lower[2*k:2*k+8]))
		}
	}
}

// firstVisible returns that of four pixels which stands for them: the first that can be seen, so that what is small does not vanish from the levels above.
func firstVisible(upper, lower []uint8) []uint8 {
	for _, p := range [][]uint8{upper[:4], upper[4:], lower[:4]} {
		if p[3] != 0 {
			return p
		}
	}
	return lower[4:]
}

// tiles encodes the tiles of level z that show anything.
func (o *oven) tiles(out []tile, unit tilegrid.Coord, z uint8, window *image.NRGBA) ([]tile, error) {
	d := z - unit.Z
	for y := unit.Y << d; y < (unit.Y+1)<<d; y++ {
		for x := unit.X << d; x < (unit.X+1)<<d; x++ {
			c := tilegrid.Coord{Z: z, X: x, Y: y}
			p := window.SubImage(pixelsBelow(o.plan.Grid, c, z)).(*image.NRGBA)
			some, opaque := visible(p)
			if !some {
				continue
			}
			data, err := o.encoder.encode(picture.Picture{NRGBA: p, Opaque: opaque})
			if err != nil {
				return nil, fmt.Errorf("tile %s: %w", c, err)
			}
			out = append(out, tile{c, bytes.Clone(data)})
		}
	}
	return out, nil
}
