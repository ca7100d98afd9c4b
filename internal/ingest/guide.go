package ingest

import (
	"context"
	"math"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
)

// Source gives heights at posts of the global lattice: raster.Stack is one.
type Source interface {
	Heights(ctx context.Context, l raster.Lattice, dst []float32) error
}

// Base is the ground where no source has data, ellipsoidal metres at a position in degrees. nil is the ellipsoid itself.
type Base func(p orb.Point) float32

func (b Base) at(p orb.Point) float32 {
	if b == nil {
		return 0
	}
	return b(p)
}

// guide is a coarse, smooth surface over the whole globe that says what the ground is where there is no data: the base far away, the data's own
// trend inside enclosed holes, and a slope between the two around the data's rim. It is made once, from a thumbnail of the sources.
type guide struct {
	base    Base
	fill    Fill
	patches []*patch
	poles   [2]float32 // heights of the south and the north pole: each is one place, whatever its longitude
}

// patch is the guide around one group of sources, on posts of a coarse level.
type patch struct {
	level      uint8
	west       int64
	north      int64
	cols, rows int
	ring       bool      // goes round the globe: column cols is column 0 again
	z          []float32 // heights without holes
	enclosed   []bool    // in a hole that data surrounds, or data; nil if there is no such hole
	edge       []float32 // how far above the base the data are where they end
}

const (
	patchPosts = 1024 // most posts along a side of a patch, near enough
	rimSlope   = 0.4  // height over distance at which the rim falls to the base: a third of what hides behind a client's skirt
	rimPosts   = 4    // it is at least this many posts of the patch wide
)

// newGuide surveys the sources around each bound. Bounds may overlap and cross the antimeridian; patches whose rims would meet become one.
func newGuide(ctx context.Context, source Source, bounds []orb.Bound, leaf uint8, base Base, fill Fill) (*guide, error) {
	g := &guide{base: base, fill: fill}
	for grouped := groups(bounds, 0.01); ; {
		g.patches = g.patches[:0]
		for _, b := range grouped {
			p, err := g.survey(ctx, source, b, leaf)
			if err != nil {
				return nil, err
			}
			g.patches = append(g.patches, p)
		}
		rims := make([]orb.Bound, len(g.patches))
		for k, p := range g.patches {
			rims[k] = p.bound()
		}
		if merged := groups(rims, 0); len(merged) < len(grouped) {
			grouped = merged
			continue
		}
		break
	}
	g.levelPoles()
	return g, nil
}

// groups merges bounds that come nearer to each other than their own width or the margin, degrees, until none do; a margin of 0 merges those that
// touch. East of 180 is west of -180.
func groups(bounds []orb.Bound, margin float64) []orb.Bound {
	merged := append([]orb.Bound(nil), bounds...)
	for i := 0; i < len(merged); i++ {
		for k := i + 1; k < len(merged); k++ {
			near := margin
			if margin > 0 {
				near = max(margin, (merged[i].Max[0]-merged[i].Min[0])/2, (merged[k].Max[0]-merged[k].Min[0])/2)
			}
			turned, ok := turnTo(merged[i].Pad(near), merged[k])
			if !ok {
				continue
			}
			merged[i] = merged[i].Union(turned)
			merged = append(merged[:k], merged[k+1:]...)
			i = -1
			break
		}
	}
	return merged
}

// turnTo returns b moved by whole turns so that it touches a, if it does at all.
func turnTo(a, b orb.Bound) (orb.Bound, bool) {
	for _, turn := range []float64{0, 360, -360} {
		t := orb.Bound{Min: orb.Point{b.Min[0] + turn, b.Min[1]}, Max: orb.Point{b.Max[0] + turn, b.Max[1]}}
		if a.Intersects(t) {
			return t, true
		}
	}
	return b, false
}

// levelPoles gives the row of a pole, in the patches that reach it, one height: the mean of what they say.
func (g *guide) levelPoles() {
	for k, north := range []bool{false, true} {
		sum, n := 0.0, 0
		var rows [][]float32
		for _, p := range g.patches {
			j := int64(0)
			if north {
				j = int64(terrain.Cells) << p.level
			}
			if r := p.north - j; r >= 0 && r < int64(p.rows) {
				row := p.z[int(r)*p.cols:][:p.cols]
				rows = append(rows, row)
				for _, h := range row {
					sum, n = sum+float64(h), n+1
				}
			}
		}
		if n == 0 {
			g.poles[k] = g.base.at(orb.Point{0, float64(180*k - 90)})
			continue
		}
		g.poles[k] = float32(sum / float64(n))
		for _, row := range rows {
			for c := range row {
				row[c] = g.poles[k]
			}
		}
	}
}

