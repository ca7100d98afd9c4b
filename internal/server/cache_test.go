package server

import (
	"testing"
)

func TestCacheStaysWithinItsBytes(t *testing.T) {
	const limit = 1 << 20
	c := newCache(limit)
	for i := range uint32(5000) {
		c.put(cacheKey{coord: coord(20, i, 0)}, newAnswer(make([]byte, 3000), quantizedMesh, `"x"`, false))
	}
	if n := c.size(); n > limit || n < limit/2 {
		t.Errorf("holds %d bytes of %d", n, limit)
	}
	if c.get(cacheKey{coord: coord(20, 4999, 0)}) == nil || c.get(cacheKey{coord: coord(20, 0, 0)}) != nil {
		t.Error("the newest is gone or the oldest is there")
	}
	c.put(cacheKey{coord: coord(1, 0, 0)}, newAnswer(make([]byte, limit), quantizedMesh, `"x"`, false))
	if c.get(cacheKey{coord: coord(1, 0, 0)}) != nil {
		t.Error("an answer as large as the cache is kept")
	}
}

func TestCacheTellsOpeningsApart(t *testing.T) {
	c, one, other := newCache(1<<20), &book{}, &book{}
	c.put(cacheKey{opening: one}, newAnswer(nil, quantizedMesh, `"x"`, false))
	if c.get(cacheKey{opening: one}) == nil {
		t.Error("what was put is not found")
	}
	if c.get(cacheKey{opening: other}) != nil {
		t.Error("a version made anew finds its predecessor's tiles")
	}
	if newCache(-1).put(cacheKey{}, newAnswer(nil, quantizedMesh, `"x"`, false)); c.get(cacheKey{}) != nil {
		t.Error("a cache of nothing keeps something")
	}
}
