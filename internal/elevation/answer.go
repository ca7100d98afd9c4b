package elevation

import (
	"bytes"
	"encoding/json"

	"github.com/paulmach/orb"
)

// GeoJSON tells whether the places came as GeoJSON.
func (p *Points) GeoJSON() bool { return p.form != list }

// AppendPoints appends the answer to a question for places, in their form. A list becomes [[lon, lat, height], ...]. A geometry,
// also in a feature, gets heights as third coordinates where they are known and above the ellipsoid, as RFC 7946 wants them;
// beside it stand height and level, or heights and levels of more than one place: as properties of a feature, else as members of
// the geometry. vertical and source are members of the outermost object.
func (g *Ground) AppendPoints(dst []byte, p *Points, all []Reading) []byte {
	if p.form == list {
		dst = append(dst, '[')
		for k, r := range all {
			dst = appendComma(dst, k)
			dst = appendNumber(append(dst, '['), r.Place.Lon())
			dst = appendNumber(append(dst, ','), r.Place.Lat())
			dst = append(appendHeight(append(dst, ','), r), ']')
		}
		return append(dst, ']')
	}
	if p.form == collection {
		dst = append(g.appendFacts(append(dst, `{"type":"FeatureCollection",`...)), `,"features":[`...)
		for k, f := range p.features {
			dst = append(g.appendFeature(appendComma(dst, k), f, all[:f.n]), '}')
			all = all[f.n:]
		}
		return append(dst, "]}"...)
	}
	f := p.features[0]
	if p.form == single {
		return append(g.appendFacts(append(g.appendFeature(dst, f, all), ',')), '}')
	}
	dst = appendFound(append(g.appendGeometry(dst, f.kind, all), ','), f.kind, all)
	return append(g.appendFacts(append(dst, ',')), '}')
}

// appendFeature appends a feature without its closing brace.
func (g *Ground) appendFeature(dst []byte, f feature, all []Reading) []byte {
	dst = append(dst, `{"type":"Feature",`...)
	if f.id != nil {
		dst = append(append(append(dst, `"id":`...), f.id...), ',')
	}
	dst = append(g.appendGeometry(append(dst, `"geometry":`...), f.kind, all), `},"properties":{`...)
	if inner := f.others(); len(inner) > 0 {
		dst = append(append(dst, inner...), ',')
	}
	return append(appendFound(dst, f.kind, all), '}')
}

// others returns the members of the properties that the answer does not replace, without the braces around them.
func (f *feature) others() []byte {
	inner := bytes.TrimSpace(f.properties)
	if len(inner) < 2 || inner[0] != '{' { // null, or none
		return nil
	}
	if !bytes.Contains(inner, []byte(`"height`)) && !bytes.Contains(inner, []byte(`"level`)) && !bytes.Contains(inner, []byte(`\u`)) {
		return bytes.TrimSpace(inner[1 : len(inner)-1])
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(inner, &members) != nil {
		return nil // not so: it is an object
	}
	for _, name := range []string{"height", "level", "heights", "levels"} {
		delete(members, name)
	}
	inner, _ = json.Marshal(members) // what was read can be written
	return inner[1 : len(inner)-1]
}

// appendFound appends the heights and levels of a geometry's places, as members of an object.
func appendFound(dst []byte, kind string, all []Reading) []byte {
	if kind == "Point" {
		dst = appendHeight(append(dst, `"height":`...), all[0])
		return appendLevel(append(dst, `,"level":`...), all[0])
	}
	dst = append(dst, `"heights":[`...)
	for k, r := range all {
		dst = appendHeight(appendComma(dst, k), r)
	}
	dst = append(dst, `],"levels":[`...)
	for k, r := range all {
		dst = appendLevel(appendComma(dst, k), r)
	}
	return append(dst, ']')
}

// appendGeometry appends a geometry without its closing brace.
func (g *Ground) appendGeometry(dst []byte, kind string, all []Reading) []byte {
	dst = append(append(append(dst, `{"type":"`...), kind...), `","coordinates":`...)
	if kind == "Point" {
		return g.appendPosition(dst, all[0])
	}
	dst = append(dst, '[')
	for k, r := range all {
		dst = g.appendPosition(appendComma(dst, k), r)
	}
	return append(dst, ']')
}

func (g *Ground) appendPosition(dst []byte, r Reading) []byte {
	dst = appendNumber(append(dst, '['), r.Place.Lon())
	dst = appendNumber(append(dst, ','), r.Place.Lat())
	if r.Known && g.vertical == Ellipsoid {
		dst = appendMetres(append(dst, ','), r.Height)
	}
	return append(dst, ']')
}

// appendComma appends what stands before the kth element.
func appendComma(dst []byte, k int) []byte {
	if k > 0 {
		return append(dst, ',')
	}
	return dst
}

// line returns the places as one line.
func (p *Points) line() (orb.LineString, error) {
	if p.form != list && (len(p.features) != 1 || p.features[0].kind != "LineString") {
		return nil, refuse(lineForms, "a line is due, one, and no points")
	}
	return checkLine(p.Places)
}