// survey makes the patch of one bound: a thumbnail, its holes filled, its rim drawn down to the base.
func (g *guide) survey(ctx context.Context, source Source, b orb.Bound, leaf uint8) (*patch, error) {
	span := max(b.Max[0]-b.Min[0], b.Max[1]-b.Min[1])
	core := newPatch(b, min(leaf, levelFor(span, patchPosts)), 0)
	if err := core.read(ctx, source); err != nil {
		return nil, err
	}
	rim := g.rim(core)
	for core.level > 0 && rim/core.spacing() > patchPosts/2 {
		core = newPatch(b, core.level-1, 0)
		if err := core.read(ctx, source); err != nil {
			return nil, err
		}
	}
	margin := int(math.Ceil(max(rim/core.spacing(), rimPosts))) + 2
	circle := 2 * terrain.Cells << core.level
	if core.cols+2*margin >= circle {
		return g.ring(core, margin, circle, rim), nil
	}
	p := core.padded(margin, margin)
	p.settle(g.base, g.fill, max(rim, rimPosts*p.spacing()))
	return p, nil
}

// ring makes the patch of data that go round the globe, or nearly: what lies beyond either end is seen from both, then one turn is kept.
func (g *guide) ring(core *patch, margin, circle int, rim float64) *patch {
	cut := core.cut(min(core.cols, circle))
	wide := cut.padded(circle, margin)
	for r := range wide.rows {
		row := wide.z[r*wide.cols:][:wide.cols]
		for c := range row {
			if own := circle + mod(c-circle, circle); own < circle+cut.cols {
				row[c] = row[own]
			}
		}
	}
	wide.settle(g.base, g.fill, max(rim, rimPosts*wide.spacing()))
	one := &patch{level: wide.level, west: cut.west, north: wide.north, cols: circle, rows: wide.rows, ring: true}
	for r := range wide.rows {
		one.z = append(one.z, wide.z[r*wide.cols+circle:][:circle]...)
		if wide.enclosed != nil {
			one.enclosed = append(one.enclosed, wide.enclosed[r*wide.cols+circle:][:circle]...)
		}
	}
	return one
}

// cut returns the patch's first columns.
func (p *patch) cut(cols int) *patch {
	q := &patch{level: p.level, west: p.west, north: p.north, cols: cols, rows: p.rows}
	for r := range p.rows {
		q.z = append(q.z, p.z[r*p.cols:][:cols]...)
	}
	return q
}

func mod(a, b int) int { return (a%b + b) % b }

// bound returns the ground of the patch, degrees; it may leave -180..180.
func (p *patch) bound() orb.Bound {
	nw, se := p.point(0), p.point(len(p.z)-1)
	return orb.Bound{Min: orb.Point{nw[0], se[1]}, Max: orb.Point{se[0], nw[1]}}
}

// rim returns how far the slope around the data reaches, degrees: the greatest height over the base at the rim's slope.
func (g *guide) rim(p *patch) float64 {
	highest := 0.0
	for k, h := range p.z {
		if h == h {
			highest = max(highest, math.Abs(float64(h-g.base.at(p.point(k)))))
		}
	}
	return highest / rimSlope / metresPerDegree
}

// metresPerDegree of a meridian, near enough for distances that are only stated.
const metresPerDegree = 111_195

// newPatch covers b with posts of a level and a margin of posts.
func newPatch(b orb.Bound, level uint8, margin int64) *patch {
	s := spacing(level)
	p := &patch{level: level}
	p.west = int64(math.Floor((b.Min[0]+180)/s)) - margin
	p.north = int64(math.Ceil((b.Max[1]+90)/s)) + margin
	p.cols = int(int64(math.Ceil((b.Max[0]+180)/s))+margin-p.west) + 1
	p.rows = int(p.north-(int64(math.Floor((b.Min[1]+90)/s))-margin)) + 1
	p.z = make([]float32, p.cols*p.rows)
	return p
}

func spacing(level uint8) float64 { return tilegrid.Geodetic.Resolution(level, terrain.Cells) }

func (p *patch) spacing() float64 { return spacing(p.level) }

// point returns where a sample lies, degrees.
func (p *patch) point(k int) orb.Point {
	s := p.spacing()
	return orb.Point{float64(p.west+int64(k%p.cols))*s - 180, float64(p.north-int64(k/p.cols))*s - 90}
}

func (p *patch) read(ctx context.Context, source Source) error {
	return source.Heights(ctx, raster.Lattice{Level: p.level, MinI: p.west, MinJ: p.north - int64(p.rows) + 1, Cols: p.cols, Rows: p.rows}, p.z)
}

