package server

import (
	"context"
	"image/color"
	"math"

	"github.com/paulmach/orb"

	"github.com/terrane/terrane/imagery/style"
	"github.com/terrane/terrane/imagery/wms"
	"github.com/terrane/terrane/tilegrid"
)

// infoOf tells what the dataset of a name has at a place.
func (s *Server) infoOf(ctx context.Context, ref string, p orb.Point) ([]wms.Info, error) {
	d, err := s.openAny(ctx, ref)
	if err != nil {
		return nil, err
	}
	defer d.Release()
	return s.info(ctx, &d, p)
}

// info tells what a dataset has at a place, degrees: the height of terrain; of imagery the sources' own values if they are kept, else the
// colour, which is a value too where nothing was lost on its way. Nothing where there is nothing.
func (s *Server) info(ctx context.Context, d *lease, p orb.Point) ([]wms.Info, error) {
	f, err := s.maps.facts(ctx, d)
	if err != nil {
		return nil, err
	}
	i := wms.Info{Layer: d.info.Name, Position: p, Kind: wms.StoredValue}
	if f.ground {
		g, err := style.NewGround(reader{d.Dataset}, s.maps.ground, d.Opening())
		if err != nil {
			return nil, err
		}
		metres, _, ok, err := g.Height(ctx, p)
		if err != nil || !ok {
			return nil, err
		}
		i.Values = []wms.Value{{Name: "height", Number: math.Round(metres*1000) / 1000, Unit: "m"}}
		return []wms.Info{i}, nil
	}
	at, ok, err := s.pixel(ctx, d, f, p)
	if err != nil || !ok {
		return nil, err
	}
	if i.Kind, i.Values, err = s.values(ctx, d, f, at); err != nil || len(i.Values) == 0 {
		return nil, err
	}
	return []wms.Info{i}, nil
}

// spot is a pixel of a stored tile.
type spot struct {
	tile        tilegrid.Coord
	column, row int
	colour      color.NRGBA
}

// pixel finds the pixel at a place, on the deepest level that has a tile there; ok is false where that is transparent, or none.
func (s *Server) pixel(ctx context.Context, d *lease, f *facts, p orb.Point) (at spot, ok bool, err error) {
	g := d.info.Grid
	x, y := g.Fraction(orb.Point{math.Mod(math.Mod(p[0]+180, 360)+360, 360) - 180, p[1]})
	if f.tiles == nil || !(y >= 0 && y <= 1) || g == tilegrid.Mercator && math.Abs(p[1]) > tilegrid.MercatorLimit {
		return at, false, nil
	}
	source := f.tiles.On(reader{d.Dataset}, d.Opening())
	lo, hi := source.Levels()
	for z := int(hi); z >= int(lo); z-- {
		columns, rows := g.Size(uint8(z))
		column, row := x*float64(columns), (1-y)*float64(rows)
		c := tilegrid.Coord{Z: uint8(z), X: min(uint32(column), columns-1), Y: min(uint32(row), rows-1)}
		tile, err := source.Image(ctx, g.FlipY(c))
		if err != nil {
			return at, false, err
		}
		if tile.NRGBA != nil {
			pixel := func(at float64, tile uint32) int { return min(int((at-float64(tile))*float64(f.size)), f.size-1) }
			at = spot{tile: g.FlipY(c), column: pixel(column, c.X), row: pixel(row, c.Y)}
			at.colour = tile.NRGBAAt(at.column, at.row)
			return at, at.colour.A > 0, nil
		}
	}
	return at, false, nil
}
