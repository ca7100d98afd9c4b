package style

import (
	"context"
	"math"

	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
)

const (
	side      = 256 // pixels of a picture along a side
	margin    = 2   // pixels around it whose heights are known
	fieldSide = side + 2*margin
	deeper    = 2 // levels from a picture to the terrain tiles whose posts are as close as its pixels: 64 << 2 = 256
)

// field is the ground under one picture: heights at the centres of its pixels, northern row first, margins included. NaN where nothing is known.
type field struct {
	level      uint8 // the picture's
	finest     uint8 // the deepest picture level that stored heights are as fine as
	z          []float32
	dx, dy     [side]float32 // metres from a pixel's centre to the next, east and north, by the picture's row
	gradX      [side]float32 // of the row that gradient was asked for
	gradY      [side]float32
	metresWide float64 // of a pixel at the equator
}

// field computes the ground under picture c.
func (g *Ground) field(ctx context.Context, c tilegrid.Coord) (*field, error) {
	level := c.Z + deeper
	top := (int64(c.Y) + 1) * side
	w := newWindow(level, int64(c.X)*side-margin-1, top+margin+1, fieldSide+3, fieldSide+3)
	if err := g.load(ctx, w); err != nil {
		return nil, err
	}
	w.extend(g.info.Bound)
	f := &field{level: c.Z, finest: max(g.info.Levels[1], deeper) - deeper, z: w.centres()}
	step := tilegrid.Geodetic.Resolution(c.Z, side)
	for r := range side {
		perLon, perLat := metresPerDegree((float64(top-int64(r))-0.5)*step - 90)
		f.dx[r], f.dy[r] = float32(perLon*step), float32(perLat*step)
	}
	perLon, _ := metresPerDegree(0)
	f.metresWide = perLon * step
	return f, nil
}

// centres returns the heights halfway between posts, both ways: one row and column less than three fewer than the window has.
func (w *window) centres() []float32 {
	n := w.cols - 3
	rows := make([]float32, w.rows*n)
	for r := range w.rows {
		src, dst := w.z[r*w.cols:][:w.cols], rows[r*n:][:n]
		for c := range dst {
			dst[c] = halfway(src[c], src[c+1], src[c+2], src[c+3])
		}
	}
	out := make([]float32, (w.rows-3)*n)
	for r := range w.rows - 3 {
		a, b, c, d := rows[r*n:][:n], rows[(r+1)*n:][:n], rows[(r+2)*n:][:n], rows[(r+3)*n:][:n]
		for k, dst := 0, out[r*n:][:n]; k < n; k++ {
			dst[k] = halfway(a[k], b[k], c[k], d[k])
		}
	}
	return out
}

// WGS 84: the equator's radius in metres and the square of the eccentricity.
const (
	equator       = 6378137.0
	eccentricity2 = 6.69437999014e-3
)

// metresPerDegree returns how long a degree of longitude and of latitude is. At the poles a degree of longitude is taken for a millimetre, not
// for nothing.
func metresPerDegree(lat float64) (lon, latitude float64) {
	sin, cos := math.Sincos(lat * math.Pi / 180)
	w := 1 - eccentricity2*sin*sin
	const radian = math.Pi / 180
	return max(1e-3, radian*equator*cos/math.Sqrt(w)), radian * equator * (1 - eccentricity2) / (w * math.Sqrt(w))
}

// row returns the heights of a row of the picture.
func (f *field) row(r int) []float32 { return f.z[(r+margin)*fieldSide+margin:][:side] }

// gradient returns how much the ground rises a metre, eastwards and northwards, at the pixels of a row: Horn, Hill Shading and the Reflectance
// Map (1981), weights 1 2 1. The slices hold until the next call.
func (f *field) gradient(r int) (east, north []float32) {
	at := (r+margin)*fieldSide + margin - 1
	a, b, c := f.z[at-fieldSide:][:side+2], f.z[at:][:side+2], f.z[at+fieldSide:][:side+2]
	scaleX, scaleY := 1/(8*f.dx[r]), 1/(8*f.dy[r])
	for k := range side {
		w := a[k] + 2*b[k] + c[k]
		e := a[k+2] + 2*b[k+2] + c[k+2]
		n := a[k] + 2*a[k+1] + a[k+2]
		s := c[k] + 2*c[k+1] + c[k+2]
		f.gradX[k], f.gradY[k] = (e-w)*scaleX, (n-s)*scaleY
	}
	return f.gradX[:], f.gradY[:]
}

// Overzoom is how many levels beyond the one whose pixels are as fine as the deepest heights a source has.
const Overzoom = 3

// lastLevel returns the deepest level of pictures.
func (g *Ground) lastLevel() uint8 {
	return min(max(g.info.Levels[1], deeper)-deeper+Overzoom, tilegrid.MaxLevel-deeper)
}

var _ = [1]struct{}{}[side-terrain.Cells<<deeper] // a picture's pixels are as wide as posts are apart
