package elevation

import (
	"bytes"
	"encoding/json"
	"strconv"

	"github.com/paulmach/orb"
)

// Points are the places of a question, and the form in which they came, in which the answer goes.
type Points struct {
	Places   []orb.Point
	form     form
	features []feature // of a geometry or a feature one, of a collection any number, of a list none
}

// form is how places come.
type form int

const (
	list       form = iota // [[lon, lat], ...]
	geometry               // GeoJSON Point, MultiPoint or LineString
	single                 // a Feature of one
	collection             // a FeatureCollection of those
)

// feature is a geometry, with what stands around it in a Feature.
type feature struct {
	kind       string // the geometry's type
	n          int    // places
	id         json.RawMessage
	properties json.RawMessage // an object, null, or absent
}

// object is any object of GeoJSON.
type object struct {
	Type        string          `json:"type"`
	Coordinates json.RawMessage `json:"coordinates"`
	Geometry    *object         `json:"geometry"`
	Features    []object        `json:"features"`
	ID          json.RawMessage `json:"id"`
	Properties  json.RawMessage `json:"properties"`
}

const pointsForms = "[[lon,lat], ...], or GeoJSON: Point, MultiPoint, LineString, Feature or FeatureCollection of these"

const noPoints = "a geometry that is none of Point, MultiPoint and LineString"

// ParsePoints reads places: an array of positions, or GeoJSON with points. Further numbers of a position, a height say, are
// passed over. The error is a [*Refusal].
func ParsePoints(body []byte) (*Points, error) {
	p := &Points{}
	body = bytes.TrimSpace(body)
	if len(body) == 0 || !json.Valid(body) {
		return nil, refuse(pointsForms, "the body is not JSON")
	}
	if body[0] == '[' {
		var err error
		p.Places, err = positions(nil, body)
		return p, err
	}
	var o object
	if err := json.Unmarshal(body, &o); err != nil {
		return nil, refuse(pointsForms, "the body is not GeoJSON")
	}
	return p, p.read(&o)
}

func (p *Points) read(o *object) error {
	switch o.Type {
	case "FeatureCollection":
		p.form = collection
		for k := range o.Features {
			if err := p.readFeature(&o.Features[k]); err != nil {
				return err
			}
		}
		return nil
	case "Feature":
		p.form = single
		return p.readFeature(o)
	}
	p.form = geometry
	return p.readGeometry(o, feature{})
}

func (p *Points) readFeature(o *object) error {
	if o.Type != "Feature" || o.Geometry == nil {
		return refuse(pointsForms, "a feature without geometry, or none")
	}
	return p.readGeometry(o.Geometry, feature{id: o.ID, properties: o.Properties})
}

func (p *Points) readGeometry(o *object, f feature) (err error) {
	before := len(p.Places)
	switch f.kind = o.Type; o.Type {
	case "Point":
		s := scanner{o.Coordinates, 0}
		if p.Places, err = s.position(p.Places); len(p.Places) > MostPlaces {
			err = errMany()
		}
	case "MultiPoint", "LineString":
		p.Places, err = positions(p.Places, o.Coordinates)
	default:
		return refuse(pointsForms, noPoints)
	}
	f.n = len(p.Places) - before
	p.features = append(p.features, f)
	return err
}

// positions appends the positions of an array of them. The text is JSON.
func positions(dst []orb.Point, text []byte) ([]orb.Point, error) {
	s := scanner{text, 0}
	if !s.take('[') {
		return dst, errPosition()
	}
	if s.take(']') {
		return dst, nil
	}
	for {
		var err error
		if dst, err = s.position(dst); err != nil {
			return dst, err
		}
		if len(dst) > MostPlaces {
			return dst, errMany()
		}
		if !s.take(',') {
			return dst, nil // the text is JSON: this is the end
		}
	}
}

func errMany() error { return refuse("several requests", "more than %d positions", MostPlaces) }

func errPosition() error {
	return refuse("[[lon,lat], ...]", "a position is not two numbers, longitude and latitude")
}

// scanner reads arrays of numbers, which encoding/json takes five times as long for. Its text is known to be JSON.
type scanner struct {
	text []byte
	at   int
}

// take skips blanks, and c if it comes next.
func (s *scanner) take(c byte) bool {
	for s.at < len(s.text) && (s.text[s.at] == ' ' || s.text[s.at] == '\n' || s.text[s.at] == '\t' || s.text[s.at] == '\r') {
		s.at++
	}
	if s.at < len(s.text) && s.text[s.at] == c {
		s.at++
		return true
	}
	return false
}

// position reads [lon, lat, ...].
func (s *scanner) position(dst []orb.Point) ([]orb.Point, error) {
	if !s.take('[') {
		return dst, errPosition()
	}
	var p orb.Point
	n := 0
	for ; ; n++ {
		v, ok := s.number()
		if !ok {
			return dst, errPosition()
		}
		if n < 2 {
			p[n] = v
		}
		if !s.take(',') {
			break
		}
	}
	if n < 1 || !s.take(']') {
		return dst, errPosition()
	}
	return append(dst, p), checkPlace(p)
}

func (s *scanner) number() (float64, bool) {
	s.take(0) // blanks
	from := s.at
	for s.at < len(s.text) && numeral(s.text[s.at]) {
		s.at++
	}
	v, err := strconv.ParseFloat(string(s.text[from:s.at]), 64)
	return v, err == nil
}

// numeral tells whether a byte can be part of a number in JSON.
func numeral(c byte) bool {
	return c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E'
}

// ParseNumber reads a plain decimal number; NaN, infinities and hexadecimal digits are none.
func ParseNumber(s string) (float64, bool) {
	for k := range len(s) {
		if !numeral(s[k]) {
			return 0, false
		}
	}
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil
}
