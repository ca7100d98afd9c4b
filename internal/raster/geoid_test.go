package raster

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/lukeroth/gdal"
	"github.com/paulmach/orb"
)

// geoid opens a model.
func geoid(t testing.TB, name string) *Geoid {
	t.Helper()
	g, err := OpenGeoid(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// awkwardPlaces are a thousand places all over the Earth: at random, and at nodes, edges of cells, poles and on both sides of the antimeridian.
func awkwardPlaces() []orb.Point {
	r := rand.New(rand.NewPCG(4, 96))
	places := []orb.Point{
		{0, 90}, {77, 90}, {0, -90}, {-180, -90}, {180, 0}, {-180, 0}, {179.9, 10.1}, {-179.9, 10.1}, {179.999999, -45}, {0, 0}, {10, 46}, {1.5, 42.5},
		{179.875, 33.3}, {-179.875, 89.95}, {0.25, 0.25}, {0.25, 0.1}, {12.5, -89.99},
	}
	for len(places) < 1000 {
		places = append(places, orb.Point{r.Float64()*360 - 180, math.Asin(2*r.Float64()-1) * 180 / math.Pi})
	}
	return places
}

// byPROJ asks PROJ's own program for the undulations of a vertical system.
func byPROJ(t *testing.T, from string, places []orb.Point) []float64 {
	t.Helper()
	var in strings.Builder
	for _, p := range places {
		fmt.Fprintf(&in, "%.12f %.12f 0\n", p[1], p[0])
	}
	cmd := exec.Command("cs2cs", "-f", "%.9f", from, "EPSG:4979")
	cmd.Stdin = strings.NewReader(in.String())
	out, err := cmd.Output()
	if err != nil {
		t.Skipf("cs2cs: %v", err)
	}
	var z []float64
	for _, line := range bytes.Split(bytes.TrimSpace(out), []byte("\n")) {
		var lat, lon, h float64
		if _, err := fmt.Sscan(string(line), &lat, &lon, &h); err != nil {
			t.Fatalf("cs2cs said %q: %v", line, err)
		}
		z = append(z, h)
	}
	return z
}

func TestEGM96IsWhatPROJMakesOfItAtAThousandPlaces(t *testing.T) {
	places := awkwardPlaces()
	want := byPROJ(t, "EPSG:4326+5773", places)
	for _, name := range []string{"egm96", "EPSG:5773", shared(t, "geoid", "us_nga_egm96_15.tif")} {
		g, worst := geoid(t, name), 0.0
		if !g.Global() {
			t.Errorf("%s does not cover the Earth", name)
		}
		for i, p := range places {
			got, ok := g.Undulation(p)
			if d := math.Abs(got - want[i]); !ok || d > 0.001 {
				t.Errorf("%s at %v: %.4f, %t, want %.4f", name, p, got, ok, want[i])
			} else {
				worst = max(worst, d)
			}
		}
		t.Logf("%s: at most %.2g m from PROJ", name, worst)
	}
}

// TestPostsAreLiftedByWhatPROJSays compares whole windows, read by the fast way, with PROJ's library asked post by post.
func TestPostsAreLiftedByWhatPROJSays(t *testing.T) {
	p := &pipeline{text: operations(5773)[0].pipeline}
	file := made{cols: 360, rows: 181, kind: gdal.Float32, transform: [6]float64{-180, 1, 0, 90.5, 0, -1}, epsg: 4326,
		pixel: func(int, int) float64 { return 100 }}.write(t)
	s := open(t, Options{Vertical: "egm96"}, file)
	for _, l := range []Lattice{
		windowAt(0, 0, 0, 128, 63), windowAt(7, 180, 0.3, 80, 90), windowAt(11, 1.5, 42.5, 200, 3), windowAt(9, -179.99, 89.9, 100, 50),
		windowAt(10, 33, -89.9, 90, 60),
	} {
		void := 0
		for i, h := range heights(t, s, l) {
			at := l.Post(l.MinI+int64(i%l.Cols), l.MinJ+int64(l.Rows-1-i/l.Cols))
			if h != h {
				void++
				continue
			}
			if want := 100 + p.lift(at); math.Abs(float64(h)-want) > 0.0001 {
				t.Fatalf("at %v: %.5f, want %.5f", at, h, want)
			}
		}
		if void > l.Cols*l.Rows/2 {
			t.Errorf("%+v: %d of %d posts are void", l, void, l.Cols*l.Rows)
		}
	}
}

func TestUndulationsAreFoundWhicheverWayRoundTheGlobe(t *testing.T) {
	g := geoid(t, "egm96")
	for _, p := range []orb.Point{{10.3, 46}, {179.95, 1}, {-180, 40}} {
		want, _ := g.Undulation(p)
		for _, turn := range []float64{-720, -360, 360} {
			if got, ok := g.Undulation(orb.Point{p[0] + turn, p[1]}); !ok || math.Abs(got-want) > 1e-9 {
				t.Errorf("%v + %g: %g, want %g", p, turn, got, want)
			}
		}
	}
	for _, p := range []orb.Point{{0, 90.01}, {0, -91}, {math.NaN(), 0}, {0, math.NaN()}, {math.Inf(1), 0}} {
		if got, ok := g.Undulation(p); ok {
			t.Errorf("%v: %g", p, got)
		}
	}
}

func TestNationalGridEndsWhereItEnds(t *testing.T) {
	g := geoid(t, shared(t, "geoid", "de_bkg_gcg2016.tif"))
	if n, ok := g.Undulation(orb.Point{6.93578, 51.42851}); !ok || math.Abs(n-45.609) > 0.0005 {
		t.Errorf("%.4f, %t, want 45.609", n, ok)
	}
	for _, p := range []orb.Point{{0, 51}, {20, 51}, {7, 60}, {-173, 51}, {3.3, 47.3}} {
		if n, ok := g.Undulation(p); ok {
			t.Errorf("%v: %g, beside the grid or where it has no value", p, n)
		}
	}
	if g.Global() || g.EPSG != 0 || g.String() != "de_bkg_gcg2016.tif" {
		t.Errorf("%+v", g)
	}
}

func TestManyGoroutinesAskOneGeoid(t *testing.T) {
	asked := &Geoid{Name: "PROJ", parts: []part{{area: wholeEarth(), pipeline: &pipeline{text: operations(5773)[0].pipeline}}}}
	read := geoid(t, "egm96")
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for _, p := range awkwardPlaces()[:300] {
				a, okA := asked.Undulation(p)
				b, okB := read.Undulation(p)
				if !okA || !okB || math.Abs(a-b) > 1e-4 {
					t.Errorf("%v: %g, %g", p, a, b)
					return
				}
			}
		})
	}
	wait.Wait()
}

