package ingest

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
)

// worked works a job off into memory.
func worked(t *testing.T, o Options) (*Job, *memory) {
	t.Helper()
	j, store := prepare(t, o), newMemory()
	if err := j.Run(t.Context(), store, 2, silent); err != nil {
		t.Fatal(err)
	}
	return j, store
}

// storedAt returns the stored height of the post nearest to a place on a level, and where that post is.
func storedAt(t *testing.T, store *memory, z uint8, p orb.Point) (float64, orb.Point) {
	t.Helper()
	c := tilegrid.Geodetic.At(p, z)
	data, err := store.Heights(t.Context(), c)
	if err != nil {
		t.Fatalf("heights of %s: %v", c, err)
	}
	grid := make([]float32, terrain.StoredSide*terrain.StoredSide)
	if err := terrain.DecodeHeights(data, grid); err != nil {
		t.Fatal(err)
	}
	b, s := tilegrid.Geodetic.Bound(c), spacing(z)
	col, row := math.Round((p[0]-b.Min[0])/s), math.Round((b.Max[1]-p[1])/s)
	return float64(grid[int(row)*terrain.StoredSide+int(col)]), orb.Point{b.Min[0] + col*s, b.Max[1] - row*s}
}

func egm96(t *testing.T) *raster.Geoid {
	t.Helper()
	g, err := raster.OpenGeoid(t.Context(), "egm96")
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestHeightsAboveAGeoidAreStoredAboveTheEllipsoid(t *testing.T) {
	dem := sharedFile(t, "data/dem/pyrenees_crop_epsg4326+5773.tif")
	j, above := worked(t, Options{Sources: []string{dem}, Leaf: -1})
	_, asIs := worked(t, Options{Sources: []string{dem}, Leaf: -1, Vertical: "ellipsoid"})
	g := egm96(t)
	for _, p := range []orb.Point{{1.5, 42.5}, {1.35, 42.7}, {1.75, 42.46}, {1.62, 42.61}} {
		got, at := storedAt(t, above, j.Plan.Leaf, p)
		raw, _ := storedAt(t, asIs, j.Plan.Leaf, p)
		if n, _ := g.Undulation(at); math.Abs(got-raw-n) > terrain.StoredStep*1.01 {
			t.Errorf("at %v: %.3f m, want %.3f + %.3f", at, got, raw, n)
		}
	}
	if j.Vertical() != "ellipsoid" || above.info.Vertical != "ellipsoid" {
		t.Errorf("vertical %s, %s", j.Vertical(), above.info.Vertical)
	}
	var r recipe
	if err := json.Unmarshal(above.info.Provenance, &r); err != nil {
		t.Fatal(err)
	}
	s := r.Sources[0]
	if s.Vertical != "EGM96 height" || s.Found != "compound CRS" || s.Shift == nil || s.Shift.Grid != "egm96_15.gtx" || !(s.Shift.Range[0] > 52) {
		t.Errorf("provenance %+v, shift %+v", s, s.Shift)
	}
	if !strings.HasPrefix(r.Datum, "EGM96 -> ellipsoid, N = +52.") || math.Abs(r.Heights[0]-678.5) > 1 || math.Abs(r.Heights[1]-3152.5) > 1 {
		t.Errorf("datum %q, heights %v", r.Datum, r.Heights)
	}
}

// TestSeaLevelIsWhereNoDataIs looks at the root tiles, which are the guide's surface but for a small place: the sea off India lies 100 m below the
// ellipsoid.
func TestSeaLevelIsWhereNoDataIs(t *testing.T) {
	dem := sharedFile(t, "data/dem/pyrenees_crop_epsg4326+5773.tif")
	_, above := worked(t, Options{Sources: []string{dem}, Leaf: 6})
	_, asIs := worked(t, Options{Sources: []string{dem}, Leaf: 6, Vertical: "ellipsoid"})
	g := egm96(t)
	for _, p := range []orb.Point{{78, 3}, {-30, 50}, {150, -5}, {-180, 0}, {0, 90}, {10, -90}} {
		got, at := storedAt(t, above, 0, p)
		n, _ := g.Undulation(at)
		if math.Abs(got-n) > 10 {
			t.Errorf("with a geoid, at %v: %.1f m, want about %.1f", at, got, n)
		}
		if got, at := storedAt(t, asIs, 0, p); got != 0 {
			t.Errorf("with ellipsoidal heights, at %v: %.1f m, want 0", at, got)
		}
	}
}

// TestTheBaseFollowsTheLowestLayerAboveAGeoid holds the rule for sources of several datums, and what is beyond a national grid.
func TestTheBaseFollowsTheLowestLayerAboveAGeoid(t *testing.T) {
	fine, coarse := ascii(t, "fine.asc", 8, 50, 0.5, 40), ascii(t, "coarse.asc", 7, 49, 3, 40)
	grid := sharedFile(t, "data/geoid/de_bkg_gcg2016.tif")
	german, err := raster.OpenGeoid(t.Context(), grid)
	if err != nil {
		t.Fatal(err)
	}
	global := egm96(t)
	inside, outside := orb.Point{9, 50.2}, orb.Point{-40, 30}
	for _, c := range []struct {
		name, vertical string
		in, out        *raster.Geoid // nil: the ellipsoid
	}{
		{"both ellipsoidal", "ellipsoid", nil, nil},
		{"nothing known", "auto", nil, nil},
		{"all above one", "egm96", global, global},
		{"only the fine one above one", "ellipsoid,fine.asc=egm96", global, global},
		{"the coarse one above a national one", "egm96,coarse.asc=" + grid, german, global},
		{"the fine one above a national one", "egm96,fine.asc=" + grid, global, global},
	} {
		o := optionsFor(fine, coarse)
		o.Vertical = c.vertical
		base := prepare(t, o).base(t.Context())
		for p, g := range map[orb.Point]*raster.Geoid{inside: c.in, outside: c.out} {
			want := 0.0
			if g != nil {
				want, _ = g.Undulation(p)
			}
			if got := float64(base.at(p)); math.Abs(got-want) > 1e-4 {
				t.Errorf("%s, at %v: %.3f, want %.3f", c.name, p, got, want)
			}
		}
	}
}

func TestDatumsAreSummedUpInWords(t *testing.T) {
	geoid := func(name, grid string, lo, hi float64) raster.File {
		return raster.File{
			Vertical: raster.Vertical{Name: name, EPSG: 1, From: "compound CRS"},
			Shift:    raster.Shift{Model: name, Grid: grid, Min: lo, Max: hi, Covered: 1},
		}
	}
	ellipsoid := raster.File{Vertical: raster.Vertical{Name: "ellipsoid", EPSG: 4979, From: "3D CRS"}}
	for _, c := range []struct {
		want  string
		files []raster.File
	}{
		{"", []raster.File{ellipsoid, ellipsoid}},
		{"datum not stated: kept as they are", []raster.File{{}}},
		{"EGM96 -> ellipsoid, N = -3.2 .. +52.9 m", []raster.File{geoid("EGM96 height", "a.gtx", 47.8, 52.9), geoid("EGM96 height", "a.gtx", -3.2, 4)}},
		{"EGM96 -> ellipsoid, N = +1.0 .. +2.0 m; ellipsoidal: no shift; datum not stated: kept as they are",
			[]raster.File{geoid("EGM96 height", "a.gtx", 1, 2), ellipsoid, {}}},
	} {
		if got := DatumText(c.files); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	if d := Datums([]raster.File{ellipsoid, {}, ellipsoid}); len(d) != 2 || d[0].Files != 2 || !d[0].Known() || d[1].Known() {
		t.Errorf("%+v", d)
	}
}
