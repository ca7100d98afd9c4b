package importer

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"github.com/terrane/terrane/internal/picture"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// earth are the 42 tiles of Natural Earth that CesiumJS comes with, levels 0 to 2 of the geographic grid, and their tilemapresource.xml.
func earth(t *testing.T) (tiles map[tilegrid.Coord][]byte, document []byte) {
	t.Helper()
	dir := filepath.Dir(sharedFile(t, "imagery/NaturalEarthII_tms/tilemapresource.xml"))
	tiles = map[tilegrid.Coord][]byte{}
	for z := range uint8(3) {
		for c := range (tilegrid.Range{Z: z, MaxX: 2<<z - 1, MaxY: 1<<z - 1}).All() {
			data, err := os.ReadFile(filepath.Join(dir, c.String()+".jpg"))
			if err != nil {
				t.Fatal(err)
			}
			tiles[c] = data
		}
	}
	document, err := os.ReadFile(filepath.Join(dir, "tilemapresource.xml"))
	if err != nil {
		t.Fatal(err)
	}
	return tiles, document
}

// writePictures writes tiles as z/x/y with the ending of their format, and a document unless it is nil.
func writePictures(t *testing.T, tiles map[tilegrid.Coord][]byte, name string, document []byte) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "Their Map")
	for c, data := range tiles {
		ending := ".png"
		if mime, ok := mbtiles.Sniff(data); ok && mime != tilestore.PNG {
			ending = map[string]string{tilestore.JPEG: ".jpeg", tilestore.WebP: ".webp"}[mime]
		}
		write(t, filepath.Join(dir, c.String()+ending), data)
	}
	write(t, filepath.Join(dir, "leaflet.html"), []byte("<html>"))
	if document != nil {
		write(t, filepath.Join(dir, name), document)
	}
	return dir
}

// writePictureMBTiles writes an MBTiles file as others do, with rows of metadata.
func writePictureMBTiles(t *testing.T, tiles map[tilegrid.Coord][]byte, info tilestore.Info) string {
	t.Helper()
	w, err := mbtiles.Create(t.Context(), t.TempDir(), "set", mbtiles.Options{Shared: true})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for c, data := range tiles {
		if err := w.Put(t.Context(), c, data); err != nil {
			t.Fatal(err)
		}
	}
	info.Kind = tilestore.Imagery
	if err := w.Commit(t.Context(), info); err != nil {
		t.Fatal(err)
	}
	return disowned(t, w.Path())
}

// flat returns a picture of one colour.
func flat(t *testing.T, ext string, width, height int, c uint8) []byte {
	t.Helper()
	p := picture.Picture{NRGBA: image.NewNRGBA(image.Rect(0, 0, width, height)), Opaque: true}
	for i := range p.Pix {
		p.Pix[i] = c | byte(i%4/3*255)
	}
	return encoded(t, ext, p)
}

func encoded(t *testing.T, ext string, p picture.Picture) []byte {
	t.Helper()
	f, ok := picture.ByExt(ext)
	if !ok {
		t.Fatalf("no %s", ext)
	}
	data, err := f.Encode(p, 85)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Clone(data)
}

func without(tiles map[tilegrid.Coord][]byte, gone ...tilegrid.Coord) map[tilegrid.Coord][]byte {
	left := map[tilegrid.Coord][]byte{}
	for c, data := range tiles {
		left[c] = data
	}
	for _, c := range gone {
		delete(left, c)
	}
	return left
}

