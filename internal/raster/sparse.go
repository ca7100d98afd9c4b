package raster

import (
	"context"
	"image"
	"math"

	"github.com/lukeroth/gdal"

	"github.com/terrane/terrane/internal/resample"
)

// A sparse file stores no block where there is nothing. What is not stored reads as one value everywhere, so a single pixel
// says whether a window of it is void.

// absent tells that a window of heights is void because the file stores nothing there.
func (d *dem) absent(ds gdal.Dataset, w window, m *scratch) (bool, error) {
	band := ds.RasterBand(1)
	if !isSparse(band, w) || d.decode.masked && !isSparse(band.GetMaskBand(), w) {
		return false, nil
	}
	one := [1]float32{nan32}
	err := d.decodePiece(ds, window{w.col, w.row, 1, 1}, grid{1, 1, 1, one[:]}, m)
	return math.IsNaN(float64(one[0])), err
}

// absent tells that a window of a level is transparent because the file stores nothing there.
func (p *picture) absent(ctx context.Context, ds gdal.Dataset, l level, w window, m *paints) (bool, error) {
	if p.solid() {
		return false, nil
	}
	bands := p.handles(ds, l, p.wanted())
	if p.masked {
		bands = append(bands, bands[0].GetMaskBand())
	}
	for _, b := range bands {
		if !isSparse(b, w) {
			return false, nil
		}
	}
	one := image.NewNRGBA(image.Rect(0, 0, 1, 1))
	err := p.read(ctx, ds, l, window{w.col, w.row, 1, 1}, one, m)
	return one.Pix[3] == 0, err
}

// absent tells that all pixels of a choice that lie in a window are transparent because the file stores nothing there.
func (s *stroke) absent(ctx context.Context, c choice, w window, m *paints) (bool, error) {
	r := image.Rect(w.col<<c.x, w.row<<c.y, (w.col+w.cols)<<c.x, (w.row+w.rows)<<c.y)
	if r.Min.X < 0 || w.col+w.cols > (c.cols+1<<c.x-1)>>c.x { // of a ring, or moved
		return false, nil
	}
	r = r.Intersect(image.Rect(0, 0, c.cols, c.rows))
	if r.Empty() {
		return false, nil
	}
	return s.picture.absent(ctx, s.ds, c.level, window{r.Min.X, r.Min.Y, r.Dx(), r.Dy()}, m)
}

// Blank tells that a window shows nothing, as far as that is known without reading its pixels: no file reaches into it, or
// those that do are sparse and store nothing there. False says nothing.
func (p *Pictures) Blank(ctx context.Context, w Window) (bool, error) {
	b := &brush{pictures: p, window: w, memory: p.borrowMemory()}
	defer p.scratch.Put(b.memory)
	for _, f := range p.top {
		for turn, r := range b.turns(f) {
			if f.solid() {
				return false, nil
			}
			if blank, err := b.blank(ctx, f, r, turn); err != nil || !blank {
				return false, err
			}
		}
	}
	return true, nil
}

// Whether a file stores anything for a rectangle need not be known to the pixel: it is placed by every so manieth pixel only,
// and what may be wrong is looked at too.
const rough, roughSlack = 32, 8

// blank tells whether a file stores nothing for a rectangle, on one turn round the globe.
func (b *brush) blank(ctx context.Context, f *picture, r image.Rectangle, turn float64) (bool, error) {
	s := &stroke{picture: f, window: b.window, turn: turn, lender: b.pictures.lenders[f.crs.horizontal]}
	x, y, box, err := s.roughly(r)
	if err != nil || !f.touches(box) {
		return err == nil, err
	}
	h, err := b.pictures.pool.borrow(ctx, &f.dem)
	if err != nil {
		return false, err
	}
	defer b.pictures.pool.giveBack(h)
	s.ds = h.ds
	c := s.choose(x, y)
	return s.absent(ctx, c, s.reading(c, box), &b.memory.paints)
}

