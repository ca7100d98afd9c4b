package mbtiles

import (
	"context"
	"crypto/sha256"
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"

	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/internal/sqlite"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// Entry is a stored tile, or a grid of heights: its place, hash and number of bytes.
type Entry struct {
	Coord tilegrid.Coord
	Hash  tilestore.Hash
	Bytes int64
}

const (
	selectTileEntries   = "SELECT zoom_level, tile_column, tile_row, tile_hash, length(tile_data) FROM tiles ORDER BY zoom_level, tile_row, tile_column"
	selectHeightEntries = `SELECT zoom, "column", "row", hash, length(data) FROM heights ORDER BY zoom, "row", "column"`
)

// TileEntries yields what is known of the tiles without reading them, ordered by level, row, column; nothing of a file by others, which
// has no hashes.
// It keeps a connection for as long as it runs.
func (r *Reader) TileEntries(ctx context.Context) iter.Seq2[Entry, error] {
	return r.entries(ctx, selectTileEntries)
}

// HeightEntries is TileEntries of the grids of heights.
func (r *Reader) HeightEntries(ctx context.Context) iter.Seq2[Entry, error] {
	return r.entries(ctx, selectHeightEntries)
}

func (r *Reader) entries(ctx context.Context, query string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		if !r.own {
			return
		}
		s, err := r.pool.get(ctx)
		if err != nil {
			yield(Entry{}, err)
			return
		}
		defer r.pool.put(s)
		err = s.db.Each(query, func(v []driver.Value) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			e := Entry{Coord: coordOf(v[0], v[1], v[2])}
			hash, _ := v[3].([]byte)
			copy(e.Hash[:], hash)
			e.Bytes, _ = v[4].(int64)
			if !yield(e, nil) {
				return sqlite.ErrEnough
			}
			return nil
		})
		if err != nil {
			yield(Entry{}, err)
		}
	}
}

// HeightsManifest returns the manifest of the grids of heights, computed as that of the tiles out of their stored hashes.
func (r *Reader) HeightsManifest(ctx context.Context) (string, error) {
	m := tilestore.NewManifest()
	for e, err := range r.HeightEntries(ctx) {
		if err != nil {
			return "", err
		}
		m.Add(e.Coord, e.Hash)
	}
	return m.Sum(), nil
}

// MarshalInfo writes what a file says of its dataset as JSON: all of info but name, version and size, as in the row "terrane" of docs/formats.md.
func MarshalInfo(info tilestore.Info) ([]byte, error) {
	text, err := encodeInfo(info)
	return []byte(text), err
}

// UnmarshalInfo reads what MarshalInfo wrote. Errors wrap tilestore.ErrCorrupt.
func UnmarshalInfo(data []byte) (tilestore.Info, error) {
	return decodeInfo(string(data), hashText(string(data)))
}

// Restore publishes a copy of a finished file of ours as the version, byte by byte, in place of Put and Commit. sum is the SHA-256 that the file must
// have, hex; "" for any. Errors wrap tilestore.ErrForeign or ErrCorrupt, or are those of [Writer.Commit].
func (w *Writer) Restore(ctx context.Context, path, sum string) error {
	if _, own, err := inspect(path); err != nil {
		return err
	} else if !own {
		return remedy.New(path, fmt.Errorf("%w: this program did not make it", tilestore.ErrForeign), "terrane import takes files by others")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lock == nil {
		return fmt.Errorf("mbtiles: write %s: %w", w.name, fs.ErrClosed)
	}
	w.kept = false
	if err := errors.Join(w.drop(), removePartial(w.partial)); err != nil {
		return err
	}
	got, err := copySynced(ctx, path, w.partial)
	if err != nil {
		return folderFault(w.folder, err)
	}
	if sum != "" && got != sum {
		return remedy.New(path, fmt.Errorf("%w: its SHA-256 is %s, not %s", tilestore.ErrCorrupt, got, sum), "copy it again from a good one")
	}
	r, err := Open(ctx, w.partial)
	if err != nil {
		return err
	}
	if err := r.Close(); err != nil {
		return err
	}
	if err := dropPin(w.folder, w.name, w.missing); err != nil {
		return err
	}
	if err := w.rename(); err != nil {
		return folderFault(w.folder, err)
	}
	w.kept = true
	return syncFolder(w.folder)
}

// copySynced copies a file to a new one and returns its SHA-256. The first bytes, which make it a database, come last: a copy that was cut short is
// taken for none.
func copySynced(ctx context.Context, from, to string) (sum string, err error) {
	in, err := os.Open(from)
	if err != nil {
		return "", err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	head := make([]byte, len(sqliteMagic))
	if _, err := io.ReadFull(in, head); err != nil {
		return "", err
	}
	hash := sha256.New()
	hash.Write(head)
	if _, err := out.Write(make([]byte, len(head))); err != nil {
		return "", err
	}
	for chunk := make([]byte, 1<<20); ; {
		n, err := in.Read(chunk)
		hash.Write(chunk[:n])
		if _, wrong := out.Write(chunk[:n]); wrong != nil {
			return "", wrong
		}
		if err == io.EOF {
			break
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			return "", err
		}
	}
	if err := out.Sync(); err != nil {
		return "", err
	}
	if _, err := out.WriteAt(head, 0); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), out.Sync()
}
