package imagery

import (
	"container/list"
	"context"
	"errors"
	"sync"

	"github.com/terrane/terrane/internal/picture"
	"github.com/terrane/terrane/tilegrid"
)

// entryOverhead is what an entry takes beside its pixels: key, picture, list element, map cell.
const entryOverhead = 400

// Cache keeps decoded tiles of any number of sources, the least recently used go first. Its size is bounded by bytes of pixels. A tile that many ask for at once is decoded once. That
// there is no tile is kept too. It is safe for concurrent use; a view takes tens of looks, each far cheaper than the pixels that it gives, so one lock is enough.
type Cache struct {
	limit int64

	mu           sync.Mutex // guards all below
	bytes        int64
	recent       *list.List // of *cached, the latest used in front
	entries      map[cacheKey]*list.Element
	flights      map[cacheKey]*flight
	hits, misses uint64
}

// cacheKey names a tile of a source.
type cacheKey struct {
	source any
	coord  tilegrid.Coord
}

type cached struct {
	key     cacheKey
	picture picture.Picture
	bytes   int64
}

// flight is a tile that is being decoded. Picture and err may be read once done is closed.
type flight struct {
	done    chan struct{}
	picture picture.Picture
	err     error
}

// CacheStats counts what a [Cache] did and holds.
type CacheStats struct {
	Hits, Misses uint64
	Bytes        int64
	Tiles        int
}

// NewCache returns a cache of at most so many bytes; with 0 or less it keeps nothing, but still decodes a tile once for all who ask at the same time.
func NewCache(bytes int64) *Cache {
	return &Cache{limit: bytes, recent: list.New(), entries: map[cacheKey]*list.Element{}, flights: map[cacheKey]*flight{}}
}

// Stats returns the counts so far.
func (c *Cache) Stats() CacheStats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return CacheStats{c.hits, c.misses, c.bytes, len(c.entries)}
}

// get returns the tile under k, loading it if nobody has or does. Errors are not kept.
func (c *Cache) get(ctx context.Context, k cacheKey, load func(context.Context) (picture.Picture, error)) (picture.Picture, error) {
	for {
		p, f, mine := c.look(k)
		if f == nil {
			return p, nil
		}
		if mine {
			return c.fly(ctx, k, f, load)
		}
		select {
		case <-f.done:
		case <-ctx.Done():
			return picture.Picture{}, ctx.Err()
		}
		if !errors.Is(f.err, context.Canceled) && !errors.Is(f.err, context.DeadlineExceeded) {
			return f.picture, f.err
		}
	} // whoever loaded gave up: that is no reason for those who wait
}

// look returns a tile that is kept, or the flight that will bring it, and whether it is the caller's to fly.
func (c *Cache) look(k cacheKey) (p picture.Picture, f *flight, mine bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.entries[k]; ok {
		c.recent.MoveToFront(e)
		c.hits++
		return e.Value.(*cached).picture, nil, false
	}
	if f, ok := c.flights[k]; ok {
		c.hits++
		return p, f, false
	}
	c.misses++
	f = &flight{done: make(chan struct{}), err: context.Canceled} // what those who wait see if load panics
	c.flights[k] = f
	return p, f, true
}

func (c *Cache) fly(ctx context.Context, k cacheKey, f *flight, load func(context.Context) (picture.Picture, error)) (picture.Picture, error) {
	defer func() {
		c.mu.Lock()
		delete(c.flights, k)
		if f.err == nil {
			c.keep(&cached{k, f.picture, weight(f.picture)})
		}
		c.mu.Unlock()
		close(f.done)
	}()
	f.picture, f.err = load(ctx)
	return f.picture, f.err
}

func weight(p picture.Picture) int64 {
	if p.NRGBA == nil {
		return entryOverhead
	}
	return int64(cap(p.Pix)) + entryOverhead
}

// keep enters a tile, at the cost of those not used for longest. One that is larger than the whole cache is not kept.
func (c *Cache) keep(e *cached) {
	if e.bytes > c.limit {
		return
	}
	c.entries[e.key] = c.recent.PushFront(e)
	c.bytes += e.bytes
	for c.bytes > c.limit {
		last := c.recent.Remove(c.recent.Back()).(*cached)
		delete(c.entries, last.key)
		c.bytes -= last.bytes
	}
}
