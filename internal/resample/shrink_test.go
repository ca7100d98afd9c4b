package resample

import (
	"image"
	"image/color"
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestHalvesAreAveragesWeightedWithAlpha(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pixel := rapid.Custom(func(t *rapid.T) color.NRGBA {
			a := rapid.SampledFrom([]uint8{0, 255, 255, 255, 128, 3}).Draw(t, "alpha")
			return color.NRGBA{rapid.Uint8().Draw(t, "r"), rapid.Uint8().Draw(t, "g"), rapid.Uint8().Draw(t, "b"), a}
		})
		four := rapid.SliceOfN(pixel, 4, 4).Draw(t, "pixels")
		src := image.NewNRGBA(image.Rect(2, -4, 4, -2))
		var want [4]float64
		for i, p := range four {
			src.SetNRGBA(2+i%2, -4+i/2, p)
			a := float64(p.A)
			want[0], want[1], want[2], want[3] = want[0]+float64(p.R)*a, want[1]+float64(p.G)*a, want[2]+float64(p.B)*a, want[3]+a
		}
		halved, shrunk := image.NewNRGBA(image.Rect(1, -2, 2, -1)), image.NewNRGBA(image.Rect(1, -2, 2, -1))
		s := Source{src, Opaque(src, src.Rect)}
		Halve(halved, s)
		Shrink(shrunk, s, 1, 1)
		got := halved.NRGBAAt(1, -2)
		if got != shrunk.NRGBAAt(1, -2) {
			t.Fatalf("halve %v, shrink %v", got, shrunk.NRGBAAt(1, -2))
		}
		alpha := want[3] / 4
		if math.Abs(float64(got.A)-alpha) > 0.5 {
			t.Fatalf("alpha %d, want %g", got.A, alpha)
		}
		for i, v := range []uint8{got.R, got.G, got.B} {
			if got.A > 0 && math.Abs(float64(v)-want[i]/want[3]) > 0.501 {
				t.Fatalf("channel %d is %d, want %g", i, v, want[i]/want[3])
			}
		}
	})
}

func TestShrinkingTwiceIsShrinkingByFour(t *testing.T) {
	flat := pattern(image.Rect(0, 0, 64, 64), func(x, y float64) color.NRGBA {
		return color.NRGBA{uint8(4 * math.Floor(x/4)), uint8(4 * math.Floor(y/4)), 7, 255}
	})
	once, twice, whole := image.NewNRGBA(image.Rect(0, 0, 32, 32)), image.NewNRGBA(image.Rect(0, 0, 16, 16)), image.NewNRGBA(image.Rect(0, 0, 16, 16))
	Halve(once, flat)
	Halve(twice, Source{once, true})
	Shrink(whole, flat, 2, 2)
	if string(twice.Pix) != string(whole.Pix) {
		t.Error("two halves differ from a quarter")
	}
	wide := image.NewNRGBA(image.Rect(0, 0, 16, 64))
	Shrink(wide, flat, 2, 0)
	if got := wide.NRGBAAt(5, 9); got != (color.NRGBA{20, 8, 7, 255}) {
		t.Errorf("shrunk in columns: %v", got)
	}
}

func TestPixelsThatTheSourceLacksCountAsTransparent(t *testing.T) {
	src := pattern(image.Rect(0, 0, 3, 3), func(x, y float64) color.NRGBA { return color.NRGBA{90, 80, 70, 255} })
	dst := image.NewNRGBA(image.Rect(-1, -1, 3, 3))
	Halve(dst, src)
	for at, want := range map[image.Point]color.NRGBA{
		{0, 0}: {90, 80, 70, 255}, {1, 0}: {90, 80, 70, 128}, {1, 1}: {90, 80, 70, 64}, {2, 0}: {}, {-1, 0}: {},
	} {
		if got := dst.NRGBAAt(at.X, at.Y); got != want {
			t.Errorf("%v is %v, want %v", at, got, want)
		}
	}
}

func TestOverIsPorterAndDuffs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOfN(rapid.Uint8(), 8, 8).Draw(t, "pixels")
		dst, src := image.NewNRGBA(image.Rect(0, 0, 1, 1)), image.NewNRGBA(image.Rect(0, 0, 1, 1))
		copy(dst.Pix, b[:4])
		copy(src.Pix, b[4:])
		Over(dst, src, dst.Rect)
		sa, da := float64(b[7])/255, float64(b[3])/255
		a := sa + da*(1-sa)
		if math.Abs(float64(dst.Pix[3])-255*a) > 0.51 {
			t.Fatalf("alpha %d, want %g", dst.Pix[3], 255*a)
		}
		for i := range 3 {
			want := (float64(b[4+i])*sa + float64(b[i])*da*(1-sa)) / a
			if a > 0 && sa > 0 && math.Abs(float64(dst.Pix[i])-want) > 0.51 {
				t.Fatalf("channel %d is %d, want %g", i, dst.Pix[i], want)
			}
		}
	})
}

func TestOnePixelThatIsNotOpaqueIsFound(t *testing.T) {
	for width := 1; width < 12; width++ {
		m := noise(image.Rect(3, 4, 3+width, 7), true).Pix
		if !Opaque(m, m.Rect) {
			t.Fatalf("%d wide: an opaque picture is not", width)
		}
		for y := 4; y < 7; y++ {
			for x := 3; x < 3+width; x++ {
				m.Pix[m.PixOffset(x, y)+3] = 254
				if Opaque(m, m.Rect) {
					t.Errorf("%d wide: pixel %d, %d is overlooked", width, x, y)
				}
				m.Pix[m.PixOffset(x, y)+3] = 255
			}
		}
	}
}
