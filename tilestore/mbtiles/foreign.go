package mbtiles

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql/driver"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/internal/sqlite"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// exactRows is how many tiles a level of others' pictures may have for its availability to be listed exactly; beyond, the
// rectangle around them is given, so that opening a large base map stays quick. Terrain is always exact: clients rely on it.
const exactRows = 1 << 20

// describeForeign finds out what others' tiles are: the format from the first bytes of some tiles, the levels and places from the
// rows, the rest from metadata as far as it makes sense. g is the grid of pictures, if the user tells it.
func describeForeign(ctx context.Context, db *sqlite.Conn, g *tilegrid.Grid) (tilestore.Info, error) {
	rows, err := foreignMetadata(db)
	if err != nil {
		return tilestore.Info{}, err
	}
	if rows[rowInfo] != "" {
		return tilestore.Info{}, damaged(db.Path(), "it was made by Terrane, but its application_id says otherwise")
	}
	format, err := foreignFormat(db)
	if err != nil {
		return tilestore.Info{}, err
	}
	i := tilestore.Info{Kind: tilestore.Imagery, Format: format, Title: rows["name"], Attribution: rows["attribution"], Grid: tilegrid.Mercator}
	if format == tilestore.QuantizedMesh {
		i.Kind, i.Grid = tilestore.Terrain, tilegrid.Geodetic
	}
	for _, name := range []string{"projection", "crs", "srs"} {
		if strings.HasSuffix(rows[name], "4326") {
			i.Grid = tilegrid.Geodetic
		}
	}
	if g != nil && i.Kind == tilestore.Imagery {
		i.Grid = *g
	}
	if err := foreignLevels(ctx, db, &i); err != nil {
		return i, err
	}
	i.Bound = foreignBound(rows["bounds"], i)
	return i, nil
}

func foreign(path, why string) error {
	return remedy.New(path, fmt.Errorf("%w: %s", tilestore.ErrForeign, why), "only MBTiles files with pictures or quantized-mesh are served")
}

func foreignMetadata(db *sqlite.Conn) (map[string]string, error) {
	tables := map[string]bool{}
	err := db.Each("SELECT name FROM sqlite_master WHERE name IN ('tiles', 'metadata')", func(v []driver.Value) error {
		tables[sqlite.AsText(v[0])] = true
		return nil
	})
	if err == nil && !tables["tiles"] {
		err = foreign(db.Path(), "it has no table or view named tiles")
	}
	rows := map[string]string{}
	if err != nil || !tables["metadata"] {
		return rows, err
	}
	err = db.Each("SELECT name, value FROM metadata LIMIT 1000", func(v []driver.Value) error {
		rows[sqlite.AsText(v[0])] = sqlite.AsText(v[1])
		return nil
	})
	return rows, err
}

// sampled is how many tiles are looked at to tell the format.
const sampled = 32

// foreignFormat returns the format of the first tile, PNG if those after it are pictures of another: who goes by it alone then expects transparency.
func foreignFormat(db *sqlite.Conn) (format string, err error) {
	n := 0
	err = db.Each("SELECT tile_data FROM tiles LIMIT 100", func(v []driver.Value) error {
		tile, _ := v[0].([]byte)
		if len(tile) == 0 {
			return nil
		}
		mime, ok := Sniff(tile)
		switch {
		case n == 0 && !ok:
			return foreign(db.Path(), "its tiles are neither pictures nor quantized-mesh")
		case n == 0:
			format = mime
		case ok && mime != format && mime != tilestore.QuantizedMesh && format != tilestore.QuantizedMesh:
			format = tilestore.PNG
		}
		if n++; n == sampled || format == tilestore.QuantizedMesh {
			return sqlite.ErrEnough
		}
		return nil
	})
	if err == nil && n == 0 {
		err = foreign(db.Path(), "it has no tiles")
	}
	return format, err
}

// Sniff tells the format of a tile by its first bytes: PNG, JPEG, WebP, or quantized-mesh, plain or gzipped.
func Sniff(tile []byte) (mime string, ok bool) {
	switch {
	case bytes.HasPrefix(tile, []byte("\x89PNG\r\n\x1a\n")):
		return tilestore.PNG, true
	case bytes.HasPrefix(tile, []byte{0xff, 0xd8, 0xff}):
		return tilestore.JPEG, true
	case len(tile) >= 12 && string(tile[:4]) == "RIFF" && string(tile[8:12]) == "WEBP":
		return tilestore.WebP, true
	}
	head := make([]byte, 92)
	if _, err := io.ReadFull(plain(tile), head); err == nil && meshHeader(head) {
		return tilestore.QuantizedMesh, true
	}
	return "", false
}

func isGzip(b []byte) bool { return len(b) > 2 && b[0] == 0x1f && b[1] == 0x8b }

