package style

import (
	"context"
	"errors"
	"fmt"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// Ground is the heights of one terrain dataset. It is cheap to make and safe for concurrent use as long as its reader is open.
type Ground struct {
	heights tilestore.Heights
	info    tilestore.Info
	cache   *Cache
	opening any
}

// NewGround returns the ground that a reader holds, or [ErrNoHeights]. opening is a comparable value that tells the reader's file from all
// others, for the cache: equal for all grounds that read one file; nil means the reader itself. The caller closes the reader after the last
// picture.
func NewGround(r tilestore.Reader, cache *Cache, opening any) (*Ground, error) {
	h, ok := r.(tilestore.Heights)
	info := r.Info()
	if !ok || info.Kind != tilestore.Terrain || info.Grid != tilegrid.Geodetic {
		return nil, fmt.Errorf("%w: %s", ErrNoHeights, info.Name)
	}
	if opening == nil {
		opening = r
	}
	return &Ground{h, info, cache, opening}, nil
}

// tile returns the heights that are stored for a tile, or nil where there are none. The caller does not change them.
func (g *Ground) tile(ctx context.Context, c tilegrid.Coord) ([]float32, error) {
	if c.Z > g.info.Levels[1] {
		return nil, nil
	}
	p := place{g.opening, "", c}
	if e := g.cache.get(p); e != nil {
		return e.heights, nil
	}
	if !g.info.Has(c) {
		return nil, nil
	}
	data, err := g.heights.Heights(ctx, c)
	if errors.Is(err, tilestore.ErrNotFound) {
		return nil, nil
	}
	z := make([]float32, terrain.StoredSide*terrain.StoredSide)
	if err == nil {
		err = terrain.DecodeHeights(data, z)
	}
	if err != nil {
		return nil, fmt.Errorf("heights of %s %s: %w", g.info.Name, c, err)
	}
	g.cache.put(&entry{place: p, heights: z})
	return z, nil
}

// Height returns the height at a place, as [Probe.Height] of the deepest level does.
func (g *Ground) Height(ctx context.Context, p orb.Point) (metres float64, level uint8, ok bool, err error) {
	return g.Probe().Height(ctx, p, g.info.Levels[1])
}

// covers tells whether p, whichever way round the globe its longitude counts, lies in b.
func covers(b orb.Bound, p orb.Point) bool {
	return b.Contains(p) || b.Contains(orb.Point{p[0] + 360, p[1]}) || b.Contains(orb.Point{p[0] - 360, p[1]})
}
