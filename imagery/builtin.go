package imagery

import (
	"fmt"
	"math"
	"strings"

	"github.com/paulmach/orb"

	"github.com/terrane/terrane/tilegrid"
)

// metresPerDegree is OGC's, on the equator of a sphere of 6378137 m (WMTS 1.0.0, 6.1).
const metresPerDegree = 111319.49079327358

// earthRadius is the sphere of EPSG:3857.
const earthRadius = 6378137

// Builtin returns the reference systems that need no PROJ: CRS:84, EPSG:4326 and EPSG:3857, the last also under the names that it had before: EPSG:900913, EPSG:102100, EPSG:102113 and
// EPSG:3785.
func Builtin() Registry { return builtin{} }

type builtin struct{}

// CRS returns the system under the code as it was asked for, in upper case.
func (builtin) CRS(code string) (CRS, error) {
	code = strings.ToUpper(code)
	switch code {
	case "CRS:84":
		return CRS{code, "WGS 84 longitude, latitude", false, metresPerDegree, globe(90), degrees{}}, nil
	case "EPSG:4326":
		return CRS{code, "WGS 84", true, metresPerDegree, globe(90), degrees{}}, nil
	case "EPSG:3857", "EPSG:900913", "EPSG:102100", "EPSG:102113", "EPSG:3785":
		return CRS{code, "WGS 84 / Pseudo-Mercator", false, 1, globe(tilegrid.MercatorLimit), mercator{}}, nil
	}
	return CRS{}, fmt.Errorf("%w: %q", ErrCRS, code)
}

func globe(lat float64) orb.Bound {
	return orb.Bound{Min: orb.Point{-180, -lat}, Max: orb.Point{180, lat}}
}

// degrees is WGS 84 itself. Longitudes may be any; there is nothing beyond the poles.
type degrees struct{}

func (degrees) Inverse(x, y []float64) { noPlaceBeyond(x, y, 90) }
func (degrees) Forward(x, y []float64) { noPlaceBeyond(x, y, 90) }

func noPlaceBeyond(x, y []float64, most float64) {
	for i := range y {
		if !(math.Abs(y[i]) <= most) {
			x[i], y[i] = math.NaN(), math.NaN()
		}
	}
}

// mercator is the spherical Mercator of EPSG:3857. It runs on beyond its square, to just short of the poles.
type mercator struct{}

func (mercator) Inverse(x, y []float64) {
	for i := range x {
		x[i] *= 180 / math.Pi / earthRadius
		y[i] = math.Atan(math.Sinh(y[i]/earthRadius)) * 180 / math.Pi
	}
}

func (mercator) Forward(x, y []float64) {
	const most = 90 - 1e-9
	noPlaceBeyond(x, y, most)
	for i := range x {
		x[i] *= math.Pi / 180 * earthRadius
		y[i] = math.Asinh(math.Tan(y[i]*math.Pi/180)) * earthRadius
	}
}
