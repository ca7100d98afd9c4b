package ingest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"github.com/terrane/terrane/tilegrid"
)

// twoPlaces is a Baker whose plan has three stages, several units in each, voids, a rim and a coarser source.
func twoPlaces(t testing.TB) *Baker {
	fine, coarse := []orb.Bound{box(5, 44, 12, 48)}, []orb.Bound{box(-5, 40, 25, 56)}
	return kitchen(t, Interpolate, []Ground{{fine, 5}, {coarse, 3}}, []field{{bounds: fine, seed: 1, voids: 7}, {bounds: coarse, seed: 2, voids: 7}})
}

func silent(Progress) {}

func run(t testing.TB, b *Baker, jobs int) *memory {
	t.Helper()
	m := newMemory()
	if err := b.Run(t.Context(), m, jobs, silent); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestTilesAreWrittenInOneOrderWhateverTheGoroutinesDo(t *testing.T) {
	b := twoPlaces(t)
	want := run(t, b, 1).journal
	for _, jobs := range []int{0, 2, 4, 9} {
		if got := run(t, b, jobs).journal; !slices.Equal(got, want) {
			t.Errorf("%d jobs write otherwise than 1:\n%s", jobs, cmp.Diff(want, got))
		}
	}
}

func TestASerialRunMakesWhatAParallelOneDoes(t *testing.T) {
	b := twoPlaces(t)
	want := run(t, b, 4)
	m := newMemory()
	bakeAll(t, b, m)
	if !cmp.Equal(m.tiles, want.tiles) || !cmp.Equal(m.heights, want.heights) {
		t.Error("the tests' own loop over the units is not that of Run")
	}
}

func TestTheTreeIsWholeAndBalanced(t *testing.T) {
	m := run(t, twoPlaces(t), 2)
	for c := range m.tiles {
		if m.heights[c] == nil {
			t.Errorf("%s has no heights", c)
		}
		if _, ok := m.tiles[c.Parent()]; !ok {
			t.Errorf("%s has no parent", c)
		}
		for n := range neighbours(c) {
			if _, ok := m.tiles[n.Parent()]; c.Z > 0 && !ok {
				t.Errorf("%s has nothing of its own or the next level beside it at %s", c, n)
			}
		}
	}
	if m.tiles[tilegrid.Coord{}] == nil || m.tiles[tilegrid.Coord{X: 1}] == nil {
		t.Error("a root is missing")
	}
}

// TestAKilledRunCarriesOnToTheSameTiles fails the store at every unit in turn, at the checkpoint and in the middle of the tiles, and carries on with a new
// Baker as another process would.
func TestAKilledRunCarriesOnToTheSameTiles(t *testing.T) {
	whole := run(t, twoPlaces(t), 2)
	for unit := 1; unit <= whole.done; unit++ {
		m := newMemory()
		m.failCheckpoint = unit
		carryOn(t, m, unit-1, whole)
	}
	for put := 1; put <= len(whole.tiles); put += 1 + len(whole.tiles)/5 {
		m := newMemory()
		m.failPut = put
		carryOn(t, m, -1, whole)
	}
}

func carryOn(t *testing.T, m *memory, done int, whole *memory) {
	t.Helper()
	if err := twoPlaces(t).Run(t.Context(), m, 2, silent); !errors.Is(err, errDisk) {
		t.Fatalf("a store that fails: %v", err)
	}
	again := m.reopen()
	if done >= 0 && again.Done() != done {
		t.Errorf("%d units are done, want %d", again.Done(), done)
	}
	first := again.Done()
	var reports []Progress
	if err := twoPlaces(t).Run(t.Context(), again, 2, func(p Progress) { reports = append(reports, p) }); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(again.journal, whole.journal) {
		t.Errorf("carried on after unit %d, the store is another:\n%s", first, cmp.Diff(whole.journal, again.journal))
	}
	if len(reports) != whole.done-first {
		t.Errorf("carried on after unit %d: %d reports, want %d", first, len(reports), whole.done-first)
	}
}

func TestARunThatIsDoneWritesNothingMore(t *testing.T) {
	m := run(t, twoPlaces(t), 1)
	before := slices.Clone(m.journal)
	if err := twoPlaces(t).Run(t.Context(), m, 2, func(Progress) { t.Error("reports progress") }); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(m.journal, before) {
		t.Error("something was written")
	}
}

func TestProgressCountsUnitsAndTiles(t *testing.T) {
	b, m := twoPlaces(t), newMemory()
	var reports []Progress
	if err := b.Run(t.Context(), m, 3, func(p Progress) { reports = append(reports, p) }); err != nil {
		t.Fatal(err)
	}
	for n, p := range reports {
		if p.Units != n+1 || p.AllUnits != b.plan.Units() || n > 0 && p.Tiles < reports[n-1].Tiles {
			t.Errorf("report %d: %+v", n, p)
		}
	}
	if last := reports[len(reports)-1]; last.Units != last.AllUnits || last.Tiles != len(m.tiles) {
		t.Errorf("at the end %+v, %d tiles stored", last, len(m.tiles))
	}
}

func TestCancellationEndsARunWithinAFewUnits(t *testing.T) {
	for _, jobs := range []int{1, 4} {
		ctx, cancel := context.WithCancel(t.Context())
		units := 0
		err := twoPlaces(t).Run(ctx, newMemory(), jobs, func(Progress) { units++; cancel() })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%d jobs: %v, want context.Canceled", jobs, err)
		}
		if units > 1 {
			t.Errorf("%d jobs: %d units were finished, %d of them after the end", jobs, units, units-1)
		}
	}
}

