package picture

import (
	"encoding/binary"
	"hash"
	"hash/adler32"
	"hash/crc32"
	"slices"
	"sync"

	"github.com/klauspost/compress/flate"
)

// How a PNG is written here (https://www.w3.org/TR/png-3/). A picture of few colours gets a palette. The others are filtered,
// each row with the filter that leaves the smallest numbers, and deflated in bands: photographs, in which hardly anything
// repeats, and smooth ground, whose numbers are small, are only Huffman coded, which is many times faster and as small; where much
// repeats the search is thorough. One deflate stream may mix both, since each band's writer ends on a byte when the next starts.

// Colour types.
const (
	pngGrey      = 0
	pngRGB       = 2
	pngIndexed   = 3
	pngGreyAlpha = 4
	pngRGBA      = 6
)

const (
	pngBand    = 1 << 16 // bytes deflated in one way; a window of deflate is half of it
	pngLittle  = 0.20    // share of the bits below which it does not pay to save them
	pngMuch    = 0.50    // share from which a thorough search costs little
	pngFewGrey = 16      // shades up to which grey is better indexed, in half a byte a pixel
)

// search is how hard a band is searched for repeats.
type search int

const (
	searchNone search = iota
	searchQuick
	searchWell
	searches
)

// pngWriter holds what encoding needs beside the picture. Its writers keep no bytes between pictures.
type pngWriter struct {
	out      []byte
	deflate  [searches]*flate.Writer
	now      search      // the writer that has not been flushed
	sum      hash.Hash32 // of the plain bytes
	band     []byte
	row, top []byte // this row and the one above, in the colour type, each after a pixel of zeros
}

var pngWriters = sync.Pool{New: func() any {
	w := &pngWriter{sum: adler32.New()}
	for s, level := range [searches]int{flate.HuffmanOnly, 1, 4} {
		w.deflate[s], _ = flate.NewWriter(w, level) // the error is for levels out of range only
	}
	return w
}}

// Write takes what the deflate writers make.
func (w *pngWriter) Write(b []byte) (int, error) {
	w.out = append(w.out, b...)
	return len(b), nil
}

// encodePNG writes the smallest colour type that keeps every pixel.
func encodePNG(p Picture) ([]byte, error) {
	table, few := paletteOf(p)
	opaque, grey := p.Opaque, false
	if few {
		opaque, grey = table.opaque(), table.grey()
	}
	if few && !(grey && len(table.colours) > pngFewGrey) {
		return encodeIndexed(table, indices(p, table), p.Rect.Dx(), p.Rect.Dy()), nil
	}
	kind, channels := byte(pngRGBA), 4
	switch {
	case grey && opaque:
		kind, channels = pngGrey, 1
	case grey:
		kind, channels = pngGreyAlpha, 2
	case opaque:
		kind, channels = pngRGB, 3
	}
	w, wide, high := pngWriters.Get().(*pngWriter), p.Rect.Dx(), p.Rect.Dy()
	defer pngWriters.Put(w)
	w.open(wide, high, 8, kind, wide*high*channels/2)
	w.pixels(p, channels)
	return w.close(), nil
}

// open starts a file with its header; room is a guess at its size.
func (w *pngWriter) open(wide, high, bits int, kind byte, room int) {
	w.out = append(make([]byte, 0, room+1024), "\x89PNG\r\n\x1a\n"...)
	head := binary.BigEndian.AppendUint32(nil, uint32(wide))
	head = binary.BigEndian.AppendUint32(head, uint32(high))
	w.chunk("IHDR", append(head, byte(bits), kind, 0, 0, 0))
}

func (w *pngWriter) chunk(name string, data []byte) {
	w.endChunk(append(append(binary.BigEndian.AppendUint32(w.out, 0), name...), data...), len(w.out))
}

// endChunk takes over the file with a chunk that begins at the offset at, and fills in its length and check.
func (w *pngWriter) endChunk(out []byte, at int) {
	binary.BigEndian.PutUint32(out[at:], uint32(len(out)-at-8))
	w.out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[at+4:]))
}

// pixels writes the chunk IDAT out of rows with that many channels.
func (w *pngWriter) pixels(p Picture, channels int) {
	size := p.Rect.Dx() * channels
	at := w.startData()
	w.row, w.top = zeroed(w.row, channels+size), zeroed(w.top, channels+size)
	for y := range p.Rect.Dy() {
		packRow(w.row[channels:], p.Pix[y*p.Stride:][:4*p.Rect.Dx()], channels)
		if len(w.band)+size+1 > pngBand {
			w.flushBand(channels)
		}
		w.band = appendFiltered(w.band, w.row, w.top, channels)
		w.row, w.top = w.top, w.row
	}
	w.flushBand(channels)
	w.endData(at)
}

// startData begins IDAT and the zlib stream in it, and says where.
func (w *pngWriter) startData() int {
	at := len(w.out)
	w.out = append(binary.BigEndian.AppendUint32(w.out, 0), "IDAT\x78\x01"...)
	w.now, w.band = -1, w.band[:0]
	w.sum.Reset()
	return at
}

func (w *pngWriter) endData(at int) {
	w.deflate[w.now].Close()
	w.endChunk(w.sum.Sum(w.out), at)
}

// flushBand deflates the rows collected. Writing to memory does not fail.
func (w *pngWriter) flushBand(channels int) {
	if len(w.band) == 0 {
		return
	}
	w.deflateAs(howTo(w.band, channels), w.band)
	w.band = w.band[:0]
}

func (w *pngWriter) deflateAs(how search, b []byte) {
	if w.now != how {
		if w.now >= 0 {
			w.deflate[w.now].Flush()
		}
		w.deflate[how].Reset(w)
		w.now = how
	}
	w.deflate[how].Write(b)
	w.sum.Write(b)
}

// close ends the file and hands it over.
func (w *pngWriter) close() []byte {
	w.chunk("IEND", nil)
	out := w.out
	w.out = nil
	return out
}

// howTo decides on the search by what it would save. Beside alpha, which mostly stays as it is, it saves twice what is guessed.
func howTo(band []byte, channels int) search {
	r := saving(band)
	if channels%2 == 0 {
		r *= 2
	}
	switch {
	case r < pngLittle:
		return searchNone // never searched quickly: the library stores what it finds no repeat in
	case r < pngMuch:
		return searchQuick
	}
	return searchWell
}

// zeroed returns b, or a longer one, with n bytes of 0.
func zeroed(b []byte, n int) []byte {
	b = slices.Grow(b[:0], n)[:n]
	clear(b)
	return b
}

// packRow keeps the first one or three, or all, of the four bytes of each pixel; two are grey and alpha.
func packRow(dst, rgba []byte, channels int) {
	switch channels {
	case 1:
		for i := range dst {
			dst[i] = rgba[4*i]
		}
	case 2:
		for i := range len(dst) / 2 {
			dst[2*i], dst[2*i+1] = rgba[4*i], rgba[4*i+3]
		}
	case 3:
		for len(dst) >= 3 && len(rgba) >= 4 {
			dst[0], dst[1], dst[2] = rgba[0], rgba[1], rgba[2]
			dst, rgba = dst[3:], rgba[4:]
		}
	default:
		copy(dst, rgba)
	}
}
