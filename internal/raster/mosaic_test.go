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
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/lukeroth/gdal"

	"github.com/terrane/terrane/tilegrid"
)

// flat makes a picture of one colour; width degrees across and at most 180 down, 64 x 64 pixels, its corner at a place.
func flat(t *testing.T, grey, west, north, width float64) string {
	t.Helper()
	return drawn{kind: gdal.Byte, left: []float64{grey}, right: []float64{grey},
		transform: [6]float64{west, width / 64, 0, north, 0, -min(width, 180) / 64}}.write(t)
}

// greyAt returns the red and alpha of a place.
func greyAt(m *image.NRGBA, w Window, lon, lat float64) (grey, alpha uint8) {
	cols, rows := w.size()
	i := m.PixOffset(int((lon+180)/360*cols), int((90-lat)/180*rows))
	return m.Pix[i], m.Pix[i+3]
}

func TestWhichPictureIsOnTop(t *testing.T) {
	coarse, fine, last := flat(t, 1, 10, 47, 1), flat(t, 2, 10.25, 46.75, 0.5), flat(t, 3, 10, 47, 0.5)
	w := Window{Grid: tilegrid.Geodetic, Level: 4, TileSize: 256}
	cols, rows := w.size()
	w.Rect = image.Rect(int(190.0/360*cols), int(43.0/180*rows), int(191.5/360*cols), int(44.5/180*rows))
	for order, want := range map[Priority][3]uint8{ // at three places: all, coarse and last, coarse and fine
		"": {3, 3, 2}, Last: {3, 3, 2}, First: {1, 1, 1}, Finest: {2, 3, 2},
	} {
		p := openPicturesOf(t, PictureOptions{Priority: order}, coarse, fine, last)
		out := paint(t, p, w)
		for i, place := range [3][2]float64{{10.4, 46.6}, {10.1, 46.9}, {10.6, 46.4}} {
			if grey, alpha := greyAt(out, w, place[0], place[1]); grey != want[i] || alpha != 255 {
				t.Errorf("%q: %d, alpha %d at %v; want %d", order, grey, alpha, place, want[i])
			}
		}
		if _, alpha := greyAt(out, w, 11.4, 46.4); alpha != 0 {
			t.Errorf("%q: something lies beside the pictures", order)
		}
	}
}

func TestNeighboursMeetWithoutASeam(t *testing.T) {
	var paths []string
	for i := range 9 {
		paths = append(paths, flat(t, 100, 10+float64(i%3)/4, 47-float64(i/3)/4, 0.25))
	}
	p := openPicturesOf(t, PictureOptions{}, paths...)
	for level := uint8(2); level < 10; level++ {
		w := over(p.Files()[4], tilegrid.Mercator, level, image.Pt(300, 300))
		cols, rows := w.size()
		down := func(lat float64) int { return int((0.5 - math.Asinh(math.Tan(lat*math.Pi/180))/(2*math.Pi)) * rows) }
		w.Rect = w.Rect.Intersect(image.Rect(int(190/360.0*cols)+1, down(47)+1, int(190.75/360*cols), down(46.25)))
		if w.Rect.Empty() {
			continue
		}
		out := image.NewNRGBA(w.Rect)
		opaque, err := p.Paint(context.Background(), w, out)
		if err != nil || !opaque {
			t.Errorf("level %d: opaque %v, %v", level, opaque, err)
		}
		for i := 0; i < len(out.Pix); i += 4 {
			if out.Pix[i] != 100 {
				t.Fatalf("level %d: %v", level, out.Pix[i:i+4])
			}
		}
	}
}

