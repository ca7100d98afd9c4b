package raster

import (
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lukeroth/gdal"
	"github.com/paulmach/orb"

	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/internal/resample"
	"github.com/terrane/terrane/tilegrid"
)

func TestRealPicturesSayWhatTheyAre(t *testing.T) {
	for file, want := range map[string]struct {
		bands  []int
		void   string
		scaled bool
		kernel resample.Kernel
		bound  orb.Bound // to a tenth of a degree
		opt    PictureOptions
	}{
		"imagery/aerial_rgb_internalmask_15cm_utm13n.tif": {[]int{1, 2, 3}, "mask", false, "bilinear", box(-104.8, 38.9, -104.8, 39.0), PictureOptions{}},
		"imagery/aerial_rgba_15cm_utm13n.tif":             {[]int{1, 2, 3}, "alpha band 4", false, "bilinear", box(-104.8, 38.9, -104.8, 39.0), PictureOptions{}},
		"imagery/blue_marble_4096x2048.jpg":               {[]int{1, 2, 3}, "", false, "bilinear", box(-180, -90, 180, 90), PictureOptions{SrcCRS: "EPSG:4326"}},
		"imagery/erdas_foo.jp2":                           {[]int{1}, "", false, "bilinear", box(23.5, 68.4, 23.5, 68.4), PictureOptions{}},
		"imagery/landsat8_dateline_uint16_utm60n.tif":     {[]int{1}, "", true, "bilinear", box(178.0, 50.6, 181.5, 52.8), PictureOptions{}},
		"imagery/landsat8_uint16_cog_utm21n.tif":          {[]int{1}, "", true, "bilinear", box(-61.3, 72.2, -52.3, 74.7), PictureOptions{}},
		"imagery/landsat_bahamas_rgb_nodata0_utm18n.tif":  {[]int{1, 2, 3}, "nodata 0 0 0", false, "bilinear", box(-78.9, 23.6, -76.5, 25.6), PictureOptions{}},
		"imagery/naip_4band_utm14n_5m.tif":                {[]int{1, 2, 3}, "nodata 0 0 0", false, "bilinear", box(-99.2, 47.0, -99.1, 47.0), PictureOptions{}},
		"imagery/palette_cog_epsg3857.tif":                {[]int{1}, "nodata 0, palette", false, "nearest", box(-79.4, 39.8, -79.4, 39.9), PictureOptions{}},
		"tiles/plain_1.mbtiles":                           {[]int{1, 2, 3}, "alpha band 4", false, "bilinear", box(-180, -70, 180, 85.0), PictureOptions{}},
		"tiles/world_l1.mbtiles":                          {[]int{1, 2, 3}, "alpha band 4", false, "bilinear", box(-180, -85, 180, 85.0), PictureOptions{}},
		"dem/etopo20_global_20arcmin.tif":                 {[]int{1}, "", true, "bilinear", box(-180, -90, 180, 90), PictureOptions{}},
	} {
		t.Run(file, func(t *testing.T) {
			p := openPicturesOf(t, want.opt, shared(t, strings.Split(file, "/")...))
			f := p.Files()[0]
			near := func(a, b orb.Point) bool { return math.Abs(a[0]-b[0]) < 0.1 && math.Abs(a[1]-b[1]) < 0.1 }
			if !slices.Equal(f.Bands, want.bands) || f.Void != want.void || (f.Scale != nil) != want.scaled || f.Kernel != want.kernel ||
				!near(f.Bound.Min, want.bound.Min) || !near(f.Bound.Max, want.bound.Max) {
				t.Errorf("%+v", f)
			}
			level := uint8(max(0, math.Round(math.Log2(360/256/f.Resolution.Degrees))))
			out := paint(t, p, over(f, tilegrid.Mercator, level, image.Pt(256, 256)))
			if visible(out) < 256*256/20 {
				t.Errorf("%d pixels are visible", visible(out))
			}
		})
	}
}

func box(w, s, e, n float64) orb.Bound {
	return orb.Bound{Min: orb.Point{w, s}, Max: orb.Point{e, n}}
}

