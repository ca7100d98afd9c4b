package wms

import (
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"github.com/terrane/terrane/imagery"
)

// WriteCapabilities writes the document of a version. The root layer has no name (OGC's suite cannot ask for a root that has
// one) and lists the reference systems that all layers share; each layer has its box in each of them that can show it. Systems
// that the registry does not know are left out. Its media type is [CapabilitiesType].
func WriteCapabilities(w io.Writer, v Version, s *Service, boxes *Boxes) error {
	c := cartographer{service: s, boxes: boxes, systems: boxes.systems(s.CRSs), version: v}
	root, doctype := any(nil), ""
	if v == V111 {
		root, doctype = c.document111(), doctypeCapabilities
	} else {
		root = c.document130()
	}
	out, err := document(doctype, root)
	if err != nil {
		return err
	}
	if _, err := w.Write(out); err != nil {
		return fmt.Errorf("wms: write capabilities: %w", err)
	}
	return nil
}

// CapabilitiesType is the media type of the capabilities of a version.
func CapabilitiesType(v Version) string {
	if v == V111 {
		return mimeCapabilities
	}
	return mimeXML
}

// cartographer gathers what the documents of both versions say.
type cartographer struct {
	service *Service
	boxes   *Boxes
	systems []imagery.CRS
	version Version
}

// online is an address.
type online struct {
	XLink string `xml:"xmlns:xlink,attr"`
	Type  string `xml:"xlink:type,attr"`
	Href  text   `xml:"xlink:href,attr"`
}

func (c cartographer) online(href string) online {
	return online{XLink: xlink, Type: "simple", Href: text(resolve(c.service.BaseURL, href))}
}

// resolve makes an address absolute. What is no address at all is escaped until it looks like one, so that the document stays
// valid.
func resolve(base, href string) string {
	href = clean(href)
	if b, err := url.Parse(base); err == nil {
		if u, err := b.Parse(href); err == nil {
			return u.String()
		}
	}
	return (&url.URL{Path: href}).String()
}

// prefix is the address that clients append keys to: it ends in ? or &.
func (c cartographer) prefix() string {
	base := c.service.BaseURL
	switch {
	case !strings.Contains(base, "?"):
		return base + "?"
	case strings.HasSuffix(base, "?"), strings.HasSuffix(base, "&"):
		return base
	}
	return base + "&"
}

// legendURL is our own GetLegendGraphic without a size: what it answers has the size and type that are stated beside it.
func (c cartographer) legendURL(layer string, s Style) string {
	return c.prefix() + "SERVICE=WMS&VERSION=" + string(c.version) + "&REQUEST=GetLegendGraphic&SLD_VERSION=1.1.0&LAYER=" + url.QueryEscape(layer) +
		"&STYLE=" + url.QueryEscape(s.Name) + "&FORMAT=" + url.QueryEscape(s.Legend.MIME)
}

// abstract is the service's, and the limits that the standard has no element for.
func (c cartographer) abstract() text {
	l, notes := c.service.Limits, []string{c.service.Abstract}
	if c.version == V111 && l.MaxWidth > 0 && l.MaxHeight > 0 {
		notes = append(notes, fmt.Sprintf("A map has at most %d x %d pixels.", l.MaxWidth, l.MaxHeight))
	}
	if l.MaxPixels > 0 && (l.MaxWidth == 0 || l.MaxHeight == 0 || l.MaxPixels < l.MaxWidth*l.MaxHeight) {
		notes = append(notes, fmt.Sprintf("A map has at most %d pixels in all.", l.MaxPixels))
	}
	if c.version == V111 && l.LayerLimit > 0 {
		notes = append(notes, fmt.Sprintf("A map has at most %d layers.", l.LayerLimit))
	}
	return text(strings.Join(notes, " "))
}

type operation struct {
	Format []string
	Get    online `xml:"DCPType>HTTP>Get>OnlineResource"`
}

func (c cartographer) operation(formats ...string) *operation {
	if len(formats) == 0 {
		return nil
	}
	return &operation{Format: formats, Get: c.online(c.prefix())}
}

func (c cartographer) pictures() []string {
	var all []string
	for _, f := range c.service.Formats {
		all = append(all, f.MIME)
	}
	return all
}

// legends lists the media types of the legends that layers have.
func legends(layers []Layer) []string {
	var all []string
	seen := map[string]bool{}
	for i := range layers {
		mimes := legends(layers[i].Layers)
		for _, s := range layers[i].Styles {
			if s.Legend != nil {
				mimes = append(mimes, s.Legend.MIME)
			}
		}
		for _, m := range mimes {
			if !seen[m] {
				all, seen[m] = append(all, m), true
			}
		}
	}
	return all
}

type keywords struct {
	Keyword []text
}

func keywordList(words []string) *keywords {
	if len(words) == 0 {
		return nil
	}
	return &keywords{Keyword: texts(words)}
}

func texts(all []string) []text {
	out := make([]text, len(all))
	for i, s := range all {
		out[i] = text(s)
	}
	return out
}

type contact struct {
	Person       text     `xml:"ContactPersonPrimary>ContactPerson"`
	Organization text     `xml:"ContactPersonPrimary>ContactOrganization"`
	Position     text     `xml:"ContactPosition,omitempty"`
	Address      *address `xml:"ContactAddress"`
	Phone        text     `xml:"ContactVoiceTelephone,omitempty"`
	Email        text     `xml:"ContactElectronicMailAddress,omitempty"`
}

