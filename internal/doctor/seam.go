package doctor

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"

	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
)

// heightmapSide is the posts a side of heightmap-1.0.
const heightmapSide = 65

// heightmap reads a tile of heightmap-1.0.
func (t *tiles) heightmap(got *tile, data []byte) {
	const heights = 2 * heightmapSide * heightmapSide
	if t.unless(len(data) != heights+2 && len(data) != heights+1+65536, "heightmap.size", got.at, "tile %s has %d bytes, not %d or %d",
		got.coord, len(data), heights+2, heights+1+65536) {
		if got.coord.Z == 0 {
			t.found("tile.root", got.at, "root %s cannot be read", got.coord)
		}
		return
	}
	got.heights = make([]float64, heightmapSide*heightmapSide)
	low, high := math.Inf(1), math.Inf(-1)
	for i := range got.heights {
		got.heights[i] = float64(binary.LittleEndian.Uint16(data[2*i:]))/5 - 1000
		low, high = min(low, got.heights[i]), max(high, got.heights[i])
	}
	t.unless(high > highestGround, "mesh.height", got.at, "tile %s: %.0f to %.0f m", got.coord, low, high)
	got.children = data[heights]
	if !t.layer.listed {
		return
	}
	for k, c := range got.coord.Children() {
		t.unless(has(t.layer.available, c) && got.children&(1<<k) == 0, "heightmap.mask", got.at,
			"tile %s: %s is available, and the mask says no", got.coord, c)
	}
}

// readable tells whether a tile has heights.
func (g *tile) readable() bool {
	return g != nil && (g.mesh != nil && len(g.mesh.Triangles) > 0 || g.heights != nil)
}

// step is the metres to which heights of a tile are rounded.
func (g *tile) step() float64 {
	if g.mesh == nil {
		return 0.2
	}
	return math.Abs(float64(g.mesh.Max)-float64(g.mesh.Min)) / terrain.QuantizedMax
}

// height is the ground at a place of the tile, 0..1 from the west and from the south; false where no triangle is.
func (g *tile) height(u, v float64) (float64, bool) {
	if g.mesh == nil {
		x, y := u*(heightmapSide-1), (1-v)*(heightmapSide-1)
		i, j := min(int(x), heightmapSide-2), min(int(y), heightmapSide-2)
		x, y = x-float64(i), y-float64(j)
		at := func(i, j int) float64 { return g.heights[j*heightmapSide+i] }
		return (at(i, j)*(1-x)+at(i+1, j)*x)*(1-y) + (at(i, j+1)*(1-x)+at(i+1, j+1)*x)*y, true
	}
	m := g.mesh
	pu, pv := u*terrain.QuantizedMax, v*terrain.QuantizedMax
	for i := 0; i+2 < len(m.Triangles); i += 3 {
		a, b, c := m.Vertices[m.Triangles[i]], m.Vertices[m.Triangles[i+1]], m.Vertices[m.Triangles[i+2]]
		au, av, bu, bv, cu, cv := float64(a.U), float64(a.V), float64(b.U), float64(b.V), float64(c.U), float64(c.V)
		area := (bv-cv)*(au-cu) + (cu-bu)*(av-cv)
		if area == 0 {
			continue
		}
		wa := ((bv-cv)*(pu-cu) + (cu-bu)*(pv-cv)) / area
		wb := ((cv-av)*(pu-cu) + (au-cu)*(pv-cv)) / area
		if wc := 1 - wa - wb; wa >= -1e-9 && wb >= -1e-9 && wc >= -1e-9 {
			return wa*m.Height(a) + wb*m.Height(b) + wc*m.Height(c), true
		}
	}
	return 0, false
}

// neighbours compares the common borders of tiles that were read.
func (t *tiles) neighbours() {
	for _, c := range sorted(t.read) {
		for k, n := range around(t.layer.grid, c)[:2] {
			if a, b := t.read[c], t.read[n]; n != c && a.readable() && b.readable() {
				t.seam(a, b, k == 0)
			}
		}
	}
}

