package mbtiles

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/tilestore"
)

// lock is an exclusive lock on a file, dropped by the kernel when the process dies however it dies.
type lock struct{ file *os.File }

// acquire takes the lock at path or returns an error that wraps tilestore.ErrLocked. It does not wait.
func acquire(path, name string) (*lock, error) {
	for {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
		if err != nil {
			return nil, err
		}
		if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
			f.Close()
			if errors.Is(err, unix.EWOULDBLOCK) {
				return nil, remedy.New(name, tilestore.ErrLocked, "wait until the other one has ended, or use another --name")
			}
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		if holds(f, path) {
			return &lock{f}, nil
		}
		f.Close() // its last holder removed the file between our open and our lock
	}
}

func holds(f *os.File, path string) bool {
	mine, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(path)
	return err == nil && os.SameFile(mine, there)
}

// release removes the file while it is still locked, then drops the lock.
func (l *lock) release() {
	os.Remove(l.file.Name())
	l.file.Close()
}
