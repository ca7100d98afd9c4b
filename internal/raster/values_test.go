package raster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/lukeroth/gdal"

	"github.com/terrane/terrane/tilegrid"
)

// valuesOf reads the values of a window.
func valuesOf(t testing.TB, p *Pictures, w Window) [][]float64 {
	t.Helper()
	dst := make([][]float64, p.ValueForm().Bands)
	for b := range dst {
		dst[b] = make([]float64, w.Rect.Dx()*w.Rect.Dy())
	}
	if err := p.Values(context.Background(), w, dst); err != nil {
		t.Fatal(err)
	}
	return dst
}

// located asks gdallocationinfo for the values of a file at places in degrees: band by band, place by place.
func located(t testing.TB, path string, places [][2]float64, bands int) [][]float64 {
	t.Helper()
	tool, err := exec.LookPath("gdallocationinfo")
	if err != nil {
		t.Skip("no gdallocationinfo to compare with")
	}
	var in, out, said bytes.Buffer
	for _, p := range places {
		fmt.Fprintf(&in, "%.12f %.12f\n", p[0], p[1])
	}
	c := exec.Command(tool, "-valonly", "-wgs84", path)
	c.Stdin, c.Stdout, c.Stderr = &in, &out, &said
	if err := c.Run(); err != nil {
		t.Fatalf("%v: %s", err, &said)
	}
	lines := strings.Fields(out.String())
	if len(lines) != len(places)*bands {
		t.Fatalf("gdallocationinfo gave %d values for %d places and %d bands: %.300s", len(lines), len(places), bands, &said)
	}
	values := make([][]float64, bands)
	for i, line := range lines {
		v, err := strconv.ParseFloat(line, 64)
		if err != nil {
			t.Fatal(err)
		}
		values[i%bands] = append(values[i%bands], v)
	}
	return values
}

// TestValuesAreThoseThatGDALFinds compares every 13th pixel that has a value. A pixel whose centre lies within 0.02 of a border between two
// pixels of the source may have that of either.
func TestValuesAreThoseThatGDALFinds(t *testing.T) {
	for _, c := range []struct {
		file  string
		form  ValueForm
		alpha int // a band that gdallocationinfo tells and we do not
	}{
		{"imagery/landsat8_dateline_uint16_utm60n.tif", ValueForm{1, "uint16"}, 0},
		{"imagery/landsat8_uint16_cog_utm21n.tif", ValueForm{1, "uint16"}, 0},
		{"imagery/naip_4band_utm14n_5m.tif", ValueForm{4, "uint8"}, 0},
		{"imagery/palette_cog_epsg3857.tif", ValueForm{1, "uint8"}, 0},
		{"imagery/aerial_rgba_15cm_utm13n.tif", ValueForm{3, "uint8"}, 4},
		{"imagery/landsat_bahamas_rgb_nodata0_utm18n.tif", ValueForm{3, "uint8"}, 0},
		{"dem/slovenia_lidar_dtm_1m_epsg3794_nan.tif", ValueForm{1, "float32"}, 0},
		{"dem/etopo20_global_20arcmin.tif", ValueForm{1, "float32"}, 0},
	} {
		t.Run(c.file, func(t *testing.T) {
			path := shared(t, strings.Split(c.file, "/")...)
			p := openPicturesOf(t, PictureOptions{Values: true}, path)
			if got := p.ValueForm(); got != c.form {
				t.Fatalf("%+v, want %+v", got, c.form)
			}
			f := p.Files()[0]
			level := uint8(math.Ceil(math.Log2(360 / 256 / f.Resolution.Degrees)))
			w := over(f, tilegrid.Mercator, level, image.Pt(256, 256))
			ours := valuesOf(t, p, w)
			seen := paint(t, p, w)
			var places [][2]float64
			var at []int
			for i := 0; i < 256*256; i += 13 {
				if ours[0][i] != ours[0][i] {
					if seen.Pix[4*i+3] == 255 && f.Kernel == "nearest" {
						t.Fatalf("pixel %d can be seen and has no value", i)
					}
					continue
				}
				x, y := []float64{float64(w.Rect.Min.X+i%256) + 0.5}, []float64{float64(w.Rect.Min.Y+i/256) + 0.5}
				w.degrees(x, y)
				places, at = append(places, [2]float64{x[0], y[0]}), append(at, i)
			}
			bands := c.form.Bands
			if c.alpha > 0 {
				bands++
			}
			theirs := located(t, path, places, bands)
			differ := 0
			for k, i := range at {
				if slices.ContainsFunc([]int{0, c.form.Bands - 1}, func(b int) bool { return ours[b][i] != float64(float32(theirs[b][k])) }) {
					differ++
				}
			}
			if len(places) < 500 || differ*100 > len(places) {
				t.Errorf("%d of %d differ", differ, len(places))
			}
			t.Logf("%d of %d differ", differ, len(places))
		})
	}
}

