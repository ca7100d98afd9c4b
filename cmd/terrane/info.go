package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"github.com/terrane/terrane/internal/importer"
	"github.com/terrane/terrane/internal/picture"
	"github.com/terrane/terrane/internal/server"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// description is what "terrane info --json" prints: the summary, and how the dataset was made.
type description struct {
	server.Summary
	TileSize   int             `json:"tileSize,omitempty"` // pixels a side of pictures
	Time       time.Time       `json:"time,omitzero"`      // instant that the pictures show
	Provenance json.RawMessage `json:"provenance,omitempty"`
}

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
	Imported   string
	Rows       string // from where imported tiles counted theirs
	Format     string // of pictures, as asked for
	Quality    int
	Priority   string
	Values     struct { // of the sources, kept beside the tiles
		Bands int
		Type  string
	}
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

func newInfoCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "info NAME[@VERSION]",
		Short:   "Describe a dataset: ground, levels, heights or pixels, and how it was made",
		Example: "  terrane info alps\n  terrane info alps@2 --json",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			folder, err := a.openFolder(c.Context())
			if err != nil {
				return err
			}
			defer folder.Close()
			d, err := a.borrow(c.Context(), folder, args[0])
			if err != nil {
				return err
			}
			defer d.Release()
			return a.printInfo(c.Context(), d.Reader)
		},
	}
}

func (a *app) printInfo(ctx context.Context, r tilestore.Reader) error {
	i := r.Info()
	d := description{server.Summarize(i), tileSize(ctx, r), i.Time, i.Provenance}
	if a.json {
		return a.printJSON(d)
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	lines := [][2]string{
		{"name", d.Name},
		{"version", fmt.Sprint(d.Version)},
		{"kind", string(d.Kind)},
		{"title", d.Title},
		{"attribution", d.Attribution},
		{"format", d.Format},
		{"grid", d.Grid + ", " + d.CRS},
		{"bounds", boundsText(d.Bounds)},
		{"levels", fmt.Sprintf("%d-%d", d.Levels[0], d.Levels[1])},
		{"tiles", tilesText(d)},
		{"size", sizeText(d.Bytes)},
		{"extensions", strings.Join(d.Extensions, ", ")},
		{"vertical", d.Vertical},
		{"time", instantText(d.Time)},
	}
	lines = append(lines, makingOf(i.Provenance).lines()...)
	if i.Manifest == "" {
		lines = append(lines, [2]string{"made by", "others; served as it is (terrane verify " + i.Name + " looks through it)"})
	}
	for _, line := range append(lines, [2]string{"manifest", d.Manifest}) {
		if line[1] != "" {
			fmt.Fprintf(w, "%s\t%s\n", line[0], line[1])
		}
	}
	return w.Flush()
}

// tileSize returns how many pixels a side the first picture that there is has, 0 of terrain.
func tileSize(ctx context.Context, r tilestore.Reader) int {
	i := r.Info()
	if i.Kind != tilestore.Imagery {
		return 0
	}
	for _, level := range i.Available {
		for _, all := range level {
			tile, err := r.Tile(ctx, tilegrid.Coord{Z: all.Z, X: all.MinX, Y: all.MinY})
			if err != nil {
				continue // a list by others may name more than there is
			}
			if p, err := picture.Decode(tile.Data, importer.MaxSide*importer.MaxSide); err == nil {
				return p.Rect.Dx()
			}
		}
	}
	return 0
}

func tilesText(d description) string {
	if d.TileSize == 0 {
		return thousands(d.Tiles)
	}
	return fmt.Sprintf("%s of %d x %d pixels", thousands(d.Tiles), d.TileSize, d.TileSize)
}

// makingOf reads a provenance; one that is absent or by others leaves the zero value.
func makingOf(provenance json.RawMessage) making {
	var m making
	_ = json.Unmarshal(provenance, &m)
	return m
}

// lines are those of "info"; what is not known is empty.
func (m making) lines() [][2]string {
	heights, box := "", ""
	if len(m.Heights) == 2 {
		heights = fmt.Sprintf("about %.0f .. %.0f m", m.Heights[0], m.Heights[1])
	}
	if len(m.BBox) == 4 {
		box = boundsText([4]float64(m.BBox))
	}
	return [][2]string{
		{"datum", m.Datum},
		{"heights", heights},
		{"error bound", errorText(m.MaxErrors)},
		{"sources", m.sources()},
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
func (m making) clip() string {
	for _, s := range m.Shores {
		if s.Kind == "clip" {
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

func (m making) sources() string {
	var names []string
	for i, s := range m.Sources {
		if i == shownSources {
			names = append(names, fmt.Sprintf("and %d more", len(m.Sources)-i))
			break
		}
		names = append(names, fmt.Sprintf("%s (%s, %s)", s.Name, s.CRS, sizeText(s.SizeBytes)))
	}
	return strings.Join(names, ", ")
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
