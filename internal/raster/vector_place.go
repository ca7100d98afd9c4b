package raster

import (
	"errors"
	"fmt"
	"math"

	"github.com/lukeroth/gdal"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
)

// errRing is matched by what is wrong with a ring, until it is said of which feature.
var errRing = errors.New("raster: bad ring")

// badRing says why.
type badRing string

func (b badRing) Error() string        { return string(b) }
func (b badRing) Is(target error) bool { return target == errRing }

func ringError(format string, args ...any) error { return badRing(fmt.Sprintf(format, args...)) }

// ringAdvice is the remedy for a bad ring.
func ringAdvice(err error) string {
	if errors.Is(err, errWide) {
		return "cut it at the antimeridian, or let longitudes go on beyond 180; if the long way is meant, ogr2ogr -segmentize 90 out.gpkg FILE"
	}
	if errors.Is(err, errMetres) {
		return "ogr2ogr -a_srs EPSG:n out.gpkg FILE with the code of the system that its metres are in; GeoJSON without one means degrees"
	}
	return "ogr2ogr -makevalid out.gpkg FILE repairs what crosses itself; a ring ends with its first point once more"
}

// errMetres: a point that can be none of degrees.
var errMetres = errors.New("no degrees")

// metres is a ring with such a point.
type metres struct{ badRing }

func (m metres) Is(target error) bool { return target == errRing || target == errMetres }

// errWide: an edge that may go either way round the globe.
var errWide = errors.New("goes further than half round the globe")

// wide is a ring with such an edge.
type wide struct{ badRing }

func (w wide) Is(target error) bool { return target == errRing || target == errWide }

// checkRing holds what a ring must be in any reference.
func checkRing(ring orb.Ring) error {
	for _, p := range ring {
		if v := p[0] + p[1]; v-v != 0 {
			return ringError("a ring has a point that is not a number")
		}
	}
	switch {
	case len(ring) < 4:
		return ringError("a ring has %d points, the least is 4 with the first one repeated", len(ring))
	case ring[0] != ring[len(ring)-1]:
		return ringError("a ring is not closed: it begins at %v and ends at %v", ring[0], ring[len(ring)-1])
	}
	return nil
}

// placer turns rings of one layer into degrees of WGS 84.
type placer struct {
	crs     crs
	degrees float64 // of one unit; 0 in a projected reference
	to      transform
	poles   [2]orb.Point // south and north in the layer's own coordinates; NaN where there is none
}

func (r *vectorReader) newPlacer(layer gdal.Layer) (*placer, error) {
	sr := layer.SpatialReference()
	if sr == (gdal.SpatialReference{}) {
		return nil, refuse(r.source.path, ErrNoCRS, "ogr2ogr -a_srs EPSG:n out.gpkg FILE if you know it, for example EPSG:4326 for degrees",
			"it does not say where on Earth it lies")
	}
	c, err := newCRS(wkt(sr))
	if err != nil {
		return nil, refuse(r.source.path, ErrCRS, "ogr2ogr -a_srs EPSG:n out.gpkg FILE if you know it", "%v", err)
	}
	p := &placer{crs: c}
	if r.CRS == "" {
		r.CRS = c.name
	}
	if p.to, err = newTransform(c.horizontal, lonLat); err != nil {
		return nil, refuse(r.source.path, ErrCRS, "ogr2ogr -t_srs EPSG:4326 out.gpkg FILE", "%v", err)
	}
	if c.geographic {
		p.degrees = unit(sr) * 180 / math.Pi
		return p, nil
	}
	back, err := newTransform(lonLat, c.horizontal)
	if err != nil {
		return nil, refuse(r.source.path, ErrCRS, "ogr2ogr -t_srs EPSG:4326 out.gpkg FILE", "%v", err)
	}
	defer back.close()
	p.poles = [2]orb.Point{back.point(orb.Point{0, -90}), back.point(orb.Point{0, 90})}
	return p, nil
}

func (p *placer) close() {
	if p != nil {
		p.to.close()
	}
}

func (p *placer) place(ring orb.Ring) (orb.Ring, error) {
	if p.crs.geographic {
		return p.geographic(ring)
	}
	return p.projected(ring)
}

// Beyond these, degrees: no longitude, though it counts on beyond 180; a latitude that was rounded.
const furthestLon, roundedLat = 540, 1e-6

// geographic places points one by one. They stay as far round the globe as they are.
func (p *placer) geographic(ring orb.Ring) (orb.Ring, error) {
	out := make(orb.Ring, len(ring))
	for k, q := range ring {
		lon, lat := q[0]*p.degrees, q[1]*p.degrees
		if math.Abs(lon) > furthestLon || math.Abs(lat) > 90+roundedLat {
			return nil, metres{badRing(fmt.Sprintf("a point at [%.10g %.10g], which are no degrees", q[0], q[1]))}
		}
		lat = max(-90, min(90, lat))
		if p.crs.name == lonLat || p.crs.name == "OGC:CRS84" {
			out[k] = orb.Point{lon, lat}
			continue
		}
		at := p.to.point(orb.Point{q[0], max(-90/p.degrees, min(90/p.degrees, q[1]))})
		if at[0]+at[1] != at[0]+at[1] {
			return nil, ringError("a point at %v, which PROJ cannot place", q)
		}
		out[k] = orb.Point{at[0] + 360*math.Round((lon-at[0])/360), at[1]}
	}
	out[len(out)-1] = out[0]
	return out, checkEdges(out)
}

