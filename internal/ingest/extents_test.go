package ingest

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/tilegrid"
)

// TestTheWorldIsWhatGDALSaysItIs holds the tests' own truth to gdallocationinfo, at a few hundred places of the original files.
func TestTheWorldIsWhatGDALSaysItIs(t *testing.T) {
	for _, w := range []world{etopo1(t), etopo20(t)} {
		r := rand.New(rand.NewPCG(4, 8))
		var places []orb.Point
		var in strings.Builder
		for range 400 {
			p := orb.Point{w.west + w.step*float64(r.IntN(w.cols)), w.north - w.step*float64(r.IntN(w.rows))}
			places = append(places, p)
			fmt.Fprintf(&in, "%.9f %.9f\n", p[0], p[1])
		}
		for k, said := range strings.Fields(gdalTool(t, in.String(), "gdallocationinfo", "-valonly", "-wgs84", w.file)) {
			want, err := strconv.ParseFloat(said, 64)
			if h, _, _ := w.at(places[k]); err != nil || math.Abs(h-want) > 1e-3 {
				t.Fatalf("%s at %v: %g, GDAL says %s", filepath.Base(w.file), places[k], h, said)
			}
		}
	}
}

// points are the options by which gdal_translate declares that values are those of points.
func points() []string { return []string{"-mo", "AREA_OR_POINT=Point"} }

// rounding is how far a stored height may be from what was read: half of a 64th of a metre, and what float32 leaves of heights.
const rounding = 1.0/128 + 2e-3

// TestGridsOfTheGlobeLieWhereTheyShould ingests the two global files in every form in which such grids come. The posts are the
// originals' own, so stored heights are what lies between those, to the rounding.
func TestGridsOfTheGlobeLieWhereTheyShould(t *testing.T) {
	const third = 1.0 / 3
	one, twenty, globe := etopo1(t), etopo20(t), box(-180, -90, 180, 90)
	for _, c := range []struct {
		name string
		world
		form
		region orb.Bound
	}{
		{"posts on the rim, as it came", one, form{}, globe},
		{"cells, as it came", twenty, form{}, globe},
		{"posts on the rim, declared as points", one, form{4326, 361, 181, [6]float64{-180.5, 1, 0, 90.5, 0, -1}, points()}, globe},
		{"posts 0..360, the first repeated", one, form{4326, 361, 181, [6]float64{-0.5, 1, 0, 90.5, 0, -1}, nil}, globe},
		{"posts 0..359", one, form{4326, 360, 181, [6]float64{-0.5, 1, 0, 90.5, 0, -1}, nil}, globe},
		{"posts from the south", one, form{4326, 361, 181, [6]float64{-180.5, 1, 0, -90.5, 0, 1}, nil}, globe},
		{"posts from the east, none repeated", one, form{4326, 360, 181, [6]float64{180.5, -1, 0, 90.5, 0, -1}, nil}, globe},
		{"posts column by column", one, form{4326, 181, 361, [6]float64{-180.5, 0, 1, 90.5, -1, 0}, nil}, globe},
		{"cells 20..380, declared as points", twenty, form{4326, 1080, 540, [6]float64{20, third, 0, 90, 0, -third}, points()}, globe},
		{"cells from the east and the south", twenty, form{4326, 1080, 540, [6]float64{180, -third, 0, -90, 0, third}, nil}, globe},
		{"cells 160..200", twenty, form{4326, 120, 60, [6]float64{160, third, 0, 60, 0, -third}, nil}, box(160.2, 40.2, 199.8, 59.8)},
		{"cells -200..-160", twenty, form{4326, 120, 60, [6]float64{-200, third, 0, 60, 0, -third}, nil}, box(160.2, 40.2, 199.8, 59.8)},
		{"posts 350..370", one, form{4326, 21, 21, [6]float64{349.5, 1, 0, 60.5, 0, -1}, points()}, box(-10, 40, 10, 60)},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := c.world.file
			if c.form.cols > 0 {
				file = c.write(t, c.form)
			}
			o := Options{Sources: []string{file}, Leaf: -1}
			if c.step < 1 && c.region == globe {
				o.Leaf = 3 // as fine as the cells, nearly
			}
			l := c.compare(t, dig(ingested(t, o)), c.region)
			t.Log(l)
			if l.posts < 500 || l.absent > 0 || !(l.most <= rounding) || !(l.off() <= 1e-3) {
				t.Errorf("%v, want %g m", l, rounding)
			}
			c.checkPoles(t, l, rounding)
		})
	}
}

