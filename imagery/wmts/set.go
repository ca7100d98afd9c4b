package wmts

import (
	"strconv"
	"strings"

	"github.com/terrane/terrane/tilegrid"
)

// Set is a grid cut in tiles of so many pixels a side. Its matrices are named "0", "1", ... by their level.
//
// Sets of 256 pixels are OGC's own: WebMercatorQuad (EPSG:3857, one root) and WorldCRS84Quad (CRS84, two roots side by side).
// A dataset of larger tiles has the same matrices at a finer scale, which is a set of its own: WebMercatorQuadx2 for 512
// pixels, x4 for 1024; for a size that is no such multiple the number of pixels, "WebMercatorQuad-300px".
type Set struct {
	Grid     tilegrid.Grid
	TileSize int
}

// basePixels is the side of a tile in OGC's sets.
const basePixels = 256

// Scale denominators of level 0 at 256 pixels, of the OGC scale sets GoogleMapsCompatible and GoogleCRS84Quad (07-057r7, E.3
// and E.4), whose second scale is WorldCRS84Quad's first.
const (
	mercatorDenominator = 559082264.0287178
	geodeticDenominator = 279541132.0143589
)

// ID returns the set's identifier without a deepest level, by which requests may name it: see [Link.ID].
func (s Set) ID() string {
	id := "WorldCRS84Quad"
	if s.Grid == tilegrid.Mercator {
		id = "WebMercatorQuad"
	}
	switch {
	case s.TileSize == basePixels:
		return id
	case s.TileSize > 0 && s.TileSize%basePixels == 0:
		return id + "x" + strconv.Itoa(s.TileSize/basePixels)
	}
	return id + "-" + strconv.Itoa(s.TileSize) + "px"
}

// alias tells whether other servers, and clients that were made for them, call the set so.
func (s Set) alias(id string) bool {
	switch id {
	case "GoogleMapsCompatible", "EPSG:3857":
		return s == Set{tilegrid.Mercator, basePixels}
	case "EPSG:4326":
		return s == Set{tilegrid.Geodetic, basePixels}
	}
	return false
}

// ParseSet returns the set of an identifier of 256 pixels, x2 or x4.
func ParseSet(id string) (Set, bool) {
	for _, g := range []tilegrid.Grid{tilegrid.Mercator, tilegrid.Geodetic} {
		for _, n := range []int{1, 2, 4} {
			if s := (Set{g, n * basePixels}); s.ID() == id {
				return s, true
			}
		}
	}
	return Set{}, false
}

// ScaleDenominator returns how many times larger the ground is than its picture at 0.28 mm a pixel.
func (s Set) ScaleDenominator(z uint8) float64 {
	d := geodeticDenominator
	if s.Grid == tilegrid.Mercator {
		d = mercatorDenominator
	}
	return d / float64(uint64(1)<<z) * basePixels / float64(s.TileSize)
}

// frame holds what the capabilities say of a set's reference system. Corners are in its axis order: EPSG:3857 is easting,
// northing; CRS84 is longitude, latitude.
type frame struct{ title, urn, lower, upper, topLeft string }

func (s Set) frame() frame {
	if s.Grid == tilegrid.Mercator {
		const e = "20037508.3427892"
		return frame{"Web Mercator, one root tile", "urn:ogc:def:crs:EPSG:6.18:3:3857", "-" + e + " -" + e, e + " " + e, "-" + e + " " + e}
	}
	return frame{"CRS84, two root tiles", "urn:ogc:def:crs:OGC:1.3:CRS84", "-180 -90", "180 90", "-180 90"}
}

// wellKnown returns the well-known scale set of the levels 0 to last, or nothing. By 07-057r7, 6.2, a set conforms to one if it has
// the same reference system (hence the URN with a version of EPSG's dataset, as table E.4 writes it) and all scales from the largest
// down to any. So WorldCRS84Quad, which begins with the second of GoogleCRS84Quad, conforms to none, nor does a set that goes on
// beyond the nineteen of GoogleMapsCompatible.
func (s Set) wellKnown(last uint8) string {
	if s.Grid == tilegrid.Mercator && s.TileSize == basePixels && last <= 18 {
		return "urn:ogc:def:wkss:OGC:1.0:GoogleMapsCompatible"
	}
	return ""
}

// digits writes a scale with the sixteen digits that OGC's tables have.
func digits(v float64) string {
	s := strconv.FormatFloat(v, 'g', 16, 64)
	if strings.ContainsRune(s, 'e') {
		s = strconv.FormatFloat(v, 'f', -1, 64)
	}
	return s
}
