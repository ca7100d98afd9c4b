//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestMapsLieWhereGdalwarpPutsThem compares GetMap with gdalwarp -et 0 of the same source: at the source's own scale and magnified three times, in seven reference
// systems. The limit is an eighth of a pixel.
func TestMapsLieWhereGdalwarpPutsThem(t *testing.T) {
	if _, err := exec.LookPath("gdalwarp"); err != nil {
		t.Skip("gdalwarp is absent: apt-get install gdal-bin")
	}
	dir := t.TempDir()
	places := map[string]place{
		"france":    writePlace(t, dir, "france", 5.5, 46),
		"greenland": writePlace(t, dir, "greenland", -45, 75),
	}
	data := filepath.Join(dir, "data")
	for name := range places {
		ingestPicture(t, data, name, filepath.Join(dir, name+".png"))
	}
	r := start(t, "serve", "--data", data)
	for _, c := range []struct {
		place, crs string
		northFirst bool
	}{
		{"france", "EPSG:3857", false}, {"france", "EPSG:4326", true}, {"france", "CRS:84", false}, {"france", "EPSG:3035", true}, {"france", "EPSG:25832", false},
		{"france", "EPSG:2154", false}, {"greenland", "EPSG:3413", false},
	} {
		for _, magnified := range []float64{1, 3} {
			t.Run(fmt.Sprintf("%s x%g", c.crs, magnified), func(t *testing.T) {
				v := places[c.place].view(t, c.crs, magnified)
				theirs := v.warp(t, dir)
				ours := v.getMap(t, r.url, c.place, c.northFirst)
				dx, dy := shift(ours, theirs)
				t.Logf("%.3f, %.3f pixels apart", dx, dy)
				if !(math.Hypot(dx, dy) <= 0.125) {
					t.Errorf("the map lies %.3f, %.3f pixels from gdalwarp's", dx, dy)
				}
			})
		}
	}
}

const (
	placeSide  = 1200 // pixels
	placePixel = 1.0 / 2000
)

// place is a picture of blobs in longitude and latitude around a place.
type place struct {
	file     string
	lon, lat float64 // of its middle
}

