package server

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/terrane/terrane/terrain"
)

// sharedTile reads a tile by others out of data/qmesh/cesium-specs of TERRANE_SHARED, or skips the test.
func sharedTile(t *testing.T, name string) []byte {
	t.Helper()
	root := os.Getenv("TERRANE_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared") // beside the module
	}
	b, err := os.ReadFile(filepath.Join(root, "data", "qmesh", "cesium-specs", name))
	if err != nil {
		t.Skipf("no tile by others, %s: set TERRANE_SHARED", name)
	}
	return b
}

// TestTilesOfOthersLoseWhatWasNotAskedFor: metadata throws in clients unless layer.json speaks of it, which ours never does.
func TestTilesOfOthersLoseWhatWasNotAskedFor(t *testing.T) {
	for _, c := range []struct {
		name, file, accept string
		normals, water     bool
	}{
		{"metadata, normals and water, nothing asked", "9_759_335/9_759_335.terrain", "Accept: */*", false, false},
		{"metadata, normals and water, all asked", "9_759_335/9_759_335.terrain", acceptAll, true, true},
		{"metadata alone", "tile.metadataavailability.terrain", acceptAll, false, false},
		{"normals and water, water asked", "tile.octvertexnormals.watermask.terrain", "Accept: application/vnd.quantized-mesh;extensions=watermask", false, true},
		{"normals and water, all asked", "tile.octvertexnormals.watermask.terrain", acceptAll, true, true},
		{"an extension that nobody knows", "tile.unknownext.terrain", acceptAll, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			stored, books := sharedTile(t, c.file), newShelf()
			books["alps"].tiles[coord(1, 0, 0)] = zipped(stored)
			s := New(books, Options{})
			packed := ask(s, "GET", "/terrain/alps/1/0/0.terrain", c.accept, "Accept-Encoding: gzip")
			plain := ask(s, "GET", "/terrain/alps/1/0/0.terrain", c.accept)
			body := bodyOf(t, plain)
			if !bytes.Equal(gunzip(t, bodyOf(t, packed)), body) {
				t.Error("gzip and plain differ")
			}
			if a, b := packed.Header.Get("ETag"), plain.Header.Get("ETag"); a == b || packed.Header.Get("Content-Encoding") != "gzip" {
				t.Errorf("validators %s and %s, Content-Encoding %q", a, b, packed.Header.Get("Content-Encoding"))
			}
			m, err := terrain.Decode(bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			if m.Metadata != nil || (m.Normals != nil) != c.normals || (m.Water != nil) != c.water {
				t.Errorf("metadata %d bytes, %d normals, %d bytes of water", len(m.Metadata), len(m.Normals), len(m.Water))
			}
			mesh := terrain.AppendMesh(nil, m)
			if !bytes.Equal(mesh, stored[:len(mesh)]) {
				t.Error("the mesh is not that of the stored tile")
			}
			if want := terrain.AppendWater(terrain.AppendNormals(mesh, m), m); !bytes.Equal(body, want) {
				t.Errorf("%d bytes, %d of them known", len(body), len(want))
			}
			before := s.cache.hits.Load()
			if again := ask(s, "GET", "/terrain/alps/1/0/0.terrain", c.accept, "Accept-Encoding: gzip"); again.StatusCode != http.StatusOK || s.cache.hits.Load() != before+1 {
				t.Error("it is cut and compressed for each request")
			}
		})
	}
}
