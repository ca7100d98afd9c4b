package picture

import (
	"bytes"
	"fmt"
	"math"

	"github.com/klauspost/compress/zlib"

	"github.com/terrane/terrane/internal/tiff"
)

// GeoTag says which ground a picture covers.
type GeoTag = tiff.GeoTag

const tiffStrip = 1 << 16 // plain bytes of a strip

// AppendGeoTIFF appends the picture as a GeoTIFF to dst: RGB, or RGBA with straight alpha, deflated in strips, without loss. A
// reader finds the place on the ground in it. Errors: a picture without pixels is ErrFormat, one of 4 GB ErrTooLarge.
func AppendGeoTIFF(dst []byte, p Picture, geo GeoTag) ([]byte, error) {
	if p.NRGBA == nil || p.Rect.Empty() {
		return nil, fmt.Errorf("%w: no pixels to encode", ErrFormat)
	}
	if geo.EPSG < 1 || geo.EPSG > math.MaxUint16 || !(geo.PixelWidth > 0) || !(geo.PixelHeight > 0) {
		return nil, fmt.Errorf("picture: geotiff: no such place on the ground: %+v", geo)
	}
	w, h, channels := p.Rect.Dx(), p.Rect.Dy(), 4
	if p.Opaque {
		channels = 3
	}
	if uint64(w)*uint64(h)*5 > math.MaxUint32 { // with room for pixels that do not deflate
		return nil, fmt.Errorf("%w: a geotiff has at most 4 GB", ErrTooLarge)
	}
	rows := max(1, tiffStrip/(w*channels))
	pixels, ends, err := deflateStrips(p, channels, rows)
	if err != nil {
		return nil, err
	}
	d := new(tiff.Directory)
	d.Longs(tiff.Width, uint32(w))
	d.Longs(tiff.Length, uint32(h))
	d.Shorts(tiff.BitsPerSample, []uint16{8, 8, 8, 8}[:channels]...)
	d.Shorts(tiff.Compression, 8)
	d.Shorts(tiff.Photometric, 2)
	d.Shorts(tiff.SamplesPerPixel, uint16(channels))
	d.Longs(tiff.RowsPerStrip, uint32(rows))
	d.Shorts(tiff.Predictor, 2)
	if channels == 4 {
		d.Shorts(tiff.ExtraSamples, 2)
	}
	starts, sizes := make([]uint32, len(ends)), make([]uint32, len(ends))
	from := 0
	for i, end := range ends {
		starts[i], sizes[i] = uint32(tiff.HeaderSize+from), uint32(end-from)
		from = end
	}
	d.Longs(tiff.StripOffsets, starts...)
	d.Longs(tiff.StripByteCounts, sizes...)
	d.Place(geo)
	dst = append(tiff.AppendHeader(dst, tiff.HeaderSize+len(pixels)), pixels...)
	return d.Append(dst, tiff.HeaderSize+len(pixels)), nil
}

// deflateStrips returns the strips after each other, the last filled up to an even length, and where each ends.
func deflateStrips(p Picture, channels, rows int) (pixels []byte, ends []int, err error) {
	var out bytes.Buffer
	z := zlib.NewWriter(&out)
	row := make([]byte, p.Rect.Dx()*channels)
	for y := 0; y < p.Rect.Dy(); y += rows {
		z.Reset(&out)
		for r := y; r < min(y+rows, p.Rect.Dy()); r++ {
			packRow(row, p.Pix[r*p.Stride:][:4*p.Rect.Dx()], channels)
			for i := len(row) - 1; i >= channels; i-- {
				row[i] -= row[i-channels]
			}
			if _, err := z.Write(row); err != nil {
				return nil, nil, fmt.Errorf("picture: geotiff: %w", err)
			}
		}
		if err := z.Close(); err != nil {
			return nil, nil, fmt.Errorf("picture: geotiff: %w", err)
		}
		if out.Len()%2 == 1 && y+rows >= p.Rect.Dy() {
			out.WriteByte(0)
		}
		ends = append(ends, out.Len())
	}
	return out.Bytes(), ends, nil
}
