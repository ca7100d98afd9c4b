package ingest

import (
	"context"
	"fmt"
	"slices"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/internal/gzrun"
	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// Fill says what becomes of holes that data surrounds.
type Fill string

// The fills. Ground outside the data always slopes to the base.
const (
	Interpolate Fill = "interpolate" // from the data around the hole
	Sea         Fill = "sea"         // the base
	NoFill      Fill = "none"        // no tiles of their own; what shows is the slope to the base
)

// Baker holds what every unit of work needs; goroutines share it.
type Baker struct {
	sources func(level uint8) (all, own Source)
	guide   *guide
	box     *orb.Bound                                          // data beyond it does not count; nil: all does
	void    func(context.Context, raster.Lattice) (bool, error) // raster.Stack.Void; nil: nothing is known to be void
	water   *shores                                             // nil: tiles get no water mask
	old     *dataset                                            // what is renewed; nil: tiles are made from sources alone
	graded  bool                                                // what is renewed is a site: its ground is the dataset's own
	stored  tilestore.Heights
	plan    Plan
	errors  []float64       // most distance between post and mesh, of each level
	covers  map[uint8]cover // tiles that are stored, by level; the writer's
}

// tile is one tile ready to be stored.
type tile struct {
	coord         tilegrid.Coord
	mesh, heights []byte
}

// oven is the memory of one goroutine.
type oven struct {
	*Baker
	pyramid  pyramid
	filler   filler
	mesher   *terrain.Mesher
	heights  []float32 // of one tile, with halo
	grid     []float32 // of one tile, without
	marks    []bool    // of one tile, without: which posts have data
	scratch  []float32 // of one window
	all, own Source    // of the stage
	earlier  cover     // tiles of the base level that earlier stages stored
	packed   []byte
	normals  []byte
	painter  painter
	changes  changes
	masked   []byte
	kept     []byte                  // water mask of the tile at hand as the dataset that is renewed has it; nil: none
	found    map[tilegrid.Coord]bool // tiles of the base level that the stage before stored, in and around the window
	only     cover                   // tiles to make, whether they hold data or not; nil: all that hold data
}

func newOven(b *Baker) *oven {
	return &oven{
		Baker: b, found: map[tilegrid.Coord]bool{}, filler: filler{guide: b.guide}, mesher: terrain.NewMesher(),
		heights: make([]float32, terrain.HeightsSide*terrain.HeightsSide),
		grid:    make([]float32, terrain.StoredSide*terrain.StoredSide),
		marks:   make([]bool, terrain.StoredSide*terrain.StoredSide),
	}
}

// begin readies the oven for a stage.
func (o *oven) begin(s Stage, earlier cover) {
	o.all, o.own = o.sources(s.Base)
	o.earlier = earlier
}

// bake makes all tiles of one unit that hold data, deepest level first, rows from the south.
func (o *oven) bake(ctx context.Context, s Stage, unit tilegrid.Coord) ([]tile, error) {
	if o.old != nil {
		return o.renew(ctx, s, unit)
	}
	o.pyramid.around(unit, s.Base, reach)
	w := o.pyramid.base()
	optional := s.Base == o.plan.Leaf && s.Root > 0 && o.only == nil
	if optional {
		if empty, err := o.empty(ctx, unit); empty || err != nil {
			return nil, err
		}
	}
	if err := o.load(ctx, s); err != nil {
		return nil, fmt.Errorf("heights of unit %s: %w", unit, err)
	}
	if optional && !o.worthwhile(unit) {
		return nil, nil
	}
	if all, some := w.mark(); !all {
		o.complete(some)
		if s.Fresh && o.only == nil {
			o.holdHoles()
		}
	}
	o.painter.raise(o.water, w)
	w.round()
	o.pyramid.raise(o.settle)
	return o.tiles(s, unit)
}

// load gives the window the heights that the stage before stored, and those of the sources where nothing is stored. It notes which posts hold data that
// is worth a tile of the stage's base level.
func (o *oven) load(ctx context.Context, s Stage) error {
	w := o.pyramid.base()
	clear(o.found)
	clear(w.holding)
	alike := o.plan.Grounds[len(o.plan.Grounds)-1].Leaf == s.Base // no source is coarser
	if s.Base == o.plan.Leaf {
		if err := o.read(ctx, o.all, w.z); err != nil {
			return err
		}
		for k, h := range w.z {
			w.data[k] = h == h
		}
		if alike {
			w.hold(w.z)
			return nil
		}
	} else if whole, err := o.restore(ctx); err != nil || whole || o.all == nil {
		return err
	} else if err := o.readAround(ctx, alike); err != nil {
		return err
	}
	if alike || o.own == nil {
		return nil
	}
	o.scratch = slices.Grow(o.scratch[:0], len(w.z))[:len(w.z)]
	if err := o.read(ctx, o.own, o.scratch); err != nil {
		return err
	}
	w.hold(o.scratch)
	return nil
}

// readAround fills in from the sources what the stage before did not store. hold says whether that is worth a tile.
func (o *oven) readAround(ctx context.Context, hold bool) error {
	w := o.pyramid.base()
	o.scratch = slices.Grow(o.scratch[:0], len(w.z))[:len(w.z)]
	if err := o.read(ctx, o.all, o.scratch); err != nil {
		return err
	}
	w.take(o.scratch)
	if hold {
		w.hold(o.scratch)
	}
	return nil
}

func isMissing(h float32) bool { return h != h }

// read fills dst with a source's heights under the window, none beyond the box.
func (o *oven) read(ctx context.Context, source Source, dst []float32) error {
	if err := source.Heights(ctx, o.lattice(), dst); err != nil || o.box == nil {
		return err
	}
	w := o.pyramid.base()
	s := spacing(w.level)
	for k := range dst {
		p := orb.Point{float64(w.west+int64(k%w.side))*s - 180, float64(w.north-int64(k/w.side))*s - 90}
		if !within(*o.box, p, s) {
			dst[k] = missing
		}
	}
	return nil
}

// within tells whether p, whichever way round the globe its longitude counts, lies in a box or no further than margin from it.
func within(box orb.Bound, p orb.Point, margin float64) bool {
	box = box.Pad(margin)
	return box.Contains(p) || box.Contains(orb.Point{p[0] + 360, p[1]}) || box.Contains(orb.Point{p[0] - 360, p[1]})
}

// worthwhile tells whether a unit of the first stage has any tile that holds data, or a hole that may be filled.
func (o *oven) worthwhile(unit tilegrid.Coord) bool {
	w := o.pyramid.base()
	for c := range subtree(unit, w.level).All() {
		if w.holds(c) {
			return true
		}
	}
	guide := o.guide.from(w.level)
	return guide.enclosesAny(unit)
}

func (o *oven) lattice() raster.Lattice {
	w := o.pyramid.base()
	return raster.Lattice{Level: w.level, MinI: w.west, MinJ: w.north - int64(w.side) + 1, Cols: w.side, Rows: w.side}
}

// complete gives every post a height. some tells whether any post has data.
func (o *oven) complete(some bool) {
	w := o.pyramid.base()
	w.overPoles()
	if some {
		o.filler.fill(w)
	} else {
		o.filler.bare(w)
	}
	o.poles(w)
}

// holdHoles counts filled holes as data worth a tile.
func (o *oven) holdHoles() {
	w := o.pyramid.base()
	guide := o.guide.from(w.level)
	for r, gaps := range w.gaps {
		for c := range w.side {
			if k := r*w.side + c; gaps && !w.valid[k] {
				w.holding[k] = guide.encloses(w.west+int64(c), w.north-int64(r))
			}
		}
	}
}

// poles makes the rows at the poles one height each, for a pole is one place, and carries them on beyond.
func (o *oven) poles(w *window) {
	w.levelPoles(o.guide.poles)
	w.overPoles()
}

// settle makes the heights of a level that was made from the one below it what they must be: one height at a pole, the sea where it was, and none below
// the water if so told.
func (o *oven) settle(w *window) {
	o.poles(w)
	o.painter.calm(o.water, o.pyramid.at(w.level+1), w)
	o.painter.raise(o.water, w)
}

// restore loads the window from the heights that the stage before stored. Ground that has no tile is missing; whole says that there is none.
func (o *oven) restore(ctx context.Context) (whole bool, err error) {
	w := o.pyramid.base()
	for k := range w.z {
		w.z[k], w.data[k] = missing, false
	}
	columns, rows := tilegrid.Geodetic.Size(w.level)
	last := w.north - int64(w.side) + 1
	for y := max(0, floorDiv(last-1, terrain.Cells)); y <= min(int64(rows)-1, floorDiv(w.north, terrain.Cells)); y++ {
		for x := floorDiv(w.west-1, terrain.Cells); x <= floorDiv(w.west+int64(w.side)-1, terrain.Cells); x++ {
			wrapped := (x + int64(columns)) % int64(columns)
			c := tilegrid.Coord{Z: w.level, X: uint32(wrapped), Y: uint32(y)}
			if err := o.restoreTile(ctx, c, x); err != nil {
				return false, err
			}
		}
	}
	return !slices.ContainsFunc(w.z, isMissing), nil
}

// restoreTile copies the part of a stored tile that lies in the window; x is its column as the window counts, which may be beyond the antimeridian.
func (o *oven) restoreTile(ctx context.Context, c tilegrid.Coord, x int64) error {
	if !o.earlier.has(c) {
		return nil
	}
	data, err := o.stored.Heights(ctx, c)
	if err == nil {
		err = terrain.DecodeHeights(data, o.grid)
	}
	if err == nil {
		err = o.restoreMarks(c, data)
	}
	if err != nil {
		return fmt.Errorf("stored heights of %s: %w", c, err)
	}
	o.found[c] = true
	w := o.pyramid.base()
	left, top := x*terrain.Cells, (int64(c.Y)+1)*terrain.Cells
	from, to := max(left, w.west), min(left+terrain.Cells, w.west+int64(w.side)-1)
	if from > to {
		return nil
	}
	for r := range int64(terrain.StoredSide) {
		if j := top - r; j <= w.north && j > w.north-int64(w.side) {
			copy(w.z[w.at(from, j):w.at(to, j)+1], o.grid[r*terrain.StoredSide+from-left:])
			copy(w.data[w.at(from, j):w.at(to, j)+1], o.marks[r*terrain.StoredSide+from-left:])
		}
	}
	return nil
}

// restoreMarks unpacks which posts of a stored tile have data. A tile of an old dataset that was kept may not tell.
func (o *oven) restoreMarks(c tilegrid.Coord, stored []byte) error {
	_, known, err := terrain.DecodeCoverage(stored, o.marks)
	if known || err != nil {
		return err
	}
	var data []bool
	if o.old != nil {
		data, err = o.old.coverage(c, stored)
	}
	for k := range o.marks {
		o.marks[k] = data == nil || data[k]
	}
	return err
}

func floorDiv(a, b int64) int64 {
	if a < 0 {
		return -((-a + b - 1) / b)
	}
	return a / b
}

// tiles meshes the unit level by level, up to its root. A tile exists if it holds data or one of its children exists; both roots always exist.
func (o *oven) tiles(s Stage, unit tilegrid.Coord) ([]tile, error) {
	var out []tile
	below := cover{}
	for z := s.Base; ; z-- {
		exist := cover{}
		for c := range subtree(unit, z).All() {
			if o.wants(c, z == s.Base, s.Fresh, below) {
				exist.add(c)
			}
			if z > s.Top || !exist.has(c) || o.found[c] && !o.again(c) {
				continue
			}
			t, err := o.bakeTile(c)
			if err != nil {
				return nil, err
			}
			out = append(out, t)
		}
		if z == unit.Z {
			return out, nil
		}
		below = exist
	}
}

// again tells whether a tile of an earlier stage is to be made once more.
func (o *oven) again(c tilegrid.Coord) bool { return o.only != nil && o.only.has(c) && o.found[c] }

// wants tells whether a tile is to exist: at the base level of a stage, and whether sources are as fine as that; below are those of its children's
// level that do.
func (o *oven) wants(c tilegrid.Coord, base, fresh bool, below cover) bool {
	switch {
	case o.only != nil:
		return o.only.has(c)
	case c.Z == 0:
		return true
	case base:
		return o.found[c] || fresh && o.pyramid.base().holds(c)
	}
	return slices.ContainsFunc(sliceOf(c.Children()), below.has)
}

func sliceOf(c [4]tilegrid.Coord) []tilegrid.Coord { return c[:] }

// subtree returns the tiles of level z below a unit's root.
func subtree(unit tilegrid.Coord, z uint8) tilegrid.Range {
	d := z - unit.Z
	return tilegrid.Range{Z: z, MinX: unit.X << d, MinY: unit.Y << d, MaxX: (unit.X+1)<<d - 1, MaxY: (unit.Y+1)<<d - 1}
}

// bakeTile turns the window's heights under one tile into its stored form.
func (o *oven) bakeTile(c tilegrid.Coord) (tile, error) {
	o.pyramid.at(c.Z).tile(c, o.heights)
	for r := range terrain.StoredSide {
		copy(o.grid[r*terrain.StoredSide:][:terrain.StoredSide], o.heights[(r+terrain.Halo)*terrain.HeightsSide+terrain.Halo:])
	}
	o.pyramid.at(c.Z).covered(c, o.marks)
	stored, err := terrain.EncodeHeights(o.grid)
	if err == nil {
		stored, err = terrain.AppendCoverage(stored, o.marks)
	}
	if err != nil {
		return tile{}, fmt.Errorf("tile %s: %w", c, err)
	}
	m, err := o.mesher.Mesh(c, o.heights, terrain.Options{Error: o.errors[c.Z], Normals: true})
	if err != nil {
		return tile{}, err
	}
	o.packed = terrain.AppendMesh(o.packed[:0], m)
	o.normals = terrain.AppendNormals(o.normals[:0], m)
	runs := []gzrun.Run{
		{ID: 0, Data: o.packed, Noise: terrain.HeightBytes(len(m.Vertices))},
		{ID: terrain.ExtNormals, Data: o.normals, Noise: [2]int{0, len(o.normals)}},
	}
	switch {
	case o.water != nil && o.kept != nil:
		m.Water = o.painter.added(o.water, c, o.grid, o.kept)
	case o.water != nil:
		m.Water = o.painter.mask(o.water, c, o.grid, o.marks)
	default:
		m.Water = o.kept
	}
	if m.Water != nil {
		o.masked = terrain.AppendWater(o.masked[:0], m)
		runs = append(runs, gzrun.Run{ID: terrain.ExtWater, Data: o.masked})
	}
	return tile{c, gzrun.Pack(runs), stored}, nil
}
