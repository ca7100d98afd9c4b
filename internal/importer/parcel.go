package importer

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/internal/parcel"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// Parcel is an export of this program (internal/exporter) that is to be taken back as it is: tile by tile the same bytes, and the same manifest.
type Parcel struct {
	Path     string
	Manifest parcel.Manifest
	Info     tilestore.Info // the version as it was exported
	Sum      string         // SHA-256 of a form of one file, if a manifest says it
}

// OpenParcel reads what an export says of itself, and checks it: the signature, if a key is given, and the SHA-256 of an export of one file. It
// returns nil for what is no export of ours: tiles by others. Errors wrap those of package parcel, or tilestore.ErrForeign and ErrCorrupt.
func OpenParcel(ctx context.Context, path string, key ed25519.PublicKey) (*Parcel, error) {
	stat, err := os.Stat(path)
	if err != nil {
		return nil, remedy.New(path, err, "name an export, a folder with z/x/y.terrain or z/x/y.png, or an .mbtiles file")
	}
	beside := parcel.PathOf(path, stat.IsDir())
	m, text, ok, err := parcel.Read(beside)
	if err != nil {
		return nil, err
	}
	if key != nil {
		if !ok {
			text = nil
		}
		if err := parcel.Verify(beside, text, key); err != nil {
			return nil, err
		}
	}
	p := &Parcel{Path: path, Manifest: m}
	if ok && !stat.IsDir() {
		if len(m.Files) != 1 || m.Form == parcel.Folder {
			return nil, p.tampered("its manifest is that of a folder")
		}
		if err := m.Files[0].Check(path); err != nil {
			return nil, err
		}
		p.Sum = m.Files[0].SHA256
	}
	return p.open(ctx, stat.IsDir(), ok)
}

// open reads what the version is; ok tells that there is a manifest.
func (p *Parcel) open(ctx context.Context, folder, ok bool) (*Parcel, error) {
	switch {
	case folder && !ok:
		return nil, nil
	case folder && p.Manifest.Form != parcel.Folder:
		return nil, p.tampered("its manifest is that of a file")
	case !folder && begins(p.Path, "PK"):
		if err := p.openDelta(ok); err != nil {
			return nil, err
		}
	case !folder && ok && p.Manifest.Form == parcel.Delta:
		return nil, p.tampered("it is no delta")
	case !folder:
		if !begins(p.Path, "SQLite format 3\x00") {
			return nil, nil
		}
		return p.openStore(ctx)
	}
	info, err := mbtiles.UnmarshalInfo(p.Manifest.Dataset)
	if err = errors.Join(err, tilestore.CheckName(p.Manifest.Name)); err != nil {
		return nil, p.tampered(err.Error())
	}
	if !onGlobe(info.Bound) {
		return nil, p.tampered("its bound is on no globe")
	}
	p.Info = info
	p.Info.Name, p.Info.Version = p.Manifest.Name, p.Manifest.Version
	for _, f := range p.Manifest.Files {
		p.Info.SizeBytes += f.Bytes
	}
	return p, nil
}

