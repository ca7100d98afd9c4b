package terrain

import "math"

// Encoding is a way to write a height as the colour of a pixel, as raster-dem sources of map clients read it.
type Encoding int

// The encodings.
const (
	Mapbox    Encoding = iota // Mapbox Terrain-RGB: -10000 m + 0.1 m * (65536 red + 256 green + blue)
	Terrarium                 // Mapzen Terrarium: -32768 m + 256 red + green + blue / 256
)

// String returns the name of an encoding as TileJSON and clients write it.
func (e Encoding) String() string {
	if e == Terrarium {
		return "terrarium"
	}
	return "mapbox"
}

// Paint writes heights in metres as opaque pixels, four bytes each, red first; dst holds len(z) of them. Mapbox rounds to 0.1 m,
// Terrarium to [StoredStep]: finer digits would be noise. What is no number is written as 0 m; no pixel is transparent, since
// clients take the colour of one for a height all the same.
func (e Encoding) Paint(dst []byte, z []float32) {
	scale, offset, shift := 10.0, 10000.0, 0
	if e == Terrarium {
		scale, offset, shift = 1/StoredStep, 32768, 2
	}
	for k, h := range z {
		if h != h {
			h = 0
		}
		v := uint32(max(0, min(1<<24-1, int64(math.Floor((float64(h)+offset)*scale+0.5))<<shift)))
		p := dst[4*k:][:4]
		p[0], p[1], p[2], p[3] = byte(v>>16), byte(v>>8), byte(v), 255
	}
}

// Height returns the metres that a pixel stands for.
func (e Encoding) Height(red, green, blue uint8) float64 {
	v := float64(red)*65536 + float64(green)*256 + float64(blue)
	if e == Terrarium {
		return v/256 - 32768
	}
	return v/10 - 10000
}
