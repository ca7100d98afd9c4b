package mbtiles

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"

	"github.com/terrane/terrane/tilestore"
)

// Integrity returns what is wrong with the file beside its tiles, nothing for a sound one. It reads the whole structure as SQLite knows it: pages that
// belong to no table or to two, rows out of order, cells that reach beyond their page. And it holds every grid of heights against its hash. Who reads all tiles
// too, as verify does, has then seen every byte that matters.
func (r *Reader) Integrity(ctx context.Context) ([]string, error) {
	s, err := r.pool.get(ctx)
	if err != nil {
		return nil, err
	}
	defer r.pool.put(s)
	faults, err := s.db.quickCheck(ctx)
	if err != nil || s.heights == nil {
		return faults, err
	}
	rotten, err := r.rottenHeights(ctx, s.db)
	return append(faults, rotten...), err
}

// quickCheck is PRAGMA quick_check, which an ended context interrupts.
func (c *conn) quickCheck(ctx context.Context) ([]string, error) {
	check, err := c.prepare("PRAGMA quick_check")
	if err != nil {
		return nil, err
	}
	defer check.s.Close()
	rows, err := check.s.QueryContext(ctx, nil)
	if err != nil {
		return nil, errors.Join(ctx.Err(), fault(c.path, err))
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
		case errors.Is(fault(c.path, err), tilestore.ErrCorrupt):
			return append(faults, err.Error()), nil
		case err != nil:
			return faults, fault(c.path, err)
		}
		if text := asText(row[0]); text != "ok" {
			faults = append(faults, text)
		}
	}
}

const selectAllHeights = `SELECT zoom, "column", "row", hash, data FROM heights`

// rottenHeights reads all heights and names those that do not match their hash. A page that SQLite cannot read ends the list.
func (r *Reader) rottenHeights(ctx context.Context, db *conn) ([]string, error) {
	var faults []string
	err := db.each(selectAllHeights, func(v []driver.Value) error {
		c := coordOf(v[0], v[1], v[2])
		hash, _ := v[3].([]byte)
		data, _ := v[4].([]byte)
		if h := tilestore.HashTile(c, data); string(h[:]) != string(hash) {
			faults = append(faults, fmt.Sprintf("heights of %s do not match their hash", c))
		}
		return ctx.Err()
	})
	if errors.Is(err, tilestore.ErrCorrupt) {
		return append(faults, "heights: "+err.Error()), nil
	}
	return faults, err
}
