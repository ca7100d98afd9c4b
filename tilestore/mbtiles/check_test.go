package mbtiles

import (
	"bytes"
	"context"
	"database/sql/driver"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/storetest"
)

func TestIntegrityFindsDamagedPages(t *testing.T) {
	path := dataset(t, t.TempDir(), "alps", storetest.Places()...)
	r, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if faults, err := r.Integrity(t.Context()); err != nil || len(faults) > 0 {
		t.Errorf("of a sound file: %v %v", faults, err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Integrity(over); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	original, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for page := 1; page < len(original)/pageSize; page++ { // the first holds the header, without which nothing opens
		damaged := append([]byte(nil), original...)
		clear(damaged[page*pageSize:][:pageSize])
		if err := os.WriteFile(path, damaged, 0o644); err != nil {
			t.Fatal(err)
		}
		if !integrityFails(t, path) {
			t.Errorf("page %d of zeros passes", page+1)
		}
	}
}

func TestCheckHeightsFindsRot(t *testing.T) {
	path := dataset(t, t.TempDir(), "alps", storetest.Places()...)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	c := storetest.Places()[3]
	hash := tilestore.HashTile(c, storetest.Tile(c)[:40]) // stands before the heights
	at := bytes.Index(data, hash[:])
	data[at+len(hash)+20] ^= 1
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	r, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := r.CheckHeights(t.Context()); !errors.Is(err, tilestore.ErrCorrupt) || !strings.Contains(err.Error(), "heights of "+c.String()) {
		t.Error(err)
	}
}

func TestWhatIsChangedBesideTheTilesIsFound(t *testing.T) {
	c := storetest.Places()[3]
	other := tilestore.HashTile(c, []byte("other heights"))
	for _, harm := range []struct {
		name, sql         string
		args              []driver.Value
		heights, metadata bool // is it found there?
	}{
		{"nothing", "SELECT 1", nil, false, false},
		{"a grid is gone", `DELETE FROM heights WHERE zoom = ? AND "column" = ? AND "row" = ?`, []driver.Value{int64(c.Z), int64(c.X), int64(c.Y)}, true, false},
		{"another grid with its own hash", `UPDATE heights SET hash = ?, data = ? WHERE zoom = ? AND "column" = ? AND "row" = ?`,
			[]driver.Value{other[:], []byte("other heights"), int64(c.Z), int64(c.X), int64(c.Y)}, true, false},
		{"all grids are gone", "DELETE FROM heights", nil, true, false},
		{"a row for others is changed", "UPDATE metadata SET value = '6' WHERE name = 'maxzoom'", nil, false, true},
		{"a row is gone", "DELETE FROM metadata WHERE name = 'bounds'", nil, false, true},
		{"a row is added", "INSERT INTO metadata VALUES ('layer.json', '{}')", nil, false, true},
		{"the manifest of the heights is changed", "UPDATE metadata SET value = 'x' WHERE name = 'terrane_heights'", nil, true, true},
		{"the hash of the rows is gone", "DELETE FROM metadata WHERE name = 'terrane_rows'", nil, false, true},
		{"an older file has neither", "DELETE FROM metadata WHERE name IN ('terrane_rows', 'terrane_heights')", nil, false, false},
	} {
		t.Run(harm.name, func(t *testing.T) {
			path := dataset(t, t.TempDir(), "alps", storetest.Places()...)
			db, err := openConn(path, "mode=rw")
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(db.Exec(harm.sql, harm.args...), db.Close()); err != nil {
				t.Fatal(err)
			}
			r, err := Open(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			if err := r.CheckHeights(t.Context()); errors.Is(err, tilestore.ErrCorrupt) != harm.heights || err != nil && !harm.heights {
				t.Errorf("heights: %v", err)
			}
			if err := r.CheckMetadata(t.Context()); errors.Is(err, tilestore.ErrCorrupt) != harm.metadata || err != nil && !harm.metadata {
				t.Errorf("metadata: %v", err)
			}
		})
	}
}

// integrityFails tells whether a file does not open, or has faults.
func integrityFails(t *testing.T, path string) bool {
	t.Helper()
	r, err := Open(t.Context(), path)
	if err != nil {
		return errors.Is(err, tilestore.ErrCorrupt)
	}
	defer r.Close()
	faults, err := r.Integrity(t.Context())
	return err == nil && len(faults) > 0
}

func TestUnfinishedCountsWhatAHalfMadeVersionTakes(t *testing.T) {
	dir := t.TempDir()
	w, err := Create(t.Context(), dir, "alps", Options{Work: "w"})
	if err != nil {
		t.Fatal(err)
	}
	c := tilegrid.Coord{}
	if err := errors.Join(w.Put(t.Context(), c, storetest.Tile(c)), w.Checkpoint(t.Context(), 1), w.Close()); err != nil {
		t.Fatal(err)
	}
	if n := Unfinished(dir, "alps"); n < pageSize {
		t.Errorf("%d bytes", n)
	}
	if n := Unfinished(dir, "andes"); n != 0 {
		t.Errorf("%d bytes of nothing", n)
	}
}
