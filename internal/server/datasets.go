package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/terrane/terrane/imagery/style"
	"github.com/terrane/terrane/imagery/wmts"
	"github.com/terrane/terrane/internal/ion"
	"github.com/terrane/terrane/internal/picture"
	"github.com/terrane/terrane/internal/snippet"
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
	Vertical    string            `json:"vertical,omitempty"` // what the heights are: ellipsoid, or unknown
	Datum       string            `json:"datum,omitempty"`    // what those of the sources counted from, in words
	Manifest    string            `json:"manifest"`
	IonAsset    int64             `json:"ionAsset"`           // number under which applications written for Cesium ion find it
	Time        time.Time         `json:"time,omitzero"`      // instant that the pictures show
	Times       []Moment          `json:"times,omitempty"`    // all instants that there are, ascending, over HTTP only
	Links       map[string]string `json:"links,omitempty"`    // absolute URLs, over HTTP only
	Layers      []Layer           `json:"layers,omitempty"`   // pictures of the dataset, over HTTP only: one of imagery, one for each style of terrain
	Versions    []int             `json:"versions,omitempty"` // that can be asked for as name@version, ascending, over HTTP only
	Snippets    map[string]string `json:"snippets,omitempty"` // code for each client, of a dataset asked for by name over HTTP only
}

// Moment is an instant that a dataset shows, and the version that does: /datasets/{name}@{version}.
type Moment struct {
	Time    time.Time `json:"time"`
	Version int       `json:"version"`
}

// snippetsOf writes what a program of each client takes to show the dataset.
func snippetsOf(sum Summary, ref, base string) map[string]string {
	d := snippet.Dataset{
		Name: ref, Kind: string(sum.Kind), BaseURL: base, Grid: sum.Grid, Levels: sum.Levels, Bounds: sum.Bounds, Attribution: sum.Attribution,
		IonAsset: sum.IonAsset,
	}
	if len(sum.Layers) > 0 {
		first := sum.Layers[0]
		format, _ := picture.ByMIME(first.Format) // of a layer that is served
		d.Grid, d.Levels, d.TileSize, d.Ext = first.Grid, first.Levels, first.TileSize, format.Ext
		if sum.Kind == tilestore.Terrain {
			d.Style = first.Style
		}
	}
	out := map[string]string{}
	for _, s := range snippet.For(d) {
		out[s.Client] = s.Code
	}
	return out
}

// Layer is one way to see a dataset as XYZ tiles.
type Layer struct {
	Style    string     `json:"style"`
	Title    string     `json:"title,omitempty"`
	Tiles    string     `json:"tiles"` // template with {z}, {x} and {y}; rows from the north
	Grid     string     `json:"grid"`  // geographic (two roots) or mercator
	Levels   [2]uint8   `json:"levels"`
	TileSize int        `json:"tileSize"` // pixels a side
	Bounds   [4]float64 `json:"bounds"`   // west, south, east, north in degrees; east may exceed 180
	Format   string     `json:"format"`   // MIME type
	Opaque   bool       `json:"opaque"`   // nothing shines through where there is data
	Legend   string     `json:"legend,omitempty"`
}

// gridName names a grid as commands and documents do.
func gridName(g tilegrid.Grid) string {
	if g == tilegrid.Mercator {
		return "mercator"
	}
	return "geographic"
}

// Summarize describes a dataset version without links.
func Summarize(i tilestore.Info) Summary {
	return Summary{
		Name: i.Name, Version: i.Version, Kind: i.Kind, Title: i.Title, Attribution: i.Attribution,
		Format: i.Format, Grid: gridName(i.Grid), CRS: i.Grid.CRS().String(),
		Bounds: [4]float64{i.Bound.Min.Lon(), i.Bound.Min.Lat(), i.Bound.Max.Lon(), i.Bound.Max.Lat()},
		Levels: i.Levels, Extensions: i.Extensions, Tiles: i.Tiles, Bytes: i.SizeBytes, Vertical: i.Vertical, Datum: datumOf(i),
		Manifest: i.Manifest, Time: i.Time, IonAsset: ion.ID(i.Name),
	}
}

// datumOf reads what the provenance says of the sources' heights, if anything. It says so before it lists the sources, of which there may be thousands.
func datumOf(i tilestore.Info) string {
	d := json.NewDecoder(bytes.NewReader(i.Provenance))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return ""
	}
	for d.More() {
		key, err := d.Token()
		if err != nil || key == "sources" {
			return ""
		}
		var value any
		if err := d.Decode(&value); err != nil {
			return ""
		}
		if text, ok := value.(string); ok && key == "datum" {
			return text
		}
	}
	return ""
}

