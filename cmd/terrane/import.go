package main

import (
	"context"
	"errors"
	"runtime"
	"time"

	"github.com/spf13/cobra"
	"github.com/terrane/terrane/internal/importer"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// importFlags are the flags of "import" as the user wrote them.
type importFlags struct {
	name, rows, progress string
	jobs                 int
	force                bool
}

func newImportCommand(a *app) *cobra.Command {
	var f importFlags
	c := &cobra.Command{
		Use:   "import FILE|DIR",
		Short: "Make a dataset from terrain tiles made by others",
		Long: "Takes over quantized-mesh tiles: a folder of z/x/y.terrain, with or without layer.json, or an MBTiles file. Each tile is checked; nothing\n" +
			"becomes visible unless all are good. Whether rows count from the south or the north is found by looking into the tiles.",
		Example: "  terrane import tiles/ --name alps\n  terrane import alps.mbtiles --rows north",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			rows, err := importer.ParseRows(f.rows)
			if err == nil {
				err = errors.Join(checkProgress(f.progress), checkJobs(f.jobs))
			}
			if err == nil && f.name != "" {
				err = tilestore.CheckName(f.name)
			}
			if err != nil {
				return usageError(c, err)
			}
			return a.importTiles(c.Context(), args[0], rows, f)
		},
	}
	v := c.Flags()
	v.StringVar(&f.name, "name", "", "name of the dataset (default the file's or folder's)")
	v.StringVar(&f.rows, "rows", "auto", "from where the tiles count their rows: auto, south (TMS) or north (XYZ)")
	v.IntVar(&f.jobs, "jobs", runtime.NumCPU(), "tiles read at the same time")
	v.StringVar(&f.progress, "progress", "auto", progressHelp)
	v.BoolVar(&f.force, "force", false, "drop a half-made dataset of other work under this name")
	return c
}

// importWork is what the work of every import begins with.
const importWork = "import "

// importTiles makes one dataset of the tiles at path.
func (a *app) importTiles(ctx context.Context, path string, rows importer.Rows, f importFlags) error {
	start := time.Now()
	if err := checkFolder(a.data); err != nil {
		return err
	}
	s, err := importer.Open(ctx, path, importer.Options{Rows: rows})
	if err != nil {
		return mark(err, errInput)
	}
	defer s.Close()
	i := s.Info()
	if f.name == "" {
		f.name = i.Name
	}
	a.say("source   %s, levels %d-%d, %s, rows from the %s", path, i.Levels[0], i.Levels[1], count(int(i.Tiles), "tile"), s.Rows())
	if err := makeFolder(a.data, i.SizeBytes-mbtiles.Unfinished(a.data, f.name)); err != nil {
		return err
	}
	work, err := s.Work()
	if err != nil {
		return err
	}
	w, err := mbtiles.Create(ctx, a.data, f.name, mbtiles.Options{Work: importWork + work, Drops: importWork, Force: f.force, Rows: layerRow})
	if err != nil {
		return err
	}
	defer w.Discard() // an import is made anew rather than carried on
	bar := newProgress(a, f.progress, "import", i.Tiles)
	err = importer.Run(ctx, s, w, importer.RunOptions{Jobs: f.jobs, Progress: func(done, _ int64) { bar.set(done, done) }})
	bar.stop()
	if err != nil {
		return importFault(path, err)
	}
	_, err = a.sayDone(ctx, w, start)
	return err
}

// importFault tells tiles that cannot be used from a store that cannot be written.
func importFault(path string, err error) error {
	for _, theirs := range []error{importer.ErrIncomplete, terrain.ErrCorrupt, terrain.ErrInvalid} {
		if !errors.Is(err, theirs) {
			continue
		}
		if remedy.Try(err) == "" {
			err = remedy.New(path, err, "terrane verify "+path+" lists all that is wrong")
		}
		return mark(err, errInput)
	}
	return err
}
