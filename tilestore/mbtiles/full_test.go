package mbtiles

import (
	"bytes"
	"errors"
	"testing"

	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/storetest"
)

func TestAFullDiskKeepsWhatWasCheckpointed(t *testing.T) {
	undisturbed, dir := t.TempDir(), t.TempDir()
	if err := writeUnits(t.Context(), undisturbed, 1); err != nil {
		t.Fatal(err)
	}
	w, err := Create(t.Context(), dir, "alps", Options{Work: "units"})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.db.Exec("PRAGMA max_page_count = 200"); err != nil { // SQLite answers SQLITE_FULL, as it does for ENOSPC
		t.Fatal(err)
	}
	unit := 0
	for ; err == nil && unit < units; unit++ {
		if err = writeUnit(t.Context(), w, unit); err == nil {
			err = w.Checkpoint(t.Context(), unit+1)
		}
	}
	if !errors.Is(err, tilestore.ErrFull) || remedy.Try(err) == "" {
		t.Fatalf("got %v, try %q", err, remedy.Try(err))
	}
	if err := w.Commit(t.Context(), storetest.Info()); !errors.Is(err, tilestore.ErrFull) {
		t.Errorf("commit after a failed put: %v", err)
	}
	if w.Done() == 0 || w.Done() >= unit {
		t.Errorf("done %d of the %d units begun", w.Done(), unit)
	}
	w.Close()
	wantOnly(t, dir, ".alps.mbtiles.partial")
	if err := writeUnits(t.Context(), dir, 1); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(fileBytes(t, dir), fileBytes(t, undisturbed)) {
		t.Error("the files differ")
	}
}