// datasets answers /datasets: an array of all, by name.
func (s *Server) datasets(c echo.Context) error {
	all, err := s.catalog.All(c.Request().Context())
	if err != nil {
		return err
	}
	now, err := s.services(c.Request().Context())
	if err != nil {
		return err
	}
	base := s.baseURL(c.Request())
	list := make([]Summary, 0, len(all))
	for _, i := range all {
		i = now.shown(i)
		f, err := s.factsOf(c.Request().Context(), i)
		if errMissing(err) || errors.Is(err, tilestore.ErrCorrupt) || errors.Is(err, tilestore.ErrForeign) {
			continue // it went away, or was withdrawn, meanwhile
		}
		if err != nil { // a passing fault: the others are listed whole
			s.warn(c, err)
			f = new(facts)
		}
		sum := linked(i, f, i.Name, base)
		s.linkHeights(&sum, f, i.Name, base)
		sum.Times, sum.Versions, sum.IonAsset = now.moments(i.Name), s.versions(i.Name), s.assetsOf(now).own(i.Name)
		list = append(list, sum)
	}
	return s.sendJSON(c, list, cacheRevalidate)
}

// versions lists the numbers of a dataset's versions, ascending; nil of a catalogue that cannot tell them apart.
func (s *Server) versions(name string) []int {
	if c, ok := s.catalog.(Chronicle); ok {
		return slices.Sorted(slices.Values(c.Numbers(name)))
	}
	return nil
}

// dataset answers /datasets/{name} and /datasets/{name}@{version}, and the metadata.xml and the thumbnail below each.
func (s *Server) dataset(c echo.Context) error {
	path := strings.TrimPrefix(c.Request().URL.Path, "/datasets/")
	if ref, format, ok := parseThumbnail(path); ok {
		return s.thumbnail(c, ref, format)
	}
	ref, asMetadata := strings.CutSuffix(path, metadataSuffix)
	if _, ok := checkRef(ref); !ok {
		return tilestore.ErrNoDataset
	}
	d, err := s.openShown(c.Request().Context(), ref)
	if err != nil {
		return err
	}
	defer d.Release()
	f, err := s.maps.facts(c.Request().Context(), &d)
	if err != nil {
		return err
	}
	now, err := s.services(c.Request().Context())
	if err != nil {
		return err
	}
	base := s.baseURL(c.Request())
	sum := linked(d.info, f, ref, base)
	s.linkHeights(&sum, f, ref, base)
	if asMetadata {
		return s.metadata(c, d.info, sum, now)
	}
	sum.Times, sum.Versions, sum.IonAsset = now.moments(d.info.Name), s.versions(d.info.Name), s.assetsOf(now).own(d.info.Name)
	sum.Snippets = snippetsOf(sum, ref, base)
	return s.sendJSON(c, sum, cacheRevalidate)
}

// linked is the summary of a dataset asked for as ref, with the URLs that it has below base.
func linked(i tilestore.Info, f *facts, ref, base string) Summary {
	sum := Summarize(i)
	self := base + "/datasets/" + ref
	sum.Links = map[string]string{"self": self, "viewer": base + "/viewer#dataset=" + ref, "metadata": self + metadataSuffix}
	if i.Kind == tilestore.Terrain {
		sum.Links["terrain"] = base + "/terrain/" + ref + "/"
		sum.Links["layer"] = base + "/terrain/" + ref + "/layer.json"
		sum.Links["pinned"] = fmt.Sprintf("%s/terrain/%s@%d/", base, i.Name, i.Version)
	}
	if f.pictured() {
		sum.Links["thumbnail"] = fmt.Sprintf("%s/datasets/%s@%d%spng", base, i.Name, i.Version, thumbnailInfix)
		sum.Links["tilejson"] = base + "/imagery/" + ref + "/tilejson.json"
		sum.Links["tms"] = base + "/tms/" + ref + "/tilemapresource.xml"
		sum.Links["wmts"] = base + "/wmts/" + wmts.CapabilitiesPath
		sum.Links["wms"] = base + "/wms"
		sum.Layers = layersOf(i, f, ref, base)
	}
	return sum
}

// layersOf lists what a dataset can be seen as.
func layersOf(i tilestore.Info, f *facts, ref, base string) []Layer {
	tiles := base + "/imagery/" + ref + "/{z}/{x}/{y}"
	plain := f.plainly(base, ref, i)
	one := Layer{
		Style: defaultStyle, Title: either(i.Title, i.Name), Grid: gridName(plain.Grid), Levels: plain.Levels, TileSize: f.size, Format: plain.MIME,
		Bounds: [4]float64{i.Bound.Min.Lon(), i.Bound.Min.Lat(), i.Bound.Max.Lon(), i.Bound.Max.Lat()}, Opaque: i.Format == tilestore.JPEG,
	}
	if !f.ground {
		format, _ := picture.ByMIME(i.Format) // of a dataset that is served
		one.Tiles = tiles + "." + format.Ext
		return []Layer{one}
	}
	var list []Layer
	for _, st := range style.Styles() {
		l := one
		l.Style, l.Title, l.Tiles = st.Name, st.Title, tiles+".png?style="+st.Name
		l.Legend = base + "/wms?service=WMS&version=1.3.0&request=GetLegendGraphic&format=image/png&layer=" + i.Name + "&style=" + st.Name
		list = append(list, l)
	}
	return list
}
