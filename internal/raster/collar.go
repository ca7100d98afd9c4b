package raster

import (
	"context"
	"slices"

	"github.com/lukeroth/gdal"
)

// Collar is one value, or one colour, that fills a picture from its edges inwards and is not declared as nodata: what a scanner or a
// satellite's path leaves around the data.
type Collar struct {
	Values []float64 // of each colour
	Share  float64   // of the pixels, about
}

// What counts as a collar: a value of at least two corners that fills so much of the picture from its left and right edges. Of a level that
// is looked at as a whole many rows are taken, of a large one few.
const (
	leastCorners            = 2
	leastCollar, mostCollar = 0.02, 0.98
	manyRows, fewRows       = 64, 8
	mostDecoded             = 1 << 27 // pixels, for those rows: without overviews a wide picture is not looked at
)

// findCollar looks for a collar where nothing says what is transparent. It reads some rows of the smallest level.
func (p *picture) findCollar(ctx context.Context, ds gdal.Dataset) error {
	if p.nodata != nil || p.alpha > 0 || p.masked || p.look == palette && p.fades() {
		return nil
	}
	l, rows := p.levels[len(p.levels)-1], manyRows
	if l.cols*l.rows > thumbnail {
		rows = fewRows
		if _, high := p.handles(ds, l, p.bands[:1])[0].BlockSize(); l.cols*min(high, l.rows)*rows > mostDecoded {
			return nil
		}
	}
	rows = min(rows, l.rows)
	if rows < 2 || l.cols < 2 {
		return nil
	}
	lines := make([][]float64, rows)
	for k := range lines {
		if err := ctx.Err(); err != nil {
			return err
		}
		w := window{0, (l.rows - 1) * k / (rows - 1), l.cols, 1}
		values, err := p.readValues(ds, l, w, &paints{})
		if err != nil {
			return p.readError(w, err)
		}
		lines[k] = values
	}
	p.collar = p.collarOf(lines, l.cols)
	return nil
}

// collarOf judges rows of pixels, the first and the last among them.
func (p *picture) collarOf(lines [][]float64, cols int) *Collar {
	pixel := func(line []float64, col int) []float64 {
		v := make([]float64, len(p.bands))
		for b := range v {
			v[b] = line[b*cols+col]
		}
		return v
	}
	first, last := lines[0], lines[len(lines)-1]
	corners := [4][]float64{pixel(first, 0), pixel(first, cols-1), pixel(last, 0), pixel(last, cols-1)}
	for _, v := range corners {
		same := 0
		for _, other := range corners {
			if slices.Equal(v, other) {
				same++
			}
		}
		if same < leastCorners {
			continue
		}
		filled := 0
		for _, line := range lines {
			run := func(from, step int) (n int) {
				for col := from; col >= 0 && col < cols && slices.Equal(pixel(line, col), v); col += step {
					n++
				}
				return n
			}
			filled += min(cols, run(0, 1)+run(cols-1, -1))
		}
		if share := float64(filled) / float64(cols*len(lines)); share >= leastCollar && share <= mostCollar {
			return &Collar{v, share}
		}
	}
	return nil
}
