package raster

import (
	"context"
	"fmt"
	"image"
	"math"
	"slices"

	"github.com/lukeroth/gdal"

	"github.com/terrane/terrane/internal/resample"
)

// MaxValueBands is how many bands of a picture [Pictures.Values] reads at most.
const MaxValueBands = 64

// ValueForm says what [Pictures.Values] gives.
type ValueForm struct {
	Bands int    // of the source that has most; alpha is none
	Type  string // the smallest type that holds the values of all sources: "uint8", "int16", "float32", ...
}

// valueBands lists the bands whose values are read: all but alpha, with the type that holds them all.
type valueBands struct {
	numbers []int
	nodata  []float64 // of each band that is not shown, where it declares one; else NaN
	own     []numeric // the type of each
	kind    numeric   // that of all
}

// numeric is a type of numbers: bits of a whole number, with a sign or without, or of a floating point number.
type numeric struct {
	bits          int
	signed, float bool
}

func (n numeric) String() string {
	switch {
	case n.float:
		return fmt.Sprintf("float%d", n.bits)
	case n.signed:
		return fmt.Sprintf("int%d", n.bits)
	}
	return fmt.Sprintf("uint%d", n.bits)
}

// numericOf returns what GDAL calls by a name. Whole numbers of 64 bits come through GDAL as float64, exact up to 2^53.
func numericOf(name string) numeric {
	switch name {
	case "Byte":
		return numeric{bits: 8}
	case "Int8":
		return numeric{bits: 8, signed: true}
	case "UInt16":
		return numeric{bits: 16}
	case "Int16":
		return numeric{bits: 16, signed: true}
	case "UInt32":
		return numeric{bits: 32}
	case "Int32":
		return numeric{bits: 32, signed: true}
	case "Float32":
		return numeric{bits: 32, signed: true, float: true}
	}
	return numeric{bits: 64, signed: true, float: true}
}

// with returns the smallest type that holds the values of both.
func (n numeric) with(o numeric) numeric {
	switch {
	case n == o:
		return n
	case n.float || o.float:
		exact := func(v numeric) bool { return v.float && v.bits == 32 || !v.float && v.bits <= 16 } // float32 has 24 bits for a whole number
		if exact(n) && exact(o) {
			return numericOf("Float32")
		}
		return numericOf("Float64")
	case n.signed == o.signed:
		return numeric{bits: max(n.bits, o.bits), signed: n.signed}
	}
	whole, sign := n, o
	if n.signed {
		whole, sign = o, n
	}
	bits := max(2*whole.bits, sign.bits)
	if bits > 32 {
		return numericOf("Float64")
	}
	return numeric{bits: bits, signed: true}
}

// listValues finds the bands whose values can be asked for.
func (p *picture) listValues(ds gdal.Dataset) error {
	for n := 1; n <= ds.RasterCount(); n++ {
		if n == p.alpha {
			continue
		}
		band := ds.RasterBand(n)
		kind := band.RasterDataType()
		if kind.IsComplex() != 0 {
			return refuse(p.path, ErrNotPicture, "gdal_translate -b N FILE out.tif with the bands to keep",
				"values are to be kept, and those of band %d are complex", n)
		}
		name := kind.Name()
		if p.DataType == "Int8" && name == "Byte" {
			name = "Int8"
		}
		own, nodata := numericOf(name), math.NaN()
		if v, ok := band.NoDataValue(); ok && !slices.Contains(p.bands, n) {
			nodata = v
		}
		if len(p.values.numbers) == 0 {
			p.values.kind = own
		}
		p.values.kind = p.values.kind.with(own)
		p.values.numbers, p.values.nodata = append(p.values.numbers, n), append(p.values.nodata, nodata)
		p.values.own = append(p.values.own, own)
	}
	if n := len(p.values.numbers); n > MaxValueBands {
		return refuse(p.path, ErrNotPicture, "gdal_translate -b N FILE out.tif with the bands to keep",
			"values are to be kept of %d bands, and %d are the most", n, MaxValueBands)
	}
	return nil
}

// ValueForm says what Values gives, the zero value unless the pictures were opened to be asked.
func (p *Pictures) ValueForm() ValueForm {
	var f ValueForm
	var kind numeric
	for k, source := range p.list {
		if k == 0 {
			kind = source.values.kind
		}
		kind = kind.with(source.values.kind)
		f.Bands = max(f.Bands, len(source.values.numbers))
	}
	if f.Bands > 0 {
		f.Type = kind.String()
	}
	return f
}

