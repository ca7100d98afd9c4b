// Package xyz speaks the two plain ways to ask for picture tiles: XYZ with TileJSON 3.0.0, and OSGeo's Tile Map Service (TMS
// 1.0.0). It parses paths and writes the documents that describe them. There is no HTTP in it.
//
// XYZ counts rows from the north, TMS from the south as [tilegrid] does; [Path.Coord] gives the tile of either. Both count
// columns from longitude -180. A dataset in the geographic grid has two roots in both: level 0 is 0/0/0 (the western half of
// the globe) and 0/1/0 (the eastern), level z has 2^(z+1) columns and 2^z rows, as OGC's WorldCRS84Quad and CesiumJS's
// GeographicTilingScheme have. TileJSON has no word for that and its readers take every dataset for Mercator; ours says so in
// "crs".
//
// A number in a path is written without sign, point, exponent and leading zeros: one tile, one URL. The errors are [ErrPath],
// [ErrPage], [tilegrid.ErrOutOfGrid] and [tilestore.ErrNoDataset]; none holds the client's text.
package xyz

import (
	"errors"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

var (
	// ErrPath says that a path has the shape of a tile's but cannot name one, whatever the catalogue holds: a coordinate is
	// not a whole number. A server answers 400.
	ErrPath = errors.New("xyz: tile coordinates are whole numbers: {z}/{x}/{y}.{png,jpg,webp}")
	// ErrPage says that a path names nothing: no tile, no document, or an extension that is no picture. A server answers 404.
	ErrPage = errors.New("xyz: no such page")
)

// Document is a description that a path may ask for.
type Document int

// The documents; a path that asks for a tile has None.
const (
	None            Document = iota
	TileJSONFile             // tilejson.json
	TileMapResource          // tilemapresource.xml
)

// Path is what a URL asks of a dataset: a document, or a tile.
type Path struct {
	Ref      string // name or name@version
	Pinned   bool   // the version is named
	Document Document
	Scale    int    // 2 if "@2x" was asked for: twice as many pixels for the same ground; else 1
	MIME     string // of the picture, a format of tilestore; empty for documents
	z, x, y  uint32
	south    bool // y counts from the south
}

// ParseXYZ reads what follows "/imagery/": "{name}[@{version}]/{z}/{x}/{y}[@2x].{png,jpg,jpeg,webp}" or
// "{name}[@{version}]/tilejson.json", which may also be "tilejson@2x.json".
func ParseXYZ(path string) (Path, error) {
	p, rest, err := parseRef(path)
	if err != nil {
		return p, err
	}
	switch rest {
	case "tilejson@2x.json":
		p.Scale = 2
		fallthrough
	case "tilejson.json":
		p.Document = TileJSONFile
		return p, nil
	}
	rest, err = p.extension(rest)
	if err != nil {
		return p, err
	}
	if at, ok := strings.CutSuffix(rest, "@2x"); ok {
		rest, p.Scale = at, 2
	}
	return p, p.numbers(rest)
}

// ParseTMS reads what follows "/tms/": "{name}[@{version}]/tilemapresource.xml" or
// "{name}[@{version}]/{z}/{x}/{y}.{png,jpg,jpeg,webp}".
func ParseTMS(path string) (Path, error) {
	p, rest, err := parseRef(path)
	if err != nil {
		return p, err
	}
	p.south = true
	if rest == "tilemapresource.xml" {
		p.Document = TileMapResource
		return p, nil
	}
	rest, err = p.extension(rest)
	if err != nil {
		return p, err
	}
	return p, p.numbers(rest)
}

// Coord returns the tile of a path that asks for one, row from the south. The grid is the dataset's. The error is
// [tilegrid.ErrOutOfGrid].
func (p Path) Coord(g tilegrid.Grid) (tilegrid.Coord, error) {
	if p.z > tilegrid.MaxLevel {
		return tilegrid.Coord{}, tilegrid.ErrOutOfGrid
	}
	c := tilegrid.Coord{Z: uint8(p.z), X: p.x, Y: p.y}
	if err := g.Check(c); err != nil {
		return tilegrid.Coord{}, err
	}
	if !p.south {
		c = g.FlipY(c)
	}
	return c, nil
}

// parseRef splits the dataset off a path.
func parseRef(path string) (p Path, rest string, err error) {
	ref, rest, _ := strings.Cut(path, "/")
	p = Path{Ref: ref, Scale: 1}
	name, version, pinned := strings.Cut(ref, "@")
	if pinned {
		p.Pinned = true
		if _, ok := whole(version); !ok {
			return p, "", tilestore.ErrNoDataset
		}
	}
	if tilestore.CheckName(name) != nil {
		return p, "", tilestore.ErrNoDataset
	}
	return p, rest, nil
}

// extension cuts the extension off and keeps the format that it stands for.
func (p *Path) extension(s string) (rest string, err error) {
	dot := strings.LastIndexByte(s, '.')
	if dot < 0 {
		return "", ErrPage
	}
	if p.MIME = mimeOf(s[dot+1:]); p.MIME == "" {
		return "", ErrPage
	}
	return s[:dot], nil
}

// numbers reads "{z}/{x}/{y}".
func (p *Path) numbers(s string) error {
	zs, rest, _ := strings.Cut(s, "/")
	xs, ys, _ := strings.Cut(rest, "/")
	var okZ, okX, okY bool
	p.z, okZ = whole(zs)
	p.x, okX = whole(xs)
	p.y, okY = whole(ys)
	if !okZ || !okX || !okY {
		return ErrPath
	}
	return nil
}

// whole reads a whole number of at most ten digits below 2^32, without sign and leading zeros.
func whole(s string) (uint32, bool) {
	if s == "" || len(s) > 10 || s[0] == '0' && len(s) > 1 || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseUint(s, 10, 32)
	return uint32(n), err == nil
}

// mimeOf and extensionOf join extensions to formats; both return "" for what is no picture.
func mimeOf(ext string) string {
	switch ext {
	case "png":
		return tilestore.PNG
	case "jpg", "jpeg":
		return tilestore.JPEG
	case "webp":
		return tilestore.WebP
	}
	return ""
}

func extensionOf(mime string) string {
	switch mime {
	case tilestore.PNG:
		return "png"
	case tilestore.JPEG:
		return "jpg"
	case tilestore.WebP:
		return "webp"
	}
	return ""
}

// Layer is a dataset as these documents show it.
type Layer struct {
	BaseURL     string // where the client sees the server, without a slash at the end
	Ref         string // name or name@version, as the client asked
	Version     int
	Title       string
	Attribution string
	Grid        tilegrid.Grid
	Bound       orb.Bound // degrees; Max.Lon may exceed 180
	Levels      [2]uint8
	MIME        string // of the tiles, a format of tilestore
	TileSize    int    // pixels a side
}

// NewLayer describes an imagery dataset whose tiles have so many pixels a side.
func NewLayer(baseURL, ref string, info tilestore.Info, tileSize int) Layer {
	l := Layer{BaseURL: baseURL, Ref: ref, Version: info.Version, Title: info.Title, Attribution: info.Attribution, Grid: info.Grid,
		Bound: info.Bound, Levels: info.Levels, MIME: info.Format, TileSize: tileSize}
	if l.Title == "" {
		l.Title = info.Name
	}
	return l
}

// ground returns the part of the layer's bound that its grid covers. Data that cross the antimeridian get the whole circle:
// no document here can say more.
func (l Layer) ground() orb.Bound {
	b := l.Bound
	if b.Min.Lon() < -180 || b.Max.Lon() > 180 {
		b.Min[0], b.Max[0] = -180, 180
	}
	limit := 90.0
	if l.Grid == tilegrid.Mercator {
		limit = tilegrid.MercatorLimit
	}
	b.Min[1], b.Max[1] = max(-limit, b.Min.Lat()), min(limit, b.Max.Lat())
	return b
}
