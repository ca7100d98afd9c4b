package inorder_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/terrane/terrane/internal/inorder"
)

func TestResultsComeInOrderHoweverManyGoroutinesThereAre(t *testing.T) {
	for _, jobs := range []int{0, 1, 2, 7} {
		var got []int
		err := inorder.Work[int]{
			First: 3, Count: 100, Jobs: jobs,
			Worker: func() func(context.Context, int) (int, error) {
				return func(_ context.Context, n int) (int, error) {
					time.Sleep(time.Duration(n*37%5) * 100 * time.Microsecond)
					return n * n, nil
				}
			},
			Take: func(_ context.Context, n, v int) error {
				if v != n*n {
					t.Errorf("piece %d came as %d", n, v)
				}
				got = append(got, n)
				return nil
			},
		}.Run(context.Background())
		if err != nil || len(got) != 97 || got[0] != 3 || !slices.IsSorted(got) {
			t.Errorf("%d goroutines: %v, %d pieces in order %v", jobs, err, len(got), got)
		}
	}
}

func TestNobodyGetsFarAheadOfTheTaker(t *testing.T) {
	var ahead, most atomic.Int64
	err := inorder.Work[int]{
		Count: 200, Jobs: 3,
		Worker: func() func(context.Context, int) (int, error) {
			return func(_ context.Context, n int) (int, error) {
				if a := ahead.Add(1); a > most.Load() {
					most.Store(a)
				}
				return n, nil
			}
		},
		Take: func(context.Context, int, int) error {
			time.Sleep(50 * time.Microsecond)
			ahead.Add(-1)
			return nil
		},
	}.Run(context.Background())
	if err != nil || most.Load() > 7 {
		t.Errorf("%v; %d pieces were ahead, room is for twice the three goroutines, and one is being taken", err, most.Load())
	}
}

func TestTheFirstErrorEndsTheWork(t *testing.T) {
	broken := errors.New("broken")
	for name, fail := range map[string]struct{ do, take int }{"a piece that fails": {17, -1}, "a result that cannot be taken": {-1, 17}} {
		err := inorder.Work[int]{
			Count: 1 << 40, Jobs: 2,
			Worker: func() func(context.Context, int) (int, error) {
				return func(_ context.Context, n int) (int, error) {
					if n == fail.do {
						return 0, broken
					}
					return n, nil
				}
			},
			Take: func(_ context.Context, n, _ int) error {
				if n == fail.take {
					return broken
				}
				return nil
			},
		}.Run(context.Background())
		if !errors.Is(err, broken) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCancelledWorkStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	err := inorder.Work[int]{
		Count: 1 << 40, Jobs: 2,
		Worker: func() func(context.Context, int) (int, error) {
			return func(_ context.Context, n int) (int, error) { return n, nil }
		},
		Take: func(_ context.Context, n, _ int) error {
			if n == 5 {
				cancel()
			}
			return nil
		},
	}.Run(ctx)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
