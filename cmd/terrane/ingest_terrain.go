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
		return published{}, prepareFault(o.Sources[0], err)
	}
	defer job.Close()
	a.saySources(job)
	a.sayHeights(job)
	if f.strict {
		if err := certain(job); err != nil {
			return published{}, err
		}
	}
	estimate := job.Estimate(f.jobs)
	a.say("plan     levels 0-%d, about %s tiles, %s, %s", job.Plan.Leaf, thousands(int64(job.Plan.Total())), sizeText(estimate.SizeBytes),
		estimate.Time.Round(time.Second))
	if f.dryRun {
		return published{}, a.reportPlan(job, f, estimate)
	}
	if err := makeFolder(a.data, estimate.SizeBytes-mbtiles.Unfinished(a.data, f.name)); err != nil {
		return published{}, err
	}
	w, err := mbtiles.Create(ctx, a.data, f.name, mbtiles.Options{Work: job.Work, Force: f.force, Rows: layerRow, Check: a.checker(job, f)})
	if err != nil {
		return published{}, err
	}
	defer w.Close()
	if w.Done() > 0 {
		a.say("resume   %d of %d units of work are done", w.Done(), job.Plan.Units())
	}
	bar := newProgress(a, f.progress, "tiling", int64(job.Plan.Units()))
	if err := job.Run(ctx, w, f.jobs, func(p ingest.Progress) { bar.set(int64(p.Units), int64(p.Tiles)) }); err != nil {
		bar.stop()
		return published{}, err
	}
	return a.sayDone(ctx, w, start)
}

// prepareFault tells a flag that does not fit the sources from a source that cannot be used.
func prepareFault(source string, err error) error {
	var e *remedy.Error
	switch {
	case errors.Is(err, ingest.ErrOptions) && remedy.Try(err) == "":
		return remedy.New(source, err, "--dry-run without --bbox and --levels shows what there is")
	case errors.As(err, &e) && strings.HasPrefix(e.On, "--"):
		return mark(err, errUsage)
	}
	return err
}

// reportPlan ends a dry run.
func (a *app) reportPlan(job *ingest.Job, f terrainFlags, e ingest.Estimate) error {
	a.say("dry run  nothing was written; the same command without --dry-run makes %s", f.name)
	if !a.json {
		return nil
	}
	return a.printJSON(map[string]any{
		"name": f.name, "levels": []int{0, int(job.Plan.Leaf)}, "tiles": job.Plan.Tiles, "total": job.Plan.Total(),
		"bytes": e.SizeBytes, "seconds": e.Time.Seconds(), "vertical": job.Vertical(),
	})
}

func (a *app) saySources(job *ingest.Job) {
	first := job.Files[0]
	crs := first.CRS
	if slices.ContainsFunc(job.Files, func(f raster.File) bool { return f.CRS != crs }) {
		crs = "several reference systems"
	}
	s := job.Survey
	a.say("sources  %s  %s  %s  %s  %.2g %% without data  heights %.0f .. %.0f m", count(len(job.Files), "file"), crs, spacing(job.Files),
		strings.ToLower(first.DataType), 100*(1-s.Valid), s.Min, s.Max)
	for _, f := range job.Files {
		for _, note := range f.Survey.Suspicions {
			a.say("note     %s: %s", filepath.Base(f.Path), note)
		}
		if a.verbose {
			a.say("source   %s  %d x %d %s  %s", f.Path, f.Cols, f.Rows, f.DataType, f.CRS)
		}
	}
}

// spacing says how far apart the finest and the coarsest source's pixels are.
func spacing(files []raster.File) string {
	finest, coarsest := files[0].Resolution.Metres, files[0].Resolution.Metres
	for _, f := range files {
		finest, coarsest = min(finest, f.Resolution.Metres), max(coarsest, f.Resolution.Metres)
	}
	if coarsest > 1.05*finest {
		return fmt.Sprintf("%.3g .. %.3g m", finest, coarsest)
	}
	return fmt.Sprintf("%.3g m", finest)
}

// sayHeights says what the heights are taken for.
func (a *app) sayHeights(job *ingest.Job) {
	v := job.Files[0].Vertical
	switch {
	case job.Vertical() == "ellipsoid":
		a.say("heights  ellipsoidal: no shift")
	case v.Name != "":
		a.say("heights  %s (%s), kept as they are: this version shifts no datum        (--vertical ellipsoid: they are ellipsoidal)", v.Name, v.From)
	default:
		a.say("heights  vertical datum not stated, kept as they are                   (--vertical ellipsoid: they are ellipsoidal)")
	}
}

// certain is what --strict asks: nothing about the heights has to be assumed.
func certain(job *ingest.Job) error {
	for _, f := range job.Files {
		if doubts := f.Survey.Suspicions; len(doubts) > 0 {
			return remedy.New(filepath.Base(f.Path), fmt.Errorf("%w: %s", errAmbiguous, doubts[0]), "--nodata V if that value means no data, or leave --strict out")
		}
	}
	if job.Vertical() == "ellipsoid" {
		return nil
	}
	return remedy.New(filepath.Base(job.Files[0].Path), fmt.Errorf("%w: vertical datum is %s, and no height is shifted", errAmbiguous, job.Vertical()),
		"--vertical ellipsoid if they are ellipsoidal, or leave --strict out")
}

// checker returns what looks through a finished dataset before it is published.
func (a *app) checker(job *ingest.Job, f terrainFlags) func(context.Context, tilestore.Reader) error {
	if f.noVerify {
		return nil
	}
	return func(ctx context.Context, r tilestore.Reader) error {
		bar := newProgress(a, f.progress, "verify", r.Info().Tiles)
		opt := verify.Options{Jobs: f.jobs}
		if len(job.Plan.Grounds) == 1 {
			opt.MaxTurn = verify.SmoothTurn
		}
		opt.Progress = func(done, _ int64) { bar.set(done, done) }
		report, err := verify.Run(ctx, r, opt)
		bar.stop()
		if err != nil {
			return err
		}
		t := report.Total()
		deepest := report.Levels[len(report.Levels)-1]
		if !report.OK() {
			wrong := mark(fmt.Errorf("%w: %d faults, first: %s", errVerification, report.FaultCount, report.Faults[0]), tilestore.ErrInvalid)
			return remedy.New(r.Info().Name, wrong,
				"nothing was published; please report this with the sources' gdalinfo")
		}
		a.say("verify   %s tiles valid, seams %.2f m, error at level %d: RMS %.2f m, max %.1f m", thousands(t.Tiles), t.MaxSeam, deepest.Level,
			deepest.RMS, deepest.MaxError)
		if t.Open > 0 {
			a.say("note     beside %s the ground has walls that no coarser mesh follows: up to %.1f m may show open there", count(int(t.Open), "tile"), t.MaxCross)
		}
		return nil
	}
}