func TestARunThatIsCancelledBeforehandDoesNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	m := newMemory()
	if err := twoPlaces(t).Run(ctx, m, 2, silent); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
	if len(m.kept.tiles) > 0 || m.kept.done > 0 {
		t.Error("something was kept")
	}
}

func TestErrorsComeOutWithWhatWasBeingDone(t *testing.T) {
	broken := errors.New("block 7 is damaged")
	b := twoPlaces(t)
	b.sources = func(uint8) (all, own Source) { f := field{fail: broken}; return f, f }
	err := b.Run(t.Context(), newMemory(), 2, silent)
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "heights of unit ") {
		t.Errorf("a source that fails: %v", err)
	}
	m := newMemory()
	m.failPut = 3
	if err := twoPlaces(t).Run(t.Context(), m, 2, silent); !errors.Is(err, errDisk) || !strings.Contains(err.Error(), "store tile ") {
		t.Errorf("a store that cannot put: %v", err)
	}
	m = newMemory()
	m.failCheckpoint = 2
	if err := twoPlaces(t).Run(t.Context(), m, 2, silent); !errors.Is(err, errDisk) || !strings.Contains(err.Error(), "store unit 2") {
		t.Errorf("a store that cannot checkpoint: %v", err)
	}
	m = newMemory()
	m.failHeights = true
	if err := twoPlaces(t).Run(t.Context(), m, 2, silent); err == nil || !strings.Contains(err.Error(), "stored heights of ") {
		t.Errorf("a store that loses heights: %v", err)
	}
	if _, err := newGuide(t.Context(), field{fail: broken}, []orb.Bound{box(0, 0, 1, 1)}, 5, nil, Sea); !errors.Is(err, broken) {
		t.Errorf("a source that fails in the survey: %v", err)
	}
}

func TestGroundWithoutDataHasTheRootsOnly(t *testing.T) {
	f := field{bounds: []orb.Bound{}}
	b := kitchen(t, Interpolate, []Ground{{[]orb.Bound{box(5, 5, 9, 9)}, 5}}, []field{f})
	m := run(t, b, 2)
	if len(m.tiles) != 2 {
		t.Errorf("%d tiles", len(m.tiles))
	}
}
