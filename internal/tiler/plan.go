package tiler

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/tilegrid"
)

// ErrOptions says that options contradict each other or the data.
var ErrOptions = errors.New("tiler: bad options")

// TileSize is the side of a tile in pixels.
const TileSize = 256

// DeepestLevel is the deepest that is made: pixels are half a millimetre wide there.
const DeepestLevel = 28

// Ground is what sources of one fineness cover.
type Ground struct {
	Bounds  []orb.Bound // degrees; Max.Lon may be beyond 180
	Deepest uint8       // level that is made there
}

// Plan is what an ingest is going to do, known before the first pixel is read. Equal sources and options give equal plans.
type Plan struct {
	Grid     tilegrid.Grid
	Min, Max uint8    // first and deepest level
	Grounds  []Ground // finest first, bounds within -180..180 and the grid
	Stages   []Stage
	Tiles    []int // tiles of each level that touch ground as deep, from level 0; none above Min
}

// Stage is one sweep over the ground: from pictures of level Base it makes the tiles of levels Top down to Root, or to the
// plan's first. The first one has them from the sources, each later one from the tiles that the one before stored; where those
// are none, since the ground is not as deep, from the sources too. Wherever coarser sources come in, a stage begins.
type Stage struct {
	Base, Top, Root uint8
	Fresh           bool             // ground is as deep as Base: its tiles of that level are made too
	Units           []tilegrid.Coord // subtrees at level Root that touch ground at least as deep as Base, in Z order

	made   []tilegrid.Range // tiles of level Base that touch deeper ground: the stages before made them
	wanted []tilegrid.Range // tiles of level Base that touch ground as deep; no others and none above others are stored. nil: all are
	tiles  int              // about
}

// A unit spans three levels below its root, a window of 2048 pixels, where the data is large; fewer where it is small, so that
// there are units to share out.
const (
	deepestUnit, shallowestUnit = 3, 1
	enoughUnits                 = 16
)

// What a plan may hold: beyond is a typing error, and its list of units would fill the memory.
const (
	mostTiles = 1 << 30 // of a level
	mostUnits = 1 << 22
)

// NewPlan lays out the work from a first level to the deepest of the grounds; no ground ends above the first level. Errors match [ErrOptions].
func NewPlan(grid tilegrid.Grid, grounds []Ground, first uint8) (Plan, error) {
	p := Plan{Grid: grid, Min: first}
	for _, g := range grounds {
		p.add(g)
	}
	switch {
	case len(p.Grounds) == 0:
		return Plan{}, remedy.New("--grid", fmt.Errorf("%w: no source lies within the grid", ErrOptions), "--grid geographic reaches to the poles")
	case p.Max > DeepestLevel:
		return Plan{}, remedy.New("--levels", fmt.Errorf("%w: level %d is deeper than %d", ErrOptions, p.Max, DeepestLevel),
			"leave --levels out: the sources' own fineness decides then")
	case first > p.Max:
		return Plan{}, remedy.New("--levels", fmt.Errorf("%w: levels from %d to %d", ErrOptions, first, p.Max), "give the smaller number first")
	}
	slices.SortStableFunc(p.Grounds, func(a, b Ground) int { return cmp.Compare(b.Deepest, a.Deepest) })
	p.Tiles = make([]int, p.Max+1)
	for z := first; z <= p.Max; z++ {
		if p.Tiles[z] = p.count(z, z); p.Tiles[z] > mostTiles {
			return Plan{}, remedy.New("--levels",
				fmt.Errorf("%w: level %d would have %d tiles, this program makes %d at most", ErrOptions, z, p.Tiles[z], mostTiles), "ask for fewer levels")
		}
	}
	return p, p.stage()
}

// add takes in what the grid shows of a ground.
func (p *Plan) add(g Ground) {
	flat := Ground{Deepest: max(g.Deepest, p.Min)}
	for _, b := range g.Bounds {
		for _, part := range tilegrid.SplitBound(b) {
			if p.Grid != tilegrid.Mercator || !beyondMercator(part) {
				flat.Bounds = append(flat.Bounds, part)
			}
		}
	}
	if len(flat.Bounds) > 0 {
		p.Grounds = append(p.Grounds, flat)
		p.Max = max(p.Max, g.Deepest)
	}
}

func beyondMercator(b orb.Bound) bool {
	return b.Min[1] >= tilegrid.MercatorLimit || b.Max[1] <= -tilegrid.MercatorLimit
}

// stage lays out the stages, the deepest first.
func (p *Plan) stage() error {
	base, top, depth := p.Max, p.Max, uint8(deepestUnit)
	for {
		s := Stage{Base: base, Top: top}
		next := p.Min // where the next ground comes in
		for _, g := range p.Grounds {
			s.Fresh = s.Fresh || g.Deepest == base
			if g.Deepest < base {
				next = max(next, g.Deepest)
			}
		}
		if s.Fresh {
			s.Top = base
			for depth = deepestUnit; depth > shallowestUnit && p.count(base-min(base, depth), base) < enoughUnits; {
				depth--
			}
		}
		s.Root = base - min(base, depth)
		coarser := p.Grounds[len(p.Grounds)-1].Deepest < base
		if coarser {
			s.Root = max(s.Root, next)
		}
		if n := p.count(s.Root, base); n > mostUnits {
			return remedy.New("--levels", fmt.Errorf("%w: %d units of work, this program lists %d at most", ErrOptions, n, mostUnits),
				"ask for fewer levels, or for one region after the other with --bbox")
		}
		p.lay(s, coarser)
		if s.Root <= p.Min && !coarser {
			return nil
		}
		base, top = s.Root, s.Root-1
	}
}

