package resample

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// pattern fills a rectangle from a function of pixel centres.
func pattern(r image.Rectangle, f func(x, y float64) color.NRGBA) Source {
	m := image.NewNRGBA(r)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			m.SetNRGBA(x, y, f(float64(x)+0.5, float64(y)+0.5))
		}
	}
	return Source{Pix: m, Opaque: Opaque(m, r)}
}

// phase returns by how many source pixels a wave along an axis came out too far, over a picture whose pixel (c, r) should lie at place(c, r).
func phase(m *image.NRGBA, length float64, channel int, place func(x, y float64) float64) float64 {
	var s, c float64
	for y := m.Rect.Min.Y; y < m.Rect.Max.Y; y++ {
		for x := m.Rect.Min.X; x < m.Rect.Max.X; x++ {
			v := float64(m.Pix[m.PixOffset(x, y)+channel]) - 127.5
			angle := 2 * math.Pi * place(float64(x)+0.5, float64(y)+0.5) / length
			s, c = s+v*math.Sin(angle), c+v*math.Cos(angle)
		}
	}
	return math.Atan2(c, s) / 2 / math.Pi * length
}

func TestAPictureLandsWhereItIsPut(t *testing.T) {
	const length = 16
	src := pattern(image.Rect(-40, -40, 300, 300), func(x, y float64) color.NRGBA {
		wave := func(t float64) uint8 { return uint8(math.Round(127.5 + 100*math.Sin(2*math.Pi*t/length))) }
		return color.NRGBA{wave(x), wave(y), 0, 255}
	})
	for _, k := range []Kernel{Bilinear, Cubic} {
		for _, magnified := range []float64{1, 3, 0.75} {
			for _, shift := range []float64{0, 0.1, 0.25, 0.5, 0.77} {
				for _, opaque := range []bool{true, false} {
					at := func(v float64) float64 { return v/magnified + 7 + shift }
					src.Opaque = opaque
					f := NewField(image.Rect(0, 0, 144, 144), each(func(x, y float64) (float64, float64) { return at(x), at(y) }), FieldOptions{Tolerance: 0.01})
					dst := image.NewNRGBA(f.rect)
					f.Sample(dst, dst.Rect, src, k)
					dx := phase(dst, length, 0, func(x, _ float64) float64 { return at(x) })
					dy := phase(dst, length, 1, func(_, y float64) float64 { return at(y) })
					if math.Abs(dx) > 0.02 || math.Abs(dy) > 0.02 {
						t.Errorf("%s x%g shift %g opaque %v: off by %.4f, %.4f source pixels", k, magnified, shift, opaque, dx, dy)
					}
				}
			}
		}
	}
}

func TestAPictureInItsPlaceIsCopied(t *testing.T) {
	for _, opaque := range []bool{true, false} {
		src := noise(image.Rect(10, 20, 90, 70), opaque)
		f := NewField(image.Rect(0, 0, 80, 50), each(func(x, y float64) (float64, float64) { return x + 10 + 1e-9, y + 20 - 1e-9 }), FieldOptions{Tolerance: 0.01})
		for _, k := range []Kernel{Nearest, Bilinear, Cubic} {
			dst := image.NewNRGBA(f.rect)
			f.Sample(dst, dst.Rect, src, k)
			for i, v := range dst.Pix {
				if v != src.Pix.Pix[i] && src.Pix.Pix[i|3] != 0 {
					t.Fatalf("%s opaque %v: byte %d is %d, want %d", k, opaque, i, v, src.Pix.Pix[i])
				}
			}
		}
	}
}

