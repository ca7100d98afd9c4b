// Package demo makes the ground that the demo shows: an island that does not exist, off the coast of Morocco, in about 5 seconds
// and always the same. It has what a terrain program may stumble over: a mountain chain with river valleys, a caldera with a lake, lakes that are
// perfectly flat, cliffs, beaches and a sea floor.
//
// The ground rises where noise says so while rivers cut into it, first on a coarse raster, then on finer ones; what rivers do not make
// (coast, caldera, sea floor) is shaped after. [Island.WriteTIFF] writes the outcome as a GeoTIFF that GDAL reads. The package
// uses nothing but arithmetic: no data by others, no clock, no chance.
package demo

import (
	"math"
	"sync"

	"github.com/paulmach/orb"
)

// The raster: 1 500 x 1 500 posts, one arc second apart. The north-west post stands at 12.2 W, 30.7 N.
const (
	Posts   = 1500
	Spacing = 1.0 / 3600
	west    = -12.2
	north   = 30.7
)

// extent is the raster's width in metres, near enough: the generator treats it as a square.
const extent = 44000.0

// summit is the height of the highest peak in metres.
const summit = 2450.0

// Island is a raster of heights in metres, row 0 in the north. Ground below the sea is negative.
type Island struct{ Z []float32 }

// Bound returns the ground from the first post to the last, in degrees.
func (s *Island) Bound() orb.Bound {
	const side = (Posts - 1) * Spacing
	return orb.Bound{Min: orb.Point{west, north - side}, Max: orb.Point{west + side, north}}
}

// Seeds of the noises. Another number is another island.
const (
	seedShape noise = 1000 * (iota + 1)
	seedWarp
	seedLift
	seedCoast
	seedFloor
	seedDetail
	seedCaldera
	seedBend
)

// Make returns the island.
func Make() *Island {
	f := newField(Posts / 4)
	f.each(func(i int, x, y float64) {
		if s := f.shore[i]; s > 0 {
			f.z[i] = math.Max(0.1, 300*s+60*seedLift.cloud(x*9, y*9, 5))
		}
	})
	f.grow(60, 1)
	f = f.refine(Posts/2, 5)
	f.grow(6, 0.3)
	f = f.refine(Posts, 3)
	f.grow(1, 0.2)
	f.scaleTo(summit)
	f.rough()
	f.carveCaldera()
	f.digLakes()
	f.shapeCoast()
	for range 3 {
		f.slump(1.1)
	}
	f.fillLakes(150, 8000)
	f.sinkSea()
	island := &Island{Z: make([]float32, len(f.z))}
	for i, z := range f.z {
		island.Z[i] = float32(z)
	}
	return island
}

// newField returns a field of n x n cells, flat at sea level, with its coast.
func newField(n int) *field {
	f := &field{n: n, cell: extent / float64(n), z: make([]float64, n*n), shore: make([]float64, n*n)}
	f.each(func(i int, x, y float64) { f.shore[i] = shore(x, y) })
	return f
}

// each visits all cells, several rows at once; visit may write cell i only. A cell's place is x from -1 in the west to 1 in the east, y from -1 in
// the south to 1 in the north.
func (f *field) each(visit func(i int, x, y float64)) {
	const bands = 8
	var group sync.WaitGroup
	for band := range bands {
		group.Go(func() {
			for row := band; row < f.n; row += bands {
				y := 1 - (float64(row)+0.5)*2/float64(f.n)
				for column := range f.n {
					visit(row*f.n+column, (float64(column)+0.5)*2/float64(f.n)-1, y)
				}
			}
		})
	}
	group.Wait()
}

