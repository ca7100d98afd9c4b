package raster

import (
	"fmt"

	"github.com/paulmach/orb"
)

// Lattice is a window of the global lattice of posts. Level z has 64 posts a tile side: post (i, j) lies at longitude -180 +
// i*s and latitude -90 + j*s with s = 180 / (64 << z), all exact in float64. I may be any number: longitudes wrap. Rows are
// stored from north to south: the first row of a filled slice is J = MinJ+Rows-1, each row runs from MinI to the east.
type Lattice struct {
	Level      uint8
	MinI, MinJ int64
	Cols, Rows int
}

// maxLevel keeps every position exact.
const maxLevel = 36

// Step returns the distance between posts in degrees.
func (l Lattice) Step() float64 { return 180 / float64(int64(64)<<l.Level) }

// Post returns the position of a post, its longitude in -180..180 (180 itself is -180).
func (l Lattice) Post(i, j int64) orb.Point {
	return orb.Point{-180 + float64(mod(i, int64(128)<<l.Level))*l.Step(), -90 + float64(j)*l.Step()}
}

// Bound returns the ground between the outermost posts; longitudes are not wrapped.
func (l Lattice) Bound() orb.Bound {
	s := l.Step()
	return orb.Bound{
		Min: orb.Point{-180 + float64(l.MinI)*s, -90 + float64(l.MinJ)*s},
		Max: orb.Point{-180 + float64(l.MinI+int64(l.Cols)-1)*s, -90 + float64(l.MinJ+int64(l.Rows)-1)*s},
	}
}

func (l Lattice) check(dst []float32) error {
	if l.Level > maxLevel || l.Cols < 1 || l.Rows < 1 || len(dst) != l.Cols*l.Rows {
		return fmt.Errorf("%w: level %d, %d x %d posts, %d heights", ErrLattice, l.Level, l.Cols, l.Rows, len(dst))
	}
	return nil
}