func TestPicturesRoundTheGlobe(t *testing.T) {
	for name, c := range map[string]struct {
		west, width float64
		at          []float64 // longitudes at which something is to be seen
		not         []float64
	}{
		"the whole globe":              {-180, 360, []float64{-180, -179.9, 0, 179.9, 180.1, 539, -200}, nil},
		"from 0 to 360":                {0, 360, []float64{-179.9, -0.1, 0.1, 179.9, 190}, nil},
		"half a pixel too early":       {-180 - 360.0/128, 360, []float64{-180, -179.9, 179.9, 180.1}, nil},
		"across the antimeridian":      {170, 20, []float64{171, 179.9, 180.1, 189, -171, -179.9}, []float64{169, 191, 0, -169}},
		"the same from the other side": {-190, 20, []float64{171, 179.9, 180.1, 189, -171, -179.9}, []float64{169, 191, 0, -169}},
		"another turn":                 {370, 20, []float64{11, 29, -349}, []float64{9, 31}},
	} {
		t.Run(name, func(t *testing.T) {
			p := openPicturesOf(t, PictureOptions{}, flat(t, 50, c.west, math.Min(90, c.width/2), c.width))
			for _, grid := range []tilegrid.Grid{tilegrid.Geodetic, tilegrid.Mercator} {
				w := Window{Grid: grid, Level: 3, TileSize: 256}
				cols, rows := w.size()
				show := func(lon float64) bool {
					x := int(math.Floor((lon + 180) / 360 * cols))
					w.Rect = image.Rect(x-3, int(rows/2)-4, x+4, int(rows/2)-1)
					out := paint(t, p, w)
					px := out.Pix[out.PixOffset(x, int(rows/2)-2):]
					return px[3] == 255 && px[0] == 50
				}
				for _, lon := range c.at {
					if !show(lon) {
						t.Errorf("nothing at longitude %v", lon)
					}
				}
				for _, lon := range c.not {
					if show(lon) {
						t.Errorf("something at longitude %v", lon)
					}
				}
			}
		})
	}
}

func TestTheDatelineSceneIsWhole(t *testing.T) {
	p := openPicturesOf(t, PictureOptions{}, shared(t, "imagery", "landsat8_dateline_uint16_utm60n.tif"))
	w := over(p.Files()[0], tilegrid.Mercator, 8, image.Pt(500, 500))
	cols, _ := w.size()
	whole := paint(t, p, w)
	w.Rect = w.Rect.Sub(image.Pt(int(cols), 0))
	turned := paint(t, p, w)
	if mean, both, one := difference(whole, turned); mean != 0 || one != 0 || both < 100000 {
		t.Errorf("a turn further west it differs by %v, in %d pixels; %d are compared", mean, one, both)
	}
	mean, both, one := difference(whole, warped(t, over(p.Files()[0], tilegrid.Mercator, 8, image.Pt(500, 500)), p.Files()[0].Path,
		"-r", "bilinear", "-ovr", "NONE"))
	t.Logf("against gdalwarp without scaling: %v of %d, %d in one only", mean, both, one)
	if one > 600 {
		t.Errorf("%d pixels are seen by one only", one)
	}
}

func TestAPolarPictureHoldsThePole(t *testing.T) {
	const name = "polar.tif"
	path := filepath.Join(t.TempDir(), name)
	made{cols: 100, rows: 100, kind: gdal.Byte, transform: [6]float64{-2e6, 4e4, 0, 2e6, 0, -4e4}, epsg: 3413, file: path, pixel: func(int, int) float64 { return 80 }}.write(t)
	p := openPicturesOf(t, PictureOptions{}, path)
	w := Window{Grid: tilegrid.Geodetic, Level: 2, TileSize: 256}
	cols, _ := w.size()
	w.Rect = image.Rect(0, 0, int(cols), 40) // down to 83 degrees
	out := paint(t, p, w)
	if n := visible(out); n != w.Rect.Dx()*w.Rect.Dy() {
		t.Errorf("%d of %d pixels round the pole are visible", n, w.Rect.Dx()*w.Rect.Dy())
	}
}

