package resample

import (
	"image"
	"math"
)

const (
	cellSide   = 64   // of the first cells
	fewPixels  = 16   // a cell of so many pixels or less is placed pixel by pixel rather than cut
	voidPixels = 256  // a cell of so many pixels or less without a place at nine points has none at all
	farthest   = 1e15 // a position beyond is no place: pixels there are no longer exact
)

// tests are the points at which a cell is tried, as shares of its width and height. The middle shows bending in both directions; the others, each a quarter along its side, show
// bending along one and also what is odd about the middle, as x cubed is.
var tests = [5][2]float64{{0.5, 0.5}, {0.25, 0}, {1, 0.25}, {0.75, 1}, {0, 0.75}}

// Bending by one pixel in the middle of a side comes to three quarters of one a quarter along it. Both kinds of test leave something for what lies between them.
const (
	inMiddle  = 0.7
	onQuarter = inMiddle * 0.75
)

// maker makes a field: cells are judged and cut, all cells of one size at a time, so that place is asked few times for many.
type maker struct {
	place     Place
	tolerance float64
	field     *Field
	pixels    []int // cells of the field that are placed pixel by pixel
}

// ask places positions and makes NaN of what is no place.
func (m *maker) ask(x, y []float64) {
	m.place(x, y)
	for i := range x {
		if !(math.Abs(x[i]) <= farthest && math.Abs(y[i]) <= farthest) {
			x[i], y[i] = math.NaN(), math.NaN()
		}
	}
}

// start returns the first cells, their corners placed and unwrapped from one to the next.
func (m *maker) start() []cell {
	r := m.field.rect
	cols, rows := (r.Dx()+cellSide-1)/cellSide, (r.Dy()+cellSide-1)/cellSide
	x, y := make([]float64, 0, (cols+1)*(rows+1)), make([]float64, 0, (cols+1)*(rows+1))
	for j := range rows + 1 {
		for i := range cols + 1 {
			x = append(x, float64(min(r.Min.X+i*cellSide, r.Max.X)))
			y = append(y, float64(min(r.Min.Y+j*cellSide, r.Max.Y)))
		}
	}
	m.ask(x, y)
	run := m.chain(x, cols+1)
	cells := make([]cell, 0, cols*rows)
	for j := range rows {
		for i := range cols {
			at := j*(cols+1) + i
			four := [4]int{at, at + 1, at + cols + 1, at + cols + 2}
			c := cell{rect: image.Rect(i*cellSide, j*cellSide, (i+1)*cellSide, (j+1)*cellSide).Add(r.Min).Intersect(r), near: math.NaN()}
			shift := 0.0
			for k := 3; k >= 0; k-- {
				if n := four[k]; x[n] == x[n] {
					shift, c.near = run[n]-x[n], run[n]
				}
			}
			for k, n := range four {
				c.x[k], c.y[k] = x[n]+shift, y[n]
			}
			cells = append(cells, c)
		}
	}
	return cells
}

// chain unwraps control points, each to its neighbour in the west, the first of a row to the one in the north.
func (m *maker) chain(x []float64, cols int) []float64 {
	run := make([]float64, len(x))
	last, first := math.NaN(), math.NaN()
	for i := range x {
		if i%cols == 0 {
			last = first
		}
		run[i] = unwrap(x[i], last, m.field.period)
		if run[i] == run[i] {
			last = run[i]
			if i%cols == 0 || first != first {
				first = last
			}
		}
	}
	return run
}

// judge moves the cells that are right, and those that are too small to cut, to the field, and returns the others.
func (m *maker) judge(cells []cell) []cell {
	x, y := make([]float64, 0, len(cells)*len(tests)), make([]float64, 0, len(cells)*len(tests))
	for i := range cells {
		r := cells[i].rect
		for _, t := range tests {
			x = append(x, float64(r.Min.X)+t[0]*float64(r.Dx()))
			y = append(y, float64(r.Min.Y)+t[1]*float64(r.Dy()))
		}
	}
	m.ask(x, y)
	wrong := cells[:0]
	for i, c := range cells {
		tx, ty := x[i*len(tests):][:len(tests)], y[i*len(tests):][:len(tests)]
		area := c.rect.Dx() * c.rect.Dy()
		switch {
		case m.tolerance > 0 && m.holds(&c, tx, ty):
			m.field.cells = append(m.field.cells, c)
		case area <= voidPixels && void(&c, tx):
			m.field.full = false
		case area <= fewPixels || !(m.tolerance > 0):
			m.pixels = append(m.pixels, len(m.field.cells))
			m.field.cells = append(m.field.cells, c)
		default:
			wrong = append(wrong, c)
		}
	}
	return wrong
}

// holds tells whether a cell interpolates rightly, as its corners are or unwrapped.
func (m *maker) holds(c *cell, tx, ty []float64) bool {
	if m.near(c, tx, ty) {
		return true
	}
	if m.field.period == 0 {
		return false
	}
	for k := range c.x {
		c.x[k] = unwrap(c.x[k], c.near, m.field.period)
	}
	return m.near(c, tx, ty)
}

// near tells whether a cell is right at all tests. Comparisons are written so that NaN is wrong.
func (m *maker) near(c *cell, tx, ty []float64) bool {
	allowed := m.tolerance * inMiddle
	for i, t := range tests {
		px, py := c.between(t[0], t[1])
		if !(math.Hypot(unwrap(px-tx[i], 0, m.field.period), py-ty[i]) <= allowed) {
			return false
		}
		allowed = m.tolerance * onQuarter
	}
	return true
}

