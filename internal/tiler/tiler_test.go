package tiler_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"github.com/terrane/terrane/internal/picture"
	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/internal/resample"
	"github.com/terrane/terrane/internal/tiler"
	"github.com/terrane/terrane/internal/verify"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// shared returns the path of a real file, or skips the test.
func shared(t testing.TB, name string) string {
	t.Helper()
	root := os.Getenv("TERRANE_SHARED")
	if root == "" {
		root = "../../../shared"
	}
	path := filepath.Join(root, "data/imagery", name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("%s is absent: set TERRANE_SHARED to the folder of test data", name)
	}
	return path
}

// made ingests with options and returns the open dataset, which was verified.
func made(t testing.TB, o tiler.Options, jobs int) *mbtiles.Reader {
	t.Helper()
	if o.Max == 0 {
		o.Max = -1
	}
	job, err := tiler.Prepare(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer job.Close()
	w, err := mbtiles.Create(t.Context(), t.TempDir(), "made", mbtiles.Options{Work: job.Work, Shared: true})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	units := 0
	if err := job.Run(t.Context(), w, jobs, func(p tiler.Progress) { units = p.Units }); err != nil {
		t.Fatal(err)
	}
	if units != job.Plan.Units() {
		t.Errorf("%d units were reported, the plan has %d", units, job.Plan.Units())
	}
	r, err := mbtiles.Open(t.Context(), w.Path())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	report, err := verify.Run(t.Context(), r, verify.Options{})
	if err != nil || !report.OK() {
		t.Fatalf("verify: %v, %v", err, report.Faults)
	}
	return r
}

// pixel returns the colour at a place of the dataset's deepest level, straight RGBA; no tile is transparent.
func pixel(t testing.TB, r *mbtiles.Reader, at orb.Point) [4]uint8 {
	t.Helper()
	i := r.Info()
	z := i.Levels[1]
	columns, rows := i.Grid.Size(z)
	x, y := i.Grid.Fraction(at)
	px, py := int(x*float64(columns)*tiler.TileSize), int((1-y)*float64(rows)*tiler.TileSize)
	c := i.Grid.FlipY(tilegrid.Coord{Z: z, X: uint32(px / tiler.TileSize), Y: uint32(py / tiler.TileSize)})
	tile, err := r.Tile(t.Context(), c)
	if err != nil {
		return [4]uint8{}
	}
	p, err := picture.Decode(tile.Data, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	q := p.NRGBAAt(px%tiler.TileSize, py%tiler.TileSize)
	return [4]uint8{q.R, q.G, q.B, q.A}
}

func TestBlueMarbleBecomesTheGlobeInBothGrids(t *testing.T) {
	world := shared(t, "blue_marble_4096x2048.jpg")
	for name, grid := range map[string]tilegrid.Grid{"mercator": tilegrid.Mercator, "geographic": tilegrid.Geodetic} {
		t.Run(name, func(t *testing.T) {
			r := made(t, tiler.Options{Sources: []string{world}, Raster: raster.PictureOptions{SrcCRS: "EPSG:4326"}, Grid: grid, Max: 3}, 2)
			i := r.Info()
			want := int64(1 + 4 + 16 + 64)
			if grid == tilegrid.Geodetic {
				want *= 2
			}
			if i.Tiles != want || i.Format != tilestore.JPEG || i.Levels != [2]uint8{0, 3} {
				t.Errorf("%d tiles of %s, levels %v", i.Tiles, i.Format, i.Levels)
			}
			sahara, pacific := pixel(t, r, orb.Point{10, 24}), pixel(t, r, orb.Point{-140, 0})
			if sahara[0] < 120 || sahara[0] < sahara[2]+30 || pacific[2] < pacific[0] || pacific[0] > 60 {
				t.Errorf("the Sahara is %v, the Pacific %v", sahara, pacific)
			}
		})
	}
}

func TestWhatIsTransparentIsNotStoredAndEdgesArePNG(t *testing.T) {
	r := made(t, tiler.Options{Sources: []string{shared(t, "landsat_bahamas_rgb_nodata0_utm18n.tif")}, Grid: tilegrid.Mercator}, 2)
	i := r.Info()
	formats := map[string]int{}
	for c, err := range r.Coords(t.Context(), i.Levels[1]) {
		if err != nil {
			t.Fatal(err)
		}
		tile, err := r.Tile(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		mime, _ := mbtiles.Sniff(tile.Data)
		formats[mime]++
	}
	cover := tilegrid.Mercator.Cover(i.Bound, i.Levels[1]).Len()
	if formats[tilestore.JPEG] == 0 || formats[tilestore.PNG] == 0 || formats[tilestore.JPEG]+formats[tilestore.PNG] >= cover {
		t.Errorf("%v of %d tiles that the bounds touch; a rotated collar leaves some empty, some half", formats, cover)
	}
	if i.Format != tilestore.PNG {
		t.Errorf("a dataset with transparent tiles says %s", i.Format)
	}
}

func TestPaletteClassesStayTheClassesThatTheyAre(t *testing.T) {
	r := made(t, tiler.Options{Sources: []string{shared(t, "palette_cog_epsg3857.tif")}, Grid: tilegrid.Mercator}, 2)
	i := r.Info()
	if i.Format != tilestore.PNG {
		t.Errorf("classes are stored as %s", i.Format)
	}
	classes := func(z uint8) map[[4]uint8]bool {
		seen := map[[4]uint8]bool{}
		for c := range r.Coords(t.Context(), z) {
			tile, err := r.Tile(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			p, err := picture.Decode(tile.Data, 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			for k := 0; k < len(p.Pix); k += 4 {
				seen[[4]uint8(p.Pix[k:k+4])] = true
			}
		}
		return seen
	}
	deepest := classes(i.Levels[1])
	for c := range classes(i.Levels[1] - 3) {
		if !deepest[c] {
			t.Errorf("colour %v comes from averaging", c)
		}
	}
	if len(deepest) < 3 || len(deepest) > 13 {
		t.Errorf("%d colours, the file has 12 classes", len(deepest))
	}
}

func TestEqualWorkGivesEqualBytesHoweverManyGoroutines(t *testing.T) {
	o := tiler.Options{Sources: []string{shared(t, "naip_4band_utm14n_5m.tif")}, Grid: tilegrid.Mercator}
	var first []byte
	for _, jobs := range []int{1, 3} {
		r := made(t, o, jobs)
		data := []byte(r.Info().Manifest)
		if first == nil {
			first = data
		} else if !bytes.Equal(first, data) {
			t.Errorf("%d goroutines: another manifest", jobs)
		}
	}
}

// broken stops an ingest after some units.
type broken struct {
	tiler.Store
	left int
}

func (b *broken) Checkpoint(ctx context.Context, done int) error {
	if b.left--; b.left < 0 {
		return context.Canceled
	}
	return b.Store.Checkpoint(ctx, done)
}

func TestInterruptedWorkCarriesOnToTheSameBytes(t *testing.T) {
	o := tiler.Options{Sources: []string{shared(t, "naip_4band_utm14n_5m.tif")}, Grid: tilegrid.Mercator, Max: -1, KeepValues: true}
	var files [][]byte
	for _, stops := range [][]int{{}, {3}, {1, 4, 7}} {
		files = append(files, inPieces(t, o, stops))
	}
	for k, f := range files[1:] {
		if !bytes.Equal(f, files[0]) {
			t.Errorf("run %d in pieces differs from the run in one", k+1)
		}
	}
}

func TestABoxCutsThePictures(t *testing.T) {
	box := &orb.Bound{Min: orb.Point{-20, -30}, Max: orb.Point{40, 35}}
	r := made(t, tiler.Options{
		Sources: []string{shared(t, "blue_marble_4096x2048.jpg")}, Raster: raster.PictureOptions{SrcCRS: "EPSG:4326"}, Grid: tilegrid.Mercator, Max: 4, BBox: box,
	}, 2)
	if r.Info().Bound != *box {
		t.Errorf("bound %v", r.Info().Bound)
	}
	for _, c := range []struct {
		at      orb.Point
		visible bool
	}{{orb.Point{-19.8, 0}, true}, {orb.Point{-20.3, 0}, false}, {orb.Point{0, 34.8}, true}, {orb.Point{0, 35.3}, false}, {orb.Point{39.8, -29.8}, true}, {orb.Point{40.3, -30.3}, false}} {
		if got := pixel(t, r, c.at); (got[3] != 0) != c.visible {
			t.Errorf("%v is %v", c.at, got)
		}
	}
}

func TestDeepestLevelIsTheFirstThatIsNotCoarser(t *testing.T) {
	for _, c := range []struct {
		grid     tilegrid.Grid
		degrees  float64
		latitude float64
		want     uint8
	}{
		{tilegrid.Mercator, 360.0 / 256, 0, 0},
		{tilegrid.Mercator, 360.0 / 16384, 0, 6},
		{tilegrid.Mercator, 360.0 / 16384, 60, 5}, // Mercator's pixels are half as large there
		{tilegrid.Geodetic, 360.0 / 16384, 60, 5}, // two roots
		{tilegrid.Geodetic, 360.0/16384 - 2e-3, 0, 6},
		{tilegrid.Mercator, 1e-30, 0, tiler.DeepestLevel},
	} {
		if got := tiler.DeepestFor(c.grid, c.degrees, c.latitude); got != c.want {
			t.Errorf("%v, %v degrees at %v: level %d, want %d", c.grid.CRS(), c.degrees, c.latitude, got, c.want)
		}
	}
}

func TestPlansCoverTheGroundOnce(t *testing.T) {
	bounds := []orb.Bound{{Min: orb.Point{170, -5}, Max: orb.Point{190, 5}}, {Min: orb.Point{175, 0}, Max: orb.Point{178, 60}}}
	for _, grid := range []tilegrid.Grid{tilegrid.Mercator, tilegrid.Geodetic} {
		p, err := tiler.NewPlan(grid, []tiler.Ground{{Bounds: bounds, Deepest: 9}}, 2)
		if err != nil {
			t.Fatal(err)
		}
		level := p.Max
		for k, s := range p.Stages {
			if s.Base != level && k > 0 || s.Top > s.Base {
				t.Errorf("stage %d: %+v after level %d", k, s, level)
			}
			level = s.Root
			seen := map[tilegrid.Coord]bool{}
			for _, u := range s.Units {
				if seen[u] || u.Z != s.Root || !grid.Valid(u) {
					t.Errorf("unit %v", u)
				}
				seen[u] = true
			}
		}
		if level > 2 || p.Share(0) != 0 || math.Abs(p.Share(p.Units())-1) > 1e-12 {
			t.Errorf("ends at level %d, shares %v .. %v", level, p.Share(0), p.Share(p.Units()))
		}
	}
}

func TestOptionsThatCannotBeAreRefused(t *testing.T) {
	pole := []orb.Bound{{Min: orb.Point{0, 86}, Max: orb.Point{10, 90}}}
	plan := func(g tilegrid.Grid, first, deepest uint8) func() (tiler.Plan, error) {
		return func() (tiler.Plan, error) {
			return tiler.NewPlan(g, []tiler.Ground{{Bounds: pole, Deepest: deepest}}, first)
		}
	}
	for name, plan := range map[string]func() (tiler.Plan, error){
		"beyond Mercator":     plan(tilegrid.Mercator, 0, 5),
		"too deep":            plan(tilegrid.Geodetic, 0, 29),
		"first after deepest": plan(tilegrid.Geodetic, 6, 5),
		"too many tiles":      plan(tilegrid.Geodetic, 0, 24),
	} {
		if _, err := plan(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestASpeckOfAClassIsOnEveryLevel(t *testing.T) {
	file := speck(t, color.NRGBA{200, 30, 30, 255})
	o := tiler.Options{Sources: []string{file}, Grid: tilegrid.Mercator, Raster: raster.PictureOptions{SrcCRS: "EPSG:4326", Resampling: resample.Nearest}}
	if i := made(t, o, 1).Info(); i.Levels[0] != 0 || i.Tiles < int64(i.Levels[1])+1 {
		t.Errorf("levels %v, %d tiles", i.Levels, i.Tiles)
	}
}

func TestLevelsMayBeginAnywhere(t *testing.T) {
	world := shared(t, "blue_marble_4096x2048.jpg")
	for _, levels := range [][2]int{{4, 4}, {2, 4}, {1, 3}} {
		r := made(t, tiler.Options{Sources: []string{world}, Raster: raster.PictureOptions{SrcCRS: "EPSG:4326"}, Grid: tilegrid.Mercator, Min: levels[0], Max: levels[1]}, 2)
		want := int64(0)
		for z := levels[0]; z <= levels[1]; z++ {
			want += 1 << (2 * z)
		}
		if i := r.Info(); i.Tiles != want || i.Levels != [2]uint8{uint8(levels[0]), uint8(levels[1])} {
			t.Errorf("levels %v: %d tiles on %v, want %d", levels, i.Tiles, i.Levels, want)
		}
	}
}

// speck writes a picture of 64 pixels a side in degrees, 10 east and 47 north, that has a pixel of one colour and nothing else.
func speck(t *testing.T, c color.NRGBA) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "speck.png")
	m := image.NewNRGBA(image.Rect(0, 0, 64, 64))
	m.SetNRGBA(37, 21, c)
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	world := []byte("0.01\n0\n0\n-0.01\n10.005\n46.995\n")
	if err := errors.Join(os.WriteFile(file, b.Bytes(), 0o644), os.WriteFile(strings.TrimSuffix(file, "png")+"pgw", world, 0o644)); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestWhatIsFaintIsWhiteInJPEGOnEveryLevel(t *testing.T) {
	for _, alpha := range []uint8{1, 3, 255} {
		o := tiler.Options{Sources: []string{speck(t, color.NRGBA{200, 30, 30, alpha})}, Grid: tilegrid.Mercator, Format: tiler.JPEG,
			Raster: raster.PictureOptions{SrcCRS: "EPSG:4326"}}
		i := made(t, o, 1).Info() // which verifies that no parent is missing
		if i.Levels[0] != 0 || i.Tiles < int64(i.Levels[1])+1 {
			t.Errorf("alpha %d: levels %v, %d tiles", alpha, i.Levels, i.Tiles)
		}
	}
}

func TestPlansCountWhatOverlapsOnce(t *testing.T) {
	for name, c := range map[string]struct {
		bounds []orb.Bound
		z      uint8
		want   int
	}{
		"the world, three times":     {[]orb.Bound{box(-180, -90, 180, 90), box(-180, -90, 180, 90), box(-179, -89, 179, 89)}, 12, 1 << 25},
		"a cross":                    {[]orb.Bound{box(-90, -1, 90, 1), box(-1, -45, 1, 45)}, 12, 46 * (4096 + 2048 - 46)},
		"two that touch":             {[]orb.Bound{box(0.01, 0.01, 44.99, 44.99), box(45.01, 0.01, 89.99, 44.99)}, 12, 2 << 20},
		"one below another, shifted": {[]orb.Bound{box(0.01, 0.01, 44.99, 44.99), box(22.51, -44.99, 67.49, -0.01)}, 12, 2 << 20},
	} {
		p, err := tiler.NewPlan(tilegrid.Geodetic, []tiler.Ground{{Bounds: c.bounds, Deepest: c.z}}, c.z)
		if err != nil {
			t.Fatal(err)
		}
		if p.Tiles[c.z] != c.want {
			t.Errorf("%s: %d tiles, want %d", name, p.Tiles[c.z], c.want)
		}
	}
}

func box(west, south, east, north float64) orb.Bound {
	return orb.Bound{Min: orb.Point{west, south}, Max: orb.Point{east, north}}
}
