package server

import (
	"context"
	"errors"
	"fmt"
	"image/color"
	"math"
	"net/http"
	"strings"

	"github.com/paulmach/orb"

	"github.com/terrane/terrane/imagery"
	"github.com/terrane/terrane/internal/picture"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// pictureTile is a request for one tile of pictures, by whatever protocol.
type pictureTile struct {
	coord tilegrid.Coord // in grid
	grid  tilegrid.Grid
	size  int // pixels a side
	style string
	mime  string // a format of tilestore
	loose bool   // the dataset's format stands for whatever format the tile is stored in
}

// What one picture may have.
const (
	mostMapSide   = 4096
	mostMapPixels = mostMapSide * mostMapSide
)

// white is below what is transparent where a format keeps no alpha.
var white = color.NRGBA{255, 255, 255, 255}

// storedPicture finds a tile that is sent as it is stored, or any that was made before. What must be made is errNoPage: drawnPicture makes it.
func (s *Server) storedPicture(ctx context.Context, d *lease, t pictureTile) (*answer, error) {
	key := t.key(d)
	if a := s.cache.get(key); a != nil {
		return a, nil
	}
	f, err := s.maps.facts(ctx, d)
	if err != nil {
		return nil, err
	}
	if !t.native(d, f) {
		return nil, errNoPage
	}
	stored, err := d.Tile(ctx, t.coord)
	if errors.Is(err, tilestore.ErrNotFound) {
		return nil, errNoPage // drawnPicture knows what is drawn there
	}
	if err != nil {
		return nil, err
	}
	mime := http.DetectContentType(stored.Data)
	if mime != t.mime && !(t.loose && t.mime == d.info.Format && strings.HasPrefix(mime, "image/")) {
		return nil, errNoPage
	}
	a := newAnswer(stored.Data, mime, stored.ETag, false)
	s.cache.put(key, a)
	return a, nil
}

// native tells whether a tile is cut as the dataset's stored ones are.
func (t *pictureTile) native(d *lease, f *facts) bool {
	return f.tiles != nil && t.plain() && t.grid == d.info.Grid && t.size == f.size && t.coord.Z <= d.info.Levels[1]
}

// plain tells whether the style asked for is the one that imagery has.
func (t *pictureTile) plain() bool { return t.style == "" || t.style == defaultStyle }

// key names the answer in the cache. The commonest tiles, those as stored, have variants that need no text to be made.
func (t *pictureTile) key(d *lease) cacheKey {
	k := cacheKey{opening: d.Opening(), coord: t.coord}
	common := d.info.Kind == tilestore.Imagery && t.plain() && t.grid == d.info.Grid && t.size == 256
	switch {
	case common && t.loose:
		k.variant = t.mime
	case common:
		k.variant = exactly[t.mime]
	default:
		k.variant = fmt.Sprintf("%s %s %d %s %t", t.style, t.grid.CRS(), t.size, t.mime, t.loose)
	}
	return k
}

var exactly = map[string]string{tilestore.PNG: "exactly png", tilestore.JPEG: "exactly jpeg", tilestore.WebP: "exactly webp"}

// drawnPicture makes a tile: from the stored tiles around it, or from heights.
func (s *Server) drawnPicture(ctx context.Context, d *lease, t pictureTile) (*answer, error) {
	if a, err := s.storedPicture(ctx, d, t); !errors.Is(err, errNoPage) {
		return a, err
	}
	format, ok := picture.ByMIME(t.mime)
	if !ok {
		return nil, errNoPage
	}
	var body []byte
	err := s.maps.draw(ctx, t.size*t.size, func(ctx context.Context) error {
		p, err := s.tilePicture(ctx, d, t)
		if err != nil {
			return err
		}
		if !format.Alpha {
			p = p.Over(white)
		}
		body, err = format.Encode(p, 0)
		return err
	})
	if err != nil {
		return nil, err
	}
	a := newPlain(body, t.mime)
	s.cache.put(t.key(d), a)
	return a, nil
}

// tilePicture draws one tile: where a tile is missing, out of those above it; where there is nothing it is transparent.
func (s *Server) tilePicture(ctx context.Context, d *lease, t pictureTile) (picture.Picture, error) {
	source, err := s.maps.source(ctx, d, t.style)
	if err != nil {
		return picture.Picture{}, err
	}
	if t.grid == source.Grid() && t.size == source.TileSize() {
		lo, hi := source.Levels()
		if lo <= t.coord.Z && t.coord.Z <= hi {
			if p, err := source.Image(ctx, t.coord); err != nil || p.NRGBA != nil {
				return p, err
			}
		}
	}
	v, err := viewOf(t)
	if err != nil {
		return picture.Picture{}, err
	}
	return s.maps.drawer.Draw(ctx, []imagery.Source{source}, v)
}

// mercatorHalf is half the width of EPSG:3857's square, metres.
const mercatorHalf = math.Pi * 6378137

// viewOf is the view that a tile is.
func viewOf(t pictureTile) (imagery.View, error) {
	code, b := "CRS:84", t.grid.Bound(t.coord)
	if t.grid == tilegrid.Mercator {
		code = "EPSG:3857"
		n, _ := t.grid.Size(t.coord.Z)
		side := 2 * mercatorHalf / float64(n)
		west, south := float64(t.coord.X)*side-mercatorHalf, float64(t.coord.Y)*side-mercatorHalf
		b = orb.Bound{Min: orb.Point{west, south}, Max: orb.Point{west + side, south + side}}
	}
	crs, err := imagery.Builtin().CRS(code)
	return imagery.View{Projection: crs, Bound: b, Width: t.size, Height: t.size}, err
}
