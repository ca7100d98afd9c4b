package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// tileFolder writes levels 0 and 1 of the globe as others would, two triangles a tile, with layer.json; north counts the rows from there.
func tileFolder(t *testing.T, north bool) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "alps")
	info := tilestore.Info{Name: "alps", Grid: tilegrid.Geodetic, Kind: tilestore.Terrain, Format: tilestore.QuantizedMesh}
	for z := range uint8(2) {
		all := tilegrid.Range{Z: z, MaxX: 2<<z - 1, MaxY: 1<<z - 1}
		info.Available = append(info.Available, []tilegrid.Range{all})
		for c := range all.All() {
			row := c
			if north {
				row = tilegrid.Geodetic.FlipY(c)
			}
			path := filepath.Join(dir, row.String()+".terrain")
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			write(t, path, squareTile(t, c))
		}
	}
	layer, err := terrain.NewLayer(info).JSON()
	if err != nil {
		t.Fatal(err)
	}
	if !north {
		write(t, filepath.Join(dir, "layer.json"), layer)
	}
	return dir
}

// squareTile is a tile of two triangles without normals.
func squareTile(t *testing.T, c tilegrid.Coord) []byte {
	t.Helper()
	const full = terrain.QuantizedMax
	m := &terrain.Mesh{
		Header:    terrain.Header{Min: 10, Max: 20},
		Vertices:  []terrain.Vertex{{U: 0, V: 0, H: 0}, {U: full, V: 0, H: full}, {U: full, V: full, H: 5}, {U: 0, V: full, H: 9}},
		Triangles: []uint32{0, 1, 2, 0, 2, 3},
	}
	m.Edges = m.FindEdges()
	terrain.SetHeader(m, tilegrid.Geodetic.Bound(c))
	var b bytes.Buffer
	if err := terrain.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestTilesByOthersAreVerifiedImportedAndVerifiedAgain(t *testing.T) {
	for name, north := range map[string]bool{"rows from the south": false, "rows from the north": true} {
		t.Run(name, func(t *testing.T) {
			dir := tileFolder(t, north)
			t.Chdir(t.TempDir())
			if code, stdout, stderr := run(t, "verify", dir); code != exitDone || !strings.HasSuffix(stdout, "no faults\n") {
				t.Errorf("folder: exit %d\n%s%s", code, stdout, stderr)
			}
			if code, _, stderr := run(t, "import", dir); code != exitDone || !strings.Contains(stderr, "done     alps version 1, levels 0-1, 10 tiles") {
				t.Fatalf("import: exit %d\n%s", code, stderr)
			}
			if left := names(t, "data"); len(left) != 1 || left[0] != "alps@1.mbtiles" {
				t.Errorf("in the data folder: %v", left)
			}
			for _, ref := range []string{"alps", "alps@1", "data/alps@1.mbtiles"} {
				if code, stdout, stderr := run(t, "verify", ref); code != exitDone || !strings.HasSuffix(stdout, "no faults\n") {
					t.Errorf("%s: exit %d\n%s%s", ref, code, stdout, stderr)
				}
			}
		})
	}
}

func TestVerifyReadsAnybodysServer(t *testing.T) {
	t.Chdir(t.TempDir())
	dir := tileFolder(t, false)
	s := httptest.NewServer(http.FileServer(http.Dir(dir)))
	defer s.Close()
	code, stdout, stderr := run(t, "verify", s.URL, "--json", "--progress", "json")
	var v verified
	if err := json.Unmarshal([]byte(stdout), &v); err != nil || code != exitDone || !v.OK || !v.Foreign || len(v.Levels) != 2 || v.Levels[1].Triangles != 16 {
		t.Errorf("exit %d, %v: %s%s", code, err, stdout, stderr)
	}
	if !strings.Contains(stderr, `"step":"verify"`) {
		t.Errorf("no progress: %s", stderr)
	}
	os.Remove(filepath.Join(dir, "1", "3", "1.terrain"))
	if code, stdout, stderr := run(t, "verify", s.URL); code != exitVerify || !strings.Contains(stdout, "fault 1/3/1: ") || !strings.Contains(stderr, "try: ") {
		t.Errorf("a missing tile: exit %d\n%s%s", code, stdout, stderr)
	}
	if code, _, stderr := run(t, "verify", s.URL+"/nowhere"); code != exitVerify || !strings.Contains(stderr, "no layer.json") {
		t.Errorf("no layer.json: exit %d\n%s", code, stderr)
	}
	rows := `[[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[{"startX":0,"startY":0,"endX":0,"endY":1073741823}]]`
	write(t, filepath.Join(dir, "layer.json"), []byte(`{"format":"quantized-mesh-1.0","tiles":["{z}/{x}/{y}.terrain"],"available":`+rows+`}`))
	if code, _, stderr := run(t, "verify", s.URL); code != exitVerify || !strings.Contains(stderr, "1073741824 rows of tiles") || !strings.Contains(stderr, "try: ") {
		t.Errorf("a billion rows: exit %d\n%s", code, stderr)
	}
}

func TestWhatIsWrongHasItsExitCode(t *testing.T) {
	cut := func(path string, size int64) {
		if err := os.Truncate(path, size); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name string
		harm func(dir, file string) // the folder of tiles, and the dataset made of it
		args string
		code int
		says string
	}{
		{"a tile is cut", func(dir, _ string) { cut(filepath.Join(dir, "1/2/0.terrain"), 50) }, "verify DIR", exitVerify, "fault 1/2/0: "},
		{"a cut tile is imported", func(dir, _ string) { cut(filepath.Join(dir, "1/2/0.terrain"), 50) }, "import DIR", exitInput, "tile 1/2/0"},
		{"a root is missing", func(dir, _ string) { os.Remove(filepath.Join(dir, "0/1/0.terrain")) }, "verify DIR", exitVerify, "fault "},
		{"no root is imported", func(dir, _ string) { os.Remove(filepath.Join(dir, "0/1/0.terrain")) }, "import DIR", exitInput, "0/1/0 is a root"},
		{"gaps under --strict", nil, "verify DIR --strict", exitVerify, "seam"},
		{"a folder without tiles", nil, "verify DIR/1/0", exitStore, "no tiles in it"},
		{"a folder without tiles is imported", nil, "import DIR/1/0", exitInput, "no tiles in it"},
		{"nothing there", nil, "verify DIR/none", exitFailed, "no such file"},
		{"nothing there is imported", nil, "import DIR/none", exitInput, "no such file"},
		{"no such dataset", nil, "verify none", exitFailed, "none: no such dataset"},
		{"a layer.json is no database", nil, "verify DIR/layer.json", exitStore, "not a tile store"},
		{"a cut file", func(_, file string) { cut(file, 9000) }, "verify FILE", exitVerify, "corrupt data"},
		{"an empty file", func(_, file string) { cut(file, 0) }, "verify FILE", exitVerify, "corrupt data"},
		{"a tile's byte is changed", flipTile, "verify FILE", exitVerify, "fault "},
		{"a tile's byte is changed in the data folder", flipTile, "verify alps", exitVerify, "fault "},
		{"layer.json within the file is changed", flipLayer, "verify FILE", exitVerify, "fault metadata.differs: "},
		{"a row order that is none", nil, "verify DIR --rows east", exitUsage, `"east"`},
		{"a row order that is none is imported", nil, "import DIR --rows east", exitUsage, `"east"`},
		{"a name that is none", nil, "import DIR --name ../x", exitUsage, "bad dataset name"},
		{"a dataset of ours is imported", nil, "import FILE", exitInput, "dataset of terrane already"},
		{"no data folder", nil, "import DIR --data none/none", exitFailed, "none/none: no such data folder"},
		{"no jobs", nil, "verify DIR --jobs 0", exitUsage, "--jobs 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := tileFolder(t, false)
			t.Chdir(t.TempDir())
			if code, _, stderr := run(t, "import", dir); code != exitDone {
				t.Fatalf("import: exit %d\n%s", code, stderr)
			}
			if c.harm != nil {
				c.harm(dir, "data/alps@1.mbtiles")
			}
			args := strings.NewReplacer("DIR", dir, "FILE", "data/alps@1.mbtiles").Replace(c.args)
			code, stdout, stderr := run(t, strings.Fields(args)...)
			if code != c.code || !strings.Contains(stdout+stderr, c.says) || !strings.Contains(stderr, "\ntry: ") {
				t.Errorf("exit %d, want %d with %q\n%s%s", code, c.code, c.says, stdout, stderr)
			}
			if left := names(t, "data"); len(left) != 1 {
				t.Errorf("left in the data folder: %v", left)
			}
		})
	}
}

