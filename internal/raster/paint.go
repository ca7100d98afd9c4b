package raster

import (
	"context"
	"fmt"
	"image"
	"iter"
	"math"

	"github.com/terrane/terrane/internal/resample"
	"github.com/terrane/terrane/tilegrid"
)

// Window is a rectangle of the pixels of a whole level of a grid: x counts from longitude -180, y from the NORTH downwards. x may lie beyond the level on either side: it goes on round the
// globe.
type Window struct {
	Grid     tilegrid.Grid
	Level    uint8
	TileSize int // pixels a side
	Rect     image.Rectangle
}

// maxPainted bounds a window: 16 tiles of 4096 pixels.
const maxPainted = 1 << 28

func (w Window) check(dst *image.NRGBA) error {
	if w.Level > tilegrid.MaxLevel || w.TileSize < 1 || w.TileSize > 1<<14 || w.Rect.Empty() || w.Rect.Dx()*w.Rect.Dy() > maxPainted || dst.Rect.Size() != w.Rect.Size() {
		return fmt.Errorf("%w: level %d, tiles of %d pixels, %v into %v", ErrLattice, w.Level, w.TileSize, w.Rect, dst.Rect)
	}
	return nil
}

// size returns the pixels of the whole level.
func (w Window) size() (cols, rows float64) {
	c, r := w.Grid.Size(w.Level)
	return float64(c) * float64(w.TileSize), float64(r) * float64(w.TileSize)
}

// degrees turns positions into longitudes, not wrapped, and latitudes, in place; NaN beyond a pole.
func (w Window) degrees(x, y []float64) {
	cols, rows := w.size()
	mercator := w.Grid == tilegrid.Mercator
	for i := range x {
		x[i] = x[i]/cols*360 - 180
		switch {
		case mercator:
			y[i] = math.Atan(math.Sinh(math.Pi*(1-2*y[i]/rows))) * 180 / math.Pi
		case y[i] < 0 || y[i] > rows:
			y[i] = math.NaN()
		default:
			y[i] = 90 - y[i]/rows*180
		}
	}
}

// pixels returns the rectangle of the window's pixels that ground reaches; its longitudes are taken as they are.
func (w Window) pixels(g ground) image.Rectangle {
	cols, rows := w.size()
	down := func(lat float64) float64 {
		if w.Grid == tilegrid.Mercator {
			lat = max(-89.999, min(89.999, lat))
			return (0.5 - math.Asinh(math.Tan(lat*math.Pi/180))/(2*math.Pi)) * rows
		}
		return (90 - lat) / 180 * rows
	}
	clamp := func(v float64, lo, hi int) int { return int(max(float64(lo), min(float64(hi), v))) }
	r := w.Rect
	return image.Rect(
		clamp(math.Floor((g.west+180)/360*cols), r.Min.X, r.Max.X), clamp(math.Floor(down(g.north)), r.Min.Y, r.Max.Y),
		clamp(math.Ceil((g.east+180)/360*cols), r.Min.X, r.Max.X), clamp(math.Ceil(down(g.south)), r.Min.Y, r.Max.Y))
}

// Paint fills dst, which has the size of the window, with what the pictures show there: those on top over those below, transparent where there is nothing. It tells whether every pixel is
// opaque. A pixel's colour is that of its centre's place; positions are right to 0.02 pixels of the source. Where a source is finer than the window by 1.5 or more, its overviews are read and what is
// still finer is averaged (values as they are stored, weighted by alpha); with the nearest kernel one pixel is picked. A read error of any block is an error.
func (p *Pictures) Paint(ctx context.Context, w Window, dst *image.NRGBA) (opaque bool, err error) {
	if err := w.check(dst); err != nil {
		return false, err
	}
	b := &brush{pictures: p, window: w, dst: &image.NRGBA{Pix: dst.Pix, Stride: dst.Stride, Rect: w.Rect}, memory: p.borrowMemory()}
	defer p.scratch.Put(b.memory)
	for r := range w.Rect.Dy() {
		clear(dst.Pix[r*dst.Stride:][:4*w.Rect.Dx()])
	}
	for _, f := range p.top {
		if err := b.paint(ctx, f); err != nil {
			return false, err
		}
	}
	return resample.Opaque(b.dst, w.Rect), nil
}

// brush paints one window.
type brush struct {
	pictures *Pictures
	window   Window
	dst      *image.NRGBA
	done     []image.Rectangle // where something may be already
	memory   *memory
}

// memory is used again by the next window.
type memory struct {
	paints
	source, thin, over, reach []uint8
	kept                      []float64
}

func (p *Pictures) borrowMemory() *memory {
	if m, ok := p.scratch.Get().(*memory); ok {
		return m
	}
	return &memory{}
}

// turns yields the turns round the globe on which the window touches a file, and where.
func (b *brush) turns(f *picture) iter.Seq2[float64, image.Rectangle] {
	g := f.ground()
	cols, _ := b.window.size()
	west, east := float64(b.window.Rect.Min.X)/cols*360-180, float64(b.window.Rect.Max.X)/cols*360-180
	return func(yield func(float64, image.Rectangle) bool) {
		for turn := math.Floor((west - g.east) / 360); turn <= math.Ceil((east-g.west)/360); turn++ {
			if r := b.window.pixels(g.turned(turn)); !r.Empty() && !yield(turn, r) {
				return
			}
		}
	}
}

