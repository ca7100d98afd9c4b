package importer

import (
	"errors"
	"fmt"

	"github.com/terrane/terrane/internal/picture"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// MaxSide is how many pixels a side a picture tile may have: what package imagery draws.
const MaxSide = 1 << 11

// ErrPicture says that a tile is no picture, or none that can be drawn beside the others.
var ErrPicture = errors.New("importer: not a picture tile")

// packPicture checks a picture tile. Its bytes are kept.
func (s *Source) packPicture(c tilegrid.Coord, data []byte) packed {
	p, err := picture.Decode(data, MaxSide*MaxSide)
	if err == nil && p.Rect.Dx() != p.Rect.Dy() {
		err = fmt.Errorf("it is not square: %d x %d pixels", p.Rect.Dx(), p.Rect.Dy())
	}
	if err != nil {
		return packed{err: s.badPicture(c, err)}
	}
	mime, _ := mbtiles.Sniff(data)
	return packed{data: data, mime: mime, side: p.Rect.Dx()}
}

func (s *Source) badPicture(c tilegrid.Coord, cause error) error {
	return remedy.New(s.path, fmt.Errorf("%w: tile %s (rows from the south): %w", ErrPicture, c, cause),
		"make that tile anew; terrane verify "+s.path+" lists all that are broken")
}

// add counts a tile, and refuses a picture of another size than those before.
func (t *tally) add(s *Source, c tilegrid.Coord, p packed) error {
	t.tiles++
	if p.normals {
		t.normals++
	}
	if p.water {
		t.water++
	}
	if p.mime == "" {
		return nil
	}
	if t.side == 0 {
		t.side, t.mime = p.side, p.mime
	}
	if p.side != t.side {
		return s.badPicture(c, fmt.Errorf("it has %d pixels a side, others %d", p.side, t.side))
	}
	if p.mime != t.mime {
		t.mime = tilestore.PNG // of several formats: who goes by it alone then expects transparency
	}
	return nil
}
