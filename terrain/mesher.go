package terrain

import (
	"errors"
	"fmt"
	"math"

	"github.com/terrane/terrane/tilegrid"
)

// ErrBadHeights says that a grid of heights cannot be meshed: wrong size, or a value that is not a finite number.
var ErrBadHeights = errors.New("terrain: bad heights")

// Cells is the number of intervals along a tile's side: CesiumJS computes its geometric error for 65 posts a side.
const (
	Cells = 64
	posts = Cells + 1
	// Halo is the width of the margin that a tile's heights carry beyond its borders, so that normals agree across seams.
	Halo = 1
	// HeightsSide is the number of posts a side with the halo; a grid holds its square.
	HeightsSide = posts + 2*Halo
)

// MaxError returns the client's geometric error of a level in metres: what CesiumJS believes a tile's error to be, whatever it holds
// (TerrainProvider.getEstimatedLevelZeroGeometricErrorForAHeightmap: 6378137 * 2 pi * 0.25 / (65 * 2) at level 0, halved a level).
func MaxError(z uint8) float64 {
	return 6378137 * 2 * math.Pi * 0.25 / (65 * 2) / float64(uint64(1)<<z)
}

// Mesher turns grids of heights into meshes by greedy insertion (Garland & Heckbert 1995): border lines first, each on its own samples, so
// that both neighbours choose the same vertices without seeing each other; then the inside, always the worst sample next, until no
// sample is further from the mesh than the bound. It keeps its memory between tiles; one goroutine uses one.
type Mesher struct {
	d       *delaunay
	z       []float32 // snapped heights less the earth's curvature, point by point of d
	steps   []int32   // heights in whole steps
	step    float64   // metres a step
	stamps  []uint32  // of each triangle; a candidate of an older stamp is void
	staled  int       // how many of d.fresh have had their stamps changed
	queue   queue
	numbers []int32 // vertex number of each point, or -1
	points  []int32 // point of each vertex
	visited []bool
	stack   []int32
	mesh    Mesh
	ground  ground
}

// NewMesher returns a mesher for tiles of 65 x 65 posts.
func NewMesher() *Mesher {
	d := newDelaunay(posts)
	n := posts * posts
	return &Mesher{d: d, z: make([]float32, n+4), steps: make([]int32, n), numbers: make([]int32, n)}
}

// Options of a mesh.
type Options struct {
	Error   float64 // no post is further from the mesh than this, metres (plus half a HeightStep)
	Normals bool    // compute vertex normals from the heights' gradients
}

// HeightStep returns the step in metres to which heights of a level are rounded before they are meshed: a power of two, so that the border
// of two tiles decodes to the same heights whatever range each of them has. It is at most 1/32 of the client's geometric error, half a metre
// where that is more, and 1/256 m where it would be less.
func HeightStep(z uint8) float64 {
	step := math.Exp2(math.Floor(math.Log2(MaxError(z) / 32)))
	return max(1.0/256, min(0.5, step))
}

// Mesh makes the mesh of geographic tile c from heights, [HeightsSide] squared samples in ellipsoidal metres, row 0 the northern halo. The
// result is valid until the next call. It returns [ErrBadHeights], wrapped, if heights cannot be meshed.
func (m *Mesher) Mesh(c tilegrid.Coord, heights []float32, o Options) (*Mesh, error) {
	if len(heights) != HeightsSide*HeightsSide {
		return nil, fmt.Errorf("%w: %d samples, want %d", ErrBadHeights, len(heights), HeightsSide*HeightsSide)
	}
	m.ground.set(c)
	m.step = HeightStep(c.Z)
	flat, err := m.load(heights)
	if err != nil {
		return nil, fmt.Errorf("tile %s: %w", c, err)
	}
	m.d.reset()
	if !flat || m.ground.sagitta > o.Error {
		m.refineBorders(float32(o.Error))
		m.refineInside(float32(o.Error))
	}
	m.emit()
	if o.Normals {
		m.shade(heights)
	}
	SetHeader(&m.mesh, tilegrid.Geodetic.Bound(c))
	return &m.mesh, nil
}

