// Package wmts speaks OGC's Web Map Tile Service 1.0.0 (OGC 07-057r7), in both of its tongues: key-value pairs ([Parse]) and
// URL templates ([ParseREST]). It reads requests, checks them against a [Layer], and writes capabilities and exceptions.
// There is no HTTP in it: text comes in, an [io.Writer] or an error goes out.
//
// The server keeps a [Layer] for each dataset and asks it for the tile of a request:
//
//	Parse(query) -> Request{Capabilities | Tile | Info} -> Layer.Tile(*Request.Tile) -> Tile{Coord, Style, Format, Dimensions}
//
// Rows count from the north here and from the south in [tilegrid]: [Layer.Tile] gives coordinates that are turned already,
// and [NewLink] turns ranges into limits, both by [tilegrid.Grid.FlipY]. Tile matrices are named by their level, "0", "1",
// ...; see [Set]. A request is in range if it lies within the layer's own limits, the rectangle around the tiles that a level
// holds. A tile inside of it may still be missing: the limits are all that the protocol lets a layer say, so the server
// answers an empty picture there.
//
// Every error that comes out is an [*Exception]. Its code, locator and text are fixed words: nothing that a client sent is
// ever given back.
package wmts

import (
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// Version is the only version of the protocol that exists.
const Version = "1.0.0"

// Service is what the capabilities say of the server as a whole.
type Service struct {
	BaseURL        string // where the client sees the server, without a slash at the end: the KVP endpoint is BaseURL + "/wmts"
	Title          string
	Abstract       string
	Provider       string // who runs it; the title if empty
	ProviderSite   string // URL, or empty
	Fees           string // "none" if empty
	Constraints    string // "none" if empty
	UpdateSequence string // a number from 1 that grows whenever Layers change, in digits, or empty: see [Service.Current]
	Layers         []Layer
}

// Layer is one dataset as WMTS shows it.
type Layer struct {
	Name        string // its identifier; also a segment of its URLs
	Title       string
	Abstract    string
	Theme       string      // title of the theme that it stands under, or empty
	Bound       orb.Bound   // degrees; Max.Lon may exceed 180
	Styles      []Style     // the first is the default; at least one
	Formats     []Format    // of tiles, the stored one first; at least one. The first is listed, all are answered
	InfoFormats []Format    // of GetFeatureInfo; none: the layer does not answer it
	Dimensions  []Dimension // such as Time; mostly none
	Links       []Link      // tile matrix sets that it is cut in; at least one
}

// Style is a way to draw a layer.
type Style struct {
	Name, Title string
	Legend      *Legend // nil: none
}

// Legend is a picture that explains a style. Width and Height are pixels, 0 if not known.
type Legend struct {
	URL, MIME     string
	Width, Height int
}

// Format is an encoding, with the extension that asks for it in a URL template.
type Format struct{ MIME, Ext string }

// Dimension is a further choice, such as Time. A request that does not name it gets Default; without Default it must.
type Dimension struct {
	Name, Title string
	Unit        string // "ISO8601"; may be empty
	Default     string // one of Values, or empty
	Values      []string
}

// Link says that a layer is cut in a set, and which tiles of it the layer holds. Each depth of a set is a tile matrix set of its
// own: clients take all matrices of the set for those of the layer (GDAL makes a picture of the deepest one), and where limits are
// written, there is one for each matrix.
type Link struct {
	Set    Set
	Limits []Limit // by level, ascending; levels without tiles are left out
}

// deepest returns the last level of the link, 0 if there is none.
func (k Link) deepest() uint8 {
	if len(k.Limits) == 0 {
		return 0
	}
	return k.Limits[len(k.Limits)-1].Level
}

// depthMark stands between the identifier of a [Set] and the deepest level of a link.
const depthMark = "_Level"

// ID returns the identifier of the tile matrix set that ends where the link does: "WebMercatorQuad_Level14". Requests may
// leave the level out, or name any other.
func (k Link) ID() string { return k.Set.ID() + depthMark + strconv.Itoa(int(k.deepest())) }

// named tells whether a request means the link's set, to whatever level: clients that keep the capabilities of an earlier version
// name the level where that ended. The limits say what is there. The names that others have for the set do as well.
func (k Link) named(id string) bool {
	if k.Set.alias(id) {
		return true
	}
	level, ok := strings.CutPrefix(id, k.Set.ID())
	if !ok || level == "" {
		return ok
	}
	level, ok = strings.CutPrefix(level, depthMark)
	z, whole := number(level)
	return ok && whole && z >= 0 && z <= tilegrid.MaxLevel
}

// Limit is the rectangle around the tiles of one level, both ends included. Rows count from the north.
type Limit struct {
	Level                          uint8
	MinRow, MaxRow, MinCol, MaxCol uint32
}

// Formats of tiles.
var (
	formatPNG  = Format{tilestore.PNG, "png"}
	formatJPEG = Format{tilestore.JPEG, "jpg"}
	formatWebP = Format{tilestore.WebP, "webp"}
)

// FormatOf returns the format of a MIME type of tilestore, or false.
func FormatOf(mime string) (Format, bool) {
	for _, f := range []Format{formatPNG, formatJPEG, formatWebP} {
		if f.MIME == mime {
			return f, true
		}
	}
	return Format{}, false
}

// NewLayer describes an imagery dataset: style "default", the stored format, one link to the set of its grid and tile size
// (pixels a side).
func NewLayer(info tilestore.Info, tileSize int) Layer {
	l := Layer{
		Name:     info.Name,
		Title:    either(info.Title, info.Name),
		Abstract: info.Attribution,
		Bound:    info.Bound,
		Styles:   []Style{{Name: DefaultStyle, Title: "Default"}},
		Links:    []Link{NewLink(Set{info.Grid, tileSize}, info.Available)},
	}
	if f, ok := FormatOf(info.Format); ok {
		l.Formats = []Format{f}
	}
	return l
}

// NewLink makes the limits of a layer out of its availability, one list of ranges a level, rows from the south.
func NewLink(set Set, available [][]tilegrid.Range) Link {
	k := Link{Set: set}
	for z, ranges := range available {
		if len(ranges) == 0 || z > tilegrid.MaxLevel {
			continue
		}
		k.Limits = append(k.Limits, limitOf(set.Grid, uint8(z), ranges))
	}
	return k
}

// Extend adds limits for the levels lo to hi that k has none for: where b, the ground of the layer, lies. And a level that does
// not reach as far as the one above, as in a mosaic of sources of different fineness, gets that one's limits where b lies. The
// layer then answers tiles that it does not store, which the server has to draw. Extend from level 0: the schema wants limits for
// all matrices of a set, and OGC's test suite takes a matrix without limits for one that is whole.
func (k Link) Extend(b orb.Bound, lo, hi uint8) Link {
	stored := k.Limits
	k.Limits = nil
	for z := uint8(0); z <= tilegrid.MaxLevel; z++ {
		n := slices.IndexFunc(stored, func(m Limit) bool { return m.Level == z })
		if n < 0 && (z < lo || z > hi) {
			continue
		}
		var ranges []tilegrid.Range
		for _, part := range tilegrid.SplitBound(b) {
			ranges = append(ranges, k.Set.Grid.Cover(part, z))
		}
		m := limitOf(k.Set.Grid, z, ranges)
		switch last := len(k.Limits) - 1; {
		case n > 0 && k.Limits[last].Level == z-1:
			m = stored[n].reach(k.Limits[last], m)
		case n >= 0:
			m = stored[n]
		}
		k.Limits = append(k.Limits, m)
	}
	return k
}

// reach widens a limit to the ground's part of the limit above it, if that goes further.
func (m Limit) reach(above, ground Limit) Limit {
	if m.MinRow/2 <= above.MinRow && m.MaxRow/2 >= above.MaxRow && m.MinCol/2 <= above.MinCol && m.MaxCol/2 >= above.MaxCol {
		return m
	}
	return Limit{
		Level:  m.Level,
		MinRow: min(m.MinRow, max(ground.MinRow, 2*above.MinRow)), MaxRow: max(m.MaxRow, min(ground.MaxRow, 2*above.MaxRow+1)),
		MinCol: min(m.MinCol, max(ground.MinCol, 2*above.MinCol)), MaxCol: max(m.MaxCol, min(ground.MaxCol, 2*above.MaxCol+1)),
	}
}

// limitOf returns the rectangle around ranges of one level; its rows are turned.
func limitOf(g tilegrid.Grid, z uint8, ranges []tilegrid.Range) Limit {
	box := ranges[0]
	for _, r := range ranges[1:] {
		box.MinX, box.MaxX = min(box.MinX, r.MinX), max(box.MaxX, r.MaxX)
		box.MinY, box.MaxY = min(box.MinY, r.MinY), max(box.MaxY, r.MaxY)
	}
	north := g.FlipY(tilegrid.Coord{Z: z, X: box.MinX, Y: box.MaxY})
	south := g.FlipY(tilegrid.Coord{Z: z, X: box.MaxX, Y: box.MinY})
	return Limit{Level: z, MinRow: north.Y, MaxRow: south.Y, MinCol: box.MinX, MaxCol: box.MaxX}
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