func TestPicturesOfEitherRowOrderBecomeTheSameDataset(t *testing.T) {
	south, document := earth(t)
	north := mirrored(south)
	const xml, js = "tilemapresource.xml", "metadata.json"
	geographic := tilestore.Info{Grid: tilegrid.Geodetic, Format: tilestore.JPEG}
	manifest := ""
	for _, c := range []struct {
		name, path string
		opt        Options
		want       Rows
	}{
		{"as CesiumJS has it", writePictures(t, south, xml, document), Options{}, RowsSouth},
		{"without a document, from the south", writePictures(t, south, "", nil), Options{}, RowsSouth},
		{"without a document, from the north", writePictures(t, north, "", nil), Options{}, RowsNorth},
		{"a document that is wrong about it", writePictures(t, north, xml, document), Options{}, RowsNorth},
		{"a document that is none", writePictures(t, north, xml, []byte("<html>")), Options{}, RowsNorth},
		{"metadata.json", writePictures(t, north, js, []byte(`{"scheme":"xyz","crs":"EPSG:4326","bounds":"-180,-90,180,90"}`)), Options{}, RowsNorth},
		{"the order told", writePictures(t, north, xml, document), Options{Rows: RowsNorth}, RowsNorth},
		{"the grid told", writePictures(t, north, "", nil), Options{Grid: GridGeographic}, RowsNorth},
		{"an MBTiles file", writePictureMBTiles(t, south, geographic), Options{}, RowsSouth},
		{"an MBTiles file from the north", writePictureMBTiles(t, north, geographic), Options{}, RowsNorth},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t, c.path, c.opt)
			i := s.Info()
			if s.Rows() != c.want || s.Grid() != GridGeographic || i.Tiles != 42 || i.Levels != [2]uint8{0, 2} || i.Kind != tilestore.Imagery || s.Orphans() != 0 {
				t.Fatalf("rows %s, grid %s, %+v", s.Rows(), s.Grid(), i)
			}
			got := imported(t, s).Info()
			if manifest == "" {
				manifest = got.Manifest
			}
			if got.Manifest != manifest || got.Format != tilestore.JPEG || got.Grid != tilegrid.Geodetic || got.Bound != i.Bound {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// TestOneRootOfGdal2tiles: what gdal2tiles --profile=geodetic makes has our level 0 on its level 1, and a document that says otherwise.
func TestOneRootOfGdal2tiles(t *testing.T) {
	tiles, document := earth(t)
	south, north := map[tilegrid.Coord][]byte{{}: flat(t, "png", 256, 256, 0)}, map[tilegrid.Coord][]byte{{}: flat(t, "png", 256, 256, 0)}
	for c, data := range tiles {
		c.Z++
		south[c], north[tilegrid.Mercator.FlipY(c)] = data, data
	}
	manifest := imported(t, open(t, writePictures(t, tiles, "", nil), Options{})).Info().Manifest
	for _, c := range []struct {
		name, path string
		opt        Options
	}{
		{"by its box", writePictures(t, south, "tilemapresource.xml", document), Options{}},
		{"told", writePictures(t, south, "", nil), Options{Grid: GridOneRoot}},
		{"told, from the north", writePictures(t, north, "", nil), Options{Grid: GridOneRoot}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t, c.path, c.opt)
			if got := imported(t, s).Info(); s.Grid() != GridOneRoot || got.Manifest != manifest || got.Levels != [2]uint8{0, 2} {
				t.Errorf("grid %s, %+v", s.Grid(), got)
			}
		})
	}
}

func TestRealMBTilesWithPicturesAreImported(t *testing.T) {
	for _, c := range []struct {
		name, format string
		tiles        int64
		levels       [2]uint8
		north        float64
	}{{"tiles/plain_1.mbtiles", tilestore.PNG, 285, [2]uint8{0, 4}, 84.99999999782301}, {"tiles/world_l1.mbtiles", tilestore.JPEG, 5, [2]uint8{0, 1}, 85}} {
		t.Run(c.name, func(t *testing.T) {
			path := sharedFile(t, c.name)
			i := imported(t, open(t, path, Options{})).Info()
			if i.Tiles != c.tiles || i.Format != c.format || i.Levels != c.levels || i.Grid != tilegrid.Mercator || i.Bound.Max.Lat() != c.north {
				t.Errorf("got %+v", i)
			}
			theirs, err := mbtiles.Open(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			defer theirs.Close()
			ours := imported(t, open(t, path, Options{}))
			for at, err := range theirs.Coords(t.Context(), c.levels[1]) {
				a, err2 := theirs.Tile(t.Context(), at)
				b, err3 := ours.Tile(t.Context(), at)
				if err := errors.Join(err, err2, err3); err != nil || !bytes.Equal(a.Data, b.Data) {
					t.Fatalf("%s: %v, or other bytes", at, err)
				}
			}
		})
	}
}

func TestPicturesOfAnyFormatAndSizeAreTaken(t *testing.T) {
	tiles, _ := earth(t)
	mixed, large := map[tilegrid.Coord][]byte{}, map[tilegrid.Coord][]byte{}
	for c, data := range tiles {
		p, err := picture.Decode(data, 1<<16)
		if err != nil {
			t.Fatal(err)
		}
		mixed[c] = encoded(t, []string{"png", "jpg", "webp"}[c.Z], p)
	}
	for z := range uint8(2) {
		for c := range (tilegrid.Range{Z: z, MaxX: 1<<z - 1, MaxY: 1<<z - 1}).All() {
			large[c] = flat(t, "webp", 512, 512, uint8(40*c.X+90*c.Y))
		}
	}
	for _, c := range []struct {
		name, path, format string
		side, tiles        int
	}{
		{"three formats in a folder", writePictures(t, mixed, "", nil), tilestore.PNG, 256, 42},
		{"three formats in MBTiles", writePictureMBTiles(t, mixed, tilestore.Info{Grid: tilegrid.Geodetic, Format: tilestore.PNG}), tilestore.PNG, 256, 42},
		{"WebP of 512 pixels in a folder", writePictures(t, large, "", nil), tilestore.WebP, 512, 5},
		{"WebP of 512 pixels in MBTiles", writePictureMBTiles(t, large, tilestore.Info{Grid: tilegrid.Mercator, Format: tilestore.WebP}), tilestore.WebP, 512, 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := imported(t, open(t, c.path, Options{}))
			i := r.Info()
			tile, err := r.Tile(t.Context(), tilegrid.Coord{Z: 1, X: 1, Y: 1})
			if err != nil {
				t.Fatal(err)
			}
			p, err := picture.Decode(tile.Data, 1<<20)
			if err != nil || i.Format != c.format || p.Rect.Dx() != c.side || i.Tiles != int64(c.tiles) || !strings.Contains(string(i.Provenance), `"pixels":`+strconv.Itoa(c.side)) {
				t.Errorf("%v, %d pixels, %+v", err, p.Rect.Dx(), i)
			}
		})
	}
}

