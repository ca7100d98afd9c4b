package tiler_test

import (
	"context"
	"errors"
	"image"
	"image/color"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/internal/tiler"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// awkward makes a GeoTIFF of the Blue Marble by one of GDAL's programs, or skips the test where that is absent.
func awkward(t *testing.T, name string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is absent: awkward files are made by it", name)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out := filepath.Join(t.TempDir(), "awkward.tif")
	c := exec.CommandContext(ctx, path, append(append([]string{"-q"}, args...), shared(t, "blue_marble_4096x2048.jpg"), out)...)
	c.Env = append(os.Environ(), "GDAL_PAM_ENABLED=NO")
	if said, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%s %q: %v: %s", name, args, err, said)
	}
	return out
}

// look returns the colours of a dataset's deepest level at places; each tile is decoded once.
func look(t *testing.T, r *mbtiles.Reader) func(orb.Point) color.NRGBA {
	i := r.Info()
	z := i.Levels[1]
	columns, rows := i.Grid.Size(z)
	tiles := map[tilegrid.Coord]*image.NRGBA{}
	for c := range tilesOf(t, r, z) {
		tiles[c] = decoded(t, r, c).NRGBA
	}
	return func(p orb.Point) color.NRGBA {
		x, y := i.Grid.Fraction(orb.Point{math.Remainder(p[0], 360), p[1]})
		col, row := int(x*float64(columns)*tiler.TileSize), int((1-y)*float64(rows)*tiler.TileSize)
		m := tiles[i.Grid.FlipY(tilegrid.Coord{Z: z, X: uint32(col / tiler.TileSize), Y: uint32(row / tiler.TileSize)})]
		if m == nil {
			return color.NRGBA{}
		}
		return m.NRGBAAt(col%tiler.TileSize, row%tiler.TileSize)
	}
}

// apart returns by how much colours differ in the mean, a grid of places over a box, where the second are looked up a little aside.
func apart(a, b func(orb.Point) color.NRGBA, box orb.Bound, aside orb.Point) float64 {
	const n = 60
	sum := 0.0
	for k := range n * n {
		p := orb.Point{
			box.Min[0] + (box.Max[0]-box.Min[0])*(float64(k%n)+0.5)/n,
			box.Min[1] + (box.Max[1]-box.Min[1])*(float64(k/n)+0.5)/n,
		}
		shrink := math.Cos(p[1] * math.Pi / 180)
		c, d := a(p), b(orb.Point{p[0] + aside[0]/shrink, p[1] + aside[1]})
		for _, v := range [][2]uint8{{c.R, d.R}, {c.G, d.G}, {c.B, d.B}, {c.A, d.A}} {
			sum += math.Abs(float64(v[0]) - float64(v[1]))
		}
	}
	return sum / (n * n)
}

// around is the shape of a picture around a pole.
func around(code string) []string {
	return []string{"-t_srs", code, "-te", "-2e6", "-2e6", "2e6", "2e6", "-tr", "1e4", "1e4"}
}

