package tiler

import (
	"image"
	"math"

	"github.com/paulmach/orb"
)

// canvas is how many pixels a side the ground may have where its fading is followed.
const canvas = 512

// first guesses the first level that shows anything: further up the ground is so small a part of a pixel that nothing of it is left. The
// levels above a coarse picture of the bounds are made as those of tiles are. Sources that do not fill their bounds may vanish a level
// earlier.
func (j *Job) first() uint8 {
	p := j.Plan
	if j.classes || j.options.Format == JPEG { // classes stay what they are, and tiles of JPEG are white where nothing is
		return p.Min
	}
	z := p.Max
	for z > p.Min && p.extent(z).Dx()+p.extent(z).Dy() > 2*canvas {
		z--
	}
	if z == p.Min { // however large the ground is there
		return z
	}
	m := p.shade(z)
	for ; z > p.Min; z-- {
		if m = faded(m); !shows(m) {
			return z
		}
	}
	return z
}

// extent returns the pixels of a level that the bounds touch, its corner even.
func (p Plan) extent(z uint8) image.Rectangle {
	var r image.Rectangle
	for _, g := range p.Grounds {
		for _, b := range g.Bounds {
			x0, y0, x1, y1 := p.edges(z, b)
			r = r.Union(image.Rect(int(math.Floor(x0)), int(math.Floor(y0)), int(math.Ceil(x1)), int(math.Ceil(y1))))
		}
	}
	r.Min.X, r.Min.Y = r.Min.X&^1, r.Min.Y&^1
	return r
}

// edges returns where a bound lies among the pixels of a level.
func (p Plan) edges(z uint8, b orb.Bound) (x0, y0, x1, y1 float64) {
	columns, rows := p.Grid.Size(z)
	west, south := p.Grid.Fraction(b.Min)
	east, north := p.Grid.Fraction(b.Max)
	width, height := float64(columns)*TileSize, float64(rows)*TileSize
	return west * width, (1 - north) * height, east * width, (1 - south) * height
}

// shade paints by how much the bounds cover each pixel of a level.
func (p Plan) shade(z uint8) *image.Alpha {
	m := image.NewAlpha(p.extent(z))
	for _, g := range p.Grounds {
		for _, b := range g.Bounds {
			x0, y0, x1, y1 := p.edges(z, b)
			for y := int(math.Floor(y0)); float64(y) < y1; y++ {
				for x := int(math.Floor(x0)); float64(x) < x1; x++ {
					wide := min(x1, float64(x+1)) - max(x0, float64(x))
					high := min(y1, float64(y+1)) - max(y0, float64(y))
					if at := m.PixOffset(x, y); (image.Point{x, y}).In(m.Rect) {
						m.Pix[at] = uint8(min(255, float64(m.Pix[at])+255*wide*high+0.5))
					}
				}
			}
		}
	}
	return m
}

// faded is the level above, as resample.Halve makes it.
func faded(m *image.Alpha) *image.Alpha {
	r := image.Rect(m.Rect.Min.X>>1, m.Rect.Min.Y>>1, (m.Rect.Max.X+1)>>1, (m.Rect.Max.Y+1)>>1)
	out := image.NewAlpha(r)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			sum := 2
			for k := range 4 {
				sum += int(m.AlphaAt(2*x+k&1, 2*y+k>>1).A)
			}
			out.Pix[out.PixOffset(x, y)] = uint8(sum / 4)
		}
	}
	return out
}

func shows(m *image.Alpha) bool {
	for _, a := range m.Pix {
		if a > 0 {
			return true
		}
	}
	return false
}
