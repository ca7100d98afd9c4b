package imagery

import (
	"context"
	"fmt"
	"image"

	"github.com/terrane/terrane/internal/picture"
	"github.com/terrane/terrane/internal/resample"
	"github.com/terrane/terrane/tilegrid"
)

// draw draws a part of the view from a level, over what the levels above have where that one has no tiles.
func (l *layer) draw(ctx context.Context, at level, r image.Rectangle) error {
	if at.window.Empty() {
		return nil
	}
	joined, giveBack := l.drawer.borrow(at.shrunk(at.window))
	defer giveBack()
	j, err := l.join(ctx, at, joined)
	if err != nil {
		return err
	}
	below := *l
	if j.above {
		if err := below.draw(ctx, l.coarser(at, j.level, r), r); err != nil {
			return err
		}
		below.over = true
	}
	if j.tiles > 0 {
		below.paint(at, resample.Source{Pix: joined, Opaque: j.opaque}, r)
	}
	return nil
}

// paint resamples what was joined into a part of the view.
func (l *layer) paint(at level, src resample.Source, r image.Rectangle) {
	field := at.field
	if at.shrinkX|at.shrinkY > 0 {
		field = field.Scaled(1/float64(int(1)<<at.shrinkX), 1/float64(int(1)<<at.shrinkY))
	}
	if !l.over {
		field.Sample(l.dst, r, src, l.view.Kernel)
		return
	}
	top, giveBack := l.drawer.borrow(r)
	defer giveBack()
	field.Sample(top, r, src, l.view.Kernel)
	resample.Over(l.dst, top, r)
}

// shrunk returns a rectangle of the level averaged down; its sides lie on whole averages.
func (at level) shrunk(r image.Rectangle) image.Rectangle {
	return image.Rect(r.Min.X>>at.shrinkX, r.Min.Y>>at.shrinkY, r.Max.X>>at.shrinkX, r.Max.Y>>at.shrinkY)
}

// joint says what was joined: how many tiles, whether every pixel is opaque, and, if above is true, the deepest level that has pixels where tiles are missing.
type joint struct {
	tiles  int
	opaque bool
	above  bool
	level  uint8
}

// join takes the tiles of a window into a picture of its size when averaged down.
func (l *layer) join(ctx context.Context, at level, dst *image.NRGBA) (joint, error) {
	j := joint{opaque: true}
	t := l.tilesOf(at.window)
	if l.tiles -= t.Dx() * t.Dy(); l.tiles < 0 {
		return j, fmt.Errorf("%w: the view takes too many tiles", ErrTooLarge)
	}
	columns, rows := l.grid.Size(at.z)
	for row := t.Min.Y; row < t.Max.Y; row++ {
		for col := t.Min.X; col < t.Max.X; col++ {
			c := tilegrid.Coord{Z: at.z, X: uint32(col - floorDiv(col, int(columns))*int(columns)), Y: rows - 1 - uint32(row)}
			part := image.Rect(col, row, col+1, row+1)
			part.Min, part.Max = part.Min.Mul(l.tile), part.Max.Mul(l.tile)
			p, err := l.image(ctx, c)
			if err != nil {
				return j, err
			}
			if p.NRGBA != nil {
				j.tiles++
				j.opaque = j.opaque && p.Opaque
				at.take(dst, p, part)
				continue
			}
			j.opaque = false
			clearTile(dst, at.shrunk(part))
			if err := l.lookAbove(ctx, c, &j); err != nil {
				return j, err
			}
		}
	}
	return j, nil
}

// image returns a tile of the right size, the zero Picture where there is none.
func (l *layer) image(ctx context.Context, c tilegrid.Coord) (picture.Picture, error) {
	p, err := l.source.Image(ctx, c)
	if err != nil {
		return picture.Picture{}, fmt.Errorf("draw tile %s: %w", c, err)
	}
	if p.NRGBA != nil && (p.Rect.Dx() != l.tile || p.Rect.Dy() != l.tile) {
		return picture.Picture{}, fmt.Errorf("draw tile %s: %w: %v pixels", c, picture.ErrFormat, p.Rect.Size())
	}
	return p, nil
}

// lookAbove finds the nearest tile above a missing one, and takes note of it if it shows something there: a blank tile that is not stored lies below one that is blank there.
func (l *layer) lookAbove(ctx context.Context, c tilegrid.Coord, j *joint) error {
	for z := int(c.Z) - 1; z >= int(l.lo); z-- {
		up := c.Ancestor(uint8(z))
		p, err := l.image(ctx, up)
		if err != nil {
			return err
		}
		if p.NRGBA == nil {
			continue
		}
		if p.Opaque || !blank(p, l.share(c, up)) {
			j.level = max(j.level, up.Z)
			j.above = true
		}
		return nil
	}
	return nil
}

// share returns the pixels of a tile that a tile below it covers, at least one.
func (l *layer) share(c, up tilegrid.Coord) image.Rectangle {
	n := uint32(1) << min(c.Z-up.Z, 31)
	x, y := int(c.X%n), int(n-1-c.Y%n)
	side := max(1, l.tile/int(n))
	at := image.Pt(x*l.tile/int(n), y*l.tile/int(n))
	return image.Rectangle{at, at.Add(image.Pt(side, side))}
}

// blank tells whether a rectangle of a picture, counted from its north-west corner, is wholly transparent.
func blank(p picture.Picture, r image.Rectangle) bool {
	r = r.Add(p.Rect.Min).Intersect(p.Rect)
	for row := r.Min.Y; row < r.Max.Y; row++ {
		for pix := p.Pix[p.PixOffset(r.Min.X, row):][:4*r.Dx()]; len(pix) > 3; pix = pix[4:] {
			if pix[3] != 0 {
				return false
			}
		}
	}
	return true
}

// take copies or averages that part of a tile which dst has; where is where the tile lies on its level.
func (at level) take(dst *image.NRGBA, p picture.Picture, where image.Rectangle) {
	tile := &image.NRGBA{Pix: p.Pix, Stride: p.Stride, Rect: where}
	r := at.shrunk(where).Intersect(dst.Rect)
	part := &image.NRGBA{Pix: dst.Pix[dst.PixOffset(r.Min.X, r.Min.Y):], Stride: dst.Stride, Rect: r}
	switch {
	case at.shrinkX == 1 && at.shrinkY == 1:
		resample.Halve(part, resample.Source{Pix: tile, Opaque: p.Opaque})
	case at.shrinkX|at.shrinkY > 0:
		resample.Shrink(part, resample.Source{Pix: tile, Opaque: p.Opaque}, at.shrinkX, at.shrinkY)
	default:
		for row := r.Min.Y; row < r.Max.Y; row++ {
			copy(part.Pix[part.PixOffset(r.Min.X, row):][:4*r.Dx()], tile.Pix[tile.PixOffset(r.Min.X, row):])
		}
	}
}

func clearTile(dst *image.NRGBA, at image.Rectangle) {
	r := at.Intersect(dst.Rect)
	for row := r.Min.Y; row < r.Max.Y; row++ {
		clear(dst.Pix[dst.PixOffset(r.Min.X, row):][:4*r.Dx()])
	}
}