// padded returns the patch with margins of posts without data, so many columns and rows on each side.
func (p *patch) padded(cols, rows int) *patch {
	q := &patch{level: p.level, west: p.west - int64(cols), north: p.north + int64(rows), cols: p.cols + 2*cols, rows: p.rows + 2*rows}
	q.z = make([]float32, q.cols*q.rows)
	for k := range q.z {
		q.z[k] = missing
	}
	for r := range p.rows {
		copy(q.z[(r+rows)*q.cols+cols:], p.z[r*p.cols:][:p.cols])
	}
	return q
}

// settle gives every sample a height: holes from the data around them or the base, and outside the data a slope to the base over rim degrees.
func (p *patch) settle(base Base, fill Fill, rim float64) {
	valid := make([]bool, len(p.z))
	for k, h := range p.z {
		valid[k] = h == h
	}
	outside := p.outside(valid)
	enclosed, holes := make([]bool, len(p.z)), false
	filled := pushPull(p.z, p.cols, p.rows)
	lat := p.point(len(p.z) / 2)[1]
	narrow := max(0.05, math.Cos(lat*math.Pi/180))
	far := distances(valid, p.cols, p.rows, narrow)
	land := p.landward(valid, far, base, narrow)
	p.edge = p.ends(valid, outside, base)
	for k := range p.z {
		enclosed[k] = !outside[k] && fill != NoFill
		holes = holes || enclosed[k] && !valid[k]
		switch {
		case outside[k], !valid[k] && fill == NoFill:
			b := base.at(p.point(k))
			share := 1 - smooth(float32(float64(far[k])*p.spacing()/rim))
			if land != nil {
				share *= land[k]
			}
			filled[k] = b + (filled[k]-b)*share
		case !valid[k] && fill == Sea:
			filled[k] = base.at(p.point(k))
		}
	}
	p.z = filled
	if holes {
		p.enclosed = enclosed
	}
}

// outside tells which samples without data are connected with the patch's own border: what is left are holes inside the data.
func (p *patch) outside(valid []bool) []bool {
	out := make([]bool, len(valid))
	var stack []int
	push := func(c, r int) {
		if k := r*p.cols + c; c >= 0 && c < p.cols && r >= 0 && r < p.rows && !valid[k] && !out[k] {
			out[k] = true
			stack = append(stack, k)
		}
	}
	for c := range p.cols {
		push(c, 0)
		push(c, p.rows-1)
	}
	for r := range p.rows {
		push(0, r)
		push(p.cols-1, r)
	}
	for len(stack) > 0 {
		k := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		c, r := k%p.cols, k/p.cols
		push(c-1, r)
		push(c+1, r)
		push(c, r-1)
		push(c, r+1)
	}
	return out
}

// sight is the guide as seen from the posts of one level.
type sight struct {
	g       *guide
	level   uint8
	circle  int64     // posts around the globe
	spacing float64   // degrees between posts
	scales  []float64 // of each patch: its posts between two posts of the level
	stride  int64     // posts between those at which the base is asked, a power of two
	share   float32   // of a stretch between two of those: one post
}

// The base is asked along a parallel at every so many posts at most, and no further apart than so many degrees; between, it is interpolated.
const basePosts, baseSpacing = 16, 0.25

func (g *guide) from(level uint8) sight {
	s := sight{g: g, level: level, circle: int64(2*terrain.Cells) << level, spacing: spacing(level), stride: 1}
	for s.stride < basePosts && float64(2*s.stride)*s.spacing < baseSpacing {
		s.stride *= 2
	}
	s.share = 1 / float32(s.stride)
	for _, p := range g.patches {
		s.scales = append(s.scales, math.Exp2(float64(p.level)-float64(level)))
	}
	return s
}

// turned returns i counted from -180 eastwards, less than once round the globe: where a patch reaches round it, a post must not find two places there.
func (s *sight) turned(i int64) int64 { return (i%s.circle + s.circle) % s.circle }

// at returns the guide's height at post (i, j), whichever way round the globe i counts.
func (s *sight) at(i, j int64) float32 {
	i = s.turned(i)
	for k, p := range s.g.patches {
		if c, r, ok := p.locate(i, j, s.scales[k], s.circle); ok {
			return p.at(c, r)
		}
	}
	return s.bare(i, j)
}

// bare returns the base's height at a post, i as turned.
func (s *sight) bare(i, j int64) float32 {
	a := bearing{from: -1}
	return s.bareAt(i, j, &a)
}

// bearing is a stretch of a parallel between two posts at which the base was asked: its western end and the heights of both.
type bearing struct {
	from       int64
	west, east float32
}

// bareAt is bare, which asks the base only if the post does not lie on the stretch that it has from before, in the same row.
func (s *sight) bareAt(i, j int64, a *bearing) float32 {
	if s.g.base == nil {
		return 0
	}
	if from := i &^ (s.stride - 1); from != a.from {
		*a = bearing{from: from, west: s.ask(from, j)}
		if s.stride > 1 {
			a.east = s.ask(from+s.stride, j)
		}
	}
	return a.west + (a.east-a.west)*(float32(i-a.from)*s.share)
}

