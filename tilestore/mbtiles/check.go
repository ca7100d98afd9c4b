package mbtiles

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"

	"github.com/terrane/terrane/tilestore"
)

// Integrity reads the file's whole structure and returns what SQLite finds wrong with it, nothing for a sound file: pages that belong to no table or to
// two, rows out of order, cells that reach beyond their page. It does not see changed content: hashes do.
func (r *Reader) Integrity(ctx context.Context) ([]string, error) {
	s, err := r.pool.get(ctx)
	if err != nil {
		return nil, err
	}
	defer r.pool.put(s)
	return s.db.quickCheck(ctx)
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