// TestImportsDoNotMix: what an import of other tiles left behind under the same name does not become part of this one.
func TestImportsDoNotMix(t *testing.T) {
	dir := tileFolder(t, false)
	t.Chdir(t.TempDir())
	begin := func(work string) {
		w, err := mbtiles.Create(t.Context(), "data", "alps", mbtiles.Options{Work: work})
		if err != nil {
			t.Fatal(err)
		}
		stray := tilegrid.Coord{Z: 2, X: 5, Y: 1}
		if err := errors.Join(w.Put(t.Context(), stray, squareTile(t, stray)), w.Checkpoint(t.Context(), 1), w.Close()); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir("data", 0o755); err != nil {
		t.Fatal(err)
	}
	begin("import alps")
	if code, _, stderr := run(t, "import", dir); code != exitDone || !strings.Contains(stderr, "done     alps version 1, levels 0-1, 10 tiles") {
		t.Errorf("exit %d\n%s", code, stderr)
	}
	begin("a hash, as an ingest has it")
	if code, _, stderr := run(t, "import", dir); code != exitStore || !strings.Contains(stderr, "--force") {
		t.Errorf("over an ingest: exit %d\n%s", code, stderr)
	}
	if code, _, stderr := run(t, "import", dir, "--force"); code != exitDone || !strings.Contains(stderr, "done     alps version 2, levels 0-1, 10 tiles") {
		t.Errorf("--force: exit %d\n%s", code, stderr)
	}
}

// flipLayer changes the tile address in the file's row layer.json.
func flipLayer(_, file string) {
	data, err := os.ReadFile(file)
	if err != nil {
		panic(err)
	}
	data[bytes.Index(data, []byte("{z}/{x}/{y}"))] ^= 1
	if err := os.WriteFile(file, data, 0o644); err != nil {
		panic(err)
	}
}

// flipTile changes a byte of the first tile's data, found by the gzip header that it begins with.
func flipTile(_, file string) {
	data, err := os.ReadFile(file)
	if err != nil {
		panic(err)
	}
	at := bytes.Index(data, []byte{0x1f, 0x8b, 8, 4})
	data[at+60] ^= 1
	if err := os.WriteFile(file, data, 0o644); err != nil {
		panic(err)
	}
}
