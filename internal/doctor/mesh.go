package doctor

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/terrain"
)

// Heights that exist on Earth, with room to spare.
const (
	lowestGround  = -12000
	highestGround = 9000
)

// mesh reads the plain bytes of a tile and judges them.
func (t *tiles) mesh(got *tile, data []byte) {
	m, wrong := dissect(data)
	if wrong != nil {
		t.found(wrong.check, got.at, "tile %s: %s", got.coord, wrong.detail)
		if got.coord.Z == 0 && wrong.check != "tile.metadata" {
			t.foundAs(Fault, "tile.root", got.at, "root %s cannot be read", got.coord)
		}
	} else {
		t.pass("tile.truncated", "tile.trailing", "tile.decode", "mesh.count", "mesh.index", "normals.size")
	}
	if m == nil {
		return
	}
	got.mesh = m
	t.place(got)
	for _, look := range []func(*tile){t.header, t.horizon, t.sphere, t.corners, t.edges, t.winding} {
		look(got)
	}
	if wrong == nil { // else its extensions are not whole
		t.extras(got)
	}
}

func (t *tiles) header(got *tile) {
	h := got.mesh.Header
	for _, v := range append(append(append([]float64{float64(h.Min), float64(h.Max), h.Radius}, h.Center[:]...), h.Sphere[:]...), h.Horizon[:]...) {
		if t.unless(math.IsNaN(v) || math.IsInf(v, 0), "mesh.nan", got.at, "tile %s has NaN or infinity in its header", got.coord) {
			return
		}
	}
	t.unless(h.Min > h.Max, "mesh.minmax", got.at, "tile %s: lowest %g m, highest %g m", got.coord, h.Min, h.Max)
	t.unless(min(h.Min, h.Max) < lowestGround || max(h.Min, h.Max) > highestGround, "mesh.height", got.at, "tile %s: %g to %g m", got.coord,
		h.Min, h.Max)
	t.unless(h.Center.Len() < 1, "mesh.center", got.at, "tile %s: 0, 0, 0", got.coord)
}

// ecef is where the vertices of a tile are.
func (t *tiles) ecef(got *tile) []terrain.Vec {
	b, m := t.layer.grid.Bound(got.coord), got.mesh
	all := make([]terrain.Vec, len(m.Vertices))
	for i, v := range m.Vertices {
		all[i] = terrain.ECEF(placeOf(b, v), m.Height(v))
	}
	return all
}

func placeOf(b orb.Bound, v terrain.Vertex) orb.Point {
	part := func(lo, hi float64, k uint16) float64 { return lo + (hi-lo)*float64(k)/terrain.QuantizedMax }
	return orb.Point{part(b.Min.Lon(), b.Max.Lon(), v.U), part(b.Min.Lat(), b.Max.Lat(), v.V)}
}

func scaled(v terrain.Vec) terrain.Vec {
	return terrain.Vec{v[0] / terrain.SemiMajor, v[1] / terrain.SemiMajor, v[2] / terrain.SemiMinor}
}

// horizon judges the point by which clients tell whether a tile hides behind the Earth.
func (t *tiles) horizon(got *tile) {
	const metres = 3e6 // no horizon point is so far out; in metres it is about 6.4e6
	h := got.mesh.Horizon
	if t.broken("mesh.nan") {
		return
	}
	b := t.layer.grid.Bound(got.coord)
	middle := scaled(terrain.ECEF(b.Center(), 0))
	switch length := h.Len(); {
	case length < 1:
		t.found("mesh.horizon", got.at, "tile %s: %.6g, %.6g, %.6g, inside the ellipsoid", got.coord, h[0], h[1], h[2])
	case h.Dot(middle) < 0 && length < metres:
		t.found("mesh.horizon", got.at, "tile %s: on the other side of the Earth", got.coord)
	case length > metres:
		t.found("mesh.horizon.metres", got.at, "tile %s: %.0f, %.0f, %.0f", got.coord, h[0], h[1], h[2])
	default:
		t.pass("mesh.horizon", "mesh.horizon.metres")
		if !got.elsewhere && got.coord.Z > 1 {
			t.reach(got, h, length)
		}
	}
}

// reach compares how far around the Earth the horizon point is seen from with how far vertices are. The newest client computes it anew for tiles that
// reach below the ellipsoid.
func (t *tiles) reach(got *tile, h terrain.Vec, length float64) {
	if got.mesh.Min < 0 && !t.old() {
		return
	}
	need := 0.0
	for _, p := range t.ecef(got) {
		s := scaled(p)
		far := max(s.Len(), 1)
		need = max(need, math.Acos(min(1, s.Dot(h)/s.Len()/length))+math.Acos(1/far))
	}
	short := need - math.Acos(1/length)
	t.unless(short > 1e-4+0.02*need, "mesh.horizon.short", got.at, "tile %s: %.3f degrees short", got.coord, short*180/math.Pi)
}

