package raster

import (
	"context"
	"fmt"
	"image"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lukeroth/gdal"

	"github.com/terrane/terrane/tilegrid"
)

// openPictures opens pictures that are closed with the test.
func openPicturesOf(t testing.TB, opt PictureOptions, paths ...string) *Pictures {
	t.Helper()
	p, err := OpenPictures(context.Background(), paths, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// paint paints a window.
func paint(t testing.TB, p *Pictures, w Window) *image.NRGBA {
	t.Helper()
	dst := image.NewNRGBA(w.Rect)
	opaque, err := p.Paint(context.Background(), w, dst)
	if err != nil {
		t.Fatal(err)
	}
	for i := 3; i < len(dst.Pix) && opaque; i += 4 {
		if dst.Pix[i] != 255 {
			t.Fatal("a picture that is called opaque is not")
		}
	}
	return dst
}

// over returns the window of so many pixels around the middle of a file, at a level.
func over(f PictureFile, g tilegrid.Grid, level uint8, size image.Point) Window {
	c := f.Bound.Center()
	w := Window{Grid: g, Level: level, TileSize: 256}
	cols, rows := w.size()
	x, y := (c[0]+180)/360*cols, (90-c[1])/180*rows
	if g == tilegrid.Mercator {
		y = (0.5 - math.Asinh(math.Tan(c[1]*math.Pi/180))/(2*math.Pi)) * rows
	}
	at := image.Pt(int(x), int(y)).Sub(size.Div(2))
	w.Rect = image.Rectangle{at, at.Add(size)}
	return w
}

// warped is what gdalwarp makes of a window.
func warped(t testing.TB, w Window, path string, args ...string) *image.NRGBA {
	t.Helper()
	program, err := exec.LookPath("gdalwarp")
	if err != nil {
		t.Skip("no gdalwarp here to compare with")
	}
	cols, rows := w.size()
	r := w.Rect
	unit, srs := 360/cols, "EPSG:4326"
	west, north := float64(r.Min.X)*unit-180, 90-float64(r.Min.Y)/rows*180
	if w.Grid == tilegrid.Mercator {
		const half = math.Pi * metresPerRadian
		unit, srs = 2*half/cols, "EPSG:3857"
		west, north = float64(r.Min.X)*unit-half, half-float64(r.Min.Y)*unit
	}
	out := filepath.Join(t.TempDir(), "warped.tif")
	args = append([]string{"-q", "-et", "0", "-dstalpha", "-t_srs", srs, "-te", num(west), num(north - float64(r.Dy())*unit), num(west + float64(r.Dx())*unit), num(north),
		"-ts", fmt.Sprint(r.Dx()), fmt.Sprint(r.Dy())}, append(args, path, out)...)
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), "GDAL_PAM_ENABLED=NO")
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("gdalwarp %v: %v\n%s", args, err, said)
	}
	return rgbaOf(t, out, w.Rect)
}

func num(v float64) string { return fmt.Sprintf("%.12g", v) }

