package style

import (
	"container/list"
	"sync"

	"github.com/terrane/terrane/internal/picture"
	"github.com/terrane/terrane/tilegrid"
)

// Cache keeps decoded grids of heights and drawn pictures of any number of datasets, the least recently used go first. Its size is bounded by
// bytes. It is safe for concurrent use.
type Cache struct {
	mu      sync.Mutex // guards all below
	limit   int64
	bytes   int64
	recent  *list.List // of *entry, the latest used in front
	entries map[place]*list.Element
}

// place names an entry: the dataset as opened, the style's name or "" for heights, and the tile.
type place struct {
	opening any
	style   string
	coord   tilegrid.Coord
}

// entry is the heights of one terrain tile, terrain.StoredSide squared, or one picture. Neither is ever changed.
type entry struct {
	place   place
	heights []float32
	picture picture.Picture
}

// overhead is what an entry takes beside its heights or pixels: place, list element, map cell.
const overhead = 300

func (e *entry) size() int64 {
	n := int64(overhead + 4*len(e.heights))
	if e.picture.NRGBA != nil {
		n += int64(len(e.picture.Pix))
	}
	return n
}

// NewCache returns a cache of at most limit bytes; with a limit of 0 or less it keeps nothing. A grid of heights takes 17 KB, a picture 256 KB;
// a picture is drawn from up to 36 grids.
func NewCache(limit int64) *Cache {
	return &Cache{limit: limit, recent: list.New(), entries: map[place]*list.Element{}}
}

// get returns the entry kept for a place, or nil.
func (c *Cache) get(p place) *entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entries[p]
	if !ok {
		return nil
	}
	c.recent.MoveToFront(e)
	return e.Value.(*entry)
}

func (c *Cache) put(e *entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.entries[e.place]; ok {
		return
	}
	c.entries[e.place] = c.recent.PushFront(e)
	c.bytes += e.size()
	for c.bytes > c.limit {
		last := c.recent.Remove(c.recent.Back()).(*entry)
		delete(c.entries, last.place)
		c.bytes -= last.size()
	}
}

// SizeBytes returns what is held now.
func (c *Cache) SizeBytes() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bytes
}
