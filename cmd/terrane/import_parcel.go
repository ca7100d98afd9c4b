package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/terrane/terrane/internal/importer"
	"github.com/terrane/terrane/internal/parcel"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/internal/verify"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// importPath makes a dataset of what lies at path: an export of this program as it is, else tiles by others.
func (a *app) importPath(c *cobra.Command, path string, o importer.Options, at time.Time, f importFlags) error {
	p, err := a.openParcel(c.Context(), path, f)
	if err != nil {
		return parcelFault(err)
	}
	if p == nil {
		return a.importTiles(c.Context(), path, o, at, f)
	}
	for _, name := range []string{"rows", "grid", "title", "attribution", "time"} {
		if c.Flags().Changed(name) {
			return usageError(c, fmt.Errorf("--%s is for tiles by others: %s is an export, and taken as it is", name, path))
		}
	}
	return parcelFault(a.importParcel(c.Context(), p, f))
}

// openParcel opens an export, and verifies its signature if a key is given; nil for tiles by others.
func (a *app) openParcel(ctx context.Context, path string, f importFlags) (*importer.Parcel, error) {
	if f.key == "" {
		p, err := importer.OpenParcel(ctx, path, nil)
		return p, mark(err, errInput)
	}
	key, err := parcel.ReadPublicKey(f.key)
	if err != nil {
		return nil, err
	}
	p, err := importer.OpenParcel(ctx, path, key)
	if err == nil {
		a.say("signed   by the key in %s", f.key)
	}
	return p, mark(err, errInput)
}

// importParcel publishes an export as the next version.
func (a *app) importParcel(ctx context.Context, p *importer.Parcel, f importFlags) error {
	start := time.Now()
	if err := checkFolder(a.data); err != nil {
		return err
	}
	if !f.uploaded && a.outside(p.Path) != nil {
		err := errors.New("it is a dataset of terrane already, and in the data folder")
		return mark(remedy.New(p.Path, err, "terrane list names it; terrane use makes it the current one"), errInput)
	}
	if f.name == "" {
		f.name = p.Info.Name
	}
	a.say("source   %s, %s of %s version %d, levels %d-%d, %s tiles", p.Path, formText(p.Manifest), p.Info.Name, p.Info.Version, p.Info.Levels[0],
		p.Info.Levels[1], thousands(p.Info.Tiles))
	there, err := a.imported(ctx, p, f)
	if err != nil || there.Existed {
		return err
	}
	base, err := a.baseOf(ctx, p, f.name)
	if err != nil {
		return err
	}
	needed := p.Info.SizeBytes
	if base != nil {
		defer base.Close()
		needed += base.Info().SizeBytes
	}
	if err := makeFolder(a.data, needed-mbtiles.Unfinished(a.data, f.name)); err != nil {
		return err
	}
	w, err := a.publishParcel(ctx, p, base, f)
	if w != nil {
		defer w.Discard()
	}
	if err != nil {
		return err
	}
	_, err = a.sayDone(ctx, w, start)
	return err
}

// imported returns the newest version of a dataset, with Existed set, and says so, if it holds all that an export does. With --force it is not asked.
func (a *app) imported(ctx context.Context, p *importer.Parcel, f importFlags) (published, error) {
	folder, err := mbtiles.OpenFolder(ctx, a.data)
	if err != nil || f.force {
		return published{}, nil // no folder yet, or one that will be complained of when it is written
	}
	defer folder.Close()
	h, err := newest(ctx, folder, f.name)
	if err != nil {
		return published{}, nil // none of that name
	}
	defer h.Release()
	i := h.Info()
	if i.Manifest == "" || i.Manifest != p.Info.Manifest || i.Title != p.Info.Title || i.Attribution != p.Info.Attribution || !i.Time.Equal(p.Info.Time) {
		return published{}, nil
	}
	want, err := heightsIn(ctx, p)
	if err != nil {
		return published{}, err
	}
	r, path, err := a.openVersion(ctx, folder, i.Name+"@"+versionText(i.Version))
	if err != nil {
		return published{}, err
	}
	defer r.Close()
	if got, err := r.HeightsManifest(ctx); err != nil || want != "" && got != want {
		return published{}, err
	}
	if p.Manifest.Form == parcel.MBTiles && p.Sum == "" { // all that it says of itself may be wrong
		if err := a.checkFile(ctx, p.Path, f); err != nil {
			return published{}, err
		}
	}
	a.say("done     nothing to do: %s version %d is this already        (--force imports it once more)", i.Name, i.Version)
	there := published{Name: i.Name, Version: i.Version, Path: path, Tiles: i.Tiles, Bytes: i.SizeBytes, Existed: true}
	return there, a.printPublished(there)
}

