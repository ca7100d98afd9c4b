package raster

import (
	"math"

	"github.com/paulmach/orb"
)

// geoidGrid holds undulations at nodes, the first in the south-west, rows to the north. It interpolates as PROJ's vgridshift does: bilinear between
// four nodes, among those of them that have a value; round the globe where the grid goes round; a node at the rim stands for half a cell that is
// not there.
type geoidGrid struct {
	west, south float64 // degrees, of node 0, 0
	dx, dy      float64 // degrees between nodes
	perX, perY  float64 // nodes in a degree
	turn        float64 // nodes round the globe
	cols, rows  int
	round       bool // column cols is column 0 again
	z           []float32
}

// newGeoidGrid takes nodes, whose longitudes it turns so that the grid begins in -180..180.
func newGeoidGrid(west, south, dx, dy float64, cols, rows int) *geoidGrid {
	g := &geoidGrid{west: west, south: south, dx: dx, dy: dy, cols: cols, rows: rows, z: make([]float32, cols*rows)}
	g.perX, g.perY, g.turn = 1/dx, 1/dy, 360/dx
	g.west -= 360 * math.Floor((g.west+180)/360)
	g.round = float64(cols)*dx >= 360-1e-8
	return g
}

func (g *geoidGrid) bound() orb.Bound {
	b := orb.Bound{Min: orb.Point{g.west, g.south}, Max: orb.Point{g.west + float64(g.cols-1)*g.dx, g.south + float64(g.rows-1)*g.dy}}
	if g.round {
		b.Min[0], b.Max[0] = -180, 180
	}
	return b
}

// global tells whether the grid has nodes, or nodes a cell away, everywhere.
func (g *geoidGrid) global() bool {
	return g.round && g.south <= -90+g.dy && g.south+float64(g.rows)*g.dy >= 90
}

// column returns the node to the west of a longitude in -180..180 and how far beyond it that lies, 0 to 1; -1 outside the grid.
func (g *geoidGrid) column(lon float64) (int, float64) {
	x := (lon - g.west) * g.perX
	switch {
	case x < -nodeEdge:
		x += g.turn
	case g.round && x >= g.turn:
		x -= g.turn
	}
	return nodeAt(x, g.cols, g.round)
}

// row returns the node to the south of a latitude and how far beyond it that lies; -1 outside the grid.
func (g *geoidGrid) row(lat float64) (int, float64) {
	return nodeAt((lat-g.south)*g.perY, g.rows, false)
}

// nodeEdge is how far, in cells, a place may lie outside and still count as on the edge: the rounding of positions.
const nodeEdge = 1e-9

func nodeAt(x float64, n int, round bool) (int, float64) {
	f := math.Floor(x)
	switch {
	case x < 0 && x > -nodeEdge:
		return 0, 0
	case !round && x > float64(n-1)+nodeEdge, x < 0, f >= float64(n) && !round:
		return -1, 0
	}
	return min(int(f), n-1), x - min(f, float64(n-1))
}

// next returns the column to the east.
func (g *geoidGrid) next(col int) int {
	switch {
	case col+1 < g.cols:
		return col + 1
	case g.round:
		return 0
	}
	return col
}

// at interpolates at a longitude in -180..180 and a latitude; NaN where there is nothing.
func (g *geoidGrid) at(lon, lat float64) float64 {
	c, x := g.column(lon)
	r, y := g.row(lat)
	if c < 0 || r < 0 {
		return math.NaN()
	}
	return g.between(c, r, x, y)
}

// between interpolates in the cell whose south-western node is given.
func (g *geoidGrid) between(c, r int, x, y float64) float64 {
	east, low, high := g.next(c), r*g.cols, min(r+1, g.rows-1)*g.cols
	south := float64(g.z[low+c])*(1-x) + float64(g.z[low+east])*x
	north := float64(g.z[high+c])*(1-x) + float64(g.z[high+east])*x
	if v := south*(1-y) + north*y; v == v {
		return v
	}
	nodes := [4]float32{g.z[low+c], g.z[low+east], g.z[high+c], g.z[high+east]}
	weights := [4]float64{(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y}
	sum, total := 0.0, 0.0
	for k, v := range nodes {
		if v == v {
			sum, total = sum+float64(v)*weights[k], total+weights[k]
		}
	}
	if total <= 0 {
		return math.NaN()
	}
	return sum / total
}
