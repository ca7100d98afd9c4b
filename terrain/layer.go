package terrain

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// ErrLayer says that a layer.json cannot be used; the text says why.
var ErrLayer = errors.New("terrain: unusable layer.json")

// Schemes of tile rows in URLs and folders. The ranges in available count from the south in both.
const (
	SchemeTMS       = "tms"       // rows from the south, the default
	SchemeSlippyMap = "slippyMap" // rows from the north
)

const (
	formatPrefix = "quantized-mesh-1." // what clients accept
	layerFormat  = formatPrefix + "0"
)

// Layer is layer.json, the description of a terrain tileset that CesiumJS and its kin read first. Marshal it with encoding/json.
type Layer struct {
	TileJSON             string         `json:"tilejson"`
	Name                 string         `json:"name"`
	Description          string         `json:"description"`
	Version              string         `json:"version"` // fills {version} in Tiles
	Format               string         `json:"format"`
	Attribution          string         `json:"attribution"`
	Scheme               string         `json:"scheme"`
	Projection           string         `json:"projection"`
	Bounds               [4]float64     `json:"bounds"` // west, south, east, north, degrees
	MinZoom              int            `json:"minzoom"`
	MaxZoom              int            `json:"maxzoom"`
	Tiles                []string       `json:"tiles"`
	Available            [][]LayerRange `json:"available"`
	Extensions           []string       `json:"extensions,omitempty"`
	Vertical             string         `json:"vertical,omitempty"`             // what heights are: "ellipsoid"; no client reads it
	MetadataAvailability int            `json:"metadataAvailability,omitempty"` // read only: NewLayer never sets it
	ParentURL            string         `json:"parentUrl,omitempty"`            // read only
}

// LayerRange is a rectangle of tiles of one level, both ends included, rows from the south.
type LayerRange struct {
	StartX uint32 `json:"startX"`
	StartY uint32 `json:"startY"`
	EndX   uint32 `json:"endX"`
	EndY   uint32 `json:"endY"`
}

// NewLayer describes a dataset so that old and new clients draw it: full availability, no metadataAvailability (which makes new
// clients ignore it and old ones blind), rows from the south. Tile URLs are relative to layer.json.
func NewLayer(info tilestore.Info) Layer {
	l := Layer{
		TileJSON:    "2.1.0",
		Name:        info.Name,
		Description: info.Title,
		Version:     strconv.Itoa(info.Version) + ".0.0",
		Format:      layerFormat,
		Attribution: tilestore.Credit(info.Attribution),
		Scheme:      SchemeTMS,
		Projection:  info.Grid.CRS().String(),
		Bounds:      [4]float64{info.Bound.Min.Lon(), info.Bound.Min.Lat(), info.Bound.Max.Lon(), info.Bound.Max.Lat()},
		MinZoom:     int(info.Levels[0]),
		MaxZoom:     int(info.Levels[1]),
		Tiles:       []string{"{z}/{x}/{y}.terrain?v={version}"},
		Available:   make([][]LayerRange, len(info.Available)),
		Extensions:  info.Extensions,
		Vertical:    info.Vertical,
	}
	if l.Bounds[2] > 180 { // data across the antimeridian: bounds cannot say so
		l.Bounds[0], l.Bounds[2] = -180, 180
	}
	for z, ranges := range info.Available {
		l.Available[z] = make([]LayerRange, len(ranges))
		for i, r := range ranges {
			l.Available[z][i] = LayerRange{r.MinX, r.MinY, r.MaxX, r.MaxY}
		}
	}
	return l
}

// JSON returns the layer as the text of layer.json.
func (l Layer) JSON() ([]byte, error) { return json.Marshal(l) }

// ParseLayer reads a layer.json by anybody and fills in the defaults of scheme and projection. It refuses, with [ErrLayer], what
// clients refuse and what is no quantized-mesh.
func ParseLayer(data []byte) (Layer, error) {
	var raw struct {
		Layer
		Version any `json:"version"` // "1.0.0", or a number in some files
		MinZoom any `json:"minzoom"` // clients do not read it, so it may be anything
	}
	raw.MaxZoom = -1
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if err := json.Unmarshal(data, &raw); err != nil {
		return Layer{}, fmt.Errorf("%w: %v", ErrLayer, err)
	}
	l := raw.Layer
	if raw.Version != nil {
		l.Version = fmt.Sprint(raw.Version)
	}
	if z, ok := raw.MinZoom.(float64); ok {
		l.MinZoom = int(max(0, min(tilegrid.MaxLevel, z)))
	}
	if l.Scheme == "" {
		l.Scheme = SchemeTMS
	}
	if l.Projection == "" {
		l.Projection = tilegrid.WGS84.String()
	}
	if l.MaxZoom < 0 {
		l.MaxZoom = max(0, len(l.Available)-1)
	}
	return l, l.check()
}

func (l Layer) check() error {
	switch {
	case l.Format == "":
		return fmt.Errorf("%w: the tile format is not specified", ErrLayer)
	case !strings.HasPrefix(l.Format, formatPrefix):
		return fmt.Errorf("%w: format %q is not quantized-mesh 1.x", ErrLayer, l.Format)
	case len(l.Tiles) == 0:
		return fmt.Errorf("%w: it names no tile URLs (tiles)", ErrLayer)
	case l.Scheme != SchemeTMS && l.Scheme != SchemeSlippyMap:
		return fmt.Errorf("%w: scheme %q is neither %s nor %s", ErrLayer, l.Scheme, SchemeTMS, SchemeSlippyMap)
	case l.Projection != tilegrid.WGS84.String() && l.Projection != tilegrid.WebMercator.String():
		return fmt.Errorf("%w: projection %q is neither EPSG:4326 nor EPSG:3857", ErrLayer, l.Projection)
	case len(l.Available) > tilegrid.MaxLevel+1:
		return fmt.Errorf("%w: %d levels in available, at most %d exist", ErrLayer, len(l.Available), tilegrid.MaxLevel+1)
	}
	for z, ranges := range l.Available {
		columns, rows := l.Grid().Size(uint8(z))
		for _, r := range ranges {
			if r.StartX > r.EndX || r.StartY > r.EndY || r.EndX >= columns || r.EndY >= rows {
				return fmt.Errorf("%w: available names tiles %d..%d, %d..%d outside level %d", ErrLayer, r.StartX, r.EndX, r.StartY, r.EndY, z)
			}
		}
	}
	return nil
}

// Grid returns the tile grid that the projection stands for.
func (l Layer) Grid() tilegrid.Grid {
	if l.Projection == tilegrid.WebMercator.String() {
		return tilegrid.Mercator
	}
	return tilegrid.Geodetic
}

// Ranges returns the available tiles, a list a level.
func (l Layer) Ranges() [][]tilegrid.Range {
	all := make([][]tilegrid.Range, len(l.Available))
	for z, ranges := range l.Available {
		for _, r := range ranges {
			all[z] = append(all[z], tilegrid.Range{Z: uint8(z), MinX: r.StartX, MinY: r.StartY, MaxX: r.EndX, MaxY: r.EndY})
		}
	}
	return all
}
