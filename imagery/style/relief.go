package style

import (
	"image"
	"math"
)

// paintRelief lays light and shadow over the colours of height. Small scales flatten slopes, so they are exaggerated there: for looks only,
// nothing is to be measured here.
func paintRelief(f *field, m *image.NRGBA) {
	steeper := float32(f.exaggeration())
	var near int
	f.paint(m, func(h, gx, gy float32, p []uint8) {
		red, green, blue := heightColours.at(h, &near)
		one, many := lights(gx*steeper, gy*steeper)
		light := (0.65*one+0.35*many)/northWest.up - 1 // 0 on flat ground
		if light < 0 {
			k := -light
			set(p, red*(1-0.80*k), green*(1-0.78*k), blue*(1-0.66*k)) // shadows are a little blue
			return
		}
		k := min(1, 0.9*light)
		set(p, red+(255-red)*k, green+(253-green)*k, blue+(240-blue)*k) // and light a little yellow
	})
}

// exaggeration is 1 where a pixel is 60 m or less, and grows with the third root of its width.
func (f *field) exaggeration() float64 { return math.Cbrt(max(1, f.metresWide/60)) }
