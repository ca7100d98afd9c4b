// Package importer reads tiles made by others, so that they can be checked, and stored and served as datasets of ours.
//
// Two kinds of pile are read. Terrain: a folder z/x/y.terrain (or .terrain.gz) as tile makers leave behind, with or without layer.json; or a
// quantized-mesh MBTiles file; tiles may be gzipped or plain. Pictures: a folder z/x/y.png (.jpg, .jpeg, .webp, also mixed) as gdal2tiles, QGIS and
// MapTiler write, with or without tilemapresource.xml, metadata.json or tilejson.json; or an MBTiles file.
//
// What this program exported is no pile but a [Parcel]: a folder, a file or a delta is taken back as it is, tile by tile, and has to have the manifest that
// it had.
//
// Rows count from the south (tms) in some piles and from the north (slippyMap, XYZ) in others, and what they say of it is not always
// true. So the order is found by looking: [Open] decodes a few tiles. The header of a mesh says where on Earth it lies. A picture is four times as fine as
// the quarter of its parent that it shows, and the quarter is a northern one or a southern one. Where tiles do not tell, the document beside them counts, else what
// is usual: pictures in folders from the north, all else from the south. [Options] overrule all.
//
// Pictures lie in the Mercator grid unless the document or the columns say that it is the geographic one. Some of gdal2tiles' geographic piles have one root of 360 x 360
// degrees, [GridOneRoot]: their levels are one deeper than ours.
//
// [Source] is a tilestore.Reader and Lister with rows from the south and levels as ours. [Run] writes it into a store: each tile is decoded, and refused
// with the reason if it is broken. Of terrain, bounding sphere, horizon point and edge lists are computed anew from the vertices, because makers get
// them wrong more often than the mesh; metadata (extension 4) is left out, since availability is stored as a whole. Triangles, heights,
// normals and water masks are kept as they are. Pictures are kept byte by byte; all must be squares of one size. Nothing becomes visible unless all tiles are
// good and, of terrain, no root or ancestor is missing.
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
	"github.com/terrane/terrane/tilestore/mbtiles"
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
type Options struct {
	Rows Rows
	Grid Grid // of pictures; terrain says it itself
}

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
	grid   Grid
	info   tilestore.Info
	coords [][]tilegrid.Coord // of each level, by row, then column; the pile's own until they are settled
	lift   uint8              // by how many levels the pile's are deeper than ours
	seen   hash.Hash          // over path, and name, size and time of each file
}

// claim is what the documents of a pile say; any of it may be absent.
type claim struct {
	rows  Rows
	grid  Grid
	bound orb.Bound
	usual Rows // the order where nothing tells
}

// Open finds the tiles of a folder or an MBTiles file. Errors wrap tilestore.ErrForeign if there are none that it can read, terrain.ErrLayer for a
// layer.json that cannot be used, and tell the remedy.
func Open(ctx context.Context, path string, opt Options) (*Source, error) {
	stat, err := os.Stat(path)
	if err != nil {
		return nil, remedy.New(path, err, "name a folder with z/x/y.terrain or z/x/y.png, or an .mbtiles file")
	}
	s := &Source{path: path, seen: sha256.New()}
	var said claim
	if stat.IsDir() {
		said, err = s.openFolder(ctx)
	} else {
		said, err = s.openMBTiles(ctx, stat, opt.Grid)
	}
	if err == nil && len(s.coords) == 0 {
		err = remedy.New(path, fmt.Errorf("%w: no tiles in it", tilestore.ErrForeign), "name the folder that holds z/x/y.terrain or z/x/y.png")
	}
	if err == nil {
		err = s.settle(ctx, opt, said)
	}
	if err != nil {
		if s.pile != nil {
			err = errors.Join(err, s.pile.Close())
		}
		return nil, err
	}
	return s, nil
}

// settle decides grid and row order, turns the coordinates into ours and describes the pile.
func (s *Source) settle(ctx context.Context, opt Options, said claim) error {
	if s.info.Kind == tilestore.Imagery {
		s.setGrid(opt.Grid, said)
	}
	for _, level := range s.coords {
		for _, c := range level {
			if err := s.inGrid(c); err != nil {
				return remedy.New(filepath.Join(s.path, c.String()), err, "is the grid right, that of layer.json or --grid?")
			}
		}
	}
	if err := s.orient(ctx, opt.Rows, said); err != nil {
		return err
	}
	if err := s.turn(); err != nil {
		return err
	}
	s.describe(said)
	if s.info.Kind == tilestore.Imagery {
		return s.sniff(ctx)
	}
	return nil
}

// sniff takes the format of the first picture for that of all, until [Run] has seen them.
func (s *Source) sniff(ctx context.Context) error {
	tile, err := s.Tile(ctx, s.coords[s.info.Levels[0]][0])
	if err != nil && !errors.Is(err, tilestore.ErrNotFound) && !errors.Is(err, tilestore.ErrCorrupt) {
		return err
	}
	if s.info.Format, _ = mbtiles.Sniff(tile.Data); s.info.Format == "" {
		s.info.Format = tilestore.PNG
	}
	return nil
}

