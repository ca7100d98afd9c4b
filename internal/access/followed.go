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

// followed is what a file says, read again when it changes. A file that is not there says what no bytes say, and so does one that cannot be read:
// what it said before may have been revoked since.
type followed[T any] struct {
	path  string
	parse func([]byte) (T, error)
	log   *slog.Logger

	said   atomic.Pointer[T]
	looked atomic.Pointer[time.Time] // when the file was last looked at; it keeps count where somebody sets the clock

	mu    sync.Mutex  // guards all below, and is held by whoever looks
	state fs.FileInfo // of the file when it was last read; nil: there was none
	fault string      // why it could not be read; "": it could
}

// get returns what the file says, after a first read. Whoever comes first after a second looks; others are given what it said before.
func (f *followed[T]) get() *T {
	if time.Since(*f.looked.Load()) >= lookEvery && f.mu.TryLock() {
		defer f.mu.Unlock()
		if state := f.stat(); f.fault != "" || !sameFile(state, f.state) {
			was := f.fault
			if err := f.readLocked(state); err != nil && err.Error() != was {
				f.log.Error("file cannot be read: nothing that it said is taken any more", "file", f.path, "cause", err.Error())
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

// readLocked reads the file. One that cannot be read is read again whenever it is looked at: it may become readable without a change.
func (f *followed[T]) readLocked(state fs.FileInfo) error {
	f.state, f.fault = state, ""
	f.lookedNow()
	text, err := os.ReadFile(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	var said T
	if err == nil {
		if said, err = f.parse(text); err != nil {
			err = remedy.New(f.path, err, "")
		}
	}
	if err != nil {
		said, f.fault = *new(T), err.Error()
	}
	f.said.Store(&said)
	return err
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
