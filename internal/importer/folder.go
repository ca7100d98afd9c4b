package importer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// folder is a pile of files z/x/y with one of these endings.
type folder struct {
	path    string
	endings []string
}

var (
	terrainEndings = []string{".terrain", ".terrain.gz"}
	pictureEndings = []string{".png", ".jpg", ".jpeg", ".webp"}
	cellForm       = regexp.MustCompile(`^(0|[1-9][0-9]{0,9})$`)
	tileForm       = regexp.MustCompile(`^(0|[1-9][0-9]{0,9})(\.terrain|\.terrain\.gz|\.png|\.jpg|\.jpeg|\.webp)$`)
)

// openFolder lists the tiles and reads the document beside them, if there is one. A folder with any terrain is one of terrain.
func (s *Source) openFolder(ctx context.Context) (said claim, err error) {
	meshes, pictures, err := s.list(ctx)
	if err != nil {
		return said, err
	}
	layer, err := readDocument(filepath.Join(s.path, "layer.json"))
	if err != nil {
		return said, err
	}
	if len(pictures) > 0 && len(meshes) == 0 {
		s.pile, s.coords = folder{s.path, pictureEndings}, pictures
		s.info.Kind = tilestore.Imagery
		return s.readPictureDocument()
	}
	s.pile, s.coords = folder{s.path, terrainEndings}, meshes
	s.info.Kind = tilestore.Terrain
	if layer == nil {
		return said, nil
	}
	s.seen.Write(layer)
	return s.readLayer(layer)
}

// mostDocument is how long a document beside the tiles may be.
const mostDocument = 64 << 20

// readDocument returns the text of a file, nil if it is absent.
func readDocument(path string) ([]byte, error) {
	stat, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, remedy.New(path, err, "")
	case !stat.Mode().IsRegular() || stat.Size() > mostDocument:
		return nil, remedy.New(path, fmt.Errorf("%w: no document", tilestore.ErrForeign), "take it away: the tiles can be read without")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, remedy.New(path, err, "")
	}
	return text, nil
}

func (s *Source) readLayer(text []byte) (claim, error) {
	l, err := terrain.ParseLayer(text)
	if err != nil {
		return claim{}, remedy.New(filepath.Join(s.path, "layer.json"), err, "mend it, or take it away: the tiles can be read without")
	}
	s.info.Title, s.info.Attribution, s.info.Grid, s.info.Extensions = l.Description, l.Attribution, l.Grid(), l.Extensions
	if s.info.Title == "" {
		s.info.Title = l.Name
	}
	said := claim{rows: RowsSouth, bound: orb.Bound{Min: orb.Point{l.Bounds[0], l.Bounds[1]}, Max: orb.Point{l.Bounds[2], l.Bounds[3]}}}
	if l.Scheme == terrain.SchemeSlippyMap {
		said.rows = RowsNorth
	}
	return said, nil
}

// list walks the folders of levels and columns and returns the tiles of each level, meshes and pictures apart. Other files and folders are passed over.
func (s *Source) list(ctx context.Context) (meshes, pictures [][]tilegrid.Coord, err error) {
	for z := range uint8(tilegrid.MaxLevel + 1) {
		level, shown, err := s.listLevel(ctx, z)
		if err != nil {
			return nil, nil, err
		}
		meshes, pictures = appendLevel(meshes, z, level), appendLevel(pictures, z, shown)
	}
	return meshes, pictures, nil
}

// appendLevel sorts the tiles of a level and appends them, with empty levels for those skipped; an empty level is not appended.
func appendLevel(levels [][]tilegrid.Coord, z uint8, level []tilegrid.Coord) [][]tilegrid.Coord {
	if len(level) == 0 {
		return levels
	}
	for len(levels) < int(z) {
		levels = append(levels, nil)
	}
	slices.SortFunc(level, byRow)
	return append(levels, slices.Compact(level)) // y.terrain beside y.terrain.gz
}

func (s *Source) listLevel(ctx context.Context, z uint8) (meshes, pictures []tilegrid.Coord, err error) {
	dir := filepath.Join(s.path, strconv.Itoa(int(z)))
	columns, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, remedy.New(dir, err, "")
	}
	for _, column := range columns {
		if !cellForm.MatchString(column.Name()) {
			continue
		}
		files, err := os.ReadDir(filepath.Join(dir, column.Name()))
		if err = errors.Join(err, ctx.Err()); err != nil {
			return nil, nil, remedy.New(filepath.Join(dir, column.Name()), err, "")
		}
		for _, file := range files {
			match := tileForm.FindStringSubmatch(file.Name())
			if match == nil {
				continue
			}
			if stat, err := os.Stat(filepath.Join(dir, column.Name(), file.Name())); err == nil { // else whoever reads it will say so
				s.see(filepath.Join(strconv.Itoa(int(z)), column.Name(), file.Name()), stat)
			}
			c := tilegrid.Coord{Z: z, X: cell(column.Name()), Y: cell(match[1])}
			if slices.Contains(terrainEndings, match[2]) {
				meshes = append(meshes, c)
			} else {
				pictures = append(pictures, c)
			}
		}
	}
	return meshes, pictures, nil
}

// cell reads digits; what is too large for a tile becomes a number outside every grid.
func cell(digits string) uint32 {
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil {
		return 1<<32 - 1
	}
	return uint32(n)
}

func (f folder) tile(_ context.Context, c tilegrid.Coord) ([]byte, error) {
	for _, ending := range f.endings {
		path := filepath.Join(f.path, filepath.FromSlash(c.String())) + ending
		stat, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return nil, err
		case !stat.Mode().IsRegular():
			return nil, fmt.Errorf("%w: %s is not a regular file", tilestore.ErrCorrupt, path)
		case stat.Size() > terrain.MaxTileBytes:
			return nil, fmt.Errorf("%w: %s has %d bytes", tilestore.ErrCorrupt, path, stat.Size())
		}
		return os.ReadFile(path)
	}
	return nil, fmt.Errorf("%w: %s", tilestore.ErrNotFound, c)
}

// Close does nothing: files are closed when read.
func (f folder) Close() error { return nil }
