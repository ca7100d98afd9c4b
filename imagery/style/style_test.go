package style

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"math"
	"syscall"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/imagery"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

var _ imagery.Source = source{}

func styleOf(t testing.TB, name string) Style {
	t.Helper()
	s, ok := Named(name)
	if !ok {
		t.Fatalf("no style %q", name)
	}
	return s
}

func TestStylesHaveNamesForPeopleAndForURLs(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range Styles() {
		if tilestore.CheckName(s.Name) != nil || seen[s.Name] || s.Title == "" || s.Abstract == "" {
			t.Errorf("%+v", s)
		}
		seen[s.Name] = true
	}
	if s, ok := Named(""); !ok || s.Name != "relief" {
		t.Errorf("the default is %q", s.Name)
	}
	if _, ok := Named("Hillshade"); ok {
		t.Error("names are as they are written")
	}
}

func TestDatasetsWithoutHeightsAreRefused(t *testing.T) {
	g := newGlobe(0, 0, whole, hills)
	for name, r := range map[string]tilestore.Reader{"no heights": struct{ tilestore.Reader }{g}, "imagery": &globe{info: tilestore.Info{Kind: tilestore.Imagery}}} {
		if _, err := NewGround(r, NewCache(0), nil); !errors.Is(err, ErrNoHeights) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestHeightsAreHalfwayBetweenPosts(t *testing.T) {
	// A plane is a plane at every level: its height at a pixel's centre is that of the centre, magnified or not.
	plane := func(p orb.Point) float64 { return 100*p[0] + 40*p[1] }
	g := newGlobe(3, 6, orb.Bound{Min: orb.Point{-10, -10}, Max: orb.Point{10, 10}}, plane).ground(t)
	for _, at := range []struct {
		name string
		c    tilegrid.Coord
	}{
		{"level of posts", tilegrid.Geodetic.At(orb.Point{1, 1}, 4)},
		{"magnified twice", tilegrid.Geodetic.At(orb.Point{1, 1}, 5)},
		{"magnified eight times", tilegrid.Geodetic.At(orb.Point{1, 1}, 7)},
		{"between the posts of three levels above", tilegrid.Geodetic.At(orb.Point{5, 5}, 4)},
	} {
		t.Run(at.name, func(t *testing.T) {
			f, err := g.field(t.Context(), at.c)
			if err != nil {
				t.Fatal(err)
			}
			step := tilegrid.Geodetic.Resolution(at.c.Z, side)
			nw := tilegrid.Geodetic.Bound(at.c)
			for r := range side {
				for c, got := range f.row(r) {
					want := plane(orb.Point{nw.Min[0] + (float64(c)+0.5)*step, nw.Max[1] - (float64(r)+0.5)*step})
					if math.Abs(float64(got)-want) > 4*terrain.StoredStep { // half a pixel is 2 m and more
						t.Fatalf("pixel %d, %d: %v, want %v", c, r, got, want)
					}
				}
			}
		})
	}
}

// TestNeighboursAreHalvesOfOnePicture compares heights, margins included, and gradients of neighbours where both know them: on and beyond the
// deepest level, where tiles are missing, over the antimeridian, over the poles, and at the bound. Pictures follow from these by pixel.
func TestNeighboursAreHalvesOfOnePicture(t *testing.T) {
	crossing := orb.Bound{Min: orb.Point{176.3, -20.1}, Max: orb.Point{184.7, -11.7}}
	for _, world := range []struct {
		name string
		g    *Ground
		at   orb.Point
	}{
		{"whole globe", newGlobe(4, 4, whole, hills).ground(t), orb.Point{10, 45}},
		{"antimeridian", newGlobe(3, 6, crossing, hills).ground(t), orb.Point{179.999, -15}},
		{"missing tiles and bound", newGlobe(2, 7, crossing, hills).ground(t), orb.Point{176.3, -11.7}},
		{"north pole", newGlobe(3, 4, whole, hills).ground(t), orb.Point{0, 89.999}},
		{"south pole at the antimeridian", newGlobe(3, 4, whole, hills).ground(t), orb.Point{180, -90}},
	} {
		for z := range world.g.lastLevel() + 1 {
			t.Run(fmt.Sprintf("%s, level %d", world.name, z), func(t *testing.T) {
				c := tilegrid.Geodetic.At(world.at, z)
				columns, rows := tilegrid.Geodetic.Size(z)
				sameOverlap(t, world.g, c, tilegrid.Coord{Z: z, X: (c.X + 1) % columns, Y: c.Y}, side, 0)
				sameOverlap(t, world.g, tilegrid.Coord{Z: z, X: (c.X + columns - 1) % columns, Y: c.Y}, c, side, 0)
				if c.Y+1 < rows {
					sameOverlap(t, world.g, c, tilegrid.Coord{Z: z, X: c.X, Y: c.Y + 1}, 0, -side)
				}
				if c.Y > 0 {
					sameOverlap(t, world.g, tilegrid.Coord{Z: z, X: c.X, Y: c.Y - 1}, c, 0, -side)
				}
			})
		}
	}
}

func TestNoTileOfALevelHasASeam(t *testing.T) {
	g := newGlobe(3, 6, orb.Bound{Min: orb.Point{-20, -90}, Max: orb.Point{230, 40}}, hills).ground(t)
	for _, z := range []uint8{0, 2} {
		columns, rows := tilegrid.Geodetic.Size(z)
		for c := range (tilegrid.Range{Z: z, MaxX: columns - 1, MaxY: rows - 1}).All() {
			sameOverlap(t, g, c, tilegrid.Coord{Z: z, X: (c.X + 1) % columns, Y: c.Y}, side, 0)
			if c.Y+1 < rows {
				sameOverlap(t, g, c, tilegrid.Coord{Z: z, X: c.X, Y: c.Y + 1}, 0, -side)
			}
		}
	}
}

// sameOverlap fails the test unless the fields of a and of b, which lies dx columns and dy rows from a, hold the same heights where they overlap.
func sameOverlap(t *testing.T, g *Ground, a, b tilegrid.Coord, dx, dy int) {
	t.Helper()
	fa, err := g.field(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	fb, err := g.field(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	ca, cb := g.clip(a), g.clip(b)
	for r := max(0, dy); r < min(fieldSide, fieldSide+dy); r++ {
		for c := max(0, dx); c < min(fieldSide, fieldSide+dx); c++ {
			if !near(&ca, c-margin, r-margin) && !near(&cb, c-dx-margin, r-dy-margin) {
				continue
			}
			if u, v := fa.z[r*fieldSide+c], fb.z[(r-dy)*fieldSide+c-dx]; u != v {
				t.Fatalf("%s and %s differ at column %d, row %d: %v, %v", a, b, c-margin, r-margin, u, v)
			}
		}
	}
}

// near tells whether a pixel of the picture itself that is drawn is so near that it sees (c, r).
func near(clip *clip, c, r int) bool {
	any := func(inside *[side]bool, at int) bool {
		for k := max(0, at-margin); k <= min(side-1, at+margin); k++ {
			if inside[k] {
				return true
			}
		}
		return false
	}
	return any(&clip.columns, c) && any(&clip.rows, r)
}

// TestJoinedPicturesEqualOneTwiceAsLarge paints two neighbours' ground as one field, by moving a field's frame half a tile, and compares.
func TestJoinedPicturesEqualOneTwiceAsLarge(t *testing.T) {
	g := newGlobe(4, 5, whole, hills).ground(t)
	c := tilegrid.Coord{Z: 3, X: 8, Y: 5}
	east := tilegrid.Coord{Z: 3, X: 9, Y: 5}
	fa, err := g.field(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	fb, err := g.field(t.Context(), east)
	if err != nil {
		t.Fatal(err)
	}
	middle := *fa // the eastern half of a, the western half of b
	middle.z = make([]float32, len(fa.z))
	for r := range fieldSide {
		row := middle.z[r*fieldSide:][:fieldSide]
		copy(row, fa.z[r*fieldSide+side/2:][:fieldSide-side/2])
		copy(row[side/2:], fb.z[r*fieldSide:][:side/2+2*margin])
	}
	for _, s := range Styles() {
		a, b, m := image.NewNRGBA(image.Rect(0, 0, side, side)), image.NewNRGBA(image.Rect(0, 0, side, side)), image.NewNRGBA(image.Rect(0, 0, side, side))
		s.paint(fa, a)
		s.paint(fb, b)
		s.paint(&middle, m)
		for r := range side {
			want := m.Pix[r*m.Stride:][:side*4]
			got := append(append([]uint8(nil), a.Pix[r*a.Stride+side*2:][:side*2]...), b.Pix[r*b.Stride:][:side*2]...)
			if !bytes.Equal(got, want) {
				t.Fatalf("%s: row %d differs", s.Name, r)
			}
		}
	}
}

func TestOutsideTheBoundThereIsNothing(t *testing.T) {
	b := orb.Bound{Min: orb.Point{7, 45}, Max: orb.Point{9, 46.5}}
	g := newGlobe(2, 7, b, hills).ground(t)
	src := g.Source(styleOf(t, "relief"))
	for z := range g.lastLevel() + 1 {
		c := tilegrid.Geodetic.At(orb.Point{7.3, 45.2}, z)
		p, err := src.Image(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		step, ground := tilegrid.Geodetic.Resolution(z, side), tilegrid.Geodetic.Bound(c)
		opaque := p.NRGBA != nil
		for k := range side * side {
			at := orb.Point{ground.Min[0] + (float64(k%side)+0.5)*step, ground.Max[1] - (float64(k/side)+0.5)*step}
			want := uint8(0)
			if b.Contains(at) {
				want = 255
			}
			opaque = opaque && want == 255
			if p.NRGBA == nil && want == 0 {
				continue
			}
			if got := p.Pix[4*k+3]; got != want {
				t.Fatalf("level %d, %v: alpha %d", z, at, got)
			}
		}
		if p.Opaque != opaque {
			t.Errorf("level %d: opaque %v", z, p.Opaque)
		}
	}
	if p, err := src.Image(t.Context(), tilegrid.Coord{Z: 5, X: 1, Y: 1}); p.NRGBA != nil || err != nil {
		t.Errorf("far away: %v, %v", p.NRGBA != nil, err)
	}
}

func TestNothingLiesOutsideOfTheExtent(t *testing.T) {
	for _, b := range []orb.Bound{whole, {Min: orb.Point{7, 45}, Max: orb.Point{9, 46.5}}, {Min: orb.Point{176, -20}, Max: orb.Point{184, -12}}} {
		src := newGlobe(1, 2, b, hills).ground(t).Source(styleOf(t, "slope"))
		for z := range uint8(4) {
			columns, rows := tilegrid.Geodetic.Size(z)
			extent, ok := src.(interface {
				Extent(z uint8) (tilegrid.Range, bool)
			}).Extent(z)
			for c := range (tilegrid.Range{Z: z, MaxX: columns - 1, MaxY: rows - 1}).All() {
				if p, err := src.Image(t.Context(), c); err != nil || p.NRGBA != nil && (!ok || !extent.Contains(c)) {
					t.Errorf("%v: %s is outside of %v: %v", b, c, extent, err)
				}
			}
		}
	}
}

func TestTilesThatCannotBeAreErrors(t *testing.T) {
	g := newGlobe(2, 2, whole, hills)
	src := g.ground(t).Source(styleOf(t, "slope"))
	if lo, hi := src.Levels(); lo != 0 || hi != Overzoom {
		t.Errorf("levels %d to %d", lo, hi)
	}
	for _, c := range []tilegrid.Coord{{Z: 0, X: 2}, {Z: 1, Y: 2}, {Z: Overzoom + 1}, {Z: 255}} {
		if _, err := src.Image(t.Context(), c); !errors.Is(err, tilegrid.ErrOutOfGrid) {
			t.Errorf("%s: %v", c, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := src.Image(ctx, tilegrid.Coord{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestHeightsAreReadOnceAndBounded(t *testing.T) {
	g := newGlobe(4, 4, whole, hills)
	cache := NewCache(1 << 20)
	ground, err := NewGround(g, cache, "one")
	if err != nil {
		t.Fatal(err)
	}
	src := ground.Source(styleOf(t, "hillshade"))
	draw := func(c tilegrid.Coord) {
		if _, err := src.Image(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	draw(tilegrid.Coord{Z: 2, X: 3, Y: 1})
	if g.reads != 36 {
		t.Errorf("%d grids read, want 6 x 6", g.reads)
	}
	draw(tilegrid.Coord{Z: 2, X: 3, Y: 1})
	src = ground.Source(styleOf(t, "slope"))
	draw(tilegrid.Coord{Z: 2, X: 3, Y: 1})
	if g.reads != 36 {
		t.Errorf("%d grids read again", g.reads-36)
	}
	draw(tilegrid.Coord{Z: 2, X: 6, Y: 2})
	if n := cache.SizeBytes(); n > 1<<20 || n < 700<<10 {
		t.Errorf("%d bytes held", n)
	}
	other, _ := NewGround(newGlobe(4, 4, whole, func(orb.Point) float64 { return 7 }), cache, "two")
	if h, _, ok, err := other.Height(t.Context(), orb.Point{100, 20}); h != 7 || !ok || err != nil {
		t.Errorf("another dataset's heights: %v %v %v", h, ok, err)
	}
}

func TestHeightsOfAPlace(t *testing.T) {
	crossing := orb.Bound{Min: orb.Point{176, -20}, Max: orb.Point{184, -12}}
	formula := func(p orb.Point) float64 { return 8 * math.Round(p[1]*16) }
	g := newGlobe(2, 7, crossing, formula).ground(t)
	step := tilegrid.Geodetic.Resolution(7, terrain.Cells)
	lat := -15 - 7*step - math.Mod(-15, step)
	for _, c := range []struct {
		name  string
		at    orb.Point
		want  float64
		level uint8
		ok    bool
	}{
		{"on a post", orb.Point{180 - 64*step, lat}, formula(orb.Point{0, lat}), 7, true},
		{"on the antimeridian", orb.Point{180, lat}, formula(orb.Point{0, lat}), 7, true},
		{"east of it", orb.Point{-178, lat}, formula(orb.Point{0, lat}), 7, true},
		{"counted on", orb.Point{182, lat}, formula(orb.Point{0, lat}), 7, true},
		{"between posts", orb.Point{179.0001, lat + step/4}, 0.75*formula(orb.Point{0, lat}) + 0.25*formula(orb.Point{0, lat + step}), 7, true},
		{"on the bound", orb.Point{-176, -12}, formula(orb.Point{0, -12}), 7, true},
		{"outside", orb.Point{170, lat}, 0, 0, false},
		{"no place", orb.Point{180, -100}, 0, 0, false},
		{"no number", orb.Point{math.NaN(), -15}, 0, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, level, ok, err := g.Height(t.Context(), c.at)
			if math.Abs(h-c.want) > 1e-9 || level != c.level || ok != c.ok || err != nil {
				t.Errorf("%v %v %v %v, want %v %v %v", h, level, ok, err, c.want, c.level, c.ok)
			}
		})
	}
}

func TestHeightComesFromTheDeepestTileThatTouchesThePlace(t *testing.T) {
	g := newGlobe(1, 3, whole, hills)
	g.info.Available[2] = []tilegrid.Range{{Z: 2, MinX: 3, MaxX: 3, MinY: 2, MaxY: 2}}
	g.info.Available[3] = nil
	b := tilegrid.Geodetic.Bound(tilegrid.Coord{Z: 2, X: 3, Y: 2})
	for p, want := range map[orb.Point]uint8{b.Min: 2, b.Max: 2, {b.Max[0], b.Min[1]}: 2, {b.Max[0] + 1e-9, b.Min[1]}: 1, b.Center(): 2} {
		if _, level, ok, err := g.ground(t).Height(t.Context(), p); level != want || !ok || err != nil {
			t.Errorf("%v: level %d, %v, %v", p, level, ok, err)
		}
	}
}

func TestCorruptHeightsAreErrors(t *testing.T) {
	g := newGlobe(2, 2, whole, func(orb.Point) float64 { return math.NaN() }) // EncodeHeights refuses
	if _, err := g.ground(t).Source(styleOf(t, "relief")).Image(t.Context(), tilegrid.Coord{}); !errors.Is(err, terrain.ErrBadHeights) {
		t.Errorf("%v", err)
	}
}

func BenchmarkPicture(b *testing.B) {
	g := newGlobe(5, 5, whole, hills).ground(b)
	for _, s := range Styles() {
		b.Run(s.Name, func(b *testing.B) {
			b.ReportAllocs()
			src := source{g, s}
			began := busy(b)
			defer func() { b.ReportMetric(float64((busy(b)-began).Microseconds())/1000/float64(b.N), "cpu-ms/op") }()
			for b.Loop() {
				if _, err := src.draw(b.Context(), tilegrid.Coord{Z: 3, X: 8, Y: 5}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// busy returns the processor time of this process: what counts where others work on the same machine.
func busy(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