func TestPicturesThatCannotBeDrawnAreRefusedWithTheReason(t *testing.T) {
	tiles, _ := earth(t)
	at := tilegrid.Coord{Z: 2, X: 5, Y: 1}
	harmed := func(data []byte) map[tilegrid.Coord][]byte {
		out := without(tiles)
		out[at] = data
		return out
	}
	for _, c := range []struct {
		name string
		data []byte
		says string
	}{
		{"cut short", tiles[at][:len(tiles[at])/2], "not a readable picture"},
		{"empty", []byte{}, "not a readable picture"},
		{"text", []byte("404 not found"), "not a readable picture"},
		{"not square", flat(t, "jpg", 256, 128, 9), "256 x 128"},
		{"of another size", flat(t, "jpg", 512, 512, 9), "512 pixels a side, others 256"},
		{"too large", flat(t, "jpg", 2304, 2304, 9), "too large"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t, writePictures(t, harmed(c.data), "", nil), Options{})
			w := create(t, t.TempDir())
			err := Run(ctx, s, w, RunOptions{})
			if !errors.Is(err, ErrPicture) || !strings.Contains(err.Error(), "2/5/1") || !strings.Contains(err.Error(), c.says) || remedy.Try(err) == "" {
				t.Errorf("got %v, try %q", err, remedy.Try(err))
			}
			if _, err := os.Stat(w.Path()); !errors.Is(err, fs.ErrNotExist) {
				t.Error("something was published")
			}
		})
	}
}

func TestPicturesMayHaveGapsAndWrongBounds(t *testing.T) {
	tiles, _ := earth(t)
	s := open(t, writePictures(t, without(tiles, tilegrid.Coord{Z: 1, X: 1, Y: 1}), "metadata.json",
		[]byte(`{"name":"Earth","attribution":"(c) them","bounds":[10,10,20,20]}`)), Options{})
	if s.Orphans() != 4 || s.Info().Bound != (orb.Bound{Min: orb.Point{-180, -90}, Max: orb.Point{180, 90}}) {
		t.Errorf("%d orphans, %+v", s.Orphans(), s.Info())
	}
	if i := imported(t, s).Info(); i.Tiles != 41 || i.Title != "Earth" || i.Attribution != "(c) them" {
		t.Errorf("got %+v", i)
	}
}

func TestTilesOutsideTheGridAreRefused(t *testing.T) {
	tiles, _ := earth(t)
	for name, opt := range map[string]Options{"not so many columns": {Grid: GridMercator}, "not so many rows": {Grid: GridOneRoot}} {
		if _, err := Open(ctx, writePictures(t, tiles, "", nil), opt); !errors.Is(err, tilegrid.ErrOutOfGrid) || !strings.Contains(remedy.Try(err), "--grid") {
			t.Errorf("%s: %v, try %q", name, err, remedy.Try(err))
		}
	}
}

func TestParseGrid(t *testing.T) {
	for g := GridAuto; g <= GridOneRoot; g++ {
		if got, err := ParseGrid(g.String()); got != g || err != nil {
			t.Errorf("%s: %v, %v", g, got, err)
		}
	}
	if _, err := ParseGrid("polar"); err == nil {
		t.Error("polar was taken")
	}
}

func TestBoxesOfTileMapsAreInDegreesOrMetres(t *testing.T) {
	const form = `<TileMap><Title>Alps</Title><SRS>EPSG:%s</SRS><BoundingBox minx="%v" miny="%v" maxx="%v" maxy="%v"/><TileSets profile="%s"/></TileMap>`
	for _, c := range []struct {
		srs, profile string
		box          [4]float64
	}{
		{"3857", "mercator", [4]float64{5, 44, 12, 48}},
		{"900913", "global-mercator", [4]float64{556597.45, 5465442.18, 1335833.89, 6106854.83}},
		{"4326", "global-geodetic", [4]float64{5, 44, 12, 48}},
	} {
		var s Source
		var said claim
		text := fmt.Sprintf(form, c.srs, c.box[0], c.box[1], c.box[2], c.box[3], c.profile)
		err := s.readTileMap([]byte(text), &said)
		b := said.bound
		if err != nil || said.rows != RowsSouth || (said.grid == GridMercator) != (c.srs != "4326") || s.info.Title != "Alps" ||
			max(b.Min[0]-5, 5-b.Min[0], b.Min[1]-44, 44-b.Min[1], b.Max[0]-12, 12-b.Max[0], b.Max[1]-48, 48-b.Max[1]) > 1e-6 {
			t.Errorf("%s: %+v, %v", c.profile, said, err)
		}
	}
}
