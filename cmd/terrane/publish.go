package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/mbtiles"
	"golang.org/x/sys/unix"
)

// published is what "ingest" and "import" report as JSON.
type published struct {
	Name    string  `json:"name"`
	Version int     `json:"version"`
	Path    string  `json:"path"`
	Tiles   int64   `json:"tiles"`
	Bytes   int64   `json:"bytes"`
	Seconds float64 `json:"seconds"`
	Existed bool    `json:"existed,omitempty"` // nothing was made: the version was there already
}

// sayDone reports the published version.
func (a *app) sayDone(ctx context.Context, w *mbtiles.Writer, start time.Time) (published, error) {
	r, err := mbtiles.Open(ctx, w.Path())
	if err != nil {
		return published{}, err
	}
	defer r.Close()
	i := r.Info()
	p := published{Name: i.Name, Version: i.Version, Path: w.Path(), Tiles: i.Tiles, Bytes: i.SizeBytes, Seconds: time.Since(start).Seconds()}
	a.say("done     %s version %d, levels %d-%d, %s tiles, %s in %.1f s", p.Name, p.Version, i.Levels[0], i.Levels[1],
		thousands(p.Tiles), sizeText(p.Bytes), p.Seconds)
	if err := a.sayInstant(ctx, i); err != nil {
		return published{}, err
	}
	a.say("next     terrane serve --data %s", a.data)
	return p, a.printPublished(p)
}

// printPublished writes the result: the version and its file.
func (a *app) printPublished(p published) error {
	if a.json {
		return a.printJSON(p)
	}
	_, err := fmt.Fprintf(a.stdout, "%s@%d  %s\n", p.Name, p.Version, p.Path)
	return err
}

// layerRow puts layer.json into the file too, for programs that serve it without knowing us.
func layerRow(i tilestore.Info) (map[string]string, error) {
	data, err := terrain.NewLayer(i).JSON()
	return map[string]string{"layer.json": string(data)}, err
}

// errReadOnly: the data folder is there, but nothing can be written in it.
var errReadOnly = errors.New("data folder is read-only")

const anotherFolder = ", or name another with --data"

// checkFolder finds out before any work whether the data folder can be written, or made if only itself is missing. It makes nothing.
func checkFolder(path string) error {
	folder := path
	stat, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		folder = filepath.Dir(filepath.Clean(path))
		stat, err = os.Stat(folder)
	}
	if err == nil && !stat.IsDir() {
		return notFolder(folder)
	}
	if err == nil {
		err = unix.Access(folder, unix.W_OK|unix.X_OK)
	}
	return folderFault(path, err)
}

// makeFolder makes the data folder and checks that its disk has room for what will be written.
func makeFolder(path string, needed int64) error {
	if err := os.Mkdir(path, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return folderFault(path, err)
	}
	var disk unix.Statfs_t
	if err := unix.Statfs(path, &disk); err != nil {
		return folderFault(path, err)
	}
	if free := int64(disk.Bavail) * disk.Bsize; free < needed {
		return remedy.New(path, fmt.Errorf("%w: about %s needed, %s free", tilestore.ErrFull, sizeText(needed), sizeText(free)),
			"free some space"+anotherFolder)
	}
	return nil
}

// folderFault says what keeps the data folder from being written.
func folderFault(path string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ENOTDIR):
		return remedy.New(path, fmt.Errorf("no such data folder: %w", unpath(err)), "make it with mkdir -p"+anotherFolder)
	case errors.Is(err, unix.EROFS), errors.Is(err, fs.ErrPermission):
		return remedy.New(path, fmt.Errorf("%w: %w", errReadOnly, unpath(err)), "make it writable"+anotherFolder)
	}
	return remedy.New(path, fmt.Errorf("data folder: %w", unpath(err)), "name another with --data")
}

// unpath takes the path out of an error that will be told together with it.
func unpath(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%s %ss", thousands(int64(n)), noun)
}

// thousands writes a number with its digits in groups.
func thousands(n int64) string {
	s := fmt.Sprint(n)
	for at := len(s) - 3; at > 0; at -= 3 {
		s = s[:at] + " " + s[at:]
	}
	return s
}
