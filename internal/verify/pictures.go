package verify

import (
	"context"
	"errors"
	"fmt"
	"image"
	"net/http"

	"github.com/terrane/terrane/internal/picture"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// mostPixels of a tile: sides of 2048. Package imagery draws no larger ones.
const mostPixels = 1 << 22

// pictureTile is what was found in one tile of a picture dataset.
type pictureTile struct {
	coord  tilegrid.Coord
	hash   tilestore.Hash
	bytes  int
	size   image.Point
	mime   string
	absent bool
	rule   string  // which it breaks, or ""
	fault  string  // why it cannot be drawn
	shows  [4]bool // which quarters do, in the order of the children
	fades  bool    // averaged, nothing of it is left
	err    error   // what kept it from being read
}

// pictures reads and decodes the tiles of one level, in batches.
func (v *verifier) pictures(ctx context.Context, z uint8) error {
	batch := make([]pictureTile, 0, v.opt.Jobs*batchPerJob)
	for c := range v.levels[z].all(z) {
		if batch = append(batch, pictureTile{coord: c}); len(batch) == cap(batch) {
			if err := v.pictureBatch(ctx, batch); err != nil {
				return err
			}
			batch = batch[:0]
		}
	}
	return v.pictureBatch(ctx, batch)
}

func (v *verifier) pictureBatch(ctx context.Context, batch []pictureTile) error {
	inBatches(v.opt.Jobs, len(batch), func(i int) {
		if batch[i].read(ctx, v.reader); batch[i].rule == "" && batch[i].err == nil && v.keeps(&batch[i]) {
			batch[i].readValues(ctx, v.reader, v.values)
		}
	})
	for _, t := range batch {
		if t.err != nil {
			return fmt.Errorf("verify: %w", t.err)
		}
		v.countPicture(t)
	}
	v.done += int64(len(batch))
	if v.opt.Progress != nil && len(batch) > 0 {
		v.opt.Progress(v.done, v.total)
	}
	return nil
}

func (v *verifier) countPicture(t pictureTile) {
	l := &v.report.Levels[t.coord.Z]
	switch {
	case t.absent:
		// Availability of large datasets by others is a rectangle: what it lists need not be there.
		if !v.opt.Foreign {
			v.tileFault(t.coord, "available.absent", "listed, and not there")
		}
		return
	case t.rule != "":
		v.tileFault(t.coord, t.rule, "%s", t.fault)
	case v.side == image.Point{}:
		v.side = t.size
	case t.size != v.side:
		v.tileFault(t.coord, "picture.size", "it has %d x %d pixels, others %d x %d", t.size.X, t.size.Y, v.side.X, v.side.Y)
	}
	if said := v.info.Format; t.mime != "" && !v.opt.Foreign && said != tilestore.PNG && t.mime != said { // PNG: or of several formats
		v.tileFault(t.coord, "picture.format", "it is %s, the dataset says %s", t.mime, said)
	}
	if t.rule == "" && !t.fades && t.coord.Z > v.info.Levels[0] && !v.opt.Foreign {
		v.parent(t.coord)
	}
	if l.Formats == nil {
		l.Formats = map[string]int64{}
	}
	if t.mime != "" {
		l.Formats[t.mime]++
	}
	l.Side = max(l.Side, t.size.X)
	v.manifest.Add(t.coord, t.hash)
	l.Tiles++
	l.SizeBytes += int64(t.bytes)
}

func (t *pictureTile) read(ctx context.Context, r tilestore.Reader) {
	tile, err := r.Tile(ctx, t.coord)
	switch {
	case errors.Is(err, tilestore.ErrNotFound):
		t.absent = true
		return
	case errors.Is(err, tilestore.ErrCorrupt), errors.Is(err, ErrServer):
		t.rule, t.fault = "tile.corrupt", err.Error()
		return
	case err != nil:
		t.err = err
		return
	}
	t.bytes, t.hash = len(tile.Data), tilestore.HashTile(t.coord, tile.Data)
	p, err := picture.Decode(tile.Data, mostPixels)
	if err != nil {
		t.rule, t.fault = "picture.decode", err.Error()
		return
	}
	t.mime, t.size = http.DetectContentType(tile.Data), p.Rect.Size()
	if t.size.X != t.size.Y {
		t.rule, t.fault = "picture.square", fmt.Sprintf("it is not square: %d x %d pixels", t.size.X, t.size.Y)
	}
	t.fades = !p.Opaque && fades(p.NRGBA)
	if t.shows = [4]bool{true, true, true, true}; !p.Opaque {
		t.shows = quarters(p.NRGBA)
	}
}

// fades tells whether every average of four pixels, as resample.Halve takes it, is transparent: then the level above has nothing to show for it.
func fades(m *image.NRGBA) bool {
	const visible = 2 // of four alphas, the least sum whose quarter is not rounded to nothing
	for y := 0; y+1 < m.Rect.Dy(); y += 2 {
		top, low := m.Pix[y*m.Stride:], m.Pix[(y+1)*m.Stride:]
		for at := 3; at+4 < 4*m.Rect.Dx(); at += 8 {
			if int(top[at])+int(top[at+4])+int(low[at])+int(low[at+4]) >= visible {
				return false
			}
		}
	}
	return true
}
