package mbtiles

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

func TestAFileIsRestoredByteByByteOrNotAtAll(t *testing.T) {
	from, to := threeVersions(t), t.TempDir()
	source := filepath.Join(from, "alps@2.mbtiles")
	want, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	half := filepath.Join(from, "half")
	theirs := append([]byte(sqliteMagic), make([]byte, 2000)...)
	if err := errors.Join(os.WriteFile(half, want[:len(want)/2], 0o644), os.WriteFile(filepath.Join(from, "theirs"), theirs, 0o644)); err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		name, path, sum string
		ctx             context.Context
		want            error
	}{
		{"cut short", half, "", t.Context(), tilestore.ErrCorrupt},
		{"by others", filepath.Join(from, "theirs"), "", t.Context(), tilestore.ErrForeign},
		{"with another sum", source, "00", t.Context(), tilestore.ErrCorrupt},
		{"interrupted", source, "", ended, context.Canceled},
		{"whole", source, "", t.Context(), nil},
	} {
		w, err := Create(t.Context(), to, "alps", Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Restore(c.ctx, c.path, c.sum); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
		if err := w.Discard(); err != nil {
			t.Error(err)
		}
		if left, _ := filepath.Glob(filepath.Join(to, "*.mbtiles*")); len(left) > 0 && c.want != nil {
			t.Errorf("%s left %v", c.name, left)
		}
	}
	got, err := os.ReadFile(filepath.Join(to, "alps@1.mbtiles"))
	if err != nil || string(got) != string(want) {
		t.Errorf("%d bytes, want %d; %v", len(got), len(want), err)
	}
}

func TestARestoreThatWasKilledIsNoHindrance(t *testing.T) {
	from, to := threeVersions(t), t.TempDir()
	data, err := os.ReadFile(filepath.Join(from, "alps@1.mbtiles"))
	if err != nil {
		t.Fatal(err)
	}
	copy(data, make([]byte, len(sqliteMagic))) // the first bytes come last
	if err := os.WriteFile(partialPath(to, "alps"), data, 0o644); err != nil {
		t.Fatal(err)
	}
	w, err := Create(t.Context(), to, "alps", Options{Work: "some"})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Discard(); err != nil {
		t.Error(err)
	}
}

func TestEntriesAreInOrderAndKnowHashAndSize(t *testing.T) {
	dir := threeVersions(t)
	r, err := Open(t.Context(), filepath.Join(dir, "alps@3.mbtiles"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var all []Entry
	for e, err := range r.TileEntries(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	second := tilegrid.Coord{X: 1}
	if len(all) != 2 || all[0].Coord != (tilegrid.Coord{}) || all[1] != (Entry{second, tilestore.HashTile(second, []byte("same")), 4}) {
		t.Errorf("%+v", all)
	}
	if sum, err := r.HeightsManifest(t.Context()); err != nil || sum != tilestore.NewManifest().Sum() {
		t.Errorf("no heights: %s, %v", sum, err)
	}
	for range r.TileEntries(t.Context()) {
		break // gives its connection back
	}
}
