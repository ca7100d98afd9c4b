package resample

import (
	"image"
	"math"
)

// FieldOptions says how a [Field] is made.
type FieldOptions struct {
	Tolerance float64 // largest error of an interpolated position, in source pixels; 0 places every pixel by itself
	Period    float64 // width of a source that goes round the globe, in source pixels: x and x + Period are one place. 0: it does not
}

// Field knows where in the source each pixel of a rectangle lies. It does not change after [NewField] and is safe for concurrent use.
//
// It is a list of cells, 64 pixels a side, or only one where the whole is affine. Positions are exact at a cell's corners and bilinear between; a cell that is too far off at one of five points inside or on its
// rim is cut in four, and what is still wrong with 16 pixels or less is placed pixel by pixel.
type Field struct {
	rect           image.Rectangle
	cells          []cell
	period         float64
	scaleX, scaleY float64
	full           bool // the cells hold every pixel of rect
}

// cell is a rectangle of pixels. Corners are NW, NE, SW, SE; pixels, if not nil, hold the positions of the centres row by row instead.
type cell struct {
	rect             image.Rectangle
	x, y             [4]float64
	pixelsX, pixelsY []float64
	near             float64 // an x that positions are unwrapped to
}

// NewField places the pixels of r. Place is asked within this call only, for positions in r, its rim included. Memory grows to 16 bytes a pixel where nothing
// can be interpolated, so large maps are made in blocks. With a period neighbours are unwrapped: positions may come out whole periods away from what place said, so that
// they run on across the antimeridian.
func NewField(r image.Rectangle, place Place, opt FieldOptions) *Field {
	m := maker{place: place, tolerance: opt.Tolerance, field: &Field{rect: r, period: opt.Period, scaleX: 1, scaleY: 1, full: true}}
	if !(opt.Period > 0) || math.IsInf(opt.Period, 1) {
		m.field.period = 0
	}
	if r.Empty() {
		return m.field
	}
	for cells := m.start(); len(cells) > 0; {
		cells = m.cut(m.judge(cells))
	}
	m.merge()
	m.placePixels()
	return m.field
}

// Scaled returns the same placement in a source of another resolution: positions in the source are multiplied by x and y, which are positive. It costs nothing.
func (f *Field) Scaled(x, y float64) *Field {
	g := *f
	g.scaleX, g.scaleY = f.scaleX*x, f.scaleY*y
	return &g
}

// Bounds returns the box of the source positions of all pixel centres in r, nothing if none has a place. A kernel reads [Kernel.Reach] pixels further.
func (f *Field) Bounds(r image.Rectangle) Box {
	b := Box{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
	for i := range f.cells {
		c := &f.cells[i]
		part := c.rect.Intersect(r)
		if part.Empty() {
			continue
		}
		if c.pixelsX != nil {
			b.takePixels(c, part)
			continue
		}
		for _, row := range [2]int{part.Min.Y, part.Max.Y - 1} {
			x, y, dx, dy := c.line(part.Min.X, row)
			n := float64(part.Dx() - 1)
			b.take(x, y)
			b.take(x+dx*n, y+dy*n)
		}
	}
	return Box{b.MinX * f.scaleX, b.MinY * f.scaleY, b.MaxX * f.scaleX, b.MaxY * f.scaleY}
}

func (b *Box) take(x, y float64) {
	if x == x && y == y {
		b.MinX, b.MaxX = min(b.MinX, x), max(b.MaxX, x)
		b.MinY, b.MaxY = min(b.MinY, y), max(b.MaxY, y)
	}
}

func (b *Box) takePixels(c *cell, part image.Rectangle) {
	for row := part.Min.Y; row < part.Max.Y; row++ {
		at := c.at(part.Min.X, row)
		for i := at; i < at+part.Dx(); i++ {
			b.take(c.pixelsX[i], c.pixelsY[i])
		}
	}
}

// at returns the index of a pixel in the cell's positions.
func (c *cell) at(col, row int) int { return (row-c.rect.Min.Y)*c.rect.Dx() + col - c.rect.Min.X }

// line returns the position of a pixel's centre, and the step to the next pixel of its row.
func (c *cell) line(col, row int) (x, y, dx, dy float64) {
	w, h := float64(c.rect.Dx()), float64(c.rect.Dy())
	down := (float64(row-c.rect.Min.Y) + 0.5) / h
	x, y = c.x[0]+(c.x[2]-c.x[0])*down, c.y[0]+(c.y[2]-c.y[0])*down
	dx = (c.x[1] + (c.x[3]-c.x[1])*down - x) / w
	dy = (c.y[1] + (c.y[3]-c.y[1])*down - y) / w
	along := float64(col-c.rect.Min.X) + 0.5
	return x + dx*along, y + dy*along, dx, dy
}

// Scale returns how many source columns and rows go to one output pixel, each at that place in r where they are fewest: less than 1 is magnified. NaN if nothing of r has a place.
// It is measured over cells, so r should be larger than one.
func (f *Field) Scale(r image.Rectangle) (x, y float64) {
	x, y = math.Inf(1), math.Inf(1)
	for i := range f.cells {
		if c := &f.cells[i]; c.rect.Overlaps(r) {
			sx, sy := c.scale(f.period)
			if sx == sx && sy == sy {
				x, y = min(x, sx), min(y, sy)
			}
		}
	}
	if math.IsInf(x, 1) {
		return math.NaN(), math.NaN()
	}
	return x * f.scaleX, y * f.scaleY
}

// scale returns the lengths of the gradients of x and y over the cell.
func (c *cell) scale(period float64) (x, y float64) {
	w, h := float64(c.rect.Dx()), float64(c.rect.Dy())
	across := (unwrap(c.x[1]-c.x[0], 0, period) + unwrap(c.x[3]-c.x[2], 0, period)) / w / 2
	down := (unwrap(c.x[2]-c.x[0], 0, period) + unwrap(c.x[3]-c.x[1], 0, period)) / h / 2
	if c.pixelsX == nil { // corners that are right need no unwrapping, and may be far apart
		across, down = (c.x[1]-c.x[0]+c.x[3]-c.x[2])/w/2, (c.x[2]-c.x[0]+c.x[3]-c.x[1])/h/2
	}
	return math.Hypot(across, down), math.Hypot((c.y[1]-c.y[0]+c.y[3]-c.y[2])/w/2, (c.y[2]-c.y[0]+c.y[3]-c.y[1])/h/2)
}

// unwrap returns that x of all x + n*period which is nearest to a place.
func unwrap(x, near, period float64) float64 {
	if period == 0 || near != near {
		return x
	}
	return x - period*math.Round((x-near)/period)
}
