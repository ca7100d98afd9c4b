package style

import (
	"context"
	"math"
	"sync"
	"testing"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// globe is a dataset in memory whose heights follow a formula. Tiles exist where has says so.
type globe struct {
	info   tilestore.Info
	height func(p orb.Point) float64
	mu     sync.Mutex // guards reads
	reads  int
}

func (g *globe) Info() tilestore.Info { return g.info }
func (g *globe) Close() error         { return nil }
func (g *globe) Tile(context.Context, tilegrid.Coord) (tilestore.Tile, error) {
	return tilestore.Tile{}, tilestore.ErrNotFound
}

func (g *globe) Heights(_ context.Context, c tilegrid.Coord) ([]byte, error) {
	g.mu.Lock()
	g.reads++
	g.mu.Unlock()
	if !g.info.Has(c) {
		return nil, tilestore.ErrNotFound
	}
	z := make([]float32, terrain.StoredSide*terrain.StoredSide)
	s := tilegrid.Geodetic.Resolution(c.Z, terrain.Cells)
	_, rows := tilegrid.Geodetic.Size(c.Z)
	for k := range z {
		i, j := int64(c.X)*terrain.Cells+int64(k%terrain.StoredSide), (int64(c.Y)+1)*terrain.Cells-int64(k/terrain.StoredSide)
		i %= 128 << c.Z
		if j == 0 || j == int64(rows)*terrain.Cells {
			i = 0 // a pole is one place
		}
		z[k] = float32(g.height(orb.Point{float64(i)*s - 180, float64(j)*s - 90}))
	}
	return terrain.EncodeHeights(z)
}

// newGlobe has all tiles of levels 0 to full, and those of the deeper levels up to leaf that touch bound.
func newGlobe(full, leaf uint8, bound orb.Bound, height func(p orb.Point) float64) *globe {
	g := &globe{height: height, info: tilestore.Info{Name: "globe", Kind: tilestore.Terrain, Bound: bound, Levels: [2]uint8{0, leaf}}}
	for z := range leaf + 1 {
		columns, rows := tilegrid.Geodetic.Size(z)
		ranges := []tilegrid.Range{{Z: z, MaxX: columns - 1, MaxY: rows - 1}}
		if z > full {
			ranges = ranges[:0]
			for _, b := range tilegrid.SplitBound(bound) {
				ranges = append(ranges, tilegrid.Geodetic.Cover(b, z))
			}
		}
		g.info.Available = append(g.info.Available, ranges)
	}
	return g
}

func (g *globe) ground(t testing.TB) *Ground {
	t.Helper()
	ground, err := NewGround(g, NewCache(64<<20), nil)
	if err != nil {
		t.Fatal(err)
	}
	return ground
}

var whole = orb.Bound{Min: orb.Point{-180, -90}, Max: orb.Point{180, 90}}

// hills are rough at every scale down to a few hundredths of a degree, go round the globe without a step, and hold lakes, sea and cliffs.
func hills(p orb.Point) float64 {
	lon, lat := p[0]*math.Pi/180, p[1]*math.Pi/180
	h := 600*math.Sin(3*lon)*math.Cos(2*lat) + 500*math.Sin(40*lon+1)*math.Sin(50*lat) + 150*math.Sin(611*lon)*math.Cos(577*lat+2) + 60*math.Cos(4001*lon+3000*lat)
	if h > 700 && h < 760 {
		return 700
	}
	return max(h, -300)
}
