package verify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// Intervals of a stored grid, and the most at which a tile is compared.
const (
	storedCells   = terrain.StoredSide - 1
	comparedCells = 4 * storedCells
)

// posts are the deepest heights known under a tile on a square of (cells+1)² places, row 0 the northern border. NaN where none is.
type posts struct {
	cells int
	z     []float32
}

func newPosts(cells int) posts {
	p := posts{cells, make([]float32, (cells+1)*(cells+1))}
	for i := range p.z {
		p.z[i] = float32(math.NaN())
	}
	return p
}

// errorRun measures the meshes against the heights, children before parents, each grid read once.
type errorRun struct {
	v       *verifier
	heights tilestore.Heights
	bounds  []float64     // of each level, as the maker states them; none of datasets by others
	slots   chan struct{} // one for each goroutine besides the first

	mu        sync.Mutex // guards the fields below
	sums      []errorSum
	odd       []Fault          // grids that do not decode, meshes beyond their bound
	bare      []tilegrid.Coord // the first tiles without a grid, of bareCount
	bareCount int64
	some      bool // a grid was there
}

type errorSum struct {
	count          int64
	squares, worst float64
}

func (v *verifier) errors(ctx context.Context, h tilestore.Heights) error {
	r := &errorRun{v: v, heights: h, slots: make(chan struct{}, v.opt.Jobs-1), bounds: boundsOf(v.info), sums: make([]errorSum, len(v.levels))}
	columns, _ := v.info.Grid.Size(0)
	for x := range columns {
		if _, err := r.visit(ctx, tilegrid.Coord{X: x}); err != nil {
			return err
		}
	}
	for _, f := range r.odd {
		v.fault(f)
	}
	if r.some {
		for _, c := range r.bare {
			v.tileFault(c, "heights.absent", "other tiles have their heights stored, this one has not")
		}
		v.report.FaultCount += r.bareCount - int64(len(r.bare))
	}
	for z, s := range r.sums {
		l := &v.report.Levels[z]
		if l.Posts, l.MaxError = s.count, s.worst; s.count > 0 {
			l.RMS = math.Sqrt(s.squares / float64(s.count))
		}
	}
	return nil
}

// visit measures c and all below it, and returns the posts of c.
func (r *errorRun) visit(ctx context.Context, c tilegrid.Coord) (posts, error) {
	if !r.v.has(c) {
		return posts{}, ctx.Err()
	}
	if !r.v.touched(c) {
		return r.grid(ctx, c)
	}
	parts, err := r.children(ctx, c)
	if err != nil {
		return posts{}, err
	}
	own, err := r.grid(ctx, c)
	if err != nil {
		return posts{}, err
	}
	p := join(parts, own)
	if p.cells == 0 {
		return p, nil
	}
	deepest := !slices.ContainsFunc(parts[:], func(p posts) bool { return p.cells > 0 })
	return p, r.measure(ctx, c, p, deepest)
}

// children visits the four children, each on a goroutine of its own if a slot is free.
func (r *errorRun) children(ctx context.Context, c tilegrid.Coord) (parts [4]posts, err error) {
	if c.Z >= tilegrid.MaxLevel {
		return parts, nil
	}
	var errs [4]error
	var group sync.WaitGroup
	for k, child := range c.Children() {
		select {
		case r.slots <- struct{}{}:
			group.Go(func() {
				parts[k], errs[k] = r.visit(ctx, child)
				<-r.slots
			})
		default:
			parts[k], errs[k] = r.visit(ctx, child)
		}
	}
	group.Wait()
	return parts, errors.Join(errs[:]...)
}

// join lays the posts of the children together, thinned to comparedCells; quadrants without a child are those of the tile's own grid.
func join(parts [4]posts, own posts) posts {
	cells := own.cells
	for _, p := range parts {
		cells = max(cells, min(2*p.cells, comparedCells))
	}
	if cells == 0 {
		return posts{}
	}
	joined := newPosts(cells)
	for k, p := range parts { // own first: where quadrants meet, the deeper counts
		if p.cells == 0 && own.cells > 0 {
			joined.place(k, own, storedCells/2*(k&1), storedCells/2*(1-k>>1), storedCells/2)
		}
	}
	for k, p := range parts {
		if p.cells > 0 {
			joined.place(k, p, 0, 0, p.cells)
		}
	}
	return joined
}

// place lays the window of src that begins at x0, y0 and has the given intervals a side over quadrant k: south-west, south-east,
// north-west, north-east.
func (p posts) place(k int, src posts, x0, y0, cells int) {
	half := p.cells / 2
	skip, spread := max(1, cells/half), max(1, half/cells)
	atX, atY := half*(k&1), half*(1-k>>1)
	for j := 0; j*skip <= cells; j++ {
		from, to := (y0+j*skip)*(src.cells+1)+x0, (atY+j*spread)*(p.cells+1)+atX
		for i := 0; i*skip <= cells; i++ {
			p.z[to+i*spread] = src.z[from+i*skip]
		}
	}
}

