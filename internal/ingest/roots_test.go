package ingest

import (
	"context"
	"testing"

	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

func TestBothRootsExistHoweverFewLevelsAreAskedFor(t *testing.T) {
	dem := sharedFile(t, "data/dem/n43.dt0")
	for leaf := range 3 {
		job, err := Prepare(context.Background(), Options{Sources: []string{dem}, Leaf: leaf, Raster: raster.Options{}})
		if err != nil {
			t.Fatal(err)
		}
		store, err := mbtiles.Create(context.Background(), t.TempDir(), "roots", mbtiles.Options{Work: job.Work})
		if err != nil {
			t.Fatal(err)
		}
		if err := job.Run(context.Background(), store, 1, func(Progress) {}); err != nil {
			t.Fatalf("levels 0-%d: %v", leaf, err)
		}
		r, err := mbtiles.Open(context.Background(), store.Path())
		if err != nil {
			t.Fatal(err)
		}
		for x := range uint32(2) {
			if _, err := r.Tile(context.Background(), tilegrid.Coord{X: x}); err != nil {
				t.Errorf("levels 0-%d, root %d: %v", leaf, x, err)
			}
		}
		_ = r.Close()
		_ = store.Close()
		_ = job.Close()
	}
}
