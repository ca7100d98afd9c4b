package wms

import (
	"math"
	"sync"

	"github.com/paulmach/orb"

	"github.com/terrane/terrane/imagery"
)

// Boxes projects the bounds of layers into reference systems and remembers the results, so that a document of a thousand layers
// is quick from the second time on. The caller keeps one for as long as its registry. It is safe for concurrent use.
type Boxes struct {
	registry imagery.Registry

	mu    sync.Mutex // guards known
	known map[boxKey]orb.Bound
}

type boxKey struct {
	code  string
	bound orb.Bound
}

// mostBoxes are kept; then all are forgotten.
const mostBoxes = 1 << 16

// NewBoxes returns an empty memory.
func NewBoxes(registry imagery.Registry) *Boxes {
	return &Boxes{registry: registry, known: map[boxKey]orb.Bound{}}
}

// systems looks up the reference systems that exist.
func (b *Boxes) systems(codes []string) []imagery.CRS {
	var all []imagery.CRS
	for _, code := range codes {
		if crs, err := b.registry.CRS(code); err == nil && crs.Projection != nil {
			all = append(all, crs)
		}
	}
	return all
}

// box is the smallest box, x east and y north, around what the system can show of a bound in degrees; false if that is nothing.
func (b *Boxes) box(crs imagery.CRS, bound orb.Bound) (orb.Bound, bool) {
	key := boxKey{crs.Code, bound}
	b.mu.Lock()
	box, ok := b.known[key]
	b.mu.Unlock()
	if !ok {
		box = project(crs, bound)
		b.mu.Lock()
		if len(b.known) >= mostBoxes {
			clear(b.known)
		}
		b.known[key] = box
		b.mu.Unlock()
	}
	return box, box.Min[0] < box.Max[0] && box.Min[1] < box.Max[1]
}

// project joins the boxes of the parts of a bound that lie in the area of use, which is looked for a turn of the globe to the
// west and to the east as well.
func project(crs imagery.CRS, bound orb.Bound) orb.Bound {
	all := orb.Bound{Min: orb.Point{math.Inf(1), math.Inf(1)}, Max: orb.Point{math.Inf(-1), math.Inf(-1)}}
	for _, turn := range []float64{-360, 0, 360} {
		part := orb.Bound{
			Min: orb.Point{max(bound.Min[0]+turn, crs.Area.Min[0]), max(bound.Min[1], crs.Area.Min[1])},
			Max: orb.Point{min(bound.Max[0]+turn, crs.Area.Max[0]), min(bound.Max[1], crs.Area.Max[1])},
		}
		if part.Min[0] < part.Max[0] && part.Min[1] < part.Max[1] {
			extend(&all, crs, part)
		}
	}
	if math.Abs(crs.MetresPerUnit-degree) < 1 && all.Min[0] < all.Max[0] {
		return geographic(all) // an area of use may count longitudes on beyond 180
	}
	return all
}

// degree in metres, on OGC's sphere: the unit of systems that count in degrees.
const degree = 6378137 * math.Pi / 180

// extend makes box hold a part. The outline of an image is the image of the outline, so only that is projected, in steps of at
// most 3 degrees; a few positions inside stand in where the outline has no image.
func extend(box *orb.Bound, crs imagery.CRS, part orb.Bound) {
	x, y := outline(part)
	crs.Forward(x, y)
	for i := range x {
		if finite(x[i]) && finite(y[i]) {
			box.Min = orb.Point{min(box.Min[0], x[i]), min(box.Min[1], y[i])}
			box.Max = orb.Point{max(box.Max[0], x[i]), max(box.Max[1], y[i])}
		}
	}
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

const fewest = 16 // steps along one side

// outline returns positions on the sides of a box, and a coarse lattice inside.
func outline(b orb.Bound) (x, y []float64) {
	width, height := b.Max[0]-b.Min[0], b.Max[1]-b.Min[1]
	steps := max(fewest, int(math.Ceil(max(width, height)/3)))
	add := func(u, v float64) {
		x, y = append(x, b.Min[0]+u*width), append(y, b.Min[1]+v*height)
	}
	for i := range steps + 1 {
		u := float64(i) / float64(steps)
		add(u, 0)
		add(u, 1)
		add(0, u)
		add(1, u)
	}
	for i := 1; i < 4; i++ {
		for j := 1; j < 4; j++ {
			add(float64(i)/4, float64(j)/4)
		}
	}
	for i := range x { // rounding must not leave the area of use
		x[i], y[i] = min(x[i], b.Max[0]), min(y[i], b.Max[1])
	}
	return x, y
}

// geographic is a bound as EX_GeographicBoundingBox and LatLonBoundingBox can say it, within -180 to 180: what crosses the
// antimeridian is all around.
func geographic(b orb.Bound) orb.Bound {
	west, east := b.Min[0], b.Max[0]
	for west >= 180 {
		west, east = west-360, east-360
	}
	for west < -180 && east <= -180 {
		west, east = west+360, east+360
	}
	if west < -180 || east > 180 {
		west, east = -180, 180
	}
	return orb.Bound{Min: orb.Point{west, max(-90, b.Min[1])}, Max: orb.Point{east, min(90, b.Max[1])}}
}
