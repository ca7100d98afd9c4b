// Package sqlite is a thin hand on SQLite: one connection, prepared statements, rows as the driver has them. It is the one package that imports the
// driver. database/sql is left out: its pool and locks cost as much as a point read. What an error of SQLite means to users is for the package that
// owns the file, which says so in [Faults].
package sqlite

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
)

// ErrEnough ends [Conn.Each] and [Statement.Each] early without being an error.
var ErrEnough = errors.New("sqlite: enough rows")

// Faults make errors that name the file, for what may happen to any: a disk that is full, a file that is no database, one that is damaged. why is
// SQLite's own word for it.
type Faults struct {
	Owner                  string // package that other errors begin with
	Full, Foreign, Damaged func(path, why string) error
}

// of turns an error of SQLite into one that names the file; nil, and errors of others, stay what they are.
func (f *Faults) of(path string, err error) error {
	var e sqlite3.Error
	if err == nil || !errors.As(err, &e) {
		return err
	}
	switch {
	case e.Code == sqlite3.ErrFull || e.SystemErrno == syscall.ENOSPC || e.SystemErrno == syscall.EDQUOT:
		return f.Full(path, e.Error())
	case e.Code == sqlite3.ErrNotADB:
		return f.Foreign(path, "no SQLite database")
	case e.Code == sqlite3.ErrCorrupt, e.Code == sqlite3.ErrIoErr && e.ExtendedCode == sqlite3.ErrIoErrShortRead:
		return f.Damaged(path, e.Error())
	case e.SystemErrno != 0:
		return fmt.Errorf("%s: %s: %v: %w", f.Owner, path, e, e.SystemErrno)
	}
	return fmt.Errorf("%s: %s: %v", f.Owner, path, e)
}

// Conn is one connection, used by one goroutine at a time.
type Conn struct {
	db     *sqlite3.SQLiteConn
	path   string
	faults *Faults
}

// Open opens path with the URI parameters given, such as "mode=ro&immutable=1".
func Open(path, params string, f *Faults) (*Conn, error) {
	whole, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	uri := url.URL{Scheme: "file", Path: whole, RawQuery: params + "&_mutex=no"}
	db, err := (&sqlite3.SQLiteDriver{}).Open(uri.String())
	if err != nil {
		return nil, f.of(path, err)
	}
	return &Conn{db.(*sqlite3.SQLiteConn), path, f}, nil
}

// Close closes the connection; SQLite rolls back what was not committed.
func (c *Conn) Close() error { return c.Fault(c.db.Close()) }

// Path is what was opened.
func (c *Conn) Path() string { return c.path }

// Fault is what an error of this connection's file means, see [Faults].
func (c *Conn) Fault(err error) error { return c.faults.of(c.path, err) }

// Exec runs statements without results.
func (c *Conn) Exec(sql string, args ...driver.Value) error {
	_, err := c.db.Exec(sql, args)
	return c.Fault(err)
}

// Prepare compiles a statement, which the caller closes.
func (c *Conn) Prepare(sql string) (*Statement, error) {
	s, err := c.db.Prepare(sql)
	if err != nil {
		return nil, c.Fault(err)
	}
	return &Statement{s: s.(*sqlite3.SQLiteStmt), conn: c}, nil
}

// Each runs a query and calls row for every row, until row returns an error. The values are valid during the call only.
func (c *Conn) Each(sql string, row func(values []driver.Value) error, args ...driver.Value) error {
	s, err := c.Prepare(sql)
	if err != nil {
		return err
	}
	defer s.Close()
	return s.Each(row, args...)
}

// Text returns the first column of the first row, "" if there is none.
func (c *Conn) Text(sql string, args ...driver.Value) (string, error) {
	var text string
	err := c.Each(sql, func(v []driver.Value) error {
		text = AsText(v[0])
		return ErrEnough
	}, args...)
	return text, err
}

// AsText reads a value of a column whose type is not declared, or declared wrongly.
func AsText(v driver.Value) string {
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

// Statement is a prepared statement with its argument slots, reused from call to call.
type Statement struct {
	s    *sqlite3.SQLiteStmt
	conn *Conn
	args []driver.NamedValue
	row  []driver.Value
}

// Close frees the statement.
func (s *Statement) Close() { s.s.Close() }

func (s *Statement) bind(values []driver.Value) []driver.NamedValue {
	s.args = s.args[:0]
	for i, v := range values {
		s.args = append(s.args, driver.NamedValue{Ordinal: i + 1, Value: v})
	}
	return s.args
}

// Exec runs the statement without results.
func (s *Statement) Exec(values ...driver.Value) error {
	// The background context keeps the driver from starting a goroutine for each row.
	_, err := s.s.ExecContext(context.Background(), s.bind(values))
	return s.conn.Fault(err)
}

// Query runs the statement without arguments; the end of ctx interrupts it. Errors, those of the rows too, are the driver's: see [Conn.Fault].
func (s *Statement) Query(ctx context.Context) (driver.Rows, error) {
	return s.s.QueryContext(ctx, nil)
}

// Each is [Conn.Each] of a statement.
func (s *Statement) Each(row func([]driver.Value) error, values ...driver.Value) error {
	rows, err := s.s.QueryContext(context.Background(), s.bind(values))
	if err != nil {
		return s.conn.Fault(err)
	}
	defer rows.Close()
	if s.row == nil {
		s.row = make([]driver.Value, len(rows.Columns()))
	}
	for {
		if err := rows.Next(s.row); err == io.EOF {
			return nil
		} else if err != nil {
			return s.conn.Fault(err)
		}
		if err := row(s.row); err == ErrEnough {
			return nil
		} else if err != nil {
			return err
		}
	}
}