// reference is one channel-by-channel reading of the rules in float64: what gdalwarp does with alpha, and colours weighted with it.
func reference(src Source, x, y float64, k Kernel) [4]float64 {
	at := func(c, r int) ([4]float64, bool) {
		if !image.Pt(c, r).In(src.Pix.Rect) {
			return [4]float64{}, false
		}
		p := src.Pix.NRGBAAt(c, r)
		return [4]float64{float64(p.R), float64(p.G), float64(p.B), float64(p.A)}, p.A > 0
	}
	held, ok := at(int(math.Floor(x)), int(math.Floor(y)))
	if !ok || k == Nearest {
		return held
	}
	keys := func(d float64) float64 {
		switch d = math.Abs(d); {
		case d < 1:
			return 1 - 2.5*d*d + 1.5*d*d*d
		case d < 2:
			return 2 - 4*d + 2.5*d*d - 0.5*d*d*d
		}
		return 0
	}
	kernel, reach := func(d float64) float64 { return max(0, 1-math.Abs(d)) }, 1
	if k == Cubic {
		kernel, reach = keys, 2
	}
	var sum [4]float64
	weight := 0.0
	for r := int(math.Floor(y-0.5)) + 1 - reach; r <= int(math.Floor(y-0.5))+reach; r++ {
		for c := int(math.Floor(x-0.5)) + 1 - reach; c <= int(math.Floor(x-0.5))+reach; c++ {
			p, ok := at(c, r)
			if !ok && k == Cubic {
				return reference(src, x, y, Bilinear)
			}
			if ok {
				w := kernel(x-float64(c)-0.5) * kernel(y-float64(r)-0.5)
				for i := range 3 {
					sum[i] += w * p[3] * p[i]
				}
				sum[3] += w * p[3]
				weight += w
			}
		}
	}
	if sum[3] <= 0 {
		return [4]float64{}
	}
	for i := range 3 {
		sum[i] = max(0, min(255, sum[i]/sum[3]))
	}
	sum[3] = max(0, min(255, sum[3]/weight))
	return sum
}

func TestEveryPixelIsWhatTheRulesSay(t *testing.T) {
	alphas := [][]uint8{{255}, {0, 255}, {0, 255, 255, 255, 255, 255}, {60, 140, 255}}
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.SampledFrom([]Kernel{Nearest, Bilinear, Cubic}).Draw(t, "kernel")
		some := rapid.SampledFrom(alphas).Draw(t, "alphas")
		n := rapid.IntRange(0, 1000).Draw(t, "seed")
		src := pattern(image.Rect(-5, -3, 40, 42), func(x, y float64) color.NRGBA {
			hash := n + int(x)*7919 + int(y)*104729 + int(x*y)
			return color.NRGBA{uint8(128 + 100*math.Sin(x/3)), uint8(128 + 100*math.Cos(y/4)), uint8(x * 5), some[hash&0xffff%len(some)]}
		})
		num := func(name string, lo, hi float64) float64 { return rapid.Float64Range(lo, hi).Draw(t, name) }
		a, b, c, d := num("a", 0.3, 1.5), num("b", -0.5, 0.5), num("c", -20, 20), num("d", -20, 20)
		place := each(func(x, y float64) (float64, float64) { return a*x + b*y + c, a*y - b*x + d })
		f := NewField(image.Rect(0, 0, 30, 20), place, FieldOptions{Tolerance: 0.01})
		dst := image.NewNRGBA(f.rect)
		f.Sample(dst, dst.Rect, src, k)
		for row := range 20 {
			for col := range 30 {
				x, y := f.position(col, row)
				if border(x) || border(y) {
					continue
				}
				compare(t, fmt.Sprintf("%s at %g, %g", k, x, y), dst.NRGBAAt(col, row), reference(src, x, y, k))
			}
		}
	})
}

// border tells whether a position is so near a pixel's border or centre that rounding decides what it reads.
func border(v float64) bool { return math.Abs(2*v-math.Round(2*v)) < 1e-4 }

func compare(t *rapid.T, what string, got color.NRGBA, want [4]float64) {
	for i, v := range [4]uint8{got.R, got.G, got.B, got.A} {
		allowed := 2.0
		if i < 3 && want[3] < 100 {
			allowed = 4 // a colour of little alpha
		}
		if math.Abs(float64(v)-want[i]) > allowed && (i == 3 || want[3] > 4) {
			t.Fatalf("%s: got %v, want %.1f", what, got, want)
		}
	}
}

