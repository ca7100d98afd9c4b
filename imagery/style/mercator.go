package style

import (
	"context"
	"fmt"
	"math"

	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
)

// Mercator returns the heights at the centres of the pixels of a tile of the Mercator grid, so many pixels a side, northern row
// first: in metres, bilinear between the posts of the first level whose posts are as close as the pixels are wide, or of the
// deepest; where that level has no tile, posts lie between those of the level above. A height depends on its place and on the
// tile's level alone, so tiles of a level are parts of one picture. Outside of the dataset's bound the ground slopes to its base
// as it is stored; where nothing is stored it is 0. Errors: tilegrid.ErrOutOfGrid, and the store's.
func (g *Ground) Mercator(ctx context.Context, c tilegrid.Coord, pixels int) ([]float32, error) {
	if err := tilegrid.Mercator.Check(c); err != nil {
		return nil, err
	}
	level := uint8(0)
	for level < g.info.Levels[1] && tilegrid.Geodetic.Resolution(level, terrain.Cells) > tilegrid.Mercator.Resolution(c.Z, pixels) {
		level++
	}
	columns, rows := gaps(level, c, pixels)
	west, east := columns[0].post, columns[pixels-1].post+1
	south, north := rows[pixels-1].post, rows[0].post+1
	w := newWindow(level, west, north, int(east-west)+1, int(north-south)+1)
	if err := g.load(ctx, w); err != nil {
		return nil, fmt.Errorf("heights of Mercator tile %s: %w", c, err)
	}
	out, line := make([]float32, pixels*pixels), make([]float32, w.cols)
	for r, row := range rows {
		w.row(line, row)
		dst := out[r*pixels:][:pixels]
		for k, column := range columns {
			i := column.post - west
			dst[k] = line[i] + (line[i+1]-line[i])*column.share
		}
	}
	return out, nil
}

// row interpolates a row of posts.
func (w *window) row(dst []float32, at gap) {
	north := int(w.north-at.post-1) * w.cols
	a, b := w.z[north:][:w.cols], w.z[north+w.cols:][:w.cols]
	for k := range dst {
		if dst[k] = b[k] + (a[k]-b[k])*at.share; isNaN(dst[k]) {
			dst[k] = 0
		}
	}
}

// gap is where between two posts something lies: the western or southern one, and the share of the way to the next.
type gap struct {
	post  int64
	share float32
}

func gapAt(v float64) gap {
	f := math.Floor(v)
	return gap{int64(f), float32(v - f)}
}

// gaps returns where the centres of a tile's pixels lie between the posts of a level: columns from the west, rows from the north.
func gaps(level uint8, c tilegrid.Coord, pixels int) (columns, rows []gap) {
	step := tilegrid.Geodetic.Resolution(level, terrain.Cells)
	n, _ := tilegrid.Mercator.Size(c.Z)
	all := float64(n) * float64(pixels)
	columns, rows = make([]gap, pixels), make([]gap, pixels)
	for k := range pixels {
		x := (float64(c.X)*float64(pixels) + float64(k) + 0.5) / all
		y := (float64(n-1-c.Y)*float64(pixels) + float64(k) + 0.5) / all // from the north
		lat := math.Atan(math.Sinh(math.Pi*(1-2*y))) * 180 / math.Pi
		columns[k], rows[k] = gapAt(x*360/step), gapAt((lat+90)/step)
	}
	return columns, rows
}