// paint lays a file under what is there, on every turn round the globe that the window touches.
func (b *brush) paint(ctx context.Context, f *picture) error {
	for turn, r := range b.turns(f) {
		if b.covered(r) {
			continue
		}
		if err := b.paintTurn(ctx, f, r, turn); err != nil {
			return err
		}
		b.done = append(b.done, r)
	}
	return nil
}

// touched tells whether something may be painted in r already.
func (b *brush) touched(r image.Rectangle) bool {
	for _, d := range b.done {
		if d.Overlaps(r) {
			return true
		}
	}
	return false
}

// covered tells that nothing painted under r would be seen.
func (b *brush) covered(r image.Rectangle) bool { return b.touched(r) && resample.Opaque(b.dst, r) }

func (b *brush) paintTurn(ctx context.Context, f *picture, r image.Rectangle, turn float64) (err error) {
	s := &stroke{picture: f, window: b.window, turn: turn, lender: b.pictures.lenders[f.crs.horizontal]}
	if s.field, err = s.place(r, 0); err != nil || !f.touches(s.field.Bounds(r)) {
		return err
	}
	h, err := b.pictures.pool.borrow(ctx, &f.dem)
	if err != nil {
		return err
	}
	defer b.pictures.pool.giveBack(h)
	s.ds = h.ds
	return b.draw(ctx, s, r)
}

// Limits of one read: most pixels in memory, and how small a rectangle is cut for the sake of even scales.
const maxRead, minEven = 1 << 24, 128

// draw paints a rectangle, in quarters if its parts want different levels, or more pixels than memory should hold.
func (b *brush) draw(ctx context.Context, s *stroke, r image.Rectangle) error {
	bounds := s.field.Bounds(r)
	if !s.touches(bounds) {
		return nil
	}
	c := s.choose(s.field.Scale(r))
	w := s.reading(c, bounds)
	if absent, err := s.absent(ctx, c, w, &b.memory.paints); absent || err != nil {
		return err
	}
	if w.cols*w.rows > maxRead && r.Dx()*r.Dy() > 1 || (r.Dx() > minEven || r.Dy() > minEven) && !s.even(r, c) {
		for _, q := range quartered(r) {
			if err := b.draw(ctx, s, q); err != nil {
				return err
			}
		}
		return nil
	}
	src, err := b.fetch(ctx, s, c, w)
	if err != nil {
		return err
	}
	field, err := s.scaled(r, c)
	if err != nil {
		return err
	}
	if !b.touched(r) {
		field.Sample(b.dst, r, src, s.kernel)
		b.trim(s, c, w, b.dst, r)
		return nil
	}
	under := &image.NRGBA{Pix: sized(&b.memory.over, 4*r.Dx()*r.Dy()), Stride: 4 * r.Dx(), Rect: r}
	field.Sample(under, r, src, s.kernel)
	b.trim(s, c, w, under, r)
	resample.Over(under, b.dst, r)
	for row := r.Min.Y; row < r.Max.Y; row++ {
		copy(b.dst.Pix[b.dst.PixOffset(r.Min.X, row):][:4*r.Dx()], under.Pix[under.PixOffset(r.Min.X, row):])
	}
	return nil
}

// quartered cuts a rectangle in up to four.
func quartered(r image.Rectangle) []image.Rectangle {
	x, y := r.Min.X+(r.Dx()+1)/2, r.Min.Y+(r.Dy()+1)/2
	var out []image.Rectangle
	for _, q := range [4]image.Rectangle{
		image.Rect(r.Min.X, r.Min.Y, x, y), image.Rect(x, r.Min.Y, r.Max.X, y),
		image.Rect(r.Min.X, y, x, r.Max.Y), image.Rect(x, y, r.Max.X, r.Max.Y),
	} {
		if !q.Empty() {
			out = append(out, q)
		}
	}
	return out
}

// trim clears pixels beyond the edges of the raster, where the last pixel of averages reaches over them.
func (b *brush) trim(s *stroke, c choice, w window, dst *image.NRGBA, r image.Rectangle) {
	const slack = 0.001
	if float64(w.col+w.cols)*c.spanX()-c.shift <= float64(s.Cols)+slack && float64(w.row+w.rows)*c.spanY()-c.shift <= float64(s.Rows)+slack {
		return
	}
	inside := &image.NRGBA{Pix: sized(&b.memory.reach, 4*r.Dx()*r.Dy()), Stride: 4 * r.Dx(), Rect: r}
	whole := resample.Source{Pix: &image.NRGBA{Pix: []uint8{255, 255, 255, 255}, Stride: 4, Rect: image.Rect(0, 0, 1, 1)}, Opaque: true}
	s.field.Scaled(1/float64(s.Cols), 1/float64(s.Rows)).Sample(inside, r, whole, resample.Nearest)
	for row := r.Min.Y; row < r.Max.Y; row++ {
		line := dst.Pix[dst.PixOffset(r.Min.X, row):][:4*r.Dx()]
		keep := inside.Pix[inside.PixOffset(r.Min.X, row):]
		for i := 0; i < len(line); i += 4 {
			if keep[i+3] == 0 {
				clear(line[i : i+4])
			}
		}
	}
}
