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

// Plan is what an ingest is going to do, known before the first pixel is read. Equal sources and options give equal plans.
type Plan struct {
	Grid     tilegrid.Grid
	Min, Max uint8       // first and deepest level
	Bounds   []orb.Bound // of the sources, within -180..180
	Stages   []Stage
	Tiles    []int // tiles of each level that touch the bounds, from level 0; none above Min
}

// Stage is one sweep over the ground: from pictures of level Base it makes the tiles of levels Top down to Root, or to the plan's first. The first one has them from the sources, each later one from the
// tiles that the one before stored.
type Stage struct {
	Base, Top, Root uint8
	Units           []tilegrid.Coord // subtrees at level Root, in Z order
}

// A unit spans three levels below its root, a window of 2048 pixels, where the data is large; fewer where it is small, so that there are units to share out.
const (
	deepestUnit, shallowestUnit = 3, 1
	enoughUnits                 = 16
)

// What a plan may hold: beyond is a typing error, and its list of units would fill the memory.
const (
	mostTiles = 1 << 30 // of a level
	mostUnits = 1 << 22
)

// NewPlan lays out the work over bounds in degrees, whose Max.Lon may be beyond 180. Errors match [ErrOptions].
func NewPlan(grid tilegrid.Grid, bounds []orb.Bound, first, deepest uint8) (Plan, error) {
	p := Plan{Grid: grid, Min: first, Max: deepest, Tiles: make([]int, deepest+1)}
	for _, b := range bounds {
		p.Bounds = append(p.Bounds, tilegrid.SplitBound(b)...)
	}
	p.Bounds = slices.DeleteFunc(p.Bounds, func(b orb.Bound) bool { return grid == tilegrid.Mercator && beyondMercator(b) })
	switch {
	case len(p.Bounds) == 0:
		return Plan{}, remedy.New("--grid", fmt.Errorf("%w: no source lies within the grid", ErrOptions), "--grid geographic reaches to the poles")
	case deepest > DeepestLevel:
		return Plan{}, remedy.New("--levels", fmt.Errorf("%w: level %d is deeper than %d", ErrOptions, deepest, DeepestLevel),
			"leave --levels out: the sources' own fineness decides then")
	case first > deepest:
		return Plan{}, remedy.New("--levels", fmt.Errorf("%w: levels from %d to %d", ErrOptions, first, deepest), "give the smaller number first")
	}
	for z := first; z <= deepest; z++ {
		p.Tiles[z] = p.count(z)
	}
	if n := p.Tiles[deepest]; n > mostTiles {
		return Plan{}, remedy.New("--levels", fmt.Errorf("%w: level %d would have %d tiles, this program makes %d at most", ErrOptions, deepest, n, mostTiles),
			"ask for fewer levels")
	}
	if n := p.count(p.Max - min(p.Max, deepestUnit)); n > mostUnits {
		return Plan{}, remedy.New("--levels", fmt.Errorf("%w: %d units of work, this program lists %d at most", ErrOptions, n, mostUnits), "ask for fewer levels, or for one region after the other with --bbox")
	}
	p.stages()
	return p, nil
}

func beyondMercator(b orb.Bound) bool {
	return b.Min[1] >= tilegrid.MercatorLimit || b.Max[1] <= -tilegrid.MercatorLimit
}

func (p *Plan) stages() {
	depth := uint8(deepestUnit)
	for depth > shallowestUnit && p.count(p.Max-min(p.Max, depth)) < enoughUnits {
		depth--
	}
	base, top := p.Max, p.Max
	for {
		root := base - min(base, depth)
		p.Stages = append(p.Stages, Stage{Base: base, Top: top, Root: root, Units: p.cover(root)})
		if root <= p.Min {
			return
		}
		base, top = root, root-1
	}
}

// count returns how many tiles of a level the bounds touch, those that several touch counted once while they are few enough to be listed.
func (p *Plan) count(z uint8) int {
	n := 0
	for _, b := range p.Bounds {
		n += p.Grid.Cover(b, z).Len()
	}
	const listed = 1 << 20
	if len(p.Bounds) == 1 || n > listed {
		return n
	}
	return len(p.cover(z))
}

// cover lists the tiles of a level that the bounds touch, in Z order.
func (p *Plan) cover(z uint8) []tilegrid.Coord {
	seen := map[tilegrid.Coord]bool{}
	var tiles []tilegrid.Coord
	for _, b := range p.Bounds {
		for c := range p.Grid.Cover(b, z).All() {
			if !seen[c] {
				seen[c] = true
				tiles = append(tiles, c)
			}
		}
	}
	slices.SortFunc(tiles, func(a, b tilegrid.Coord) int { return cmp.Compare(a.Morton(), b.Morton()) })
	return tiles
}

// Total returns how many tiles the bounds touch on all levels. What is transparent is not stored and saves some.
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
		tiles := 0
		for z := max(s.Root, p.Min); z <= s.Top; z++ {
			tiles += p.Tiles[z]
		}
		done += float64(tiles) * float64(min(len(s.Units), max(0, units))) / float64(len(s.Units))
		all += float64(tiles)
		units -= len(s.Units)
	}
	return done / all
}

// coarser is by how much a level's pixels may exceed the sources' and still count as fine enough.
const coarser = 1.05

// DeepestFor returns the first level whose pixels are not coarser than pixels of so many degrees of latitude at a latitude: clients that look closer magnify what there is.
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
