package resample

import (
	"image"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// positions returns where the field has a pixel's centre, NaN where it has not.
func (f *Field) position(col, row int) (x, y float64) {
	for i := range f.cells {
		c := &f.cells[i]
		if !image.Pt(col, row).In(c.rect) {
			continue
		}
		if c.pixelsX != nil {
			at := c.at(col, row)
			return c.pixelsX[at] * f.scaleX, c.pixelsY[at] * f.scaleY
		}
		x, y, _, _ = c.line(col, row)
		return x * f.scaleX, y * f.scaleY
	}
	return math.NaN(), math.NaN()
}

// worst returns the largest distance between the field and the place over all pixels, x modulo a period.
func worst(f *Field, place Place, period float64) float64 {
	far, seen := 0.0, image.NewAlpha(f.rect)
	for i := range f.cells {
		c := &f.cells[i]
		for row := c.rect.Min.Y; row < c.rect.Max.Y; row++ {
			for col := c.rect.Min.X; col < c.rect.Max.X; col++ {
				seen.Pix[seen.PixOffset(col, row)]++
				x, y := []float64{float64(col) + 0.5}, []float64{float64(row) + 0.5}
				place(x, y)
				fx, fy, _, _ := c.line(col, row)
				if c.pixelsX != nil {
					fx, fy = c.pixelsX[c.at(col, row)], c.pixelsY[c.at(col, row)]
				}
				if (x[0] != x[0]) != (fx != fx) {
					return math.Inf(1)
				}
				if x[0] == x[0] {
					far = max(far, math.Hypot(unwrap(fx-x[0], 0, period), fy-y[0]))
				}
			}
		}
	}
	for i, n := range seen.Pix {
		x, y := []float64{float64(f.rect.Min.X+i%seen.Stride) + 0.5}, []float64{float64(f.rect.Min.Y+i/seen.Stride) + 0.5}
		if place(x, y); n > 1 || n == 0 && x[0] == x[0] {
			return math.Inf(1)
		}
	}
	return far
}

func each(f func(x, y float64) (float64, float64)) Place {
	return func(x, y []float64) {
		for i := range x {
			x[i], y[i] = f(x[i], y[i])
		}
	}
}

func TestPositionsAreRightToTheToleranceOfAnySmoothPlace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		num := func(name string, lo, hi float64) float64 { return rapid.Float64Range(lo, hi).Draw(t, name) }
		a, b, c, d := num("a", -3, 3), num("b", -3, 3), num("c", -3, 3), num("d", -3, 3)
		bend, odd := num("bend", -1e-2, 1e-2), num("odd", -1e-4, 1e-4)
		swing, length := num("swing", 0, 20), num("length", 40, 500)
		place := each(func(x, y float64) (float64, float64) {
			u, v := x-100, y-60
			return a*x + b*y + bend*u*v + odd*u*u*u, c*x + d*y + bend*(u*u-v*v) + swing*math.Sin((x+y)/length)
		})
		tolerance := num("tolerance", 0.01, 0.5)
		r := image.Rect(-7, 3, -7+rapid.IntRange(1, 140).Draw(t, "w"), 3+rapid.IntRange(1, 100).Draw(t, "h"))
		if got := worst(NewField(r, place, FieldOptions{Tolerance: tolerance}), place, 0); got > tolerance {
			t.Errorf("position off by %.4f pixels, allowed %.4f", got, tolerance)
		}
	})
}

func TestAnAffinePlaceTakesOneCellAndIsExact(t *testing.T) {
	place := each(func(x, y float64) (float64, float64) { return 1e6 + 1.25*x - 0.5*y, 2e6 + 0.5*x + 1.25*y })
	f := NewField(image.Rect(0, 0, 256, 256), place, FieldOptions{Tolerance: 0.01})
	if got := worst(f, place, 0); got > 1e-6 || len(f.cells) != 1 {
		t.Errorf("%d cells, off by %g", len(f.cells), got)
	}
	if x, y := f.Scale(f.rect); math.Abs(x-math.Hypot(1.25, 0.5)) > 1e-6 || math.Abs(y-math.Hypot(1.25, 0.5)) > 1e-6 {
		t.Errorf("scale %g, %g", x, y)
	}
	b := f.Scaled(0.5, 2).Bounds(image.Rect(10, 10, 20, 21))
	want := Box{0.5 * (1e6 + 1.25*10.5 - 0.5*20.5), 2 * (2e6 + 0.5*10.5 + 1.25*10.5), 0.5 * (1e6 + 1.25*19.5 - 0.5*10.5), 2 * (2e6 + 0.5*19.5 + 1.25*20.5)}
	if d := math.Abs(b.MinX-want.MinX) + math.Abs(b.MinY-want.MinY) + math.Abs(b.MaxX-want.MaxX) + math.Abs(b.MaxY-want.MaxY); d > 1e-6 {
		t.Errorf("bounds %v, want %v", b, want)
	}
}

