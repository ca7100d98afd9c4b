package tiler

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"slices"

	"github.com/terrane/terrane/internal/picture"
	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/internal/resample"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// Painter paints the sources into windows; goroutines share it. raster.Pictures is one.
type Painter interface {
	// Blank tells that a window shows nothing, if that is known without painting it.
	Blank(ctx context.Context, w raster.Window) (bool, error)
	// Paint fills dst, all of it, and tells whether every pixel is opaque.
	Paint(ctx context.Context, w raster.Window, dst *image.NRGBA) (opaque bool, err error)
	// Values fills dst, one slice a band, with the sources' own numbers, NaN where there are none.
	Values(ctx context.Context, w raster.Window, dst [][]float64) error
}

// tile is one tile ready to be stored.
type tile struct {
	coord  tilegrid.Coord
	data   []byte
	values []byte // a block of the sources' own, or nil
}

// oven bakes units; one goroutine uses one.
type oven struct {
	plan    Plan
	painter Painter
	stored  Stored
	encoder *encoder
	classes bool                            // pixels are classes: a parent takes one, it makes no averages
	boxes   func(z uint8) []image.Rectangle // pixels of a level beyond them do not count
	windows [deepestUnit + 1]*image.NRGBA
	values  valueKeeper
}

// Stored gives back what was put.
type Stored interface {
	Tile(ctx context.Context, c tilegrid.Coord) (tilestore.Tile, error)
}

// bake makes the tiles of one unit that show anything, deepest level first, rows from the south. s is a copy: of its ranges
// those are kept that the unit needs.
func (o *oven) bake(ctx context.Context, s Stage, unit tilegrid.Coord) ([]tile, error) {
	window := o.window(0, pixelsBelow(o.plan.Grid, unit, s.Base))
	if blank, err := o.blank(ctx, s, unit, window.Rect); blank || err != nil {
		return nil, err
	}
	opaque, err := o.load(ctx, s, unit, window)
	if err != nil {
		return nil, fmt.Errorf("unit %s: %w", unit, err)
	}
	if some, _ := visible(window); !some {
		return nil, nil
	}
	s.made, s.wanted = within(s.made, unit), within(s.wanted, unit)
	var out []tile
	for z, k := s.Base, 0; ; z, k = z-1, k+1 {
		if z <= s.Top {
			if out, err = o.tiles(ctx, out, s, unit, z, window); err != nil {
				return nil, err
			}
		}
		if z == max(s.Root, o.plan.Min) {
			return out, nil
		}
		if o.encoder.format == JPEG && !o.classes { // classes do not fade
			o.whiten(unit, z, window)
		}
		above := o.window(k+1, pixelsBelow(o.plan.Grid, unit, z-1))
		o.halve(above, resample.Source{Pix: window, Opaque: opaque})
		window = above
	}
}

