package importer

import (
	"fmt"
	"strings"

	"github.com/terrane/terrane/tilegrid"
)

// Grid is the grid that a pile of pictures lies in.
type Grid int

// The grids.
const (
	GridAuto       Grid = iota // by the document beside the tiles, else by their columns
	GridMercator               // EPSG:3857
	GridGeographic             // EPSG:4326, two roots
	GridOneRoot                // EPSG:4326, one root of 360 x 360 degrees of which the southern half is used: its level 1 is level 0 of ours
)

// String returns what [ParseGrid] reads.
func (g Grid) String() string { return [...]string{"auto", "mercator", "geographic", "one-root"}[g] }

// ParseGrid reads auto, mercator, geographic or one-root.
func ParseGrid(s string) (Grid, error) {
	for g := GridAuto; g <= GridOneRoot; g++ {
		if strings.EqualFold(s, g.String()) {
			return g, nil
		}
	}
	return GridAuto, fmt.Errorf("importer: grid %q is none of auto, mercator, geographic, one-root", s)
}

// setGrid decides in which grid the pictures lie.
func (s *Source) setGrid(told Grid, said claim) {
	s.grid = told
	if s.grid == GridAuto {
		s.grid = said.grid
	}
	if s.grid == GridAuto && s.wide() {
		s.grid = GridGeographic
	}
	if s.grid == GridAuto {
		s.grid = GridMercator
	}
	if s.grid == GridGeographic && told == GridAuto && s.narrow(said) {
		s.grid = GridOneRoot
	}
	s.info.Grid = tilegrid.Geodetic
	if s.grid == GridMercator {
		s.info.Grid = tilegrid.Mercator
	}
	if s.grid == GridOneRoot {
		s.lift = 1
	}
}

// wide tells whether a level has more columns than the Mercator grid.
func (s *Source) wide() bool {
	for z, level := range s.coords {
		for _, c := range level {
			if uint64(c.X) >= 1<<z {
				return true
			}
		}
	}
	return false
}

// narrow tells whether the columns of the deepest level fit the said bound better if there is one root. What gdal2tiles writes about resolutions is that of two roots
// whichever it makes.
func (s *Source) narrow(said claim) bool {
	z := len(s.coords) - 1
	if z < 1 || said.bound.Min.Lon() >= said.bound.Max.Lon() || s.wide() {
		return false
	}
	first, last := s.coords[z][0].X, s.coords[z][0].X
	for _, c := range s.coords[z] {
		first, last = min(first, c.X), max(last, c.X)
	}
	off := func(z int) int64 {
		r := tilegrid.Geodetic.Cover(said.bound, uint8(z))
		return distance64(r.MinX, first) + distance64(r.MaxX, last)
	}
	return off(z-1) < off(z)
}

func distance64(a, b uint32) int64 { return max(int64(a)-int64(b), int64(b)-int64(a)) }

// inGrid checks a coordinate of the pile.
func (s *Source) inGrid(c tilegrid.Coord) error {
	if s.lift > 0 {
		return tilegrid.Mercator.Check(c) // one root, columns and rows doubling
	}
	return s.info.Grid.Check(c)
}
