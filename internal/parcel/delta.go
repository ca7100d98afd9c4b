package parcel

import "github.com/terrane/terrane/tilegrid"

// A delta is a zip file of stored, that is uncompressed, members: DeltaDocument first, then the tiles and grids of heights that were added
// or changed, named by
// level, column and row from the south.
const (
	DeltaFormat   = "terrane delta 1"
	DeltaDocument = "delta.json"
	DeltaTiles    = "tiles/"
	DeltaHeights  = "heights/"
)

// Changes is the document of a delta.
type Changes struct {
	Format   string   `json:"format"`
	Manifest Manifest `json:"export"`                   // without files
	Tiles    []Place  `json:"removedTiles,omitempty"`   // tiles of the base that are no more
	Grids    []Place  `json:"removedHeights,omitempty"` // the same of grids of heights
}

// Place is level, column and row of a tile.
type Place [3]uint32

// PlaceOf writes a coordinate.
func PlaceOf(c tilegrid.Coord) Place { return Place{uint32(c.Z), c.X, c.Y} }

// Coord reads it. A level that there is none becomes one outside every grid.
func (p Place) Coord() tilegrid.Coord {
	return tilegrid.Coord{Z: uint8(min(p[0], 255)), X: p[1], Y: p[2]}
}
