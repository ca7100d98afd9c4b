package imagery

import (
	"fmt"
	"image"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/terrane/terrane/tilegrid"
)

// someViews returns views of so many pixels at random places and scales between two levels, all over tiles that one source holds ready.
func someViews(pr Projection, w, h int, x0, y0 float64) []View {
	random := rand.New(rand.NewPCG(1, 2))
	views := make([]View, 64)
	for i := range views {
		pixel := 20 + 20*random.Float64()
		x, y := x0+random.Float64()*2e4, y0+random.Float64()*2e4
		views[i] = View{Projection: pr, Bound: box(x, y, x+pixel*float64(w), y+pixel*float64(h)), Width: w, Height: h}
	}
	return views
}

func benchmarkDraw(b *testing.B, w, h int) {
	source := textured(tilegrid.Mercator, 13)
	for _, c := range []struct {
		name       string
		projection Projection
		x, y       float64
	}{
		{"3857", crs(b, "EPSG:3857"), 0, 4e6},
		{"transverse", transverse{9}, 2e5, 5.4e6},
	} {
		views := someViews(c.projection, w, h, c.x, c.y)
		d, dst := new(Drawer), image.NewNRGBA(image.Rect(0, 0, w, h))
		for _, v := range views {
			if _, err := d.DrawTo(b.Context(), dst, []Source{source}, v); err != nil {
				b.Fatal(err)
			}
		}
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			before := cpu()
			for i := 0; b.Loop(); i++ {
				if _, err := d.DrawTo(b.Context(), dst, []Source{source}, views[i%len(views)]); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric((cpu()-before).Seconds()*1000/float64(b.N), "cpu-ms/view")
		})
	}
}

func BenchmarkDraw256(b *testing.B)      { benchmarkDraw(b, 256, 256) }
func BenchmarkDraw1024x768(b *testing.B) { benchmarkDraw(b, 1024, 768) }

// BenchmarkLayers paints two datasets over each other.
func BenchmarkLayers(b *testing.B) {
	sources := []Source{textured(tilegrid.Mercator, 13), textured(tilegrid.Geodetic, 12)}
	for _, n := range []int{1, 2} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			views := someViews(crs(b, "EPSG:3857"), 256, 256, 0, 4e6)
			for i := 0; b.Loop(); i++ {
				if _, err := Draw(b.Context(), sources[:n], views[i%4]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// cpu returns the processor time that the test has taken so far: other programs do not count.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
