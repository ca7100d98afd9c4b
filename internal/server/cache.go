package server

import (
	"container/list"
	"hash/maphash"
	"sync"
	"sync/atomic"

	"github.com/terrane/terrane/tilegrid"
)

// cacheKey names a ready answer. opening is [Dataset.Opening]; runs 0 is layer.json, or a picture if it has a variant. Nothing that a description says could stand in for the
// opening: another file of the same name may have the same number, size and tiles, and files by others have no manifest. A key keeps the
// reader that it names from being collected, closed or not, so no later one can have its address; it goes with its last answer.
type cacheKey struct {
	opening any
	coord   tilegrid.Coord
	runs    runs
	gzipped bool
	variant string // of a picture: format, style, grid; "" of terrain
}

const (
	cacheShards = 16
	// entryOverhead is what an entry takes beside its body: key, answer, header values, list element, map cell.
	entryOverhead = 600
)

// cache keeps ready answers, the least recently used go first. Its size is bounded by bytes, and it is cut in shards so that
// requests do not queue at one lock.
type cache struct {
	seed   maphash.Seed
	shards [cacheShards]shard

	hits, misses atomic.Uint64
}

type shard struct {
	mu      sync.Mutex // guards all below
	limit   int64
	bytes   int64
	recent  *list.List // of *entry, the latest used in front
	entries map[cacheKey]*list.Element
}

type entry struct {
	key    cacheKey
	answer *answer
}

// newCache returns a cache of at most limit bytes; with a limit of 0 or less it keeps nothing.
func newCache(limit int64) *cache {
	c := &cache{seed: maphash.MakeSeed()}
	for i := range c.shards {
		c.shards[i] = shard{limit: limit / cacheShards, recent: list.New(), entries: map[cacheKey]*list.Element{}}
	}
	return c
}

func (c *cache) shard(k cacheKey) *shard {
	return &c.shards[maphash.Comparable(c.seed, k)%cacheShards]
}

// get returns the answer kept under k, or nil.
func (c *cache) get(k cacheKey) *answer {
	s := c.shard(k)
	s.mu.Lock()
	e, ok := s.entries[k]
	if ok {
		s.recent.MoveToFront(e)
	}
	s.mu.Unlock()
	if !ok {
		c.misses.Add(1)
		return nil
	}
	c.hits.Add(1)
	return e.Value.(*entry).answer
}

// put keeps a under k, at the cost of those not used for longest. An answer larger than a quarter of a shard is not kept.
func (c *cache) put(k cacheKey, a *answer) {
	s := c.shard(k)
	size := int64(len(a.body)) + entryOverhead
	if size > s.limit/4 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.entries[k]; ok {
		return
	}
	s.entries[k] = s.recent.PushFront(&entry{k, a})
	s.bytes += size
	for s.bytes > s.limit {
		last := s.recent.Remove(s.recent.Back()).(*entry)
		delete(s.entries, last.key)
		s.bytes -= int64(len(last.answer.body)) + entryOverhead
	}
}

// size returns the bytes held now.
func (c *cache) size() int64 {
	var n int64
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		n += s.bytes
		s.mu.Unlock()
	}
	return n
}
