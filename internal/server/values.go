package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"

	"github.com/terrane/terrane/imagery"
	"github.com/terrane/terrane/imagery/wms"
	"github.com/terrane/terrane/tilestore"
)

// values tells the numbers of a pixel that can be seen: the sources' own where they are kept, else those of its colour. None where a kept
// block says that there are none.
func (s *Server) values(ctx context.Context, d *lease, f *facts, at spot) (kind string, values []wms.Value, err error) {
	block, err := reader{d.Dataset}.Heights(ctx, at.tile)
	switch {
	case err == nil:
		err = s.maps.draw(ctx, f.size*f.size, func(context.Context) (err error) {
			values, err = keptValues(block, at)
			return err
		})
		return wms.KeptValue, values, err
	case !errors.Is(err, tilestore.ErrNotFound):
		return "", nil, err
	}
	exact, err := lossless(ctx, d, at)
	if err != nil {
		return "", nil, err
	}
	colour := []uint8{at.colour.R, at.colour.G, at.colour.B, at.colour.A}
	names := []string{"red", "green", "blue", "alpha"}
	kind = wms.StoredColour
	children := at.tile.Children()
	averaged := slices.ContainsFunc(children[:], d.info.Has) // from deeper tiles
	if exact && len(f.bands) > 0 && !averaged {
		kind, names = wms.StoredValue, f.bands
	}
	for k, name := range names {
		values = append(values, wms.Value{Name: name, Number: float64(colour[k])})
	}
	return kind, values, nil
}

// keptValues reads a pixel of a block; none if no band has a value there.
func keptValues(block []byte, at spot) ([]wms.Value, error) {
	v, err := imagery.DecodeValues(block)
	if err == nil && max(at.column, at.row) >= v.Side {
		err = fmt.Errorf("%d pixels a side", v.Side)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: values of tile %s: %w", tilestore.ErrCorrupt, at.tile, err)
	}
	var values []wms.Value
	some := false
	for b, band := range v.Bands {
		number := band[at.row*v.Side+at.column]
		values = append(values, wms.Value{Name: fmt.Sprintf("band %d", b+1), Number: number})
		some = some || !math.IsNaN(number)
	}
	if !some {
		return nil, nil
	}
	return values, nil
}

// lossless tells whether the picture of a tile was written without loss, as far as its format says.
func lossless(ctx context.Context, d *lease, at spot) (bool, error) {
	tile, err := d.Tile(ctx, at.tile)
	if err != nil {
		return false, err
	}
	return http.DetectContentType(tile.Data) == tilestore.PNG, nil
}

// bandsOf names what the colours of PNG tiles are, by the provenance of a dataset: numbers of its sources, if those were bytes that were
// taken as they are.
func bandsOf(provenance json.RawMessage) []string {
	var made struct {
		Sources []struct {
			Type  string
			Bands []int
			Scale []float64
		}
	}
	_ = json.Unmarshal(provenance, &made) // none, or not ours: then there are no sources
	var names []string
	for k, s := range made.Sources {
		if s.Type != "Byte" || s.Scale != nil || len(s.Bands) == 0 || k > 0 && len(s.Bands) != len(made.Sources[0].Bands) {
			return nil
		}
		if names = []string{"red", "green", "blue"}; len(s.Bands) == 1 {
			names = []string{fmt.Sprintf("band %d", s.Bands[0])}
		}
		if k > 0 && len(names) == 1 && s.Bands[0] != made.Sources[0].Bands[0] {
			return nil
		}
	}
	return names
}
