//go:build !serveonly

package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/terrane/terrane/internal/elevation"
	"github.com/terrane/terrane/internal/ingest"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// siteFlags are the flags of "flatten", "cut" and "fill" as the user wrote them.
type siteFlags struct {
	generalFlags
	height, blend           float64
	vertical, geoid, levels string
}

// siteCommands returns the commands that bring a building site to one height.
func siteCommands(a *app) []*cobra.Command {
	return []*cobra.Command{
		newSiteCommand(a, ingest.Flatten, "Bring the ground in polygons to one height", "all ground in them"),
		newSiteCommand(a, ingest.Cut, "Lower the ground in polygons to one height", "ground in them that is above it"),
		newSiteCommand(a, ingest.Raise, "Raise the ground in polygons to one height", "ground in them that is below it"),
	}
}

func newSiteCommand(a *app, grade ingest.Grade, short, what string) *cobra.Command {
	var f siteFlags
	c := &cobra.Command{
		Use:   string(grade) + " NAME POLYGONS",
		Short: short,
		Long: "Makes a new version of a terrain dataset for a building site. POLYGONS is a GeoJSON file, a Shapefile or a GeoPackage: " + what + "\n" +
			"becomes --height metres high, and over --blend metres around them that passes into the ground as it is. Heights of plans are above sea level as\n" +
			"a rule: --vertical msl. Without it the height is as the dataset counts, above the ellipsoid. Levels come into being as the site takes, up to\n" +
			"four below those that the dataset has there. The old version stays, and removing the new one undoes it: terrane versions, terrane rm NAME@VERSION.",
		Example: fmt.Sprintf("  terrane %s alps site.geojson --height 612.5 --vertical msl --blend 15 --dry-run", grade),
		Args:    usage(cobra.ExactArgs(2)),
		RunE: func(c *cobra.Command, args []string) error {
			if err := errors.Join(f.checkSite(c.Flags().Changed("height")), checkProgress(f.progress), checkJobs(f.jobs)); err != nil {
				return usageError(c, err)
			}
			f.name = args[0]
			if err := notPinned(c.Name(), f.name); err != nil {
				return err
			}
			_, err := a.grade(c.Context(), ingest.Site{File: args[1], Height: f.height, Blend: f.blend, Grade: grade}, f)
			return err
		},
	}
	v := c.Flags()
	v.Float64Var(&f.height, "height", 0, "height of the site, metres (has to be given)")
	v.Float64Var(&f.blend, "blend", 10, "metres around the site over which its height passes into the ground; 0 leaves a wall")
	v.StringVar(&f.vertical, "vertical", "", "what the height is above: ellipsoid, or msl, mean sea level (default as the dataset counts)")
	v.StringVar(&f.geoid, "geoid", "auto", geoidUsage)
	v.StringVar(&f.levels, "levels", "auto", "levels to make, 0-MAX or auto: as the site takes, up to 4 below the dataset's own there")
	v.BoolVar(&f.dryRun, "dry-run", false, "print the plan and stop")
	v.IntVar(&f.jobs, "jobs", runtime.NumCPU(), "tiles made at the same time")
	v.StringVar(&f.progress, "progress", "auto", progressHelp)
	v.BoolVar(&f.noVerify, "no-verify", false, "do not read the tiles back before publishing")
	v.BoolVar(&f.force, "force", false, "make it anew though the latest version is the same; drop unfinished work of others under this name")
	return c
}

func (f *siteFlags) checkSite(given bool) error {
	switch {
	case !given:
		return errors.New("--height METRES is missing")
	case !(f.height > -12000 && f.height < 9000):
		return fmt.Errorf("--height %g: it is metres, -12000 to 9000", f.height)
	case !(f.blend >= 0 && f.blend <= 10_000):
		return fmt.Errorf("--blend %g: it is metres, 0 to 10000", f.blend)
	case f.vertical != "" && f.vertical != elevation.Ellipsoid && f.vertical != elevation.MSL:
		return fmt.Errorf("--vertical %q: the height of a site is above the ellipsoid or msl, mean sea level (--geoid says which)", f.vertical)
	}
	_, err := parseLevels(f.levels)
	return err
}

// grade makes a new version of a dataset in which a site is brought to one height.
func (a *app) grade(ctx context.Context, s ingest.Site, f siteFlags) (published, error) {
	start := time.Now()
	if !f.dryRun {
		if err := checkFolder(a.data); err != nil {
			return published{}, err
		}
	}
	r, path, err := a.openBase(ctx, f.name)
	if err != nil {
		return published{}, err
	}
	defer r.Close()
	o := ingest.SiteOptions{Site: s, Under: &ingest.Under{Stored: r, Path: path, Update: true}, Program: version}
	if leaf, _ := parseLevels(f.levels); leaf >= 0 { // checkSite has looked
		o.Leaf = uint8(max(1, leaf))
	}
	if o.Sea, err = f.sea(ctx, r.Info()); err != nil {
		return published{}, err
	}
	job, err := ingest.PrepareSite(ctx, o)
	if err != nil {
		if errors.Is(err, ingest.ErrOptions) && remedy.Try(err) == "" {
			err = remedy.New(s.File, err, "polygons of the site only, somewhere near the dataset's ground")
		}
		return published{}, err
	}
	defer job.Close()
	a.saySite(job, o)
	if err := a.sayBase(ctx, job); err != nil {
		return published{}, err
	}
	estimate, err := a.sayPlan(ctx, job, f.jobs)
	if err != nil {
		return published{}, err
	}
	if job.Earthwork().Nothing() && !f.force {
		return a.sayNothing(r.Info(), path, s)
	}
	m := planned{
		generalFlags: f.generalFlags, kind: tilestore.Terrain, grid: tilegrid.Geodetic, work: job.Work, units: job.Plan.Units(), share: job.Plan.Share,
		makes: job.Makes, needed: estimate.SizeBytes + underBytes(job),
		store: mbtiles.Options{Rows: layerRow, Check: a.checker(job, terrainFlags{generalFlags: f.generalFlags})},
		run: func(ctx context.Context, w *mbtiles.Writer, report func(units, tiles int)) error {
			return job.Run(ctx, w, f.jobs, func(p ingest.Progress) { report(p.Units, p.Tiles) })
		},
	}
	if !f.dryRun {
		return a.make(ctx, m, start)
	}
	there, err := a.made(ctx, m)
	if err != nil {
		return published{}, err
	}
	a.sayDry(f.generalFlags, there)
	return published{}, a.printSite(job, o, there)
}
