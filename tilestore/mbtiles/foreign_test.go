package mbtiles

import (
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// sharedData copies a file of the shared test data into a folder of the test's own and returns its path.
func sharedData(t *testing.T, name string) string {
	t.Helper()
	from := os.Getenv("TERRANE_SHARED")
	if from == "" {
		from = filepath.Join("..", "..", "..", "shared") // beside the module
	}
	b, err := os.ReadFile(filepath.Join(from, "data", name))
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("no %s: set TERRANE_SHARED to the shared test data", name)
	} else if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), filepath.Base(name))
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPicturesMadeByOthersAreRead(t *testing.T) {
	cases := []struct {
		file, format string
		levels       [2]uint8
		tiles        int64
		bound        orb.Bound
	}{
		{"tiles/world_l1.mbtiles", tilestore.JPEG, [2]uint8{0, 1}, 5, orb.Bound{Min: orb.Point{-180, -85}, Max: orb.Point{180, 85}}},
		{"tiles/plain_1.mbtiles", tilestore.PNG, [2]uint8{0, 4}, 285,
			orb.Bound{Min: orb.Point{-179.9999999749438, -69.99999999526695}, Max: orb.Point{179.9999999749438, 84.99999999782301}}},
	}
	for _, c := range cases {
		t.Run(c.file, func(t *testing.T) {
			r, err := Open(t.Context(), sharedData(t, c.file))
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			i := r.Info()
			if i.Kind != tilestore.Imagery || i.Format != c.format || i.Grid != tilegrid.Mercator || i.Levels != c.levels || i.Tiles != c.tiles || i.Bound != c.bound {
				t.Errorf("got %+v", i)
			}
			n := int64(0)
			for z := c.levels[0]; z <= c.levels[1]; z++ {
				for at, err := range r.Coords(t.Context(), z) {
					if err != nil {
						t.Fatal(err)
					}
					tile, err := r.Tile(t.Context(), at)
					if mime, ok := Sniff(tile.Data); err != nil || !ok || mime != c.format || !i.Has(at) || len(tile.ETag) != 34 {
						t.Errorf("%s: %s, %v, listed %v, ETag %s", at, mime, err, i.Has(at), tile.ETag)
					}
					n++
				}
			}
			if n != c.tiles {
				t.Errorf("listed %d tiles", n)
			}
		})
	}
}

func TestBrokenFilesOfOthersAreRefused(t *testing.T) {
	for _, name := range []string{"broken/invalid.mbtiles", "broken/invalid-tile-format.mbtiles"} {
		t.Run(name, func(t *testing.T) { wantRefused(t, sharedData(t, name), tilestore.ErrForeign) })
	}
}

