package server

import (
	"bytes"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/terrane/terrane/imagery/style"
	"github.com/terrane/terrane/imagery/xyz"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// storedTile finds tiles of XYZ or TMS that are stored, below prefix.
func (s *Server) storedTile(prefix string, parse func(string) (xyz.Path, error)) finder {
	return func(r *http.Request) (reply, error) {
		p, err := parse(strings.TrimPrefix(r.URL.Path, prefix))
		if err != nil || p.Document != xyz.None || p.Scale != 1 || r.URL.RawQuery != "" {
			return reply{}, errNoPage
		}
		d, err := s.openShown(r.Context(), p.Ref)
		if err != nil {
			return reply{}, errNoPage
		}
		defer d.Release()
		c, err := p.Coord(d.info.Grid)
		if err != nil || d.info.Kind != tilestore.Imagery {
			return reply{}, errNoPage
		}
		a, err := s.storedPicture(r.Context(), &d, pictureTile{coord: c, grid: d.info.Grid, size: 256, mime: p.MIME, loose: true})
		return reply{answer: a, vary: s.headers.varyOrigin, control: tileControl(p.Pinned)}, err
	}
}

// tileControl is the Cache-Control of a tile.
func tileControl(pinned bool) []string {
	if pinned {
		return cachePinned
	}
	return cacheShort
}

// xyz answers /imagery/*: tilejson.json, tiles that must be drawn, and what is wrong with the rest.
func (s *Server) xyz(c echo.Context) error {
	p, err := xyz.ParseXYZ(strings.TrimPrefix(c.Request().URL.Path, "/imagery/"))
	if err != nil {
		return err
	}
	d, err := s.openShown(c.Request().Context(), p.Ref)
	if err != nil {
		return err
	}
	defer d.Release()
	if p.Document == xyz.TileJSONFile {
		return s.tileJSON(c, &d, p)
	}
	return s.plainTile(c, &d, p)
}

// tms answers /tms/*: the list of layers, tilemapresource.xml, and tiles.
func (s *Server) tms(c echo.Context) error {
	path := strings.TrimPrefix(strings.TrimPrefix(c.Request().URL.Path, "/tms/"), "1.0.0/") // the usual root names the version
	if path == "" {
		return s.tileMaps(c)
	}
	p, err := xyz.ParseTMS(path)
	if err != nil {
		return err
	}
	d, err := s.openShown(c.Request().Context(), p.Ref)
	if err != nil {
		return err
	}
	defer d.Release()
	if p.Document == xyz.TileMapResource {
		return s.tileMap(c, &d, p)
	}
	return s.plainTile(c, &d, p)
}

// plainTile answers a tile of XYZ or TMS. Where the dataset shows something, what is not stored is transparent. Beside its ground and above its first
// level there is nothing to show, and that is said without an error: GDAL asks for the whole globe. Deeper than its deepest level a client has gone too far.
func (s *Server) plainTile(c echo.Context, d *lease, p xyz.Path) error {
	r := c.Request()
	l, f, err := s.layerOf(r, d, p.Ref)
	if err != nil {
		return err
	}
	coord, err := p.Coord(l.Grid)
	if err != nil {
		return err
	}
	if coord.Z > l.Levels[1] {
		return tilestore.ErrNotFound
	}
	if coord.Z < l.Levels[0] || !inBound(l.Grid, coord, d.info) {
		c.Response().Header()["Cache-Control"] = tileControl(p.Pinned)
		return c.NoContent(http.StatusNoContent)
	}
	t := pictureTile{coord: coord, grid: l.Grid, size: f.size * p.Scale, mime: p.MIME, style: r.URL.Query().Get("style"), loose: p.Scale == 1}
	a, err := s.drawnPicture(r.Context(), d, t)
	if err != nil {
		return err
	}
	return a.send(c, s.headers.varyOrigin, tileControl(p.Pinned))
}

// inBound tells whether a tile touches the ground of a dataset.
func inBound(g tilegrid.Grid, c tilegrid.Coord, info tilestore.Info) bool {
	for _, b := range tilegrid.SplitBound(info.Bound) {
		if g.Cover(b, c.Z).Contains(c) {
			return true
		}
	}
	return false
}

// deepest is the level of grid g that shows all that a dataset of grid own holds. The geographic grid has two roots: pixels are as wide as there on
// one level more of Mercator. Pixels of Mercator are less high than wide, by half at 60 degrees: so many levels it takes the other way.
func (f *facts) deepest(own, g tilegrid.Grid) uint8 {
	if own != tilegrid.Mercator && g == tilegrid.Mercator {
		return f.deep + 1
	}
	return f.deep
}

// plainly describes a dataset as XYZ and TMS show it: imagery as it is stored, terrain in Mercator, which every client of theirs knows.
func (f *facts) plainly(base, ref string, i tilestore.Info) xyz.Layer {
	l := xyz.NewLayer(base, ref, i, f.size)
	if f.ground {
		l.Grid, l.Levels, l.MIME = tilegrid.Mercator, [2]uint8{0, f.deepest(tilegrid.Geodetic, tilegrid.Mercator)}, tilestore.PNG
	}
	return l
}

// layerOf describes a dataset that is open.
func (s *Server) layerOf(r *http.Request, d *lease, ref string) (xyz.Layer, *facts, error) {
	f, err := s.maps.facts(r.Context(), d)
	if err != nil {
		return xyz.Layer{}, nil, err
	}
	if !f.pictured() {
		return xyz.Layer{}, nil, errStyle
	}
	return f.plainly(s.baseURL(r), ref, d.info), f, nil
}

func (s *Server) tileJSON(c echo.Context, d *lease, p xyz.Path) error {
	l, f, err := s.layerOf(c.Request(), d, p.Ref)
	if err != nil {
		return err
	}
	j := xyz.NewTileJSON(l, p.Scale)
	if name := c.Request().URL.Query().Get("style"); name != "" {
		if _, ok := style.Named(name); !f.ground || !ok {
			return errStyle
		}
		for k := range j.Tiles {
			j.Tiles[k] += "?style=" + url.QueryEscape(name)
		}
	}
	return s.sendJSON(c, j, tileControl(p.Pinned))
}

func (s *Server) tileMap(c echo.Context, d *lease, p xyz.Path) error {
	l, _, err := s.layerOf(c.Request(), d, p.Ref)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := xyz.WriteTileMap(&b, l); err != nil {
		return err
	}
	return s.sendDocument(c, newPair(b.Bytes(), "text/xml"), cacheRevalidate)
}

// tileMaps lists what TMS has.
func (s *Server) tileMaps(c echo.Context) error {
	r := c.Request()
	now, err := s.services(r.Context())
	if err != nil {
		return err
	}
	var layers []xyz.Layer
	for _, p := range now.pictured {
		layers = append(layers, p.plainly(s.baseURL(r), p.info.Name, p.info))
	}
	var b bytes.Buffer
	if err := xyz.WriteTileMapService(&b, s.baseURL(r), s.options.Title, layers); err != nil {
		return err
	}
	return s.sendDocument(c, newPair(b.Bytes(), "text/xml"), cacheRevalidate)
}

// errMissing tells the errors that mean that a dataset or a part of it is not there.
func errMissing(err error) bool {
	return errors.Is(err, tilestore.ErrNoDataset) || errors.Is(err, tilestore.ErrNotFound) || errors.Is(err, errStyle)
}
