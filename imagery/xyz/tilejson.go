package xyz

import (
	"strconv"

	"github.com/terrane/terrane/tilestore"
)

// TileJSON is a TileJSON 3.0.0 document (github.com/mapbox/tilejson-spec, 3.0.0). Bounds are west, south, east, north in
// degrees, Center is longitude, latitude, level.
//
// TileSize is read by MapLibre: the pixels at which a tile is drawn, which for "@2x" is half of what its pictures have.
// Format and CRS are ours; readers pass over them.
type TileJSON struct {
	TileJSON    string     `json:"tilejson"`
	Name        string     `json:"name"`
	Version     string     `json:"version"`
	Attribution string     `json:"attribution,omitempty"`
	Scheme      string     `json:"scheme"`
	Tiles       []string   `json:"tiles"`
	MinZoom     uint8      `json:"minzoom"`
	MaxZoom     uint8      `json:"maxzoom"`
	Bounds      [4]float64 `json:"bounds"`
	Center      [3]float64 `json:"center"`
	TileSize    int        `json:"tileSize"`
	Format      string     `json:"format"`
	CRS         string     `json:"crs"`
}

// NewTileJSON describes a layer; scale 2 asks for pictures of twice the pixels.
func NewTileJSON(l Layer, scale int) TileJSON {
	b := l.ground()
	suffix := ""
	if scale == 2 {
		suffix = "@2x"
	}
	ext := extensionOf(l.MIME)
	return TileJSON{
		TileJSON:    "3.0.0",
		Name:        l.Title,
		Version:     strconv.Itoa(max(l.Version, 1)) + ".0.0",
		Attribution: tilestore.Credit(l.Attribution),
		Scheme:      "xyz",
		Tiles:       []string{l.BaseURL + "/imagery/" + l.Ref + "/{z}/{x}/{y}" + suffix + "." + ext},
		MinZoom:     l.Levels[0],
		MaxZoom:     l.Levels[1],
		Bounds:      [4]float64{b.Min.Lon(), b.Min.Lat(), b.Max.Lon(), b.Max.Lat()},
		Center:      l.center(),
		TileSize:    l.TileSize,
		Format:      ext,
		CRS:         l.Grid.CRS().String(),
	}
}

// center returns the middle of the data, brought back into -180..180, at the deepest level at which one tile is as wide as
// they are.
func (l Layer) center() [3]float64 {
	b := l.ground()
	lon := (l.Bound.Min.Lon() + l.Bound.Max.Lon()) / 2
	if lon > 180 {
		lon -= 360
	}
	z := l.Levels[0]
	for z < l.Levels[1] && l.Bound.Max.Lon()-l.Bound.Min.Lon() <= l.Grid.Resolution(z+1, 1) {
		z++
	}
	return [3]float64{lon, (b.Min.Lat() + b.Max.Lat()) / 2, float64(z)}
}
