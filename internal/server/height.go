package server

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/terrane/terrane/imagery/style"
	"github.com/terrane/terrane/internal/elevation"
	"github.com/terrane/terrane/tilestore"
)

// Bodies of questions for many heights: 10,000 positions take about 400 KB as an array, and up to 2 MB as features. So few of
// those that exceed the usual limit are held at a time that all of them together take 64 MB.
const (
	pointsBytes = 2 << 20
	largeBodies = 32
)

var (
	errCrowd    = errors.New("server: too many large bodies")
	errBodyRead = errors.New("server: the body did not arrive")
)

// asksPoints tells whether a request may bring a body of many positions.
func asksPoints(r *http.Request) bool {
	return r.Method == http.MethodPost && pointsPath(r.URL.Path)
}

// pointsPath tells whether POST is answered below a path.
func pointsPath(path string) bool {
	return strings.HasPrefix(path, heightPrefix) || strings.HasPrefix(path, profilePrefix)
}

const (
	heightPrefix  = "/height/"
	profilePrefix = "/profile/"
)

// question is one for heights of a dataset, which is held until release.
type question struct {
	lease
	ground *elevation.Ground
	pinned bool
}

// question opens the dataset whose name follows prefix, for what the query asks of it.
func (s *Server) question(ctx context.Context, u *url.URL, prefix string, query url.Values) (q question, err error) {
	ref := strings.TrimPrefix(u.Path, prefix)
	var ok bool
	if q.pinned, ok = checkRef(ref); !ok {
		return q, tilestore.ErrNoDataset
	}
	if q.lease, err = s.open(ctx, ref, tilestore.Terrain); err != nil {
		return q, err
	}
	g, err := s.heightsOf(ctx, &q.lease)
	var f *facts
	if err == nil {
		f, err = s.maps.facts(ctx, &q.lease)
	}
	if err == nil {
		ask := elevation.Ask{Level: query.Get("level"), Vertical: query.Get("vertical"), Lifted: f.lifted}
		q.ground, err = elevation.New(g.Probe(), q.info, ask, s.options.Sea)
	}
	if err != nil {
		q.Release()
	}
	return q, err
}

// queryOf reads the query, in which a semicolon is a letter like others: lines have some. What cannot be read is left out.
func queryOf(r *http.Request) url.Values {
	query, _ := url.ParseQuery(strings.ReplaceAll(r.URL.RawQuery, ";", "%3B"))
	return query
}

// heightsOf returns the heights of a dataset, style.ErrNoHeights of one that keeps none.
func (s *Server) heightsOf(ctx context.Context, d *lease) (*style.Ground, error) {
	f, err := s.maps.facts(ctx, d)
	if err != nil {
		return nil, err
	}
	if !f.ground {
		return nil, style.ErrNoHeights
	}
	return style.NewGround(reader{d.Dataset}, s.maps.ground, d.Opening())
}

// linkHeights adds the other views of terrain's heights to the links of a dataset; msl only where heights above mean sea level
// can be had.
func (s *Server) linkHeights(sum *Summary, f *facts, ref, base string) {
	if !f.ground {
		return
	}
	for name, url := range map[string]string{
		"height": heightPrefix + ref, "profile": profilePrefix + ref, "heightmap": heightmapPrefix + ref + "/",
		"rgb": "/rgb/" + ref + "/tilejson.json", "terrarium": "/terrarium/" + ref + "/tilejson.json",
	} {
		sum.Links[name] = base + url
	}
	if s.options.Sea.Geoid != nil && sum.Vertical == elevation.Ellipsoid {
		sum.Links["msl"] = base + heightPrefix + ref + "?vertical=" + elevation.MSL
	}
}

// height finds the height of one place: /height/{name}?lon=&lat=. It is no more work than a tile, so the front answers it too.
func (s *Server) height(r *http.Request) (reply, error) {
	query := queryOf(r)
	lon, okLon := elevation.ParseNumber(query.Get("lon"))
	lat, okLat := elevation.ParseNumber(query.Get("lat"))
	q, err := s.question(r.Context(), r.URL, heightPrefix, query)
	if err != nil {
		return reply{}, err
	}
	defer q.Release()
	if !okLon || !okLat {
		return reply{}, &elevation.Refusal{Reason: "lon and lat are numbers, degrees", Try: heightPrefix + "{name} with lon=1.5 and lat=42.5"}
	}
	reading, err := q.ground.At(r.Context(), [2]float64{lon, lat})
	if err != nil {
		return reply{}, err
	}
	body := append(q.ground.AppendJSON(make([]byte, 0, 256), reading), '\n')
	return reply{answer: newPlain(body, "application/json"), vary: s.headers.varyEncoding, control: tileControl(q.pinned)}, nil
}

// heights answers POST /height/{name}: many places, in the form in which they come.
func (s *Server) heights(c echo.Context) error {
	r := c.Request()
	q, err := s.question(r.Context(), r.URL, heightPrefix, queryOf(r))
	if err != nil {
		return err
	}
	defer q.Release()
	return s.withBody(c, func(ctx context.Context, body []byte) error {
		p, err := elevation.ParsePoints(body)
		if err != nil {
			return err
		}
		all, err := q.ground.All(ctx, p.Places)
		if err != nil {
			return err
		}
		kind := "application/json"
		if p.GeoJSON() {
			kind = "application/geo+json"
		}
		return s.sendOnce(c, append(q.ground.AppendPoints(make([]byte, 0, 64*len(all)+512), p, all), '\n'), kind)
	})
}

// withBody reads the body of a question, and answers it within the limits on what is drawn at a time.
func (s *Server) withBody(c echo.Context, work func(ctx context.Context, body []byte) error) error {
	r := c.Request()
	if r.ContentLength < 0 || r.ContentLength > s.options.Limits.BodyBytes {
		select {
		case s.maps.bodies <- struct{}{}:
			defer func() { <-s.maps.bodies }()
		default:
			return errCrowd
		}
	}
	body, err := io.ReadAll(r.Body)
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return errBody
	}
	if err != nil {
		return errBodyRead
	}
	return s.maps.draw(r.Context(), 0, func(ctx context.Context) error { return work(ctx, body) })
}

// sendOnce writes an answer that nobody keeps, gzipped in a hurry if that is accepted.
func (s *Server) sendOnce(c echo.Context, body []byte, kind string) error {
	if zipped := s.quickly(c.Request(), body); zipped != nil {
		c.Response().Header()["Content-Encoding"] = gzipEncoding
		body = zipped
	}
	return s.sendBody(c, http.StatusOK, kind, body)
}
