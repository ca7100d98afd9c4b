// Package importer reads terrain tiles made by others, so that they can be checked, and stored and served as datasets of ours.
//
// Two kinds of pile are read: a folder z/x/y.terrain (or .terrain.gz) as tile makers leave behind, with or without layer.json; and a quantized-mesh
// MBTiles file. Tiles may be gzipped or plain.
//
// Rows count from the south (tms) in some piles and from the north (slippyMap, XYZ) in others, and what they say of it is not always
// true. The header of each tile says where on Earth it lies, so the order is found by looking: [Open] decodes a few tiles. Where they
// do not tell, layer.json's scheme counts, else the south. [Options] overrule all.
//
// [Source] is a tilestore.Reader and Lister with rows from the south. [Run] writes it into a store: each tile is decoded, and refused
// with the reason if it is broken; bounding sphere, horizon point and edge lists are computed anew from the vertices, because makers get
// them wrong more often than the mesh; metadata (extension 4) is left out, since availability is stored as a whole. Triangles, heights,
// normals and water masks are kept as they are. Nothing becomes visible unless all tiles are good and no root or ancestor is missing.
package importer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// ErrIncomplete says that a root or an ancestor of a tile is missing, without which no client draws the tiles below.
var ErrIncomplete = errors.New("importer: tiles are missing")

// Rows is the order in which a pile counts its rows.
type Rows int

// The orders.
const (
	RowsAuto  Rows = iota // look at the tiles
	RowsSouth             // from the south, tms
	RowsNorth             // from the north, slippyMap, XYZ
)

// String returns "auto", "south" or "north".
func (r Rows) String() string { return [...]string{"auto", "south", "north"}[r] }

// ParseRows reads what users call the orders: auto; south or tms; north, xyz or slippyMap.
func ParseRows(s string) (Rows, error) {
	switch strings.ToLower(s) {
	case "", "auto":
		return RowsAuto, nil
	case "south", "tms":
		return RowsSouth, nil
	case "north", "xyz", "slippymap":
		return RowsNorth, nil
	}
	return RowsAuto, fmt.Errorf("importer: row order %q is none of auto, south (tms), north (xyz)", s)
}

// Options of [Open].
type Options struct{ Rows Rows }

// pile is where tiles lie. Coordinates are those of the pile, whichever way its rows count.
type pile interface {
	tile(ctx context.Context, c tilegrid.Coord) ([]byte, error)
	Close() error
}

// Source is a pile of tiles by others, rows from the south. It is safe for concurrent use.
type Source struct {
	path   string
	pile   pile
	rows   Rows
	info   tilestore.Info
	coords [][]tilegrid.Coord // of each level, by row, then column
	seen   hash.Hash          // over path, and name, size and time of each file
}

// Open finds the tiles of a folder or an MBTiles file. Errors wrap tilestore.ErrForeign if there are none that it can read, terrain.ErrLayer for a
// layer.json that cannot be used, and tell the remedy.
func Open(ctx context.Context, path string, opt Options) (*Source, error) {
	stat, err := os.Stat(path)
	if err != nil {
		return nil, remedy.New(path, err, "name a folder with z/x/y.terrain, or an .mbtiles file")
	}
	s := &Source{path: path, seen: sha256.New()}
	said := RowsAuto
	if stat.IsDir() {
		said, err = s.openFolder(ctx)
	} else {
		err = s.openMBTiles(ctx, stat)
	}
	if err == nil && len(s.coords) == 0 {
		err = remedy.New(path, fmt.Errorf("%w: no tiles in it", tilestore.ErrForeign), "name the folder that holds z/x/y.terrain")
	}
	if err == nil {
		err = s.orient(ctx, opt.Rows, said)
	}
	if err != nil {
		if s.pile != nil {
			err = errors.Join(err, s.pile.Close())
		}
		return nil, err
	}
	s.describe()
	return s, nil
}

// orient decides how rows count, and turns the coordinates if need be.
func (s *Source) orient(ctx context.Context, told, said Rows) error {
	s.rows = told
	if s.rows == RowsAuto {
		seen, err := s.look(ctx)
		if err != nil {
			return err
		}
		s.rows = seen
	}
	if s.rows == RowsAuto {
		s.rows = said
	}
	if s.rows != RowsNorth {
		s.rows = RowsSouth
		return nil
	}
	for _, level := range s.coords {
		for i := range level {
			level[i] = s.info.Grid.FlipY(level[i])
		}
		slices.SortFunc(level, byRow)
	}
	return nil
}

