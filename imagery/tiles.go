package imagery

import (
	"context"
	"errors"
	"fmt"

	"github.com/terrane/terrane/internal/picture"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

const (
	usualTile = 256     // pixels a side, of a dataset without tiles
	largest   = 1 << 11 // pixels a side, of any tile that is decoded
)

// Tiles is the [Source] of a dataset version that stores pictures. It is safe for concurrent use and closes nothing.
type Tiles struct {
	reader  tilestore.Reader
	info    tilestore.Info
	key     any
	cache   *Cache
	size    int
	extents []extent // by level: what it and all levels above it may have
	own     []extent // by level
}

// extent is what tiles of a level may lie in.
type extent struct {
	tilegrid.Range
	any bool
}

// NewTiles returns the source that decodes r's tiles and keeps them in the cache. Key is a comparable value that tells this version of this dataset from all others in the cache, of whatever name and number. Files by others may
// hold tiles of another size: the size of the first tile that is found is that of all, and one of another size is [tilestore.ErrCorrupt]. Errors are those of the reader.
func NewTiles(ctx context.Context, r tilestore.Reader, key any, cache *Cache) (*Tiles, error) {
	t := &Tiles{reader: r, info: r.Info(), key: key, cache: cache, size: usualTile}
	t.extents, t.own = extents(t.info)
	first, ok, err := t.first(ctx)
	if err != nil || !ok {
		return t, err
	}
	p, err := t.decode(ctx, first)
	if err != nil {
		return nil, err
	}
	if p.NRGBA != nil {
		t.size = p.Rect.Dx()
	}
	return t, nil
}

// On returns the same source on another reader of the same version, with a key of its own: what [NewTiles] found out is kept.
func (t *Tiles) On(r tilestore.Reader, key any) *Tiles {
	on := *t
	on.reader, on.key = r, key
	return &on
}

// first finds a tile. Most descriptions name one; else the reader is asked to list some.
func (t *Tiles) first(ctx context.Context) (tilegrid.Coord, bool, error) {
	for _, level := range t.info.Available {
		for _, r := range level {
			return tilegrid.Coord{Z: r.Z, X: r.MinX, Y: r.MinY}, true, nil
		}
	}
	l, ok := t.reader.(tilestore.Lister)
	for z := t.info.Levels[0]; ok && z <= min(t.info.Levels[1], tilegrid.MaxLevel); z++ {
		for c, err := range l.Coords(ctx, z) {
			return c, err == nil, err
		}
	}
	return tilegrid.Coord{}, false, nil
}

// Grid returns the dataset's grid.
func (t *Tiles) Grid() tilegrid.Grid { return t.info.Grid }

// TileSize returns pixels a side.
func (t *Tiles) TileSize() int { return t.size }

// Levels returns the first and last level that holds tiles.
func (t *Tiles) Levels() (lo, hi uint8) { return t.info.Levels[0], t.info.Levels[1] }

// Extent returns the tiles of level z outside of which this level and those above hold nothing; false if they hold nothing at all.
func (t *Tiles) Extent(z uint8) (tilegrid.Range, bool) {
	if int(z) < len(t.extents) {
		return t.extents[z].Range, t.extents[z].any
	}
	columns, rows := t.info.Grid.Size(z)
	return tilegrid.Range{Z: z, MaxX: columns - 1, MaxY: rows - 1}, true
}

// extents returns what is available of each level, added up from level to level and by itself. A description that names no
// tiles has none: then nothing is known.
func extents(info tilestore.Info) (all, own []extent) {
	var now extent
	for z, level := range info.Available {
		if now.any {
			now.MinX, now.MinY, now.MaxX, now.MaxY = 2*now.MinX, 2*now.MinY, 2*now.MaxX+1, 2*now.MaxY+1
		}
		now.Z = uint8(z)
		e := extent{Range: tilegrid.Range{Z: uint8(z)}}
		for _, r := range level {
			now, e = now.with(r), e.with(r)
		}
		all, own = append(all, now), append(own, e)
	}
	if !now.any {
		return nil, nil
	}
	return all, own
}

// with returns the extent around e and r.
func (e extent) with(r tilegrid.Range) extent {
	if !e.any {
		return extent{r, true}
	}
	e.MinX, e.MinY, e.MaxX, e.MaxY = min(e.MinX, r.MinX), min(e.MinY, r.MinY), max(e.MaxX, r.MaxX), max(e.MaxY, r.MaxY)
	return e
}

// Image returns a tile, the zero Picture where there is none. Nobody may write to it. Stored bytes that are no picture, or one of another size, are [tilestore.ErrCorrupt].
func (t *Tiles) Image(ctx context.Context, c tilegrid.Coord) (picture.Picture, error) {
	if int(c.Z) < len(t.own) && !(t.own[c.Z].any && t.own[c.Z].Contains(c)) {
		return picture.Picture{}, nil
	}
	return t.cache.get(ctx, cacheKey{t.key, c}, func(ctx context.Context) (picture.Picture, error) {
		p, err := t.decode(ctx, c)
		if err == nil && p.NRGBA != nil && p.Rect.Dx() != t.size {
			return picture.Picture{}, fmt.Errorf("%w: %s: tile %s is %d pixels wide, others are %d", tilestore.ErrCorrupt, t.info.Name, c, p.Rect.Dx(), t.size)
		}
		return p, err
	})
}

// decode reads a tile past the cache.
func (t *Tiles) decode(ctx context.Context, c tilegrid.Coord) (picture.Picture, error) {
	stored, err := t.reader.Tile(ctx, c)
	if errors.Is(err, tilestore.ErrNotFound) {
		return picture.Picture{}, nil
	}
	if err != nil {
		return picture.Picture{}, err
	}
	p, err := picture.Decode(stored.Data, largest*largest)
	if err != nil {
		return picture.Picture{}, fmt.Errorf("%w: %s: tile %s: %w", tilestore.ErrCorrupt, t.info.Name, c, err)
	}
	if w, h := p.Rect.Dx(), p.Rect.Dy(); w != h {
		return picture.Picture{}, fmt.Errorf("%w: %s: tile %s is %d x %d pixels", tilestore.ErrCorrupt, t.info.Name, c, w, h)
	}
	return p, nil
}
