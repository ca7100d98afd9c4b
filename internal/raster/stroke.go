package raster

import (
	"context"
	"image"
	"math"

	"github.com/lukeroth/gdal"
	"github.com/paulmach/orb"

	"github.com/terrane/terrane/internal/resample"
)

// webMercator's degrees need no PROJ.
const webMercator = "EPSG:3857"

// ground is a box in degrees.
type ground struct{ west, south, east, north float64 }

func (g ground) turned(turn float64) ground {
	g.west, g.east = g.west+360*turn, g.east+360*turn
	return g
}

// ground returns what the picture covers, in its own turn of longitudes, and a little more: the outline between its points may bulge. Of one that
// goes round the globe and on, it is one turn around the middle, where pixels that are there twice have neighbours on both sides.
func (p *picture) ground() ground {
	b, e := p.Bound, p.extent()
	switch {
	case p.crs.geographic:
		b.Min[0], b.Max[0] = e.Min[0], e.Max[0]
	case p.crs.horizontal == webMercator:
		b.Min[0], b.Max[0] = e.Min[0]/p.crs.turn*360, e.Max[0]/p.crs.turn*360
	}
	if middle := (b.Min[0] + b.Max[0]) / 2; b.Max[0]-b.Min[0] > 360 {
		b.Min[0], b.Max[0] = middle-180, middle+180
	}
	x, y := (b.Max[0]-b.Min[0])/100+2*p.Resolution.Degrees, (b.Max[1]-b.Min[1])/100+2*p.Resolution.Degrees
	if b.Max[0]-b.Min[0]+2*x > 360 {
		x = 0
	}
	return ground{b.Min[0] - x, b.Min[1] - y, b.Max[0] + x, b.Max[1] + y}
}

// stroke is a file on one turn of a window, and where its pixels lie.
type stroke struct {
	*picture
	ds     gdal.Dataset
	window Window
	turn   float64
	lender *lender
	field  *resample.Field
}

// place makes a field whose positions are shifted.
func (s *stroke) place(r image.Rectangle, shift float64) (*resample.Field, error) {
	t, err := s.lender.borrow()
	if err != nil {
		return nil, refuse(s.path, ErrCRS, crsAdvice, "%v", err)
	}
	defer s.lender.giveBack(t)
	place := s.placing(s.window, s.turn, t)
	return resample.NewField(r, func(x, y []float64) {
		place(x, y)
		for i := range x {
			x[i], y[i] = x[i]+shift, y[i]+shift
		}
	}, resample.FieldOptions{Tolerance: tolerance}), nil
}

// scaled returns the field of a choice.
func (s *stroke) scaled(r image.Rectangle, c choice) (*resample.Field, error) {
	field := s.field
	if c.shift > 0 {
		var err error
		if field, err = s.place(r, c.shift); err != nil {
			return nil, err
		}
	}
	return field.Scaled(1/c.spanX(), 1/c.spanY()), nil
}

// placing returns where the pixels of a window lie in the picture, on one turn round the globe.
func (p *picture) placing(w Window, turn float64, t transform) resample.Place {
	return func(x, y []float64) {
		w.degrees(x, y)
		for i := range x {
			x[i] -= 360 * turn
		}
		switch p.crs.horizontal {
		case lonLat:
		case webMercator:
			for i := range x {
				x[i], y[i] = x[i]*math.Pi/180*metresPerRadian, math.Asinh(math.Tan(y[i]*math.Pi/180))*metresPerRadian
			}
		default:
			p.transform(t, x, y)
		}
		for i := range x {
			x[i], y[i] = apply(p.inverse, x[i], y[i])
		}
	}
}

// transform takes degrees into the picture's reference; geographic longitudes stay on their turn, x of a cylindrical projection is on the picture's.
func (p *picture) transform(t transform, x, y []float64) {
	if !p.crs.geographic {
		t.points(x, y)
		middle, _ := apply(p.Transform, float64(p.Cols)/2, float64(p.Rows)/2)
		for i := range x {
			x[i] = p.crs.toward(x[i], middle)
		}
		return
	}
	for i := range x {
		before := x[i]
		x[i] = math.Remainder(before, 360)
		t.points(x[i:i+1], y[i:i+1])
		x[i] += 360 * math.Round((before-x[i])/360)
	}
}

