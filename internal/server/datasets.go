package server

import (
	"fmt"
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// Summary is a dataset version as JSON: what "terrane info --json", "terrane list --json" and /datasets give. The keys are stable.
type Summary struct {
	Name        string            `json:"name"`
	Version     int               `json:"version"`
	Kind        tilestore.Kind    `json:"kind"`
	Title       string            `json:"title,omitempty"`
	Attribution string            `json:"attribution,omitempty"`
	Format      string            `json:"format"` // MIME type of the tiles
	Grid        string            `json:"grid"`   // geographic or mercator
	CRS         string            `json:"crs"`    // EPSG:4326 or EPSG:3857
	Bounds      [4]float64        `json:"bounds"` // west, south, east, north in degrees
	Levels      [2]uint8          `json:"levels"` // first and last
	Extensions  []string          `json:"extensions,omitempty"`
	Tiles       int64             `json:"tiles"`
	Bytes       int64             `json:"bytes"`
	Vertical    string            `json:"vertical,omitempty"`
	Manifest    string            `json:"manifest"`
	Links       map[string]string `json:"links,omitempty"` // absolute URLs, over HTTP only
}

// Summarize describes a dataset version without links.
func Summarize(i tilestore.Info) Summary {
	grid := "geographic"
	if i.Grid.CRS() == tilegrid.WebMercator {
		grid = "mercator"
	}
	return Summary{
		Name: i.Name, Version: i.Version, Kind: i.Kind, Title: i.Title, Attribution: i.Attribution,
		Format: i.Format, Grid: grid, CRS: i.Grid.CRS().String(),
		Bounds: [4]float64{i.Bound.Min.Lon(), i.Bound.Min.Lat(), i.Bound.Max.Lon(), i.Bound.Max.Lat()},
		Levels: i.Levels, Extensions: i.Extensions, Tiles: i.Tiles, Bytes: i.SizeBytes, Vertical: i.Vertical, Manifest: i.Manifest,
	}
}

// datasets answers /datasets: an array of all, by name.
func (s *Server) datasets(c echo.Context) error {
	all, err := s.catalog.All(c.Request().Context())
	if err != nil {
		return err
	}
	base := s.baseURL(c.Request())
	list := make([]Summary, 0, len(all))
	for _, i := range all {
		list = append(list, linked(i, i.Name, base))
	}
	return s.sendJSON(c, list, cacheRevalidate)
}

// dataset answers /datasets/{name} and /datasets/{name}@{version}.
func (s *Server) dataset(c echo.Context) error {
	ref := strings.TrimPrefix(c.Request().URL.Path, "/datasets/")
	if _, ok := checkRef(ref); !ok {
		return tilestore.ErrNoDataset
	}
	d, err := s.catalog.Get(c.Request().Context(), ref)
	if err != nil {
		return err
	}
	defer d.Release()
	return s.sendJSON(c, linked(d.Info(), ref, s.baseURL(c.Request())), cacheRevalidate)
}

// linked is the summary of a dataset asked for as ref, with the URLs that it has below base.
func linked(i tilestore.Info, ref, base string) Summary {
	sum := Summarize(i)
	sum.Links = map[string]string{"self": base + "/datasets/" + ref}
	if i.Kind == tilestore.Terrain {
		sum.Links["terrain"] = base + "/terrain/" + ref + "/"
		sum.Links["layer"] = base + "/terrain/" + ref + "/layer.json"
		sum.Links["pinned"] = fmt.Sprintf("%s/terrain/%s@%d/", base, i.Name, i.Version)
		sum.Links["viewer"] = base + "/viewer#dataset=" + ref
	}
	return sum
}
