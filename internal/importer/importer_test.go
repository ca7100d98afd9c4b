package importer

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/terrane/terrane/internal/gzrun"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

var (
	ctx    = context.Background()
	valais = tilegrid.Coord{Z: 6, X: 66, Y: 48}
)

const (
	layerSouth = `{"format":"quantized-mesh-1.0","scheme":"tms","tiles":["{z}/{x}/{y}.terrain"],"name":"Theirs","attribution":"(c) them","bounds":[7,45,8,47]}`
	layerNorth = `{"format":"quantized-mesh-1.0","scheme":"slippyMap","tiles":["{z}/{x}/{y}.terrain"]}`
)

func open(t *testing.T, path string, opt Options) *Source {
	t.Helper()
	s, err := Open(ctx, path, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// imported runs an import and opens what became of it.
func imported(t *testing.T, s *Source) *mbtiles.Reader {
	t.Helper()
	w := create(t, t.TempDir())
	if err := Run(ctx, s, w, RunOptions{Jobs: 2}); err != nil {
		t.Fatal(err)
	}
	r, err := mbtiles.Open(ctx, w.Path())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func TestPilesOfEitherRowOrderBecomeTheSameDataset(t *testing.T) {
	south := pyramid(t, valais)
	north := mirrored(south)
	cases := []struct {
		name, path string
		opt        Options
		want       Rows
	}{
		{"a folder from the south", writeFolder(t, south, layerSouth), Options{}, RowsSouth},
		{"a folder from the north", writeFolder(t, north, layerNorth), Options{}, RowsNorth},
		{"a folder without layer.json from the north", writeFolder(t, north, ""), Options{}, RowsNorth},
		{"a folder whose layer.json is wrong about it", writeFolder(t, north, layerSouth), Options{}, RowsNorth},
		{"a folder with the order told", writeFolder(t, north, layerSouth), Options{Rows: RowsNorth}, RowsNorth},
		{"an MBTiles file from the south", writeMBTiles(t, south, true), Options{}, RowsSouth},
		{"an MBTiles file from the north", writeMBTiles(t, north, true), Options{}, RowsNorth},
	}
	manifest := ""
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := open(t, c.path, c.opt)
			if s.Rows() != c.want || s.Info().Tiles != int64(len(south)) || s.Info().Levels != [2]uint8{0, 6} || !s.Info().Has(valais) {
				t.Fatalf("rows %s, %+v", s.Rows(), s.Info())
			}
			info := imported(t, s).Info()
			if manifest == "" {
				manifest = info.Manifest
			}
			if info.Manifest != manifest || info.Manifest == "" {
				t.Errorf("manifest %q, the first's is %q", info.Manifest, manifest)
			}
		})
	}
}

func TestImportKeepsTheGroundAndMendsTheRest(t *testing.T) {
	r := imported(t, open(t, writeFolder(t, pyramid(t, valais), layerSouth), Options{}))
	tile, err := r.Tile(ctx, valais)
	if err != nil {
		t.Fatal(err)
	}
	if ids, err := gzrun.IDs(tile.Data); err != nil || !slices.Equal(ids, []uint8{0}) {
		t.Errorf("runs %v, %v", ids, err)
	}
	m, err := terrain.Decode(bytes.NewReader(tile.Data))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.ValidateAt(tilegrid.Geodetic.Bound(valais)); err != nil {
		t.Errorf("its edge lists were not mended: %v", err)
	}
	if m.Metadata != nil || m.Min != 10 || m.Vertices[2].H != 5 {
		t.Errorf("got %+v", m)
	}
	info := r.Info()
	if info.Title != "Theirs" || info.Attribution != "(c) them" || len(info.Extensions) != 0 || !strings.Contains(string(info.Provenance), `"rows":"south"`) {
		t.Errorf("got %+v", info)
	}
}

func TestRealTilesByOthersAreImported(t *testing.T) {
	himalaya := tilegrid.Coord{Z: 9, X: 759, Y: 335}
	geneva := tilegrid.Coord{Z: 9, X: 533, Y: 383}
	tiles := pyramid(t, himalaya)
	for c, data := range pyramid(t, geneva) {
		tiles[c] = data
	}
	tiles[himalaya] = sharedTile(t, "cesium-specs/9_759_335/9_759_335.terrain")
	tiles[geneva] = sharedTile(t, "quantized-mesh-tile/9_533_383.terrain") // its horizon point is inside the Earth
	r := imported(t, open(t, writeFolder(t, tiles, ""), Options{}))
	for _, c := range []tilegrid.Coord{himalaya, geneva} {
		tile, err := r.Tile(ctx, c)
		if err != nil {
			t.Fatal(err)
		}
		m, err := terrain.Decode(bytes.NewReader(tile.Data))
		if err != nil {
			t.Fatal(err)
		}
		if err := m.ValidateDrawable(); err != nil {
			t.Errorf("%s: %v", c, err)
		}
	}
	if got := r.Info().Extensions; !slices.Equal(got, []string{"watermask"}) { // one tile has normals, the others have none
		t.Errorf("extensions %v", got)
	}
}

