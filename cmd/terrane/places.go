package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/terrane/terrane/internal/places"
	"github.com/terrane/terrane/internal/server"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// gazetteer is a gazetteer in "list --json" and "info --json".
type gazetteer struct {
	Name        string          `json:"name"`
	Kind        string          `json:"kind"` // places
	Places      int64           `json:"places"`
	Bounds      [4]float64      `json:"bounds"`
	Bytes       int64           `json:"bytes"`
	Attribution string          `json:"attribution,omitempty"`
	Sources     []places.Source `json:"sources,omitempty"`
	Program     string          `json:"program,omitempty"`
}

const kindPlaces = "places"

func gazetteerOf(i places.Info) gazetteer {
	return gazetteer{
		Name: i.Name, Kind: kindPlaces, Places: i.Places, Bytes: i.SizeBytes, Attribution: i.Attribution, Sources: i.Sources, Program: i.Program,
		Bounds: [4]float64{i.Bound.Min.Lon(), i.Bound.Min.Lat(), i.Bound.Max.Lon(), i.Bound.Max.Lat()},
	}
}

// gazetteers lists those of the data folder, and the files that are none.
func (a *app) gazetteers(ctx context.Context) ([]gazetteer, []mbtiles.Problem, error) {
	f, err := places.OpenFolder(ctx, a.data)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	infos, broken := f.All(ctx)
	var all []gazetteer
	for _, i := range infos {
		all = append(all, gazetteerOf(i))
	}
	var problems []mbtiles.Problem
	for _, p := range broken {
		problems = append(problems, mbtiles.Problem(p))
	}
	return all, problems, nil
}

// openPlaces gives a server the gazetteers of the data folder. The caller closes them.
func (a *app) openPlaces(ctx context.Context, o *server.Options) (*places.Folder, error) {
	f, err := places.OpenFolder(ctx, a.data)
	if err != nil {
		return nil, err
	}
	infos, problems := f.All(ctx)
	for _, p := range problems {
		a.warn([]mbtiles.Problem{mbtiles.Problem(p)})
	}
	for _, i := range infos {
		if !a.json && !a.quiet {
			fmt.Fprintf(a.stdout, "places     %-40s  %s to search\n", i.Name, count(int(i.Places), "name"))
		}
	}
	o.Places = f
	return f, nil
}

// gazetteerNamed finds the gazetteer that ref means: "world.places", or "world" where there is no dataset of that name.
func (a *app) gazetteerNamed(ctx context.Context, folder *mbtiles.Folder, ref string) (gazetteer, bool) {
	name, plainly := strings.CutSuffix(ref, places.Extension)
	if !plainly && len(folder.Versions(name)) > 0 {
		return gazetteer{}, false
	}
	all, _, _ := a.gazetteers(ctx) // what cannot be read is not found
	for _, g := range all {
		if g.Name == name {
			return g, true
		}
	}
	return gazetteer{}, false
}

// row is the gazetteer's line in the table of "list".
func (g gazetteer) row(w io.Writer, column func(string) string) {
	fmt.Fprintf(w, "%s\t-\t%s\tnames\t%s-\t-\t%s\t%s\t%s\n", g.Name, g.Kind, column("-"), thousands(g.Places), sizeText(g.Bytes), boundsText(g.Bounds))
}

// printGazetteer is "info" of a gazetteer.
func (a *app) printGazetteer(g gazetteer) error {
	if a.json {
		return a.printJSON(g)
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	lines := [][2]string{
		{"name", g.Name}, {"kind", g.Kind}, {"places", thousands(g.Places)}, {"bounds", boundsText(g.Bounds)}, {"size", sizeText(g.Bytes)},
		{"attribution", g.Attribution},
	}
	for _, s := range g.Sources {
		text := fmt.Sprintf("%s (%s), %s", s.Name, sizeText(s.SizeBytes), count(int(s.Places), "place"))
		if s.Bad > 0 {
			text += fmt.Sprintf(", %s left out", count(int(s.Bad), "row"))
		}
		lines = append(lines, [2]string{"source", text})
	}
	if g.Program != "" {
		lines = append(lines, [2]string{"made by", "terrane " + g.Program})
	}
	for _, line := range lines {
		if line[1] != "" {
			fmt.Fprintf(w, "%s\t%s\n", line[0], line[1])
		}
	}
	return w.Flush()
}

// removeGazetteer is "rm" of a gazetteer.
func (a *app) removeGazetteer(g gazetteer) error {
	if err := places.Remove(a.data, g.Name); err != nil {
		return err
	}
	return a.sayRemoved(removed{g.Name + places.Extension, []int{}, false}, "removed %s, a gazetteer of %s", g.Name, count(int(g.Places), "place"))
}
