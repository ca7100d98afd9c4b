package elevation

import (
	"context"
	"errors"
	"math"
	"strings"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/internal/geodesic"
)

// usualSamples is how many points a profile has about, unless its spacing is given or posts lie wider apart.
const usualSamples = 500

const lineForms = "line=lon,lat;lon,lat;..., or a GeoJSON LineString, or [[lon,lat], ...]"

// ParseLine reads a line: GeoJSON, a LineString or a Feature or FeatureCollection with one, or an array of positions. The error
// is a [*Refusal].
func ParseLine(body []byte) (orb.LineString, error) {
	p, err := ParsePoints(body)
	if err != nil {
		var r *Refusal
		if errors.As(err, &r) && r.Try == pointsForms {
			return nil, refuse(lineForms, "%s", strings.Replace(r.Reason, noPoints, "a geometry that is no line", 1))
		}
		return nil, err
	}
	return p.line()
}

// ParseLineText reads a line "lon,lat;lon,lat;...". The error is a [*Refusal].
func ParseLineText(s string) (orb.LineString, error) {
	var line orb.LineString
	for part := range strings.SplitSeq(s, ";") {
		x, y, _ := strings.Cut(part, ",")
		lon, okX := ParseNumber(strings.TrimSpace(x))
		lat, okY := ParseNumber(strings.TrimSpace(y))
		if !okX || !okY {
			return nil, refuse(lineForms, "a line is positions of two numbers each")
		}
		line = append(line, orb.Point{lon, lat})
	}
	return checkLine(line)
}

func checkLine(line []orb.Point) (orb.LineString, error) {
	if len(line) < 2 {
		return nil, refuse(lineForms, "a line has two positions at least")
	}
	for _, p := range line {
		if err := checkPlace(p); err != nil {
			return nil, err
		}
	}
	return line, nil
}

// Profile is the ground along a line.
type Profile struct {
	Length     float64 // metres along the ellipsoid
	Spacing    float64 // metres from one sample to the next, at most
	Gain, Loss float64 // sums of what the ground rises and falls from sample to sample
	Min, Max   float64
	Known      int   // samples that have a height; the last five make sense only if there are any
	Level      uint8 // the deepest that a sample comes from
	Samples    []Sample
}

// Sample is a point of a profile.
type Sample struct {
	Reading
	Distance float64 // metres from the beginning
}

// Profile returns the ground along a line: at its vertices, and between two of them at equal distances of at most spacing
// metres; with a spacing of 0, as fine as the posts of the level asked for, but not much more than 500 points. Errors: a
// [*Refusal] for a line too long for its spacing or one without a shortest way, and the surface's.
func (g *Ground) Profile(ctx context.Context, line orb.LineString, spacing float64) (*Profile, error) {
	p := &Profile{Spacing: spacing}
	legs := make([]geodesic.Line, len(line)-1)
	for k := range legs {
		leg, err := geodesic.Between(line[k], line[k+1])
		if err != nil {
			return nil, refuse("another position between the two",
				"two positions that follow each other lie on opposite sides of the globe: no line between them is the shortest")
		}
		legs[k] = leg
		p.Length += leg.Length()
	}
	if spacing == 0 {
		p.Spacing = max(resolution(g.deepest), p.Length/usualSamples)
	}
	if !(p.Spacing > 0) || math.IsInf(p.Spacing, 0) {
		return nil, refuse("leave spacing out for the dataset's own", "spacing is metres, above 0")
	}
	if n := p.Length/p.Spacing + float64(len(legs)) + 1; n > MostPlaces {
		return nil, g.tooLong(p, len(legs))
	}
	return p, p.walk(ctx, g, line, legs)
}

// tooLong tells how a line can be had.
func (g *Ground) tooLong(p *Profile, legs int) error {
	if legs >= MostPlaces/2 {
		return refuse("fewer positions", "the line is too long: %d positions, and a profile has at most %d points", legs+1, MostPlaces)
	}
	least := math.Ceil(p.Length / float64(MostPlaces-legs-1))
	return refuse("spacing="+string(appendMetres(nil, least))+" or more",
		"the line is too long for its spacing: %.0f m, and a profile has at most %d points", p.Length, MostPlaces)
}

// walk takes the samples.
func (p *Profile) walk(ctx context.Context, g *Ground, line orb.LineString, legs []geodesic.Line) error {
	if err := p.take(ctx, g, line[0], 0); err != nil {
		return err
	}
	done := 0.0
	for k, leg := range legs {
		n := max(1, math.Ceil(leg.Length()/p.Spacing-1e-9))
		for i := 1.0; i < n; i++ {
			at := leg.Length() * i / n
			if err := p.take(ctx, g, leg.At(at), done+at); err != nil {
				return err
			}
		}
		done += leg.Length()
		if err := p.take(ctx, g, line[k+1], done); err != nil {
			return err
		}
	}
	p.sum()
	return nil
}

func (p *Profile) take(ctx context.Context, g *Ground, at orb.Point, distance float64) error {
	if len(p.Samples)%256 == 0 && ctx.Err() != nil {
		return ctx.Err()
	}
	r, err := g.At(ctx, at)
	p.Samples = append(p.Samples, Sample{r, distance})
	return err
}

// sum works out what is said of the whole. From a sample before a gap to the one after it the ground neither rises nor falls.
func (p *Profile) sum() {
	p.Min, p.Max = math.Inf(1), math.Inf(-1)
	for k, s := range p.Samples {
		if !s.Known {
			continue
		}
		p.Known++
		p.Min, p.Max, p.Level = min(p.Min, s.Height), max(p.Max, s.Height), max(p.Level, s.Level)
		if k > 0 && p.Samples[k-1].Known {
			step := s.Height - p.Samples[k-1].Height
			p.Gain, p.Loss = p.Gain+max(0, step), p.Loss+max(0, -step)
		}
	}
}

// AppendProfile appends a profile as an object: length, spacing, gain, loss, min, max, level, resolution (null without any
// height), missing (how many points have none), what [Ground.AppendJSON] says of all heights, and points: distance, lon, lat,
// height.
func (g *Ground) AppendProfile(dst []byte, p *Profile) []byte {
	dst = appendMetres(append(dst, `{"length":`...), p.Length)
	dst = appendMetres(append(dst, `,"spacing":`...), p.Spacing)
	for _, m := range []struct {
		name  string
		value float64
	}{{"gain", p.Gain}, {"loss", p.Loss}, {"min", p.Min}, {"max", p.Max}, {"level", float64(p.Level)}, {"resolution", resolution(p.Level)}} {
		dst = append(appendText(append(dst, ','), m.name), ':')
		if p.Known == 0 {
			dst = append(dst, "null"...)
		} else {
			dst = appendMetres(dst, m.value)
		}
	}
	dst = appendMetres(append(dst, `,"missing":`...), float64(len(p.Samples)-p.Known))
	dst = append(g.appendFacts(append(dst, ',')), `,"points":[`...)
	for k, s := range p.Samples {
		dst = appendMetres(append(appendComma(dst, k), `{"distance":`...), s.Distance)
		dst = appendDegrees(append(dst, `,"lon":`...), s.Place.Lon())
		dst = appendDegrees(append(dst, `,"lat":`...), s.Place.Lat())
		dst = append(appendHeight(append(dst, `,"height":`...), s.Reading), '}')
	}
	return append(dst, "]}"...)
}

// appendDegrees appends degrees to the millimetre on the ground or better.
func appendDegrees(dst []byte, v float64) []byte { return appendNumber(dst, math.Round(v*1e9)/1e9+0) }
