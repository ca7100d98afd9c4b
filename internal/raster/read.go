package raster

import (
	"context"
	"fmt"
	"math"

	"github.com/lukeroth/gdal"
)

// block is a rectangle of heights of a layer, NaN where there are none. Columns and rows count cells of step x step pixels.
type block struct {
	window
	step    int
	heights []float32
	*scratch
}

// scratch is the memory of one read, used again by the next. The heights of a block live in it.
type scratch struct {
	cells  []float32
	narrow []float32
	wide   []float64
	mask   []uint8
}

// sized returns n elements of buf, which grows if need be.
func sized[T any](buf *[]T, n int) []T {
	if cap(*buf) < n {
		*buf = make([]T, n)
	}
	return (*buf)[:n]
}

// borrowScratch returns memory that goes back by s.scratch.Put.
func (s *Stack) borrowScratch() *scratch {
	if m, ok := s.scratch.Get().(*scratch); ok {
		return m
	}
	return &scratch{}
}

var nan32 = float32(math.NaN())

// readBlock reads a rectangle of cells. A cell of more than one pixel holds the pixel at its centre. Columns may lie beyond
// the layer on either side: on a layer with a period they are those of the other side, else NaN.
func (s *Stack) readBlock(ctx context.Context, l *layer, w window, step int, m *scratch) (block, error) {
	b := block{w, step, sized(&m.cells, w.cols*w.rows), m}
	for i := range b.heights {
		b.heights[i] = nan32
	}
	for _, f := range l.files {
		rows := spans(w.row, w.rows, f.row, f.Rows, step)
		if len(rows) == 0 {
			continue
		}
		if err := s.readColumns(ctx, l, &b, f, rows); err != nil {
			return block{}, err
		}
	}
	return b, nil
}

