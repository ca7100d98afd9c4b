package importer

import (
	"bytes"
	"compress/gzip"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// square returns a tile of two triangles, as simple makers write them: edges in odd order, metadata, no normals.
func square(t *testing.T, c tilegrid.Coord) []byte {
	t.Helper()
	const full = terrain.QuantizedMax
	m := &terrain.Mesh{
		Header:    terrain.Header{Min: 10, Max: 20},
		Vertices:  []terrain.Vertex{{U: 0, V: 0, H: 0}, {U: full, V: 0, H: full}, {U: full, V: full, H: 5}, {U: 0, V: full, H: 9}},
		Triangles: []uint32{0, 1, 2, 0, 2, 3},
		Edges:     terrain.Edges{West: []uint32{3, 0}},
		Metadata:  []byte(`{"available":[]}`),
	}
	terrain.SetHeader(m, tilegrid.Geodetic.Bound(c))
	var b bytes.Buffer
	if err := terrain.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// pyramid returns the tile c, all its ancestors and the other root.
func pyramid(t *testing.T, c tilegrid.Coord) map[tilegrid.Coord][]byte {
	t.Helper()
	tiles := map[tilegrid.Coord][]byte{{X: 0}: square(t, tilegrid.Coord{}), {X: 1}: square(t, tilegrid.Coord{X: 1})}
	for ; c.Z > 0; c = c.Parent() {
		tiles[c] = square(t, c)
	}
	return tiles
}

func mirrored(tiles map[tilegrid.Coord][]byte) map[tilegrid.Coord][]byte {
	turned := map[tilegrid.Coord][]byte{}
	for c, data := range tiles {
		turned[tilegrid.Geodetic.FlipY(c)] = data
	}
	return turned
}

func zipped(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(data)
	w.Close()
	return b.Bytes()
}

// writeFolder writes tiles as z/x/y.terrain, every second one gzipped, and layer.json if it is not empty.
func writeFolder(t *testing.T, tiles map[tilegrid.Coord][]byte, layer string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "Their Tiles")
	for c, data := range tiles {
		if c.Z%2 == 1 {
			data = zipped(data)
		}
		write(t, filepath.Join(dir, c.String()+".terrain"), data)
	}
	if layer != "" {
		write(t, filepath.Join(dir, "layer.json"), []byte(layer))
	}
	return dir
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func create(t *testing.T, folder string) *mbtiles.Writer {
	t.Helper()
	w, err := mbtiles.Create(context.Background(), folder, "set", mbtiles.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

// writeMBTiles writes tiles into an MBTiles file. With foreign set its marks are taken away, which leaves what any maker writes.
func writeMBTiles(t *testing.T, tiles map[tilegrid.Coord][]byte, foreign bool) string {
	t.Helper()
	w := create(t, t.TempDir())
	for c, data := range tiles {
		if err := w.Put(context.Background(), c, data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Commit(context.Background(), tilestore.Info{Kind: tilestore.Terrain, Format: tilestore.QuantizedMesh}); err != nil {
		t.Fatal(err)
	}
	if foreign {
		return disowned(t, w.Path())
	}
	data, err := os.ReadFile(w.Path())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "theirs.mbtiles")
	write(t, path, data)
	return path
}

// disowned copies a dataset of ours without its marks, which leaves what any maker writes.
func disowned(t *testing.T, of string) string {
	t.Helper()
	data, err := os.ReadFile(of)
	if err != nil {
		t.Fatal(err)
	}
	copy(data[68:72], make([]byte, 4))                                  // the SQLite header's application_id
	data = bytes.ReplaceAll(data, []byte("terrane"), []byte("terranz")) // names of metadata rows
	path := filepath.Join(t.TempDir(), "theirs.mbtiles")
	write(t, path, data)
	return path
}

// sharedTile returns a real tile by others, or skips.
func sharedTile(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(sharedFile(t, filepath.Join("qmesh", filepath.FromSlash(name))))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// sharedFile returns the path of a real file by others, or skips.
func sharedFile(t *testing.T, name string) string {
	t.Helper()
	root := os.Getenv("TERRANE_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	path := filepath.Join(root, "data", name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no data by others (%s is absent): set TERRANE_SHARED", name)
	}
	return path
}
