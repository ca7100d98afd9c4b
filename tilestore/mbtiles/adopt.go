package mbtiles

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"

	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/tilestore"
)

// Adopt makes what was put a layer over a finished file of ours: the unfinished file becomes a copy of that one, in which what
// was put replaces or joins what is there. The other file is not changed. All that was put has to be checkpointed. It comes
// last: whether a tile was put or adopted cannot be told afterwards. Interrupted at any instant, it can be called again, and
// leaves the same bytes. Errors wrap tilestore.ErrForeign, ErrCorrupt or ErrFull, or are those of the file system.
func (w *Writer) Adopt(ctx context.Context, path string) error {
	if _, own, err := inspect(path); err != nil || !own || w.shared {
		return errors.Join(err, remedyForeign(path, err != nil || own && !w.shared))
	}
	return w.using(func() error {
		if err := w.db.Exec("COMMIT"); err != nil {
			return err
		}
		if err := w.drop(); err != nil { // folds the log in
			return err
		}
		copied := w.partial + adoptedSuffix
		if err := w.overlay(ctx, path, copied); err != nil {
			return errors.Join(err, removePartial(copied))
		}
		if err := os.Rename(copied, w.partial); err != nil {
			return folderFault(w.folder, err)
		}
		if err := w.open(); err != nil {
			return err
		}
		return w.prepare()
	})
}

// remedyForeign refuses a file that is not ours; nil if it is.
func remedyForeign(path string, own bool) error {
	if own {
		return nil
	}
	return remedy.New(path, fmt.Errorf("%w: not a dataset of this program", tilestore.ErrForeign), "name one that terrane made")
}

// adoptedSuffix is what the copy is called beside the unfinished file that it will replace.
const adoptedSuffix = "-adopted"

// overlay makes a copy of a finished file and puts the rows of the unfinished one into it.
func (w *Writer) overlay(ctx context.Context, path, copied string) error {
	if err := removePartial(copied); err != nil {
		return err
	}
	if err := copyFile(path, copied); err != nil {
		return folderFault(w.folder, err)
	}
	whole, err := filepath.Abs(w.partial)
	if err != nil {
		return err
	}
	db, err := openWriting(copied)
	if err != nil {
		return err
	}
	put := url.URL{Scheme: "file", Path: whole, RawQuery: immutable}
	if err = db.Exec("ATTACH ? AS put", put.String()); err == nil {
		err = errors.Join(ctx.Err(), db.Exec(overlay))
	}
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	return syncFile(copied)
}

// overlay puts rows of the attached file into the main one, in the order of places. Rows that are there already are left alone. Of the metadata only what
// the work is and how much of it is done comes over: the rest is written by describe, and was before if this is done again after a kill.
const overlay = `BEGIN IMMEDIATE;
	DELETE FROM main.metadata;
	INSERT INTO main.metadata SELECT name, value FROM put.metadata WHERE name IN ('` + rowWork + `', '` + rowDone + `') ORDER BY name DESC;
	INSERT INTO main.tiles (zoom_level, tile_column, tile_row, tile_hash, tile_data)
		SELECT zoom_level, tile_column, tile_row, tile_hash, tile_data FROM put.tiles WHERE true ORDER BY zoom_level, tile_row, tile_column
		ON CONFLICT (zoom_level, tile_row, tile_column) DO UPDATE SET tile_hash = excluded.tile_hash, tile_data = excluded.tile_data
		WHERE tile_hash IS NOT excluded.tile_hash;
	INSERT INTO main.heights (zoom, "column", "row", hash, data)
		SELECT zoom, "column", "row", hash, data FROM put.heights WHERE true ORDER BY zoom, "row", "column"
		ON CONFLICT (zoom, "row", "column") DO UPDATE SET hash = excluded.hash, data = excluded.data
		WHERE hash IS NOT excluded.hash;
	COMMIT`

// copyFile copies a file, by the kernel where that can.
func copyFile(from, to string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, src)
	return errors.Join(err, dst.Close())
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