// lay adds a stage. coarser says that not all ground is as deep as its base.
func (p *Plan) lay(s Stage, coarser bool) {
	s.Units = p.cover(s.Root, s.Base)
	if s.Base < p.Max {
		s.made = p.ranges(s.Base, s.Base+1)
	}
	if coarser {
		s.wanted = p.ranges(s.Base, s.Base)
	}
	for z := max(s.Root, p.Min); z <= s.Top; z++ {
		s.tiles += p.count(z, s.Base)
	}
	if s.Fresh && s.Base < p.Max {
		s.tiles -= p.count(s.Base, s.Base+1)
	}
	p.Stages = append(p.Stages, s)
}

// ranges returns the tiles of a level that touch ground of at least some depth, a range for each bound.
func (p *Plan) ranges(z, deepest uint8) []tilegrid.Range {
	var out []tilegrid.Range
	for _, g := range p.Grounds {
		if g.Deepest < deepest {
			break
		}
		for _, b := range g.Bounds {
			out = append(out, p.Grid.Cover(b, z))
		}
	}
	return out
}

// count returns how many tiles of a level touch ground of at least some depth, those that several bounds touch counted once: row after
// row, of rows that the same bounds touch one for all.
func (p *Plan) count(z, deepest uint8) int {
	all := p.ranges(z, deepest)
	if len(all) == 1 {
		return all[0].Len()
	}
	slices.SortFunc(all, func(a, b tilegrid.Range) int {
		return cmp.Or(cmp.Compare(a.MinX, b.MinX), cmp.Compare(a.MaxX, b.MaxX), cmp.Compare(a.MinY, b.MinY), cmp.Compare(a.MaxY, b.MaxY))
	})
	all = slices.Compact(all)
	var edges []uint32 // rows where a range begins or has ended
	for _, r := range all {
		edges = append(edges, r.MinY, r.MaxY+1)
	}
	slices.Sort(edges)
	edges = slices.Compact(edges)
	n := 0
	for k := 1; k < len(edges); k++ {
		n += rowLen(all, edges[k-1]) * int(edges[k]-edges[k-1])
	}
	return n
}

// rowLen returns how many tiles of a row ranges hold that are sorted by their first columns.
func rowLen(ranges []tilegrid.Range, y uint32) int {
	n, next := 0, uint32(0) // the column after the last that is counted
	for _, r := range ranges {
		if y < r.MinY || y > r.MaxY || r.MaxX < next {
			continue
		}
		n += int(r.MaxX + 1 - max(r.MinX, next))
		next = r.MaxX + 1
	}
	return n
}

// cover lists the tiles of a level that touch ground of at least some depth, in Z order.
func (p *Plan) cover(z, deepest uint8) []tilegrid.Coord {
	seen := map[tilegrid.Coord]bool{}
	var tiles []tilegrid.Coord
	for _, r := range p.ranges(z, deepest) {
		for c := range r.All() {
			if !seen[c] {
				seen[c] = true
				tiles = append(tiles, c)
			}
		}
	}
	slices.SortFunc(tiles, func(a, b tilegrid.Coord) int { return cmp.Compare(a.Morton(), b.Morton()) })
	return tiles
}

// within returns those of ranges that hold c or tiles below it; nil stays nil.
func within(ranges []tilegrid.Range, c tilegrid.Coord) []tilegrid.Range {
	out := ranges[:0:0]
	for _, r := range ranges {
		if holds(r, c) {
			out = append(out, r)
		}
	}
	return out
}

// holds tells whether a range holds c or a tile below it.
func holds(r tilegrid.Range, c tilegrid.Coord) bool {
	d := r.Z - c.Z
	return c.X >= r.MinX>>d && c.X <= r.MaxX>>d && c.Y >= r.MinY>>d && c.Y <= r.MaxY>>d
}

// touch tells whether any of ranges holds c or a tile below it.
func touch(ranges []tilegrid.Range, c tilegrid.Coord) bool {
	return slices.ContainsFunc(ranges, func(r tilegrid.Range) bool { return holds(r, c) })
}

// Total returns how many tiles touch the ground on all levels. What is transparent is not stored and saves some.
func (p Plan) Total() int {
	total := 0
	for _, n := range p.Tiles {
		total += n
	}
	return total
}

// Units returns the number of units of all stages.
func (p Plan) Units() int {
	n := 0
	for _, s := range p.Stages {
		n += len(s.Units)
	}
	return n
}

// Share returns how much of the work is done with so many units, 0 to 1. Units of different stages make different numbers of tiles.
func (p Plan) Share(units int) float64 {
	done, all := 0.0, 0.0
	for _, s := range p.Stages {
		done += float64(s.tiles) * float64(min(len(s.Units), max(0, units))) / float64(len(s.Units))
		all += float64(s.tiles)
		units -= len(s.Units)
	}
	return done / all
}

// coarser is by how much a level's pixels may exceed the sources' and still count as fine enough.
const coarser = 1.05

// DeepestFor returns the first level whose pixels are not coarser than pixels of so many degrees of latitude at a latitude:
// clients that look closer magnify what there is.
func DeepestFor(grid tilegrid.Grid, degrees, latitude float64) uint8 {
	scale := 1.0
	if grid == tilegrid.Mercator {
		scale = math.Cos(max(-tilegrid.MercatorLimit, min(tilegrid.MercatorLimit, latitude)) * math.Pi / 180)
	}
	for z := range uint8(DeepestLevel) {
		if grid.Resolution(z, TileSize)*scale <= degrees*coarser {
			return z
		}
	}
	return DeepestLevel
}
