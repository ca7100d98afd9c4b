package importer

import (
	"bytes"
	"context"
	"fmt"

	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// looked is how many tiles are decoded to find out how rows count.
const looked = 9

// look finds out how rows count by looking at a few tiles. It returns RowsAuto if they do not tell, or do not agree.
func (s *Source) look(ctx context.Context) (Rows, error) {
	var south, north int
	var err error
	if s.info.Kind == tilestore.Imagery {
		south, north, err = s.lookAtPictures(ctx)
	} else {
		south, north, err = s.lookAtMeshes(ctx)
	}
	switch {
	case err != nil:
		return RowsAuto, err
	case south > 0 && north == 0:
		return RowsSouth, nil
	case north > 0 && south == 0:
		return RowsNorth, nil
	}
	return RowsAuto, nil
}

// lookAtMeshes asks the headers of a few tiles of the deepest level where they lie, and counts the answers.
func (s *Source) lookAtMeshes(ctx context.Context) (south, north int, err error) {
	for _, c := range few(s.coords[len(s.coords)-1]) {
		data, err := s.pile.tile(ctx, c)
		if err != nil {
			return 0, 0, fmt.Errorf("read %s: %w", c, err)
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
	return south, north, nil
}

// few picks some tiles spread over a level.
func few(level []tilegrid.Coord) []tilegrid.Coord {
	n := min(looked, len(level))
	out := make([]tilegrid.Coord, n)
	for k := range n {
		out[k] = level[k*(len(level)-1)/max(1, n-1)]
	}
	return out
}

// distance is how far the bounding sphere of a mesh is from the ground of a tile, metres.
func (s *Source) distance(m *terrain.Mesh, c tilegrid.Coord) float64 {
	return m.Sphere.Sub(terrain.ECEF(s.info.Grid.Bound(c).Center(), 0)).Len()
}
