//go:build e2e

package e2e

import (
	"archive/zip"
	"encoding/binary"
	"encoding/json"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/terrane/terrane/internal/demo"
	"github.com/terrane/terrane/terrain"
)

// dem is a raster of posts, row 0 in the north, that this test reads by itself, without GDAL: what the browser says is compared with it.
type dem struct {
	side        int
	west, north float64
	spacing     float64
	at          func(i int) float64 // NaN where there is none
}

// sharedFile copies a file of the shared test data to a folder of the test's own, or skips the test where there are none.
func sharedFile(t *testing.T, name string) string {
	t.Helper()
	shared := os.Getenv("TERRANE_SHARED")
	if shared == "" {
		shared = "../../shared"
	}
	data, err := os.ReadFile(filepath.Join(shared, name))
	if err != nil {
		t.Skipf("no shared test data: set TERRANE_SHARED to the folder that holds %s", name)
	}
	file := filepath.Join(t.TempDir(), filepath.Base(name))
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// readHGT reads a zipped SRTM tile: a square of posts, int16 from the north, high byte first, -32768 for a void; a degree from first to last.
func readHGT(t *testing.T, file string, west, south float64) dem {
	t.Helper()
	z, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	f, err := z.File[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	side := int(math.Sqrt(float64(len(raw) / 2)))
	return dem{side, west, south + 1, 1 / float64(side-1), func(i int) float64 {
		v := int16(binary.BigEndian.Uint16(raw[2*i:]))
		if v == math.MinInt16 {
			return math.NaN()
		}
		return float64(v)
	}}
}

func demoDEM() dem {
	island := demo.Make()
	b := island.Bound()
	return dem{demo.Posts, b.Min.Lon(), b.Max.Lat(), demo.Spacing, func(i int) float64 { return float64(island.Z[i]) }}
}

// height is the height between posts (bilinear), NaN next to a void.
func (d dem) height(lon, lat float64) float64 {
	x, y := (lon-d.west)/d.spacing, (d.north-lat)/d.spacing
	i, j := int(x), int(y)
	fx, fy := x-float64(i), y-float64(j)
	k := j*d.side + i
	north := d.at(k)*(1-fx) + d.at(k+1)*fx
	south := d.at(k+d.side)*(1-fx) + d.at(k+d.side+1)*fx
	return north*(1-fy) + south*fy
}

// points picks n places with heights, the same every time, away from the raster's rim.
func (d dem) points(n int) [][2]float64 {
	chance := rand.New(rand.NewPCG(1, 2))
	extent := float64(d.side-1) * d.spacing
	var list [][2]float64
	for len(list) < n {
		p := [2]float64{d.west + extent*(0.05+0.9*chance.Float64()), d.north - extent*(0.05+0.9*chance.Float64())}
		if !math.IsNaN(d.height(p[0], p[1])) {
			list = append(list, p)
		}
	}
	return list
}

// compare fails the test unless the heights that the browser found at points are those of d: none missing, and the root mean square of the differences
// at most 0.35 of what CesiumJS believes the error of that level to be.
func (d dem) compare(t *testing.T, points [][2]float64, result json.RawMessage, level uint8) {
	t.Helper()
	var heights []*float64
	if err := json.Unmarshal(result, &heights); err != nil {
		t.Fatal(err)
	}
	sum, worst := 0.0, 0.0
	for i, p := range points {
		if heights[i] == nil {
			t.Fatalf("no height at %v", p)
		}
		e := math.Abs(*heights[i] - d.height(p[0], p[1]))
		sum, worst = sum+e*e, max(worst, e)
	}
	rms, bound := math.Sqrt(sum/float64(len(points))), 0.35*terrain.MaxError(level)
	t.Logf("level %d: RMS %.3f m, maximum %.2f m, allowed RMS %.3f m", level, rms, worst, bound)
	if rms > bound {
		t.Errorf("RMS %.3f m, allowed %.3f m", rms, bound)
	}
}
