package verify

import (
	"encoding/json"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terrane/terrane/imagery"
	"github.com/terrane/terrane/tilegrid"
)

// block is values of so many bands, all the same but one that is absent.
func block(t *testing.T, side, bands int, kind imagery.ValueType) []byte {
	t.Helper()
	v := imagery.Values{Side: side, Type: kind}
	for range bands {
		band := slices.Repeat([]float64{17}, side*side)
		band[1] = math.NaN()
		v.Bands = append(v.Bands, band)
	}
	data, err := imagery.EncodeValues(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestFaultsOfKeptValuesAreFound(t *testing.T) {
	at := tilegrid.Coord{Z: 2, X: 3, Y: 1}
	for _, c := range []struct {
		name  string
		harm  func(d *dataset)
		rules []string
	}{
		{"all is well", func(*dataset) {}, nil},
		{"a block is missing", func(d *dataset) { delete(d.heights, at) }, []string{"values.absent"}},
		{"a block is cut short", func(d *dataset) { d.heights[at] = d.heights[at][:9] }, []string{"values.corrupt"}},
		{"a block is of another size", func(d *dataset) { d.heights[at] = block(t, 128, 2, "uint16") }, []string{"values.corrupt"}},
		{"a block is of another type", func(d *dataset) { d.heights[at] = block(t, 256, 2, "int16") }, []string{"values.corrupt"}},
		{"a block has more bands", func(d *dataset) { d.heights[at] = block(t, 256, 3, "uint16") }, []string{"values.corrupt"}},
		{"a tile on a higher level is the deepest there", func(d *dataset) {
			for _, child := range (tilegrid.Coord{Z: 1, X: 1}).Children() {
				d.drop(child)
				delete(d.heights, child)
			}
			d.seal()
		}, []string{"values.absent"}},
		{"a quarter of a higher level has no deeper tile", func(d *dataset) {
			d.drop(at)
			delete(d.heights, at)
			d.seal()
		}, []string{"values.absent"}},
		{"a quarter of a JPEG has no deeper tile, and nobody knows what it shows", func(d *dataset) {
			d.info.Provenance = json.RawMessage(`{"format":"jpeg","values":{"bands":2,"type":"uint16"}}`)
			d.drop(at)
			delete(d.heights, at)
			d.seal()
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := earth(t)
			d.info.Provenance = json.RawMessage(`{"values":{"bands":2,"type":"uint16"}}`)
			d.heights = map[tilegrid.Coord][]byte{}
			for tile := range d.tiles {
				if tile.Z == 2 {
					d.heights[tile] = block(t, 256, 2, "uint16")
				}
			}
			c.harm(d)
			var got []string
			for _, f := range run(t, d, Options{}).Faults {
				got = append(got, f.Rule)
			}
			if diff := cmp.Diff(c.rules, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
