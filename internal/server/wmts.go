package server

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/paulmach/orb"

	"github.com/terrane/terrane/imagery/wms"
	"github.com/terrane/terrane/imagery/wmts"
	"github.com/terrane/terrane/tilestore"
)

const wmtsPrefix = "/wmts/"

// parseWMTS reads a request of either tongue: /wmts?... and /wmts/1.0.0/...
func parseWMTS(r *http.Request) (wmts.Request, error) {
	if path, ok := strings.CutPrefix(r.URL.EscapedPath(), wmtsPrefix); ok && path != "" {
		return wmts.ParseREST(path, r.URL.RawQuery)
	}
	return wmts.Parse(r.URL.RawQuery)
}

// storedWMTS finds tiles of WMTS that are stored.
func (s *Server) storedWMTS(r *http.Request) (reply, error) {
	q, err := parseWMTS(r)
	if err != nil || q.Tile == nil {
		return reply{}, errNoPage
	}
	now, _ := s.maps.services.last() // what has changed since is found out by the handler
	if now == nil {
		return reply{}, errNoPage
	}
	if l, ok := now.layers[q.Tile.Layer]; ok && len(l.Dimensions) > 0 { // the latest instant may be another by now
		if now, err = s.services(r.Context()); err != nil {
			return reply{}, errNoPage
		}
	}
	t, d, err := s.tileOfWMTS(r.Context(), now, *q.Tile)
	if err != nil {
		return reply{}, errNoPage
	}
	defer d.Release()
	a, err := s.storedPicture(r.Context(), &d, t)
	if err != nil {
		return reply{}, errNoPage // the handler says it as WMTS does
	}
	return reply{answer: a, vary: s.headers.varyOrigin, control: cacheShort}, nil
}

// tileOfWMTS checks a request for a tile. The caller releases the dataset, unless there is an error, which is an *wmts.Exception or of the catalogue.
func (s *Server) tileOfWMTS(ctx context.Context, now *offer, q wmts.GetTile) (pictureTile, lease, error) {
	if err := s.covers(ctx, q.Layer); err != nil {
		return pictureTile{}, lease{}, err
	}
	l, err := s.layerOfWMTS(ctx, now, q.Layer)
	if err != nil {
		return pictureTile{}, lease{}, err
	}
	t, err := l.Tile(q)
	if err != nil {
		return pictureTile{}, lease{}, err
	}
	at, _ := time.Parse(time.RFC3339, t.Dimensions[timeDimension]) // of a layer without, the zero time
	d, err := s.openAny(ctx, now.ref(l.Name, at))
	return pictureTile{coord: t.Coord, grid: t.Set.Grid, size: t.Set.TileSize, style: t.Style, mime: t.Format.MIME}, d, err
}

// wmts answers WMTS, KVP and REST.
func (s *Server) wmts(c echo.Context) error {
	err := s.answerWMTS(c)
	var e *wmts.Exception
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errForbidden):
		return s.refuse(c, err)
	case !errors.As(err, &e) && errors.Is(err, tilestore.ErrNoDataset):
		e = wmts.NoLayer() // it went away meanwhile
	case e == nil:
		p := problemOf(err)
		if p.retry != "" {
			c.Response().Header()["Retry-After"] = []string{p.retry}
		}
		e = &wmts.Exception{Code: wmts.NoApplicableCode, Text: p.text, Status: p.status}
		s.warn(c, err)
	}
	var b bytes.Buffer
	if err := e.Encode(&b); err != nil {
		return err
	}
	return s.sendBody(c, e.Status, wmts.MIME, b.Bytes())
}

func (s *Server) answerWMTS(c echo.Context) error {
	r := c.Request()
	q, err := parseWMTS(r)
	if err != nil {
		return err
	}
	switch {
	case q.Capabilities != nil:
		return s.wmtsCapabilities(c, *q.Capabilities)
	case q.Info != nil:
		return s.wmtsInfo(c, *q.Info)
	}
	now, err := s.services(r.Context())
	if err != nil {
		return err
	}
	t, d, err := s.tileOfWMTS(r.Context(), now, *q.Tile)
	if missed(err) {
		if now := s.renewed(r.Context(), now); now != nil { // it may be there by now
			t, d, err = s.tileOfWMTS(r.Context(), now, *q.Tile)
		}
	}
	if err != nil {
		return err
	}
	defer d.Release()
	a, err := s.drawnPicture(r.Context(), &d, t)
	if err != nil {
		return err
	}
	return a.send(c, s.headers.varyOrigin, cacheShort)
}

