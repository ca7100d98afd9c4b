package style

import (
	"image"
	"math"
)

// aspectColours go round once, equally light (OKLCH 0.74, 0.13), clockwise from north: red, orange, yellow, green, cyan, blue, violet, pink.
var aspectColours = wheel(0.74, 0.13)

// flatGrey is as light as the wheel.
var flatGrey = [3]float32{170, 170, 170}

// facing returns the direction that the ground slopes down to, degrees clockwise from north, 0 to 360; 0 for flat ground.
func facing(gx, gy float32) float32 {
	if gx == 0 && gy == 0 {
		return 0
	}
	a := math.Atan2(float64(-gx), float64(-gy)) * 180 / math.Pi
	if a < 0 {
		a += 360
	}
	return float32(a)
}

// Ground below flatBelow, as a gradient, is grey; it has its full colour from colouredFrom on: half a degree, two degrees.
const (
	flatBelow    = 0.0087
	colouredFrom = 0.035
)

func paintAspect(f *field, m *image.NRGBA) {
	var near int
	f.paint(m, func(_, gx, gy float32, p []uint8) {
		red, green, blue := aspectColours.at(facing(gx, gy), &near)
		steep := float32(math.Sqrt(float64(gx*gx + gy*gy)))
		k := min(1, max(0, (steep-flatBelow)/(colouredFrom-flatBelow)))
		set(p, flatGrey[0]+(red-flatGrey[0])*k, flatGrey[1]+(green-flatGrey[1])*k, flatGrey[2]+(blue-flatGrey[2])*k)
	})
}

// wheel returns a ramp over 0 to 360 of the colours of one lightness and chroma in OKLCH (Ottosson 2020), red at 0.
func wheel(lightness, chroma float64) ramp {
	const steps, red = 24, 25.0
	r := make(ramp, steps+1)
	for k := range r {
		sin, cos := math.Sincos((red + float64(k%steps)*360/steps) * math.Pi / 180)
		r[k] = stop{float32(k) * 360 / steps, oklab(lightness, chroma*cos, chroma*sin)}
	}
	return r
}

// oklab returns a colour of OKLab in sRGB; what lies outside of it is cut.
func oklab(light, a, b float64) [3]uint8 {
	l, m, s := light+0.3963377774*a+0.2158037573*b, light-0.1055613458*a-0.0638541728*b, light-0.0894841775*a-1.2914855480*b
	l, m, s = l*l*l, m*m*m, s*s*s
	return [3]uint8{
		gamma(4.0767416621*l - 3.3077115913*m + 0.2309699292*s),
		gamma(-1.2684380046*l + 2.6097574011*m - 0.3413193965*s),
		gamma(-0.0041960863*l - 0.7034186147*m + 1.7076147010*s),
	}
}

// gamma encodes a linear channel as sRGB.
func gamma(v float64) uint8 {
	if v > 0.0031308 {
		v = 1.055*math.Pow(v, 1/2.4) - 0.055
	} else {
		v *= 12.92
	}
	return byteOf(float32(255 * v))
}
