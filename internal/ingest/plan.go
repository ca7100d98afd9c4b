package ingest

import (
	"cmp"
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
)

// ErrOptions says that options contradict each other or the data.
var ErrOptions = errors.New("ingest: bad options")

// Plan is what an ingest is going to do, known before the first height is read. Equal sources and options give equal plans.
type Plan struct {
	Leaf   uint8       // deepest level
	Bounds []orb.Bound // ground that may hold data, each within -180..180
	Stages []Stage
	Tiles  []int // most tiles of each level: those that touch Bounds
}

// Stage is one sweep over the ground: it takes heights at the posts of level Base and makes the tiles of levels Top down to Root. The first stage
// reads the sources at the leaf level; each later one reads what the one before stored at its root level, so nothing is read twice.
type Stage struct {
	Base, Top, Root uint8
	Units           []tilegrid.Coord // subtrees at level Root, in Z order
}

// A unit spans four levels below its root where the data is large, fewer where it is small, so that there are enough units to share out and a
// killed ingest loses little.
const (
	deepestUnit, shallowestUnit = 4, 2
	enoughUnits                 = 64
)

// NewPlan lays out the work for data within bounds, down to the leaf level.
func NewPlan(bounds []orb.Bound, leaf uint8) (Plan, error) {
	if leaf > tilegrid.MaxLevel-2 {
		return Plan{}, fmt.Errorf("%w: level %d is deeper than %d", ErrOptions, leaf, tilegrid.MaxLevel-2)
	}
	p := Plan{Leaf: leaf}
	for _, b := range bounds {
		p.Bounds = append(p.Bounds, tilegrid.SplitBound(b)...)
	}
	if len(p.Bounds) == 0 {
		return Plan{}, fmt.Errorf("%w: no ground to cover", ErrOptions)
	}
	for z := range leaf + 1 {
		p.Tiles = append(p.Tiles, p.count(z))
	}
	p.Tiles[0] = 2
	depth := uint8(shallowestUnit)
	for depth < deepestUnit && leaf > depth && p.Tiles[leaf-depth-1] >= enoughUnits {
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
		stages = append(stages, Stage{Base: base, Top: top, Root: root, Units: p.cover(root)})
		if root == 0 {
			return stages
		}
		base, top = root, root-1
	}
}

// count returns how many tiles of a level touch the bounds, each counted once where bounds overlap.
func (p Plan) count(z uint8) int {
	if len(p.Bounds) == 1 {
		return tilegrid.Geodetic.Cover(p.Bounds[0], z).Len()
	}
	return len(p.cover(z))
}

// cover lists the tiles of a level that touch the bounds, in Z order. At level 0 it is both roots, which every tileset must have.
func (p Plan) cover(z uint8) []tilegrid.Coord {
	if z == 0 {
		return []tilegrid.Coord{{}, {X: 1}}
	}
	seen := map[tilegrid.Coord]bool{}
	for _, b := range p.Bounds {
		for c := range tilegrid.Geodetic.Cover(b, z).All() {
			seen[c] = true
		}
	}
	tiles := make([]tilegrid.Coord, 0, len(seen))
	for c := range seen {
		tiles = append(tiles, c)
	}
	slices.SortFunc(tiles, func(a, b tilegrid.Coord) int { return cmp.Compare(morton(a), morton(b)) })
	return tiles
}

// Total returns the most tiles that the plan can give.
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

// morton interleaves the bits of column and row: near in the list is near on the ground.
func morton(c tilegrid.Coord) uint64 { return spread(c.X) | spread(c.Y)<<1 }

// spread puts a zero between any two bits.
func spread(v uint32) uint64 {
	x := uint64(v)
	for _, s := range []struct {
		shift int
		mask  uint64
	}{{16, 0x0000ffff0000ffff}, {8, 0x00ff00ff00ff00ff}, {4, 0x0f0f0f0f0f0f0f0f}, {2, 0x3333333333333333}, {1, 0x5555555555555555}} {
		x = (x | x<<s.shift) & s.mask
	}
	return x
}

// LeafLevel returns the first level whose posts lie no further apart than spacing degrees. Clients cannot go deeper than it, and coarser would
// lose detail.
func LeafLevel(spacing float64) uint8 {
	for z := uint8(0); z < tilegrid.MaxLevel-2; z++ {
		if tilegrid.Geodetic.Resolution(z, terrain.Cells) <= spacing*(1+1e-6) {
			return z
		}
	}
	return tilegrid.MaxLevel - 2
}

// levelFor returns the deepest level at which span degrees hold at most n posts.
func levelFor(span float64, n int) uint8 {
	posts := span / tilegrid.Geodetic.Resolution(0, terrain.Cells)
	if posts >= float64(n) {
		return 0
	}
	return uint8(bits.Len(uint(float64(n)/posts)) - 1)
}