// grid reads the heights stored beside c; no posts if there are none.
func (r *errorRun) grid(ctx context.Context, c tilegrid.Coord) (posts, error) {
	data, err := r.heights.Heights(ctx, c)
	switch {
	case errors.Is(err, tilestore.ErrNotFound):
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.bareCount++; len(r.bare) < r.v.opt.MaxFaults {
			r.bare = append(r.bare, c)
		}
		return posts{}, nil
	case errors.Is(err, tilestore.ErrCorrupt):
		r.fault(c, err)
		return posts{}, nil
	case err != nil:
		return posts{}, fmt.Errorf("verify: heights of %s: %w", c, err)
	}
	p := newPosts(storedCells)
	if err := terrain.DecodeHeights(data, p.z); err != nil {
		r.fault(c, err)
		return posts{}, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.some = true
	return p, nil
}

func (r *errorRun) fault(c tilegrid.Coord, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.some = true
	r.odd = append(r.odd, Fault{c, true, "heights.corrupt", err.Error()})
}

// measure compares the mesh of c with its posts, which are its own if it is the deepest at its place: then it must keep its bound.
func (r *errorRun) measure(ctx context.Context, c tilegrid.Coord, p posts, deepest bool) error {
	mesh, err := decodeTile(ctx, r.v.reader, c)
	if mesh == nil || err != nil {
		return err
	}
	var sum errorSum
	drawn := draw(mesh, p.cells)
	for i, h := range p.z {
		if d := math.Abs(float64(h - drawn.z[i])); d >= 0 { // neither is NaN
			sum.count++
			sum.squares += d * d
			sum.worst = max(sum.worst, d)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if deepest && int(c.Z) < len(r.bounds) && sum.worst > r.bounds[c.Z]+terrain.Bulge(c.Z)+terrain.HeightStep(c.Z)+p.relief()*rounding {
		r.odd = append(r.odd, Fault{c, true, "error.bound", fmt.Sprintf(
			"%.3f m off at a post; its bound is %.3g m, and the earth's curvature is %.3g m over it", sum.worst, r.bounds[c.Z], terrain.Bulge(c.Z))})
	}
	total := &r.sums[c.Z]
	total.count += sum.count
	total.squares += sum.squares
	total.worst = max(total.worst, sum.worst)
	return nil
}

// rounding is the share of a tile's relief by which a post may be off because vertices lie at 32768ths of the tile: on a wall, from
// one post to the next, twice the 1024th of the way that a vertex may be off, and as much again.
const rounding = 1.0 / 256

// relief returns how far the highest post is above the lowest.
func (p posts) relief() float64 {
	low, high := math.Inf(1), math.Inf(-1)
	for _, h := range p.z {
		if h == h {
			low, high = min(low, float64(h)), max(high, float64(h))
		}
	}
	return max(0, high-low)
}

// boundsOf returns the error bound of each level that the provenance of a dataset states.
func boundsOf(i tilestore.Info) []float64 {
	var made struct{ MaxErrors []float64 }
	if json.Unmarshal(i.Provenance, &made) != nil {
		return nil
	}
	return made.MaxErrors
}

// draw returns the heights of a mesh at the places of posts.
func draw(m *terrain.Mesh, cells int) posts {
	p := newPosts(cells)
	scale := float64(cells) / terrain.QuantizedMax
	for t := 0; t+2 < len(m.Triangles); t += 3 {
		var corners [3]corner
		for k := range corners {
			v := m.Vertices[m.Triangles[t+k]]
			corners[k] = corner{float64(v.U) * scale, float64(terrain.QuantizedMax-v.V) * scale, m.Height(v)}
		}
		p.triangle(corners)
	}
	return p
}

// corner is a vertex in places of posts, y from the north.
type corner struct{ x, y, h float64 }

// triangle writes the heights of the posts under a triangle, its sides included.
func (p posts) triangle(c [3]corner) {
	area := (c[1].x-c[0].x)*(c[2].y-c[0].y) - (c[2].x-c[0].x)*(c[1].y-c[0].y)
	if area == 0 {
		return
	}
	perX := ((c[1].h-c[0].h)*(c[2].y-c[0].y) - (c[2].h-c[0].h)*(c[1].y-c[0].y)) / area
	perY := ((c[1].x-c[0].x)*(c[2].h-c[0].h) - (c[2].x-c[0].x)*(c[1].h-c[0].h)) / area
	const slack = 1e-9
	top, bottom := min(c[0].y, c[1].y, c[2].y), max(c[0].y, c[1].y, c[2].y)
	for j := int(math.Ceil(top - slack)); j <= min(p.cells, int(bottom+slack)); j++ {
		y := max(top, min(bottom, float64(j)))
		left, right := chord(c, y)
		at := c[0].h + (float64(j)-c[0].y)*perY
		for i := int(math.Ceil(left - slack)); i <= min(p.cells, int(right+slack)); i++ {
			p.z[j*(p.cells+1)+i] = float32(at + (float64(i)-c[0].x)*perX)
		}
	}
}

// chord returns where the line at y enters and leaves a triangle.
func chord(c [3]corner, y float64) (left, right float64) {
	left, right = math.Inf(1), math.Inf(-1)
	for k := range c {
		a, b := c[k], c[(k+1)%3]
		if min(a.y, b.y) > y || max(a.y, b.y) < y {
			continue
		}
		x := a.x
		if a.y != b.y {
			x += (y - a.y) / (b.y - a.y) * (b.x - a.x)
		}
		left, right = min(left, x), max(right, x)
	}
	return left, right
}
