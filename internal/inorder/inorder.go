// Package inorder shares numbered pieces of work out among goroutines and hands the results on in the order of the numbers, whatever order they are ready in: what is
// written of them comes out the same however many goroutines there are.
package inorder

import (
	"context"

	"golang.org/x/sync/errgroup"
)

// Work is Count pieces of work, numbered from 0; those before First are done already.
type Work[T any] struct {
	First, Count int
	Jobs         int                                                // goroutines; less than one is one
	Worker       func() func(ctx context.Context, n int) (T, error) // called once for each goroutine: what it returns is used by that one only
	Take         func(ctx context.Context, n int, result T) error   // called for one piece at a time, in order
}

type result[T any] struct {
	n     int
	value T
}

// Run does the work. No goroutine gets further ahead of Take than twice the number of goroutines. The first error ends it all and is returned.
func (w Work[T]) Run(ctx context.Context) error {
	jobs := max(1, w.Jobs)
	tasks, results := make(chan int), make(chan result[T])
	room := make(chan struct{}, 2*jobs) // pieces that are being done, or wait for their turn
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return w.deal(ctx, tasks, room) })
	for range jobs {
		group.Go(func() error { return w.work(ctx, tasks, results) })
	}
	group.Go(func() error { return w.takeAll(ctx, results, room) })
	return group.Wait()
}

// deal hands out the numbers in order, no further ahead than there is room for.
func (w Work[T]) deal(ctx context.Context, tasks chan<- int, room chan<- struct{}) error {
	defer close(tasks)
	for n := w.First; n < w.Count; n++ {
		if err := send(ctx, room, struct{}{}); err != nil {
			return err
		}
		if err := send(ctx, tasks, n); err != nil {
			return err
		}
	}
	return nil
}

func (w Work[T]) work(ctx context.Context, tasks <-chan int, results chan<- result[T]) error {
	do := w.Worker()
	for n := range tasks {
		v, err := do(ctx, n)
		if err == nil {
			err = send(ctx, results, result[T]{n, v})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// takeAll takes results as they come and passes them on in order.
func (w Work[T]) takeAll(ctx context.Context, results <-chan result[T], room <-chan struct{}) error {
	early := map[int]T{}
	for n := w.First; n < w.Count; {
		select {
		case r := <-results:
			early[r.n] = r.value
		case <-ctx.Done():
			return ctx.Err()
		}
		for v, ready := early[n]; ready; v, ready = early[n] {
			delete(early, n)
			if err := w.Take(ctx, n, v); err != nil {
				return err
			}
			n++
			<-room
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
