// Package tiff writes the directory of a TIFF 6.0 file: which values it has, laid out after each other, little endian, and
// where on the ground its pixels are (GeoTIFF 1.1). What the pixels are and how they are packed is the caller's matter. It
// reads nothing.
//
// A file is Header with the offset of the directory, the pixels, and the directory; or the directory first, if the size of the
// pixels is known.
package tiff

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
)

// Tags of TIFF 6.0 and of GDAL.
const (
	Width           = 256
	Length          = 257
	BitsPerSample   = 258
	Compression     = 259 // 1: none, 8: deflate
	Photometric     = 262 // 1: black is zero, 2: RGB
	StripOffsets    = 273
	SamplesPerPixel = 277
	RowsPerStrip    = 278
	StripByteCounts = 279
	Predictor       = 317   // 2: a sample is stored as the difference to its left neighbour's
	ExtraSamples    = 338   // 2: alpha, not multiplied into the colours
	SampleFormat    = 339   // 3: IEEE floating point
	NoData          = 42113 // GDAL's: text
)

// Tags of GeoTIFF.
const (
	pixelScale = 33550
	tiepoint   = 33922
	geoKeys    = 34735
)

// HeaderSize is the number of bytes before everything else.
const HeaderSize = 8

// Kinds of values and their bytes.
const (
	kindText   = 2
	kindShort  = 3
	kindLong   = 4
	kindDouble = 12
	entrySize  = 12
)

// GeoTag says which ground pixels cover: in units of the reference system, x east, y north.
type GeoTag struct {
	EPSG                    int  // 1 to 65535
	Geographic              bool // degrees; else the system is a projected one
	West, North             float64
	PixelWidth, PixelHeight float64 // both positive
}

// Directory is an image file directory in the making. The zero value is empty; each tag is to be set once, in any order.
type Directory struct{ entries []entry }

type entry struct {
	tag, kind uint16
	count     int
	values    []byte
}

func (d *Directory) set(tag, kind uint16, count int, values []byte) {
	d.entries = append(d.entries, entry{tag, kind, count, values})
}

// Shorts sets 16-bit values.
func (d *Directory) Shorts(tag uint16, v ...uint16) {
	var b []byte
	for _, s := range v {
		b = binary.LittleEndian.AppendUint16(b, s)
	}
	d.set(tag, kindShort, len(v), b)
}

// Longs sets 32-bit values.
func (d *Directory) Longs(tag uint16, v ...uint32) {
	var b []byte
	for _, l := range v {
		b = binary.LittleEndian.AppendUint32(b, l)
	}
	d.set(tag, kindLong, len(v), b)
}

// Doubles sets float64 values.
func (d *Directory) Doubles(tag uint16, v ...float64) {
	var b []byte
	for _, f := range v {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(f))
	}
	d.set(tag, kindDouble, len(v), b)
}

// Text sets ASCII text.
func (d *Directory) Text(tag uint16, s string) { d.set(tag, kindText, len(s)+1, append([]byte(s), 0)) }

// Place sets where the pixels are. A pixel is an area, whose corner the position is.
func (d *Directory) Place(g GeoTag) {
	d.Doubles(pixelScale, g.PixelWidth, g.PixelHeight, 0)
	d.Doubles(tiepoint, 0, 0, 0, g.West, g.North, 0)
	model, system := uint16(1), uint16(3072) // projected, ProjectedCRSGeoKey
	if g.Geographic {
		model, system = 2, 2048 // GeodeticCRSGeoKey
	}
	// Version 1.1.0, three keys of four numbers: the model, a pixel is an area, the system's code.
	d.Shorts(geoKeys, 1, 1, 0, 3, 1024, 0, 1, model, 1025, 0, 1, 1, system, 0, 1, uint16(g.EPSG))
}

// Size is the number of bytes that Append appends.
func (d *Directory) Size() int {
	size := 2 + entrySize*len(d.entries) + 4
	for _, e := range d.entries {
		size += e.outside()
	}
	return size
}

// outside is how many bytes the values take after the entries: four bytes or less stand in the entry.
func (e entry) outside() int {
	if len(e.values) <= 4 {
		return 0
	}
	return len(e.values) + len(e.values)%2
}

// Append appends the directory, which will stand at the offset at of the file, to dst.
func (d *Directory) Append(dst []byte, at int) []byte {
	slices.SortFunc(d.entries, func(a, b entry) int { return cmp.Compare(a.tag, b.tag) }) // as the format demands
	var values []byte
	valuesAt := at + 2 + entrySize*len(d.entries) + 4
	dst = binary.LittleEndian.AppendUint16(dst, uint16(len(d.entries)))
	for _, e := range d.entries {
		dst = binary.LittleEndian.AppendUint16(dst, e.tag)
		dst = binary.LittleEndian.AppendUint16(dst, e.kind)
		dst = binary.LittleEndian.AppendUint32(dst, uint32(e.count))
		var inside [4]byte
		if e.outside() > 0 {
			binary.LittleEndian.PutUint32(inside[:], uint32(valuesAt+len(values)))
			values = append(values, e.values...)
			values = append(values, make([]byte, len(e.values)%2)...)
		} else {
			copy(inside[:], e.values)
		}
		dst = append(dst, inside[:]...)
	}
	dst = append(dst, 0, 0, 0, 0) // no further directory
	return append(dst, values...)
}

// AppendHeader appends the first bytes of a file whose directory stands at the offset at, which is even.
func AppendHeader(dst []byte, at int) []byte {
	return binary.LittleEndian.AppendUint32(append(dst, 'I', 'I', 42, 0), uint32(at))
}