func TestValuesComeFromTheTopmostPictureThatCanBeSeen(t *testing.T) {
	zero := 0.0
	low := drawn{kind: gdal.Int16, left: []float64{-5, 100}, right: []float64{7, 101}}.write(t)
	high := drawn{kind: gdal.UInt16, left: []float64{0}, right: []float64{40000}, nodata: &zero}.write(t)
	p := openPicturesOf(t, PictureOptions{Values: true}, low, high)
	if got := p.ValueForm(); got != (ValueForm{2, "int32"}) {
		t.Errorf("%+v", got)
	}
	w := over(p.Files()[0], tilegrid.Geodetic, 6, image.Pt(256, 256))
	v := valuesOf(t, p, w)
	counts := map[[2]string]int{}
	for i := range v[0] {
		counts[[2]string{num(v[0][i]), num(v[1][i])}]++
	}
	for _, want := range [][2]string{{"-5", "100"}, {"40000", "NaN"}, {"NaN", "NaN"}} {
		if counts[want] < 100 {
			t.Errorf("no %v: %v", want, counts)
		}
	}
	if len(counts) != 3 {
		t.Errorf("other values too: %v", counts)
	}
}

func TestFarTooFewPixelsForTheirSourceAreStillItsOwn(t *testing.T) {
	path := shared(t, "imagery", "palette_cog_epsg3857.tif")
	p := openPicturesOf(t, PictureOptions{Values: true}, path)
	w := over(p.Files()[0], tilegrid.Mercator, 9, image.Pt(64, 64)) // a source pixel is a 230th of a pixel
	v := valuesOf(t, p, w)
	some := 0
	for _, x := range v[0] {
		if x == x {
			some++
			if x < 1 || x > 12 || x != math.Trunc(x) {
				t.Errorf("class %v", x)
			}
		}
	}
	if some < 100 {
		t.Errorf("%d values", some)
	}
}

func TestValuesThatCannotBeKeptAreRefused(t *testing.T) {
	many := drawn{kind: gdal.Byte, left: make([]float64, 65), right: slices.Repeat([]float64{1}, 65)}.write(t)
	openPicturesOf(t, PictureOptions{}, many)
	_, err := OpenPictures(context.Background(), []string{many}, PictureOptions{Values: true})
	if !errors.Is(err, ErrNotPicture) || !strings.Contains(err.Error(), "65 bands") {
		t.Errorf("%v", err)
	}
	if err != nil {
		checkRefusal(t, err, many)
	}
}

func TestTypesThatHoldBoth(t *testing.T) {
	for _, c := range [][3]string{
		{"Byte", "Byte", "uint8"}, {"Byte", "UInt16", "uint16"}, {"Byte", "Int8", "int16"}, {"UInt16", "Int16", "int32"}, {"Int16", "Byte",
			"int16"}, {"UInt32", "Int8", "float64"},
		{"Int32", "UInt16", "int32"}, {"Float32", "UInt16", "float32"}, {"Float32", "Int32", "float64"}, {"Float64", "Byte", "float64"},
		{"UInt32", "Byte", "uint32"}, {"Int64", "Byte", "float64"},
	} {
		if got := numericOf(c[0]).with(numericOf(c[1])); got.String() != c[2] || got != numericOf(c[1]).with(numericOf(c[0])) {
			t.Errorf("%s and %s: %s, want %s", c[0], c[1], got, c[2])
		}
	}
}

func TestCollarsAreFoundAndNothingElse(t *testing.T) {
	for file, want := range map[string][]float64{
		"imagery/landsat8_uint16_cog_utm21n.tif":         {1},
		"imagery/landsat8_dateline_uint16_utm60n.tif":    {1},
		"imagery/landsat_bahamas_rgb_nodata0_utm18n.tif": nil, // declared
		"imagery/naip_4band_utm14n_5m.tif":               nil,
		"imagery/aerial_rgba_15cm_utm13n.tif":            nil,
		"imagery/palette_cog_epsg3857.tif":               nil,
		"imagery/erdas_foo.jp2":                          nil,
		"dem/etopo20_global_20arcmin.tif":                nil,
	} {
		f := openPicturesOf(t, PictureOptions{}, shared(t, strings.Split(file, "/")...)).Files()[0]
		if (f.Collar == nil) != (want == nil) || want != nil && (!slices.Equal(f.Collar.Values, want) || f.Collar.Share < 0.1 ||
			f.Collar.Share > 0.7) {
			t.Errorf("%s: %+v, want %v", file, f.Collar, want)
		}
	}
	path := shared(t, "imagery", "landsat8_uint16_cog_utm21n.tif")
	if f := openPicturesOf(t, PictureOptions{NoData: []float64{1}}, path).Files()[0]; f.Collar != nil {
		t.Errorf("nodata is given, and still %+v", f.Collar)
	}
}

