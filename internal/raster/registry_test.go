package raster

import (
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"

	"github.com/paulmach/orb"
)

func TestReferenceSystemsAsWMSNamesThem(t *testing.T) {
	for code, want := range map[string]struct {
		title      string
		northFirst bool
		unit       float64
		area       orb.Bound // rounded to degrees
	}{
		"CRS:84":     {"WGS 84 (longitude, latitude)", false, 111319.49079327358, orb.Bound{Min: orb.Point{-180, -90}, Max: orb.Point{180, 90}}},
		"EPSG:4326":  {"WGS 84", true, 111319.49079327358, orb.Bound{Min: orb.Point{-180, -90}, Max: orb.Point{180, 90}}},
		"EPSG:3857":  {"WGS 84 / Pseudo-Mercator", false, 1, orb.Bound{Min: orb.Point{-180, -85}, Max: orb.Point{180, 85}}},
		"EPSG:25832": {"ETRS89 / UTM zone 32N", false, 1, orb.Bound{Min: orb.Point{6, 38}, Max: orb.Point{12, 85}}},
		"EPSG:3035":  {"ETRS89-extended / LAEA Europe", true, 1, orb.Bound{Min: orb.Point{-36, 24}, Max: orb.Point{45, 85}}},
		"EPSG:31467": {"DHDN / 3-degree Gauss-Kruger zone 3", true, 1, orb.Bound{Min: orb.Point{7, 47}, Max: orb.Point{11, 56}}},
		"EPSG:3031":  {"WGS 84 / Antarctic Polar Stereographic", false, 1, orb.Bound{Min: orb.Point{-180, -90}, Max: orb.Point{180, -60}}},
		"EPSG:3413":  {"WGS 84 / NSIDC Sea Ice Polar Stereographic North", false, 1, orb.Bound{Min: orb.Point{-180, 60}, Max: orb.Point{180, 90}}},
		"EPSG:32661": {"WGS 84 / UPS North (N,E)", true, 1, orb.Bound{Min: orb.Point{-180, 60}, Max: orb.Point{180, 90}}},
		"EPSG:5041":  {"WGS 84 / UPS North (E,N)", false, 1, orb.Bound{Min: orb.Point{-180, 60}, Max: orb.Point{180, 90}}},
		"EPSG:2193":  {"NZGD2000 / New Zealand Transverse Mercator 2000", true, 1, orb.Bound{Min: orb.Point{166, -47}, Max: orb.Point{179, -34}}},
		"EPSG:2264":  {"NAD83 / North Carolina (ftUS)", false, 1200.0 / 3937, orb.Bound{Min: orb.Point{-84, 34}, Max: orb.Point{-75, 37}}},
		"EPSG:4807":  {"NTF (Paris)", true, 6378137 * math.Pi / 200, orb.Bound{Min: orb.Point{-5, 41}, Max: orb.Point{10, 51}}},
		"EPSG:3832":  {"WGS 84 / PDC Mercator", false, 1, orb.Bound{Min: orb.Point{98.69, -60}, Max: orb.Point{291.15, 66.67}}},
	} {
		c, err := LookupCRS(code)
		if err != nil {
			t.Errorf("%s: %v", code, err)
			continue
		}
		near := math.Abs(c.Area.Min[0]-want.area.Min[0]) < 1 && math.Abs(c.Area.Min[1]-want.area.Min[1]) < 1 &&
			math.Abs(c.Area.Max[0]-want.area.Max[0]) < 1 && math.Abs(c.Area.Max[1]-want.area.Max[1]) < 1
		if c.Code != code || c.Title != want.title || c.NorthFirst != want.northFirst || math.Abs(c.MetresPerUnit/want.unit-1) > 1e-12 || !near {
			t.Errorf("%s: %q, north first %v, %v m, %v; want %+v", c.Code, c.Title, c.NorthFirst, c.MetresPerUnit, c.Area, want)
		}
	}
}

func TestWhatIsNoMapSystemIsRefused(t *testing.T) {
	for what, code := range map[string]string{
		"vertical": "EPSG:5773", "compound": "EPSG:7415", "two codes": "EPSG:4326+5773", "geocentric": "EPSG:4978", "three axes": "EPSG:4979", "engineering": "EPSG:5800",
		"unknown": "EPSG:999999", "nought": "EPSG:0", "text": "WGS84", "a number": "4326", "negative": "EPSG:-1", "a path": "/etc/passwd", "PROJ": "+proj=longlat",
		"another planet": "IAU_2015:49900", "pixels": "CRS:1", "nothing": "", "a space": "EPSG:4326 ", "a NUL": "EPSG:4326\x00", "huge": "EPSG:99999999999999999999",
	} {
		if c, err := LookupCRS(code); !errors.Is(err, ErrCRS) {
			t.Errorf("%s: %v, %v", what, c, err)
		}
	}
}

