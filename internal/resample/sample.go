package resample

import (
	"encoding/binary"
	"image"
	"math"
)

// Positions in a window are fixed-point numbers with so many binary places: a run of 64 pixels strays by less than 1/30 000 of a pixel.
const (
	places = 20
	whole  = 1 << places
)

// nudge is added to positions before they are cut to whole pixels, so that noise in the last digits does not move a position off a border. gdalwarp does so too.
const nudge = 1e-6

// Reach returns how many pixels beyond the one that holds a position a kernel may read; nearest too, since a position on a border may be taken for either side.
func (k Kernel) Reach() int {
	if k == Cubic {
		return 2
	}
	return 1
}

// Sample writes every pixel of r that lies in dst: what src has at its place, transparent where that is nothing or the field has no place. It composes nothing; see [Over].
//
// A pixel is written if the source pixel that holds its place exists and is not wholly transparent, as gdalwarp decides it: data end sharply, at the same pixel. Its colour and
// alpha are weighted over those pixels under the kernel that exist and are not wholly transparent. Cubic is bilinear where one of its 16 pixels is missing.
func (f *Field) Sample(dst *image.NRGBA, r image.Rectangle, src Source, k Kernel) {
	r = r.Intersect(dst.Rect)
	if !f.full || !r.In(f.rect) || src.empty() {
		clearRect(dst, r)
	}
	if src.empty() {
		return
	}
	w := newWindow(src, k)
	for i := range f.cells {
		c := &f.cells[i]
		part := c.rect.Intersect(r)
		for row := part.Min.Y; row < part.Max.Y; row++ {
			out := dst.Pix[dst.PixOffset(part.Min.X, row):][:4*part.Dx()]
			if c.pixelsX == nil {
				x, y, dx, dy := c.line(part.Min.X, row)
				w.run(out, line{x*f.scaleX - w.left, y*f.scaleY - w.top, dx * f.scaleX, dy * f.scaleY})
				continue
			}
			at := c.at(part.Min.X, row)
			for n := range part.Dx() {
				w.pixel(out[4*n:4*n+4], c.pixelsX[at+n]*f.scaleX-w.left, c.pixelsY[at+n]*f.scaleY-w.top)
			}
		}
	}
}

func (s Source) empty() bool { return s.Pix == nil || s.Pix.Rect.Empty() }

func clearRect(m *image.NRGBA, r image.Rectangle) {
	r = r.Intersect(m.Rect)
	for row := r.Min.Y; row < r.Max.Y; row++ {
		clear(m.Pix[m.PixOffset(r.Min.X, row):][:4*r.Dx()])
	}
}

// window is a source with positions counted from its north-west corner.
type window struct {
	pix        []uint8
	stride     int
	cols, rows int
	left, top  float64
	opaque     bool
	kernel     Kernel
}

func newWindow(s Source, k Kernel) *window {
	r := s.Pix.Rect
	return &window{
		pix: s.Pix.Pix, stride: s.Pix.Stride, cols: r.Dx(), rows: r.Dy(),
		left: float64(r.Min.X), top: float64(r.Min.Y), opaque: s.Opaque, kernel: k,
	}
}

// line is a row of places in a window, at even steps.
type line struct{ x, y, dx, dy float64 }

func (l line) at(n int) (x, y float64) { return l.x + l.dx*float64(n), l.y + l.dy*float64(n) }

// slowRun is the most pixels that are drawn one by one to find where the fast part of a run begins.
const slowRun = 4

// run draws pixels along a line: fast where the kernel stays inside the window from end to end, else in halves.
func (w *window) run(out []uint8, l line) {
	n := len(out) / 4
	x, y := l.at(n - 1)
	if w.outside(l.x, x, w.cols) || w.outside(l.y, y, w.rows) {
		clear(out)
		return
	}
	if w.fast(out, l) {
		return
	}
	if n > slowRun {
		half := n / 2
		w.run(out[:4*half], l)
		l.x, l.y = l.at(half)
		w.run(out[4*half:], l)
		return
	}
	for i := range n {
		x, y := l.at(i)
		w.pixel(out[4*i:4*i+4], x, y)
	}
}

