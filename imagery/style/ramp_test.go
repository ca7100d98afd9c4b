package style

import (
	"math"
	"testing"
)

func TestRampsRise(t *testing.T) {
	for name, r := range map[string]ramp{"heights": heightColours, "slopes": slopeColours, "aspects": aspectColours} {
		for k := 1; k < len(r); k++ {
			if !(r[k].value > r[k-1].value) {
				t.Errorf("%s: stop %d at %v does not rise", name, k, r[k].value)
			}
		}
	}
}

func TestARampGivesTheColoursOfItsStopsWhereverTheSearchBegins(t *testing.T) {
	r := heightColours
	for near := range len(r) - 1 {
		for k, s := range r {
			n := near
			red, green, blue := r.at(s.value, &n)
			if got := [3]uint8{byteOf(red), byteOf(green), byteOf(blue)}; got != s.color {
				t.Errorf("stop %d from %d: %v, want %v", k, near, got, s.color)
			}
		}
	}
	for v, want := range map[float32][3]uint8{-20000: r[0].color, 20000: r[len(r)-1].color, 62.5: {142, 191, 135}} {
		if c := r.color(v); [3]uint8{c.R, c.G, c.B} != want {
			t.Errorf("%v: %v, want %v", v, c, want)
		}
	}
}

func TestDepthsGetDarkerAndSlopesToo(t *testing.T) {
	darker := func(r ramp, from, to int) {
		for k := from; k < to; k++ {
			if luma(r[k+1]) >= luma(r[k]) && r[k+1].value != 15 {
				t.Errorf("stop at %v is not darker than at %v", r[k+1].value, r[k].value)
			}
		}
	}
	darker(slopeColours, 0, len(slopeColours)-1)
	for k := 0; heightColours[k].value < 0; k++ {
		if luma(heightColours[k]) >= luma(heightColours[k+1]) {
			t.Errorf("%v m is not darker than %v m", heightColours[k].value, heightColours[k+1].value)
		}
	}
}

func luma(s stop) float64 {
	return 0.2126*float64(s.color[0]) + 0.7152*float64(s.color[1]) + 0.0722*float64(s.color[2])
}

func TestSunAndSlopesAreThoseOfTheBook(t *testing.T) {
	cos45 := math.Sqrt(0.5)
	for _, c := range []struct {
		name         string
		gx, gy       float32
		shade, slope float64
		facing       float64
	}{
		{"flat", 0, 0, cos45, 0, 0},
		{"facing the sun", float32(cos45), -float32(cos45), 1, 45, 315},
		{"turned away", -float32(cos45), float32(cos45), 0, 45, 135},
		{"facing north", 0, -1, (cos45 + cos45*cos45) * cos45, 45, 0},
		{"facing east", -float32(math.Sqrt(3)), 0, 0, 60, 90},
		{"facing south", 0, 1, (cos45 - cos45*cos45) * cos45, 45, 180},
		{"facing west", 1, 0, (cos45 + cos45*cos45) * cos45, 45, 270},
	} {
		if got := float64(northWest.shade(c.gx, c.gy)); math.Abs(got-c.shade) > 1e-6 {
			t.Errorf("%s: light %v, want %v", c.name, got, c.shade)
		}
		if got := float64(steepness(c.gx, c.gy)); math.Abs(got-c.slope) > 1e-4 {
			t.Errorf("%s: slope %v, want %v", c.name, got, c.slope)
		}
		if got := float64(facing(c.gx, c.gy)); math.Abs(got-c.facing) > 1e-4 {
			t.Errorf("%s: faces %v, want %v", c.name, got, c.facing)
		}
	}
}

// The lengths are those of the WGS 84 ellipsoid (NIMA TR8350.2).
func TestDegreesHaveTheirLengths(t *testing.T) {
	for lat, want := range map[float64][2]float64{0: {111319.491, 110574.276}, 45: {78846.806, 111131.779}, 90: {0.001, 111693.980}, -45: {78846.806, 111131.779}} {
		lon, latitude := metresPerDegree(lat)
		if math.Abs(lon-want[0]) > 0.05 || math.Abs(latitude-want[1]) > 0.05 {
			t.Errorf("at %v: %.3f, %.3f, want %v", lat, lon, latitude, want)
		}
	}
}
