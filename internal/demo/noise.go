package demo

import "math"

// noise is gradient noise on the integer lattice (Perlin 2002): a function of position and seed alone, about -0.7 .. 0.7, with features
// one unit wide.
type noise uint64

// at returns the noise at a point.
func (n noise) at(x, y float64) float64 {
	x0, y0 := math.Floor(x), math.Floor(y)
	ix, iy := int64(x0), int64(y0)
	fx, fy := x-x0, y-y0
	u, v := fade(fx), fade(fy)
	bottom := mix(n.slope(ix, iy, fx, fy), n.slope(ix+1, iy, fx-1, fy), u)
	top := mix(n.slope(ix, iy+1, fx, fy-1), n.slope(ix+1, iy+1, fx-1, fy-1), u)
	return mix(bottom, top, v)
}

// slope is the height at an offset from a lattice point: one of eight slopes, picked by a hash of the point.
func (n noise) slope(ix, iy int64, dx, dy float64) float64 {
	h := uint64(n) ^ uint64(ix)*0x9e3779b97f4a7c15 ^ uint64(iy)*0xc2b2ae3d27d4eb4f
	h ^= h >> 31
	h *= 0xbf58476d1ce4e5b9 // a round of splitmix64
	h ^= h >> 29
	g := gradients[h&7]
	return g[0]*dx + g[1]*dy
}

var gradients = [8][2]float64{
	{1, 0}, {-1, 0}, {0, 1}, {0, -1},
	{math.Sqrt2 / 2, math.Sqrt2 / 2}, {-math.Sqrt2 / 2, math.Sqrt2 / 2}, {math.Sqrt2 / 2, -math.Sqrt2 / 2}, {-math.Sqrt2 / 2, -math.Sqrt2 / 2},
}

// cloud is fractal noise: each octave half as wide and half as high as the one before. About -1 .. 1.
func (n noise) cloud(x, y float64, octaves int) float64 {
	sum, height := 0.0, 1.0
	for k := range octaves {
		sum += height * (n+noise(k)).at(x, y)
		x, y, height = x*2.03+17.7, y*2.03-9.2, height/2
	}
	return sum
}

// ridges is fractal noise folded at zero, so that it has crests: 0 .. 1.
func (n noise) ridges(x, y float64, octaves int) float64 {
	sum, height, total, carry := 0.0, 1.0, 0.0, 1.0
	for k := range octaves {
		r := 1 - math.Min(1, math.Abs((n+noise(k)).at(x, y))*1.7)
		r *= r * carry // crests of one octave only where the one before has some (Musgrave's ridged multifractal)
		sum, total, carry = sum+height*r, total+height, r
		x, y, height = x*2.07-3.1, y*2.07+11.9, height/2
	}
	return sum / total
}

func fade(t float64) float64      { return t * t * t * (t*(t*6-15) + 10) }
func mix(a, b, t float64) float64 { return a + (b-a)*t }

// step rises smoothly from 0 at a to 1 at b.
func step(a, b, x float64) float64 {
	t := math.Max(0, math.Min(1, (x-a)/(b-a)))
	return t * t * (3 - 2*t)
}
