package doctor

import (
	"context"
	"encoding/xml"
	"math"
	"net/url"
	"path"
	"strconv"
	"strings"

	"github.com/terrane/terrane/tilegrid"
)

// wmtsCapabilities is what matters of the capabilities of a WMTS.
type wmtsCapabilities struct {
	XMLName xml.Name
	Layers  []struct {
		Identifier string
		Styles     []struct {
			Default    bool `xml:"isDefault,attr"`
			Identifier string
		} `xml:"Style"`
		Formats []string `xml:"Format"`
		Links   []struct {
			Set string `xml:"TileMatrixSet"`
		} `xml:"TileMatrixSetLink"`
	} `xml:"Contents>Layer"`
	Sets []matrixSet `xml:"Contents>TileMatrixSet"`
}

type matrixSet struct {
	Identifier string
	CRS        string   `xml:"SupportedCRS"`
	Matrices   []matrix `xml:"TileMatrix"`
}

type matrix struct {
	Identifier       string
	ScaleDenominator float64
	MatrixWidth      int
	MatrixHeight     int
	TileWidth        int
	TileHeight       int
}

// wmts looks at a tile service. The query may name layer, style and tilematrixset as the app does.
func (d *doctor) wmts(ctx context.Context, u *url.URL) {
	s := d.subject("WMTS", u)
	said := query(u)
	bare := without(u, "service", "request", "version", "layer", "style", "tilematrixset", "format", "tilematrix", "tilerow", "tilecol")
	document := with(bare, "service", "WMTS", "version", "1.0.0", "request", "GetCapabilities")
	if strings.HasSuffix(strings.ToLower(u.Path), ".xml") {
		document = u
	}
	a := d.admitted(ctx, document)
	if a == nil {
		return
	}
	var c wmtsCapabilities
	err := decodeXML(a.body, &c)
	if d.unless(!a.ok() || err != nil || c.XMLName.Local != "Capabilities" || len(c.Layers) == 0, "wmts.capabilities", a.at(),
		"no capabilities with layers: %s", beginning(a)) {
		d.blindly(ctx, s, bare, said)
		return
	}
	layer := c.Layers[0]
	for _, l := range c.Layers {
		if l.Identifier == said.Get("layer") {
			layer = l
		}
	}
	style, format := said.Get("style"), said.Get("format")
	for _, st := range layer.Styles {
		if style == "" || st.Default && said.Get("style") == "" {
			style = st.Identifier
		}
	}
	if len(layer.Formats) > 0 && format == "" {
		format = layer.Formats[0]
	}
	var sets []matrixSet
	for _, link := range layer.Links {
		for _, set := range c.Sets {
			if set.Identifier == link.Set && (said.Get("tilematrixset") == "" || said.Get("tilematrixset") == set.Identifier) {
				sets = append(sets, set)
			}
		}
	}
	d.unless(len(sets) == 0, "wmts.tile", a.at(), "layer %s has no set of matrices", layer.Identifier)
	if strings.HasSuffix(strings.ToLower(u.Path), ".xml") {
		bare = service(bare)
	}
	for _, set := range sets[:min(len(sets), 4)] {
		s.Tiles += d.matrices(ctx, set, a.at(), with(bare, "service", "WMTS", "version", "1.0.0", "request", "GetTile", "layer", layer.Identifier,
			"style", style, "tilematrixset", set.Identifier, "format", format))
	}
	s.say("layer %s, style %s, %d sets", layer.Identifier, style, len(sets))
}

