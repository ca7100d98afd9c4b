package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/terrane/terrane/internal/exporter"
	"github.com/terrane/terrane/internal/parcel"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// exportFlags are the flags of "export" as the user wrote them.
type exportFlags struct {
	since, sign, url, progress string
	force                      bool
}

// exported is what "export --json" prints.
type exported struct {
	Name     string  `json:"name"`
	Version  int     `json:"version"`
	Form     string  `json:"form"` // mbtiles, folder, delta
	Path     string  `json:"path"`
	Manifest string  `json:"manifest"` // of the version's tiles
	Files    int     `json:"files"`
	Bytes    int64   `json:"bytes"`
	Signed   bool    `json:"signed"`
	Seconds  float64 `json:"seconds"`
}

func newExportCommand(a *app) *cobra.Command {
	var f exportFlags
	c := &cobra.Command{
		Use:   "export NAME[@VERSION] FILE|DIR",
		Short: "Write a dataset to carry it elsewhere",
		Long: "Writes a version of a dataset: to one MBTiles file, if the target's name ends in .mbtiles; else to a folder of static files that any\n" +
			"web server can serve, with the configuration of nginx, Apache and IIS in it; or, with --since, to a file that holds what has changed\n" +
			"since another version. Beside it, or in the folder, lies a manifest with the SHA-256 of each file, which --sign signs. terrane import\n" +
			"takes all of them. Heights and kept values are in files, not in folders.",
		Example: "  terrane export alps alps.mbtiles --sign key.pem\n  terrane export alps /srv/www/alps\n" +
			"  terrane export alps alps-1-to-2.delta --since 1",
		Args: usage(cobra.ExactArgs(2)),
		RunE: func(c *cobra.Command, args []string) error {
			if err := errors.Join(checkProgress(f.progress), f.check(args[1])); err != nil {
				return usageError(c, err)
			}
			return a.export(c.Context(), args[0], args[1], f)
		},
	}
	v := c.Flags()
	v.StringVar(&f.since, "since", "", "write what has changed since this version")
	v.StringVar(&f.sign, "sign", "", "sign the manifest with this ed25519 private key (PEM, as openssl genpkey writes it)")
	v.StringVar(&f.url, "url", "", "where a folder of pictures will be served, for its tilejson.json (default relative to it)")
	v.StringVar(&f.progress, "progress", "auto", progressHelp)
	v.BoolVar(&f.force, "force", false, "replace an earlier export")
	return c
}

// check finds what cannot go together.
func (f exportFlags) check(target string) error {
	if f.url != "" {
		u, err := url.Parse(f.url)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.Fragment != "" {
			return fmt.Errorf("--url %q: an address without query, https://maps.example/alps", f.url)
		}
	}
	switch isFile := strings.HasSuffix(target, ".mbtiles"); {
	case target == "":
		return errors.New("the target has no name")
	case f.since != "" && isFile:
		return fmt.Errorf("%s: with --since it is no MBTiles file that is made: name it .delta, say", target)
	case f.since == "" && strings.HasSuffix(target, ".delta"):
		return fmt.Errorf("%s: a delta takes --since VERSION; without it a folder would be made", target)
	case f.url != "" && (isFile || f.since != ""):
		return errors.New("--url is for a folder")
	}
	return nil
}

// export writes what ref names to target.
func (a *app) export(ctx context.Context, ref, target string, f exportFlags) error {
	start := time.Now()
	o := exporter.Options{Program: version, Force: f.force, URL: f.url}
	if f.sign != "" {
		key, err := parcel.ReadPrivateKey(f.sign)
		if err != nil {
			return parcelFault(err)
		}
		o.Key = key
	}
	if err := a.outside(target); err != nil {
		return err
	}
	folder, err := a.openFolder(ctx)
	if err != nil {
		return err
	}
	defer folder.Close()
	now, path, err := a.openVersion(ctx, folder, ref)
	if err != nil {
		return err
	}
	defer now.Close()
	bar := newProgress(a, f.progress, "export", now.Info().Tiles)
	o.Progress = func(done, total int64) {
		tiles := int64(float64(now.Info().Tiles) * float64(done) / float64(max(1, total)))
		bar.set(tiles, tiles)
	}
	m, err := a.write(ctx, folder, shipment{now, path, target, f.since}, o)
	bar.stop()
	if err != nil {
		return exportFault(err)
	}
	return a.sayExported(m, target, o.Key != nil, time.Since(start))
}

// shipment is what is exported, and where to.
type shipment struct {
	now          *mbtiles.Reader
	path, target string // of the version, of the export
	since        string // the version that a delta is since, "": the whole
}

