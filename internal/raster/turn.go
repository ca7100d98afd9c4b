package raster

import (
	"errors"
	"math"
	"slices"

	"github.com/lukeroth/gdal"
)

// turnOf returns how much x grows once round the globe, so that ground may lie at x and at x + turn: a full circle of a
// geographic system; in a cylindrical projection (Mercator, plate carree, EASE-Grid) the length of its equator, as PROJ knows x
// within half of that of its meridian only. 0: x does not go round.
func turnOf(sr gdal.SpatialReference) (float64, error) {
	if sr.IsGeographic() {
		return 2 * math.Pi / unit(sr), nil
	}
	base := sr.CloneGeogCS()
	if base == (gdal.SpatialReference{}) {
		return 0, errors.New("no geographic system beneath the projection")
	}
	defer base.Destroy()
	t, err := newTransform(wkt(base), definition(sr))
	if err != nil {
		return 0, err
	}
	defer t.close()
	return t.cylinder(math.Pi / 2 / unit(base)), nil
}

// cylinder returns the length of the equator of a cylindrical projection from degrees, or from another unit of which quarter
// are a right angle, and 0 of any other projection: x grows alike from meridian to meridian, but at the one where it is cut,
// and is the same all along each.
func (t transform) cylinder(quarter float64) float64 {
	const along, around = 3, 4
	var x, y []float64
	for k := range along * around {
		x, y = append(x, float64(k%around-1)*quarter), append(y, float64(k/around-1)*quarter/2)
	}
	t.points(x, y)
	var steps []float64
	for k := range around {
		steps = append(steps, x[(k+1)%around]-x[k])
	}
	slices.Sort(steps)
	step := steps[1] // of four, one or none goes back over the cut
	near := func(a, b float64) bool { return math.Abs(a-b) <= 1e-9*math.Abs(around*step) }
	if !(step != 0) || !near(steps[2], step) || !(near(steps[3], step) && near(steps[0], -3*step) || near(steps[0], step) && near(steps[3], -3*step)) {
		return 0
	}
	for k := around; k < len(x); k++ {
		if !near(math.Remainder(x[k]-x[k-around], around*step), 0) {
			return 0
		}
	}
	return math.Abs(around * step)
}

// toward returns that of all places a whole number of turns away from x which is the nearest to a place.
func (c crs) toward(x, place float64) float64 {
	if c.turn == 0 {
		return x
	}
	return x + c.turn*math.Round((place-x)/c.turn)
}