// TestPicturesOfAwkwardExtentsShowTheSameGround ingests the Blue Marble as it is, and warped into awkward extents: both show
// the same colours at the same places, and would not a pixel or two aside.
func TestPicturesOfAwkwardExtentsShowTheSameGround(t *testing.T) {
	world := shared(t, "blue_marble_4096x2048.jpg")
	plain := map[tilegrid.Grid]func(orb.Point) color.NRGBA{}
	for _, grid := range []tilegrid.Grid{tilegrid.Mercator, tilegrid.Geodetic} {
		level := 3
		if grid == tilegrid.Geodetic {
			level = 2
		}
		o := tiler.Options{Sources: []string{world}, Raster: raster.PictureOptions{SrcCRS: "EPSG:4326"}, Grid: grid, Max: level}
		plain[grid] = look(t, made(t, o, 2))
	}
	for _, c := range []struct {
		name  string
		grid  tilegrid.Grid
		level int
		shape []string // of gdalwarp
		box   orb.Bound
		bound orb.Bound // of the dataset
	}{
		{"the north pole in Mercator ends where that does", tilegrid.Mercator, 3, around("EPSG:3413"),
			box(-180, 73, 179.99, 85.04), box(-180, 64.3, 180, tilegrid.MercatorLimit)},
		{"the north pole in degrees", tilegrid.Geodetic, 2, around("EPSG:3413"),
			box(-180, 73, 179.99, 89.9), box(-180, 64.3, 180, 90)},
		{"the south pole in degrees", tilegrid.Geodetic, 2, around("EPSG:3031"),
			box(-180, -89.9, 179.99, -73), box(-180, -90, 180, -64.3)},
		{"Mercator of the Pacific", tilegrid.Mercator, 3, []string{"-t_srs", "EPSG:3832", "-te", "1.1e6", "-2e6", "7e6", "2e6", "-tr", "1e4", "1e4"},
			box(161, -17, 212, 17), box(159.9, -17.7, 212.9, 17.7)},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := awkward(t, "gdalwarp", append([]string{"-s_srs", "EPSG:4326", "-r", "bilinear", "-et", "0"}, c.shape...)...)
			r := made(t, tiler.Options{Sources: []string{file}, Grid: c.grid, Max: c.level}, 2)
			b := r.Info().Bound
			for k := range 2 {
				if math.Abs(b.Min[k]-c.bound.Min[k]) > 0.2 || math.Abs(b.Max[k]-c.bound.Max[k]) > 0.2 {
					t.Fatalf("bound %v, want %v", b, c.bound)
				}
			}
			shown := look(t, r)
			for _, p := range []orb.Point{c.box.Min, c.box.Max, c.box.Center(), {c.box.Min[0], c.box.Max[1]}, {c.box.Max[0], c.box.Min[1]}} {
				if shown(p).A != 255 {
					t.Errorf("nothing at %v", p)
				}
			}
			least := apart(shown, plain[c.grid], c.box, orb.Point{})
			for _, aside := range []orb.Point{{0.3, 0}, {-0.3, 0}, {0, 0.3}, {0, -0.3}} {
				if d := apart(shown, plain[c.grid], c.box, aside); !(least < 0.9*d) {
					t.Errorf("colours differ by %.1f, %v degrees aside by %.1f", least, aside, d)
				}
			}
			t.Logf("colours differ by %.1f", least)
		})
	}
}

func TestABoxAcrossTheAntimeridianCutsThePicturesOnBothSides(t *testing.T) {
	for _, grid := range []tilegrid.Grid{tilegrid.Mercator, tilegrid.Geodetic} {
		box := box(170, -20, 195, 30)
		r := made(t, tiler.Options{Sources: []string{shared(t, "blue_marble_4096x2048.jpg")}, Raster: raster.PictureOptions{SrcCRS: "EPSG:4326"},
			Grid: grid, Max: 4, BBox: &box, KeepValues: true}, 2)
		if r.Info().Bound != box {
			t.Errorf("bound %v", r.Info().Bound)
		}
		for _, c := range []struct {
			at      orb.Point
			visible bool
		}{
			{orb.Point{170.2, 0}, true}, {orb.Point{169.7, 0}, false}, {orb.Point{179.9, 29.8}, true}, {orb.Point{-179.9, 30.3}, false},
			{orb.Point{-165.3, -19.8}, true}, {orb.Point{-164.7, 0}, false}, {orb.Point{0, 0}, false},
		} {
			if got := pixel(t, r, c.at); (got[3] != 0) != c.visible {
				t.Errorf("%v is %v", c.at, got)
			}
		}
	}
}

func TestPicturesBeyondThePolesAreRefused(t *testing.T) {
	file := awkward(t, "gdal_translate", "-a_srs", "EPSG:4326", "-a_ullr", "-180", "110", "180", "-70")
	job, err := tiler.Prepare(t.Context(), tiler.Options{Sources: []string{file}, Grid: tilegrid.Mercator, Max: -1})
	var told *remedy.Error
	if !errors.Is(err, raster.ErrCRS) || !errors.As(err, &told) || told.Try == "" {
		t.Errorf("%v", err)
	}
	if err == nil {
		job.Close()
	}
}
