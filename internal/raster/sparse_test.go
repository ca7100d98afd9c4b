package raster

import (
	"context"
	"image"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/lukeroth/gdal"

	"github.com/terrane/terrane/tilegrid"
)

// scattered makes a sparse GeoTIFF of n x n pixels of 1/20000 degree with its north-west corner at 10 E 47 N, that stores
// blocks of 256 pixels at a few places only.
type scattered struct {
	n      int
	bands  int
	nodata *float64
	alpha  bool // the last band
	mask   bool
	kind   gdal.DataType
	blocks [][2]int // column and row of blocks that are stored

	transform [6]float64 // of another place
	epsg      int
}

func (s scattered) write(t testing.TB) string {
	t.Helper()
	setup(0)
	driver, err := gdal.GetDriverByName("GTiff")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "scattered.tif")
	ds := driver.Create(file, s.n, s.n, s.bands, s.kind, []string{"SPARSE_OK=TRUE", "TILED=YES", "COMPRESS=DEFLATE", "BIGTIFF=YES", "INTERLEAVE=PIXEL"})
	defer ds.Close()
	if s.epsg == 0 {
		s.transform, s.epsg = degrees(10, 47, 1.0/20000), 4326
	}
	made{transform: s.transform, epsg: s.epsg, nodata: s.nodata}.describe(t, ds)
	if s.mask {
		gdal.CPLSetConfigOption("GDAL_TIFF_INTERNAL_MASK", "YES")
		defer gdal.CPLSetConfigOption("GDAL_TIFF_INTERNAL_MASK", "")
		if err := ds.CreateMaskBand(maskPerDataset); err != nil {
			t.Fatal(err)
		}
	}
	fill := func(band gdal.RasterBand, value float64) {
		values := make([]float64, 256*256)
		for i := range values {
			values[i] = value
		}
		for _, b := range s.blocks {
			if err := band.IO(gdal.Write, 256*b[0], 256*b[1], 256, 256, values, 256, 256, 0, 0); err != nil {
				t.Fatal(err)
			}
		}
	}
	for b := 1; b <= s.bands; b++ {
		value := float64(50 * b)
		if s.alpha && b == s.bands {
			ds.RasterBand(b).SetColorInterp(gdal.CI_AlphaBand)
			value = 255
		}
		fill(ds.RasterBand(b), value)
	}
	if s.mask {
		fill(ds.RasterBand(1).GetMaskBand(), 255)
	}
	return file
}

// TestWhatASparsePictureDoesNotStoreIsNotRead covers the ways to be transparent: what is not stored is, and what is not
// transparent is black as everywhere in GDAL.
func TestWhatASparsePictureDoesNotStoreIsNotRead(t *testing.T) {
	blocks := [][2]int{{0, 0}, {5, 3}, {6, 3}, {15, 15}}
	for name, c := range map[string]struct {
		scattered
		opt   PictureOptions
		blank bool
	}{
		"nodata":             {scattered{bands: 3, kind: gdal.Byte, nodata: pointer(0)}, PictureOptions{}, true},
		"nodata not 0":       {scattered{bands: 3, kind: gdal.Byte, nodata: pointer(7)}, PictureOptions{}, true},
		"nodata of heights":  {scattered{bands: 1, kind: gdal.Float32, nodata: pointer(-9999)}, PictureOptions{}, true},
		"alpha":              {scattered{bands: 4, kind: gdal.Byte, alpha: true}, PictureOptions{}, true},
		"mask":               {scattered{bands: 3, kind: gdal.Byte, mask: true}, PictureOptions{}, true},
		"nothing":            {scattered{bands: 3, kind: gdal.Byte}, PictureOptions{}, false},
		"nodata as given":    {scattered{bands: 3, kind: gdal.Byte}, PictureOptions{NoData: []float64{0}}, true},
		"another as given":   {scattered{bands: 3, kind: gdal.Byte, nodata: pointer(0)}, PictureOptions{NoData: []float64{9}}, false},
		"another than given": {scattered{bands: 3, kind: gdal.UInt16, nodata: pointer(9)}, PictureOptions{NoData: []float64{0}}, false},
	} {
		c.n, c.blocks = 4096, blocks
		p := openPicturesOf(t, c.opt, c.write(t))
		random := rand.New(rand.NewPCG(1, 2))
		blank, shown := 0, 0
		for range 30 {
			g := [2]tilegrid.Grid{tilegrid.Mercator, tilegrid.Geodetic}[random.IntN(2)]
			w := over(p.Files()[0], g, uint8(11+random.IntN(5)), image.Pt(64+random.IntN(200), 64+random.IntN(200)))
			cols, _ := w.size()
			reach := int(cols * 0.1 / 360)
			w.Rect = w.Rect.Add(image.Pt(random.IntN(2*reach)-reach, random.IntN(2*reach)-reach))
			is, err := p.Blank(t.Context(), w)
			if err != nil {
				t.Fatal(err)
			}
			some := visible(paint(t, p, w)) > 0
			if is && some {
				t.Errorf("%s: %v is called blank", name, w)
			}
			if is {
				blank++
			} else if some {
				shown++
			}
		}
		if c.blank && (blank < 8 || shown < 2) || !c.blank && shown < 25 {
			t.Errorf("%s: %d windows are blank, %d show something", name, blank, shown)
		}
	}
}

