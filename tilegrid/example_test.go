package tilegrid_test

import (
	"fmt"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/tilegrid"
)

func ExampleGrid_At() {
	c := tilegrid.Geodetic.At(orb.Point{1.52, 42.51}, 12) // Andorra la Vella
	fmt.Println(c, tilegrid.Geodetic.Bound(c).Min)
	// Output: 12/4130/3015 [1.494140625 42.4951171875]
}
