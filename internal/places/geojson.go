package places

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"github.com/terrane/terrane/tilegrid"
)

// mostFeature is the largest feature, bytes: a country's borders take some megabytes.
const mostFeature = 64 << 20

// lineCounter knows on which line an offset is, of offsets that only grow.
type lineCounter struct {
	r     io.Reader
	n     int64   // bytes read
	line  int64   // of the last offset asked for
	feeds []int64 // where lines end, beyond that offset
}

func (l *lineCounter) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	for k, c := range p[:n] {
		if c == '\n' {
			l.feeds = append(l.feeds, l.n+int64(k))
		}
	}
	l.n += int64(n)
	return n, err
}

func (l *lineCounter) at(offset int64) int64 {
	k := 0
	for k < len(l.feeds) && l.feeds[k] < offset {
		k++
	}
	l.line += int64(k)
	l.feeds = l.feeds[:copy(l.feeds, l.feeds[k:])]
	return l.line + 1
}

// geoJSON reads a FeatureCollection (RFC 7946) feature by feature, or features one after another.
func (r *Reader) geoJSON(in *input) error {
	in.guard.most = mostFeature
	lines := &lineCounter{r: in.text}
	d := json.NewDecoder(lines)
	found := false
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return jsonFault(in, lines, d, err)
		}
		if token != json.Delim('{') {
			return unusable(in.path, "no GeoJSON: no object", "")
		}
		if found, err = r.object(in, lines, d, found); err != nil {
			return err
		}
	}
	if !found {
		return unusable(in.path, "GeoJSON without features", "")
	}
	return nil
}

// object reads the members of a FeatureCollection; of any other object it makes a feature.
func (r *Reader) object(in *input, lines *lineCounter, d *json.Decoder, found bool) (bool, error) {
	single := map[string]json.RawMessage{}
	collection := false
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return found, jsonFault(in, lines, d, err)
		}
		if key == "features" {
			collection = true
			if err := r.features(in, lines, d); err != nil {
				return found, err
			}
			continue
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return found, jsonFault(in, lines, d, err)
		}
		if name, ok := key.(string); ok && len(value) <= mostFeature {
			single[name] = value
		}
		in.guard.reset()
	}
	if _, err := d.Token(); err != nil {
		return found, jsonFault(in, lines, d, err)
	}
	if err := checkCRS(in, single["crs"]); err != nil {
		return found, err
	}
	if !collection && string(single["type"]) == `"Feature"` {
		whole, err := json.Marshal(single)
		if err != nil {
			return found, err
		}
		return true, r.feature(in, lines.at(d.InputOffset()), whole)
	}
	return found || collection, nil
}

// features reads the array of features.
func (r *Reader) features(in *input, lines *lineCounter, d *json.Decoder) error {
	if token, err := d.Token(); err != nil || token != json.Delim('[') {
		return jsonFault(in, lines, d, errors.Join(err, errors.New("features is no array")))
	}
	for d.More() {
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return jsonFault(in, lines, d, err)
		}
		if err := errors.Join(in.ctx.Err(), r.feature(in, lines.at(d.InputOffset()), raw)); err != nil {
			return err
		}
		in.guard.reset()
	}
	_, err := d.Token()
	return jsonFault(in, lines, d, err)
}

// jsonFault says where JSON is broken; nil stays nil.
func jsonFault(in *input, lines *lineCounter, d *json.Decoder, err error) error {
	var syntax *json.SyntaxError
	switch {
	case err == nil, errors.Is(err, ErrSource):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF), err == io.EOF:
		return unusable(in.path, "the JSON ends in the middle", "fetch it again")
	case errors.As(err, &syntax):
		return unusable(in.path, fmt.Sprintf("line %d: %v", lines.at(max(syntax.Offset, d.InputOffset())), err), "")
	}
	return unusable(in.path, err.Error(), "")
}

// checkCRS refuses coordinates that are no degrees. GeoJSON before RFC 7946 could name another system.
func checkCRS(in *input, crs json.RawMessage) error {
	text := string(crs)
	if crs == nil || text == "null" || strings.Contains(text, "CRS84") || strings.Contains(text, "4326") {
		return nil
	}
	return unusable(in.path, "its reference system is not WGS 84", "ogr2ogr -f GeoJSON -t_srs EPSG:4326 places.geojson "+in.path)
}

// feature makes a place of a feature.
func (r *Reader) feature(in *input, line int64, raw []byte) error {
	var f struct {
		Properties map[string]any `json:"properties"`
		Geometry   *shape         `json:"geometry"`
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	if err := d.Decode(&f); err != nil {
		r.refuse(in, line, "a feature that cannot be read")
		return nil
	}
	if f.Geometry == nil {
		r.refuse(in, line, "no geometry")
		return nil
	}
	parts, err := f.Geometry.parts(0)
	if err != nil || len(parts) == 0 {
		r.refuse(in, line, "a geometry that cannot be read")
		return nil
	}
	a := attributes{}
	for key, v := range f.Properties {
		switch v := v.(type) {
		case string:
			a[strings.ToLower(key)] = v
		case float64:
			a[strings.ToLower(key)] = strconv.FormatFloat(v, 'f', -1, 64)
		}
	}
	p := a.place(r.NameField)
	var ok bool
	if p.Point, p.Bound, ok = extentOf(parts); !ok {
		r.refuse(in, line, "coordinates that are not on the globe: degrees are due")
		return nil
	}
	if _, point := parts[0].(orb.Point); !point && p.Layer == "" {
		p.Layer = Area
	}
	return r.put(in, line, p)
}

// extentOf is the middle of a geometry's largest part, and the box around all, the short way round the globe.
func extentOf(parts []orb.Geometry) (orb.Point, orb.Bound, bool) {
	globe := orb.Bound{Min: orb.Point{-180, -90}, Max: orb.Point{180, 90}}
	var bounds []orb.Bound
	middle, largest := orb.Point{}, -1.0
	for _, part := range parts {
		b := part.Bound()
		if b.IsEmpty() || !globe.Contains(b.Min) || !globe.Contains(b.Max) {
			return middle, orb.Bound{}, false
		}
		bounds = append(bounds, b)
		at, area := planar.CentroidArea(part)
		if !b.Contains(at) {
			at = b.Center()
		}
		if area > largest {
			middle, largest = at, area
		}
	}
	return middle, tilegrid.UniteBounds(bounds), true
}
