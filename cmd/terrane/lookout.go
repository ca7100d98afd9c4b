package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/terrane/terrane/tilestore/mbtiles"
)

// The folder is looked at so often for files that cannot be served, and a file is told of when nobody has written to it for a while: one
// that is being copied is not broken yet.
const (
	lookEvery = time.Second
	settled   = 2 * time.Second
)

// lookout tells an operator once of each file in the data folder that is not served. One goroutine uses it.
type lookout struct {
	dir  string
	told map[string]string // why, by file name
}

// newLookout knows of problems that were told already.
func newLookout(dir string, told []mbtiles.Problem) *lookout {
	l := &lookout{dir: dir, told: map[string]string{}}
	for _, p := range told {
		l.told[p.Name] = plain(p.Err)
	}
	return l
}

// follow looks until ctx ends.
func (l *lookout) follow(ctx context.Context, folder *mbtiles.Folder, log *slog.Logger) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			_, problems := folder.All(ctx)
			for _, p := range l.fresh(problems) {
				log.Warn("file is not served", "file", p.Name, "cause", plain(p.Err))
			}
		}
	}
}

// fresh returns the problems to tell, and forgets those that are gone.
func (l *lookout) fresh(problems []mbtiles.Problem) []mbtiles.Problem {
	var out []mbtiles.Problem
	now := map[string]string{}
	for _, p := range problems {
		why := plain(p.Err)
		if before, known := l.told[p.Name]; known && before == why {
			now[p.Name] = why
			continue
		}
		if file, err := os.Stat(filepath.Join(l.dir, p.Name)); err == nil && time.Since(file.ModTime()) < settled {
			continue
		}
		now[p.Name] = why
		out = append(out, p)
	}
	l.told = now
	return out
}
