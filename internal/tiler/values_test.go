package tiler_test

import (
	"errors"
	"image/color"
	"math"
	"runtime"
	"testing"

	"github.com/terrane/terrane/imagery"
	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/internal/tiler"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// leaf tells whether a tile has no deeper one.
func leaf(i tilestore.Info, c tilegrid.Coord) bool {
	for _, child := range c.Children() {
		if i.Has(child) {
			return false
		}
	}
	return true
}

// blocks returns the values under each tile that has any.
func blocks(t *testing.T, r *mbtiles.Reader) map[tilegrid.Coord]imagery.Values {
	t.Helper()
	all := map[tilegrid.Coord]imagery.Values{}
	i := r.Info()
	for z := i.Levels[0]; z <= i.Levels[1]; z++ {
		for c, err := range r.Coords(t.Context(), z) {
			if err != nil {
				t.Fatal(err)
			}
			data, err := r.Heights(t.Context(), c)
			if errors.Is(err, tilestore.ErrNotFound) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			v, err := imagery.DecodeValues(data)
			if err != nil {
				t.Fatal(err)
			}
			all[c] = v
		}
	}
	return all
}

func TestValuesAreKeptUnderTheDeepestTilesAndThereOnly(t *testing.T) {
	scale := &[2]float64{100, 200} // which values know nothing of
	for file, want := range map[string]struct {
		kind        imagery.ValueType
		bands       int
		least, most float64
	}{
		"landsat8_uint16_cog_utm21n.tif": {"uint16", 1, 1, 7872}, "naip_4band_utm14n_5m.tif": {"uint8", 4, 0, 255}, "erdas_foo.jp2": {"uint8",
			1, 0, 255},
	} {
		o := tiler.Options{Sources: []string{shared(t, file)}, Grid: tilegrid.Mercator, KeepValues: true, Raster: raster.PictureOptions{Scale: scale}}
		if file[0] == 'n' {
			o.Max = 13 // many pixels of the source to one
		}
		r := made(t, o, 2)
		all := blocks(t, r)
		for z := range r.Info().Available {
			for c := range r.Coords(t.Context(), uint8(z)) {
				if _, kept := all[c]; kept != leaf(r.Info(), c) {
					t.Errorf("%s: tile %s: values are kept: %v", file, c, kept)
				}
			}
		}
		some := 0
		for c, v := range all {
			if v.Type != want.kind || len(v.Bands) != want.bands || v.Side != tiler.TileSize {
				t.Fatalf("%s: %s of %d bands, side %d", c, v.Type, len(v.Bands), v.Side)
			}
			for _, x := range v.Bands[0] {
				if x == x {
					some++
					if x < want.least || x > want.most || x != math.Trunc(x) {
						t.Fatalf("%s: %v", c, x)
					}
				}
			}
		}
		if some < 10000 {
			t.Errorf("%s: %d values", file, some)
		}
	}
	if r := made(t, tiler.Options{Sources: []string{shared(t, "naip_4band_utm14n_5m.tif")}, Grid: tilegrid.Mercator, Max: 12},
		2); len(blocks(t, r)) > 0 {
		t.Error("values are kept though nobody asked")
	}
}

func TestValuesOfSourcesOfDifferentFinenessAreKeptWhereEachEnds(t *testing.T) {
	o := tiler.Options{Sources: []string{shared(t, "landsat_bahamas_rgb_nodata0_utm18n.tif"), shared(t, "landsat8_uint16_cog_utm21n.tif")},
		Grid: tilegrid.Mercator, KeepValues: true}
	r := made(t, o, 2) // which verifies that each leaf has a block
	all := blocks(t, r)
	numbers := map[int]bool{} // of bands that have values
	for c, v := range all {
		if v.Type != "uint16" || len(v.Bands) != 3 {
			t.Fatalf("%s: %s of %d bands", c, v.Type, len(v.Bands))
		}
		for i, x := range v.Bands[0] {
			if x == x {
				n := 1
				if v.Bands[2][i] == v.Bands[2][i] {
					n = 3
				}
				numbers[n] = true
			}
		}
	}
	if len(all) == 0 || !numbers[1] || !numbers[3] {
		t.Errorf("%d blocks, %v", len(all), numbers)
	}
}

func TestEstimatesAreNearWhatIsMade(t *testing.T) {
	for file, o := range map[string]tiler.Options{
		"blue_marble_4096x2048.jpg":              {Raster: raster.PictureOptions{SrcCRS: "EPSG:4326"}},
		"landsat8_uint16_cog_utm21n.tif":         {KeepValues: true},
		"landsat8_dateline_uint16_utm60n.tif":    {},
		"naip_4band_utm14n_5m.tif":               {KeepValues: true},
		"aerial_rgba_15cm_utm13n.tif":            {},
		"landsat_bahamas_rgb_nodata0_utm18n.tif": {Format: tiler.PNG},
		"erdas_foo.jp2":                          {KeepValues: true},
	} {
		o.Sources, o.Grid, o.Max = []string{shared(t, file)}, tilegrid.Mercator, -1
		job, err := tiler.Prepare(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		e, err := job.Estimate(t.Context(), 2)
		job.Close()
		if err != nil {
			t.Fatal(err)
		}
		i := made(t, o, 2).Info()
		share, tiles := float64(e.SizeBytes)/float64(i.SizeBytes), float64(e.Total())/float64(i.Tiles)
		if share < 0.75 || share > 1.33 || tiles < 0.8 || tiles > 1.25 || e.First != i.Levels[0] {
			t.Errorf("%s: %d of %d bytes, %d of %d tiles, from level %d, not %d", file, e.SizeBytes, i.SizeBytes, e.Total(), i.Tiles, e.First,
				i.Levels[0])
		}
		t.Logf("%s: bytes %.2f, tiles %.2f of what was made, from level %d", file, share, tiles, e.First)
	}
}

func TestEstimatesOfDeepLevelsAloneTakeLittleMemory(t *testing.T) {
	world := ground{-180, 90, 0.36, 1000, 500}.write(t, "globe")
	job, err := tiler.Prepare(t.Context(), tiler.Options{Sources: []string{world}, Raster: raster.PictureOptions{SrcCRS: "EPSG:4326"},
		Format: tiler.PNG, Grid: tilegrid.Mercator, Min: 6, Max: 6})
	if err != nil {
		t.Fatal(err)
	}
	defer job.Close()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	e, err := job.Estimate(t.Context(), 1)
	runtime.ReadMemStats(&after)
	if err != nil || e.First != 6 || e.Total() != 1<<12 {
		t.Errorf("%+v, %v", e, err)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n >= 1<<28 { // a byte for each pixel of the level
		t.Errorf("%d bytes of memory", n)
	}
}

func TestValuesAreKeptOfAllGroundOfAMosaic(t *testing.T) {
	for _, format := range []tiler.Format{tiler.PNG, tiler.JPEG} {
		o := threeFine(t)
		o.KeepValues, o.Format = true, format
		r := made(t, o, 2) // which verifies that each tile has a block that shows anything where there is no deeper one
		all, i := blocks(t, r), r.Info()
		var levels [12]int
		for z := i.Levels[0]; z <= i.Levels[1]; z++ {
			for c := range tilesOf(t, r, z) {
				for k, child := range c.Children() {
					if i.Has(child) {
						continue
					}
					levels[z]++
					for n := range 16 {
						x, y := k%2*128+8+n%4*37, (1-k/2)*128+8+n/4*37
						p := place(i.Grid, c, x, y)
						v, kept := all[c]
						if !kept {
							t.Fatalf("%s: tile %s has no values at %v", format, c, p)
						}
						got := color.NRGBA{uint8(v.Bands[0][y*256+x]), uint8(v.Bands[1][y*256+x]), uint8(v.Bands[2][y*256+x]), 255}
						if d := farOff(got, p); d > 4 {
							t.Errorf("%s: tile %s at %v: %v, %d off", format, c, p, got, d)
						}
					}
				}
			}
		}
		if levels[2] == 0 || levels[3] == 0 || levels[5] == 0 || levels[8] == 0 || levels[11] == 0 {
			t.Errorf("%s: quarters without deeper tiles: %v", format, levels)
		}
	}
}
