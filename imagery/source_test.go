package imagery

import (
	"context"
	"image"
	"image/color"
	"math"
	"sync"
	"testing"

	"github.com/paulmach/orb"

	"github.com/terrane/terrane/internal/picture"
	"github.com/terrane/terrane/internal/resample"
	"github.com/terrane/terrane/tilegrid"
)

// painted is a source whose pixels are a function of their level and place: columns from the west, rows from the north, of the whole grid.
type painted struct {
	grid   tilegrid.Grid
	size   int
	lo, hi uint8
	pixel  func(z uint8, x, y float64) color.NRGBA // at the pixel's centre
	has    func(c tilegrid.Coord) bool             // nil: all

	mu    sync.Mutex // guards tiles and asked
	tiles map[tilegrid.Coord]picture.Picture
	asked int
}

func (p *painted) Grid() tilegrid.Grid    { return p.grid }
func (p *painted) TileSize() int          { return p.size }
func (p *painted) Levels() (lo, hi uint8) { return p.lo, p.hi }
func (p *painted) width(z uint8) float64  { n, _ := p.grid.Size(z); return float64(n) * float64(p.size) }

func (p *painted) Image(_ context.Context, c tilegrid.Coord) (picture.Picture, error) {
	if err := p.grid.Check(c); err != nil {
		panic(err)
	}
	if p.has != nil && !p.has(c) {
		return picture.Picture{}, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	if t, ok := p.tiles[c]; ok {
		return t, nil
	}
	m := image.NewNRGBA(image.Rect(0, 0, p.size, p.size))
	left, top := float64(c.X)*float64(p.size), float64(p.grid.FlipY(c).Y)*float64(p.size)
	for y := range p.size {
		for x := range p.size {
			v := p.pixel(c.Z, left+float64(x)+0.5, top+float64(y)+0.5)
			copy(m.Pix[m.PixOffset(x, y):], []uint8{v.R, v.G, v.B, v.A})
		}
	}
	t := picture.Picture{NRGBA: m, Opaque: resample.Opaque(m, m.Rect)}
	if p.tiles == nil {
		p.tiles = map[tilegrid.Coord]picture.Picture{}
	}
	p.tiles[c] = t
	return t, nil
}

// textured is a source of waves, opaque.
func textured(g tilegrid.Grid, hi uint8) *painted {
	return &painted{grid: g, size: 256, hi: hi, pixel: func(_ uint8, x, y float64) color.NRGBA {
		return color.NRGBA{wave(x / 37), wave(y / 23), wave((x + y) / 51), 255}
	}}
}

// wave is 0..255 with a period of 1.
func wave(t float64) uint8 { return waves[int(math.Floor(t*waveSteps+0.5))&(waveSteps-1)] }

const waveSteps = 1 << 16

var waves = func() (table [waveSteps]uint8) {
	for i := range table {
		table[i] = uint8(math.Round(127.5 + 127.5*math.Sin(2*math.Pi*float64(i)/waveSteps)))
	}
	return table
}()

func crs(t testing.TB, code string) Projection {
	t.Helper()
	c, err := Builtin().CRS(code)
	if err != nil {
		t.Fatal(err)
	}
	return c.Projection
}

func box(w, s, e, n float64) orb.Bound { return orb.Bound{Min: orb.Point{w, s}, Max: orb.Point{e, n}} }

func draw(t *testing.T, v View, sources ...Source) picture.Picture {
	t.Helper()
	p, err := Draw(t.Context(), sources, v)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// transverse is a transverse Mercator on a sphere, east of a meridian: what it does to a map is what EPSG:25832 does.
type transverse struct{ meridian float64 }

func (p transverse) Inverse(x, y []float64) {
	for i := range x {
		e, n := x[i]/earthRadius, y[i]/earthRadius
		lat := math.Asin(math.Sin(n) / math.Cosh(e))
		x[i], y[i] = p.meridian+math.Atan2(math.Sinh(e), math.Cos(n))*180/math.Pi, lat*180/math.Pi
	}
}

func (p transverse) Forward(x, y []float64) {
	for i := range x {
		lon, lat := (x[i]-p.meridian)*math.Pi/180, y[i]*math.Pi/180
		x[i] = math.Atanh(math.Cos(lat)*math.Sin(lon)) * earthRadius
		y[i] = math.Atan2(math.Tan(lat), math.Cos(lon)) * earthRadius
	}
}

// polar is the stereographic projection of a sphere from a pole, 0 degrees straight down (north) or up (south).
type polar struct{ south bool }

func (p polar) sign() float64 {
	if p.south {
		return -1
	}
	return 1
}

func (p polar) Inverse(x, y []float64) {
	for i := range x {
		r := math.Hypot(x[i], y[i])
		lon := math.Atan2(x[i], -p.sign()*y[i])
		x[i], y[i] = lon*180/math.Pi, p.sign()*(90-2*math.Atan(r/2/earthRadius)*180/math.Pi)
	}
}

func (p polar) Forward(x, y []float64) {
	for i := range x {
		lon, r := x[i]*math.Pi/180, 2*earthRadius*math.Tan((90-p.sign()*y[i])*math.Pi/360)
		x[i], y[i] = r*math.Sin(lon), -p.sign()*r*math.Cos(lon)
	}
}
