package ingest

import (
	"context"
	"fmt"

	"github.com/terrane/terrane/tilestore"
	"golang.org/x/sync/errgroup"
)

// Store is where an ingest puts its tiles: a writer that keeps heights, gives them back, and can carry on after being killed.
type Store interface {
	tilestore.Writer
	tilestore.HeightsWriter
	tilestore.Heights
	tilestore.Checkpointer
}

// Progress is told after each unit of work.
type Progress struct {
	Units, AllUnits int // done, all
	Tiles           int // written in this run
}

// Run bakes the plan's units that the store does not hold yet, on jobs goroutines, and writes them in the plan's order whatever order they are ready
// in: equal work gives equal files, and a killed run carries on at the unit where it was. It does not commit.
func (b *Baker) Run(ctx context.Context, store Store, jobs int, report func(Progress)) error {
	b.stored = store
	p := Progress{Units: store.Done(), AllUnits: b.plan.Units()}
	first := 0
	for _, s := range b.plan.Stages {
		if skip := max(0, p.Units-first); skip < len(s.Units) {
			w := sweep{Baker: b, stage: s, skip: skip, store: store, progress: &p, report: report}
			if err := w.run(ctx, max(1, jobs)); err != nil {
				return err
			}
		}
		first += len(s.Units)
	}
	return nil
}

// sweep is one stage being worked off.
type sweep struct {
	*Baker
	stage    Stage
	skip     int // units that are done
	store    Store
	progress *Progress
	report   func(Progress)

	tasks   chan int
	results chan result
	room    chan struct{} // units that are being baked or wait for their turn to be written
}

type result struct {
	number int
	tiles  []tile
}

func (s *sweep) run(ctx context.Context, jobs int) error {
	s.tasks, s.results, s.room = make(chan int), make(chan result), make(chan struct{}, 2*jobs)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.hand(ctx) })
	for range jobs {
		group.Go(func() error { return s.bakeAll(ctx) })
	}
	group.Go(func() error { return s.writeAll(ctx) })
	return group.Wait()
}

// hand deals out the units in order, no further ahead of the writer than there is room for.
func (s *sweep) hand(ctx context.Context) error {
	defer close(s.tasks)
	for n := s.skip; n < len(s.stage.Units); n++ {
		if err := send(ctx, s.room, struct{}{}); err != nil {
			return err
		}
		if err := send(ctx, s.tasks, n); err != nil {
			return err
		}
	}
	return nil
}

func (s *sweep) bakeAll(ctx context.Context) error {
	o := newOven(s.Baker)
	for n := range s.tasks {
		tiles, err := o.bake(ctx, s.stage, s.stage.Units[n])
		if err != nil {
			return err
		}
		if err := send(ctx, s.results, result{n, tiles}); err != nil {
			return err
		}
	}
	return nil
}

func send[T any](ctx context.Context, to chan<- T, v T) error {
	select {
	case to <- v:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// writeAll is the one writer: it takes units as they come and writes them in order.
func (s *sweep) writeAll(ctx context.Context) error {
	early := map[int][]tile{}
	for n := s.skip; n < len(s.stage.Units); {
		select {
		case r := <-s.results:
			early[r.number] = r.tiles
		case <-ctx.Done():
			return ctx.Err()
		}
		for tiles, ready := early[n]; ready; tiles, ready = early[n] {
			delete(early, n)
			if err := s.write(ctx, tiles); err != nil {
				return err
			}
			n++
			<-s.room
		}
	}
	return nil
}

// write stores the tiles of one unit and makes it count.
func (s *sweep) write(ctx context.Context, tiles []tile) error {
	for _, t := range tiles {
		err := s.store.Put(ctx, t.coord, t.mesh)
		if err == nil {
			err = s.store.PutHeights(ctx, t.coord, t.heights)
		}
		if err != nil {
			return fmt.Errorf("store tile %s: %w", t.coord, err)
		}
	}
	s.progress.Units++
	s.progress.Tiles += len(tiles)
	if err := s.store.Checkpoint(ctx, s.progress.Units); err != nil {
		return fmt.Errorf("store unit %d: %w", s.progress.Units, err)
	}
	s.report(*s.progress)
	return nil
}
