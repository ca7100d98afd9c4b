package importer

import (
	"bytes"
	"context"
	"fmt"

	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
)

// looked is how many tiles are decoded to find out how rows count.
const looked = 9

// look asks the headers of a few tiles of the deepest level where they lie. It returns RowsAuto if they do not agree.
func (s *Source) look(ctx context.Context) (Rows, error) {
	deepest := s.coords[len(s.coords)-1]
	south, north := 0, 0
	for k := range min(looked, len(deepest)) {
		c := deepest[k*(len(deepest)-1)/max(1, min(looked, len(deepest))-1)]
		data, err := s.pile.tile(ctx, c)
		if err != nil {
			return RowsAuto, fmt.Errorf("read %s: %w", c, err)
		}
		mesh, err := terrain.Decode(bytes.NewReader(data))
		if err != nil {
			continue // whoever reads all tiles will say so
		}
		switch here, mirrored := s.distance(mesh, c), s.distance(mesh, s.info.Grid.FlipY(c)); {
		case here < mirrored/2:
			south++
		case mirrored < here/2:
			north++
		}
	}
	switch {
	case south > 0 && north == 0:
		return RowsSouth, nil
	case north > 0 && south == 0:
		return RowsNorth, nil
	}
	return RowsAuto, nil
}

// distance is how far the bounding sphere of a mesh is from the ground of a tile, metres.
func (s *Source) distance(m *terrain.Mesh, c tilegrid.Coord) float64 {
	return m.Sphere.Sub(terrain.ECEF(s.info.Grid.Bound(c).Center(), 0)).Len()
}
