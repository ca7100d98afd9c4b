package terrain

import (
	"math"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/tilegrid"
)

// gridMesh returns a whole mesh of n x n cells over hilly ground, vertices numbered by first use, normals straight up at bound.
func gridMesh(n int) *Mesh {
	m := &Mesh{Header: Header{Min: 100, Max: 900}}
	seen := map[[2]int]uint32{}
	use := func(i, j int) {
		index, ok := seen[[2]int{i, j}]
		if !ok {
			index = uint32(len(m.Vertices))
			seen[[2]int{i, j}] = index
			height := (math.Sin(float64(i)/3)*math.Cos(float64(j)/2) + 1) / 2 * QuantizedMax
			m.Vertices = append(m.Vertices, Vertex{gridUnit(i, n), gridUnit(j, n), uint16(height)})
		}
		m.Triangles = append(m.Triangles, index)
	}
	for j := range n {
		for i := range n {
			use(i, j)
			use(i+1, j)
			use(i+1, j+1)
			use(i, j)
			use(i+1, j+1)
			use(i, j+1)
		}
	}
	for k := range n + 1 {
		m.Edges.West = append(m.Edges.West, seen[[2]int{0, k}])
		m.Edges.East = append(m.Edges.East, seen[[2]int{n, k}])
		m.Edges.South = append(m.Edges.South, seen[[2]int{k, 0}])
		m.Edges.North = append(m.Edges.North, seen[[2]int{k, n}])
	}
	return m
}

func gridUnit(i, n int) uint16 { return uint16(math.Round(float64(i) * QuantizedMax / float64(n))) }

// groundedMesh is a gridMesh with the header and upright normals of a tile.
func groundedMesh(n int, c tilegrid.Coord) (*Mesh, orb.Bound) {
	m, b := gridMesh(n), tilegrid.Geodetic.Bound(c)
	SetHeader(m, b)
	var p placer
	p.init(b, m.Min, m.Max)
	for _, v := range m.Vertices {
		_, _, up := EastNorthUp(p.point(v))
		m.Normals = append(m.Normals, EncodeNormal(up))
	}
	return m, b
}
