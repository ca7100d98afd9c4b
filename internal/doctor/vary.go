package doctor

import (
	"math"
	"strings"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/terrain"
)

// varies tells whether the Vary of an answer names a header, or all.
func varies(a *answer, name string) bool {
	for _, field := range strings.Split(strings.Join(a.header.Values("Vary"), ","), ",") {
		if field = strings.TrimSpace(field); field == "*" || strings.EqualFold(field, name) {
			return true
		}
	}
	return false
}

// degrees is the place below a position in ECEF, to a hundredth of a degree or so: enough to tell tiles apart.
func degrees(v terrain.Vec) orb.Point {
	const flat = terrain.SemiMinor / terrain.SemiMajor
	lat := math.Atan2(v[2], flat*flat*math.Hypot(v[0], v[1]))
	return orb.Point{math.Atan2(v[1], v[0]) * 180 / math.Pi, lat * 180 / math.Pi}
}