func writePlace(t *testing.T, dir, name string, lon, lat float64) place {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, placeSide, placeSide))
	for y := range placeSide {
		for x := range placeSide {
			u, v := float64(x), float64(y)
			bump := func(a, b, c float64) uint8 { return uint8(128 + 60*math.Sin(u/a+v/c) + 60*math.Cos(v/b-u/(2*c))) }
			m.SetNRGBA(x, y, color.NRGBA{bump(9, 11, 23), bump(13, 8, 17), bump(10, 14, 29), 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	p := place{filepath.Join(dir, name+".png"), lon, lat}
	world := fmt.Sprintf("%.12f\n0\n0\n-%.12f\n%.12f\n%.12f\n", placePixel, placePixel, lon-placePixel*(placeSide-1)/2, lat+placePixel*(placeSide-1)/2)
	for file, data := range map[string][]byte{p.file: b.Bytes(), filepath.Join(dir, name+".pgw"): []byte(world)} {
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// ingestPicture makes an imagery dataset without loss.
func ingestPicture(t *testing.T, data, name, file string) {
	t.Helper()
	c := exec.Command(program, "ingest", "imagery", "--data", data, "--name", name, "--src-crs", "EPSG:4326", "--format", "png", "--progress", "none", file)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("ingest: %v\n%s", err, out)
	}
}

// view is a map of a place: box in units of the reference system, x east.
type view struct {
	place                    place
	crs                      string
	west, south, east, north float64
	side                     int
}

// view returns the map around the middle of a place, its pixels as wide as the source's or so many times finer.
func (p place) view(t *testing.T, crs string, magnified float64) view {
	t.Helper()
	v := view{place: p, crs: crs, side: 400}
	c := exec.Command("gdaltransform", "-s_srs", "OGC:CRS84", "-t_srs", v.gdal(), "-output_xy")
	north := p.lat + 100*placePixel
	c.Stdin = bytes.NewReader(fmt.Appendf(nil, "%.9f %.9f\n%.9f %.9f\n", p.lon, p.lat, p.lon, north))
	out, err := c.Output()
	var x, y, x2, y2 float64
	if _, scan := fmt.Sscan(string(out), &x, &y, &x2, &y2); err != nil || scan != nil {
		t.Fatalf("gdaltransform: %v, %q", err, out)
	}
	half := math.Hypot(x2-x, y2-y) / 100 / magnified * float64(v.side) / 2
	v.west, v.south, v.east, v.north = x-half+half/777, y-half+half/555, x+half+half/777, y+half+half/555 // at no round place
	return v
}

// gdal is GDAL's name of the reference system, x east.
func (v view) gdal() string {
	if v.crs == "CRS:84" {
		return "OGC:CRS84"
	}
	return v.crs
}

func (v view) warp(t *testing.T, dir string) *image.NRGBA {
	t.Helper()
	file := filepath.Join(dir, "warped.tif")
	number := func(f float64) string { return fmt.Sprintf("%.9f", f) }
	for _, args := range [][]string{
		{"gdalwarp", "-q", "-overwrite", "-et", "0", "-r", "bilinear", "-s_srs", "EPSG:4326", "-t_srs", v.gdal(), "-te", number(v.west), number(v.south), number(v.east), number(v.north),
			"-ts", fmt.Sprint(v.side), fmt.Sprint(v.side), v.place.file, file},
		{"gdal_translate", "-q", "-of", "PNG", file, file + ".png"},
	} {
		c := exec.Command(args[0], args[1:]...)
		c.Env = append(os.Environ(), "GDAL_PAM_ENABLED=NO")
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", args[0], err, out)
		}
	}
	data, err := os.ReadFile(file + ".png")
	if err != nil {
		t.Fatal(err)
	}
	return decoded(t, data)
}

func (v view) getMap(t *testing.T, base, layer string, northFirst bool) *image.NRGBA {
	t.Helper()
	box := []any{v.west, v.south, v.east, v.north}
	if northFirst {
		box = []any{v.south, v.west, v.north, v.east}
	}
	answer, err := http.Get(base + fmt.Sprintf("wms?service=WMS&version=1.3.0&request=GetMap&styles=&format=image/png&width=%d&height=%d&layers=%s&crs=%s&bbox=", v.side, v.side, layer, v.crs) +
		fmt.Sprintf("%.9f,%.9f,%.9f,%.9f", box...))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("GetMap: %v, %s %.300s", err, answer.Status, data)
	}
	return decoded(t, data)
}

func decoded(t *testing.T, data []byte) *image.NRGBA {
	t.Helper()
	m, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("%v: %.200s", err, data)
	}
	out := image.NewNRGBA(m.Bounds())
	for y := range m.Bounds().Dy() {
		for x := range m.Bounds().Dx() {
			out.Set(x, y, m.At(x, y))
		}
	}
	return out
}

// shift returns how far picture a lies to the right of and below b, in pixels, by least squares over their slopes (Lucas & Kanade 1981).
func shift(a, b *image.NRGBA) (dx, dy float64) {
	var xx, xy, yy, xd, yd float64
	size := a.Rect.Size()
	for y := 8; y < size.Y-8; y++ {
		for x := 8; x < size.X-8; x++ {
			for k := range 3 {
				at := func(m *image.NRGBA, x, y int) float64 { return float64(m.Pix[m.PixOffset(x, y)+k]) }
				gx, gy := (at(b, x+1, y)-at(b, x-1, y))/2, (at(b, x, y+1)-at(b, x, y-1))/2
				d := at(b, x, y) - at(a, x, y)
				xx, xy, yy, xd, yd = xx+gx*gx, xy+gx*gy, yy+gy*gy, xd+gx*d, yd+gy*d
			}
		}
	}
	det := xx*yy - xy*xy
	return (yy*xd - xy*yd) / det, (xx*yd - xy*xd) / det
}