func visible(m *image.NRGBA) (n int) {
	for i := 3; i < len(m.Pix); i += 4 {
		if m.Pix[i] > 0 {
			n++
		}
	}
	return n
}

func TestBrokenPicturesAreRefusedForTheRightReason(t *testing.T) {
	for file, want := range map[string]error{
		"all-nodata.tif":                    ErrBlank,
		"byte_truncated.nc":                 ErrOpen,
		"byte_truncated.tif":                ErrCorrupt,
		"corrupt_cog.tif":                   ErrCorrupt,
		"corrupted_deflate_singlestrip.tif": ErrNoCRS,
		"europa_moon_crs.tif":               ErrCRS,
		"huge4GB.tif":                       ErrCorrupt,
		"hugeblocksize.tif":                 ErrOpen,
		"invalid-tile-format.mbtiles":       ErrCorrupt,
		"invalid.mbtiles":                   ErrOpen,
		"lzw_corrupted.tif":                 ErrNoCRS,
		"n43_bad_crc.dt0":                   ErrOpen,
		"small_world_truncated.jp2":         ErrCorrupt,
		"spaf27_brokengdal.tif":             nil,
		"tif_webp_huge_single_strip.tif":    nil,
	} {
		t.Run(file, func(t *testing.T) {
			path := shared(t, "broken", file)
			err := readAllOf(path, PictureOptions{})
			if !errors.Is(err, want) || want != nil && err == nil {
				t.Fatalf("got %v, want %v", err, want)
			}
			if err != nil {
				checkRefusal(t, err, path)
			}
		})
	}
}

// readAllOf opens a picture and paints all of it.
func readAllOf(path string, opt PictureOptions) error {
	p, err := OpenPictures(context.Background(), []string{path}, opt)
	if err != nil {
		return err
	}
	defer p.Close()
	f := p.Files()[0]
	level := uint8(max(0, math.Ceil(math.Log2(360/256/f.Resolution.Degrees))))
	w := Window{Grid: tilegrid.Geodetic, Level: level, TileSize: 128}
	cols, rows := w.size()
	w.Rect = image.Rect(int((f.Bound.Min[0]+180)/360*cols), int((90-f.Bound.Max[1])/180*rows), int((f.Bound.Max[0]+180)/360*cols)+1, int((90-f.Bound.Min[1])/180*rows)+1)
	_, err = p.Paint(context.Background(), w, image.NewNRGBA(w.Rect))
	return err
}