func TestWhatHasNoPlaceEndsAtThePixel(t *testing.T) {
	disc := each(func(x, y float64) (float64, float64) {
		if math.Hypot(x-70, y-80) > 55.3 {
			return math.NaN(), math.NaN()
		}
		return x, y
	})
	f := NewField(image.Rect(0, 0, 150, 150), disc, FieldOptions{Tolerance: 0.05})
	if got := worst(f, disc, 0); got > 0.05 {
		t.Errorf("off by %g", got)
	}
}

func TestPositionsRunOnAcrossTheAntimeridian(t *testing.T) {
	const period = 4096.0
	place := each(func(x, y float64) (float64, float64) { return math.Mod(4000+x*1.5, period), y })
	f := NewField(image.Rect(0, 0, 200, 100), place, FieldOptions{Tolerance: 0.01, Period: period})
	if got := worst(f, place, period); got > 0.01 {
		t.Errorf("off by %g", got)
	}
	if b := f.Bounds(f.rect); b.MaxX-b.MinX > 300 {
		t.Errorf("positions from %g to %g: not unwrapped", b.MinX, b.MaxX)
	}
	for _, c := range f.cells {
		if c.pixelsX != nil {
			t.Fatal("a cell across the antimeridian is placed pixel by pixel")
		}
	}
}

func TestAPoleInsideIsRightToTheTolerance(t *testing.T) {
	const period = 4096.0
	place := each(func(x, y float64) (float64, float64) {
		return math.Mod(math.Atan2(x-101.3, y-77.7)/2/math.Pi*period+period, period), math.Hypot(x-101.3, y-77.7)
	})
	f := NewField(image.Rect(0, 0, 256, 200), place, FieldOptions{Tolerance: 0.5, Period: period})
	if got := worst(f, place, period); got > 0.6 {
		t.Errorf("off by %g", got)
	}
	if b := f.Bounds(f.rect); b.MaxX-b.MinX > 3*period {
		t.Errorf("positions from %g to %g", b.MinX, b.MaxX)
	}
}

func TestHostilePlacesEndSoon(t *testing.T) {
	for name, place := range map[string]Place{
		"nothing":  each(func(x, y float64) (float64, float64) { return math.NaN(), math.NaN() }),
		"infinity": each(func(x, y float64) (float64, float64) { return math.Inf(1), math.Inf(-1) }),
		"too far":  each(func(x, y float64) (float64, float64) { return x * 1e300, y * 1e300 }),
		"half":     each(func(x, y float64) (float64, float64) { return x, math.NaN() }),
		"noise":    each(func(x, y float64) (float64, float64) { return math.Sin(x*12345) * 1e9, math.Cos(y*54321) * 1e9 }),
		"far":      each(func(x, y float64) (float64, float64) { return x * 1e13, -y * 1e13 }),
		"a point":  each(func(x, y float64) (float64, float64) { return 3, 3 }),
	} {
		for _, opt := range []FieldOptions{{0.05, 0}, {0.05, 360}, {0, 0}, {math.NaN(), math.NaN()}, {0.05, math.Inf(1)}, {-1, -1}} {
			for _, r := range []image.Rectangle{{}, image.Rect(5, 5, 6, 6), image.Rect(0, 0, 1, 70), image.Rect(-100, -100, 50, 30)} {
				f := NewField(r, place, opt)
				f.Bounds(r)
				f.Scale(r)
				dst := image.NewNRGBA(r)
				for _, k := range []Kernel{Nearest, Bilinear, Cubic, "?"} {
					f.Sample(dst, r, noise(image.Rect(-3, -3, 9, 9), false), k)
					f.Sample(dst, r.Inset(-9), Source{}, k)
				}
			}
		}
		_ = name
	}
}