func TestTurnedPicturesLieRight(t *testing.T) {
	for name, transform := range map[string][6]float64{
		"south-up": {10, 1.0 / 64, 0, 46, 0, 1.0 / 64}, "east to west": {11, -1.0 / 64, 0, 47, 0, -1.0 / 64}, "rotated": {10.5, 0.006, 0.004, 46, -0.004, 0.006},
	} {
		t.Run(name, func(t *testing.T) {
			path := made{cols: 64, rows: 64, kind: gdal.Byte, transform: transform, epsg: 4326, pixel: func(c, r int) float64 { return float64(2*c + r) }}.write(t)
			p := openPicturesOf(t, PictureOptions{}, path)
			w := over(p.Files()[0], tilegrid.Geodetic, 8, image.Pt(200, 200))
			mean, both, one := difference(paint(t, p, w), warped(t, w, path, "-r", "bilinear"))
			if mean > 0.6 || both < 10000 || one > 400 {
				t.Errorf("differs by %v in %d pixels, %d are in one only", mean, both, one)
			}
		})
	}
}

func TestManyAtOnceGiveTheSamePixels(t *testing.T) {
	p := openPicturesOf(t, PictureOptions{Handles: 2, OpenFiles: 3}, shared(t, "imagery", "naip_4band_utm14n_5m.tif"), shared(t, "imagery", "landsat_bahamas_rgb_nodata0_utm18n.tif"),
		shared(t, "imagery", "aerial_rgba_15cm_utm13n.tif"), shared(t, "imagery", "palette_cog_epsg3857.tif"))
	var work sync.WaitGroup
	for i, f := range p.Files() {
		w := over(f, tilegrid.Mercator, uint8([]int{14, 9, 19, 15}[i]), image.Pt(300, 300))
		want := paint(t, p, w)
		for range 4 {
			work.Go(func() {
				got := image.NewNRGBA(w.Rect)
				if _, err := p.Paint(context.Background(), w, got); err != nil || string(got.Pix) != string(want.Pix) {
					t.Errorf("%s differs: %v", f.Path, err)
				}
			})
		}
	}
	work.Wait()
}

