package imagery

import (
	"image/color"
	"math"
	"testing"

	"github.com/terrane/terrane/internal/picture"
	"github.com/terrane/terrane/internal/resample"
	"github.com/terrane/terrane/tilegrid"
)

// gradient shows the position itself: red and green are slow waves along columns and rows of the grid, of the same ground on every level.
func gradient(g tilegrid.Grid, hi uint8, waves float64) *painted {
	p := &painted{grid: g, size: 256, hi: hi}
	p.pixel = func(z uint8, x, y float64) color.NRGBA {
		return color.NRGBA{wave(x / p.width(z) * waves), wave(y / p.width(z) * waves), 0, 255}
	}
	return p
}

// position returns where a pixel of a view lies in the grid, as shares of its width; row is below its top.
func position(v View, g tilegrid.Grid, col, row2 float64) (x, y float64) {
	xs := []float64{v.Bound.Min[0] + col*(v.Bound.Max[0]-v.Bound.Min[0])/float64(v.Width)}
	ys := []float64{v.Bound.Max[1] - row2*(v.Bound.Max[1]-v.Bound.Min[1])/float64(v.Height)}
	v.Projection.Inverse(xs, ys)
	return (xs[0] + 180) / 360, row(g, ys[0])
}

// offset compares a picture of a gradient with what it should show. It returns the mean shift in columns and rows of the grid's given width, and the largest difference of a colour.
func offset(m picture.Picture, v View, g tilegrid.Grid, waves, width float64) (dx, dy, worst float64) {
	var sx, sy, n float64
	for r := range v.Height {
		for c := range v.Width {
			x, y := position(v, g, float64(c)+0.5, float64(r)+0.5)
			if p := m.NRGBAAt(c, r); p.A == 255 {
				for i, t := range [2]float64{x * waves, y * waves} {
					want := 127.5 + 127.5*math.Sin(2*math.Pi*t)
					slope := 127.5 * 2 * math.Pi * waves / width * math.Cos(2*math.Pi*t)
					d := float64([2]uint8{p.R, p.G}[i]) - want
					worst = max(worst, math.Abs(d))
					if i == 0 {
						sx += d * slope
					} else {
						sy += d * slope
					}
				}
				n += math.Pow(127.5*2*math.Pi*waves/width, 2) / 2
			}
		}
	}
	return sx / n, sy / n, worst
}

// pixelsOf returns how many columns of a grid go to a pixel in the middle of a view.
func pixelsOf(v View, g tilegrid.Grid, width float64) float64 {
	x0, _ := position(v, g, float64(v.Width)/2, float64(v.Height)/2)
	x1, _ := position(v, g, float64(v.Width)/2+1, float64(v.Height)/2)
	return math.Abs(x1-x0) * width
}

