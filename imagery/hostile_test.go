package imagery

import (
	"context"
	"errors"
	"image"
	"math"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/terrane/terrane/internal/resample"
	"github.com/terrane/terrane/tilegrid"
)

// strange is a projection that gives what no projection should.
type strange struct {
	f func(x, y float64) (float64, float64)
}

func (s strange) Inverse(x, y []float64) {
	for i := range x {
		x[i], y[i] = s.f(x[i], y[i])
	}
}
func (s strange) Forward(x, y []float64) { s.Inverse(x, y) }

func TestHostileViewsAreRefusedOrDrawnSoon(t *testing.T) {
	flat := byLevel(tilegrid.Mercator, 0, 20)
	nan, inf := math.NaN(), math.Inf(1)
	plane := crs(t, "CRS:84")
	for name, c := range map[string]struct {
		view View
		want error
	}{
		"no width":           {View{plane, box(0, 0, 1, 1), 0, 10, ""}, ErrView},
		"less than no width": {View{plane, box(0, 0, 1, 1), -5, 10, ""}, ErrView},
		"no projection":      {View{nil, box(0, 0, 1, 1), 10, 10, ""}, ErrView},
		"NaN":                {View{plane, box(nan, 0, 1, 1), 10, 10, ""}, ErrView},
		"infinity":           {View{plane, box(0, 0, inf, 1), 10, 10, ""}, ErrView},
		"turned over":        {View{plane, box(1, 0, 0, 1), 10, 10, ""}, ErrView},
		"a point":            {View{plane, box(1, 1, 1, 1), 10, 10, ""}, ErrView},
		"overflow":           {View{plane, box(-math.MaxFloat64, 0, math.MaxFloat64, 1), 10, 10, ""}, ErrView},
		"too many pixels":    {View{plane, box(0, 0, 1, 1), 5000, 5000, ""}, ErrTooLarge},
		"far too many":       {View{plane, box(0, 0, 1, 1), math.MaxInt, math.MaxInt, ""}, ErrTooLarge},
		"tiny":               {View{plane, box(1, 1, 1+1e-15, 1+1e-15), 256, 256, ""}, nil},
		"denormal":           {View{plane, box(0, 0, 5e-324, 5e-324), 256, 256, ""}, nil},
		"huge":               {View{plane, box(-1e300, -1e300, 1e300, 1e300), 256, 256, ""}, nil},
		"wide":               {View{plane, box(-1e9, -90, 1e9, 90), 256, 256, ""}, nil},
		"many times round":   {View{plane, box(-3600, -90, 3600, 90), 512, 64, ""}, nil},
		"one pixel":          {View{plane, box(-180, -90, 180, 90), 1, 1, "?"}, nil},
		"flat":               {View{plane, box(-180, 0, 180, 1e-9), 512, 3, resample.Cubic}, nil},
		"nowhere":            {View{strange{func(x, y float64) (float64, float64) { return nan, nan }}, box(0, 0, 1, 1), 700, 500, ""}, nil},
		"infinitely far":     {View{strange{func(x, y float64) (float64, float64) { return inf, -inf }}, box(0, 0, 1, 1), 300, 300, ""}, nil},
		"one place":          {View{strange{func(x, y float64) (float64, float64) { return 5, 5 }}, box(0, 0, 1, 1), 300, 300, ""}, nil},
		"half a place":       {View{strange{func(x, y float64) (float64, float64) { return 5, nan }}, box(0, 0, 1, 1), 300, 300, ""}, nil},
	} {
		m, err := Draw(t.Context(), []Source{flat}, c.view)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if err == nil && m.Rect != image.Rect(0, 0, c.view.Width, c.view.Height) {
			t.Errorf("%s: %v", name, m.Rect)
		}
	}
	shuffled := View{strange{func(x, y float64) (float64, float64) { return 180 * math.Sin(x*9999), 80 * math.Cos(y*7777) }}, box(0, 0, 1, 1), 200, 200, ""}
	if _, err := Draw(t.Context(), []Source{byLevel(tilegrid.Mercator, 0, 3)}, shuffled); err != nil && !errors.Is(err, ErrTooLarge) {
		t.Errorf("shuffled: %v", err)
	}
}

func TestLimitsHold(t *testing.T) {
	deep := byLevel(tilegrid.Mercator, 9, 9)
	v := View{Projection: crs(t, "EPSG:3857"), Bound: box(-2e7, -2e7, 2e7, 2e7), Width: 256, Height: 256}
	d := Drawer{Limits: Limits{Tiles: 50, Pixels: 256 * 256}}
	if _, err := d.Draw(t.Context(), []Source{deep}, v); !errors.Is(err, ErrTooLarge) || deep.asked > 50 {
		t.Errorf("%v after %d tiles", err, deep.asked)
	}
	v.Width++
	if _, err := d.Draw(t.Context(), []Source{deep}, v); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too many pixels: %v", err)
	}
}

func TestACancelledViewEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := byLevel(tilegrid.Mercator, 0, 5)
	s.has = func(tilegrid.Coord) bool { cancel(); return true }
	v := View{Projection: crs(t, "EPSG:3857"), Bound: box(0, 0, 1e7, 1e7), Width: 1024, Height: 1024}
	if _, err := Draw(ctx, []Source{s}, v); !errors.Is(err, context.Canceled) || s.asked > 30 {
		t.Errorf("%v after %d tiles", err, s.asked)
	}
}

func TestDrawToTakesAnyMemory(t *testing.T) {
	v := View{Projection: crs(t, "CRS:84"), Bound: box(-10, 80, 10, 89), Width: 200, Height: 100}
	s := byLevel(tilegrid.Mercator, 0, 4)
	want := draw(t, v, s)
	dirty := image.NewNRGBA(image.Rect(0, 0, 200, 100))
	for i := range dirty.Pix {
		dirty.Pix[i] = 77
	}
	if opaque, err := new(Drawer).DrawTo(t.Context(), dirty, []Source{s}, v); err != nil || opaque || string(dirty.Pix) != string(want.Pix) {
		t.Errorf("opaque %v, %v, or other pixels", opaque, err)
	}
	if _, err := new(Drawer).DrawTo(t.Context(), image.NewNRGBA(image.Rect(0, 0, 9, 9)), []Source{s}, v); !errors.Is(err, ErrView) {
		t.Errorf("a picture of another size: %v", err)
	}
}

func TestAnyViewEndsWithAPictureOrAnError(t *testing.T) {
	sources := map[tilegrid.Grid]*painted{tilegrid.Geodetic: byLevel(tilegrid.Geodetic, 1, 22), tilegrid.Mercator: byLevel(tilegrid.Mercator, 0, 22)}
	for _, s := range sources {
		s.size = 16
		s.has = func(c tilegrid.Coord) bool { return (c.X*7+c.Y*13+uint32(c.Z))%5 != 0 }
	}
	projections := []Projection{crs(t, "CRS:84"), crs(t, "EPSG:3857"), transverse{9}, polar{}, polar{south: true}}
	rapid.Check(t, func(t *rapid.T) {
		num := func(name string) float64 {
			return rapid.Float64Range(-1, 1).Draw(t, name) * math.Pow(10, rapid.Float64Range(-6, 12).Draw(t, name+" magnitude"))
		}
		size := func(name string) float64 { return math.Pow(10, rapid.Float64Range(-6, 12).Draw(t, name)) }
		x, y, w, h := num("x"), num("y"), size("w"), size("h")
		v := View{
			Projection: projections[rapid.IntRange(0, len(projections)-1).Draw(t, "projection")], Bound: box(x, y, x+w, y+h),
			Width: rapid.IntRange(1, 90).Draw(t, "width"), Height: rapid.IntRange(1, 90).Draw(t, "height"),
			Kernel: rapid.SampledFrom([]resample.Kernel{"", resample.Nearest, resample.Bilinear, resample.Cubic}).Draw(t, "kernel"),
		}
		m, err := Draw(t.Context(), []Source{sources[tilegrid.Geodetic], sources[tilegrid.Mercator]}, v)
		switch {
		case err == nil && m.Rect != image.Rect(0, 0, v.Width, v.Height):
			t.Fatalf("a picture of %v", m.Rect)
		case err != nil && !errors.Is(err, ErrView) && !errors.Is(err, ErrTooLarge):
			t.Fatal(err)
		}
	})
}

func TestViewsAreDrawnSideBySide(t *testing.T) {
	m := store(t, encoded(t, 512, 512))
	s, err := NewTiles(t.Context(), m, "small@1", NewCache(1<<20)) // too little for both tiles
	if err != nil {
		t.Fatal(err)
	}
	v := View{Projection: crs(t, "CRS:84"), Bound: box(-80, -79, -10, -60), Width: 300, Height: 200}
	want := draw(t, v, s)
	var d Drawer
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 5 {
				if p, err := d.Draw(t.Context(), []Source{s}, v); err != nil || string(p.Pix) != string(want.Pix) {
					t.Errorf("%v, or another picture", err)
				}
			}
		})
	}
	all.Wait()
}