func TestPositionsThereAndBack(t *testing.T) {
	for code, want := range map[string][2]orb.Point{ // longitude and latitude; x and y by cs2cs of PROJ 9.1
		"CRS:84":     {{10, 50}, {10, 50}},
		"EPSG:4326":  {{-170, -89}, {-170, -89}},
		"EPSG:3857":  {{180, 85.0511287798066}, {20037508.342789244, 20037508.342789244}},
		"EPSG:32632": {{9, 0}, {500000, 0}},
		"EPSG:3035":  {{10, 52}, {4321000, 3210000}},
		"EPSG:3031":  {{90, -90}, {0, 0}},
		"EPSG:3413":  {{-45, 70}, {0, -2187927.65}},
		"EPSG:2193":  {{173, 0}, {1600000, 10000000}},
	} {
		c, err := LookupCRS(code)
		if err != nil {
			t.Fatal(err)
		}
		x, y := []float64{want[0][0]}, []float64{want[0][1]}
		c.Forward(x, y)
		if !(math.Hypot(x[0]-want[1][0], y[0]-want[1][1]) < 0.5) {
			t.Errorf("%s: %v is at %v %v, want %v", code, want[0], x, y, want[1])
		}
		c.Inverse(x, y)
		if far := math.Remainder(x[0]-want[0][0], 360); !(math.Abs(y[0]-want[0][1]) < 1e-8) || !(math.Abs(far) < 1e-8) && math.Abs(want[0][1]) < 90 {
			t.Errorf("%s: back at %v %v, want %v", code, x, y, want[0])
		}
	}
}

func TestWhereASystemHasNoAnswerIsNaN(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		code    string
		x, y    []float64
		forward bool
	}{
		{"EPSG:4326", []float64{0, 0, nan, inf}, []float64{91, -90.1, 0, 0}, false},
		{"EPSG:4326", []float64{0, 0, 0}, []float64{91, nan, inf}, true},
		{"EPSG:3035", []float64{1e9, -1e8}, []float64{0, 1e8}, false},
		{"EPSG:4807", []float64{0}, []float64{100.1}, false},
	} {
		crs, err := LookupCRS(c.code)
		if err != nil {
			t.Fatal(err)
		}
		if c.forward {
			crs.Forward(c.x, c.y)
		} else {
			crs.Inverse(c.x, c.y)
		}
		for i := range c.x {
			if !math.IsNaN(c.x[i]) || !math.IsNaN(c.y[i]) {
				t.Errorf("%s, forward %v: position %d gives %v %v", c.code, c.forward, i, c.x[i], c.y[i])
			}
		}
	}
}

func TestARegistryForgetsAndStaysRight(t *testing.T) {
	r := NewRegistry()
	first, err := r.CRS("epsg:25832")
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := r.CRS("EPSG:25832"); again != first {
		t.Error("looked up twice")
	}
	var work sync.WaitGroup
	for i := range 8 {
		work.Go(func() {
			for n := range registrySize {
				c, err := r.CRS(fmt.Sprintf("EPSG:%d", 32601+(n*7+i)%60+n/64*100))
				if err != nil {
					t.Error(err)
					return
				}
				x, y := []float64{500000}, []float64{1e6}
				if c.Inverse(x, y); !(math.Abs(math.Remainder(x[0]-3, 6)) < 1e-9) {
					t.Errorf("%s: %v %v", c.Code, x, y)
				}
			}
		})
	}
	work.Wait()
	for n := range 30 {
		if _, err := r.CRS(fmt.Sprintf("EPSG:%d", 25828+n)); err != nil && !errors.Is(err, ErrCRS) {
			t.Fatal(err)
		}
	}
	if r.recent.Len() > registrySize || len(r.byCode) != r.recent.Len() {
		t.Errorf("%d systems kept, %d codes", r.recent.Len(), len(r.byCode))
	}
	x, y := []float64{9}, []float64{0}
	if first.Forward(x, y); !(math.Abs(x[0]-500000) < 1e-3) {
		t.Errorf("a forgotten system answers %v %v", x, y)
	}
}

func TestEveryListedCodeIsOfAKindThatIsLookedUp(t *testing.T) {
	codes := CRSCodes()
	if len(codes) < 5000 {
		t.Fatalf("%d codes", len(codes))
	}
	refused := 0
	for i := 0; i < len(codes); i += 397 {
		if _, err := LookupCRS(codes[i]); err != nil {
			refused++
			t.Logf("%v", err)
		}
	}
	if refused > 3 {
		t.Errorf("%d of %d listed codes are refused", refused, len(codes)/397)
	}
}

func BenchmarkLookupCRS(b *testing.B) {
	for i := 0; b.Loop(); i++ {
		c, err := LookupCRS(fmt.Sprintf("EPSG:%d", 32601+i%60))
		if err != nil {
			b.Fatal(err)
		}
		c.close()
	}
}

func BenchmarkInverse(b *testing.B) {
	for _, code := range []string{"CRS:84", "EPSG:3857", "EPSG:25832", "EPSG:31467", "EPSG:3035"} {
		b.Run(code, func(b *testing.B) {
			c, err := LookupCRS(code)
			if err != nil {
				b.Fatal(err)
			}
			x, y := make([]float64, 1000), make([]float64, 1000)
			for b.Loop() {
				for i := range x {
					x[i], y[i] = 10+float64(i)/1000, 50
				}
				c.Forward(x, y)
				c.Inverse(x, y)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/2000, "ns/point")
		})
	}
}
