package region

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/clip"
	"github.com/paulmach/orb/planar"
	"github.com/terrane/terrane/tilegrid"
)

func box(w, s, e, n float64) orb.Ring { return orb.Ring{{w, s}, {e, s}, {e, n}, {w, n}, {w, s}} }

// star is a ring with many points whose radius goes up and down, degrees.
func star(chance *rand.Rand, lon, lat, radius float64, n int) orb.Ring {
	var r orb.Ring
	for k := range n {
		a := 2 * math.Pi * float64(k) / float64(n)
		d := radius * (0.4 + 0.6*chance.Float64())
		r = append(r, orb.Point{lon + d*math.Cos(a), lat + d*math.Sin(a)})
	}
	return append(r, r[0])
}

// pixel returns the ground of one pixel of a tile.
func pixel(c tilegrid.Coord, x, y int) orb.Bound {
	b := tilegrid.Geodetic.Bound(c)
	s := (b.Max[1] - b.Min[1]) / Side
	return orb.Bound{
		Min: orb.Point{b.Min[0] + float64(x)*s, b.Max[1] - float64(y+1)*s}, Max: orb.Point{b.Min[0] + float64(x+1)*s, b.Max[1] - float64(y)*s},
	}
}

// covered is the share of a pixel that polygons cover, by cutting them to it. They must not overlap.
func covered(polygons []orb.Polygon, b orb.Bound) float64 {
	sum := 0.0
	for _, p := range polygons {
		for _, turn := range []float64{-360, 0, 360} {
			q := p.Clone()
			for _, ring := range q {
				for k := range ring {
					ring[k][0] += turn
				}
			}
			if cut := clip.Polygon(b, q); cut != nil {
				sum += planar.Area(cut)
			}
		}
	}
	return sum / ((b.Max[0] - b.Min[0]) * (b.Max[1] - b.Min[1]))
}

// at returns one pixel of what Draw returns.
func at(mask []byte, x, y int) float64 {
	if len(mask) == 1 {
		return float64(mask[0])
	}
	return float64(mask[y*Side+x])
}

func TestAPixelHoldsTheExactShareThatPolygonsCover(t *testing.T) {
	chance := rand.New(rand.NewPCG(1, 2))
	hole := star(chance, 10.2, 46.1, 0.3, 40)
	polygons := []orb.Polygon{
		{star(chance, 10, 46, 1.5, 300), hole},
		{box(179.2, -3, 181.7, 2)},            // across the antimeridian
		{box(-180, -90, 180, -84)},            // round the south pole
		{box(-120, 20, -119.99999, 20.00001)}, // less than a pixel
		{star(chance, -150, 70, 4, 2000)},
	}
	r := New(polygons)
	var d Drawer
	for _, p := range []orb.Point{
		{10, 46}, {9, 45.2}, {10.2, 46.1}, {179.9, 0}, {-179.9, 0}, {-178.5, 1.7}, {0, -89.9}, {12, -84.1}, {-120, 20}, {-150, 70}, {60, 10},
	} {
		for z := range uint8(13) {
			c := tilegrid.Geodetic.At(p, z)
			mask := d.Draw(r, tilegrid.Geodetic.Bound(c))
			for range 15 {
				x, y := chance.IntN(Side), chance.IntN(Side)
				if got, want := at(mask, x, y), 255*covered(polygons, pixel(c, x, y)); math.Abs(got-want) > 0.6 {
					t.Fatalf("tile %s pixel %d, %d: %v, want %.2f", c, x, y, got, want)
				}
			}
		}
	}
}

