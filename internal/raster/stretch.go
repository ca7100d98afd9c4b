package raster

import (
	"context"
	"image"
	"math"
	"slices"

	"github.com/lukeroth/gdal"
)

// What is looked at before a picture is used: a whole level of up to thumbnail pixels, else windows all over it; of values that need a scale at most maxSamples are kept.
const thumbnail, maxSamples = 1 << 22, 1 << 16

// inspectPicture looks at some of the pixels: it refuses a file in which nothing is to be seen, and keeps samples of values that need a scale.
func (p *picture) inspectPicture(ctx context.Context, ds gdal.Dataset) error {
	l := p.levels[len(p.levels)-1]
	windows := []window{{0, 0, l.cols, l.rows}}
	if l.cols*l.rows > thumbnail {
		const n = 8
		width, height := min(l.cols, 256), min(l.rows, 64)
		windows = nil
		for i := range n * n {
			windows = append(windows, window{(l.cols - width) * (i % n) / (n - 1), (l.rows - height) * (i / n) / (n - 1), width, height})
		}
	}
	seen := false
	for _, w := range windows {
		here, err := p.lookAt(ctx, ds, l, w)
		if err != nil {
			return err
		}
		seen = seen || here
	}
	if step := len(p.samples)/maxSamples + 1; step > 1 {
		kept := make([]float64, 0, maxSamples)
		for i := 0; i < len(p.samples); i += step {
			kept = append(kept, p.samples[i])
		}
		p.samples = kept
	}
	if seen {
		return nil
	}
	return p.searchPicture(ctx, ds)
}

// lookAt reads a window, keeps samples, and tells whether anything is to be seen.
func (p *picture) lookAt(ctx context.Context, ds gdal.Dataset, l level, w window) (bool, error) {
	out, m := image.NewNRGBA(image.Rect(0, 0, w.cols, w.rows)), &paints{}
	if err := p.read(ctx, ds, l, w, out, m); err != nil {
		return false, err
	}
	seen := false
	for i := 3; i < len(out.Pix) && !seen; i += 4 {
		seen = out.Pix[i] > 0
	}
	if p.DataType == "Byte" || p.look == palette || !seen {
		return seen, nil
	}
	rows := max(1, valuePiece/w.cols)
	for r := 0; r < w.rows; r += rows {
		part := window{w.col, w.row + r, w.cols, min(rows, w.rows-r)}
		values, err := p.readValues(ds, l, part, m)
		if err != nil {
			return false, p.readError(part, err)
		}
		p.keep(values, out.Pix[4*r*w.cols:], part.cols*part.rows)
	}
	return true, nil
}

// keep adds the colours of visible pixels to the samples, each n-th so that a window gives no more than enough.
func (p *picture) keep(values []float64, pix []uint8, n int) {
	step := n*len(p.bands)/maxSamples | 1
	for i := 0; i < n; i += step {
		for c := range p.bands {
			if pix[4*i+3] > 0 {
				p.samples = append(p.samples, values[i+c*n])
			}
		}
	}
}

// searchPicture reads a picture whose samples are all transparent until there is something. What a sparse file does not store is nothing.
func (p *picture) searchPicture(ctx context.Context, ds gdal.Dataset) error {
	band, l := ds.RasterBand(p.bands[0]), p.levels[0]
	cols, rows := p.scanWindow(band.BlockSize())
	cols = min(cols, 1<<20)
	for row, scanned := 0, 0; row < p.Rows && scanned < emptyScan; row += rows {
		for col := 0; col < p.Cols; col += cols {
			w := window{col, row, min(cols, p.Cols-col), min(rows, p.Rows-row)}
			if (p.nodata != nil || p.alpha > 0) && isSparse(band, w) {
				continue
			}
			seen, err := p.lookAt(ctx, ds, l, w)
			if err != nil || seen {
				return err
			}
			scanned += w.cols * w.rows
		}
	}
	return refuse(p.path, ErrBlank, "--nodata V if the wrong value is declared", "every pixel is transparent: %s", p.void())
}

// chooseScales gives every file that needs one a scale: the one given, or one for all files of a type, so that a mosaic shows no joins.
func chooseScales(list []*picture, given *[2]float64) error {
	if given != nil && !(given[0] < given[1] && given[1]-given[0] < math.MaxFloat64) {
		return refuse("--scale", ErrNotPicture, "--scale MIN,MAX with MIN below MAX", "%v to %v", given[0], given[1])
	}
	samples := map[string][]float64{}
	for _, p := range list {
		samples[p.DataType] = append(samples[p.DataType], p.samples...)
		p.samples = nil
	}
	scales := map[string]*[2]float64{}
	for kind, values := range samples {
		if kind != "Byte" && len(values) > 0 {
			scales[kind] = percentiles(values)
		}
	}
	for _, p := range list {
		switch {
		case p.look == palette:
		case given != nil:
			p.scale = given
		case p.bits > 0:
			p.scale = &[2]float64{0, float64(int(1)<<p.bits - 1)}
		default:
			p.scale = scales[p.DataType]
		}
	}
	return nil
}

// percentiles returns the 2nd and the 98th, or what spans the values if these are one, or what shows a single value as black.
func percentiles(values []float64) *[2]float64 {
	slices.Sort(values)
	n := len(values) - 1
	s := [2]float64{values[n*2/100], values[n-n*2/100]}
	if s[0] == s[1] {
		s = [2]float64{values[0], values[n]}
	}
	if s[0] == s[1] {
		s[1]++
	}
	return &s
}
