package raster

import (
	"context"
	"fmt"
	"runtime"
	"sync"

	"github.com/lukeroth/gdal"
)

// pool lends GDAL handles: one goroutine at a time uses a handle, a file has few, the stack has a bounded number, and those
// unused for longest are closed first. A borrower holds one handle at a time, so waiting ends.
type pool struct {
	perFile, total int

	mu   sync.Mutex // guards what follows
	free *sync.Cond
	idle []handle // least recently used first
	open map[*dem]int
	all  int
	shut bool
}

type handle struct {
	dem *dem
	ds  gdal.Dataset
}

func newPool(opt Options) *pool {
	p := &pool{perFile: opt.Handles, total: opt.OpenFiles, open: map[*dem]int{}}
	if p.perFile <= 0 {
		p.perFile = min(4, runtime.GOMAXPROCS(0))
	}
	if p.total <= 0 {
		p.total = 64
	}
	p.free = sync.NewCond(&p.mu)
	return p
}

// borrow returns a handle of the file, waiting while too many are out. Every handle goes back by giveBack.
func (p *pool) borrow(ctx context.Context, d *dem) (handle, error) {
	stop := context.AfterFunc(ctx, p.wake)
	defer stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		if err := ctx.Err(); err != nil {
			return handle{}, err
		}
		if p.shut {
			return handle{}, fmt.Errorf("%w: the stack is closed", ErrLattice)
		}
		if h, ok := p.takeIdle(d); ok {
			return h, nil
		}
		if p.open[d] < p.perFile && (p.all < p.total || p.evict()) {
			return p.openLocked(d)
		}
		p.free.Wait()
	}
}

// wake lets everybody who waits look again. Without the lock it could fall between a look and the wait, and be lost.
func (p *pool) wake() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free.Broadcast()
}

func (p *pool) takeIdle(d *dem) (handle, bool) {
	for i := len(p.idle) - 1; i >= 0; i-- {
		if h := p.idle[i]; h.dem == d {
			p.idle = append(p.idle[:i], p.idle[i+1:]...)
			return h, true
		}
	}
	return handle{}, false
}

// evict closes the idle handle that was used least recently.
func (p *pool) evict() bool {
	if len(p.idle) == 0 {
		return false
	}
	p.closeHandle(p.idle[0])
	p.idle = append(p.idle[:0], p.idle[1:]...)
	return true
}

// openLocked opens with the lock released: an open may take long.
func (p *pool) openLocked(d *dem) (handle, error) {
	p.open[d]++
	p.all++
	p.mu.Unlock()
	ds, err := d.source.open()
	p.mu.Lock()
	if err != nil {
		p.forget(d)
		p.free.Broadcast()
		return handle{}, err
	}
	return handle{d, ds}, nil
}

// giveBack ends a loan.
func (p *pool) giveBack(h handle) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shut {
		p.closeHandle(h)
	} else {
		p.idle = append(p.idle, h)
	}
	p.free.Broadcast()
}

func (p *pool) closeHandle(h handle) {
	h.ds.Close()
	p.forget(h.dem)
}

func (p *pool) forget(d *dem) {
	p.all--
	if p.open[d]--; p.open[d] == 0 {
		delete(p.open, d)
	}
}

// close closes what is idle now, and the rest as it comes back.
func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shut = true
	for p.evict() {
	}
	p.free.Broadcast()
}
