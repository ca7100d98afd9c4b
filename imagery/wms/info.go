package wms

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"strconv"

	"github.com/paulmach/orb"
)

// Media types of GetFeatureInfo that [WriteInfo] writes.
const (
	InfoJSON  = "application/json" // a GeoJSON FeatureCollection
	InfoPlain = "text/plain"
	InfoHTML  = "text/html"
	InfoGML   = "application/vnd.ogc.gml" // GML 2.1.2
	InfoXML   = "text/xml"                // the same
)

// InfoFormats lists them, the one that clients like best first.
func InfoFormats() []string { return []string{InfoJSON, InfoPlain, InfoHTML, InfoGML, InfoXML} }

// What values are.
const (
	KeptValue    = "kept value"    // the source's own number, kept beside the picture
	StoredValue  = "stored value"  // read off heights, or off a tile that holds the source's numbers without loss: as sampled on the tile's grid
	StoredColour = "stored colour" // of the tile, after compression and scaling
)

// Info is what one layer has at a place.
type Info struct {
	Layer    string
	Position orb.Point // degrees
	Kind     string    // KeptValue, StoredValue or StoredColour
	Time     string    // of the layer's time, or ""
	Values   []Value
}

// Value is a number with a unit, or a text if that is not empty.
type Value struct {
	Name   string
	Number float64 // NaN: no data
	Text   string
	Unit   string // "m", or ""
}

// String writes the value with its unit.
func (v Value) String() string {
	switch {
	case v.Text != "":
		return v.Text
	case !finite(v.Number):
		return "no data"
	case v.Unit != "":
		return decimalText(v.Number) + " " + v.Unit
	}
	return decimalText(v.Number)
}

func decimalText(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// cleaned copies infos without control characters.
func cleaned(infos []Info) []Info {
	all := make([]Info, len(infos))
	for i, n := range infos {
		all[i] = Info{Layer: clean(n.Layer), Position: n.Position, Kind: clean(n.Kind), Time: clean(n.Time)}
		for _, v := range n.Values {
			all[i].Values = append(all[i].Values, Value{Name: clean(v.Name), Number: v.Number, Text: clean(v.Text), Unit: clean(v.Unit)})
		}
	}
	return all
}

// WriteInfo writes an answer in one of [InfoFormats], for a request to a service at this address; no infos are an answer too.
// All of it is UTF-8.
func WriteInfo(w io.Writer, format, baseURL string, infos []Info) error {
	var out []byte
	var err error
	infos = cleaned(infos)
	switch format {
	case InfoJSON:
		out, err = infoJSON(infos)
	case InfoPlain:
		out = infoPlain(infos)
	case InfoHTML:
		out, err = infoHTML(infos)
	case InfoGML, InfoXML:
		out, err = infoGML(infos, baseURL)
	default:
		err = fmt.Errorf("no such format")
	}
	if err != nil {
		return fmt.Errorf("wms: write feature info: %w", err)
	}
	if _, err := w.Write(out); err != nil {
		return fmt.Errorf("wms: write feature info: %w", err)
	}
	return nil
}

type feature struct {
	Type       string     `json:"type"`
	Geometry   geometry   `json:"geometry"`
	Properties properties `json:"properties"`
}

type geometry struct {
	Type        string    `json:"type"`
	Coordinates orb.Point `json:"coordinates"`
}

// properties is an object whose keys keep their order.
type properties []property

type property struct {
	key   string
	value any
}

// MarshalJSON implements json.Marshaler.
func (p properties) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, e := range p {
		key, err := json.Marshal(e.key)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(e.value)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(append(out, key...), ':'), value...)
	}
	return append(out, '}'), nil
}

// infoJSON writes a feature a layer: layer, kind, time, then each value under its name, and its unit, if it has one, under the
// name with " unit" after it.
func infoJSON(infos []Info) ([]byte, error) {
	features := make([]feature, len(infos))
	for i, n := range infos {
		p := properties{{"layer", n.Layer}, {"kind", n.Kind}}
		if n.Time != "" {
			p = append(p, property{"time", n.Time})
		}
		for _, v := range n.Values {
			p = append(p, property{v.Name, v.json()})
			if v.Unit != "" {
				p = append(p, property{v.Name + " unit", v.Unit})
			}
		}
		features[i] = feature{Type: "Feature", Geometry: geometry{"Point", n.Position}, Properties: p}
	}
	return json.Marshal(map[string]any{"type": "FeatureCollection", "features": features})
}

func (v Value) json() any {
	switch {
	case v.Text != "":
		return v.Text
	case !finite(v.Number):
		return nil
	}
	return v.Number
}

func infoPlain(infos []Info) []byte {
	var b bytes.Buffer
	for _, n := range infos {
		fmt.Fprintf(&b, "%s (%s)\n", n.Layer, n.Kind)
		fmt.Fprintf(&b, "  longitude, latitude: %s, %s\n", decimalText(n.Position[0]), decimalText(n.Position[1]))
		if n.Time != "" {
			fmt.Fprintf(&b, "  time: %s\n", n.Time)
		}
		for _, v := range n.Values {
			fmt.Fprintf(&b, "  %s: %s\n", v.Name, v)
		}
	}
	if len(infos) == 0 {
		return []byte("nothing here\n")
	}
	return b.Bytes()
}

const infoPage = `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Feature info</title></head><body>
{{range .}}<table><caption>{{.Layer}} ({{.Kind}})</caption>
<tr><th>longitude, latitude</th><td>{{index .Position 0}}, {{index .Position 1}}</td></tr>
{{if .Time}}<tr><th>time</th><td>{{.Time}}</td></tr>
{{end}}{{range .Values}}<tr><th>{{.Name}}</th><td>{{.String}}</td></tr>
{{end}}</table>
{{else}}<p>nothing here</p>
{{end}}</body></html>
`

func infoHTML(infos []Info) ([]byte, error) {
	page, err := template.New("info").Parse(infoPage)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = page.Execute(&b, infos)
	return b.Bytes(), err
}
