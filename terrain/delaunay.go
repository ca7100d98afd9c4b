package terrain

// delaunay is a triangulation of lattice points of a square, kept Delaunay while points are added.
//
// Points are numbers j*side+i, i from the west, j from the south. Triangle t owns the directed edges 3t, 3t+1 and 3t+2, counter-clockwise;
// edge e runs from from[e] to from[next(e)] and twin[e] is the same edge seen from the other side, or -1 on the square's border.
// All arithmetic is in whole numbers and exact.
type delaunay struct {
	side   int32
	xs, ys []int32 // of each point
	from   []int32
	twin   []int32
	hull   []int32 // border edge that starts at a point; valid for points on the border
	fresh  []int32 // triangles made or changed since the caller last emptied it; may hold one twice
}

func newDelaunay(side int) *delaunay {
	d := &delaunay{side: int32(side)}
	n := side * side
	d.xs, d.ys, d.hull = make([]int32, n), make([]int32, n), make([]int32, n)
	for p := range n {
		d.xs[p], d.ys[p] = int32(p%side), int32(p/side)
	}
	d.from, d.twin = make([]int32, 0, 6*n), make([]int32, 0, 6*n)
	d.fresh = make([]int32, 0, n)
	return d
}

// reset starts again with the square cut along its diagonal from south-west to north-east.
func (d *delaunay) reset() {
	d.from, d.twin, d.fresh = d.from[:0], d.twin[:0], d.fresh[:0]
	last := d.side - 1
	sw, se, nw, ne := int32(0), last, last*d.side, last*d.side+last
	a := d.add(sw, se, ne)
	b := d.add(sw, ne, nw)
	d.border(a)
	d.border(a + 1)
	d.join(a+2, b)
	d.border(b + 1)
	d.border(b + 2)
}

func next(e int32) int32 {
	if e%3 == 2 {
		return e - 2
	}
	return e + 1
}

func previous(e int32) int32 {
	if e%3 == 0 {
		return e + 2
	}
	return e - 1
}

// add appends a triangle and returns its first edge; its edges have no twins yet.
func (d *delaunay) add(a, b, c int32) int32 {
	e := int32(len(d.from))
	d.from = append(d.from, a, b, c)
	d.twin = append(d.twin, -1, -1, -1)
	d.fresh = append(d.fresh, e/3)
	return e
}

// set replaces the triangle that begins with edge e.
func (d *delaunay) set(e, a, b, c int32) int32 {
	d.from[e], d.from[e+1], d.from[e+2] = a, b, c
	d.fresh = append(d.fresh, e/3)
	return e
}

func (d *delaunay) join(e, f int32) { d.twin[e], d.twin[f] = f, e }

func (d *delaunay) border(e int32) { d.twin[e], d.hull[d.from[e]] = -1, e }

// attach gives edge e the twin that another edge had.
func (d *delaunay) attach(e, twin int32) {
	if twin < 0 {
		d.border(e)
		return
	}
	d.join(e, twin)
}

// insert adds point p, which lies inside triangle t or on one of its edges, but on none of its corners.
func (d *delaunay) insert(t, p int32) {
	e := 3 * t
	for k := range int32(3) {
		if d.cross(d.from[e+k], d.from[next(e+k)], p) == 0 {
			d.splitEdge(e+k, p)
			return
		}
	}
	d.splitTriangle(e, p)
}

// splitTriangle joins p with the three corners of the triangle that begins with edge e.
func (d *delaunay) splitTriangle(e, p int32) {
	a, b, c := d.from[e], d.from[e+1], d.from[e+2]
	ab, bc, ca := d.twin[e], d.twin[e+1], d.twin[e+2]
	t0 := d.set(e, a, b, p)
	t1 := d.add(b, c, p)
	t2 := d.add(c, a, p)
	d.attach(t0, ab)
	d.attach(t1, bc)
	d.attach(t2, ca)
	d.join(t0+1, t1+2)
	d.join(t1+1, t2+2)
	d.join(t2+1, t0+2)
	d.legalize(t0)
	d.legalize(t1)
	d.legalize(t2)
}

// splitEdge joins p, which lies on edge e, with the corners opposite it: one on the border, two inside.
func (d *delaunay) splitEdge(e, p int32) {
	f := d.twin[e]
	e1, e2 := next(e), previous(e)
	a, b, c := d.from[e], d.from[e1], d.from[e2]
	bc, ca := d.twin[e1], d.twin[e2]
	t0 := d.set(e-e%3, c, a, p)
	t1 := d.add(b, c, p)
	d.attach(t0, ca)
	d.attach(t1, bc)
	d.join(t0+2, t1+1)
	if f < 0 {
		d.border(t0 + 1)
		d.border(t1 + 2)
		d.legalize(t0)
		d.legalize(t1)
		return
	}
	f1, f2 := next(f), previous(f)
	o := d.from[f2]
	ao, ob := d.twin[f1], d.twin[f2]
	t2 := d.set(f-f%3, a, o, p)
	t3 := d.add(o, b, p)
	d.attach(t2, ao)
	d.attach(t3, ob)
	d.join(t2+1, t3+2)
	d.join(t0+1, t2+2)
	d.join(t1+2, t3+1)
	d.legalize(t0)
	d.legalize(t1)
	d.legalize(t2)
	d.legalize(t3)
}

// legalize flips edge e if the corner beyond it lies inside the circle through its own triangle, and goes on with the edges that the flip
// exposed. The point just added is the corner opposite e.
func (d *delaunay) legalize(e int32) {
	f := d.twin[e]
	if f < 0 {
		return
	}
	e1, e2, f1, f2 := next(e), previous(e), next(f), previous(f)
	a, b, p, o := d.from[e], d.from[e1], d.from[e2], d.from[f2]
	if !d.inCircle(a, b, p, o) {
		return
	}
	bp, pa, ao, ob := d.twin[e1], d.twin[e2], d.twin[f1], d.twin[f2]
	t0 := d.set(e-e%3, a, o, p)
	t1 := d.set(f-f%3, o, b, p)
	d.attach(t0, ao)
	d.attach(t0+2, pa)
	d.attach(t1, ob)
	d.attach(t1+1, bp)
	d.join(t0+1, t1+2)
	d.legalize(t0)
	d.legalize(t1)
}

// cross is twice the area of triangle a, b, c: positive if counter-clockwise.
func (d *delaunay) cross(a, b, c int32) int32 {
	ax, ay := d.xs[a], d.ys[a]
	return (d.xs[b]-ax)*(d.ys[c]-ay) - (d.ys[b]-ay)*(d.xs[c]-ax)
}

// inCircle tells whether o lies strictly inside the circle through the counter-clockwise triangle a, b, c.
func (d *delaunay) inCircle(a, b, c, o int32) bool {
	ox, oy := d.xs[o], d.ys[o]
	ax, ay := int64(d.xs[a]-ox), int64(d.ys[a]-oy)
	bx, by := int64(d.xs[b]-ox), int64(d.ys[b]-oy)
	cx, cy := int64(d.xs[c]-ox), int64(d.ys[c]-oy)
	return (ax*ax+ay*ay)*(bx*cy-cx*by)-(bx*bx+by*by)*(ax*cy-cx*ay)+(cx*cx+cy*cy)*(ax*by-bx*ay) > 0
}
