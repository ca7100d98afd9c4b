package ingest

import (
	"bytes"
	"errors"
	"math"
	"testing"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/internal/region"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// wetness returns how much of each tile is water, in square degrees, whole pixels of it within a box and all.
func wetness(t *testing.T, r *mbtiles.Reader, c tilegrid.Coord, in orb.Bound) (inside, all float64) {
	t.Helper()
	tile, err := r.Tile(t.Context(), c)
	if errors.Is(err, tilestore.ErrNotFound) {
		return math.NaN(), math.NaN()
	}
	if err != nil {
		t.Fatal(err)
	}
	m, err := terrain.Decode(bytes.NewReader(tile.Data))
	if err != nil || m.Water == nil {
		t.Fatalf("%s has no mask, %v", c, err)
	}
	b := tilegrid.Geodetic.Bound(c)
	side := (b.Max[1] - b.Min[1]) / region.Side
	for k := range region.Side * region.Side {
		wet := float64(pixel(m.Water, k)) / 255 * side * side
		west, north := b.Min[0]+float64(k%region.Side)*side, b.Max[1]-float64(k/region.Side)*side
		if all += wet; in.Intersects(box(west, north-side, west+side, north)) {
			inside += wet
		}
	}
	return inside, all
}

func TestWaterOfAnUpdateAddsToThatOfTheDataset(t *testing.T) {
	wide, patch := ascii(t, "wide.asc", 0, 30, 30, 60), ascii(t, "patch.asc", 13, 43, 4, 16)
	ground, lake := box(13, 43, 17, 47), box(14.1, 44.1, 15.3, 45.2)
	dir := t.TempDir()
	// east of 15 E it is sea all over the globe
	old := made(t, dir, Options{Sources: []string{wide}, Water: Water{Land: []string{squares(t, "land.json", box(-180, -90, 15, 90))}}})
	for _, c := range []struct {
		name  string
		water Water
		gain  float64 // square degrees of water that come
		where orb.Bound
	}{
		{"a lake half in the sea", Water{Files: []string{squares(t, "lake.json", lake)}}, (15 - 14.1) * 1.1, lake},
		{"land up to 16 E counts on the new ground only", Water{Land: []string{squares(t, "more.json", box(0, 30, 16, 60))}}, -4, ground},
		{"a sea above all of the new ground", Water{Sea: true, Level: 200}, 2 * 4, ground},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := over(dir, 1, old, patch)
			o.Water = c.water
			r := made(t, t.TempDir(), o)
			for z := range old.Info().Levels[1] + 1 {
				gain, beyond := 0.0, 0.0
				for tile, err := range r.Coords(t.Context(), z) {
					if err != nil {
						t.Fatal(err)
					}
					was, whole := wetness(t, old, tile, c.where)
					is, total := wetness(t, r, tile, c.where)
					if whole != whole {
						t.Fatalf("%s was not there", tile)
					}
					gain, beyond = gain+is-was, max(beyond, math.Abs(total-is-whole+was))
				}
				pixels := 180 / float64(int(region.Side)<<z)
				if tolerance := math.Abs(c.gain)*0.02 + pixels*pixels*4; math.Abs(gain-c.gain) > tolerance {
					t.Errorf("level %d: %.4f square degrees of water came, want %.4f", z, gain, c.gain)
				}
				if beyond > 1e-9 {
					t.Errorf("level %d: %.4f square degrees changed elsewhere", z, beyond)
				}
			}
		})
	}
}
