package picture

import (
	"bytes"
	"encoding/binary"
	"slices"
)

const mostColours = 256

// palette is the colours of a picture, red in the lowest byte, alpha in the highest, and where each stands.
type palette struct {
	colours []uint32
	slots   [4 * mostColours]uint16 // a hash table of indices, 0 being free, 1 the first colour
}

// find returns the index of a colour, or the free slot for it and false.
func (t *palette) find(c uint32) (at int, found bool) {
	for slot := c * 0x9e3779b1 >> 22; ; slot = (slot + 1) % uint32(len(t.slots)) {
		i := int(t.slots[slot]) - 1
		if i < 0 {
			return int(slot), false
		}
		if t.colours[i] == c {
			return i, true
		}
	}
}

// add is for colours that are not in the palette yet.
func (t *palette) add(c uint32, slot int) {
	t.colours = append(t.colours, c)
	t.slots[slot] = uint16(len(t.colours))
}

func (t *palette) opaque() bool {
	return !slices.ContainsFunc(t.colours, func(c uint32) bool { return c>>24 != 255 })
}

func (t *palette) grey() bool {
	return !slices.ContainsFunc(t.colours, func(c uint32) bool { return c&0xffffff != c&0xff*0x010101 })
}

// paletteOf collects the colours of a picture, and gives up at the 257th.
func paletteOf(p Picture) (*palette, bool) {
	t := new(palette)
	for y := range p.Rect.Dy() {
		row := p.Pix[y*p.Stride:][:4*p.Rect.Dx()]
		last := ^binary.LittleEndian.Uint32(row)
		for ; len(row) >= 4; row = row[4:] {
			c := binary.LittleEndian.Uint32(row)
			if c == last {
				continue
			}
			last = c
			if slot, found := t.find(c); !found {
				if len(t.colours) == mostColours {
					return nil, false
				}
				t.add(c, slot)
			}
		}
	}
	return paletteFrom(t.colours), true
}

// paletteFrom orders colours by alpha, since the file names the alpha of the first colours only, then by their bytes, so that
// equal pictures give equal files.
func paletteFrom(colours []uint32) *palette {
	slices.Sort(colours)
	t := new(palette)
	for _, c := range slices.Compact(colours) {
		slot, _ := t.find(c)
		t.add(c, slot)
	}
	return t
}

// indices looks every pixel up; all of them are in the palette.
func indices(p Picture, t *palette) []byte {
	out := make([]byte, 0, p.Rect.Dx()*p.Rect.Dy())
	for y := range p.Rect.Dy() {
		row := p.Pix[y*p.Stride:][:4*p.Rect.Dx()]
		last, at := ^binary.LittleEndian.Uint32(row), 0
		for ; len(row) >= 4; row = row[4:] {
			if c := binary.LittleEndian.Uint32(row); c != last {
				at, _ = t.find(c)
				last = c
			}
			out = append(out, byte(at))
		}
	}
	return out
}

// encodeIndexed writes a PNG with a palette, in as few bits a pixel as the colours need. Indices are no
// quantities, and not filtered, but for rows that repeat the one above.
func encodeIndexed(t *palette, at []byte, wide, high int) []byte {
	bits := 8
	for bits > 1 && len(t.colours) <= 1<<(bits/2) {
		bits /= 2
	}
	w := pngWriters.Get().(*pngWriter)
	defer pngWriters.Put(w)
	w.open(wide, high, bits, pngIndexed, len(at)*bits/32)
	var colours, alphas []byte
	for _, c := range t.colours {
		colours = append(colours, byte(c), byte(c>>8), byte(c>>16))
		if c>>24 != 255 {
			alphas = append(alphas, byte(c>>24))
		}
	}
	w.chunk("PLTE", colours)
	if len(alphas) > 0 {
		w.chunk("tRNS", alphas)
	}
	data := w.startData()
	for y := range high {
		w.band = appendIndices(w.band, at[:(y+1)*wide], wide, bits)
		if len(w.band) > pngBand {
			w.flushIndices()
		}
	}
	w.flushIndices()
	w.endData(data)
	return w.close()
}

func (w *pngWriter) flushIndices() {
	how := searchWell
	if saving(w.band) < pngLittle {
		how = searchNone
	}
	w.deflateAs(how, w.band)
	w.band = w.band[:0]
}

// appendIndices appends the last of the rows.
func appendIndices(dst, rows []byte, wide, bits int) []byte {
	row := rows[len(rows)-wide:]
	if top := rows[:len(rows)-wide]; len(top) > 0 && bytes.Equal(top[len(top)-wide:], row) {
		return append(append(dst, filterUp), make([]byte, (wide*bits+7)/8)...)
	}
	return appendBits(append(dst, filterNone), row, bits)
}

// appendBits packs the values of a row, the first in the highest bits.
func appendBits(dst, values []byte, bits int) []byte {
	if bits == 8 {
		return append(dst, values...)
	}
	each := 8 / bits
	for ; len(values) > 0; values = values[min(each, len(values)):] {
		var b byte
		for i, v := range values[:min(each, len(values))] {
			b |= v << (8 - bits*(i+1))
		}
		dst = append(dst, b)
	}
	return dst
}