func TestPaintRefusesWhatItCannotFill(t *testing.T) {
	p := openPicturesOf(t, PictureOptions{}, flat(t, 1, 10, 47, 1))
	for name, w := range map[string]Window{
		"too deep": {Level: 31, TileSize: 256, Rect: image.Rect(0, 0, 9, 9)}, "no tile size": {Rect: image.Rect(0, 0, 9, 9)},
		"another size": {TileSize: 256, Rect: image.Rect(0, 0, 8, 9)}, "empty": {TileSize: 256},
	} {
		if _, err := p.Paint(context.Background(), w, image.NewNRGBA(image.Rect(0, 0, 9, 9))); !errors.Is(err, ErrLattice) {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	w := over(p.Files()[0], tilegrid.Geodetic, 6, image.Pt(9, 9))
	if _, err := p.Paint(ctx, w, image.NewNRGBA(w.Rect)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestAMosaicSharesOneScale(t *testing.T) {
	scene := func(low, west float64) string {
		return drawn{kind: gdal.UInt16, left: []float64{low}, right: []float64{low + 100}, transform: degrees(west, 47, 1.0/64)}.write(t)
	}
	p := openPicturesOf(t, PictureOptions{}, scene(1000, 10), scene(5000, 11), flat(t, 9, 12, 47, 1))
	f := p.Files()
	if f[0].Scale == nil || f[1].Scale == nil || *f[0].Scale != *f[1].Scale || *f[0].Scale != [2]float64{1000, 5100} || f[2].Scale != nil {
		t.Errorf("%v %v %v", f[0].Scale, f[1].Scale, f[2].Scale)
	}
}

func TestAVRTMayJoinPicturesInItsFolder(t *testing.T) {
	dir := t.TempDir()
	drawn{kind: gdal.Byte, left: []float64{1, 2, 3}, right: []float64{4, 5, 6}, file: filepath.Join(dir, "a.tif")}.write(t)
	band := func(n int, source string) string {
		return fmt.Sprintf(`<VRTRasterBand dataType="Byte" band="%d">%s</VRTRasterBand>`, n, source)
	}
	source := func(kind, name, more string) string {
		return fmt.Sprintf(`<%s><SourceFilename relativeToVRT="1">%s</SourceFilename><SourceBand>1</SourceBand>%s</%s>`, kind, name, more, kind)
	}
	head := strings.Replace(strings.Replace(vrtHead, `"20"`, `"64"`, 2), "0.01,0,47,0,-0.01", "0.015625,0,47,0,-0.015625", 1)
	for name, c := range map[string]struct {
		bands string
		want  error
	}{
		"plain":          {band(1, source("SimpleSource", "a.tif", "")), nil},
		"a table":        {band(1, source("ComplexSource", "a.tif", "<LUT>0:255,255:0</LUT>")), nil},
		"a palette":      {band(1, "<ColorTable><Entry c1=\"1\" c2=\"2\" c3=\"3\" c4=\"255\"/></ColorTable>"+source("SimpleSource", "a.tif", "")), ErrBlank},
		"a filter":       {band(1, source("KernelFilteredSource", "a.tif", "")), ErrUnsafe},
		"derived":        {strings.Replace(band(1, source("SimpleSource", "a.tif", "")), "<VRTRasterBand", `<VRTRasterBand subClass="VRTDerivedRasterBand"`, 1), ErrUnsafe},
		"a function":     {band(1, "<PixelFunctionType>sum</PixelFunctionType>"+source("SimpleSource", "a.tif", "")), ErrUnsafe},
		"the network":    {band(1, source("SimpleSource", "/vsicurl/http://127.0.0.1:9/a.jpg", "")), ErrUnsafe},
		"a text":         {band(1, source("SimpleSource", "b.jpg", "")), ErrUnsafe},
		"overview files": {band(1, source("SimpleSource", "a.tif", "")+"<Overview><SourceFilename>/etc/passwd</SourceFilename></Overview>"), ErrUnsafe},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, "x.vrt")
			if err := errors.Join(os.WriteFile(path, []byte(head+c.bands+"</VRTDataset>"), 0o666), os.WriteFile(filepath.Join(dir, "b.jpg"), []byte("<GDAL_WMS>"), 0o666)); err != nil {
				t.Fatal(err)
			}
			if err := readAllOf(path, PictureOptions{}); !errors.Is(err, c.want) || c.want != nil && err == nil {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestWorldFilesPlaceAPicture(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.jpg")
	whole, err := os.ReadFile(shared(t, "imagery", "blue_marble_4096x2048.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, whole, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := readAllOf(path, PictureOptions{SrcCRS: "EPSG:4326"}); !errors.Is(err, ErrNoCRS) {
		t.Errorf("without a world file: %v", err)
	}
	for _, ext := range []string{"jgw", "wld"} {
		world := filepath.Join(dir, "x."+ext)
		if err := os.WriteFile(world, []byte("0.01\n0\n0\n-0.01\n10.005\n46.995\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		if err := readAllOf(path, PictureOptions{}); !errors.Is(err, ErrNoCRS) {
			t.Errorf("without a reference: %v", err)
		}
		f := openPicturesOf(t, PictureOptions{SrcCRS: "EPSG:4326"}, path).Files()[0]
		if math.Abs(f.Bound.Min[0]-10) > 1e-9 || math.Abs(f.Bound.Max[1]-47) > 1e-9 {
			t.Errorf("%s: %v", ext, f.Bound)
		}
		if err := errors.Join(os.Remove(world), syscall.Mkfifo(world, 0o666)); err != nil {
			t.Fatal(err)
		}
		if err := readAllOf(path, PictureOptions{SrcCRS: "EPSG:4326"}); !errors.Is(err, ErrUnsafe) {
			t.Errorf("a pipe as %s: %v", ext, err)
		}
		os.Remove(world)
	}
}

func TestFormatsThatGdalTranslateWrites(t *testing.T) {
	program, err := exec.LookPath("gdal_translate")
	if err != nil {
		t.Skip("no gdal_translate here to make them with")
	}
	from := shared(t, "imagery", "landsat_bahamas_rgb_nodata0_utm18n.tif")
	for name, args := range map[string]string{
		"x.png": "-of PNG -co WORLDFILE=YES", "x.jpg": "-of JPEG -co WORLDFILE=YES", "x.gpkg": "-of GPKG", "x.jp2": "-of JP2OpenJPEG -co REVERSIBLE=YES -co QUALITY=100",
		"x.img": "-of HFA", "x.tif": "-of COG -co COMPRESS=WEBP", "y.tif": "-of GTiff -co COMPRESS=JPEG -co PHOTOMETRIC=YCBCR -co TILED=YES", "x.mbtiles": "-of MBTILES",
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, name)
			cmd := exec.Command(program, append(append([]string{"-q"}, strings.Fields(args)...), from, path)...)
			cmd.Env = append(os.Environ(), "GDAL_PAM_ENABLED=NO")
			if said, err := cmd.CombinedOutput(); err != nil {
				t.Skipf("gdal_translate cannot: %v: %s", err, said)
			}
			before, _ := os.ReadDir(dir)
			opt := PictureOptions{NoData: []float64{0}}
			if name == "x.png" || name == "x.jpg" {
				opt.SrcCRS = "EPSG:32618"
			}
			p := openPicturesOf(t, opt, path)
			original := openPicturesOf(t, PictureOptions{}, from)
			w := over(original.Files()[0], tilegrid.Mercator, 9, image.Pt(400, 300))
			mean, both, _ := difference(paint(t, p, w), paint(t, original, w))
			dx, dy := shift(paint(t, original, w), paint(t, p, w))
			t.Logf("differs by %.2f in %d pixels, shift %.3f %.3f", mean, both, dx, dy)
			if mean > 6 || both < 20000 || math.Hypot(dx, dy) > 0.05 && name != "x.mbtiles" {
				t.Error("not the picture that it was made of")
			}
			if after, _ := os.ReadDir(dir); len(after) != len(before) {
				t.Errorf("something was written beside it: %v", after)
			}
		})
	}
}

// FuzzVRT holds that no text of a VRT names a file outside of its folder and passes.
func FuzzVRT(f *testing.F) {
	f.Add(vrtOver(`<SourceFilename relativeToVRT="1">a.tif</SourceFilename>`))
	f.Add(vrtOver(`<SourceFilename relativeToVRT="0">/etc/passwd</SourceFilename>`))
	f.Add(vrtOver(`<SourceFilename relativeToVRT="1">../b.tif</SourceFilename>`))
	f.Add(`<VRTDataset><!-- --><SourceFilename relativeToVRT="1">a.tif/../../b.tif</SourceFilename></VRTDataset>`)
	f.Add(`<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e "../b.tif">]><VRTDataset><SourceFilename relativeToVRT="1">&e;</SourceFilename></VRTDataset>`)
	dir := f.TempDir()
	inner := filepath.Join(dir, "inner")
	if err := os.Mkdir(inner, 0o777); err != nil {
		f.Fatal(err)
	}
	small(f, filepath.Join(inner, "a.tif"))
	small(f, filepath.Join(dir, "b.tif"))
	path := filepath.Join(inner, "x.vrt")
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		for _, allowed := range []formats{demFormats(), pictureFormats()} {
			if checkVRT(path, path, allowed) != nil {
				continue
			}
			named, err := vrtSources(strings.NewReader(text), allowed.elements)
			if err != nil || len(named) == 0 || strings.Contains(text, "subClass=\"VRTW") {
				t.Fatalf("it passed, then %v, %v", named, err)
			}
			for _, n := range named {
				if !filepath.IsAbs(n) {
					n = filepath.Join(inner, n)
				}
				if !inside(inner, n) {
					t.Fatalf("it names %s", n)
				}
			}
		}
	})
}

// FuzzSchema holds that no database makes its reader panic, or read without end.
func FuzzSchema(f *testing.F) {
	page := make([]byte, 1024)
	copy(page, "SQLite format 3\x00")
	page[16], page[59] = 4, 1
	copy(page[100:], []byte{13, 0, 0, 0, 1, 3, 0xf0, 0, 0x03, 0xf0})
	copy(page[0x3f0:], "\x08\x01create t")
	f.Add(page)
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := newDatabase(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		if err := d.walk(1, 0); err == nil && d.bytes > maxSchema {
			t.Error("it read more than it may")
		}
	})
}
