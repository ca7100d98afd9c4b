package places

import (
	"context"
	"database/sql/driver"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/paulmach/orb"
	"golang.org/x/sys/unix"

	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/internal/sqlite"
	"github.com/terrane/terrane/tilestore"
)

//go:embed schema.sql
var schema string

// Writer makes one gazetteer. One goroutine uses it. Places lie in a draft beside the file until all are known, because they are numbered by their
// importance; memory does not grow with their number.
type Writer struct {
	folder, name string
	lock         *os.File
	draft, out   *sqlite.Conn
	put          *sqlite.Statement
	count        int64
	bound        []orb.Bound // none, or one around all so far
}

// Create begins the gazetteer name in folder; it replaces the one there is when it is committed. Errors: tilestore.ErrName, ErrLocked
// (somebody writes this name), [ErrNoFTS5].
func Create(ctx context.Context, folder, name string) (*Writer, error) {
	if err := errors.Join(ctx.Err(), tilestore.CheckName(name)); err != nil {
		return nil, err
	}
	if err := Supported(); err != nil {
		return nil, err
	}
	w := &Writer{folder: folder, name: name}
	if err := w.begin(); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

// hidden is the path of what is not finished, or not for readers.
func (w *Writer) hidden(suffix string) string {
	return filepath.Join(w.folder, "."+w.name+Extension+suffix)
}

const (
	partialSuffix = ".partial"
	draftSuffix   = ".draft"
	lockSuffix    = ".lock"
)

func (w *Writer) begin() error {
	lock, err := os.OpenFile(w.hidden(lockSuffix), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return err
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		lock.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return remedy.New(w.name, tilestore.ErrLocked, "wait until the other one has ended, or use another --name")
		}
		return fmt.Errorf("places: lock %s: %w", w.name, err)
	}
	w.lock = lock
	if err := w.clear(); err != nil {
		return err
	}
	// Nothing of an unfinished file is of use: no journal, and no sync before the end.
	const quick = "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA locking_mode=EXCLUSIVE; PRAGMA cache_size=-8192;"
	if w.draft, err = openDB(w.hidden(draftSuffix), "mode=rwc"); err != nil {
		return err
	}
	err = w.draft.Exec(quick + `CREATE TABLE draft (id INTEGER PRIMARY KEY, importance INTEGER, name, region, country, code, layer, population,
		lon REAL, lat REAL, west REAL, south REAL, east REAL, north REAL, terms); BEGIN`)
	if err != nil {
		return err
	}
	if w.put, err = w.draft.Prepare("INSERT INTO draft VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"); err != nil {
		return err
	}
	if w.out, err = openDB(w.hidden(partialSuffix), "mode=rwc"); err != nil {
		return err
	}
	marks := fmt.Sprintf("PRAGMA application_id=%d; PRAGMA user_version=%d;", ApplicationID, Layout)
	return w.out.Exec("PRAGMA page_size=4096; " + quick + marks + "BEGIN; " + schema)
}

