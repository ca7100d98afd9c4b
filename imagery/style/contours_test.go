package style

import (
	"image"
	"image/color"
	"math"
	"testing"
)

// cone is a field whose heights fall by slope metres a pixel with the distance from its middle, from a height there.
func cone(height, slope float64) *field {
	f := &field{level: 10, finest: 10, z: make([]float32, fieldSide*fieldSide)}
	for k := range f.z {
		f.z[k] = float32(height - slope*math.Hypot(float64(k%fieldSide)-fieldSide/2, float64(k/fieldSide)-fieldSide/2))
	}
	return f
}

func TestContourIntervalsFollowTheScale(t *testing.T) {
	for level, want := range map[uint8]float64{0: 2000, 6: 2000, 9: 500, 10: 200, 11: 100, 12: 50, 13: 20, 14: 10, 20: 1, 28: 1} {
		if got := Interval(level); got != want {
			t.Errorf("level %d: %v, want %v", level, got, want)
		}
	}
}

func TestContoursLieAtTheirHeights(t *testing.T) {
	m := image.NewNRGBA(image.Rect(0, 0, side, side))
	paintContours(cone(2100, 20), m) // lines 10 pixels apart, every fifth of 50: at 2000, 5 pixels from the middle
	middle := fieldSide/2 - margin
	for d := 1; d < 100; d++ {
		at := m.NRGBAAt(middle+d, middle)
		h := 2100 - 20*d
		switch {
		case h%1000 == 0 && at != rgba(pens[landIndexPen]):
			t.Errorf("%d pixels out, %d m: %v is no index contour", d, h, at)
		case h%1000 != 0 && h%200 == 0 && h > 0 && at != rgba(pens[landPen]):
			t.Errorf("%d pixels out, %d m: %v is no contour", d, h, at)
		case h%200 == 100 && at.A != 0:
			t.Errorf("%d pixels out, %d m: %v is a line", d, h, at)
		}
	}
}

func TestDepthContoursAreBlue(t *testing.T) {
	m := image.NewNRGBA(image.Rect(0, 0, side, side))
	paintContours(cone(-100, 20), m)
	if got := m.NRGBAAt(fieldSide/2-margin+5, fieldSide/2-margin); got != rgba(pens[seaPen]) {
		t.Errorf("200 m deep: %v", got)
	}
}

func TestALakeAtAContoursHeightHasItAtItsShoreOnly(t *testing.T) {
	f := cone(0, -20)
	for k := range f.z {
		f.z[k] = max(1000, f.z[k]) // a lake of radius 50
	}
	m := image.NewNRGBA(image.Rect(0, 0, side, side))
	paintContours(f, m)
	middle := fieldSide/2 - margin
	for d := range 59 {
		if got := m.NRGBAAt(middle+d, middle).A; d == 50 && got < 150 || (d < 48 || d > 52) && got > 0 { // the next line lies 60 pixels out
			t.Errorf("%d pixels out: alpha %d", d, got)
		}
	}
}

func rgba(p pen) color.NRGBA { return color.NRGBA{p.color[0], p.color[1], p.color[2], p.color[3]} }
