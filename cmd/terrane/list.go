package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/internal/server"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

func newListCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the datasets and gazetteers of the data folder",
		Long:  "Lists the datasets of the data folder: of each the version that clients get under its name, see terrane versions. Gazetteers come behind them.",
		Args:  usage(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			folder, err := a.openFolder(c.Context())
			if err != nil {
				return err
			}
			defer folder.Close()
			all, problems := folder.All(c.Context())
			a.warn(problems)
			list := make([]listed, len(all))
			for i, info := range all {
				list[i] = listed{server.Summarize(info), len(folder.Versions(info.Name)) - 1}
				if _, pinned := folder.Pinned(info.Name); pinned || info.Time.IsZero() || list[i].Others == 0 {
					continue
				}
				versions, err := a.versions(c.Context(), folder, info.Name)
				if err != nil {
					return err
				}
				if len(versions) > 0 {
					list[i].Summary = versions[shownOf(folder, versions)]
				}
			}
			numberAssets(list)
			names, unread, err := a.gazetteers(c.Context())
			if err != nil {
				return err
			}
			a.warn(unread)
			if err := a.printList(list, names, append(problems, unread...)); err != nil {
				return err
			}
			a.sayUnfinished()
			return nil
		},
	}
}

// listed is an element of what "list --json" prints.
type listed struct {
	server.Summary
	Others int `json:"otherVersions,omitempty"` // beside this one, mostly older: see terrane versions
}

// printList writes one line a dataset, one a gazetteer and one a file that is none, or all but the last as one JSON array.
func (a *app) printList(list []listed, names []gazetteer, broken []mbtiles.Problem) error {
	if a.json {
		all := make([]any, 0, len(list)+len(names))
		for _, l := range list {
			all = append(all, l)
		}
		for _, g := range names {
			all = append(all, g)
		}
		return a.printJSON(all)
	}
	if len(list)+len(names)+len(broken) == 0 {
		a.say("no datasets in %s", a.data)
		a.say("try: terrane ingest terrain FILE.tif, terrane ingest imagery FILE.tif")
		return nil
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	timed := slices.ContainsFunc(list, func(l listed) bool { return !l.Time.IsZero() })
	column := func(text string) string {
		if !timed {
			return ""
		}
		return text + "\t"
	}
	fmt.Fprintln(w, "NAME\tVERSION\tKIND\tFORMAT\t"+column("TIME")+"GRID\tLEVELS\tTILES\tSIZE\tBOUNDS")
	more := false
	for _, s := range list {
		version := versionText(s.Version)
		if s.Others > 0 {
			version += fmt.Sprintf(" (+%d)", s.Others)
			more = true
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s%s\t%d-%d\t%s\t%s\t%s\n", s.Name, version, s.Kind, formatName(s.Format), column(instantText(s.Time)),
			s.Grid, s.Levels[0], s.Levels[1], thousands(s.Tiles), sizeText(s.Bytes), boundsText(s.Bounds))
	}
	for _, g := range names {
		g.row(w, column)
	}
	for _, p := range broken {
		fmt.Fprintf(w, "%s\t-\tbroken\t-\t%s-\t-\t-\t-\t%s\n", p.Name, column("-"), plain(reasonOf(p.Err)))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if more {
		a.say("(+n): there are other versions, terrane versions NAME lists them")
	}
	return nil
}

// reasonOf is what is wrong with a file, without its name.
func reasonOf(err error) error {
	var e *remedy.Error
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

// formatName is what people call a format of tiles: mesh, png, jpeg, webp.
func formatName(mime string) string {
	if mime == tilestore.QuantizedMesh {
		return "mesh"
	}
	return strings.TrimPrefix(mime, "image/")
}

// boundsText writes west, south, east, north in degrees, to about a metre.
func boundsText(b [4]float64) string {
	var parts [4]string
	for i, v := range b {
		parts[i] = strconv.FormatFloat(math.Round(v*1e5)/1e5+0, 'f', -1, 64) // +0: no negative zero
	}
	return strings.Join(parts[:], ",")
}
