//go:build !serveonly

package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/terrane/terrane/internal/elevation"
	"github.com/terrane/terrane/internal/ingest"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

func newUpdateCommand(a *app) *cobra.Command {
	var f terrainFlags
	c := &cobra.Command{
		Use:   "update NAME SOURCE...",
		Short: "Lay new elevation models over a terrain dataset",
		Long: "Makes a new version of a terrain dataset with new or better data on top. Only the tiles that they touch and those above them are made,\n" +
			"from the stored heights and the new data; all others are copied. Levels as deep as the new data come into being where they are finer. The\n" +
			"old version stays: terrane versions lists both. Interrupted, the same command carries on where it stopped.",
		Example: "  terrane update alps survey-2025.tif\n  terrane update alps valley.tif --vertical egm2008 --dry-run",
		Args:    usage(cobra.MinimumNArgs(2)),
		RunE: func(c *cobra.Command, args []string) error {
			if f.name != "" {
				return usageError(c, fmt.Errorf("--name %s: the dataset to update is named before the sources", f.name))
			}
			f.name = args[0]
			if err := notPinned("update", f.name); err != nil {
				return err
			}
			return a.overlay(c, args[1:], f, true)
		},
	}
	f.register(c.Flags())
	c.Flags().Lookup("name").Hidden = true // the dataset is named before the sources
	return c
}

// overlay lays sources over the dataset that --base or, for an update, --name says.
func (a *app) overlay(c *cobra.Command, sources []string, f terrainFlags, update bool) error {
	sources, err := a.namedSources(sources)
	if err != nil {
		return err
	}
	o, err := f.options(c, sources)
	if err != nil {
		return err
	}
	f.told = c.Flags().Changed("vertical")
	ref := f.base
	if update {
		ref = f.name
	}
	r, path, err := a.openBase(c.Context(), ref)
	if err != nil {
		return err
	}
	defer r.Close()
	debug.SetGCPercent(200) // an update is short, and its windows are small: the limit of share holds all the same
	o.Under = &ingest.Under{Stored: r, Path: path, Update: update}
	_, err = a.ingestTerrain(c.Context(), o, f)
	return err
}

// openBase opens the terrain dataset that sources are laid over: a name in the data folder, or a file.
func (a *app) openBase(ctx context.Context, ref string) (*mbtiles.Reader, string, error) {
	path := ref
	if !strings.HasSuffix(ref, ".mbtiles") {
		folder, err := a.openFolder(ctx)
		if err != nil {
			return nil, "", err
		}
		defer folder.Close()
		h, err := a.borrow(ctx, folder, ref)
		if err != nil {
			return nil, "", err
		}
		i := h.Info()
		h.Release()
		name := mbtiles.Ref{Name: i.Name, Version: i.Version}.String()
		if i.Version == 0 {
			name = i.Name
		}
		path = filepath.Join(a.data, name+".mbtiles")
	}
	r, err := mbtiles.Open(ctx, path)
	if err != nil {
		return nil, "", err
	}
	if i := r.Info(); i.Kind != tilestore.Terrain || i.Manifest == "" {
		return nil, "", errors.Join(remedy.New(ref, mark(errors.New("not a terrain dataset with its heights stored"), errInput),
			"name one that terrane ingest terrain made"), r.Close())
	}
	return r, path, nil
}

// sayBase says what the sources are laid over.
func (a *app) sayBase(ctx context.Context, job *ingest.Job) error {
	u := job.Under()
	if u == nil {
		return nil
	}
	i := u.Info()
	a.say("base     %s version %d, levels %d-%d, %s tiles: copied where the sources do not reach", i.Name, i.Version, i.Levels[0], i.Levels[1],
		thousands(i.Tiles))
	if i.Vertical == job.Vertical() {
		return nil
	}
	a.say("note     its heights are %s, those of the sources %s: they may lie tens of metres apart      (--vertical)", i.Vertical, job.Vertical())
	if !u.Update || i.Vertical == elevation.Ellipsoid {
		return nil
	}
	repair, err := a.repair(ctx, i)
	a.say("note     %s stays unknown with this: %s", i.Name, repair)
	return err
}

// repair says how a dataset gets heights that are above the ellipsoid: again from its last version whose are.
func (a *app) repair(ctx context.Context, i tilestore.Info) (string, error) {
	folder, err := a.openFolder(ctx)
	if err != nil {
		return "", err
	}
	defer folder.Close()
	list, err := a.versions(ctx, folder, i.Name)
	for _, s := range list {
		if s.Vertical == elevation.Ellipsoid && s.Version < i.Version {
			ref := s.Name + "@" + versionText(s.Version)
			return fmt.Sprintf("terrane use %s, the last that is above the ellipsoid, and then the updates since, each with --vertical", ref), err
		}
	}
	return "terrane ingest terrain with --vertical makes it anew, and then the updates", err
}

// stated refuses sources that do not state what their heights count from where a dataset's are known, unless --vertical says something.
func stated(job *ingest.Job, f terrainFlags) error {
	u := job.Under()
	if u == nil || f.told || u.Info().Vertical != elevation.Ellipsoid {
		return nil
	}
	for _, file := range job.Files {
		if !file.Ellipsoidal() {
			err := fmt.Errorf("%w: vertical datum is not stated, and the heights of %s are above the ellipsoid: they may lie tens of metres apart", errAmbiguous,
				u.Info().Name)
			return remedy.New(filepath.Base(file.Path), err, "--vertical egm96, egm2008, EPSG:n, GRIDFILE or ellipsoid says what its heights count from; "+
				"--vertical auto lays them over as they are, and all of it is unknown then")
		}
	}
	return nil
}

// touched tells which tiles of a finished dataset are to be decoded: nil for all.
func touched(job *ingest.Job) func(tilegrid.Coord) bool {
	if job.Under() == nil {
		return nil
	}
	return job.Touched
}

// underBytes is the size of what is copied.
func underBytes(job *ingest.Job) int64 {
	if u := job.Under(); u != nil {
		return u.Info().SizeBytes
	}
	return 0
}
