package demo

import (
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// island is made once for all tests: it takes seconds.
var island = sync.OnceValue(Make)

func TestIslandIsTheSameEveryTime(t *testing.T) {
	if testing.Short() {
		t.Skip("makes a second island")
	}
	if !slices.Equal(island().Z, Make().Z) {
		t.Error("two islands differ")
	}
}

func TestIslandHasMountainsDeepSeaAndNoHoles(t *testing.T) {
	lowest, highest, land := math.Inf(1), math.Inf(-1), 0
	for i, z := range island().Z {
		if math.IsNaN(float64(z)) || math.IsInf(float64(z), 0) {
			t.Fatalf("post %d is %v", i, z)
		}
		lowest, highest = min(lowest, float64(z)), max(highest, float64(z))
		if z > 0 {
			land++
		}
	}
	if highest < 2000 || highest > summit+100 {
		t.Errorf("highest post is at %.0f m", highest)
	}
	if lowest > -600 || lowest < -2000 {
		t.Errorf("deepest post is at %.0f m", lowest)
	}
	if share := float64(land) / (Posts * Posts); share < 0.2 || share > 0.4 {
		t.Errorf("%.2f of the posts are land", share)
	}
}

func TestSeaSurroundsTheIslandAndEndsAtSeaLevel(t *testing.T) {
	for k := range Posts {
		for _, i := range []int{k, (Posts-1)*Posts + k, k * Posts, k*Posts + Posts - 1} {
			if z := island().Z[i]; z > 0 || z < -2 {
				t.Fatalf("post %d on the rim is at %.2f m", i, z)
			}
		}
	}
}

// A level that stands on many posts, bit for bit, is a lake.
func TestLakesAreFlat(t *testing.T) {
	posts := map[float32]int{}
	for _, z := range island().Z {
		if z > 1 {
			posts[z]++
		}
	}
	lakes := 0
	for _, n := range posts {
		if n >= 400 {
			lakes++
		}
	}
	if lakes < 4 {
		t.Errorf("%d lakes of 400 posts or more, want 4", lakes)
	}
}

func TestGDALReadsTheTIFF(t *testing.T) {
	gdalinfo, err := exec.LookPath("gdalinfo")
	if err != nil {
		t.Skip("gdalinfo is not installed")
	}
	file := filepath.Join(t.TempDir(), "island.tif")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := island().WriteTIFF(f); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(gdalinfo, "-json", "-mm", file).Output()
	if err != nil {
		t.Fatalf("gdalinfo: %v", err)
	}
	type band struct {
		Type        string
		NoDataValue float64
		ComputedMin float64
		ComputedMax float64
	}
	var got struct {
		Size         []int
		GeoTransform []float64
		Stac         struct {
			EPSG int `json:"proj:epsg"`
		}
		Bands []band
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	same := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) <= 1e-3 })
	if diff := cmp.Diff([]int{Posts, Posts}, got.Size); diff != "" {
		t.Error("size:", diff)
	}
	if diff := cmp.Diff([]float64{west - Spacing/2, Spacing, 0, north + Spacing/2, 0, -Spacing}, got.GeoTransform, cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-12 })); diff != "" {
		t.Error("geotransform:", diff)
	}
	if got.Stac.EPSG != 4326 {
		t.Errorf("EPSG:%d, want 4326", got.Stac.EPSG)
	}
	want := band{"Float32", noData, float64(slices.Min(island().Z)), float64(slices.Max(island().Z))}
	if diff := cmp.Diff([]band{want}, got.Bands, same); diff != "" {
		t.Error("band:", diff)
	}
}
