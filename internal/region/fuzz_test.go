package region

import (
	"encoding/binary"
	"math"
	"testing"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/tilegrid"
)

// FuzzRegion makes a ring of any numbers: nothing may break, and a tile is the same whether drawn at once or after others.
func FuzzRegion(f *testing.F) {
	f.Add([]byte("a ring of any numbers, in pairs of four bytes, closed by its first"), uint8(3), uint32(5), uint32(2))
	f.Fuzz(func(t *testing.T, data []byte, z uint8, x, y uint32) {
		var ring orb.Ring
		for ; len(data) >= 8 && len(ring) < 200; data = data[8:] {
			lon := float64(math.Float32frombits(binary.LittleEndian.Uint32(data)))
			lat := float64(math.Float32frombits(binary.LittleEndian.Uint32(data[4:])))
			if math.Abs(lon) <= 540 && math.Abs(lat) <= 90 {
				ring = append(ring, orb.Point{lon, lat})
			}
		}
		if len(ring) == 0 {
			return
		}
		r := New([]orb.Polygon{{append(ring, ring[0])}})
		z %= 20
		columns, rows := tilegrid.Geodetic.Size(z)
		c := tilegrid.Coord{Z: z, X: x % columns, Y: y % rows}
		var d, other Drawer
		b := tilegrid.Geodetic.Bound(c)
		mask := append([]byte(nil), d.Draw(r, b)...)
		if n := len(mask); n != 1 && n != Side*Side {
			t.Fatalf("%d bytes", n)
		}
		other.Draw(r, tilegrid.Geodetic.Bound(tilegrid.Coord{}))
		if string(mask) != string(other.Draw(r, b)) {
			t.Error("a drawer remembers what it drew before")
		}
		s := spacing(z)
		d.Inside(r, Posts{Spacing: s, West: int64(c.X) * 64, North: int64(c.Y+1) * 64, Cols: 65, Rows: 65}, make([]bool, 65*65))
		Crossing(ring)
	})
}
