package xyz_test

import (
	"fmt"

	"github.com/terrane/terrane/imagery/xyz"
	"github.com/terrane/terrane/tilegrid"
)

// One tile has two addresses: XYZ counts rows from the north, TMS from the south.
func Example() {
	north, _ := xyz.ParseXYZ("alps/2/1/0.png")
	south, _ := xyz.ParseTMS("alps@3/2/1/3.png")
	a, errA := north.Coord(tilegrid.Mercator)
	b, errB := south.Coord(tilegrid.Mercator)
	fmt.Println(a, errA, b, errB, south.Ref)
	// Output: 2/1/3 <nil> 2/1/3 <nil> alps@3
}
