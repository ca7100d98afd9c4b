package terrain

import (
	"math"

	"github.com/paulmach/orb"
)

// horizonMinCos bounds the horizon point of tiles so large that no point hides them rightly (the two roots): a million Earth
// radii out, which no camera finds occluded.
const horizonMinCos = 1e-6

// Centre and radius are rounded to 1/16 m, the radius up: it costs nothing, and doubles with zeros at their end compress. That the tile's centre is the
// sphere's saves its 24 bytes; clients do not use it.
const roundings = 16

func (v Vec) rounded() Vec {
	for k := range v {
		v[k] = math.Round(v[k]*roundings) / roundings
	}
	return v
}

// outward is how much further out than computed sphere and horizon point are put, so that clients which compute the vertices
// by other arithmetic still find them covered.
const outward = 1 + 1e-9

// SetHeader computes Center, Sphere, Radius and Horizon of a geographic tile with bound b (degrees) from the vertices. Min and
// Max must be set. It does not allocate.
func SetHeader(m *Mesh, b orb.Bound) {
	var p placer
	p.init(b, m.Min, m.Max)
	m.Sphere = boxCenter(&p, m.Vertices).rounded()
	m.Center = m.Sphere
	direction := m.Sphere.toScaled()
	if direction.Len() < 0.1 { // a root of corners only has its box around the Earth's centre
		direction = ECEF(b.Center(), 0).toScaled()
	}
	direction = direction.Scale(1 / direction.Len())
	cx, cy, cz := m.Sphere[0], m.Sphere[1], m.Sphere[2]
	far2, nearCos := 0.0, 1.0
	for _, v := range m.Vertices {
		x, y, z := p.place(v)
		if d2 := (x-cx)*(x-cx) + (y-cy)*(y-cy) + (z-cz)*(z-cz); d2 > far2 {
			far2 = d2
		}
		if c := horizonCos(x, y, z, &direction); c < nearCos {
			nearCos = c
		}
	}
	m.Radius = math.Ceil(math.Sqrt(far2)*outward*roundings) / roundings
	m.Horizon = direction.Scale(outward / max(nearCos, horizonMinCos))
}

// horizonCos returns the cosine of the angle between direction and the furthest place at sea level that sees a vertex. A point in
// that direction with 1/cos as its length hides behind the horizon no sooner than the vertex does (Cesium's
// EllipsoidalOccluder.computeHorizonCullingPoint). Vertices below the ellipsoid count as on it.
func horizonCos(x, y, z float64, direction *Vec) float64 {
	x, y, z = x*(1/SemiMajor), y*(1/SemiMajor), z*(1/SemiMinor)
	dx, dy, dz := direction[0], direction[1], direction[2]
	dot, length2 := x*dx+y*dy+z*dz, x*x+y*y+z*z
	if length2 <= 1 {
		return dot / math.Sqrt(length2)
	}
	sx, sy, sz := y*dz-z*dy, z*dx-x*dz, x*dy-y*dx
	return (dot - math.Sqrt((sx*sx+sy*sy+sz*sz)*(length2-1))) / length2
}

// boxCenter returns the centre of the box around the vertices, axes of ECEF.
func boxCenter(p *placer, vertices []Vertex) Vec {
	loX, loY, loZ := math.Inf(1), math.Inf(1), math.Inf(1)
	hiX, hiY, hiZ := math.Inf(-1), math.Inf(-1), math.Inf(-1)
	for _, v := range vertices {
		x, y, z := p.place(v)
		loX, hiX = widen(loX, hiX, x)
		loY, hiY = widen(loY, hiY, y)
		loZ, hiZ = widen(loZ, hiZ, z)
	}
	return Vec{(loX + hiX) / 2, (loY + hiY) / 2, (loZ + hiZ) / 2}
}

// widen is min and max without their care for NaN, which costs.
func widen(lo, hi, v float64) (l, h float64) {
	if v < lo {
		lo = v
	}
	if v > hi {
		hi = v
	}
	return lo, hi
}

// placer turns vertices into ECEF positions. It remembers sines and cosines by slots 512 units wide: the positions of a lattice of 64
// intervals have a slot each; others share and are computed again.
type placer struct {
	bound            orb.Bound
	low, perUnit     float64 // height of H = 0; metres per unit of H
	lonUnit, latUnit float64 // degrees per unit of U and V
	meridians        [placerSlots]struct {
		taken uint32 // U + 1 of the entry, 0 for none
		meridian
	}
	parallels [placerSlots]struct {
		taken uint32 // V + 1 of the entry, 0 for none
		parallel
	}
}

const placerSlots = 65

func (p *placer) init(b orb.Bound, low, high float32) {
	p.bound = b
	p.low, p.perUnit = float64(low), (float64(high)-float64(low))/QuantizedMax
	p.lonUnit = (b.Max.Lon() - b.Min.Lon()) / QuantizedMax
	p.latUnit = (b.Max.Lat() - b.Min.Lat()) / QuantizedMax
}

func (p *placer) place(v Vertex) (x, y, z float64) {
	m := &p.meridians[(v.U&QuantizedMax+256)>>9]
	if m.taken != uint32(v.U)+1 {
		m.taken, m.meridian = uint32(v.U)+1, meridianAt(p.bound.Min.Lon()+float64(v.U)*p.lonUnit)
	}
	q := &p.parallels[(v.V&QuantizedMax+256)>>9]
	if q.taken != uint32(v.V)+1 {
		q.taken, q.parallel = uint32(v.V)+1, parallelAt(p.bound.Min.Lat()+float64(v.V)*p.latUnit)
	}
	return position(m.meridian, q.parallel, p.low+float64(v.H)*p.perUnit)
}

// point returns the place of a vertex in degrees.
func (p *placer) point(v Vertex) orb.Point {
	return orb.Point{p.bound.Min.Lon() + float64(v.U)*p.lonUnit, p.bound.Min.Lat() + float64(v.V)*p.latUnit}
}