// Values fills dst, one slice a band with the window's pixels row by row, with the sources' own numbers, as they are stored: no scale, no
// average, no overview. A pixel has those of the source pixel that its centre falls on, of the topmost picture that can be seen there; NaN
// where there is none, in bands that this picture does not have, and where a band that is not shown is its nodata. Pictures must be opened
// with PictureOptions.Values.
func (p *Pictures) Values(ctx context.Context, w Window, dst [][]float64) error {
	frame := &image.NRGBA{Rect: w.Rect}
	if err := w.check(frame); err != nil {
		return err
	}
	for _, band := range dst {
		if len(band) != w.Rect.Dx()*w.Rect.Dy() {
			return fmt.Errorf("%w: %v into %d values", ErrLattice, w.Rect, len(band))
		}
		for i := range band {
			band[i] = math.NaN()
		}
	}
	n := w.Rect.Dx() * w.Rect.Dy()
	s := &sieve{brush: brush{pictures: p, window: w, memory: p.borrowMemory()}, values: dst, taken: make([]bool, n), left: n}
	defer p.scratch.Put(s.memory)
	for _, f := range p.top {
		if err := s.pick(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

// sieve picks the values of one window.
type sieve struct {
	brush
	values [][]float64
	taken  []bool // pixels that have theirs
	left   int    // those that have not
}

// pick takes values of a file, on every turn round the globe that the window touches.
func (s *sieve) pick(ctx context.Context, f *picture) error {
	for turn, r := range s.turns(f) {
		if s.left == 0 {
			return nil
		}
		if err := s.pickTurn(ctx, f, r, turn); err != nil {
			return err
		}
	}
	return nil
}

func (s *sieve) pickTurn(ctx context.Context, f *picture, r image.Rectangle, turn float64) (err error) {
	k := &stroke{picture: f, window: s.window, turn: turn, lender: s.pictures.lenders[f.crs.horizontal]}
	if k.field, err = k.place(r, 0); err != nil || !f.touches(k.field.Bounds(r)) {
		return err
	}
	h, err := s.pictures.pool.borrow(ctx, &f.dem)
	if err != nil {
		return err
	}
	defer s.pictures.pool.giveBack(h)
	k.ds = h.ds
	return s.pickPart(ctx, k, r)
}

// Limits of one read: values in memory, and how many pixels are read for one that is picked.
const mostValues, wasteful = 1 << 22, 1 << 10

// pickPart takes values of a rectangle, in quarters where too much would be read at a time.
func (s *sieve) pickPart(ctx context.Context, k *stroke, r image.Rectangle) error {
	b := k.field.Bounds(r)
	if !k.touches(b) {
		return nil
	}
	w := k.under(b)
	if n, most := w.cols*w.rows, r.Dx()*r.Dy(); most > 1 && (n*len(k.values.numbers) > mostValues || n > wasteful*most) {
		for _, q := range quartered(r) {
			if err := s.pickPart(ctx, k, q); err != nil {
				return err
			}
		}
		return nil
	}
	if absent, err := k.picture.absent(ctx, k.ds, k.whole(), w, &s.memory.paints); absent || err != nil {
		return err
	}
	values, seen, err := s.read(ctx, k, w)
	if err != nil {
		return err
	}
	width := s.window.Rect.Dx()
	k.field.Each(r, func(col, row int, x, y float64) {
		at := (row-s.window.Rect.Min.Y)*width + col - s.window.Rect.Min.X
		c, l := int(math.Floor(x))-w.col, int(math.Floor(y))-w.row
		if s.taken[at] || c < 0 || l < 0 || c >= w.cols || l >= w.rows || seen.Pix[4*(l*w.cols+c)+3] == 0 {
			return
		}
		s.taken[at] = true
		s.left--
		for b := range min(len(s.values), len(k.values.numbers)) {
			s.values[b][at] = values[b*w.cols*w.rows+l*w.cols+c]
		}
	})
	return nil
}

// under returns the pixels of the raster that hold a box of positions.
func (p *picture) under(b resample.Box) window {
	span := func(lo, hi float64, size int) (int, int) {
		first := max(0, min(size-1, int(math.Floor(max(lo, -1)))))
		last := max(first, min(size-1, int(math.Floor(min(hi, float64(size))))+1))
		return first, last - first + 1
	}
	var w window
	w.col, w.cols = span(b.MinX, b.MaxX, p.Cols)
	w.row, w.rows = span(b.MinY, b.MaxY, p.Rows)
	return w
}

// read returns the values of a window, band after band, and the picture that tells by its alpha which of them can be seen.
func (s *sieve) read(ctx context.Context, k *stroke, w window) ([]float64, *image.NRGBA, error) {
	seen := &image.NRGBA{Pix: sized(&s.memory.source, 4*w.cols*w.rows), Stride: 4 * w.cols, Rect: image.Rect(0, 0, w.cols, w.rows)}
	whole := k.whole()
	if k.opaque() {
		for i := 3; i < len(seen.Pix); i += 4 {
			seen.Pix[i] = 255
		}
	} else if err := k.picture.read(ctx, k.ds, whole, w, seen, &s.memory.paints); err != nil {
		return nil, nil, err
	}
	n := w.cols * w.rows
	values := sized(&s.memory.kept, n*len(k.values.numbers))
	if err := readBands(k.handles(k.ds, whole, k.values.numbers), w, values, spacing{1, w.cols, n}); err != nil {
		return nil, nil, k.readError(w, err)
	}
	for b, nodata := range k.values.nodata {
		k.values.own[b].clearVoid(values[b*n:(b+1)*n], nodata)
	}
	return values, seen, ctx.Err()
}

// whole is the raster itself among the levels.
func (p *picture) whole() level {
	return p.levels[slices.IndexFunc(p.levels, func(l level) bool { return l.overview < 0 })]
}

// opaque tells that every pixel can be seen: nothing declares any transparent, and whole numbers are never void.
func (p *picture) opaque() bool {
	return p.alpha == 0 && !p.masked && p.nodata == nil && p.look != palette && !p.values.kind.float
}

// clearVoid makes nodata, and what is no number, NaN: of the values of a band of this type.
func (n numeric) clearVoid(values []float64, nodata float64) {
	signed, narrow := n == numericOf("Int8"), n.float && n.bits == 32
	if !signed && !n.float && nodata != nodata {
		return
	}
	for i, v := range values {
		if signed && v > 127 {
			v -= 256
		}
		if v == nodata || narrow && v == float64(float32(nodata)) || math.IsInf(v, 0) {
			v = math.NaN()
		}
		values[i] = v
	}
}
