package wms

import (
	"encoding/xml"

	"github.com/paulmach/orb"
)

// The elements of a document of 1.3.0 in the order of its schema, capabilities_1_3_0.xsd.
type (
	document130 struct {
		XMLName    xml.Name `xml:"http://www.opengis.net/wms WMS_Capabilities"`
		Version    Version  `xml:"version,attr"`
		Sequence   text     `xml:"updateSequence,attr,omitempty"`
		XSI        string   `xml:"xmlns:xsi,attr"`
		Location   string   `xml:"xsi:schemaLocation,attr"`
		Service    service130
		Capability capability130
	}
	service130 struct {
		Name, Title       text
		Abstract          text `xml:",omitempty"`
		KeywordList       *keywords
		OnlineResource    online
		Contact           *contact `xml:"ContactInformation"`
		Fees              text
		AccessConstraints text
		LayerLimit        int `xml:",omitempty"`
		MaxWidth          int `xml:",omitempty"`
		MaxHeight         int `xml:",omitempty"`
	}
	capability130 struct {
		GetCapabilities *operation `xml:"Request>GetCapabilities"`
		GetMap          *operation `xml:"Request>GetMap"`
		GetFeatureInfo  *operation `xml:"Request>GetFeatureInfo"`
		Exceptions      []Mode     `xml:"Exception>Format"`
		Layer           layer130
	}
	layer130 struct {
		Queryable           int  `xml:"queryable,attr"`
		Opaque              int  `xml:"opaque,attr"`
		Name                text `xml:",omitempty"`
		Title               text
		Abstract            text `xml:",omitempty"`
		KeywordList         *keywords
		CRS                 []string
		Geographic          *geographic130 `xml:"EX_GeographicBoundingBox"`
		BoundingBox         []box
		Dimension           *dimension130
		Attribution         *attribution
		Metadata            []link `xml:"MetadataURL"`
		Data                []link `xml:"DataURL"`
		Style               []style
		MinScaleDenominator decimal `xml:",omitempty"`
		MaxScaleDenominator decimal `xml:",omitempty"`
		Layer               []layer130
	}
	geographic130 struct {
		West  decimal `xml:"westBoundLongitude"`
		East  decimal `xml:"eastBoundLongitude"`
		South decimal `xml:"southBoundLatitude"`
		North decimal `xml:"northBoundLatitude"`
	}
	dimension130 struct {
		Name     string `xml:"name,attr"`
		Units    string `xml:"units,attr"`
		Default  text   `xml:"default,attr"`
		Multiple int    `xml:"multipleValues,attr"`
		Nearest  int    `xml:"nearestValue,attr"`
		Current  int    `xml:"current,attr"`
		Values   text   `xml:",chardata"`
	}
)

func (c cartographer) document130() document130 {
	s := c.service
	return document130{
		Version: V130, Sequence: text(s.UpdateSequence), XSI: xsi,
		Location: "http://www.opengis.net/wms http://schemas.opengis.net/wms/1.3.0/capabilities_1_3_0.xsd",
		Service: service130{
			Name: "WMS", Title: text(s.Title), Abstract: c.abstract(), KeywordList: keywordList(s.Keywords), OnlineResource: c.online(s.BaseURL),
			Contact: s.Contact.element(), Fees: orNone(s.Fees), AccessConstraints: orNone(s.Constraints),
			LayerLimit: s.Limits.LayerLimit, MaxWidth: s.Limits.MaxWidth, MaxHeight: s.Limits.MaxHeight,
		},
		Capability: capability130{
			GetCapabilities: c.operation(mimeXML), GetMap: c.operation(c.pictures()...), GetFeatureInfo: c.operation(s.InfoFormats...),
			Exceptions: []Mode{AsXML, InImage, Blank}, Layer: c.root130(),
		},
	}
}

func (c cartographer) root130() layer130 {
	root := layer130{Title: text(c.service.Title), CRS: c.codes(), Layer: c.layers130(c.service.Layers)}
	if len(c.service.Layers) > 0 {
		bound := union(c.service.Layers)
		root.Geographic, root.BoundingBox = geographic130Of(bound), c.boundingBoxes(bound)
	}
	return root
}

func (c cartographer) layers130(layers []Layer) []layer130 {
	all := make([]layer130, len(layers))
	for i := range layers {
		l := &layers[i]
		bound := l.bound()
		all[i] = layer130{
			Queryable: bit(l.queryable()), Opaque: bit(l.Opaque), Name: text(l.Name), Title: text(orName(l.Title, l.Name)), Abstract: text(l.Abstract),
			KeywordList: keywordList(l.Keywords), Geographic: geographic130Of(bound), BoundingBox: c.boundingBoxes(bound), Dimension: l.dimension130(),
			Attribution: c.attribution(l), Metadata: c.metadata(l.Metadata), Data: c.data(l.Data), Style: c.styles(l),
			MinScaleDenominator: decimal(l.MinScale), MaxScaleDenominator: decimal(l.MaxScale), Layer: c.layers130(l.Layers),
		}
	}
	return all
}

func geographic130Of(bound orb.Bound) *geographic130 {
	g := geographic(bound)
	return &geographic130{West: decimal(g.Min[0]), East: decimal(g.Max[0]), South: decimal(g.Min[1]), North: decimal(g.Max[1])}
}

func (l *Layer) dimension130() *dimension130 {
	if len(l.Times) == 0 {
		return nil
	}
	list, latest := l.instants()
	return &dimension130{Name: "time", Units: "ISO8601", Default: latest, Nearest: 1, Current: 1, Values: list}
}
