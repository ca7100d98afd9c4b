package terrain

import (
	"math"

	"github.com/paulmach/orb"
)

// The WGS84 ellipsoid (NIMA TR8350.2): semi-axes in metres and squared eccentricity.
const (
	SemiMajor = 6378137.0
	SemiMinor = SemiMajor * (1 - flattening)

	flattening    = 1 / 298.257223563
	eccentricity2 = flattening * (2 - flattening)
)

// ECEF returns the Earth-centred, Earth-fixed position of a point (degrees) at an ellipsoidal height.
func ECEF(p orb.Point, height float64) Vec {
	x, y, z := position(meridianAt(p.Lon()), parallelAt(p.Lat()), height)
	return Vec{x, y, z}
}

// EastNorthUp returns the unit vectors of the local frame at a point (degrees), in ECEF.
func EastNorthUp(p orb.Point) (east, north, up Vec) {
	so, co := math.Sincos(p.Lon() * math.Pi / 180)
	sl, cl := math.Sincos(p.Lat() * math.Pi / 180)
	return Vec{-so, co, 0}, Vec{-sl * co, -sl * so, cl}, Vec{cl * co, cl * so, sl}
}

// MetresPerDegree returns how long a degree of longitude and of latitude is on the ellipsoid at a latitude.
func MetresPerDegree(lat float64) (east, north float64) {
	s, c := math.Sincos(lat * math.Pi / 180)
	w := math.Sqrt(1 - eccentricity2*s*s)
	return SemiMajor / w * c * math.Pi / 180, SemiMajor * (1 - eccentricity2) / (w * w * w) * math.Pi / 180
}

// meridian holds what a longitude gives to ECEF, parallel what a latitude gives; a grid of positions needs few of each.
type meridian struct{ sin, cos float64 }

type parallel struct {
	sin, cos float64
	n, nz    float64 // radius of curvature in the prime vertical, and that radius times 1 - e2
}

func meridianAt(lon float64) meridian {
	s, c := math.Sincos(lon * math.Pi / 180)
	return meridian{s, c}
}

func parallelAt(lat float64) parallel {
	s, c := math.Sincos(lat * math.Pi / 180)
	n := SemiMajor / math.Sqrt(1-eccentricity2*s*s)
	return parallel{s, c, n, n * (1 - eccentricity2)}
}

// position returns an ECEF position. Three numbers, not a [Vec]: the compiler keeps numbers in registers but arrays in memory.
func position(m meridian, p parallel, height float64) (x, y, z float64) {
	r := (p.n + height) * p.cos
	return r * m.cos, r * m.sin, (p.nz + height) * p.sin
}

// Sub returns v - w.
func (v Vec) Sub(w Vec) Vec { return Vec{v[0] - w[0], v[1] - w[1], v[2] - w[2]} }

// Dot returns the scalar product.
func (v Vec) Dot(w Vec) float64 { return v[0]*w[0] + v[1]*w[1] + v[2]*w[2] }

// Cross returns the vector product.
func (v Vec) Cross(w Vec) Vec {
	return Vec{v[1]*w[2] - v[2]*w[1], v[2]*w[0] - v[0]*w[2], v[0]*w[1] - v[1]*w[0]}
}

// Scale returns v times k.
func (v Vec) Scale(k float64) Vec { return Vec{v[0] * k, v[1] * k, v[2] * k} }

// Len returns the length of v.
func (v Vec) Len() float64 { return math.Sqrt(v.Dot(v)) }

// toScaled returns a position in the space where the ellipsoid is the unit sphere.
func (v Vec) toScaled() Vec { return Vec{v[0] / SemiMajor, v[1] / SemiMajor, v[2] / SemiMinor} }
