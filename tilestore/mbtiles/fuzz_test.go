package mbtiles

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

func FuzzParseRef(f *testing.F) {
	for _, s := range []string{"alps", "alps@2", "alps@0", "alps@02", "@", "a@b@1", "../x", "Old Alps", "é@1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if ref, latest, err := parseRef(s); err == nil {
			if latest && ref.Name != s || !latest && ref.String() != s || tilestore.CheckName(ref.Name) != nil {
				t.Errorf("%q became %v", s, ref)
			}
		}
		if ref, ok, err := refOfFile(s + extension); ok {
			again, same, _ := refOfFile(ref.file())
			if err != nil || tilestore.CheckName(ref.Name) != nil || !same || again != ref {
				t.Errorf("file %q became %v, then %v", s, ref, again)
			}
		}
	})
}

func FuzzSniff(f *testing.F) {
	for _, s := range []string{"", "\x89PNG\r\n\x1a\n", "\xff\xd8\xff", "RIFF\x00\x00\x00\x00WEBP", "\x1f\x8b\x08"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, tile []byte) {
		mime, ok := Sniff(tile)
		if ok == (mime == "") {
			t.Errorf("%q, %v", mime, ok)
		}
		if again, _ := Sniff(gzipped(tile)); mime == tilestore.QuantizedMesh && !isGzip(tile) && again != mime {
			t.Errorf("gzipped, it is %q", again)
		}
	})
}

func FuzzOpen(f *testing.F) {
	whole, err := os.ReadFile(dataset(f, f.TempDir(), "alps", roots...))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint32(0), []byte("SQLite format 4"))
	f.Add(uint32(100), []byte{13, 0, 0, 0, 200})
	f.Add(uint32(16384), make([]byte, 100))
	f.Fuzz(func(t *testing.T, at uint32, patch []byte) {
		b := append([]byte(nil), whole...)
		copy(b[int(at)%len(b):], patch)
		path := filepath.Join(t.TempDir(), "alps@1.mbtiles")
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		r, err := Open(t.Context(), path)
		if err != nil {
			return
		}
		defer r.Close()
		r.Tile(t.Context(), tilegrid.Coord{})
		r.Heights(t.Context(), tilegrid.Coord{})
		for range r.Coords(t.Context(), 0) {
			continue
		}
	})
}
