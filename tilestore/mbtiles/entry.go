package mbtiles

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"os"
	"sync"
	"sync/atomic"

	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// entry is one file of a folder in one state. A file that changes gets a new entry; the old one lives until its last user lets go.
type entry struct {
	ref  Ref
	path string
	file os.FileInfo
	used atomic.Int64 // tick of the folder's clock at the last Get

	mu        sync.Mutex // guards the fields below
	reader    *guarded   // nil while closed
	users     int
	retired   bool // no longer in the folder
	withdrawn error
	described bool
	info      tilestore.Info // kept when the reader is closed for want of use
}

// Handle lends a reader of one dataset version. Its file stays readable until Release, whatever happens in the folder. The Reader inside
// implements tilestore.Heights and tilestore.Lister too.
type Handle struct {
	tilestore.Reader
	entry    *entry
	released atomic.Bool
}

// Path is where the version lies.
func (h *Handle) Path() string { return h.entry.path }

// Release gives the reader back. A second call does nothing.
func (h *Handle) Release() {
	if !h.released.Swap(true) {
		h.entry.release()
	}
}

// Close is Release.
func (h *Handle) Close() error {
	h.Release()
	return nil
}

// acquire opens the file if need be and counts a user. It opens under the lock: who asks for the same dataset waits, others do not.
func (e *entry) acquire(ctx context.Context) (h *Handle, opened bool, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.withdrawn != nil {
		return nil, false, e.withdrawn
	}
	if e.reader == nil {
		if err := e.open(ctx); err != nil {
			return nil, false, err
		}
		opened = true
	}
	e.users++
	return &Handle{Reader: e.reader, entry: e}, opened, nil
}

func (e *entry) open(ctx context.Context) error {
	r, err := Open(ctx, e.path)
	if errors.Is(err, tilestore.ErrCorrupt) || errors.Is(err, tilestore.ErrForeign) || errors.Is(err, fs.ErrPermission) {
		e.withdrawn = err
	}
	if err != nil {
		return err
	}
	r.info.Name, r.info.Version = e.ref.Name, e.ref.Version
	e.reader, e.info, e.described = &guarded{r, e}, r.info, true
	return nil
}

func (e *entry) release() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.users--
	if e.retired || e.withdrawn != nil {
		e.closeIdle()
	}
}

// retire marks that the folder no longer has this file.
func (e *entry) retire() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.retired = true
	e.closeIdle()
}

// withdraw takes the file out of service: Get no longer finds it until it changes on disk.
func (e *entry) withdraw(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.withdrawn == nil {
		e.withdrawn = err
	}
}

// closeIdle closes the reader if nobody uses it. The caller holds mu.
func (e *entry) closeIdle() bool {
	if e.users > 0 || e.reader == nil {
		return false
	}
	e.reader.Reader.Close()
	e.reader = nil
	return true
}

// idle tells whether the reader is open and unused, without waiting for somebody who is opening it.
func (e *entry) idle() bool {
	if !e.mu.TryLock() {
		return false
	}
	defer e.mu.Unlock()
	return e.reader != nil && e.users == 0
}

// problem returns why the file is withdrawn, or nil.
func (e *entry) problem() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.withdrawn
}

// guarded is a reader that withdraws its dataset at the first sign of rot. Whoever borrows it cannot close it.
type guarded struct {
	*Reader
	entry *entry
}

func (g *guarded) watch(err error) {
	if errors.Is(err, tilestore.ErrCorrupt) {
		g.entry.withdraw(err)
	}
}

func (g *guarded) Tile(ctx context.Context, c tilegrid.Coord) (tilestore.Tile, error) {
	t, err := g.Reader.Tile(ctx, c)
	g.watch(err)
	return t, err
}

func (g *guarded) Heights(ctx context.Context, c tilegrid.Coord) ([]byte, error) {
	b, err := g.Reader.Heights(ctx, c)
	g.watch(err)
	return b, err
}

func (g *guarded) Coords(ctx context.Context, z uint8) iter.Seq2[tilegrid.Coord, error] {
	return func(yield func(tilegrid.Coord, error) bool) {
		for c, err := range g.Reader.Coords(ctx, z) {
			g.watch(err)
			if !yield(c, err) {
				return
			}
		}
	}
}

// Close does nothing: the folder closes.
func (g *guarded) Close() error { return nil }
