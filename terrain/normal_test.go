package terrain

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// The values are those of Cesium's AttributeCompression specs.
func TestEncodeNormalGivesCesiumsBytes(t *testing.T) {
	third := 1 / math.Sqrt(3)
	cases := []struct {
		v    Vec
		want Normal
	}{
		{Vec{0, 0, 1}, Normal{128, 128}},
		{Vec{0, 0, -1}, Normal{255, 255}},
		{Vec{0, 1, 0}, Normal{128, 255}},
		{Vec{0, -1, 0}, Normal{128, 0}},
		{Vec{1, 0, 0}, Normal{255, 128}},
		{Vec{-1, 0, 0}, Normal{0, 128}},
		{Vec{third, third, third}, Normal{170, 170}},
		{Vec{-0.6, -0.48, -0.64}, Normal{36, 44}},
	}
	for _, c := range cases {
		if got := EncodeNormal(c.v); got != c.want {
			t.Errorf("%v: got %v, want %v", c.v, got, c.want)
		}
	}
}

func TestNormalsComeBackWithinADegree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lon, z := rapid.Float64Range(-math.Pi, math.Pi).Draw(t, "lon"), rapid.Float64Range(-1, 1).Draw(t, "z")
		r := math.Sqrt(1 - z*z)
		v := Vec{r * math.Cos(lon), r * math.Sin(lon), z}
		got := EncodeNormal(v).Vec()
		if angle := math.Acos(min(1, got.Dot(v))) * 180 / math.Pi; angle > 0.95 {
			t.Errorf("%v came back %.3f degrees off", v, angle)
		}
	})
}

func TestEveryNormalDecodesToAUnitVector(t *testing.T) {
	for x := range 256 {
		for y := range 256 {
			if l := (Normal{uint8(x), uint8(y)}).Vec().Len(); math.Abs(l-1) > 1e-12 {
				t.Fatalf("%d, %d has length %v", x, y, l)
			}
		}
	}
}
