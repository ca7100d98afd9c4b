package access

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/terrane/terrane/internal/remedy"
)

// lookEvery is how often a file is looked at, at most.
const lookEvery = time.Second

// followed is what a file says, read again when it changes. A file that is not there says what no bytes say.
type followed[T any] struct {
	path  string
	parse func([]byte) (T, error)
	log   *slog.Logger

	said   atomic.Pointer[T]
	looked atomic.Pointer[time.Time] // when the file was last looked at; it keeps count where somebody sets the clock

	mu    sync.Mutex  // guards state, and is held by whoever looks
	state fs.FileInfo // of the file when it was last read; nil: there was none
}

// get returns what the file says, after a first read. Whoever comes first after a second looks; others are given what it said before.
func (f *followed[T]) get() *T {
	if time.Since(*f.looked.Load()) >= lookEvery && f.mu.TryLock() {
		defer f.mu.Unlock()
		if state := f.stat(); !sameFile(state, f.state) {
			if err := f.readLocked(state); err != nil {
				f.log.Warn("file not read again: what it said stays in force", "file", f.path, "cause", err.Error())
			}
		}
		f.lookedNow()
	}
	return f.said.Load()
}

// read reads the file now.
func (f *followed[T]) read() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.readLocked(f.stat())
}

// readLocked reads the file, whose state is remembered in any case: what cannot be read is not read again before it changes.
func (f *followed[T]) readLocked(state fs.FileInfo) error {
	f.state = state
	f.lookedNow()
	text, err := os.ReadFile(f.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	said, err := f.parse(text)
	if err != nil {
		return remedy.New(f.path, err, "")
	}
	f.said.Store(&said)
	return nil
}

func (f *followed[T]) lookedNow() {
	now := time.Now()
	f.looked.Store(&now)
}

// stat returns nil for a file that is not there.
func (f *followed[T]) stat() fs.FileInfo {
	state, err := os.Stat(f.path)
	if err != nil {
		return nil
	}
	return state
}

func sameFile(a, b fs.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}
