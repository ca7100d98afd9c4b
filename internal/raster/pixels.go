package raster

import (
	"context"
	"image"
	"math"

	"github.com/lukeroth/gdal"
)

// paints is the memory of one read of a picture, used again by the next.
type paints struct {
	values []float64 // band after band
	mask   []uint8
}

// Pieces bound what GDAL decodes between two looks at a context, and the memory of values.
const bytePiece, valuePiece = maxPiece, 1 << 20

// read fills out, whose Rect has the size of the window, with the colours of a window of a level, pixel for pixel. Every failure of GDAL is an error.
func (p *picture) read(ctx context.Context, ds gdal.Dataset, l level, w window, out *image.NRGBA, m *paints) error {
	_, height := ds.RasterBand(p.bands[0]).BlockSize()
	rows := max(1, bytePiece/w.cols)
	if !p.plain() || p.masked {
		rows = max(1, valuePiece/w.cols)
	}
	if rows > height {
		rows -= rows % height
	}
	for r := 0; r < w.rows; r += rows {
		if err := ctx.Err(); err != nil {
			return err
		}
		part := window{w.col, w.row + r, w.cols, min(rows, w.rows-r)}
		strip := &image.NRGBA{Pix: out.Pix[r*out.Stride:], Stride: out.Stride, Rect: image.Rect(0, 0, part.cols, part.rows)}
		if err := p.readPicturePiece(ds, l, part, strip, m); err != nil {
			return p.readError(part, err)
		}
	}
	return nil
}

func (p *picture) readPicturePiece(ds gdal.Dataset, l level, w window, out *image.NRGBA, m *paints) error {
	if err := p.readColors(ds, l, w, out, m); err != nil || !p.masked {
		return err
	}
	mask := sized(&m.mask, w.cols*w.rows)
	if err := readBands([]gdal.RasterBand{p.handles(ds, l, p.bands[:1])[0].GetMaskBand()}, w, mask, spacing{1, w.cols, 0}); err != nil {
		return err
	}
	for r := range w.rows {
		line := out.Pix[r*out.Stride:][:4*w.cols]
		for c, v := range mask[r*w.cols:][:w.cols] {
			line[4*c+3] = min(line[4*c+3], v)
		}
	}
	return nil
}

func (p *picture) readColors(ds gdal.Dataset, l level, w window, out *image.NRGBA, m *paints) error {
	if p.plain() {
		return p.readBytes(ds, l, w, out)
	}
	values, err := p.readValues(ds, l, w, m)
	if err != nil {
		return err
	}
	for r := range w.rows {
		p.stretch(out.Pix[r*out.Stride:][:4*w.cols], values[r*w.cols:], w.cols*w.rows)
	}
	return nil
}

// handles returns bands of a level.
func (p *picture) handles(ds gdal.Dataset, l level, numbers []int) []gdal.RasterBand {
	out := make([]gdal.RasterBand, len(numbers))
	for i, n := range numbers {
		if out[i] = ds.RasterBand(n); l.overview >= 0 {
			out[i] = out[i].Overview(l.overview)
		}
	}
	return out
}

// readBytes reads colours to where they go, and makes four channels of what is there.
func (p *picture) readBytes(ds gdal.Dataset, l level, w window, out *image.NRGBA) error {
	numbers, s := p.bands, spacing{4, out.Stride, 1}
	if len(numbers) == 3 {
		numbers = p.wanted()
	}
	if err := readBands(p.handles(ds, l, numbers), w, out.Pix, s); err != nil {
		return err
	}
	if p.alpha > 0 && len(numbers) == 1 {
		if err := readBands(p.handles(ds, l, []int{p.alpha}), w, out.Pix[3:], s); err != nil {
			return err
		}
	}
	nodata, some := p.nodataBytes()
	for r := range w.rows {
		line := out.Pix[r*out.Stride:][:4*w.cols]
		if some {
			p.voidBytes(line, nodata)
		}
		p.fourChannels(line, some)
	}
	return nil
}

// nodataBytes returns the nodata of the colours, if bytes can have it.
func (p *picture) nodataBytes() (out [3]uint8, ok bool) {
	for i, v := range p.nodata {
		if v < 0 || v > 255 || v != math.Trunc(v) {
			return out, false
		}
		out[i] = uint8(v)
	}
	return out, p.nodata != nil
}

