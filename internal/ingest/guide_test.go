package ingest

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/tilegrid"
)

// shape is a source given as a function of the place.
type shape func(p orb.Point) float32

func (s shape) Heights(_ context.Context, l raster.Lattice, dst []float32) error {
	for k := range dst {
		dst[k] = s(l.Post(l.MinI+int64(k%l.Cols), l.MinJ+int64(l.Rows-1-k/l.Cols)))
	}
	return nil
}

// plateau lies at 1000 m within a box, but for a hole.
func plateau(ground, hole orb.Bound) shape {
	return func(p orb.Point) float32 {
		if !ground.Contains(p) || hole.Contains(p) {
			return missing
		}
		return 1000
	}
}

func guideOf(t *testing.T, s Source, leaf uint8, fill Fill, bounds ...orb.Bound) *guide {
	t.Helper()
	g, err := newGuide(t.Context(), s, bounds, leaf, nil, fill)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// post returns the number of the post nearest to a place.
func post(level uint8, p orb.Point) (i, j int64) {
	return int64(math.Round((p[0] + 180) / spacing(level))), int64(math.Round((p[1] + 90) / spacing(level)))
}

func TestAHoleIsFilledAsAsked(t *testing.T) {
	ground, hole := box(10, 10, 12, 12), box(10.8, 10.8, 11.2, 11.2)
	const level = 9
	for _, c := range []struct {
		fill     Fill
		height   float32
		encloses bool
	}{
		{Interpolate, 1000, true},
		{Sea, 0, true},
		{NoFill, 0, false}, // the hole is wider than the slope to the base
	} {
		s := guideOf(t, plateau(ground, hole), level, c.fill, ground).from(level)
		i, j := post(level, hole.Center())
		if got := s.at(i, j); math.Abs(float64(got-c.height)) > 1 {
			t.Errorf("%s: %v in the middle of the hole, want %v", c.fill, got, c.height)
		}
		if got := s.encloses(i, j); got != c.encloses {
			t.Errorf("%s: encloses %v", c.fill, got)
		}
		inside := tilegrid.Geodetic.At(hole.Center(), level)
		if got := s.enclosesAny(inside); got != c.encloses {
			t.Errorf("%s: encloses any of tile %s: %v", c.fill, inside, got)
		}
		if i, j := post(level, orb.Point{9.9, 11}); s.encloses(i, j) {
			t.Errorf("%s: encloses ground outside the data", c.fill)
		}
		if far := tilegrid.Geodetic.At(orb.Point{-60, 11}, level); s.enclosesAny(far) {
			t.Errorf("%s: encloses something of a tile far away", c.fill)
		}
	}
}

func TestABayIsNotAHole(t *testing.T) {
	ground, bay := box(10, 10, 12, 12), box(10.8, 10.8, 12, 11.2)
	s := guideOf(t, plateau(ground, bay), 9, Interpolate, ground).from(9)
	if i, j := post(9, bay.Center()); s.encloses(i, j) {
		t.Error("a bay counts as enclosed")
	}
}

func TestGroundOutsideSlopesToTheBaseAtTheStatedDistance(t *testing.T) {
	ground := box(10, -1, 12, 1)
	const level = 11
	s := guideOf(t, plateau(ground, orb.Bound{Min: orb.Point{1, 1}, Max: orb.Point{0, 0}}), level, Interpolate, ground).from(level)
	p := s.g.patches[0]
	rim := max(1000/rimSlope/metresPerDegree, rimPosts*p.spacing())
	_, j := post(level, orb.Point{11, 1})
	i, _ := post(level, orb.Point{11, 1})
	last := float32(1001)
	for k := int64(0); k < int64(2*rim/spacing(level)); k++ {
		h, distance := s.at(i, j+k), float64(k)*spacing(level)
		if h > last+0.001 {
			t.Fatalf("%.4f degrees out it rises from %v to %v", distance, last, h)
		}
		if distance < rim/20 && h < 950 || distance > rim+2*p.spacing() && h != 0 {
			t.Errorf("%.4f degrees out, of %.4f: %v", distance, rim, h)
		}
		if steepest := 1.5 * rimSlope * metresPerDegree * spacing(level); float64(last-h) > 1.1*steepest+1 {
			t.Errorf("%.4f degrees out it falls from %v to %v, more than %.1f", distance, last, h, steepest)
		}
		last = h
	}
}

func TestTheBaseIsWhereNoDataIs(t *testing.T) {
	base := Base(func(p orb.Point) float32 { return float32(50 + p[0]/10) })
	ground := box(10, 10, 12, 12)
	g, err := newGuide(t.Context(), plateau(ground, box(-1, -1, 0, 0)), []orb.Bound{ground}, 8, base, Interpolate)
	if err != nil {
		t.Fatal(err)
	}
	s := g.from(8)
	for _, p := range []orb.Point{{-100, 30}, {-180, 0}, {179, -89}} {
		i, j := post(8, p)
		if got, want := s.at(i, j), base(orb.Point{float64(i)*spacing(8) - 180, p[1]}); math.Abs(float64(got-want)) > 0.01 {
			t.Errorf("at %v: %v, want %v", p, got, want)
		}
	}
}

// TestARowOfTheGuideIsWhatItsPostsAre looks along rows of every kind of guide from every level, beyond the antimeridian and the poles, and holds that a post
// is the same whichever way round the globe it is counted.
func TestARowOfTheGuideIsWhatItsPostsAre(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	for _, c := range []struct {
		name   string
		bounds []orb.Bound
	}{
		{"a place", []orb.Bound{box(10, 10, 12, 12)}},
		{"across the antimeridian", []orb.Bound{box(175, -5, 187, 5)}},
		{"both sides of the antimeridian", []orb.Bound{box(175, -5, 180, 5), box(-180, -5, -176, 5)}},
		{"the whole globe", []orb.Bound{box(-180, -90, 180, 90)}},
		{"nearly round the globe", []orb.Bound{box(-179, -20, 179, 20)}},
		{"far apart", []orb.Bound{box(-100, 60, -98, 61), box(30, -50, 40, -40), box(100, 80, 110, 90)}},
	} {
		var parts []orb.Bound
		for _, b := range c.bounds {
			parts = append(parts, tilegrid.SplitBound(b)...)
		}
		g := guideOf(t, field{bounds: parts, voids: 6}, 6, Interpolate, c.bounds...)
		for n := range 300 {
			if n == 100 {
				g.base = func(p orb.Point) float32 { return float32(50*math.Sin(p[0]*math.Pi/180) + p[1]/3) }
			}
			s := g.from(uint8(r.IntN(9)))
			i, j := r.Int64N(2*s.circle)-s.circle/2, r.Int64N(s.circle/2+9)-4
			line := make([]float32, 1+r.IntN(400))
			s.row(i, j, line)
			for n, got := range line {
				if want := s.at(i+int64(n), j); got != want {
					t.Fatalf("%s, level %d, row from %d, %d: post %d is %v in the row, %v alone", c.name, s.level, i, j, n, got, want)
				}
			}
			if a, b := s.at(i, j), s.at(i+s.circle, j); a != b {
				t.Fatalf("%s, level %d, post %d, %d: %v, and once more round the globe %v", c.name, s.level, i, j, a, b)
			}
			if a, b := s.encloses(i, j), s.encloses(i-s.circle, j); a != b {
				t.Fatalf("%s, level %d, post %d, %d: encloses %v and %v", c.name, s.level, i, j, a, b)
			}
		}
	}
}

func TestBoundsThatNearlyTouchShareAPatchAndOthersDoNot(t *testing.T) {
	for _, c := range []struct {
		name   string
		bounds []orb.Bound
		want   []orb.Bound
	}{
		{"one", []orb.Bound{box(0, 0, 1, 1)}, []orb.Bound{box(0, 0, 1, 1)}},
		{"side by side", []orb.Bound{box(0, 0, 1, 1), box(1, 0, 2, 1)}, []orb.Bound{box(0, 0, 2, 1)}},
		{"a gap narrower than half of either", []orb.Bound{box(0, 0, 1, 1), box(1.4, 0, 2.4, 1)}, []orb.Bound{box(0, 0, 2.4, 1)}},
		{"far apart", []orb.Bound{box(0, 0, 1, 1), box(9, 0, 10, 1)}, []orb.Bound{box(0, 0, 1, 1), box(9, 0, 10, 1)}},
		{"across the antimeridian", []orb.Bound{box(175, 0, 180, 1), box(-180, 0, -178, 1)}, []orb.Bound{box(175, 0, 182, 1)}},
		{"joined by the third", []orb.Bound{box(0, 0, 1, 1), box(3, 0, 4, 1), box(1, 0, 3, 1)}, []orb.Bound{box(0, 0, 4, 1)}},
	} {
		if diff := cmp.Diff(c.want, groups(c.bounds, 0.01)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", c.name, diff)
		}
	}
}

func TestPatchesStaySmallHoweverFineOrHighTheGround(t *testing.T) {
	for _, c := range []struct {
		bound  orb.Bound
		leaf   uint8
		height float32
	}{
		{box(-180, -90, 180, 90), 12, 8000},
		{box(10, 10, 11, 11), 19, 3000},
		{box(10, 10, 10.01, 10.01), 19, 8000},
		{box(10, 10, 10.00001, 10.00001), 25, 10},
	} {
		t.Run(fmt.Sprint(c.bound), func(t *testing.T) {
			g := guideOf(t, shape(func(orb.Point) float32 { return c.height }), c.leaf, Interpolate, c.bound)
			if p := g.patches[0]; p.cols > 2*patchPosts+16 || p.rows > 2*patchPosts+16 {
				t.Errorf("%d x %d posts of level %d", p.cols, p.rows, p.level)
			}
			for _, h := range g.patches[0].z {
				if isMissing(h) {
					t.Fatal("a hole is left")
				}
			}
		})
	}
}

func TestAUnitInAHoleIsWorthwhileIfTheHoleIsFilled(t *testing.T) {
	ground, hole := box(10, 10, 30, 30), box(14, 14, 27, 27)
	unit := tilegrid.Geodetic.At(hole.Center(), 5)
	if b := tilegrid.Geodetic.Bound(unit); !hole.Contains(b.Min) || !hole.Contains(b.Max) {
		t.Fatalf("%s is not in the hole", unit)
	}
	for fill, want := range map[Fill]bool{Interpolate: true, Sea: true, NoFill: false} {
		s := guideOf(t, plateau(ground, hole), 7, fill, ground).from(7)
		if got := s.enclosesAny(unit); got != want {
			t.Errorf("%s: %v", fill, got)
		}
	}
}
