package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"github.com/terrane/terrane/imagery/style"
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

func newInfoCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "info NAME[@VERSION]",
		Short:   "Describe a dataset or a gazetteer: ground, levels, heights or pixels, and how it was made",
		Example: "  terrane info alps\n  terrane info alps@2 --json",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			folder, err := a.openFolder(c.Context())
			if err != nil {
				return err
			}
			defer folder.Close()
			if g, ok := a.gazetteerNamed(c.Context(), folder, args[0]); ok {
				return a.printGazetteer(g)
			}
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
		{"ion", fmt.Sprintf("asset %d", d.IonAsset)},
	}
	lines = append(lines, makingOf(i.Provenance).lines()...)
	if i.Kind == tilestore.Terrain && errors.Is(keepsHeights(ctx, r), style.ErrNoHeights) {
		lines = append(lines, [2]string{"elevation", "none: heights are not kept beside the tiles"})
	}
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
