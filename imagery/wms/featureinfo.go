package wms

import (
	"math"
	"strings"

	"github.com/paulmach/orb"
)

// GetFeatureInfo asks what is at one pixel of a map.
type GetFeatureInfo struct {
	Map    GetMap    // the map that the client shows; its Format is not looked at
	Query  []Drawn   // layers asked, in the order of QUERY_LAYERS, those that are not shown at the map's scale left out
	I, J   int       // the pixel, from the left and from the top
	Point  orb.Point // the pixel's centre in the map's CRS, x east, y north
	LonLat orb.Point // the same in degrees; NaN where the CRS has no such place: then nothing is there
	Format string    // one of InfoFormats, for [WriteInfo]
	Count  int       // most answers for each layer, at least 1
}

func (p *parser) getFeatureInfo() (Request, error) {
	q := &GetFeatureInfo{Count: 1}
	if err := p.window(&q.Map, false); err != nil {
		return nil, err
	}
	drawn, err := p.layers(q.Map.Scale)
	if err != nil {
		return nil, err
	}
	q.Map.Layers = drawn
	for _, read := range []func(*GetFeatureInfo) error{p.query, p.point, p.infoFormat, p.count} {
		if err := read(q); err != nil {
			return nil, err
		}
	}
	if _, err := p.times(q.Map.Layers); err != nil {
		return nil, err
	}
	if q.Map.Warnings, err = p.times(q.Query); err != nil {
		return nil, err
	}
	q.Map.Report = p.report
	return q, nil
}

// query reads QUERY_LAYERS. A layer that the map draws in a style is asked in that style.
func (p *parser) query(q *GetFeatureInfo) error {
	asked, err := p.need("query_layers")
	if err != nil {
		return err
	}
	names, most := strings.Split(asked, ","), p.service.Limits.layers()
	if len(names) > most {
		return p.tooMany("query_layers", most)
	}
	var all []Drawn
	for _, name := range names {
		layer, ok := p.service.Layer(name)
		switch {
		case !ok:
			return p.fail(LayerNotDefined, "query_layers", "QUERY_LAYERS names a layer that is not in the capabilities")
		case !layer.queryable():
			return p.fail(LayerNotQueryable, "query_layers", "QUERY_LAYERS names a layer that cannot be queried")
		}
		for _, leaf := range layer.leaves() {
			if leaf.Queryable {
				all = append(all, inStyle(leaf, q.Map.Layers))
			}
		}
		if len(all) > most {
			return p.tooMany("query_layers", most)
		}
	}
	q.Query = visible(all, q.Map.Scale)
	return nil
}

func inStyle(leaf *Layer, drawn []Drawn) Drawn {
	for _, d := range drawn {
		if d.Layer == leaf {
			return d
		}
	}
	style, _ := leaf.style("")
	return Drawn{Layer: leaf, Style: style}
}

// point reads I and J, X and Y in 1.1.1; the other names are taken if the right ones are absent.
func (p *parser) point(q *GetFeatureInfo) error {
	names := [2][2]string{{"i", "x"}, {"j", "y"}}
	sides := [2]int{q.Map.View.Width, q.Map.View.Height}
	var at [2]int
	for axis, name := range names {
		key, other := name[0], name[1]
		if p.report.Version == V111 {
			key, other = other, key
		}
		asked, ok := p.get(key)
		if !ok {
			if asked, ok = p.get(other); !ok {
				return p.fail(MissingParameter, key, "the parameter "+strings.ToUpper(key)+" is missing")
			}
		}
		if at[axis], ok = whole(asked); !ok || at[axis] >= sides[axis] {
			return p.fail(InvalidPoint, key, strings.ToUpper(key)+" is not a column or row of the map, counted from 0")
		}
	}
	q.I, q.J = at[0], at[1]
	q.locate()
	return nil
}

// locate finds where the pixel's centre lies.
func (q *GetFeatureInfo) locate() {
	v := q.Map.View
	q.Point = orb.Point{
		v.Bound.Min[0] + (float64(q.I)+0.5)*(v.Bound.Max[0]-v.Bound.Min[0])/float64(v.Width),
		v.Bound.Max[1] - (float64(q.J)+0.5)*(v.Bound.Max[1]-v.Bound.Min[1])/float64(v.Height),
	}
	lon, lat := []float64{q.Point[0]}, []float64{q.Point[1]}
	v.Projection.Inverse(lon, lat)
	q.LonLat = orb.Point{lon[0], lat[0]}
	if math.IsNaN(lon[0]) || math.IsNaN(lat[0]) || math.Abs(lat[0]) > 90 {
		q.LonLat = orb.Point{math.NaN(), math.NaN()}
	}
}

// infoFormat reads INFO_FORMAT; 1.1.1 lets clients leave it out, and gets the first one offered.
func (p *parser) infoFormat(q *GetFeatureInfo) error {
	asked, ok := p.get("info_format")
	if !ok && p.report.Version == V111 {
		q.Format = p.service.InfoFormats[0]
		return nil
	}
	if !ok {
		return p.fail(MissingParameter, "info_format", "the parameter INFO_FORMAT is missing")
	}
	for _, f := range p.service.InfoFormats {
		if canonical(f) == canonical(asked) {
			q.Format = f
			return nil
		}
	}
	return p.fail(InvalidFormat, "info_format", "INFO_FORMAT is not one of those in the capabilities")
}

// count reads FEATURE_COUNT.
func (p *parser) count(q *GetFeatureInfo) error {
	asked, ok := p.get("feature_count")
	if !ok {
		return nil
	}
	if q.Count, ok = whole(asked); !ok || q.Count < 1 {
		return p.fail(InvalidParameter, "feature_count", "FEATURE_COUNT is not a whole number from 1")
	}
	return nil
}