// orient decides how rows count.
func (s *Source) orient(ctx context.Context, told Rows, said claim) error {
	s.rows = told
	if s.rows == RowsAuto {
		seen, err := s.look(ctx)
		if err != nil {
			return err
		}
		s.rows = seen
	}
	for _, r := range []Rows{said.rows, said.usual, RowsSouth} {
		if s.rows == RowsAuto {
			s.rows = r
		}
	}
	return nil
}

// turn makes the pile's coordinates ours.
func (s *Source) turn() error {
	if s.rows != RowsNorth && s.lift == 0 {
		return nil
	}
	for z := range s.coords {
		for i, c := range s.coords[z] {
			if s.rows == RowsNorth {
				c = s.info.Grid.FlipY(c)
			}
			if c.Z -= s.lift; uint8(z) >= s.lift && !s.info.Grid.Valid(c) {
				return remedy.New(filepath.Join(s.path, s.coords[z][i].String()), fmt.Errorf("%w, rows from the %s", tilegrid.ErrOutOfGrid, s.rows),
					"--rows and --grid tell how the tiles count")
			}
			s.coords[z][i] = c
		}
		slices.SortFunc(s.coords[z], byRow)
	}
	s.coords = s.coords[min(int(s.lift), len(s.coords)):]
	if len(s.coords) == 0 {
		return remedy.New(s.path, fmt.Errorf("%w: only the empty level 0 of a pile with one root", tilestore.ErrForeign), "have levels from 1 on made")
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
func (s *Source) describe(said claim) {
	i := &s.info
	i.Name, i.Bound = nameOf(s.path, i.Kind), said.bound
	if _, stored := s.pile.(file); stored && s.rows == RowsNorth {
		i.Bound = orb.Bound{} // it may follow from rows taken for southern ones
	}
	if i.Kind == tilestore.Terrain {
		i.Format, i.Vertical = tilestore.QuantizedMesh, "ellipsoid"
	}
	i.Available, i.Tiles = make([][]tilegrid.Range, len(s.coords)), 0
	i.Levels = [2]uint8{0, uint8(len(s.coords) - 1)}
	for z := len(s.coords) - 1; z >= 0; z-- {
		i.Available[z] = tilegrid.Ranges(s.coords[z])
		i.Tiles += int64(len(s.coords[z]))
		if len(s.coords[z]) > 0 {
			i.Levels[0] = uint8(z)
		}
	}
	b := i.Bound
	sensible := b.Min.Lon() < b.Max.Lon() && b.Min.Lat() < b.Max.Lat()
	switch {
	case !sensible, i.Kind == tilestore.Terrain && b.Max.Lon()-b.Min.Lon() >= 360, i.Kind == tilestore.Imagery && !s.within(b):
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

// within tells whether all tiles of the deepest level touch a bound: one that they do not is wrong.
func (s *Source) within(b orb.Bound) bool {
	z := uint8(len(s.coords) - 1)
	var covers []tilegrid.Range
	for _, part := range tilegrid.SplitBound(b) {
		covers = append(covers, s.info.Grid.Cover(part, z))
	}
	return !slices.ContainsFunc(s.coords[z], func(c tilegrid.Coord) bool {
		return !slices.ContainsFunc(covers, func(r tilegrid.Range) bool { return r.Contains(c) })
	})
}

// nameOf makes a dataset name out of a path; where none can be made it is the kind.
func nameOf(path string, kind tilestore.Kind) string {
	base := strings.ToLower(strings.TrimSuffix(filepath.Base(filepath.Clean(path)), ".mbtiles"))
	name := strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '-'
	}, base), "-_")
	if name = name[:min(len(name), 63)]; tilestore.CheckName(name) != nil {
		return string(kind)
	}
	return name
}

// Info describes the tiles. Name is made from the path, SizeBytes is that of the files.
func (s *Source) Info() tilestore.Info { return s.info }

// Work identifies what is imported: a hash of the absolute path, of the name, size and time of each file, and of how the tiles count.
func (s *Source) Work() (string, error) {
	whole, err := filepath.Abs(s.path)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %s %s %x", whole, s.rows, s.grid, s.seen.Sum(nil)))
	return hex.EncodeToString(sum[:]), nil
}

// see takes a file into the hash of what there is, and counts its bytes.
func (s *Source) see(name string, file fs.FileInfo) {
	fmt.Fprintf(s.seen, "%q %d %d\n", name, file.Size(), file.ModTime().UnixNano())
	s.info.SizeBytes += file.Size()
}

// Rows tells how the pile counts its rows: RowsSouth or RowsNorth.
func (s *Source) Rows() Rows { return s.rows }

// Grid tells in which grid the pile's tiles lie.
func (s *Source) Grid() Grid { return s.grid }

// Orphans counts the tiles below the first level whose parent is not there: clients come across a hole before they get to them.
func (s *Source) Orphans() (n int) {
	for z, level := range s.coords {
		for _, c := range level {
			if uint8(z) > s.info.Levels[0] && !s.has(c.Parent()) {
				n++
			}
		}
	}
	return n
}

// Tile returns the bytes of a tile as they lie in the pile.
func (s *Source) Tile(ctx context.Context, c tilegrid.Coord) (tilestore.Tile, error) {
	if !s.info.Grid.Valid(c) {
		return tilestore.Tile{}, fmt.Errorf("%w: %s", tilestore.ErrNotFound, c)
	}
	stored := c
	if stored.Z += s.lift; s.rows == RowsNorth {
		stored = s.info.Grid.FlipY(stored)
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