// touches tells whether a box of positions holds any pixel.
func (p *picture) touches(b resample.Box) bool {
	return b.MaxX >= -1 && b.MaxY >= -1 && b.MinX <= float64(p.Cols)+1 && b.MinY <= float64(p.Rows)+1
}

// choice is a level and how often its pixels are halved.
type choice struct {
	level
	x, y uint
}

// size returns the choice's columns and rows; one more each where positions are shifted, as those at the far edge then lie beyond the last pixel.
func (c choice) size() (cols, rows int) {
	more := 0
	if c.shift > 0 {
		more = 1
	}
	return (c.cols+1<<c.x-1)>>c.x + more, (c.rows+1<<c.y-1)>>c.y + more
}

// spanX and spanY return how many pixels of the raster one of the choice spans.
func (c choice) spanX() float64 { return c.level.x * float64(int(1)<<c.x) }
func (c choice) spanY() float64 { return c.level.y * float64(int(1)<<c.y) }

// sharpest is how much coarser than the window a level may be. coarsest is how much finer it may be without being averaged.
const sharpest, coarsest = 4.0 / 3, 1.5

// choose returns what to read where x columns and y rows of the raster go to a pixel.
func (p *picture) choose(x, y float64) choice {
	slack := sharpest
	if p.kernel == resample.Nearest {
		slack = 1.01
	}
	c := choice{level: p.levels[0]}
	for _, l := range p.levels[1:] {
		if l.x <= x*slack && l.y <= y*slack {
			c.level = l
		}
	}
	if p.kernel != resample.Nearest {
		c.x, c.y = halvings(x/c.level.x), halvings(y/c.level.y)
	}
	return c
}

func halvings(scale float64) uint {
	if !(scale > coarsest) {
		return 0
	}
	return uint(min(24, math.Ceil(math.Log2(scale/coarsest))))
}

// even tells whether all quarters of a rectangle want the same choice.
func (s *stroke) even(r image.Rectangle, c choice) bool {
	for _, q := range quartered(r) {
		if x, y := s.field.Scale(q); x == x && s.choose(x, y) != c {
			return false
		}
	}
	return true
}

// ring tells that the raster goes round the globe in a whole number of pixels, so that its first column follows its last.
func (p *picture) ring() bool {
	t := p.Transform
	return p.crs.turn > 0 && t[2] == 0 && t[4] == 0 && math.Abs(float64(p.Cols)*math.Abs(t[1])-p.crs.turn) < aligned*math.Abs(t[1])
}

// reading returns the pixels of a choice that the kernel needs for a box of positions of the raster. Columns of a ring may lie beyond it.
func (s *stroke) reading(c choice, b resample.Box) window {
	reach := s.kernel.Reach()
	x, y := c.spanX(), c.spanY()
	cols, rows := c.size()
	limit := orb.Bound{Max: orb.Point{float64(cols), float64(rows)}}
	if s.ring() && c.cols&(1<<c.x-1) == 0 && c.shift == 0 {
		limit.Min[0], limit.Max[0] = -float64(reach), float64(cols+reach)
	}
	span := func(lo, hi, least, most float64) (int, int) {
		a := max(least, min(most-1, math.Floor(lo)-float64(reach)))
		b := max(a+1, min(most, math.Floor(hi)+1+float64(reach)))
		return int(a), int(b - a)
	}
	var w window
	w.col, w.cols = span((b.MinX+c.shift)/x, (b.MaxX+c.shift)/x, limit.Min[0], limit.Max[0])
	w.row, w.rows = span((b.MinY+c.shift)/y, (b.MaxY+c.shift)/y, limit.Min[1], limit.Max[1])
	return w
}

