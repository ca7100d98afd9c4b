package imagery

import (
	"errors"
	"math"
	"testing"

	"github.com/paulmach/orb"
)

func TestBuiltinSystemsGoThereAndBack(t *testing.T) {
	for _, code := range []string{"CRS:84", "EPSG:4326", "EPSG:3857", "epsg:900913", "EPSG:102100"} {
		c, err := Builtin().CRS(code)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range []orb.Point{{0, 0}, {-180, -85}, {179.5, 85.05}, {12.25, 47.5}} {
			x, y := []float64{p[0]}, []float64{p[1]}
			c.Forward(x, y)
			c.Inverse(x, y)
			if math.Abs(x[0]-p[0]) > 1e-12 || math.Abs(y[0]-p[1]) > 1e-12 {
				t.Errorf("%s: %v came back as %v, %v", code, p, x, y)
			}
		}
		x, y := []float64{5, 5}, []float64{91, math.NaN()}
		c.Forward(x, y)
		if x[0] == x[0] || x[1] == x[1] {
			t.Errorf("%s: beyond the pole there is %v, %v", code, x, y)
		}
	}
	if _, err := Builtin().CRS("EPSG:25832"); !errors.Is(err, ErrCRS) {
		t.Errorf("unknown system: %v", err)
	}
}
