package server

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/terrane/terrane/internal/gzrun"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// triangle is the smallest tile that passes for quantized-mesh, with its highest point at the height given.
func triangle(top float32) []byte {
	m := &terrain.Mesh{Vertices: []terrain.Vertex{{}, {U: terrain.QuantizedMax}, {V: terrain.QuantizedMax}}, Triangles: []uint32{0, 1, 2}}
	m.Header = terrain.Header{Center: terrain.Vec{6378137, 0, 0}, Sphere: terrain.Vec{6378137, 0, 0}, Radius: 10, Max: top}
	return terrain.AppendMesh(nil, m)
}

// publishTriangles writes version 1 of a dataset of the two roots into a folder of its own and returns the path of the file.
func publishTriangles(t *testing.T, name, attribution string, top float32) string {
	t.Helper()
	dir := t.TempDir()
	w, err := mbtiles.Create(t.Context(), dir, name, mbtiles.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for x := range uint32(2) {
		if err := w.Put(t.Context(), tilegrid.Coord{X: x}, gzrun.Pack([]gzrun.Run{{ID: 0, Data: triangle(top)}})); err != nil {
			t.Fatal(err)
		}
	}
	info := tilestore.Info{Kind: tilestore.Terrain, Format: tilestore.QuantizedMesh, Attribution: attribution, Vertical: "ellipsoid"}
	if err := w.Commit(t.Context(), info); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, name+"@1.mbtiles")
}

// disown makes a file look as if another program had made it: neither its mark in the SQLite header nor our rows are left.
func disown(t *testing.T, path string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	copy(b[68:72], []byte{0, 0, 0, 0}) // application_id
	b = bytes.ReplaceAll(b, []byte("terrane"), []byte("another"))
	if err := os.Remove(path); err != nil { // a finished file is read-only
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestAFileReplacedByOneOfEqualSizeIsNotServedFromMemory swaps files by rename, as operators do.
func TestAFileReplacedByOneOfEqualSizeIsNotServedFromMemory(t *testing.T) {
	for _, c := range []struct {
		name          string
		files         [2]string
		foreign       bool
		changes, path string
	}{
		{"tiles of another program", [2]string{publishTriangles(t, "alps", "A", 1), publishTriangles(t, "alps", "A", 2)}, true, "tile", "/terrain/alps/0/0/0.terrain"},
		{"the attribution of our own", [2]string{publishTriangles(t, "alps", "A", 1), publishTriangles(t, "alps", "B", 1)}, false, "layer.json", "/terrain/alps@1/layer.json"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.foreign {
				disown(t, c.files[0])
				disown(t, c.files[1])
			}
			if a, b := sizeOf(t, c.files[0]), sizeOf(t, c.files[1]); a != b {
				t.Fatalf("the files have %d and %d bytes", a, b)
			}
			dir := t.TempDir()
			move(t, c.files[0], dir)
			s := New(openFolder(t, dir), Options{})
			before := bodyOf(t, ask(s, "GET", c.path))
			if again := bodyOf(t, ask(s, "GET", c.path)); !bytes.Equal(again, before) || s.cache.hits.Load() != 1 {
				t.Fatalf("the second answer is another one, or not from memory: %d hits", s.cache.hits.Load())
			}
			move(t, c.files[1], dir)
			for end := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
				r := ask(s, "GET", c.path)
				if body := bodyOf(t, r); r.StatusCode == 200 && !bytes.Equal(body, before) {
					return
				}
				if time.Now().After(end) {
					t.Fatalf("the %s is still that of the file before", c.changes)
				}
			}
		})
	}
}

func sizeOf(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

func move(t *testing.T, path, dir string) {
	t.Helper()
	if err := os.Rename(path, filepath.Join(dir, filepath.Base(path))); err != nil {
		t.Fatal(fmt.Errorf("swap: %w", err))
	}
}