// TestHalfACellIsSeen holds that the tests above can fail: posts on the rim that are taken for cells are found half a cell off.
func TestHalfACellIsSeen(t *testing.T) {
	one := etopo1(t)
	right := one.write(t, form{4326, 360, 181, [6]float64{-180.5, 1, 0, 90.5, 0, -1}, nil})
	wrong := filepath.Join(t.TempDir(), "wrong.tif")
	gdalTool(t, "", "gdal_translate", "-q", "-a_ullr", "-180", "90", "180", "-91", right, wrong)
	l := one.compare(t, dig(ingested(t, Options{Sources: []string{wrong}, Leaf: -1})), box(-179, -80, 179, 80))
	t.Log(l) // by least squares of rough ground it is a little less than half a cell
	if !(l.east > 0.25 && l.north < -0.25) || l.most < 100 {
		t.Errorf("%v, want half a cell east and south", l)
	}
}

// TestProjectedGridsLieWhereTheyShould ingests real heights in projections: across the antimeridian, beyond a projection's own
// cut, around a pole, with a corner or an edge at it, rotated. The world's cells are coarser than theirs, so that what lies
// between pixels says little of the world but where it is; at a few hundred posts heights are those between the file's own
// pixels.
func TestProjectedGridsLieWhereTheyShould(t *testing.T) {
	one := etopo1(t)
	for _, c := range []struct {
		name string
		form
		turn   float64 // metres round the globe, of a projection that goes on beyond its cut
		cell   float64 // of the file, in cells of the world
		region orb.Bound
	}{
		{"UTM 60 across the antimeridian", form{32660, 100, 150, [6]float64{0, 1e4, 0, 6.5e6, 0, -1e4}, nil}, 0, 0.09, box(173, 46, 183, 57)},
		{"Mercator across the antimeridian", form{3857, 120, 190, [6]float64{18924313, 18553, 0, 8399738, 0, -18553}, nil},
			40075016.68557849, 0.1, box(171, 42, 189, 58)},
		{"Mercator of the Pacific, to the east of its cut", form{3832, 70, 60, [6]float64{18.6e6, 37106, 0, 1e6, 0, -37106}, nil},
			40075016.68557849, 0.33, box(-42.5, -10, -20, 8)},
		{"the globe in an equal area projection", form{6933, 360, 146, [6]float64{-17367530.445, 17367530.445 / 180, 0, 7.3e6, 0, -1e5}, nil},
			0, 0.9, box(-180, -60, 180, 60)},
		{"the globe on a disk", form{3571, 256, 256, [6]float64{-12.8e6, 1e5, 0, 12.8e6, 0, -1e5}, nil}, 0, 0.9, box(-180, 0, 180, 70)},
		{"the north pole", form{3413, 160, 160, [6]float64{-2e6, 25000, 0, 2e6, 0, -25000}, nil}, 0, 0.22, box(-180, 72.5, 180, 90)},
		{"the south pole, a post on it, south-up, as points", form{3031, 161, 161, [6]float64{-2012500, 25000, 0, -2012500, 0, 25000}, points()},
			0, 0.22, box(-180, -90, 180, -72.5)},
		{"the south pole, rotated", form{3031, 200, 200, [6]float64{-2.8e6, 20000, 15000, 0.4e6, 15000, -20000}, nil}, 0, 0.22, box(-180, -90, 180, -77)},
		{"a corner at the pole", form{3031, 120, 120, [6]float64{-3e6, 25000, 0, 0, 0, -25000}, nil}, 0, 0.22, box(182, -89.5, 268, -66)},
		{"an edge two pixels beyond the pole", form{3031, 236, 122, [6]float64{-2.9e6, 25000, 0, 3e6, 0, -25000}, nil}, 0, 0.22, box(-88, -90, 88, -66)},
		{"rotated, across the antimeridian", form{4326, 300, 300, [6]float64{150, 0.16, 0.12, 45, 0.12, -0.16}, nil}, 0, 0.2, box(172, 42, 195, 47)},
	} {
		t.Run(c.name, func(t *testing.T) {
			z := one.under(t, c.form)
			d := dig(ingested(t, Options{Sources: []string{c.file(t, z)}, Leaf: -1}))
			l := one.compare(t, d, c.region)
			most := c.between(t, d, z, c.region, c.turn)
			t.Logf("%v; %.3f m from its own pixels", l, most)
			if l.posts < 500 || l.absent > 0 || !(l.off() <= 0.1*c.cell) {
				t.Errorf("%v, want %g cells", l, 0.1*c.cell)
			}
			one.checkPoles(t, l, 250) // the pixels around a pole lie up to 0.16 degrees from it
		})
	}
}

