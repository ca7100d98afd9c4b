package raster

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// outlineSteps is how many pieces a side of the extent is cut into before it is transformed.
const outlineSteps = 32

// measure finds where the file lies on Earth and how fine it is.
func (d *dem) measure(a *atlas) error {
	toLonLat := a.toLonLat(d.crs.horizontal)
	t, err := toLonLat.borrow()
	if err != nil {
		return refuse(d.path, ErrCRS, crsAdvice, "%s: %v", d.CRS, err)
	}
	defer toLonLat.giveBack(t)
	if d.crs.geographic {
		if err := d.checkDegrees(); err != nil {
			return err
		}
	}
	b, ok := d.outline(t)
	if !ok {
		return refuse(d.path, ErrCRS, crsAdvice, "its corners are nowhere on Earth by %s", d.CRS)
	}
	if d.Bound = b; !d.crs.geographic {
		if err := d.reachPoles(a.fromLonLat(d.crs.horizontal), t); err != nil {
			return err
		}
	}
	if d.Resolution, ok = d.resolution(t); !ok {
		return refuse(d.path, ErrCRS, crsAdvice, "its centre is nowhere on Earth by %s", d.CRS)
	}
	return nil
}

// checkDegrees refuses metres that are labelled as degrees. A grid may reach a cell beyond the poles and round the whole
// circle.
func (d *dem) checkDegrees() error {
	b := d.extent()
	cell := math.Hypot(d.Transform[4], d.Transform[5]) + 1e-9
	turn := math.Hypot(d.Transform[1], d.Transform[2])*2 + 1e-9
	if b.Min[1] < -90-cell || b.Max[1] > 90+cell || b.Max[0]-b.Min[0] > 360+turn || b.Min[0] < -540 || b.Max[0] > 540 {
		return refuse(d.path, ErrCRS, "--src-crs EPSG:n with the code of its projection",
			"%s means degrees, but it spans %.6g..%.6g, %.6g..%.6g", d.CRS, b.Min[0], b.Max[0], b.Min[1], b.Max[1])
	}
	return nil
}

// extent is the rectangle around the outer edges, in the file's own coordinates.
func (d *dem) extent() orb.Bound {
	b := orb.Bound{Min: orb.Point{math.Inf(1), math.Inf(1)}, Max: orb.Point{math.Inf(-1), math.Inf(-1)}}
	for _, c := range [4][2]float64{{0, 0}, {1, 0}, {0, 1}, {1, 1}} {
		x, y := apply(d.Transform, c[0]*float64(d.Cols), c[1]*float64(d.Rows))
		b = b.Extend(orb.Point{x, y})
	}
	return b
}

// outline returns the bound of the transformed outer edges. Longitudes are followed along the outline, so that data across
// the antimeridian has a Max beyond 180; an outline that winds round a pole holds it. Where some of it is nowhere on Earth, as
// are the corners of a map of the globe on an ellipse, the inside tells.
func (d *dem) outline(t transform) (orb.Bound, bool) {
	if d.crs.geographic {
		if b, ok := d.degrees(t); ok {
			return b, true
		}
	}
	var x, y []float64
	for side := range 4 {
		for i := range outlineSteps {
			u, v := outlinePoint(side, float64(i)/outlineSteps)
			px, py := apply(d.Transform, u*float64(d.Cols), v*float64(d.Rows))
			x, y = append(x, px), append(y, py)
		}
	}
	t.points(x, y)
	n := len(x)
	if slices.ContainsFunc(x, math.IsNaN) {
		return d.inside(t)
	}
	x, y = append(x, x[0]), append(y, y[0])
	b := orb.Bound{Min: orb.Point{math.Inf(1), math.Inf(1)}, Max: orb.Point{math.Inf(-1), math.Inf(-1)}}
	last, winding := math.NaN(), 0.0
	for i := range x {
		if before, after := y[(i+n-1)%n], y[(i+1)%n]; polar(y[i]) && !polar(before) && !polar(after) {
			b.Min[1], b.Max[1] = min(b.Min[1], y[i]), max(b.Max[1], y[i])
			continue
		}
		lon := x[i]
		if last == last {
			turn := math.Remainder(lon-last, 360)
			winding += turn
			lon = last + turn
		}
		last = lon
		b = b.Extend(orb.Point{lon, y[i]})
	}
	if math.Abs(winding) > 180 {
		return d.roundPole(t, b), true
	}
	return normalise(b), true
}

// insideSteps is how many places across and down a file are asked for where they lie.
const insideSteps = 64

// inside returns a bound of those places of a grid all over the file that are on Earth, as much larger as the widest step between two of them: it
// may be too large, never too small.
func (d *dem) inside(t transform) (orb.Bound, bool) {
	const n = insideSteps + 1
	b := orb.Bound{Min: orb.Point{math.Inf(1), math.Inf(1)}, Max: orb.Point{math.Inf(-1), math.Inf(-1)}}
	start, step := math.NaN(), orb.Point{}
	var above [n]float64 // latitudes of the row before
	for r := range n {
		x, y := make([]float64, n), make([]float64, n)
		for c := range n {
			x[c], y[c] = apply(d.Transform, float64(d.Cols)*float64(c)/insideSteps, float64(d.Rows)*float64(r)/insideSteps)
		}
		t.points(x, y)
		last, found := start, false
		for c, lon := range x {
			if math.IsNaN(lon) {
				continue
			}
			if last == last {
				lon = last + math.Remainder(lon-last, 360)
			}
			if found && !math.IsNaN(x[c-1]) {
				step[0], step[1] = max(step[0], math.Abs(lon-last)), max(step[1], math.Abs(y[c]-y[c-1]))
			}
			if up := above[c]; r > 0 && up == up {
				step[1] = max(step[1], math.Abs(y[c]-up))
			}
			if last = lon; !found {
				start, found = lon, true
			}
			b = b.Extend(orb.Point{lon, y[c]})
		}
		copy(above[:], y)
	}
	if math.IsInf(b.Min[0], 0) {
		return b, false
	}
	b.Min, b.Max = orb.Point{b.Min[0] - step[0], max(-90, b.Min[1]-step[1])}, orb.Point{b.Max[0] + step[0], min(90, b.Max[1]+step[1])}
	return normalise(b), true
}

