package mbtiles

import (
	"context"
	"crypto/sha256"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/internal/sqlite"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// Options of [Create].
type Options struct {
	// Work identifies what is being made: a hash of sources, plan and options. An unfinished file of the same work is carried on.
	Work string
	// Force drops an unfinished file of other work, which is refused otherwise.
	Force bool
	// Drops is what unfinished work begins with that is dropped without Force, if it is not Work; "": none.
	Drops string
	// Shared has equal tiles stored once.
	Shared bool
	// Rows returns more metadata rows for programs that know the layout of others; nil: none.
	Rows func(tilestore.Info) (map[string]string, error)
	// Check looks through the finished version before it is published. Its error is Commit's. The unfinished file is dropped if that wraps
	// tilestore.ErrInvalid or ErrCorrupt; after another error the work can be carried on. nil: nothing is checked.
	Check func(context.Context, tilestore.Reader) error
}

// Writer makes one dataset version. It implements tilestore.Writer, HeightsWriter, Heights and Checkpointer. One goroutine
// puts; Heights may be called by any number of goroutines meanwhile and sees all that was put.
type Writer struct {
	folder, name string
	version      int
	partial      string
	lock         *lock
	done         int
	kept         bool // something was checkpointed, by this writer or before
	shared       bool // equal tiles are stored once
	rows         func(tilestore.Info) (map[string]string, error)
	check        func(context.Context, tilestore.Reader) error

	mu      sync.Mutex        // guards the fields below: one connection serves writing and reading back
	db      *sqlite.Conn      // nil when closed
	tile    *sqlite.Statement // stores a tile, or its place if it is shared
	image   *sqlite.Statement // stores a tile's data, if it is shared; nil otherwise
	heights *sqlite.Statement
	read    *sqlite.Statement // heights
	again   *sqlite.Statement // a tile
	failed  error             // first failure of the store: what follows would not be what was put
}

var (
	_ tilestore.Writer        = (*Writer)(nil)
	_ tilestore.Heights       = (*Writer)(nil)
	_ tilestore.HeightsWriter = (*Writer)(nil)
	_ tilestore.Checkpointer  = (*Writer)(nil)
)

// Create begins the next free version of name in folder, or carries on an unfinished one of the same work. Errors: tilestore.ErrName,
// ErrLocked (somebody writes this name), ErrExists (an unfinished file of other work), ErrFull, or those of the file system, with remedy.
func Create(ctx context.Context, folder, name string, opts Options) (*Writer, error) {
	if err := errors.Join(ctx.Err(), tilestore.CheckName(name)); err != nil {
		return nil, err
	}
	l, err := acquire(lockPath(folder, name), name)
	if err != nil {
		return nil, folderFault(folder, err)
	}
	w := &Writer{folder: folder, name: name, partial: partialPath(folder, name), lock: l, shared: opts.Shared, rows: opts.Rows, check: opts.Check}
	if err := w.begin(opts); err != nil {
		w.drop()
		l.release()
		return nil, err
	}
	return w, nil
}

// folderFault gives the usual reasons why nothing can be written in a folder their remedy.
func folderFault(folder string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ENOTDIR):
		return remedy.New(folder, fmt.Errorf("no such data folder: %w", err), "make it with mkdir -p, or name another with --data")
	case errors.Is(err, fs.ErrPermission), errors.Is(err, unix.EROFS):
		return remedy.New(folder, fmt.Errorf("data folder is read-only: %w", err), "make it writable, or name another with --data")
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT):
		return full(folder + "/.")
	}
	return err
}

