package wmts_test

import (
	"fmt"
	"os"

	"github.com/terrane/terrane/imagery/wmts"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// A layer answers for its own limits; the row of the tile counts from the south.
func Example() {
	layer := wmts.NewLayer(tilestore.Info{Name: "alps", Format: tilestore.JPEG, Grid: tilegrid.Mercator,
		Available: [][]tilegrid.Range{{{Z: 0}}, {{Z: 1, MinX: 1, MaxX: 1, MinY: 1, MaxY: 1}}}}, 256)

	request, err := wmts.ParseREST("1.0.0/alps/default/WebMercatorQuad/1/0/1.jpg", "")
	if err != nil {
		panic(err)
	}
	tile, err := layer.Tile(*request.Tile)
	fmt.Println(tile.Coord, tile.Format.MIME, err)

	request, _ = wmts.ParseREST("1.0.0/alps/default/WebMercatorQuad/1/1/1.jpg", "")
	_, err = layer.Tile(*request.Tile)
	fmt.Println(err)

	// Output:
	// 1/1/1 image/jpeg <nil>
	// wmts: TileOutOfRange TileRow: the tile lies outside of the layer's limits
}

// Exceptions are written as the protocol's own report.
func ExampleException_Encode() {
	wmts.NoLayer().Encode(os.Stdout)
	// Output:
	// <?xml version="1.0" encoding="UTF-8"?>
	// <ows:ExceptionReport xmlns:ows="http://www.opengis.net/ows/1.1" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
	//  xsi:schemaLocation="http://www.opengis.net/ows/1.1 http://schemas.opengis.net/ows/1.1.0/owsExceptionReport.xsd" version="1.1.0" xml:lang="en">
	//  <ows:Exception exceptionCode="InvalidParameterValue" locator="Layer"><ows:ExceptionText>no such layer</ows:ExceptionText></ows:Exception>
	// </ows:ExceptionReport>
}
