package mbtiles

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"syscall"

	"github.com/mattn/go-sqlite3"

	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/tilestore"
)

// conn is one SQLite connection, used by one goroutine at a time. database/sql is left out: its pool and locks cost as much as a point read.
type conn struct {
	db   *sqlite3.SQLiteConn
	path string
}

// openConn opens path with the URI parameters given, such as "mode=ro&immutable=1".
func openConn(path, params string) (*conn, error) {
	whole, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	uri := url.URL{Scheme: "file", Path: whole, RawQuery: params + "&_mutex=no"}
	db, err := (&sqlite3.SQLiteDriver{}).Open(uri.String())
	if err != nil {
		return nil, fault(path, err)
	}
	return &conn{db: db.(*sqlite3.SQLiteConn), path: path}, nil
}

func (c *conn) close() error { return fault(c.path, c.db.Close()) }

// exec runs statements without results.
func (c *conn) exec(sql string, args ...driver.Value) error {
	_, err := c.db.Exec(sql, args)
	return fault(c.path, err)
}

func (c *conn) prepare(sql string) (*statement, error) {
	s, err := c.db.Prepare(sql)
	if err != nil {
		return nil, fault(c.path, err)
	}
	return &statement{s: s.(*sqlite3.SQLiteStmt), path: c.path}, nil
}

// each runs a query and calls row for every row, until row returns an error. The values are valid during the call only.
func (c *conn) each(sql string, row func(values []driver.Value) error, args ...driver.Value) error {
	s, err := c.prepare(sql)
	if err != nil {
		return err
	}
	defer s.s.Close()
	return s.each(row, args...)
}

// text returns the first column of the first row, "" if there is none.
func (c *conn) text(sql string, args ...driver.Value) (string, error) {
	var text string
	err := c.each(sql, func(v []driver.Value) error {
		text = asText(v[0])
		return errEnough
	}, args...)
	return text, err
}

// asText reads a value of a column whose type is not declared, or declared wrongly.
func asText(v driver.Value) string {
	switch v := v.(type) {
	case string:
		return v
	case []byte:
		return string(v)
	case nil:
		return ""
	}
	return fmt.Sprint(v)
}

// errEnough ends each early without being an error.
var errEnough = errors.New("mbtiles: enough rows")

// statement is a prepared statement with its argument slots, reused from call to call.
type statement struct {
	s    *sqlite3.SQLiteStmt
	path string
	args []driver.NamedValue
	row  []driver.Value
}

func (s *statement) bind(values []driver.Value) []driver.NamedValue {
	s.args = s.args[:0]
	for i, v := range values {
		s.args = append(s.args, driver.NamedValue{Ordinal: i + 1, Value: v})
	}
	return s.args
}

func (s *statement) exec(values ...driver.Value) error {
	// The background context keeps the driver from starting a goroutine for each row.
	_, err := s.s.ExecContext(context.Background(), s.bind(values))
	return fault(s.path, err)
}

func (s *statement) each(row func([]driver.Value) error, values ...driver.Value) error {
	rows, err := s.s.QueryContext(context.Background(), s.bind(values))
	if err != nil {
		return fault(s.path, err)
	}
	defer rows.Close()
	if s.row == nil {
		s.row = make([]driver.Value, len(rows.Columns()))
	}
	for {
		if err := rows.Next(s.row); err == io.EOF {
			return nil
		} else if err != nil {
			return fault(s.path, err)
		}
		if err := row(s.row); err == errEnough {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// fault turns an error of SQLite into one of tilestore that names the file; nil stays nil.
func fault(path string, err error) error {
	var e sqlite3.Error
	if err == nil || !errors.As(err, &e) {
		return err
	}
	switch {
	case e.Code == sqlite3.ErrFull || e.SystemErrno == syscall.ENOSPC || e.SystemErrno == syscall.EDQUOT:
		return full(path)
	case e.Code == sqlite3.ErrNotADB:
		return remedy.New(path, fmt.Errorf("%w: no SQLite database", tilestore.ErrForeign), "remove it, or check that the copy is complete")
	case e.Code == sqlite3.ErrCorrupt, e.Code == sqlite3.ErrIoErr && e.ExtendedCode == sqlite3.ErrIoErrShortRead:
		return damaged(path, e.Error())
	case e.SystemErrno != 0:
		return fmt.Errorf("mbtiles: %s: %v: %w", path, e, e.SystemErrno)
	}
	return fmt.Errorf("mbtiles: %s: %v", path, e)
}

func full(path string) error {
	return remedy.New(filepath.Dir(path), tilestore.ErrFull, "free some space there and run the same command again: it carries on where it stopped")
}

func damaged(path, why string) error {
	return remedy.New(path, fmt.Errorf("%w: %s", tilestore.ErrCorrupt, why), "make it again, or copy it again from a good one")
}
