package places

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

// db is one SQLite connection, used by one goroutine at a time.
type db struct {
	c    *sqlite3.SQLiteConn
	path string
}

// openDB opens path with the URI parameters given, such as "mode=ro&immutable=1".
func openDB(path, params string) (*db, error) {
	whole, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	uri := url.URL{Scheme: "file", Path: whole, RawQuery: params + "&_mutex=no"}
	c, err := (&sqlite3.SQLiteDriver{}).Open(uri.String())
	if err != nil {
		return nil, fault(path, err)
	}
	return &db{c.(*sqlite3.SQLiteConn), path}, nil
}

func (d *db) close() error { return fault(d.path, d.c.Close()) }

func (d *db) exec(sql string, args ...driver.Value) error {
	_, err := d.c.Exec(sql, args)
	return fault(d.path, err)
}

func (d *db) prepare(sql string) (*statement, error) {
	s, err := d.c.Prepare(sql)
	if err != nil {
		return nil, fault(d.path, err)
	}
	return &statement{s: s.(*sqlite3.SQLiteStmt), path: d.path}, nil
}

// each runs a query and calls row for every row, until row returns an error. The values are valid during the call only.
func (d *db) each(sql string, row func([]driver.Value) error, args ...driver.Value) error {
	s, err := d.prepare(sql)
	if err != nil {
		return err
	}
	defer s.close()
	return s.each(row, args...)
}

// number returns the first column of the first row, 0 if it is none.
func (d *db) number(sql string) (n int64, err error) {
	err = d.each(sql, func(v []driver.Value) error {
		n, _ = v[0].(int64)
		return nil
	})
	return n, err
}

// errEnough ends each early without being an error.
var errEnough = errors.New("places: enough rows")

// statement is a prepared statement with its argument slots, reused from call to call.
type statement struct {
	s    *sqlite3.SQLiteStmt
	path string
	args []driver.NamedValue
	row  []driver.Value
}

func (s *statement) close() { s.s.Close() }

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

// textOf and floatOf read values of columns whose types are declared, but may be anything in a damaged file.
func textOf(v driver.Value) string {
	s, _ := v.(string)
	return s
}

func floatOf(v driver.Value) float64 {
	f, _ := v.(float64)
	return f
}

func intOf(v driver.Value) int64 {
	n, _ := v.(int64)
	return n
}

// Supported returns nil if this program's SQLite has the full-text index, else an error that says how to build it so; it wraps [ErrNoFTS5].
func Supported() error {
	d, err := openDB("none", "mode=memory")
	if err != nil {
		return err
	}
	defer d.close()
	n, err := d.number("SELECT sqlite_compileoption_used('ENABLE_FTS5')")
	if err == nil && n == 0 {
		return remedy.New("", ErrNoFTS5, "make, or go build -tags sqlite_fts5 ./cmd/terrane")
	}
	return err
}

// fault turns an error of SQLite into one that names the file; nil stays nil.
func fault(path string, err error) error {
	var e sqlite3.Error
	if err == nil || !errors.As(err, &e) {
		return err
	}
	switch {
	case e.Code == sqlite3.ErrFull || e.SystemErrno == syscall.ENOSPC || e.SystemErrno == syscall.EDQUOT:
		return remedy.New(filepath.Dir(path), tilestore.ErrFull, "free some space there and run the same command again")
	case e.Code == sqlite3.ErrNotADB:
		return foreign(path, "no SQLite database")
	case e.Code == sqlite3.ErrCorrupt, e.Code == sqlite3.ErrIoErr && e.ExtendedCode == sqlite3.ErrIoErrShortRead:
		return remedy.New(path, fmt.Errorf("%w: %s", tilestore.ErrCorrupt, e.Error()), "make it again, or copy it again from a good one")
	case e.SystemErrno != 0:
		return fmt.Errorf("places: %s: %v: %w", path, e, e.SystemErrno)
	}
	return fmt.Errorf("places: %s: %v", path, e)
}

func foreign(path, why string) error {
	return remedy.New(path, fmt.Errorf("%w: %s", tilestore.ErrForeign, why), "remove it, or check that the copy is complete")
}
