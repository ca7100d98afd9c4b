package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"iter"
	"maps"
	"slices"
	"sync"

	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

var errDisk = errors.New("disk on fire")

// memory is a Store that keeps a journal of what it is asked to keep, and fails when told. As a real store, it forgets on reopen what was put since the
// last checkpoint.
type memory struct {
	mu             sync.Mutex // guards the fields below: heights are read while tiles are put
	tiles, heights map[tilegrid.Coord][]byte
	journal        []string
	done           int
	failPut        int // fails the put with this number, counted from 1; 0: none
	failCheckpoint int // fails the checkpoint of this number of units
	failHeights    bool
	puts           int
	info           *tilestore.Info
	kept           *memory // as of the last checkpoint
}

func newMemory() *memory {
	m := &memory{tiles: map[tilegrid.Coord][]byte{}, heights: map[tilegrid.Coord][]byte{}}
	m.keep()
	return m
}

func (m *memory) keep() {
	m.kept = &memory{tiles: maps.Clone(m.tiles), heights: maps.Clone(m.heights), journal: slices.Clone(m.journal), done: m.done}
}

// reopen returns the store as another process finds it after this one was killed.
func (m *memory) reopen() *memory {
	k := m.kept
	k.keep()
	return k
}

func (m *memory) Put(ctx context.Context, c tilegrid.Coord, data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.puts++; m.puts == m.failPut {
		return errDisk
	}
	m.tiles[c] = data
	m.journal = append(m.journal, fmt.Sprintf("tile %s %08x", c, crc32.ChecksumIEEE(data)))
	return ctx.Err()
}

func (m *memory) PutHeights(ctx context.Context, c tilegrid.Coord, data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.heights[c] = data
	m.journal = append(m.journal, fmt.Sprintf("heights %s %08x", c, crc32.ChecksumIEEE(data)))
	return ctx.Err()
}

func (m *memory) Heights(_ context.Context, c tilegrid.Coord) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if data, ok := m.heights[c]; ok && !m.failHeights {
		return data, nil
	}
	return nil, tilestore.ErrNotFound
}

func (m *memory) Checkpoint(ctx context.Context, done int) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if done == m.failCheckpoint {
		return errDisk
	}
	m.done = done
	m.journal = append(m.journal, fmt.Sprintf("checkpoint %d", done))
	m.keep()
	return ctx.Err()
}

func (m *memory) Done() int { return m.done }

func (m *memory) Coords(_ context.Context, z uint8) iter.Seq2[tilegrid.Coord, error] {
	coords := slices.SortedFunc(maps.Keys(m.tiles), func(a, b tilegrid.Coord) int {
		return cmp.Or(cmp.Compare(a.Y, b.Y), cmp.Compare(a.X, b.X))
	})
	return func(yield func(tilegrid.Coord, error) bool) {
		for _, c := range coords {
			if c.Z == z && !yield(c, nil) {
				return
			}
		}
	}
}

func (m *memory) Commit(_ context.Context, info tilestore.Info) error {
	m.info = &info
	return nil
}

func (m *memory) Close() error { return nil }
