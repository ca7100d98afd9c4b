package mbtiles

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/paulmach/orb"
	"golang.org/x/sys/unix"

	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// Commit publishes what was put as the next version of the dataset. Kind, Format, Grid, Bound, Title, Attribution, Extensions, Vertical and
// Provenance are taken from info; all else follows from the tiles. Without a Bound, that of the deepest level's tiles is taken. When it
// returns nil the file has its final name and survives a power cut. After an error the work can be carried on by a later Create.
func (w *Writer) Commit(ctx context.Context, info tilestore.Info) error {
	err := w.using(func() error {
		info.Name, info.Version = w.name, w.version
		if err := w.survey(ctx, &info); err != nil {
			return err
		}
		return w.describe(ctx, info)
	})
	if err != nil {
		return err
	}
	return w.publish(ctx, info)
}

// survey walks all tiles in order and fills in levels, availability, count and manifest.
func (w *Writer) survey(ctx context.Context, info *tilestore.Info) error {
	var level []tilegrid.Coord
	manifest := tilestore.NewManifest()
	info.Available, info.Tiles = nil, 0
	err := w.db.Each(selectAllHashes, func(v []driver.Value) error {
		c := coordOf(v[0], v[1], v[2])
		if err := errors.Join(ctx.Err(), info.Grid.Check(c)); err != nil {
			return err
		}
		if len(level) > 0 && level[0].Z != c.Z {
			closeLevel(info, level)
			level = level[:0]
		}
		hash, _ := v[3].([]byte)
		manifest.Add(c, tilestore.Hash(hash))
		level = append(level, c)
		return nil
	})
	if err != nil {
		return err
	}
	if len(level) == 0 {
		return fmt.Errorf("mbtiles: %s has no tiles", w.name)
	}
	closeLevel(info, level)
	info.Manifest = manifest.Sum()
	if info.Bound == (orb.Bound{}) {
		info.Bound = coverOf(*info)
	}
	return nil
}

const selectAllHashes = "SELECT zoom_level, tile_column, tile_row, tile_hash FROM tiles ORDER BY zoom_level, tile_row, tile_column"

// coordOf reads a place. What is no number or too large becomes a place outside every grid.
func coordOf(z, x, y driver.Value) tilegrid.Coord {
	return tilegrid.Coord{Z: uint8(cell(z, math.MaxUint8)), X: uint32(cell(x, math.MaxUint32)), Y: uint32(cell(y, math.MaxUint32))}
}

func cell(v driver.Value, limit int64) int64 {
	if n, ok := v.(int64); ok && n >= 0 && n < limit {
		return n
	}
	return limit
}

// closeLevel appends the availability of a level whose tiles are sorted, with empty ones for the levels skipped.
func closeLevel(info *tilestore.Info, sorted []tilegrid.Coord) {
	z := sorted[0].Z
	if info.Available == nil {
		info.Levels[0] = z
	}
	for len(info.Available) < int(z) {
		info.Available = append(info.Available, nil)
	}
	info.Available = append(info.Available, tilegrid.Ranges(sorted))
	info.Levels[1] = z
	info.Tiles += int64(len(sorted))
}

// coverOf returns the ground that the deepest level's tiles cover.
func coverOf(info tilestore.Info) orb.Bound {
	z := info.Levels[1]
	var b orb.Bound
	for k, r := range info.Available[z] {
		corner := info.Grid.Bound(tilegrid.Coord{Z: z, X: r.MinX, Y: r.MinY}).Union(info.Grid.Bound(tilegrid.Coord{Z: z, X: r.MaxX, Y: r.MaxY}))
		if k == 0 {
			b = corner
		}
		b = b.Union(corner)
	}
	return b
}

