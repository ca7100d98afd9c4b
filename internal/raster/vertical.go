package raster

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lukeroth/gdal"
	"github.com/paulmach/orb"
	"github.com/terrane/terrane/internal/remedy"
)

// Vertical is what the heights of a file count from: as the file says, as its product is known to have it, or as the caller says. The zero value:
// nothing is known, and the heights are passed on as they are.
type Vertical struct {
	Name    string // "EGM96 height", "ellipsoid"
	EPSG    int    // code of the vertical CRS, 0 if unknown; 4979 for ellipsoidal heights
	From    string // where it was found: "compound CRS", "3D CRS", "metadata", "SRTM by convention", "DTED header", "--vertical"
	Assumed bool   // near to what was found, which has no model of its own
}

// Shift is what was added to a file's heights so that they count from the ellipsoid of WGS 84. The zero value: nothing was.
type Shift struct {
	Model    string  // of the geoid: "EGM96 height"
	Grid     string  // file that it was read from: "egm96_15.gtx"
	Min, Max float64 // metres, least and greatest over the file's ground
	Covered  float64 // share of the ground that the model covers, above 0; there are no heights on the rest
}

// ellipsoidal is the code of heights above the ellipsoid of WGS 84.
const ellipsoidal = 4979

// Ellipsoidal tells whether the heights that come out of a stack for this file are above the ellipsoid of WGS 84.
func (f File) Ellipsoidal() bool { return f.Vertical.EPSG == ellipsoidal || f.Shift.Model != "" }

// verticalRule is a part of what Options.Vertical says: what the heights of the files of a pattern are.
type verticalRule struct{ pattern, model string }

// parseVertical reads Options.Vertical.
func parseVertical(text string) ([]verticalRule, error) {
	if _, err := os.Stat(text); text == "" || err == nil {
		return []verticalRule{{model: text}}, nil
	}
	var rules []verticalRule
	for _, item := range strings.Split(text, ",") {
		r := verticalRule{model: strings.TrimSpace(item)}
		if pattern, model, ok := strings.Cut(r.model, "="); ok {
			r = verticalRule{strings.TrimSpace(pattern), strings.TrimSpace(model)}
		}
		if _, err := path.Match(r.pattern, ""); err != nil || r.model == "" {
			return nil, refuse("--vertical", ErrVertical, geoidAdvice, "%q is neither MODEL nor PATTERN=MODEL", item)
		}
		rules = append(rules, r)
	}
	return rules, nil
}

// hearVertical takes in what the caller says of heights; every model that is named must be there.
func (a *atlas) hearVertical(text string) (err error) {
	if a.vertical, err = parseVertical(text); err != nil {
		return err
	}
	for _, r := range a.vertical {
		if r.model == "" || strings.EqualFold(r.model, "auto") || strings.EqualFold(r.model, "ellipsoid") {
			continue
		}
		if _, err := a.geoid(r.model); err != nil {
			return err
		}
	}
	return nil
}

// heardVertical refuses a pattern that no file fits: it must be a mistake.
func (a *atlas) heardVertical(dems []*dem) error {
	for _, r := range a.vertical {
		fits := func(d *dem) bool { ok, _ := path.Match(r.pattern, d.base()); return ok }
		if r.pattern != "" && !slices.ContainsFunc(dems, fits) {
			return refuse("--vertical", ErrVertical, "PATTERN=MODEL with a pattern of a file's name, without its folder", "no source is named %q", r.pattern)
		}
	}
	return nil
}

// asked returns the model that the rules name for a file: that of the first pattern that its name fits, else that of the first rule without one; ""
// for as found.
func asked(rules []verticalRule, name string) string {
	model := ""
	for _, r := range slices.Backward(rules) {
		if r.pattern == "" {
			model = r.model
		}
	}
	for _, r := range slices.Backward(rules) {
		if fits, _ := path.Match(r.pattern, name); fits && r.pattern != "" {
			model = r.model
		}
	}
	if strings.EqualFold(model, "auto") {
		return ""
	}
	return model
}

// readVertical notes the vertical part of a reference, its unit in metres (0 where there is none) and whether it counts depths.
func (c *crs) readVertical(sr gdal.SpatialReference) error {
	if sr.IsCompound() {
		name, _ := sr.AttrValue("VERT_CS", 0)
		factor, _ := sr.AttrValue("VERT_CS|UNIT", 1)
		c.vertical = known(Vertical{Name: name, EPSG: number(sr.AuthorityCode("VERT_CS")), From: "compound CRS"})
		c.unitMetres, c.down = metresOf(factor), c.vertical.From != "" && downward.MatchString(c.whole)
		return nil
	}
	if axes(sr) != 3 {
		return nil
	}
	c.vertical = Vertical{Name: "ellipsoid", EPSG: ellipsoidal, From: "3D CRS"}
	if radius, err := sr.SemiMajorAxis(); err != nil || math.Abs(radius-6378137) > 10 {
		c.vertical = Vertical{Name: "height above the ellipsoid of " + crsName(sr), From: "3D CRS"}
	}
	third := thirdAxis.FindStringSubmatch(wkt(sr))
	if third == nil || metresOf(third[2]) <= 0 {
		return fmt.Errorf("%s has three axes, and does not say up or down, and in what unit, of the third", crsName(sr))
	}
	c.down, c.unitMetres = third[1] == "down", metresOf(third[2])
	return nil
}