// openStore looks into an MBTiles file. One by others is none of ours, with a manifest or without.
func (p *Parcel) openStore(ctx context.Context) (*Parcel, error) {
	r, err := mbtiles.Open(ctx, p.Path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	said := p.Manifest
	p.Info, p.Manifest.Form = r.Info(), parcel.MBTiles
	if p.Info.Manifest == "" {
		return nil, nil
	}
	if !onGlobe(p.Info.Bound) {
		return nil, p.tampered("its bound is on no globe")
	}
	if said.Manifest != "" && said.Manifest != p.Info.Manifest {
		return nil, p.tampered("its tiles are not those that its manifest names")
	}
	if said.Name != "" && tilestore.CheckName(said.Name) == nil {
		p.Info.Name, p.Info.Version = said.Name, said.Version
	}
	if tilestore.CheckName(p.Info.Name) != nil {
		p.Info.Name = nameOf(p.Path, p.Info.Kind)
	}
	return p, nil
}

// onGlobe tells whether a bound is one of ground: degrees, east above west by at most 360.
func onGlobe(b orb.Bound) bool {
	west, east, south, north := b.Min.Lon(), b.Max.Lon(), b.Min.Lat(), b.Max.Lat()
	return west >= -180-1e-9 && west <= 180 && east >= west && east <= west+360+1e-9 && south >= -90-1e-9 && north >= south && north <= 90+1e-9
}

// begins tells whether a regular file begins so. A pipe is not opened: nobody may write into it.
func begins(path, magic string) bool {
	if stat, err := os.Stat(path); err != nil || !stat.Mode().IsRegular() {
		return false
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, len(magic))
	_, err = io.ReadFull(f, head)
	return err == nil && string(head) == magic
}

func (p *Parcel) tampered(why string) error {
	return remedy.New(p.Path, fmt.Errorf("%w: %s", parcel.ErrTampered, why), "copy the export again, or export again")
}

// Check tells whether a version that was made of the parcel is the one that was exported. Its errors wrap tilestore.ErrInvalid too.
func (p *Parcel) Check(ctx context.Context, r tilestore.Reader) error {
	if got := r.Info().Manifest; got != p.Manifest.Manifest {
		return errors.Join(p.tampered(fmt.Sprintf("its tiles hash to %.12s, its manifest says %.12s", got, p.Manifest.Manifest)), tilestore.ErrInvalid)
	}
	stored, ok := r.(interface {
		HeightsManifest(context.Context) (string, error)
	})
	if !ok || p.Manifest.Heights == "" {
		return nil
	}
	got, err := stored.HeightsManifest(ctx)
	if err == nil && got != p.Manifest.Heights {
		err = errors.Join(p.tampered("its heights are not those that its manifest names"), tilestore.ErrInvalid)
	}
	return err
}

// partForm is the path of a tile in a folder of ours.
var partForm = regexp.MustCompile(`^(0|[1-9][0-9]?)/(0|[1-9][0-9]{0,9})/(0|[1-9][0-9]{0,9})\.(terrain|png|jpg|webp)$`)

// Run stores the tiles of a folder, each checked by its SHA-256, and commits them.
func (p *Parcel) Run(ctx context.Context, w tilestore.Writer, progress func(done, total int64)) error {
	total := int64(len(p.Manifest.Files))
	for k, f := range p.Manifest.Files {
		if err := p.take(ctx, w, f); err != nil {
			return err
		}
		if err := rest(ctx, w, k); err != nil {
			return err
		}
		if progress != nil {
			progress(int64(k+1), total)
		}
	}
	return w.Commit(ctx, p.Info)
}

// rest has a store keep what it was given, now and then.
func rest(ctx context.Context, w tilestore.Writer, k int) error {
	if s, ok := w.(tilestore.Checkpointer); ok && k%tilesPerTransaction == tilesPerTransaction-1 {
		return s.Checkpoint(ctx, 0)
	}
	return nil
}

// take checks a file of a folder, and stores it if it is a tile.
func (p *Parcel) take(ctx context.Context, w tilestore.Writer, f parcel.File) error {
	if !filepath.IsLocal(filepath.FromSlash(f.Path)) {
		return p.tampered(fmt.Sprintf("its manifest names %q", f.Path))
	}
	path := filepath.Join(p.Path, filepath.FromSlash(f.Path))
	place := partForm.FindStringSubmatch(f.Path)
	if place == nil {
		return f.Check(path)
	}
	stat, err := os.Stat(path)
	if err != nil || !stat.Mode().IsRegular() || stat.Size() != f.Bytes || f.Bytes > terrain.MaxTileBytes {
		return errors.Join(f.Check(path), err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if !f.Holds(data) {
		return f.Check(path)
	}
	z, err := strconv.Atoi(place[1])
	if err != nil {
		return err
	}
	return w.Put(ctx, tilegrid.Coord{Z: uint8(z), X: cell(place[2]), Y: cell(place[3])}, data)
}
