package server

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"

	"github.com/terrane/terrane/internal/elevation"
	"github.com/terrane/terrane/internal/places"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// Gazetteer finds places by name; [places.Folder] is one. It is safe for concurrent use.
type Gazetteer interface {
	Search(ctx context.Context, q places.Query) ([]places.Hit, error)
	All(ctx context.Context) ([]places.Info, []places.Problem)
}

// mostText is the longest text that is looked for, in letters; what is beyond it is left out.
const mostText = 200

// found is the answer to a search, in the form of Pelias (and so of Cesium ion): GeoJSON with a label and a box for each place.
type found struct {
	Type         string        `json:"type"`
	Geocoding    *geocoding    `json:"geocoding,omitempty"`
	Features     []foundPlace  `json:"features"`
	Attributions []attribution `json:"attributions,omitempty"`
}

// geocoding says why there is nothing, where there is a reason.
type geocoding struct {
	Warnings []string `json:"warnings"`
}

// attribution is a credit as CesiumJS takes it.
type attribution struct {
	HTML        string `json:"html"`
	Collapsible bool   `json:"collapsible"`
}

type foundPlace struct {
	Type       string          `json:"type"`
	Properties foundProperties `json:"properties"`
	Geometry   foundPoint      `json:"geometry"`
	BBox       [4]float64      `json:"bbox"` // west, south, east, north; west is greater than east where it crosses the antimeridian (RFC 7946, 5.2)
}

type foundPoint struct {
	Type        string     `json:"type"`
	Coordinates [2]float64 `json:"coordinates"`
}

type foundProperties struct {
	ID          string `json:"id"`
	GID         string `json:"gid"`
	Layer       string `json:"layer"`
	Source      string `json:"source"`
	Name        string `json:"name"`
	Label       string `json:"label"`
	Country     string `json:"country,omitempty"`
	CountryCode string `json:"country_code,omitempty"`
	Region      string `json:"region,omitempty"`
	Population  int64  `json:"population,omitempty"`
}

// geocode answers /v1/geocode/search and /v1/geocode/autocomplete, which are the same: what is typed may always go on. Nothing that is asked
// is an error; what cannot be understood finds nothing, as with ion.
func (s *Server) geocode(c echo.Context) error {
	ctx, query := c.Request().Context(), queryOf(c.Request())
	q := placesQuery(query)
	answer := found{Type: "FeatureCollection", Features: []foundPlace{}}
	if at, ok := places.ParseCoordinate(q.Text); ok {
		answer.Features = append(answer.Features, coordinateFound(at))
		if other, ok := at.Otherwise(); ok {
			answer.Features = append(answer.Features, coordinateFound(other))
		}
		return s.sendFound(c, answer)
	}
	hits, err := s.datasetsNamed(ctx, q)
	if err != nil {
		return err
	}
	if s.options.Places == nil {
		answer.warn("this server has no gazetteer: terrane ingest places FILE makes one")
	} else if err := s.places(ctx, q, &hits, &answer); err != nil {
		return err
	}
	for _, h := range places.Best(hits, q) {
		answer.Features = append(answer.Features, placeFound(h))
	}
	return s.sendFound(c, answer)
}

// sendFound writes an answer, which is small and wanted soon: plain, as packing it would take longer than finding it.
func (s *Server) sendFound(c echo.Context, answer found) error {
	body, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	return newPlain(append(body, '\n'), "application/json").send(c, s.headers.varyEncoding, cacheRevalidate)
}

// places asks the gazetteers, and says whose they are.
func (s *Server) places(ctx context.Context, q places.Query, hits *[]places.Hit, answer *found) error {
	some, err := s.options.Places.Search(ctx, q)
	if err != nil {
		return err
	}
	*hits = append(*hits, some...)
	infos, _ := s.options.Places.All(ctx)
	for _, i := range infos {
		if i.Attribution != "" && slices.ContainsFunc(some, func(h places.Hit) bool { return h.Gazetteer == i.Name }) {
			answer.Attributions = append(answer.Attributions, attribution{tilestore.Credit(i.Attribution), true})
		}
	}
	if len(infos) == 0 {
		answer.warn("this server has no gazetteer: terrane ingest places FILE makes one")
	}
	return nil
}

func (f *found) warn(text string) { f.Geocoding = &geocoding{[]string{text}} }