func (t *tiles) sphere(got *tile) {
	m := got.mesh
	t.unless(m.Radius <= 0, "mesh.sphere", got.at, "tile %s: radius %g", got.coord, m.Radius)
	b := t.layer.grid.Bound(got.coord)
	size := terrain.ECEF(b.Min, 0).Sub(terrain.ECEF(b.Max, 0)).Len()
	away := m.Sphere.Sub(terrain.ECEF(b.Center(), float64(m.Min))).Len()
	if got.coord.Z < 2 || got.elsewhere {
		t.unless(m.Sphere.Len() < 1 && got.coord.Z > 0, "mesh.sphere.center", got.at, "tile %s: 0, 0, 0", got.coord)
		return
	}
	if t.unless(away > 4*(size+highestGround), "mesh.sphere.center", got.at, "tile %s: %.0f km from the tile", got.coord, away/1000) ||
		m.Radius <= 0 || m.Min > m.Max || away > size+highestGround {
		return
	}
	out := 0.0
	for _, p := range t.ecef(got) {
		out = max(out, p.Sub(m.Sphere).Len()-m.Radius)
	}
	t.unless(out > 1+0.01*m.Radius, "mesh.sphere.small", got.at, "tile %s: a vertex is %.0f m outside", got.coord, out)
}

func (t *tiles) corners(got *tile) {
	corners := map[[2]uint16]bool{}
	for _, v := range got.mesh.Vertices {
		if (v.U == 0 || v.U == terrain.QuantizedMax) && (v.V == 0 || v.V == terrain.QuantizedMax) {
			corners[[2]uint16{v.U, v.V}] = true
		}
	}
	t.unless(len(corners) < 4, "mesh.corners", got.at, "tile %s has %d of 4 corners", got.coord, len(corners))
}

// edges compares the edge lists with the vertices on the sides. A few that are missing show nowhere; a list that is empty or half leaves a side
// without its skirt.
func (t *tiles) edges(got *tile) {
	m := got.mesh
	want := m.FindEdges()
	for _, s := range []struct {
		name       string
		have, want []uint32
	}{
		{"western", m.Edges.West, want.West}, {"southern", m.Edges.South, want.South}, {"eastern", m.Edges.East, want.East}, {"northern",
			m.Edges.North, want.North},
	} {
		missing := 0
		for _, i := range s.want {
			if !slices.Contains(s.have, i) {
				missing++
			}
		}
		strangers := len(s.have) - (len(s.want) - missing)
		switch {
		case len(s.want) > 0 && missing*2 >= len(s.want):
			t.found("mesh.edges", got.at, "tile %s: the %s list names %d of %d vertices", got.coord, s.name, len(s.want)-missing, len(s.want))
		case missing > 0:
			t.foundAs(Warning, "mesh.edges", got.at, "tile %s: the %s list names %d of %d vertices", got.coord, s.name, len(s.want)-missing, len(s.want))
		case strangers > 0:
			t.foundAs(Warning, "mesh.edges", got.at, "tile %s: the %s list names %d vertices that are not on that side", got.coord, s.name, strangers)
		default:
			t.pass("mesh.edges")
		}
	}
}

func (t *tiles) winding(got *tile) {
	m, clockwise := got.mesh, 0
	for i := 0; i+2 < len(m.Triangles); i += 3 {
		a, b, c := m.Vertices[m.Triangles[i]], m.Vertices[m.Triangles[i+1]], m.Vertices[m.Triangles[i+2]]
		if (int64(b.U)-int64(a.U))*(int64(c.V)-int64(a.V))-(int64(c.U)-int64(a.U))*(int64(b.V)-int64(a.V)) < 0 {
			clockwise++
		}
	}
	total := len(m.Triangles) / 3
	switch {
	case 2*clockwise > total:
		t.found("mesh.winding", got.at, "tile %s: %d of %d triangles are clockwise", got.coord, clockwise, total)
	case 20*clockwise > total:
		t.foundAs(Warning, "mesh.winding", got.at, "tile %s: %d of %d triangles are clockwise", got.coord, clockwise, total)
	default:
		t.pass("mesh.winding")
	}
}

// extras judges the extensions.
func (t *tiles) extras(got *tile) {
	m, l := got.mesh, t.layer
	listed := func(name string) bool { return slices.Contains(l.extensions, name) }
	normals := listed("octvertexnormals") || listed("vertexnormals")
	if normals {
		t.unless(m.Normals == nil, "normals.absent", got.at, "tile %s has none", got.coord)
	} else {
		t.unless(m.Normals != nil, "tile.extension", got.at, "tile %s holds normals, which are not listed", got.coord)
	}
	if m.Normals != nil && !got.elsewhere {
		down, b := 0, l.grid.Bound(got.coord)
		for i, n := range m.Normals {
			if _, _, up := terrain.EastNorthUp(placeOf(b, m.Vertices[i])); n.Vec().Dot(up) <= 0 {
				down++
			}
		}
		t.unless(20*down > len(m.Normals), "normals.down", got.at, "tile %s: %d of %d", got.coord, down, len(m.Normals))
	}
	if listed("watermask") {
		t.unless(m.Water == nil, "water.absent", got.at, "tile %s has none", got.coord)
	}
	if m.Water != nil {
		side := int(math.Sqrt(float64(len(m.Water))))
		t.unless(side*side != len(m.Water) || side == 0, "water.size", got.at, "tile %s: %d bytes", got.coord, len(m.Water))
	}
	t.unless(m.Metadata != nil && l.metadata == 0, "tile.metadata", got.at, "tile %s holds metadata", got.coord)
}
