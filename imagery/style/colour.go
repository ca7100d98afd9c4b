package style

import "image"

// heightColours are tints of our own, at fixed heights so that tiles and datasets agree: from sea level up they go from green over sand and
// brown to snow, and grow apart quickly at first, so that a plain has colours too; below it from pale to deep blue, each step darker. Ground at
// 0 is sea.
var heightColours = ramp{
	{-11000, [3]uint8{10, 28, 66}},
	{-8000, [3]uint8{18, 44, 92}},
	{-6000, [3]uint8{30, 66, 122}},
	{-4000, [3]uint8{50, 98, 156}},
	{-2000, [3]uint8{80, 134, 184}},
	{-1000, [3]uint8{108, 160, 202}},
	{-200, [3]uint8{146, 190, 220}},
	{-50, [3]uint8{172, 208, 230}},
	{-10, [3]uint8{190, 219, 236}},
	{0, [3]uint8{202, 227, 240}},
	{0.1, [3]uint8{104, 168, 126}},
	{25, [3]uint8{122, 179, 130}},
	{50, [3]uint8{137, 188, 133}},
	{100, [3]uint8{158, 200, 140}},
	{200, [3]uint8{187, 213, 150}},
	{400, [3]uint8{215, 221, 160}},
	{700, [3]uint8{229, 219, 156}},
	{1000, [3]uint8{230, 207, 144}},
	{1500, [3]uint8{216, 181, 124}},
	{2000, [3]uint8{196, 156, 110}},
	{2500, [3]uint8{181, 146, 116}},
	{3000, [3]uint8{187, 164, 145}},
	{3500, [3]uint8{203, 188, 176}},
	{4000, [3]uint8{219, 209, 202}},
	{5000, [3]uint8{237, 233, 230}},
	{6500, [3]uint8{249, 248, 247}},
	{9000, [3]uint8{255, 255, 255}},
}

var heightLabels = []float32{5000, 4000, 3000, 2000, 1500, 1000, 700, 400, 200, 100, 50, 0, -50, -200, -1000, -2000, -4000, -6000}

func paintColours(f *field, m *image.NRGBA) {
	var near int
	f.paint(m, func(h, _, _ float32, p []uint8) {
		red, green, blue := heightColours.at(h, &near)
		set(p, red, green, blue)
	})
}
