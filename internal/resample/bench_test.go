package resample

import (
	"fmt"
	"image"
	"syscall"
	"testing"
	"time"
)

// noise fills a window with pixels that repeat late.
func noise(r image.Rectangle, opaque bool) Source {
	m := image.NewNRGBA(r)
	state := uint32(1)
	for i := range m.Pix {
		state = state*1664525 + 1013904223
		m.Pix[i] = uint8(state >> 24)
		if i%4 == 3 && opaque {
			m.Pix[i] = 255
		}
	}
	return Source{Pix: m, Opaque: opaque}
}

// turned places output pixels at a slant and a little smaller.
func turned(x, y []float64) {
	for i := range x {
		x[i], y[i] = 20+1.2*x[i]+0.02*y[i], 20-0.02*x[i]+1.2*y[i]+6
	}
}

func BenchmarkSample(b *testing.B) {
	dst := image.NewNRGBA(image.Rect(0, 0, 256, 256))
	f := NewField(dst.Rect, turned, FieldOptions{Tolerance: 0.05})
	for _, opaque := range []bool{true, false} {
		src := noise(image.Rect(0, 0, 400, 400), opaque)
		for _, k := range []Kernel{Nearest, Bilinear, Cubic} {
			b.Run(fmt.Sprintf("%s opaque=%v", k, opaque), func(b *testing.B) {
				before := cpu()
				for b.Loop() {
					f.Sample(dst, dst.Rect, src, k)
				}
				b.ReportMetric(float64((cpu()-before).Nanoseconds())/float64(b.N)/(256*256), "cpu-ns/pixel")
			})
		}
	}
}

// BenchmarkSampleLevel is the common case, of a map whose rows are rows of the source.
func BenchmarkSampleLevel(b *testing.B) {
	dst, src := image.NewNRGBA(image.Rect(0, 0, 256, 256)), noise(image.Rect(0, 0, 400, 400), true)
	f := NewField(dst.Rect, each(func(x, y float64) (float64, float64) { return 20.3 + 1.2*x, 20.3 + 1.2*y }), FieldOptions{Tolerance: 0.05})
	for _, k := range []Kernel{Nearest, Bilinear, Cubic} {
		b.Run(string(k), func(b *testing.B) {
			before := cpu()
			for b.Loop() {
				f.Sample(dst, dst.Rect, src, k)
			}
			b.ReportMetric(float64((cpu()-before).Nanoseconds())/float64(b.N)/(256*256), "cpu-ns/pixel")
		})
	}
}

func BenchmarkHalve(b *testing.B) {
	dst := image.NewNRGBA(image.Rect(0, 0, 256, 256))
	for _, opaque := range []bool{true, false} {
		src := noise(image.Rect(0, 0, 512, 512), opaque)
		b.Run(fmt.Sprintf("opaque=%v", opaque), func(b *testing.B) {
			before := cpu()
			for b.Loop() {
				Halve(dst, src)
			}
			b.ReportMetric(float64((cpu()-before).Nanoseconds())/float64(b.N)/(256*256), "cpu-ns/pixel")
		})
	}
}

func BenchmarkNewField(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		NewField(image.Rect(0, 0, 256, 256), turned, FieldOptions{Tolerance: 0.05})
	}
}

// cpu returns the processor time that the test has taken so far: other programs do not count.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
