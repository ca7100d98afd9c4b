package tiler_test

import (
	"os"
	"testing"

	"github.com/terrane/terrane/internal/tiler"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// BenchmarkImagery is the whole ingest of a picture on one core, from opening the file to the published dataset. TERRANE_BENCH_PICTURE names another file than the NAIP scene.
func BenchmarkImagery(b *testing.B) {
	file := os.Getenv("TERRANE_BENCH_PICTURE")
	if file == "" {
		file = shared(b, "naip_4band_utm14n_5m.tif")
	}
	tiles := 0
	for b.Loop() {
		job, err := tiler.Prepare(b.Context(), tiler.Options{Sources: []string{file}, Grid: tilegrid.Mercator, Max: -1})
		if err != nil {
			b.Fatal(err)
		}
		w, err := mbtiles.Create(b.Context(), b.TempDir(), "bench", mbtiles.Options{Work: job.Work, Shared: true})
		if err != nil {
			b.Fatal(err)
		}
		if err := job.Run(b.Context(), w, 1, func(p tiler.Progress) { tiles = p.Tiles }); err != nil {
			b.Fatal(err)
		}
		_ = w.Close()
		_ = job.Close()
	}
	b.ReportMetric(float64(tiles)*float64(b.N)/b.Elapsed().Seconds(), "tiles/s")
}
