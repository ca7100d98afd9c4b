package server

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"github.com/terrane/terrane/internal/tiler"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// TestAMosaicIsShownAtEveryLevelWhereItIsCoarse asks for deep tiles and maps of a globe with a small fine picture on it: where
// only the globe is, no deep tile is stored, and what is above is shown, magnified, through every protocol, as far as the
// dataset's levels go.
func TestAMosaicIsShownAtEveryLevelWhereItIsCoarse(t *testing.T) {
	dir := t.TempDir()
	fine := tint{box(10, 47, 10.25, 47.25), 77}
	for name, grid := range map[string]tilegrid.Grid{"mercator": tilegrid.Mercator, "plate": tilegrid.Geodetic} {
		publishPicture(t, dir, name, tiler.Options{
			Sources: []string{world.write(t, 1024, false), fine.write(t, 512, false)}, Grid: grid, Format: tiler.PNG, Max: -1,
		})
	}
	s := New(openFolder(t, dir), Options{})
	for name, grid := range map[string]tilegrid.Grid{"mercator": tilegrid.Mercator, "plate": tilegrid.Geodetic} {
		set := "WebMercatorQuad"
		if grid == tilegrid.Geodetic {
			set = "WorldCRS84Quad"
		}
		j := tileJSONOf(t, s, "/imagery/"+name+"/tilejson.json")
		deepest := uint8(j.MaxZoom)
		if j.MinZoom != 0 || deepest < 10 {
			t.Fatalf("%s: levels %d to %d", name, j.MinZoom, deepest)
		}
		for _, p := range []orb.Point{{-70.3, -20.2}, {10.4, 47.1}, {170, 65}} {
			for z := uint8(2); z <= deepest; z++ {
				c := grid.At(p, z)
				north := grid.FlipY(c)
				for _, path := range []string{
					fmt.Sprintf("/imagery/%s/%d/%d/%d.png", name, z, c.X, north.Y),
					fmt.Sprintf("/tms/%s/%d/%d/%d.png", name, z, c.X, c.Y),
					fmt.Sprintf("/wmts/1.0.0/%s/default/%s/%d/%d/%d.png", name, set, z, north.Y, c.X),
				} {
					m := pictureOf(t, ask(s, "GET", path), tilestore.PNG)
					for pixel, at := range tilePlaces(grid, c, 256) {
						got, globe := m.NRGBAAt(pixel[0], pixel[1]), !fine.bound.Pad(0.3).Contains(at) && inside(world.bound, at, 5)
						if globe && !world.near(got, at) {
							t.Fatalf("%s: pixel %v is %v, at %.3f there is %v", path, pixel, got, at, world.colour(at))
						}
					}
				}
			}
			side := 360.0 / 256 / float64(uint32(1)<<deepest) * 300
			path := "/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&STYLES=&CRS=CRS:84&FORMAT=image/png&TRANSPARENT=TRUE&WIDTH=300&HEIGHT=300"
			path += fmt.Sprintf("&LAYERS=%s&BBOX=%f,%f,%f,%f", name, p[0], p[1], p[0]+side, p[1]+side)
			if got := pictureOf(t, ask(s, "GET", path), tilestore.PNG).NRGBAAt(150, 150); !world.near(got, orb.Point{p[0] + side/2, p[1] + side/2}) {
				t.Errorf("%s: %v", path, got)
			}
		}
		over := pictureOf(t, ask(s, "GET", xyzPath(name, grid, orb.Point{10.12, 47.12}, deepest)), tilestore.PNG)
		if got := over.NRGBAAt(128, 128); got.B != fine.mark {
			t.Errorf("%s: the fine picture shows %v", name, got)
		}
		if r := ask(s, "GET", xyzPath(name, grid, orb.Point{-70.3, -20.2}, deepest+1)); r.StatusCode != http.StatusNotFound {
			t.Errorf("%s: a tile below the deepest level: %d", name, r.StatusCode)
		}
		document := string(bodyOf(t, ask(s, "GET", "/wmts?SERVICE=WMTS&REQUEST=GetCapabilities")))
		whole := fmt.Sprintf("<TileMatrix>%d</TileMatrix><MinTileRow>0</MinTileRow>", deepest)
		if !strings.Contains(strings.Join(strings.Fields(document), ""), whole) {
			t.Errorf("%s: the limits of level %d are not those of the globe", name, deepest)
		}
	}
}

// xyzPath is the path of the XYZ tile at a place.
func xyzPath(name string, g tilegrid.Grid, p orb.Point, z uint8) string {
	north := g.FlipY(g.At(p, z))
	return fmt.Sprintf("/imagery/%s/%d/%d/%d.png", name, north.Z, north.X, north.Y)
}
