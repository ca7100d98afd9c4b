package places

import (
	"encoding/json"
	"fmt"

	"github.com/paulmach/orb"
)

// shape is a geometry of GeoJSON as it is written.
type shape struct {
	Type        string          `json:"type"`
	Coordinates json.RawMessage `json:"coordinates"`
	Geometries  []shape         `json:"geometries"`
}

// mostNesting is how deep collections may stand in each other.
const mostNesting = 8

// parts are the points, lines and polygons of a geometry. Heights, and what else stands behind longitude and latitude, are left out.
func (s shape) parts(depth int) (parts []orb.Geometry, err error) {
	switch s.Type {
	case "Point":
		var p position
		err = json.Unmarshal(s.Coordinates, &p)
		parts = append(parts, orb.Point(p))
	case "MultiPoint":
		var all []position
		err = json.Unmarshal(s.Coordinates, &all)
		for _, p := range all {
			parts = append(parts, orb.Point(p))
		}
	case "LineString":
		var line []position
		err = json.Unmarshal(s.Coordinates, &line)
		parts = append(parts, lineOf(line))
	case "MultiLineString":
		var all [][]position
		err = json.Unmarshal(s.Coordinates, &all)
		for _, line := range all {
			parts = append(parts, lineOf(line))
		}
	case "Polygon":
		var rings [][]position
		err = json.Unmarshal(s.Coordinates, &rings)
		parts = append(parts, polygonOf(rings))
	case "MultiPolygon":
		var all [][][]position
		err = json.Unmarshal(s.Coordinates, &all)
		for _, rings := range all {
			parts = append(parts, polygonOf(rings))
		}
	case "GeometryCollection":
		for _, g := range s.Geometries {
			more, err := g.parts(depth + 1)
			if err != nil || depth > mostNesting {
				return nil, fmt.Errorf("%w: a collection in a collection", ErrSource)
			}
			parts = append(parts, more...)
		}
	default:
		err = fmt.Errorf("%w: geometry %q", ErrSource, s.Type)
	}
	return parts, err
}

// position is longitude and latitude.
type position orb.Point

// UnmarshalJSON reads two numbers or more.
func (p *position) UnmarshalJSON(text []byte) error {
	var v []float64
	if err := json.Unmarshal(text, &v); err != nil {
		return err
	}
	if len(v) < 2 {
		return fmt.Errorf("%w: a position of %d numbers", ErrSource, len(v))
	}
	*p = position{v[0], v[1]}
	return nil
}

func lineOf(line []position) orb.LineString {
	all := make(orb.LineString, len(line))
	for k, p := range line {
		all[k] = orb.Point(p)
	}
	return all
}

func polygonOf(rings [][]position) orb.Polygon {
	var all orb.Polygon
	for _, ring := range rings {
		all = append(all, orb.Ring(lineOf(ring)))
	}
	return all
}
