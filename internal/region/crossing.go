package region

import (
	"math"

	"github.com/paulmach/orb"
)

// touching is how far a segment must reach over another to cross it, degrees: 0.1 mm. Rings that touch themselves are common
// and enclose what they seem to.
const touching = 1e-9

// Crossing returns a place where a ring crosses itself, if there is one: what it encloses cannot be told then.
func Crossing(ring orb.Ring) (orb.Point, bool) {
	if len(ring) < 4 {
		return orb.Point{}, false
	}
	r := &Region{}
	r.nodes = append(r.nodes, r.add(ring, area(ring) > 0))
	c := crossing{Region: r}
	top := &r.nodes[len(r.nodes)-1]
	return c.at, c.among(top, top)
}

// crossing looks for two segments that cross.
type crossing struct {
	*Region
	at orb.Point
}

// among compares the segments below one node with those below another, or with each other.
func (c *crossing) among(a, b *node) bool {
	if !a.box.Intersects(b.box) {
		return false
	}
	if a.leaf && b.leaf {
		return c.leaves(a, b)
	}
	if a == b {
		for i := a.first; i < a.first+a.size; i++ {
			for k := i; k < a.first+a.size; k++ {
				if c.among(&c.nodes[i], &c.nodes[k]) {
					return true
				}
			}
		}
		return false
	}
	if a.leaf || !b.leaf && b.size > a.size {
		a, b = b, a
	}
	for i := a.first; i < a.first+a.size; i++ {
		if c.among(&c.nodes[i], b) {
			return true
		}
	}
	return false
}

func (c *crossing) leaves(a, b *node) bool {
	for i := a.first; i < a.first+a.size; i++ {
		first := b.first
		if a == b {
			first = i + 1
		}
		for k := first; k < b.first+b.size; k++ {
			if crosses(c.points[i], c.points[i+1], c.points[k], c.points[k+1]) {
				c.at = c.points[i]
				return true
			}
		}
	}
	return false
}

// crosses tells whether segments p and q cross, each with its ends on either side of the other.
func crosses(p0, p1, q0, q1 orb.Point) bool {
	if max(p0[0], p1[0]) < min(q0[0], q1[0]) || max(q0[0], q1[0]) < min(p0[0], p1[0]) ||
		max(p0[1], p1[1]) < min(q0[1], q1[1]) || max(q0[1], q1[1]) < min(p0[1], p1[1]) {
		return false
	}
	return apart(p0, p1, q0, q1) && apart(q0, q1, p0, p1)
}

// apart tells whether two points lie on different sides of a line.
func apart(from, to, a, b orb.Point) bool {
	dx, dy := to[0]-from[0], to[1]-from[1]
	least := touching * math.Hypot(dx, dy)
	u, v := dx*(a[1]-from[1])-dy*(a[0]-from[0]), dx*(b[1]-from[1])-dy*(b[0]-from[0])
	return u > least && v < -least || u < -least && v > least
}
