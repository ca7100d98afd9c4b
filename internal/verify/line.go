package verify

import (
	"math"
	"slices"

	"github.com/terrane/terrane/terrain"
)

// line is the height of the ground along a straight line, as a mesh draws it.
type line struct {
	at      []float64        // places along the line in tile units 0..32767, rising
	heights []float64        // metres
	normals []terrain.Normal // nil, or one for each place
	step    float64          // metres to which heights are rounded
}

// relief returns the height between the line's lowest and highest place.
func (l line) relief() float64 { return slices.Max(l.heights) - slices.Min(l.heights) }

// borders are the four sides of a tile.
type borders struct{ west, south, east, north line }

func bordersOf(m *terrain.Mesh) borders {
	e := m.FindEdges()
	u, v := func(x terrain.Vertex) uint16 { return x.U }, func(x terrain.Vertex) uint16 { return x.V }
	return borders{border(m, e.West, v), border(m, e.South, u), border(m, e.East, v), border(m, e.North, u)}
}

func border(m *terrain.Mesh, edge []uint32, along func(terrain.Vertex) uint16) line {
	l := line{at: make([]float64, len(edge)), heights: make([]float64, len(edge)), step: stepOf(m)}
	if m.Normals != nil {
		l.normals = make([]terrain.Normal, len(edge))
	}
	for i, index := range edge {
		v := m.Vertices[index]
		l.at[i], l.heights[i] = float64(along(v)), m.Height(v)
		if m.Normals != nil {
			l.normals[i] = m.Normals[index]
		}
	}
	return l
}

func stepOf(m *terrain.Mesh) float64 {
	return (float64(m.Max) - float64(m.Min)) / terrain.QuantizedMax
}

// cut returns the line through a mesh at U = fixed if vertical, else at V = fixed; the part from lo to hi is scaled to 0..32767.
func cut(m *terrain.Mesh, vertical bool, fixed, lo, hi float64) line {
	type place struct{ at, height float64 }
	var places []place
	add := func(at, height float64) {
		places = append(places, place{(at - lo) / (hi - lo) * terrain.QuantizedMax, height})
	}
	for t := 0; t < len(m.Triangles); t += 3 {
		for k := range 3 {
			a, b := m.Vertices[m.Triangles[t+k]], m.Vertices[m.Triangles[t+(k+1)%3]]
			ac, aa, bc, ba := across(a, b, vertical)
			if ac == fixed {
				add(aa, m.Height(a))
			} else if bc != fixed && (ac < fixed) != (bc < fixed) {
				k := (fixed - ac) / (bc - ac)
				add(aa+k*(ba-aa), m.Height(a)+k*(m.Height(b)-m.Height(a)))
			}
		}
	}
	slices.SortFunc(places, func(a, b place) int {
		switch {
		case a.at < b.at:
			return -1
		case a.at > b.at:
			return 1
		}
		return 0
	})
	l := line{step: stepOf(m)}
	for _, p := range places {
		l.at, l.heights = append(l.at, p.at), append(l.heights, p.height)
	}
	return l
}

// across splits two vertices into the coordinate that the line holds fixed and the one along it.
func across(a, b terrain.Vertex, vertical bool) (aFixed, aAlong, bFixed, bAlong float64) {
	if vertical {
		return float64(a.U), float64(a.V), float64(b.U), float64(b.V)
	}
	return float64(a.V), float64(a.U), float64(b.V), float64(b.U)
}

// whole tells whether the line reaches from end to end.
func (l line) whole() bool {
	const slack = 1e-6
	return len(l.at) >= 2 && l.at[0] <= slack && l.at[len(l.at)-1] >= terrain.QuantizedMax-slack
}

// height returns the height at a place between 0 and 32767.
func (l line) height(at float64) float64 {
	i, _ := slices.BinarySearch(l.at, at)
	switch {
	case i == 0:
		return l.heights[0]
	case i == len(l.at):
		return l.heights[i-1]
	}
	a, b := l.at[i-1], l.at[i]
	if b == a {
		return l.heights[i]
	}
	return l.heights[i-1] + (at-a)/(b-a)*(l.heights[i]-l.heights[i-1])
}

// gap returns the widest distance between two lines of one border.
func gap(a, b line) float64 {
	widest := 0.0
	for _, at := range [][]float64{a.at, b.at} {
		for _, x := range at {
			if x >= 0 && x <= terrain.QuantizedMax {
				widest = max(widest, math.Abs(a.height(x)-b.height(x)))
			}
		}
	}
	return widest
}

// turn returns the widest angle between normals of places that both lines have, degrees.
func turn(a, b line) float64 {
	widest, j := 0.0, 0
	for i := 0; i < len(a.normals) && b.normals != nil; i++ {
		for j < len(b.at) && b.at[j] < a.at[i] {
			j++
		}
		if j < len(b.at) && b.at[j] == a.at[i] && a.normals[i] != b.normals[j] {
			dot := a.normals[i].Vec().Dot(b.normals[j].Vec())
			widest = max(widest, math.Acos(max(-1, min(1, dot)))*180/math.Pi)
		}
	}
	return widest
}