// foreignFile makes an MBTiles file as others do, by SQL.
func foreignFile(t *testing.T, sql string, tile []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "others.mbtiles")
	db, err := openConn(path, "mode=rwc")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = errors.Join(db.Exec("CREATE TABLE metadata (name, value); CREATE TABLE tiles (zoom_level, tile_column, tile_row, tile_data)"),
		db.Exec("INSERT INTO tiles VALUES (0, 0, 0, ?)", tile), db.Exec(sql))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestQuantizedMeshMadeByOthersIsTerrain(t *testing.T) {
	plain, err := os.ReadFile(sharedData(t, "qmesh/cesium-specs/tile.terrain"))
	if err != nil {
		t.Fatal(err)
	}
	for name, tile := range map[string][]byte{"plain": plain, "gzipped": gzipped(plain)} {
		t.Run(name, func(t *testing.T) {
			r, err := Open(t.Context(), foreignFile(t, "", tile))
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			i := r.Info()
			if i.Kind != tilestore.Terrain || i.Format != tilestore.QuantizedMesh || i.Grid != tilegrid.Geodetic || i.Name != "others" || i.Version != 0 {
				t.Errorf("got %+v", i)
			}
			got, err := r.Tile(t.Context(), tilegrid.Coord{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(plain, inflate(t, got.Data)); diff != "" {
				t.Error("the tile differs from what was stored")
			}
			if _, err := r.Heights(t.Context(), tilegrid.Coord{}); !errors.Is(err, tilestore.ErrNotFound) {
				t.Errorf("heights: %v", err)
			}
		})
	}
}

func inflate(t *testing.T, member []byte) []byte {
	t.Helper()
	if !isGzip(member) {
		t.Fatal("not a gzip member")
	}
	b, err := io.ReadAll(plain(member))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestOddMetadataOfOthersDoesNoHarm(t *testing.T) {
	png := []byte("\x89PNG\r\n\x1a\n and so on")
	world := tilegrid.Mercator.Bound(tilegrid.Coord{})
	cases := []struct {
		name, sql string
		bound     orb.Bound
		crs       tilegrid.CRS
	}{
		{"no bounds", "", world, tilegrid.WebMercator},
		{"bounds that are no numbers", "INSERT INTO metadata VALUES ('bounds', 'a,b,c,d')", world, tilegrid.WebMercator},
		{"bounds the wrong way round", "INSERT INTO metadata VALUES ('bounds', '10,20,0,0')", world, tilegrid.WebMercator},
		{"bounds of NaN", "INSERT INTO metadata VALUES ('bounds', 'NaN,NaN,NaN,NaN')", world, tilegrid.WebMercator},
		{"geographic tiles", "INSERT INTO metadata VALUES ('projection', 'EPSG:4326')", tilegrid.Geodetic.Bound(tilegrid.Coord{}), tilegrid.WGS84},
		{"no metadata table", "DROP TABLE metadata", world, tilegrid.WebMercator},
		{"rows outside the grid", "INSERT INTO tiles VALUES (1, -1, 0, 'x'), (1, 4294967296, 0, 'x'), (3, 8, 0, 'x'), (99, 0, 0, 'x'), ('a', 'b', 'c', 'd')", world, tilegrid.WebMercator},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r, err := Open(t.Context(), foreignFile(t, c.sql, png))
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			if i := r.Info(); i.Bound != c.bound || i.Grid.CRS() != c.crs || i.Tiles != 1 || i.Levels != [2]uint8{0, 0} {
				t.Errorf("got %+v", i)
			}
		})
	}
}

func TestFilesWithoutTilesThatCanBeServedAreRefused(t *testing.T) {
	wantRefused(t, foreignFile(t, "DELETE FROM tiles", []byte("x")), tilestore.ErrForeign)
	wantRefused(t, foreignFile(t, "DROP TABLE tiles", []byte("x")), tilestore.ErrForeign)
	wantRefused(t, foreignFile(t, "", gzipped([]byte("a vector tile, say"))), tilestore.ErrForeign)
	wantRefused(t, foreignFile(t, "UPDATE tiles SET zoom_level = 31", []byte("\x89PNG\r\n\x1a\n")), tilestore.ErrForeign)
}

func TestPicturesOfSeveralFormatsAreCalledPNG(t *testing.T) {
	for second, want := range map[string]string{"\x89PNG\r\n\x1a\n": tilestore.PNG, "\xff\xd8\xff": tilestore.JPEG, "text": tilestore.JPEG, "": tilestore.JPEG} {
		path := foreignFile(t, "INSERT INTO tiles VALUES (1, 0, 0, x'"+hex.EncodeToString([]byte(second))+"')", []byte("\xff\xd8\xff and so on"))
		r, err := Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Info().Format; got != want {
			t.Errorf("JPEG and %q: %s", second, got)
		}
		r.Close()
	}
}

// TestBoundsThatLeaveTilesOutAreNotBelieved: what lies outside of a dataset's bounds is never drawn.
func TestBoundsThatLeaveTilesOutAreNotBelieved(t *testing.T) {
	west := tilegrid.Mercator.Bound(tilegrid.Coord{Z: 1, X: 0, Y: 1})
	for bounds, want := range map[string]orb.Bound{"-100,10,-20,50": {Min: orb.Point{-100, 10}, Max: orb.Point{-20, 50}}, "10,10,20,20": west, "-100,-20,-20,-10": west} {
		sql := "UPDATE tiles SET zoom_level = 1, tile_row = 1; INSERT INTO metadata VALUES ('bounds', '" + bounds + "')"
		r, err := Open(t.Context(), foreignFile(t, sql, []byte("\x89PNG\r\n\x1a\n")))
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Info().Bound; got != want {
			t.Errorf("%s: got %v", bounds, got)
		}
		r.Close()
	}
}

func TestPicturesAreOpenedInTheGridThatTheUserKnows(t *testing.T) {
	path := foreignFile(t, "INSERT INTO tiles VALUES (0, 1, 0, x'ffd8ff')", []byte("\xff\xd8\xff"))
	for _, c := range []struct {
		grid  tilegrid.Grid
		tiles int64
	}{{tilegrid.Mercator, 1}, {tilegrid.Geodetic, 2}} {
		r, err := OpenAs(t.Context(), path, c.grid)
		if err != nil {
			t.Fatal(err)
		}
		if i := r.Info(); i.Grid != c.grid || i.Tiles != c.tiles {
			t.Errorf("got %+v", i)
		}
		r.Close()
	}
}
