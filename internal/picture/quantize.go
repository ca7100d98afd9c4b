package picture

import (
	"encoding/binary"
	"math"
	"sync"
)

// Quantizing: the picture's colours are counted in cells of 32 x 32 x 32 colours and 8 alphas, and the cells are parted into
// 256 boxes. The box whose colours differ most from their mean is cut at it, across the channel they differ in (Wan,
// Prusinkiewicz, Wong 1990, "Variance-based color image quantization"). Opaque, translucent and transparent colours share no
// box. Nothing is dithered: maps stay clean and deflate well.

const cells = 8 << 15

// cell counts pixels of nearly one colour.
type cell struct {
	n    float64
	mean [4]float64 // red, green, blue, alpha; sums while counting
	key  uint32
}

// quantizer holds the index of each cell in the list of used ones, plus 1; all zero between pictures.
type quantizer struct{ at [cells]uint32 }

var quantizers = sync.Pool{New: func() any { return new(quantizer) }}

// encodePNG8 writes a PNG with a palette always: the picture's own colours, or 256 that come near them.
func encodePNG8(p Picture) ([]byte, error) {
	w, h := p.Rect.Dx(), p.Rect.Dy()
	if table, few := paletteOf(p); few {
		return encodeIndexed(table, indices(p, table), w, h), nil
	}
	table, at := quantize(p)
	return encodeIndexed(table, at, w, h), nil
}

// keyOf names the cell of a colour. Everything transparent is one cell; alpha 255 is a level of its own.
func keyOf(c uint32) uint32 {
	a := c >> 24
	switch {
	case a == 0:
		return 0
	case a == 255:
		a = 7
	default:
		a = 1 + (a-1)*6/254
	}
	return c>>3&31 | c>>11&31<<5 | c>>19&31<<10 | a<<15
}

func quantize(p Picture) (*palette, []byte) {
	q := quantizers.Get().(*quantizer)
	defer quantizers.Put(q)
	used := q.count(p)
	defer func() {
		for _, c := range used {
			q.at[c.key] = 0
		}
	}()
	boxes := cut(used)
	colours := make([]uint32, len(boxes))
	for i, b := range boxes {
		for c, v := range b.mean {
			colours[i] |= uint32(math.Round(v)) << (8 * c)
		}
	}
	table := paletteFrom(append([]uint32(nil), colours...))
	for i, b := range boxes {
		at, _ := table.find(colours[i])
		for _, c := range b.cells {
			q.at[c.key] = uint32(at)
		}
	}
	out := make([]byte, 0, p.Rect.Dx()*p.Rect.Dy())
	for y := range p.Rect.Dy() {
		for row := p.Pix[y*p.Stride:][:4*p.Rect.Dx()]; len(row) >= 4; row = row[4:] {
			out = append(out, byte(q.at[keyOf(binary.LittleEndian.Uint32(row))]))
		}
	}
	return table, out
}

// count lists the cells that the picture has colours in.
func (q *quantizer) count(p Picture) []cell {
	var used []cell
	for y := range p.Rect.Dy() {
		for row := p.Pix[y*p.Stride:][:4*p.Rect.Dx()]; len(row) >= 4; row = row[4:] {
			key := keyOf(binary.LittleEndian.Uint32(row))
			at := q.at[key]
			if at == 0 {
				used = append(used, cell{key: key})
				at = uint32(len(used))
				q.at[key] = at
			}
			c := &used[at-1]
			c.n++
			if key == 0 {
				continue // transparent black, whatever the colour
			}
			for i := range c.mean {
				c.mean[i] += float64(row[i])
			}
		}
	}
	for i := range used {
		for c := range used[i].mean {
			used[i].mean[c] /= used[i].n
		}
	}
	return used
}

// box is a set of cells that becomes one colour.
type box struct {
	cells  []cell
	mean   [4]float64
	across int     // the channel that the cells differ most in
	spread float64 // the squared differences in it
}

func boxOf(c []cell) box {
	b := box{cells: c}
	var n float64
	var squares [4]float64
	for _, c := range c {
		n += c.n
		for i, v := range c.mean {
			b.mean[i] += c.n * v
			squares[i] += c.n * v * v
		}
	}
	for i := range b.mean {
		b.mean[i] /= n
		if s := squares[i] - n*b.mean[i]*b.mean[i]; s > b.spread {
			b.across, b.spread = i, s
		}
	}
	return b
}

// cut parts the cells, which it reorders, into at most 256 boxes.
func cut(c []cell) []box {
	var boxes []box
	rest := c
	for _, most := range [3]uint32{0, 6, 7} { // transparent, translucent, opaque
		var in []cell
		in, rest = part(rest, func(c cell) bool { return c.key>>15 <= most })
		if len(in) > 0 {
			boxes = append(boxes, boxOf(in))
		}
	}
	for len(boxes) < mostColours {
		worst := 0
		for i, b := range boxes {
			if b.spread > boxes[worst].spread {
				worst = i
			}
		}
		b := boxes[worst]
		low, high := part(b.cells, func(c cell) bool { return c.mean[b.across] <= b.mean[b.across] })
		if len(low) == 0 || len(high) == 0 { // no difference is left but that of rounding
			break
		}
		boxes[worst] = boxOf(low)
		boxes = append(boxes, boxOf(high))
	}
	return boxes
}

// part moves the cells that are in to the front.
func part(c []cell, in func(cell) bool) (yes, no []cell) {
	n := 0
	for i := range c {
		if in(c[i]) {
			c[i], c[n] = c[n], c[i]
			n++
		}
	}
	return c[:n], c[n:]
}
