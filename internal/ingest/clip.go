package ingest

import (
	"context"
	"fmt"
	"sync"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/internal/region"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/tilegrid"
)

// mostClips is how many boxes of polygons cut the ground to plan for; of more the box around all does.
const mostClips = 64

// cutToClip returns the parts of bounds that lie in the boxes of the clip's polygons.
func (j *Job) cutToClip(bounds []orb.Bound) []orb.Bound {
	if j.clip == nil {
		return bounds
	}
	boxes := j.clip.Bounds()
	if len(boxes) > mostClips {
		boxes = []orb.Bound{tilegrid.UniteBounds(boxes)}
	}
	var out []orb.Bound
	for _, box := range groups(boxes, 0) {
		out = append(out, tilegrid.CutBounds(bounds, box)...)
	}
	return out
}

// besideClip says that the polygons hold nothing.
func (j *Job) besideClip(sources orb.Bound) error {
	return remedy.New(j.options.Clip, fmt.Errorf("%w: no source reaches into its polygons, which lie in %s; they cover %s", ErrOptions,
		boundText(tilegrid.UniteBounds(j.clip.Bounds())), boundText(sources)), "--clip with polygons over the sources; all is taken without it")
}

// clipped returns what of a source lies inside the clip's polygons.
func (j *Job) clipped(source Source) Source {
	if j.clip == nil {
		return source
	}
	return &clippedSource{Source: source, region: j.clip}
}

// clippedSource is a source without what lies outside a region, to the post. It is safe for goroutines if the source is.
type clippedSource struct {
	Source
	region  *region.Region
	cutters sync.Pool // of *cutter
}

// cutter is the memory of one cut.
type cutter struct {
	region.Drawer
	inside []bool
}

// Heights fills dst with the source's heights, none outside the region.
func (s *clippedSource) Heights(ctx context.Context, l raster.Lattice, dst []float32) error {
	if err := s.Source.Heights(ctx, l, dst); err != nil {
		return err
	}
	c, ok := s.cutters.Get().(*cutter)
	if !ok {
		c = new(cutter)
	}
	defer s.cutters.Put(c)
	if cap(c.inside) < len(dst) {
		c.inside = make([]bool, len(dst))
	}
	c.inside = c.inside[:len(dst)]
	c.Inside(s.region, postsOf(l), c.inside)
	for k, in := range c.inside {
		if !in {
			dst[k] = missing
		}
	}
	return nil
}
