package terrain

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/terrane/terrane/tilegrid"
)

// ground is a height for every place on earth: what a mesh is made of in these tests.
type groundFunc func(lon, lat float64) float64

func mountains(lon, lat float64) float64 {
	h := 0.0
	for k, f := 1.0, 3.0; k < 9; k, f = k+1, f*2.1 {
		h += 900 / k / k * math.Sin(f*lon*9+k) * math.Cos(f*lat*11-k)
	}
	return 1200 + h
}

var grounds = map[string]groundFunc{
	"sea":       func(_, _ float64) float64 { return 0 },
	"slope":     func(lon, lat float64) float64 { return 2000 + 17*lon - 21*lat },
	"mountains": mountains,
	"coast":     func(lon, lat float64) float64 { return max(0, mountains(lon, lat)-1200) },
	"cliff": func(lon, lat float64) float64 {
		if math.Mod(math.Abs(lon*37+lat*11), 1) < 0.5 {
			return 850
		}
		return -40
	},
	"noise": func(lon, lat float64) float64 {
		r := rand.New(rand.NewPCG(math.Float64bits(lon), math.Float64bits(lat)))
		return 500 * r.Float64()
	},
}

// heightsOf samples ground at the posts of a tile with its halo. Longitudes wrap, latitudes stop at the poles.
func heightsOf(c tilegrid.Coord, ground groundFunc) []float32 {
	step := 180 / float64(uint64(Cells)<<c.Z)
	circle := int64(2*Cells) << c.Z
	z := make([]float32, HeightsSide*HeightsSide)
	for r := range HeightsSide {
		for k := range HeightsSide {
			i := (int64(c.X)*Cells + int64(k) - Halo + circle) % circle
			j := min(max((int64(c.Y)+1)*Cells+Halo-int64(r), 0), circle/2)
			z[r*HeightsSide+k] = float32(ground(float64(i)*step-180, float64(j)*step-90))
		}
	}
	return z
}

// someTiles are tiles of every level: roots, poles, both sides of the antimeridian and places between.
func someTiles() []tilegrid.Coord {
	tiles := []tilegrid.Coord{{Z: 0}, {Z: 0, X: 1}, {Z: 1, X: 3, Y: 1}, {Z: 4, X: 0, Y: 15}, {Z: 9, X: 1023, Y: 300}, {Z: 22, X: 8388607, Y: 4194303}}
	r := rand.New(rand.NewPCG(3, 4))
	for z := uint8(2); z <= 20; z += 3 {
		columns, rows := tilegrid.Geodetic.Size(z)
		tiles = append(tiles, tilegrid.Coord{Z: z, X: r.Uint32N(columns), Y: r.Uint32N(rows)})
	}
	return tiles
}

func TestEveryMeshIsValidAndKeepsItsBound(t *testing.T) {
	m := NewMesher()
	for name, ground := range grounds {
		for _, c := range someTiles() {
			t.Run(fmt.Sprintf("%s %s", name, c), func(t *testing.T) {
				bound := MaxError(c.Z) / 2
				z := heightsOf(c, ground)
				mesh, err := m.Mesh(c, z, Options{Error: bound, Normals: true})
				if err != nil {
					t.Fatal(err)
				}
				if err := mesh.ValidateAt(tilegrid.Geodetic.Bound(c)); err != nil {
					t.Fatal(err)
				}
				if worst := distance(c, mesh, z); worst > bound+HeightStep(c.Z)+1e-3 {
					t.Errorf("a post is %.3f m from the mesh, bound %.3f m", worst, bound)
				}
			})
		}
	}
}

