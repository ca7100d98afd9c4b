package style

import (
	"context"
	"fmt"
	"image"

	"github.com/terrane/terrane/imagery"
	"github.com/terrane/terrane/internal/picture"
	"github.com/terrane/terrane/tilegrid"
)

// Source returns the ground's tiles in a style. It has levels 0 to [Overzoom] beyond the one whose pixels are as fine as the deepest heights.
// Image returns the zero Picture for tiles outside of the dataset's bound, tilegrid.ErrOutOfGrid for those outside of the grid or beyond the
// last level, and the store's errors. Nobody may write to a picture: the ground's cache keeps it.
func (g *Ground) Source(s Style) imagery.Source { return source{g, s} }

type source struct {
	ground *Ground
	style  Style
}

func (s source) Grid() tilegrid.Grid    { return tilegrid.Geodetic }
func (s source) TileSize() int          { return side }
func (s source) Levels() (lo, hi uint8) { return 0, s.ground.lastLevel() }

func (s source) Image(ctx context.Context, c tilegrid.Coord) (picture.Picture, error) {
	if !tilegrid.Geodetic.Valid(c) || c.Z > s.ground.lastLevel() {
		return picture.Picture{}, fmt.Errorf("%w: %s", tilegrid.ErrOutOfGrid, c)
	}
	p := place{s.ground.opening, s.style.Name, c}
	if e := s.ground.cache.get(p); e != nil {
		return e.picture, nil
	}
	drawn, err := s.draw(ctx, c)
	if err != nil {
		return picture.Picture{}, fmt.Errorf("picture %s: %w", c, err)
	}
	s.ground.cache.put(&entry{place: p, picture: drawn})
	return drawn, nil
}

// draw makes a picture past the cache.
func (s source) draw(ctx context.Context, c tilegrid.Coord) (picture.Picture, error) {
	clip := s.ground.clip(c)
	if clip.empty() || s.style.paint == nil {
		return picture.Picture{}, nil
	}
	f, err := s.ground.field(ctx, c)
	if err != nil {
		return picture.Picture{}, err
	}
	m := image.NewNRGBA(image.Rect(0, 0, side, side))
	s.style.paint(f, m)
	clip.apply(m)
	return picture.Picture{NRGBA: m, Opaque: m.Opaque()}, nil
}

// Extent returns the tiles of level z outside of which there is nothing, all columns where the bound crosses the antimeridian; imagery.Draw asks.
func (s source) Extent(z uint8) (tilegrid.Range, bool) {
	parts := tilegrid.SplitBound(s.ground.info.Bound)
	r := tilegrid.Geodetic.Cover(parts[0], z)
	if len(parts) > 1 {
		columns, _ := tilegrid.Geodetic.Size(z)
		r.MinX, r.MaxX = 0, columns-1
	}
	return r, true
}

// clip tells which columns and rows of a picture have their centres in the dataset's bound.
type clip struct{ columns, rows [side]bool }

func (g *Ground) clip(c tilegrid.Coord) clip {
	var out clip
	b, step := g.info.Bound, tilegrid.Geodetic.Resolution(c.Z, side)
	for k := range side {
		lon := (float64(int64(c.X)*side+int64(k))+0.5)*step - 180
		lat := (float64((int64(c.Y)+1)*side-int64(k))-0.5)*step - 90
		for _, turn := range [3]float64{0, 360, -360} {
			out.columns[k] = out.columns[k] || lon+turn >= b.Min.Lon() && lon+turn <= b.Max.Lon()
		}
		out.rows[k] = lat >= b.Min.Lat() && lat <= b.Max.Lat()
	}
	return out
}

func (c *clip) empty() bool {
	return c.columns == [side]bool{} || c.rows == [side]bool{}
}

// apply clears the pixels outside.
func (c *clip) apply(m *image.NRGBA) {
	for r, inside := range c.rows {
		row := m.Pix[r*m.Stride:][:side*4]
		if !inside {
			clear(row)
			continue
		}
		for k, inside := range c.columns {
			if !inside {
				clear(row[k*4:][:4])
			}
		}
	}
}
