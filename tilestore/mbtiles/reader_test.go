package mbtiles

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/storetest"
)

// dataset writes the suite's small pyramid as name and returns its path.
func dataset(t testing.TB, dir, name string, places ...tilegrid.Coord) string {
	t.Helper()
	w, err := Create(t.Context(), dir, name, Options{Work: "w"})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for _, c := range places {
		if err := errors.Join(w.Put(t.Context(), c, storetest.Tile(c)), w.PutHeights(t.Context(), c, storetest.Tile(c)[:40])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Commit(t.Context(), storetest.Info()); err != nil {
		t.Fatal(err)
	}
	return w.Path()
}

func TestNoFlippedBitGivesAWrongTile(t *testing.T) {
	whole := dataset(t, t.TempDir(), "alps", storetest.Places()...)
	original, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Open(t.Context(), whole)
	if err != nil {
		t.Fatal(err)
	}
	want := r.Info()
	r.Close()
	random := rand.New(rand.NewPCG(5, 5))
	path := filepath.Join(t.TempDir(), "alps@1.mbtiles")
	found := 0
	for n := range 400 {
		b := bytes.Clone(original)
		at := random.IntN(len(b))
		if n < 100 {
			at = n // the header, byte by byte
		}
		b[at] ^= 1 << random.IntN(8)
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := readAll(t.Context(), path, want); errors.Is(err, errWrong) {
			t.Errorf("bit at %d: %v", at, err)
		} else if err != nil {
			found++
		}
	}
	t.Logf("%d of 400 flipped bits were found; the others changed nothing", found)
	if found < 100 {
		t.Errorf("%d flipped bits found only", found)
	}
}

var errWrong = errors.New("wrong data without an error")

// readAll reads everything of a damaged file. It returns the first error, or errWrong for something that passed as right and is not.
func readAll(ctx context.Context, path string, want tilestore.Info) error {
	r, err := Open(ctx, path)
	if err != nil {
		return err
	}
	defer r.Close()
	if !cmp.Equal(r.Info(), want, cmp.Comparer(func(a, b tilegrid.Grid) bool { return a == b })) {
		return errWrong
	}
	for _, c := range storetest.Places() {
		tile, err := r.Tile(ctx, c)
		if errors.Is(err, tilestore.ErrNotFound) {
			return errWrong
		} else if err != nil {
			return err
		}
		if !bytes.Equal(tile.Data, storetest.Tile(c)) {
			return errWrong
		}
		heights, err := r.Heights(ctx, c)
		if err != nil {
			return err
		}
		if !bytes.Equal(heights, storetest.Tile(c)[:40]) {
			return errWrong
		}
	}
	return nil
}

func TestWhatIsNoWholeDatasetIsRefusedWithARemedy(t *testing.T) {
	good, err := os.ReadFile(dataset(t, t.TempDir(), "alps", storetest.Places()...))
	if err != nil {
		t.Fatal(err)
	}
	newer := bytes.Clone(good)
	newer[63] = 99
	cases := []struct {
		name string
		data []byte
		want error
	}{
		{"zero bytes", nil, tilestore.ErrCorrupt},
		{"fifty bytes", good[:50], tilestore.ErrCorrupt},
		{"half of it", good[:len(good)/2], tilestore.ErrCorrupt},
		{"a byte less", good[:len(good)-1], tilestore.ErrCorrupt},
		{"text", bytes.Repeat([]byte("no database "), 100), tilestore.ErrForeign},
		{"a newer layout", newer, tilestore.ErrForeign},
		{"pages of zeros", append(bytes.Clone(good[:100]), make([]byte, len(good)-100)...), tilestore.ErrCorrupt},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x.mbtiles")
			if err := os.WriteFile(path, c.data, 0o644); err != nil {
				t.Fatal(err)
			}
			wantRefused(t, path, c.want)
		})
	}
	t.Run("a directory", func(t *testing.T) { wantRefused(t, t.TempDir(), tilestore.ErrForeign) })
	t.Run("nothing", func(t *testing.T) {
		if _, err := Open(t.Context(), filepath.Join(t.TempDir(), "none.mbtiles")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("got %v", err)
		}
	})
}

func wantRefused(t *testing.T, path string, want error) {
	t.Helper()
	_, err := Open(t.Context(), path)
	if !errors.Is(err, want) || remedy.Try(err) == "" {
		t.Errorf("got %v, try %q; want %v", err, remedy.Try(err), want)
	}
}

func TestAReaderWritesNothingBesideItsFile(t *testing.T) {
	dir := t.TempDir()
	path := dataset(t, dir, "alps", storetest.Places()...)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Chmod(path, 0o444), os.Chmod(dir, 0o555)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(dir, 0o755) })
	r, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for _, c := range storetest.Places() {
				if _, err := r.Tile(t.Context(), c); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	wantOnly(t, dir, "alps@1.mbtiles")
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if _, err := r.Tile(t.Context(), storetest.Places()[0]); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("after close: %v", err)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file changed, %v", err)
	}
}

// TestOthersSeeMBTiles reads our file with plain SQL, as GDAL, mbutil or martin do.
func TestOthersSeeMBTiles(t *testing.T) {
	db, err := openConn(dataset(t, t.TempDir(), "alps", storetest.Places()...), "mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ask := func(sql, want string) {
		t.Helper()
		if got, err := db.Text(sql); err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", sql, got, err, want)
		}
	}
	ask("PRAGMA application_id", "1414680133")
	ask("PRAGMA user_version", "1")
	ask("PRAGMA integrity_check", "ok")
	ask("PRAGMA journal_mode", "delete")
	ask("SELECT group_concat(name || ' ' || type, ', ') FROM (SELECT * FROM pragma_table_info('tiles') WHERE \"notnull\" = 0 AND name <> 'tile_hash')",
		"zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER, tile_data BLOB")
	ask("SELECT count(*) FROM tiles WHERE zoom_level = 0 AND tile_row = 0 AND length(tile_data) > 39", "2")
	for name, want := range map[string]string{
		"name": "Two boxes", "format": tilestore.QuantizedMesh, "bounds": "-20,-50,120,40", "center": "50,-5,0", "minzoom": "0", "maxzoom": "5",
		"type": "baselayer", "version": "1", "attribution": "nobody", "scheme": "tms", "projection": "EPSG:4326",
	} {
		ask("SELECT value FROM metadata WHERE name = '"+name+"'", want)
	}
}

func BenchmarkTile(b *testing.B) {
	dir := b.TempDir()
	w, err := Create(b.Context(), dir, "alps", Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	const tiles = 100_000
	data := bytes.Repeat(storetest.Tile(tilegrid.Coord{}), 100)[:3000]
	for n := range tiles {
		if err := w.Put(b.Context(), mortonPlace(n), data); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Commit(b.Context(), storetest.Info()); err != nil {
		b.Fatal(err)
	}
	f := openFolder(b, dir)
	read := func(n int) {
		h, err := f.Get(b.Context(), "alps")
		if err != nil {
			b.Fatal(err)
		}
		defer h.Release()
		if _, err := h.Tile(b.Context(), mortonPlace(n)); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("one goroutine", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			read(rand.IntN(tiles))
		}
	})
	b.Run("all processors", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(p *testing.PB) {
			for p.Next() {
				read(rand.IntN(tiles))
			}
		})
	})
}
