package terrain

import "math"

// candidate is the sample of a triangle that is furthest from it.
type candidate struct {
	distance        float32
	triangle, point int32
	stamp           uint32
}

// current tells whether a candidate's triangle is as it was when it was looked at.
func (m *Mesher) current(c candidate) bool { return m.stamps[c.triangle] == c.stamp }

// stale makes the candidates of triangles that changed void.
func (m *Mesher) stale() {
	for n := len(m.d.from) / 3; len(m.stamps) < n; {
		m.stamps = append(m.stamps, 0)
	}
	for _, t := range m.d.fresh[m.staled:] {
		m.stamps[t]++
	}
	m.staled = len(m.d.fresh)
}

// rescan looks at the triangles that changed and queues those that hold a sample beyond the tolerance.
func (m *Mesher) rescan(tolerance float32) {
	m.stale()
	for i := len(m.d.fresh) - 1; i >= 0; i-- {
		t := m.d.fresh[i]
		if m.stamps[t]&seen != 0 {
			continue
		}
		m.stamps[t] |= seen
		if p, distance := m.scan(t, tolerance); p >= 0 {
			m.queue.push(candidate{distance, t, p, m.stamps[t] &^ seen})
		}
	}
	for _, t := range m.d.fresh {
		m.stamps[t] &^= seen
	}
	m.d.fresh, m.staled = m.d.fresh[:0], 0
}

// seen marks a triangle that this rescan has dealt with.
const seen = 1 << 31

// roundShare ends a round: see refineInside.
const roundShare = 0.7

// scan returns the sample inside a triangle that is furthest from its plane, or -1 if none is further than the tolerance. Samples on the
// tile's border are left out: their lines are settled.
func (m *Mesher) scan(t int32, tolerance float32) (point int32, distance float32) {
	d := m.d
	a, b, c := d.from[3*t], d.from[3*t+1], d.from[3*t+2]
	if d.ys[b] < d.ys[a] {
		a, b = b, a
	}
	if d.ys[c] < d.ys[a] {
		a, c = c, a
	}
	if d.ys[c] < d.ys[b] {
		b, c = c, b
	}
	s := scanner{z: m.z, worst: uint64(math.Float32bits(tolerance)) << 32}
	s.plane(m.corner(a), m.corner(b), m.corner(c))
	ax, ay, bx, by, cx, cy := d.xs[a], d.ys[a], d.xs[b], d.ys[b], d.xs[c], d.ys[c]
	long, lower, upper := slope(ax, ay, cx, cy), slope(ax, ay, bx, by), slope(bx, by, cx, cy)
	last := cy - 1 // the row of c holds no other sample, unless b is in it
	if by == cy {
		last = cy
	}
	last = min(last, posts-2)
	if (bx-ax)*(cy-ay) > (cx-ax)*(by-ay) { // b lies east of the long side
		s.rows(ay+1, min(by-1, last), line{ax, ay, long}, line{ax, ay, lower})
		s.rows(max(by, 1), last, line{ax, ay, long}, line{bx, by, upper})
	} else {
		s.rows(ay+1, min(by-1, last), line{ax, ay, lower}, line{ax, ay, long})
		s.rows(max(by, 1), last, line{bx, by, upper}, line{ax, ay, long})
	}
	if s.worst&(1<<32-1) == 0 {
		return -1, tolerance
	}
	return int32(s.worst & (1<<32 - 1)), math.Float32frombits(uint32(s.worst >> 32))
}

type corner struct{ x, y, z float32 }

func (m *Mesher) corner(p int32) corner {
	return corner{float32(m.d.xs[p]), float32(m.d.ys[p]), m.z[p]}
}

// line is a side of a triangle: it passes column x at row y and moves run columns a row.
type line struct {
	x, y int32
	run  float32
}

func (l line) at(y int32) float32 { return float32(l.x) + float32(y-l.y)*l.run }

// slope returns the run of a side a row. A level side has none; it is never followed.
func slope(ax, ay, bx, by int32) float32 {
	if by == ay {
		return 0
	}
	return float32(bx-ax) / float32(by-ay)
}

// scanner searches samples for the one furthest from a plane.
type scanner struct {
	z          []float32
	z0, dx, dy float32 // plane: height at column and row 0, rise a column, rise a row
	worst      uint64  // distance as the bits of a float32, which sort as the numbers do; below them the point, 0 for none
}

// plane sets the plane through three corners.
func (s *scanner) plane(a, b, c corner) {
	ux, uy, uz := b.x-a.x, b.y-a.y, b.z-a.z
	vx, vy, vz := c.x-a.x, c.y-a.y, c.z-a.z
	inverse := 1 / (ux*vy - uy*vx)
	s.dx = (uz*vy - vz*uy) * inverse
	s.dy = (vz*ux - uz*vx) * inverse
	s.z0 = a.z - s.dx*a.x - s.dy*a.y
}

// rows looks at the samples of rows first to last between two sides. Where a side meets a row its column is a multiple of 1/64, so 1/1024 is far
// more than rounding and far less than a step. Four samples at a time and no branches but the loops': most rows hold three samples, and
// a mispredicted branch costs as much as four of them.
func (s *scanner) rows(first, last int32, west, east line) {
	const almost = 1.0 / 1024
	worst := s.worst
	for y := first; y <= last; y++ {
		from := max(int32(west.at(y)+1-almost), 1)
		n := int64(min(int32(east.at(y)+almost), posts-2) - from + 1)
		at := y*posts + from
		plane := s.z0 + s.dy*float32(y) + s.dx*float32(from)
		for {
			z := s.z[at : at+4 : at+4]
			worst = max(worst, key(z[0]-plane, at)&uint64((0-n)>>63))
			worst = max(worst, key(z[1]-(plane+s.dx), at+1)&uint64((1-n)>>63))
			worst = max(worst, key(z[2]-(plane+2*s.dx), at+2)&uint64((2-n)>>63))
			worst = max(worst, key(z[3]-(plane+3*s.dx), at+3)&uint64((3-n)>>63))
			if n -= 4; n <= 0 {
				break
			}
			at, plane = at+4, plane+4*s.dx
		}
	}
	s.worst = worst
}

func key(difference float32, point int32) uint64 {
	return uint64(math.Float32bits(difference)&(1<<31-1))<<32 | uint64(point)
}

// queue holds candidates in buckets by distance, each bucket an eighth of a power of two wide. Within a bucket the last in is the first out: the order of
// near equals does not show in the mesh, and finding a bucket is several times faster than keeping a heap.
type queue struct {
	buckets [queueBuckets][]candidate
	top     int    // no bucket above it holds any
	floor   uint32 // bits of the tolerance: the smallest distance that is queued
}

const (
	queueBuckets = 192 // distances up to 2^24 times the tolerance
	bucketShift  = 20  // leaves three bits of a float32's fraction
)

func (q *queue) reset(tolerance float32) {
	for k := range q.buckets {
		q.buckets[k] = q.buckets[k][:0]
	}
	q.top, q.floor = 0, math.Float32bits(tolerance)
}

func (q *queue) push(c candidate) {
	k := min(int((math.Float32bits(c.distance)-q.floor)>>bucketShift), queueBuckets-1)
	q.buckets[k] = append(q.buckets[k], c)
	q.top = max(q.top, k)
}

func (q *queue) pop() (c candidate, ok bool) {
	for ; q.top >= 0; q.top-- {
		if b := q.buckets[q.top]; len(b) > 0 {
			q.buckets[q.top] = b[:len(b)-1]
			return b[len(b)-1], true
		}
	}
	return c, false
}
