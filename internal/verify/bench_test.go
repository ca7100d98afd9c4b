package verify

import (
	"context"
	"testing"

	"github.com/terrane/terrane/tilegrid"
)

func BenchmarkRun(b *testing.B) {
	d := newDataset([]tilegrid.Range{{Z: 1, MaxX: 3, MaxY: 1}}, []tilegrid.Range{{Z: 2, MaxX: 7, MaxY: 3}}, []tilegrid.Range{{Z: 3, MaxX: 15, MaxY: 7}})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Run(context.Background(), d, Options{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*len(d.tiles))/b.Elapsed().Seconds(), "tiles/s")
}
