package raster

import (
	"errors"
	"fmt"
	"image"
	"math"
	"strings"
	"testing"

	"github.com/lukeroth/gdal"
	"github.com/paulmach/orb"

	"github.com/terrane/terrane/tilegrid"
)

// equator of WGS 84, metres.
const equator = 2 * math.Pi * 6378137

func TestReferencesThatGoRoundTheGlobeKnowHowFar(t *testing.T) {
	setup(0)
	for code, want := range map[int]float64{
		4326: 360, 4267: 360, 4807: 400, // degrees, and grads from Paris
		3857: equator, 3395: equator, 3832: equator, 4087: equator, // Mercator on a sphere, on the ellipsoid, from 150 degrees on; plate carree
		6933: 34735060.8903, 2934: 0, // EASE-Grid; Mercator of a part of Borneo, which is no cut
		32660: 0, 3413: 0, 3031: 0, 3035: 0, 2056: 0, 54009: 0, // none of these
	} {
		c, err := parseCRS(fmt.Sprintf("EPSG:%d", code))
		if err != nil {
			continue // a database without it
		}
		if code == 2934 {
			want = 2 * math.Pi * 6377397.155 * 0.997 // scaled at the equator
		}
		if !(math.Abs(c.turn-want) <= 1e-6*want) {
			t.Errorf("EPSG:%d goes round in %.4f, want %.4f", code, c.turn, want)
		}
	}
}

// TestCylindersGoOnBeyondTheirCut holds that ground which PROJ counts from the other side of a projection's cut is found: in heights and in pictures.
func TestCylindersGoOnBeyondTheirCut(t *testing.T) {
	const sphere = equator / 360
	lonOf := func(lon float64) float64 { return math.Mod(lon+720, 360) / 2 }
	for name, c := range map[string]struct {
		made
		unit float64 // metres of a degree at the equator
		cut  float64 // longitude
		from float64 // longitude at x = 0
	}{
		"Mercator of the web across 180":    {made{epsg: 3857, transform: [6]float64{18.9e6, 2e4, 0, 2e6, 0, -2e4}}, sphere, 180, 0},
		"the same, counted from the east":   {made{epsg: 3857, transform: [6]float64{18.9e6 - equator, 2e4, 0, 2e6, 0, -2e4}}, sphere, 180, 0},
		"Mercator across 180":               {made{epsg: 3395, transform: [6]float64{18.9e6, 2e4, 0, 2e6, 0, -2e4}}, sphere, 180, 0},
		"Mercator of the Pacific, at -30":   {made{epsg: 3832, transform: [6]float64{18.9e6, 2e4, 0, 2e6, 0, -2e4}}, sphere, -30, 150},
		"plate carree across 180, south-up": {made{epsg: 4087, transform: [6]float64{18.9e6, 2e4, 0, -2e6, 0, 2e4}}, sphere, 180, 0},
	} {
		t.Run(name, func(t *testing.T) {
			c.cols, c.rows, c.kind = 120, 200, gdal.Float32
			c.pixel = func(col, row int) float64 {
				x, _ := apply(c.transform, float64(col)+0.5, float64(row)+0.5)
				return lonOf(x/c.unit + c.from)
			}
			file := c.write(t)
			l := windowAt(4, c.cut, 0, 80, 40)
			for i, h := range heights(t, open(t, Options{}, file), l) {
				p := l.Post(l.MinI+int64(i%l.Cols), l.MinJ)
				if !(math.Abs(float64(h)-lonOf(p[0])) < 1e-3) {
					t.Fatalf("at longitude %v: %g, want %g", p[0], h, lonOf(p[0]))
				}
			}
			w := Window{Grid: tilegrid.Geodetic, Level: 2, TileSize: 256}
			w.Rect = image.Rect(int((c.cut+174)/360*2048), 500, int((c.cut+186)/360*2048), 524)
			m := image.NewNRGBA(image.Rect(0, 0, w.Rect.Dx(), w.Rect.Dy()))
			if opaque, err := openPicturesOf(t, PictureOptions{Scale: &[2]float64{0, 255}}, file).Paint(t.Context(), w, m); err != nil || !opaque {
				t.Fatalf("opaque %t, %v", opaque, err)
			}
			for i := 0; i < len(m.Pix); i += 4 {
				lon := (float64(w.Rect.Min.X+i/4%w.Rect.Dx())+0.5)/2048*360 - 180
				if math.Abs(float64(m.Pix[i])-lonOf(lon)) > 0.6 {
					t.Fatalf("at longitude %v: grey %d, want %g", lon, m.Pix[i], lonOf(lon))
				}
			}
		})
	}
}

