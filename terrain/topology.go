package terrain

import "slices"

// tileArea is twice the area of the tile's square in units of U and V.
const tileArea = 2 * QuantizedMax * QuantizedMax

// side is one of the four borders of a tile: the vertices whose fixed coordinate is at its end.
type side struct {
	name string
	list func(*Edges) []uint32
	on   func(Vertex) bool
	// along is the coordinate that runs along the side, from the south or the west.
	along func(Vertex) uint16
}

// sides lists the borders in the order of the format.
func sides() [4]side {
	u, v := func(x Vertex) uint16 { return x.U }, func(x Vertex) uint16 { return x.V }
	return [4]side{
		{"west", func(e *Edges) []uint32 { return e.West }, func(x Vertex) bool { return x.U == 0 }, v},
		{"south", func(e *Edges) []uint32 { return e.South }, func(x Vertex) bool { return x.V == 0 }, u},
		{"east", func(e *Edges) []uint32 { return e.East }, func(x Vertex) bool { return x.U == QuantizedMax }, v},
		{"north", func(e *Edges) []uint32 { return e.North }, func(x Vertex) bool { return x.V == QuantizedMax }, u},
	}
}

// FindEdges returns the four edge lists that the vertices' positions call for, each in order from south to north or west to east:
// what complete edge lists hold. It serves tiles by others, whose lists may be empty or in any order.
func (m *Mesh) FindEdges() Edges {
	var lists [4][]uint32
	for k, s := range sides() {
		for i, v := range m.Vertices {
			if s.on(v) {
				lists[k] = append(lists[k], uint32(i))
			}
		}
		slices.SortStableFunc(lists[k], func(a, b uint32) int {
			return int(s.along(m.Vertices[a])) - int(s.along(m.Vertices[b]))
		})
	}
	return Edges{West: lists[0], South: lists[1], East: lists[2], North: lists[3]}
}

// validOrder checks the numbering by first use, without which the index coding cannot express the triangles, and that every
// vertex is used.
func (m *Mesh) validOrder() error {
	next := uint32(0)
	for i, index := range m.Triangles {
		if index > next {
			return invalid("mesh.order", "index %d of triangle %d comes before %d", index, i/3, next)
		}
		if index == next {
			next++
		}
	}
	if int(next) != len(m.Vertices) {
		return invalid("mesh.unused", "%d of %d vertices are in no triangle", len(m.Vertices)-int(next), len(m.Vertices))
	}
	return nil
}

// validPositions checks that no two vertices share a place and that the four corners are there.
func (m *Mesh) validPositions() error {
	keys, corners := make([]uint32, len(m.Vertices)), 0
	for i, v := range m.Vertices {
		keys[i] = uint32(v.U)<<16 | uint32(v.V)
		if (v.U == 0 || v.U == QuantizedMax) && (v.V == 0 || v.V == QuantizedMax) {
			corners++
		}
	}
	slices.Sort(keys)
	for i := 1; i < len(keys); i++ {
		if keys[i] == keys[i-1] {
			return invalid("mesh.duplicate", "two vertices at %d, %d", keys[i]>>16, keys[i]&0xffff)
		}
	}
	if corners != 4 {
		return invalid("mesh.corners", "%d of 4 corners", corners)
	}
	return nil
}

// validCover checks that the triangles are counter-clockwise, cover the square, and meet edge to edge inside it. Together that
// means: exactly once. All arithmetic is exact.
func (m *Mesh) validCover() error {
	area := int64(0)
	edges := make([]uint64, 0, len(m.Triangles))
	for t := 0; t < len(m.Triangles); t += 3 {
		a, b, c := m.Triangles[t], m.Triangles[t+1], m.Triangles[t+2]
		twice := area2(m.Vertices[a], m.Vertices[b], m.Vertices[c])
		if twice == 0 {
			return invalid("mesh.degenerate", "triangle %d has no area", t/3)
		}
		if twice < 0 {
			return invalid("mesh.flipped", "triangle %d is clockwise", t/3)
		}
		area += twice
		edges = append(edges, directed(a, b), directed(b, c), directed(c, a))
	}
	if area != tileArea {
		return invalid("mesh.cover", "triangles cover %.4f%% of the tile", 100*float64(area)/tileArea)
	}
	return m.validPairs(edges)
}

func area2(a, b, c Vertex) int64 {
	au, av := int64(a.U), int64(a.V)
	return (int64(b.U)-au)*(int64(c.V)-av) - (int64(c.U)-au)*(int64(b.V)-av)
}

func directed(from, to uint32) uint64 { return uint64(from)<<32 | uint64(to) }

// validPairs checks that each directed edge is used once, and that it has its opposite or lies on the border.
func (m *Mesh) validPairs(edges []uint64) error {
	slices.Sort(edges)
	for i := 1; i < len(edges); i++ {
		if e := edges[i]; e == edges[i-1] {
			return invalid("mesh.overlap", "the edge %d to %d is used twice in one direction", e>>32, uint32(e))
		}
	}
	for _, e := range edges {
		from, to := uint32(e>>32), uint32(e)
		if _, paired := slices.BinarySearch(edges, directed(to, from)); paired {
			continue
		}
		if !sameSide(m.Vertices[from], m.Vertices[to]) {
			return invalid("mesh.hole", "the inner edge %d to %d has a triangle on one side only", from, to)
		}
	}
	return nil
}

func sameSide(a, b Vertex) bool {
	return a.U == b.U && (a.U == 0 || a.U == QuantizedMax) || a.V == b.V && (a.V == 0 || a.V == QuantizedMax)
}

func (m *Mesh) validEdges() error {
	for _, s := range sides() {
		list, want := s.list(&m.Edges), 0
		for _, v := range m.Vertices {
			if s.on(v) {
				want++
			}
		}
		seen := make(map[uint32]bool, len(list))
		for _, index := range list {
			if seen[index] {
				return invalid("edges.repeat", "the %s list repeats vertex %d", s.name, index)
			}
			if !s.on(m.Vertices[index]) {
				return invalid("edges.wrong", "the %s list holds vertex %d, which is not on that side", s.name, index)
			}
			seen[index] = true
		}
		if len(list) != want {
			return invalid("edges.missing", "the %s list holds %d of %d vertices", s.name, len(list), want)
		}
	}
	return nil
}
