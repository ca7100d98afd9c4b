package mbtiles

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/tilestore"
)

// maxOpen is how many files a folder keeps open; beyond, those least recently used are closed when nobody uses them.
const maxOpen = 256

// Folder is a folder of dataset files: the catalogue. It sees files that appear, change or vanish within about a second. It is safe
// for concurrent use. Get of a dataset that is open takes no lock but the dataset's own and makes no system call.
type Folder struct {
	dir   string
	now   atomic.Pointer[listing]
	clock atomic.Int64
	open  atomic.Int64 // readers open, about: counted exactly by evict only

	scanning sync.Mutex // one scan at a time; guards scanned
	scanned  time.Time

	stop chan struct{}
	over chan struct{}
	once sync.Once
}

// Problem names a file that is not served, and why.
type Problem struct {
	Name string // file name
	Err  error  // wraps tilestore.ErrCorrupt, ErrForeign, ErrName, ErrExists or fs.ErrPermission
}

// OpenFolder lists a folder and begins to watch it. It opens no file. Close ends the watch.
func OpenFolder(ctx context.Context, dir string) (*Folder, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f := &Folder{dir: dir, stop: make(chan struct{}), over: make(chan struct{})}
	f.now.Store(&listing{})
	if err := f.scan(); err != nil {
		return nil, folderFault(dir, err)
	}
	go f.watch()
	return f, nil
}

// Get lends a reader of "name", the version that [Folder.Use] said or else the latest that is whole, or of "name@2". The caller releases it. Errors wrap tilestore.ErrNoDataset,
// ErrName, or the reason for which the dataset is withdrawn.
func (f *Folder) Get(ctx context.Context, ref string) (*Handle, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	h, err := f.pick(ctx, ref)
	if err == nil || !errors.Is(err, tilestore.ErrNoDataset) && !errors.Is(err, fs.ErrNotExist) {
		return h, err
	}
	if _, _, bad := parseRef(ref); bad != nil {
		return nil, bad
	}
	f.rescan() // it may have come or gone since the last look
	if h, err = f.pick(ctx, ref); errors.Is(err, fs.ErrNotExist) {
		err = noDataset(ref)
	}
	return h, err
}

func noDataset(ref string) error {
	return remedy.New(ref, tilestore.ErrNoDataset, "see terrane list for what there is")
}

// pick tries the versions that ref stands for, the pinned one first, then the highest.
func (f *Folder) pick(ctx context.Context, ref string) (*Handle, error) {
	err := error(nil)
	for _, e := range f.now.Load().refs[ref] {
		h, opened, failed := e.acquire(ctx)
		if failed == nil {
			e.used.Store(f.clock.Add(1))
			if opened && f.open.Add(1) > maxOpen {
				f.evict()
			}
			return h, nil
		}
		if err == nil {
			err = failed
		}
	}
	if err == nil {
		err = noDataset(ref)
	}
	return nil, err
}

// evict closes the readers least recently used until three quarters of the limit are left.
func (f *Folder) evict() {
	var idle []*entry
	for _, e := range f.now.Load().files {
		if e.idle() {
			idle = append(idle, e)
		}
	}
	open := int64(len(idle))
	slices.SortFunc(idle, func(a, b *entry) int { return int(a.used.Load() - b.used.Load()) })
	for _, e := range idle[:max(0, len(idle)-maxOpen*3/4)] {
		e.mu.Lock()
		if e.closeIdle() {
			open--
		}
		e.mu.Unlock()
	}
	f.open.Store(open)
}

// All describes the version of each dataset that Get finds under its name, sorted by name, and names the files that are not served.
func (f *Folder) All(ctx context.Context) ([]tilestore.Info, []Problem) {
	l := f.now.Load()
	var infos []tilestore.Info
	for _, name := range l.names {
		if info, err := f.describe(ctx, l.refs[name]); err == nil {
			infos = append(infos, info)
		}
	}
	problems := slices.Clone(l.problems)
	for _, e := range l.files {
		if err := e.problem(); err != nil {
			problems = append(problems, Problem{filepath.Base(e.path), err})
		}
	}
	slices.SortFunc(problems, func(a, b Problem) int { return strings.Compare(a.Name, b.Name) })
	return infos, problems
}

// describe returns the Info of the highest version that is whole, without opening what was described before.
func (f *Folder) describe(ctx context.Context, versions []*entry) (tilestore.Info, error) {
	err := error(tilestore.ErrNoDataset)
	for _, e := range versions {
		e.mu.Lock()
		info, known := e.info, e.described && e.withdrawn == nil
		e.mu.Unlock()
		if known {
			return info, nil
		}
		h, failed := f.pick(ctx, e.ref.String())
		if failed == nil {
			info := h.Info()
			h.Release()
			return info, nil
		}
		err = failed
	}
	return tilestore.Info{}, err
}

// Versions lists the versions of a dataset, highest first; none if there is no such dataset.
func (f *Folder) Versions(name string) []int {
	var versions []int
	for _, e := range f.now.Load().refs[name] {
		if e.ref.Name == name {
			versions = append(versions, e.ref.Version)
		}
	}
	slices.SortFunc(versions, func(a, b int) int { return b - a })
	return versions
}

// Foreign names those files of a version, "name@2", or of all versions of "name", that this program did not make. What cannot be told from its first
// bytes is not ours.
func (f *Folder) Foreign(ref string) []string {
	f.refresh()
	var names []string
	for _, e := range f.now.Load().refs[ref] {
		if !marked(e.path) {
			names = append(names, filepath.Base(e.path))
		}
	}
	return names
}

// Remove deletes a version, "name@2", or all versions of "name". Readers that are lent out read on.
func (f *Folder) Remove(ref string) error {
	if _, _, err := parseRef(ref); err != nil {
		return err
	}
	f.refresh()
	files := f.now.Load().refs[ref]
	if len(files) == 0 {
		return noDataset(ref)
	}
	gone := func(version int) bool {
		return slices.ContainsFunc(files, func(e *entry) bool { return e.ref.Version == version })
	}
	if err := dropPin(f.dir, files[0].ref.Name, gone); err != nil {
		return err
	}
	for _, e := range files {
		if err := os.Remove(e.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return folderFault(f.dir, fmt.Errorf("remove %s: %w", e.ref, err))
		}
	}
	f.refresh()
	return syncFolder(f.dir)
}

// Close ends the watch and closes the files; those lent out when they are released.
func (f *Folder) Close() error {
	f.once.Do(func() {
		close(f.stop)
		<-f.over
		f.scanning.Lock()
		defer f.scanning.Unlock()
		for _, e := range f.now.Swap(&listing{}).files {
			e.retire()
		}
	})
	return nil
}
