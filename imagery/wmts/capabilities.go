package wmts

import (
	"bytes"
	"cmp"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
)

const header = `<?xml version="1.0" encoding="UTF-8"?>
<Capabilities xmlns="http://www.opengis.net/wmts/1.0" xmlns:ows="http://www.opengis.net/ows/1.1" xmlns:xlink="http://www.w3.org/1999/xlink"` +
	` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"` +
	` xsi:schemaLocation="http://www.opengis.net/wmts/1.0 http://schemas.opengis.net/wmts/1.0/wmtsGetCapabilities_response.xsd" version="1.0.0"`

// Current tells whether a client that has the document of the given update sequence has the current one: it gets a document
// without content. A sequence that is higher than the service's, or no number, is an [*Exception] of code
// InvalidUpdateSequence. Without a sequence of its own the service passes over the client's.
func (s Service) Current(sequence string) (bool, error) {
	if s.UpdateSequence == "" || sequence == "" {
		return false, nil
	}
	if strings.Trim(sequence, "0123456789") != "" {
		return false, invalidSequence()
	}
	switch order(sequence, s.UpdateSequence) {
	case 0:
		return true, nil
	case 1:
		return false, invalidSequence()
	}
	return false, nil
}

func invalidSequence() *Exception {
	return &Exception{InvalidUpdateSequence, "", "the update sequence is not one that this server has given", http.StatusBadRequest}
}

// order compares whole numbers of any length. Leading zeros do not count: OGC's test suite makes a lower number by lowering the
// first digit.
func order(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if c := cmp.Compare(len(a), len(b)); c != 0 {
		return c
	}
	return strings.Compare(a, b)
}

// WriteCapabilities answers GetCapabilities: the sections asked for, or nothing but the update sequence if the client's
// document is current. An [*Exception] comes before anything is written; any other error is of w. The address of the REST
// document is told with all sections only, as it belongs to none of them.
func WriteCapabilities(w io.Writer, s Service, c GetCapabilities) error {
	current, err := s.Current(c.UpdateSequence)
	if err != nil {
		return err
	}
	x := xmlWriter{&bytes.Buffer{}}
	x.raw(header)
	if s.UpdateSequence != "" {
		x.attr("updateSequence", s.UpdateSequence)
	}
	if current {
		x.raw("/>\n")
	} else {
		x.raw(">\n")
		x.sections(s, c.Sections)
		x.raw("</Capabilities>\n")
	}
	_, err = w.Write(x.Bytes())
	return err
}

func (x xmlWriter) sections(s Service, want Sections) {
	if want.Identification {
		x.identification(s)
	}
	if want.Provider {
		x.provider(s)
	}
	if want.Operations {
		x.operations(s)
	}
	if want.Contents {
		x.contents(s)
	}
	if want.Themes {
		x.themes(s)
	}
	if want == (Sections{true, true, true, true, true}) {
		x.raw(" <ServiceMetadataURL")
		x.attr("xlink:href", s.BaseURL+"/wmts/"+CapabilitiesPath)
		x.raw("/>\n")
	}
}

func (x xmlWriter) identification(s Service) {
	x.raw(" <ows:ServiceIdentification>")
	x.element("ows:Title", s.Title)
	x.optional("ows:Abstract", s.Abstract)
	x.element("ows:ServiceType", "OGC WMTS")
	x.element("ows:ServiceTypeVersion", Version)
	x.element("ows:Fees", either(s.Fees, "none"))
	x.element("ows:AccessConstraints", either(s.Constraints, "none"))
	x.raw("</ows:ServiceIdentification>\n")
}

func (x xmlWriter) provider(s Service) {
	x.raw(" <ows:ServiceProvider>")
	x.element("ows:ProviderName", either(s.Provider, s.Title))
	if s.ProviderSite != "" {
		x.raw("<ows:ProviderSite")
		x.attr("xlink:href", s.ProviderSite)
		x.raw("/>")
	}
	x.raw("<ows:ServiceContact/></ows:ServiceProvider>\n")
}

// operations lists what KVP offers. REST needs no entry here: its addresses are the templates of the layers.
func (x xmlWriter) operations(s Service) {
	x.raw(" <ows:OperationsMetadata>\n")
	x.operation(s, "GetCapabilities", []parameter{{"AcceptVersions", []string{Version}}, {"AcceptFormats", []string{MIME, "text/xml"}},
		{"Sections", []string{"ServiceIdentification", "ServiceProvider", "OperationsMetadata", "Contents", "Themes", "All"}}})
	x.operation(s, "GetTile", nil)
	if slices.ContainsFunc(s.Layers, func(l Layer) bool { return len(l.InfoFormats) > 0 }) {
		x.operation(s, "GetFeatureInfo", nil)
	}
	x.raw(" </ows:OperationsMetadata>\n")
}

