package ingest

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore/mbtiles"
	"pgregory.net/rapid"
)

func TestEstimatesCountTheTilesAndAreNearTheirBytes(t *testing.T) {
	for _, c := range []struct {
		name string
		path string
	}{
		{"a small place, mostly rim", ascii(t, "hills.asc", 10.1, 40.1, 0.3, 30)},
		{"some degrees", ascii(t, "plains.asc", 10, 40, 4, 120)},
		{"across the antimeridian", ascii(t, "dateline.asc", 179, -1, 2, 60)},
	} {
		j := prepare(t, optionsFor(c.path))
		e, err := j.Estimate(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		made, size := stored(t, j)
		if diff := cmp.Diff(made, e.Tiles); diff != "" {
			t.Errorf("%s: tiles of each level (-made +estimated)\n%s", c.name, diff)
		}
		if ratio := float64(e.SizeBytes) / float64(size); ratio < 0.5 || ratio > 2 {
			t.Errorf("%s: %d bytes estimated, %d made", c.name, e.SizeBytes, size)
		}
		if more, err := j.Estimate(t.Context(), 2); err != nil || more.SizeBytes != e.SizeBytes || more.Time > e.Time || more.Time <= 0 {
			t.Errorf("%s: with two jobs %+v, with one %+v, %v", c.name, more, e, err)
		}
	}
}

// stored runs a job into a real store and returns the tiles of each level and the bytes of the file.
func stored(t *testing.T, j *Job) (made []int, size int64) {
	t.Helper()
	w, err := mbtiles.Create(t.Context(), t.TempDir(), "estimated", mbtiles.Options{Work: j.Work})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := j.Run(t.Context(), w, 2, silent); err != nil {
		t.Fatal(err)
	}
	r, err := mbtiles.Open(t.Context(), w.Path())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, ranges := range r.Info().Available {
		n := 0
		for _, a := range ranges {
			n += a.Len()
		}
		made = append(made, n)
	}
	return made, r.Info().SizeBytes
}

func TestSamplesLieOnTheFinestGroundAndApart(t *testing.T) {
	for _, bounds := range [][]orb.Bound{{box(0, 0, 8, 8)}, {box(0, 0, 2, 2), box(10, 10, 12, 12)}, {box(178, 0, 182, 1)}} {
		p, err := NewPlan([]Ground{{Bounds: bounds, Leaf: 10}, {Bounds: []orb.Bound{box(-20, -20, 20, 20)}, Leaf: 3}})
		if err != nil {
			t.Fatal(err)
		}
		ground, spots := cover{}, cover{}
		for _, c := range p.cover(10, 10) {
			ground.add(c)
		}
		for k := range samples {
			c := p.spot(k)
			if !ground.has(c) {
				t.Errorf("%v: sample %d at %s is beside the ground", bounds, k, c)
			}
			spots.add(c)
		}
		if n := len(spots.sorted()); n < samples*4/5 {
			t.Errorf("%v: %d places for %d samples", bounds, n, samples)
		}
	}
}

func TestTheShareOfTheWorkGrowsWithEachUnitUpToAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, err := NewPlan(drawGrounds(t))
		if err != nil {
			t.Fatal(err)
		}
		last := p.Share(0)
		if last != 0 || p.Share(p.Units()) != 1 {
			t.Errorf("from %g to %g", last, p.Share(p.Units()))
		}
		for n := 1; n <= p.Units(); n++ {
			now := p.Share(n)
			if now <= last {
				t.Errorf("unit %d of %d: %g after %g", n, p.Units(), now, last)
			}
			last = now
		}
	})
}

func TestMeshesAreGivenLessThanTheBoundByTheRoundingOfHeights(t *testing.T) {
	o := optionsFor(ascii(t, "hills.asc", 10, 40, 1, 20))
	for _, bound := range []float64{0, 100, 1, 0.001} {
		o.MaxError = bound
		j := prepare(t, o)
		for z, most := range j.MaxErrors() {
			got, half := j.tolerances()[z], terrain.HeightStep(uint8(z))/2
			if want := max(most-half, most/2); math.Abs(got-want) > 1e-12 || got <= 0 {
				t.Errorf("--max-error %g, level %d: %g, want %g", bound, z, got, want)
			}
		}
	}
}

func TestAJobKnowsWhatItWouldMakeOnceMore(t *testing.T) {
	o := optionsFor(ascii(t, "hills.asc", 10, 40, 1, 20))
	m := newMemory()
	if err := prepare(t, o).Run(t.Context(), m, 1, silent); err != nil {
		t.Fatal(err)
	}
	if !prepare(t, o).Makes(m.info.Provenance) {
		t.Error("the same is taken for other work")
	}
	o.Title = "Hills"
	if j := prepare(t, o); j.Makes(m.info.Provenance) || j.Makes(nil) {
		t.Error("other work is taken for the same")
	}
}

func TestPlansAreAsDeepAsTheGridAllows(t *testing.T) {
	if DeepestLevel+2 != tilegrid.MaxLevel {
		t.Errorf("level %d", DeepestLevel)
	}
}
