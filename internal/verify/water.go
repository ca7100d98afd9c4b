package verify

import (
	"fmt"
	"slices"

	"github.com/terrane/terrane/terrain"
)

const watermaskName = "watermask"

// waterSide is the side of a water mask that is more than one byte.
const waterSide = 256

// water checks the mask of a tile by itself: there if promised, and one byte where all pixels are the same. That it has 1 or 65
// 536 bytes is decode's affair.
func (v *verifier) water(t *checkedTile, m *terrain.Mesh) {
	promised := slices.Contains(v.info.Extensions, watermaskName)
	switch {
	case promised && m.Water == nil:
		t.fault("watermask.absent", "promised, not in the tile: clients draw land")
	case !promised && m.Water != nil && !v.opt.Foreign:
		t.fault("watermask.unlisted", "in the tile, not promised: no client asks for it")
	case v.opt.Foreign:
	case len(m.Water) == 1 && m.Water[0] != 0 && m.Water[0] != 255:
		t.fault("watermask.value", "one byte that is neither land, 0, nor water, 255: %d", m.Water[0])
	case len(m.Water) > 1 && isUniform(m.Water):
		t.fault("watermask.uniform", "all pixels are %d, and there are %d of them", m.Water[0], len(m.Water))
	}
	t.shores = shoresOf(m.Water)
}

func isUniform(mask []byte) bool {
	first := mask[0]
	return (first == 0 || first == 255) && !slices.ContainsFunc(mask, func(b byte) bool { return b != first })
}

// shores are the pixels along a tile's borders, from the south or the west; none of a tile that is the same throughout.
type shores struct{ west, south, east, north []byte }

func shoresOf(mask []byte) shores {
	var s shores
	if len(mask) != waterSide*waterSide {
		return s
	}
	for k := range waterSide {
		row := (waterSide - 1 - k) * waterSide
		s.west, s.east = append(s.west, mask[row]), append(s.east, mask[row+waterSide-1])
	}
	s.north, s.south = slices.Clone(mask[:waterSide]), slices.Clone(mask[(waterSide-1)*waterSide:])
	return s
}

// Borders of a level that are torn: land beside water over so many pixels. A coast may run along a border; if it does so on
// more than half of many, rows or columns of the masks are not where they should be.
const (
	tornPixels  = waterSide / 4
	manyBorders = 32
)

// Ways across a border.
const northward, eastward = 0, 1

// coast compares the pixels on both sides of a border, if both tiles have some of either kind.
func (s *seams) coast(way int, a, b []byte) {
	if a == nil || b == nil {
		return
	}
	torn := 0
	for k := range a {
		if a[k] == 0 && b[k] == 255 || a[k] == 255 && b[k] == 0 {
			torn++
		}
	}
	s.coasts[way]++
	if torn > tornPixels {
		s.torn[way]++
	}
}

// close says what all the borders of the level show together.
func (s *seams) close() {
	for way, side := range [2]string{"northern", "eastern"} {
		if n, torn := s.coasts[way], s.torn[way]; n >= manyBorders && 2*torn > n && !s.v.opt.Foreign {
			detail := fmt.Sprintf("level %d: land meets water on %d of %d %s borders of tiles that have both", s.z, torn, n, side)
			s.v.fault(Fault{Rule: "watermask.seam", Detail: detail})
		}
	}
}