// missed tells errors that say that a layer, an instant of one or a tile is not there: with another version it may be.
func missed(err error) bool {
	var e *wmts.Exception
	if !errors.As(err, &e) {
		return false
	}
	switch e.Locator {
	case wmts.NoLayer().Locator, timeDimension, "TileMatrixSet", "TileMatrix":
		return e.Code == wmts.InvalidParameterValue
	}
	return e.Code == wmts.TileOutOfRange
}

func (s *Server) wmtsCapabilities(c echo.Context, q wmts.GetCapabilities) error {
	now, err := s.services(c.Request().Context())
	if err != nil {
		return err
	}
	service := now.wmts
	service.BaseURL = s.baseURL(c.Request())
	current, err := service.Current(q.UpdateSequence)
	if err != nil {
		return err
	}
	write := func() ([]byte, error) {
		var b bytes.Buffer
		err := wmts.WriteCapabilities(&b, service, q)
		return b.Bytes(), err
	}
	key := documentKey{base: service.BaseURL, kind: either(q.MIME, wmts.MIME), version: "wmts " + wmts.Version, sections: q.Sections}
	if current { // says nothing but that
		key.base, key.sections = "", wmts.Sections{}
	}
	p, err := now.documents.get(key, write)
	if err != nil {
		return err
	}
	return s.sendDocument(c, p, cacheRevalidate)
}

// pixelOfWMTS checks a request for what lies under a pixel, as tileOfWMTS does one for a tile.
func (s *Server) pixelOfWMTS(ctx context.Context, now *offer, q wmts.GetFeatureInfo) (wmts.Info, lease, error) {
	if err := s.covers(ctx, q.Layer); err != nil {
		return wmts.Info{}, lease{}, err
	}
	l, err := s.layerOfWMTS(ctx, now, q.Layer)
	if err != nil {
		return wmts.Info{}, lease{}, err
	}
	i, err := l.Info(q)
	if err != nil {
		return wmts.Info{}, lease{}, err
	}
	at, _ := time.Parse(time.RFC3339, i.Dimensions[timeDimension])
	d, err := s.openAny(ctx, now.ref(l.Name, at))
	return i, d, err
}

// wmtsInfo tells what lies under a pixel of a tile.
func (s *Server) wmtsInfo(c echo.Context, q wmts.GetFeatureInfo) error {
	r := c.Request()
	now, err := s.services(r.Context())
	if err != nil {
		return err
	}
	i, d, err := s.pixelOfWMTS(r.Context(), now, q)
	if missed(err) {
		if now := s.renewed(r.Context(), now); now != nil {
			i, d, err = s.pixelOfWMTS(r.Context(), now, q)
		}
	}
	if err != nil {
		return err
	}
	defer d.Release()
	v, err := viewOf(pictureTile{coord: i.Coord, grid: i.Set.Grid, size: i.Set.TileSize})
	if err != nil {
		return err
	}
	share := func(from, to float64, pixel int) float64 {
		return from + (to-from)*(float64(pixel)+0.5)/float64(i.Set.TileSize)
	}
	x, y := []float64{share(v.Bound.Min[0], v.Bound.Max[0], i.Column)}, []float64{share(v.Bound.Max[1], v.Bound.Min[1], i.Row)}
	v.Projection.Inverse(x, y)
	infos, err := s.info(r.Context(), &d, orb.Point{x[0], y[0]})
	if err != nil {
		return err
	}
	return s.sendInfos(c, i.InfoFormat.MIME, infos)
}

// sendInfos answers what lies at a place.
func (s *Server) sendInfos(c echo.Context, format string, infos []wms.Info) error {
	var b bytes.Buffer
	if err := wms.WriteInfo(&b, format, s.baseURL(c.Request())+"/wms", infos); err != nil {
		return err
	}
	return newPair(b.Bytes(), format).of(c.Request()).send(c, s.headers.varyEncoding, cacheRevalidate)
}