// void tells whether neither corners nor tests have a place.
func void(c *cell, tx []float64) bool {
	for _, x := range c.x {
		if x == x {
			return false
		}
	}
	for _, x := range tx {
		if x == x {
			return false
		}
	}
	return true
}

// cut returns the quarters of cells, their corners placed and unwrapped to the whole.
func (m *maker) cut(cells []cell) []cell {
	x, y := make([]float64, 0, 5*len(cells)), make([]float64, 0, 5*len(cells))
	for _, c := range cells {
		r, p := c.rect, middle(c.rect)
		x = append(x, float64(p.X), float64(r.Min.X), float64(p.X), float64(r.Max.X), float64(p.X))
		y = append(y, float64(r.Min.Y), float64(p.Y), float64(p.Y), float64(p.Y), float64(r.Max.Y))
	}
	m.ask(x, y)
	quarters := make([]cell, 0, 4*len(cells))
	for i := range cells {
		c, nx, ny := &cells[i], x[5*i:], y[5*i:]
		gx := [9]float64{c.x[0], nx[0], c.x[1], nx[1], nx[2], nx[3], c.x[2], nx[4], c.x[3]}
		gy := [9]float64{c.y[0], ny[0], c.y[1], ny[1], ny[2], ny[3], c.y[2], ny[4], c.y[3]}
		for k, r := range quartersOf(c.rect) {
			if r.Empty() {
				continue
			}
			at := k + k/2 // of its north-west corner in a row of three
			q := cell{rect: r, near: c.near}
			m.corners(&q, [4]float64{gx[at], gx[at+1], gx[at+3], gx[at+4]}, [4]float64{gy[at], gy[at+1], gy[at+3], gy[at+4]})
			quarters = append(quarters, q)
		}
	}
	return quarters
}

func middle(r image.Rectangle) image.Point {
	return image.Pt(r.Min.X+r.Dx()/2, r.Min.Y+r.Dy()/2)
}

// quartersOf returns NW, NE, SW, SE.
func quartersOf(r image.Rectangle) [4]image.Rectangle {
	p := middle(r)
	return [4]image.Rectangle{
		{r.Min, p},
		{image.Pt(p.X, r.Min.Y), image.Pt(r.Max.X, p.Y)},
		{image.Pt(r.Min.X, p.Y), image.Pt(p.X, r.Max.Y)},
		{p, r.Max},
	}
}

func (m *maker) corners(c *cell, x, y [4]float64) {
	for k := range x {
		x[k] = unwrap(x[k], c.near, m.field.period)
	}
	c.x, c.y = x, y
	for k := 3; k >= 0; k-- {
		if x[k] == x[k] {
			c.near = x[k]
		}
	}
}

// merge makes one cell of all where that moves no corner by more than a trace: runs are longer then.
func (m *maker) merge() {
	const trace = 0.1
	cells, r := m.field.cells, m.field.rect
	cols, rows := (r.Dx()+cellSide-1)/cellSide, (r.Dy()+cellSide-1)/cellSide
	if len(cells) < 2 || len(cells) != cols*rows || len(m.pixels) > 0 || !m.field.full {
		return
	}
	four := [4]*cell{&cells[0], &cells[cols-1], &cells[cols*(rows-1)], &cells[cols*rows-1]}
	all := cell{rect: r, near: cells[0].near}
	for k, c := range four {
		all.x[k], all.y[k] = c.x[k], c.y[k]
	}
	for i := range cells {
		for k, p := range [4]image.Point{cells[i].rect.Min, {cells[i].rect.Max.X, cells[i].rect.Min.Y}, {cells[i].rect.Min.X, cells[i].rect.Max.Y}, cells[i].rect.Max} {
			x, y := all.between(float64(p.X-r.Min.X)/float64(r.Dx()), float64(p.Y-r.Min.Y)/float64(r.Dy()))
			if !(math.Hypot(x-cells[i].x[k], y-cells[i].y[k]) <= trace*m.tolerance) {
				return
			}
		}
	}
	m.field.cells = append(cells[:0], all)
}

// between interpolates at shares of the cell's sides.
func (c *cell) between(s, t float64) (x, y float64) {
	return (c.x[0]*(1-s)+c.x[1]*s)*(1-t) + (c.x[2]*(1-s)+c.x[3]*s)*t, (c.y[0]*(1-s)+c.y[1]*s)*(1-t) + (c.y[2]*(1-s)+c.y[3]*s)*t
}

// placePixels places the pixels of all cells that cannot be interpolated.
func (m *maker) placePixels() {
	n := 0
	for _, i := range m.pixels {
		n += m.field.cells[i].rect.Dx() * m.field.cells[i].rect.Dy()
	}
	if n == 0 {
		return
	}
	x, y := make([]float64, 0, n), make([]float64, 0, n)
	for _, i := range m.pixels {
		r := m.field.cells[i].rect
		for row := r.Min.Y; row < r.Max.Y; row++ {
			for col := r.Min.X; col < r.Max.X; col++ {
				x, y = append(x, float64(col)+0.5), append(y, float64(row)+0.5)
			}
		}
	}
	m.ask(x, y)
	for _, i := range m.pixels {
		c := &m.field.cells[i]
		n := c.rect.Dx() * c.rect.Dy()
		c.pixelsX, c.pixelsY = x[:n:n], y[:n:n]
		x, y = x[n:], y[n:]
		for k, v := range c.pixelsX {
			if c.near != c.near {
				c.near = v
			}
			c.pixelsX[k] = unwrap(v, c.near, m.field.period)
		}
	}
}