func TestAReferenceThatIsReplacedIsNamed(t *testing.T) {
	path := shared(t, "imagery", "naip_4band_utm14n_5m.tif")
	for given, want := range map[string]string{"": "", "EPSG:26914": "", "26914": "", "EPSG:32614": "EPSG:26914"} {
		if f := openPicturesOf(t, PictureOptions{SrcCRS: given}, path).Files()[0]; f.Replaced != want {
			t.Errorf("--src-crs %q: %q, want %q", given, f.Replaced, want)
		}
	}
	dem := shared(t, "dem", "n43.dt0")
	if f := open(t, Options{SrcCRS: "4258"}, dem).Files()[0]; f.Replaced != "EPSG:4326" || f.CRS != "EPSG:4258" {
		t.Errorf("%q, %q", f.Replaced, f.CRS)
	}
	if f := open(t, Options{SrcCRS: "4326"}, dem).Files()[0]; f.Replaced != "" {
		t.Errorf("%q", f.Replaced)
	}
}

func TestACollarIsThatOfTheCornersThatFillTheEdges(t *testing.T) {
	const cols = 200
	lines := make([][]float64, 10)
	for k := range lines {
		lines[k] = slices.Repeat([]float64{9}, cols)
		for x := range cols / 4 {
			lines[k][x], lines[k][cols-1-x] = 0, 0
		}
	}
	lines[0][0], lines[0][cols-1] = 7, 7 // two corners, and no more
	p := &picture{bands: []int{1}}
	if c := p.collarOf(lines, cols); c == nil || !slices.Equal(c.Values, []float64{0}) {
		t.Errorf("%+v", c)
	}
}

// TestNodataIsThatOfTheBandsOwnType has a band of whole numbers that is shown, and one of float32 whose nodata float32 cannot tell exactly.
func TestNodataIsThatOfTheBandsOwnType(t *testing.T) {
	nodata := -9999.9
	dir := t.TempDir()
	whole := drawn{kind: gdal.Int32, left: []float64{70000}, right: []float64{5}, file: filepath.Join(dir, "whole.tif")}.write(t)
	narrow := drawn{kind: gdal.Float32, left: []float64{nodata}, right: []float64{0.5}, file: filepath.Join(dir, "narrow.tif")}.write(t)
	var bands strings.Builder
	for k, file := range []string{whole, narrow} {
		fmt.Fprintf(&bands, `<VRTRasterBand dataType="%s" band="%d">%s<SimpleSource><SourceFilename relativeToVRT="1">%s</SourceFilename>
<SourceBand>1</SourceBand></SimpleSource></VRTRasterBand>`, []string{"Int32", "Float32"}[k], k+1,
			[]string{"", "<NoDataValue>-9999.9</NoDataValue>"}[k], filepath.Base(file))
	}
	vrt := filepath.Join(dir, "both.vrt")
	text := fmt.Sprintf(`<VRTDataset rasterXSize="64" rasterYSize="64"><SRS>EPSG:4326</SRS>
<GeoTransform>10, 0.015625, 0, 47, 0, -0.015625</GeoTransform>%s</VRTDataset>`, &bands)
	if err := os.WriteFile(vrt, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	p := openPicturesOf(t, PictureOptions{Values: true, Bands: []int{1}}, vrt)
	if got := p.ValueForm(); got != (ValueForm{2, "float64"}) {
		t.Fatalf("%+v", got)
	}
	v := valuesOf(t, p, over(p.Files()[0], tilegrid.Geodetic, 6, image.Pt(256, 256)))
	counts := map[[2]string]int{}
	for i := range v[0] {
		counts[[2]string{num(v[0][i]), num(v[1][i])}]++
	}
	if counts[[2]string{"70000", "NaN"}] < 100 || counts[[2]string{"5", "0.5"}] < 100 || len(counts) != 3 {
		t.Errorf("%v", counts)
	}
}
