package imagery

import (
	"image"
	"math"

	"github.com/terrane/terrane/internal/resample"
	"github.com/terrane/terrane/tilegrid"
)

// place returns the way from pixels of the view to pixels of a grid that is so many pixels wide. Rows count from the north; longitudes are not wrapped.
func (p *painter) place(g tilegrid.Grid, width float64) resample.Place {
	west, north := p.view.Bound.Min[0], p.view.Bound.Max[1]
	return func(x, y []float64) {
		for i := range x {
			x[i], y[i] = west+x[i]*p.stepX, north-y[i]*p.stepY
		}
		p.view.Projection.Inverse(x, y)
		for i := range x {
			x[i] = (x[i] + 180) / 360 * width
			y[i] = row(g, y[i]) * width
			if g == tilegrid.Geodetic { // the south pole itself is in the last row, as the north pole is in the first
				y[i] = min(y[i], width/2-1e-3)
			}
		}
	}
}

// row returns the share of the grid's width that a latitude lies below its top. NaN beyond the poles.
func row(g tilegrid.Grid, lat float64) float64 {
	if !(math.Abs(lat) <= 90) {
		return math.NaN()
	}
	if g == tilegrid.Geodetic {
		return (90 - lat) / 360
	}
	s := math.Sin(lat * math.Pi / 180)
	return 0.5 - math.Log((1+s)/(1-s))/(4*math.Pi)
}

// probes are the points of a block at which its scale is measured, as shares of its sides.
var probes = [3]float64{0.02, 0.5, 0.98}

// scale measures how many columns and rows of a grid so many pixels wide go to one pixel of the view, each at that point of a block where they are fewest. False if no point has a
// place.
func (p *painter) scale(g tilegrid.Grid, width float64, block image.Rectangle) (x, y float64, ok bool) {
	const step = 0.5
	xs, ys := make([]float64, 0, 27), make([]float64, 0, 27)
	for _, down := range probes {
		for _, along := range probes {
			c := float64(block.Min.X) + along*(float64(block.Dx())-step)
			r := float64(block.Min.Y) + down*(float64(block.Dy())-step)
			xs, ys = append(xs, c, c+step, c), append(ys, r, r, r+step)
		}
	}
	p.place(g, width)(xs, ys)
	x, y = math.Inf(1), math.Inf(1)
	for i := 0; i < len(xs); i += 3 {
		sx := math.Hypot(wrap(xs[i+1]-xs[i], width), wrap(xs[i+2]-xs[i], width)) / step
		sy := math.Hypot(ys[i+1]-ys[i], ys[i+2]-ys[i]) / step
		if sx <= math.MaxFloat64 && sy <= math.MaxFloat64 {
			x, y = min(x, sx), min(y, sy)
		}
	}
	return x, y, !math.IsInf(x, 1)
}

// wrap returns the shorter way round.
func wrap(d, width float64) float64 { return d - width*math.Round(d/width) }
