package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/terrane/terrane/imagery"
	"github.com/terrane/terrane/imagery/style"
	"github.com/terrane/terrane/imagery/wms"
	"github.com/terrane/terrane/internal/picture"
	"github.com/terrane/terrane/tilestore"
)

// wms answers WMS 1.1.1 and 1.3.0.
func (s *Server) wms(c echo.Context) error {
	if err := s.coversLayers(c); err != nil {
		return s.refuse(c, err)
	}
	now, err := s.services(c.Request().Context())
	if err != nil {
		return s.sendException(c, s.failed(c, err, new(wms.GetMap).Fail))
	}
	err = s.serveWMS(c, now)
	var e *wms.Exception
	if errors.As(err, &e) && (e.Code == wms.LayerNotDefined || e.Code == wms.InvalidDimensionValue) {
		if now := s.renewed(c.Request().Context(), now); now != nil { // it may be there by now
			err = s.serveWMS(c, now)
		}
	}
	if !errors.As(err, &e) {
		return err
	}
	return s.sendException(c, e)
}

// serveWMS answers a request by an offer. An error is an *wms.Exception, or of the writing: then nothing is left to be said.
func (s *Server) serveWMS(c echo.Context, now *offer) error {
	service := now.wms
	service.BaseURL = s.baseURL(c.Request()) + "/wms"
	drawn := service
	drawn.Layers = append(slices.Clip(service.Layers), s.pinnedLayers(c.Request(), service.Limits.LayerLimit)...)
	q, err := wms.Parse(c.Request().URL.RawQuery, &drawn, s.maps.registry)
	if err != nil {
		return err
	}
	return s.answerWMS(c, now, &service, q)
}

func (s *Server) answerWMS(c echo.Context, now *offer, service *wms.Service, q wms.Request) error {
	switch q := q.(type) {
	case *wms.GetCapabilities:
		key := documentKey{base: service.BaseURL, kind: wms.CapabilitiesType(q.Version), version: fmt.Sprint("wms ", q.Version)}
		p, err := now.documents.get(key, func() ([]byte, error) {
			var b bytes.Buffer
			err := wms.WriteCapabilities(&b, q.Version, service, s.maps.boxes)
			return b.Bytes(), err
		})
		if err != nil {
			return err
		}
		return s.sendDocument(c, p, cacheRevalidate)
	case *wms.GetMap:
		return s.getMap(c, now, q)
	case *wms.GetFeatureInfo:
		return s.getFeatureInfo(c, now, q)
	case *wms.GetLegendGraphic:
		return s.getLegend(c, q)
	}
	return newPair(wms.InfoSchema(), wms.SchemaType).of(c.Request()).send(c, s.headers.varyEncoding, cacheRevalidate)
}

// sendException answers an exception as the client wants to see it: in a picture, unless that is larger than anybody reads, or too many are being drawn.
func (s *Server) sendException(c echo.Context, e *wms.Exception) error {
	if pixels := e.Report.Width * e.Report.Height; e.Pictured() && pixels <= smallMap {
		f := e.Report.Format
		if f.Name == geoTIFF.Name { // which has to say where it lies
			f = picture.Formats()[0]
		}
		var body []byte
		err := s.maps.draw(c.Request().Context(), pixels, func(context.Context) (err error) {
			body, err = f.Encode(e.Picture(), 0)
			return err
		})
		if err == nil {
			return s.sendBody(c, e.Status(), f.MIME, body)
		}
	}
	e.Report.Mode = wms.AsXML
	body, err := e.XML()
	if err != nil {
		return err
	}
	return s.sendBody(c, e.Status(), e.ContentType(), body)
}

// encode writes a map, with the place where it lies if its format tells.
func encode(p picture.Picture, m *wms.GetMap) ([]byte, error) {
	if m.Format.Name != geoTIFF.Name {
		return m.Format.Encode(p, 0)
	}
	code, _ := strconv.Atoi(strings.TrimPrefix(m.CRS.Code, "EPSG:"))
	geographic := math.Abs(m.CRS.MetresPerUnit-degree) < 1
	switch {
	case m.CRS.Code == "CRS:84":
		code = 4326
	case code > math.MaxUint16 && !geographic: // a name that Web Mercator had before it had a number; GeoTIFF has no room for it
		code = 3857
	}
	b := m.View.Bound
	return picture.AppendGeoTIFF(nil, p, picture.GeoTag{
		EPSG: code, Geographic: geographic, West: b.Min[0], North: b.Max[1],
		PixelWidth: (b.Max[0] - b.Min[0]) / float64(m.View.Width), PixelHeight: (b.Max[1] - b.Min[1]) / float64(m.View.Height),
	})
}