// heightsIn returns the manifest of the heights in an export, "" if it has none.
func heightsIn(ctx context.Context, p *importer.Parcel) (string, error) {
	if p.Manifest.Heights != "" || p.Manifest.Form != parcel.MBTiles {
		return p.Manifest.Heights, nil
	}
	r, err := mbtiles.Open(ctx, p.Path)
	if err != nil {
		return "", err
	}
	defer r.Close()
	return r.HeightsManifest(ctx)
}

// formText says what an export is.
func formText(m parcel.Manifest) string {
	switch m.Form {
	case parcel.Delta:
		return fmt.Sprintf("the changes since version %d", m.Since.Version)
	case parcel.Folder:
		return "a folder"
	}
	return "a file"
}

// publishParcel makes and publishes the version. The writer is to be discarded, whether there is an error or not.
func (a *app) publishParcel(ctx context.Context, p *importer.Parcel, base *mbtiles.Reader, f importFlags) (*mbtiles.Writer, error) {
	touched := map[tilegrid.Coord]bool{}
	store := mbtiles.Options{Work: importWork + p.Manifest.Manifest + " " + p.Path, Drops: importWork, Force: f.force, Rows: layerRow,
		Check: func(ctx context.Context, r tilestore.Reader) error {
			if err := p.Check(ctx, r); err != nil {
				return err
			}
			opt := verify.Options{}
			if base != nil {
				opt.Touched = func(c tilegrid.Coord) bool { return touched[c] }
			}
			return a.readThrough(ctx, p.Path, r, f, opt)
		}}
	if p.Info.Kind == tilestore.Imagery {
		store.Rows, store.Shared = nil, true
	}
	if p.Manifest.Form == parcel.MBTiles {
		if err := a.checkFile(ctx, p.Path, f); err != nil {
			return nil, err
		}
	}
	w, err := mbtiles.Create(ctx, a.data, f.name, store)
	if err != nil {
		return nil, err
	}
	switch p.Manifest.Form {
	case parcel.MBTiles:
		return w, w.Restore(ctx, p.Path, p.Sum)
	case parcel.Delta:
		return w, p.Apply(ctx, base, w, func(c tilegrid.Coord) { touched[c] = true })
	}
	bar := newProgress(a, f.progress, "import", p.Info.Tiles)
	defer bar.stop()
	return w, p.Run(ctx, w, func(done, total int64) { bar.set(done*p.Info.Tiles/total, done) })
}

// checkFile reads a file through that is to be taken as it is.
func (a *app) checkFile(ctx context.Context, path string, f importFlags) error {
	r, err := mbtiles.Open(ctx, path)
	if err != nil {
		return err
	}
	defer r.Close()
	s := subject{Reader: r}
	var report verify.Report
	err = s.integrity(ctx, &report)
	if err == nil && !report.OK() {
		err = remedy.New(path, fmt.Errorf("%w: %s", errVerification, report.Faults[0]), ownAdvice)
	}
	if err == nil {
		err = a.readThrough(ctx, path, r, f, verify.Options{})
	}
	return verdict(err)
}

// readThrough reads every tile of a version that is to be published. Faults are an error.
func (a *app) readThrough(ctx context.Context, path string, r tilestore.Reader, f importFlags, opt verify.Options) error {
	bar := newProgress(a, f.progress, "verify", r.Info().Tiles)
	i := r.Info()
	opt.Jobs, opt.Foreign, opt.Progress = f.jobs, byOthers(i) || len(i.Provenance) == 0, func(done, _ int64) { bar.set(done, done) }
	report, err := verify.Run(ctx, r, opt)
	bar.stop()
	if err != nil || report.OK() {
		return err
	}
	wrong := mark(fmt.Errorf("%w: %s, first: %s", errVerification, count(int(report.FaultCount), "fault"), report.Faults[0]), tilestore.ErrInvalid)
	return remedy.New(path, wrong, "nothing was published: "+foreignAdvice)
}

// baseOf opens the version of a dataset that a delta is since, whatever its number here; nil for what is no delta.
func (a *app) baseOf(ctx context.Context, p *importer.Parcel, name string) (*mbtiles.Reader, error) {
	if p.Manifest.Form != parcel.Delta {
		return nil, nil
	}
	folder, err := a.openFolder(ctx)
	if err != nil {
		return nil, err
	}
	defer folder.Close()
	why := fmt.Errorf("%w: there is no %s here", importer.ErrBase, name)
	for _, v := range folder.Versions(name) {
		r, _, err := a.openVersion(ctx, folder, name+"@"+versionText(v))
		if err != nil {
			continue // it cannot be read: it is not the base
		}
		if err = p.Onto(ctx, r); err == nil {
			return r, nil
		}
		if wrong := r.Close(); wrong != nil {
			return nil, wrong
		}
		if !errors.Is(err, importer.ErrBase) {
			return nil, err
		}
		why = err
	}
	try := fmt.Sprintf("import what was version %d there first, or have the whole exported; --name names the dataset here", p.Manifest.Since.Version)
	return nil, mark(remedy.New(p.Path, why, try), errInput)
}