// blindly asks for the layer that the address names, in Web Mercator, as CesiumJS does, which reads no capabilities.
func (d *doctor) blindly(ctx context.Context, s *Subject, bare *url.URL, said url.Values) {
	if said.Get("layer") == "" {
		d.foundAs(Warning, "wmts.tile", shown(bare), "nothing was asked for: give layer=, style= and tilematrixset= as the app does")
		return
	}
	set := matrixSet{Identifier: said.Get("tilematrixset"), CRS: "EPSG:3857"}
	for z := range 3 {
		set.Matrices = append(set.Matrices, matrix{Identifier: strconv.Itoa(z), MatrixWidth: 1 << z, MatrixHeight: 1 << z, TileWidth: 256, TileHeight: 256})
	}
	format := said.Get("format")
	if format == "" {
		format = "image/jpeg"
	}
	s.Tiles = d.matrices(ctx, set, shown(bare), with(bare, "service", "WMTS", "version", "1.0.0", "request", "GetTile", "layer", said.Get("layer"),
		"style", said.Get("style"), "tilematrixset", set.Identifier, "format", format))
}

// service is where the KVP requests of a service go whose capabilities lie at …/1.0.0/WMTSCapabilities.xml.
func service(u *url.URL) *url.URL {
	next := *u
	next.Path = path.Dir(u.Path)
	if path.Base(next.Path) == "1.0.0" {
		next.Path = path.Dir(next.Path)
	}
	return &next
}

// matrices judges a set, and asks for tiles of it as CesiumJS does in KVP.
func (d *doctor) matrices(ctx context.Context, set matrixSet, at string, get *url.URL) int {
	geographic := strings.Contains(set.CRS, "4326") || strings.Contains(set.CRS, "CRS84") || strings.Contains(set.CRS, "CRS:84")
	mercator := strings.Contains(set.CRS, "3857") || strings.Contains(set.CRS, "900913")
	if !geographic && !mercator || len(set.Matrices) == 0 {
		return 0
	}
	labelled := false
	for z, m := range set.Matrices {
		labelled = labelled || m.Identifier != strconv.Itoa(z)
	}
	d.unless(labelled, "wmts.labels", at, "set %s: the first matrix is %q, CesiumJS sends 0", set.Identifier, set.Matrices[0].Identifier)
	first := set.Matrices[0]
	if geographic {
		// 2 x 1 tiles of 256 pixels: a pixel is 180 / 256 degrees, 0.28 mm on the screen (OGC 07-057r7, 6.1)
		const root = 180.0 / 256 * 111319.49079327358 / 0.00028
		fine := math.Abs(first.ScaleDenominator*float64(max(first.TileWidth, 1))/256/root-1) < 0.01 || first.ScaleDenominator == 0
		d.unless(first.MatrixWidth == 1 && first.MatrixHeight == 1 && !fine, "wmts.level", at, "set %s begins with %d x %d tiles", set.Identifier,
			first.MatrixWidth, first.MatrixHeight)
	}
	grid := tilegrid.Mercator
	if geographic {
		grid = tilegrid.Geodetic
	}
	n := 0
	for z, m := range set.Matrices[:min(len(set.Matrices), 3)] {
		c := grid.FlipY(grid.At(world(grid).Center(), uint8(z)))
		a := d.get(ctx, ask{accept: accepted, url: with(get, "tilematrix", m.Identifier,
			"tilerow", strconv.Itoa(min(int(c.Y), m.MatrixHeight-1)), "tilecol", strconv.Itoa(min(int(c.X), m.MatrixWidth-1)))})
		if a == nil {
			break
		}
		n++
		if a.status == 404 || a.status == 204 || a.status == 400 && bytesHave(a, "TileOutOfRange") {
			continue // outside of the data, which KVP does not tell
		}
		d.unless(!a.ok() || !isPicture(a.body), "wmts.tile", a.at(), "set %s, matrix %s: %s", set.Identifier, m.Identifier, beginning(a))
		if isPicture(a.body) {
			d.picture(a, "a tile of "+set.Identifier, [2]int{m.TileWidth, m.TileHeight}, false)
		}
	}
	d.habits(ctx, ask{url: with(get, "tilematrix", first.Identifier, "tilerow", "0", "tilecol", "0"), accept: accepted},
		with(get, "tilematrix", "no-such-matrix", "tilerow", "0", "tilecol", "0"))
	return n
}

func bytesHave(a *answer, text string) bool { return strings.Contains(string(a.body), text) }