// ask returns the base's height at a post, which may lie a stretch beyond the antimeridian.
func (s *sight) ask(i, j int64) float32 {
	return s.g.base(orb.Point{float64(i)*s.spacing - 180, float64(j)*s.spacing - 90})
}

// encloses tells whether post (i, j) lies in a hole that data surrounds, at the guide's own coarse sight.
func (s *sight) encloses(i, j int64) bool {
	i = s.turned(i)
	for k, p := range s.g.patches {
		if p.enclosed == nil {
			continue
		}
		if c, r, ok := p.locate(i, j, s.scales[k], s.circle); ok {
			return p.enclosed[int(r+0.5)*p.cols+int(c+0.5)%p.cols]
		}
	}
	return false
}

// row fills dst with the guide's heights at posts (i, j), (i+1, j), ...: the same as at for each, but much faster.
func (s *sight) row(i, j int64, dst []float32) {
	for len(dst) > 0 {
		i = s.turned(i)
		n := min(int64(len(dst)), s.circle-i)
		s.stretch(i, j, dst[:n])
		i, dst = i+n, dst[n:]
	}
}

// stretch is row for posts that do not cross the antimeridian.
func (s *sight) stretch(i, j int64, dst []float32) {
	for n := range dst {
		dst[n] = missing
	}
	for k := len(s.g.patches) - 1; k >= 0; k-- {
		p, scale := s.g.patches[k], s.scales[k]
		r, ok := p.row(j, scale)
		if !ok {
			continue
		}
		if p.ring {
			for n := range dst {
				c, _, _ := p.locate(i+int64(n), j, scale, s.circle)
				dst[n] = p.at(c, r)
			}
			continue
		}
		for _, turn := range [3]int64{-s.circle, s.circle, 0} {
			c := float64(i+turn)*scale - float64(p.west)
			first, last := max(0, math.Ceil(-c/scale)), min(float64(len(dst)-1), math.Floor((float64(p.cols-1)-c)/scale))
			for n := int(first); n <= int(last); n++ {
				dst[n] = p.at(c+float64(n)*scale, r)
			}
		}
	}
	s.bareRest(i, j, dst)
}

// bareRest gives the posts that no patch has the base's heights.
func (s *sight) bareRest(i, j int64, dst []float32) {
	a := bearing{from: -1}
	for n, h := range dst {
		if isMissing(h) {
			dst[n] = s.bareAt(i+int64(n), j, &a)
		}
	}
}

// enclosesAny tells whether a hole that data surrounds, or data, reaches into a tile, at the guide's own coarse sight.
func (s *sight) enclosesAny(c tilegrid.Coord) bool {
	cells := int64(terrain.Cells) << (s.level - c.Z)
	for k, p := range s.g.patches {
		if p.enclosed == nil {
			continue
		}
		step := max(1, int64(1/s.scales[k]))
		for j := int64(c.Y) * cells; j <= (int64(c.Y)+1)*cells; j += step {
			for i := int64(c.X) * cells; i <= (int64(c.X)+1)*cells; i += step {
				if s.encloses(i, j) {
					return true
				}
			}
		}
	}
	return false
}

// at interpolates the patch at a column and row.
func (p *patch) at(c, r float64) float32 {
	ci, ri := int(c), min(int(r), p.rows-2)
	next := ci + 1
	switch {
	case p.ring:
		next = mod(next, p.cols)
	case next >= p.cols:
		ci, next = p.cols-2, p.cols-1
	}
	tx, ty := float32(c-float64(ci)), float32(r-float64(ri))
	upper, lower := p.z[ri*p.cols:][:p.cols], p.z[(ri+1)*p.cols:][:p.cols]
	north := upper[ci] + (upper[next]-upper[ci])*tx
	south := lower[ci] + (lower[next]-lower[ci])*tx
	return north + (south-north)*ty
}

// locate returns column and row of post (i, j) in the patch. Both are exact: levels differ by powers of two.
func (p *patch) locate(i, j int64, scale float64, circle int64) (c, r float64, ok bool) {
	if r, ok = p.row(j, scale); !ok {
		return 0, 0, false
	}
	if p.ring {
		c = float64(i)*scale - float64(p.west)
		return c - math.Floor(c/float64(p.cols))*float64(p.cols), r, true
	}
	for _, turn := range [3]int64{0, circle, -circle} {
		if c = float64(i+turn)*scale - float64(p.west); c >= 0 && c <= float64(p.cols-1) {
			return c, r, true
		}
	}
	return 0, 0, false
}

func (p *patch) row(j int64, scale float64) (r float64, ok bool) {
	r = float64(p.north) - float64(j)*scale
	return r, r >= 0 && r <= float64(p.rows-1)
}