// plain reads a tile's bytes inflated, or as they are if they are no gzip.
func plain(tile []byte) io.Reader {
	if isGzip(tile) {
		if z, err := gzip.NewReader(bytes.NewReader(tile)); err == nil {
			return z
		}
	}
	return bytes.NewReader(tile)
}

// meshHeader tells whether 92 bytes can be the header and vertex count of a quantized-mesh tile: centre and sphere within the Earth's
// size, heights in order and finite, at least three vertices.
func meshHeader(head []byte) bool {
	double := func(at int) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(head[at:])) }
	single := func(at int) float64 { return float64(math.Float32frombits(binary.LittleEndian.Uint32(head[at:]))) }
	const reach = 7e6 // metres; the Earth's radius and then some
	if !(math.Hypot(math.Hypot(double(0), double(8)), double(16)) < reach) {
		return false
	}
	low, high, radius := single(24), single(28), double(56)
	return low >= -1e5 && low <= high && high <= 1e5 && radius > 0 && radius < 2*reach && binary.LittleEndian.Uint32(head[88:]) >= 3
}

// gzipped returns the tile as tilestore has terrain: a gzip member.
func gzipped(tile []byte) []byte {
	if isGzip(tile) {
		return tile
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(tile)
	z.Close()
	return b.Bytes()
}

// foreignLevels fills in levels, availability and count from the rows. Rows outside the grid are passed over.
func foreignLevels(ctx context.Context, db *sqlite.Conn, i *tilestore.Info) error {
	for z := -1; ; {
		next, err := db.Text("SELECT min(zoom_level) FROM tiles WHERE zoom_level > ?", int64(z))
		if err != nil {
			return err
		}
		if z, err = strconv.Atoi(next); err != nil || z > tilegrid.MaxLevel {
			break
		}
		if err := foreignLevel(ctx, db, i, uint8(z)); err != nil {
			return err
		}
	}
	if i.Tiles == 0 {
		return foreign(db.Path(), "it has no tiles")
	}
	return nil
}

func foreignLevel(ctx context.Context, db *sqlite.Conn, i *tilestore.Info, z uint8) error {
	var level []tilegrid.Coord
	var whole tilegrid.Range
	n := int64(0)
	err := db.Each(selectLevel, func(v []driver.Value) error {
		c := coordOf(int64(z), v[0], v[1])
		if err := ctx.Err(); err != nil || !i.Grid.Valid(c) {
			return err
		}
		whole = around(whole, c, n == 0)
		n++
		if i.Kind == tilestore.Terrain || n <= exactRows {
			level = append(level, c)
		}
		return nil
	}, int64(z))
	if err != nil || n == 0 {
		return err
	}
	closeLevel(i, level)
	if n > int64(len(level)) {
		i.Available[z] = []tilegrid.Range{whole}
		i.Tiles += n - int64(len(level))
	}
	return nil
}

func around(r tilegrid.Range, c tilegrid.Coord, first bool) tilegrid.Range {
	if first {
		return tilegrid.Range{Z: c.Z, MinX: c.X, MinY: c.Y, MaxX: c.X, MaxY: c.Y}
	}
	r.MinX, r.MaxX = min(r.MinX, c.X), max(r.MaxX, c.X)
	r.MinY, r.MaxY = min(r.MinY, c.Y), max(r.MaxY, c.Y)
	return r
}

// foreignBound reads the bounds row, or takes the ground of the deepest level's tiles where it is absent or makes no sense.
func foreignBound(text string, i tilestore.Info) orb.Bound {
	var v [4]float64
	parts := strings.Split(text, ",")
	if len(parts) != 4 {
		return coverOf(i)
	}
	for k, p := range parts {
		f, err := strconv.ParseFloat(strings.TrimSpace(p), 64)
		if err != nil || !(math.Abs(f) <= 360) {
			return coverOf(i)
		}
		v[k] = f
	}
	b := orb.Bound{Min: orb.Point{v[0], v[1]}, Max: orb.Point{v[2], v[3]}}
	if v[0] >= v[2] || v[1] >= v[3] || v[1] < -90 || v[3] > 90 || v[0] < -180 || i.Kind == tilestore.Imagery && !touches(b, i) {
		return coverOf(i)
	}
	return b
}

// touches tells whether a bound touches all ranges of the deepest level, to their outermost tiles: pictures outside of it would never be drawn.
func touches(b orb.Bound, i tilestore.Info) bool {
	var covers []tilegrid.Range
	for _, part := range tilegrid.SplitBound(b) {
		covers = append(covers, i.Grid.Cover(part, i.Levels[1]))
	}
	for _, r := range i.Available[i.Levels[1]] {
		for _, corner := range []tilegrid.Coord{{Z: r.Z, X: r.MinX, Y: r.MinY}, {Z: r.Z, X: r.MaxX, Y: r.MaxY}} {
			if !slices.ContainsFunc(covers, func(c tilegrid.Range) bool { return c.Contains(corner) }) {
				return false
			}
		}
	}
	return true
}
