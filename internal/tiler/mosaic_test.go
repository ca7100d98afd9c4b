package tiler_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"github.com/terrane/terrane/imagery"
	"github.com/terrane/terrane/internal/picture"
	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/internal/tiler"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// ground is a rectangle of the test's picture of the world: two waves that are wide beside any pixel here, so that each level shows the same colours.
type ground struct {
	west, north, pixel float64 // degrees
	cols, rows         int
}

func waves(p orb.Point) color.NRGBA {
	wave := func(degrees, period float64) uint8 {
		return uint8(math.Round(127.5 + 100*math.Sin(2*math.Pi*degrees/period)))
	}
	return color.NRGBA{wave(p[0], 90), wave(p[1], 60), 90, 255}
}

// write makes a PNG with its world file.
func (g ground) write(t *testing.T, name string) string {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, g.cols, g.rows))
	for y := range g.rows {
		for x := range g.cols {
			m.SetNRGBA(x, y, waves(orb.Point{g.west + (float64(x)+0.5)*g.pixel, g.north - (float64(y)+0.5)*g.pixel}))
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), name+".png")
	world := fmt.Sprintf("%.12f\n0\n0\n%.12f\n%.12f\n%.12f\n", g.pixel, -g.pixel, g.west+g.pixel/2, g.north-g.pixel/2)
	for path, data := range map[string][]byte{file: b.Bytes(), strings.TrimSuffix(file, "png") + "pgw": []byte(world)} {
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return file
}

// threeFine are a globe worth level 2, a country worth level 6 and a village worth level 11, which does not lie on borders of tiles.
func threeFine(t *testing.T) tiler.Options {
	return tiler.Options{
		Sources: []string{
			ground{-180, 90, 0.36, 1000, 500}.write(t, "globe"), ground{7.03, 52.01, 0.022, 400, 300}.write(t, "country"),
			ground{9.017, 49.011, 0.0007, 500, 300}.write(t, "village"),
		},
		Raster: raster.PictureOptions{SrcCRS: "EPSG:4326"}, Format: tiler.PNG, Grid: tilegrid.Mercator, Max: -1,
	}
}

// tilesOf lists the tiles of a level.
func tilesOf(t testing.TB, r *mbtiles.Reader, z uint8) map[tilegrid.Coord]bool {
	t.Helper()
	all := map[tilegrid.Coord]bool{}
	for c, err := range r.Coords(t.Context(), z) {
		if err != nil {
			t.Fatal(err)
		}
		all[c] = true
	}
	return all
}

