package main

import (
	"encoding/json"
	"fmt"
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

func newInfoCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "info NAME[@VERSION]",
		Short: "Describe a dataset: ground, levels, heights, and how it was made",
		Args:  usage(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			folder, err := a.openFolder(c.Context())
			if err != nil {
				return err
			}
			defer folder.Close()
			d, err := folder.Get(c.Context(), args[0])
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
	for _, line := range [][2]string{
		{"name", d.Name},
		{"version", fmt.Sprint(d.Version)},
		{"kind", string(d.Kind)},
		{"title", d.Title},
		{"attribution", d.Attribution},
		{"format", d.Format},
		{"grid", d.Grid + ", " + d.CRS},
		{"bounds", boundsText(d.Bounds)},
		{"levels", fmt.Sprintf("%d-%d", d.Levels[0], d.Levels[1])},
		{"tiles", fmt.Sprint(d.Tiles)},
		{"size", sizeText(d.Bytes)},
		{"extensions", strings.Join(d.Extensions, ", ")},
		{"vertical", d.Vertical},
		{"manifest", d.Manifest},
	} {
		if line[1] != "" {
			fmt.Fprintf(w, "%s\t%s\n", line[0], line[1])
		}
	}
	return w.Flush()
}
