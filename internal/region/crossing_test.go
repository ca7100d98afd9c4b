package region

import (
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
)

func TestARingThatCrossesItselfIsFoundAndOneThatTouchesItselfIsNot(t *testing.T) {
	chance := rand.New(rand.NewPCG(9, 10))
	round := star(chance, 10, 10, 5, 3000)
	crossed := round.Clone()
	crossed[1000], crossed[1003] = crossed[1003], crossed[1000]
	for name, c := range map[string]struct {
		ring orb.Ring
		want bool
	}{
		"a bow tie":                {orb.Ring{{0, 0}, {1, 1}, {1, 0}, {0, 1}, {0, 0}}, true},
		"a square":                 {box(0, 0, 1, 1), false},
		"touching in a point":      {orb.Ring{{0, 0}, {2, 0}, {1, 1}, {2, 2}, {0, 2}, {1, 1}, {0, 0}}, false},
		"touching along a line":    {orb.Ring{{0, 0}, {3, 0}, {3, 2}, {2, 2}, {2, 1}, {2, 2}, {0, 2}, {0, 0}}, false},
		"the same point twice":     {orb.Ring{{0, 0}, {1, 0}, {1, 0}, {1, 1}, {0, 0}}, false},
		"a long coast":             {round, false},
		"a long coast with a knot": {crossed, true},
		"too short to enclose":     {orb.Ring{{0, 0}, {1, 1}, {0, 0}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if at, got := Crossing(c.ring); got != c.want {
				t.Errorf("crosses itself: %v (at %v), want %v", got, at, c.want)
			}
		})
	}
}

func TestNaturalEarthDoesNotCrossItself(t *testing.T) {
	for _, name := range []string{"ne_110m_land.geojson", "ne_110m_ocean.geojson", "ne_50m_land.geojson", "ne_50m_lakes.geojson"} {
		polygons, _ := naturalEarth(t, name)
		for _, p := range polygons {
			for _, ring := range p {
				if at, ok := Crossing(ring); ok {
					t.Errorf("%s crosses itself at %v", name, at)
				}
			}
		}
	}
}

func BenchmarkCrossing(b *testing.B) {
	polygons, _ := naturalEarth(b, "ne_50m_land.geojson")
	for b.Loop() {
		for _, p := range polygons {
			for _, ring := range p {
				Crossing(ring)
			}
		}
	}
}
