//go:build !serveonly

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"

	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/internal/verify"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// planned is an ingest of any kind, ready to be made.
type planned struct {
	generalFlags
	kind   tilestore.Kind
	grid   tilegrid.Grid
	time   time.Time                             // instant that the pictures show; zero: none
	work   string                                // names the work
	units  int                                   // of work
	share  func(units int) float64               // how much of the work so many units are
	makes  func(provenance json.RawMessage) bool // whether a version of this provenance is what would be made
	needed int64                                 // bytes, about
	store  mbtiles.Options
	run    func(ctx context.Context, w *mbtiles.Writer, report func(units, tiles int)) error
}

// make tiles, verifies and publishes, unless the latest version is the same already. The command began at start.
func (a *app) make(ctx context.Context, m planned, start time.Time) (published, error) {
	there, err := a.made(ctx, m)
	if err != nil {
		return published{}, err
	}
	if there.Existed {
		return there, a.sayMade(there)
	}
	if err := makeFolder(a.data, m.needed-mbtiles.Unfinished(a.data, m.name)); err != nil {
		return published{}, err
	}
	m.store.Work, m.store.Force = m.work, m.force
	w, err := mbtiles.Create(ctx, a.data, m.name, m.store)
	if err != nil {
		return published{}, err
	}
	defer w.Close()
	parts := func(units int) int64 { return int64(progressParts * m.share(units)) }
	bar := newProgress(a, m.progress, "tiling", progressParts)
	if w.Done() > 0 {
		a.say("resume   %d of %d units of work are done", w.Done(), m.units)
		bar.from(parts(w.Done()))
	}
	if err := m.run(ctx, w, func(units, tiles int) { bar.set(parts(units), int64(tiles)) }); err != nil {
		bar.stop()
		return published{}, mark(err, errResumable)
	}
	return a.sayDone(ctx, w, start)
}

// progressParts is how finely the progress of tiling is told.
const progressParts = 10_000

// made returns the latest version of the dataset, with Existed set, if it is what would be made once more. A version that clients of those there are could not
// take in their place is an error, see replaces. With --force neither is asked.
func (a *app) made(ctx context.Context, m planned) (published, error) {
	if m.force {
		return published{}, nil
	}
	folder, err := mbtiles.OpenFolder(ctx, a.data)
	if err != nil {
		return published{}, nil // no folder yet, or one that will be complained of when it is written
	}
	defer folder.Close()
	h, err := newest(ctx, folder, m.name)
	if err != nil {
		return published{}, nil // none of that name
	}
	defer h.Release()
	i := h.Info()
	if err := m.replaces(i); err != nil {
		return published{}, err
	}
	if !m.makes(i.Provenance) {
		return published{}, nil
	}
	path := filepath.Join(a.data, fmt.Sprintf("%s@%d.mbtiles", i.Name, i.Version))
	return published{Name: i.Name, Version: i.Version, Path: path, Tiles: i.Tiles, Bytes: i.SizeBytes, Existed: true}, nil
}

// replaces refuses to put something of another kind, or cut in another grid, in the place of a version, and to end a series of times by leaving the time out.
func (m planned) replaces(i tilestore.Info) error {
	var text, advice string
	switch {
	case i.Kind != m.kind:
		text = fmt.Sprintf("it is %s, and clients would find %s in its place", i.Kind, m.kind)
	case i.Grid != m.grid:
		text = fmt.Sprintf("its tiles are of the grid of EPSG:%d, and clients would find those of EPSG:%d in their place", i.Grid.CRS(), m.grid.CRS())
	case m.time.IsZero() && !i.Time.IsZero():
		text, advice = "its versions have times, and one without would end the series", "--time DATE, "
	default:
		return nil
	}
	return remedy.New(m.name, fmt.Errorf("%w: %s", tilestore.ErrExists, text), advice+"another --name, or --force if it is to become the next version all the same")
}

// sayMade reports a version that was there already.
func (a *app) sayMade(p published) error {
	a.say("done     nothing to do: %s version %d was made of the same sources with the same options        (--force makes it anew)", p.Name, p.Version)
	a.say("next     terrane serve --data %s", a.data)
	return a.printPublished(p)
}

// sayDry says that a dry run ends.
func (a *app) sayDry(f generalFlags, there published) {
	if there.Existed {
		a.say("dry run  nothing was written; %s version %d is this already", f.name, there.Version)
	} else {
		a.say("dry run  nothing was written; the same command without --dry-run makes %s", f.name)
	}
}

// verified reads every tile of a finished dataset back before it is published. Faults are an error.
func (a *app) verified(ctx context.Context, r tilestore.Reader, f generalFlags, opt verify.Options) (verify.Report, error) {
	bar := newProgress(a, f.progress, "verify", r.Info().Tiles)
	opt.Jobs = f.jobs
	opt.Progress = func(done, _ int64) { bar.set(done, done) }
	report, err := verify.Run(ctx, r, opt)
	bar.stop()
	if err != nil || report.OK() {
		return report, err
	}
	wrong := mark(fmt.Errorf("%w: %d faults, first: %s", errVerification, report.FaultCount, report.Faults[0]), tilestore.ErrInvalid)
	return report, remedy.New(r.Info().Name, wrong, "nothing was published; please report this with the sources' gdalinfo")
}
