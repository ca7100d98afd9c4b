package verify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/terrane/terrane/imagery"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// keptValues is what a dataset says of the sources' own values beside its pictures; the zero value: there are none.
type keptValues struct {
	Bands int
	Type  imagery.ValueType
}

// keptValuesOf reads the provenance of a dataset.
func keptValuesOf(i tilestore.Info) keptValues {
	var made struct{ Values keptValues }
	_ = json.Unmarshal(i.Provenance, &made) // none, or not ours: then nothing is kept
	return made.Values
}

// keeps tells whether values belong to a tile: to those without deeper ones, if to any.
func (v *verifier) keeps(c tilegrid.Coord) bool {
	if v.values.Bands == 0 {
		return false
	}
	for _, child := range c.Children() {
		if v.has(child) {
			return false
		}
	}
	return true
}

// readValues reads and decodes the values of a tile.
func (t *pictureTile) readValues(ctx context.Context, r tilestore.Reader, want keptValues) {
	h, ok := r.(tilestore.Heights)
	if !ok || t.absent {
		return
	}
	data, err := h.Heights(ctx, t.coord)
	switch {
	case errors.Is(err, tilestore.ErrNotFound):
		t.rule, t.fault = "values.absent", "values are kept beside others, not beside this one"
		return
	case errors.Is(err, tilestore.ErrCorrupt):
		t.rule, t.fault = "values.corrupt", err.Error()
		return
	case err != nil:
		t.err = err
		return
	}
	b, err := imagery.DecodeValues(data)
	if err == nil && (len(b.Bands) != want.Bands || b.Type != want.Type || b.Side != t.size.X) {
		err = fmt.Errorf("%d bands of %s, %d pixels a side", len(b.Bands), b.Type, b.Side)
	}
	if err != nil {
		t.rule, t.fault = "values.corrupt", err.Error()
	}
}
