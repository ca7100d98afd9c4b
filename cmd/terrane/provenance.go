package main

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
)

// making is what a person wants to know of a provenance; all of it may be absent.
type making struct {
	Program    string
	Sources    []source
	MaxErrors  []float64 // metres, of each level
	Heights    []float64 // lowest and highest, metres
	Fill       string
	Datum      string // what the sources' heights counted from
	BBox       []float64
	Water      string // what is water
	Bathymetry string
	Shores     []struct{ Name, Kind string } // files of polygons
	Base       struct {                      // that the sources were laid over
		Name    string
		Version int
	}
	Updates  []update
	Imported string
	Rows     string // from where imported tiles counted theirs
	Format   string // of pictures, as asked for
	Quality  int
	Priority string
	Values   struct { // of the sources, kept beside the tiles
		Bands int
		Type  string
	}
}

// update is what was laid over a version: files, or a site graded to a height.
type update struct {
	Base    struct{ Version int }
	Sources []source
	Datum   string
	Heights []float64
	Site    struct {
		Grade  string // flatten, cut or fill
		Height float64
		Sea    string // the geoid that the height counts from, "" as the dataset counts
	}
	Shores []struct{ Name, Kind string }
}

// source is a file that a dataset was made of; what comes after its size is how its values became pixels.
type source struct {
	Name, CRS   string
	SizeBytes   int64
	Bands       []int
	Alpha       int
	Scale       []float64
	Transparent string
	Resampling  string
}

// makingOf reads a provenance; one that is absent or by others leaves the zero value.
func makingOf(provenance json.RawMessage) making {
	var m making
	_ = json.Unmarshal(provenance, &m)
	return m
}

// lines are those of "info"; what is not known is empty.
func (m making) lines() [][2]string {
	box := ""
	if len(m.BBox) == 4 {
		box = boundsText([4]float64(m.BBox))
	}
	return [][2]string{
		{"datum", m.Datum},
		{"heights", m.heights()},
		{"error bound", errorText(m.MaxErrors)},
		{"sources", sourcesText(m.Sources)},
		{"base", m.base()},
		{"updates", m.updates()},
		{"pixels", m.pixels()},
		{"written", m.written()},
		{"values", m.values()},
		{"box", box},
		{"clip", m.clip()},
		{"water", m.water()},
		{"fill", m.Fill},
		{"imported", m.imported()},
		{"made by", m.program()},
	}
}

// heights is the range of what the sources hold, shifted as they were, wherever it ended up: below a better source, or outside of a box.
func (m making) heights() string {
	if len(m.Heights) != 2 {
		return ""
	}
	low, high := m.Heights[0], m.Heights[1]
	for _, u := range m.Updates {
		if len(u.Sources) > 0 && len(u.Heights) == 2 {
			low, high = min(low, u.Heights[0]), max(high, u.Heights[1])
		}
	}
	return fmt.Sprintf("about %.0f .. %.0f m in the sources", low, high)
}

// base names the dataset that the sources were laid over.
func (m making) base() string {
	if m.Base.Name == "" {
		return ""
	}
	return fmt.Sprintf("%s version %d, where the sources do not reach", m.Base.Name, m.Base.Version)
}

// last says in a few words what made a version: the latest update, or else what it was made of.
func (m making) last() string {
	var names []string
	for _, s := range m.Sources {
		names = append(names, s.Name)
	}
	switch n := len(m.Updates); {
	case n > 0 && m.Updates[n-1].Site.Grade != "":
		return m.Updates[n-1].String()
	case n > 0:
		return "update by " + m.Updates[n-1].String()
	case m.Imported != "":
		return "import of " + m.Imported
	case len(names) == 0:
		return ""
	case m.Base.Name != "":
		return fmt.Sprintf("from %s over %s version %d", namesText(names), m.Base.Name, m.Base.Version)
	}
	return "from " + namesText(names)
}

// namesText writes the first two names, and how many more there are.
func namesText(names []string) string {
	if len(names) > 2 {
		names = append(names[:2:2], fmt.Sprintf("%d more", len(names)-2))
	}
	return strings.Join(names, ", ")
}

func (m making) program() string {
	if m.Program == "" {
		return ""
	}
	return "terrane " + m.Program
}

func (m making) imported() string {
	if m.Imported == "" || m.Rows == "" {
		return m.Imported
	}
	return m.Imported + ", rows from the " + m.Rows
}