func (w *Writer) begin(opts Options) error {
	last, err := highest(w.folder, w.name)
	if err != nil {
		return folderFault(w.folder, err)
	}
	if last == maxVersion {
		return noNumber(w.name)
	}
	w.version = last + 1
	if err := w.unlink(); err != nil {
		return folderFault(w.folder, err)
	}
	if err := w.open(); err != nil && (errors.Is(err, tilestore.ErrForeign) || errors.Is(err, tilestore.ErrCorrupt)) {
		if err := w.replace(); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	work, found, err := w.state()
	if err != nil {
		return err
	}
	switch {
	case found && work == opts.Work:
		return w.prepare()
	case found && !opts.Force && (opts.Drops == "" || !strings.HasPrefix(work, opts.Drops)):
		return remedy.New(w.name, fmt.Errorf("%w: an unfinished one made from other sources or options", tilestore.ErrExists),
			"run the command that began it, to carry on; --force, or terrane rm "+w.name+" --unfinished, drops it")
	case found:
		if err := w.replace(); err != nil {
			return err
		}
	}
	return w.fresh(opts.Work)
}

func noNumber(name string) error {
	return remedy.New(name, fmt.Errorf("%w: version %d, the last possible", tilestore.ErrExists, maxVersion), "rename that file, or use another --name")
}

// unlink takes the unfinished name off a file that has another name too: a version that was published by a link (see rename) just before its
// writer died. Writing on would change what readers hold for unchangeable.
func (w *Writer) unlink() error {
	var file unix.Stat_t
	if err := unix.Stat(w.partial, &file); err != nil || file.Nlink < 2 {
		return nil // none, or one that open has an opinion on
	}
	return removePartial(w.partial)
}

// open connects to the partial file, which may be new. The lock is ours, so SQLite needs no shared memory of its own (EXCLUSIVE). Bytes that
// fall free are zeroed (secure_delete), lest they tell how often the work was interrupted. The log is folded in every 4 MB: that, and what one
// transaction holds, is all the room that is needed beyond the finished file.
func (w *Writer) open() (err error) {
	if w.db, err = openWriting(w.partial); err != nil {
		return folderFault(w.folder, err)
	}
	return nil
}

func openWriting(path string) (*sqlite.Conn, error) {
	db, err := openConn(path, "mode=rwc")
	if err != nil {
		return nil, err
	}
	err = db.Exec(fmt.Sprintf(`PRAGMA page_size=%d; PRAGMA cache_size=-16384; PRAGMA secure_delete=ON;
		PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=256`, pageSize))
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// replace drops what is there and connects to a new file.
func (w *Writer) replace() error {
	w.drop()
	if err := removePartial(w.partial); err != nil {
		return folderFault(w.folder, err)
	}
	return w.open()
}

// state reads whose work the partial file is and how much of it is done. A file without tables is new.
func (w *Writer) state() (work string, found bool, err error) {
	tables, err := w.db.Text("SELECT count(*) FROM sqlite_master")
	if err != nil || tables == "0" {
		return "", false, err
	}
	if work, err = w.db.Text(selectMetadata, rowWork); err != nil {
		return "", false, err
	}
	done, err := w.db.Text(selectMetadata, rowDone)
	if err != nil {
		return "", false, err
	}
	w.kept = true
	w.done, err = strconv.Atoi(done)
	return work, true, err
}

// fresh makes the tables in one transaction: a file has all of them or none.
func (w *Writer) fresh(work string) error {
	w.done, w.kept = 0, false
	marks := fmt.Sprintf("BEGIN; PRAGMA application_id=%d; PRAGMA user_version=%d;", ApplicationID, Layout)
	tables := schema
	if w.shared {
		tables = sharedSchema
	}
	if err := w.db.Exec(marks + tables); err != nil {
		return err
	}
	for _, row := range [][2]string{{rowWork, work}, {rowDone, doneText(0)}} {
		if err := w.db.Exec("INSERT INTO metadata VALUES (?, ?)", row[0], row[1]); err != nil {
			return err
		}
	}
	if err := w.db.Exec("COMMIT"); err != nil {
		return err
	}
	return w.prepare()
}

func doneText(n int) string { return fmt.Sprintf("%012d", n) }

// What is put again unchanged is not written again: work that is repeated after a kill leaves the same bytes.
const (
	upsertTile = `INSERT INTO tiles (zoom_level, tile_column, tile_row, tile_hash, tile_data) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (zoom_level, tile_row, tile_column) DO UPDATE SET tile_hash = excluded.tile_hash, tile_data = excluded.tile_data
		WHERE tile_hash IS NOT excluded.tile_hash`
	upsertHeights = `INSERT INTO heights (zoom, "column", "row", hash, data) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (zoom, "row", "column") DO UPDATE SET hash = excluded.hash, data = excluded.data
		WHERE hash IS NOT excluded.hash`
	insertImage = "INSERT INTO images (content, mime, tile_data) VALUES (?, ?, ?) ON CONFLICT (content) DO NOTHING"
	upsertPlace = `INSERT INTO map (zoom_level, tile_column, tile_row, tile_hash, tile_id) VALUES (?, ?, ?, ?, (SELECT tile_id FROM images WHERE content = ?))
		ON CONFLICT (zoom_level, tile_row, tile_column) DO UPDATE SET tile_hash = excluded.tile_hash, tile_id = excluded.tile_id
		WHERE tile_hash IS NOT excluded.tile_hash`
)

const selectMetadata = "SELECT value FROM metadata WHERE name = ?"

func (w *Writer) prepare() (err error) {
	statements := map[string]**sqlite.Statement{upsertTile: &w.tile, upsertHeights: &w.heights, selectHeights: &w.read, selectTile: &w.again}
	if w.shared {
		delete(statements, upsertTile)
		statements[insertImage], statements[upsertPlace] = &w.image, &w.tile
	}
	for sql, to := range statements {
		if *to, err = w.db.Prepare(sql); err != nil {
			return err
		}
	}
	return w.db.Exec("BEGIN IMMEDIATE")
}

// Version returns the number that the version will have.
func (w *Writer) Version() int { return w.version }

// Done returns the units of work that the last checkpoint was given, 0 for a new file.
func (w *Writer) Done() int { return w.done }

// Put stores a tile; a later Put of the same place replaces it. data must not be empty.
func (w *Writer) Put(ctx context.Context, c tilegrid.Coord, data []byte) error {
	return w.put(ctx, c, data, func(hash []byte) error {
		if !w.shared {
			return w.tile.Exec(int64(c.Z), int64(c.X), int64(c.Y), hash, data)
		}
		sum := sha256.Sum256(data)
		content := sum[:len(tilestore.Hash{})]
		mime, _ := Sniff(data)
		if err := w.image.Exec(content, mime, data); err != nil {
			return err
		}
		return w.tile.Exec(int64(c.Z), int64(c.X), int64(c.Y), hash, content)
	})
}

// PutHeights stores a grid of heights beside the tiles.
func (w *Writer) PutHeights(ctx context.Context, c tilegrid.Coord, data []byte) error {
	return w.put(ctx, c, data, func(hash []byte) error {
		return w.heights.Exec(int64(c.Z), int64(c.X), int64(c.Y), hash, data)
	})
}

func (w *Writer) put(ctx context.Context, c tilegrid.Coord, data []byte, insert func(hash []byte) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := tilegrid.Geodetic.Check(c); err != nil {
		return err
	}
	if len(data) == 0 {
		return fmt.Errorf("mbtiles: %s of %s is empty", c, w.name)
	}
	h := tilestore.HashTile(c, data)
	return w.using(func() error { return insert(h[:]) })
}

// using runs f with the connection and remembers its first failure.
func (w *Writer) using(f func() error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.db == nil {
		return fmt.Errorf("mbtiles: write %s: %w", w.name, fs.ErrClosed)
	}
	if w.failed == nil {
		w.failed = f()
	}
	return w.failed
}

// Heights returns the grid that was put at c, whether checkpointed yet or not.
func (w *Writer) Heights(ctx context.Context, c tilegrid.Coord) ([]byte, error) {
	b, err := w.point(ctx, c, func() *sqlite.Statement { return w.read })
	if err != nil {
		return nil, err
	}
	return b.checked(w.partial, c)
}

// Tile returns the tile that was put at c, whether checkpointed yet or not.
func (w *Writer) Tile(ctx context.Context, c tilegrid.Coord) (tilestore.Tile, error) {
	b, err := w.point(ctx, c, func() *sqlite.Statement { return w.again })
	if err != nil {
		return tilestore.Tile{}, err
	}
	data, err := b.checked(w.partial, c)
	if err != nil {
		return tilestore.Tile{}, err
	}
	return tilestore.Tile{Data: data, ETag: tilestore.Hash(b.hash).ETag()}, nil
}

func (w *Writer) point(ctx context.Context, c tilegrid.Coord, s func() *sqlite.Statement) (b blob, err error) {
	if err := ctx.Err(); err != nil {
		return b, err
	}
	err = w.using(func() error { return b.read(s(), c) })
	return b, err
}

// Formats returns the MIME types of what was put, sorted; "" stands for tiles that are no pictures. Only shared tiles are known by their format.
func (w *Writer) Formats(ctx context.Context) (types []string, err error) {
	err = w.using(func() error {
		return w.db.Each("SELECT DISTINCT mime FROM images ORDER BY mime", func(v []driver.Value) error {
			types = append(types, sqlite.AsText(v[0]))
			return ctx.Err()
		})
	})
	return types, err
}

// Coords yields the tiles put so far of one level, sorted by row, then column.
func (w *Writer) Coords(ctx context.Context, z uint8) iter.Seq2[tilegrid.Coord, error] {
	return func(yield func(tilegrid.Coord, error) bool) {
		var tiles []tilegrid.Coord
		err := w.using(func() error {
			return w.db.Each(selectLevel, func(v []driver.Value) error {
				tiles = append(tiles, coordOf(int64(z), v[0], v[1]))
				return ctx.Err()
			}, int64(z))
		})
		for _, c := range tiles {
			if !yield(c, nil) {
				return
			}
		}
		if err != nil {
			yield(tilegrid.Coord{}, err)
		}
	}
}

// Checkpoint ends the transaction: all that was put stays, and done with it, also if the process is killed right after.
func (w *Writer) Checkpoint(ctx context.Context, done int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return w.using(func() error {
		if err := w.save(done); err != nil {
			return err
		}
		return w.db.Exec("BEGIN IMMEDIATE")
	})
}

func (w *Writer) save(done int) error {
	if err := w.db.Exec("UPDATE metadata SET value = ? WHERE name = ?", doneText(done), rowDone); err != nil {
		return err
	}
	if err := w.db.Exec("COMMIT"); err != nil {
		return err
	}
	w.done, w.kept = done, true
	return nil
}

// Close ends the work. Without Commit it keeps what was checkpointed, for a later Create of the same work, and removes a file that has nothing.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lock == nil {
		return nil
	}
	err := w.drop()
	if !w.kept {
		err = errors.Join(err, removePartial(w.partial))
	}
	w.lock.release()
	w.lock = nil
	return err
}

// Discard is Close, but keeps nothing: for work that begins from nothing anyway. After Commit it is Close.
func (w *Writer) Discard() error {
	w.mu.Lock()
	w.kept = false
	w.mu.Unlock()
	return w.Close()
}

// drop closes the connection; SQLite rolls back what was not checkpointed.
func (w *Writer) drop() error {
	if w.db == nil {
		return nil
	}
	for _, s := range []*sqlite.Statement{w.tile, w.image, w.heights, w.read, w.again} {
		if s != nil {
			s.Close()
		}
	}
	err := w.db.Close()
	w.db, w.tile, w.image, w.heights, w.read, w.again = nil, nil, nil, nil, nil, nil
	return err
}

// removePartial removes an unfinished file and what SQLite keeps beside it.
func removePartial(path string) error {
	for _, suffix := range []string{"-wal", "-journal", adoptedSuffix + "-wal", adoptedSuffix, ""} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
