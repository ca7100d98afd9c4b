package mbtiles

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/storetest"
)

// putOver puts a tile anew, one that the dataset lacks, and their heights.
func putOver(t *testing.T, w *Writer) (changed, added tilegrid.Coord) {
	t.Helper()
	changed, added = tilegrid.Coord{Z: 9, X: 3, Y: 5}, tilegrid.Coord{Z: 13, X: 511, Y: 1}
	for _, c := range []tilegrid.Coord{added, changed} {
		data := append(storetest.Tile(c), "new and longer than what was there"...)
		if err := errors.Join(w.Put(t.Context(), c, data), w.PutHeights(t.Context(), c, data)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Checkpoint(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	return changed, added
}

func create(t *testing.T, dir string) *Writer {
	t.Helper()
	w, err := Create(t.Context(), dir, "alps", Options{Work: "over"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return w
}

func TestAnAdoptedFileIsCopiedWhereNothingWasPut(t *testing.T) {
	dir := t.TempDir()
	if err := writeUnits(t.Context(), dir, 1); err != nil {
		t.Fatal(err)
	}
	first := filepath.Join(dir, "alps@1.mbtiles")
	before := fileBytes(t, dir)
	w := create(t, dir)
	changed, added := putOver(t, w)
	if err := errors.Join(w.Adopt(t.Context(), first), w.Commit(t.Context(), storetest.Info())); err != nil {
		t.Fatal(err)
	}
	if after, err := os.ReadFile(first); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the adopted file has changed, %v", err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	wantOnly(t, dir, "alps@1.mbtiles", "alps@2.mbtiles")
	old, err := Open(t.Context(), first)
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	r, err := Open(t.Context(), w.Path())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, want := r.Info().Tiles, old.Info().Tiles+1; got != want || !r.Info().Has(added) {
		t.Errorf("%d tiles, want %d", got, want)
	}
	for z := range uint8(14) {
		for c, err := range r.Coords(t.Context(), z) {
			if err != nil {
				t.Fatal(err)
			}
			is, err := r.Tile(t.Context(), c)
			grid, noGrid := r.Heights(t.Context(), c)
			if err := errors.Join(err, noGrid); err != nil {
				t.Fatal(err)
			}
			if c == changed || c == added {
				if !bytes.HasSuffix(is.Data, []byte("there")) || !bytes.HasSuffix(grid, []byte("there")) {
					t.Errorf("%s is not what was put", c)
				}
				continue
			}
			if was, err := old.Tile(t.Context(), c); err != nil || !bytes.Equal(was.Data, is.Data) {
				t.Errorf("%s is not what it was, %v", c, err)
			}
		}
	}
	if faults, err := r.Integrity(t.Context()); err != nil || len(faults) > 0 {
		t.Error(faults, err)
	}
	if err := errors.Join(r.CheckHeights(t.Context()), r.CheckMetadata(t.Context())); err != nil {
		t.Error(err)
	}
}

func TestAnInterruptedAdoptionIsCarriedOnToTheSameBytes(t *testing.T) {
	dir := t.TempDir()
	if err := writeUnits(t.Context(), dir, 1); err != nil {
		t.Fatal(err)
	}
	first, second := filepath.Join(dir, "alps@1.mbtiles"), filepath.Join(dir, "alps@2.mbtiles")
	var want []byte
	for _, c := range []struct {
		name   string
		before func(w *Writer) error
	}{
		{"undisturbed", func(*Writer) error { return nil }},
		{"half a copy lies there", func(w *Writer) error { return os.WriteFile(w.partial+adoptedSuffix, []byte("half"), 0o644) }},
		{"adopted, not committed", func(w *Writer) error { return w.Adopt(t.Context(), first) }},
		{"described, not published", func(w *Writer) error {
			info := storetest.Info()
			return errors.Join(w.Adopt(t.Context(), first), w.using(func() error {
				info.Name, info.Version = w.name, w.version
				return errors.Join(w.survey(t.Context(), &info), w.describe(t.Context(), info))
			}))
		}},
	} {
		w := create(t, dir)
		putOver(t, w)
		if err := errors.Join(c.before(w), w.Close()); err != nil {
			t.Fatal(c.name, err)
		}
		w = create(t, dir)
		if w.Done() != 1 {
			t.Errorf("%s: %d units are done", c.name, w.Done())
		}
		if err := errors.Join(w.Adopt(t.Context(), first), w.Commit(t.Context(), storetest.Info())); err != nil {
			t.Fatal(c.name, err)
		}
		got, err := os.ReadFile(second)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = got
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s: other bytes", c.name)
		}
		wantOnly(t, dir, "alps@1.mbtiles", "alps@2.mbtiles")
		if err := os.Remove(second); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOnlyOurOwnFilesAreAdopted(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "other.mbtiles")
	text := strings.Repeat("no database, but long enough to have a header of one hundred bytes ", 3)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	w := create(t, t.TempDir())
	if err := w.Adopt(t.Context(), path); !errors.Is(err, tilestore.ErrForeign) {
		t.Errorf("got %v", err)
	}
	if err := w.Adopt(t.Context(), filepath.Join(dir, "none.mbtiles")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