// distance returns the greatest vertical distance between the posts of a tile and its mesh, with the earth's curvature that a flat triangle cuts off.
func distance(c tilegrid.Coord, m *Mesh, heights []float32) float64 {
	var g ground
	g.set(c)
	bent := func(i, j int, h float64) float64 {
		z := [posts]float32{}
		g.bend(j, z[:])
		return h + float64(z[i])
	}
	worst := 0.0
	at := func(k uint32) (x, y, h float64) {
		v := m.Vertices[k]
		i, j := int(math.Round(float64(v.U)*Cells/QuantizedMax)), int(math.Round(float64(v.V)*Cells/QuantizedMax))
		return float64(i), float64(j), bent(i, j, m.Height(v))
	}
	for t := 0; t < len(m.Triangles); t += 3 {
		ax, ay, ah := at(m.Triangles[t])
		bx, by, bh := at(m.Triangles[t+1])
		cx, cy, ch := at(m.Triangles[t+2])
		area := (bx-ax)*(cy-ay) - (by-ay)*(cx-ax)
		for j := int(min(ay, by, cy)); j <= int(max(ay, by, cy)); j++ {
			for i := int(min(ax, bx, cx)); i <= int(max(ax, bx, cx)); i++ {
				px, py := float64(i), float64(j)
				u := ((px-ax)*(cy-ay) - (py-ay)*(cx-ax)) / area
				v := ((bx-ax)*(py-ay) - (by-ay)*(px-ax)) / area
				if u < 0 || v < 0 || u+v > 1 {
					continue
				}
				h := float64(heights[(posts-j)*HeightsSide+i+Halo])
				worst = max(worst, math.Abs(bent(i, j, h)-(ah+u*(bh-ah)+v*(ch-ah))))
			}
		}
	}
	return worst
}

func TestNeighboursAgreeOnTheirBorderToTheBit(t *testing.T) {
	for name, ground := range grounds {
		for _, c := range someTiles() {
			columns, rows := tilegrid.Geodetic.Size(c.Z)
			t.Run(fmt.Sprintf("%s %s", name, c), func(t *testing.T) {
				here := borders(t, c, ground)
				east := borders(t, tilegrid.Coord{Z: c.Z, X: (c.X + 1) % columns, Y: c.Y}, ground)
				if !slices.Equal(here.east, east.west) {
					t.Errorf("east border\n%v\nwest border of the neighbour\n%v", here.east, east.west)
				}
				if c.Y+1 == rows {
					return
				}
				north := borders(t, tilegrid.Coord{Z: c.Z, X: c.X, Y: c.Y + 1}, ground)
				if !slices.Equal(here.north, north.south) {
					t.Errorf("north border\n%v\nsouth border of the neighbour\n%v", here.north, north.south)
				}
			})
		}
	}
}

// post is a border vertex as a client sees it.
type post struct {
	along  uint16
	height float32
	normal Normal
}

type tileBorders struct{ west, south, east, north []post }

func borders(t *testing.T, c tilegrid.Coord, ground groundFunc) tileBorders {
	t.Helper()
	m, err := NewMesher().Mesh(c, heightsOf(c, ground), Options{Error: MaxError(c.Z) / 3, Normals: true})
	if err != nil {
		t.Fatal(err)
	}
	side := func(list []uint32, along func(Vertex) uint16) (out []post) {
		for _, k := range list {
			v := m.Vertices[k]
			out = append(out, post{along(v), float32(m.Height(v)), m.Normals[k]})
		}
		return out
	}
	u, v := func(v Vertex) uint16 { return v.U }, func(v Vertex) uint16 { return v.V }
	return tileBorders{side(m.Edges.West, v), side(m.Edges.South, u), side(m.Edges.East, v), side(m.Edges.North, u)}
}

func TestFlatGroundIsTwoTrianglesWhereTheEarthIsFlatEnough(t *testing.T) {
	m := NewMesher()
	for _, c := range []tilegrid.Coord{{Z: 10, X: 1300, Y: 530}, {Z: 14, X: 9000, Y: 9000}} {
		mesh, err := m.Mesh(c, heightsOf(c, grounds["sea"]), Options{Error: MaxError(c.Z) / 2, Normals: true})
		if err != nil || len(mesh.Triangles) != 6 {
			t.Errorf("%s: %d triangles, want 2 (%v)", c, len(mesh.Triangles)/3, err)
		}
	}
	root, err := m.Mesh(tilegrid.Coord{}, heightsOf(tilegrid.Coord{}, grounds["sea"]), Options{Error: MaxError(0) / 2})
	if err != nil || len(root.Triangles)/3 < 200 {
		t.Errorf("root: %d triangles cannot be half a globe (%v)", len(root.Triangles)/3, err)
	}
}

