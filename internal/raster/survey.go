package raster

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/lukeroth/gdal"
)

// Heights on Earth lie between these, with room: the Challenger Deep at -10 935 m and Chomolungma at 8 849 m.
const lowest, highest = -12000, 9000

// Limits of a survey: a raster of up to wholeSurvey pixels is thinned out as a whole, a larger one is looked at in windows.
// emptyScan bounds the search for a single height in a raster whose samples are all void.
const (
	wholeSurvey = 1 << 24
	surveySide  = 512
	emptyScan   = 1 << 34
)

// Survey is what the plan needs to know about a stack's heights.
type Survey struct {
	Min, Max float64      // metres
	Valid    float64      // share of valid samples of all files
	Files    []FileSurvey // in the order of Stack.Files
}

// Survey sums up what OpenStack saw in the pixels of each file. Nothing is read.
func (s *Stack) Survey(ctx context.Context) (Survey, error) {
	out := Survey{Min: math.Inf(1), Max: math.Inf(-1)}
	var pixels, valid float64
	for _, d := range s.dems {
		f := d.Survey
		out.Min, out.Max = min(out.Min, f.Min), max(out.Max, f.Max)
		n := float64(d.Cols) * float64(d.Rows)
		pixels, valid = pixels+n, valid+n*f.Valid
		out.Files = append(out.Files, f)
	}
	out.Valid = valid / pixels
	return out, ctx.Err()
}

// tally counts samples. What lies outside lowest..highest is not valid.
type tally struct {
	all, valid, zeros, outside int
	min, max                   float64 // metres, of the valid ones
	low, high                  float64 // metres, of those outside
	odd                        map[float64]int
}

func newTally(all int) tally {
	inf := math.Inf(1)
	return tally{all: all, min: inf, max: -inf, low: inf, high: -inf, odd: map[float64]int{}}
}

// tolerable is the share of heights outside lowest..highest that passes for noise and becomes void; twice as deep or high as
// Earth is nodata or another unit, be it ever so rare.
const tolerable = 0.001

// credible refuses heights that are not of Earth.
func (d *dem) credible(t tally) error {
	if t.outside == 0 || float64(t.outside) <= tolerable*float64(t.valid+t.outside) && t.low >= 2*lowest && t.high <= 2*highest {
		return nil
	}
	return refuse(d.path, ErrHeights, "check --nodata, or the unit of the heights",
		"%.2g %% of its heights lie outside %d..%d m: %.6g..%.6g m",
		100*float64(t.outside)/float64(t.valid+t.outside), lowest, highest, t.low, t.high)
}

// inspect looks at the pixels: it refuses a file without heights, and learns which undeclared values mean "no data".
func (d *dem) inspect(ctx context.Context, ds gdal.Dataset) error {
	samples, err := d.sample(ctx, ds)
	if err != nil {
		return err
	}
	t := d.count(samples)
	if t.valid+t.outside == 0 {
		if t, err = d.search(ctx, ds); err != nil {
			return err
		}
	}
	if t.odd[-9999] > 0 && t.min < -9000 { // the sea floor passes through -9999 on its way down
		d.decode.sentinels = slices.DeleteFunc(d.decode.sentinels, func(v float64) bool { return v == -9999 })
		t = d.count(samples)
	}
	if err := d.credible(t); err != nil {
		return err
	}
	rim, err := d.zeroRim(ctx, ds, t)
	if err != nil {
		return err
	}
	d.Survey.Min, d.Survey.Max, d.Survey.Valid = t.min, t.max, float64(t.valid)/float64(t.all)
	d.suspect(t, rim)
	return nil
}

// suspect writes down what a person should look at.
func (d *dem) suspect(t tally, rim bool) {
	note := func(format string, args ...any) {
		d.Survey.Suspicions = append(d.Survey.Suspicions, fmt.Sprintf(format, args...))
	}
	odd := make([]float64, 0, len(t.odd))
	for v := range t.odd {
		odd = append(odd, v)
	}
	slices.Sort(odd)
	for _, v := range odd {
		note("%g is not declared as nodata and is taken as such (%.2g %% of the samples)", v, 100*float64(t.odd[v])/float64(t.all))
	}
	if rim {
		note("a rim of exact zeros: nodata that is not declared?")
	}
	if t.outside > 0 {
		note("heights outside %d..%d m are taken as void: %.6g..%.6g m (%.2g %% of the samples)",
			lowest, highest, t.low, t.high, 100*float64(t.outside)/float64(t.all))
	}
}

