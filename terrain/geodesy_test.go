package terrain

import (
	"math"
	"testing"

	"github.com/paulmach/orb"
)

func TestECEFOfKnownPlaces(t *testing.T) {
	cases := []struct {
		name   string
		p      orb.Point
		height float64
		want   Vec
	}{
		{"Greenwich on the equator", orb.Point{0, 0}, 0, Vec{6378137, 0, 0}},
		{"the antimeridian, 100 m up", orb.Point{180, 0}, 100, Vec{-6378237, 0, 0}},
		{"the north pole", orb.Point{12, 90}, 0, Vec{0, 0, 6356752.314245}},
		// EPSG guidance note 7-2, section 4.1.1: geographic to geocentric, WGS 84.
		{"the EPSG's example", orb.Point{2 + 7/60.0 + 46.38/3600, 53 + 48/60.0 + 33.82/3600}, 73, Vec{3771793.968, 140253.342, 5124304.349}},
	}
	for _, c := range cases {
		if d := ECEF(c.p, c.height).Sub(c.want).Len(); d > 0.002 {
			t.Errorf("%s: %.4f m off", c.name, d)
		}
	}
}

func TestEastNorthUpIsAFrame(t *testing.T) {
	for _, p := range []orb.Point{{0, 0}, {7.5, 46}, {-179, -80}, {90, 90}} {
		e, n, u := EastNorthUp(p)
		if d := e.Cross(n).Sub(u).Len(); d > 1e-15 {
			t.Errorf("%v: east x north is %g off up", p, d)
		}
		if d := math.Abs(ECEF(p, 1).Sub(ECEF(p, 0)).Dot(u) - 1); d > 1e-8 {
			t.Errorf("%v: up is %g off", p, d)
		}
	}
}

func TestMetresPerDegreeAgreesWithPositions(t *testing.T) {
	for _, lat := range []float64{-80, -45, 0, 30, 89} {
		east, north := MetresPerDegree(lat)
		const step = 1e-4
		gotEast := ECEF(orb.Point{step, lat}, 0).Sub(ECEF(orb.Point{0, lat}, 0)).Len() / step
		gotNorth := ECEF(orb.Point{0, lat + step/2}, 0).Sub(ECEF(orb.Point{0, lat - step/2}, 0)).Len() / step
		if math.Abs(gotEast-east) > 0.01 || math.Abs(gotNorth-north) > 0.01 {
			t.Errorf("latitude %g: got %.3f, %.3f, want %.3f, %.3f", lat, east, north, gotEast, gotNorth)
		}
	}
}
