package server

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"sort"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/internal/gzrun"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// shelf is a catalogue in memory, for the rules of HTTP that no store matters to. Keys are "name" and "name@version".
type shelf map[string]*book

// book is a dataset version in memory.
type book struct {
	info  tilestore.Info
	tiles map[tilegrid.Coord][]byte
	err   error // what Tile returns instead, if set
}

func (s shelf) Get(_ context.Context, ref string) (Dataset, error) {
	if b, ok := s[ref]; ok {
		return b, nil
	}
	return nil, tilestore.ErrNoDataset
}

func (s shelf) All(context.Context) ([]tilestore.Info, error) {
	var all []tilestore.Info
	for ref, b := range s {
		if !strings.Contains(ref, "@") {
			all = append(all, b.info)
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Name < all[j].Name })
	return all, nil
}

func (b *book) Info() tilestore.Info { return b.info }
func (b *book) Release()             {}
func (b *book) Opening() any         { return b }

func (b *book) Tile(_ context.Context, c tilegrid.Coord) (tilestore.Tile, error) {
	if b.err != nil {
		return tilestore.Tile{}, b.err
	}
	data, ok := b.tiles[c]
	if !ok {
		return tilestore.Tile{}, tilestore.ErrNotFound
	}
	sum := sha256.Sum256(data)
	return tilestore.Tile{Data: data, ETag: `"` + hex.EncodeToString(sum[:8]) + `"`}, nil
}

// The plain parts of the test tile at 0/0/0, each filled with its own byte.
var (
	meshPart   = bytes.Repeat([]byte("m"), 3000)
	normalPart = bytes.Repeat([]byte("n"), 700)
	waterPart  = bytes.Repeat([]byte("w"), 70)
)

// newShelf holds alps, versions 1 and 2, with normals and water: 0/0/0 and 0/1/0 in runs, 1/0/0 as another tiler's gzip, 1/1/0 plain.
func newShelf() shelf {
	runs := gzrun.Pack([]gzrun.Run{{ID: 0, Data: meshPart}, {ID: 1, Data: normalPart}, {ID: 2, Data: waterPart}})
	alps := func(version int) *book {
		return &book{
			info: tilestore.Info{
				Name: "alps", Version: version, Kind: tilestore.Terrain, Format: tilestore.QuantizedMesh, Manifest: strings.Repeat("a", 63+version),
				Extensions: []string{"octvertexnormals", "watermask"}, Levels: [2]uint8{0, 1}, Tiles: 4,
				Bound:     orb.Bound{Min: orb.Point{6, 45}, Max: orb.Point{8, 47}},
				Available: [][]tilegrid.Range{{{Z: 0, MaxX: 1}}, {{Z: 1, MaxX: 1}}},
			},
			tiles: map[tilegrid.Coord][]byte{{}: runs, {X: 1}: runs, {Z: 1}: zipped(meshPart), {Z: 1, X: 1}: meshPart},
		}
	}
	s := shelf{"alps@1": alps(1), "alps@2": alps(2), "photo": &book{info: tilestore.Info{Name: "photo", Version: 1, Kind: tilestore.Imagery}}}
	s["alps"] = s["alps@2"]
	return s
}

func zipped(plain []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(plain)
	w.Close()
	return b.Bytes()
}

func gunzip(t *testing.T, member []byte) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(member))
	if err != nil {
		t.Fatalf("not gzip: %v", err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		t.Fatalf("broken gzip: %v", err)
	}
	return plain
}

// ask sends one request with headers given as "Name: value".
func ask(h http.Handler, method, target string, headers ...string) *http.Response {
	r := httptest.NewRequest(method, target, nil)
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func bodyOf(t testing.TB, r *http.Response) []byte {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
