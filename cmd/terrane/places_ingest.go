//go:build !serveonly

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/terrane/terrane/internal/places"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/tilestore"
)

// placesFlags are the flags of "ingest places" as the user wrote them.
type placesFlags struct {
	name, nameField, attribution, progress string
	dryRun, force                          bool
}

func newIngestPlacesCommand(a *app) *cobra.Command {
	var f placesFlags
	c := &cobra.Command{
		Use:   "places FILE...",
		Short: "Make a gazetteer from lists of places: what people search for",
		Long: "Makes one gazetteer, the file NAME.places in the data folder, which servers search at /v1/geocode/ from then on. It reads tables of\n" +
			"GeoNames (cities500.zip, allCountries.txt; admin1CodesASCII.txt names their regions), GeoJSON, and CSV with a header (name,\n" +
			"lon, lat; population, country, admin, alternates), also in zip files or with gzip. Text is UTF-8. Rows that cannot be used are told with their lines.",
		Example: "  terrane ingest places ne_10m_populated_places.geojson\n" +
			"  terrane ingest places --name world cities500.zip admin1CodesASCII.txt\n" +
			"  terrane ingest places stations.csv --name-field station",
		Args: usage(cobra.MinimumNArgs(1)),
		RunE: func(c *cobra.Command, files []string) error {
			if err := checkProgress(f.progress); err != nil {
				return usageError(c, err)
			}
			general := generalFlags{name: f.name}
			if err := general.settle(files[0]); err != nil {
				return usageFault(err)
			}
			f.name = general.name
			err := a.ingestPlaces(c.Context(), files, f)
			if errors.Is(err, places.ErrSource) {
				err = mark(err, errInput)
			}
			return err
		},
	}
	v := c.Flags()
	v.StringVar(&f.name, "name", "", "name of the gazetteer (default the first file's)")
	v.StringVar(&f.nameField, "name-field", "", "column or property that holds the names (default name, and others like it)")
	v.StringVar(&f.attribution, "attribution", "", "credit line that clients show")
	v.StringVar(&f.progress, "progress", "auto", progressHelp)
	v.BoolVar(&f.dryRun, "dry-run", false, "read the files, say what is in them, and write nothing")
	v.BoolVar(&f.force, "force", false, "replace the gazetteer of this name, whatever it was made of")
	return c
}

// madePlaces is what "ingest places --json" prints.
type madePlaces struct {
	Name    string          `json:"name"`
	Path    string          `json:"path"`
	Places  int64           `json:"places"`
	Bytes   int64           `json:"bytes"`
	Seconds float64         `json:"seconds"`
	Existed bool            `json:"existed,omitempty"` // nothing was made: it was there already
	BadRows int64           `json:"badRows"`
	Bad     []places.BadRow `json:"bad"` // the first of them
	Sources []places.Source `json:"sources"`
}

// ingestPlaces makes one gazetteer: read, number, index, publish.
func (a *app) ingestPlaces(ctx context.Context, files []string, f placesFlags) error {
	start := time.Now()
	if err := places.Supported(); err != nil {
		return err
	}
	work, err := places.Work(files, f.nameField, f.attribution)
	if err != nil {
		return err
	}
	made := madePlaces{Name: f.name, Path: filepath.Join(a.data, f.name+places.Extension), Bad: []places.BadRow{}}
	there, err := a.placesThere(ctx, f, work, made.Path)
	if err != nil {
		return err
	}
	if there != nil && !f.dryRun {
		made.Places, made.Bytes, made.Sources, made.Existed = there.Places, there.SizeBytes, there.Sources, true
		a.say("done     nothing to do: %s was made of the same files with the same options        (--force makes it anew)", f.name)
		return a.printPlaces(made)
	}
	if f.dryRun {
		if err := a.readPlaces(ctx, files, f, &made, func(places.Place) error { return nil }); err != nil {
			return err
		}
		a.say("dry run  nothing was written; the same command without --dry-run makes %s", f.name)
		return a.printPlaces(made)
	}
	if err := errors.Join(checkFolder(a.data), makeFolder(a.data, 0)); err != nil {
		return err
	}
	w, err := places.Create(ctx, a.data, f.name)
	if err != nil {
		return err
	}
	defer w.Close()
	if err := a.readPlaces(ctx, files, f, &made, w.Put); err != nil {
		return err
	}
	bar := newProgress(a, f.progress, "indexing", made.Places)
	bar.unit = "place"
	info := places.Info{Attribution: f.attribution, Work: work, Program: version, Sources: made.Sources}
	err = w.Commit(ctx, info, func(done int64) { bar.set(done, done) })
	bar.stop()
	if err != nil {
		return err
	}
	if stat, err := os.Stat(made.Path); err == nil {
		made.Bytes = stat.Size()
	}
	made.Seconds = time.Since(start).Seconds()
	a.say("done     %s, %s, %s in %.1f s", f.name, count(int(made.Places), "place"), sizeText(made.Bytes), made.Seconds)
	a.say("next     terrane serve --data %s, and search", a.data)
	return a.printPlaces(made)
}

