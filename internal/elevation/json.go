package elevation

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
)

// AppendJSON appends a reading as an object: lon, lat, height (null for none), level, vertical, resolution (metres between
// posts), interpolation (metres by which the source may differ there), source, and the dataset's attribution if it has one; of
// heights above mean sea level also geoid and undulation, and datasetGeoid if the dataset's heights counted from another.
func (g *Ground) AppendJSON(dst []byte, r Reading) []byte {
	dst = appendNumber(append(dst, `{"lon":`...), r.Place.Lon())
	dst = appendNumber(append(dst, `,"lat":`...), r.Place.Lat())
	dst = appendHeight(append(dst, `,"height":`...), r)
	dst = appendLevel(append(dst, `,"level":`...), r)
	if r.Known {
		dst = appendMetres(append(dst, `,"resolution":`...), resolution(r.Level))
		dst = appendMetres(append(dst, `,"interpolation":`...), r.Doubt)
	} else {
		dst = append(dst, `,"resolution":null,"interpolation":null`...)
	}
	if r.Known && g.sea.Geoid != nil {
		dst = appendMetres(append(dst, `,"undulation":`...), r.Undulation)
	}
	return append(g.appendFacts(append(dst, ',')), '}')
}

// appendFacts appends what is said of all heights alike, as members of an object.
func (g *Ground) appendFacts(dst []byte) []byte {
	dst = appendText(append(dst, `"vertical":`...), g.vertical)
	dst = appendText(append(dst, `,"source":`...), g.source())
	if g.info.Attribution != "" {
		dst = appendText(append(dst, `,"attribution":`...), g.info.Attribution)
	}
	if g.sea.Geoid != nil {
		dst = appendText(append(dst, `,"geoid":`...), g.sea.Name)
		if other := g.OtherGeoid(); other != "" {
			dst = appendText(append(dst, `,"datasetGeoid":`...), other)
		}
	}
	return dst
}

func appendHeight(dst []byte, r Reading) []byte {
	if !r.Known {
		return append(dst, "null"...)
	}
	return appendMetres(dst, r.Height)
}

func appendLevel(dst []byte, r Reading) []byte {
	if !r.Known {
		return append(dst, "null"...)
	}
	return strconv.AppendUint(dst, uint64(r.Level), 10)
}

// appendMetres appends metres to the millimetre, without zeros at the end.
func appendMetres(dst []byte, v float64) []byte {
	return strconv.AppendFloat(dst, math.Round(v*1000)/1000+0, 'f', -1, 64) // + 0: no -0
}

// appendNumber appends a number as it is.
func appendNumber(dst []byte, v float64) []byte {
	form := byte('f')
	if v != 0 && math.Abs(v) < 1e-6 {
		form = 'e'
	}
	return strconv.AppendFloat(dst, v, form, -1, 64)
}

func appendText(dst []byte, s string) []byte {
	text, _ := json.Marshal(s) // a string always marshals
	return append(dst, text...)
}

// Text is a reading in words, one line.
func (g *Ground) Text(r Reading) string {
	if !r.Known {
		return "no data there (" + g.source() + ")"
	}
	above := "above the ellipsoid"
	switch {
	case g.sea.Geoid != nil:
		above = fmt.Sprintf("above mean sea level (%s, %.2f m above the ellipsoid there)", g.sea.Name, r.Undulation)
	case g.vertical != Ellipsoid:
		above = "vertical datum: " + g.vertical
	}
	return fmt.Sprintf("%.3f m  %s; %s level %d, posts %.3g m apart", r.Height, above, g.source(), r.Level, resolution(r.Level))
}

// Summary says in words what a profile's sums are, one line.
func (g *Ground) Summary(p *Profile) string {
	text := fmt.Sprintf("%.1f m long, %d points", p.Length, len(p.Samples))
	if p.Known == 0 {
		return text + ", no data (" + g.source() + ")"
	}
	if missing := len(p.Samples) - p.Known; missing > 0 {
		text += fmt.Sprintf(", %d of them without data", missing)
	}
	return text + fmt.Sprintf("; %.1f .. %.1f m, up %.1f m, down %.1f m; %s, %s", p.Min, p.Max, p.Gain, p.Loss, g.vertical, g.source())
}
