// Package imagery draws maps: a picture of any window of the globe, in any reference system, out of stored tiles. It imports no GDAL and no HTTP.
//
// A [Source] gives decoded tiles of one dataset (or renders them from heights, see the styles); [Draw] finds the level that is at least as fine as asked, joins the tiles it
// needs, and resamples them (internal/resample) through the map's [Projection]. A [Drawer] does so within [Limits] and keeps its memory from view to view. [Tiles] is the source that reads
// a stored version; all sources of a process share one [Cache] of decoded tiles.
package imagery

import (
	"context"
	"errors"

	"github.com/paulmach/orb"

	"github.com/terrane/terrane/internal/picture"
	"github.com/terrane/terrane/internal/resample"
	"github.com/terrane/terrane/tilegrid"
)

// Errors that callers branch on.
var (
	// ErrTooLarge: a view of more pixels than allowed, or one that would take more tiles than allowed.
	ErrTooLarge = errors.New("imagery: too large")
	// ErrCRS: a reference system that is not known.
	ErrCRS = errors.New("imagery: unknown reference system")
)

// Source gives the tiles of one dataset as pictures. It is safe for concurrent use.
type Source interface {
	Grid() tilegrid.Grid
	TileSize() int                                                        // pixels a side, the same for every tile
	Levels() (lo, hi uint8)                                               // first and last level that holds tiles
	Image(ctx context.Context, c tilegrid.Coord) (picture.Picture, error) // the zero Picture where there is no tile
}

// Projection turns positions of a reference system into WGS 84 and back, in place, many at a time. x runs east and y north whatever the axis order of the protocol; degrees are
// longitude and latitude. What has no answer becomes NaN. It is safe for concurrent use.
type Projection interface {
	Inverse(x, y []float64) // map to degrees
	Forward(x, y []float64) // degrees to map
}

// CRS is a map's reference system as the protocols name it.
type CRS struct {
	Code          string    // "EPSG:3035", "CRS:84"
	Title         string    // "ETRS89-extended / LAEA Europe"
	NorthFirst    bool      // the authority's first axis runs north (or south): WMS 1.3.0 and WMTS swap
	MetresPerUnit float64   // of the map's unit; degrees: 111319.49079327358 (OGC's 6378137 m sphere)
	Area          orb.Bound // of use, degrees; MinLon > MaxLon never: Max.Lon may exceed 180
	Projection
}

// Registry knows reference systems by their code: "EPSG:n" or "CRS:84". Errors match [ErrCRS].
type Registry interface {
	CRS(code string) (CRS, error)
}

// View is the map that is asked for: a box of the CRS (x east, y north), in so many pixels.
type View struct {
	Projection    Projection
	Bound         orb.Bound
	Width, Height int
	Kernel        resample.Kernel // "" is bilinear
}