// describe writes the metadata and ends the last transaction. A row that says the same already is left alone: an ingest killed after
// this and carried on leaves the same bytes.
func (w *Writer) describe(ctx context.Context, info tilestore.Info) error {
	text, err := encodeInfo(info)
	if err != nil {
		return fmt.Errorf("mbtiles: describe %s: %w", w.name, err)
	}
	heights, err := heightsManifest(w.db, selectHeightHashes, func(tilegrid.Coord, tilestore.Hash, []driver.Value) error { return ctx.Err() })
	if err != nil {
		return err
	}
	rows := append(metadata(info), [2]string{rowInfo, text}, [2]string{rowInfoHash, hashText(text)}, [2]string{rowHeights, heights})
	if w.rows != nil {
		more, err := w.rows(info)
		if err != nil {
			return fmt.Errorf("mbtiles: describe %s: %w", w.name, err)
		}
		for _, name := range slices.Sorted(maps.Keys(more)) {
			rows = append(rows, [2]string{name, more[name]})
		}
	}
	for _, r := range rows {
		if err := w.db.Exec(upsertMetadata, r[0], r[1]); err != nil {
			return err
		}
	}
	all, err := allRows(w.db)
	if err != nil {
		return err
	}
	if err := w.db.Exec(upsertMetadata, rowRows, hashRows(all)); err != nil {
		return err
	}
	return w.db.Exec("COMMIT")
}

const upsertMetadata = "INSERT INTO metadata VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE value IS NOT excluded.value"

// publish folds the write-ahead log into the file, syncs it, has it checked, gives it its final name and syncs the folder.
func (w *Writer) publish(ctx context.Context, info tilestore.Info) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.kept = true
	mode, err := w.db.Text("PRAGMA journal_mode=DELETE")
	if err == nil && mode != "delete" {
		err = fmt.Errorf("mbtiles: %s stays in journal mode %s", w.partial, mode)
	}
	if err = errors.Join(err, w.drop()); err != nil {
		return err
	}
	if err := seal(w.partial); err != nil {
		return folderFault(w.folder, err)
	}
	if err := w.checkSealed(ctx, info); err != nil {
		return err
	}
	if err := dropPin(w.folder, w.name, w.missing); err != nil { // a pin to what was removed by hand is not for the version that takes its number
		return err
	}
	if err := w.rename(); err != nil {
		return folderFault(w.folder, err)
	}
	return syncFolder(w.folder)
}

// checkSealed has the finished file looked through under its unfinished name. What is wrong in itself is not kept.
func (w *Writer) checkSealed(ctx context.Context, info tilestore.Info) error {
	if w.check == nil {
		return nil
	}
	r, err := Open(ctx, w.partial)
	if err != nil {
		return err
	}
	r.info.Name, r.info.Version = info.Name, info.Version
	err = w.check(ctx, r)
	if errors.Is(err, tilestore.ErrInvalid) || errors.Is(err, tilestore.ErrCorrupt) {
		w.kept = false
	}
	return errors.Join(err, r.Close())
}

// seal sets the two counters of the SQLite header that tell how often the file was written (change counter at byte 24, and
// version-valid-for at 92, which must be equal) to one, so that a run in pieces leaves the same bytes as a run in one, and syncs it.
func seal(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	one := []byte{0, 0, 0, 1}
	for _, at := range []int64{24, 92} {
		if _, err := f.WriteAt(one, at); err != nil {
			return err
		}
	}
	return f.Sync()
}

// rename gives the file its final name, never over another: if somebody dropped that version in meanwhile, the next number is taken.
func (w *Writer) rename() error {
	for {
		err := unix.Renameat2(unix.AT_FDCWD, w.partial, unix.AT_FDCWD, w.Path(), unix.RENAME_NOREPLACE)
		switch {
		case errors.Is(err, unix.EINVAL), errors.Is(err, unix.ENOSYS): // a file system without it, such as NFS
			if err := os.Link(w.partial, w.Path()); err == nil {
				return os.Remove(w.partial)
			} else if !errors.Is(err, os.ErrExist) {
				return err
			}
		case !errors.Is(err, unix.EEXIST):
			return err
		}
		if w.version == maxVersion {
			return noNumber(w.name)
		}
		w.version++
	}
}

// missing tells whether there is no such version.
func (w *Writer) missing(version int) bool {
	_, err := os.Lstat(filepath.Join(w.folder, Ref{w.name, version}.file()))
	return errors.Is(err, fs.ErrNotExist)
}

// Path returns where the version is once it is published.
func (w *Writer) Path() string { return filepath.Join(w.folder, Ref{w.name, w.version}.file()) }

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