func TestEveryRealPictureWithItsEndCutOffIsAnError(t *testing.T) {
	for _, file := range []string{"imagery/aerial_rgba_15cm_utm13n.tif", "imagery/blue_marble_4096x2048.jpg", "imagery/erdas_foo.jp2",
		"imagery/landsat_bahamas_rgb_nodata0_utm18n.tif", "imagery/naip_4band_utm14n_5m.tif", "tiles/world_l1.mbtiles"} {
		t.Run(file, func(t *testing.T) {
			from := shared(t, strings.Split(file, "/")...)
			whole, err := os.ReadFile(from)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			path := filepath.Join(dir, filepath.Base(file))
			opt := PictureOptions{}
			if strings.HasSuffix(file, ".jpg") {
				opt.SrcCRS = "EPSG:4326"
				if err := os.WriteFile(strings.TrimSuffix(path, "jpg")+"jgw", []byte("0.087890625\n0\n0\n-0.087890625\n-179.95605\n89.95605\n"), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			for _, share := range []int{10, 50, 90} {
				if err := os.WriteFile(path, whole[:len(whole)*share/100], 0o666); err != nil {
					t.Fatal(err)
				}
				if err := readAllOf(path, opt); !errors.Is(err, ErrInput) {
					t.Errorf("cut to %d %%: %v", share, err)
				}
			}
		})
	}
}

func TestNothingIsWrittenBesideDatabases(t *testing.T) {
	dir := t.TempDir()
	whole, err := os.ReadFile(shared(t, "tiles", "world_l1.mbtiles"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(b []byte, path string) error
		want   error
	}{
		"as it is":   {func([]byte, string) error { return nil }, nil},
		"in WAL":     {func(b []byte, _ string) error { b[18], b[19] = 2, 2; return nil }, ErrUnsafe},
		"hot":        {func(_ []byte, path string) error { return os.WriteFile(path+"-journal", []byte("x"), 0o666) }, ErrUnsafe},
		"UTF-16":     {func(b []byte, _ string) error { b[59] = 2; return nil }, ErrCorrupt},
		"no b-tree":  {func(b []byte, _ string) error { b[100] = 99; return nil }, ErrCorrupt},
		"code":       {func(b []byte, _ string) error { return swap(b, "CREATE TABLE metadata", "CREATE/*ogr_geocode*/") }, ErrUnsafe},
		"other page": {func(b []byte, _ string) error { b[16], b[17] = 3, 3; return nil }, ErrCorrupt},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, strings.ReplaceAll(name, " ", "-")+".mbtiles")
			b := slices.Clone(whole)
			if err := errors.Join(c.change(b, path), os.WriteFile(path, b, 0o444)); err != nil {
				t.Fatal(err)
			}
			before, _ := os.ReadDir(dir)
			if err := readAllOf(path, PictureOptions{}); !errors.Is(err, c.want) || c.want != nil && err == nil {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if after, _ := os.ReadDir(dir); len(after) != len(before) {
				t.Errorf("the folder held %v, and now %v", before, after)
			}
		})
	}
}

func swap(b []byte, old, with string) error {
	at := strings.Index(string(b), old)
	if at < 0 || len(old) != len(with) {
		return errors.New("nothing to swap")
	}
	copy(b[at:], with)
	return nil
}

// drawn makes a GeoTIFF of 64 x 64 pixels of 1 degree / 64 with its north-west corner at 10 E 47 N, whose bands are the given values in the left and in the right half.
type drawn struct {
	kind    gdal.DataType
	left    []float64
	right   []float64
	colors  []gdal.ColorInterp
	nodata  *float64
	options []string
	table   [][4]uint8
	file    string

	transform [6]float64
}

func (d drawn) write(t testing.TB) string {
	t.Helper()
	setup(0)
	if d.file == "" {
		d.file = filepath.Join(t.TempDir(), "drawn.tif")
	}
	driver, err := gdal.GetDriverByName("GTiff")
	if err != nil {
		t.Fatal(err)
	}
	ds := driver.Create(d.file, 64, 64, len(d.left), d.kind, d.options)
	defer ds.Close()
	if d.transform == [6]float64{} {
		d.transform = degrees(10, 47, 1.0/64)
	}
	made{transform: d.transform, epsg: 4326, nodata: d.nodata}.describe(t, ds)
	for b := range d.left {
		band := ds.RasterBand(b + 1)
		if d.colors != nil {
			band.SetColorInterp(d.colors[b])
		}
		values := make([]float64, 64*64)
		for i := range values {
			if values[i] = d.left[b]; i%64 >= 32 {
				values[i] = d.right[b]
			}
		}
		if err := band.IO(gdal.Write, 0, 0, 64, 64, values, 64, 64, 0, 0); err != nil {
			t.Fatal(err)
		}
		if d.table != nil {
			table := gdal.CreateColorTable(gdal.PI_RGB)
			for i, c := range d.table {
				e := gdal.ColorEntry{}
				e.Set(uint(c[0]), uint(c[1]), uint(c[2]), uint(c[3]))
				table.SetEntry(i, e)
			}
			band.SetColorTable(table)
		}
	}
	return d.file
}

func TestColoursOfEveryFormOfPicture(t *testing.T) {
	rgb := []gdal.ColorInterp{gdal.CI_RedBand, gdal.CI_GreenBand, gdal.CI_BlueBand}
	rgba := append(slices.Clone(rgb), gdal.CI_AlphaBand)
	none := [4]uint8{}
	for name, c := range map[string]struct {
		drawn
		opt         PictureOptions
		left, right [4]uint8
	}{
		"RGB": {drawn{kind: gdal.Byte, left: []float64{1, 2, 3}, right: []float64{4, 5, 6}, colors: rgb}, PictureOptions{}, [4]uint8{1, 2, 3, 255}, [4]uint8{4, 5, 6, 255}},
		"BGR": {drawn{kind: gdal.Byte, left: []float64{1, 2, 3}, right: []float64{4, 5, 6}, colors: []gdal.ColorInterp{gdal.CI_BlueBand, gdal.CI_GreenBand, gdal.CI_RedBand}},
			PictureOptions{}, [4]uint8{3, 2, 1, 255}, [4]uint8{6, 5, 4, 255}},
		"RGBA": {drawn{kind: gdal.Byte, left: []float64{1, 2, 3, 100}, right: []float64{4, 5, 6, 0}, colors: rgba}, PictureOptions{}, [4]uint8{1, 2, 3, 100}, none},
		"near infrared is no alpha": {drawn{kind: gdal.Byte, left: []float64{1, 2, 3, 100}, right: []float64{4, 5, 6, 0}, options: []string{"PHOTOMETRIC=RGB", "ALPHA=NO"}}, PictureOptions{},
			[4]uint8{1, 2, 3, 255}, [4]uint8{4, 5, 6, 255}},
		"near infrared first":  {drawn{kind: gdal.Byte, left: []float64{1, 2, 3, 100}, right: []float64{4, 5, 6, 0}, options: []string{"ALPHA=NO"}}, PictureOptions{Bands: []int{4, 1, 2}}, [4]uint8{100, 1, 2, 255}, [4]uint8{0, 4, 5, 255}},
		"alpha as given":       {drawn{kind: gdal.Byte, left: []float64{1, 2, 3, 100}, right: []float64{4, 5, 6, 0}, options: []string{"ALPHA=NO"}}, PictureOptions{Bands: []int{1, 2, 3, 4}}, [4]uint8{1, 2, 3, 100}, none},
		"grey":                 {drawn{kind: gdal.Byte, left: []float64{7}, right: []float64{9}}, PictureOptions{}, [4]uint8{7, 7, 7, 255}, [4]uint8{9, 9, 9, 255}},
		"grey and alpha":       {drawn{kind: gdal.Byte, left: []float64{7, 255}, right: []float64{9, 0}, options: []string{"ALPHA=YES"}}, PictureOptions{}, [4]uint8{7, 7, 7, 255}, none},
		"grey with nodata":     {drawn{kind: gdal.Byte, left: []float64{7}, right: []float64{9}, nodata: pointer(9)}, PictureOptions{}, [4]uint8{7, 7, 7, 255}, none},
		"nodata in all bands":  {drawn{kind: gdal.Byte, left: []float64{0, 0, 3}, right: []float64{0, 0, 0}, colors: rgb, nodata: pointer(0)}, PictureOptions{}, [4]uint8{0, 0, 3, 255}, none},
		"nodata as given":      {drawn{kind: gdal.Byte, left: []float64{1, 2, 3}, right: []float64{4, 5, 6}, colors: rgb}, PictureOptions{NoData: []float64{4, 5, 6}}, [4]uint8{1, 2, 3, 255}, none},
		"nodata no byte has":   {drawn{kind: gdal.Byte, left: []float64{1}, right: []float64{4}, nodata: pointer(-9999)}, PictureOptions{}, [4]uint8{1, 1, 1, 255}, [4]uint8{4, 4, 4, 255}},
		"palette":              {drawn{kind: gdal.Byte, left: []float64{1}, right: []float64{2}, table: [][4]uint8{{}, {10, 20, 30, 255}, {40, 50, 60, 70}}}, PictureOptions{}, [4]uint8{10, 20, 30, 255}, [4]uint8{40, 50, 60, 255}},
		"palette of 16 bits":   {drawn{kind: gdal.UInt16, left: []float64{1}, right: []float64{2}, table: [][4]uint8{{}, {10, 20, 30, 255}, {40, 50, 60, 255}}}, PictureOptions{}, [4]uint8{10, 20, 30, 255}, [4]uint8{40, 50, 60, 255}},
		"palette, nodata":      {drawn{kind: gdal.Byte, left: []float64{1}, right: []float64{2}, nodata: pointer(2), table: [][4]uint8{{}, {10, 20, 30, 255}, {40, 50, 60, 70}}}, PictureOptions{}, [4]uint8{10, 20, 30, 255}, none},
		"16 bits, scaled":      {drawn{kind: gdal.UInt16, left: []float64{1000}, right: []float64{3000}}, PictureOptions{Scale: &[2]float64{1000, 3000}}, [4]uint8{0, 0, 0, 255}, [4]uint8{255, 255, 255, 255}},
		"16 bits by itself":    {drawn{kind: gdal.UInt16, left: []float64{1000}, right: []float64{3000}}, PictureOptions{}, [4]uint8{0, 0, 0, 255}, [4]uint8{255, 255, 255, 255}},
		"16 bits with alpha":   {drawn{kind: gdal.UInt16, left: []float64{1000, 65535}, right: []float64{3000, 0}, options: []string{"ALPHA=YES"}}, PictureOptions{Scale: &[2]float64{0, 2000}}, [4]uint8{128, 128, 128, 255}, none},
		"one value only":       {drawn{kind: gdal.UInt16, left: []float64{1000}, right: []float64{1000}}, PictureOptions{}, [4]uint8{0, 0, 0, 255}, [4]uint8{0, 0, 0, 255}},
		"bytes, scaled":        {drawn{kind: gdal.Byte, left: []float64{10}, right: []float64{30}}, PictureOptions{Scale: &[2]float64{10, 20}}, [4]uint8{0, 0, 0, 255}, [4]uint8{255, 255, 255, 255}},
		"floats and NaN":       {drawn{kind: gdal.Float32, left: []float64{0.5}, right: []float64{math.NaN()}}, PictureOptions{Scale: &[2]float64{0, 1}}, [4]uint8{128, 128, 128, 255}, none},
		"floats and infinity":  {drawn{kind: gdal.Float32, left: []float64{0.5}, right: []float64{math.Inf(1)}}, PictureOptions{Scale: &[2]float64{0, 1}}, [4]uint8{128, 128, 128, 255}, none},
		"nodata no float32 is": {drawn{kind: gdal.Float32, left: []float64{0.5}, right: []float64{0.1}, nodata: pointer(0.1)}, PictureOptions{Scale: &[2]float64{0, 1}}, [4]uint8{128, 128, 128, 255}, none},
		"signed bytes":         {drawn{kind: gdal.Byte, left: []float64{246}, right: []float64{10}, options: []string{"PIXELTYPE=SIGNEDBYTE"}}, PictureOptions{}, [4]uint8{0, 0, 0, 255}, [4]uint8{255, 255, 255, 255}},
		"one bit":              {drawn{kind: gdal.Byte, left: []float64{0}, right: []float64{1}, options: []string{"NBITS=1"}}, PictureOptions{}, [4]uint8{0, 0, 0, 255}, [4]uint8{255, 255, 255, 255}},
		"CMYK":                 {drawn{kind: gdal.Byte, left: []float64{255, 0, 0, 0}, right: []float64{0, 0, 0, 255}, options: []string{"PHOTOMETRIC=CMYK"}}, PictureOptions{}, [4]uint8{0, 255, 255, 255}, [4]uint8{0, 0, 0, 255}},
		"many bands":           {drawn{kind: gdal.Byte, left: []float64{1, 2, 3, 4, 5, 6}, right: []float64{4, 5, 6, 7, 8, 9}, options: []string{"ALPHA=NO"}}, PictureOptions{}, [4]uint8{1, 2, 3, 255}, [4]uint8{4, 5, 6, 255}},
	} {
		t.Run(name, func(t *testing.T) {
			p := openPicturesOf(t, c.opt, c.write(t))
			w := over(p.Files()[0], tilegrid.Geodetic, 8, image.Pt(120, 4)) // 364 pixels a degree
			out := paint(t, p, w)
			at := func(x int) (px [4]uint8) { copy(px[:], out.Pix[4*x:]); return px }
			left, right := at(5), at(110)
			if left[3] == 0 {
				left = none
			}
			if right[3] == 0 {
				right = none
			}
			if left != c.left || right != c.right {
				t.Errorf("%v and %v, want %v and %v; %+v", left, right, c.left, c.right, p.Files()[0])
			}
		})
	}
}

func TestWhatIsNoPictureIsRefused(t *testing.T) {
	plain := drawn{kind: gdal.Byte, left: []float64{1, 2, 3}, right: []float64{4, 5, 6}}
	for name, c := range map[string]struct {
		drawn
		opt  PictureOptions
		want error
	}{
		"complex":        {drawn{kind: gdal.CFloat32, left: []float64{1}, right: []float64{2}}, PictureOptions{}, ErrNotPicture},
		"no such band":   {plain, PictureOptions{Bands: []int{1, 2, 9}}, ErrNotPicture},
		"band nought":    {plain, PictureOptions{Bands: []int{0}}, ErrNotPicture},
		"five bands":     {plain, PictureOptions{Bands: []int{1, 1, 1, 1, 1}}, ErrNotPicture},
		"two nodata":     {plain, PictureOptions{NoData: []float64{1, 2}}, ErrNotPicture},
		"scale reversed": {plain, PictureOptions{Scale: &[2]float64{5, 1}}, ErrNotPicture},
		"scale of NaN":   {plain, PictureOptions{Scale: &[2]float64{math.NaN(), 1}}, ErrNotPicture},
		"all nodata":     {drawn{kind: gdal.Byte, left: []float64{0}, right: []float64{0}, nodata: pointer(0)}, PictureOptions{}, ErrBlank},
		"a wrong CRS":    {plain, PictureOptions{SrcCRS: "EPSG:5773"}, ErrCRS},
	} {
		t.Run(name, func(t *testing.T) {
			path := c.write(t)
			err := readAllOf(path, c.opt)
			if !errors.Is(err, c.want) || !errors.Is(err, ErrInput) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

// pngHead is the beginning of a PNG of RGB pixels, which ends there.
func pngHead(cols, rows uint32, interlaced byte) []byte {
	chunk := binary.BigEndian.AppendUint32([]byte("IHDR"), cols)
	chunk = append(binary.BigEndian.AppendUint32(chunk, rows), 8, 2, 0, 0, interlaced)
	out := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), chunk...)
	return append(binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(chunk)), "\x00\x00\x00\x04IDATabcd"...)
}

func TestPicturesThatNoMachineShouldDecodeAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		head []byte
		want error
	}{
		"huge":                 {pngHead(60000, 60000, 0), ErrSize},
		"large, interlaced":    {pngHead(20000, 20000, 1), ErrSize},
		"large, and cut off":   {pngHead(20000, 20000, 0), ErrCorrupt},
		"larger than a PNG is": {pngHead(1<<31-1, 1<<31-1, 0), ErrInput},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x.png")
			if err := errors.Join(os.WriteFile(path, c.head, 0o666), os.WriteFile(strings.TrimSuffix(path, "png")+"pgw", []byte("1e-4\n0\n0\n-1e-4\n10\n50\n"), 0o666)); err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			err := readAllOf(path, PictureOptions{SrcCRS: "EPSG:4326"})
			if !errors.Is(err, c.want) || time.Since(start) > 5*time.Second {
				t.Errorf("got %v after %v, want %v", err, time.Since(start), c.want)
			}
		})
	}
}

func TestControlPointsAloneAreNoPlace(t *testing.T) {
	program, err := exec.LookPath("gdal_translate")
	if err != nil {
		t.Skip("no gdal_translate here to make one with")
	}
	from := drawn{kind: gdal.Byte, left: []float64{1, 2, 3}, right: []float64{4, 5, 6}}.write(t)
	path := filepath.Join(t.TempDir(), "gcp.tif")
	args := strings.Fields("-q -a_srs EPSG:4326 -gcp 0 0 10 47 -gcp 64 0 11 47 -gcp 0 64 10 46 -gcp 64 64 11.1 46 " + from + " " + path)
	if said, err := exec.Command(program, args...).CombinedOutput(); err != nil {
		t.Skipf("%v: %s", err, said)
	}
	err = readAllOf(path, PictureOptions{})
	if !errors.Is(err, ErrNoCRS) || remedy.Try(err) == "" {
		t.Fatalf("got %v", err)
	}
	checkRefusal(t, err, path)
}
