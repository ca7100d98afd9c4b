package mbtiles

import (
	"context"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"

	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/internal/sqlite"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// Reader reads one dataset version. It is safe for concurrent use and implements tilestore.Reader, Heights and Lister. It goes on reading its
// file when that is removed or another takes its name.
type Reader struct {
	info tilestore.Info
	path string
	own  bool // written by us: every tile has its hash
	pool *pool
}

var (
	_ tilestore.Reader  = (*Reader)(nil)
	_ tilestore.Heights = (*Reader)(nil)
	_ tilestore.Lister  = (*Reader)(nil)
)

const (
	selectTile    = "SELECT tile_hash, tile_data FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?"
	selectHeights = `SELECT hash, data FROM heights WHERE zoom = ? AND "column" = ? AND "row" = ?`
	selectForeign = "SELECT NULL, tile_data FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?"
	selectLevel   = "SELECT tile_column, tile_row FROM tiles WHERE zoom_level = ? ORDER BY tile_row, tile_column"
)

// Open opens a finished file, ours or another MBTiles file. Of ours it reads no tiles. It returns an error that wraps tilestore.ErrForeign for
// what is no tile store, ErrCorrupt for a damaged one, and those of the file system. Name and version come from the file name.
func Open(ctx context.Context, path string) (*Reader, error) { return open(ctx, path, nil) }

// OpenAs is Open for a file by others whose pictures lie in the grid g, whatever it says.
func OpenAs(ctx context.Context, path string, g tilegrid.Grid) (*Reader, error) {
	return open(ctx, path, &g)
}

func open(ctx context.Context, path string, g *tilegrid.Grid) (*Reader, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	file, own, err := inspect(path)
	if err != nil {
		return nil, err
	}
	db, err := openConn(path, immutable)
	if err != nil {
		return nil, err
	}
	r := &Reader{path: path, own: own}
	if r.info, err = describeFile(ctx, db, own, g); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	r.info.SizeBytes = file.Size()
	if ref, ok, _ := refOfFile(filepath.Base(path)); ok {
		r.info.Name, r.info.Version = ref.Name, ref.Version
	}
	if r.pool, err = newPool(path, file, queriesOf(own), db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return r, nil
}

func queriesOf(own bool) queries {
	if own {
		return queries{tile: selectTile, heights: selectHeights}
	}
	return queries{tile: selectForeign}
}

func describeFile(ctx context.Context, db *sqlite.Conn, own bool, g *tilegrid.Grid) (tilestore.Info, error) {
	if !own {
		return describeForeign(ctx, db, g)
	}
	text, err := db.Text(selectMetadata, rowInfo)
	if err != nil {
		return tilestore.Info{}, err
	}
	hash, err := db.Text(selectMetadata, rowInfoHash)
	if err != nil {
		return tilestore.Info{}, err
	}
	info, err := decodeInfo(text, hash)
	if err != nil {
		return info, remedy.New(db.Path(), err, "make it again, or copy it again from a good one")
	}
	return info, nil
}

// inspect looks at the first bytes of a file before SQLite may: is it a whole SQLite database, and is it one of ours?
func inspect(path string) (file os.FileInfo, own bool, err error) {
	if file, err = os.Stat(path); err != nil {
		return nil, false, err
	}
	if !file.Mode().IsRegular() {
		return nil, false, remedy.New(path, fmt.Errorf("%w: not a regular file", tilestore.ErrForeign), "name an .mbtiles file")
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrPermission) {
		return nil, false, remedy.New(path, err, "let the user who runs this program read it")
	} else if err != nil {
		return nil, false, err
	}
	defer f.Close()
	var head [100]byte
	if n, err := io.ReadFull(f, head[:]); err == io.EOF || err == io.ErrUnexpectedEOF {
		return nil, false, damaged(path, fmt.Sprintf("%d bytes only", n))
	} else if err != nil {
		return nil, false, err
	}
	own, err = checkHeader(path, head[:], file.Size())
	return file, own, err
}

// marked tells whether a file bears our mark, be it whole or not.
func marked(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	var head [72]byte
	_, err = io.ReadFull(f, head[:])
	return err == nil && string(head[:16]) == sqliteMagic && binary.BigEndian.Uint32(head[68:]) == ApplicationID
}

// sqliteMagic is what a SQLite database begins with.
const sqliteMagic = "SQLite format 3\x00"

// checkHeader reads the SQLite header: https://www.sqlite.org/fileformat2.html#the_database_header, big endian.
func checkHeader(path string, head []byte, size int64) (own bool, err error) {
	if string(head[:16]) != sqliteMagic {
		return false, remedy.New(path, fmt.Errorf("%w: no SQLite database", tilestore.ErrForeign), "only MBTiles files are served")
	}
	page := int64(binary.BigEndian.Uint16(head[16:]))
	if page == 1 {
		page = 65536
	}
	pages := int64(binary.BigEndian.Uint32(head[28:]))
	counted := binary.BigEndian.Uint32(head[24:]) == binary.BigEndian.Uint32(head[92:])
	if counted && size < page*pages {
		return false, damaged(path, fmt.Sprintf("truncated: %d of %d bytes", size, page*pages))
	}
	own = binary.BigEndian.Uint32(head[68:]) == ApplicationID
	if layout := binary.BigEndian.Uint32(head[60:]); own && (layout == 0 || layout > Layout) {
		return false, remedy.New(path, fmt.Errorf("%w: layout %d is unknown to this program", tilestore.ErrForeign, layout), "use a newer terrane")
	}
	return own, nil
}

// Info describes the version. Its slices are shared: do not change them.
func (r *Reader) Info() tilestore.Info { return r.info }

// Tile returns a tile whose bytes match their hash, or an error that wraps tilestore.ErrNotFound or ErrCorrupt.
func (r *Reader) Tile(ctx context.Context, c tilegrid.Coord) (tilestore.Tile, error) {
	if !r.info.Grid.Valid(c) {
		return tilestore.Tile{}, fmt.Errorf("%w: %s", tilestore.ErrNotFound, c)
	}
	b, err := r.point(ctx, c, func(s *session) *sqlite.Statement { return s.tile })
	if err != nil {
		return tilestore.Tile{}, err
	}
	if !b.found && r.own && r.info.Has(c) {
		return tilestore.Tile{}, damaged(r.path, fmt.Sprintf("%s is listed but not there", c))
	}
	if !r.own {
		return r.foreignTile(b, c)
	}
	data, err := b.checked(r.path, c)
	if err != nil {
		return tilestore.Tile{}, err
	}
	return tilestore.Tile{Data: data, ETag: tilestore.Hash(b.hash).ETag()}, nil
}

func (r *Reader) foreignTile(b blob, c tilegrid.Coord) (tilestore.Tile, error) {
	if !b.found || len(b.data) == 0 {
		return tilestore.Tile{}, fmt.Errorf("%w: %s", tilestore.ErrNotFound, c)
	}
	data := b.data
	if r.info.Kind == tilestore.Terrain {
		data = gzipped(data)
	}
	return tilestore.Tile{Data: data, ETag: tilestore.HashTile(c, data).ETag()}, nil
}

// Heights returns the grid of heights stored beside the tile.
func (r *Reader) Heights(ctx context.Context, c tilegrid.Coord) ([]byte, error) {
	if !r.own || !r.info.Grid.Valid(c) {
		return nil, fmt.Errorf("%w: %s has no heights", tilestore.ErrNotFound, c)
	}
	b, err := r.point(ctx, c, func(s *session) *sqlite.Statement { return s.heights })
	if err != nil {
		return nil, err
	}
	return b.checked(r.path, c)
}

func (r *Reader) point(ctx context.Context, c tilegrid.Coord, of func(*session) *sqlite.Statement) (b blob, err error) {
	s, err := r.pool.get(ctx)
	if err != nil {
		return b, err
	}
	defer r.pool.put(s)
	err = b.read(of(s), c)
	return b, err
}

// Coords yields the tiles of a level by row, then column. It keeps a connection for as long as it runs.
func (r *Reader) Coords(ctx context.Context, z uint8) iter.Seq2[tilegrid.Coord, error] {
	return func(yield func(tilegrid.Coord, error) bool) {
		s, err := r.pool.get(ctx)
		if err != nil {
			yield(tilegrid.Coord{}, err)
			return
		}
		defer r.pool.put(s)
		err = s.db.Each(selectLevel, func(v []driver.Value) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			if c := coordOf(int64(z), v[0], v[1]); r.info.Grid.Valid(c) && !yield(c, nil) {
				return sqlite.ErrEnough
			}
			return nil
		}, int64(z))
		if err != nil {
			yield(tilegrid.Coord{}, err)
		}
	}
}

// Close waits for calls that run and closes the file. What is called after it returns fs.ErrClosed.
func (r *Reader) Close() error { return r.pool.close() }
