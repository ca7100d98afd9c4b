package mbtiles

import (
	"context"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/terrane/terrane/internal/sqlite"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// Integrity returns what is wrong with the file beside its tiles, nothing for a sound one. It reads the whole structure as SQLite knows it: pages that
// belong to no table or to two, rows out of order, cells that reach beyond their page. Who reads all tiles too, and calls [Reader.CheckHeights] and
// [Reader.CheckMetadata], as verify does, has then seen every byte that matters.
func (r *Reader) Integrity(ctx context.Context) ([]string, error) {
	s, err := r.pool.get(ctx)
	if err != nil {
		return nil, err
	}
	defer r.pool.put(s)
	return quickCheck(ctx, s.db)
}

// quickCheck is PRAGMA quick_check, which an ended context interrupts.
func quickCheck(ctx context.Context, c *sqlite.Conn) ([]string, error) {
	check, err := c.Prepare("PRAGMA quick_check")
	if err != nil {
		return nil, err
	}
	defer check.Close()
	rows, err := check.Query(ctx)
	if err != nil {
		return nil, errors.Join(ctx.Err(), c.Fault(err))
	}
	defer rows.Close()
	var faults []string
	for row := make([]driver.Value, 1); ; {
		err := rows.Next(row)
		switch {
		case err == io.EOF:
			return faults, nil
		case ctx.Err() != nil:
			return faults, ctx.Err()
		case errors.Is(c.Fault(err), tilestore.ErrCorrupt):
			return append(faults, err.Error()), nil
		case err != nil:
			return faults, c.Fault(err)
		}
		if text := sqlite.AsText(row[0]); text != "ok" {
			faults = append(faults, text)
		}
	}
}

// CheckHeights reads all grids of heights and returns an error that wraps tilestore.ErrCorrupt if one does not match its hash, or if they are not those that
// were committed. In a file without their manifest, as older ones are, the hashes alone are checked.
func (r *Reader) CheckHeights(ctx context.Context) error {
	if !r.own {
		return nil
	}
	s, err := r.pool.get(ctx)
	if err != nil {
		return err
	}
	defer r.pool.put(s)
	rows, err := allRows(s.db)
	if err != nil {
		return err
	}
	got, err := heightsManifest(s.db, selectAllHeights, func(c tilegrid.Coord, h tilestore.Hash, v []driver.Value) error {
		data, _ := v[4].([]byte)
		if tilestore.HashTile(c, data) != h {
			return damaged(r.path, fmt.Sprintf("heights of %s do not match their hash", c))
		}
		return ctx.Err()
	})
	if err == nil && rows[rowHeights] != "" && rows[rowHeights] != got {
		err = damaged(r.path, fmt.Sprintf("the heights hash to %s, the file says %s", got, rows[rowHeights]))
	}
	return err
}

const (
	selectAllHeights   = `SELECT zoom, "column", "row", hash, data FROM heights ORDER BY zoom, "row", "column"`
	selectHeightHashes = `SELECT zoom, "column", "row", hash FROM heights ORDER BY zoom, "row", "column"`
)

// heightsManifest runs one of the queries above, calls each for every grid and returns the manifest of their hashes.
func heightsManifest(db *sqlite.Conn, query string, each func(tilegrid.Coord, tilestore.Hash, []driver.Value) error) (string, error) {
	m := tilestore.NewManifest()
	err := db.Each(query, func(v []driver.Value) error {
		c := coordOf(v[0], v[1], v[2])
		var h tilestore.Hash
		if stored, _ := v[3].([]byte); len(stored) == len(h) {
			h = tilestore.Hash(stored)
		}
		m.Add(c, h)
		return each(c, h, v)
	})
	return m.Sum(), err
}

// CheckMetadata returns an error that wraps tilestore.ErrCorrupt if the rows of metadata are not those that were committed. Files without the hash of
// all rows, as older ones are, pass.
func (r *Reader) CheckMetadata(ctx context.Context) error {
	if !r.own {
		return nil
	}
	s, err := r.pool.get(ctx)
	if err != nil {
		return err
	}
	defer r.pool.put(s)
	rows, err := allRows(s.db)
	if err != nil {
		return err
	}
	_, sealed := rows[rowHeights] // came with the hash of all rows: one of the two may have lost its name
	if want, found := rows[rowRows]; (found || sealed) && want != hashRows(rows) {
		return damaged(r.path, "its metadata do not match their hash")
	}
	return nil
}

// allRows reads the metadata, past the index.
func allRows(db *sqlite.Conn) (map[string]string, error) {
	rows := map[string]string{}
	err := db.Each("SELECT name, value FROM metadata", func(v []driver.Value) error {
		rows[sqlite.AsText(v[0])] = sqlite.AsText(v[1])
		return nil
	})
	return rows, err
}

// hashRows returns SHA-256 over the rows but rowRows, sorted by name: name and value, each after its length as 8 bytes, little endian.
func hashRows(rows map[string]string) string {
	var b []byte
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		if name == rowRows {
			continue
		}
		for _, text := range []string{name, rows[name]} {
			b = binary.LittleEndian.AppendUint64(b, uint64(len(text)))
			b = append(b, text...)
		}
	}
	return hashText(string(b))
}
