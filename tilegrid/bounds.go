package tilegrid

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// SplitBound cuts a bound whose longitudes leave -180..180 into one or two that do not. A bound of 360 degrees or more
// becomes the whole circle, and so does one that lies so far out that its place on it cannot be told.
func SplitBound(b orb.Bound) []orb.Bound {
	w, e := b.Min.Lon(), b.Max.Lon()
	part := func(w, e float64) orb.Bound {
		return orb.Bound{Min: orb.Point{w, b.Min.Lat()}, Max: orb.Point{e, b.Max.Lat()}}
	}
	const tellable = 1e9 // beyond it, a millionth of a degree is lost
	if !(e-w < 360 && math.Abs(w) < tellable) {
		return []orb.Bound{part(-180, 180)}
	}
	turns := 360 * math.Floor((w+180)/360)
	w, e = w-turns, e-turns
	if e <= 180 {
		return []orb.Bound{part(w, e)}
	}
	return []orb.Bound{part(w, 180), part(-180, e-360)}
}

// CutBounds returns the parts of bounds that lie in box, none wider than -180..180. Any of them may have longitudes beyond that.
func CutBounds(bounds []orb.Bound, box orb.Bound) []orb.Bound {
	var out []orb.Bound
	for _, b := range bounds {
		for _, part := range SplitBound(b) {
			for _, cutter := range SplitBound(box) {
				if part.Intersects(cutter) {
					out = append(out, orb.Bound{
						Min: orb.Point{max(part.Min[0], cutter.Min[0]), max(part.Min[1], cutter.Min[1])},
						Max: orb.Point{min(part.Max[0], cutter.Max[0]), min(part.Max[1], cutter.Max[1])},
					})
				}
			}
		}
	}
	return out
}

// UniteBounds returns the smallest bound around all of bounds, of which there is at least one. It goes the short way round the globe: its
// Max.Lon is beyond 180 if it crosses the antimeridian, and it is -180..180 if it goes all the way.
func UniteBounds(bounds []orb.Bound) orb.Bound {
	var parts []orb.Bound
	for _, b := range bounds {
		parts = append(parts, SplitBound(b)...)
	}
	slices.SortFunc(parts, func(a, b orb.Bound) int { return cmp.Compare(a.Min[0], b.Min[0]) })
	whole := parts[0]
	gap, gapWest, east := 0.0, 0.0, parts[0].Max[0] // the widest gap between them, and where it begins
	for _, p := range parts[1:] {
		if p.Min[0]-east > gap {
			gap, gapWest = p.Min[0]-east, east
		}
		east = max(east, p.Max[0])
		whole = whole.Union(p)
	}
	if around := parts[0].Min[0] + 360 - east; gap > around {
		whole.Min[0], whole.Max[0] = gapWest+gap, gapWest+360
	}
	return whole
}
