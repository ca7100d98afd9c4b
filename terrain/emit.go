package terrain

import "math"

// emit writes the triangulation into the mesh: triangles depth first, each entered through the side it shares with the one before, vertices numbered by
// first use. Neighbours in the list then share vertices that were used just before, which halves the compressed size.
func (m *Mesher) emit() {
	for i := range m.numbers {
		m.numbers[i] = -1
	}
	d := m.d
	m.points = m.points[:0]
	m.mesh.Triangles = m.mesh.Triangles[:0]
	m.visited = append(m.visited[:0], make([]bool, len(d.from)/3)...)
	m.stack = append(m.stack[:0], 0)
	for len(m.stack) > 0 {
		e := m.stack[len(m.stack)-1]
		m.stack = m.stack[:len(m.stack)-1]
		if m.visited[e/3] {
			continue
		}
		m.visited[e/3] = true
		e1, e2 := next(e), previous(e)
		m.mesh.Triangles = append(m.mesh.Triangles, m.number(d.from[e]), m.number(d.from[e1]), m.number(d.from[e2]))
		if f := d.twin[e2]; f >= 0 {
			m.stack = append(m.stack, f)
		}
		if f := d.twin[e1]; f >= 0 {
			m.stack = append(m.stack, f)
		}
		if f := d.twin[e]; f >= 0 && !m.visited[f/3] {
			m.stack = append(m.stack, f)
		}
	}
	m.place()
	m.edges()
}

// number returns the vertex number of a point, a new one on first use.
func (m *Mesher) number(p int32) uint32 {
	if m.numbers[p] < 0 {
		m.numbers[p] = int32(len(m.points))
		m.points = append(m.points, p)
	}
	return uint32(m.numbers[p])
}

// ceiling is the highest that a header's maximum goes: no ground does, and checkers take more for a leaked nodata value.
const ceiling = 8990

// place quantises the vertices. The lowest vertex is H = 0; the height of one unit is the level's step divided by the power of two that makes the
// best use of 15 bits, so that every snapped height is met exactly. Only where a tile is so steep that its steps do not fit 15 bits, the unit
// is the next powers of two above the step, and heights are rounded to it. What is left of the 15 bits lies above the highest vertex, or below
// the lowest where that would be above every mountain.
func (m *Mesher) place() {
	low, high := int32(math.MaxInt32), int32(math.MinInt32)
	for _, p := range m.points {
		low, high = min(low, m.steps[p]), max(high, m.steps[p])
	}
	finer, coarser, unit := 0, 0, m.step
	for ; (high-low>>coarser<<coarser+1<<coarser>>1)>>coarser > QuantizedMax; coarser++ {
		unit *= 2
	}
	for r := high - low; r > 0 && r<<(finer+1) <= QuantizedMax; finer++ {
		unit /= 2
	}
	if over := float64(low)*m.step + QuantizedMax*unit - ceiling; over > 0 && high > low {
		low -= int32(min(math.Ceil(over/m.step), QuantizedMax-float64((high-low)<<finer>>coarser)))
	}
	low = low >> coarser << coarser
	m.mesh.Min = float32(float64(low) * m.step)
	m.mesh.Max = m.mesh.Min
	if high > low {
		m.mesh.Max = float32(float64(low)*m.step + QuantizedMax*unit)
	}
	half := int32(1) << coarser >> 1
	m.mesh.Vertices = m.mesh.Vertices[:0]
	for _, p := range m.points {
		h := (m.steps[p] - low + half) >> coarser << finer
		m.mesh.Vertices = append(m.mesh.Vertices, Vertex{quantized(m.d.xs[p]), quantized(m.d.ys[p]), uint16(h)})
	}
}

// quantized returns post i of 0..Cells in units of a tile's side, rounded.
func quantized(i int32) uint16 { return uint16((i*QuantizedMax + Cells/2) / Cells) }

// edges lists the vertices of each side, from the south and from the west.
func (m *Mesher) edges() {
	const last = posts - 1
	e := &m.mesh.Edges
	e.West = m.side(e.West[:0], 0, posts)
	e.South = m.side(e.South[:0], 0, 1)
	e.East = m.side(e.East[:0], last, posts)
	e.North = m.side(e.North[:0], last*posts, 1)
}

func (m *Mesher) side(dst []uint32, start, stride int) []uint32 {
	for k := range posts {
		if n := m.numbers[start+k*stride]; n >= 0 {
			dst = append(dst, uint32(n))
		}
	}
	return dst
}

// HeightBytes returns where, in what [AppendMesh] appends, the heights of n vertices lie: first byte and end. They are the part of a tile in which
// nothing repeats.
func HeightBytes(n int) [2]int { return [2]int{headerBytes + 4 + 4*n, headerBytes + 4 + 6*n} }
