package wms

import (
	"fmt"
	"image/color"
	"math"
	"regexp"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"github.com/terrane/terrane/imagery"
)

// GetMap asks for a picture.
type GetMap struct {
	View        imagery.View
	CRS         imagery.CRS
	Layers      []Drawn     // lowest first; groups are taken apart; layers that are not shown at this scale are left out, so there may be none
	Format      Format      // zero in a GetFeatureInfo that named none
	Transparent bool        // nothing below the layers; false where the format keeps no alpha
	Background  color.NRGBA // opaque; below the layers if not Transparent
	Scale       float64     // denominator, with pixels of 0.28 mm
	Warnings    []string    // values for Warning headers of HTTP (06-042, C.4.2), "99 ..."
	Report      Report      // how to tell of exceptions
}

// Drawn is a layer to draw.
type Drawn struct {
	*Layer
	Style Style     // the zero Style but for a name if the layer lists none
	Time  time.Time // one of Layer.Times; zero if it has none
}

// Fail makes an exception of something that went wrong with the request after it was parsed.
func (m *GetMap) Fail(code, locator, text string) *Exception {
	return &Exception{Code: code, Locator: locator, Text: text, Report: m.Report}
}

// pixelSize is the standard's pixel in metres (06-042, 7.2.4.6.9).
const pixelSize = 0.00028

const mostSide = 65535

func (p *parser) getMap() (Request, error) {
	m := &GetMap{}
	if err := p.window(m, true); err != nil {
		return nil, err
	}
	if err := p.noStyles(); err != nil {
		return nil, err
	}
	drawn, err := p.layers(m.Scale)
	if err != nil {
		return nil, err
	}
	m.Layers = drawn
	if m.Warnings, err = p.times(m.Layers); err != nil {
		return nil, err
	}
	m.Report = p.report
	return m, nil
}

// noStyles refuses styles and data by reference: nothing that a client names is fetched, and drawing without them would be
// wrong in silence.
func (p *parser) noStyles() error {
	for _, key := range []string{"sld", "sld_body", "remote_ows_url"} {
		if _, ok := p.get(key); ok {
			return p.fail(InvalidParameter, key, "styles sent by the client are not offered")
		}
	}
	return nil
}

// window reads what does not concern layers. What tells how to report comes first, the format and size of a picture among it.
func (p *parser) window(m *GetMap, needFormat bool) error {
	steps := []func(*GetMap) error{
		func(m *GetMap) error { return p.paper(m, needFormat) },
		p.size, p.exceptions, p.crs, p.bbox,
	}
	for _, step := range steps {
		if err := step(m); err != nil {
			return err
		}
	}
	return nil
}

// paper reads FORMAT, BGCOLOR and TRANSPARENT.
func (p *parser) paper(m *GetMap, needFormat bool) error {
	m.Background = white
	if asked, ok := p.get("format"); ok && needFormat {
		if m.Format, ok = p.service.format(asked); !ok {
			return p.fail(InvalidFormat, "format", "FORMAT is not one of those in the capabilities")
		}
	} else if needFormat {
		return p.fail(MissingParameter, "format", "the parameter FORMAT is missing")
	}
	p.report.Format = m.Format
	if asked, ok := p.get("bgcolor"); ok {
		if m.Background, ok = colour(asked); !ok {
			return p.fail(InvalidParameter, "bgcolor", "BGCOLOR is not of the form 0xRRGGBB")
		}
	}
	p.report.Background = m.Background
	if asked, ok := p.get("transparent"); ok {
		transparent, ok := boolean(asked)
		if !ok {
			return p.fail(InvalidParameter, "transparent", "TRANSPARENT is TRUE or FALSE")
		}
		m.Transparent = transparent && m.Format.Alpha
	}
	p.report.Transparent = m.Transparent
	return nil
}

// size reads WIDTH and HEIGHT.
func (p *parser) size(m *GetMap) error {
	limits := p.service.Limits
	var err error
	if m.View.Width, err = p.side("width", limits.MaxWidth); err != nil {
		return err
	}
	if m.View.Height, err = p.side("height", limits.MaxHeight); err != nil {
		return err
	}
	if limits.MaxPixels > 0 && m.View.Width*m.View.Height > limits.MaxPixels {
		return p.fail(InvalidParameter, "width", fmt.Sprintf("WIDTH times HEIGHT is more than the %d pixels allowed", limits.MaxPixels))
	}
	p.report.Width, p.report.Height = m.View.Width, m.View.Height
	return nil
}

func (p *parser) side(key string, most int) (int, error) {
	asked, err := p.need(key)
	if err != nil {
		return 0, err
	}
	if most == 0 {
		most = mostSide
	}
	n, ok := whole(asked)
	if !ok || n < 1 || n > most {
		return 0, p.fail(InvalidParameter, key, fmt.Sprintf("%s is not a whole number from 1 to %d", strings.ToUpper(key), most))
	}
	return n, nil
}

// exceptions reads EXCEPTIONS.
func (p *parser) exceptions(*GetMap) error {
	asked, ok := p.get("exceptions")
	if !ok {
		return nil
	}
	if p.report.Mode, ok = modes[strings.ToUpper(asked)]; !ok {
		p.report.Mode = AsXML
		return p.fail(InvalidParameter, "exceptions", "EXCEPTIONS is not one of the formats in the capabilities")
	}
	return nil
}

