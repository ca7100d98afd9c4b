package elevation

import (
	"encoding/json"
	"slices"
	"strings"
)

// story is what of a provenance tells of geoids: those of the sources, of updates, and of a dataset below.
type story struct {
	Sources []struct{ Shift struct{ Model string } }
	Updates []story
	Base    struct{ Provenance json.RawMessage }
}

// LiftedBy names the geoids by which the heights of a dataset were brought above the ellipsoid, as its provenance tells, commas
// between; "" if it tells of none. Of many sources that takes milliseconds.
func LiftedBy(provenance json.RawMessage) string {
	var s story
	if json.Unmarshal(provenance, &s) != nil {
		return ""
	}
	return strings.Join(s.models(nil), ", ")
}

// models appends the geoids that names does not have yet.
func (s *story) models(names []string) []string {
	for _, source := range s.Sources {
		if m := source.Shift.Model; m != "" && !slices.Contains(names, m) {
			names = append(names, m)
		}
	}
	for k := range s.Updates {
		names = s.Updates[k].models(names)
	}
	var base story
	if len(s.Base.Provenance) > 0 && json.Unmarshal(s.Base.Provenance, &base) == nil {
		names = base.models(names)
	}
	return names
}

// OtherGeoid names the geoids by which the dataset's heights were lifted, if they are asked above another; "" if not, or not known.
func (g *Ground) OtherGeoid() string {
	if g.sea.Geoid == nil || g.lifted == g.sea.Name {
		return ""
	}
	return g.lifted
}
