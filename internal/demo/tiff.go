package demo

import (
	"bufio"
	"encoding/binary"
	"io"
	"math"
	"strconv"
)

// Tags of TIFF 6.0, GeoTIFF 1.1 and GDAL that the file uses, in ascending order as a directory must have them.
const (
	tagWidth           = 256
	tagLength          = 257
	tagBitsPerSample   = 258
	tagCompression     = 259 // 1: none
	tagPhotometric     = 262 // 1: black is zero
	tagStripOffsets    = 273
	tagSamplesPerPixel = 277
	tagRowsPerStrip    = 278
	tagStripByteCounts = 279
	tagSampleFormat    = 339   // 3: IEEE floating point
	tagPixelScale      = 33550 // degrees a pixel: x, y, z
	tagTiepoint        = 33922 // pixel column, row, 0 stands at longitude, latitude, 0
	tagGeoKeys         = 34735
	tagNoData          = 42113 // GDAL's: text
)

// noData is declared though no post has it, as real DEMs do.
const noData = -32768

// directory is a TIFF image file directory in the making: twelve bytes an entry, longer values after the last entry.
type directory struct {
	entries, values []byte
	count           int
	valuesAt        uint32 // file offset of values
}

func (d *directory) entry(tag, kind uint16, count int, value uint32) {
	d.entries = binary.LittleEndian.AppendUint16(d.entries, tag)
	d.entries = binary.LittleEndian.AppendUint16(d.entries, kind)
	d.entries = binary.LittleEndian.AppendUint32(d.entries, uint32(count))
	d.entries = binary.LittleEndian.AppendUint32(d.entries, value)
	d.count++
}

// The kinds of values: 2 text, 3 uint16, 4 uint32, 12 float64.
func (d *directory) short(tag uint16, v uint16) { d.entry(tag, 3, 1, uint32(v)) }
func (d *directory) long(tag uint16, v uint32)  { d.entry(tag, 4, 1, v) }

func (d *directory) outside(tag, kind uint16, count int, values []byte) {
	d.entry(tag, kind, count, d.valuesAt+uint32(len(d.values)))
	d.values = append(d.values, values...)
	if len(d.values)%2 == 1 {
		d.values = append(d.values, 0)
	}
}

func (d *directory) text(tag uint16, s string) { d.outside(tag, 2, len(s)+1, append([]byte(s), 0)) }

func (d *directory) shorts(tag uint16, v ...uint16) {
	var b []byte
	for _, s := range v {
		b = binary.LittleEndian.AppendUint16(b, s)
	}
	d.outside(tag, 3, len(v), b)
}

func (d *directory) doubles(tag uint16, v ...float64) {
	var b []byte
	for _, f := range v {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(f))
	}
	d.outside(tag, 12, len(v), b)
}

// entryCount is the number of entries that directoryOf makes; file offsets depend on it.
const entryCount = 14

// directoryOf describes n x n float32 heights, in one strip at the offset dataAt, whose first post is that of [Island.Bound].
func directoryOf(n int, at, dataAt uint32) *directory {
	d := &directory{valuesAt: at + 2 + 12*entryCount + 4}
	d.long(tagWidth, uint32(n))
	d.long(tagLength, uint32(n))
	d.short(tagBitsPerSample, 32)
	d.short(tagCompression, 1)
	d.short(tagPhotometric, 1)
	d.long(tagStripOffsets, dataAt)
	d.short(tagSamplesPerPixel, 1)
	d.long(tagRowsPerStrip, uint32(n))
	d.long(tagStripByteCounts, uint32(n*n*4))
	d.short(tagSampleFormat, 3)
	d.doubles(tagPixelScale, Spacing, Spacing, 0)
	d.doubles(tagTiepoint, 0, 0, 0, west-Spacing/2, north+Spacing/2, 0)
	// Version 1.1.0, three keys of four numbers: model is geographic, a post is the middle of a pixel's area, system is EPSG:4326.
	d.shorts(tagGeoKeys, 1, 1, 0, 3, 1024, 0, 1, 2, 1025, 0, 1, 1, 2048, 0, 1, 4326)
	d.text(tagNoData, strconv.Itoa(noData))
	return d
}

// WriteTIFF writes the island as a GeoTIFF: little endian, float32, EPSG:4326, not compressed, 9 MB.
func (s *Island) WriteTIFF(w io.Writer) error {
	const header = 8
	size := uint32(len(s.Z) * 4)
	d := directoryOf(Posts, header+size, header)
	b := bufio.NewWriterSize(w, 1<<16)
	b.Write([]byte{'I', 'I', 42, 0}) // a bufio.Writer keeps its first error for Flush
	b.Write(binary.LittleEndian.AppendUint32(nil, header+size))
	var post [4]byte
	for _, z := range s.Z {
		binary.LittleEndian.PutUint32(post[:], math.Float32bits(z))
		b.Write(post[:])
	}
	b.Write(binary.LittleEndian.AppendUint16(nil, uint16(d.count)))
	b.Write(d.entries)
	b.Write([]byte{0, 0, 0, 0}) // no further directory
	b.Write(d.values)
	return b.Flush()
}