// verticalNames are vertical systems by what their names begin with, as programs write them that give no code.
var verticalNames = []struct {
	begins string
	code   int
}{
	{"egm96", 5773}, {"egm 96", 5773}, {"egm1996", 5773}, {"egm2008", 3855}, {"egm 2008", 3855}, {"egm08", 3855}, {"egm84", 5798},
	{"navd88", 5703}, {"navd 88", 5703}, {"dhhn2016", 7837}, {"ellipsoid", ellipsoidal}, {"wgs84 ellipsoid", ellipsoidal},
	{"wgs 84 ellipsoid", ellipsoidal}, {"wgs_1984", ellipsoidal},
}

// known gives a vertical system without a code the one that its name stands for, and makes nothing of one whose name says nothing.
func known(v Vertical) Vertical {
	name := strings.ToLower(strings.TrimSpace(v.Name))
	if v.EPSG != 0 {
		return v
	}
	for _, n := range verticalNames {
		if strings.HasPrefix(name, n.begins) {
			v.EPSG = n.code
			return v
		}
	}
	for _, nothing := range []string{"unknown", "unnamed", "undefined", "none", "not specified"} {
		if name == "" || strings.HasPrefix(name, nothing) {
			return Vertical{}
		}
	}
	return v
}

// decide settles what the file's heights count from and finds the geoid that brings them to the ellipsoid.
func (d *dem) decide(a *atlas) error {
	if model := asked(a.vertical, d.base()); strings.EqualFold(model, "ellipsoid") {
		d.Vertical = Vertical{Name: "ellipsoid", EPSG: ellipsoidal, From: "--vertical"}
	} else if model != "" {
		g, err := a.geoid(model)
		if err != nil {
			return err
		}
		d.geoid, d.Vertical = g, Vertical{Name: g.Name, EPSG: g.EPSG, From: "--vertical"}
	}
	switch v := d.Vertical; {
	case v == Vertical{}, v.EPSG == ellipsoidal:
		return nil
	case d.geoid == nil && v.EPSG == 0:
		return refuse(d.path, ErrVertical, ownGrid, "heights are of %q (%s), which is not known here", v.Name, v.From)
	case d.geoid == nil:
		g, err := a.geoid(fmt.Sprintf("EPSG:%d", v.EPSG))
		if err != nil {
			return about(d.path, err)
		}
		d.geoid = g
	}
	return d.cover(a.toLonLat(d.crs.horizontal))
}

// about makes an error one about a file.
func about(path string, err error) error {
	var e *remedy.Error
	if errors.As(err, &e) {
		return remedy.New(path, e.Err, e.Try)
	}
	return remedy.New(path, err, "")
}

// base is the name of the raster, without folder.
func (d *dem) base() string {
	if d.member != "" {
		return path.Base(d.member)
	}
	return filepath.Base(d.path)
}

// coverSteps is how many places along each side of a file are asked for the undulation there.
const coverSteps = 32

// cover measures the shift over the file's ground, and refuses a model that does not reach it.
func (d *dem) cover(toLonLat *lender) error {
	t, err := toLonLat.borrow()
	if err != nil {
		return refuse(d.path, ErrCRS, crsAdvice, "%s: %v", d.CRS, err)
	}
	defer toLonLat.giveBack(t)
	s := Shift{Model: d.geoid.Name, Grid: d.geoid.Source(), Min: math.Inf(1), Max: math.Inf(-1)}
	on, covered := 0, 0
	for k := range (coverSteps + 1) * (coverSteps + 1) {
		x, y := apply(d.Transform, float64(d.Cols)*float64(k%(coverSteps+1))/coverSteps, float64(d.Rows)*float64(k/(coverSteps+1))/coverSteps)
		p := t.point(orb.Point{x, y})
		if p[0] != p[0] || p[1] < -90 || p[1] > 90 {
			continue
		}
		on++
		if n, ok := d.geoid.Undulation(p); ok {
			s.Min, s.Max, covered = min(s.Min, n), max(s.Max, n), covered+1
		}
	}
	if covered == 0 {
		return d.uncovered()
	}
	s.Covered = float64(covered) / float64(on)
	d.Shift = s
	if covered < on {
		note := fmt.Sprintf("%s does not reach %.2g %% of its ground, which is void (--vertical)", d.geoid, 100*(1-s.Covered))
		d.Survey.Suspicions = append(d.Survey.Suspicions, note)
	}
	return nil
}

// uncovered says that the model does not reach the file, and which grid would.
func (d *dem) uncovered() error {
	var near []operation
	for _, o := range d.geoid.lacking {
		if sameArea(o.area, d.Bound) {
			near = append(near, o)
		}
	}
	if len(near) > 0 {
		return missingGrids(d.path, d.geoid.Name, near)
	}
	b := d.Bound
	return refuse(d.path, ErrVertical, ownGrid, "%s has no value where the file lies, %.6g..%.6g, %.6g..%.6g",
		d.geoid, b.Min[0], b.Max[0], b.Min[1], b.Max[1])
}
