package style

import (
	"errors"
	"math"
	"testing"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
)

// pixelCentre returns the place of a pixel of a Mercator tile, row from the north.
func pixelCentre(c tilegrid.Coord, pixels, column, row int) orb.Point {
	n := float64(uint64(1) << c.Z)
	x := (float64(c.X) + (float64(column)+0.5)/float64(pixels)) / n
	y := (float64(c.Y) + 1 - (float64(row)+0.5)/float64(pixels)) / n
	return orb.Point{x*360 - 180, math.Atan(math.Sinh(math.Pi*(2*y-1))) * 180 / math.Pi}
}

// A plane in longitude and latitude is bilinear between posts of any level, so each pixel must have the plane's own height at
// its centre: also where levels are missing, over the antimeridian and in the last row before the poles.
func TestMercatorPixelsHaveTheHeightsOfTheirCentres(t *testing.T) {
	plane := func(p orb.Point) float64 { return 10*p[0] + 30*p[1] }
	region := newGlobe(2, 6, orb.Bound{Min: orb.Point{-10, -10}, Max: orb.Point{10, 10}}, plane).ground(t)
	for _, c := range []struct {
		name   string
		at     orb.Point
		z      uint8
		pixels int
	}{
		{"level of posts", orb.Point{1, 1}, 5, 256},
		{"coarser", orb.Point{1, 1}, 3, 256},
		{"magnified", orb.Point{1, 1}, 8, 256},
		{"512 pixels", orb.Point{1, 1}, 4, 512},
		{"outside, where levels are missing", orb.Point{100, 40}, 6, 256},
		{"the far north", orb.Point{30, 84}, 2, 256},
		{"the far south", orb.Point{30, -84}, 2, 256},
	} {
		t.Run(c.name, func(t *testing.T) {
			tile := tilegrid.Mercator.At(c.at, c.z)
			z, err := region.Mercator(t.Context(), tile, c.pixels)
			if err != nil || len(z) != c.pixels*c.pixels {
				t.Fatalf("%d heights, %v", len(z), err)
			}
			for row := 0; row < c.pixels; row += 7 {
				for column := 0; column < c.pixels; column += 5 {
					p := pixelCentre(tile, c.pixels, column, row)
					if got, want := float64(z[row*c.pixels+column]), plane(p); math.Abs(got-want) > 2*terrain.StoredStep {
						t.Fatalf("pixel %d, %d at %v: %.3f m, want %.3f m", column, row, p, got, want)
					}
				}
			}
		})
	}
}

// What a pixel of the deepest level shows is what a question for its centre answers.
func TestMercatorPixelsAgreeWithProbes(t *testing.T) {
	g := newGlobe(3, 6, orb.Bound{Min: orb.Point{176.3, -20.1}, Max: orb.Point{184.7, -11.7}}, hills).ground(t)
	for _, at := range []orb.Point{{179.9, -15}, {-179.9, -15}, {177, -12}} {
		c := tilegrid.Mercator.At(at, 6)
		z, err := g.Mercator(t.Context(), c, 256)
		if err != nil {
			t.Fatal(err)
		}
		compared := 0
		for k, got := range z {
			want, level, ok, err := g.Height(t.Context(), pixelCentre(c, 256, k%256, k/256))
			if err != nil {
				t.Fatal(err)
			}
			if ok && level == 6 {
				compared++
				if math.Abs(float64(got)-want) > 2e-3 {
					t.Fatalf("pixel %d of %v: %.4f m, asked for %.4f m", k, c, got, want)
				}
			}
		}
		if compared < 5000 {
			t.Errorf("%v: %d pixels compared", c, compared)
		}
	}
}

// The antimeridian is a place like others: what lies east of it is continued from what lies west.
func TestMercatorHasNoSeamAtTheAntimeridian(t *testing.T) {
	g := newGlobe(4, 4, whole, hills).ground(t)
	last, first := tilegrid.Coord{Z: 3, X: 7, Y: 4}, tilegrid.Coord{Z: 3, X: 0, Y: 4}
	west, err := g.Mercator(t.Context(), last, 256)
	if err != nil {
		t.Fatal(err)
	}
	east, err := g.Mercator(t.Context(), first, 256)
	if err != nil {
		t.Fatal(err)
	}
	inside, across := 0.0, 0.0
	for r := range 256 {
		for k := range 255 {
			inside = max(inside, math.Abs(float64(west[r*256+k+1]-west[r*256+k])))
		}
		across = max(across, math.Abs(float64(east[r*256]-west[r*256+255])))
	}
	if across > inside {
		t.Errorf("steps of %.1f m across, %.1f m beside", across, inside)
	}
	if _, err := g.Mercator(t.Context(), tilegrid.Coord{Z: 3, X: 8}, 256); !errors.Is(err, tilegrid.ErrOutOfGrid) {
		t.Errorf("a tile outside of the grid: %v", err)
	}
}

func TestProbesAnswerOfTheLevelAskedForAndExactlyOnPosts(t *testing.T) {
	bound := orb.Bound{Min: orb.Point{-10, -10}, Max: orb.Point{10, 10}}
	g := newGlobe(2, 6, bound, hills).ground(t)
	b := g.Probe()
	for level := range uint8(7) {
		step := tilegrid.Geodetic.Resolution(level, terrain.Cells)
		for k := range 200 {
			p := orb.Point{math.Floor((float64(k*7%19)-9)/step) * step, math.Floor((float64(k*11%17)-8)/step) * step}
			if !bound.Contains(p) {
				continue
			}
			got, found, ok, err := b.Height(t.Context(), p, level)
			want := math.Round(float64(float32(hills(p)))/terrain.StoredStep) * terrain.StoredStep
			if err != nil || !ok || found != level || math.Abs(got-want) > terrain.StoredStep {
				t.Fatalf("level %d, %v: %v m of level %d, %t, %v; want %v m", level, p, got, found, ok, err, want)
			}
			if b.Doubt() != 0 {
				t.Fatalf("level %d, %v: a doubt of %v m on a post", level, p, b.Doubt())
			}
		}
	}
	if _, level, ok, _ := b.Height(t.Context(), orb.Point{3, 3}, 30); !ok || level != 6 {
		t.Errorf("deeper than there is: level %d, %t", level, ok)
	}
	for _, p := range []orb.Point{{10.1, 0}, {0, 91}, {math.NaN(), 0}, {0, math.Inf(1)}, {1e300, 0}} {
		if _, _, ok, err := b.Height(t.Context(), p, 6); ok || err != nil {
			t.Errorf("%v has a height, %v", p, err)
		}
	}
}

func BenchmarkMercator(b *testing.B) {
	g := newGlobe(2, 7, orb.Bound{Min: orb.Point{-10, -10}, Max: orb.Point{10, 10}}, hills).ground(b)
	c := tilegrid.Mercator.At(orb.Point{1, 1}, 6)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := g.Mercator(b.Context(), c, 256); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkProbe(b *testing.B) {
	g := newGlobe(2, 7, orb.Bound{Min: orb.Point{-10, -10}, Max: orb.Point{10, 10}}, hills).ground(b)
	probe := g.Probe()
	k := 0.0
	for b.Loop() {
		k = math.Mod(k+7.3217, 19)
		if _, _, ok, err := probe.Height(b.Context(), orb.Point{k - 9.5, 9.5 - k}, 7); !ok || err != nil {
			b.Fatal(err)
		}
	}
}
