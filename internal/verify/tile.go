package verify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/terrane/terrane/internal/gzrun"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// The extensions that layer.json may promise, and whose absence from a tile shows.
const (
	normalsName  = "octvertexnormals"
	metadataName = "metadata"
)

// checkedTile is what a worker found out about one tile.
type checkedTile struct {
	coord   tilegrid.Coord
	hash    tilestore.Hash
	size    int
	mesh    *terrain.Mesh // nil if it did not decode
	borders borders
	shores  shores
	cross   float64 // widest gap to a coarser neighbour
	open    bool    // that gap is wider than a skirt
	faults  []Fault
	err     error // ends the run
}

func (t *checkedTile) fault(rule, format string, args ...any) {
	t.faults = append(t.faults, Fault{t.coord, true, rule, fmt.Sprintf(format, args...)})
}

// level checks the tiles of one level, row by row from the south.
func (v *verifier) level(ctx context.Context, z uint8) error {
	seams := newSeams(v, z)
	batch := make([]tilegrid.Coord, 0, batchPerJob*v.opt.Jobs)
	for c := range v.levels[z].all(z) {
		if !v.info.Grid.Valid(c) {
			continue
		}
		if batch = append(batch, c); len(batch) < cap(batch) {
			continue
		}
		if err := v.batch(ctx, batch, seams); err != nil {
			return err
		}
		batch = batch[:0]
	}
	if err := v.batch(ctx, batch, seams); err != nil {
		return err
	}
	seams.close()
	return nil
}

// batch checks tiles in parallel and takes up what was found in their order.
func (v *verifier) batch(ctx context.Context, batch []tilegrid.Coord, seams *seams) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	found := make([]checkedTile, len(batch))
	inBatches(v.opt.Jobs, len(batch), func(i int) { found[i] = v.check(ctx, batch[i]) })
	for i := range found {
		t := &found[i]
		if t.err != nil {
			return t.err
		}
		v.count(t)
		seams.add(t)
		t.mesh = nil
	}
	v.done += int64(len(batch))
	if v.opt.Progress != nil && len(batch) > 0 {
		v.opt.Progress(v.done, v.total)
	}
	return nil
}

func (v *verifier) count(t *checkedTile) {
	for _, f := range t.faults {
		v.fault(f)
	}
	l := &v.report.Levels[t.coord.Z]
	l.Tiles++
	l.SizeBytes += int64(t.size)
	v.manifest.Add(t.coord, t.hash)
	l.MaxCross = max(l.MaxCross, t.cross)
	if t.open {
		l.Open++
	}
	if t.mesh != nil {
		l.Vertices += int64(len(t.mesh.Vertices))
		l.Triangles += int64(len(t.mesh.Triangles) / 3)
	}
}

// check does all that can be done about a tile without its neighbours of the same level.
func (v *verifier) check(ctx context.Context, c tilegrid.Coord) checkedTile {
	t := checkedTile{coord: c}
	if !v.touched(c) {
		return t
	}
	mesh, ok := v.read(ctx, &t)
	if !ok {
		return t
	}
	t.mesh = mesh
	validate := func() error { return mesh.ValidateAt(v.info.Grid.Bound(c)) }
	if v.opt.Foreign {
		validate = mesh.ValidateDrawable
	}
	var broken *terrain.InvalidError
	if err := validate(); errors.As(err, &broken) {
		t.fault(broken.Rule, "%s", broken.Detail)
	}
	if slices.Contains(v.info.Extensions, normalsName) && mesh.Normals == nil {
		t.fault("normals.absent", "promised, not in the tile: it would be drawn dark")
	}
	if mesh.Metadata != nil && !slices.Contains(v.info.Extensions, metadataName) {
		t.fault("metadata.unlisted", "in the tile, not promised: clients fail on it")
	}
	v.water(&t, mesh)
	t.borders = bordersOf(mesh)
	t.err = v.crossings(ctx, &t)
	return t
}

// touched tells whether a tile is to be read.
func (v *verifier) touched(c tilegrid.Coord) bool { return v.opt.Touched == nil || v.opt.Touched(c) }

// read reads and decodes t.coord. What is wrong with the tile becomes a fault, what is wrong with reading t.err.
func (v *verifier) read(ctx context.Context, t *checkedTile) (*terrain.Mesh, bool) {
	tile, err := v.reader.Tile(ctx, t.coord)
	switch {
	case errors.Is(err, tilestore.ErrNotFound):
		t.fault("available.absent", "listed, and not there")
		return nil, false
	case errors.Is(err, tilestore.ErrCorrupt), errors.Is(err, ErrServer):
		t.fault("tile.corrupt", "%v", err)
		return nil, false
	case err != nil:
		t.err = fmt.Errorf("verify: tile %s: %w", t.coord, err)
		return nil, false
	}
	t.size, t.hash = len(tile.Data), tilestore.HashTile(t.coord, tile.Data)
	if _, err := gzrun.IDs(tile.Data); err != nil && v.info.Manifest != "" { // a store of ours, whose tiles a server cuts
		t.fault("tile.runs", "%v", err)
	}
	mesh, err := terrain.Decode(bytes.NewReader(tile.Data))
	if err != nil {
		t.fault("tile.decode", "%v", err)
		return nil, false
	}
	return mesh, true
}

// decodeTile reads and decodes a tile, or returns nil for one that is broken or absent: its own check reports that.
func decodeTile(ctx context.Context, r tilestore.Reader, c tilegrid.Coord) (*terrain.Mesh, error) {
	tile, err := r.Tile(ctx, c)
	for _, known := range []error{tilestore.ErrNotFound, tilestore.ErrCorrupt, ErrServer} {
		if errors.Is(err, known) {
			return nil, nil
		}
	}
	if err != nil {
		return nil, fmt.Errorf("verify: tile %s: %w", c, err)
	}
	mesh, err := terrain.Decode(bytes.NewReader(tile.Data))
	if err != nil {
		return nil, nil
	}
	return mesh, nil
}
