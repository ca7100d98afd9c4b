package wms

import (
	"encoding/xml"
	"math"

	"github.com/paulmach/orb"
)

// The elements of a document of 1.1.1 in the order of its DTD, capabilities_1_1_1.dtd.
type (
	document111 struct {
		XMLName    xml.Name `xml:"WMT_MS_Capabilities"`
		Version    Version  `xml:"version,attr"`
		Sequence   text     `xml:"updateSequence,attr,omitempty"`
		Service    service111
		Capability capability111
	}
	service111 struct {
		Name, Title       text
		Abstract          text `xml:",omitempty"`
		KeywordList       *keywords
		OnlineResource    online
		Contact           *contact `xml:"ContactInformation"`
		Fees              text
		AccessConstraints text
	}
	capability111 struct {
		GetCapabilities  *operation `xml:"Request>GetCapabilities"`
		GetMap           *operation `xml:"Request>GetMap"`
		GetFeatureInfo   *operation `xml:"Request>GetFeatureInfo"`
		GetLegendGraphic *operation `xml:"Request>GetLegendGraphic"`
		Exceptions       []string   `xml:"Exception>Format"`
		Layer            layer111
	}
	layer111 struct {
		Queryable   int  `xml:"queryable,attr"`
		Opaque      int  `xml:"opaque,attr"`
		Name        text `xml:",omitempty"`
		Title       text
		Abstract    text `xml:",omitempty"`
		KeywordList *keywords
		SRS         []string
		Geographic  *box `xml:"LatLonBoundingBox"`
		BoundingBox []box
		Dimension   *dimension111
		Extent      *extent111
		Attribution *attribution
		Metadata    []link `xml:"MetadataURL"`
		Data        []link `xml:"DataURL"`
		Style       []style
		ScaleHint   *scaleHint
		Layer       []layer111
	}
	dimension111 struct {
		Name  string `xml:"name,attr"`
		Units string `xml:"units,attr"`
	}
	extent111 struct {
		Name    string `xml:"name,attr"`
		Default text   `xml:"default,attr"`
		Nearest int    `xml:"nearestValue,attr"`
		Values  text   `xml:",chardata"`
	}
	scaleHint struct {
		Min decimal `xml:"min,attr"`
		Max decimal `xml:"max,attr"`
	}
)

func (c cartographer) document111() document111 {
	s := c.service
	return document111{
		Version: V111, Sequence: text(s.UpdateSequence),
		Service: service111{
			Name: "OGC:WMS", Title: text(s.Title), Abstract: c.abstract(), KeywordList: keywordList(s.Keywords), OnlineResource: c.online(s.BaseURL),
			Contact: s.Contact.element(), Fees: orNone(s.Fees), AccessConstraints: orNone(s.Constraints),
		},
		Capability: capability111{
			GetCapabilities: c.operation(mimeCapabilities), GetMap: c.operation(c.pictures()...), GetFeatureInfo: c.operation(s.InfoFormats...),
			GetLegendGraphic: c.operation(legends(s.Layers)...),
			Exceptions:       []string{mimeException, "application/vnd.ogc.se_inimage", "application/vnd.ogc.se_blank"}, Layer: c.root111(),
		},
	}
}

func (c cartographer) root111() layer111 {
	root := layer111{Title: text(c.service.Title), SRS: c.codes(), Layer: c.layers111(c.service.Layers)}
	if len(c.service.Layers) > 0 {
		bound := union(c.service.Layers)
		root.Geographic, root.BoundingBox = latLon(bound), c.boundingBoxes(bound)
	}
	return root
}

func (c cartographer) layers111(layers []Layer) []layer111 {
	all := make([]layer111, len(layers))
	for i := range layers {
		l := &layers[i]
		bound := l.bound()
		e := layer111{
			Queryable: bit(l.queryable()), Opaque: bit(l.Opaque), Name: text(l.Name), Title: text(orName(l.Title, l.Name)), Abstract: text(l.Abstract),
			KeywordList: keywordList(l.Keywords), Geographic: latLon(bound), BoundingBox: c.boundingBoxes(bound),
			Attribution: c.attribution(l), Metadata: c.metadata(l.Metadata), Data: c.data(l.Data), Style: c.styles(l), ScaleHint: l.scaleHint(),
			Layer: c.layers111(l.Layers),
		}
		if len(l.Times) > 0 {
			list, latest := l.instants()
			e.Dimension = &dimension111{Name: "time", Units: "ISO8601"}
			e.Extent = &extent111{Name: "time", Default: latest, Nearest: 1, Values: list}
		}
		all[i] = e
	}
	return all
}

func latLon(bound orb.Bound) *box {
	g := geographic(bound)
	return &box{MinX: decimal(g.Min[0]), MinY: decimal(g.Min[1]), MaxX: decimal(g.Max[0]), MaxY: decimal(g.Max[1])}
}

// scaleHint is the diagonal of a pixel in metres at the scales of the layer (01-068r3, 7.1.4.5.8).
func (l *Layer) scaleHint() *scaleHint {
	if l.MinScale == 0 && l.MaxScale == 0 {
		return nil
	}
	diagonal := pixelSize * math.Sqrt2
	most := l.MaxScale
	if most == 0 {
		most = 1e12 // there is no word for none
	}
	return &scaleHint{Min: decimal(l.MinScale * diagonal), Max: decimal(most * diagonal)}
}