func TestBoundsReachPolesThatTheOutlineMisses(t *testing.T) {
	for name, c := range map[string]struct {
		epsg      int
		transform [6]float64
		want      orb.Bound
	}{
		"a corner at the pole":       {3031, [6]float64{-1e6, 4000, 0, 0, 0, -4000}, box(-180, -90, -90, -77.2)},
		"another":                    {3031, [6]float64{0, 4000, 0, 1e6, 0, -4000}, box(0, -90, 90, -77.2)},
		"an edge past the pole":      {3413, [6]float64{-5.1e5, 4000, 0, 1.004e6, 0, -4000}, box(45.5, 79.7, 224.5, 89.96)},
		"a row of pixels beyond it":  {3413, [6]float64{-5.1e5, 4000, 0, 0.996e6, 0, -4000}, box(-180, 79.7, 180, 90)},
		"the pole far outside, UTM":  {32633, [6]float64{4e5, 400, 0, 5e6, 0, -400}, box(13.7, 44.2, 15, 45.2)},
		"both poles, plate carree":   {4087, [6]float64{-equator / 2, equator / 250, 0, equator / 4, 0, -equator / 500}, wholeEarth()},
		"the world, equal area":      {6933, [6]float64{-17367530.45, 138940.2436, 0, 7314540.83, 0, -58516.32664}, box(-180, -85.04, 180, 85.04)},
		"the world on a disk":        {3571, [6]float64{-12.8e6, 102400, 0, 12.8e6, 0, -102400}, wholeEarth()},
		"Mercator that goes on":      {3857, [6]float64{18.9e6, 1e4, 0, 1e6, 0, -8000}, box(169.8, -8.95, 192.24, 8.95)},
		"Mercator counted from east": {3857, [6]float64{18.9e6 - equator, 1e4, 0, 1e6, 0, -8000}, box(169.8, -8.95, 192.24, 8.95)},
	} {
		t.Run(name, func(t *testing.T) {
			b := open(t, Options{}, made{cols: 250, rows: 250, kind: gdal.Float32, transform: c.transform, epsg: c.epsg, pixel: wavy}.write(t)).Bounds()[0]
			for i := range 2 {
				if !(math.Abs(b.Min[i]-c.want.Min[i]) < 0.5 && math.Abs(b.Max[i]-c.want.Max[i]) < 0.5) {
					t.Fatalf("bound %v, want about %v", b, c.want)
				}
			}
			if pole := max(-c.want.Min[1], c.want.Max[1]); math.Abs(max(-b.Min[1], b.Max[1])-pole) > 0.06 {
				t.Errorf("bound %v, want latitude %v", b, pole)
			}
		})
	}
}

// TestPicturesOfAwkwardGridsLieWhereTheyShould makes pictures of real heights in every awkward form and paints them: each pixel
// is what the world has there.
func TestPicturesOfAwkwardGridsLieWhereTheyShould(t *testing.T) {
	dem := open(t, Options{}, shared(t, "dem", "etopo1_1deg_gridline.tif"))
	world := readPicture(t, dem, 0)
	globe := func(west, step float64, cols int) made { return shape(cols, 181, 4326, west, step, 0, 90.5, 0, -1) }
	for name, c := range map[string]struct {
		made
		ground orb.Bound
		within float64 // grey levels
	}{
		"beyond the poles and the antimeridian": {globe(-180.5, 1, 361), wholeEarth(), 1.5},
		"0..360, first column repeated":         {globe(-0.5, 1, 361), wholeEarth(), 1.5},
		"0..359":                                {globe(-0.5, 1, 360), wholeEarth(), 1.5},
		"east to west":                          {globe(180.5, -1, 360), wholeEarth(), 1.5},
		"south-up":                              {shape(360, 181, 4326, -180.5, 1, 0, -90.5, 0, 1), wholeEarth(), 1.5},
		"rows from west to east":                {shape(181, 361, 4326, -180.5, 0, 1, 90.5, -1, 0), box(-179.9, -90, 179.9, 90), 1.5},
		"across the antimeridian":               {shape(40, 20, 4326, 159.5, 1, 0, 60.5, 0, -1), box(160, 41, 199, 60), 1.5},
		"the same counted from the east":        {shape(40, 20, 4326, -200.5, 1, 0, 60.5, 0, -1), box(160, 41, 199, 60), 1.5},
		"rotated, across the antimeridian":      {shape(300, 300, 4326, 150, 0.16, 0.12, 45, 0.12, -0.16), box(172, 42, 195, 47), 4},
		"the north pole":                        {shape(400, 400, 3413, -2e6, 1e4, 0, 2e6, 0, -1e4), box(-180, 73, 180, 90), 9},
		"the south pole, south-up":              {shape(400, 400, 3031, -2e6, 1e4, 0, -2e6, 0, 1e4), box(-180, -90, 180, -73), 9},
	} {
		t.Run(name, func(t *testing.T) {
			c.pixel = world.underPixels(t, c.made)
			held := paintedLike(t, openPicturesOf(t, PictureOptions{Scale: &[2]float64{greyLow, greyHigh}}, c.write(t)), world, c.ground)
			if held.n < 100 || !(held.most <= c.within) || !(math.Hypot(held.east, held.north) < 0.02) {
				t.Errorf("%+v, want at most %g grey levels and 0.02 cells", held, c.within)
			}
		})
	}
	t.Run("half a cell off is seen", func(t *testing.T) {
		m := globe(-180, 1, 361)
		m.pixel = func(c, r int) float64 { return world.pixels[r*world.cols+c] }
		held := paintedLike(t, openPicturesOf(t, PictureOptions{Scale: &[2]float64{greyLow, greyHigh}}, m.write(t)), world, box(-170, -80, 170, 80))
		if !(math.Abs(held.east+0.5) < 0.15) || held.most < 10 {
			t.Errorf("%+v", held)
		}
	})
}