// decoded returns the picture of a tile.
func decoded(t testing.TB, r *mbtiles.Reader, c tilegrid.Coord) picture.Picture {
	t.Helper()
	tile, err := r.Tile(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	m, err := picture.Decode(tile.Data, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestEachSourceIsMadeOnlyAsDeepAsItIsFine(t *testing.T) {
	for name, grid := range map[string]tilegrid.Grid{"mercator": tilegrid.Mercator, "geographic": tilegrid.Geodetic} {
		o := threeFine(t)
		o.Grid = grid
		job, err := tiler.Prepare(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		plan := job.Plan
		if len(plan.Grounds) != 3 || plan.Max != plan.Grounds[0].Deepest {
			t.Fatalf("%s: %+v", name, plan.Grounds)
		}
		e, err := job.Estimate(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		job.Close()
		r := made(t, o, 2)
		for z := range plan.Max + 1 {
			want := map[tilegrid.Coord]bool{}
			for _, g := range plan.Grounds {
				for _, b := range g.Bounds {
					for c := range grid.Cover(b, z).All() {
						if g.Deepest >= z {
							want[c] = true
						}
					}
				}
			}
			got := tilesOf(t, r, z)
			if len(got) != len(want) || len(got) != plan.Tiles[z] || e.Tiles[z] != len(got) {
				t.Errorf("%s: level %d has %d tiles, %d were planned, %d estimated, %d touch ground as fine",
					name, z, len(got), plan.Tiles[z], e.Tiles[z], len(want))
			}
			held := 0
			for _, a := range r.Info().Available[z] {
				held += a.Len()
				for c := range a.All() {
					if !got[c] {
						t.Errorf("%s: %s is called available", name, c)
					}
				}
			}
			if held != len(got) {
				t.Errorf("%s: level %d: %d tiles are called available, %d are stored", name, z, held, len(got))
			}
		}
		if plan.Share(0) != 0 || math.Abs(plan.Share(plan.Units())-1) > 1e-12 {
			t.Errorf("%s: shares %v to %v", name, plan.Share(0), plan.Share(plan.Units()))
		}
	}
}

// place returns where the centre of a pixel of a tile lies.
func place(g tilegrid.Grid, c tilegrid.Coord, x, y int) orb.Point {
	columns, rows := g.Size(c.Z)
	north := g.FlipY(c)
	lon := (float64(north.X)+(float64(x)+0.5)/tiler.TileSize)/float64(columns)*360 - 180
	down := (float64(north.Y) + (float64(y)+0.5)/tiler.TileSize) / float64(rows)
	if g == tilegrid.Mercator {
		return orb.Point{lon, math.Atan(math.Sinh(math.Pi*(1-2*down))) * 180 / math.Pi}
	}
	return orb.Point{lon, 90 - 180*down}
}

// farOff returns by how much a colour differs from that of the waves at a place.
func farOff(q color.NRGBA, p orb.Point) int {
	w := waves(p)
	d := func(a, b uint8) int { return max(int(a)-int(b), int(b)-int(a)) }
	return max(d(q.R, w.R), d(q.G, w.G), d(q.B, w.B), d(q.A, w.A))
}

func TestAMosaicShowsNoHoleAndNoSeamOnAnyLevel(t *testing.T) {
	const slack = 4 // of 255: magnified waves, and averages of averages
	for name, grid := range map[string]tilegrid.Grid{"mercator": tilegrid.Mercator, "geographic": tilegrid.Geodetic} {
		o := threeFine(t)
		o.Grid = grid
		r := made(t, o, 2)
		for z := range r.Info().Levels[1] + 1 {
			for c := range tilesOf(t, r, z) {
				m := decoded(t, r, c)
				for k := range tiler.TileSize * tiler.TileSize {
					x, y := k%tiler.TileSize, k/tiler.TileSize
					if p := place(grid, c, x, y); math.Abs(p[1]) < 89 && math.Abs(p[0]) < 179 && farOff(m.NRGBAAt(x, y), p) > slack {
						t.Fatalf("%s: tile %s: pixel %d, %d is %v, want %v", name, c, x, y, m.NRGBAAt(x, y), waves(p))
					}
				}
			}
		}
	}
}

func TestMapsOfAMosaicAreFilledWhereALevelHasNoTiles(t *testing.T) {
	r := made(t, threeFine(t), 2)
	source, err := imagery.NewTiles(t.Context(), r, "mosaic", imagery.NewCache(1<<26))
	if err != nil {
		t.Fatal(err)
	}
	crs, err := imagery.Builtin().CRS("CRS:84")
	if err != nil {
		t.Fatal(err)
	}
	for _, centre := range []orb.Point{{9.1, 48.9}, {9.017, 49.011}, {7.03, 52.01}, {15.83, 48}, {-100, 20}, {100, -60}} {
		for z := range 16 {
			half := 256 * 180 / math.Exp2(float64(z)) / 256 * 1.3
			v := imagery.View{Projection: crs, Width: 300, Height: 200, Bound: orb.Bound{
				Min: orb.Point{centre[0] - half, max(centre[1]-half*2/3, -80)}, Max: orb.Point{centre[0] + half, min(centre[1]+half*2/3, 80)},
			}}
			m, err := imagery.Draw(t.Context(), []imagery.Source{source}, v)
			if err != nil {
				t.Fatal(err)
			}
			if !m.Opaque {
				t.Errorf("%v at scale %d has holes", centre, z)
			}
			for k := range v.Width * v.Height {
				x, y := k%v.Width, k/v.Width
				p := orb.Point{
					v.Bound.Min[0] + (float64(x)+0.5)/float64(v.Width)*2*half,
					v.Bound.Max[1] - (float64(y)+0.5)/float64(v.Height)*(v.Bound.Max[1]-v.Bound.Min[1]),
				}
				if math.Abs(p[0]) < 179 && farOff(m.NRGBAAt(x, y), p) > 5 {
					t.Fatalf("%v at scale %d: pixel %d, %d is %v, want %v", centre, z, x, y, m.NRGBAAt(x, y), waves(p))
				}
			}
		}
	}
}

func TestABoxCutsAMosaicOnEveryLevel(t *testing.T) {
	o := threeFine(t)
	o.BBox = &orb.Bound{Min: orb.Point{5, 47}, Max: orb.Point{9.2, 48.95}}
	r := made(t, o, 2)
	for z := range r.Info().Levels[1] + 1 {
		columns, _ := o.Grid.Size(z)
		pixel := 360 / float64(columns) / tiler.TileSize
		for c := range tilesOf(t, r, z) {
			m := decoded(t, r, c)
			for k := range tiler.TileSize * tiler.TileSize {
				x, y := k%tiler.TileSize, k/tiler.TileSize
				p, a := place(o.Grid, c, x, y), m.NRGBAAt(x, y).A
				if inside := o.BBox.Pad(-pixel).Contains(p); inside && a != 255 || a != 0 && !o.BBox.Pad(pixel).Contains(p) {
					t.Fatalf("tile %s: alpha %d at %v", c, a, p)
				}
			}
		}
	}
}

func TestLevelsThatAreAskedForAreThoseOfTheFinest(t *testing.T) {
	for _, c := range []struct {
		min, max int
		want     []uint8 // deepest of each ground
	}{
		{-1, -1, []uint8{11, 6, 2}}, {-1, 13, []uint8{13, 6, 2}}, {-1, 9, []uint8{9, 6, 2}}, {-1, 5, []uint8{5, 2}}, {-1, 1, []uint8{1}},
		{4, 9, []uint8{9, 6, 4}},
	} {
		o := threeFine(t)
		o.Min, o.Max = c.min, c.max
		job, err := tiler.Prepare(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		var got []uint8
		for _, g := range job.Plan.Grounds {
			if n := len(got); n == 0 || got[n-1] != g.Deepest {
				got = append(got, g.Deepest)
			}
		}
		if !bytes.Equal(got, c.want) {
			t.Errorf("--levels %d-%d: grounds end at %v, want %v", c.min, c.max, got, c.want)
		}
		job.Close()
	}
}

func TestSourcesOnEitherSideOfALimitAreMadeToOneLevel(t *testing.T) {
	o := threeFine(t)
	o.Sources = nil
	for name, pixel := range map[string]float64{"a": 0.021, "b": 0.019, "c": 0.012} {
		o.Sources = append(o.Sources, ground{7, 52, pixel, 200, 200}.write(t, name))
	}
	o.Max = -1
	job, err := tiler.Prepare(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer job.Close()
	if g := job.Plan.Grounds; len(g) != 1 || len(g[0].Bounds) != 3 {
		t.Errorf("%+v", g)
	}
}

func TestAGlobeAndAnAerialPhotographAreMadeAsOne(t *testing.T) {
	world, photo := shared(t, "blue_marble_4096x2048.jpg"), shared(t, "aerial_rgba_15cm_utm13n.tif")
	translate, err := exec.LookPath("gdal_translate")
	if err != nil {
		t.Skip("no gdal_translate here to say where the globe lies")
	}
	globe := filepath.Join(t.TempDir(), "globe.tif")
	args := []string{"-q", "-a_srs", "EPSG:4326", "-a_ullr", "-180", "90", "180", "-90", world, globe}
	if out, err := exec.Command(translate, args...).CombinedOutput(); err != nil {
		t.Fatal(err, string(out))
	}
	r := made(t, tiler.Options{Sources: []string{globe, photo}, Grid: tilegrid.Mercator, Format: tiler.PNG}, 2)
	i := r.Info()
	if i.Levels != [2]uint8{0, 20} || i.Tiles > 500 {
		t.Errorf("levels %v, %d tiles", i.Levels, i.Tiles)
	}
	centre := orb.Point{-104.775, 38.9537}
	for _, z := range []uint8{20, 18, 14, 5, 4} {
		compare(t, r, i.Grid.At(centre, z), globe, photo)
	}
}

// compare holds a tile against gdalwarp's picture of the same ground at the deepest level or that of the tile, averaged.
func compare(t *testing.T, r *mbtiles.Reader, c tilegrid.Coord, sources ...string) {
	t.Helper()
	warp, err := exec.LookPath("gdalwarp")
	if err != nil {
		t.Skip("no gdalwarp here to compare with")
	}
	const half = math.Pi * 6378137
	finer := min(20-c.Z, 2)
	side, n := 2*half/math.Exp2(float64(c.Z)), tiler.TileSize<<finer
	west, south := float64(c.X)*side-half, float64(c.Y)*side-half
	out := filepath.Join(t.TempDir(), "warped.png")
	args := []string{"-q", "-of", "PNG", "-r", "bilinear", "-et", "0", "-dstalpha", "-t_srs", "EPSG:3857", "-ts", fmt.Sprint(n), fmt.Sprint(n), "-te",
		fmt.Sprint(west), fmt.Sprint(south), fmt.Sprint(west + side), fmt.Sprint(south + side)}
	args = append(args, sources...)
	cmd := exec.Command(warp, append(args, out)...)
	cmd.Env = append(os.Environ(), "GDAL_PAM_ENABLED=NO")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatal(err, string(text))
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	want, err := picture.Decode(data, n*n)
	if err != nil {
		t.Fatal(err)
	}
	got := decoded(t, r, c)
	far, sum := 0, 0
	for k := range tiler.TileSize * tiler.TileSize {
		x, y := k%tiler.TileSize, k/tiler.TileSize
		q, w := got.NRGBAAt(x, y), mean(want.NRGBA, x<<finer, y<<finer, 1<<finer)
		d := 0
		for b, v := range [4]uint8{q.R, q.G, q.B, q.A} {
			d = max(d, max(int(v)-w[b], w[b]-int(v)))
		}
		if sum += d; d > 24 {
			far++
		}
	}
	if mean := float64(sum) / tiler.TileSize / tiler.TileSize; mean > 3 || far > tiler.TileSize*tiler.TileSize/100 {
		t.Errorf("tile %s: differs from gdalwarp's by %.2f in the mean, %d pixels by much", c, mean, far)
	}
}

// mean is the mean colour of a square.
func mean(m *image.NRGBA, x0, y0, n int) (out [4]int) {
	for y := y0; y < y0+n; y++ {
		for x := x0; x < x0+n; x++ {
			for b, v := range m.Pix[m.PixOffset(x, y):][:4] {
				out[b] += int(v)
			}
		}
	}
	for b := range out {
		out[b] = (out[b] + n*n/2) / (n * n)
	}
	return out
}

func TestAnInterruptedMosaicCarriesOnToTheSameBytes(t *testing.T) {
	o := threeFine(t)
	o.Max, o.Format = -1, tiler.Auto // JPEG: what is read back is not what was painted
	var want []byte
	for _, stops := range [][]int{{}, {0}, {1, 0, 1, 2, 0, 3}, {5, 5}, {2, 2, 2, 2, 2, 2}} {
		got := inPieces(t, o, stops)
		if want == nil {
			want = got
		} else if !bytes.Equal(got, want) {
			t.Errorf("stopped after %v units: other bytes than the run in one", stops)
		}
	}
}

// inPieces runs an ingest that is stopped after some units, again and again, and returns the file.
func inPieces(t *testing.T, o tiler.Options, stops []int) []byte {
	t.Helper()
	dir := t.TempDir()
	for k := 0; ; k++ {
		job, err := tiler.Prepare(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		w, err := mbtiles.Create(t.Context(), dir, "kept", mbtiles.Options{Work: job.Work, Shared: true})
		if err != nil {
			t.Fatal(err)
		}
		store := tiler.Store(w)
		if k < len(stops) {
			store = &broken{w, stops[k]}
		}
		err = job.Run(context.WithoutCancel(t.Context()), store, 2, func(tiler.Progress) {})
		w.Close()
		job.Close()
		if err == nil {
			data, err := os.ReadFile(w.Path())
			if err != nil {
				t.Fatal(err)
			}
			return data
		}
		if k >= len(stops) {
			t.Fatal(err)
		}
	}
}
