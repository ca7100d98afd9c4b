package raster

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/lukeroth/gdal"
	"github.com/paulmach/orb"
)

// crs is a spatial reference, taken apart.
type crs struct {
	whole      string // WKT 2
	horizontal string // definition of the horizontal part: what positions are transformed with
	name       string
	vertical   Vertical
	geographic bool
	unitMetres float64 // of the vertical axis, 0 if unknown
	down       bool    // the vertical axis counts depths
	turn       float64 // what x grows by once round the globe, 0 where it does not go round
}

const crsAdvice = "--src-crs EPSG:n if you know it, for example --src-crs EPSG:4326 for degrees"

// epsg parses "EPSG:4326" and "EPSG:25832+7837". What users write reaches GDAL as numbers only.
func epsg(text string) (horizontal, vertical int, err error) {
	m := regexp.MustCompile(`^(?i:EPSG):(\d{1,7})(?:\+(\d{1,7}))?$`).FindStringSubmatch(text)
	if m == nil {
		return 0, 0, fmt.Errorf("%q is not of the form EPSG:n", text)
	}
	horizontal, _ = strconv.Atoi(m[1])
	vertical, _ = strconv.Atoi(m[2])
	return horizontal, vertical, nil
}

// parseCRS returns the reference that the user gave; "4326" is "EPSG:4326".
func parseCRS(text string) (crs, error) {
	const advice = "--src-crs EPSG:n with a code of the EPSG registry"
	h, v, err := epsg(text)
	if text != "" && text[0] >= '0' && text[0] <= '9' {
		h, v, err = epsg("EPSG:" + text)
	}
	if err != nil {
		return crs{}, refuse("--src-crs", ErrCRS, advice, "%v", err)
	}
	sr, up := gdal.CreateSpatialReference(""), gdal.CreateSpatialReference("")
	defer sr.Destroy()
	defer up.Destroy()
	if err := collected(func() error { return sr.FromEPSG(h) }); err != nil {
		return crs{}, refuse("--src-crs", ErrCRS, advice, "EPSG:%d: %v", h, err)
	}
	whole := wkt(sr)
	if v != 0 {
		if err := collected(func() error { return up.FromEPSG(v) }); err != nil || !up.IsVertical() {
			return crs{}, refuse("--src-crs", ErrCRS, advice, "EPSG:%d is not a vertical reference", v)
		}
		whole = fmt.Sprintf("COMPOUNDCRS[\"%s + %s\",%s,%s]", crsName(sr), crsName(up), whole, wkt(up))
	}
	c, err := newCRS(whole)
	if err != nil {
		return crs{}, refuse("--src-crs", ErrCRS, advice, "%v", err)
	}
	return c, nil
}

// newCRS takes a reference apart, or says why it cannot be placed on Earth.
func newCRS(whole string) (crs, error) {
	sr, err := load(whole)
	if err != nil {
		return crs{}, err
	}
	defer sr.Destroy()
	if radius, err := sr.SemiMajorAxis(); err != nil || radius < 6.3e6 || radius > 6.5e6 {
		if name, _ := sr.AttrValue("DATUM", 0); !sr.IsLocal() {
			return crs{}, fmt.Errorf("%s is not on Earth: radius %.0f km (datum %s)", crsName(sr), radius/1000, name)
		}
	}
	if sr.IsLocal() || !sr.IsGeographic() && !sr.IsProjected() {
		return crs{}, fmt.Errorf("%s is neither geographic nor projected", crsName(sr))
	}
	c := crs{whole: whole, geographic: sr.IsGeographic()}
	flat, err := load(horizontalWKT(sr))
	if err != nil {
		return crs{}, err
	}
	defer flat.Destroy()
	c.name, c.horizontal = crsName(flat), definition(flat)
	if err := c.readVertical(sr); err != nil {
		return crs{}, err
	}
	c.turn, err = turnOf(flat)
	return c, err
}

// definition names a reference by its EPSG code if it is what the code says, else spells it out. The WKT of one and the same
// file was seen to say a datum on one thread and a datum ensemble on another, so a code is the steadier key.
func definition(sr gdal.SpatialReference) string {
	name := crsName(sr)
	if _, _, err := epsg(name); err == nil {
		if known, err := load(name); err == nil {
			defer known.Destroy()
			if known.IsSame(sr) {
				return name
			}
		}
	}
	return wkt(sr)
}

