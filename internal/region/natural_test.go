package region

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/tilegrid"
)

// naturalEarth reads a file of the shared test data, or skips the test where there is none.
func naturalEarth(t testing.TB, name string) ([]orb.Polygon, string) {
	t.Helper()
	root := os.Getenv("TERRANE_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	file := filepath.Join(root, "data", "vector", name)
	data, err := os.ReadFile(file)
	if err != nil {
		t.Skipf("no shared data at %s: set TERRANE_SHARED", file)
	}
	var all struct {
		Features []struct {
			Geometry struct {
				Type        string
				Coordinates json.RawMessage
			}
		}
	}
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	var polygons []orb.Polygon
	for _, f := range all.Features {
		several := make([]orb.Polygon, 1)
		var to any = &several[0]
		if f.Geometry.Type == "MultiPolygon" {
			to = &several
		}
		if err := json.Unmarshal(f.Geometry.Coordinates, to); err != nil {
			t.Fatal(err)
		}
		polygons = append(polygons, several...)
	}
	return polygons, file
}

// TestMasksAreThoseOfGDAL holds masks of Natural Earth against gdal_rasterize, which burns pixels whose centre is inside: eight
// to a pixel of ours each way.
func TestMasksAreThoseOfGDAL(t *testing.T) {
	tool, err := exec.LookPath("gdal_rasterize")
	if err != nil {
		t.Skip("no gdal_rasterize to compare with")
	}
	const fine = 8
	polygons, file := naturalEarth(t, "ne_50m_land.geojson")
	r := New(polygons)
	var d Drawer
	for _, c := range []tilegrid.Coord{{}, {X: 1}, tilegrid.Geodetic.At(orb.Point{-89, 29}, 4), tilegrid.Geodetic.At(orb.Point{-79, 43}, 5),
		tilegrid.Geodetic.At(orb.Point{179.9, 66}, 3), tilegrid.Geodetic.At(orb.Point{-179.9, -80}, 2)} {
		t.Run(c.String(), func(t *testing.T) {
			b := tilegrid.Geodetic.Bound(c)
			out := filepath.Join(t.TempDir(), "burnt.bil")
			cmd := exec.Command(tool, "-q", "-burn", "1", "-ot", "Byte", "-of", "EHdr", "-ts", fmt.Sprint(Side*fine), fmt.Sprint(Side*fine),
				"-te", fmt.Sprint(b.Min[0]), fmt.Sprint(b.Min[1]), fmt.Sprint(b.Max[0]), fmt.Sprint(b.Max[1]), file, out)
			if text, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, text)
			}
			burnt, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			compareBurnt(t, d.Draw(r, tilegrid.Geodetic.Bound(c)), burnt, fine)
		})
	}
}

func compareBurnt(t *testing.T, mask, burnt []byte, fine int) {
	t.Helper()
	worst, sum := 0.0, 0.0
	for y := range Side {
		for x := range Side {
			n := 0
			for k := range fine * fine {
				n += int(burnt[(y*fine+k/fine)*Side*fine+x*fine+k%fine])
			}
			off := at(mask, x, y)/255 - float64(n)/float64(fine*fine)
			worst, sum = max(worst, math.Abs(off)), sum+off
		}
	}
	if worst > 0.3 || math.Abs(sum) > 20 {
		t.Errorf("a pixel differs by %.2f, all together by %.1f pixels", worst, sum)
	}
}

func BenchmarkDraw(b *testing.B) {
	polygons, _ := naturalEarth(b, "ne_50m_land.geojson")
	r := New(polygons)
	for _, z := range []uint8{0, 3, 6, 9} {
		b.Run(fmt.Sprintf("level %d on the coast", z), func(b *testing.B) {
			b.ReportAllocs()
			var d Drawer
			for b.Loop() {
				d.Draw(r, tilegrid.Geodetic.Bound(tilegrid.Geodetic.At(orb.Point{-89.4, 29.1}, z)))
			}
		})
		b.Run(fmt.Sprintf("level %d inland", z), func(b *testing.B) {
			b.ReportAllocs()
			var d Drawer
			for b.Loop() {
				d.Draw(r, tilegrid.Geodetic.Bound(tilegrid.Geodetic.At(orb.Point{100, 50}, z)))
			}
		})
	}
}
