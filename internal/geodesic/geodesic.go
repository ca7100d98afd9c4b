// Package geodesic measures along the shortest lines on the WGS 84 ellipsoid. Positions are degrees in lon, lat order, lengths
// metres on the ellipsoid's surface, whatever the height of the ground.
//
// The formulas are those of T. Vincenty, Direct and Inverse Solutions of Geodesics on the Ellipsoid, Survey Review 176 (1975),
// good to half a millimetre. They have no answer for two points that lie (nearly) opposite each other on the globe, which many
// lines join that are about as short: that is [ErrOpposite].
package geodesic

import (
	"errors"
	"math"

	"github.com/paulmach/orb"
)

// ErrOpposite says that two points lie on opposite sides of the globe, so that no line between them is the shortest.
var ErrOpposite = errors.New("geodesic: points on opposite sides of the globe")

// The WGS 84 ellipsoid (NIMA TR8350.2): semi-axes in metres, and flattening.
const (
	semiMajor  = 6378137.0
	flattening = 1 / 298.257223563
	semiMinor  = semiMajor * (1 - flattening)
	radian     = math.Pi / 180
)

// How near an iteration must come, in radians (a thousandth of a millimetre), and how many steps it may take: two or three are
// usual, many more mean that the points are all but opposite.
const (
	nearEnough = 1e-13
	mostSteps  = 200
)

// Line is the shortest line from one point to another.
type Line struct {
	from     orb.Point
	length   float64
	sinU     float64 // of the reduced latitude at the beginning
	cosU     float64
	sinStart float64 // of the azimuth at the beginning
	cosStart float64
	sinAlpha float64 // of the azimuth at the equator
	cos2     float64 // 1 - sinAlpha squared
	sigma1   float64 // from the equator to the beginning, on the auxiliary sphere
	series   series
}

// Between returns the shortest line from a to b. The error is [ErrOpposite].
func Between(a, b orb.Point) (Line, error) {
	l := Line{from: a}
	l.sinU, l.cosU = reduced(a.Lat())
	sinV, cosV := reduced(b.Lat())
	apart := math.Remainder(b.Lon()-a.Lon(), 360) * radian
	lambda := apart
	for range mostSteps {
		sinL, cosL := math.Sincos(lambda)
		x, y := cosV*sinL, l.cosU*sinV-l.sinU*cosV*cosL
		sinSigma, cosSigma := math.Hypot(x, y), l.sinU*sinV+l.cosU*cosV*cosL
		if sinSigma == 0 && cosSigma > 0 {
			return l.toNorth(), nil // one and the same point
		}
		if sinSigma == 0 {
			return Line{}, ErrOpposite
		}
		sigma := math.Atan2(sinSigma, cosSigma)
		l.sinAlpha = l.cosU * cosV * sinL / sinSigma
		l.cos2 = 1 - l.sinAlpha*l.sinAlpha
		middle := 0.0 // cosine of twice the distance from the equator to the middle; on the equator itself it does not matter
		if l.cos2 > 1e-15 {
			middle = cosSigma - 2*l.sinU*sinV/l.cos2
		}
		was := lambda
		lambda = apart + l.twist(sigma, sinSigma, cosSigma, middle)
		if math.Abs(lambda) > math.Pi {
			return Line{}, ErrOpposite
		}
		if math.Abs(lambda-was) < nearEnough {
			l.start(x, y)
			l.length = semiMinor * l.series.a * (sigma - l.series.correction(sinSigma, cosSigma, middle))
			return l, nil
		}
	}
	return Line{}, ErrOpposite
}

// reduced returns sine and cosine of the reduced latitude.
func reduced(lat float64) (sin, cos float64) {
	s, c := math.Sincos(lat * radian)
	s *= 1 - flattening
	n := math.Hypot(s, c)
	return s / n, c / n
}

// toNorth makes a line without length, which runs north for want of a direction.
func (l Line) toNorth() Line {
	l.sinAlpha, l.cos2 = 0, 1
	l.start(0, 1)
	return l
}

// start sets what follows from the azimuth at the beginning, whose tangent is x / y, and from sinAlpha.
func (l *Line) start(x, y float64) {
	n := math.Hypot(x, y)
	l.sinStart, l.cosStart = x/n, y/n
	l.sigma1 = math.Atan2(l.sinU, l.cosU*l.cosStart)
	l.series = newSeries(l.cos2)
}

// twist is by how much the longitude on the auxiliary sphere differs from that on the ellipsoid.
func (l *Line) twist(sigma, sin, cos, middle float64) float64 {
	c := flattening / 16 * l.cos2 * (4 + flattening*(4-3*l.cos2))
	return (1 - c) * flattening * l.sinAlpha * (sigma + c*sin*(middle+c*cos*(2*middle*middle-1)))
}

// series holds the coefficients of Vincenty's equations 3 and 4.
type series struct{ a, b float64 }

func newSeries(cos2 float64) series {
	u := cos2 * (semiMajor*semiMajor - semiMinor*semiMinor) / (semiMinor * semiMinor)
	return series{1 + u/16384*(4096+u*(u*(320-175*u)-768)), u / 1024 * (256 + u*(u*(74-47*u)-128))}
}

// correction is equation 6.
func (s series) correction(sin, cos, middle float64) float64 {
	return s.b * sin * (middle + s.b/4*(cos*(2*middle*middle-1)-s.b/6*middle*(4*sin*sin-3)*(4*middle*middle-3)))
}

// Length returns how long the line is.
func (l Line) Length() float64 { return l.length }

// At returns the point so many metres along the line, its longitude in -180..180.
func (l Line) At(metres float64) orb.Point {
	first := metres / (semiMinor * l.series.a)
	sigma := first
	var sin, cos, middle float64
	for range mostSteps {
		middle = math.Cos(2*l.sigma1 + sigma)
		sin, cos = math.Sincos(sigma)
		was := sigma
		if sigma = first + l.series.correction(sin, cos, middle); math.Abs(sigma-was) < nearEnough {
			break
		}
	}
	sin, cos = math.Sincos(sigma)
	across := l.sinU*sin - l.cosU*cos*l.cosStart
	lat := math.Atan2(l.sinU*cos+l.cosU*sin*l.cosStart, (1-flattening)*math.Hypot(l.sinAlpha, across))
	lambda := math.Atan2(sin*l.sinStart, l.cosU*cos-l.sinU*sin*l.cosStart)
	lon := lambda - l.twist(sigma, sin, cos, middle)
	return orb.Point{math.Remainder(l.from.Lon()+lon/radian, 360), lat / radian}
}
