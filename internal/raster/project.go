package raster

import (
	"math"
	"sync"

	"github.com/paulmach/orb"
)

// spacings remembers the spacing of control points of each level, as a power of two.
type spacings struct {
	mu      sync.Mutex // guards byLevel
	byLevel map[uint8]uint
}

// project turns longitudes and latitudes into pixel positions of the layer, in place; NaN beyond the poles and where PROJ
// has no answer.
func (l *layer) project(t transform, u, v []float64) {
	for i := range v {
		if v[i] < -90 || v[i] > 90 {
			v[i] = math.NaN()
		}
	}
	t.points(u, v)
	middle, _ := apply(l.transform, float64(l.cols)/2, float64(l.rows)/2)
	for i := range u {
		u[i], v[i] = apply(l.inverse, l.crs.toward(u[i], middle), v[i])
	}
}

// Control points lie on every 2^k-th post, k between these. If the coarsest that is good enough is finer than minSpacing,
// every post is projected by itself.
const maxSpacing, minSpacing = 6, 3

// tolerance is the largest error of an interpolated position, in pixels.
const tolerance = 0.02

// spacing returns k for a level: the largest for which the middle of every cell of a sample all over the layer is right. It
// is found once and kept, so that every window interpolates between the same points. 0 means none.
func (l *layer) spacing(t transform, level uint8) uint {
	l.spacings.mu.Lock()
	k, ok := l.spacings.byLevel[level]
	l.spacings.mu.Unlock()
	if ok {
		return k
	}
	for k = maxSpacing; k >= minSpacing && !l.spacingHolds(t, level, k); k-- {
	}
	if k < minSpacing {
		k = 0
	}
	l.spacings.mu.Lock()
	defer l.spacings.mu.Unlock()
	l.spacings.byLevel[level] = k
	return k
}

// spacingHolds tries cells on a grid over the layer's bound.
func (l *layer) spacingHolds(t transform, level uint8, k uint) bool {
	const n = 6
	lattice := Lattice{Level: level}
	good, bad := 0, 0
	for c := range (n + 1) * (n + 1) {
		lon := l.bound.Min[0] + (l.bound.Max[0]-l.bound.Min[0])*float64(c%(n+1))/n
		lat := l.bound.Min[1] + (l.bound.Max[1]-l.bound.Min[1])*float64(c/(n+1))/n
		lattice.MinI = int64(math.Floor((lon + 180) / lattice.Step()))
		lattice.MinJ = int64(math.Floor((lat + 90) / lattice.Step()))
		lattice.Cols, lattice.Rows = 1, 1
		if m := l.newMesh(t, lattice, k); m.exact[0] {
			bad++
		} else {
			good++
		}
	}
	return bad*8 <= good // each cell is tested again when it is used
}

// mesh holds the pixel positions of control points around a window: cells of 2^k posts a side, aligned to the lattice. A
// cell whose middle would come out wrong by more than the tolerance, or not at all, is exact: its posts are projected one by
// one.
type mesh struct {
	layer      *layer
	transform  transform
	k          uint
	lattice    Lattice
	i, j       int64 // of the first control point
	cols, rows int   // cells
	u, v       []float64
	exact      []bool
}

func (l *layer) newMesh(t transform, w Lattice, k uint) *mesh {
	m := &mesh{layer: l, transform: t, k: k, lattice: w}
	if k == 0 {
		m.k = maxSpacing
	}
	m.i, m.j = w.MinI>>m.k, w.MinJ>>m.k
	m.cols = int((w.MinI+int64(w.Cols)-1)>>m.k-m.i) + 1
	m.rows = int((w.MinJ+int64(w.Rows)-1)>>m.k-m.j) + 1
	m.i, m.j = m.i<<m.k, m.j<<m.k
	m.exact = make([]bool, m.cols*m.rows)
	if k == 0 {
		for c := range m.exact {
			m.exact[c] = true
		}
		return m
	}
	m.u, m.v = m.posts(m.cols+1, m.rows+1, 0)
	middleU, middleV := m.posts(m.cols, m.rows, int64(1)<<(m.k-1))
	l.project(t, m.u, m.v)
	l.project(t, middleU, middleV)
	for c := range m.exact {
		a := c/m.cols*(m.cols+1) + c%m.cols
		b := a + m.cols + 1
		du := (m.u[a]+m.u[a+1]+m.u[b]+m.u[b+1])/4 - middleU[c]
		dv := (m.v[a]+m.v[a+1]+m.v[b]+m.v[b+1])/4 - middleV[c]
		m.exact[c] = !(math.Abs(du) < tolerance && math.Abs(dv) < tolerance)
	}
	return m
}

