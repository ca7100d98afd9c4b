package importer

import (
	"context"
	"fmt"
	"io/fs"

	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// file is a pile in an MBTiles file.
type file struct{ *mbtiles.Reader }

// openMBTiles lists the tiles of an MBTiles file. grid is what the user says of pictures.
func (s *Source) openMBTiles(ctx context.Context, stat fs.FileInfo, grid Grid) (said claim, err error) {
	r, err := openAs(ctx, s.path, grid)
	if err != nil {
		return said, err
	}
	s.pile = file{r}
	theirs := r.Info()
	if theirs.Manifest != "" {
		return said, remedy.New(s.path, fmt.Errorf("%w: it is a dataset of terrane already", tilestore.ErrForeign), "put the file into the data folder")
	}
	s.info = tilestore.Info{Kind: theirs.Kind, Title: theirs.Title, Attribution: theirs.Attribution, Grid: theirs.Grid, Extensions: theirs.Extensions}
	s.see("", stat)
	for z := range uint8(len(theirs.Available)) {
		var level []tilegrid.Coord
		for c, err := range r.Coords(ctx, z) {
			if err != nil {
				return said, fmt.Errorf("list level %d of %s: %w", z, s.path, err)
			}
			level = append(level, c)
		}
		s.coords = appendLevel(s.coords, z, level)
	}
	if theirs.Kind == tilestore.Terrain {
		return said, nil // their bound may follow from rows that count the other way: it is found anew
	}
	said = claim{grid: GridMercator, bound: theirs.Bound}
	if theirs.Grid == tilegrid.Geodetic {
		said.grid = GridGeographic
	}
	return said, nil
}

// openAs opens a file, its pictures taken for those of a grid unless that is GridAuto.
func openAs(ctx context.Context, path string, g Grid) (*mbtiles.Reader, error) {
	switch g {
	case GridAuto:
		return mbtiles.Open(ctx, path)
	case GridMercator:
		return mbtiles.OpenAs(ctx, path, tilegrid.Mercator)
	}
	return mbtiles.OpenAs(ctx, path, tilegrid.Geodetic)
}

func (f file) tile(ctx context.Context, c tilegrid.Coord) ([]byte, error) {
	t, err := f.Reader.Tile(ctx, c)
	return t.Data, err
}
