package verify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"

	"github.com/terrane/terrane/imagery"
	"github.com/terrane/terrane/tilestore"
)

// keptValues is what a dataset says of the sources' own values beside its pictures; the zero value: there are none.
type keptValues struct {
	Bands int
	Type  imagery.ValueType
	white bool // tiles are JPEG: what is transparent is white in them
}

// keptValuesOf reads the provenance of a dataset.
func keptValuesOf(i tilestore.Info) keptValues {
	var made struct {
		Values keptValues
		Format string
	}
	_ = json.Unmarshal(i.Provenance, &made) // none, or not ours: then nothing is kept
	made.Values.white = made.Format == "jpeg"
	return made.Values
}

// keeps tells whether values belong to a tile, if to any: to those that show anything in a quarter for which there is no deeper tile. Of a
// white quarter of a JPEG beside a deeper tile nobody knows whether it shows anything.
func (v *verifier) keeps(t *pictureTile) bool {
	if v.values.Bands == 0 {
		return false
	}
	bare, deeper := false, false
	for k, child := range t.coord.Children() {
		there := v.has(child)
		bare, deeper = bare || !there && t.shows[k], deeper || there
	}
	return bare && !(deeper && v.values.white)
}

// quarters tells which quarters of a tile show anything, in the order of its children.
func quarters(m *image.NRGBA) (shows [4]bool) {
	half := m.Rect.Dx() / 2
	for y := range m.Rect.Dy() {
		for x := range m.Rect.Dx() {
			if m.Pix[y*m.Stride+4*x+3] != 0 {
				k := 0
				if x >= half {
					k = 1
				}
				if y < half { // rows of tiles count from the south
					k += 2
				}
				shows[k] = true
			}
		}
	}
	return shows
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