// degree in metres, as OGC counts scales.
const degree = 6378137 * math.Pi / 180

// getMap draws a map, the first layer lowest.
func (s *Server) getMap(c echo.Context, now *offer, m *wms.GetMap) error {
	for _, w := range m.Warnings {
		c.Response().Header().Add("Warning", w)
	}
	var body []byte
	err := s.maps.draw(c.Request().Context(), m.View.Width*m.View.Height, func(ctx context.Context) error {
		p, err := s.drawMap(ctx, now, m)
		if err != nil {
			return err
		}
		if !m.Transparent || !m.Format.Alpha {
			p = p.Over(m.Background)
		}
		body, err = encode(p, m)
		return err
	})
	switch {
	case err == nil:
		return newPlain(body, m.Format.MIME).send(c, s.headers.varyOrigin, cacheShort)
	case errors.Is(err, imagery.ErrTooLarge):
		return m.Fail("", "bbox", "the map would take too many tiles: ask for a smaller one, or for a scale that the layer has")
	case errors.Is(err, tilestore.ErrNoDataset):
		return m.Fail(wms.LayerNotDefined, "layers", "no such layer")
	}
	return s.failed(c, err, m.Fail)
}

// failed is the exception for a fault that is not the client's.
func (s *Server) failed(c echo.Context, err error, fail func(code, locator, text string) *wms.Exception) *wms.Exception {
	s.warn(c, err)
	p := problemOf(err)
	if p.retry != "" {
		c.Response().Header()["Retry-After"] = []string{p.retry}
	}
	e := fail("", "", p.text)
	e.HTTP = p.status
	return e
}

func (s *Server) drawMap(ctx context.Context, now *offer, m *wms.GetMap) (picture.Picture, error) {
	var sources []imagery.Source
	for _, l := range m.Layers {
		d, err := s.openAny(ctx, now.ref(l.Name, l.Time))
		if err != nil {
			return picture.Picture{}, err
		}
		defer d.Release()
		source, err := s.maps.source(ctx, &d, l.Style.Name)
		if err != nil {
			return picture.Picture{}, err
		}
		sources = append(sources, source)
	}
	return s.maps.drawer.Draw(ctx, sources, m.View)
}

// getFeatureInfo tells what lies at a pixel of a map.
func (s *Server) getFeatureInfo(c echo.Context, now *offer, q *wms.GetFeatureInfo) error {
	var all []wms.Info
	for _, l := range q.Query {
		if math.IsNaN(q.LonLat[0]) {
			break
		}
		infos, err := s.infoOf(c.Request().Context(), now.ref(l.Name, l.Time), q.LonLat)
		if err != nil && !errMissing(err) {
			return s.failed(c, err, q.Map.Fail)
		}
		all = append(all, infos...)
	}
	return s.sendInfos(c, q.Format, all)
}

// getLegend draws the legend of a style. The size that a client names is a hint: a legend becomes larger by it, never smaller than it can be
// read, since clients of servers whose legends are lists of icons name the size of one icon.
func (s *Server) getLegend(c echo.Context, q *wms.GetLegendGraphic) error {
	st, ok := style.Named(q.Style.Name)
	if !ok {
		return q.Fail(wms.StyleNotDefined, "style", "no such style")
	}
	if q.Format.Name == geoTIFF.Name {
		return q.Fail(wms.InvalidFormat, "format", "a legend lies nowhere on the ground: FORMAT is one of the other formats")
	}
	const most = 1024
	width, height := st.LegendSize()
	width, height = max(width, min(q.Width, most)), max(height, min(q.Height, most))
	var body []byte
	err := s.maps.draw(c.Request().Context(), width*height, func(context.Context) (err error) {
		p := style.Legend(st, width, height)
		if !q.Transparent {
			p = p.Over(q.Background)
		}
		body, err = q.Format.Encode(p, 0)
		return err
	})
	if err != nil {
		return s.failed(c, err, q.Fail)
	}
	return newPlain(body, q.Format.MIME).send(c, s.headers.varyOrigin, cacheRevalidate)
}

// warn logs a fault that an operator should know of.
func (s *Server) warn(c echo.Context, err error) {
	if !errors.Is(err, context.Canceled) {
		s.options.Log.Warn("request not served", "path", clip(c.Request().URL.Path), "cause", fmt.Sprint(err))
	}
}