func TestNormalsLeanAsTheGroundDoes(t *testing.T) {
	c := tilegrid.Coord{Z: 12, X: 4139, Y: 3010}
	b := tilegrid.Geodetic.Bound(c)
	east, north := MetresPerDegree(b.Center().Lat())
	for name, slope := range map[string][2]float64{"level": {0, 0}, "rising east": {0.5, 0}, "rising north": {0, 0.8}, "falling south-west": {1, 1}} {
		t.Run(name, func(t *testing.T) {
			plane := func(lon, lat float64) float64 {
				return 500 + (lon-b.Center()[0])*east*slope[0] + (lat-b.Center()[1])*north*slope[1]
			}
			m, err := NewMesher().Mesh(c, heightsOf(c, plane), Options{Error: 1, Normals: true})
			if err != nil {
				t.Fatal(err)
			}
			e, n, up := EastNorthUp(b.Center())
			want := up.Sub(e.Scale(slope[0])).Sub(n.Scale(slope[1]))
			for _, got := range m.Normals {
				if angle := math.Acos(min(1, got.Vec().Dot(want)/want.Len())) * 180 / math.Pi; angle > 1.2 {
					t.Fatalf("normal %v is %.2f degrees off", got, angle)
				}
			}
		})
	}
}

func TestHeightsThatCannotBeMeshedAreRefused(t *testing.T) {
	m := NewMesher()
	z := heightsOf(tilegrid.Coord{Z: 5}, grounds["sea"])
	if _, err := m.Mesh(tilegrid.Coord{Z: 5}, z[1:], Options{Error: 1}); !errors.Is(err, ErrBadHeights) {
		t.Errorf("a sample short: got %v", err)
	}
	z[2000] = float32(math.NaN())
	if _, err := m.Mesh(tilegrid.Coord{Z: 5}, z, Options{Error: 1}); !errors.Is(err, ErrBadHeights) {
		t.Errorf("NaN: got %v", err)
	}
}

// The counts change only with the method. Fewer triangles at the same bound are better.
func TestTrianglesSpentOnKnownGround(t *testing.T) {
	c := tilegrid.Coord{Z: 11, X: 2069, Y: 1505}
	hills := func(lon, lat float64) float64 {
		return 1200 + 700*math.Sin(lon*90)*math.Cos(lat*110) + 90*math.Sin(lon*300+lat*200)
	}
	for _, want := range []struct {
		bound     float64
		triangles int
	}{{5, 4569}, {20, 1207}} {
		m, err := NewMesher().Mesh(c, heightsOf(c, hills), Options{Error: want.bound})
		if err != nil {
			t.Fatal(err)
		}
		if got := len(m.Triangles) / 3; got > want.triangles || got < want.triangles*95/100 {
			t.Errorf("bound %v m: %d triangles, %d when this was written", want.bound, got, want.triangles)
		}
	}
}

func BenchmarkMesh(b *testing.B) {
	c := tilegrid.Coord{Z: 12, X: 4139, Y: 3010}
	for _, name := range []string{"sea", "coast", "mountains"} {
		b.Run(name, func(b *testing.B) {
			z, m := heightsOf(c, grounds[name]), NewMesher()
			b.ReportAllocs()
			triangles := 0
			for b.Loop() {
				mesh, err := m.Mesh(c, z, Options{Error: MaxError(c.Z) / 2, Normals: true})
				if err != nil {
					b.Fatal(err)
				}
				triangles = len(mesh.Triangles) / 3
			}
			b.ReportMetric(float64(triangles), "triangles")
		})
	}
}

func TestGroundTooSteepForFifteenBitsIsRoundedNotWrapped(t *testing.T) {
	c := tilegrid.Coord{Z: 19, X: 524288, Y: 262144}
	step := HeightStep(c.Z)
	for _, low := range []float64{0, 1, 2, 3, 5} {
		for _, steps := range []float64{32766, 32767, 32768, 65534, 65535, 131067, 131068, 131071} {
			z := heightsOf(c, grounds["sea"])
			for i := range z {
				z[i] = float32(low * step)
				if i%7 == 0 {
					z[i] = float32((low + steps) * step)
				}
			}
			m, err := NewMesher().Mesh(c, z, Options{Error: 1, Normals: true})
			if err == nil {
				err = m.ValidateAt(tilegrid.Geodetic.Bound(c))
			}
			if err != nil {
				t.Errorf("from step %v over %v steps: %v", low, steps, err)
			}
		}
	}
}