var crsForm = regexp.MustCompile(`^(EPSG:[1-9][0-9]{0,6}|CRS:84)$`)

// crs reads CRS, or SRS in 1.1.1; the other name is taken if the right one is absent.
func (p *parser) crs(m *GetMap) error {
	key, other, code := "crs", "srs", InvalidCRS
	if p.report.Version == V111 {
		key, other, code = other, key, InvalidSRS
	}
	asked, ok := p.get(key)
	if !ok {
		if asked, ok = p.get(other); !ok {
			return p.fail(MissingParameter, key, "the parameter "+strings.ToUpper(key)+" is missing")
		}
	}
	asked = strings.ToUpper(asked)
	switch asked {
	case "EPSG:900913", "EPSG:102100", "EPSG:3785": // names that Web Mercator had before it had a number
		asked = "EPSG:3857"
	}
	crs, err := imagery.CRS{}, imagery.ErrCRS
	if crsForm.MatchString(asked) {
		crs, err = p.registry.CRS(asked)
	}
	if err != nil || crs.Projection == nil {
		return p.fail(code, key, strings.ToUpper(key)+" is not a reference system that is known here")
	}
	m.CRS, m.View.Projection = crs, crs.Projection
	return nil
}

// bbox reads BBOX, whose first axis runs north in 1.3.0 where the CRS says so, and counts the scale.
func (p *parser) bbox(m *GetMap) error {
	asked, err := p.need("bbox")
	if err != nil {
		return err
	}
	parts := strings.Split(asked, ",")
	if len(parts) != 4 {
		return p.fail(InvalidParameter, "bbox", "BBOX is not four numbers with commas between")
	}
	var v [4]float64
	for i, part := range parts {
		var ok bool
		if v[i], ok = number(part); !ok {
			return p.fail(InvalidParameter, "bbox", "BBOX is not four decimal numbers of a reasonable size")
		}
	}
	if v[0] >= v[2] || v[1] >= v[3] {
		return p.fail(InvalidParameter, "bbox", "BBOX is empty: its minima are not less than its maxima")
	}
	if p.report.Version == V130 && m.CRS.NorthFirst {
		v[0], v[1], v[2], v[3] = v[1], v[0], v[3], v[2]
	}
	m.View.Bound = orb.Bound{Min: orb.Point{v[0], v[1]}, Max: orb.Point{v[2], v[3]}}
	m.Scale = (v[2] - v[0]) / float64(m.View.Width) * m.CRS.MetresPerUnit / pixelSize
	if !p.resolvable(m) {
		return p.fail(InvalidParameter, "bbox", "BBOX is too small for its distance from the origin")
	}
	return nil
}

// resolvable tells whether neighbouring pixels have different coordinates.
func (p *parser) resolvable(m *GetMap) bool {
	b := m.View.Bound
	for axis, pixels := range []int{m.View.Width, m.View.Height} {
		step := (b.Max[axis] - b.Min[axis]) / float64(pixels)
		if most := math.Max(math.Abs(b.Min[axis]), math.Abs(b.Max[axis])); most+step == most {
			return false
		}
	}
	return true
}

// layers reads LAYERS and STYLES. STYLES that is absent or empty is the default for all; otherwise it has as many as LAYERS, an
// empty one being the layer's default.
func (p *parser) layers(scale float64) ([]Drawn, error) {
	asked, err := p.need("layers")
	if err != nil {
		return nil, err
	}
	names := strings.Split(asked, ",")
	styles := make([]string, len(names))
	if asked, ok := p.get("styles"); ok {
		styles = strings.Split(asked, ",")
	}
	if len(styles) != len(names) {
		return nil, p.fail(StyleNotDefined, "styles", "STYLES has not as many names as LAYERS")
	}
	most := p.service.Limits.layers()
	if len(names) > most {
		return nil, p.tooMany("layers", most)
	}
	var drawn []Drawn
	for i, name := range names {
		leaves, err := p.named("layers", name)
		if err != nil {
			return nil, err
		}
		if drawn = appendStyled(drawn, leaves, styles[i]); drawn == nil {
			return nil, p.fail(StyleNotDefined, "styles", "STYLES names a style that the layer does not have")
		}
		if len(drawn) > most {
			return nil, p.tooMany("layers", most)
		}
	}
	return visible(drawn, scale), nil
}

// named gives the layers that a name stands for.
func (p *parser) named(key, name string) ([]*Layer, error) {
	layer, ok := p.service.Layer(name)
	if !ok {
		return nil, p.fail(LayerNotDefined, key, strings.ToUpper(key)+" names a layer that is not in the capabilities")
	}
	return layer.leaves(), nil
}

func (p *parser) tooMany(key string, most int) error {
	return p.fail(InvalidParameter, key, fmt.Sprintf("%s stands for more than the %d layers allowed", strings.ToUpper(key), most))
}

// appendStyled appends layers with a style. It is nil if one of them has none of that name.
func appendStyled(drawn []Drawn, leaves []*Layer, name string) []Drawn {
	for _, leaf := range leaves {
		style, ok := leaf.style(name)
		if !ok {
			return nil
		}
		drawn = append(drawn, Drawn{Layer: leaf, Style: style})
	}
	return drawn
}

func visible(all []Drawn, scale float64) []Drawn {
	shown := make([]Drawn, 0, len(all))
	for _, d := range all {
		if d.shown(scale) {
			shown = append(shown, d)
		}
	}
	return shown
}
