package wms

import (
	"encoding/xml"

	"github.com/paulmach/orb"
)

// schemaRequest is the REQUEST, in lower case, that [InfoSchema] answers; schemaQuery is how the documents name it.
const (
	schemaRequest = "getfeatureinfoschema"
	schemaQuery   = "SERVICE=WMS&REQUEST=GetFeatureInfoSchema"
	infoSpace     = "urn:x-terrane:info"
)

type gmlCollection struct {
	XMLName  xml.Name `xml:"FeatureCollection"`
	Space    string   `xml:"xmlns,attr"`
	GML      string   `xml:"xmlns:gml,attr"`
	XSI      string   `xml:"xmlns:xsi,attr"`
	Location text     `xml:"xsi:schemaLocation,attr"`
	Box      any
	Members  []gmlMember `xml:"gml:featureMember"`
}

type gmlMember struct{ Feature gmlFeature }

type gmlFeature struct {
	Point  gmlPoint `xml:"gml:location>gml:Point"`
	Layer  text     `xml:"layer"`
	Kind   text     `xml:"kind"`
	Time   text     `xml:"time,omitempty"`
	Values []gmlValue
}

type gmlPoint struct {
	SRS         string `xml:"srsName,attr"`
	Coordinates string `xml:"gml:coordinates"`
}

type gmlBox struct {
	XMLName xml.Name `xml:"gml:boundedBy"`
	Box     gmlPoint `xml:"gml:Box"`
}

type gmlNull struct {
	XMLName xml.Name `xml:"gml:boundedBy"`
	Null    string   `xml:"gml:null"`
}

type gmlValue struct {
	XMLName xml.Name `xml:"value"`
	Name    text     `xml:"name,attr"`
	Unit    text     `xml:"unit,attr,omitempty"`
	Text    text     `xml:",chardata"`
}

const lonLat = "http://www.opengis.net/gml/srs/epsg.xml#4326" // x, y: as GML 2 has it

func infoGML(infos []Info, baseURL string) ([]byte, error) {
	c := cartographer{service: &Service{BaseURL: baseURL}}
	doc := gmlCollection{
		Space: infoSpace, GML: "http://www.opengis.net/gml", XSI: xsi, Box: gmlNull{Null: "missing"},
		Location: text(infoSpace + " " + c.prefix() + schemaQuery),
	}
	for _, n := range infos {
		f := gmlFeature{Point: gmlPoint{lonLat, coordinates(n.Position)}, Layer: text(n.Layer), Kind: text(n.Kind), Time: text(n.Time)}
		for _, v := range n.Values {
			e := gmlValue{Name: text(v.Name), Unit: text(v.Unit), Text: text(v.String())}
			if v.Text == "" && finite(v.Number) {
				e.Text = text(decimalText(v.Number))
			}
			f.Values = append(f.Values, e)
		}
		doc.Members = append(doc.Members, gmlMember{f})
	}
	if len(infos) > 0 { // all are at one place
		doc.Box = gmlBox{Box: gmlPoint{lonLat, coordinates(infos[0].Position) + " " + coordinates(infos[0].Position)}}
	}
	return document("", doc)
}

func coordinates(p orb.Point) string {
	return decimalText(p[0]) + "," + decimalText(p[1])
}

// SchemaType is the media type of [InfoSchema].
const SchemaType = mimeXML

// InfoSchema is the application schema of the GML that [WriteInfo] writes: the answer to a [GetSchema].
func InfoSchema() []byte { return []byte(infoSchema) }

const infoSchema = xml.Header + `<schema xmlns="http://www.w3.org/2001/XMLSchema" xmlns:gml="http://www.opengis.net/gml" xmlns:info="` + infoSpace + `"
  targetNamespace="` + infoSpace + `" elementFormDefault="qualified">
  <import namespace="http://www.opengis.net/gml" schemaLocation="http://schemas.opengis.net/gml/2.1.2/feature.xsd"/>
  <element name="FeatureCollection" type="info:FeatureCollectionType" substitutionGroup="gml:_FeatureCollection"/>
  <complexType name="FeatureCollectionType">
    <complexContent>
      <extension base="gml:AbstractFeatureCollectionType"/>
    </complexContent>
  </complexType>
  <element name="Feature" type="info:FeatureType" substitutionGroup="gml:_Feature"/>
  <complexType name="FeatureType">
    <complexContent>
      <extension base="gml:AbstractFeatureType">
        <sequence>
          <element ref="gml:location"/>
          <element name="layer" type="string"/>
          <element name="kind" type="string"/>
          <element name="time" type="string" minOccurs="0"/>
          <element name="value" type="info:ValueType" minOccurs="0" maxOccurs="unbounded"/>
        </sequence>
      </extension>
    </complexContent>
  </complexType>
  <complexType name="ValueType">
    <simpleContent>
      <extension base="string">
        <attribute name="name" type="string" use="required"/>
        <attribute name="unit" type="string"/>
      </extension>
    </simpleContent>
  </complexType>
</schema>
`