func TestATileThatIsAllTheSameIsOneByte(t *testing.T) {
	lake := New([]orb.Polygon{{box(0, 0, 45, 45), box(11.25, 11.25, 22.5, 22.5)}})
	for name, c := range map[string]struct {
		at   orb.Point
		z    uint8
		want int
	}{
		"inside":                        {orb.Point{30, 30}, 6, 255},
		"inside, its border the tile's": {orb.Point{1, 1}, 5, 255},
		"in the hole":                   {orb.Point{12, 12}, 5, 0},
		"outside":                       {orb.Point{-30, 30}, 3, 0},
		"outside, east of it":           {orb.Point{50, 30}, 6, 0},
		"outside, south of it":          {orb.Point{30, -1}, 6, 0},
		"a bit of both":                 {orb.Point{1, 1}, 1, -1},
	} {
		t.Run(name, func(t *testing.T) {
			var d Drawer
			mask := d.Draw(lake, tilegrid.Geodetic.Bound(tilegrid.Geodetic.At(c.at, c.z)))
			switch {
			case c.want < 0 && len(mask) != Side*Side:
				t.Errorf("%d bytes, want a whole mask", len(mask))
			case c.want >= 0 && (len(mask) != 1 || int(mask[0]) != c.want):
				t.Errorf("%d bytes, the first is %d; want one of %d", len(mask), mask[0], c.want)
			}
		})
	}
}

func TestSharedBordersLeaveNoSeamAndOverlapsAreNoMoreThanCovered(t *testing.T) {
	chance := rand.New(rand.NewPCG(3, 4))
	coast := append(append(orb.Ring{{9, 0}}, star(chance, 0, 0, 5, 50)[:25]...), orb.Point{-9, 0}) // a line from the east to the west
	west, east := orb.Ring{{-9, -9}}, orb.Ring{{-9, 9}}
	west = append(west, orb.Point{9, -9})
	west = append(west, coast...)
	west = append(west, west[0])
	east = append(east, orb.Point{9, 9})
	east = append(east, coast...)
	east = append(east, east[0])
	r := New([]orb.Polygon{{west}, {east}, {box(-5, -5, 5, 5)}})
	var d Drawer
	for _, p := range []orb.Point{{-3, 1}, {3, 1}, {1, 3}} {
		c := tilegrid.Geodetic.At(p, 7)
		if mask := d.Draw(r, tilegrid.Geodetic.Bound(c)); len(mask) != 1 || mask[0] != 255 {
			t.Errorf("%s is not covered throughout", c)
		}
	}
}

func TestNilIsNowhere(t *testing.T) {
	var d Drawer
	if mask := d.Draw(New(nil), tilegrid.Geodetic.Bound(tilegrid.Coord{})); len(mask) != 1 || mask[0] != 0 {
		t.Errorf("mask %v", mask)
	}
	inside := []bool{true}
	d.Inside(nil, Posts{Spacing: 45, Cols: 1, Rows: 1}, inside)
	if inside[0] || New(nil).Bounds() != nil {
		t.Error("there is something in nothing")
	}
}

// TestManyRingsAreOneTree holds the union of a checkerboard of small squares against counting.
func TestManyRingsAreOneTree(t *testing.T) {
	var polygons []orb.Polygon
	for k := range 5000 {
		x, y := float64(k%100)*0.1, float64(k/100)*0.1
		polygons = append(polygons, orb.Polygon{box(x, y, x+0.05, y+0.05)})
	}
	r := New(polygons)
	var d Drawer
	sum := 0.0
	for c := range tilegrid.Geodetic.Cover(orb.Bound{Min: orb.Point{0, 0}, Max: orb.Point{10, 5}}, 5).All() {
		b := tilegrid.Geodetic.Bound(c)
		for _, v := range d.Draw(r, tilegrid.Geodetic.Bound(c)) {
			sum += float64(v) / 255 * math.Pow((b.Max[0]-b.Min[0])/Side, 2)
		}
	}
	if want := 5000 * 0.05 * 0.05; math.Abs(sum-want) > 0.001*want {
		t.Errorf("covers %.5f square degrees, want %.5f", sum, want)
	}
	if len(r.Bounds()) != len(polygons) {
		t.Errorf("%d bounds of %d polygons", len(r.Bounds()), len(polygons))
	}
}