// roughly returns how many columns and rows of the raster go to a pixel of a rectangle, and a box around their positions.
func (s *stroke) roughly(r image.Rectangle) (x, y float64, box resample.Box, err error) {
	t, err := s.lender.borrow()
	if err != nil {
		return 0, 0, box, refuse(s.path, ErrCRS, crsAdvice, "%v", err)
	}
	defer s.lender.giveBack(t)
	place := s.placing(s.window, s.turn, t)
	around := image.Rect(-1, -1, r.Dx()/rough+2, r.Dy()/rough+2)
	field := resample.NewField(around, func(x, y []float64) {
		for i := range x {
			x[i], y[i] = float64(r.Min.X)+x[i]*rough, float64(r.Min.Y)+y[i]*rough
		}
		place(x, y)
	}, resample.FieldOptions{Tolerance: roughSlack / 2})
	x, y = field.Scale(around)
	box = field.Bounds(around)
	box.MinX, box.MinY, box.MaxX, box.MaxY = box.MinX-roughSlack, box.MinY-roughSlack, box.MaxX+roughSlack, box.MaxY+roughSlack
	return x / rough, y / rough, box, nil
}

// Void tells that no post of a window has a height, as far as that is known without reading pixels: no file reaches there, or
// those that do are sparse and store nothing there. False says nothing.
func (s *Stack) Void(ctx context.Context, w Lattice) (bool, error) {
	for _, l := range s.layers {
		for _, part := range l.crop(view{Lattice: w, stride: w.Cols}) {
			if void, err := s.voidPart(ctx, l, part.Lattice); err != nil || !void {
				return false, err
			}
		}
	}
	return true, nil
}

func (s *Stack) voidPart(ctx context.Context, l *layer, w Lattice) (bool, error) {
	step := l.thinning(w.Step())
	cells, err := l.cells(w, step)
	if err != nil || cells.cols == 0 || cells.rows == 0 {
		return err == nil, err
	}
	pixels := image.Rect(cells.col*step, cells.row*step, (cells.col+cells.cols)*step, (cells.row+cells.rows)*step)
	if l.period > 0 && !pixels.In(image.Rect(0, math.MinInt, l.period, math.MaxInt)) { // round the globe
		return false, nil
	}
	for _, f := range l.files {
		r := pixels.Intersect(image.Rect(f.col, f.row, f.col+f.Cols, f.row+f.Rows)).Sub(image.Pt(f.col, f.row))
		if r.Empty() {
			continue
		}
		if absent, err := s.absent(ctx, f.dem, window{r.Min.X, r.Min.Y, r.Dx(), r.Dy()}); err != nil || !absent {
			return false, err
		}
	}
	return true, nil
}

// cells returns the cells that the posts of a window need.
func (l *layer) cells(w Lattice, step int) (out window, err error) {
	if l.plain {
		out.col, out.cols = l.columns(w, step, make([]place, w.Cols))
		out.row, out.rows = l.lines(w, step, make([]place, w.Rows))
		return out, nil
	}
	t, err := l.lender.borrow()
	if err != nil {
		return out, refuse(l.files[0].path, ErrCRS, crsAdvice, "%v", err)
	}
	defer l.lender.giveBack(t)
	reach := l.newMesh(t, w, l.spacing(t, w.Level)).reach()
	if !(reach.Min[0] <= reach.Max[0] && reach.Min[1] <= reach.Max[1]) {
		return out, nil
	}
	return cellsOf(reach.Min[0], reach.Min[1], reach.Max[0], reach.Max[1], step), nil
}

func (s *Stack) absent(ctx context.Context, d *dem, w window) (bool, error) {
	h, err := s.pool.borrow(ctx, d)
	if err != nil {
		return false, err
	}
	defer s.pool.giveBack(h)
	m := s.borrowScratch()
	defer s.scratch.Put(m)
	return d.absent(h.ds, w, m)
}