// shape is a raster of float32 under a geotransform.
func shape(cols, rows, epsg int, transform ...float64) made {
	return made{cols: cols, rows: rows, epsg: epsg, kind: gdal.Float32, transform: [6]float64(transform)}
}

// Heights that become black and white.
const greyLow, greyHigh = -9300, 5900

// underPixels gives each pixel of a form the world's height at its middle.
func (p wholeBand) underPixels(t *testing.T, m made) func(c, r int) float64 {
	t.Helper()
	x, y := make([]float64, 0, m.cols*m.rows), make([]float64, 0, m.cols*m.rows)
	for k := range m.cols * m.rows {
		lon, lat := apply(m.transform, float64(k%m.cols)+0.5, float64(k/m.cols)+0.5)
		x, y = append(x, lon), append(y, lat)
	}
	if m.epsg != 4326 {
		back, err := newTransform(fmt.Sprintf("EPSG:%d", m.epsg), lonLat)
		if err != nil {
			t.Fatal(err)
		}
		defer back.close()
		back.points(x, y)
	}
	return func(c, r int) float64 { return p.at(math.Remainder(x[r*m.cols+c], 360), y[r*m.cols+c]) }
}

// painted is how a picture lies to the world.
type painted struct {
	n           int
	most        float64 // grey levels between a pixel and the world
	mostAt      orb.Point
	east, north float64 // cells by which it is off, by least squares
}

// paintedLike paints a box of ground and compares it.
func paintedLike(t *testing.T, p *Pictures, world wholeBand, ground orb.Bound) painted {
	t.Helper()
	w := Window{Grid: tilegrid.Geodetic, Level: 1, TileSize: 256}
	cols, rows := w.size()
	w.Rect = image.Rect(int(math.Ceil((ground.Min[0]+180)/360*cols)), int(math.Ceil((90-ground.Max[1])/180*rows)),
		int((ground.Max[0]+180)/360*cols), int((90-ground.Min[1])/180*rows))
	m := image.NewNRGBA(image.Rect(0, 0, w.Rect.Dx(), w.Rect.Dy()))
	if opaque, err := p.Paint(t.Context(), w, m); err != nil || !opaque {
		t.Errorf("opaque %t, %v", opaque, err)
	}
	var held painted
	var ee, nn, en, e, n float64
	for i := 0; i < m.Rect.Dx()*m.Rect.Dy(); i += 7 {
		x, y := []float64{float64(w.Rect.Min.X+i%m.Rect.Dx()) + 0.5}, []float64{float64(w.Rect.Min.Y+i/m.Rect.Dx()) + 0.5}
		w.degrees(x, y)
		lon, lat := math.Remainder(x[0], 360), y[0]
		grey := func(dx, dy float64) float64 {
			return 255 * (world.at(math.Remainder(lon+dx, 360), max(-90, min(90, lat+dy))) - greyLow) / (greyHigh - greyLow)
		}
		d := float64(m.Pix[4*i]) - grey(0, 0)
		east, north := (grey(0.2, 0)-grey(-0.2, 0))/0.4, (grey(0, 0.2)-grey(0, -0.2))/0.4
		ee, nn, en, e, n = ee+east*east, nn+north*north, en+east*north, e+east*d, n+north*d
		if held.n++; math.Abs(d) > held.most {
			held.most, held.mostAt = math.Abs(d), orb.Point{lon, lat}
		}
	}
	det := ee*nn - en*en
	held.east, held.north = (e*nn-n*en)/det, (n*ee-e*en)/det
	return held
}

func TestGridsThatReachTooFarAreRefused(t *testing.T) {
	for name, m := range map[string]made{
		"more than a cell beyond a pole":    {cols: 36, rows: 22, transform: degrees(-180, 110, 10)},
		"two cells more than a turn":        {cols: 39, rows: 18, transform: degrees(-180, 90, 10)},
		"degrees beyond every way to count": {cols: 36, rows: 18, transform: degrees(300, 90, 10)},
		"metres that are called degrees":    {cols: 30, rows: 30, transform: [6]float64{4e5, 30, 0, 5e6, 0, -30}},
		"no two directions":                 {cols: 30, rows: 30, transform: [6]float64{10, 0.1, 0.1, 47, 0.1, 0.1}},
	} {
		t.Run(name, func(t *testing.T) {
			if m.kind, m.pixel = gdal.Float32, wavy; m.epsg == 0 {
				m.epsg = 4326
			}
			file := m.write(t)
			if err := tryOpen(file, Options{}); !errors.Is(err, ErrCRS) || !strings.Contains(err.Error(), "made.tif") {
				t.Errorf("as a DEM: %v", err)
			}
			if p, err := OpenPictures(t.Context(), []string{file}, PictureOptions{}); !errors.Is(err, ErrCRS) {
				t.Errorf("as a picture: %v", err)
				if err == nil {
					p.Close()
				}
			}
		})
	}
}
