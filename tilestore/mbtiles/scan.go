package mbtiles

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/tilestore"
)

// The folder is looked at once a second, because not every file system reports changes; where it does, soon after a change; and
// when a dataset is asked for that is not known, at most five times a second.
const (
	lookEvery  = time.Second
	lookSoon   = 20 * time.Millisecond
	lookAtMost = 200 * time.Millisecond
)

// listing is what a folder holds at one moment. It never changes: a scan makes a new one.
type listing struct {
	files    map[string]*entry   // by path
	refs     map[string][]*entry // by "name", the pinned version first, then the highest first, and by "name@version"
	pins     map[string]int      // the version to which a dataset is pinned, by name
	names    []string            // sorted
	problems []Problem           // files whose names cannot be used
}

// scan reads the folder and publishes a new listing if anything has changed.
func (f *Folder) scan() error {
	f.scanning.Lock()
	defer f.scanning.Unlock()
	return f.look()
}

// look is scan for who holds scanning.
func (f *Folder) look() error {
	select {
	case <-f.stop:
		return fs.ErrClosed
	default:
	}
	f.scanned = time.Now()
	files, err := os.ReadDir(f.dir)
	if err != nil {
		return err
	}
	old := f.now.Load()
	next := &listing{files: map[string]*entry{}, refs: map[string][]*entry{}, pins: map[string]int{}}
	for _, file := range files {
		next.add(f.dir, file.Name(), old)
		next.pin(f.dir, file.Name())
	}
	if next.same(old) {
		return nil
	}
	next.finish()
	f.now.Store(next)
	for path, e := range old.files {
		if next.files[path] != e {
			e.retire()
		}
	}
	return nil
}

// add takes a file into the listing, with its old entry if it has not changed.
func (l *listing) add(dir, name string, old *listing) {
	ref, ok, err := refOfFile(name)
	if err != nil {
		l.problems = append(l.problems, Problem{name, err})
	}
	if !ok {
		return
	}
	path := filepath.Join(dir, name)
	state, err := os.Stat(path)
	if err != nil {
		return // gone since it was listed, or a link to nowhere
	}
	if others := l.refs[ref.String()]; len(others) > 0 {
		why := fmt.Errorf("%w: %s is %s already", tilestore.ErrExists, filepath.Base(others[0].path), ref)
		l.problems = append(l.problems, Problem{name, remedy.New(name, why, "rename one of the files")})
		return
	}
	e := old.files[path]
	if e == nil || !sameState(e.file, state) {
		e = &entry{ref: ref, path: path, file: state}
	}
	l.files[path] = e
	l.refs[ref.String()] = []*entry{e}
	l.refs[ref.Name] = append(l.refs[ref.Name], e)
}

// same tells whether two listings hold the same entries and problems.
func (l *listing) same(old *listing) bool {
	if len(l.files) != len(old.files) || len(l.problems) != len(old.problems) || !maps.Equal(l.pins, old.pins) {
		return false
	}
	for path, e := range l.files {
		if old.files[path] != e {
			return false
		}
	}
	return slices.EqualFunc(l.problems, old.problems, func(a, b Problem) bool { return a.Name == b.Name })
}

// finish sorts the versions of each name and the names.
func (l *listing) finish() {
	for ref, entries := range l.refs {
		if !strings.Contains(ref, "@") {
			slices.SortFunc(entries, func(a, b *entry) int { return cmp.Compare(b.ref.Version, a.ref.Version) })
			l.pinned(ref, entries)
			l.names = append(l.names, ref)
		}
	}
	slices.Sort(l.names)
}

// rescan scans for who misses something, unless somebody did a moment ago.
func (f *Folder) rescan() {
	f.scanning.Lock()
	defer f.scanning.Unlock()
	if time.Since(f.scanned) > lookAtMost {
		f.refreshLocked()
	}
}

// refresh scans now. A folder that has gone is empty; one that cannot be read for another reason stays as it was.
func (f *Folder) refresh() {
	f.scanning.Lock()
	defer f.scanning.Unlock()
	f.refreshLocked()
}

func (f *Folder) refreshLocked() {
	if err := f.look(); !errors.Is(err, fs.ErrNotExist) {
		return
	}
	for _, e := range f.now.Swap(&listing{}).files {
		e.retire()
	}
}

// watch scans until Close.
func (f *Folder) watch() {
	defer close(f.over)
	var events <-chan fsnotify.Event
	var faults <-chan error
	if w, err := fsnotify.NewWatcher(); err == nil {
		defer w.Close()
		if w.Add(f.dir) == nil {
			events, faults = w.Events, w.Errors
		}
	}
	f.follow(events, faults)
}

// matters tells whether a file of the folder can change what is listed.
func matters(file string) bool {
	_, pin := nameOfPin(file)
	_, ok, err := refOfFile(file)
	return pin || ok || err != nil
}

// follow scans at every tick, and soon after an event. A channel that is nil or closed has none.
func (f *Folder) follow(events <-chan fsnotify.Event, faults <-chan error) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	soon := time.NewTimer(lookSoon)
	defer soon.Stop()
	for {
		select {
		case <-f.stop:
			return
		case e, open := <-events:
			if !open {
				events = nil
			} else if matters(filepath.Base(e.Name)) {
				soon.Reset(lookSoon)
			}
		case _, open := <-faults: // the tick sees what was missed
			if !open {
				faults = nil
			}
		case <-tick.C:
			f.refresh()
		case <-soon.C:
			f.refresh()
		}
	}
}