// whiten lays the tiles of a level that show anything over white, as they are stored, so that those above are averages of them.
func (o *oven) whiten(unit tilegrid.Coord, z uint8, window *image.NRGBA) {
	for c := range subtree(unit, z).All() {
		p := part(window, pixelsBelow(o.plan.Grid, c, z))
		if some, opaque := visible(p); some && !opaque {
			paste(p, overWhite(picture.Picture{NRGBA: p}).NRGBA)
		}
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

// blank tells that a unit shows nothing, as far as that is known without reading pixels or tiles.
func (o *oven) blank(ctx context.Context, s Stage, unit tilegrid.Coord, r image.Rectangle) (bool, error) {
	if !o.paints(s) || touch(s.made, unit) {
		return false, nil
	}
	return o.painter.Blank(ctx, o.ground(s.Base, r))
}

// paints tells whether a stage has something from the sources.
func (o *oven) paints(s Stage) bool { return s.Base == o.plan.Max || s.Fresh || s.wanted != nil }

// ground is what the painter calls a rectangle of a level's pixels.
func (o *oven) ground(z uint8, r image.Rectangle) raster.Window {
	return raster.Window{Grid: o.plan.Grid, Level: z, TileSize: TileSize, Rect: r}
}

// load fills the window of a stage's base level, and tells whether all of it is opaque: with the tiles that the stages before
// made, and for the ground where they made none, with the sources.
func (o *oven) load(ctx context.Context, s Stage, unit tilegrid.Coord, window *image.NRGBA) (opaque bool, err error) {
	made := within(s.made, unit)
	switch {
	case !o.paints(s):
		return o.restore(ctx, subtree(unit, s.Base), window)
	case len(made) == 0:
		return o.paint(ctx, s.Base, window)
	}
	var fresh []tilegrid.Coord
	opaque = true
	for c := range subtree(unit, s.Base).All() {
		if !touch(made, c) {
			fresh = append(fresh, c)
			continue
		}
		full, err := o.restore(ctx, tilegrid.Range{Z: c.Z, MinX: c.X, MinY: c.Y, MaxX: c.X, MaxY: c.Y}, window)
		if err != nil {
			return false, err
		}
		opaque = opaque && full
	}
	for _, r := range tilegrid.Ranges(fresh) {
		full, err := o.paint(ctx, s.Base, part(window, o.pixels(r)))
		if err != nil {
			return false, err
		}
		opaque = opaque && full
	}
	return opaque, nil
}

// subtree returns the tiles of level z below a unit's root.
func subtree(unit tilegrid.Coord, z uint8) tilegrid.Range {
	d := z - unit.Z
	return tilegrid.Range{Z: z, MinX: unit.X << d, MinY: unit.Y << d, MaxX: (unit.X+1)<<d - 1, MaxY: (unit.Y+1)<<d - 1}
}

// pixels returns the pixels of a range of tiles.
func (o *oven) pixels(r tilegrid.Range) image.Rectangle {
	west := pixelsBelow(o.plan.Grid, tilegrid.Coord{Z: r.Z, X: r.MinX, Y: r.MaxY}, r.Z)
	east := pixelsBelow(o.plan.Grid, tilegrid.Coord{Z: r.Z, X: r.MaxX, Y: r.MinY}, r.Z)
	return image.Rectangle{west.Min, east.Max}
}

// part returns a part of a picture, on the same memory.
func part(m *image.NRGBA, r image.Rectangle) *image.NRGBA { return m.SubImage(r).(*image.NRGBA) }

// paint fills a window of level z from the sources, and tells whether all of it is opaque.
func (o *oven) paint(ctx context.Context, z uint8, window *image.NRGBA) (opaque bool, err error) {
	opaque, err = o.painter.Paint(ctx, o.ground(z, window.Rect), window)
	boxes := o.boxes(z)
	if err != nil || slices.ContainsFunc(boxes, window.Rect.In) {
		return opaque, err
	}
	for y := window.Rect.Min.Y; y < window.Rect.Max.Y; y++ {
		row := window.Pix[window.PixOffset(window.Rect.Min.X, y):][:4*window.Rect.Dx()]
		for x := window.Rect.Min.X; x < window.Rect.Max.X; x++ {
			if !slices.ContainsFunc(boxes, image.Point{x, y}.In) {
				clear(row[4*(x-window.Rect.Min.X):][:4])
			}
		}
	}
	return false, nil
}

// restore fills the part of the window that tiles cover from what was stored, and tells whether all of it is opaque.
func (o *oven) restore(ctx context.Context, tiles tilegrid.Range, window *image.NRGBA) (opaque bool, err error) {
	opaque = true
	for c := range tiles.All() {
		p, err := o.stored1(ctx, c)
		if err != nil {
			return false, err
		}
		opaque = opaque && p.NRGBA != nil && p.Opaque
		paste(part(window, pixelsBelow(o.plan.Grid, c, c.Z)), p.NRGBA)
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

// paste copies src, of dst's size, into dst; no picture is transparent.
func paste(dst, src *image.NRGBA) {
	for y := range dst.Rect.Dy() {
		row := dst.Pix[y*dst.Stride:][:4*dst.Rect.Dx()]
		if src == nil {
			clear(row)
			continue
		}
		copy(row, src.Pix[y*src.Stride:])
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

// firstVisible returns that of four pixels which stands for them: the first that can be seen, so that what is small does not
// vanish from the levels above.
func firstVisible(upper, lower []uint8) []uint8 {
	for _, p := range [][]uint8{upper[:4], upper[4:], lower[:4]} {
		if p[3] != 0 {
			return p
		}
	}
	return lower[4:]
}

// tiles encodes the tiles of level z that a stage makes and that show anything.
func (o *oven) tiles(ctx context.Context, out []tile, s Stage, unit tilegrid.Coord, z uint8, window *image.NRGBA) ([]tile, error) {
	for c := range subtree(unit, z).All() {
		p := part(window, pixelsBelow(o.plan.Grid, c, z))
		some, opaque := visible(p)
		if !some || z == s.Base && touch(s.made, c) || s.wanted != nil && !touch(s.wanted, c) {
			continue
		}
		data, err := o.encoder.encode(picture.Picture{NRGBA: p, Opaque: opaque})
		if err != nil {
			return nil, fmt.Errorf("tile %s: %w", c, err)
		}
		ready := tile{coord: c, data: bytes.Clone(data)}
		if ready.values, err = o.values.block(ctx, o, p, o.bare(s, c)); err != nil {
			return nil, fmt.Errorf("values of tile %s: %w", c, err)
		}
		out = append(out, ready)
	}
	return out, nil
}

// bare returns the parts of a tile for which no deeper tile is stored, though they may show something: of one of the base level all; of one
// above, the quarters on ground that is not as deep.
func (o *oven) bare(s Stage, c tilegrid.Coord) []raster.Window {
	if c.Z == s.Base {
		return []raster.Window{o.ground(c.Z, pixelsBelow(o.plan.Grid, c, c.Z))}
	}
	var out []raster.Window
	for _, child := range c.Children() {
		if s.wanted != nil && !touch(s.wanted, child) {
			r := pixelsBelow(o.plan.Grid, child, child.Z)
			out = append(out, o.ground(c.Z, image.Rectangle{r.Min.Div(2), r.Max.Div(2)}))
		}
	}
	return out
}
