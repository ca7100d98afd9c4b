package style

import (
	"image"
	"math"
)

// slopeColours tell by lightness alone: each step is darker than the one before. Most change between 20 and 45 degrees, where it matters on foot.
var slopeColours = ramp{
	{0, [3]uint8{250, 250, 245}},
	{5, [3]uint8{236, 240, 208}},
	{10, [3]uint8{222, 229, 160}},
	{15, [3]uint8{238, 214, 116}},
	{20, [3]uint8{245, 188, 82}},
	{25, [3]uint8{242, 157, 62}},
	{30, [3]uint8{232, 122, 54}},
	{35, [3]uint8{213, 86, 57}},
	{40, [3]uint8{184, 54, 74}},
	{45, [3]uint8{148, 34, 92}},
	{60, [3]uint8{86, 22, 92}},
	{90, [3]uint8{34, 10, 48}},
}

var slopeLabels = []float32{0, 10, 20, 30, 35, 40, 45, 60, 90}

// steepness returns the angle of the ground from the horizontal, degrees.
func steepness(gx, gy float32) float32 {
	return float32(math.Atan(math.Sqrt(float64(gx*gx+gy*gy))) * 180 / math.Pi)
}

func paintSlope(f *field, m *image.NRGBA) {
	var near int
	f.paint(m, func(_, gx, gy float32, p []uint8) {
		red, green, blue := slopeColours.at(steepness(gx, gy), &near)
		set(p, red, green, blue)
	})
}
