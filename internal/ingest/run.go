package ingest

import (
	"context"
	"fmt"

	"github.com/terrane/terrane/internal/inorder"
	"github.com/terrane/terrane/tilestore"
)

// Store is where an ingest puts its tiles: a writer that keeps heights, gives them back, and can carry on after being killed.
type Store interface {
	tilestore.Writer
	tilestore.HeightsWriter
	tilestore.Heights
	tilestore.Checkpointer
	tilestore.Lister
}

// Progress is told after each unit of work.
type Progress struct {
	Units, AllUnits int // done, all
	Tiles           int // written in this run
}

// Run bakes the plan's units that the store does not hold yet, on jobs goroutines, and writes them in the plan's order whatever order they are ready
// in: equal work gives equal files, and a killed run carries on at the unit where it was. Each stage is followed by its rim, which counts as one more
// unit. It does not commit.
func (b *Baker) Run(ctx context.Context, store Store, jobs int, report func(Progress)) error {
	b.stored = store
	if err := b.load(ctx, store); err != nil {
		return err
	}
	p := Progress{Units: store.Done(), AllUnits: b.plan.Units()}
	first := 0
	for _, s := range b.plan.Stages {
		if b.old != nil {
			s.Top = s.Base // any level may hold tiles that have none below them
		}
		w := sweep{Baker: b, stage: s, skip: max(0, p.Units-first), store: store, progress: &p, report: report}
		if s.Base < b.plan.Leaf {
			w.earlier = b.covers[s.Base+1].above() // the stage may have written tiles of level Base itself, if it carries on
		}
		if err := w.run(ctx, jobs); err != nil {
			return err
		}
		if first += len(s.Units) + 1; p.Units < first {
			if err := w.rim(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// load learns which tiles the store holds already.
func (b *Baker) load(ctx context.Context, store Store) error {
	b.covers = map[uint8]cover{}
	for z := range b.plan.Leaf + 1 {
		b.covers[z] = cover{}
		if store.Done() == 0 {
			continue
		}
		for c, err := range store.Coords(ctx, z) {
			if err != nil {
				return fmt.Errorf("carry on: %w", err)
			}
			b.covers[z].add(c)
		}
	}
	return nil
}

// sweep is one stage being worked off.
type sweep struct {
	*Baker
	stage    Stage
	skip     int   // units that are done
	earlier  cover // tiles of level Base that were stored before the stage
	store    Store
	progress *Progress
	report   func(Progress)
}

func (s *sweep) run(ctx context.Context, jobs int) error {
	return inorder.Work[[]tile]{
		First: s.skip, Count: len(s.stage.Units), Jobs: jobs,
		Worker: func() func(context.Context, int) ([]tile, error) {
			o := newOven(s.Baker)
			o.begin(s.stage, s.earlier)
			return func(ctx context.Context, n int) ([]tile, error) { return o.bake(ctx, s.stage, s.stage.Units[n]) }
		},
		Take: func(ctx context.Context, n int, tiles []tile) error {
			if len(tiles) > 0 || (n+1)%emptyUnits == 0 || n+1 == len(s.stage.Units) {
				return s.write(ctx, tiles)
			}
			s.progress.Units++
			s.report(*s.progress)
			return nil
		},
	}.Run(ctx)
}

// write stores the tiles of one unit and makes it count.
func (s *sweep) write(ctx context.Context, tiles []tile) error {
	if err := s.put(ctx, tiles); err != nil {
		return err
	}
	s.progress.Units++
	if err := s.store.Checkpoint(ctx, s.progress.Units); err != nil {
		return fmt.Errorf("store unit %d: %w", s.progress.Units, err)
	}
	s.report(*s.progress)
	return nil
}

func (s *sweep) put(ctx context.Context, tiles []tile) error {
	for _, t := range tiles {
		err := s.store.Put(ctx, t.coord, t.mesh)
		if err == nil {
			err = s.store.PutHeights(ctx, t.coord, t.heights)
		}
		if err != nil {
			return fmt.Errorf("store tile %s: %w", t.coord, err)
		}
		s.covers[t.coord.Z].add(t.coord)
	}
	s.progress.Tiles += len(tiles)
	return nil
}

// rim adds the tiles that the stage's levels need around what it made, see the function rim, and makes those again that came from the stage before and
// have one of this stage beside them: their normals at that border leaned on what they knew of the ground beyond. They are few, and written in one
// transaction: whether a stored tile is of the rim cannot be told afterwards. Each is a unit of its own, with those of them that lie below it: they
// are thinly spread, and windows as wide as the stage's units would hold little else than ground that is not asked for.
func (s *sweep) rim(ctx context.Context) error {
	if s.old != nil {
		if err := s.renewRim(ctx); err != nil {
			return err
		}
		return s.write(ctx, nil)
	}
	added := rim(s.covers, s.stage)
	for c := range bordering(s.earlier, s.covers[s.stage.Base]).all() {
		added.add(c)
	}
	if err := s.bakeRim(ctx, added); err != nil {
		return err
	}
	return s.write(ctx, nil)
}

// bakeRim makes tiles of the stage's levels and puts them.
func (s *sweep) bakeRim(ctx context.Context, added cover) error {
	o := newOven(s.Baker)
	o.only = added
	o.begin(s.stage, s.earlier)
	for _, unit := range added.tops(s.stage.Root) {
		tiles, err := o.bake(ctx, s.stage, unit)
		if err == nil {
			err = s.put(ctx, tiles)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
