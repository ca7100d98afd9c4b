package raster

import (
	"context"
	"testing"
)

// The figures of these benchmarks include reading and decoding the file; ns/post is what a post costs in all.

func benchmarkHeights(b *testing.B, w Lattice, file string) {
	s := open(b, Options{}, shared(b, "dem", file))
	dst := make([]float32, w.Cols*w.Rows)
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Heights(context.Background(), w, dst); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(dst)), "ns/post")
}

func BenchmarkHeightsGeographic(b *testing.B) {
	benchmarkHeights(b, windowAt(13, -124.5, 48.2, 1025, 1025), "N48W125.hgt.zip")
}

func BenchmarkHeightsUTM(b *testing.B) {
	benchmarkHeights(b, windowAt(13, -118.15, 34.32, 1025, 501), "bigtujunga_utm11n_30m_int16.tif")
}

// BenchmarkBlendRow is the interpolation alone.
func BenchmarkBlendRow(b *testing.B) {
	const n = 1024
	cols, dst := make([]place, n), make([]float32, n)
	top, bottom := make([]float32, n+1), make([]float32, n+1)
	for i := range cols {
		cols[i] = place{i, 0.25}
		top[i], bottom[i] = float32(i), float32(2*i)
	}
	for b.Loop() {
		for i := range dst {
			dst[i] = nan32
		}
		blendRow(dst, cols, top, bottom, 0.5)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/post")
}
