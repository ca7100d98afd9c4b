package verify

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/internal/gzrun"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// hills is ground that every tile of a test dataset samples: a function of the place, so neighbours agree.
func hills(p orb.Point) float64 {
	return 1500 + 900*math.Sin(p.Lon()*math.Pi/30)*math.Cos(p.Lat()*math.Pi/40)
}

// cellsOf a tile: as many as make lattice places whole numbers of units on every second level.
const meshCells = 8

// meshOf returns the mesh of a tile over ground, all tiles with one height range so that steps agree.
func meshOf(c tilegrid.Coord, ground func(orb.Point) float64) *terrain.Mesh {
	b := tilegrid.Geodetic.Bound(c)
	m := &terrain.Mesh{Header: terrain.Header{Min: -100, Max: 3100}}
	seen := map[[2]int]uint32{}
	use := func(i, j int) {
		index, ok := seen[[2]int{i, j}]
		if !ok {
			index = uint32(len(m.Vertices))
			seen[[2]int{i, j}] = index
			p := orb.Point{b.Min.Lon() + float64(i)/meshCells*(b.Max.Lon()-b.Min.Lon()), b.Min.Lat() + float64(j)/meshCells*(b.Max.Lat()-b.Min.Lat())}
			h := (ground(p) - float64(m.Min)) / float64(m.Max-m.Min) * terrain.QuantizedMax
			m.Vertices = append(m.Vertices, terrain.Vertex{U: unit(i), V: unit(j), H: uint16(math.Round(h))})
			_, _, up := terrain.EastNorthUp(p)
			if math.Abs(p.Lon()) == 180 { // -180 and 180 are one place
				_, _, up = terrain.EastNorthUp(orb.Point{180, p.Lat()})
			}
			m.Normals = append(m.Normals, terrain.EncodeNormal(up))
		}
		m.Triangles = append(m.Triangles, index)
	}
	for j := range meshCells {
		for i := range meshCells {
			for _, k := range [6][2]int{{0, 0}, {1, 0}, {1, 1}, {0, 0}, {1, 1}, {0, 1}} {
				use(i+k[0], j+k[1])
			}
		}
	}
	m.Edges = m.FindEdges()
	terrain.SetHeader(m, b)
	return m
}

func unit(i int) uint16 { return uint16(math.Round(float64(i) * terrain.QuantizedMax / meshCells)) }

func pack(m *terrain.Mesh) []byte {
	return gzrun.Pack([]gzrun.Run{
		{ID: 0, Data: terrain.AppendMesh(nil, m)}, {ID: terrain.ExtNormals, Data: terrain.AppendNormals(nil, m)},
		{ID: terrain.ExtWater, Data: terrain.AppendWater(nil, m)}, {ID: terrain.ExtMetadata, Data: terrain.AppendMetadata(nil, m)},
	})
}

// dataset is a reader over tiles in memory.
type dataset struct {
	info    tilestore.Info
	tiles   map[tilegrid.Coord][]byte
	heights map[tilegrid.Coord][]byte
}

// newDataset makes the roots, and the tiles of ranges on the levels below them.
func newDataset(ranges ...[]tilegrid.Range) *dataset {
	d := &dataset{tiles: map[tilegrid.Coord][]byte{}, heights: map[tilegrid.Coord][]byte{}}
	d.info = tilestore.Info{
		Name: "test", Kind: tilestore.Terrain, Format: tilestore.QuantizedMesh, Extensions: []string{"octvertexnormals"},
		Available: append([][]tilegrid.Range{{{MaxX: 1}}}, ranges...),
	}
	for _, level := range d.info.Available {
		for _, r := range level {
			for c := range r.All() {
				d.tiles[c] = pack(meshOf(c, hills))
			}
		}
	}
	d.seal()
	return d
}

// seal computes the manifest of the tiles as they are.
func (d *dataset) seal() {
	m := tilestore.NewManifest()
	for z := range uint8(len(d.info.Available)) {
		for c := range d.Coords(context.Background(), z) {
			m.Add(c, tilestore.HashTile(c, d.tiles[c]))
		}
	}
	d.info.Manifest = m.Sum()
}

func (d *dataset) Info() tilestore.Info { return d.info }
func (d *dataset) Close() error         { return nil }

func (d *dataset) Tile(_ context.Context, c tilegrid.Coord) (tilestore.Tile, error) {
	data, ok := d.tiles[c]
	if !ok {
		return tilestore.Tile{}, fmt.Errorf("%w: %s", tilestore.ErrNotFound, c)
	}
	return tilestore.Tile{Data: data}, nil
}

func (d *dataset) Heights(_ context.Context, c tilegrid.Coord) ([]byte, error) {
	data, ok := d.heights[c]
	if !ok {
		return nil, fmt.Errorf("%w: %s", tilestore.ErrNotFound, c)
	}
	return data, nil
}

func (d *dataset) Coords(_ context.Context, z uint8) iter.Seq2[tilegrid.Coord, error] {
	coords := slices.SortedFunc(maps.Keys(d.tiles), func(a, b tilegrid.Coord) int {
		if a.Y != b.Y {
			return int(a.Y) - int(b.Y)
		}
		return int(a.X) - int(b.X)
	})
	return func(yield func(tilegrid.Coord, error) bool) {
		for _, c := range coords {
			if c.Z == z && !yield(c, nil) {
				return
			}
		}
	}
}

// change decodes a tile, changes it, stores it again and seals the dataset.
func (d *dataset) change(c tilegrid.Coord, f func(*terrain.Mesh)) {
	m := meshOf(c, hills)
	f(m)
	d.tiles[c] = pack(m)
	d.seal()
}

// storeHeights keeps the heights of ground beside a tile.
func (d *dataset) storeHeights(t *testing.T, c tilegrid.Coord, ground func(orb.Point) float64) {
	t.Helper()
	b := tilegrid.Geodetic.Bound(c)
	z := make([]float32, terrain.StoredSide*terrain.StoredSide)
	for j := range terrain.StoredSide {
		for i := range terrain.StoredSide {
			z[j*terrain.StoredSide+i] = float32(ground(orb.Point{
				b.Min.Lon() + float64(i)/storedCells*(b.Max.Lon()-b.Min.Lon()), b.Max.Lat() - float64(j)/storedCells*(b.Max.Lat()-b.Min.Lat()),
			}))
		}
	}
	data, err := terrain.EncodeHeights(z)
	if err != nil {
		t.Fatal(err)
	}
	d.heights[c] = data
}