// write makes the export in the form that is wanted.
func (a *app) write(ctx context.Context, folder *mbtiles.Folder, s shipment, o exporter.Options) (parcel.Manifest, error) {
	i := s.now.Info()
	switch {
	case s.since != "":
		old, _, err := a.openVersion(ctx, folder, i.Name+"@"+strings.TrimPrefix(s.since, i.Name+"@"))
		if err != nil {
			return parcel.Manifest{}, err
		}
		defer old.Close()
		if old.Info().Version == i.Version {
			err := fmt.Errorf("nothing has changed since version %d: it is the one that is exported", i.Version)
			return parcel.Manifest{}, mark(remedy.New(i.Name, err, "--since with an older one: terrane versions "+i.Name), errUsage)
		}
		m, d, err := exporter.Delta(ctx, old, s.now, s.target, o)
		if err == nil {
			a.say("delta    %s since %d: %s added, %d changed, %d removed, %s of heights or values", i.Name, old.Info().Version,
				count(d.Added, "tile"), d.Changed, d.Removed, count(d.Heights, "grid"))
			if d == (exporter.Difference{}) {
				a.say("note     the two versions hold the same: nothing is in the delta")
			}
		}
		return m, err
	case strings.HasSuffix(s.target, ".mbtiles"):
		return exporter.File(ctx, s.now, s.path, s.target, o)
	}
	if h, err := s.now.HeightsManifest(ctx); err == nil && h != tilestore.NewManifest().Sum() {
		a.say("note     heights and kept values are not in a folder: an .mbtiles target carries them")
	}
	return exporter.Folder(ctx, s.now, s.target, o)
}

// openVersion opens the file of a version by itself: it is read on whatever happens in the folder.
func (a *app) openVersion(ctx context.Context, folder *mbtiles.Folder, ref string) (*mbtiles.Reader, string, error) {
	h, err := a.borrow(ctx, folder, ref)
	if err != nil {
		return nil, "", err
	}
	defer h.Release()
	r, err := mbtiles.Open(ctx, h.Path())
	return r, h.Path(), err
}

// outside refuses a target in the data folder: what lies there is served, or taken for something half made.
func (a *app) outside(target string) error {
	data, err := filepath.EvalSymlinks(a.data)
	if err != nil {
		return nil // whoever opens it says so
	}
	parent := filepath.Dir(filepath.Clean(target))
	if p, err := filepath.EvalSymlinks(target); err == nil {
		parent = p
	} else if p, err := filepath.EvalSymlinks(parent); err == nil {
		parent = p
	} else if errors.Is(err, fs.ErrNotExist) {
		return remedy.New(parent, errors.New("no such folder"), "make it with mkdir -p, or name another")
	}
	data, wrong := filepath.Abs(data)
	parent, err = filepath.Abs(parent)
	if err = errors.Join(wrong, err); err != nil {
		return err
	}
	if inside, err := filepath.Rel(data, parent); err == nil && filepath.IsLocal(inside) {
		return mark(remedy.New(target, errors.New("it lies in the data folder"), "name a target elsewhere"), errUsage)
	}
	return nil
}

// exportFault gives what keeps an export from being written its exit code.
func exportFault(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return mark(err, errReadOnly)
	}
	return err
}

// parcelFault gives what is wrong with an export or a key its exit code.
func parcelFault(err error) error {
	switch {
	case errors.Is(err, parcel.ErrTampered), errors.Is(err, parcel.ErrSignature):
		return mark(err, errVerification)
	case errors.Is(err, parcel.ErrKey):
		return mark(err, errInput)
	}
	return err
}

func (a *app) sayExported(m parcel.Manifest, target string, signed bool, took time.Duration) error {
	e := exported{Name: m.Name, Version: m.Version, Form: m.Form, Path: target, Manifest: m.Manifest, Files: len(m.Files), Signed: signed,
		Seconds: took.Seconds()}
	for _, f := range m.Files {
		e.Bytes += f.Bytes
	}
	a.say("done     %s version %d as %s: %s, %s in %.1f s", e.Name, e.Version, e.Form, count(e.Files, "file"), sizeText(e.Bytes), e.Seconds)
	beside := parcel.PathOf(target, m.Form == parcel.Folder)
	if signed {
		a.say("signed   %s%s        (take all with you; terrane import %s --verify-key PUBFILE)", beside, parcel.Signed, filepath.Base(target))
	}
	if m.Form == parcel.Folder {
		a.say("serve    by nginx, Apache or IIS: %s says how", filepath.Join(target, "nginx.conf"))
	}
	if a.json {
		return a.printJSON(e)
	}
	_, err := fmt.Fprintln(a.stdout, target)
	return err
}
