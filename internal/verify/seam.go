package verify

import (
	"cmp"
	"context"
	"sync"

	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// SmoothTurn is what rounding explains of the angle between the normals of one place in two tiles, degrees: two roundings to oct bytes stay below it. More is a
// fault unless Options say otherwise.
const SmoothTurn = 2

// skirt is how far a client's skirt hangs down from a tile: five times its geometric error (CesiumJS, QuantizedMeshTerrainData).
func skirt(g tilegrid.Grid, z uint8) float64 {
	roots, _ := g.Size(0)
	return 5 * terrain.MaxError(z) * 2 / float64(roots)
}

// seams compares the tiles of one level, which come by row, then column. It keeps the northern borders of the row before.
type seams struct {
	v            *verifier
	z            uint8
	row          uint32
	below, above map[uint32]line // northern borders of the row before and of this row
	first, last  *checkedTile    // of this row
	coasts, torn [2]int          // northern and eastern borders of which both sides have land and water, and those where they do not meet

	belowShores, aboveShores map[uint32][]byte // northern pixels of the water masks, as below and above
}

func newSeams(v *verifier, z uint8) *seams {
	return &seams{v: v, z: z, below: map[uint32]line{}, above: map[uint32]line{}, belowShores: map[uint32][]byte{}, aboveShores: map[uint32][]byte{}}
}

func (s *seams) add(t *checkedTile) {
	if t.coord.Y != s.row || s.first == nil {
		s.nextRow(t.coord.Y)
	}
	if b, ok := s.below[t.coord.X]; ok {
		s.compare(t, tilegrid.Coord{Z: s.z, X: t.coord.X, Y: s.row - 1}, t.borders.south, b)
		s.coast(northward, t.shores.south, s.belowShores[t.coord.X])
	}
	if s.last != nil && s.last.coord.X+1 == t.coord.X {
		s.compare(t, s.last.coord, t.borders.west, s.last.borders.east)
		s.coast(eastward, t.shores.west, s.last.shores.east)
	}
	if s.first == nil {
		s.first = t
	}
	s.last = t
	s.above[t.coord.X] = t.borders.north
	s.aboveShores[t.coord.X] = t.shores.north
	// The antimeridian: the last column meets the first. Level 0 of Mercator is its own neighbour.
	if columns, _ := s.v.info.Grid.Size(s.z); t.coord.X == columns-1 && s.first.coord.X == 0 && columns > 1 {
		s.compare(t, s.first.coord, t.borders.east, s.first.borders.west)
		s.coast(eastward, t.shores.east, s.first.shores.west)
	}
}

func (s *seams) nextRow(y uint32) {
	s.below, s.above = s.above, s.below
	s.belowShores, s.aboveShores = s.aboveShores, s.belowShores
	clear(s.above)
	clear(s.aboveShores)
	if y != s.row+1 {
		clear(s.below)
		clear(s.belowShores)
	}
	s.row, s.first, s.last = y, nil, nil
}

func (s *seams) compare(t *checkedTile, other tilegrid.Coord, a, b line) {
	if a.at == nil || b.at == nil { // one of them did not decode
		return
	}
	if !a.whole() || !b.whole() {
		if !s.v.opt.Foreign {
			s.v.tileFault(t.coord, "seam.edge", "the border to %s does not reach from corner to corner", other)
		}
		return
	}
	l := &s.v.report.Levels[s.z]
	wide, angle := gap(a, b), turn(a, b)
	l.MaxSeam, l.MaxTurn = max(l.MaxSeam, wide), max(l.MaxTurn, angle)
	limit := a.step + b.step + 0.001 // one step of each stored height; header heights are float32
	if s.v.opt.Foreign {
		limit = skirt(s.v.info.Grid, s.z)
	}
	if wide > limit {
		s.v.tileFault(t.coord, "seam.gap", "%.3f m to %s", wide, other)
	}
	if limit := cmp.Or(s.v.opt.MaxTurn, SmoothTurn); angle > limit && !s.v.opt.Foreign {
		s.v.tileFault(t.coord, "seam.normals", "normals differ by %.1f degrees from those of %s", angle, other)
	}
}

// direction is a way to a neighbour.
type direction struct{ dx, dy int64 }

// crossings compares the borders beyond which the dataset has no tile of the same level with the tile that clients draw there:
// the nearest ancestor of the absent neighbour.
func (v *verifier) crossings(ctx context.Context, t *checkedTile) error {
	if t.coord.Z == 0 {
		return nil
	}
	columns, rows := v.info.Grid.Size(t.coord.Z)
	for _, side := range []struct {
		direction
		own line
	}{
		{direction{-1, 0}, t.borders.west}, {direction{0, -1}, t.borders.south},
		{direction{1, 0}, t.borders.east}, {direction{0, 1}, t.borders.north},
	} {
		x, y := int64(t.coord.X)+side.dx, int64(t.coord.Y)+side.dy
		if y < 0 || y >= int64(rows) || !side.own.whole() {
			continue
		}
		beyond := tilegrid.Coord{Z: t.coord.Z, X: uint32((x + int64(columns)) % int64(columns)), Y: uint32(y)}
		if v.has(beyond) {
			continue
		}
		if err := v.crossing(ctx, t, side.direction, side.own, beyond); err != nil {
			return err
		}
	}
	return nil
}

// crossing compares a border with the coarser tile that a client draws beside it. A gap wider than the skirt is counted. It is a fault if it is wider than
// what the ground on the border itself rises and falls: no mesh of the coarser level can follow a wall between two of its posts.
func (v *verifier) crossing(ctx context.Context, t *checkedTile, to direction, own line, beyond tilegrid.Coord) error {
	drawn := beyond
	for drawn.Z > 0 && !v.has(drawn) {
		drawn = drawn.Parent()
	}
	mesh, err := v.coarse.get(ctx, v.reader, drawn)
	if mesh == nil || err != nil {
		return err
	}
	other := facing(mesh, drawn, beyond, to)
	if !other.whole() {
		return nil
	}
	wide := gap(own, other)
	t.cross = max(t.cross, wide)
	limit := skirt(v.info.Grid, t.coord.Z)
	if wide > limit {
		t.open = true
	}
	if wide > limit+own.relief()+other.relief() {
		t.fault("cross.open", "%.1f m to the coarser %s, and the skirt hides %.1f m", wide, drawn, limit)
	}
	return nil
}

// facing cuts the mesh of drawn, which holds beyond, along the side of beyond that faces where the way came from.
func facing(mesh *terrain.Mesh, drawn, beyond tilegrid.Coord, to direction) line {
	parts := float64(uint64(1) << (beyond.Z - drawn.Z))
	x := float64(uint64(beyond.X)-uint64(drawn.X)<<(beyond.Z-drawn.Z)) / parts * terrain.QuantizedMax
	y := float64(uint64(beyond.Y)-uint64(drawn.Y)<<(beyond.Z-drawn.Z)) / parts * terrain.QuantizedMax
	side := terrain.QuantizedMax / parts
	switch to {
	case direction{-1, 0}:
		return cut(mesh, true, x+side, y, y+side)
	case direction{1, 0}:
		return cut(mesh, true, x, y, y+side)
	case direction{0, -1}:
		return cut(mesh, false, y+side, x, x+side)
	}
	return cut(mesh, false, y, x, x+side)
}

// coarseTiles keeps a few decoded tiles: neighbours along a rim share theirs.
type coarseTiles struct {
	mu    sync.Mutex
	tiles map[tilegrid.Coord]*terrain.Mesh // nil: not there or broken, which is reported in its own turn
}

const coarseKept = 64

func (c *coarseTiles) get(ctx context.Context, r tilestore.Reader, at tilegrid.Coord) (*terrain.Mesh, error) {
	c.mu.Lock()
	mesh, ok := c.tiles[at]
	c.mu.Unlock()
	if ok {
		return mesh, nil
	}
	mesh, err := decodeTile(ctx, r, at)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tiles == nil || len(c.tiles) >= coarseKept {
		c.tiles = map[tilegrid.Coord]*terrain.Mesh{}
	}
	c.tiles[at] = mesh
	return mesh, nil
}
