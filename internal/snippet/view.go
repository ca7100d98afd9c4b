package snippet

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"math"
	"math/bits"
	"net/url"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/tilegrid"
)

// fewTiles is how many tiles of its first level CesiumJS may load of a dataset at once, whatever the distance; beyond it levels start at 0. CesiumJS
// has the same limit for TMS.
const fewTiles = 4

// view is a dataset as the templates see it.
type view struct {
	Dataset
	IsTerrain, Pictured, Mercator bool
	Crosses                       bool   // the antimeridian
	Scheme, Set                   string // CesiumJS's and WMTS's name of the grid
	MIME                          string
	StyleID                       string // as WMTS wants it: never empty
	Credit                        string // the attribution as HTML
	Min, Max                      uint8
	grid                          tilegrid.Grid
	bound                         orb.Bound
}

func newView(d Dataset) view {
	if d.TileSize == 0 {
		d.TileSize = 256
	}
	v := view{
		Dataset: d, IsTerrain: d.terrain(), Pictured: d.pictured(), Mercator: d.Grid == "mercator", Crosses: d.Bounds[2] > 180 || d.Bounds[0] < -180,
		Credit: html.EscapeString(d.Attribution), Min: d.Levels[0], Max: d.Levels[1], StyleID: either(d.Style, "default"),
		bound: orb.Bound{Min: orb.Point{d.Bounds[0], d.Bounds[1]}, Max: orb.Point{d.Bounds[2], d.Bounds[3]}},
	}
	v.Ext = either(d.Ext, "png")
	v.MIME = "image/" + strings.Replace(v.Ext, "jpg", "jpeg", 1)
	v.Scheme, v.Set, v.grid = "GeographicTilingScheme", "WorldCRS84Quad", tilegrid.Geodetic
	if v.Mercator {
		v.Scheme, v.Set, v.grid = "WebMercatorTilingScheme", "WebMercatorQuad", tilegrid.Mercator
	}
	switch {
	case d.TileSize == 256:
	case d.TileSize%256 == 0:
		v.Set += "x" + strconv.Itoa(d.TileSize/256)
	default:
		v.Set += "-" + strconv.Itoa(d.TileSize) + "px"
	}
	return v
}

// URL returns an absolute URL of the server: base, the path of a service, the dataset's name, and the rest as it is.
func (v view) URL(service, rest string) string {
	return v.BaseURL + service + strings.ReplaceAll(url.PathEscape(v.Name), "%40", "@") + rest
}

// Tiles is the XYZ template.
func (v view) Tiles() string { return v.tile("{z}", "{x}", "{y}") }

func (v view) tile(z, x, y string) string {
	u := v.URL("/imagery/", "/"+z+"/"+x+"/"+y+"."+v.Ext)
	if v.IsTerrain {
		u += "?style=" + url.QueryEscape(v.Style)
	}
	return u
}

// SomeTile is the URL of a tile of the first level, the one in the middle of the data.
func (v view) SomeTile() string {
	middle := v.bound.Center()
	if middle[0] > 180 {
		middle[0] -= 360
	}
	c := v.grid.FlipY(v.grid.At(middle, v.Min))
	return v.tile(number(c.Z), number(c.X), number(c.Y))
}

// WMTS is the template of tiles as the standard and CesiumJS write it.
func (v view) WMTS() string {
	return v.URL("/wmts/1.0.0/", "/{Style}/{TileMatrixSet}/{TileMatrix}/{TileRow}/{TileCol}."+v.Ext)
}

// WMS is the beginning of a GetMap request for transparent pictures.
func (v view) WMS() string {
	return v.BaseURL + "/wms?service=WMS&version=1.3.0&request=GetMap&layers=" + url.QueryEscape(v.Name) + "&styles=" + url.QueryEscape(v.Style) +
		"&format=image/png&transparent=true"
}

// Map is a GetMap request for the whole dataset.
func (v view) Map() string {
	w, s, e, n := v.Bounds[0], v.Bounds[1], v.Bounds[2], v.Bounds[3]
	width, height := 1024.0, 1024.0
	if e-w > n-s {
		height = math.Max(1, math.Round(width*(n-s)/(e-w)))
	} else if n > s {
		width = math.Max(1, math.Round(height*(e-w)/(n-s)))
	}
	return v.WMS() + fmt.Sprintf("&crs=CRS:84&bbox=%s&width=%.0f&height=%.0f", strings.ReplaceAll(box(v.Bounds), " ", ""), width, height)
}

// Parts is the ground in rectangles that do not cross the antimeridian: one or two.
func (v view) Parts() [][4]float64 {
	var parts [][4]float64
	for _, b := range tilegrid.SplitBound(v.bound) {
		parts = append(parts, [4]float64{b.Min.Lon(), b.Min.Lat(), b.Max.Lon(), b.Max.Lat()})
	}
	return parts
}

// Around is the ground as CesiumJS says it: west is greater than east if it crosses the antimeridian.
func (v view) Around() [4]float64 {
	parts := v.Parts()
	b := parts[0]
	b[2] = parts[len(parts)-1][2]
	return b
}

// Flat is the ground as Mercator maps can show it: without the poles.
func (v view) Flat() [4]float64 {
	b := v.Bounds
	b[1], b[3] = math.Max(b[1], -tilegrid.MercatorLimit), math.Min(b[3], tilegrid.MercatorLimit)
	return b
}

// Corners is the same as Leaflet writes it.
func (v view) Corners() string {
	b := v.Flat()
	return fmt.Sprintf("[[%s, %s], [%s, %s]]", degrees(b[1]), degrees(b[0]), degrees(b[3]), degrees(b[2]))
}

// First is the first level that CesiumJS is told of: the dataset's, if that is a handful of tiles. Else CesiumJS would load them all from afar.
func (v view) First() uint8 {
	tiles := 0
	for _, b := range tilegrid.SplitBound(v.bound) {
		tiles += v.grid.Cover(b, v.Min).Len()
	}
	if tiles > fewTiles {
		return 0
	}
	return v.Min
}

// Offset is by how many levels Leaflet, which counts in tiles of 256 pixels, is behind a dataset of larger ones: 512 is 1. Other sizes are drawn
// at 256.
func (v view) Offset() int {
	n := v.TileSize / 256
	if v.TileSize%256 != 0 || bits.OnesCount(uint(n)) != 1 {
		return 0
	}
	return bits.TrailingZeros(uint(n))
}

// FlatMin and FlatMax are the levels in Leaflet's count.
func (v view) FlatMin() int { return int(v.Min) + v.Offset() }

// FlatMax is described with FlatMin.
func (v view) FlatMax() int { return int(v.Max) + v.Offset() }

// quote writes a string of JavaScript. JSON is one, and the encoder escapes the two line separators that older JavaScript does not allow.
func quote(s string) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(s)
	return strings.TrimSuffix(b.String(), "\n"), err
}

// box writes four numbers with commas.
func box(b [4]float64) string {
	return degrees(b[0]) + ", " + degrees(b[1]) + ", " + degrees(b[2]) + ", " + degrees(b[3])
}

// degrees writes an angle to seven digits, a centimetre on the ground.
func degrees(v float64) string {
	s := strconv.FormatFloat(v, 'f', 7, 64)
	s = strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
	if s == "-0" {
		return "0"
	}
	return s
}

func number[T uint8 | uint32](n T) string { return strconv.FormatUint(uint64(n), 10) }

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
