package style

import (
	"context"
	"math"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
)

// Probe reads the heights of places one after another. It keeps hold of the tile that it read last, since places that follow
// each other mostly lie near each other. It is for one goroutine, and good as long as the ground's reader is open.
type Probe struct {
	ground *Ground
	coord  tilegrid.Coord
	posts  []float32 // of the tile at coord; nil before the first
	c, r   float64   // where in it the last height was, columns from the west and rows from the north
}

// Probe returns a probe of the ground.
func (g *Ground) Probe() *Probe { return &Probe{ground: g} }

// Height returns the height at a place, degrees, in what the dataset's Vertical says: bilinear between the posts of the deepest
// level, down to deepest, that has a tile there; exact on posts. level is that level. ok is false outside of the dataset's bound
// and where nothing is stored.
func (b *Probe) Height(ctx context.Context, p orb.Point, deepest uint8) (metres float64, level uint8, ok bool, err error) {
	info := &b.ground.info
	if !(math.Abs(p.Lat()) <= 90 && math.Abs(p.Lon()) <= 360) || !covers(info.Bound, p) {
		return 0, 0, false, nil
	}
	for z := b.first(p, min(deepest, info.Levels[1])); z >= 0; z-- {
		metres, ok, err = b.between(ctx, uint8(z), p)
		if ok || err != nil {
			return metres, uint8(z), ok, err
		}
	}
	return 0, 0, false, nil
}

// Doubt returns by how many metres the last height may differ from that of a source whose own posts lie elsewhere, though no
// farther apart: half the sum of how much the ground bends at the posts around, both ways, and a quarter of its twist between
// them, which is what a source whose rows run askew may see otherwise. On a post it is 0. Of 20,000 places of a tile of SRTM in
// the Pyrenees none differed by more, and the mean by a fourteenth of it.
func (b *Probe) Doubt() float64 {
	if b.posts == nil {
		return 0
	}
	ci, ri := min(int(b.c), terrain.Cells-1), min(int(b.r), terrain.Cells-1)
	k, doubt := ri*terrain.StoredSide+ci, 0.0
	if b.c != float64(int(b.c)) {
		doubt += max(bend(b.posts, k, ci, 1), bend(b.posts, k+terrain.StoredSide, ci, 1))
	}
	if b.r != float64(int(b.r)) {
		doubt += max(bend(b.posts, k, ri, terrain.StoredSide), bend(b.posts, k+1, ri, terrain.StoredSide))
	}
	if b.c != float64(int(b.c)) && b.r != float64(int(b.r)) {
		z := b.posts[k:]
		doubt += math.Abs(float64(z[0])-float64(z[1])-float64(z[terrain.StoredSide])+float64(z[terrain.StoredSide+1])) / 2
	}
	return doubt / 2
}

// bend is by how much the ground bends at post k, which is the nth of its line, and at the next one; posts of the line lie so
// many values apart. At the ends of a line the bend is that of the post beside.
func bend(z []float32, k, n, apart int) float64 {
	at := func(k int) float64 { return math.Abs(float64(z[k-apart]) - 2*float64(z[k]) + float64(z[k+apart])) }
	switch n {
	case 0:
		return 2 * at(k+apart)
	case terrain.Cells - 1:
		return 2 * at(k)
	}
	return at(k) + at(k+apart)
}

// first returns the deepest level with a tile at a place. Every tile has its ancestors, so the levels are halved.
func (b *Probe) first(p orb.Point, deepest uint8) int {
	lo, hi := 0, int(deepest)
	for lo < hi {
		z := uint8((lo + hi + 1) / 2)
		if b.has(z, p) {
			lo = int(z)
		} else {
			hi = int(z) - 1
		}
	}
	return lo
}

func (b *Probe) has(z uint8, p orb.Point) bool {
	at := spotOf(z, p)
	for _, ty := range sides(at.y) {
		for _, tx := range sides(at.x) {
			if c := at.tile(tx, ty); c == b.coord && b.posts != nil || tilegrid.Geodetic.Valid(c) && b.ground.info.Has(c) {
				return true
			}
		}
	}
	return false
}

// between interpolates on one level. A place on a border finds the tile on either side.
func (b *Probe) between(ctx context.Context, z uint8, p orb.Point) (metres float64, ok bool, err error) {
	at := spotOf(z, p)
	for _, ty := range sides(at.y) {
		for _, tx := range sides(at.x) {
			c := at.tile(tx, ty)
			if !tilegrid.Geodetic.Valid(c) {
				continue
			}
			posts, err := b.tile(ctx, c)
			if err != nil {
				return 0, false, err
			}
			if posts != nil {
				b.c, b.r = at.x-float64(tx*terrain.Cells), float64((ty+1)*terrain.Cells)-at.y
				return bilinear(posts, b.c, b.r), true, nil
			}
		}
	}
	return 0, false, nil
}

// tile is Ground.tile, but for the tile that was read last.
func (b *Probe) tile(ctx context.Context, c tilegrid.Coord) ([]float32, error) {
	if b.posts != nil && b.coord == c {
		return b.posts, nil
	}
	posts, err := b.ground.tile(ctx, c)
	if posts != nil {
		b.coord, b.posts = c, posts
	}
	return posts, err
}

// spot is a place counted in posts of a level from the south-west corner of the grid.
type spot struct {
	z    uint8
	x, y float64
}

func spotOf(z uint8, p orb.Point) spot {
	s := tilegrid.Geodetic.Resolution(z, terrain.Cells)
	circle := float64(int64(2*terrain.Cells) << z)
	return spot{z, math.Mod((p.Lon()+180)/s+circle, circle), (p.Lat() + 90) / s}
}

// tile returns the tile of a column and a row; the columns go round the globe. One beyond a pole is not valid.
func (s spot) tile(tx, ty int64) tilegrid.Coord {
	columns, _ := tilegrid.Geodetic.Size(s.z)
	return tilegrid.Coord{Z: s.z, X: uint32((tx + int64(columns)) % int64(columns)), Y: uint32(ty)} // -1 becomes more than there are rows
}

// sides returns the tiles that hold a post position: the one after it, and on a border the one before it.
func sides(v float64) []int64 {
	t := int64(math.Floor(v / terrain.Cells))
	if v == float64(t*terrain.Cells) {
		return []int64{t, t - 1}
	}
	return []int64{t}
}

// bilinear interpolates a tile's heights at a column and a row from the north.
func bilinear(z []float32, c, r float64) float64 {
	ci, ri := min(int(c), terrain.Cells-1), min(int(r), terrain.Cells-1)
	at := func(k int) float64 {
		a, b := float64(z[k]), float64(z[k+1])
		return a + (b-a)*(c-float64(ci))
	}
	north, south := at(ri*terrain.StoredSide+ci), at((ri+1)*terrain.StoredSide+ci)
	return north + (south-north)*(r-float64(ri))
}