func TestBrokenPilesAreRefusedWithTheReason(t *testing.T) {
	without := func(gone tilegrid.Coord) map[tilegrid.Coord][]byte {
		tiles := pyramid(t, valais)
		delete(tiles, gone)
		return tiles
	}
	cut := pyramid(t, valais)
	cut[valais] = cut[valais][:100]
	empty := pyramid(t, valais)
	empty[valais.Parent()] = nil
	nowhere := pyramid(t, valais)
	nowhere[valais] = bytes.Clone(nowhere[valais])
	copy(nowhere[valais][24:28], []byte{0, 0, 0xc0, 0x7f}) // minimum height NaN
	cases := []struct {
		name, path string
		want       error
		text       string
	}{
		{"a missing root", writeFolder(t, without(tilegrid.Coord{}), ""), ErrIncomplete, "0/0/0 is a root"},
		{"a missing ancestor", writeFolder(t, without(valais.Ancestor(3)), ""), ErrIncomplete, "3/8/6 is the parent of 4/16/12"},
		{"a tile cut short", writeFolder(t, cut, ""), terrain.ErrCorrupt, "tile 6/66/48"},
		{"a tile cut short in MBTiles", writeMBTiles(t, cut, true), terrain.ErrCorrupt, "tile 6/66/48"},
		{"an empty tile", writeFolder(t, empty, ""), terrain.ErrCorrupt, "tile 5/33/24"},
		{"a height that is no number", writeFolder(t, nowhere, ""), terrain.ErrInvalid, "header.finite"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s, folder := open(t, c.path, Options{}), t.TempDir()
			w := create(t, folder)
			err := Run(ctx, s, w, RunOptions{})
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) || remedy.Try(err) == "" {
				t.Errorf("got %v, try %q", err, remedy.Try(err))
			}
			if _, err := os.Stat(w.Path()); err == nil {
				t.Error("something was published")
			}
		})
	}
}

func TestOpenRefusesWhatHoldsNoTerrain(t *testing.T) {
	picture := filepath.Join(t.TempDir(), "a.mbtiles")
	write(t, picture, []byte("\x89PNG\r\n\x1a\n"))
	cases := []struct {
		name, path string
		want       error
	}{
		{"nothing", filepath.Join(t.TempDir(), "gone"), os.ErrNotExist},
		{"an empty folder", t.TempDir(), tilestore.ErrForeign},
		{"heightmaps", writeFolder(t, pyramid(t, valais), `{"format":"heightmap-1.0","tiles":["{z}"]}`), terrain.ErrLayer},
		{"no database", picture, tilestore.ErrCorrupt},
		{"a dataset of ours", writeMBTiles(t, pyramid(t, valais), false), tilestore.ErrForeign},
		{"rows outside their level", writeFolder(t, map[tilegrid.Coord][]byte{{Z: 1, X: 0, Y: 2}: nil}, ""), tilegrid.ErrOutOfGrid},
	}
	for _, c := range cases {
		if _, err := Open(ctx, c.path, Options{}); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
}

func TestNamesComeFromPaths(t *testing.T) {
	for path, want := range map[string]string{
		"/data/Alps 2024.mbtiles": "alps-2024", "tiles/": "tiles", "/": "terrain", "/x/Ägypten": "gypten", "_": "terrain",
		strings.Repeat("a", 80): strings.Repeat("a", 63),
	} {
		if got := nameOf(path, tilestore.Terrain); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}

func TestParseRows(t *testing.T) {
	for s, want := range map[string]Rows{"": RowsAuto, "auto": RowsAuto, "tms": RowsSouth, "South": RowsSouth, "xyz": RowsNorth, "slippyMap": RowsNorth} {
		if got, err := ParseRows(s); got != want || err != nil {
			t.Errorf("%q: got %v, %v", s, got, err)
		}
	}
	if _, err := ParseRows("east"); err == nil {
		t.Error("east was taken")
	}
}
