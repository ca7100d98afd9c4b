package verify

import (
	"math"
	"testing"

	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
)

func TestCutAtABorderIsTheBorder(t *testing.T) {
	m := meshOf(inner, hills)
	b := bordersOf(m)
	const full = terrain.QuantizedMax
	for name, pair := range map[string][2]line{
		"west": {b.west, cut(m, true, 0, 0, full)}, "east": {b.east, cut(m, true, full, 0, full)},
		"south": {b.south, cut(m, false, 0, 0, full)}, "north": {b.north, cut(m, false, full, 0, full)},
	} {
		if !pair[0].whole() || !pair[1].whole() || gap(pair[0], pair[1]) != 0 {
			t.Errorf("%s: %v and %v", name, pair[0], pair[1])
		}
	}
}

// TestCutInsideIsTheGround: a mesh over a slope is the slope wherever it is cut.
func TestCutInsideIsTheGround(t *testing.T) {
	m := meshOf(inner, hills)
	for i, v := range m.Vertices {
		m.Vertices[i].H = v.U/4 + v.V/2
	}
	l := cut(m, true, 12345, 8192, 16384)
	if !l.whole() {
		t.Fatal("it does not reach from end to end")
	}
	for _, at := range []float64{0, 10000, 32767} {
		v := 8192 + at/terrain.QuantizedMax*8192
		want := float64(m.Min) + (12345/4.0+v/2)*stepOf(m)
		if got := l.height(at); math.Abs(got-want) > stepOf(m) {
			t.Errorf("at %g: got %.2f, want %.2f", at, got, want)
		}
	}
}

func TestGapIsSeenBetweenVertices(t *testing.T) {
	a := line{at: []float64{0, 32767}, heights: []float64{0, 0}}
	b := line{at: []float64{0, 1000, 32767}, heights: []float64{0, 5, 0}}
	if gap(a, b) != 5 || gap(b, a) != 5 || gap(a, a) != 0 {
		t.Errorf("got %g, %g, %g", gap(a, b), gap(b, a), gap(a, a))
	}
}

func TestSkirtIsFiveGeometricErrors(t *testing.T) {
	for z, want := range map[uint8]float64{0: 385336.71, 1: 192668.35, 14: 23.519} { // 5 x 77067.34 / 2^z
		if got := skirt(tilegrid.Geodetic, z); math.Abs(got/want-1) > 1e-4 {
			t.Errorf("level %d: got %g, want %g", z, got, want)
		}
	}
	if got := skirt(tilegrid.Mercator, 0); math.Abs(got/5-154134) > 1 {
		t.Errorf("Mercator: got %g", got)
	}
}
