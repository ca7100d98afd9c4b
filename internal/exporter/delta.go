package exporter

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"path/filepath"

	"github.com/terrane/terrane/internal/parcel"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// Difference counts what a delta holds.
type Difference struct{ Added, Changed, Removed, Heights int }

// changes are what is to be done to a table of the base.
type changes struct {
	put   []tilegrid.Coord
	gone  []parcel.Place
	bytes int64
	added int // of put
}

// Delta writes to the file target what turns version old into version now of the same dataset: tiles and heights (kept values, of pictures) that were
// added or changed, and which were removed. Both versions are this program's.
func Delta(ctx context.Context, old, now *mbtiles.Reader, target string, o Options) (m parcel.Manifest, d Difference, err error) {
	if err := comparable(old.Info(), now.Info()); err != nil {
		return m, d, err
	}
	tiles, err := compare(old.TileEntries(ctx), now.TileEntries(ctx))
	if err != nil {
		return m, d, err
	}
	heights, err := compare(old.HeightEntries(ctx), now.HeightEntries(ctx))
	if err != nil {
		return m, d, err
	}
	d = Difference{Added: tiles.added, Changed: len(tiles.put) - tiles.added, Removed: len(tiles.gone), Heights: len(heights.put) + len(heights.gone)}
	const entry = 256 // bytes of a zip file beside a tile's own, about
	o.needed = tiles.bytes + heights.bytes + int64(len(tiles.put)+len(heights.put))*entry + 1<<20
	s, err := newStage(target, false, o)
	if err != nil {
		return m, d, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if m, err = describeDelta(ctx, old, now, o); err != nil {
		return m, d, err
	}
	out, err := createSummed(s.dir, filepath.Base(target))
	if err != nil {
		return m, d, err
	}
	w := &packer{zip: zip.NewWriter(out), total: int64(len(tiles.put) + len(heights.put)), o: o}
	if err := w.all(ctx, now, m, tiles, heights); err != nil {
		return m, d, errors.Join(err, out.f.Close())
	}
	return m, d, s.sealFile(out, &m, o)
}

// comparable refuses versions between which there is no delta.
func comparable(old, now tilestore.Info) error {
	for _, i := range []tilestore.Info{old, now} {
		if i.Manifest == "" {
			err := fmt.Errorf("%w: a file by others has no hashes to compare", tilestore.ErrForeign)
			return remedy.New(fmt.Sprintf("%s@%d", i.Name, i.Version), err, "terrane import makes a dataset of it, or export it whole")
		}
	}
	if old.Kind != now.Kind || old.Grid != now.Grid {
		err := fmt.Errorf("%w: versions %d and %d are of different kinds or grids", tilestore.ErrForeign, old.Version, now.Version)
		return remedy.New(now.Name, err, "export it whole, without --since")
	}
	return nil
}

func describeDelta(ctx context.Context, old, now *mbtiles.Reader, o Options) (parcel.Manifest, error) {
	m, err := describe(ctx, now, parcel.Delta, o)
	if err != nil {
		return m, err
	}
	m.Since = &parcel.Base{Version: old.Info().Version, Manifest: old.Info().Manifest}
	m.Since.Heights, err = old.HeightsManifest(ctx)
	return m, err
}

// compare walks two tables in the same order.
func compare(old, now iter.Seq2[mbtiles.Entry, error]) (c changes, err error) {
	next, stop := iter.Pull2(old)
	defer stop()
	before, wrong, more := next()
	for e, err := range now {
		if err != nil {
			return c, err
		}
		for ; more && wrong == nil && earlier(before.Coord, e.Coord); before, wrong, more = next() {
			c.gone = append(c.gone, parcel.PlaceOf(before.Coord))
		}
		same := more && wrong == nil && before.Coord == e.Coord
		if !same || before.Hash != e.Hash {
			c.put = append(c.put, e.Coord)
			c.bytes += e.Bytes
			if !same {
				c.added++
			}
		}
		if same {
			before, wrong, more = next()
		}
		if wrong != nil {
			return c, wrong
		}
	}
	for ; more && wrong == nil; before, wrong, more = next() {
		c.gone = append(c.gone, parcel.PlaceOf(before.Coord))
	}
	return c, wrong
}

// earlier is the order of levels, rows and columns.
func earlier(a, b tilegrid.Coord) bool {
	if a.Z != b.Z {
		return a.Z < b.Z
	}
	if a.Y != b.Y {
		return a.Y < b.Y
	}
	return a.X < b.X
}

// packer writes a delta.
type packer struct {
	zip         *zip.Writer
	done, total int64
	o           Options
}

// all writes the description, the tiles and the heights.
func (p *packer) all(ctx context.Context, now *mbtiles.Reader, m parcel.Manifest, tiles, heights changes) error {
	text, err := json.Marshal(parcel.Changes{Format: parcel.DeltaFormat, Manifest: m, Tiles: tiles.gone, Grids: heights.gone})
	if err == nil {
		err = p.write(parcel.DeltaDocument, text)
	}
	for _, c := range tiles.put {
		if err != nil {
			break
		}
		var t tilestore.Tile
		if t, err = now.Tile(ctx, c); err == nil {
			err = p.write(parcel.DeltaTiles+c.String(), t.Data)
		}
	}
	for _, c := range heights.put {
		if err != nil {
			break
		}
		var grid []byte
		if grid, err = now.Heights(ctx, c); err == nil {
			err = p.write(parcel.DeltaHeights+c.String(), grid)
		}
	}
	if err != nil {
		return err
	}
	return p.zip.Close()
}

// write adds a file as it is: tiles and heights are compressed already.
func (p *packer) write(name string, data []byte) error {
	w, err := p.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
	if err == nil {
		_, err = w.Write(data)
	}
	p.done++
	p.o.report(p.done, p.total)
	return wrote(name, err)
}
