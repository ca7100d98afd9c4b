package tiler

import (
	"context"
	"image"
	"math"

	"github.com/terrane/terrane/imagery"
	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/tilegrid"
)

// valueKeeper makes the blocks of values of an oven; without bands it makes none.
type valueKeeper struct {
	kind  imagery.ValueType
	bands [][]float64
}

func newValueKeeper(form raster.ValueForm) valueKeeper {
	k := valueKeeper{kind: imagery.ValueType(form.Type)}
	for range form.Bands {
		k.bands = append(k.bands, make([]float64, TileSize*TileSize))
	}
	return k
}

// block returns the sources' own numbers under the visible pixels of a tile of the deepest level, or nil.
func (k *valueKeeper) block(ctx context.Context, o *oven, c tilegrid.Coord, tile *image.NRGBA) ([]byte, error) {
	if len(k.bands) == 0 {
		return nil, nil
	}
	w := raster.Window{Grid: o.plan.Grid, Level: c.Z, TileSize: TileSize, Rect: tile.Rect}
	if err := o.painter.Values(ctx, w, k.bands); err != nil {
		return nil, err
	}
	for y := range TileSize {
		for x := range TileSize {
			if tile.Pix[y*tile.Stride+4*x+3] != 0 {
				continue
			}
			for _, band := range k.bands {
				band[y*TileSize+x] = math.NaN()
			}
		}
	}
	return imagery.EncodeValues(imagery.Values{Side: TileSize, Type: k.kind, Bands: k.bands})
}
