package terrain

import (
	"testing"

	"github.com/paulmach/orb"
)

func BenchmarkSetHeaderAndAppendMesh(b *testing.B) {
	m := gridMesh(14)
	bound := orb.Bound{Min: orb.Point{7, 46}, Max: orb.Point{7.1, 46.1}}
	buf := AppendMesh(nil, m)
	b.Run("SetHeader", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			SetHeader(m, bound)
		}
	})
	b.Run("AppendMesh", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			buf = AppendMesh(buf[:0], m)
		}
	})
}
