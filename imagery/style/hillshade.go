package style

import (
	"image"
	"math"
)

// sun is light from one direction: its vector east, north and up.
type sun struct{ east, north, up float32 }

// newSun returns the light from an azimuth, clockwise from north, and an altitude over the horizon, degrees.
func newSun(azimuth, altitude float64) sun {
	sinA, cosA := math.Sincos(azimuth * math.Pi / 180)
	sinH, cosH := math.Sincos(altitude * math.Pi / 180)
	return sun{float32(sinA * cosH), float32(cosA * cosH), float32(sinH)}
}

const sunAltitude = 45

// northWest is the sun of maps: we take light for coming from above left, else valleys look like ridges.
var northWest = newSun(315, sunAltitude)

// shade returns how much light falls on ground of a gradient: the cosine between the sun and the ground's normal, 0 for ground that is turned away.
func (s sun) shade(gx, gy float32) float32 { return s.along(gx, gy) * upright(gx, gy) }

// along is the sun's part along the normal whose vertical part is 1.
func (s sun) along(gx, gy float32) float32 { return max(0, s.up-gx*s.east-gy*s.north) }

// upright is the vertical part of the normal of length 1.
func upright(gx, gy float32) float32 { return 1 / float32(math.Sqrt(float64(1+gx*gx+gy*gy))) }

// paintHillshade paints grey 1 to 255, as gdaldem hillshade does.
func paintHillshade(f *field, m *image.NRGBA) {
	f.paint(m, func(_ float32, gx, gy float32, p []uint8) {
		v := 1 + 254*northWest.shade(gx, gy)
		set(p, v, v, v)
	})
}

// paintMultidirectional paints grey 1 to 255.
func paintMultidirectional(f *field, m *image.NRGBA) {
	f.paint(m, func(_ float32, gx, gy float32, p []uint8) {
		_, many := lights(gx, gy)
		v := 1 + 254*many
		set(p, v, v, v)
	})
}

// fourSuns stand from south-west to north, 45 degrees apart.
var fourSuns = [4]sun{newSun(225, sunAltitude), newSun(270, sunAltitude), northWest, newSun(360, sunAltitude)}

// lights returns the light from the north-west, as shade does, and that from four suns, each weighted by the squared sine of the angle between
// it and the way the slope faces: most where it falls along the slope and one sun alone would show nothing (Mark, Multidirectional,
// Oblique-Weighted, Shaded-Relief Image of the Island of Hawaii, 1992).
func lights(gx, gy float32) (one, many float32) {
	steep2 := gx*gx + gy*gy
	if steep2 == 0 {
		return northWest.up, northWest.up
	}
	var sum, weights float32
	for k := range fourSuns {
		s := &fourSuns[k]
		light := s.along(gx, gy)
		if k == 2 {
			one = light
		}
		across := gx*s.north - gy*s.east // proportional to the sine
		sum += light * across * across
		weights += across * across
	}
	up := upright(gx, gy)
	return one * up, sum / weights * up
}

// paintShadow paints black where there is less light than on flat ground, white where there is more, as opaque as the difference is great.
func paintShadow(f *field, m *image.NRGBA) {
	f.paint(m, func(_ float32, gx, gy float32, p []uint8) {
		more := northWest.shade(gx, gy)/northWest.up - 1
		p[0], p[1], p[2], p[3] = 0, 0, 0, byteOf(-more*200)
		if more > 0 {
			p[0], p[1], p[2], p[3] = 255, 255, 255, byteOf(more*300)
		}
	})
}
