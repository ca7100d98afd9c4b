// Package region holds parts of the globe that polygons enclose: how much of each pixel of a tile they cover, and which posts
// of a lattice lie inside.
//
// A [Region] is the union of any number of polygons in degrees, longitude first. Edges are straight in longitude and latitude,
// as GeoJSON has them, and never wrap: what crosses the antimeridian goes on beyond 180 or -180, and stands for the ground a
// turn further on. What encloses a pole runs along its latitude, 90 or -90. Which way round a ring goes does not matter: the
// first of a polygon is its outside, the others are holes.
//
// # How it is asked
//
// The segments of each ring, in their order, are packed into boxes, these into larger ones, and those of all rings, sorted
// along a Z curve, into one tree (Guttman's R-tree, packed from below). A question comes with a window and looks at each row of
// it from the west. A box beyond the window's rows or east of it says nothing; one that lies wholly to the west counts as a
// single segment from where its stretch of the ring begins to where it ends, for all between cancels out; a whole ring there is
// nothing at all. So a coast of a million segments costs a tile a few dozen more than those that cross it.
//
// [Drawer.Draw] adds up the exact area that each segment leaves on its east, pixel by pixel (as font rasterisers do: R.
// Levien's font-rs), so polygons that share a border leave no seam there. [Drawer.Inside] counts the crossings of each row.
//
// Both depend on a pixel's or post's place alone, not on the window that asks. Nothing here fails: rings that cross themselves
// give what the winding number says, and are for whoever reads files to refuse.
package region

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// Region is the union of polygons. It never changes and is safe for goroutines; nil is the empty region.
type Region struct {
	points []orb.Point // of all rings, one after the other, each closed
	nodes  []node      // those below before those above; the last is the top
	bounds []orb.Bound // of each polygon
}

// node is a box around a stretch of a ring, or around whole rings.
type node struct {
	box         orb.Bound
	first, size int32     // of a leaf: its points, size segments from first on; else nodes
	leaf        bool      //
	from, to    orb.Point // where the stretch begins and ends; the same point for whole rings
}

// Segments of a leaf, and nodes of a node above.
const leafSize, fanout = 16, 8

// New makes the union of polygons. Rings of fewer than four points enclose nothing and are passed over. It returns nil if nothing is left.
func New(polygons []orb.Polygon) *Region {
	r := &Region{}
	var tops []node // of each ring
	for _, p := range polygons {
		for k, ring := range p {
			if len(ring) < 4 {
				continue
			}
			if k == 0 {
				r.bounds = append(r.bounds, ring.Bound())
			}
			tops = append(tops, r.add(ring, k == 0))
		}
	}
	if len(tops) == 0 {
		return nil
	}
	slices.SortStableFunc(tops, func(a, b node) int { return cmp.Compare(curve(a.box), curve(b.box)) })
	r.pack(tops)
	return r
}

// Bounds returns the box around each polygon, degrees; they may lie beyond -180..180.
func (r *Region) Bounds() []orb.Bound {
	if r == nil {
		return nil
	}
	return r.bounds
}

// add takes in the points of a ring, counter-clockwise for an outside, and returns the node over it.
func (r *Region) add(ring orb.Ring, outside bool) node {
	first := len(r.points)
	r.points = append(r.points, ring...)
	if (area(ring) > 0) != outside {
		slices.Reverse(r.points[first:])
	}
	var leaves []node
	for at := first; at < len(r.points)-1; at += leafSize {
		n := min(leafSize, len(r.points)-1-at)
		stretch := r.points[at : at+n+1]
		leaves = append(leaves, node{
			box: orb.LineString(stretch).Bound(), first: int32(at), size: int32(n), leaf: true, from: stretch[0], to: stretch[n],
		})
	}
	for len(leaves) > 1 {
		leaves = r.above(leaves)
	}
	return leaves[0]
}

// pack puts nodes and all those above them into the tree.
func (r *Region) pack(level []node) {
	for len(level) > 1 {
		level = r.above(level)
	}
	r.nodes = append(r.nodes, level...)
}

// above puts nodes into the tree and returns those over them.
func (r *Region) above(level []node) []node {
	var up []node
	for len(level) > 0 {
		kids := level[:min(fanout, len(level))]
		level = level[len(kids):]
		n := node{box: kids[0].box, first: int32(len(r.nodes)), size: int32(len(kids)), from: kids[0].from, to: kids[len(kids)-1].to}
		whole := true
		for _, k := range kids {
			n.box = n.box.Union(k.box)
			whole = whole && k.from == k.to
		}
		if whole {
			n.to = n.from
		}
		r.nodes = append(r.nodes, kids...)
		up = append(up, n)
	}
	return up
}

// area is twice the signed area of a ring, positive counter-clockwise. Places count from the first point: far from the origin
// little would be left of a small ring.
func area(ring orb.Ring) float64 {
	sum, at := 0.0, ring[0]
	for k := 1; k < len(ring); k++ {
		ax, ay := ring[k-1][0]-at[0], ring[k-1][1]-at[1]
		bx, by := ring[k][0]-at[0], ring[k][1]-at[1]
		sum += ax*by - bx*ay
	}
	return sum
}

// curve is where the middle of a box lies on a Z curve over the globe.
func curve(b orb.Bound) uint64 {
	c := b.Center()
	spread := func(v float64) uint64 {
		n := uint64(max(0, min(1<<20-1, v*(1<<20))))
		n = (n | n<<16) & 0x0000ffff0000ffff
		n = (n | n<<8) & 0x00ff00ff00ff00ff
		n = (n | n<<4) & 0x0f0f0f0f0f0f0f0f
		n = (n | n<<2) & 0x3333333333333333
		return (n | n<<1) & 0x5555555555555555
	}
	return spread((c[0]+180)/720)<<1 | spread((c[1]+90)/180)
}

// walk calls visit for the segments that may matter to a window, in one order: those that reach into its rows and are not east
// of it. Stretches wholly west of it are one segment each. Longitudes are turned by so many turns.
func (r *Region) walk(window orb.Bound, visit func(a, b orb.Point, turn int)) {
	if r == nil {
		return
	}
	top := r.nodes[len(r.nodes)-1].box
	first, last := math.Ceil((window.Min[0]-top.Max[0])/360), math.Floor((window.Max[0]-top.Min[0])/360)
	for turn := first; turn <= last; turn++ {
		seen := window
		seen.Min[0] -= 360 * turn
		seen.Max[0] -= 360 * turn
		r.descend(&r.nodes[len(r.nodes)-1], &seen, int(turn), visit)
	}
}

func (r *Region) descend(n *node, window *orb.Bound, turn int, visit func(a, b orb.Point, turn int)) {
	switch {
	case n.box.Max[1] < window.Min[1] || n.box.Min[1] > window.Max[1] || n.box.Min[0] > window.Max[0]:
	case n.box.Max[0] < window.Min[0]:
		if n.from[1] != n.to[1] {
			visit(n.from, n.to, turn)
		}
	case n.leaf:
		for k := n.first; k < n.first+n.size; k++ {
			visit(r.points[k], r.points[k+1], turn)
		}
	default:
		for k := n.first; k < n.first+n.size; k++ {
			r.descend(&r.nodes[k], window, turn, visit)
		}
	}
}
