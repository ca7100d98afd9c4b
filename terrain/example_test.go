package terrain_test

import (
	"bytes"
	"fmt"

	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
)

// A tile of two triangles that slopes to the north, written and read again.
func Example() {
	const full = terrain.QuantizedMax
	bound := tilegrid.Geodetic.Bound(tilegrid.Coord{Z: 10, X: 1066, Y: 776})
	m := &terrain.Mesh{
		Header:    terrain.Header{Min: 400, Max: 900},
		Vertices:  []terrain.Vertex{{U: 0, V: 0}, {U: full, V: 0}, {U: full, V: full, H: full}, {U: 0, V: full, H: full}},
		Triangles: []uint32{0, 1, 2, 0, 2, 3},
	}
	m.Edges = m.FindEdges()
	terrain.SetHeader(m, bound)
	fmt.Println("valid:", m.ValidateAt(bound) == nil)

	var tile bytes.Buffer
	if err := terrain.Encode(&tile, m); err != nil {
		fmt.Println(err)
	}
	fmt.Println("bytes:", tile.Len())
	again, err := terrain.Decode(&tile)
	fmt.Println("north:", again.Height(again.Vertices[again.Edges.North[0]]), "m", err)
	// Output:
	// valid: true
	// bytes: 164
	// north: 900 m <nil>
}

func ExampleMesh_Validate() {
	m := &terrain.Mesh{Header: terrain.Header{Radius: 1, Horizon: terrain.Vec{2, 0, 0}}}
	fmt.Println(m.Validate())
	// Output: terrain: mesh.empty: 0 vertices, 0 triangles
}
