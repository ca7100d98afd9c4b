package ingest

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"sync"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/internal/region"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/tilegrid"
)

// Grade says which ground of a building site changes.
type Grade string

// The grades.
const (
	Flatten Grade = "flatten" // all of it
	Cut     Grade = "cut"     // what is above the height
	Raise   Grade = "fill"    // what is below the height
)

// Site is ground that is brought to one height.
type Site struct {
	File   string  // its polygons
	Height float64 // metres, as the dataset counts them
	Blend  float64 // metres around the polygons over which that passes into the ground as it is
	Grade  Grade
}

// SiteOptions of [PrepareSite].
type SiteOptions struct {
	Site
	Under   *Under
	Program string // see Options
}

// graded is what is kept about the making of a site.
type graded struct {
	Grade  Grade   `json:"grade"`
	Height float64 `json:"height"`
	Blend  float64 `json:"blend"`
}

// site is a building site, ready to be asked. It is safe for goroutines.
type site struct {
	Site
	region *region.Region
	edges  [][2]orb.Point
	bounds []orb.Bound // the ground that changes
	pool   sync.Pool   // of *region.Drawer
}

// mostEdges of a site's polygons: each post near them is measured against every one.
const mostEdges = 20_000

// siteDetail is how many posts the blend, or an eighth of a site, is wide, if a site has no more than sitePosts along a side then.
const siteDetail, sitePosts = 4, 8192

// PrepareSite plans a new version of a dataset in which a site is brought to one height. The caller closes the job.
func PrepareSite(ctx context.Context, o SiteOptions) (*Job, error) {
	p, err := raster.ReadPolygons(ctx, o.File)
	if err != nil {
		return nil, err
	}
	s := &site{Site: o.Site, region: region.New(p.Shapes)}
	for _, polygon := range p.Shapes {
		s.add(polygon)
	}
	if s.region == nil || len(s.edges) > mostEdges {
		return nil, remedy.New(o.File, fmt.Errorf("%w: %d edges of polygons, and a site has 3 to %d", ErrOptions, len(s.edges), mostEdges),
			"a file with the outline of the site only")
	}
	j := &Job{options: Options{Under: o.Under, Program: o.Program}, site: s}
	if err := j.openUnder(ctx); err != nil {
		return nil, err
	}
	if j.Plan, err = newPlan([]Ground{{Bounds: s.bounds, Leaf: max(j.deepestUnder(), s.leaf())}}, renewPad); err != nil {
		return nil, err
	}
	return j, j.describeSite(p)
}

// add notes a polygon's edges and the ground around it that changes.
func (s *site) add(polygon orb.Polygon) {
	for _, ring := range polygon {
		for k := 1; k < len(ring); k++ {
			s.edges = append(s.edges, [2]orb.Point{ring[k-1], ring[k]})
		}
	}
	b := polygon.Bound()
	pad := s.Blend / metresPerDegree
	north := min(89.9, max(math.Abs(b.Min[1]), math.Abs(b.Max[1]))+pad)
	wide := pad / math.Cos(north*math.Pi/180)
	s.bounds = append(s.bounds, orb.Bound{
		Min: orb.Point{b.Min[0] - wide, max(-90, b.Min[1]-pad)}, Max: orb.Point{b.Max[0] + wide, min(90, b.Max[1]+pad)},
	})
}

// leaf returns the level whose posts show the blend, or where there is none the site's own shape.
func (s *site) leaf() uint8 {
	detail, span := math.Inf(1), 0.0
	for _, b := range s.bounds {
		detail = min(detail, b.Max[1]-b.Min[1], b.Max[0]-b.Min[0])
		span = max(span, b.Max[1]-b.Min[1], b.Max[0]-b.Min[0])
	}
	if detail /= 8; s.Blend > 0 {
		detail = min(detail, s.Blend/metresPerDegree)
	}
	return min(LeafLevel(detail/siteDetail), levelFor(span, sitePosts))
}

