package terrain

import (
	"bytes"
	"math"
	"testing"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/tilegrid"
)

// TestHeaderOfATileByOthers compares with the header that Cesium's own tiler wrote for a tile of the Himalayas.
func TestHeaderOfATileByOthers(t *testing.T) {
	data := sharedTiles(t)["cesium-specs/9_759_335/9_759_335.terrain"]
	theirs, err := Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	b := tilegrid.Geodetic.Bound(tilegrid.Coord{Z: 9, X: 759, Y: 335})
	if err := theirs.ValidateAt(b); err != nil {
		t.Fatal(err)
	}
	ours := *theirs
	SetHeader(&ours, b)
	if d := ours.Center.Sub(theirs.Center).Len(); d > float64(ours.Max) { // theirs is at height 0
		t.Errorf("centre %.0f m from theirs", d)
	}
	if d := ours.Sphere.Sub(theirs.Sphere).Len(); d > 3000 || math.Abs(ours.Radius-theirs.Radius) > 3000 {
		t.Errorf("sphere %.0f m from theirs, radius %.0f, theirs %.0f", d, ours.Radius, theirs.Radius)
	}
	if d := ours.Horizon.Sub(theirs.Horizon).Len(); d > 1e-4 {
		t.Errorf("horizon point %v, theirs %v", ours.Horizon, theirs.Horizon)
	}
}

// TestSphereIsTight: no sphere of the box's centre could be smaller.
func TestSphereIsTight(t *testing.T) {
	m, b := groundedMesh(16, tilegrid.Coord{Z: 7, X: 130, Y: 90})
	m.Radius *= 1 - 1e-3
	wantRule(t, m.validSlackless(b), "sphere.contains")
}

// validSlackless checks the sphere without the slack that tiles by others are granted.
func (m *Mesh) validSlackless(b orb.Bound) error {
	var p placer
	p.init(b, m.Min, m.Max)
	for i, v := range m.Vertices {
		x, y, z := p.place(v)
		if d := (Vec{x, y, z}).Sub(m.Sphere).Len(); d > m.Radius {
			return invalid("sphere.contains", "vertex %d", i)
		}
	}
	return nil
}

// TestHorizonPointIsExact: the nearest point that hides no vertex too soon. A hair nearer would be too near.
func TestHorizonPointIsExact(t *testing.T) {
	for _, c := range []tilegrid.Coord{{Z: 1, X: 2, Y: 1}, {Z: 5, X: 3, Y: 30}, {Z: 9, X: 536, Y: 388}, {Z: 13, X: 8600, Y: 6200}} {
		m, b := groundedMesh(8, c)
		if err := m.ValidateAt(b); err != nil {
			t.Errorf("%s: %v", c, err)
		}
		reach := math.Acos(1 / m.Horizon.Len())
		m.Horizon = m.Horizon.Scale(1 / m.Horizon.Len() / math.Cos(reach-1e-5))
		wantRule(t, m.ValidateAt(b), "horizon.short")
	}
}

func TestRootsPointOutwardAndFinite(t *testing.T) {
	for x := range uint32(2) {
		m, b := groundedMesh(1, tilegrid.Coord{X: x}) // corners only, all at the poles
		if l := m.Horizon.Len(); l < 1e5 || l > 1e7 {
			t.Errorf("root %d: horizon point has length %g", x, l)
		}
		if m.Horizon.Dot(ECEF(b.Center(), 0)) <= 0 {
			t.Errorf("root %d: horizon point %v points inward", x, m.Horizon)
		}
	}
}

func TestGroundBelowTheEllipsoidCountsAsOnIt(t *testing.T) {
	m, b := groundedMesh(4, tilegrid.Coord{Z: 8, X: 400, Y: 100})
	m.Min, m.Max = -9000, -8000
	SetHeader(m, b)
	deep := m.Horizon
	m.Min, m.Max = 0, 0
	SetHeader(m, b)
	if d := deep.Sub(m.Horizon).Len(); d > 1e-4 || deep.Len() < 1 {
		t.Errorf("deep %v, sea level %v", deep, m.Horizon)
	}
	if err := m.ValidateAt(b); err != nil {
		t.Error(err)
	}
}
