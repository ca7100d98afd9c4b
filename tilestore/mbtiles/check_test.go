package mbtiles

import (
	"bytes"
	"context"
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

func TestIntegrityFindsRotInHeights(t *testing.T) {
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
	faults, err := r.Integrity(t.Context())
	if err != nil || len(faults) != 1 || !strings.Contains(faults[0], "heights of "+c.String()) {
		t.Errorf("%v %v", faults, err)
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
