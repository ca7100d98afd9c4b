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
	name, rows, grid, progress string
	title, attribution, time   string
	key                        string
	jobs                       int
	force                      bool
	uploaded                   bool // it came over HTTP, into a hidden folder of the data folder
}

// options checks the flags.
func (f *importFlags) options() (o importer.Options, at time.Time, err error) {
	rows, wrongRows := importer.ParseRows(f.rows)
	grid, wrongGrid := importer.ParseGrid(f.grid)
	at, wrongTime := parseInstant(f.time)
	err = errors.Join(wrongRows, wrongGrid, wrongTime, checkProgress(f.progress), checkJobs(f.jobs))
	if err == nil && f.name != "" {
		err = tilestore.CheckName(f.name)
	}
	return importer.Options{Rows: rows, Grid: grid}, at, err
}

func newImportCommand(a *app) *cobra.Command {
	var f importFlags
	c := &cobra.Command{
		Use:   "import FILE|DIR",
		Short: "Make a dataset from tiles made by others, or from an export",
		Long: "Takes over quantized-mesh tiles and pictures: a folder of z/x/y.terrain, with or without layer.json, or of z/x/y.png (.jpg, .webp), with or without\n" +
			"tilemapresource.xml; or an MBTiles file of either. Each tile is checked; nothing becomes visible unless all are good. Whether rows count from the\n" +
			"south or the north is found by looking into the tiles. An MBTiles file that is put into the data folder is served without an import, as it is.\n\n" +
			"What terrane export wrote is taken as it is, with the same manifest: a file, a folder, or a delta, which needs the version that it is since.",
		Example: "  terrane import tiles/ --name alps\n  terrane import alps.mbtiles --rows north\n  terrane import ortho/ --rows xyz --grid geographic\n" +
			"  terrane import alps.mbtiles --verify-key pub.pem",
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			o, at, err := f.options()
			if err != nil {
				return usageError(c, err)
			}
			return a.importPath(c, args[0], o, at, f)
		},
	}
	v := c.Flags()
	v.StringVar(&f.name, "name", "", "name of the dataset (default the file's or folder's)")
	v.StringVar(&f.rows, "rows", "auto", "from where the tiles count their rows: auto, south (TMS) or north (XYZ)")
	v.StringVar(&f.grid, "grid", "auto", gridHelp)
	v.StringVar(&f.title, "title", "", "title shown in catalogues (default what the tiles' maker says)")
	v.StringVar(&f.attribution, "attribution", "", "credit line that clients show (default what the tiles' maker says)")
	v.StringVar(&f.time, "time", "", timeHelp)
	v.IntVar(&f.jobs, "jobs", runtime.NumCPU(), "tiles read at the same time")
	v.StringVar(&f.progress, "progress", "auto", progressHelp)
	v.StringVar(&f.key, "verify-key", "", "take only an export that the owner of this ed25519 public key signed (PEM)")
	v.BoolVar(&f.force, "force", false, "import an export though the newest version is the same; drop a half-made dataset of other work under this name")
	return c
}

// gridHelp describes --grid of tiles by others.
const gridHelp = "grid of pictures: auto, mercator, geographic, or one-root: geographic with one tile on level 0, as gdal2tiles makes"

// importWork is what the work of every import begins with.
const importWork = "import "

// importTiles makes one dataset of the tiles at path.
func (a *app) importTiles(ctx context.Context, path string, o importer.Options, at time.Time, f importFlags) error {
	start := time.Now()
	if err := checkFolder(a.data); err != nil {
		return err
	}
	s, err := importer.Open(ctx, path, o)
	if err != nil {
		return mark(err, errInput)
	}
	defer s.Close()
	i := s.Info()
	if f.name == "" {
		f.name = i.Name
	}
	a.saySource(path, s)
	if err := makeFolder(a.data, i.SizeBytes-mbtiles.Unfinished(a.data, f.name)); err != nil {
		return err
	}
	work, err := s.Work()
	if err != nil {
		return err
	}
	store := mbtiles.Options{Work: importWork + work, Drops: importWork, Force: f.force, Rows: layerRow}
	if i.Kind == tilestore.Imagery {
		store.Rows, store.Shared = nil, true
	}
	w, err := mbtiles.Create(ctx, a.data, f.name, store)
	if err != nil {
		return err
	}
	defer w.Discard() // an import is made anew rather than carried on
	bar := newProgress(a, f.progress, "import", i.Tiles)
	err = importer.Run(ctx, s, w, importer.RunOptions{
		Jobs: f.jobs, Title: f.title, Attribution: f.attribution, Time: at, Progress: func(done, _ int64) { bar.set(done, done) },
	})
	bar.stop()
	if err != nil {
		return importFault(path, err)
	}
	_, err = a.sayDone(ctx, w, start)
	return err
}

// saySource says what was found and assumed.
func (a *app) saySource(path string, s *importer.Source) {
	i := s.Info()
	grid := ""
	if i.Kind == tilestore.Imagery {
		grid = s.Grid().String() + " grid (--grid), "
	}
	a.say("source   %s, levels %d-%d, %s, %srows from the %s (--rows)", path, i.Levels[0], i.Levels[1], count(int(i.Tiles), "tile"), grid, s.Rows())
	if n := s.Orphans(); n > 0 && i.Kind == tilestore.Imagery {
		a.say("note     %s on the level above is missing where tiles are: maps are empty there until one comes near", count(n, "tile"))
	}
}

// importFault tells tiles that cannot be used from a store that cannot be written.
func importFault(path string, err error) error {
	for _, theirs := range []error{importer.ErrIncomplete, importer.ErrPicture, terrain.ErrCorrupt, terrain.ErrInvalid} {
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
