package xyz

import (
	"bytes"
	"encoding/xml"
	"io"
	"math"
	"strconv"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/tilegrid"
)

// mercatorHalf is half the side of EPSG:3857's square: pi * 6378137 m.
const mercatorHalf = math.Pi * 6378137

// tileMap is tilemapresource.xml: a TileMap of the Tile Map Service Specification 1.0.0 (OSGeo). The element names, the
// profile and the order of attributes are what readers look for: CesiumJS takes the first node of the document for the root,
// so nothing may stand before it but the XML declaration; GDAL looks for `<TileMap version="1.0.0"`.
type tileMap struct {
	XMLName  xml.Name   `xml:"TileMap"`
	Version  string     `xml:"version,attr"`
	Service  string     `xml:"tilemapservice,attr"`
	Title    string     `xml:"Title"`
	Abstract string     `xml:"Abstract"`
	SRS      string     `xml:"SRS"`
	Box      box        `xml:"BoundingBox"`
	Origin   origin     `xml:"Origin"`
	Format   tileFormat `xml:"TileFormat"`
	Sets     tileSets   `xml:"TileSets"`
}

type box struct {
	MinX number `xml:"minx,attr"`
	MinY number `xml:"miny,attr"`
	MaxX number `xml:"maxx,attr"`
	MaxY number `xml:"maxy,attr"`
}

type origin struct {
	X number `xml:"x,attr"`
	Y number `xml:"y,attr"`
}

type tileFormat struct {
	Width     int    `xml:"width,attr"`
	Height    int    `xml:"height,attr"`
	MIME      string `xml:"mime-type,attr"`
	Extension string `xml:"extension,attr"`
}

type tileSets struct {
	Profile string    `xml:"profile,attr"`
	Sets    []tileSet `xml:"TileSet"`
}

type tileSet struct {
	Href  string `xml:"href,attr"`
	Units number `xml:"units-per-pixel,attr"`
	Order uint8  `xml:"order,attr"`
}

// number is written without an exponent, which not every reader of attributes knows.
type number float64

// MarshalXMLAttr implements [xml.MarshalerAttr].
func (n number) MarshalXMLAttr(name xml.Name) (xml.Attr, error) {
	return xml.Attr{Name: name, Value: strconv.FormatFloat(float64(n), 'f', -1, 64)}, nil
}

// profile says what a grid is called in TMS. With global-geodetic the box is in degrees, with global-mercator in metres: x is
// east in both. CesiumJS reads both names, in 2018 as today; it reads "geodetic" and "mercator", which gdal2tiles writes,
// with a box in degrees.
func profile(g tilegrid.Grid) string {
	if g == tilegrid.Mercator {
		return "global-mercator"
	}
	return "global-geodetic"
}

// WriteTileMap writes tilemapresource.xml of a layer. The box is that of the data, so that clients ask for nothing outside of it.
func WriteTileMap(w io.Writer, l Layer) error {
	return writeXML(w, newTileMap(l, l.BaseURL+"/tms/", l.BaseURL+"/tms/"+l.Ref+"/"))
}

// WriteFolderTileMap writes tilemapresource.xml for a folder that it lies in beside those of the levels, without any service: references are relative.
func WriteFolderTileMap(w io.Writer, l Layer) error { return writeXML(w, newTileMap(l, "", "")) }

// newTileMap describes a layer; prefix comes before the level in references.
func newTileMap(l Layer, service, prefix string) tileMap {
	m := tileMap{Version: "1.0.0", Service: service, Title: l.Title, Abstract: l.Attribution, SRS: l.Grid.CRS().String(),
		Format: tileFormat{l.TileSize, l.TileSize, l.MIME, extensionOf(l.MIME)}}
	root, width := orb.Point{-180, -90}, 360.0
	b := l.ground()
	if l.Grid == tilegrid.Mercator {
		root, width = orb.Point{-mercatorHalf, -mercatorHalf}, 2*mercatorHalf
		b = orb.Bound{Min: metres(b.Min), Max: metres(b.Max)}
	}
	m.Box = box{number(b.Min[0]), number(b.Min[1]), number(b.Max[0]), number(b.Max[1])}
	m.Origin = origin{number(root[0]), number(root[1])}
	m.Sets.Profile = profile(l.Grid)
	for z := l.Levels[0]; z <= min(l.Levels[1], tilegrid.MaxLevel); z++ {
		columns, _ := l.Grid.Size(z)
		href := prefix + strconv.Itoa(int(z))
		m.Sets.Sets = append(m.Sets.Sets, tileSet{href, number(width / float64(columns) / float64(l.TileSize)), z})
	}
	return m
}

// metres projects a position to EPSG:3857.
func metres(p orb.Point) orb.Point {
	y := math.Asinh(math.Tan(p.Lat()*math.Pi/180)) * 6378137
	return orb.Point{p.Lon() * mercatorHalf / 180, max(-mercatorHalf, min(mercatorHalf, y))}
}

// tileMapService is the list at /tms/.
type tileMapService struct {
	XMLName  xml.Name     `xml:"TileMapService"`
	Version  string       `xml:"version,attr"`
	Services string       `xml:"services,attr"`
	Title    string       `xml:"Title"`
	Abstract string       `xml:"Abstract"`
	TileMaps []tileMapRef `xml:"TileMaps>TileMap"`
}

type tileMapRef struct {
	Title   string `xml:"title,attr"`
	SRS     string `xml:"srs,attr"`
	Profile string `xml:"profile,attr"`
	Href    string `xml:"href,attr"`
}

// WriteTileMapService writes the list of layers that /tms/ answers.
func WriteTileMapService(w io.Writer, baseURL, title string, layers []Layer) error {
	s := tileMapService{Version: "1.0.0", Services: baseURL + "/", Title: title}
	for _, l := range layers {
		s.TileMaps = append(s.TileMaps, tileMapRef{l.Title, l.Grid.CRS().String(), profile(l.Grid), baseURL + "/tms/" + l.Ref + "/tilemapresource.xml"})
	}
	return writeXML(w, s)
}

func writeXML(w io.Writer, v any) error {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	e := xml.NewEncoder(&b)
	e.Indent("", " ")
	if err := e.Encode(v); err != nil {
		return err
	}
	b.WriteByte('\n')
	_, err := w.Write(b.Bytes())
	return err
}