// posts lists the longitudes and latitudes of every 2^k-th post from the first control point, moved by shift posts.
func (m *mesh) posts(cols, rows int, shift int64) (lon, lat []float64) {
	lon, lat = make([]float64, 0, cols*rows), make([]float64, 0, cols*rows)
	for r := range rows {
		for c := range cols {
			p := m.lattice.Post(m.i+int64(c)<<m.k+shift, m.j+int64(r)<<m.k+shift)
			lon, lat = append(lon, p[0]), append(lat, p[1])
		}
	}
	return lon, lat
}

// positions writes the pixel positions of the window's row r (from the north), NaN where there is none.
func (m *mesh) positions(r int, u, v []float64) {
	j := m.lattice.MinJ + int64(m.lattice.Rows-1-r)
	row := int((j - m.j) >> m.k)
	size := float64(int64(1) << m.k)
	up := float64((j-m.j)&(int64(1)<<m.k-1)) / size
	for at := 0; at < len(u); {
		i := m.lattice.MinI + int64(at)
		col := int((i - m.i) >> m.k)
		end := min(len(u), int(m.i+int64(col+1)<<m.k-m.lattice.MinI))
		if m.exact[row*m.cols+col] {
			m.exactly(j, at, u[at:end], v[at:end])
			at = end
			continue
		}
		a := row*(m.cols+1) + col
		b := a + m.cols + 1
		u0, u1 := m.u[a]+(m.u[b]-m.u[a])*up, m.u[a+1]+(m.u[b+1]-m.u[a+1])*up
		v0, v1 := m.v[a]+(m.v[b]-m.v[a])*up, m.v[a+1]+(m.v[b+1]-m.v[a+1])*up
		first := float64(i - m.i - int64(col)<<m.k)
		for ; at < end; at++ {
			s := first / size
			u[at], v[at] = u0+(u1-u0)*s, v0+(v1-v0)*s
			first++
		}
	}
}

// exactly projects a run of posts of row j one by one.
func (m *mesh) exactly(j int64, at int, u, v []float64) {
	for n := range u {
		p := m.lattice.Post(m.lattice.MinI+int64(at+n), j)
		u[n], v[n] = p[0], p[1]
	}
	m.layer.project(m.transform, u, v)
}

// reach returns the pixels that the window may need, clipped to the layer.
func (m *mesh) reach() orb.Bound {
	b := orb.Bound{Min: orb.Point{math.Inf(1), math.Inf(1)}, Max: orb.Point{math.Inf(-1), math.Inf(-1)}}
	take := func(u, v float64) {
		if u == u && v == v {
			b = b.Extend(orb.Point{u, v})
		}
	}
	exact := false
	for c, e := range m.exact {
		exact = exact || e
		if e {
			continue
		}
		a := c/m.cols*(m.cols+1) + c%m.cols
		for _, n := range [4]int{a, a + 1, a + m.cols + 1, a + m.cols + 2} {
			take(m.u[n], m.v[n])
		}
	}
	if exact {
		u, v := make([]float64, m.lattice.Cols), make([]float64, m.lattice.Cols)
		for r := range m.lattice.Rows {
			m.positions(r, u, v)
			for i := range u {
				take(u[i], v[i])
			}
		}
	}
	b.Min[0], b.Min[1] = max(b.Min[0], 0), max(b.Min[1], 0)
	b.Max[0], b.Max[1] = min(b.Max[0], float64(m.layer.cols)), min(b.Max[1], float64(m.layer.rows))
	return b
}