func TestABoxAcrossTheAntimeridianCutsBothSides(t *testing.T) {
	one := etopo1(t)
	beyond := one.write(t, form{4326, 361, 181, [6]float64{-0.5, 1, 0, 90.5, 0, -1}, nil})
	for _, file := range []string{one.file, beyond} {
		cut := box(170, -10, 190, 10)
		r := ingested(t, Options{Sources: []string{file}, Leaf: 4, BBox: &cut})
		if r.Info().Bound != cut {
			t.Errorf("bound %v, want %v", r.Info().Bound, cut)
		}
		d := dig(r)
		if l := one.compare(t, d, cut); l.posts < 10_000 || l.absent > 0 || !(l.most <= rounding) {
			t.Errorf("inside: %v", l)
		}
		wide := cut.Pad(180.0 / 16) // a tile
		for c, err := range r.Coords(t.Context(), d.leaf) {
			if b := tilegrid.Geodetic.Bound(c); err != nil || !within(wide, b.Min, 0) || !within(wide, b.Max, 0) {
				t.Errorf("tile %s at %v, %v", c, b, err)
			}
		}
	}
}

func TestExtentsThatCannotBeRightAreRefusedWithARemedy(t *testing.T) {
	one := etopo1(t)
	tied := filepath.Join(t.TempDir(), "tied.tif")
	gdalTool(t, "", "gdal_translate", "-q", "-a_srs", "EPSG:4326",
		"-gcp", "0", "0", "10", "50", "-gcp", "361", "0", "20", "51", "-gcp", "0", "181", "11", "40",
		one.write(t, form{4326, 361, 181, [6]float64{-180.5, 1, 0, 90.5, 0, -1}, nil}), tied)
	for name, c := range map[string]struct {
		file string
		want error
	}{
		"control points alone":            {tied, raster.ErrNoCRS},
		"two cells beyond a pole":         {one.write(t, form{4326, 360, 185, [6]float64{-180, 1, 0, 92.5, 0, -1}, nil}), raster.ErrCRS},
		"three cells more than one round": {one.write(t, form{4326, 363, 181, [6]float64{-180, 1, 0, 90.5, 0, -1}, nil}), raster.ErrCRS},
		"kilometres called degrees":       {one.write(t, form{4326, 100, 100, [6]float64{400, 10, 0, 5000, 0, -10}, nil}), raster.ErrCRS},
	} {
		job, err := Prepare(t.Context(), Options{Sources: []string{c.file}, Leaf: -1})
		var told *remedy.Error
		if !errors.Is(err, c.want) || !errors.As(err, &told) || told.Try == "" {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			job.Close()
		}
	}
}
