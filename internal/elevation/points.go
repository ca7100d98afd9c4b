package elevation

import (
	"bytes"
	"encoding/json"
	"errors"

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
	id         []byte // JSON
	properties []byte // JSON: an object, null, or absent
}

// object is any object of GeoJSON: its members as they stand in the text, nil where there is none.
type object struct {
	kind                                            string
	coordinates, geometry, features, id, properties []byte
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
	o, err := readObject(body)
	if err != nil {
		return nil, refuse(pointsForms, "the body is not GeoJSON")
	}
	return p, p.read(o)
}

// readObject finds the members that GeoJSON gives a meaning. The text is JSON.
func readObject(text []byte) (o object, err error) {
	s := scanner{text, 0}
	if !s.take('{') {
		return o, errNoObject
	}
	err = s.members(func(name string, value []byte) error {
		switch name {
		case "type":
			o.kind = textOf(value)
		case "coordinates":
			o.coordinates = value
		case "geometry":
			o.geometry = value
		case "features":
			o.features = value
		case "id":
			o.id = value
		case "properties":
			o.properties = value
		}
		return nil
	})
	return o, err
}

var errNoObject = errors.New("elevation: no JSON object")

func (p *Points) read(o object) error {
	switch o.kind {
	case "FeatureCollection":
		p.form = collection
		s := scanner{o.features, 0}
		if !s.take('[') {
			return refuse(pointsForms, "the body is not GeoJSON: a collection without features")
		}
		return s.elements(p.readElement)
	case "Feature":
		p.form = single
		return p.readFeature(o)
	}
	p.form = geometry
	return p.readGeometry(o, feature{})
}

// readElement reads an element of a FeatureCollection.
func (p *Points) readElement(text []byte) error {
	o, err := readObject(text)
	if err != nil {
		return refuse(pointsForms, "a feature without geometry, or none")
	}
	return p.readFeature(o)
}

func (p *Points) readFeature(o object) error {
	inner, err := readObject(o.geometry)
	if o.kind != "Feature" || err != nil {
		return refuse(pointsForms, "a feature without geometry, or none")
	}
	if len(p.features) == MostPlaces {
		return refuse("several requests", "more than %d features", MostPlaces)
	}
	return p.readGeometry(inner, feature{id: o.id, properties: o.properties})
}

func (p *Points) readGeometry(o object, f feature) (err error) {
	before := len(p.Places)
	switch f.kind = o.kind; f.kind {
	case "Point":
		s := scanner{o.coordinates, 0}
		if p.Places, err = s.position(p.Places); len(p.Places) > MostPlaces {
			err = errMany()
		}
	case "MultiPoint", "LineString":
		p.Places, err = positions(p.Places, o.coordinates)
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
