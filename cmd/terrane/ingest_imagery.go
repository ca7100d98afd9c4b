//go:build !serveonly

package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/internal/tiler"
	"github.com/terrane/terrane/internal/verify"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// ingestImagery makes one imagery dataset: open and plan, tile, verify, publish. Each step says what it found and assumed.
func (a *app) ingestImagery(ctx context.Context, o tiler.Options, f imageryFlags) (published, error) {
	start := time.Now()
	if !f.dryRun {
		if err := checkFolder(a.data); err != nil {
			return published{}, err
		}
	}
	job, err := tiler.Prepare(ctx, o)
	if err != nil {
		return published{}, pictureFault(o, err)
	}
	defer job.Close()
	a.sayPictures(job)
	a.sayDoubts(job)
	if o.Format == tiler.JPEG && slices.ContainsFunc(job.Files, func(f raster.PictureFile) bool { return f.Void != "" }) {
		a.say("note     JPEG keeps no transparency: what is transparent becomes white        (--format auto or webp keeps it)")
	}
	estimate, err := job.Estimate(ctx, f.jobs)
	if err != nil {
		return published{}, err
	}
	a.say("plan     %s grid, levels %d-%d%s, about %s, about %s, about %s", f.grid, estimate.First, job.Plan.Max, coarserText(job.Plan),
		count(estimate.Total(), "tile"), sizeText(estimate.SizeBytes), durationText(estimate.Time))
	m := planned{
		generalFlags: f.generalFlags, kind: tilestore.Imagery, grid: job.Plan.Grid, time: o.Time, work: job.Work, units: job.Plan.Units(), share: job.Plan.Share, makes: job.Makes, needed: estimate.SizeBytes,
		store: mbtiles.Options{Shared: true, Check: a.pictureChecker(f)},
		run: func(ctx context.Context, w *mbtiles.Writer, report func(units, tiles int)) error {
			return job.Run(ctx, w, f.jobs, func(p tiler.Progress) { report(p.Units, p.Tiles) })
		},
	}
	if f.dryRun {
		there, err := a.made(ctx, m)
		if err != nil {
			return published{}, err
		}
		return published{}, a.reportPicturePlan(job, f, estimate, there)
	}
	return a.make(ctx, m, start)
}

// pictureFault tells a flag that does not fit the sources from a source that cannot be used.
func pictureFault(o tiler.Options, err error) error {
	var e *remedy.Error
	switch {
	case errors.Is(err, tiler.ErrOptions) && remedy.Try(err) == "":
		return remedy.New(o.Sources[0], err, "--dry-run without --bbox and --levels shows what there is")
	case errors.As(err, &e) && strings.HasPrefix(e.On, "--"):
		return mark(err, errUsage)
	}
	return err
}

// reportPicturePlan ends a dry run.
func (a *app) reportPicturePlan(job *tiler.Job, f imageryFlags, e tiler.Estimate, there published) error {
	a.sayDry(f.generalFlags, there)
	if !a.json {
		return nil
	}
	return a.printJSON(map[string]any{
		"name": f.name, "grid": f.grid, "levels": []int{int(e.First), int(job.Plan.Max)}, "tiles": e.Tiles, "total": e.Total(), "bytes": e.SizeBytes,
		"seconds": e.Time.Seconds(), "existed": there.Existed,
	})
}

// coarserText says where sources that are coarser than the finest end.
func coarserText(p tiler.Plan) string {
	var ends []string
	for _, g := range p.Grounds {
		if end := strconv.Itoa(int(g.Deepest)); g.Deepest < p.Max && !slices.Contains(ends, end) {
			ends = append(ends, end)
		}
	}
	if len(ends) == 0 {
		return ""
	}
	return " (coarser sources to " + strings.Join(ends, ", ") + ")"
}

// sayPictures says what the sources are, and what their pixels are taken for.
func (a *app) sayPictures(job *tiler.Job) {
	first := job.Files[0]
	crs, finest, coarsest := first.CRS, first.Resolution.Metres, first.Resolution.Metres
	for _, f := range job.Files {
		finest, coarsest = min(finest, f.Resolution.Metres), max(coarsest, f.Resolution.Metres)
		if f.CRS != crs {
			crs = "several reference systems"
		}
	}
	a.say("sources  %s  %s  %s  %s", count(len(job.Files), "file"), crs, span(finest, coarsest), strings.ToLower(first.DataType))
	var said []string
	for _, f := range job.Files {
		if text := pixelsText(f); !slices.Contains(said, text) {
			said = append(said, text)
			a.say("pixels   %s", text)
		}
		if a.verbose {
			a.say("source   %s  %d x %d %s  %s", filepath.Base(f.Path), f.Cols, f.Rows, f.DataType, f.CRS)
		}
	}
}

// pixelsText says how a file's values become colours.
func pixelsText(f raster.PictureFile) string {
	text := f.Why
	if f.Scale != nil {
		text += fmt.Sprintf(", values %.6g .. %.6g become black .. white (--scale)", f.Scale[0], f.Scale[1])
	}
	if f.Void != "" {
		text += ", transparent by " + f.Void
	}
	return text + ", " + string(f.Kernel)
}

// pictureChecker returns what looks through a finished dataset before it is published.
func (a *app) pictureChecker(f imageryFlags) func(context.Context, tilestore.Reader) error {
	if f.noVerify {
		return nil
	}
	return func(ctx context.Context, r tilestore.Reader) error {
		report, err := a.verified(ctx, r, f.generalFlags, verify.Options{})
		if err == nil {
			a.say("verify   %s tiles valid", thousands(report.Total().Tiles))
		}
		return err
	}
}
