package ingest

import (
	"math"

	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
)

// window is a square of posts of one level. Post (i, j) of a level lies at lon = -180 + i*s, lat = -90 + j*s with s = 180/(64 << level); i runs beyond the
// antimeridian on either side. Row 0 is the northernmost.
type window struct {
	level   uint8
	west    int64 // i of column 0
	north   int64 // j of row 0
	side    int   // columns and rows
	z       []float32
	valid   []bool // has data of its own, not filled in
	data    []bool // a source has data there, at any stage; what is stored beside the heights
	gaps    []bool // of each row: some post has none
	holding []bool // has data that is worth a tile of this level
}

// around sets the window to the ground of a unit with a margin, in posts of the stage's base level.
func (w *window) around(unit tilegrid.Coord, base uint8, margin int) {
	shift := base - unit.Z
	cells := int64(terrain.Cells) << shift
	w.level = base
	w.west = int64(unit.X)*cells - int64(margin)
	w.north = (int64(unit.Y)+1)*cells + int64(margin)
	w.side = int(cells) + 1 + 2*margin
	n := w.side * w.side
	if cap(w.z) < n {
		w.z, w.valid, w.holding, w.data = make([]float32, n), make([]bool, n), make([]bool, n), make([]bool, n)
	}
	w.z, w.valid, w.holding, w.data = w.z[:n], w.valid[:n], w.holding[:n], w.data[:n]
	w.gaps = append(w.gaps[:0], make([]bool, w.side)...)
}

// poles returns the rows of the poles.
func (w *window) poles() (south, north int64) { return 0, int64(terrain.Cells) << w.level }

// at returns the index of post (i, j).
func (w *window) at(i, j int64) int { return int(w.north-j)*w.side + int(i-w.west) }

// mark notes which posts hold data, and tells whether all and whether any do.
func (w *window) mark() (all, some bool) {
	all = true
	for r := range w.side {
		w.gaps[r] = false
		valid := w.valid[r*w.side:][:w.side]
		for c, h := range w.z[r*w.side:][:w.side] {
			ok := h == h
			valid[c] = ok
			w.gaps[r] = w.gaps[r] || !ok
			some = some || ok
		}
		all = all && !w.gaps[r]
	}
	return all, some
}

// hold notes the posts that heights has data for as worth a tile.
func (w *window) hold(heights []float32) {
	for k, h := range heights {
		w.holding[k] = h == h
	}
}

// take gives posts that have no height the heights of sources, and notes which of them those have.
func (w *window) take(heights []float32) {
	for k, h := range heights {
		if isMissing(w.z[k]) {
			w.z[k], w.data[k] = h, h == h
		}
	}
}

// overPoles gives rows beyond a pole the pole's own heights, so that gradients there have something to lean on.
func (w *window) overPoles() {
	south, north := w.poles()
	for r := range w.side {
		j := w.north - int64(r)
		var from int
		switch {
		case j > north:
			from = int(w.north - north)
		case j < south:
			from = int(w.north - south)
		default:
			continue
		}
		copy(w.z[r*w.side:][:w.side], w.z[from*w.side:][:w.side])
		copy(w.valid[r*w.side:][:w.side], w.valid[from*w.side:][:w.side])
		w.gaps[r] = w.gaps[from]
	}
}

// levelPoles gives all posts of a pole's row, if the window has one, the same height: heights are those of the south and the north pole.
func (w *window) levelPoles(heights [2]float32) {
	south, north := w.poles()
	for k, j := range []int64{south, north} {
		if r := w.north - j; r >= 0 && r < int64(w.side) {
			row := w.z[int(r)*w.side:][:w.side]
			for c := range row {
				row[c] = heights[k]
			}
		}
	}
}

// round rounds all heights to what is stored, so that it makes no difference whether a stage has them from memory or from the store. Added to a number whose last
// bit is a step, a float32 keeps whole steps, as long as it is less than half that number: 98 km here.
func (w *window) round() {
	const steps = 1.5 * (1 << 23) * terrain.StoredStep
	for k, h := range w.z {
		w.z[k] = float32(h+steps) - steps
	}
}

// tile copies the heights of tile c of the window's level, with its halo, into dst.
func (w *window) tile(c tilegrid.Coord, dst []float32) {
	at := w.at(int64(c.X)*terrain.Cells-terrain.Halo, (int64(c.Y)+1)*terrain.Cells+terrain.Halo)
	for r := range terrain.HeightsSide {
		copy(dst[r*terrain.HeightsSide:][:terrain.HeightsSide], w.z[at:])
		at += w.side
	}
}

// covered copies which posts of tile c of the window's level have data, without halo, into dst.
func (w *window) covered(c tilegrid.Coord, dst []bool) {
	at := w.at(int64(c.X)*terrain.Cells, (int64(c.Y)+1)*terrain.Cells)
	for r := range terrain.StoredSide {
		copy(dst[r*terrain.StoredSide:][:terrain.StoredSide], w.data[at:])
		at += w.side
	}
}

// holds tells whether tile c of the window's own level has data worth a tile anywhere, borders included.
func (w *window) holds(c tilegrid.Coord) bool {
	at := w.at(int64(c.X)*terrain.Cells, int64(c.Y+1)*terrain.Cells)
	for range terrain.StoredSide {
		for _, ok := range w.holding[at:][:terrain.StoredSide] {
			if ok {
				return true
			}
		}
		at += w.side
	}
	return false
}

var missing = float32(math.NaN())
