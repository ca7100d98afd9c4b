//go:build !serveonly

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/terrane/terrane/internal/ingest"
	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/internal/verify"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/mbtiles"
	"golang.org/x/sys/unix"
)

// published is what "ingest" reports as JSON.
type published struct {
	Name    string  `json:"name"`
	Version int     `json:"version"`
	Path    string  `json:"path"`
	Tiles   int64   `json:"tiles"`
	Bytes   int64   `json:"bytes"`
	Seconds float64 `json:"seconds"`
}

// ingestTerrain makes one terrain dataset: open and plan, tile, verify, publish. Each step says what it found and assumed.
func (a *app) ingestTerrain(ctx context.Context, o ingest.Options, f terrainFlags) (published, error) {
	start := time.Now()
	job, err := ingest.Prepare(ctx, o)
	if err != nil {
		return published{}, err
	}
	defer job.Close()
	a.saySources(job)
	if err := a.sayHeights(job, f.strict); err != nil {
		return published{}, err
	}
	estimate := job.Estimate(f.jobs)
	a.say("plan     levels 0-%d, %s tiles at most, about %s, about %s", job.Plan.Leaf, thousands(int64(job.Plan.Total())), sizeText(estimate.SizeBytes),
		estimate.Time.Round(time.Second))
	if f.dryRun {
		return published{}, a.reportPlan(job, f, estimate)
	}
	if err := makeFolder(a.data, estimate.SizeBytes); err != nil {
		return published{}, err
	}
	w, err := mbtiles.Create(ctx, a.data, f.name, mbtiles.Options{Work: job.Work, Force: f.force, Rows: layerRow, Check: a.checker(f)})
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

// sayDone reports the published version.
func (a *app) sayDone(ctx context.Context, w *mbtiles.Writer, start time.Time) (published, error) {
	r, err := mbtiles.Open(ctx, w.Path())
	if err != nil {
		return published{}, err
	}
	defer r.Close()
	i := r.Info()
	p := published{i.Name, i.Version, w.Path(), i.Tiles, i.SizeBytes, time.Since(start).Seconds()}
	a.say("done     %s version %d, %s tiles, %s in %.1f s", p.Name, p.Version, thousands(p.Tiles), sizeText(p.Bytes), p.Seconds)
	a.say("next     terrane serve --data %s", a.data)
	if a.json {
		return p, a.printJSON(p)
	}
	return p, nil
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

// sayHeights says what the heights are taken for. Strict, it refuses to take them for anything.
func (a *app) sayHeights(job *ingest.Job, strict bool) error {
	v := job.Files[0].Vertical
	switch {
	case job.Vertical() == "ellipsoid":
		a.say("heights  ellipsoidal: no shift")
		return nil
	case v.Name != "":
		a.say("heights  %s (%s), kept as they are: this version shifts no datum        (--vertical ellipsoid: they are ellipsoidal)", v.Name, v.From)
	default:
		a.say("heights  vertical datum not stated, kept as they are                   (--vertical ellipsoid: they are ellipsoidal)")
	}
	if strict {
		return remedy.New(filepath.Base(job.Files[0].Path), fmt.Errorf("%w: heights are %s", errAmbiguous, job.Vertical()),
			"--vertical ellipsoid if they are ellipsoidal, or leave --strict out")
	}
	return nil
}

// checker returns what looks through a finished dataset before it is published.
func (a *app) checker(f terrainFlags) func(context.Context, tilestore.Reader) error {
	if f.noVerify {
		return nil
	}
	return func(ctx context.Context, r tilestore.Reader) error {
		bar := newProgress(a, f.progress, "verify", r.Info().Tiles)
		report, err := verify.Run(ctx, r, verify.Options{Jobs: f.jobs, Progress: func(done, _ int64) { bar.set(done, done) }})
		bar.stop()
		if err != nil {
			return err
		}
		t := report.Total()
		deepest := report.Levels[len(report.Levels)-1]
		if !report.OK() {
			return remedy.New(r.Info().Name, fmt.Errorf("%w: %d faults, first: %s", errVerification, report.FaultCount, report.Faults[0]),
				"nothing was published; please report this with the sources' gdalinfo")
		}
		a.say("verify   %s tiles valid, seams %.2f m, error at level %d: RMS %.2f m, max %.1f m", thousands(t.Tiles), t.MaxSeam, deepest.Level,
			deepest.RMS, deepest.MaxError)
		return nil
	}
}

// layerRow puts layer.json into the file too, for programs that serve it without knowing us.
func layerRow(i tilestore.Info) (map[string]string, error) {
	data, err := terrain.NewLayer(i).JSON()
	return map[string]string{"layer.json": string(data)}, err
}

// makeFolder makes the data folder if only itself is missing, and checks that its disk has room for what will be written.
func makeFolder(path string, needed int64) error {
	if err := os.Mkdir(path, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		if errors.Is(err, fs.ErrNotExist) {
			return remedy.New(path, fmt.Errorf("%w: no such data folder", fs.ErrNotExist), "make it with mkdir -p, or name another with --data")
		}
		return remedy.New(path, fmt.Errorf("data folder cannot be made: %w", err), "make it writable, or name another with --data")
	}
	var disk unix.Statfs_t
	if err := unix.Statfs(path, &disk); err != nil {
		return remedy.New(path, fmt.Errorf("data folder: %w", err), "name another with --data")
	}
	if free := int64(disk.Bavail) * disk.Bsize; free < needed {
		return remedy.New(path, fmt.Errorf("%w: about %s needed, %s free", tilestore.ErrFull, sizeText(needed), sizeText(free)),
			"free some space, name another folder with --data, or make fewer levels with --levels")
	}
	return nil
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%s %ss", thousands(int64(n)), noun)
}

// thousands writes a number with its digits in groups.
func thousands(n int64) string {
	s := fmt.Sprint(n)
	for at := len(s) - 3; at > 0; at -= 3 {
		s = s[:at] + " " + s[at:]
	}
	return s
}
