package places

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/terrane/terrane/tilestore"
)

// lookEvery is how old what is known of a folder may be when somebody searches.
const lookEvery = time.Second

// Problem names a file that is not searched, and why.
type Problem struct {
	Name string
	Err  error
}

// Folder is all gazetteers of a folder. It looks for new, replaced and removed files when somebody searches, at most once a second; between
// searches it does nothing. It is safe for concurrent use.
type Folder struct {
	dir    string
	look   sync.Mutex // one look at a time; guards the two below
	at     time.Time
	closed bool

	mu  sync.RWMutex // guards the field below
	all []opened     // never changed, but replaced
}

// opened is a file in one state: open, or what is wrong with it.
type opened struct {
	name  string
	state os.FileInfo
	g     *Gazetteer
	err   error
}

// OpenFolder opens the gazetteers of a folder. A file that cannot be read is a [Problem], and no error.
func OpenFolder(ctx context.Context, dir string) (*Folder, error) {
	f := &Folder{dir: dir}
	f.look.Lock()
	defer f.look.Unlock()
	if err := f.refresh(ctx); err != nil {
		return nil, err
	}
	return f, nil
}

// refresh looks at the folder. The caller holds look.
func (f *Folder) refresh(ctx context.Context) error {
	entries, err := os.ReadDir(f.dir)
	if errors.Is(err, fs.ErrNotExist) {
		entries, err = nil, nil
	}
	if err != nil {
		return err
	}
	var next, gone []opened
	f.mu.RLock()
	old := f.all
	f.mu.RUnlock()
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), Extension)
		if !ok || tilestore.CheckName(name) != nil {
			continue
		}
		path := filepath.Join(f.dir, e.Name())
		state, err := os.Stat(path)
		if err != nil {
			continue // gone since it was listed
		}
		k := slices.IndexFunc(old, func(o opened) bool { return o.name == name })
		if k >= 0 && sameState(old[k].state, state) {
			next = append(next, old[k])
			continue
		}
		o := opened{name: name, state: state}
		o.g, o.err = Open(ctx, path)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		next = append(next, o)
	}
	for _, o := range old {
		if !slices.ContainsFunc(next, func(n opened) bool { return n.state == o.state }) && o.g != nil {
			gone = append(gone, o)
		}
	}
	f.mu.Lock()
	f.all = next
	f.mu.Unlock()
	for _, o := range gone {
		o.g.Close() // searches under way end first
	}
	f.at = time.Now()
	return nil
}

// sameState tells whether two looks at a path saw the same file, unchanged.
func sameState(a, b os.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// now is what there is, not older than lookEvery. While one search looks, others take what was there before.
func (f *Folder) now(ctx context.Context) []opened {
	if f.look.TryLock() {
		if !f.closed && time.Since(f.at) > lookEvery {
			_ = f.refresh(ctx) // what was there is searched on
		}
		f.look.Unlock()
	}
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.all
}

// All describes the gazetteers, by name, and names the files that are none.
func (f *Folder) All(ctx context.Context) (infos []Info, problems []Problem) {
	for _, o := range f.now(ctx) {
		if o.err != nil {
			problems = append(problems, Problem{o.name + Extension, o.err})
			continue
		}
		infos = append(infos, o.g.Info())
	}
	return infos, problems
}

// Search asks all gazetteers and returns the best answers of all; a place that is in several is told once.
func (f *Folder) Search(ctx context.Context, q Query) ([]Hit, error) {
	var hits []Hit
	for _, o := range f.now(ctx) {
		if o.g == nil {
			continue
		}
		some, err := o.g.Search(ctx, q)
		if errors.Is(err, fs.ErrClosed) {
			continue // it was removed, or replaced, this very moment
		}
		if errors.Is(err, tilestore.ErrCorrupt) {
			f.withdraw(o, err)
			continue
		}
		if err != nil {
			return nil, err
		}
		hits = append(hits, some...)
	}
	return Best(hits, q), nil
}

// withdraw takes a file that turned out to be damaged out of service, until it changes.
func (f *Folder) withdraw(o opened, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all = slices.Clone(f.all)
	for k := range f.all {
		if f.all[k].state == o.state && f.all[k].g != nil {
			f.all[k].g, f.all[k].err = nil, err
			o.g.Close()
		}
	}
}

// Best sorts hits of several searches for the same, leaves out what is told twice, and cuts what is too much.
func Best(hits []Hit, q Query) []Hit {
	if q.Focus != nil {
		sortNear(hits, *q.Focus)
	} else {
		slices.SortStableFunc(hits, func(a, b Hit) int {
			return cmp.Or(cmp.Compare(a.Tier, b.Tier), cmp.Compare(b.Importance, a.Importance))
		})
	}
	var kept []Hit
	for _, h := range hits {
		if !slices.ContainsFunc(kept, h.same) {
			kept = append(kept, h)
		}
	}
	size := max(min(cmp.Or(q.Size, DefaultSize), MostSize), 0)
	return kept[:min(len(kept), size)]
}

// same tells whether hits of two gazetteers are one place: of one kind and name, not 20 km apart.
func (h Hit) same(o Hit) bool {
	const far = 0.2 // degrees
	if h.Gazetteer == o.Gazetteer || h.Layer != o.Layer {
		return false
	}
	east, north := math.Abs(h.Point.Lon()-o.Point.Lon()), math.Abs(h.Point.Lat()-o.Point.Lat())
	return north < far && east < 2*far && Fold(h.Name) == Fold(o.Name)
}

// Tier is how well a name fits a text, as [Hit.Tier] counts it; ok is false if it does not.
func Tier(name, text string) (tier int, ok bool) {
	have, want := words(name), words(text)
	if len(want) == 0 {
		return 0, false
	}
	whole, asked := strings.Join(have, ""), strings.Join(want, "")
	switch {
	case whole == asked:
		return tierWhole, true
	case strings.HasPrefix(whole, asked):
		return tierBegin, true
	}
	for _, w := range want {
		if !slices.ContainsFunc(have, func(h string) bool { return strings.HasPrefix(h, w) }) {
			return 0, false
		}
	}
	return tierWords, true
}

// Remove deletes a gazetteer. Searches under way end in peace.
func Remove(dir, name string) error {
	if err := tilestore.CheckName(name); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(dir, name+Extension)); err != nil {
		return err
	}
	return syncPath(dir)
}

// Close closes the files.
func (f *Folder) Close() error {
	f.look.Lock()
	defer f.look.Unlock()
	f.mu.Lock()
	all := f.all
	f.all = nil
	f.mu.Unlock()
	f.closed = true
	var err error
	for _, o := range all {
		if o.g != nil {
			err = errors.Join(err, o.g.Close())
		}
	}
	return err
}