// raw returns pixels of a window as they are, NaN only where the file declares them void.
func (d *dem) raw(ctx context.Context, ds gdal.Dataset, w window, cols, rows int) ([]float32, error) {
	plain := *d
	plain.decode.scale, plain.decode.offset, plain.decode.raw = 1, 0, true
	out := make([]float32, cols*rows)
	for i := range out {
		out[i] = nan32
	}
	return out, plain.read(ctx, ds, w, grid{cols, rows, cols, out}, &scratch{})
}

// sample reads a thumbnail of a small raster or of one with small overviews, and windows spread over a large one.
func (d *dem) sample(ctx context.Context, ds gdal.Dataset) ([]float32, error) {
	smallest, band := d.Cols*d.Rows, ds.RasterBand(1)
	if n := band.OverviewCount(); n > 0 {
		o := band.Overview(n - 1)
		smallest = min(smallest, o.XSize()*o.YSize())
	}
	if smallest <= wholeSurvey {
		return d.raw(ctx, ds, window{0, 0, d.Cols, d.Rows}, min(d.Cols, surveySide), min(d.Rows, surveySide))
	}
	const n = 8
	var out []float32
	width, height := min(d.Cols, 256), min(d.Rows, 64)
	for i := range n * n {
		w := window{(d.Cols - width) * (i % n) / (n - 1), (d.Rows - height) * (i / n) / (n - 1), width, height}
		part, err := d.raw(ctx, ds, w, width, height)
		if err != nil {
			return nil, err
		}
		out = append(out, part...)
	}
	return out, nil
}

// count sorts raw samples.
func (d *dem) count(samples []float32) tally {
	t := newTally(len(samples))
	for _, v := range samples {
		if v != v {
			continue
		}
		if d.decode.isSentinel(float64(v)) {
			t.odd[float64(v)]++
			continue
		}
		h := float64(v)*d.decode.scale + d.decode.offset
		if !(h >= lowest && h <= highest) {
			t.low, t.high, t.outside = min(t.low, h), max(t.high, h), t.outside+1
			continue
		}
		t.min, t.max, t.valid = min(t.min, h), max(t.max, h), t.valid+1
		if h == 0 {
			t.zeros++
		}
	}
	return t
}

// search reads a raster whose samples are all void until it finds a height. What a sparse file does not store is nodata.
func (d *dem) search(ctx context.Context, ds gdal.Dataset) (tally, error) {
	band := ds.RasterBand(1)
	cols, rows := d.scanWindow(band.BlockSize())
	far, scanned := tally{}, 0
	for row := 0; row < d.Rows && scanned < emptyScan; row += rows {
		for col := 0; col < d.Cols; col += cols {
			if err := ctx.Err(); err != nil {
				return tally{}, err
			}
			w := window{col, row, min(cols, d.Cols-col), min(rows, d.Rows-row)}
			if d.NoData != nil && isSparse(band, w) {
				continue
			}
			samples, err := d.raw(ctx, ds, w, w.cols, w.rows)
			if err != nil {
				return tally{}, err
			}
			t := d.count(samples)
			if t.all = d.Cols * d.Rows; t.valid > 0 {
				return t, nil
			}
			if t.outside > 0 {
				far = t
			}
			scanned += w.cols * w.rows
		}
	}
	if far.outside > 0 {
		return far, nil
	}
	return tally{}, refuse(d.path, ErrEmpty, "--nodata V if the wrong value is declared", "every pixel is nodata")
}

// scanWindow is a window of whole blocks, so that each is decoded once, if that fits into memory.
func (d *dem) scanWindow(width, height int) (cols, rows int) {
	if width < d.Cols && width*height <= maxBlock {
		return max(1, maxBlock/(width*height)) * width, height
	}
	rows = max(1, maxBlock/d.Cols)
	if height <= rows {
		rows -= rows % height
	}
	return min(d.Cols, 8*maxBlock), rows
}

// zeroRim tells whether all four outermost lines are exactly zero around ground that mostly is not.
func (d *dem) zeroRim(ctx context.Context, ds gdal.Dataset, t tally) (bool, error) {
	if t.zeros == 0 || t.zeros*2 > t.valid || d.Cols < 3 || d.Rows < 3 {
		return false, nil
	}
	cols, rows := min(d.Cols, surveySide), min(d.Rows, surveySide)
	for _, side := range []struct {
		w          window
		cols, rows int
	}{
		{window{0, 0, d.Cols, 1}, cols, 1},
		{window{0, d.Rows - 1, d.Cols, 1}, cols, 1},
		{window{0, 0, 1, d.Rows}, 1, rows},
		{window{d.Cols - 1, 0, 1, d.Rows}, 1, rows},
	} {
		line, err := d.raw(ctx, ds, side.w, side.cols, side.rows)
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(line, func(v float32) bool { return v != 0 }) {
			return false, nil
		}
	}
	return true, nil
}
