package ingest

import (
	"context"
	"testing"

	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// BenchmarkTerrain is the whole ingest of a real DEM on one core, from opening the file to the published dataset.
func BenchmarkTerrain(b *testing.B) {
	for _, name := range []string{"N42E001", "N48W125"} {
		b.Run(name, func(b *testing.B) {
			dem := sharedFile(b, "data/dem/"+name+".hgt.zip")
			tiles := 0
			for b.Loop() {
				tiles = 0
				job, err := Prepare(context.Background(), Options{Sources: []string{dem}, Leaf: -1, Raster: raster.Options{CacheBytes: 64 << 20}})
				if err != nil {
					b.Fatal(err)
				}
				store, err := mbtiles.Create(context.Background(), b.TempDir(), "bench", mbtiles.Options{Work: job.Work})
				if err != nil {
					b.Fatal(err)
				}
				if err := job.Run(context.Background(), store, 1, func(p Progress) { tiles = p.Tiles }); err != nil {
					b.Fatal(err)
				}
				_ = store.Close()
				_ = job.Close()
			}
			b.ReportMetric(float64(tiles)*float64(b.N)/b.Elapsed().Seconds(), "tiles/s")
		})
	}
}