// TestSparsePixelsAreThoseOfAWholeFile compares a sparse file with one that stores all of the same pixels.
func TestSparsePixelsAreThoseOfAWholeFile(t *testing.T) {
	sparse := scattered{n: 2048, bands: 3, kind: gdal.Byte, nodata: pointer(0), blocks: [][2]int{{2, 2}, {3, 2}, {5, 6}}}.write(t)
	whole := filepath.Join(t.TempDir(), "whole.tif")
	setup(0)
	ds, err := gdal.Open(sparse, gdal.ReadOnly)
	if err != nil {
		t.Fatal(err)
	}
	driver, err := gdal.GetDriverByName("GTiff")
	if err != nil {
		t.Fatal(err)
	}
	copied := driver.CreateCopy(whole, ds, 0, nil, nil, nil)
	copied.Close()
	ds.Close()
	a, b := openPicturesOf(t, PictureOptions{}, sparse), openPicturesOf(t, PictureOptions{}, whole)
	for level := uint8(8); level < 15; level++ {
		w := over(a.Files()[0], tilegrid.Mercator, level, image.Pt(700, 500))
		got, want := paint(t, a, w), paint(t, b, w)
		for i := range got.Pix {
			if got.Pix[i] != want.Pix[i] {
				t.Fatalf("level %d: byte %d is %d, want %d", level, i, got.Pix[i], want.Pix[i])
			}
		}
		if visible(got) == 0 {
			t.Errorf("level %d shows nothing", level)
		}
	}
}

// TestAHugeSparseRasterTakesNoTimeWhereItIsEmpty is about 10 000 000 000 pixels, of which three blocks are stored.
func TestAHugeSparseRasterTakesNoTimeWhereItIsEmpty(t *testing.T) {
	s := scattered{n: 100_000, bands: 3, kind: gdal.Byte, nodata: pointer(0), blocks: [][2]int{{0, 0}, {200, 100}, {389, 389}}}
	start := time.Now()
	p := openPicturesOf(t, PictureOptions{}, s.write(t))
	w := over(p.Files()[0], tilegrid.Mercator, 14, image.Pt(2048, 2048))
	for k := range 500 {
		w.Rect = w.Rect.Add(image.Pt(0, k%3-1))
		if blank, err := p.Blank(t.Context(), w); err != nil || !blank {
			t.Fatal(blank, err)
		}
	}
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("took %v", took)
	}
	s.bands, s.kind, s.nodata = 1, gdal.Float32, pointer(-9999)
	stack := open(t, Options{}, s.write(t))
	start = time.Now()
	l := Lattice{Level: 10, MinI: (190 * 64 << 10) / 180, MinJ: (132 * 64 << 10) / 180, Cols: 2000, Rows: 2000} // thinned, some of it outside
	found := 0
	for _, h := range heights(t, stack, l) {
		if h == h {
			found++
		}
	}
	if took := time.Since(start); found == 0 || took > 10*time.Second {
		t.Errorf("%d heights in %v", found, took)
	}
}

func TestBlankEndsWithItsContext(t *testing.T) {
	p := openPicturesOf(t, PictureOptions{}, scattered{n: 1024, bands: 3, kind: gdal.Byte, nodata: pointer(0), blocks: [][2]int{{0, 0}}}.write(t))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Blank(ctx, over(p.Files()[0], tilegrid.Mercator, 14, image.Pt(100, 100))); err == nil {
		t.Error("no error")
	}
}

// TestWindowsThatAreCalledVoidHaveNoHeights asks for windows of sparse heights in degrees and in UTM, thinned and not, over the edge and beyond.
func TestWindowsThatAreCalledVoidHaveNoHeights(t *testing.T) {
	for name, c := range map[string]struct {
		transform [6]float64
		epsg      int
		level     uint8
	}{
		"degrees":               {degrees(10, 47, 1.0/20000), 4326, 15},
		"degrees, thinned":      {degrees(10, 47, 1.0/20000), 4326, 10},
		"UTM":                   {[6]float64{600000, 5, 0, 5200000, 0, -5}, 32632, 15},
		"UTM, rotated":          {[6]float64{600000, 4, 3, 5200000, 3, -4}, 32632, 15},
		"UTM, thinned":          {[6]float64{600000, 5, 0, 5200000, 0, -5}, 32632, 10},
		"over the antimeridian": {degrees(179.95, 47, 1.0/20000), 4326, 14},
	} {
		s := scattered{n: 4096, bands: 1, kind: gdal.Float32, nodata: pointer(-9999), blocks: [][2]int{{0, 0}, {5, 3}, {6, 3}, {15, 15}}}
		s.transform, s.epsg = c.transform, c.epsg
		stack := open(t, Options{}, s.write(t))
		b := stack.Files()[0].Bound.Pad(0.02)
		random := rand.New(rand.NewPCG(3, 4))
		voids, shown := 0, 0
		for range 150 {
			l := Lattice{Level: c.level, Cols: 20 + random.IntN(200), Rows: 20 + random.IntN(200)}
			l.MinI = int64((b.Min[0] + random.Float64()*(b.Max[0]-b.Min[0]) + 180) / l.Step())
			l.MinJ = int64((b.Min[1] + random.Float64()*(b.Max[1]-b.Min[1]) + 90) / l.Step())
			void, err := stack.Void(t.Context(), l)
			if err != nil {
				t.Fatal(err)
			}
			some := false
			for _, h := range heights(t, stack, l) {
				some = some || h == h
			}
			if void && some {
				t.Errorf("%s: %+v is called void", name, l)
			}
			if void {
				voids++
			} else if some {
				shown++
			}
		}
		if voids < 5 || shown < 1 {
			t.Errorf("%s: %d windows are void, %d have heights", name, voids, shown)
		}
	}
}