// load makes a reference of a definition, x or longitude first. The caller destroys it.
func load(definition string) (gdal.SpatialReference, error) {
	sr := gdal.CreateSpatialReference("")
	err := collected(func() error {
		if code, _, err := epsg(definition); err == nil {
			return sr.FromEPSG(code)
		}
		return sr.FromWKT(definition)
	})
	if err != nil {
		sr.Destroy()
		return sr, err
	}
	sr.SetAxisMappingStrategy(gdal.OAMS_TraditionalGisOrder)
	return sr, nil
}

// sameReference compares two definitions.
func sameReference(a, b string) bool {
	if a == b {
		return true
	}
	x, err := load(a)
	if err != nil {
		return false
	}
	defer x.Destroy()
	y, err := load(b)
	if err != nil {
		return false
	}
	defer y.Destroy()
	return x.IsSame(y)
}

// heightUnit names a unit and its metres. Band units are written in many ways; an unknown one is an error, never a guess.
func heightUnit(band string, crsMetres float64) (name string, metres float64, err error) {
	switch strings.ToLower(strings.TrimSpace(band)) {
	case "":
		return unitOf(crsMetres)
	case "m", "metre", "metres", "meter", "meters", "m.", "[m]":
		return "metre", 1, nil
	case "ft", "foot", "feet", "international foot", "international feet", "us foot (international)", "ft (international)":
		return "foot", 0.3048, nil
	case "us-ft", "ft_us", "us_ft", "usft", "ftus", "us survey foot", "us survey feet",
		"foot_us", "u.s. survey foot", "us foot", "us feet", "survey foot":
		return "US survey foot", 1200.0 / 3937, nil
	case "cm", "centimetre", "centimeter", "centimeters", "centimetres":
		return "centimetre", 0.01, nil
	case "dm", "decimetre", "decimeter", "decimeters", "decimetres":
		return "decimetre", 0.1, nil
	case "mm", "millimetre", "millimeter":
		return "millimetre", 0.001, nil
	case "km", "kilometre", "kilometer":
		return "kilometre", 1000, nil
	}
	return "", 0, fmt.Errorf("heights in %q", band)
}

// unitOf names the unit of a vertical CRS.
func unitOf(metres float64) (string, float64, error) {
	switch {
	case metres == 0 || metres == 1:
		return "metre", 1, nil
	case math.Abs(metres-0.3048) < 1e-9:
		return "foot", 0.3048, nil
	case math.Abs(metres-1200.0/3937) < 1e-9:
		return "US survey foot", 1200.0 / 3937, nil
	case metres > 0 && metres < 1e6:
		return fmt.Sprintf("unit of %g m", metres), metres, nil
	}
	return "", 0, fmt.Errorf("a vertical unit of %g m", metres)
}

// transform moves positions between two references; it serves one goroutine at a time.
type transform struct{ ct gdal.CoordinateTransform }

// lonLat is WGS 84.
const lonLat = "EPSG:4326"

// newTransform builds one between two definitions; both speak x (or longitude) first.
func newTransform(from, to string) (transform, error) {
	a, err := load(from)
	if err != nil {
		return transform{}, err
	}
	defer a.Destroy()
	b, err := load(to)
	if err != nil {
		return transform{}, err
	}
	defer b.Destroy()
	var t transform
	err = collected(func() error {
		t.ct = gdal.CreateCoordinateTransform(a, b)
		if t.ct == (gdal.CoordinateTransform{}) {
			return errors.New("no transformation between the references")
		}
		return nil
	})
	return t, err
}

func (t transform) close() {
	if t.ct != (gdal.CoordinateTransform{}) {
		t.ct.Destroy()
	}
}

// points moves all points in place; NaN where one cannot be moved.
func (t transform) points(x, y []float64) { transformPoints(t.ct, x, y) }

// point moves one.
func (t transform) point(p orb.Point) orb.Point {
	x, y := [1]float64{p[0]}, [1]float64{p[1]}
	t.points(x[:], y[:])
	return orb.Point{x[0], y[0]}
}
