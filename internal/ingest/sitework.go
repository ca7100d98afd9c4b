package ingest

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/terrain"
)

// Earthwork is what a site does to the ground, looked at before anything is made. Heights are metres, above the Sea of the site or as the dataset
// counts.
type Earthwork struct {
	Ground     [2]float64 // lowest and highest of the ground in the polygons as it is
	Undulation [2]float64 // lowest and highest of the Sea there; zero without one
	Cut, Fill  float64    // cubic metres that go and come, around the polygons too; about
	Changed    int        // posts that are of another height then, of those looked at
	Level      uint8      // whose posts were looked at
	Whole      bool       // it is the deepest level: no other post changes
	Full       uint8      // level that shows all of the site
	Partly     bool       // the site reaches beyond the dataset, where nothing changes
	posts      int        // looked at in the polygons
}

// Nothing tells that the site changes nothing: all of the ground is as it is to be.
func (e Earthwork) Nothing() bool { return e.Whole && e.Changed == 0 }

// Earthwork returns what a site does, zero for a job that is none.
func (j *Job) Earthwork() Earthwork {
	if j.site == nil {
		return Earthwork{}
	}
	return j.site.work
}

// Looking at the ground is cheap: at most workPosts posts, and workMeasures distances of posts from edges.
const workPosts, workMeasures = 4 << 20, 200e6

// workWindow is how many posts a side are looked at together.
const workWindow = 256

// earthwork looks at the ground of a site.
func (j *Job) earthwork(ctx context.Context) (Earthwork, error) {
	s := j.site
	inf := math.Inf(1)
	e := Earthwork{Ground: [2]float64{inf, -inf}, Undulation: [2]float64{inf, -inf}, Level: j.Plan.Leaf, Whole: true, Full: s.full, Partly: s.work.Partly}
	side := int(math.Sqrt(min(workPosts, workMeasures/float64(len(s.edges))) / float64(len(s.bounds))))
	l := looker{plot{s, ground{j.under}}, &e, nil, nil}
	for k, b := range s.bounds {
		span := max(b.Max[0]-b.Min[0], b.Max[1]-b.Min[1], 1e-9)
		level := min(j.Plan.Leaf, levelFor(span, max(side, 16)))
		e.Level, e.Whole = min(e.Level, level), e.Whole && level == j.Plan.Leaf
		for _, w := range windowsOf(b, level) {
			if err := l.look(ctx, w, k); err != nil {
				return e, err
			}
		}
	}
	if e.posts > 0 {
		return e, nil
	}
	e.Ground, e.Undulation = [2]float64{}, [2]float64{}
	if e.Whole && s.Blend == 0 {
		err := fmt.Errorf("%w: no post of level %d lies in its polygons: they are too small or too thin for it", ErrOptions, j.Plan.Leaf)
		return e, remedy.New(s.File, err, fmt.Sprintf("--levels 0-%d, or --blend METRES for what lies around them", max(s.full, j.Plan.Leaf+1)))
	}
	return e, nil
}

// windowsOf cuts the posts of a level in a bound into windows.
func windowsOf(b orb.Bound, level uint8) (all []raster.Lattice) {
	step := spacing(level)
	first := func(v float64) int64 { return int64(math.Ceil(v/step - 1e-6)) }
	last := func(v float64) int64 { return int64(math.Floor(v/step + 1e-6)) }
	west, east, south, north := first(b.Min[0]+180), last(b.Max[0]+180), first(b.Min[1]+90), last(b.Max[1]+90)
	for y := south; y <= north; y += workWindow {
		for x := west; x <= east; x += workWindow {
			all = append(all, raster.Lattice{
				Level: level, MinI: x, MinJ: y, Cols: int(min(workWindow, east-x+1)), Rows: int(min(workWindow, north-y+1)),
			})
		}
	}
	return all
}

// looker compares the ground as it is with what it is to be.
type looker struct {
	plot
	sum        *Earthwork
	now, after []float32
}

// look adds a window of the kth bound of the site. Posts that lie in an earlier bound too are left out.
func (o *looker) look(ctx context.Context, l raster.Lattice, k int) error {
	n := l.Cols * l.Rows
	o.now, o.after = slices.Grow(o.now[:0], n)[:n], slices.Grow(o.after[:0], n)[:n]
	if err := o.ground.Heights(ctx, l, o.now); err != nil {
		return err
	}
	if err := o.Heights(ctx, l, o.after); err != nil {
		return err
	}
	inside := o.inside(l)
	east, north := terrain.MetresPerDegree(l.Bound().Center()[1])
	area := east * north * l.Step() * l.Step()
	for i, h := range o.now {
		at := l.Post(l.MinI+int64(i%l.Cols), l.MinJ+int64(l.Rows-1-i/l.Cols))
		if isMissing(h) || slices.ContainsFunc(o.bounds[:k], func(b orb.Bound) bool { return within(b, at, 0) }) {
			continue
		}
		if inside[i] {
			o.note(at, float64(h))
		}
		o.sum.move(float64(o.after[i]-h), area)
	}
	return nil
}

// note notes a height inside the polygons.
func (o *looker) note(at orb.Point, h float64) {
	n := 0.0
	if o.Sea != nil {
		n, _ = o.Sea.Undulation(at)
	}
	e := o.sum
	e.posts++
	e.Ground = [2]float64{min(e.Ground[0], h-n), max(e.Ground[1], h-n)}
	e.Undulation = [2]float64{min(e.Undulation[0], n), max(e.Undulation[1], n)}
}

// move notes that a post rises, or sinks; less than half a step of stored heights does not count.
func (e *Earthwork) move(rise, area float64) {
	const step = 1.0 / 64
	switch {
	case math.Abs(rise) < step/2:
		return
	case rise > 0:
		e.Fill += rise * area
	default:
		e.Cut -= rise * area
	}
	e.Changed++
}