type parameter struct {
	name   string
	values []string
}

func (x xmlWriter) operation(s Service, name string, parameters []parameter) {
	x.raw("  <ows:Operation")
	x.attr("name", name)
	x.raw("><ows:DCP><ows:HTTP><ows:Get")
	x.attr("xlink:href", s.BaseURL+"/wmts?")
	x.raw(">")
	x.domain("ows:Constraint", parameter{"GetEncoding", []string{"KVP"}})
	x.raw("</ows:Get></ows:HTTP></ows:DCP>")
	for _, p := range parameters {
		x.domain("ows:Parameter", p)
	}
	x.raw("</ows:Operation>\n")
}

func (x xmlWriter) domain(element string, p parameter) {
	x.raw("<" + element)
	x.attr("name", p.name)
	x.raw("><ows:AllowedValues>")
	for _, v := range p.values {
		x.element("ows:Value", v)
	}
	x.raw("</ows:AllowedValues></" + element + ">")
}

func (x xmlWriter) contents(s Service) {
	x.raw(" <Contents>\n")
	for _, l := range s.Layers {
		x.layer(s.BaseURL, l)
	}
	for _, d := range depths(s.Layers) {
		x.set(d)
	}
	x.raw(" </Contents>\n")
}

// depths returns one link of each tile matrix set that layers are cut in, in the order of the layers.
func depths(layers []Layer) []Link {
	var all []Link
	for _, l := range layers {
		for _, k := range l.Links {
			same := func(d Link) bool { return d.Set == k.Set && d.deepest() == k.deepest() }
			if len(k.Limits) > 0 && !slices.ContainsFunc(all, same) {
				all = append(all, k)
			}
		}
	}
	return all
}

// set writes the tile matrix set that a link leads to.
func (x xmlWriter) set(k Link) {
	d, last := k.Set, k.deepest()
	f := d.frame()
	x.raw("  <TileMatrixSet>")
	x.element("ows:Title", f.title+", tiles of "+strconv.Itoa(d.TileSize)+" pixels, to level "+strconv.Itoa(int(last)))
	x.element("ows:Identifier", k.ID())
	x.raw("<ows:BoundingBox")
	x.attr("crs", f.urn)
	x.raw(">")
	x.element("ows:LowerCorner", f.lower)
	x.element("ows:UpperCorner", f.upper)
	x.raw("</ows:BoundingBox>")
	x.element("ows:SupportedCRS", f.urn)
	x.optional("WellKnownScaleSet", d.wellKnown(last))
	x.raw("\n")
	for z := uint8(0); z <= last; z++ {
		columns, rows := d.Grid.Size(z)
		x.raw("   <TileMatrix>")
		x.element("ows:Identifier", strconv.Itoa(int(z)))
		x.element("ScaleDenominator", digits(d.ScaleDenominator(z)))
		x.element("TopLeftCorner", f.topLeft)
		x.number("TileWidth", uint32(d.TileSize))
		x.number("TileHeight", uint32(d.TileSize))
		x.number("MatrixWidth", columns)
		x.number("MatrixHeight", rows)
		x.raw("</TileMatrix>\n")
	}
	x.raw("  </TileMatrixSet>\n")
}

// themes groups layers by their theme, in the order of the layers. Identifiers are numbers: titles may be any text.
func (x xmlWriter) themes(s Service) {
	var titles []string
	for _, l := range s.Layers {
		if l.Theme != "" && !slices.Contains(titles, l.Theme) {
			titles = append(titles, l.Theme)
		}
	}
	if len(titles) == 0 {
		return
	}
	x.raw(" <Themes>\n")
	for n, title := range titles {
		x.raw("  <Theme>")
		x.element("ows:Title", title)
		x.element("ows:Identifier", "theme-"+strconv.Itoa(n+1))
		for _, l := range s.Layers {
			if l.Theme == title {
				x.element("LayerRef", l.Name)
			}
		}
		x.raw("</Theme>\n")
	}
	x.raw(" </Themes>\n")
}

// world returns the part of b within -180..180 and -90..90. Data that cross the antimeridian get the whole circle: a box
// whose west is east of its east is read by few clients.
func world(b orb.Bound) orb.Bound {
	if b.Min.Lon() < -180 || b.Max.Lon() > 180 {
		b.Min[0], b.Max[0] = -180, 180
	}
	b.Min[1], b.Max[1] = max(-90, b.Min.Lat()), min(90, b.Max.Lat())
	return b
}
