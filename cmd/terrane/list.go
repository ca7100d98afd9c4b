package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"github.com/terrane/terrane/internal/server"
)

func newListCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the datasets of the data folder",
		Args:  usage(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			folder, err := a.openFolder(c.Context())
			if err != nil {
				return err
			}
			defer folder.Close()
			all, problems := folder.All(c.Context())
			a.warn(problems)
			list := make([]server.Summary, len(all))
			for i, info := range all {
				list[i] = server.Summarize(info)
			}
			return a.printList(list)
		},
	}
}

// printList writes one line a dataset, or all as one JSON array.
func (a *app) printList(list []server.Summary) error {
	if a.json {
		return a.printJSON(list)
	}
	if len(list) == 0 {
		a.say("no datasets in %s", a.data)
		a.say("try: terrane ingest terrain FILE.tif")
		return nil
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tVERSION\tKIND\tLEVELS\tTILES\tSIZE\tBOUNDS")
	for _, s := range list {
		fmt.Fprintf(w, "%s\t%d\t%s\t%d-%d\t%d\t%s\t%s\n", s.Name, s.Version, s.Kind, s.Levels[0], s.Levels[1], s.Tiles,
			sizeText(s.Bytes), boundsText(s.Bounds))
	}
	return w.Flush()
}

// boundsText writes west, south, east, north in degrees.
func boundsText(b [4]float64) string {
	return fmt.Sprintf("%.5g,%.5g,%.5g,%.5g", b[0], b[1], b[2], b[3])
}
