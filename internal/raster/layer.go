package raster

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// layer is one pixel grid: a file, or several that share reference, pixel size and alignment and are read as one mosaic.
// Pixel positions are u to the right and v down from the outer corner of the grid's first pixel; pixel c spans c..c+1, its
// centre is c+0.5.
type layer struct {
	files      []placed // the first one that has a value wins
	crs        crs
	transform  [6]float64
	inverse    [6]float64
	cols, rows int
	period     int  // columns round the globe where that is a whole number, else 0
	plain      bool // longitude alone gives u, latitude alone gives v
	bound      orb.Bound
	resolution Resolution
	lender     lender // from longitude and latitude
	spacings   spacings
}

// placed is a file of a layer and where its first pixel lies.
type placed struct {
	*dem
	col, row int
}

// aligned is how far, in pixels, the grids of two files may be apart and still count as one.
const aligned = 0.01

// stackLayers groups files into layers and orders them, the top one first.
func stackLayers(dems []*dem, p Priority) ([]*layer, error) {
	dems = slices.Clone(dems)
	if p == Last {
		slices.Reverse(dems)
	}
	var layers []*layer
	for _, d := range dems {
		i := slices.IndexFunc(layers, func(l *layer) bool { return l.takes(d) })
		if i < 0 {
			layers = append(layers, newLayer(d))
		} else {
			layers[i].add(d)
		}
	}
	for _, l := range layers {
		if err := l.settle(); err != nil {
			return nil, err
		}
	}
	if p == Finest || p == "" {
		slices.SortStableFunc(layers, func(a, b *layer) int { return cmp.Compare(a.resolution.Degrees, b.resolution.Degrees) })
	}
	return layers, nil
}

func newLayer(d *dem) *layer {
	l := &layer{crs: d.crs, transform: d.Transform, inverse: d.inverse, resolution: d.Resolution, bound: d.Bound}
	l.add(d)
	return l
}

// takes tells whether a file continues this layer's pixel grid.
func (l *layer) takes(d *dem) bool {
	if !sameReference(d.crs.horizontal, l.crs.horizontal) || d.Vertical != l.files[0].Vertical || d.geoid != l.files[0].geoid || d.crs.unitMetres != l.crs.unitMetres {
		return false
	}
	far := float64(max(d.Cols, d.Rows))
	for _, i := range []int{1, 2, 4, 5} {
		size := math.Hypot(l.transform[1], l.transform[4])
		if i == 2 || i == 5 {
			size = math.Hypot(l.transform[2], l.transform[5])
		}
		if math.Abs(d.Transform[i]-l.transform[i])*far > aligned*size {
			return false
		}
	}
	u, v := apply(l.inverse, d.Transform[0], d.Transform[3])
	whole := func(x float64) bool { return math.Abs(x-math.Round(x)) < aligned && math.Abs(x) < maxPixels }
	return whole(u) && whole(v)
}

// add places a file relative to the layer's first one.
func (l *layer) add(d *dem) {
	u, v := apply(l.inverse, d.Transform[0], d.Transform[3])
	l.files = append(l.files, placed{d, int(math.Round(u)), int(math.Round(v))})
}

// settle moves the origin to the upper left of all files and decides how positions become pixels.
func (l *layer) settle() error {
	col, row := 0, 0
	for _, f := range l.files {
		col, row = min(col, f.col), min(row, f.row)
		l.bound = join(l.bound, f.Bound)
	}
	l.transform[0], l.transform[3] = apply(l.transform, float64(col), float64(row))
	l.inverse, _ = invert(l.transform)
	for i := range l.files {
		f := &l.files[i]
		f.col, f.row = f.col-col, f.row-row
		l.cols, l.rows = max(l.cols, f.col+f.Cols), max(l.rows, f.row+f.Rows)
	}
	l.lender.from, l.lender.to, l.spacings.byLevel = lonLat, l.crs.horizontal, map[uint8]uint{}
	plain, err := l.isPlain()
	if err != nil {
		return refuse(l.files[0].path, ErrCRS, crsAdvice, "%v", err)
	}
	l.plain = plain
	l.closeRing()
	return nil
}

// closeRing counts columns round the globe, so that files on both sides of the antimeridian meet.
func (l *layer) closeRing() {
	turn := l.crs.turn / math.Abs(l.transform[1])
	if l.transform[2] != 0 || l.transform[4] != 0 || turn < 1 || math.Abs(turn-math.Round(turn)) > aligned || turn > maxPixels {
		return
	}
	l.period = int(math.Round(turn))
	for i := range l.files {
		l.files[i].col = mod(l.files[i].col, l.period)
	}
}

// isPlain measures whether the layer's degrees are WGS 84's degrees to a hundredth of a pixel: WGS 84, ETRS89, NAD83 and the
// like.
func (l *layer) isPlain() (bool, error) {
	t := l.transform
	if !l.crs.geographic || t[2] != 0 || t[4] != 0 || t[1] <= 0 {
		return false, nil
	}
	p, err := l.lender.borrow()
	if err != nil {
		return false, err
	}
	defer l.lender.giveBack(p)
	const n = 8
	for i := range (n + 1) * (n + 1) {
		lon, lat := apply(t, float64(l.cols)*float64(i%(n+1))/n, float64(l.rows)*float64(i/(n+1))/n)
		lat = max(-89.9, min(89.9, lat))
		moved := p.point(orb.Point{lon, lat})
		if !(math.Abs(math.Remainder(moved[0]-lon, 360)) < aligned*t[1]) || !(math.Abs(moved[1]-lat) < aligned*math.Abs(t[5])) {
			return false, nil
		}
	}
	return true, nil
}

// join returns the bound of both, turned so that the longitudes do not open a gap that is not there.
func join(a, b orb.Bound) orb.Bound {
	best := orb.Bound{}
	for _, turn := range []float64{0, 360, -360} {
		u := a.Union(orb.Bound{Min: orb.Point{b.Min[0] + turn, b.Min[1]}, Max: orb.Point{b.Max[0] + turn, b.Max[1]}})
		if best.IsZero() || u.Max[0]-u.Min[0] < best.Max[0]-best.Min[0] {
			best = u
		}
	}
	return normalise(best)
}

// mod is the remainder that is never negative.
func mod[T int | int64](a, n T) T { return ((a % n) + n) % n }