func TestAMapLandsOnTheRightPixel(t *testing.T) {
	metre := 2 * math.Pi * earthRadius / 256 / 64 // a pixel of level 6
	for _, c := range []struct {
		name string
		grid tilegrid.Grid
		view View
	}{
		{"Mercator 1:1", tilegrid.Mercator, View{Projection: crs(t, "EPSG:3857"), Bound: box(1e6+0.3*metre, 5e6, 1e6+300.3*metre, 5e6+200*metre), Width: 300, Height: 200}},
		{"Mercator x3", tilegrid.Mercator, View{Projection: crs(t, "EPSG:3857"), Bound: box(1e6, 5e6, 1e6+100*metre, 5e6+80*metre), Width: 300, Height: 240}},
		{"degrees over Mercator", tilegrid.Mercator, View{Projection: crs(t, "EPSG:4326"), Bound: box(5, 45, 12, 49), Width: 320, Height: 260}},
		{"Mercator over degrees", tilegrid.Geodetic, View{Projection: crs(t, "EPSG:3857"), Bound: box(1e6, 5e6, 1e6+200*metre, 5e6+200*metre), Width: 300, Height: 300}},
		{"degrees x3", tilegrid.Geodetic, View{Projection: crs(t, "CRS:84"), Bound: box(5, 45, 6, 46), Width: 280, Height: 280}},
		{"transverse", tilegrid.Mercator, View{Projection: transverse{9}, Bound: box(-3e5, 5e6, 5e5, 5.6e6), Width: 400, Height: 300}},
		{"transverse, small", tilegrid.Mercator, View{Projection: transverse{9}, Bound: box(3e5, 5.3e6, 4e5, 5.4e6), Width: 256, Height: 256}},
		{"polar", tilegrid.Mercator, View{Projection: polar{}, Bound: box(-3e6, -3e6, -1e6, -1e6), Width: 400, Height: 400}},
		{"polar, south", tilegrid.Geodetic, View{Projection: polar{south: true}, Bound: box(-3e6, -3e6, -1e6, -1e6), Width: 400, Height: 400}},
		{"across the antimeridian", tilegrid.Mercator, View{Projection: crs(t, "CRS:84"), Bound: box(170, -20, 190, 0), Width: 300, Height: 300}},
		{"a second time round", tilegrid.Geodetic, View{Projection: crs(t, "CRS:84"), Bound: box(-560, -20, -540, 0), Width: 300, Height: 300}},
	} {
		for _, k := range []resample.Kernel{resample.Bilinear, resample.Cubic} {
			const waves, level = 256, 6
			v := c.view
			v.Kernel = k
			m := draw(t, v, gradient(c.grid, level, waves))
			columns, _ := c.grid.Size(level)
			width := 256 * float64(columns)
			dx, dy, worst := offset(m, v, c.grid, waves, width)
			scale := pixelsOf(v, c.grid, width)
			if !m.Opaque || math.Hypot(dx, dy) > max(0.04, 0.04*scale) || worst > 14 {
				t.Errorf("%s, %s: off by %.4f, %.4f pixels of level %d (%.2f to one of the view), a colour by %.1f, opaque %v", c.name, k, dx, dy, level, scale, worst, m.Opaque)
			}
		}
	}
}

func TestSeamsBetweenTilesAndBlocksDoNotShow(t *testing.T) {
	v := View{Projection: transverse{9}, Bound: box(-3e6, 2e6, 3e6, 6e6), Width: 900, Height: 600}
	m := draw(t, v, gradient(tilegrid.Mercator, 6, 8))
	for r := range v.Height {
		for c := 1; c < v.Width; c++ {
			a, b := m.NRGBAAt(c-1, r), m.NRGBAAt(c, r)
			if d := math.Abs(float64(a.R) - float64(b.R)); d > 8 {
				t.Fatalf("a step of %g at %d, %d", d, c, r)
			}
		}
	}
	if _, _, worst := offset(m, v, tilegrid.Mercator, 8, 256); worst > 2.5 {
		t.Errorf("a colour is off by %g", worst)
	}
}

// byLevel shows the level by its colour.
func byLevel(g tilegrid.Grid, lo, hi uint8) *painted {
	return &painted{grid: g, size: 256, lo: lo, hi: hi, pixel: func(z uint8, _, _ float64) color.NRGBA { return color.NRGBA{10 * z, 0, 0, 255} }}
}