// seam compares the eastern border of a with the western one of b, or the northern with the southern. What is wider than
// rounding explains is told; what is wider than the client's own error at that level shows.
func (t *tiles) seam(a, b *tile, east bool) {
	const parts = 64
	wide := 0.0
	for i := range parts + 1 {
		at := float64(i) / parts
		ha, oka := a.height(at, 1)
		hb, okb := b.height(at, 0)
		if east {
			ha, oka = a.height(1, at)
			hb, okb = b.height(0, at)
		}
		if oka && okb {
			wide = max(wide, math.Abs(ha-hb))
		}
	}
	switch limit := t.layer.clientError(a.coord.Z); {
	case wide > limit:
		t.found("mesh.seam", a.at, "%s and %s: %.1f m, the client's error at this level is %.1f m", a.coord, b.coord, wide, limit)
	case wide > a.step()+b.step()+0.1:
		t.foundAs(Warning, "mesh.seam", a.at, "%s and %s: %.2f m", a.coord, b.coord, wide)
	default:
		t.pass("mesh.seam")
	}
}

// clientError is the error that clients take tiles of a level to have, metres.
func (l *layer) clientError(z uint8) float64 {
	if l.grid == tilegrid.Mercator {
		return 2 * terrain.MaxError(z)
	}
	return terrain.MaxError(z)
}

// generations compares tiles with their parents where both were read.
func (t *tiles) generations() {
	straight, crossed, at := 0, 0, ""
	for _, c := range sorted(t.read) {
		child, parent := t.read[c], t.read[c.Parent()]
		if c.Z == 0 || !child.readable() || !parent.readable() {
			continue
		}
		switch off, other := t.generation(child, parent); {
		case other > clearly*off && other > telling:
			straight++
		case off > clearly*other && off > telling:
			if crossed++; at == "" {
				at = child.at
			}
		}
	}
	if crossed > straight {
		t.found("layer.scheme", at, "%d tiles fit the other half of their parents, %d their own: rows are counted from the other end", crossed, straight)
	}
}

// How many times better, and by how many metres, a tile has to fit one half of its parent than the other to tell which is its own.
const (
	clearly = 4
	telling = 30
)

// generation returns by how many metres a tile differs, in the median, from the quarter of its parent that it refines, and from the quarter north or
// south of that, which it would be if rows were counted from the wrong end.
func (t *tiles) generation(child, parent *tile) (off, other float64) {
	const parts = 8
	c := child.coord
	var own, beside []float64
	for i := range (parts + 1) * (parts + 1) {
		u, v := float64(i%(parts+1))/parts, float64(i/(parts+1))/parts
		h, ok := child.height(u, v)
		pu, pv := (float64(c.X%2)+u)/2, (float64(c.Y%2)+v)/2
		p, okp := parent.height(pu, pv)
		q, okq := parent.height(pu, (float64(1-c.Y%2)+v)/2)
		if ok && okp && okq {
			own, beside = append(own, math.Abs(h-p)), append(beside, math.Abs(h-q))
		}
	}
	if len(own) == 0 {
		return 0, 0
	}
	limit := 4 * t.layer.clientError(c.Z-1)
	off, other = median(own), median(beside)
	t.unless(off > limit, "mesh.parent", child.at, "tile %s differs from its parent by %.0f m, four times the client's error there is %.0f m",
		c, off, limit)
	return off, other
}

func median(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/2]
}

func sorted(read map[tilegrid.Coord]*tile) []tilegrid.Coord {
	var list []tilegrid.Coord
	for c := range read {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b tilegrid.Coord) int {
		return cmp.Or(cmp.Compare(a.Z, b.Z), cmp.Compare(a.Y, b.Y), cmp.Compare(a.X, b.X))
	})
	return list
}