// placesQuery reads the parameters of Pelias that mean something here; the others, and what cannot be read of these, are passed over.
func placesQuery(query url.Values) places.Query {
	q := places.Query{Text: query.Get("text"), Size: places.DefaultSize}
	if utf8.RuneCountInString(q.Text) > mostText {
		q.Text = string([]rune(q.Text)[:mostText])
	}
	if n, err := strconv.Atoi(query.Get("size")); err == nil {
		q.Size = min(max(n, 1), places.MostSize)
	}
	if at, ok := pointOf(query, "focus.point.lon", "focus.point.lat"); ok {
		q.Focus = &at
	}
	var rules []func(places.Place) bool
	low, okLow := pointOf(query, "boundary.rect.min_lon", "boundary.rect.min_lat")
	high, okHigh := pointOf(query, "boundary.rect.max_lon", "boundary.rect.max_lat")
	if okLow && okHigh {
		rules = append(rules, func(p places.Place) bool {
			lon, lat := p.Point.Lon(), p.Point.Lat()
			inside := lon >= low.Lon() && lon <= high.Lon()
			if low.Lon() > high.Lon() { // across the antimeridian
				inside = lon >= low.Lon() || lon <= high.Lon()
			}
			return inside && lat >= low.Lat() && lat <= high.Lat()
		})
	}
	if middle, ok := pointOf(query, "boundary.circle.lon", "boundary.circle.lat"); ok {
		radius, ok := elevation.ParseNumber(query.Get("boundary.circle.radius"))
		if !ok {
			radius = 50 // km, as with Pelias
		}
		rules = append(rules, func(p places.Place) bool { return geo.DistanceHaversine(p.Point, middle) <= radius*1000 })
	}
	if country := query.Get("boundary.country"); country != "" {
		rules = append(rules, func(p places.Place) bool {
			return strings.EqualFold(p.CountryCode, country) || strings.EqualFold(p.Country, country)
		})
	}
	if len(rules) > 0 {
		q.Keep = func(p places.Place) bool {
			return !slices.ContainsFunc(rules, func(rule func(places.Place) bool) bool { return !rule(p) })
		}
	}
	return q
}

// pointOf reads two parameters.
func pointOf(query url.Values, lonName, latName string) (orb.Point, bool) {
	lon, okLon := elevation.ParseNumber(query.Get(lonName))
	lat, okLat := elevation.ParseNumber(query.Get(latName))
	return orb.Point{lon, lat}, okLon && okLat && math.Abs(lon) <= 180 && math.Abs(lat) <= 90
}

// mostDatasets is how many datasets one search names.
const mostDatasets = 5

// datasetsNamed finds datasets by their names and titles, of those that whoever asks may see.
func (s *Server) datasetsNamed(ctx context.Context, q places.Query) ([]places.Hit, error) {
	now, err := s.services(ctx)
	if err != nil {
		return nil, err
	}
	var hits []places.Hit
	for k, i := range now.infos {
		tier, ok := places.Tier(i.Name, q.Text)
		if i.Title != "" {
			if other, named := places.Tier(i.Title, q.Text); named && (!ok || other < tier) {
				tier, ok = other, true
			}
		}
		h := places.Hit{Place: datasetPlace(i), Gazetteer: "datasets", ID: int64(k), Tier: tier}
		if ok && (q.Keep == nil || q.Keep(h.Place)) {
			hits = append(hits, h)
		}
		if len(hits) == mostDatasets {
			break
		}
	}
	return hits, nil
}

// datasetPlace is a dataset as a place. Of what fits equally well it comes first: it is what the server is for.
func datasetPlace(i tilestore.Info) places.Place {
	p := places.Place{Name: either(i.Title, i.Name), Layer: places.Dataset, Importance: math.MaxInt64, Bound: i.Bound, Point: i.Bound.Center()}
	if p.Point[0] > 180 {
		p.Point[0] -= 360
	}
	return p.Complete()
}

// placeFound writes a place as a feature.
func placeFound(h places.Hit) foundPlace {
	id := strconv.FormatInt(h.ID, 10)
	label := h.Label()
	if h.Layer == places.Dataset {
		id, label = h.Name, h.Name+" (dataset)"
	}
	return foundPlace{
		Type: "Feature", BBox: boxOf(h.Bound), Geometry: foundPoint{"Point", [2]float64{degrees(h.Point.Lon()), degrees(h.Point.Lat())}},
		Properties: foundProperties{
			ID: id, GID: h.Gazetteer + ":" + h.Layer + ":" + id, Layer: h.Layer, Source: h.Gazetteer, Name: h.Name, Label: label,
			Country: h.Country, CountryCode: h.CountryCode, Region: h.Region, Population: h.Population,
		},
	}
}

// coordinateFound writes a place that was asked for by its coordinates; the label says how they were understood.
func coordinateFound(at places.Written) foundPlace {
	north, east := "N", "E"
	if at.Point.Lat() < 0 {
		north = "S"
	}
	if at.Point.Lon() < 0 {
		east = "W"
	}
	name := fmt.Sprintf("%.5f° %s, %.5f° %s", math.Abs(at.Point.Lat()), north, math.Abs(at.Point.Lon()), east)
	f := placeFound(places.Hit{Place: places.Place{Name: name, Layer: places.Spot, Point: at.Point}.Complete(), Gazetteer: "coordinates"})
	f.Properties.ID, f.Properties.GID = name, "coordinates:"+name
	f.Properties.Label = name + " (read as " + at.Read + ")"
	return f
}

// boxOf writes a box; one that crosses the antimeridian has its west east of its east.
func boxOf(b orb.Bound) [4]float64 {
	parts := tilegrid.SplitBound(b)
	low, high := parts[0].Min, parts[len(parts)-1].Max
	return [4]float64{degrees(low.Lon()), degrees(low.Lat()), degrees(high.Lon()), degrees(high.Lat())}
}

// degrees rounds to a centimetre.
func degrees(v float64) float64 { return math.Round(v*1e7)/1e7 + 0 } // +0: no negative zero
