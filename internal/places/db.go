package places

import (
	"database/sql/driver"
	"fmt"
	"path/filepath"

	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/internal/sqlite"
	"github.com/terrane/terrane/tilestore"
)

// openDB opens path with the URI parameters given, such as "mode=ro&immutable=1".
func openDB(path, params string) (*sqlite.Conn, error) {
	return sqlite.Open(path, params, &sqlite.Faults{Owner: "places", Full: full, Foreign: foreign, Damaged: damaged})
}

// numberOf returns the first column of the first row, 0 if it is none.
func numberOf(d *sqlite.Conn, sql string) (n int64, err error) {
	err = d.Each(sql, func(v []driver.Value) error {
		n, _ = v[0].(int64)
		return nil
	})
	return n, err
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
	defer d.Close()
	n, err := numberOf(d, "SELECT sqlite_compileoption_used('ENABLE_FTS5')")
	if err == nil && n == 0 {
		return remedy.New("", ErrNoFTS5, "make, or go build -tags sqlite_fts5 ./cmd/terrane")
	}
	return err
}

func full(path, _ string) error {
	return remedy.New(filepath.Dir(path), tilestore.ErrFull, "free some space there and run the same command again")
}

func foreign(path, why string) error {
	return remedy.New(path, fmt.Errorf("%w: %s", tilestore.ErrForeign, why), "remove it, or check that the copy is complete")
}

func damaged(path, why string) error {
	return remedy.New(path, fmt.Errorf("%w: %s", tilestore.ErrCorrupt, why), "make it again, or copy it again from a good one")
}