// pixels says how the values of sources became colours, once for all of which the same is true.
func (m making) pixels() string {
	var said []string
	for _, s := range m.Sources {
		if text := s.pixels(); text != "" && !slices.Contains(said, text) {
			said = append(said, text)
		}
	}
	if len(said) > shownSources {
		said = append(said[:shownSources], fmt.Sprintf("and %d other ways", len(said)-shownSources))
	}
	return strings.Join(said, "; ")
}

func (s source) pixels() string {
	if len(s.Bands) == 0 {
		return ""
	}
	text := "band"
	if len(s.Bands) > 1 {
		text = "bands"
	}
	text += " " + strings.Trim(fmt.Sprint(s.Bands), "[]")
	if s.Alpha > 0 {
		text += fmt.Sprintf(", alpha %d", s.Alpha)
	}
	if len(s.Scale) == 2 {
		text += fmt.Sprintf(", values %.6g .. %.6g black .. white", s.Scale[0], s.Scale[1])
	}
	if s.Transparent != "" {
		text += ", transparent by " + s.Transparent
	}
	return text + ", " + s.Resampling
}

// written says how pictures were written, and which source lies on top.
func (m making) written() string {
	if m.Format == "" {
		return ""
	}
	text := m.Format
	if m.Format == "auto" {
		text = "jpeg where opaque, png elsewhere"
	}
	if m.Format != "png" {
		text += fmt.Sprintf(", quality %d", m.Quality)
	}
	if len(m.Sources) > 1 && m.Priority != "" {
		text += ", the " + m.Priority + " source on top"
	}
	return text
}

// values says what is kept of the sources' own numbers.
func (m making) values() string {
	if m.Values.Bands == 0 {
		return ""
	}
	return fmt.Sprintf("the sources' own are kept: %s of %s", count(m.Values.Bands, "band"), m.Values.Type)
}

// clip names the file of polygons that the ground was cut to.
func (m making) clip() string { return shoreName(m.Shores, "clip") }

// shoreName names the first file of polygons that is of this kind.
func shoreName(shores []struct{ Name, Kind string }, kind string) string {
	for _, s := range shores {
		if s.Kind == kind {
			return s.Name
		}
	}
	return ""
}

// water says what water masks follow from, and whether ground below the sea was raised.
func (m making) water() string {
	if m.Bathymetry == "clamp" {
		return m.Water + "; ground below it raised to the sea"
	}
	return m.Water
}

// shownSources is how many files "info" names; --json names all.
const shownSources = 5

func sourcesText(all []source) string {
	var names []string
	for i, s := range all {
		if i == shownSources {
			names = append(names, fmt.Sprintf("and %d more", len(all)-i))
			break
		}
		names = append(names, fmt.Sprintf("%s (%s, %s)", s.Name, s.CRS, sizeText(s.SizeBytes)))
	}
	return strings.Join(names, ", ")
}

// updates says what was laid over which version, first to last.
func (m making) updates() string {
	var laid []string
	for _, u := range m.Updates {
		laid = append(laid, u.String())
	}
	return strings.Join(laid, "; then ")
}

// String says what was laid over which version.
func (u update) String() string {
	var names []string
	for _, s := range u.Sources {
		names = append(names, s.Name)
	}
	what := namesText(names)
	switch {
	case u.Site.Grade != "" && u.Site.Sea != "":
		what = fmt.Sprintf("%s %s to %.6g m above mean sea level by %s", u.Site.Grade, shoreName(u.Shores, "site"), u.Site.Height, u.Site.Sea)
	case u.Site.Grade != "":
		what = fmt.Sprintf("%s %s to %.6g m", u.Site.Grade, shoreName(u.Shores, "site"), u.Site.Height)
	case u.Datum != "":
		what += " (" + u.Datum + ")"
	}
	return fmt.Sprintf("%s over version %d", what, u.Base.Version)
}

// errorText says how far a mesh may lie from the heights of its level, given that of each level.
func errorText(errors []float64) string {
	last := len(errors) - 1
	switch {
	case last < 0:
		return ""
	case last == 0:
		return metresText(errors[0]) + " at level 0"
	}
	return fmt.Sprintf("%s at level %d, %s at level %d, doubling upwards", metresText(errors[last]), last, metresText(errors[last-1]), last-1)
}

// metresText writes a length with three digits, a long one whole.
func metresText(v float64) string {
	if v >= 999.5 {
		return thousands(int64(math.Round(v))) + " m"
	}
	return fmt.Sprintf("%.3g m", v)
}
