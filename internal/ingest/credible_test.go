package ingest

import (
	"errors"
	"strings"
	"testing"

	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/internal/remedy"
)

func TestAWrongReferenceIsRefusedOrNoted(t *testing.T) {
	for _, c := range []struct {
		name                 string
		crs                  string
		west, south, degrees float64 // in units of the reference
		cells                int
		refused, noted       string
	}{
		{"degrees", "EPSG:4326", 10, 40, 1, 20, "", ""},
		{"degrees taken for metres", "EPSG:25832", 10, 40, 1, 20, "EPSG:25832 counts metres, and its coordinates look like degrees: 10,40,11,41", ""},
		{"the globe taken for metres", "EPSG:3857", -180, -90, 180, 20, "look like degrees", ""},
		{"metres", "EPSG:25832", 500000, 5000000, 2000, 20, "", ""},
		{"a table top", "EPSG:25832", 500000, 5000000, 0.2, 20, "", "pixels are 10 mm wide"},
		{"finer than anything", "EPSG:25832", 500000, 5000000, 0.002, 20, "pixels are 0.1 mm wide", ""},
		{"finer than anything in degrees", "EPSG:4326", 10, 40, 1e-8, 20, "pixels are ", ""},
	} {
		o := optionsFor(ascii(t, "hills.asc", c.west, c.south, c.degrees, c.cells))
		o.Raster.SrcCRS = c.crs
		j, err := Prepare(t.Context(), o)
		if c.refused != "" {
			if !errors.Is(err, raster.ErrCRS) || !strings.Contains(err.Error(), c.refused) || remedy.Try(err) == "" {
				t.Errorf("%s: %v, want %q with a remedy", c.name, err, c.refused)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if notes := strings.Join(j.Files[0].Survey.Suspicions, "; "); !strings.Contains(notes, c.noted) || c.noted == "" && notes != "" {
			t.Errorf("%s: noted %q, want %q", c.name, notes, c.noted)
		}
		_ = j.Close()
	}
}
