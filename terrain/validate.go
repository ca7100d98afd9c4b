package terrain

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/paulmach/orb"
)

// ErrInvalid says that a mesh decodes but breaks a rule; errors that wrap it are of type [*InvalidError].
var ErrInvalid = errors.New("terrain: invalid mesh")

// InvalidError names the first rule that a mesh breaks ("mesh.cover") and how.
type InvalidError struct{ Rule, Detail string }

func (e *InvalidError) Error() string { return "terrain: " + e.Rule + ": " + e.Detail }

// Unwrap returns [ErrInvalid].
func (e *InvalidError) Unwrap() error { return ErrInvalid }

func invalid(rule, format string, args ...any) error {
	return &InvalidError{rule, fmt.Sprintf(format, args...)}
}

// The heights that exist on Earth, with room to spare: outside of them a nodata value has leaked.
const (
	lowestGround  = -12000
	highestGround = 9000
)

// firstOf runs rules until one is broken.
func firstOf(rules ...func() error) error {
	for _, rule := range rules {
		if err := rule(); err != nil {
			return err
		}
	}
	return nil
}

// Validate tells whether m is a mesh as this program makes them: what [Mesh.ValidateDrawable] asks, and the triangles cover the
// tile's square exactly once, counter-clockwise, with vertices numbered by first use and none twice; the corners exist; the edge
// lists are complete; heights are possible on Earth. It returns nil or an [*InvalidError].
func (m *Mesh) Validate() error {
	return firstOf(m.ValidateDrawable, m.validHeights, m.validOrder, m.validPositions, m.validCover, m.validEdges)
}

// ValidateAt is [Mesh.Validate] for a tile whose bound (degrees) is known: the bounding sphere must hold all vertices, the
// horizon point must not hide one that is in sight, and normals must point up.
func (m *Mesh) ValidateAt(b orb.Bound) error {
	return firstOf(m.Validate, func() error { return m.validGround(b) }, func() error { return m.validNormals(b) })
}

// ValidateDrawable tells whether clients can draw m at all, which is what tiles made by others are held to: many of them have
// triangles without area, or edges that are not quite complete.
func (m *Mesh) ValidateDrawable() error {
	return firstOf(m.validHeader, m.validCounts, m.validRanges)
}

func (m *Mesh) validHeader() error {
	h := m.Header
	for _, v := range []float64{h.Center[0], h.Center[1], h.Center[2], float64(h.Min), float64(h.Max), h.Sphere[0], h.Sphere[1],
		h.Sphere[2], h.Radius, h.Horizon[0], h.Horizon[1], h.Horizon[2]} {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return invalid("header.finite", "NaN or infinity in the header")
		}
	}
	if h.Min > h.Max {
		return invalid("header.minmax", "minimum height %g above maximum %g", h.Min, h.Max)
	}
	if h.Radius <= 0 {
		return invalid("header.radius", "bounding sphere of radius %g", h.Radius)
	}
	if h.Horizon.Len() < 1 {
		return invalid("horizon.inside", "horizon point inside the ellipsoid: the tile would never be drawn")
	}
	return nil
}

func (m *Mesh) validCounts() error {
	n := len(m.Vertices)
	switch {
	case n < 3 || len(m.Triangles) < 3:
		return invalid("mesh.empty", "%d vertices, %d triangles", n, len(m.Triangles)/3)
	case n == shortIndices:
		return invalid("mesh.count", "exactly %d vertices: clients disagree about the width of indices", n)
	case len(m.Triangles)%3 != 0:
		return invalid("mesh.triples", "%d indices are not whole triangles", len(m.Triangles))
	case m.Normals != nil && len(m.Normals) != n:
		return invalid("normals.count", "%d normals for %d vertices", len(m.Normals), n)
	case m.Water != nil && len(m.Water) != 1 && len(m.Water) != waterSide*waterSide:
		return invalid("water.size", "%d bytes, not 1 or %d", len(m.Water), waterSide*waterSide)
	case m.Metadata != nil && !json.Valid(m.Metadata):
		return invalid("metadata.json", "not JSON")
	}
	return nil
}

func (m *Mesh) validRanges() error {
	for i, v := range m.Vertices {
		if v.U > QuantizedMax || v.V > QuantizedMax || v.H > QuantizedMax {
			return invalid("vertex.range", "vertex %d is at %d, %d, %d, beyond 0..%d", i, v.U, v.V, v.H, QuantizedMax)
		}
	}
	for _, list := range [][]uint32{m.Triangles, m.Edges.West, m.Edges.South, m.Edges.East, m.Edges.North} {
		for _, index := range list {
			if int64(index) >= int64(len(m.Vertices)) {
				return invalid("mesh.index", "index %d of %d vertices", index, len(m.Vertices))
			}
		}
	}
	return nil
}

func (m *Mesh) validHeights() error {
	if m.Min < lowestGround || m.Max > highestGround {
		return invalid("header.height", "heights %.1f..%.1f outside %d..%d: has a nodata value leaked?",
			m.Min, m.Max, lowestGround, highestGround)
	}
	return nil
}

// validGround checks sphere and horizon point. Slack: a step of the lattice, for clients and encoders that round otherwise.
func (m *Mesh) validGround(b orb.Bound) error {
	var p placer
	p.init(b, m.Min, m.Max)
	east, north := MetresPerDegree(0)
	slack := 0.01 + max(p.lonUnit*east, p.latUnit*north) + p.perUnit
	direction := m.Horizon.Scale(1 / m.Horizon.Len())
	nearCos := 1.0
	for i, v := range m.Vertices {
		x, y, z := p.place(v)
		if d := (Vec{x, y, z}).Sub(m.Sphere).Len(); d > m.Radius+slack {
			return invalid("sphere.contains", "vertex %d is %.2f m outside the bounding sphere", i, d-m.Radius)
		}
		nearCos = min(nearCos, horizonCos(x, y, z, &direction))
	}
	need, reach := math.Acos(nearCos), math.Acos(1/m.Horizon.Len())
	switch {
	case nearCos > 0 && reach < need-2e-6:
		return invalid("horizon.short", "hides the tile while vertices are in sight: %.4f degrees short", (need-reach)*180/math.Pi)
	case nearCos <= 0 && reach < need-5*math.Pi/180: // half a globe: no point is right, a good one still points outward
		return invalid("horizon.coarse", "%.1f degrees short", (need-reach)*180/math.Pi)
	}
	return nil
}

func (m *Mesh) validNormals(b orb.Bound) error {
	var p placer
	p.init(b, m.Min, m.Max)
	for i, n := range m.Normals {
		if _, _, up := EastNorthUp(p.point(m.Vertices[i])); n.Vec().Dot(up) <= 0 {
			return invalid("normals.down", "the normal of vertex %d points into the ground", i)
		}
	}
	return nil
}
