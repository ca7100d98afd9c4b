// Package tilegrid knows which ground a tile covers, and nothing else: no files, no pixels.
//
// Two grids exist, both quadtrees. [Geodetic] (EPSG:4326) has two root tiles of 180 x 180 degrees, as CesiumJS's
// GeographicTilingScheme and OGC's WorldCRS84Quad have; level z holds 2^(z+1) x 2^z tiles. [Mercator] (EPSG:3857) has one
// root and cuts the poles at atan(sinh(pi)) = 85.0511 degrees; level z holds 2^z x 2^z tiles.
//
// X counts from the west at longitude -180. Y counts from the SOUTH, as in TMS, MBTiles and terrain URLs. XYZ and
// WMTS count from the north: only the edge that speaks those protocols flips, with [Grid.FlipY].
//
// Positions are degrees in lon, lat order (orb.Point). Bounds come out exact where a binary fraction of 180 is exact, so the
// east side of a tile equals the west side of its neighbour bit for bit.
package tilegrid

import (
	"errors"
	"fmt"
	"iter"
	"math"

	"github.com/paulmach/orb"
)

// ErrOutOfGrid says that a tile coordinate lies outside its level, or that its level is beyond [MaxLevel].
var ErrOutOfGrid = errors.New("tilegrid: tile outside the grid")

// MaxLevel is the deepest level: 2^(30+1) columns still fit a uint32. A tile there is 1.9 cm wide.
const MaxLevel = 30

// MercatorLimit is the latitude at which EPSG:3857 is square: atan(sinh(pi)) in degrees.
const MercatorLimit = 85.05112877980659

// CRS is an EPSG code of a tile grid.
type CRS int

// The two reference systems that tiles are cut in.
const (
	WGS84       CRS = 4326
	WebMercator CRS = 3857
)

// String returns the code as layer.json and OGC write it, "EPSG:4326".
func (c CRS) String() string { return fmt.Sprintf("EPSG:%d", int(c)) }

// Coord names one tile: level, column from the west, row from the south.
type Coord struct {
	Z    uint8
	X, Y uint32
}

// String writes the coordinate as z/x/y, row from the south.
func (c Coord) String() string { return fmt.Sprintf("%d/%d/%d", c.Z, c.X, c.Y) }

// Parent returns the tile one level up that holds c. A root is its own parent.
func (c Coord) Parent() Coord {
	if c.Z == 0 {
		return c
	}
	return Coord{c.Z - 1, c.X >> 1, c.Y >> 1}
}

// Children returns the four tiles one level down: south-west, south-east, north-west, north-east.
func (c Coord) Children() [4]Coord {
	z, x, y := c.Z+1, c.X<<1, c.Y<<1
	return [4]Coord{{z, x, y}, {z, x + 1, y}, {z, x, y + 1}, {z, x + 1, y + 1}}
}

// Ancestor returns the tile at level z <= c.Z that holds c.
func (c Coord) Ancestor(z uint8) Coord { return Coord{z, c.X >> (c.Z - z), c.Y >> (c.Z - z)} }

// Morton interleaves the bits of column and row, the column's lowest first: of one level, what is near in that order is near on the ground.
func (c Coord) Morton() uint64 { return spread(c.X) | spread(c.Y)<<1 }

// spread puts a zero between any two bits.
func spread(v uint32) uint64 {
	x := uint64(v)
	for _, s := range []struct {
		shift int
		mask  uint64
	}{{16, 0x0000ffff0000ffff}, {8, 0x00ff00ff00ff00ff}, {4, 0x0f0f0f0f0f0f0f0f}, {2, 0x3333333333333333}, {1, 0x5555555555555555}} {
		x = (x | x<<s.shift) & s.mask
	}
	return x
}

// Grid is one of the two tile grids. The zero value is [Geodetic].
type Grid struct{ mercator bool }

// The grids.
var (
	Geodetic = Grid{}
	Mercator = Grid{mercator: true}
)

// CRS returns the grid's reference system.
func (g Grid) CRS() CRS {
	if g.mercator {
		return WebMercator
	}
	return WGS84
}

// Size returns the number of columns and rows at level z.
func (g Grid) Size(z uint8) (columns, rows uint32) {
	if g.mercator {
		return 1 << z, 1 << z
	}
	return 2 << z, 1 << z
}

// Valid tells whether the grid has this tile.
func (g Grid) Valid(c Coord) bool {
	if c.Z > MaxLevel {
		return false
	}
	columns, rows := g.Size(c.Z)
	return c.X < columns && c.Y < rows
}

// Check returns nil or an error that wraps [ErrOutOfGrid] and names the tile.
func (g Grid) Check(c Coord) error {
	if g.Valid(c) {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrOutOfGrid, c)
}

// Bound returns the ground that a tile covers, in degrees.
func (g Grid) Bound(c Coord) orb.Bound {
	columns, rows := g.Size(c.Z)
	return orb.Bound{
		Min: orb.Point{g.lon(float64(c.X), columns), g.lat(float64(c.Y), rows)},
		Max: orb.Point{g.lon(float64(c.X)+1, columns), g.lat(float64(c.Y)+1, rows)},
	}
}

func (g Grid) lon(x float64, columns uint32) float64 { return x*(360/float64(columns)) - 180 }

