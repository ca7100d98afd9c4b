package tilegrid

import (
	"errors"
	"math"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

var grids = map[string]Grid{"geodetic": Geodetic, "mercator": Mercator}

func box(w, s, e, n float64) orb.Bound { return orb.Bound{Min: orb.Point{w, s}, Max: orb.Point{e, n}} }

// Facts: OGC 17-083r4, annex D (WorldCRS84Quad, WebMercatorQuad) and CesiumJS's GeographicTilingScheme, rows from the south.
func TestTilesCoverTheGroundThatTheStandardsSay(t *testing.T) {
	cases := []struct {
		name string
		grid Grid
		tile Coord
		want orb.Bound
	}{
		{"western root", Geodetic, Coord{0, 0, 0}, box(-180, -90, 0, 90)},
		{"eastern root", Geodetic, Coord{0, 1, 0}, box(0, -90, 180, 90)},
		{"a quarter of the east", Geodetic, Coord{1, 2, 1}, box(0, 0, 90, 90)},
		{"the Pyrenees at level 12", Geodetic, Coord{12, 4118, 3003}, box(0.9668, 41.9678, 1.0107, 42.0117)},
		{"mercator root", Mercator, Coord{0, 0, 0}, box(-180, -MercatorLimit, 180, MercatorLimit)},
		{"mercator, south-west of four", Mercator, Coord{1, 0, 0}, box(-180, -MercatorLimit, 0, 0)},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := c.grid.Bound(c.tile)
			for k := range 2 {
				if math.Abs(got.Min[k]-c.want.Min[k]) > 1e-4 || math.Abs(got.Max[k]-c.want.Max[k]) > 1e-4 {
					t.Fatalf("got %v, want %v", got, c.want)
				}
			}
		})
	}
}

// levels walks every tile of the low levels and the corners of the deep ones.
func levels(g Grid, f func(Coord)) {
	for z := uint8(0); z <= 6; z++ {
		columns, rows := g.Size(z)
		for c := range (Range{z, 0, 0, columns - 1, rows - 1}).All() {
			f(c)
		}
	}
	for z := uint8(7); z <= MaxLevel; z++ {
		columns, rows := g.Size(z)
		for _, x := range []uint32{0, 1, columns/2 - 1, columns / 2, columns - 1} {
			for _, y := range []uint32{0, 1, rows/2 - 1, rows / 2, rows - 1} {
				f(Coord{z, x, y})
			}
		}
	}
}

func TestATileIsFoundByItsOwnCentre(t *testing.T) {
	for name, g := range grids {
		t.Run(name, func(t *testing.T) {
			levels(g, func(c Coord) {
				if got := g.At(g.Bound(c).Center(), c.Z); got != c && c.Z < 29 {
					t.Fatalf("centre of %s is in %s", c, got)
				}
			})
		})
	}
}

func TestNeighboursShareTheirBorderToTheBit(t *testing.T) {
	for name, g := range grids {
		t.Run(name, func(t *testing.T) {
			levels(g, func(c Coord) {
				columns, rows := g.Size(c.Z)
				if c.X+1 < columns && g.Bound(c).Max.Lon() != g.Bound(Coord{c.Z, c.X + 1, c.Y}).Min.Lon() {
					t.Fatalf("east of %s is not the west of its neighbour", c)
				}
				if c.Y+1 < rows && g.Bound(c).Max.Lat() != g.Bound(Coord{c.Z, c.X, c.Y + 1}).Min.Lat() {
					t.Fatalf("north of %s is not the south of its neighbour", c)
				}
			})
		})
	}
}

func TestChildrenFillTheirParent(t *testing.T) {
	for name, g := range grids {
		t.Run(name, func(t *testing.T) {
			levels(g, func(c Coord) {
				if c.Z == MaxLevel {
					return
				}
				whole := g.Bound(c.Children()[0])
				for _, child := range c.Children() {
					if child.Parent() != c || child.Ancestor(c.Z) != c || !g.Valid(child) {
						t.Fatalf("%s is no child of %s", child, c)
					}
					whole = whole.Union(g.Bound(child))
				}
				if whole != g.Bound(c) {
					t.Fatalf("children of %s cover %v, it covers %v", c, whole, g.Bound(c))
				}
			})
		})
	}
}