// rgbaOf reads a file of two, or four and more bands, as colours and alpha last.
func rgbaOf(t testing.TB, path string, r image.Rectangle) *image.NRGBA {
	t.Helper()
	ds, err := gdal.Open(path, gdal.ReadOnly)
	if err != nil {
		t.Fatal(err)
	}
	defer ds.Close()
	n := ds.RasterCount()
	numbers := []int{1, 2, 3, n}
	if n < 4 {
		numbers = []int{1, 1, 1, n}
	}
	out := image.NewNRGBA(r)
	for c, b := range numbers {
		if err := readBands([]gdal.RasterBand{ds.RasterBand(b)}, window{0, 0, r.Dx(), r.Dy()}, out.Pix[c:], spacing{4, out.Stride, 1}); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// difference returns the mean difference of colours where both and all neighbours are opaque, how many pixels that is, and how many pixels only one of both shows.
func difference(a, b *image.NRGBA) (mean float64, both, one int) {
	w, h := a.Rect.Dx(), a.Rect.Dy()
	alpha := func(m *image.NRGBA, x, y int) uint8 { return m.Pix[y*m.Stride+4*x+3] }
	for y := 2; y < h-2; y++ {
		for x := 2; x < w-2; x++ {
			if (alpha(a, x, y) > 0) != (alpha(b, x, y) > 0) {
				one++
			}
			inside := true
			for d := range 25 {
				inside = inside && alpha(a, x+d%5-2, y+d/5-2) == 255 && alpha(b, x+d%5-2, y+d/5-2) == 255
			}
			if !inside {
				continue
			}
			both++
			for c := range 3 {
				mean += math.Abs(float64(a.Pix[y*a.Stride+4*x+c])-float64(b.Pix[y*b.Stride+4*x+c])) / 3
			}
		}
	}
	return mean / float64(max(1, both)), both, one
}

// shift finds by least squares how far b lies from a, in pixels, from the gradients of green.
func shift(a, b *image.NRGBA) (dx, dy float64) {
	w, h := a.Rect.Dx(), a.Rect.Dy()
	var xx, xy, yy, xt, yt float64
	at := func(m *image.NRGBA, x, y int) (float64, bool) {
		p := m.Pix[y*m.Stride+4*x:]
		return float64(p[1]), p[3] == 255
	}
	for y := 2; y < h-2; y++ {
		for x := 2; x < w-2; x++ {
			ok := true
			for d := range 25 {
				_, o := at(a, x+d%5-2, y+d/5-2)
				_, p := at(b, x+d%5-2, y+d/5-2)
				ok = ok && o && p
			}
			if !ok {
				continue
			}
			e, _ := at(a, x+1, y)
			q, _ := at(a, x-1, y)
			s, _ := at(a, x, y+1)
			n, _ := at(a, x, y-1)
			v, _ := at(a, x, y)
			u, _ := at(b, x, y)
			gx, gy := (e-q)/2, (s-n)/2
			xx, xy, yy = xx+gx*gx, xy+gx*gy, yy+gy*gy
			xt, yt = xt+gx*(v-u), yt+gy*(v-u)
		}
	}
	det := xx*yy - xy*xy
	return (xt*yy - yt*xy) / det, (yt*xx - xt*xy) / det
}

func TestPicturesLieWhereGdalwarpPutsThem(t *testing.T) {
	for _, c := range []struct {
		file  string
		grid  tilegrid.Grid
		level uint8
		opt   PictureOptions
		args  string
	}{
		{"blue_marble_4096x2048.jpg", tilegrid.Mercator, 4, PictureOptions{SrcCRS: "EPSG:4326"}, "-s_srs EPSG:4326 -r bilinear"},
		{"blue_marble_4096x2048.jpg", tilegrid.Mercator, 6, PictureOptions{SrcCRS: "EPSG:4326"}, "-s_srs EPSG:4326 -r bilinear"},
		{"blue_marble_4096x2048.jpg", tilegrid.Geodetic, 4, PictureOptions{SrcCRS: "EPSG:4326", Resampling: "cubic"}, "-s_srs EPSG:4326 -r cubic"},
		{"aerial_rgb_internalmask_15cm_utm13n.tif", tilegrid.Mercator, 20, PictureOptions{}, "-r bilinear"},
		{"aerial_rgba_15cm_utm13n.tif", tilegrid.Mercator, 20, PictureOptions{}, "-r bilinear"},
		{"aerial_rgba_15cm_utm13n.tif", tilegrid.Geodetic, 21, PictureOptions{Resampling: "cubic"}, "-r cubic"},
		{"erdas_foo.jp2", tilegrid.Mercator, 19, PictureOptions{}, "-r bilinear"},
		{"erdas_foo.jp2", tilegrid.Mercator, 16, PictureOptions{}, "-r average -ovr NONE"},
		{"erdas_foo.jp2", tilegrid.Mercator, 15, PictureOptions{}, "-r average -ovr NONE"},
		{"landsat_bahamas_rgb_nodata0_utm18n.tif", tilegrid.Mercator, 9, PictureOptions{}, "-r bilinear"},
		{"naip_4band_utm14n_5m.tif", tilegrid.Mercator, 15, PictureOptions{}, "-r bilinear"},
		{"naip_4band_utm14n_5m.tif", tilegrid.Mercator, 12, PictureOptions{}, "-r average"}, // its own overview
		{"landsat_bahamas_rgb_nodata0_utm18n.tif", tilegrid.Mercator, 7, PictureOptions{}, "-r average"},
		{"palette_cog_epsg3857.tif", tilegrid.Mercator, 18, PictureOptions{}, "near"},
		{"palette_cog_epsg3857.tif", tilegrid.Mercator, 16, PictureOptions{}, "near"},
	} {
		t.Run(fmt.Sprintf("%s at %d", c.file, c.level), func(t *testing.T) {
			path := shared(t, "imagery", c.file)
			p := openPicturesOf(t, c.opt, path)
			f := p.Files()[0]
			w := over(f, c.grid, c.level, image.Pt(700, 600))
			got := paint(t, p, w)
			if c.args == "near" {
				expanded := filepath.Join(t.TempDir(), "rgb.vrt")
				if said, err := exec.Command("gdal_translate", "-q", "-of", "VRT", "-expand", "rgb", path, expanded).CombinedOutput(); err != nil {
					t.Skipf("%v: %s", err, said)
				}
				path, c.args = expanded, "-r near -srcnodata 0"
			}
			want := warped(t, w, path, strings.Fields(c.args)...)
			mean, both, one := difference(got, want)
			dx, dy := shift(got, want)
			t.Logf("%.2f metres a pixel: mean difference %.3f of %d pixels, %d in one only, shift %.3f %.3f; %+v", f.Resolution.Metres, mean, both, one, dx, dy, f)
			most := 2.0
			if strings.Contains(c.args, "average") {
				most = 9 // a box as wide as the pixel, here two halvings and a bilinear step
			}
			if dx != dx { // one colour all over
				dx, dy = 0, 0
			}
			if mean > most || both < 100 || !(math.Hypot(dx, dy) <= 0.05) {
				t.Error("not where gdalwarp puts it")
			}
		})
	}
}