func TestTheLevelIsAtLeastAsFineAsAsked(t *testing.T) {
	world := 2 * math.Pi * earthRadius
	for _, c := range []struct {
		name   string
		grid   tilegrid.Grid
		code   string
		lo, hi uint8
		pixel  float64
		want   uint8
	}{
		{"exactly", tilegrid.Mercator, "EPSG:3857", 0, 9, world / 256 / 32, 5},
		{"a little finer", tilegrid.Mercator, "EPSG:3857", 0, 9, world / 256 / 33, 6},
		{"a little coarser", tilegrid.Mercator, "EPSG:3857", 0, 9, world / 256 / 31, 5},
		{"finer than there is", tilegrid.Mercator, "EPSG:3857", 0, 9, world / 256 / 10000, 9},
		{"coarser than there is", tilegrid.Mercator, "EPSG:3857", 4, 9, world / 256 / 8, 4},
		{"degrees", tilegrid.Geodetic, "EPSG:4326", 0, 9, 180.0 / 256 / 16, 4},
		{"degrees over Mercator, as columns ask", tilegrid.Mercator, "EPSG:4326", 0, 9, 360.0 / 256 / 32, 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			x, y := 3.0, 51.0
			if c.grid == tilegrid.Mercator && c.code == "EPSG:3857" {
				x, y = 3e5, 5e6
			}
			v := View{Projection: crs(t, c.code), Bound: box(x, y, x+50*c.pixel, y+50*c.pixel), Width: 50, Height: 50}
			if got := draw(t, v, byLevel(c.grid, c.lo, c.hi)).NRGBAAt(20, 20); got.R != 10*c.want {
				t.Errorf("level %d, want %d", got.R/10, c.want)
			}
		})
	}
}

func TestFineStripesTurnGreyAndNotToMoire(t *testing.T) {
	stripes := &painted{grid: tilegrid.Mercator, size: 256, lo: 3, hi: 5, pixel: func(_ uint8, x, _ float64) color.NRGBA {
		v := uint8(255 * (int(x) & 1))
		return color.NRGBA{v, v, v, 255}
	}}
	pixel := 2 * math.Pi * earthRadius / 256 / 32
	for _, factor := range []float64{1.9, 4, 7.7} { // 7.7: coarser than level 3
		v := View{Projection: crs(t, "EPSG:3857"), Bound: box(0, 0, 200*pixel*factor, 200*pixel*factor), Width: 200, Height: 200}
		m := draw(t, v, stripes)
		for i := 0; i < len(m.Pix); i += 4 {
			if d := math.Abs(float64(m.Pix[i]) - 127.5); d > 40 && factor != 4 {
				t.Fatalf("x%g: pixel %d is %d", factor, i/4, m.Pix[i])
			}
		}
	}
}

func TestWhereALevelEndsTheOneAboveIsShown(t *testing.T) {
	s := byLevel(tilegrid.Mercator, 0, 6)
	s.has = func(c tilegrid.Coord) bool { return c.Z <= 4 || c.Ancestor(5).X >= 17 }
	tile := 2 * math.Pi * earthRadius / 64
	v := View{Projection: crs(t, "EPSG:3857"), Bound: box(0, 0, 4*tile, 4*tile), Width: 1024, Height: 1024}
	m := draw(t, v, s)
	for x := range v.Width {
		want := uint8(40)
		if x >= 512 {
			want = 60
		}
		if got := m.NRGBAAt(x, 500); got != (color.NRGBA{want, 0, 0, 255}) {
			t.Fatalf("column %d shows %v, want level %d", x, got, want/10)
		}
	}
	smooth := gradient(tilegrid.Mercator, 6, 8)
	smooth.has = s.has
	if _, _, worst := offset(draw(t, v, smooth), v, tilegrid.Mercator, 8, 256); worst > 4 {
		t.Errorf("magnified ancestors differ by %g", worst)
	}
}

func TestATransparentAncestorIsNotAsked(t *testing.T) {
	s := byLevel(tilegrid.Mercator, 0, 6)
	s.pixel = func(z uint8, x, _ float64) color.NRGBA {
		if x < s.width(z)/2 {
			return color.NRGBA{}
		}
		return color.NRGBA{10 * z, 0, 0, 255}
	}
	s.has = func(c tilegrid.Coord) bool { return c.Z == 0 || c.X >= 1<<c.Z/2 }
	tile := 2 * math.Pi * earthRadius / 64
	m := draw(t, View{Projection: crs(t, "EPSG:3857"), Bound: box(-tile, 0, tile, tile), Width: 512, Height: 256}, s)
	for x := range 512 {
		want := color.NRGBA{}
		if x >= 256 {
			want = color.NRGBA{60, 0, 0, 255}
		}
		if got := m.NRGBAAt(x, 100); got != want {
			t.Fatalf("column %d is %v, want %v", x, got, want)
		}
	}
}

