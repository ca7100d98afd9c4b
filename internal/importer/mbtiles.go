package importer

import (
	"context"
	"fmt"
	"io/fs"
	"slices"

	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// file is a pile in an MBTiles file.
type file struct{ *mbtiles.Reader }

// openMBTiles lists the tiles of a quantized-mesh MBTiles file.
func (s *Source) openMBTiles(ctx context.Context, stat fs.FileInfo) error {
	r, err := mbtiles.Open(ctx, s.path)
	if err != nil {
		return err
	}
	s.pile = file{r}
	theirs := r.Info()
	switch {
	case theirs.Kind != tilestore.Terrain:
		return remedy.New(s.path, fmt.Errorf("%w: its tiles are %s, not quantized-mesh", tilestore.ErrForeign, theirs.Format),
			"pictures need no import: put the file into the data folder")
	case theirs.Manifest != "":
		return remedy.New(s.path, fmt.Errorf("%w: it is a dataset of terrane already", tilestore.ErrForeign), "put the file into the data folder")
	}
	// Their bound may follow from rows that count the other way: it is found anew.
	s.info = tilestore.Info{Title: theirs.Title, Attribution: theirs.Attribution, Grid: theirs.Grid, Extensions: theirs.Extensions}
	s.see("", stat)
	for z := range uint8(len(theirs.Available)) {
		var level []tilegrid.Coord
		for c, err := range r.Coords(ctx, z) {
			if err != nil {
				return fmt.Errorf("list level %d of %s: %w", z, s.path, err)
			}
			level = append(level, c)
		}
		slices.SortFunc(level, byRow)
		s.coords = append(s.coords, level)
	}
	for n := len(s.coords); n > 0 && len(s.coords[n-1]) == 0; n-- {
		s.coords = s.coords[:n-1]
	}
	return nil
}

func (f file) tile(ctx context.Context, c tilegrid.Coord) ([]byte, error) {
	t, err := f.Reader.Tile(ctx, c)
	return t.Data, err
}