// readColumns reads what a file gives to a block, on every turn round the globe that the block touches.
func (s *Stack) readColumns(ctx context.Context, l *layer, b *block, f placed, rows []span) error {
	width, first, last := f.Cols, 0, 0
	if l.period > 0 {
		width = min(width, l.period)
		first = floorDiv(b.col*b.step-f.col-width, l.period)
		last = floorDiv((b.col+b.cols)*b.step-f.col, l.period)
	}
	for turn := first; turn <= last; turn++ {
		for _, cols := range spans(b.col, b.cols, f.col+turn*l.period, width, b.step) {
			for _, r := range rows {
				if err := s.readPart(ctx, b, f, cols, r); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// span is a run of cells of a block and the run of pixels of a file that it is read from.
type span struct{ to, cells, from, pixels int }

// spans cuts cells at..at+n against a file of size pixels that begins at pixel off. Cells that lie wholly inside the file
// are one span; a cell at either end that lies partly inside takes the pixel nearest to its centre. So what a cell holds
// depends on the cell only.
func spans(at, n, off, size, step int) []span {
	var out []span
	lo, hi := max(at, floorDiv(off, step)), min(at+n, floorDiv(off+size-1, step)+1)
	inLo, inHi := max(lo, floorDiv(off+step-1, step)), min(hi, floorDiv(off+size, step))
	partly := func(c int) {
		pixel := c*step + step/2 - off
		out = append(out, span{c - at, 1, max(0, min(size-1, pixel)), 1})
	}
	if lo >= hi {
		return nil
	}
	if inLo >= inHi {
		for c := lo; c < hi; c++ {
			partly(c)
		}
		return out
	}
	for c := lo; c < inLo; c++ {
		partly(c)
	}
	out = append(out, span{inLo - at, inHi - inLo, inLo*step - off, (inHi - inLo) * step})
	for c := inHi; c < hi; c++ {
		partly(c)
	}
	return out
}

func floorDiv(a, b int) int {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// readPart reads one rectangle of one file into a block.
func (s *Stack) readPart(ctx context.Context, b *block, f placed, cols, rows span) error {
	h, err := s.pool.borrow(ctx, f.dem)
	if err != nil {
		return err
	}
	defer s.pool.giveBack(h)
	w := window{cols.from, rows.from, cols.pixels, rows.pixels}
	target := b.heights[rows.to*b.cols+cols.to:]
	return f.dem.read(ctx, h.ds, w, grid{cols.cells, rows.cells, b.cols, target}, b.scratch)
}

// grid is where heights go: cols x rows of them, lines stride apart.
type grid struct {
	cols, rows, stride int
	heights            []float32
}

// read decodes a window of pixels into a grid, where the grid is NaN; a smaller grid is filled by nearest neighbour. Every
// failure of GDAL is an error. Thinning a raster without overviews decodes all of its blocks, so that goes in pieces, between
// which ctx may end it.
func (d *dem) read(ctx context.Context, ds gdal.Dataset, w window, g grid, m *scratch) error {
	band := ds.RasterBand(1)
	if w.cols <= g.cols && w.rows <= g.rows || band.OverviewCount() > 0 {
		return d.readPiece(ds, w, g, m)
	}
	width, height := band.BlockSize()
	for r, n := 0, 0; r < g.rows; r += n {
		rows := cut(r, axis{w.row, w.rows, g.rows, height}, max(height, maxPiece/w.cols))
		n = rows.cells
		for c, n := 0, 0; c < g.cols; c += n {
			if err := ctx.Err(); err != nil {
				return err
			}
			cols := cut(c, axis{w.col, w.cols, g.cols, width}, max(width, maxPiece/height))
			n = cols.cells
			part := window{cols.from, rows.from, cols.pixels, rows.pixels}
			if err := d.readPiece(ds, part, grid{n, rows.cells, g.stride, g.heights[r*g.stride+c:]}, m); err != nil {
				return err
			}
		}
	}
	return nil
}

// maxPiece is about how many pixels GDAL decodes between two looks at a context: a few tenths of a second.
const maxPiece = 1 << 23

// axis is one direction of a read: pixels of a file from one on, the cells that they become, and the side of a block.
type axis struct{ from, pixels, cells, block int }

// cut returns the cells from one on that lie in the same run of reach pixels, counted in whole blocks, so that few blocks are
// decoded twice. Where a cell is a whole number of pixels, it holds the same pixel however it is cut.
func cut(cell int, a axis, reach int) span {
	at := func(c int) int { return a.from + c*a.pixels/a.cells }
	end := (at(cell)/a.block + max(1, reach/a.block)) * a.block
	next := min(a.cells, cell+max(1, (end-at(cell))*a.cells/a.pixels))
	return span{cell, next - cell, at(cell), max(1, at(next)-at(cell))}
}

// readPiece is one read of GDAL, or none where the file stores nothing.
func (d *dem) readPiece(ds gdal.Dataset, w window, g grid, m *scratch) error {
	if absent, err := d.absent(ds, w, m); absent || err != nil {
		return err
	}
	return d.decodePiece(ds, w, g, m)
}

func (d *dem) decodePiece(ds gdal.Dataset, w window, g grid, m *scratch) error {
	band := ds.RasterBand(1)
	var mask []uint8
	if d.decode.masked {
		mask = sized(&m.mask, g.cols*g.rows)
		if err := readBand(band.GetMaskBand(), w, mask, g.cols, g.rows); err != nil {
			return d.readError(w, err)
		}
	}
	if d.decode.wide {
		return readInto(d, readWindow[float64]{band, w, sized(&m.wide, g.cols*g.rows)}, g, mask)
	}
	return readInto(d, readWindow[float32]{band, w, sized(&m.narrow, g.cols*g.rows)}, g, mask)
}

// readWindow is a window of a band and the memory for its pixels.
type readWindow[T float32 | float64] struct {
	band gdal.RasterBand
	window
	pixels []T
}

func readInto[T float32 | float64](d *dem, w readWindow[T], g grid, mask []uint8) error {
	if err := readBand(w.band, w.window, w.pixels, g.cols, g.rows); err != nil {
		return d.readError(w.window, err)
	}
	for r := range g.rows {
		from, to := r*g.cols, r*g.stride
		var m []uint8
		if mask != nil {
			m = mask[from : from+g.cols]
		}
		line(&d.decode, g.heights[to:to+g.cols], w.pixels[from:from+g.cols], m)
	}
	return nil
}

func (d *dem) readError(w window, err error) error {
	where := fmt.Sprintf("pixels %d..%d, %d..%d", w.col, w.col+w.cols-1, w.row, w.row+w.rows-1)
	return refuse(d.path, ErrCorrupt, "copy the file again, or gdal_translate what is left of it", "%s: %s", where, d.clean(err))
}
