//go:build !serveonly

package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/terrane/terrane/internal/ingest"
	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/internal/verify"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// ingestTerrain makes one terrain dataset: open and plan, tile, verify, publish. Each step says what it found and assumed.
func (a *app) ingestTerrain(ctx context.Context, o ingest.Options, f terrainFlags) (published, error) {
	start := time.Now()
	if !f.dryRun {
		if err := checkFolder(a.data); err != nil {
			return published{}, err
		}
	}
	job, err := ingest.Prepare(ctx, o)
	if err != nil {
		return published{}, prepareFault(o, err)
	}
	defer job.Close()
	a.saySources(job)
	a.sayHeights(job.Files)
	a.sayWater(job, o)
	if err := errors.Join(a.sayBase(ctx, job), stated(job, f)); err != nil {
		return published{}, err
	}
	if f.strict {
		if err := errors.Join(certain(job), mark(job.Certain(), errAmbiguous)); err != nil {
			return published{}, err
		}
	}
	estimate, err := a.sayPlan(ctx, job, f.jobs)
	if err != nil {
		return published{}, err
	}
	m := planned{
		generalFlags: f.generalFlags, kind: tilestore.Terrain, grid: tilegrid.Geodetic, work: job.Work, units: job.Plan.Units(), share: job.Plan.Share, makes: job.Makes, needed: estimate.SizeBytes + underBytes(job),
		store: mbtiles.Options{Rows: layerRow, Check: a.checker(job, f)},
		run: func(ctx context.Context, w *mbtiles.Writer, report func(units, tiles int)) error {
			return job.Run(ctx, w, f.jobs, func(p ingest.Progress) { report(p.Units, p.Tiles) })
		},
	}
	if f.dryRun {
		there, err := a.made(ctx, m)
		if err != nil {
			return published{}, err
		}
		return published{}, a.reportPlan(job, f, estimate, there)
	}
	return a.make(ctx, m, start)
}

// sayPlan says what will be made, and about what it costs.
func (a *app) sayPlan(ctx context.Context, job *ingest.Job, jobs int) (ingest.Estimate, error) {
	e, err := job.Estimate(ctx, jobs)
	if err != nil {
		return e, err
	}
	bounds, curved := job.MaxErrors(), ""
	if bulge := terrain.Bulge(job.Plan.Leaf); bulge > bounds[job.Plan.Leaf]/4 {
		curved = ", in space: the earth's curvature comes on top"
	}
	a.say("plan     levels 0-%d, about %s, about %s, about %s; error bound %s%s", job.Plan.Leaf, count(e.Total(), "tile"), sizeText(e.SizeBytes),
		durationText(e.Time), errorText(bounds), curved)
	return e, nil
}

// prepareFault tells a flag that does not fit the sources from a source that cannot be used.
func prepareFault(o ingest.Options, err error) error {
	var e *remedy.Error
	switch {
	case errors.Is(err, ingest.ErrOptions) && remedy.Try(err) == "":
		return remedy.New(o.Sources[0], err, "--dry-run without --bbox and --levels shows what there is")
	case errors.Is(err, raster.ErrNoCRS) && len(o.Sources) > 1 && errors.As(err, &e):
		return remedy.New("", err, fmt.Sprintf("gdal_translate -a_srs EPSG:n %s out.tif, and out.tif in its place; --src-crs would count for all %d files",
			filepath.Base(e.On), len(o.Sources)))
	case errors.As(err, &e) && strings.HasPrefix(e.On, "--"):
		return mark(err, errUsage)
	}
	return err
}

// reportPlan ends a dry run.
func (a *app) reportPlan(job *ingest.Job, f terrainFlags, e ingest.Estimate, there published) error {
	a.sayDry(f.generalFlags, there)
	if !a.json {
		return nil
	}
	return a.printJSON(map[string]any{
		"name": f.name, "levels": []int{0, int(job.Plan.Leaf)}, "tiles": e.Tiles, "total": e.Total(), "bytes": e.SizeBytes,
		"seconds": e.Time.Seconds(), "vertical": job.Vertical(), "maxErrors": job.MaxErrors(), "existed": there.Existed,
	})
}

func (a *app) saySources(job *ingest.Job) {
	first := job.Files[0]
	crs := first.CRS
	if slices.ContainsFunc(job.Files, func(f raster.File) bool { return f.CRS != crs }) {
		crs = "several reference systems"
	}
	s := job.Survey
	a.say("sources  %s  %s  %s  %s  %.2g %% without data  heights about %.0f .. %.0f m", count(len(job.Files), "file"), crs, spacing(job.Files),
		dataTypes(job.Files), 100*(1-s.Valid), s.Min, s.Max)
	var replaced doubts
	for _, f := range job.Files {
		if f.Replaced != "" {
			replaced.add(f.Replaced, filepath.Base(f.Path))
		}
	}
	a.sayReplaced(replaced)
	for _, f := range job.Files {
		for _, note := range f.Survey.Suspicions {
			a.say("note     %s: %s", filepath.Base(f.Path), note)
		}
		if a.verbose {
			a.say("source   %s  %d x %d %s  %s", f.Path, f.Cols, f.Rows, f.DataType, f.CRS)
		}
	}
}

// dataTypes names the types of the sources' values.
func dataTypes(files []raster.File) string {
	var all []string
	for _, f := range files {
		if t := strings.ToLower(f.DataType); !slices.Contains(all, t) {
			all = append(all, t)
		}
	}
	return strings.Join(all, " and ")
}

// spacing says how far apart the finest and the coarsest source's pixels are.
func spacing(files []raster.File) string {
	finest, coarsest := files[0].Resolution.Metres, files[0].Resolution.Metres
	for _, f := range files {
		finest, coarsest = min(finest, f.Resolution.Metres), max(coarsest, f.Resolution.Metres)
	}
	return span(finest, coarsest)
}

// span writes the sizes of the finest and the coarsest pixels, metres, or one where they are much the same.
func span(finest, coarsest float64) string {
	if coarsest > 1.05*finest {
		return lengthText(finest) + " .. " + lengthText(coarsest)
	}
	return lengthText(finest)
}

// lengthText writes metres in three digits, those of kilometres from a thousand on.
func lengthText(metres float64) string {
	if metres >= 1000 {
		return fmt.Sprintf("%.3g km", metres/1000)
	}
	return fmt.Sprintf("%.3g m", metres)
}

// checker returns what looks through a finished dataset before it is published.
func (a *app) checker(job *ingest.Job, f terrainFlags) func(context.Context, tilestore.Reader) error {
	if f.noVerify {
		return nil
	}
	return func(ctx context.Context, r tilestore.Reader) error {
		report, err := a.verified(ctx, r, f.generalFlags, verify.Options{Touched: touched(job)})
		if err != nil {
			return err
		}
		t, deepest := report.Total(), report.Levels[len(report.Levels)-1]
		a.say("verify   %s tiles valid, seams %.2f m, error at level %d: RMS %.2f m, max %.1f m", thousands(t.Tiles), t.MaxSeam, deepest.Level,
			deepest.RMS, deepest.MaxError)
		if t.Open > 0 {
			a.say("note     beside %s the ground has walls that no coarser mesh follows: up to %.1f m may show open there", count(int(t.Open), "tile"), t.MaxCross)
		}
		return nil
	}
}
