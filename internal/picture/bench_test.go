package picture

import (
	"bytes"
	"image"
	"image/jpeg"
	"image/png"
	"syscall"
	"testing"
)

// standardEncoders are given image.RGBA, the type that the standard library is fast with.
func standardEncoders() map[string]func(*bytes.Buffer, image.Image) error {
	return map[string]func(*bytes.Buffer, image.Image) error{
		nameJPEG: func(w *bytes.Buffer, m image.Image) error {
			return jpeg.Encode(w, m, &jpeg.Options{Quality: DefaultQuality})
		},
		namePNG: func(w *bytes.Buffer, m image.Image) error { return png.Encode(w, m) },
	}
}

// photos are a synthetic one, and real land and sea.
func photos(b *testing.B) map[string]Picture {
	return map[string]Picture{
		"synthetic": photo(256, 256),
		"land":      marble(b, image.Rect(2300, 500, 2556, 756)),
		"ocean":     marble(b, image.Rect(300, 900, 556, 1156)),
	}
}

// BenchmarkEncode writes 256 x 256 photos, beside the standard library.
func BenchmarkEncode(b *testing.B) {
	for kind, p := range photos(b) {
		for _, f := range Formats() {
			b.Run(f.Name+"/"+kind, func(b *testing.B) {
				size := 0
				b.ReportAllocs()
				start := cpuTime()
				for b.Loop() {
					data, err := f.Encode(p, 0)
					if err != nil {
						b.Fatal(err)
					}
					size = len(data)
				}
				b.ReportMetric((cpuTime()-start)/float64(b.N)*1e6, "cpu-us/op")
				b.ReportMetric(float64(size), "bytes")
			})
		}
		for name, encode := range standardEncoders() {
			b.Run(name+"-stdlib/"+kind, func(b *testing.B) {
				var w bytes.Buffer
				m := &image.RGBA{Pix: p.Pix, Stride: p.Stride, Rect: p.Rect}
				b.ReportAllocs()
				start := cpuTime()
				for b.Loop() {
					w.Reset()
					if err := encode(&w, m); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric((cpuTime()-start)/float64(b.N)*1e6, "cpu-us/op")
				b.ReportMetric(float64(w.Len()), "bytes")
			})
		}
	}
}

// BenchmarkDecode reads what BenchmarkEncode writes.
func BenchmarkDecode(b *testing.B) {
	for kind, p := range photos(b) {
		for _, f := range Formats() {
			data, err := f.Encode(p, 0)
			if err != nil {
				b.Fatal(err)
			}
			b.Run(f.Name+"/"+kind, func(b *testing.B) {
				b.ReportAllocs()
				start := cpuTime()
				for b.Loop() {
					if _, err := Decode(data, testPixels); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric((cpuTime()-start)/float64(b.N)*1e6, "cpu-us/op")
			})
			if f.Name == nameWebP {
				continue
			}
			b.Run(f.Name+"-stdlib/"+kind, func(b *testing.B) {
				b.ReportAllocs()
				start := cpuTime()
				for b.Loop() {
					if _, _, err := image.Decode(bytes.NewReader(data)); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric((cpuTime()-start)/float64(b.N)*1e6, "cpu-us/op")
			})
		}
	}
}

// cpuTime is what the process has used, in seconds: on a busy machine the clock tells less.
func cpuTime() float64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}
