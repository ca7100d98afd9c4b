// Package wms speaks OGC's Web Map Service, versions 1.1.1 (01-068r3) and 1.3.0 (06-042): a query string in, typed requests or
// an [*Exception] out, and the documents that answer them. There is no HTTP inside, no pixel is drawn but for exceptions in a
// picture, and nothing is fetched: SLD, SLD_BODY and remote layers are refused.
//
// The way of a map: [Parse] makes a [*GetMap] out of the query, the [Service] and an [imagery.Registry] -> the server finds the
// dataset of each [Drawn] by its layer's name -> imagery.Draw draws it through GetMap.View -> the pictures are laid over each
// other, first layer lowest -> GetMap.Format encodes. What goes wrong after Parse is told by [GetMap.Fail], so that the client
// gets it as it asked: XML, drawn in the picture (INIMAGE), or a blank picture.
//
//   - Keys, and the value of REQUEST, come in any case, keys in any order; the names that operations had in 1.0.0 are known
//     (capabilities, map, feature_info); a key that comes twice with different values is an error; unknown keys are ignored (DPI, MAP_RESOLUTION and FORMAT_OPTIONS too: a scale is counted with the standard's
//     pixels of 0.28 mm).
//   - BBOX is x, y in 1.1.1; in 1.3.0 it follows the axes of the CRS (imagery.CRS.NorthFirst). Inside, x runs east and y north,
//     everywhere.
//   - Texts of exceptions never repeat what the client sent.
//   - Codes are the standard's; MissingParameterValue and InvalidParameterValue, which most servers borrow from OWS, stand
//     where it has none.
//   - HTTP status, of which WMS says nothing: 400 for an exception in XML (clients that cannot read it still see that it
//     failed, caches do not keep it; OGC's suites read the body whatever the status), 200 for CurrentUpdateSequence, which is
//     no fault, and for INIMAGE and BLANK, since whoever asks for a picture of the error drops pictures of another status.
package wms

import (
	"time"

	"github.com/paulmach/orb"

	"github.com/terrane/terrane/internal/picture"
)

// Version is a version of the protocol.
type Version string

// The versions that are spoken. 1.0.0 and 1.1.0 are answered as 1.1.1.
const (
	V111 Version = "1.1.1"
	V130 Version = "1.3.0"
)

// Media types of documents.
const (
	mimeXML          = "text/xml"
	mimeCapabilities = "application/vnd.ogc.wms_xml"
	mimeException    = "application/vnd.ogc.se_xml"
)

// Service is everything that the capabilities say. It is not changed by this package and may be shared; a copy with the BaseURL
// of the request is cheap. Texts are plain text.
type Service struct {
	Title          string
	Abstract       string
	Keywords       []string
	Contact        Contact
	Fees           string   // "" says none
	Constraints    string   // on access; "" says none
	BaseURL        string   // absolute URL of the service as this client sees it, with or without a query
	UpdateSequence string   // grows with every change: compared as a number if both sides are numbers, else as text; "" leaves it out
	Limits         Limits   // kept by Parse
	Formats        []Format // pictures offered; the first is the one that clients take unasked
	InfoFormats    []string // of GetFeatureInfo, a selection from [InfoFormats]; none: the operation is not offered
	CRSs           []string // advertised; the registry's others are drawn as well
	Layers         []Layer  // below the root, which has no name
}

// Format is a picture format.
type Format = picture.Format

// Limits of one request. Zero is no limit, except that a side never exceeds 65535 pixels and a map 1000 layers.
type Limits struct {
	MaxWidth, MaxHeight int
	MaxPixels           int // width times height
	LayerLimit          int // layers in one map, those of a group counted singly
}

func (l Limits) layers() int {
	if l.LayerLimit == 0 {
		return mostLayers
	}
	return l.LayerLimit
}

const mostLayers = 1000

// Contact is who runs the service. Empty fields are left out.
type Contact struct {
	Person, Organization, Position, Phone, Email string
	Address                                      Address
}

// Address is a postal address.
type Address struct{ Type, Street, City, State, PostCode, Country string }

// Layer is a dataset, or a group of layers if it has any: a group that has a name is drawn by drawing what is below it, first
// lowest.
type Layer struct {
	Name           string // "" for a group that cannot be asked for
	Title          string // "" shows the name
	Abstract       string
	Keywords       []string
	Attribution    string
	AttributionURL string
	Bound          orb.Bound   // degrees; Max.Lon may exceed 180. Groups leave it zero: it is that of their layers
	Styles         []Style     // the first is the default; none: the only style is "default"
	Queryable      bool        // answers GetFeatureInfo
	Opaque         bool        // covers its bound without holes
	Times          []time.Time // instants offered, ascending; none: no time dimension
	MinScale       float64     // scale denominators between which the layer is drawn, Min <= scale < Max; 0 is no limit
	MaxScale       float64
	Metadata       []Link  // standard metadata: Link.Type is "ISO19115:2003" or "FGDC:STD-001-1998"
	Data           []Link  // anything else about the dataset; Link.Type is not used
	Layers         []Layer // of a group
}

// Link points to a document. A URL without a scheme is relative to the service's BaseURL.
type Link struct{ Type, MIME, URL string }

// Style is a way to draw a layer.
type Style struct {
	Name, Title, Abstract string
	Legend                *Legend // what GetLegendGraphic answers without WIDTH and HEIGHT; nil: there is none
}

// Legend is the size and media type of a legend's picture.
type Legend struct {
	Width, Height int
	MIME          string
}

// Layer finds a layer or group by its name.
func (s *Service) Layer(name string) (*Layer, bool) { return find(s.Layers, name) }

func find(layers []Layer, name string) (*Layer, bool) {
	for i := range layers {
		if l := &layers[i]; l.Name == name && name != "" {
			return l, true
		} else if below, ok := find(l.Layers, name); ok {
			return below, true
		}
	}
	return nil, false
}

// leaves are the layers that are drawn for l: itself, or what is below a group.
func (l *Layer) leaves() []*Layer {
	if len(l.Layers) == 0 {
		return []*Layer{l}
	}
	var all []*Layer
	for i := range l.Layers {
		all = append(all, l.Layers[i].leaves()...)
	}
	return all
}

// queryable tells whether GetFeatureInfo can ask l: a group can be asked if one of its layers can.
func (l *Layer) queryable() bool {
	for _, leaf := range l.leaves() {
		if leaf.Queryable {
			return true
		}
	}
	return false
}

// bound is the ground that l and the layers below it cover.
func (l *Layer) bound() orb.Bound {
	if len(l.Layers) == 0 {
		return l.Bound
	}
	return union(l.Layers)
}

func union(layers []Layer) (all orb.Bound) {
	for i := range layers {
		if b := layers[i].bound(); i == 0 {
			all = b
		} else {
			all = all.Union(b)
		}
	}
	return all
}

// style finds a style; "" and "default" are the first.
func (l *Layer) style(name string) (Style, bool) {
	for _, s := range l.Styles {
		if s.Name == name {
			return s, true
		}
	}
	switch {
	case name != "" && name != defaultStyle:
		return Style{}, false
	case len(l.Styles) > 0:
		return l.Styles[0], true
	}
	return Style{Name: defaultStyle}, true
}

const defaultStyle = "default"

// shown tells whether l is drawn at a scale.
func (l *Layer) shown(denominator float64) bool {
	return denominator >= l.MinScale && (l.MaxScale == 0 || denominator < l.MaxScale)
}