func (g Grid) lat(y float64, rows uint32) float64 {
	if g.mercator {
		return math.Atan(math.Sinh(math.Pi*(2*y/float64(rows)-1))) * 180 / math.Pi
	}
	return y*(180/float64(rows)) - 90
}

// Fraction returns where p lies in the grid as shares of its width, from the west, and of its height, from the south: 0 to 1 inside. In the Mercator grid,
// latitudes beyond its limit are taken for the limit.
func (g Grid) Fraction(p orb.Point) (x, y float64) { return g.column(p.Lon(), 1), g.row(p.Lat(), 1) }

// At returns the tile of level z that holds p. A point on a border belongs to the tile east and north of it; positions
// outside the grid are clamped to its rim.
func (g Grid) At(p orb.Point, z uint8) Coord {
	columns, rows := g.Size(z)
	return Coord{z, clampCell(g.column(p.Lon(), columns), columns), clampCell(g.row(p.Lat(), rows), rows)}
}

func (g Grid) column(lon float64, columns uint32) float64 {
	return (lon + 180) / (360 / float64(columns))
}

func (g Grid) row(lat float64, rows uint32) float64 {
	if !g.mercator {
		return (lat + 90) / (180 / float64(rows))
	}
	lat = max(-MercatorLimit, min(MercatorLimit, lat))
	return (math.Asinh(math.Tan(lat*math.Pi/180))/math.Pi + 1) / 2 * float64(rows)
}

func clampCell(v float64, n uint32) uint32 {
	if !(v > 0) {
		return 0
	}
	if v >= float64(n) {
		return n - 1
	}
	return uint32(v)
}

// Cover returns the smallest range of tiles at level z that holds b. A tile that b only touches from the west or south is
// left out, unless b has no width there. b must not cross the antimeridian: split it first with [SplitBound].
func (g Grid) Cover(b orb.Bound, z uint8) Range {
	columns, rows := g.Size(z)
	r := Range{Z: z}
	r.MinX, r.MaxX = span(g.column(b.Min.Lon(), columns), g.column(b.Max.Lon(), columns), columns)
	r.MinY, r.MaxY = span(g.row(b.Min.Lat(), rows), g.row(b.Max.Lat(), rows), rows)
	return r
}

func span(lo, hi float64, n uint32) (first, last uint32) {
	first, last = clampCell(lo, n), clampCell(hi, n)
	if last > first && float64(last) >= hi {
		last--
	}
	return first, last
}

// FlipY turns a row from the south into a row from the north, and back.
func (g Grid) FlipY(c Coord) Coord {
	_, rows := g.Size(c.Z)
	return Coord{c.Z, c.X, rows - 1 - c.Y}
}

// Resolution returns degrees per sample for tiles of n intervals a side at level z (64 for terrain, 256 for pictures),
// measured along a meridian for Geodetic and along the equator for Mercator.
func (g Grid) Resolution(z uint8, n int) float64 {
	columns, _ := g.Size(z)
	return 360 / float64(columns) / float64(n)
}

// Range is a rectangle of tiles of one level, both ends included.
type Range struct {
	Z                      uint8
	MinX, MinY, MaxX, MaxY uint32
}

// Len returns the number of tiles in the range.
func (r Range) Len() int { return int(r.MaxX-r.MinX+1) * int(r.MaxY-r.MinY+1) }

// Contains tells whether the range holds c.
func (r Range) Contains(c Coord) bool {
	return c.Z == r.Z && c.X >= r.MinX && c.X <= r.MaxX && c.Y >= r.MinY && c.Y <= r.MaxY
}

// All yields the tiles row by row from the south, each row from the west.
func (r Range) All() iter.Seq[Coord] {
	return func(yield func(Coord) bool) {
		for y := r.MinY; ; y++ {
			for x := r.MinX; ; x++ {
				if !yield(Coord{r.Z, x, y}) {
					return
				}
				if x == r.MaxX {
					break
				}
			}
			if y == r.MaxY {
				return
			}
		}
	}
}

// Ranges merges tiles of one level into few rectangles: runs along a row first, then equal runs of neighbouring rows. The
// tiles must be sorted by row, then column, without repeats. Cesium's client searches the list, so few are fast.
func Ranges(sorted []Coord) []Range {
	var done, open []Range
	for i := 0; i < len(sorted); {
		row := sorted[i].Y
		var runs []Range
		for i < len(sorted) && sorted[i].Y == row {
			c := sorted[i]
			if n := len(runs); n > 0 && runs[n-1].MaxX+1 == c.X {
				runs[n-1].MaxX = c.X
			} else {
				runs = append(runs, Range{c.Z, c.X, row, c.X, row})
			}
			i++
		}
		done, open = stack(done, open, runs, row)
	}
	return append(done, open...)
}

// stack grows each open rectangle by the equal run of the next row, and closes those that have none.
func stack(done, open, runs []Range, row uint32) (closed, grown []Range) {
	for _, o := range open {
		matched := false
		for k := range runs {
			if o.MaxY+1 == row && runs[k].MinX == o.MinX && runs[k].MaxX == o.MaxX {
				runs[k].MinY, matched = o.MinY, true
				break
			}
		}
		if !matched {
			done = append(done, o)
		}
	}
	return done, runs
}