func byRow(a, b tilegrid.Coord) int {
	if a.Y != b.Y {
		return int(int64(a.Y) - int64(b.Y))
	}
	return int(int64(a.X) - int64(b.X))
}

// describe fills in what follows from the coordinates.
func (s *Source) describe() {
	i := &s.info
	i.Name, i.Kind, i.Format, i.Vertical = nameOf(s.path), tilestore.Terrain, tilestore.QuantizedMesh, "ellipsoid"
	i.Available, i.Tiles = make([][]tilegrid.Range, len(s.coords)), 0
	i.Levels = [2]uint8{0, uint8(len(s.coords) - 1)}
	for z := len(s.coords) - 1; z >= 0; z-- {
		i.Available[z] = tilegrid.Ranges(s.coords[z])
		i.Tiles += int64(len(s.coords[z]))
		if len(s.coords[z]) > 0 {
			i.Levels[0] = uint8(z)
		}
	}
	if b := i.Bound; !(b.Min.Lon() < b.Max.Lon() && b.Min.Lat() < b.Max.Lat()) || b.Max.Lon()-b.Min.Lon() >= 360 {
		i.Bound = s.cover()
	}
}

// cover is the ground of the deepest level. Makers that write no bounds write the whole globe's.
func (s *Source) cover() orb.Bound {
	deepest := s.coords[len(s.coords)-1]
	b := s.info.Grid.Bound(deepest[0])
	for _, c := range deepest {
		b = b.Union(s.info.Grid.Bound(c))
	}
	return b
}

// nameOf makes a dataset name out of a path.
func nameOf(path string) string {
	base := strings.ToLower(strings.TrimSuffix(filepath.Base(filepath.Clean(path)), ".mbtiles"))
	name := strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '-'
	}, base), "-_")
	if name = name[:min(len(name), 63)]; tilestore.CheckName(name) != nil {
		return "terrain"
	}
	return name
}

// Info describes the tiles. Name is made from the path, SizeBytes is that of the files.
func (s *Source) Info() tilestore.Info { return s.info }

// Work identifies what is imported: a hash of the absolute path, of the name, size and time of each file, and of the order of rows.
func (s *Source) Work() (string, error) {
	whole, err := filepath.Abs(s.path)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %s %x", whole, s.rows, s.seen.Sum(nil)))
	return hex.EncodeToString(sum[:]), nil
}

// see takes a file into the hash of what there is, and counts its bytes.
func (s *Source) see(name string, file fs.FileInfo) {
	fmt.Fprintf(s.seen, "%q %d %d\n", name, file.Size(), file.ModTime().UnixNano())
	s.info.SizeBytes += file.Size()
}

// Rows tells how the pile counts its rows: RowsSouth or RowsNorth.
func (s *Source) Rows() Rows { return s.rows }

// Tile returns the bytes of a tile as they lie in the pile.
func (s *Source) Tile(ctx context.Context, c tilegrid.Coord) (tilestore.Tile, error) {
	if !s.info.Grid.Valid(c) {
		return tilestore.Tile{}, fmt.Errorf("%w: %s", tilestore.ErrNotFound, c)
	}
	stored := c
	if s.rows == RowsNorth {
		stored = s.info.Grid.FlipY(c)
	}
	data, err := s.pile.tile(ctx, stored)
	if err != nil {
		return tilestore.Tile{}, err
	}
	return tilestore.Tile{Data: data, ETag: tilestore.HashTile(c, data).ETag()}, nil
}

// Coords yields the tiles of a level by row, then column.
func (s *Source) Coords(_ context.Context, z uint8) iter.Seq2[tilegrid.Coord, error] {
	return func(yield func(tilegrid.Coord, error) bool) {
		if int(z) >= len(s.coords) {
			return
		}
		for _, c := range s.coords[z] {
			if !yield(c, nil) {
				return
			}
		}
	}
}

// Close closes the file.
func (s *Source) Close() error { return s.pile.Close() }
