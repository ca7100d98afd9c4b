package importer

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/terrane/terrane/internal/parcel"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// ErrBase says that a delta is not one onto the version at hand.
var ErrBase = errors.New("importer: a delta since another version")

// mostDelta is how long the document of a delta may be.
const mostDelta = 1 << 30

// mostMember is how long a tile, a grid of heights or a block of values in a delta may be.
const mostMember = 64 << 20

// openDelta reads the document of a delta. ok tells that there is a manifest beside it, which must say the same.
func (p *Parcel) openDelta(ok bool) error {
	z, c, err := p.unpack()
	if err != nil {
		return err
	}
	defer z.Close()
	m := c.Manifest
	if m.Since == nil || m.Form != parcel.Delta {
		return p.tampered("no version is named that it is since")
	}
	beside := p.Manifest
	if ok && (beside.Since == nil || *beside.Since != *m.Since || beside.Manifest != m.Manifest || beside.Heights != m.Heights || beside.Name != m.Name) {
		return p.tampered("its manifest is that of another export")
	}
	m.Files = beside.Files
	p.Manifest = m
	return nil
}

// unpack opens a delta and reads its document.
func (p *Parcel) unpack() (*zip.ReadCloser, parcel.Changes, error) {
	var c parcel.Changes
	z, err := zip.OpenReader(p.Path)
	if err != nil {
		return nil, c, p.tampered(err.Error())
	}
	err = fmt.Errorf("%w: a zip file, but no delta", tilestore.ErrForeign)
	if len(z.File) > 0 && z.File[0].Name == parcel.DeltaDocument {
		var text []byte
		if text, err = p.member(z.File[0], mostDelta); err == nil {
			err = json.Unmarshal(text, &c)
		}
		if err == nil && c.Format != parcel.DeltaFormat {
			err = fmt.Errorf("%w: a delta of unknown layout %q", tilestore.ErrForeign, c.Format)
		}
	}
	if err != nil {
		z.Close()
		return nil, c, remedy.New(p.Path, err, "name what terrane export --since wrote")
	}
	return z, c, nil
}

// member reads a file of a delta.
func (p *Parcel) member(f *zip.File, most uint64) ([]byte, error) {
	if f.Method != zip.Store || f.UncompressedSize64 > most {
		return nil, p.tampered(fmt.Sprintf("%s has %d bytes, or is compressed", f.Name, f.UncompressedSize64))
	}
	in, err := f.Open()
	if err != nil {
		return nil, p.tampered(f.Name + ": " + err.Error())
	}
	defer in.Close()
	data, err := io.ReadAll(in)
	if err != nil {
		return nil, p.tampered(f.Name + ": " + err.Error())
	}
	return data, nil
}

// Onto tells whether the delta is one since the version that r reads: by the manifests of its tiles and of its heights. The error wraps ErrBase.
func (p *Parcel) Onto(ctx context.Context, r *mbtiles.Reader) error {
	since := p.Manifest.Since
	heights, err := r.HeightsManifest(ctx)
	if err != nil {
		return err
	}
	switch i := r.Info(); {
	case i.Manifest != since.Manifest:
		return fmt.Errorf("%w: version %d has other tiles (their manifest begins with %.12s, needed is %.12s)", ErrBase, i.Version, i.Manifest, since.Manifest)
	case heights != since.Heights:
		return fmt.Errorf("%w: version %d has the tiles, but not the heights: it came as a folder", ErrBase, i.Version)
	}
	return nil
}

// overlay is a delta laid over one table of its base: what is put in place of the base's, and what is left out.
type overlay struct {
	put  []*zip.File
	at   []tilegrid.Coord // of put
	skip map[tilegrid.Coord]bool
}

// overlayOf finds the members below a folder of a delta.
func (p *Parcel) overlayOf(z *zip.ReadCloser, under string, gone []parcel.Place) (o overlay, err error) {
	o.skip = map[tilegrid.Coord]bool{}
	for _, f := range z.File {
		name, found := strings.CutPrefix(f.Name, under)
		if !found {
			continue
		}
		c, ok := parsePlace(name)
		if !ok || o.skip[c] {
			return o, p.tampered(f.Name + " is no place, or there twice")
		}
		o.put, o.at, o.skip[c] = append(o.put, f), append(o.at, c), true
	}
	for _, g := range gone {
		o.skip[g.Coord()] = true
	}
	return o, nil
}

// parsePlace reads z/x/y.
func parsePlace(name string) (c tilegrid.Coord, ok bool) {
	parts := strings.Split(name, "/")
	if len(parts) != 3 {
		return c, false
	}
	z, err := strconv.ParseUint(parts[0], 10, 8)
	if err != nil || !cellForm.MatchString(parts[1]) || !cellForm.MatchString(parts[2]) {
		return c, false
	}
	c = tilegrid.Coord{Z: uint8(z), X: cell(parts[1]), Y: cell(parts[2])}
	return c, c.String() == name && tilegrid.Geodetic.Valid(c)
}

// Apply stores the version that a delta makes of its base, and commits it. touched, if not nil, is given each place whose tile is new.
func (p *Parcel) Apply(ctx context.Context, base *mbtiles.Reader, w *mbtiles.Writer, touched func(tilegrid.Coord)) error {
	if err := p.Onto(ctx, base); err != nil {
		return err
	}
	z, c, err := p.unpack()
	if err != nil {
		return err
	}
	defer z.Close()
	tiles, err := p.overlayOf(z, parcel.DeltaTiles, c.Tiles)
	if err != nil {
		return err
	}
	heights, err := p.overlayOf(z, parcel.DeltaHeights, c.Grids)
	if err != nil {
		return err
	}
	for _, at := range tiles.at {
		if touched != nil {
			touched(at)
		}
	}
	tile := func(c tilegrid.Coord) ([]byte, error) {
		t, err := base.Tile(ctx, c)
		return t.Data, err
	}
	if err := p.lay(ctx, w, tiles, table{base.TileEntries(ctx), tile, w.Put}); err != nil {
		return err
	}
	grid := func(c tilegrid.Coord) ([]byte, error) { return base.Heights(ctx, c) }
	if err := p.lay(ctx, w, heights, table{base.HeightEntries(ctx), grid, w.PutHeights}); err != nil {
		return err
	}
	return w.Commit(ctx, p.Info)
}

// table is where a table of the base is read and that of the new version written.
type table struct {
	entries func(yield func(mbtiles.Entry, error) bool)
	read    func(tilegrid.Coord) ([]byte, error)
	put     func(context.Context, tilegrid.Coord, []byte) error
}

// lay copies a table of the base but for what the delta replaces or removes, and then what the delta brings.
func (p *Parcel) lay(ctx context.Context, w *mbtiles.Writer, o overlay, t table) error {
	done := 0
	store := func(c tilegrid.Coord, data []byte, err error) error {
		if err == nil {
			err = t.put(ctx, c, data)
		}
		if err == nil {
			err = rest(ctx, w, done)
		}
		done++
		return err
	}
	for e, err := range t.entries {
		if err != nil {
			return err
		}
		if o.skip[e.Coord] {
			continue
		}
		data, err := t.read(e.Coord)
		if err := store(e.Coord, data, err); err != nil {
			return err
		}
	}
	for k, f := range o.put {
		data, err := p.member(f, mostMember)
		if err := store(o.at[k], data, err); err != nil {
			return err
		}
	}
	return nil
}
