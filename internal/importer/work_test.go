package importer

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

func TestWorkTellsPilesApart(t *testing.T) {
	tiles := pyramid(t, valais)
	root := tilegrid.Coord{}.String() + ".terrain"
	for _, c := range []struct {
		name string
		path string
		harm func(path string) error
		opt  Options
	}{
		{"a tile was changed", writeFolder(t, tiles, ""), func(p string) error { return os.Chtimes(filepath.Join(p, root), time.Time{}, time.Unix(1, 0)) }, Options{}},
		{"a tile has another size", writeFolder(t, tiles, ""), func(p string) error {
			stat, err := os.Stat(filepath.Join(p, root))
			return errors.Join(err, os.Truncate(filepath.Join(p, root), 100), os.Chtimes(filepath.Join(p, root), time.Time{}, stat.ModTime()))
		}, Options{}},
		{"layer.json was changed", writeFolder(t, tiles, layerSouth), func(p string) error { return os.Remove(filepath.Join(p, "layer.json")) }, Options{}},
		{"the rows count the other way", writeFolder(t, tiles, ""), nil, Options{Rows: RowsNorth}},
		{"an MBTiles file was changed", writeMBTiles(t, tiles, true), func(p string) error { return os.Chtimes(p, time.Time{}, time.Unix(1, 0)) }, Options{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			before, again := workOf(t, c.path, Options{}), workOf(t, c.path, Options{})
			if before != again {
				t.Errorf("the same pile: %s and %s", before, again)
			}
			if c.harm != nil {
				if err := c.harm(c.path); err != nil {
					t.Fatal(err)
				}
			}
			if after := workOf(t, c.path, c.opt); after == before {
				t.Errorf("both are %s", after)
			}
		})
	}
	one, other := writeFolder(t, tiles, ""), writeFolder(t, tiles, "")
	if workOf(t, one, Options{}) == workOf(t, other, Options{}) {
		t.Error("two folders are one work")
	}
}

func workOf(t *testing.T, path string, opt Options) string {
	t.Helper()
	work, err := open(t, path, opt).Work()
	if err != nil {
		t.Fatal(err)
	}
	return work
}

func TestInfoCountsTheBytesOfThePile(t *testing.T) {
	folder, file := writeFolder(t, map[tilegrid.Coord][]byte{{}: make([]byte, 300), {X: 1}: make([]byte, 500)}, ""), writeMBTiles(t, pyramid(t, valais), true)
	stat, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if got := open(t, folder, Options{}).Info().SizeBytes; got != 800 {
		t.Errorf("folder: %d bytes", got)
	}
	if got := open(t, file, Options{}).Info().SizeBytes; got != stat.Size() {
		t.Errorf("file: %d bytes, want %d", got, stat.Size())
	}
}

// counter counts what a store is given between checkpoints.
type counter struct{ open, most, total int }

func (c *counter) Put(context.Context, tilegrid.Coord, []byte) error {
	c.open++
	c.total++
	c.most = max(c.most, c.open)
	return nil
}

func (c *counter) Checkpoint(_ context.Context, done int) error {
	c.open = 0
	if done != 0 {
		return errors.New("says that something need not be done again")
	}
	return nil
}

func (c *counter) Done() int                                    { return 0 }
func (c *counter) Commit(context.Context, tilestore.Info) error { return nil }
func (c *counter) Close() error                                 { return nil }

// memory is a pile of tiles in memory.
type memory map[tilegrid.Coord][]byte

func (m memory) tile(_ context.Context, c tilegrid.Coord) ([]byte, error) { return m[c], nil }
func (m memory) Close() error                                             { return nil }

func TestALargeImportIsWrittenInPieces(t *testing.T) {
	tiles := memory{}
	s := &Source{path: "set", pile: tiles, info: tilestore.Info{Kind: tilestore.Terrain}}
	for z := range uint8(6) {
		for c := range (tilegrid.Range{Z: z, MaxX: 2<<z - 1, MaxY: 1<<z - 1}).All() {
			tiles[c] = square(t, c)
		}
		s.coords = append(s.coords, slices.SortedFunc(tilegrid.Range{Z: z, MaxX: 2<<z - 1, MaxY: 1<<z - 1}.All(), byRow))
	}
	s.describe(claim{})
	var w counter
	if err := Run(ctx, s, &w, RunOptions{Jobs: 1}); err != nil {
		t.Fatal(err)
	}
	if w.total != len(tiles) || w.most >= tilesPerTransaction+batchPerJob || w.most == w.total {
		t.Errorf("%d of %d tiles, %d at once", w.total, len(tiles), w.most)
	}
}
