package terrain

import (
	"math"

	"github.com/terrane/terrane/tilegrid"
)

// ground knows where the posts of one geographic tile lie on the ellipsoid.
type ground struct {
	lat, lon [posts]direction // of each row from the south, each column from the west
	spacing  float64          // radians between posts
	sagitta  float64          // metres by which the earth bulges over the tile's half diagonal, at the equator
}

type direction struct{ sin, cos float64 }

// set moves to a tile. Angles are computed from the post's number in the whole level, -180 degrees standing for 180 too, so that both tiles at a
// border get the same bits.
func (g *ground) set(c tilegrid.Coord) {
	step := 180 / float64(uint64(Cells)<<c.Z)
	circle := uint64(2*Cells) << c.Z
	for k := range posts {
		g.lat[k].sin, g.lat[k].cos = math.Sincos((float64(uint64(c.Y)*Cells+uint64(k))*step - 90) * (math.Pi / 180))
		g.lon[k].sin, g.lon[k].cos = math.Sincos((float64((uint64(c.X)*Cells+uint64(k))%circle)*step - 180) * (math.Pi / 180))
	}
	g.spacing = step * math.Pi / 180
	g.sagitta = Bulge(c.Z)
}

// Bulge returns by how many metres the earth bulges over half the diagonal of a tile of a level, at the equator. Meshes keep their bound in
// space; between vertices as far apart as that, a client that interpolates heights over longitude and latitude is off by as much besides:
// 60 m at level 9, 0.9 m at level 12, a quarter of that with each level more.
func Bulge(z uint8) float64 {
	half := math.Pi / 2 / float64(uint64(1)<<z) // of a side, radians
	return SemiMajor * half * half
}

// bend lowers row j by the fall of the ellipsoid from a plane that touches it at the tile's centre, to second order:
// R/2 (cos²(lat) dlon² + dlat²). A straight edge between vertices then has the error that a chord has, and a flat sea gets the triangles that
// the globe needs. On a shared border both tiles subtract the same, since the squares are symmetric about the centre.
func (g *ground) bend(j int, z []float32) {
	if g.sagitta < 1.0/1024 {
		return
	}
	half := SemiMajor / 2 * g.spacing * g.spacing
	cos := g.lat[j].cos
	along, across := float32(half*cos*cos), float32(half*float64((j-Cells/2)*(j-Cells/2)))
	for i := range z {
		d := float32(i - Cells/2)
		z[i] -= along*(d*d) + across
	}
}

// steepest is the most that a normal leans, as rise over run: 88.6 degrees. Two bytes are not exact enough to keep a steeper one out of the ground.
const steepest = 40

// shade computes each vertex's normal from the heights to its west, east, south and north, halo included.
func (m *Mesher) shade(heights []float32) {
	m.mesh.Normals = m.mesh.Normals[:0]
	g := &m.ground
	for _, p := range m.points {
		i, j := int(m.d.xs[p]), int(m.d.ys[p])
		at := (posts-j)*HeightsSide + i + Halo
		lat, lon := g.lat[j], g.lon[i]
		w := math.Sqrt(1 - eccentricity2*lat.sin*lat.sin)
		prime, meridian := SemiMajor/w, SemiMajor*(1-eccentricity2)/(w*w*w)
		north := float64(heights[at-HeightsSide]-heights[at+HeightsSide]) / (2 * g.spacing * meridian)
		east := 0.0
		if across := 2 * g.spacing * prime * lat.cos; across > 1e-3 {
			east = float64(heights[at+1]-heights[at-1]) / across
		}
		if slope := math.Hypot(east, north); slope > steepest {
			east, north = east*steepest/slope, north*steepest/slope
		}
		// up - east*e - north*n, with the unit vectors of the place written out.
		out := lat.cos + north*lat.sin
		m.mesh.Normals = append(m.mesh.Normals, EncodeNormal(Vec{
			out*lon.cos + east*lon.sin,
			out*lon.sin - east*lon.cos,
			lat.sin - north*lat.cos,
		}))
	}
}