// clear removes what a killed writer left.
func (w *Writer) clear() error {
	for _, suffix := range []string{draftSuffix, partialSuffix} {
		if err := os.Remove(w.hidden(suffix)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Put takes a place, completed by [Place.Complete].
func (w *Writer) Put(p Place) error {
	p = p.Complete()
	b := p.Bound
	err := w.put.Exec(p.Importance, p.Name, p.Region, p.Country, p.CountryCode, p.Layer, p.Population, p.Point.Lon(), p.Point.Lat(),
		b.Min.Lon(), b.Min.Lat(), b.Max.Lon(), b.Max.Lat(), termsOf(p))
	if err != nil {
		return err
	}
	w.count++
	w.extend(p.Point)
	return nil
}

// extend keeps a box around all places. That of places on both sides of the antimeridian goes all the way round.
func (w *Writer) extend(p orb.Point) {
	if w.bound == nil {
		w.bound = []orb.Bound{p.Bound()}
	}
	w.bound[0] = w.bound[0].Extend(p)
}

// Count is the number of places so far.
func (w *Writer) Count() int64 { return w.count }

// Commit numbers and indexes the places, and publishes the file: when it returns nil it has its name and survives a power cut. Of info it takes
// Attribution, Work, Program and Sources. report, if it is not nil, is told how many places are done.
func (w *Writer) Commit(ctx context.Context, info Info, report func(done int64)) error {
	if w.count == 0 {
		return fmt.Errorf("%w: no places", ErrSource)
	}
	w.put.Close()
	if err := w.draft.Exec("COMMIT; CREATE INDEX by_importance ON draft (importance DESC, id)"); err != nil {
		return err
	}
	if err := w.index(ctx, report); err != nil {
		return err
	}
	if err := w.describe(info); err != nil {
		return err
	}
	for _, step := range []string{"INSERT INTO term(term) VALUES('optimize')", "COMMIT"} {
		if err := errors.Join(ctx.Err(), w.out.Exec(step)); err != nil {
			return err
		}
	}
	return w.publish()
}

// index writes the places in their order, and their terms.
func (w *Writer) index(ctx context.Context, report func(done int64)) error {
	place, err := w.out.Prepare("INSERT INTO place VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
	if err != nil {
		return err
	}
	defer place.Close()
	terms, err := w.out.Prepare("INSERT INTO term (rowid, terms) VALUES (?, ?)")
	if err != nil {
		return err
	}
	defer terms.Close()
	if err := w.out.Exec("INSERT INTO term(term, rank) VALUES('hashsize', 4194304)"); err != nil {
		return err
	}
	done := int64(0)
	return w.draft.Each(`SELECT name, region, country, code, layer, population, importance, lon, lat, west, south, east, north, terms
		FROM draft ORDER BY importance DESC, id`, func(v []driver.Value) error {
		done++
		if done%1000 == 0 || done == w.count {
			if report != nil {
				report(done)
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
		last := len(v) - 1
		if err := place.Exec(append([]driver.Value{done}, v[:last]...)...); err != nil {
			return err
		}
		return terms.Exec(done, v[last])
	})
}

func (w *Writer) describe(info Info) error {
	sources, err := json.Marshal(info.Sources)
	if err != nil {
		return err
	}
	b := w.bound[0]
	bound, err := json.Marshal([4]float64{b.Min.Lon(), b.Min.Lat(), b.Max.Lon(), b.Max.Lat()})
	if err != nil {
		return err
	}
	for _, row := range [][2]string{
		{"attribution", info.Attribution}, {"bound", string(bound)}, {"program", info.Program}, {"sources", string(sources)}, {"work", info.Work},
	} {
		if err := w.out.Exec("INSERT INTO about VALUES (?, ?)", row[0], row[1]); err != nil {
			return err
		}
	}
	return nil
}

// publish looks through the file, syncs it, gives it its name and syncs the folder.
func (w *Writer) publish() error {
	n, err := numberOf(w.out, "SELECT count(*) FROM place")
	if err == nil && n != w.count {
		err = fmt.Errorf("places: %s: %d of %d places are in the file: %w", w.name, n, w.count, tilestore.ErrCorrupt)
	}
	err = errors.Join(err, w.out.Close())
	w.out = nil
	if err != nil {
		return err
	}
	partial := w.hidden(partialSuffix)
	if err := syncPath(partial); err != nil {
		return err
	}
	if err := os.Rename(partial, filepath.Join(w.folder, w.name+Extension)); err != nil {
		return err
	}
	return syncPath(w.folder)
}

// syncPath has the kernel write a file or a folder to disk.
func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Close ends the work; without Commit nothing of it stays.
func (w *Writer) Close() error {
	if w.lock == nil {
		return nil
	}
	var err error
	for _, d := range []*sqlite.Conn{w.draft, w.out} {
		if d != nil {
			err = errors.Join(err, d.Close())
		}
	}
	w.draft, w.out = nil, nil
	err = errors.Join(err, w.clear(), os.Remove(w.lock.Name()), w.lock.Close())
	w.lock = nil
	return err
}
