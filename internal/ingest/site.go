package ingest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"sync"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
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
	File   string        // its polygons
	Height float64       // metres, as the dataset counts them, or above Sea
	Sea    *raster.Geoid // mean sea level, which Height counts from; nil: as the dataset counts
	Blend  float64       // metres around the polygons over which that passes into the ground as it is
	Grade  Grade
}

// SiteOptions of [PrepareSite].
type SiteOptions struct {
	Site
	Under   *Under
	Leaf    uint8  // deepest level, where the dataset has none deeper there; 0: see siteDeeper
	Program string // see Options
}

// graded is what is kept about the making of a site.
type graded struct {
	Grade  Grade   `json:"grade"`
	Height float64 `json:"height"`
	Sea    string  `json:"sea,omitempty"` // the geoid that the height counts from; "": as the dataset counts
	Blend  float64 `json:"blend"`
}

// site is a building site, ready to be asked. It is safe for goroutines.
type site struct {
	Site
	region *region.Region
	edges  [][2]orb.Point
	own    []orb.Bound // of each polygon
	bounds []orb.Bound // the ground that changes
	cut    bool        // polygons or what lies around them reach beyond the dataset: bounds do not
	full   uint8       // level that shows all of it
	work   Earthwork
	pool   sync.Pool // of *region.Drawer
}

// mostEdges of a site's polygons: each post near them is measured against every one.
const mostEdges = 20_000

// siteDetail is how many posts the blend, or an eighth of a site, is wide, if a site has no more than sitePosts along a side then.
const siteDetail, sitePosts = 4, 8192

// A sliver would take levels that nobody looks at. So a site adds no more than siteDeeper levels to those that the dataset has there, or as many as
// make its largest polygon siteWide posts wide, whose posts lie no nearer than those of level siteFinest, 0.3 m; unless it is told which.
const siteDeeper, siteWide, siteFinest = 4, 8, 20

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
	if err := errors.Join(j.openUnder(ctx), s.settle(o.Under.Info().Bound)); err != nil {
		return nil, err
	}
	deepest := j.deepestUnder(j.Bounds())
	s.full = s.leaf()
	if j.Shores, err = s.shores(p); err != nil {
		return nil, err
	}
	leaf := cmp.Or(o.Leaf, j.leafBefore(), min(s.full, max(deepest+siteDeeper, min(s.coarse(p.Shapes), siteFinest))))
	if j.Plan, err = newPlan([]Ground{{Bounds: s.bounds, Leaf: max(deepest, leaf)}}, Plan{Pad: renewPad}); err != nil {
		return nil, err
	}
	if s.work, err = j.earthwork(ctx); err != nil {
		return nil, err
	}
	return j, j.describeSite()
}

// settle cuts the ground that changes to the dataset's, and holds that there is any, and that the height means something there.
func (s *site) settle(data orb.Bound) error {
	own, before := cutTo(s.own, data), s.bounds
	if len(own) == 0 {
		return remedy.New(s.File, fmt.Errorf("%w: its polygons lie in %s, the dataset covers %s", ErrOptions,
			boundText(tilegrid.UniteBounds(s.own)), boundText(data)), "polygons on the dataset's ground; coordinates are longitude first")
	}
	s.bounds = cutTo(before, data)
	s.cut, s.work.Partly = smaller(s.bounds, before), smaller(own, s.own)
	if s.Sea == nil {
		return nil
	}
	for _, b := range s.bounds {
		for _, p := range append(b.ToRing(), b.Center()) {
			if _, ok := s.Sea.Undulation(p); !ok {
				return remedy.New(s.File, fmt.Errorf("%w: %s says nothing of the ground at %.6f, %.6f", ErrOptions, s.Sea, p[0], p[1]),
					"--geoid with one that covers the site, or --vertical ellipsoid")
			}
		}
	}
	return nil
}

// add notes a polygon's edges and the ground around it that changes.
func (s *site) add(polygon orb.Polygon) {
	for _, ring := range polygon {
		for k := 1; k < len(ring); k++ {
			s.edges = append(s.edges, [2]orb.Point{ring[k-1], ring[k]})
		}
	}
	b := polygon.Bound()
	s.own = append(s.own, b)
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

// cutTo returns the parts of bounds that lie in another, none without width.
func cutTo(bounds []orb.Bound, data orb.Bound) []orb.Bound {
	return slices.DeleteFunc(tilegrid.CutBounds(bounds, data), func(b orb.Bound) bool { return b.Min[0] >= b.Max[0] || b.Min[1] >= b.Max[1] })
}

// smaller tells whether the parts of bounds are less than all of them.
func smaller(parts, bounds []orb.Bound) bool {
	size := func(bounds []orb.Bound) (sum float64) {
		for _, b := range bounds {
			sum += (b.Max[0] - b.Min[0]) * (b.Max[1] - b.Min[1])
		}
		return sum
	}
	const rounding = 1e-6
	return size(parts) < (1-rounding)*size(bounds)
}

// coarse returns the level at which the largest polygon is siteWide posts wide: as wide as a square that has as much area for its outline.
func (s *site) coarse(polygons []orb.Polygon) uint8 {
	largest, width := 0.0, 360.0
	for _, p := range polygons {
		shrink := math.Cos(p.Bound().Center()[1] * math.Pi / 180)
		around := 0.0
		for k, ring := 1, p[0]; k < len(ring); k++ {
			around += math.Hypot((ring[k][0]-ring[k-1][0])*shrink, ring[k][1]-ring[k-1][1])
		}
		if area := planar.Area(p) * shrink; area > largest {
			largest, width = area, 4*area/around
		}
	}
	return LeafLevel(width / siteWide)
}

// shores describes the file of polygons.
func (s *site) shores(p raster.Polygons) ([]Shore, error) {
	print, err := printOf(p.Files)
	return []Shore{{filepath.Base(p.Path), "site", print, p.CRS, len(p.Shapes)}}, err
}

// graded describes what is done in them.
func (s *site) graded() graded {
	sea := ""
	if s.Sea != nil {
		sea = s.Sea.String()
	}
	return graded{s.Grade, s.Height, sea, s.Blend}
}

// leafBefore returns the deepest level of the dataset's latest update if that is the same site, 0 if not: a site that is given once more is made as it
// is, though the dataset is deeper there now.
func (j *Job) leafBefore() uint8 {
	var story struct{ Updates []recipe }
	if json.Unmarshal(j.under.Info().Provenance, &story) != nil || len(story.Updates) == 0 {
		return 0
	}
	last := story.Updates[len(story.Updates)-1]
	if last.Site == nil || *last.Site != j.site.graded() || !slices.Equal(last.Shores, j.Shores) {
		return 0
	}
	return last.Leaf
}

// describeSite names the work.
func (j *Job) describeSite() error {
	g := j.site.graded()
	return j.name(recipe{
		Program: j.options.Program, Leaf: j.Plan.Leaf, MaxErrors: j.MaxErrors(), Vertical: j.Vertical(), Sources: []ingredient{}, Shores: j.Shores, Site: &g,
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

// siteBounds returns the ground of a site within -180..180.
func (s *site) siteBounds() []orb.Bound {
	var out []orb.Bound
	for _, b := range s.bounds {
		out = append(out, tilegrid.SplitBound(b)...)
	}
	return out
}