// load rounds the heights to steps and takes the curvature off. It tells whether all heights are equal.
func (m *Mesher) load(heights []float32) (flat bool, err error) {
	perStep, step := float32(1/m.step), float32(m.step)
	first := int32(0)
	flat = true
	for j := range posts {
		row := heights[(posts-j)*HeightsSide+Halo:][:posts]
		at := j * posts
		z, steps := m.z[at:at+posts], m.steps[at:at+posts]
		for i, h := range row {
			if !(h > -20000 && h < 20000) {
				return false, fmt.Errorf("%w: height %v", ErrBadHeights, h)
			}
			s := int32(math.Floor(float64(h*perStep + 0.5)))
			steps[i] = s
			z[i] = float32(s) * step
		}
		if j == 0 {
			first = steps[0]
		}
		for _, s := range steps {
			flat = flat && s == first
		}
		m.ground.bend(j, z)
	}
	return flat, nil
}

// refineBorders adds the vertices of the four sides.
func (m *Mesher) refineBorders(tolerance float32) {
	const last = posts - 1
	m.refineLine(0, 1, tolerance)          // south
	m.refineLine(last*posts, 1, tolerance) // north
	m.refineLine(0, posts, tolerance)      // west
	m.refineLine(last, posts, tolerance)   // east
}

// refineLine adds vertices to one side, which begins at point start and runs north or east in strides, until no sample of it is further
// than the tolerance from the line between its vertices (Ramer 1972, with vertical distance). It sees this side's samples only.
func (m *Mesher) refineLine(start, stride int, tolerance float32) {
	var spans [posts][2]int
	spans[0] = [2]int{0, posts - 1}
	for n := 1; n > 0; {
		n--
		a, b := spans[n][0], spans[n][1]
		at := m.furthest(start+a*stride, stride, b-a, tolerance)
		if at == 0 {
			continue
		}
		m.splitBorder(int32(start+(a+at)*stride), int32(start+a*stride), int32(start+b*stride))
		spans[n], spans[n+1] = [2]int{a, a + at}, [2]int{a + at, b}
		n += 2
	}
}

// furthest returns the sample between the ends of a stretch of n intervals that is furthest from the straight line, or 0 if none is further
// than the tolerance.
func (m *Mesher) furthest(start, stride, n int, tolerance float32) int {
	z0 := m.z[start]
	slope := (m.z[start+n*stride] - z0) / float32(n)
	at, worst := 0, tolerance
	for k := 1; k < n; k++ {
		d := m.z[start+k*stride] - (z0 + slope*float32(k))
		if d < 0 {
			d = -d
		}
		if d > worst {
			at, worst = k, d
		}
	}
	return at
}

// splitBorder adds border point p between the neighbouring border vertices a and b.
func (m *Mesher) splitBorder(p, a, b int32) {
	e := m.d.hull[a]
	if m.d.from[next(e)] != b {
		e = m.d.hull[b]
	}
	m.d.splitEdge(e, p)
}

// refineInside adds the worst sample of a triangle, again and again, until every one is within the tolerance. It goes in rounds: a round adds the worst samples of
// triangles that it has not touched yet, down to a share of the first one's distance, and only then are the triangles that are left looked at. Most of those that
// come and go within a round are thus never looked at; what is added is the worst sample of its triangle all the same. With a share of 0.7 there are as few triangles as one by one, with
// 0.5 one in a hundred more.
func (m *Mesher) refineInside(tolerance float32) {
	m.queue.reset(tolerance)
	clear(m.stamps)
	m.rescan(tolerance)
	for {
		c, ok := m.queue.pop()
		if !ok {
			return
		}
		if !m.current(c) {
			continue
		}
		for end := c.distance * roundShare; ok && c.distance >= end; c, ok = m.queue.pop() {
			if m.current(c) {
				m.d.insert(c.triangle, c.point)
				m.stale()
			}
		}
		if ok {
			m.queue.push(c)
		}
		m.rescan(tolerance)
	}
}
