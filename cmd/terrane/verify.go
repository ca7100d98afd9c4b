package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"
	"github.com/terrane/terrane/internal/importer"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/internal/verify"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// verifyFlags are the flags of "verify" as the user wrote them.
type verifyFlags struct {
	rows, grid, progress string
	jobs                 int
	strict               bool
}

func newVerifyCommand(a *app) *cobra.Command {
	var f verifyFlags
	c := &cobra.Command{
		Use:   "verify NAME[@VERSION]|FILE|DIR|URL",
		Short: "Read every tile of a dataset and say what is wrong",
		Long: "Decodes every tile and checks hashes, meshes, roots, ancestors, availability and the seams between neighbours; where the heights are stored\n" +
			"too, measures how far the meshes lie from them. Of imagery, checks hashes, pictures, their size and format, ancestors and availability. Takes a\n" +
			"dataset of the data folder, an MBTiles file, a folder of z/x/y.terrain or z/x/y.png, or the address of anybody's server: of terrain where\n" +
			"layer.json lies, of imagery that of tilejson.json. Exit code 5 if anything is wrong.",
		Example: "  terrane verify alps\n  terrane verify ./tiles\n  terrane verify http://127.0.0.1:8080/terrain/alps\n" +
			"  terrane verify http://127.0.0.1:8080/imagery/ortho/tilejson.json",
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			rows, wrongRows := importer.ParseRows(f.rows)
			grid, wrongGrid := importer.ParseGrid(f.grid)
			if err := errors.Join(wrongRows, wrongGrid, checkProgress(f.progress), checkJobs(f.jobs)); err != nil {
				return usageError(c, err)
			}
			return a.verify(c.Context(), args[0], importer.Options{Rows: rows, Grid: grid}, f)
		},
	}
	v := c.Flags()
	v.StringVar(&f.rows, "rows", "auto", "from where tiles by others count their rows: auto, south (TMS) or north (XYZ)")
	v.StringVar(&f.grid, "grid", "auto", gridHelp)
	v.IntVar(&f.jobs, "jobs", runtime.NumCPU(), "tiles read at the same time")
	v.StringVar(&f.progress, "progress", "auto", progressHelp)
	v.BoolVar(&f.strict, "strict", false, "hold tiles by others to this program's own rules: no gap at all, equal normals across seams")
	return c
}

// verify checks the dataset that ref names and prints what it found.
func (a *app) verify(ctx context.Context, ref string, o importer.Options, f verifyFlags) error {
	s, err := a.openSubject(ctx, ref, o)
	if err != nil {
		return verdict(err)
	}
	defer s.Close()
	bar := newProgress(a, f.progress, "verify", s.Info().Tiles)
	report, err := verify.Run(ctx, s.Reader, verify.Options{
		Jobs: f.jobs, Foreign: s.foreign && !f.strict, MaxFaults: keptFaults,
		Progress: func(done, _ int64) { bar.set(done, done) },
	})
	bar.stop()
	if err == nil {
		err = s.integrity(ctx, &report)
	}
	if err == nil {
		err = a.printReport(ref, s, report)
	}
	if err == nil && !report.OK() {
		err = remedy.New(ref, fmt.Errorf("%w: %s", errVerification, count(int(report.FaultCount), "fault")), s.advice)
	}
	return verdict(err)
}

// verdict marks an error that is itself what was found wrong, so wrong that the tiles cannot be read through.
func verdict(err error) error {
	for _, wrong := range []error{tilestore.ErrCorrupt, terrain.ErrLayer, verify.ErrServer, verify.ErrList} {
		if errors.Is(err, wrong) {
			return mark(err, errVerification)
		}
	}
	return err
}

// subject is what is verified.
type subject struct {
	tilestore.Reader
	foreign bool         // tiles made by others
	also    func() error // what closes with the reader, or nil
	advice  string       // what to do if there are faults
}

func (s *subject) Close() error {
	err := s.Reader.Close()
	if s.also != nil {
		err = errors.Join(err, s.also())
	}
	return err
}

const (
	ownAdvice     = "make the dataset again (ingest --force), or copy it again from a good one"
	foreignAdvice = "have the tiles made anew: clients draw holes or nothing where tiles are missing or broken"
)

