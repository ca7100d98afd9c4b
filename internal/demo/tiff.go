package demo

import (
	"bufio"
	"encoding/binary"
	"io"
	"math"
	"strconv"

	"github.com/terrane/terrane/internal/tiff"
)

// noData is declared though no post has it, as real DEMs do.
const noData = -32768

// directoryOf describes n x n float32 heights, in one strip at the offset dataAt, whose first post is that of [Island.Bound].
func directoryOf(n int, dataAt uint32) *tiff.Directory {
	d := new(tiff.Directory)
	d.Longs(tiff.Width, uint32(n))
	d.Longs(tiff.Length, uint32(n))
	d.Shorts(tiff.BitsPerSample, 32)
	d.Shorts(tiff.Compression, 1)
	d.Shorts(tiff.Photometric, 1)
	d.Longs(tiff.StripOffsets, dataAt)
	d.Shorts(tiff.SamplesPerPixel, 1)
	d.Longs(tiff.RowsPerStrip, uint32(n))
	d.Longs(tiff.StripByteCounts, uint32(n*n*4))
	d.Shorts(tiff.SampleFormat, 3)
	d.Place(tiff.GeoTag{
		EPSG: 4326, Geographic: true, West: west - Spacing/2, North: north + Spacing/2, PixelWidth: Spacing, PixelHeight: Spacing,
	})
	d.Text(tiff.NoData, strconv.Itoa(noData))
	return d
}

// WriteTIFF writes the island as a GeoTIFF: little endian, float32, EPSG:4326, not compressed, 9 MB.
func (s *Island) WriteTIFF(w io.Writer) error {
	at := tiff.HeaderSize + len(s.Z)*4
	b := bufio.NewWriterSize(w, 1<<16)
	b.Write(tiff.AppendHeader(nil, at)) // a bufio.Writer keeps its first error for Flush
	var post [4]byte
	for _, z := range s.Z {
		binary.LittleEndian.PutUint32(post[:], math.Float32bits(z))
		b.Write(post[:])
	}
	b.Write(directoryOf(Posts, tiff.HeaderSize).Append(nil, at))
	return b.Flush()
}
