package wmts

import (
	"net/url"
	"strconv"
	"strings"
)

// layer writes a layer; one that has no tiles cannot be asked for, and is left out.
func (x xmlWriter) layer(base string, l Layer) {
	if !l.complete() {
		return
	}
	x.raw("  <Layer>")
	x.element("ows:Title", l.Title)
	x.optional("ows:Abstract", l.Abstract)
	b := world(l.Bound)
	x.raw("<ows:WGS84BoundingBox>")
	x.element("ows:LowerCorner", position(b.Min))
	x.element("ows:UpperCorner", position(b.Max))
	x.raw("</ows:WGS84BoundingBox>")
	x.element("ows:Identifier", l.Name)
	for n, s := range l.Styles {
		x.style(s, n == 0)
	}
	x.element("Format", l.Formats[0].MIME)
	for _, f := range l.InfoFormats {
		x.element("InfoFormat", f.MIME)
	}
	for _, d := range l.Dimensions {
		x.dimension(d)
	}
	x.raw("\n")
	for _, k := range l.Links {
		x.link(k)
	}
	x.templates(base, l)
	x.raw("  </Layer>\n")
}

// complete tells whether a layer has all that the protocol demands of one.
func (l Layer) complete() bool {
	for _, k := range l.Links {
		if len(k.Limits) > 0 {
			return len(l.Styles) > 0 && len(l.Formats) > 0
		}
	}
	return false
}

func position(p [2]float64) string {
	return strconv.FormatFloat(p[0], 'f', -1, 64) + " " + strconv.FormatFloat(p[1], 'f', -1, 64)
}

func (x xmlWriter) style(s Style, first bool) {
	x.raw("<Style")
	if first {
		x.attr("isDefault", "true")
	}
	x.raw(">")
	x.element("ows:Title", either(s.Title, s.Name))
	x.element("ows:Identifier", s.Name)
	if s.Legend != nil {
		x.legend(*s.Legend)
	}
	x.raw("</Style>")
}

func (x xmlWriter) legend(l Legend) {
	x.raw("<LegendURL")
	x.attr("format", l.MIME)
	x.attr("xlink:href", l.URL)
	if l.Width > 0 && l.Height > 0 {
		x.attr("width", strconv.Itoa(l.Width))
		x.attr("height", strconv.Itoa(l.Height))
	}
	x.raw("/>")
}

func (x xmlWriter) dimension(d Dimension) {
	if len(d.Values) == 0 {
		return
	}
	x.raw("<Dimension>")
	x.optional("ows:Title", d.Title)
	x.element("ows:Identifier", d.Name)
	x.optional("ows:UOM", d.Unit)
	x.optional("Default", d.Default)
	for _, v := range d.Values {
		x.element("Value", v)
	}
	x.raw("</Dimension>")
}

func (x xmlWriter) link(k Link) {
	if len(k.Limits) == 0 {
		return
	}
	x.raw("   <TileMatrixSetLink>")
	x.element("TileMatrixSet", k.ID())
	x.raw("<TileMatrixSetLimits>\n")
	for _, m := range k.Limits {
		x.raw("    <TileMatrixLimits>")
		x.number("TileMatrix", uint32(m.Level))
		x.number("MinTileRow", m.MinRow)
		x.number("MaxTileRow", m.MaxRow)
		x.number("MinTileCol", m.MinCol)
		x.number("MaxTileCol", m.MaxCol)
		x.raw("</TileMatrixLimits>\n")
	}
	x.raw("   </TileMatrixSetLimits></TileMatrixSetLink>\n")
}

// templates writes the REST addresses: one of tiles, in the first format, and one a format of feature information. Dimensions go
// into the query. Tiles are answered in the other formats as well, but OpenLayers spreads its requests over all templates that it
// finds, whatever their format. OGC's test suite wants a template for each format that the layer lists, so that one only is listed.
func (x xmlWriter) templates(base string, l Layer) {
	tile := base + "/wmts/" + Version + "/" + url.PathEscape(l.Name) + "/{style}/{TileMatrixSet}/{TileMatrix}/{TileRow}/{TileCol}"
	query := dimensionQuery(l.Dimensions)
	x.resource("tile", l.Formats[0], tile, query)
	for _, f := range l.InfoFormats {
		x.resource("FeatureInfo", f, tile+"/{J}/{I}", query)
	}
}

func (x xmlWriter) resource(kind string, f Format, path, query string) {
	x.raw("   <ResourceURL")
	x.attr("format", f.MIME)
	x.attr("resourceType", kind)
	x.attr("template", path+"."+f.Ext+query)
	x.raw("/>\n")
}

func dimensionQuery(dimensions []Dimension) string {
	var all []string
	for _, d := range dimensions {
		if len(d.Values) > 0 {
			all = append(all, url.QueryEscape(d.Name)+"={"+d.Name+"}")
		}
	}
	if len(all) == 0 {
		return ""
	}
	return "?" + strings.Join(all, "&")
}