// openSubject finds what ref stands for: an address, a dataset of the data folder, else a path.
func (a *app) openSubject(ctx context.Context, ref string, o importer.Options) (*subject, error) {
	if strings.Contains(ref, "://") {
		r, err := verify.OpenURL(ctx, ref)
		if err != nil {
			return nil, err
		}
		if first, last, some := r.Unread(); some {
			a.say("note     levels %d-%d are not read: they have more than 100 000 tiles", first, last)
		}
		return &subject{Reader: r, foreign: true, advice: foreignAdvice}, nil
	}
	stat, missing := os.Stat(ref)
	if name, _, _ := strings.Cut(ref, "@"); tilestore.CheckName(name) == nil {
		s, err := a.openNamed(ctx, ref)
		if err == nil || missing != nil || !errors.Is(err, tilestore.ErrNoDataset) && !errors.Is(err, fs.ErrNotExist) {
			return s, err
		}
	}
	if missing != nil {
		return nil, remedy.New(ref, unpath(missing), "give a dataset's name (terrane list), a file, a folder or an address")
	}
	return openPath(ctx, ref, stat.IsDir(), o)
}

// openNamed opens a dataset of the data folder.
func (a *app) openNamed(ctx context.Context, ref string) (*subject, error) {
	folder, err := a.openFolder(ctx)
	if err != nil {
		return nil, err
	}
	h, err := a.borrow(ctx, folder, ref)
	if err != nil {
		return nil, errors.Join(err, folder.Close())
	}
	also := func() error { return errors.Join(h.Close(), folder.Close()) }
	return &subject{Reader: h.Reader, foreign: byOthers(h.Info()), also: also, advice: ownAdvice}, nil
}

// openPath opens a file or a folder. A file by others is read as the importer reads it, which knows both row orders.
func openPath(ctx context.Context, path string, folder bool, o importer.Options) (*subject, error) {
	if !folder {
		if err := checkDatabase(path); err != nil {
			return nil, err
		}
		r, err := mbtiles.Open(ctx, path)
		if err != nil {
			return nil, err
		}
		if i := r.Info(); i.Manifest != "" || i.Kind != tilestore.Terrain && o == (importer.Options{}) {
			return &subject{Reader: r, foreign: byOthers(i), advice: ownAdvice}, nil
		}
		if err := r.Close(); err != nil {
			return nil, err
		}
	}
	s, err := importer.Open(ctx, path, o)
	if err != nil {
		return nil, err
	}
	return &subject{Reader: s, foreign: true, advice: foreignAdvice}, nil
}

// checkDatabase refuses a file that is named as something else than a dataset and is none: text, a picture, a single tile.
func checkDatabase(path string) error {
	const magic = "SQLite format 3\x00"
	if strings.EqualFold(filepath.Ext(path), ".mbtiles") {
		return nil // what is wrong with it is for the store to say
	}
	f, err := os.Open(path)
	if err != nil {
		return remedy.New(path, unpath(err), "check the permissions")
	}
	defer f.Close()
	head := make([]byte, len(magic))
	if _, err := io.ReadFull(f, head); err == nil && string(head) == magic {
		return nil
	}
	try := "give a dataset's name (terrane list), an .mbtiles file, a folder of tiles or an address"
	if filepath.Base(path) == "layer.json" {
		try = "terrane verify " + filepath.Dir(path)
	}
	return remedy.New(path, tilestore.ErrForeign, try)
}

// byOthers tells whether this program did not make the meshes: a file that was dropped into the folder, or an import.
func byOthers(i tilestore.Info) bool {
	var made struct{ Imported string }
	_ = json.Unmarshal(i.Provenance, &made) // none, or not ours: then Imported is empty
	return i.Manifest == "" || made.Imported != ""
}

// integrity adds what is wrong with the file beside its tiles, if it is a file.
func (s *subject) integrity(ctx context.Context, report *verify.Report) error {
	file, ok := s.Reader.(interface {
		Integrity(context.Context) ([]string, error)
	})
	if !ok {
		return nil
	}
	faults, err := file.Integrity(ctx)
	for _, detail := range faults {
		report.FaultCount++
		report.Faults = append(report.Faults, verify.Fault{Rule: "file.integrity", Detail: detail})
	}
	return err
}