type address struct {
	Type    text `xml:"AddressType"`
	Street  text `xml:"Address"`
	City    text
	State   text `xml:"StateOrProvince"`
	Post    text `xml:"PostCode"`
	Country text
}

func (c Contact) element() *contact {
	if c == (Contact{}) {
		return nil
	}
	e := &contact{Person: text(c.Person), Organization: text(c.Organization), Position: text(c.Position), Phone: text(c.Phone), Email: text(c.Email)}
	if a := c.Address; a != (Address{}) {
		e.Address = &address{Type: text(a.Type), Street: text(a.Street), City: text(a.City), State: text(a.State), Post: text(a.PostCode), Country: text(a.Country)}
	}
	return e
}

type attribution struct {
	Title  text    `xml:",omitempty"`
	Online *online `xml:"OnlineResource"`
}

func (c cartographer) attribution(l *Layer) *attribution {
	if l.Attribution == "" && l.AttributionURL == "" {
		return nil
	}
	a := &attribution{Title: text(l.Attribution)}
	if l.AttributionURL != "" {
		o := c.online(l.AttributionURL)
		a.Online = &o
	}
	return a
}

// link is MetadataURL, DataURL or LegendURL.
type link struct {
	Type   string `xml:"type,attr,omitempty"`
	Width  int    `xml:"width,attr,omitempty"`
	Height int    `xml:"height,attr,omitempty"`
	Format text
	Online online `xml:"OnlineResource"`
}

// metadata lists metadata by standards that the version has a name for.
func (c cartographer) metadata(links []Link) []link {
	var all []link
	for _, l := range links {
		kind := map[Version]map[string]string{
			V111: {"ISO19115:2003": "TC211", "FGDC:STD-001-1998": "FGDC"},
			V130: {"ISO19115:2003": "ISO19115:2003", "FGDC:STD-001-1998": "FGDC:STD-001-1998"},
		}[c.version][l.Type]
		if kind != "" {
			all = append(all, link{Type: kind, Format: text(l.MIME), Online: c.online(l.URL)})
		}
	}
	return all
}

func (c cartographer) data(links []Link) []link {
	var all []link
	for _, l := range links {
		all = append(all, link{Format: text(l.MIME), Online: c.online(l.URL)})
	}
	return all
}

type style struct {
	Name, Title text
	Abstract    text `xml:",omitempty"`
	LegendURL   *link
}

func (c cartographer) styles(l *Layer) []style {
	var all []style
	for _, s := range l.Styles {
		e := style{Name: text(s.Name), Title: text(orName(s.Title, s.Name)), Abstract: text(s.Abstract)}
		if g := s.Legend; g != nil {
			e.LegendURL = &link{Width: g.Width, Height: g.Height, Format: text(g.MIME), Online: c.online(c.legendURL(l.Name, s))}
		}
		all = append(all, e)
	}
	return all
}

func orName(title, name string) string {
	if title == "" {
		return name
	}
	return title
}

// box is BoundingBox; one of the two codes is set.
type box struct {
	CRS  string  `xml:"CRS,attr,omitempty"`
	SRS  string  `xml:"SRS,attr,omitempty"`
	MinX decimal `xml:"minx,attr"`
	MinY decimal `xml:"miny,attr"`
	MaxX decimal `xml:"maxx,attr"`
	MaxY decimal `xml:"maxy,attr"`
}

// decimal is written without an exponent.
type decimal float64

// MarshalText implements encoding.TextMarshaler.
func (d decimal) MarshalText() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(d), 'f', -1, 64), nil
}

// boundingBoxes lists the boxes of a bound in the axis order of the version.
func (c cartographer) boundingBoxes(bound orb.Bound) []box {
	all := make([]box, 0, len(c.systems))
	for _, crs := range c.systems {
		if c.version == V111 && !named111(crs.Code) {
			continue
		}
		b, ok := c.boxes.box(crs, bound)
		if !ok {
			continue
		}
		e := box{CRS: crs.Code, MinX: decimal(b.Min[0]), MinY: decimal(b.Min[1]), MaxX: decimal(b.Max[0]), MaxY: decimal(b.Max[1])}
		if c.version == V111 {
			e.CRS, e.SRS = "", crs.Code
		} else if crs.NorthFirst {
			e.MinX, e.MinY, e.MaxX, e.MaxY = e.MinY, e.MinX, e.MaxY, e.MaxX
		}
		all = append(all, e)
	}
	return all
}

// named111 tells whether 1.1.1 has a name for a system: it knows no CRS:84.
func named111(code string) bool { return strings.HasPrefix(code, "EPSG:") }

func (c cartographer) codes() []string {
	var all []string
	for _, crs := range c.systems {
		if c.version != V111 || named111(crs.Code) {
			all = append(all, crs.Code)
		}
	}
	return all
}

// instants lists times as the dimension does.
func (l *Layer) instants() (list, latest text) {
	all := make([]string, len(l.Times))
	for i, t := range l.Times {
		all[i] = instant(t)
	}
	return text(strings.Join(all, ",")), text(all[len(all)-1])
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

func orNone(s string) text {
	if s == "" {
		return "none"
	}
	return text(s)
}
