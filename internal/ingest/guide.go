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
}

// patch is the guide around one group of sources, on posts of a coarse level.
type patch struct {
	level      uint8
	west       int64
	north      int64
	cols, rows int
	z          []float32 // heights without holes
	enclosed   []bool    // in a hole that data surrounds, or data; nil if there is no such hole
}

const (
	patchPosts = 1024 // most posts along a side of a patch, near enough
	rimSlope   = 0.4  // height over distance at which the rim falls to the base: a third of what hides behind a client's skirt
	rimPosts   = 4    // it is at least this many posts of the patch wide
)

// newGuide surveys the sources around each bound. Bounds may overlap; those that do share a patch.
func newGuide(ctx context.Context, source Source, bounds []orb.Bound, leaf uint8, base Base, fill Fill) (*guide, error) {
	g := &guide{base: base, fill: fill}
	for _, b := range groups(bounds) {
		p, err := g.survey(ctx, source, b, leaf)
		if err != nil {
			return nil, err
		}
		g.patches = append(g.patches, p)
	}
	return g, nil
}

// groups merges bounds that touch or nearly touch, until none do.
func groups(bounds []orb.Bound) []orb.Bound {
	merged := append([]orb.Bound(nil), bounds...)
	for i := 0; i < len(merged); i++ {
		for k := i + 1; k < len(merged); k++ {
			margin := max(merged[i].Max[0]-merged[i].Min[0], merged[k].Max[0]-merged[k].Min[0], 0.01)
			if merged[i].Pad(margin / 2).Intersects(merged[k]) {
				merged[i] = merged[i].Union(merged[k])
				merged = append(merged[:k], merged[k+1:]...)
				i = -1
				break
			}
		}
	}
	return merged
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
	p := core.padded(int(math.Ceil(max(rim/core.spacing(), rimPosts))) + 2)
	p.settle(g.base, g.fill, max(rim, rimPosts*p.spacing()))
	return p, nil
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

// padded returns the patch with a margin of posts without data.
func (p *patch) padded(margin int) *patch {
	q := &patch{level: p.level, west: p.west - int64(margin), north: p.north + int64(margin), cols: p.cols + 2*margin, rows: p.rows + 2*margin}
	q.z = make([]float32, q.cols*q.rows)
	for k := range q.z {
		q.z[k] = missing
	}
	for r := range p.rows {
		copy(q.z[(r+margin)*q.cols+margin:], p.z[r*p.cols:][:p.cols])
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
	far := distances(valid, p.cols, p.rows, max(0.05, math.Cos(lat*math.Pi/180)))
	for k := range p.z {
		enclosed[k] = !outside[k] && fill != NoFill
		holes = holes || enclosed[k] && !valid[k]
		switch {
		case outside[k], !valid[k] && fill == NoFill:
			b := base.at(p.point(k))
			filled[k] = b + (filled[k]-b)*(1-smooth(float32(float64(far[k])*p.spacing()/rim)))
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
}

func (g *guide) from(level uint8) sight {
	s := sight{g: g, level: level, circle: int64(2*terrain.Cells) << level, spacing: spacing(level)}
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
	if s.g.base == nil {
		return 0
	}
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
			return p.enclosed[int(r+0.5)*p.cols+int(c+0.5)]
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
		dst[n] = s.bare(i+int64(n), j)
	}
	for k := len(s.g.patches) - 1; k >= 0; k-- {
		p, scale := s.g.patches[k], s.scales[k]
		r, ok := p.row(j, scale)
		if !ok {
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
	ci, ri := min(int(c), p.cols-2), min(int(r), p.rows-2)
	tx, ty := float32(c-float64(ci)), float32(r-float64(ri))
	z := p.z[ri*p.cols+ci:]
	north := z[0] + (z[1]-z[0])*tx
	south := z[p.cols] + (z[p.cols+1]-z[p.cols])*tx
	return north + (south-north)*ty
}

// locate returns column and row of post (i, j) in the patch. Both are exact: levels differ by powers of two.
func (p *patch) locate(i, j int64, scale float64, circle int64) (c, r float64, ok bool) {
	if r, ok = p.row(j, scale); !ok {
		return 0, 0, false
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