func TestFlippingTwiceChangesNothing(t *testing.T) {
	for name, g := range grids {
		t.Run(name, func(t *testing.T) {
			levels(g, func(c Coord) {
				_, rows := g.Size(c.Z)
				f := g.FlipY(c)
				if f.Y != rows-1-c.Y || g.FlipY(f) != c {
					t.Fatalf("%s flips to %s", c, f)
				}
			})
		})
	}
}

func TestTilesOutsideTheGridAreRefused(t *testing.T) {
	for _, c := range []Coord{{0, 2, 0}, {0, 0, 1}, {3, 16, 0}, {3, 0, 8}, {MaxLevel + 1, 0, 0}, {255, 0, 0}} {
		if err := Geodetic.Check(c); !errors.Is(err, ErrOutOfGrid) {
			t.Errorf("%s: got %v, want ErrOutOfGrid", c, err)
		}
	}
	if err := Mercator.Check(Coord{0, 1, 0}); !errors.Is(err, ErrOutOfGrid) {
		t.Errorf("second root in Mercator: got %v", err)
	}
	if err := Geodetic.Check(Coord{0, 1, 0}); err != nil {
		t.Errorf("second root: %v", err)
	}
}

func TestCoverHoldsWhatItCoversAndNoMore(t *testing.T) {
	for name, g := range grids {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				w := rapid.Float64Range(-180, 179.9).Draw(t, "west")
				e := rapid.Float64Range(w, 180).Draw(t, "east")
				s := rapid.Float64Range(-85, 84.9).Draw(t, "south")
				n := rapid.Float64Range(s, 85).Draw(t, "north")
				z := uint8(rapid.IntRange(0, 20).Draw(t, "level"))
				r := g.Cover(box(w, s, e, n), z)
				low, high := g.Bound(Coord{z, r.MinX, r.MinY}), g.Bound(Coord{z, r.MaxX, r.MaxY})
				const slack = 1e-9
				if low.Min.Lon() > w+slack || low.Min.Lat() > s+slack || high.Max.Lon() < e-slack || high.Max.Lat() < n-slack {
					t.Fatalf("%v does not hold the box", r)
				}
				if low.Max.Lon() < w-slack || low.Max.Lat() < s-slack || high.Min.Lon() > e+slack || high.Min.Lat() > n+slack {
					t.Fatalf("%v is wider than the box", r)
				}
			})
		})
	}
}

func TestABoxThatEndsOnABorderLeavesTheNextTileOut(t *testing.T) {
	if got, want := Geodetic.Cover(box(0, 0, 45, 45), 2), (Range{2, 4, 2, 4, 2}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if got, want := Geodetic.Cover(box(-180, -90, 180, 90), 1), (Range{1, 0, 0, 3, 1}); got != want {
		t.Errorf("whole globe: got %v, want %v", got, want)
	}
}

func TestBoundsAcrossTheAntimeridianAreSplit(t *testing.T) {
	cases := []struct {
		name string
		in   orb.Bound
		want []orb.Bound
	}{
		{"inside", box(10, 0, 20, 5), []orb.Bound{box(10, 0, 20, 5)}},
		{"across", box(178, -5, 183, 5), []orb.Bound{box(178, -5, 180, 5), box(-180, -5, -177, 5)}},
		{"beyond the west", box(-190, 0, -170, 5), []orb.Bound{box(170, 0, 180, 5), box(-180, 0, -170, 5)}},
		{"0..360", box(200, 0, 210, 5), []orb.Bound{box(-160, 0, -150, 5)}},
		{"all round", box(-180.5, -90, 180.5, 90), []orb.Bound{box(-180, -90, 180, 90)}},
		{"many turns away", box(1e6, 0, 1e6+5, 5), []orb.Bound{box(-80, 0, -75, 5)}},
		{"too far to tell", box(-1e300, 0, -1e300, 5), []orb.Bound{box(-180, 0, 180, 5)}},
		{"endless", box(math.Inf(-1), 0, math.Inf(1), 5), []orb.Bound{box(-180, 0, 180, 5)}},
		{"no number", box(math.NaN(), 0, 7, 5), []orb.Bound{box(-180, 0, 180, 5)}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := SplitBound(c.in)
			if len(got) != len(c.want) {
				t.Fatalf("got %v, want %v", got, c.want)
			}
			for k := range got {
				if got[k] != c.want[k] {
					t.Fatalf("got %v, want %v", got, c.want)
				}
			}
		})
	}
}

func TestRangesHoldEveryTileOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const side = 12
		var tiles []Coord
		for c := range (Range{5, 0, 0, side - 1, side - 1}).All() {
			if rapid.IntRange(0, 3).Draw(t, "tile") > 0 {
				tiles = append(tiles, c)
			}
		}
		count := map[Coord]int{}
		for _, r := range Ranges(tiles) {
			for c := range r.All() {
				count[c]++
			}
		}
		if len(count) != len(tiles) {
			t.Fatalf("%d tiles in ranges, want %d", len(count), len(tiles))
		}
		for _, c := range tiles {
			if count[c] != 1 {
				t.Fatalf("%s is there %d times", c, count[c])
			}
		}
	})
}

func TestAFullRectangleIsOneRange(t *testing.T) {
	whole := Range{7, 3, 9, 40, 21}
	var tiles []Coord
	for c := range whole.All() {
		tiles = append(tiles, c)
	}
	if got := Ranges(tiles); len(got) != 1 || got[0] != whole || whole.Len() != len(tiles) {
		t.Errorf("got %v, want %v", got, whole)
	}
}

func TestResolutionIsWhatCesiumCountsWith(t *testing.T) {
	if got := Geodetic.Resolution(0, 64); got != 180.0/64 {
		t.Errorf("geodetic root: %v", got)
	}
	if got := Mercator.Resolution(0, 256); got != 360.0/256 {
		t.Errorf("mercator root: %v", got)
	}
}

func BenchmarkRanges(b *testing.B) {
	var tiles []Coord
	for c := range (Range{12, 0, 0, 299, 299}).All() {
		if c.X*c.Y%7 != 3 {
			tiles = append(tiles, c)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		Ranges(tiles)
	}
}

func TestBoundsAreUnitedTheShortWayRound(t *testing.T) {
	b := func(w, e float64) orb.Bound { return orb.Bound{Min: orb.Point{w, -1}, Max: orb.Point{e, 1}} }
	for name, c := range map[string]struct {
		parts []orb.Bound
		want  orb.Bound
	}{
		"one":                                 {[]orb.Bound{b(3, 4)}, b(3, 4)},
		"beside each other":                   {[]orb.Bound{b(3, 4), b(6, 9)}, b(3, 9)},
		"either side of the antimeridian":     {[]orb.Bound{b(170, 180), b(-180, -175)}, b(170, 185)},
		"one that crosses, one that does not": {[]orb.Bound{b(175, 182), b(-170, -160)}, b(175, 200)},
		"two that cross":                      {[]orb.Bound{b(170, 181), b(179, 190)}, b(170, 190)},
		"all round":                           {[]orb.Bound{b(-180, 180), b(20, 30)}, b(-180, 180)},
		"inside one another":                  {[]orb.Bound{b(0, 100), b(20, 30)}, b(0, 100)},
		"beyond 180 altogether":               {[]orb.Bound{b(190, 200)}, b(-170, -160)},
	} {
		if got := UniteBounds(c.parts); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestFractionAgreesWithTiles(t *testing.T) {
	for _, g := range []Grid{Geodetic, Mercator} {
		for c := range (Range{Z: 3, MaxX: 7, MaxY: 7}).All() {
			columns, rows := g.Size(3)
			x, y := g.Fraction(g.Bound(c).Min)
			if math.Abs(x-float64(c.X)/float64(columns)) > 1e-12 || math.Abs(y-float64(c.Y)/float64(rows)) > 1e-12 {
				t.Errorf("%v %v begins at %v, %v", g.CRS(), c, x, y)
			}
		}
	}
}

func TestMortonInterleavesTheBits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Uint32().Draw(t, "v")
		want := uint64(0)
		for k := range 32 {
			want |= uint64(v>>k&1) << (2 * k)
		}
		if x, y := (Coord{X: v}).Morton(), (Coord{Y: v}).Morton(); x != want || y != want<<1 {
			t.Errorf("%#x: %#x and %#x, want %#x and twice that", v, x, y, want)
		}
	})
}