// polar tells that a latitude is a pole's, where the longitude says nothing: of one point of an outline, that is. A side along
// a pole is that of a map on which poles are lines.
func polar(lat float64) bool { return math.Abs(lat) > 90-1e-7 }

// reachPoles widens the bound to the place of the file that is nearest to each pole: an outline that runs past one has it
// between two of its points. A pole inside the file is on all meridians.
func (d *dem) reachPoles(fromLonLat *lender, t transform) error {
	back, err := fromLonLat.borrow()
	if err != nil {
		return refuse(d.path, ErrCRS, crsAdvice, "%s: %v", d.CRS, err)
	}
	defer fromLonLat.giveBack(back)
	for _, pole := range []orb.Point{{0, -90}, {0, 90}} {
		at := back.point(pole)
		u, v := apply(d.inverse, at[0], at[1])
		cols, rows := float64(d.Cols), float64(d.Rows)
		if u != u || v != v {
			continue
		}
		if u > edge && v > edge && u < cols-edge && v < rows-edge {
			d.Bound.Min[0], d.Bound.Max[0] = -180, 180
		}
		x, y := apply(d.Transform, max(0, min(cols, u)), max(0, min(rows, v)))
		near := t.point(orb.Point{x, y})
		if near != near {
			continue
		}
		d.Bound.Min[1], d.Bound.Max[1] = min(d.Bound.Min[1], near[1]), max(d.Bound.Max[1], near[1])
	}
	return nil
}

// outlinePoint walks round the unit square.
func outlinePoint(side int, s float64) (u, v float64) {
	switch side {
	case 0:
		return s, 0
	case 1:
		return 1, s
	case 2:
		return 1 - s, 1
	}
	return 0, 1 - s
}

// degrees takes the bound of a geographic file straight from its coordinates if they mean what WGS 84's mean.
func (d *dem) degrees(t transform) (orb.Bound, bool) {
	b := d.extent()
	c := b.Center()
	moved := t.point(c)
	if math.Abs(math.Remainder(moved[0]-c[0], 360)) > 0.01 || math.Abs(moved[1]-c[1]) > 0.01 {
		return b, false
	}
	b.Min[1], b.Max[1] = max(b.Min[1], -90), min(b.Max[1], 90)
	if b.Max[0]-b.Min[0] >= 360-1e-9 {
		b.Min[0], b.Max[0] = -180, 180
		return b, true
	}
	return normalise(b), true
}

// roundPole widens the bound of an outline that winds round a pole.
func (d *dem) roundPole(t transform, b orb.Bound) orb.Bound {
	b.Min[0], b.Max[0] = -180, 180
	x, y := apply(d.Transform, float64(d.Cols)/2, float64(d.Rows)/2)
	if t.point(orb.Point{x, y})[1] > 0 {
		b.Max[1] = 90
	} else {
		b.Min[1] = -90
	}
	return b
}

// normalise turns the bound so that its west lies in -180..180.
func normalise(b orb.Bound) orb.Bound {
	if b.Max[0]-b.Min[0] >= 360-1e-9 {
		b.Min[0], b.Max[0] = -180, 180
		return b
	}
	turn := -360 * math.Floor((b.Min[0]+180)/360)
	b.Min[0], b.Max[0] = b.Min[0]+turn, b.Max[0]+turn
	return b
}

// metresPerDegree of latitude, WGS 84, at a latitude.
func metresPerDegree(lat float64) float64 {
	return 111132.954 - 559.822*math.Cos(2*lat*math.Pi/180) + 1.175*math.Cos(4*lat*math.Pi/180)
}

// resolution measures one pixel at the centre.
func (d *dem) resolution(t transform) (Resolution, bool) {
	u, v := float64(d.Cols)/2, float64(d.Rows)/2
	at := func(u, v float64) orb.Point {
		x, y := apply(d.Transform, u, v)
		return t.point(orb.Point{x, y})
	}
	c, e, s := at(u, v), at(u+0.5, v), at(u, v+0.5)
	lat := metresPerDegree(c[1])
	length := func(p orb.Point, shrink float64) float64 {
		return 2 * math.Hypot(math.Remainder(p[0]-c[0], 360)*shrink, p[1]-c[1])
	}
	cos := math.Cos(c[1] * math.Pi / 180)
	r := Resolution{Metres: length(s, cos) * lat}
	if d.crs.geographic {
		r.Degrees = min(length(e, 1), length(s, 1))
	} else {
		r.Degrees = min(length(e, cos), length(s, cos))
	}
	return r, r.Degrees > 0 && r.Metres > 0
}