// checkEdges refuses edges that may go either way round. One of a whole turn goes along a pole or round the globe, as in the borders of a map.
func checkEdges(ring orb.Ring) error {
	for k := 1; k < len(ring); k++ {
		a, b := ring[k-1], ring[k]
		far := math.Abs(a[0] - b[0])
		if far <= 180 || math.Abs(far-360) < roundedLat || a[1] == b[1] && math.Abs(a[1]) == 90 {
			continue
		}
		return wide{badRing(fmt.Sprintf("an edge from %v to %v goes further than half round the globe", a, b))}
	}
	return nil
}

// projected places points and as many between as the bent edges need.
func (p *placer) projected(ring orb.Ring) (orb.Ring, error) {
	t := tracer{to: p.to}
	ring = t.begin(ring)
	for k := 1; k < len(ring); k++ {
		t.edge(ring[k-1], ring[k], t.at, t.raw(ring[k]), 0)
	}
	if t.lost != nil {
		return nil, ringError("a point at %v, which PROJ cannot place on the globe", *t.lost)
	}
	return p.close360(ring, t)
}

// close360 closes a placed ring. One that goes once round the globe encloses a pole, and runs along it.
func (p *placer) close360(ring orb.Ring, t tracer) (orb.Ring, error) {
	first, last := t.out[0], t.out[len(t.out)-1]
	turns := math.Round((last[0] - first[0]) / 360)
	if turns == 0 {
		t.out[len(t.out)-1] = first
		return t.out, nil
	}
	lat, ok := t.pole, t.pole != 0
	if !ok {
		south, north := planar.RingContains(ring, p.poles[0]), planar.RingContains(ring, p.poles[1])
		lat, ok = 90, south != north
		if south {
			lat = -90
		}
	}
	if !ok || math.Abs(turns) > 1 {
		return nil, ringError("a ring goes round the globe, and it cannot be told which pole it encloses")
	}
	end := first[0] + 360*turns
	t.out[len(t.out)-1] = orb.Point{end, first[1]}
	return append(t.out, orb.Point{end, lat}, orb.Point{first[0], lat}, first), nil
}

// tracer follows the edges of a ring over the globe.
type tracer struct {
	to   transform
	out  orb.Ring
	at   orb.Point // where out ends, as PROJ says
	pole float64   // 90 or -90 if the ring touches a pole
	lost *orb.Point
}

// bent is how far an edge may be from its place, degrees of a great circle: 0.1 m. An edge is halved so often at most, and at
// least where it is long.
const bent, mostHalves, longEdge = 1e-6, 20, 1

// begin starts at the ring's first point that is no pole, whose longitude would be any. It returns the ring from there.
func (t *tracer) begin(ring orb.Ring) orb.Ring {
	for k := range len(ring) - 1 {
		if t.at = t.raw(ring[k]); !isPole(t.at) {
			turned := append(append(make(orb.Ring, 0, len(ring)), ring[k:len(ring)-1]...), ring[:k+1]...)
			t.out = orb.Ring{t.at}
			return turned
		}
	}
	t.out = orb.Ring{t.at}
	return ring
}

func isPole(p orb.Point) bool { return math.Abs(p[1]) > 90-1e-9 }

func (t *tracer) raw(p orb.Point) orb.Point {
	at := t.to.point(p)
	if at[0]+at[1] != at[0]+at[1] && t.lost == nil {
		t.lost = &p
	}
	return at
}

// edge adds the way from a to b, in the layer's coordinates, which lie at p and q.
func (t *tracer) edge(a, b, p, q orb.Point, halves int) {
	middle := orb.Point{(a[0] + b[0]) / 2, (a[1] + b[1]) / 2}
	if t.lost != nil || middle == a || middle == b {
		return
	}
	m := t.raw(middle)
	if halves < mostHalves && !straight(p, m, q, halves) {
		t.edge(a, middle, p, m, halves+1)
		t.edge(middle, b, m, q, halves+1)
		return
	}
	t.add(q)
}

// straight tells whether m is the middle between p and q.
func straight(p, m, q orb.Point, halves int) bool {
	if isPole(p) || isPole(q) {
		p[0], q[0] = awayFrom(p, m, q)
	}
	cos := math.Cos(m[1] * math.Pi / 180)
	along, up := turn(q[0]-p[0]), q[1]-p[1]
	if math.Abs(along) > 90 || halves < 2 && math.Hypot(along*cos, up) > longEdge {
		return false
	}
	return math.Hypot(turn(m[0]-p[0]-along/2)*cos, m[1]-p[1]-up/2) < bent
}

// awayFrom gives a pole the longitude of the middle, and returns both.
func awayFrom(p, m, q orb.Point) (float64, float64) {
	if isPole(p) {
		p[0] = m[0]
	}
	if isPole(q) {
		q[0] = m[0]
	}
	return p[0], q[0]
}

// turn returns an angle between -180 and 180.
func turn(degrees float64) float64 { return degrees - 360*math.Round(degrees/360) }

// add goes on to q the short way round. At a pole the longitude stays, and what comes after it leaves along its own.
func (t *tracer) add(q orb.Point) {
	last := t.out[len(t.out)-1]
	t.at = q
	if isPole(q) {
		t.pole = math.Copysign(90, q[1])
		t.out = append(t.out, orb.Point{last[0], t.pole})
		return
	}
	next := orb.Point{last[0] + turn(q[0]-last[0]), q[1]}
	if math.Abs(last[1]) == 90 {
		t.out = append(t.out, orb.Point{next[0], last[1]})
	}
	t.out = append(t.out, next)
}
