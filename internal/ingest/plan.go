package ingest

import (
	"cmp"
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
)

// ErrOptions says that options contradict each other or the data.
var ErrOptions = errors.New("ingest: bad options")

// Ground is what sources of one fineness cover.
type Ground struct {
	Bounds []orb.Bound // degrees; Max.Lon may be beyond 180
	Leaf   uint8       // deepest level worth making there
}

// Plan is what an ingest is going to do, known before the first height is read. Equal sources and options give equal plans.
type Plan struct {
	Pad     int         // posts of a level beyond its ground that may change with it
	Rims    []orb.Bound // what may change around the ground besides
	Leaf    uint8       // deepest level
	Grounds []Ground    // finest first, bounds within -180..180
	Stages  []Stage
	Tiles   []int // tiles of each level that touch ground as deep
}

// Stage is one sweep over the ground: it takes heights at the posts of level Base and makes the tiles of levels Top down to Root. The first stage reads
// the finest sources; each later one takes what the one before stored at its root level, and reads sources only where nothing is stored, so
// nothing is read twice. Wherever coarser sources come in, a stage begins.
type Stage struct {
	Base, Top, Root uint8
	Fresh           bool             // sources are as fine as Base: their tiles of that level are made too
	Units           []tilegrid.Coord // subtrees at level Root, in Z order
}

// A unit spans four levels below its root where the data is large, fewer where it is small, so that there are enough units to share out and a
// killed ingest loses little.
const (
	deepestUnit, shallowestUnit = 4, 2
	enoughUnits                 = 64
)

// DeepestLevel is the deepest that is made: posts lie 1.2 mm apart there.
const DeepestLevel = tilegrid.MaxLevel - 2

// mostTiles of a level: a hundred million square kilometres at 10 m. Deeper is a typing error, and its list of units would fill the memory.
const mostTiles = 1 << 28

// NewPlan lays out the work.
func NewPlan(grounds []Ground) (Plan, error) { return newPlan(grounds, Plan{}) }

// newPlan is NewPlan with units for what may change around the ground too, as p says.
func newPlan(grounds []Ground, p Plan) (Plan, error) {
	for _, g := range grounds {
		flat := Ground{Leaf: g.Leaf}
		for _, b := range g.Bounds {
			flat.Bounds = append(flat.Bounds, tilegrid.SplitBound(b)...)
		}
		if len(flat.Bounds) > 0 {
			p.Grounds = append(p.Grounds, flat)
			p.Leaf = max(p.Leaf, g.Leaf)
		}
	}
	if len(p.Grounds) == 0 {
		return Plan{}, fmt.Errorf("%w: no ground to cover", ErrOptions)
	}
	if p.Leaf > DeepestLevel {
		return Plan{}, remedy.New("--levels", fmt.Errorf("%w: level %d is deeper than %d", ErrOptions, p.Leaf, DeepestLevel),
			"leave --levels out: the sources' own fineness decides then")
	}
	slices.SortStableFunc(p.Grounds, func(a, b Ground) int { return cmp.Compare(b.Leaf, a.Leaf) })
	for z := range p.Leaf + 1 {
		p.Tiles = append(p.Tiles, p.count(z))
	}
	if n := p.Tiles[p.Leaf]; n > mostTiles {
		return Plan{}, remedy.New("", fmt.Errorf("%w: level %d would have %d tiles, this program makes %d at most", ErrOptions, p.Leaf, n, mostTiles),
			fmt.Sprintf("--levels 0-MAX with a MAX below %d, or only a part of the ground with --bbox W,S,E,N", p.Leaf))
	}
	p.Tiles[0] = 2
	depth := uint8(shallowestUnit)
	for depth < deepestUnit && p.Leaf > depth && p.Tiles[p.Leaf-depth-1] >= enoughUnits {
		depth++
	}
	p.Stages = p.stages(depth)
	return p, nil
}

func (p Plan) stages(depth uint8) []Stage {
	var stages []Stage
	base, top := p.Leaf, p.Leaf
	for {
		root := base - min(base, depth)
		fresh := false
		for _, g := range p.Grounds {
			if fresh = fresh || g.Leaf == base; g.Leaf < base {
				root = max(root, g.Leaf)
			}
		}
		if fresh {
			top = base
		}
		stages = append(stages, Stage{Base: base, Top: top, Root: root, Fresh: fresh, Units: p.cover(root, base)})
		if root == 0 {
			return stages
		}
		base, top = root, root-1
	}
}

// count returns how many tiles of a level touch ground that is as deep, tiles where bounds meet counted for each.
func (p Plan) count(z uint8) int {
	n := 0
	for _, g := range p.Grounds {
		for _, b := range g.Bounds {
			if g.Leaf >= z {
				n += tilegrid.Geodetic.Cover(b, z).Len()
			}
		}
	}
	return n
}

// cover lists the tiles of a level that touch ground as deep as leaf, in Z order. At level 0 it is both roots, which every tileset must have.
func (p Plan) cover(z, leaf uint8) []tilegrid.Coord {
	if z == 0 {
		return []tilegrid.Coord{{}, {X: 1}}
	}
	var bounds []orb.Bound
	for _, g := range p.Grounds {
		if g.Leaf >= leaf {
			bounds = append(bounds, g.Bounds...)
		}
	}
	tiles := cover{}
	for _, b := range append(bounds, p.Rims...) {
		for _, part := range p.padded(b, z) {
			for c := range tilegrid.Geodetic.Cover(part, z).All() {
				tiles.add(c)
			}
		}
	}
	return tiles.sorted()
}

// padded returns a bound with the plan's margin at a level.
func (p Plan) padded(b orb.Bound, z uint8) []orb.Bound {
	if p.Pad == 0 {
		return []orb.Bound{b}
	}
	b = b.Pad(float64(p.Pad) * spacing(z))
	b.Min[1], b.Max[1] = max(-90, b.Min[1]), min(90, b.Max[1])
	return tilegrid.SplitBound(b)
}

// Total returns how many tiles touch the ground. The rim that balances the tree adds some; holes in the data save some.
func (p Plan) Total() int {
	total := 0
	for _, n := range p.Tiles {
		total += n
	}
	return total
}

// Units returns the number of units of all stages, their rims included.
func (p Plan) Units() int {
	n := len(p.Stages)
	for _, s := range p.Stages {
		n += len(s.Units)
	}
	return n
}

// LeafLevel returns the first level whose posts lie no further apart than spacing degrees. Clients cannot go deeper than it, and coarser would
// lose detail.
func LeafLevel(spacing float64) uint8 {
	for z := uint8(0); z < DeepestLevel; z++ {
		if tilegrid.Geodetic.Resolution(z, terrain.Cells) <= spacing*(1+1e-6) {
			return z
		}
	}
	return DeepestLevel
}

// levelFor returns the deepest level at which span degrees hold at most n posts.
func levelFor(span float64, n int) uint8 {
	posts := span / tilegrid.Geodetic.Resolution(0, terrain.Cells)
	if posts >= float64(n) {
		return 0
	}
	return uint8(bits.Len(uint(float64(n)/posts)) - 1)
}