// placesThere describes the gazetteer of the name if it was made by the same work, and refuses to replace another. With --force it is not asked.
func (a *app) placesThere(ctx context.Context, f placesFlags, work, path string) (*places.Info, error) {
	if f.force {
		return nil, nil
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	g, err := places.Open(ctx, path)
	if err == nil {
		info := g.Info()
		if err := g.Close(); err != nil || info.Work == work {
			return &info, err
		}
	}
	why := fmt.Errorf("%w: a gazetteer of other files or options, or one that cannot be read", tilestore.ErrExists)
	return nil, remedy.New(path, why, "--force to replace it, or --name NAME for another beside it: servers search all")
}

// shownBad is how many rows that were left out are told one by one; --verbose tells all, --json so many.
const (
	shownBad  = 10
	listedBad = 100
)

// readPlaces reads the files, and says what was in them.
func (a *app) readPlaces(ctx context.Context, files []string, f placesFlags, made *madePlaces, put func(places.Place) error) error {
	size := int64(0)
	for _, path := range files {
		if stat, err := os.Stat(path); err == nil {
			size += stat.Size()
		}
	}
	bar := newProgress(a, f.progress, "reading", size)
	bar.unit = "place"
	reader := places.Reader{
		NameField: f.nameField,
		Progress:  func(bytes int64) { bar.set(min(bytes, size-1), made.Places) },
		Put: func(p places.Place) error {
			made.Places++
			return put(p)
		},
		Bad: func(b places.BadRow) {
			made.BadRows++
			if made.BadRows <= listedBad {
				made.Bad = append(made.Bad, b)
			}
			if made.BadRows <= shownBad || a.verbose {
				a.say("left out %s line %d: %s", b.File, b.Line, b.Why)
			}
		},
	}
	var err error
	made.Sources, err = reader.Read(ctx, files)
	if err == nil {
		bar.set(size, made.Places)
	}
	bar.stop()
	if err != nil {
		return err
	}
	for _, s := range made.Sources {
		a.say("source   %s  %s  %s", s.Name, sizeText(s.SizeBytes), count(int(s.Places), "place"))
	}
	more, why := "", ""
	if made.BadRows > shownBad && !a.verbose {
		more, why = "        (--dry-run --verbose names them all)", "--dry-run --verbose says why, row by row"
	}
	if made.BadRows > 0 {
		a.say("note     %s left out%s", count(int(made.BadRows), "row"), more)
	}
	if made.Places == 0 {
		return remedy.New(files[0], fmt.Errorf("%w: no row of it can be used", places.ErrSource), why)
	}
	return nil
}

// printPlaces writes the result: the gazetteer and its file.
func (a *app) printPlaces(m madePlaces) error {
	if a.json {
		return a.printJSON(m)
	}
	_, err := fmt.Fprintf(a.stdout, "%s  %s\n", m.Name, m.Path)
	return err
}