// shore says how far inside the coast a point lies: 0 on it, positive on land, about 1 in the middle, negative at sea.
func shore(x, y float64) float64 {
	x, y = x*0.88, y*0.88
	wx := x + 0.20*seedWarp.cloud(x*1.7, y*1.7, 5)
	wy := y + 0.20*seedWarp.cloud(x*1.7+31, y*1.7+31, 5)
	body := 1 - math.Hypot(wx*1.35+wy*0.35, wy*1.75-wx*0.25)/0.80
	cape := 0.55 - math.Hypot((wx-0.48)*2.1, (wy+0.32)*2.6)
	isle := 0.30 - math.Hypot((wx+0.62)*3.4, (wy+0.52)*3.4)
	return smoothMax(smoothMax(body, cape), isle) + 0.09*seedShape.cloud(x*6, y*6, 6)
}

// smoothMax is the larger of two values, rounded where they meet (Quilez's polynomial).
func smoothMax(a, b float64) float64 {
	h := math.Max(0, 0.22-math.Abs(a-b)) / 0.22
	return math.Max(a, b) + h*h*0.22/4
}

// grow lets rivers work for some steps while the mountains rise.
func (f *field) grow(steps int, strength float64) {
	lift := make([]float64, len(f.z))
	f.each(func(i int, x, y float64) {
		if f.z[i] > 0 {
			chain := seedLift.ridges(x*1.5+0.3*y+5, y*1.5+2, 3)
			hills := 1 + 0.5*seedDetail.cloud(x*6, y*6, 4)
			lift[i] = step(0, 0.6, f.shore[i]) * hills * (0.15 + 2.6*chain + 1.0*volcano(x, y)) * 40 * strength
		}
	})
	for k := range steps {
		f.carve(lift, strength*0.05, k)
		f.soften(0.1)
	}
}

// The caldera's place and radius in the units of each.
const (
	calderaX, calderaY = -0.26, 0.10
	calderaRadius      = 0.085
)

// volcano is a bump of 1 around the caldera.
func volcano(x, y float64) float64 {
	d := math.Hypot(x-calderaX, y-calderaY) / 0.17
	return math.Exp(-d * d)
}

// refine returns the field on n x n cells, cubic between the old ones (Catmull-Rom). The coast is drawn anew at the finer scale, and positions
// are bent by up to bend cells: rivers on a raster run in eight directions, real ones do not.
func (f *field) refine(n int, bend float64) *field {
	fine := newField(n)
	ratio := float64(f.n) / float64(n)
	fine.each(func(i int, x, y float64) {
		if fine.shore[i] <= 0 {
			return
		}
		cx, cy := (float64(i%n)+0.5)*ratio-0.5, (float64(i/n)+0.5)*ratio-0.5
		cx += bend * seedBend.cloud(x*16, y*16, 3)
		cy += bend * seedBend.cloud(x*16+50, y*16+50, 3)
		fine.z[i] = math.Max(0.1, f.cubic(cx, cy))
	})
	return fine
}

// cubic reads between cells; the sea counts as height 0.
func (f *field) cubic(x, y float64) float64 {
	x0, y0 := int(math.Floor(x)), int(math.Floor(y))
	wx, wy := catmullRom(x-float64(x0)), catmullRom(y-float64(y0))
	sum := 0.0
	for k := range 4 {
		row := min(max(y0+k-1, 0), f.n-1) * f.n
		for j := range 4 {
			sum += wy[k] * wx[j] * math.Max(0, f.z[row+min(max(x0+j-1, 0), f.n-1)])
		}
	}
	return sum
}

func catmullRom(t float64) [4]float64 {
	return [4]float64{
		((2-t)*t - 1) * t / 2, ((3*t-5)*t*t + 2) / 2, ((4-3*t)*t + 1) * t / 2, (t - 1) * t * t / 2,
	}
}

// scaleTo stretches the land so that its highest cell has the given height.
func (f *field) scaleTo(height float64) {
	highest := 0.0
	for _, z := range f.z {
		highest = math.Max(highest, z)
	}
	for i, z := range f.z {
		if z > 0 {
			f.z[i] = z * height / highest
		}
	}
}