func wholeEarth() orb.Bound { return orb.Bound{Min: orb.Point{-180, -90}, Max: orb.Point{180, 90}} }

// gtx writes a grid in NOAA's form.
func gtx(t testing.TB, name string, south, west, step float64, rows, cols int, value func(lon, lat float64) float32) string {
	t.Helper()
	var b bytes.Buffer
	for _, v := range []any{south, west, step, step, int32(rows), int32(cols)} {
		if err := binary.Write(&b, binary.BigEndian, v); err != nil {
			t.Fatal(err)
		}
	}
	for k := range rows * cols {
		if err := binary.Write(&b, binary.BigEndian, value(west+float64(k%cols)*step, south+float64(k/cols)*step)); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestGTXGridsAreReadAsPROJReadsThem(t *testing.T) {
	slope := func(lon, lat float64) float32 {
		if lon > 21 && lat > 51 {
			return -88.8888 // no value
		}
		return float32(20 + lon/10 + lat/10)
	}
	file := gtx(t, "a grid.gtx", 46, 10, 0.5, 13, 25, slope)
	g := geoid(t, file)
	turned := geoid(t, gtx(t, "counted to 360.gtx", 46, 370, 0.5, 13, 25, func(lon, lat float64) float32 { return slope(lon-360, lat) }))
	p := &pipeline{text: "+proj=pipeline +step +proj=axisswap +order=2,1 +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=vgridshift " +
		"+multiplier=1 +grids=" + link(t, file) + " +step +proj=unitconvert +xy_in=rad +xy_out=deg +step +proj=axisswap +order=2,1"}
	for _, at := range []orb.Point{
		{10, 46}, {12.3, 47.1}, {22, 46}, {21.9, 50.9}, {20.8, 51.3}, {21.4, 50.8}, {21.6, 51.7}, {10, 52}, {15.5, 49.5}, {9.9, 48}, {22.1, 48},
	} {
		got, ok := g.Undulation(at)
		if want := p.lift(at); ok != (want == want) || ok && math.Abs(got-want) > 1e-4 {
			t.Errorf("at %v: %g, %t, want %g", at, got, ok, want)
		}
		if other, same := turned.Undulation(at); other != got || same != ok {
			t.Errorf("at %v: %g of the grid that counts to 360, want %g", at, other, got)
		}
	}
}

// link gives a file a name without spaces, which PROJ's text cannot hold.
func link(t *testing.T, file string) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "grid")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	name := filepath.Join(folder, "g.gtx")
	if err := os.Symlink(file, name); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestWhatIsNoGeoidGridIsRefused(t *testing.T) {
	flat := func(float64, float64) float32 { return 40 }
	tiff := made{cols: 9, rows: 9, kind: gdal.Float32, transform: degrees(10, 47, 0.01), epsg: 4326, pixel: func(int, int) float64 { return 40 }}
	with := func(change func(*made)) string {
		m := tiff
		change(&m)
		return m.write(t)
	}
	text := filepath.Join(t.TempDir(), "text.gtx")
	if err := os.WriteFile(text, []byte("no grid"), 0o644); err != nil {
		t.Fatal(err)
	}
	cut := gtx(t, "cut.gtx", 46, 10, 0.5, 9, 9, flat)
	if err := os.Truncate(cut, 200); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		file string
		want error
	}{
		"a DEM":                     {with(func(m *made) { m.pixel = func(int, int) float64 { return 1200 } }), ErrVertical},
		"a projected grid":          {with(func(m *made) { m.epsg, m.transform = 32632, [6]float64{4e5, 100, 0, 5e6, 0, -100} }), ErrVertical},
		"centimetres":               {with(func(m *made) { m.unit = "cm" }), ErrVertical},
		"nothing but nodata":        {with(func(m *made) { m.nodata = pointer(40) }), ErrVertical},
		"south-up":                  {with(func(m *made) { m.transform = [6]float64{10, 0.01, 0, 46, 0, 0.01} }), ErrVertical},
		"a text":                    {text, ErrCorrupt},
		"a GTX that ends early":     {cut, ErrCorrupt},
		"a GTX beyond the poles":    {gtx(t, "polar.gtx", 80, 10, 5, 9, 9, flat), ErrVertical},
		"a GTX with one row":        {gtx(t, "row.gtx", 46, 10, 0.5, 1, 9, flat), ErrSize},
		"a GTX of great heights":    {gtx(t, "high.gtx", 46, 10, 0.5, 9, 9, func(float64, float64) float32 { return 500 }), ErrVertical},
		"a folder":                  {t.TempDir(), ErrOpen},
		"a raster of another kind":  {shared(t, "dem", "n43.dt0"), ErrVertical},
		"a raster inside a zip":     {shared(t, "dem", "N42E001.hgt.zip"), ErrOpen},
		"a name that leads nowhere": {filepath.Join(t.TempDir(), "missing.gtx"), ErrVertical},
	} {
		if _, err := OpenGeoid(t.Context(), c.file); !errors.Is(err, c.want) || !errors.Is(err, ErrInput) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// TestGridsInPROJsFolderAreTaken gives PROJ a folder with grids under the names of EGM2008's and NAVD88's, as a user would.
func TestGridsInPROJsFolderAreTaken(t *testing.T) {
	folder := t.TempDir()
	keep := func(from, name string) {
		in, err := os.Open(from)
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		out, err := os.Create(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(out, in); err != nil || out.Close() != nil {
			t.Fatal(err)
		}
	}
	keep(shared(t, "geoid", "us_nga_egm96_15.tif"), "us_nga_egm08_25.tif")
	keep(shared(t, "geoid", "us_nga_egm96_15.tif"), "us_noaa_g2018u0.tif")
	t.Setenv("PROJ_DATA", folder+string(os.PathListSeparator)+strings.Join(gridFolders(), string(os.PathListSeparator)))
	g := geoid(t, "egm2008")
	if g.Source() != "us_nga_egm08_25.tif" || !g.Global() {
		t.Errorf("%v", g)
	}
	if g = geoid(t, "us_nga_egm08_25.tif"); g.Source() != "us_nga_egm08_25.tif" || !g.Global() {
		t.Errorf("by the name of the file: %v", g)
	}
	for _, name := range []string{"none.tif", "./us_nga_egm08_25.tif", ".", ""} {
		if _, err := OpenGeoid(t.Context(), name); !errors.Is(err, ErrInput) {
			t.Errorf("%q, which PROJ does not have: %v", name, err)
		}
	}
	us := geoid(t, "EPSG:5703")
	if n, ok := us.Undulation(orb.Point{-100, 40}); !ok || math.Abs(n-byPROJ(t, "EPSG:4326+5703", []orb.Point{{-100, 40}})[0]) > 0.001 {
		t.Errorf("NAVD88: %g, %t", n, ok)
	}
}

func FuzzGTX(f *testing.F) {
	flat := func(float64, float64) float32 { return 40 }
	for _, file := range []string{gtx(f, "a.gtx", 46, 10, 0.5, 3, 4, flat), gtx(f, "b.gtx", -90, -180, 90, 3, 4, flat)} {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	path := filepath.Join(f.TempDir(), "fuzz.gtx")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		g, err := OpenGeoid(t.Context(), path)
		if err != nil {
			return
		}
		for _, p := range awkwardPlaces()[:40] {
			if n, ok := g.Undulation(p); ok && !(math.Abs(n) <= greatestUndulation) {
				t.Errorf("at %v: %g", p, n)
			}
		}
	})
}

func BenchmarkUndulation(b *testing.B) {
	g := geoid(b, "egm96")
	for i := 0; b.Loop(); i++ {
		g.Undulation(orb.Point{float64(i%3600)/10 - 180, float64(i%179) - 89})
	}
}
