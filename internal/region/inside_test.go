package region

import (
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
)

// spacing is that of the posts of a level: 64 to a tile.
func spacing(level uint8) float64 { return 180 / float64(int64(64)<<level) }

func TestPostsAreInsideAsPointInPolygonSays(t *testing.T) {
	chance := rand.New(rand.NewPCG(5, 6))
	polygons := []orb.Polygon{{star(chance, 179, 46, 3, 200), star(chance, 179, 46, 0.8, 50)}, {star(chance, -170, 40, 5, 400)}}
	r := New(polygons)
	var d Drawer
	for level := range uint8(9) {
		s := spacing(level)
		w := Posts{Spacing: s, West: int64((179 - 2 + 180) / s), North: int64((50 + 90) / s), Cols: 50, Rows: 40}
		dst := make([]bool, w.Cols*w.Rows)
		d.Inside(r, w, dst)
		for k, got := range dst {
			p := orb.Point{w.lon(w.West + int64(k%w.Cols)), w.lat(w.North - int64(k/w.Cols))}
			want := false
			for _, turn := range []float64{-720, -360, 0, 360} {
				q := orb.Point{p[0] + turn, p[1]}
				want = want || planar.PolygonContains(polygons[0], q) || planar.PolygonContains(polygons[1], q)
			}
			if got != want {
				t.Fatalf("level %d, %v: inside %v, want %v", level, p, got, want)
			}
		}
	}
}

func TestAPostIsInsideWhicheverWindowAsks(t *testing.T) {
	chance := rand.New(rand.NewPCG(7, 8))
	r := New([]orb.Polygon{{star(chance, 178, -60, 25, 4000)}, {box(-180, -90, 180, -80)}})
	var d Drawer
	s := spacing(3)
	whole := Posts{Spacing: s, West: 0, North: 512, Cols: 1024, Rows: 513}
	all := make([]bool, whole.Cols*whole.Rows)
	d.Inside(r, whole, all)
	for range 50 {
		w := Posts{Spacing: s, West: chance.Int64N(3072) - 1024, North: 60 + chance.Int64N(450), Cols: 1 + chance.IntN(90), Rows: 1 + chance.IntN(50)}
		dst := make([]bool, w.Cols*w.Rows)
		d.Inside(r, w, dst)
		for k, got := range dst {
			i, j := (w.West+int64(k%w.Cols)+2048)%1024, w.North-int64(k/w.Cols)
			if want := all[int(512-j)*1024+int(i)]; got != want {
				t.Fatalf("post %d, %d of window %+v: inside %v, in the whole %v", i, j, w, got, want)
			}
		}
	}
}

func TestTheBorderIsInside(t *testing.T) {
	r := New([]orb.Polygon{{box(0, 0, 45, 45), box(11.25, 11.25, 33.75, 33.75)}})
	var d Drawer
	w := Posts{Spacing: 2.8125, West: 63, North: 49, Cols: 19, Rows: 19} // one post more on each side than the box
	dst := make([]bool, w.Cols*w.Rows)
	d.Inside(r, w, dst)
	for k, got := range dst {
		x, y := k%19-1, k/19-1
		within := x >= 0 && x <= 16 && y >= 0 && y <= 16
		hole := x > 4 && x < 12 && y > 4 && y < 12
		if want := within && !hole; got != want {
			t.Errorf("post %d, %d: inside %v, want %v", x, y, got, want)
		}
	}
}