// fetch reads a window of a choice.
func (b *brush) fetch(ctx context.Context, s *stroke, c choice, w window) (resample.Source, error) {
	out := &image.NRGBA{Pix: sized(&b.memory.source, 4*w.cols*w.rows), Stride: 4 * w.cols, Rect: image.Rect(w.col, w.row, w.col+w.cols, w.row+w.rows)}
	cols, _ := c.size()
	for turn := floorDiv(w.col, cols); turn*cols < w.col+w.cols; turn++ {
		lo, hi := max(w.col, turn*cols), min(w.col+w.cols, (turn+1)*cols)
		part := &image.NRGBA{Pix: out.Pix[4*(lo-w.col):], Stride: out.Stride, Rect: image.Rect(lo-turn*cols, w.row, hi-turn*cols, w.row+w.rows)}
		if err := b.fetchPart(ctx, s, c, part); err != nil {
			return resample.Source{}, err
		}
	}
	return resample.Source{Pix: out, Opaque: s.solid() || resample.Opaque(out, out.Rect)}, nil
}

// solid tells that no pixel can be less than opaque.
func (p *picture) solid() bool {
	return p.plain() && p.alpha == 0 && !p.masked && p.nodata == nil && (p.look != palette || len(p.palette) == 256 && !p.fades())
}

// fetchPart reads pixels of a choice that lie in the raster: as they are, or averaged strip by strip.
func (b *brush) fetchPart(ctx context.Context, s *stroke, c choice, out *image.NRGBA) error {
	r := out.Rect
	if c.x == 0 && c.y == 0 {
		return b.fetchPixels(ctx, s, c, out)
	}
	width := r.Dx() << c.x
	rows := max(1, bytePiece/width>>c.y)
	for row := r.Min.Y; row < r.Max.Y; row += rows {
		strip := image.Rect(r.Min.X, row, r.Max.X, min(r.Max.Y, row+rows))
		full := image.Rect(strip.Min.X<<c.x, strip.Min.Y<<c.y, strip.Max.X<<c.x, strip.Max.Y<<c.y)
		src := &image.NRGBA{Pix: sized(&b.memory.thin, 4*full.Dx()*full.Dy()), Stride: 4 * full.Dx(), Rect: full}
		if err := b.fetchPixels(ctx, s, c, src); err != nil {
			return err
		}
		to := &image.NRGBA{Pix: out.Pix[(row-r.Min.Y)*out.Stride:], Stride: out.Stride, Rect: strip}
		resample.Shrink(to, resample.Source{Pix: src, Opaque: s.solid()}, c.x, c.y)
	}
	return nil
}

// fetchPixels reads pixels of a level; what lies right of and below it is like its edge.
func (b *brush) fetchPixels(ctx context.Context, s *stroke, c choice, out *image.NRGBA) error {
	r := out.Rect
	r.Min.X, r.Min.Y = min(r.Min.X, c.cols-1), min(r.Min.Y, c.rows-1)
	there := r.Intersect(image.Rect(0, 0, c.cols, c.rows))
	if err := s.read(ctx, s.ds, c.level, window{there.Min.X, there.Min.Y, there.Dx(), there.Dy()}, out, &b.memory.paints); err != nil {
		return err
	}
	repeatEdges(out, there)
	return nil
}

// repeatEdges fills what lies right of and below the part that was read, so that averages at the edge are of what is there.
func repeatEdges(m *image.NRGBA, read image.Rectangle) {
	for row := m.Rect.Min.Y; row < m.Rect.Max.Y; row++ {
		line := m.Pix[(row-m.Rect.Min.Y)*m.Stride:][:4*m.Rect.Dx()]
		if row >= read.Max.Y {
			copy(line, m.Pix[(read.Max.Y-1-m.Rect.Min.Y)*m.Stride:][:len(line)])
			continue
		}
		for at := 4 * read.Dx(); at < len(line); at += 4 {
			copy(line[at:at+4], line[4*read.Dx()-4:])
		}
	}
}
