package geodesic

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
)

// The lengths are those of PROJ's geod (9.1.1, +ellps=WGS84), which follows Karney (2013).
func TestLengthsAreThoseOfPROJ(t *testing.T) {
	for name, c := range map[string]struct {
		a, b orb.Point
		want float64
	}{
		"along the equator":            {orb.Point{0, 0}, orb.Point{1, 0}, 111319.491},
		"along a meridian":             {orb.Point{7, 0}, orb.Point{7, 1}, 110574.389},
		"New York to London":           {orb.Point{-73.778889, 40.639722}, orb.Point{-0.461389, 51.4775}, 5554344.276},
		"over the antimeridian":        {orb.Point{179.5, -17}, orb.Point{-179.5, -17}, 106485.715},
		"over the north pole":          {orb.Point{10, 80}, orb.Point{-170, 80}, 2233651.715},
		"a metre":                      {orb.Point{1.5, 42.5}, orb.Point{1.5, 42.500009}, 0.9997},
		"longitudes beyond the circle": {orb.Point{181, 10}, orb.Point{-178, 10}, 109639.322},
		"one and the same point":       {orb.Point{1, 2}, orb.Point{1, 2}, 0},
		"both at a pole":               {orb.Point{1, 90}, orb.Point{77, 90}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := Between(c.a, c.b)
			if err != nil || math.Abs(l.Length()-c.want) > 1e-3 {
				t.Errorf("got %.4f m, %v; want %.4f m", l.Length(), err, c.want)
			}
			if back, err := Between(c.b, c.a); err != nil || math.Abs(back.Length()-l.Length()) > 1e-6 {
				t.Errorf("back %.6f m, %v; there %.6f m", back.Length(), err, l.Length())
			}
		})
	}
}

func TestLinesBeginAndEndAtTheirPoints(t *testing.T) {
	chance := rand.New(rand.NewPCG(4, 6))
	for range 10_000 {
		a := orb.Point{chance.Float64()*360 - 180, chance.Float64()*180 - 90}
		b := orb.Point{a[0] + (chance.Float64()-0.5)*300*chance.Float64(), max(-90, min(90, a[1]+(chance.Float64()-0.5)*90*chance.Float64()))}
		l, err := Between(a, b)
		if errors.Is(err, ErrOpposite) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			at   float64
			want orb.Point
		}{{0, a}, {l.Length(), b}} {
			if off, err := Between(l.At(c.at), c.want); err != nil || off.Length() > 1e-3 {
				t.Fatalf("%v to %v: at %.3f m lies %v, %.4f m off, %v", a, b, c.at, l.At(c.at), off.Length(), err)
			}
		}
		middle := l.At(l.Length() / 2)
		first, _ := Between(a, middle)
		second, _ := Between(middle, b)
		if d := first.Length() + second.Length() - l.Length(); math.Abs(d) > 2e-3 {
			t.Fatalf("%v to %v: the halves are %.4f m longer than the whole", a, b, d)
		}
	}
}

func TestOppositePointsHaveNoShortestLine(t *testing.T) {
	for name, p := range map[string][2]orb.Point{
		"on the equator": {{0, 0}, {180, 0}}, "nearly": {{0, 0}, {179.7, 0.1}}, "elsewhere": {{13, 42}, {-167, -42}},
	} {
		if l, err := Between(p[0], p[1]); !errors.Is(err, ErrOpposite) {
			t.Errorf("%s: %.1f m, %v", name, l.Length(), err)
		}
	}
}

func BenchmarkAt(b *testing.B) {
	l, err := Between(orb.Point{1, 42}, orb.Point{3, 44})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		l.At(12345)
	}
}