func TestLayersArePaintedOverEachOther(t *testing.T) {
	red := &painted{grid: tilegrid.Mercator, size: 256, hi: 3, pixel: func(uint8, float64, float64) color.NRGBA { return color.NRGBA{255, 0, 0, 255} }}
	half := &painted{grid: tilegrid.Geodetic, size: 512, hi: 3, pixel: func(z uint8, x, _ float64) color.NRGBA {
		if x < 512*float64(int(1)<<z) {
			return color.NRGBA{}
		}
		return color.NRGBA{0, 0, 255, 128}
	}}
	v := View{Projection: crs(t, "CRS:84"), Bound: box(-10, -10, 10, 10), Width: 300, Height: 300}
	m := draw(t, v, red, half)
	if w, e := m.NRGBAAt(100, 150), m.NRGBAAt(200, 150); w != (color.NRGBA{255, 0, 0, 255}) || e != (color.NRGBA{127, 0, 128, 255}) || !m.Opaque {
		t.Errorf("west %v, east %v, opaque %v", w, e, m.Opaque)
	}
	if m = draw(t, v); m.Opaque || m.NRGBAAt(5, 5).A != 0 {
		t.Error("no layers are not transparent")
	}
}

func TestOutsideOfTheGridIsTransparent(t *testing.T) {
	flat := byLevel(tilegrid.Mercator, 0, 4)
	v := View{Projection: crs(t, "CRS:84"), Bound: box(-180, -90, 180, 90), Width: 720, Height: 360}
	m := draw(t, v, flat)
	for r := range v.Height {
		lat := 90 - (float64(r)+0.5)/2
		if got, want := m.NRGBAAt(333, r).A == 255, math.Abs(lat) < tilegrid.MercatorLimit; got != want {
			t.Errorf("latitude %g: drawn %v, want %v", lat, got, want)
		}
	}
	beyond := View{Projection: crs(t, "CRS:84"), Bound: box(-10, 80, 10, 100), Width: 200, Height: 200}
	m = draw(t, beyond, byLevel(tilegrid.Geodetic, 0, 4))
	for r := range 200 {
		if got, want := m.NRGBAAt(100, r).A == 255, r >= 100; got != want {
			t.Errorf("row %d: drawn %v", r, got)
		}
	}
}

func TestAPoleInsideTheViewIsDrawn(t *testing.T) {
	for _, south := range []bool{false, true} {
		for _, g := range []tilegrid.Grid{tilegrid.Geodetic, tilegrid.Mercator} {
			s := gradient(g, 6, 4)
			v := View{Projection: polar{south}, Bound: box(-2.1e6, -1.9e6, 1.9e6, 2.1e6), Width: 500, Height: 500}
			m := draw(t, v, s)
			for r := range v.Height {
				for c := range v.Width {
					x, y := position(v, g, float64(c)+0.5, float64(r)+0.5)
					inside := g == tilegrid.Geodetic || y > 0 && y < 1
					p := m.NRGBAAt(c, r)
					if (p.A == 255) != inside {
						t.Fatalf("south %v %v: pixel %d, %d is %v", south, g.CRS(), c, r, p)
					}
					far := math.Hypot(float64(c)-262.5, float64(r)-262.5) // from the pole
					if want := wave(x * 4); inside && far > 40 && math.Abs(float64(p.R)-float64(want)) > 8 {
						t.Fatalf("south %v %v: pixel %d, %d is %v, want %d", south, g.CRS(), c, r, p, want)
					}
				}
			}
		}
	}
}
