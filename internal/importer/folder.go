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

// folder is a pile of files z/x/y.terrain.
type folder struct{ path string }

var (
	cellForm = regexp.MustCompile(`^(0|[1-9][0-9]{0,9})$`)
	tileForm = regexp.MustCompile(`^(0|[1-9][0-9]{0,9})\.terrain(\.gz)?$`)
)

// openFolder reads layer.json, if there is one, and lists the tiles. It returns the row order that layer.json states.
func (s *Source) openFolder(ctx context.Context) (said Rows, err error) {
	s.pile = folder{s.path}
	text, err := os.ReadFile(filepath.Join(s.path, "layer.json"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return said, remedy.New(s.path, err, "")
	default:
		s.seen.Write(text)
		if said, err = s.readLayer(text); err != nil {
			return said, err
		}
	}
	return said, s.list(ctx)
}

func (s *Source) readLayer(text []byte) (Rows, error) {
	l, err := terrain.ParseLayer(text)
	if err != nil {
		return RowsAuto, remedy.New(filepath.Join(s.path, "layer.json"), err, "mend it, or take it away: the tiles can be read without")
	}
	s.info = tilestore.Info{
		Title: l.Description, Attribution: l.Attribution, Grid: l.Grid(), Extensions: l.Extensions,
		Bound: orb.Bound{Min: orb.Point{l.Bounds[0], l.Bounds[1]}, Max: orb.Point{l.Bounds[2], l.Bounds[3]}},
	}
	if s.info.Title == "" {
		s.info.Title = l.Name
	}
	if l.Scheme == terrain.SchemeSlippyMap {
		return RowsNorth, nil
	}
	return RowsSouth, nil
}

// list walks the folders of levels and columns. Other files and folders are passed over.
func (s *Source) list(ctx context.Context) error {
	for z := range uint8(tilegrid.MaxLevel + 1) {
		level, err := s.listLevel(ctx, z)
		if err != nil {
			return err
		}
		if len(level) == 0 {
			continue
		}
		for len(s.coords) < int(z) {
			s.coords = append(s.coords, nil)
		}
		slices.SortFunc(level, byRow)
		s.coords = append(s.coords, slices.Compact(level)) // y.terrain beside y.terrain.gz
	}
	return nil
}

func (s *Source) listLevel(ctx context.Context, z uint8) ([]tilegrid.Coord, error) {
	dir := filepath.Join(s.path, strconv.Itoa(int(z)))
	columns, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, remedy.New(dir, err, "")
	}
	var level []tilegrid.Coord
	for _, column := range columns {
		if !cellForm.MatchString(column.Name()) {
			continue
		}
		files, err := os.ReadDir(filepath.Join(dir, column.Name()))
		if err = errors.Join(err, ctx.Err()); err != nil {
			return nil, remedy.New(filepath.Join(dir, column.Name()), err, "")
		}
		for _, file := range files {
			if match := tileForm.FindStringSubmatch(file.Name()); match != nil {
				c := tilegrid.Coord{Z: z, X: cell(column.Name()), Y: cell(match[1])}
				if err := s.info.Grid.Check(c); err != nil {
					return nil, remedy.New(filepath.Join(dir, column.Name(), file.Name()), err, "is layer.json's projection right?")
				}
				if stat, err := os.Stat(filepath.Join(dir, column.Name(), file.Name())); err == nil { // else whoever reads it will say so
					s.see(filepath.Join(strconv.Itoa(int(z)), column.Name(), file.Name()), stat)
				}
				level = append(level, c)
			}
		}
	}
	return level, nil
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
	path := filepath.Join(f.path, filepath.FromSlash(c.String())) + ".terrain"
	stat, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		path += ".gz"
		stat, err = os.Stat(path)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w: %s", tilestore.ErrNotFound, c)
	case err != nil:
		return nil, err
	case !stat.Mode().IsRegular():
		return nil, fmt.Errorf("%w: %s is not a regular file", tilestore.ErrCorrupt, path)
	case stat.Size() > terrain.MaxTileBytes:
		return nil, fmt.Errorf("%w: %s has %d bytes", tilestore.ErrCorrupt, path, stat.Size())
	}
	return os.ReadFile(path)
}

// Close does nothing: files are closed when read.
func (f folder) Close() error { return nil }
