//go:build !serveonly

package style

import (
	"encoding/binary"
	"fmt"
	"image"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/tilegrid"
)

// envi writes float32 pixels as a raster whose pixels are so many metres wide and high, and returns its path.
func envi(t *testing.T, z []float32, dx, dy float32) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "z.img")
	data, err := binary.Append(nil, binary.LittleEndian, z)
	if err != nil {
		t.Fatal(err)
	}
	header := fmt.Sprintf("ENVI\nsamples = %d\nlines = %d\nbands = 1\nheader offset = 0\nfile type = ENVI Standard\ndata type = 4\ninterleave = bsq\nbyte order = 0\n"+
		"map info = {Arbitrary, 1, 1, 0, 0, %.9g, %.9g}\n", fieldSide, fieldSide, dx, dy)
	for name, text := range map[string][]byte{path: data, filepath.Join(filepath.Dir(path), "z.hdr"): []byte(header)} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// tool runs one of GDAL's programs that writes a raster of float32 or bytes, and returns its pixels.
func tool(t *testing.T, name string, args ...string) []float32 {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out.img")
	c := exec.CommandContext(t.Context(), name, append(args, "-q", "-of", "ENVI", out)...)
	c.Env = append(os.Environ(), "GDAL_PAM_ENABLED=NO")
	if said, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v: %s", name, args, err, said)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	z := make([]float32, fieldSide*fieldSide)
	if len(data) == len(z) {
		for k, v := range data {
			z[k] = float32(v)
		}
		return z
	}
	if _, err := binary.Decode(data, binary.LittleEndian, z); err != nil {
		t.Fatalf("%s: %d bytes: %v", name, len(data), err)
	}
	return z
}

func need(t *testing.T, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("no %s here to compare with", p)
		}
	}
}

// TestShadeSlopeAndAspectAreThoseOfGdaldem gives gdaldem the heights at the pixels' centres, in pixels of the size at the picture's middle: only
// the latitude's change in the picture differs. gdaldem takes pixels for squares where it looks for the aspect.
func TestShadeSlopeAndAspectAreThoseOfGdaldem(t *testing.T) {
	need(t, "gdaldem")
	g := ingested(t, sharedFile(t, "data/dem/N42E001.hgt.zip"))
	f, err := g.field(t.Context(), tilegrid.Geodetic.At(orb.Point{1.5, 42.5}, g.info.Levels[1]-deeper))
	if err != nil {
		t.Fatal(err)
	}
	path := envi(t, f.z, f.dx[side/2], f.dy[side/2])
	shades, slopes, aspects := tool(t, "gdaldem", "hillshade", path), tool(t, "gdaldem", "slope", path), tool(t, "gdaldem", "aspect", path)
	m := image.NewNRGBA(image.Rect(0, 0, side, side))
	paintHillshade(f, m)
	var shade, slope, aspect float64
	for r := range side {
		gx, gy := f.gradient(r)
		for c := range side {
			k := (r+margin)*fieldSide + c + margin
			shade = max(shade, math.Abs(float64(m.NRGBAAt(c, r).R)-float64(shades[k])))
			s := steepness(gx[c], gy[c])
			slope = max(slope, math.Abs(float64(s-slopes[k])))
			if s > 1 {
				aspect = max(aspect, math.Abs(math.Remainder(float64(facing(gx[c]*f.dx[r], gy[c]*f.dy[r])-aspects[k]), 360)))
			}
		}
	}
	t.Logf("most: grey %.0f of 255, slope %.3f, aspect %.3f degrees", shade, slope, aspect)
	if shade > 1 || slope > 0.1 || aspect > 0.2 {
		t.Error("too much")
	}
}

// TestGroundLiesWhereGdalwarpPutsIt compares heights and slopes at the pixels' centres with those of the source itself, which gdalwarp takes
// there. How far the one is moved against the other follows from the difference along the slope, by least squares.
func TestGroundLiesWhereGdalwarpPutsIt(t *testing.T) {
	need(t, "gdalwarp", "gdaldem")
	source := sharedFile(t, "data/dem/N42E001.hgt.zip")
	g := ingested(t, source)
	for z := g.info.Levels[1] - deeper - 1; z <= g.lastLevel(); z++ {
		c := tilegrid.Geodetic.At(orb.Point{1.52, 42.52}, z)
		f, err := g.field(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		b := tilegrid.Geodetic.Bound(c).Pad(margin * tilegrid.Geodetic.Resolution(z, side))
		deg := func(v float64) string { return fmt.Sprintf("%.15g", v) }
		resampling := "cubic"
		if z < f.finest {
			resampling = "average"
		}
		want := tool(t, "gdalwarp", "-t_srs", "EPSG:4326", "-te", deg(b.Min[0]), deg(b.Min[1]), deg(b.Max[0]), deg(b.Max[1]), "-ts", fmt.Sprint(fieldSide), fmt.Sprint(fieldSide),
			"-r", resampling, "-et", "0", "-ot", "Float32", "-dstnodata", "-32768", "/vsizip/"+source+"/N42E001.hgt")
		slopes := tool(t, "gdaldem", "slope", envi(t, want, f.dx[side/2], f.dy[side/2]))
		var fit normal
		for r := range side {
			gx, gy := f.gradient(r)
			for k, h := range f.row(r) {
				at := (r+margin)*fieldSide + k + margin
				if want[at] < -1000 || slopes[at] < 0 { // a void, or beside one
					continue
				}
				fit.add(float64(gx[k]*f.dx[r]), float64(gy[k]*f.dy[r]), float64(h-want[at]), math.Abs(float64(steepness(gx[k], gy[k])-slopes[at])))
			}
		}
		east, north := fit.solve()
		t.Logf("level %d: moved %.3f east, %.3f north of a pixel; heights differ by %.2f m RMS, slopes by %.2f degrees in the mean", z, east, north, math.Sqrt(fit.dd/fit.n), fit.slope/fit.n)
		if limit := 0.04 * math.Exp2(float64(z)-float64(f.finest)); math.Hypot(east, north) > max(0.02, limit) {
			t.Errorf("level %d: moved", z)
		}
	}
}

// normal sums up the normal equations of a shift: d = -(east*gx + north*gy), gradients in metres a pixel.
type normal struct{ n, xx, xy, yy, xd, yd, dd, slope float64 }

func (s *normal) add(gx, gy, d, slope float64) {
	s.n, s.slope, s.dd = s.n+1, s.slope+slope, s.dd+d*d
	s.xx, s.xy, s.yy, s.xd, s.yd = s.xx+gx*gx, s.xy+gx*gy, s.yy+gy*gy, s.xd-gx*d, s.yd-gy*d
}

func (s *normal) solve() (east, north float64) {
	det := s.xx*s.yy - s.xy*s.xy
	return (s.xd*s.yy - s.yd*s.xy) / det, (s.yd*s.xx - s.xd*s.xy) / det
}
