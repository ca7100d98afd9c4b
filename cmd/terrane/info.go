package main

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"github.com/terrane/terrane/internal/server"
	"github.com/terrane/terrane/tilestore"
)

// description is what "terrane info --json" prints: the summary, and how the dataset was made.
type description struct {
	server.Summary
	Provenance json.RawMessage `json:"provenance,omitempty"`
}

// making is what a person wants to know of a provenance; all of it may be absent.
type making struct {
	Program string
	Sources []struct {
		Name, CRS string
		SizeBytes int64
	}
	MaxErrors []float64 // metres, of each level
	Heights   []float64 // lowest and highest, metres
	Fill      string
	BBox      []float64
	Imported  string
}

func newInfoCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "info NAME[@VERSION]",
		Short:   "Describe a dataset: ground, levels, heights, and how it was made",
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
			return a.printInfo(d.Info())
		},
	}
}

func (a *app) printInfo(i tilestore.Info) error {
	d := description{server.Summarize(i), i.Provenance}
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
		{"tiles", thousands(d.Tiles)},
		{"size", sizeText(d.Bytes)},
		{"extensions", strings.Join(d.Extensions, ", ")},
		{"vertical", d.Vertical},
	}
	lines = append(lines, makingOf(i.Provenance).lines()...)
	for _, line := range append(lines, [2]string{"manifest", d.Manifest}) {
		if line[1] != "" {
			fmt.Fprintf(w, "%s\t%s\n", line[0], line[1])
		}
	}
	return w.Flush()
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
		{"heights", heights},
		{"error bound", errorText(m.MaxErrors)},
		{"sources", m.sources()},
		{"box", box},
		{"fill", m.Fill},
		{"imported", m.Imported},
		{"made by", strings.TrimSpace("terrane " + m.Program)},
	}
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
