package terrain

import (
	"math"
	"slices"
	"testing"

	"github.com/terrane/terrane/tilegrid"
)

func TestGoodMeshesAreValidEverywhere(t *testing.T) {
	for _, n := range []int{1, 2, 3, 16, 64} {
		for _, c := range []tilegrid.Coord{
			{Z: 1, X: 0, Y: 0}, {Z: 1, X: 3, Y: 1}, {Z: 2, X: 4, Y: 3}, {Z: 9, X: 0, Y: 0}, {Z: 9, X: 1023, Y: 511}, {Z: 14, X: 17000, Y: 12000},
			{Z: 22, X: 1 << 22, Y: 1 << 21},
		} {
			m, b := groundedMesh(n, c)
			if err := m.ValidateAt(b); err != nil {
				t.Errorf("%d cells at %s: %v", n, c, err)
			}
		}
	}
	for _, n := range []int{1, 16, 64} {
		for x := range uint32(2) {
			m, b := groundedMesh(n, tilegrid.Coord{X: x})
			if err := m.ValidateAt(b); err != nil {
				t.Errorf("root %d of %d cells: %v", x, n, err)
			}
		}
	}
}

func TestValidateNamesTheBrokenRule(t *testing.T) {
	cases := []struct {
		name, rule string
		damage     func(*Mesh)
	}{
		{"a NaN in the header", "header.finite", func(m *Mesh) { m.Sphere[1] = math.NaN() }},
		{"an infinite height", "header.finite", func(m *Mesh) { m.Max = float32(math.Inf(1)) }},
		{"minimum and maximum swapped", "header.minmax", func(m *Mesh) { m.Min, m.Max = m.Max, m.Min }},
		{"no radius", "header.radius", func(m *Mesh) { m.Radius = 0 }},
		{"nodata as the minimum", "header.height", func(m *Mesh) { m.Min = -32768 }},
		{"a zero horizon point", "horizon.inside", func(m *Mesh) { m.Horizon = Vec{} }},
		{"a negated horizon point", "horizon.coarse", func(m *Mesh) { m.Horizon = m.Horizon.Scale(-1) }},
		{"a horizon point just too near", "horizon.short", func(m *Mesh) { m.Horizon = m.Horizon.Scale(1 / m.Horizon.Len()) }},
		{"a sphere elsewhere", "sphere.contains", func(m *Mesh) { m.Sphere = Vec{} }},
		{"a sphere too small", "sphere.contains", func(m *Mesh) { m.Radius *= 0.9 }},
		{"no triangles", "mesh.empty", func(m *Mesh) { m.Triangles = nil }},
		{"an index too many", "mesh.triples", func(m *Mesh) { m.Triangles = append(m.Triangles, 0) }},
		{"an index beyond the vertices", "mesh.index", func(m *Mesh) { m.Triangles[5] = 999 }},
		{"an edge index beyond the vertices", "mesh.index", func(m *Mesh) { m.Edges.North[1] = 999 }},
		{"a vertex outside the tile", "vertex.range", func(m *Mesh) { m.Vertices[3].H = 40000 }},
		{"vertices not numbered by first use", "mesh.order", func(m *Mesh) {
			m.Triangles[0], m.Triangles[1], m.Triangles[2] = m.Triangles[1], m.Triangles[2], m.Triangles[0]
		}},
		{"a vertex in no triangle", "mesh.unused", func(m *Mesh) { addVertex(m, Vertex{100, 100, 0}) }},
		{"a vertex twice", "mesh.duplicate", func(m *Mesh) { m.Vertices[5] = m.Vertices[4] }},
		{"a missing corner", "mesh.corners", func(m *Mesh) { m.Vertices[0].U = 1 }},
		{"a triangle without area", "mesh.degenerate", func(m *Mesh) { m.Triangles[len(m.Triangles)-1] = m.Triangles[len(m.Triangles)-2] }},
		{"a clockwise triangle", "mesh.flipped", func(m *Mesh) { m.Triangles[4], m.Triangles[5] = m.Triangles[5], m.Triangles[4] }},
		{"a missing triangle", "mesh.cover", func(m *Mesh) { m.Triangles = slices.Delete(m.Triangles, 21, 24) }},
		{"a border vertex moved inwards", "mesh.cover", func(m *Mesh) { m.Vertices[1].V = 5 }},
		{"one triangle twice and its equal missing", "mesh.overlap", func(m *Mesh) { copy(m.Triangles[21:24], m.Triangles[18:21]) }},
		{"a vertex in the middle of an edge", "mesh.hole", splitOneSide},
		{"an empty edge list", "edges.missing", func(m *Mesh) { m.Edges.West = nil }},
		{"an edge list with a vertex twice", "edges.repeat", func(m *Mesh) { m.Edges.East[1] = m.Edges.East[0] }},
		{"an edge list of another side", "edges.wrong", func(m *Mesh) { m.Edges.South = m.Edges.North }},
		{"a normal too few", "normals.count", func(m *Mesh) { m.Normals = m.Normals[1:] }},
		{"a normal into the ground", "normals.down", func(m *Mesh) { m.Normals[3] = EncodeNormal(m.Normals[3].Vec().Scale(-1)) }},
		{"a water mask of another size", "water.size", func(m *Mesh) { m.Water = make([]byte, 4) }},
		{"metadata that is no JSON", "metadata.json", func(m *Mesh) { m.Metadata = []byte("{") }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m, b := groundedMesh(4, tilegrid.Coord{Z: 6, X: 70, Y: 40})
			c.damage(m)
			wantRule(t, m.ValidateAt(b), c.rule)
		})
	}
}

func addVertex(m *Mesh, v Vertex) uint32 {
	m.Vertices, m.Normals = append(m.Vertices, v), append(m.Normals, m.Normals[0])
	return uint32(len(m.Vertices) - 1)
}

// splitOneSide cuts the last triangle in two at the middle of an inner edge, so that its neighbour keeps the long edge.
func splitOneSide(m *Mesh) {
	n := len(m.Triangles)
	a, b, c := m.Triangles[n-3], m.Triangles[n-2], m.Triangles[n-1]
	va, vb := m.Vertices[a], m.Vertices[b]
	half := addVertex(m, Vertex{uint16((int(va.U) + int(vb.U)) / 2), uint16((int(va.V) + int(vb.V)) / 2), 0})
	m.Triangles = append(m.Triangles[:n-3], a, half, c, half, b, c)
}

func TestExactly65536VerticesAreRefused(t *testing.T) {
	m, _ := groundedMesh(255, tilegrid.Coord{Z: 3})
	if len(m.Vertices) != 65536 {
		t.Fatalf("%d vertices", len(m.Vertices))
	}
	wantRule(t, m.ValidateDrawable(), "mesh.count")
}

func TestFindEdgesEqualsTheListsOfAGoodMesh(t *testing.T) {
	m := gridMesh(9)
	found := m.FindEdges()
	for k, s := range sides() {
		if !slices.Equal(s.list(&found), s.list(&m.Edges)) {
			t.Errorf("side %d: got %v, want %v", k, s.list(&found), s.list(&m.Edges))
		}
	}
}
