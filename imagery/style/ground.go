package style

import (
	"context"
	"errors"
	"fmt"
	"math"

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

// Height returns the height at a place, degrees, in what the dataset's Vertical says, bilinear between the posts of the deepest level that has a
// tile there: exact on posts. level is that level. ok is false outside of the dataset's bound and where nothing is stored.
func (g *Ground) Height(ctx context.Context, p orb.Point) (metres float64, level uint8, ok bool, err error) {
	if !(math.Abs(p.Lat()) <= 90 && math.Abs(p.Lon()) <= 360) || !covers(g.info.Bound, p) {
		return 0, 0, false, nil
	}
	for z := int(g.info.Levels[1]); z >= 0; z-- {
		s := tilegrid.Geodetic.Resolution(uint8(z), terrain.Cells)
		circle := float64(int64(2*terrain.Cells) << z)
		x, y := math.Mod((p.Lon()+180)/s+circle, circle), (p.Lat()+90)/s
		metres, ok, err = g.between(ctx, uint8(z), x, y)
		if ok || err != nil {
			return metres, uint8(z), ok, err
		}
	}
	return 0, 0, false, nil
}

// covers tells whether p, whichever way round the globe its longitude counts, lies in b.
func covers(b orb.Bound, p orb.Point) bool {
	return b.Contains(p) || b.Contains(orb.Point{p[0] + 360, p[1]}) || b.Contains(orb.Point{p[0] - 360, p[1]})
}

// between interpolates at (x, y), counted in posts of a level from the south-west corner of the grid. A place on a border finds the tile on
// either side.
func (g *Ground) between(ctx context.Context, z uint8, x, y float64) (metres float64, ok bool, err error) {
	columns, _ := tilegrid.Geodetic.Size(z)
	for _, ty := range sides(y) {
		for _, tx := range sides(x) {
			c := tilegrid.Coord{Z: z, X: uint32((tx + int64(columns)) % int64(columns)), Y: uint32(ty)}
			if ty < 0 || !tilegrid.Geodetic.Valid(c) {
				continue
			}
			posts, err := g.tile(ctx, c)
			if err != nil {
				return 0, false, err
			}
			if posts != nil {
				return bilinear(posts, x-float64(tx*terrain.Cells), float64((ty+1)*terrain.Cells)-y), true, nil
			}
		}
	}
	return 0, false, nil
}

// sides returns the tiles that hold a post position: the one after it, and on a border the one before it.
func sides(v float64) []int64 {
	t := int64(math.Floor(v / terrain.Cells))
	if v == float64(t*terrain.Cells) {
		return []int64{t, t - 1}
	}
	return []int64{t}
}

// bilinear interpolates a tile's heights at a column and a row from the north.
func bilinear(z []float32, c, r float64) float64 {
	ci, ri := min(int(c), terrain.Cells-1), min(int(r), terrain.Cells-1)
	at := func(k int) float64 {
		a, b := float64(z[k]), float64(z[k+1])
		return a + (b-a)*(c-float64(ci))
	}
	north, south := at(ri*terrain.StoredSide+ci), at((ri+1)*terrain.StoredSide+ci)
	return north + (south-north)*(r-float64(ri))
}
