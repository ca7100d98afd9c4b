package ingest

import (
	"cmp"
	"iter"
	"math/bits"
	"slices"

	"github.com/terrane/terrane/tilegrid"
)

// cover is a set of tiles of one level: a word for each block of 8 x 8.
type cover map[tilegrid.Coord]uint64

func blockOf(c tilegrid.Coord) (block tilegrid.Coord, bit uint64) {
	return tilegrid.Coord{Z: c.Z, X: c.X >> 3, Y: c.Y >> 3}, 1 << (c.Y&7<<3 | c.X&7)
}

func (s cover) add(c tilegrid.Coord) {
	block, bit := blockOf(c)
	s[block] |= bit
}

func (s cover) has(c tilegrid.Coord) bool {
	block, bit := blockOf(c)
	return s[block]&bit != 0
}

// all yields the tiles in no order.
func (s cover) all() iter.Seq[tilegrid.Coord] {
	return func(yield func(tilegrid.Coord) bool) {
		for block, word := range s {
			for ; word != 0; word &= word - 1 {
				k := uint32(bits.TrailingZeros64(word))
				if !yield(tilegrid.Coord{Z: block.Z, X: block.X<<3 | k&7, Y: block.Y<<3 | k>>3}) {
					return
				}
			}
		}
	}
}

// sorted lists the tiles in Z order.
func (s cover) sorted() []tilegrid.Coord {
	return slices.SortedFunc(s.all(), func(a, b tilegrid.Coord) int { return cmp.Compare(a.Morton(), b.Morton()) })
}

// tops lists the tiles that lie below no other one of the set, looking up to level root: each level in Z order, the coarsest first.
func (s cover) tops(root uint8) []tilegrid.Coord {
	below := func(c tilegrid.Coord) bool {
		for z := root; z < c.Z; z++ {
			if s.has(c.Ancestor(z)) {
				return true
			}
		}
		return false
	}
	tops := slices.DeleteFunc(s.sorted(), below)
	slices.SortStableFunc(tops, func(a, b tilegrid.Coord) int { return cmp.Compare(a.Z, b.Z) })
	return tops
}

// rim returns the tiles of the levels from top down to root that must be added so that beside each tile lies one of its own level or of the level
// above: where levels differ by more, what two meshes leave out on either side of a border adds up to more than a client's skirt hides.
// covers holds the tiles that exist, by level, from base; the tiles returned are added to it.
func rim(covers map[uint8]cover, s Stage) cover {
	added := cover{}
	for z := s.Base; z > s.Root; z-- {
		for c := range covers[z].all() {
			for n := range neighbours(c) {
				p := n.Parent()
				if z-1 > s.Top || covers[z-1].has(p) {
					continue
				}
				added.add(p)
			}
		}
		for c := range added.all() {
			if c.Z == z-1 {
				covers[z-1].add(c)
			}
		}
	}
	return added
}

// above returns the tiles of the next level up that a stage and its rim leave behind for the next one, given those at the level below them: the
// parents of each tile and of its neighbours.
func (s cover) above() cover {
	out := cover{}
	for c := range s.all() {
		out.add(c.Parent())
		for n := range neighbours(c) {
			out.add(n.Parent())
		}
	}
	return out
}

// bordering returns those of the earlier tiles that have a later one beside them, where all holds both.
func bordering(earlier, all cover) cover {
	out := cover{}
	for c := range earlier.all() {
		for n := range neighbours(c) {
			if all.has(n) && !earlier.has(n) {
				out.add(c)
				break
			}
		}
	}
	return out
}

// neighbours yields the tiles around c, up to eight: columns wrap at the antimeridian, rows end at the poles.
func neighbours(c tilegrid.Coord) iter.Seq[tilegrid.Coord] {
	columns, rows := tilegrid.Geodetic.Size(c.Z)
	return func(yield func(tilegrid.Coord) bool) {
		for dy := int64(-1); dy <= 1; dy++ {
			for dx := int64(-1); dx <= 1; dx++ {
				x, y := (int64(c.X)+dx+int64(columns))%int64(columns), int64(c.Y)+dy
				if dx == 0 && dy == 0 || y < 0 || y >= int64(rows) {
					continue
				}
				if !yield(tilegrid.Coord{Z: c.Z, X: uint32(x), Y: uint32(y)}) {
					return
				}
			}
		}
	}
}