func TestDataEndSharplyWherePositionsLeaveTheirPixels(t *testing.T) {
	src := pattern(image.Rect(0, 0, 10, 10), func(x, y float64) color.NRGBA { return color.NRGBA{200, 100, 50, 255} })
	for _, k := range []Kernel{Nearest, Bilinear, Cubic} {
		for _, shift := range []float64{-0.49, -0.3, 0, 0.3, 0.49} {
			f := NewField(image.Rect(-6, -6, 36, 36), each(func(x, y float64) (float64, float64) { return (x + shift) / 3, (y + shift) / 3 }), FieldOptions{Tolerance: 0.01})
			dst := image.NewNRGBA(f.rect)
			f.Sample(dst, dst.Rect, src, k)
			for v := -6; v < 36; v++ {
				want := color.NRGBA{}
				if at := (float64(v) + 0.5 + shift) / 3; at >= 0 && at < 10 {
					want = color.NRGBA{200, 100, 50, 255}
				}
				if a, b := dst.NRGBAAt(v, 15), dst.NRGBAAt(15, v); a != want || b != want {
					t.Errorf("%s shift %g: pixel %d is %v, %v, want %v", k, shift, v, a, b, want)
				}
			}
		}
	}
}

func TestWhatIsTransparentHasNoSay(t *testing.T) {
	src := pattern(image.Rect(0, 0, 20, 20), func(x, y float64) color.NRGBA {
		if x < 10 {
			return color.NRGBA{255, 255, 255, 0}
		}
		return color.NRGBA{10, 20, 30, 255}
	})
	f := NewField(image.Rect(0, 0, 60, 60), each(func(x, y float64) (float64, float64) { return x / 3, y / 3 }), FieldOptions{Tolerance: 0.01})
	for _, k := range []Kernel{Nearest, Bilinear, Cubic} {
		dst := image.NewNRGBA(f.rect)
		f.Sample(dst, dst.Rect, src, k)
		for x := range 60 {
			want := color.NRGBA{}
			if x >= 30 {
				want = color.NRGBA{10, 20, 30, 255}
			}
			if got := dst.NRGBAAt(x, 30); got.A != want.A || got.A > 0 && got != want {
				t.Errorf("%s: pixel %d is %v, want %v", k, x, got, want)
			}
		}
	}
}

func TestSampleLeavesPixelsOutsideOfTheRectangleAlone(t *testing.T) {
	f := NewField(image.Rect(0, 0, 64, 64), turned, FieldOptions{Tolerance: 0.05})
	dst := pattern(image.Rect(-10, -10, 100, 100), func(x, y float64) color.NRGBA { return color.NRGBA{1, 2, 3, 4} }).Pix
	r := image.Rect(5, 7, 80, 50)
	f.Sample(dst, r, noise(image.Rect(0, 0, 200, 200), true), Bilinear)
	for y := -10; y < 100; y++ {
		for x := -10; x < 100; x++ {
			got, at := dst.NRGBAAt(x, y), image.Pt(x, y)
			switch {
			case !at.In(r) && got != color.NRGBA{1, 2, 3, 4}:
				t.Fatalf("%v was written", at)
			case at.In(r) && at.In(f.rect) && got.A != 255:
				t.Fatalf("%v was not drawn", at)
			case at.In(r) && !at.In(f.rect) && got != color.NRGBA{}:
				t.Fatalf("%v has no place and is %v", at, got)
			}
		}
	}
}

func TestRowsThatRunLevelAreDrawnAsOthers(t *testing.T) {
	src := noise(image.Rect(0, 0, 900, 60), true)
	for _, step := range []float64{0.3, 0.99, 1.7, 2} {
		for _, k := range []Kernel{Bilinear, Cubic} {
			f := NewField(image.Rect(0, 0, 400, 20), each(func(x, y float64) (float64, float64) { return 5.3 + step*x, 6.6 + 1.1*y }), FieldOptions{Tolerance: 0.01})
			level, single := image.NewNRGBA(f.rect), image.NewNRGBA(f.rect)
			f.Sample(level, f.rect, src, k)
			w := newWindow(src, k)
			for row := range 20 {
				for col := range 400 {
					x, y := f.position(col, row)
					w.pixel(single.Pix[single.PixOffset(col, row):][:4], x, y)
				}
			}
			for i, v := range level.Pix {
				if d := math.Abs(float64(v) - float64(single.Pix[i])); d > 3 { // noise: a 512th of a pixel, in both directions, and three roundings
					t.Fatalf("%s x%g: byte %d of pixel %d is %d, alone it is %d", k, step, i%4, i/4, v, single.Pix[i])
				}
			}
		}
	}
}
