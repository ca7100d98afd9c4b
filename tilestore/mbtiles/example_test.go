package mbtiles_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "data")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	w, err := mbtiles.Create(ctx, dir, "world", mbtiles.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer w.Close()
	if err := w.Put(ctx, tilegrid.Coord{}, []byte("\x89PNG\r\n\x1a\n...")); err != nil {
		log.Fatal(err)
	}
	info := tilestore.Info{Kind: tilestore.Imagery, Format: tilestore.PNG, Grid: tilegrid.Mercator}
	if err := w.Commit(ctx, info); err != nil {
		log.Fatal(err)
	}

	folder, err := mbtiles.OpenFolder(ctx, dir)
	if err != nil {
		log.Fatal(err)
	}
	defer folder.Close()
	h, err := folder.Get(ctx, "world")
	if err != nil {
		log.Fatal(err)
	}
	defer h.Release()
	tile, err := h.Tile(ctx, tilegrid.Coord{})
	fmt.Println(h.Info().Name, h.Info().Version, len(tile.Data), err)
	// Output: world 1 11 <nil>
}
