package mbtiles

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
	"golang.org/x/sys/unix"

	"github.com/terrane/terrane/tilestore/storetest"
)

// TestTooManyOpenFilesPass: who finds no file descriptor waits for a session, and later there are more again.
func TestTooManyOpenFilesPass(t *testing.T) {
	r, err := Open(t.Context(), dataset(t, t.TempDir(), "alps", storetest.Places()...))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	first, err := r.pool.get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer r.pool.put(first)
	soon, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	withoutFiles(t, func() {
		if _, err := r.pool.get(soon); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("without files: %v", err)
		}
	})
	later, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	second, err := r.pool.get(later)
	if err != nil {
		t.Fatalf("with files again: %v", err)
	}
	r.pool.put(second)
}

// withoutFiles runs f while the process can open no file.
func withoutFiles(t *testing.T, f func()) {
	t.Helper()
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 0, Max: limit.Max}); err != nil {
		t.Fatal(err)
	}
	defer unix.Setrlimit(unix.RLIMIT_NOFILE, &limit)
	f()
}

func TestAClosedWatcherCostsNothing(t *testing.T) {
	events, faults := make(chan fsnotify.Event), make(chan error)
	close(events)
	close(faults)
	f := &Folder{dir: t.TempDir(), stop: make(chan struct{})}
	f.now.Store(&listing{})
	time.AfterFunc(300*time.Millisecond, func() { close(f.stop) })
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, after unix.Rusage
	err := unix.Getrusage(unix.RUSAGE_THREAD, &before)
	f.follow(events, faults)
	if err = errors.Join(err, unix.Getrusage(unix.RUSAGE_THREAD, &after)); err != nil {
		t.Fatal(err)
	}
	if used := time.Duration(after.Utime.Nano() - before.Utime.Nano()); used > 50*time.Millisecond {
		t.Errorf("%s of computing", used)
	}
}