// describeSite names the work.
func (j *Job) describeSite(p raster.Polygons) error {
	print, err := printOf(p.Files)
	if err != nil {
		return err
	}
	s := j.site
	j.Shores = []Shore{{filepath.Base(p.Path), "site", print, p.CRS, len(p.Shapes)}}
	return j.name(recipe{
		Program: j.options.Program, Leaf: j.Plan.Leaf, MaxErrors: j.MaxErrors(), Vertical: j.Vertical(), Sources: []ingredient{}, Shores: j.Shores,
		Site: &graded{s.Grade, s.Height, s.Blend},
	})
}

// over returns the ground with the site in it, and what of it is worth a tile.
func (s *site) over(g ground, level, leaf uint8) (all, own Source) {
	if level < leaf {
		return g, nil
	}
	if level == leaf {
		own = &plot{s, nil}
	}
	return &plot{s, g}, own
}

// plot is a site as a Source: over ground, or alone.
type plot struct {
	*site
	ground Source
}

// Heights fills dst with the ground, changed where the site is; without ground with the site's height, NaN beyond the blend.
func (p *plot) Heights(ctx context.Context, l raster.Lattice, dst []float32) error {
	for k := range dst {
		dst[k] = missing
	}
	if p.ground != nil {
		if err := p.ground.Heights(ctx, l, dst); err != nil {
			return err
		}
	}
	if !slices.ContainsFunc(p.bounds, func(b orb.Bound) bool { _, ok := turnTo(l.Bound(), b); return ok }) {
		return ctx.Err()
	}
	inside := p.inside(l)
	height := float32(p.Height)
	for k, h := range dst {
		weight := float32(1)
		if !inside[k] {
			weight = p.weight(l.Post(l.MinI+int64(k%l.Cols), l.MinJ+int64(l.Rows-1-k/l.Cols)))
		}
		switch {
		case weight == 0 || p.Grade == Cut && h <= height || p.Grade == Raise && h >= height:
		case p.ground == nil:
			dst[k] = height
		default:
			dst[k] += (height - h) * weight
		}
	}
	return ctx.Err()
}

// inside tells which posts lie in the site's polygons.
func (p *plot) inside(l raster.Lattice) []bool {
	d, ok := p.pool.Get().(*region.Drawer)
	if !ok {
		d = new(region.Drawer)
	}
	defer p.pool.Put(d)
	in := make([]bool, l.Cols*l.Rows)
	d.Inside(p.region, postsOf(l), in)
	return in
}

// weight is how much of the site's height a place outside its polygons takes: 1 beside them, 0 where the blend ends.
func (s *site) weight(at orb.Point) float32 {
	far := s.Blend
	shrink := math.Cos(at[1] * math.Pi / 180)
	if far == 0 || !slices.ContainsFunc(s.bounds, func(b orb.Bound) bool { return within(b, at, 0) }) {
		return 0
	}
	for _, e := range s.edges {
		far = min(far, distance(at, e, shrink))
	}
	return 1 - smooth(float32(far/s.Blend))
}

// distance returns how far a place is from an edge, metres, near enough for a blend; a degree of longitude is shrink degrees of latitude there.
func distance(at orb.Point, edge [2]orb.Point, shrink float64) float64 {
	near := func(p orb.Point) (x, y float64) { return math.Remainder(p[0]-at[0], 360) * shrink, p[1] - at[1] }
	ax, ay := near(edge[0])
	bx, by := near(edge[1])
	dx, dy := bx-ax, by-ay
	t := 0.0
	if square := dx*dx + dy*dy; square > 0 {
		t = max(0, min(1, -(ax*dx+ay*dy)/square))
	}
	return math.Hypot(ax+t*dx, ay+t*dy) * metresPerDegree
}

// siteBounds returns the ground of a site within -180..180.
func (s *site) siteBounds() []orb.Bound {
	var out []orb.Bound
	for _, b := range s.bounds {
		out = append(out, tilegrid.SplitBound(b)...)
	}
	return out
}
