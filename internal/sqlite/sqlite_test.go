package sqlite

import (
	"database/sql/driver"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

var errForeign, errDamaged = errors.New("foreign"), errors.New("damaged")

func faults() *Faults {
	return &Faults{Owner: "test", Foreign: func(string, string) error { return errForeign }, Damaged: func(string, string) error { return errDamaged }}
}

func open(t *testing.T, path, params string) *Conn {
	t.Helper()
	c, err := Open(path, params, faults())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestRowsComeUntilThereAreEnough(t *testing.T) {
	c := open(t, "none", "mode=memory")
	if err := c.Exec("CREATE TABLE t (n INTEGER, s TEXT)"); err != nil {
		t.Fatal(err)
	}
	put, err := c.Prepare("INSERT INTO t VALUES (?, ?)")
	if err != nil {
		t.Fatal(err)
	}
	defer put.Close()
	for n := range int64(5) {
		if err := put.Exec(n, []byte("text")); err != nil {
			t.Fatal(err)
		}
	}
	var got []int64
	err = c.Each("SELECT n FROM t WHERE n > ? ORDER BY n", func(v []driver.Value) error {
		if got = append(got, v[0].(int64)); len(got) == 2 {
			return ErrEnough
		}
		return nil
	}, int64(1))
	if err != nil || !slices.Equal(got, []int64{2, 3}) {
		t.Errorf("%v, %v", got, err)
	}
	if text, err := c.Text("SELECT s FROM t"); err != nil || text != "text" {
		t.Errorf("%q, %v", text, err)
	}
	if text, err := c.Text("SELECT s FROM t WHERE n = 9"); err != nil || text != "" {
		t.Errorf("%q, %v", text, err)
	}
	own := errors.New("own")
	if err := c.Each("SELECT n FROM t", func([]driver.Value) error { return own }); err != own {
		t.Error(err)
	}
}

func TestAFaultIsWhatItsOwnerSays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "words.db")
	if err := os.WriteFile(path, slices.Repeat([]byte("no database. "), 100), 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := Open(path, "mode=ro", faults())
	if err == nil {
		_, err = c.Text("SELECT name FROM sqlite_master")
	}
	if err != errForeign {
		t.Errorf("a text: %v", err)
	}
	path = filepath.Join(t.TempDir(), "harmed.db")
	c = open(t, path, "mode=rwc")
	if err := c.Exec("CREATE TABLE t (s TEXT); INSERT INTO t VALUES (hex(randomblob(20000)))"); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	copy(data[4096:], slices.Repeat([]byte{0xff}, 4096)) // the table's own page
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, path, "mode=ro").Text("SELECT s FROM t"); err != errDamaged {
		t.Errorf("a harmed page: %v", err)
	}
	if err := c.Exec("no SQL"); err == nil || err == errForeign {
		t.Error(err)
	}
}