// voidBytes marks pixels that are nodata by an alpha of 0, all others by what they have or 255.
func (p *picture) voidBytes(line []uint8, nodata [3]uint8) {
	n := len(p.bands)
	for i := 0; i+4 <= len(line); i += 4 {
		switch {
		case line[i] == nodata[0] && (n < 3 || line[i+1] == nodata[1] && line[i+2] == nodata[2]):
			line[i+3] = 0
		case p.alpha == 0:
			line[i+3] = 255
		}
	}
}

// fourChannels spreads what was read to red, green, blue and alpha; marked tells that alpha is set already.
func (p *picture) fourChannels(line []uint8, marked bool) {
	switch p.look {
	case palette:
		for ; len(line) >= 4; line = line[4:] {
			p.fromPalette(line, int(line[0]), marked && line[3] == 0)
		}
		return
	case grey:
		for i := 0; i+4 <= len(line); i += 4 {
			line[i+1], line[i+2] = line[i], line[i]
		}
	}
	if !marked && p.alpha == 0 {
		for i := 3; i < len(line); i += 4 {
			line[i] = 255
		}
	}
}

// fromPalette writes a colour of the palette, nothing where there is none.
func (p *picture) fromPalette(px []uint8, n int, void bool) {
	if void || n < 0 || n >= len(p.palette) {
		clear(px[:4])
		return
	}
	copy(px, p.palette[n][:])
}

// readValues reads colours, and alpha behind them, as numbers; what is void is NaN in the first band.
func (p *picture) readValues(ds gdal.Dataset, l level, w window, m *paints) ([]float64, error) {
	numbers, n := p.wanted(), w.cols*w.rows
	values := sized(&m.values, n*len(numbers))
	if err := readBands(p.handles(ds, l, numbers), w, values, spacing{1, w.cols, n}); err != nil {
		return nil, err
	}
	if p.DataType == "Int8" {
		for i, v := range values {
			if v > 127 {
				values[i] = v - 256
			}
		}
	}
	nodata := p.nodata
	if p.DataType == "Float32" {
		nodata = make([]float64, len(p.nodata))
		for i, v := range p.nodata {
			nodata[i] = float64(float32(v))
		}
	}
	for i := range n {
		if isVoid(values[i:], n, len(p.bands), nodata) {
			values[i] = math.NaN()
		}
	}
	return values, nil
}

// isVoid tells whether a pixel, whose colours lie apart in values, is void: all are nodata, or one is no number or absurd.
func isVoid(values []float64, apart, colors int, nodata []float64) bool {
	equal := len(nodata) > 0
	for c := range colors {
		v := values[c*apart]
		if !(math.Abs(v) < hugeValue) {
			return true
		}
		equal = equal && v == nodata[c]
	}
	return equal
}

// stretch writes a row of pixels whose colours lie apart in values.
func (p *picture) stretch(line []uint8, values []float64, apart int) {
	low, step := 0.0, 1.0
	if p.scale != nil {
		low, step = p.scale[0], 255/(p.scale[1]-p.scale[0])
	}
	most := p.mostAlpha()
	for i := 0; i < len(line)/4; i++ {
		px := line[4*i : 4*i+4 : 4*i+4]
		if values[i] != values[i] {
			clear(px)
			continue
		}
		if p.look == palette {
			p.fromPalette(px, int(values[i]), false)
			continue
		}
		for c := range p.bands {
			px[c] = toByte((values[i+c*apart] - low) * step)
		}
		if px[3] = 255; p.look == grey {
			px[1], px[2] = px[0], px[0]
		}
		if p.alpha > 0 {
			px[3] = toByte(values[i+len(p.bands)*apart] / most * 255)
		}
	}
}

// mostAlpha is what is opaque, as gdalwarp has it.
func (p *picture) mostAlpha() float64 {
	switch p.DataType {
	case "UInt16":
		return 65535
	case "Int16":
		return 32767
	case "Float32", "Float64":
		return 1
	}
	return 255
}

func toByte(v float64) uint8 { return uint8(max(0, min(255, v+0.5))) }
