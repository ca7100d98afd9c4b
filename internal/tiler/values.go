package tiler

import (
	"context"
	"image"
	"math"
	"slices"

	"github.com/terrane/terrane/imagery"
	"github.com/terrane/terrane/internal/raster"
)

// valueKeeper makes the blocks of values of an oven; without bands it makes none.
type valueKeeper struct {
	kind  imagery.ValueType
	bands [][]float64 // of a tile
	parts [][]float64 // of a part of it
}

func newValueKeeper(form raster.ValueForm) valueKeeper {
	k := valueKeeper{kind: imagery.ValueType(form.Type), parts: make([][]float64, form.Bands)}
	for range form.Bands {
		k.bands = append(k.bands, make([]float64, TileSize*TileSize))
	}
	return k
}

// block returns the sources' own numbers under the visible pixels of parts of a tile, or nil if none is visible there.
func (k *valueKeeper) block(ctx context.Context, o *oven, tile *image.NRGBA, parts []raster.Window) ([]byte, error) {
	if len(k.bands) == 0 {
		return nil, nil
	}
	for _, band := range k.bands {
		for i := range band {
			band[i] = math.NaN()
		}
	}
	found := false
	for _, w := range parts {
		whole := w.Rect
		for _, box := range o.boxes(w.Level) {
			w.Rect = whole.Intersect(box)
			p := part(tile, w.Rect)
			if some, _ := visible(p); !some {
				continue
			}
			found = true
			if err := k.take(ctx, o.painter, w, p, w.Rect.Min.Sub(tile.Rect.Min)); err != nil {
				return nil, err
			}
		}
	}
	if !found {
		return nil, nil
	}
	return imagery.EncodeValues(imagery.Values{Side: TileSize, Type: k.kind, Bands: k.bands})
}

// take reads the numbers of a window, whose picture is given, into the tile's bands, at a pixel of it.
func (k *valueKeeper) take(ctx context.Context, from Painter, w raster.Window, p *image.NRGBA, at image.Point) error {
	width, height := p.Rect.Dx(), p.Rect.Dy()
	for b := range k.parts {
		k.parts[b] = slices.Grow(k.parts[b][:0], width*height)[:width*height]
	}
	if err := from.Values(ctx, w, k.parts); err != nil {
		return err
	}
	for y := range height {
		for x := range width {
			if p.Pix[y*p.Stride+4*x+3] == 0 {
				continue
			}
			for b, band := range k.bands {
				band[(at.Y+y)*TileSize+at.X+x] = k.parts[b][y*width+x]
			}
		}
	}
	return nil
}