// outside tells whether positions from a to b lie beyond the window.
func (w *window) outside(a, b float64, size int) bool {
	return max(a, b) < -nudge || min(a, b)+nudge >= float64(size)
}

// steps are the places of a run as fixed-point numbers.
type steps struct{ x, y, dx, dy int }

// placeX and placeY return the place that [window.fixed] was given.
func (s steps) placeX() float64 { return float64(s.x-1<<(places-9))/whole + 0.5 }
func (s steps) placeY() float64 { return float64(s.y-1<<(places-9))/whole + 0.5 }

// fixed turns a line into steps from the pixel before a place, if pixels first to first+size-1 from there lie in the window all along. Half of the finest place that weights know is
// added, so that cutting rounds.
func (w *window) fixed(l line, n, first, size int) (s steps, ok bool) {
	if !(math.Abs(l.dx)+math.Abs(l.dy) <= 1<<20) {
		return s, false
	}
	s = steps{toFixed(l.x-0.5) + 1<<(places-9), toFixed(l.y-0.5) + 1<<(places-9), toFixed(l.dx), toFixed(l.dy)}
	return s, w.holds(s, n, first, size)
}

func (w *window) holds(s steps, n, first, size int) bool {
	endX, endY := s.x+(n-1)*s.dx, s.y+(n-1)*s.dy
	lowest := min(min(s.x, endX)>>places, min(s.y, endY)>>places) + first
	right, bottom := max(s.x, endX)>>places+first+size, max(s.y, endY)>>places+first+size
	return lowest >= 0 && right <= w.cols && bottom <= w.rows
}

func toFixed(v float64) int { return int(math.Floor(v*whole + 0.5)) }

// fast draws a run whose kernel lies in the window from end to end, or tells that it does not.
func (w *window) fast(out []uint8, l line) bool {
	n := len(out) / 4
	switch {
	case l.aligned(n) || w.kernel == Nearest:
		s := steps{toFixed(l.x + nudge), toFixed(l.y + nudge), toFixed(l.dx), toFixed(l.dy)}
		if !(math.Abs(l.dx)+math.Abs(l.dy) <= 1<<20) || !w.holds(s, n, 0, 1) {
			return false
		}
		w.nearestRun(out, s)
		return true
	case w.kernel == Cubic:
		s, ok := w.fixed(l, n, -1, 4)
		if ok {
			w.cubicRun(out, s)
		}
		return ok
	}
	s, ok := w.fixed(l, n, 0, 2)
	switch {
	case ok && w.opaque && s.level(n):
		w.levelRun(out, s)
	case ok && w.opaque:
		w.bilinearRun(out, s)
	case ok:
		w.bilinearAlphaRun(out, s)
	}
	return ok
}

// aligned tells whether each of n places is the centre of a source pixel, the next the next's: there is nothing to interpolate.
func (l line) aligned(n int) bool {
	const noise = 1e-5
	if math.Abs(l.dx-1)*float64(n) > noise || math.Abs(l.dy)*float64(n) > noise {
		return false
	}
	x, y := l.x-0.5, l.y-0.5
	return math.Abs(x-math.Round(x)) < noise && math.Abs(y-math.Round(y)) < noise
}

func (w *window) nearestRun(out []uint8, s steps) {
	if s.dx == whole && s.dy == 0 {
		from := (s.y>>places)*w.stride + (s.x>>places)*4
		copy(out, w.pix[from:])
		return
	}
	for i := 0; i+4 <= len(out); i += 4 {
		at := (s.y>>places)*w.stride + (s.x>>places)*4
		binary.LittleEndian.PutUint32(out[i:], binary.LittleEndian.Uint32(w.pix[at:]))
		s.x, s.y = s.x+s.dx, s.y+s.dy
	}
}
