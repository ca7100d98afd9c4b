package ingest

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/internal/region"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// square is a site a hundredth of a degree wide at 10 E, 40 N.
func square(height, blend float64, g Grade) *site {
	ring := orb.Polygon{{{10, 40}, {10.01, 40}, {10.01, 40.01}, {10, 40.01}, {10, 40}}}
	s := &site{Site: Site{Height: height, Blend: blend, Grade: g}, region: region.New([]orb.Polygon{ring})}
	s.add(ring)
	return s
}

func TestASiteBlendsIntoTheGround(t *testing.T) {
	ground := slab{box: box(0, 30, 20, 50), height: 100}
	s := square(200, 300, Flatten)
	const level = 15
	step := spacing(level)
	l := raster.Lattice{Level: level, MinI: int64(190.005 / step), MinJ: int64(130.005 / step), Cols: 200, Rows: 1}
	z := heightsOf(t, &plot{s, ground}, l)
	for k, h := range z {
		lon := l.Post(l.MinI+int64(k), 0)[0]
		far := max(0, (lon-10.01)*math.Cos(40.005*math.Pi/180)*metresPerDegree)
		want := 100 + 100*(1-float64(smooth(float32(far/300))))
		if math.Abs(float64(h)-want) > 0.2 {
			t.Fatalf("%.1f m outside: %v, want %v", far, h, want)
		}
	}
	if z[0] != 200 || z[len(z)-1] != 100 {
		t.Errorf("from %v to %v", z[0], z[len(z)-1])
	}
}

func TestCutOnlyLowersAndFillOnlyRaises(t *testing.T) {
	at := raster.Lattice{Level: 15, MinI: int64(190.005 / spacing(15)), MinJ: int64(130.005 / spacing(15)), Cols: 1, Rows: 1}
	for _, c := range []struct {
		grade        Grade
		ground, want float32
	}{
		{Cut, 300, 200}, {Cut, 100, 100}, {Raise, 100, 200}, {Raise, 300, 300}, {Flatten, 100, 200}, {Flatten, 300, 200},
	} {
		got := heightsOf(t, &plot{square(200, 0, c.grade), slab{box: box(0, 30, 20, 50), height: c.ground}}, at)
		if got[0] != c.want {
			t.Errorf("%s at 200 m of ground at %v m: %v, want %v", c.grade, c.ground, got[0], c.want)
		}
	}
}

func TestASiteOverADatasetIsFaultless(t *testing.T) {
	dir := t.TempDir()
	old := made(t, dir, Options{Sources: []string{ascii(t, "wide.asc", 10, 40, 1, 40)}})
	path := filepath.Join(t.TempDir(), "site.geojson")
	text := `{"type":"Polygon","coordinates":[[[10.40,40.40],[10.42,40.40],[10.42,40.415],[10.41,40.405],[10.40,40.415],[10.40,40.40]]]}`
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	j, err := PrepareSite(t.Context(), SiteOptions{Site: Site{File: path, Height: 140, Blend: 200, Grade: Flatten}, Under: over(dir, 1, old).Under})
	if err != nil {
		t.Fatal(err)
	}
	r := ran(t, dir, j)
	if r.Info().Vertical != old.Info().Vertical || r.Info().Bound != old.Info().Bound {
		t.Errorf("%+v", r.Info())
	}
	if n := len(remade(t, r, old)[old.Info().Levels[1]]); n == 0 || n > 9 {
		t.Errorf("%d tiles of the old deepest level changed", n)
	}
}

// plannedSite plans a site of a polygon, given as its text, over a dataset.
func plannedSite(t *testing.T, dir string, old *mbtiles.Reader, s Site, ring string, leaf uint8) (*Job, error) {
	t.Helper()
	s.File = filepath.Join(t.TempDir(), "site.geojson")
	if err := os.WriteFile(s.File, []byte(`{"type":"Polygon","coordinates":[[`+ring+`]]}`), 0o644); err != nil {
		t.Fatal(err)
	}
	return PrepareSite(t.Context(), SiteOptions{Site: s, Under: over(dir, 1, old).Under, Leaf: leaf})
}

func TestASiteStaysOnTheGroundOfItsDataset(t *testing.T) {
	dir := t.TempDir()
	old := made(t, dir, Options{Sources: []string{ascii(t, "wide.asc", 10, 40, 1, 40)}})
	flat := Site{Height: 500, Blend: 50, Grade: Flatten}
	for name, ring := range map[string]string{
		"latitude first": "[40.40,10.40],[40.41,10.40],[40.41,10.41],[40.40,10.40]",
		"elsewhere":      "[15.40,46.40],[15.41,46.40],[15.41,46.41],[15.40,46.40]",
		"beside it":      "[11,40.40],[11.01,40.40],[11.01,40.41],[11,40.40]",
	} {
		_, err := plannedSite(t, dir, old, flat, ring, 0)
		if !errors.Is(err, ErrOptions) || !strings.Contains(err.Error(), "its polygons lie in ") ||
			!strings.Contains(err.Error(), "the dataset covers 10,40,11,41") {
			t.Errorf("%s: %v", name, err)
		}
	}
	j, err := plannedSite(t, dir, old, flat, "[10.99,40.40],[11.01,40.40],[11.01,40.41],[10.99,40.41],[10.99,40.40]", 0)
	if err != nil || !j.Earthwork().Partly {
		t.Fatalf("half of it outside: %v, %+v", err, j)
	}
	r := ran(t, dir, j)
	if r.Info().Bound != old.Info().Bound {
		t.Errorf("the bound is %v, it was %v", r.Info().Bound, old.Info().Bound)
	}
	d, err := newDataset(t.Context(), &Under{Stored: r})
	if err != nil {
		t.Fatal(err)
	}
	level := j.Plan.Leaf
	at := func(lon float64) float32 {
		l := raster.Lattice{Level: level, MinI: int64((lon + 180) / spacing(level)), MinJ: int64(130.405 / spacing(level)), Cols: 1, Rows: 1}
		return heightsOf(t, ground{d}, l)[0]
	}
	if inside, outside := at(10.995), at(11.005); inside != 500 || outside > 200 {
		t.Errorf("inside %v m, outside %v m", inside, outside)
	}
}

func TestASliverDoesNotAddLevelsWithoutEnd(t *testing.T) {
	dir := t.TempDir()
	old := made(t, dir, Options{Sources: []string{ascii(t, "wide.asc", 10, 40, 1, 40)}}) // level 7
	for _, c := range []struct {
		name, ring string
		blend      float64
		leaf, want uint8
		full       uint8 // at least
	}{
		{"a field without a blend", "[10.4,40.4],[10.5,40.4],[10.5,40.5],[10.4,40.5],[10.4,40.4]", 0, 0, 10, 10},
		{"a field with a fine blend", "[10.4,40.4],[10.5,40.4],[10.5,40.5],[10.4,40.5],[10.4,40.4]", 1, 0, 11, 13},
		{"a yard on coarse ground", "[10.4,40.4],[10.404,40.4],[10.404,40.403],[10.4,40.403],[10.4,40.4]", 10, 0, 13, 14},
		{"a sliver of seven centimetres", "[10.4,40.4],[10.401,40.4],[10.401,40.4000006],[10.4,40.4000006],[10.4,40.4]", 5, 0, siteFinest, 16},
		{"a yard with levels as told", "[10.4,40.4],[10.404,40.4],[10.404,40.403],[10.4,40.403],[10.4,40.4]", 10, 15, 15, 14},
	} {
		j, err := plannedSite(t, dir, old, Site{Height: 500, Blend: c.blend, Grade: Flatten}, c.ring, c.leaf)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if j.Plan.Leaf != c.want || j.Earthwork().Full < c.full {
			t.Errorf("%s: level %d, want %d; all of it shows at %d", c.name, j.Plan.Leaf, c.want, j.Earthwork().Full)
		}
	}
	_, err := plannedSite(t, dir, old, Site{Height: 500, Grade: Flatten}, "[10.4,40.4],[10.401,40.4],[10.401,40.4000006],[10.4,40.4000006],[10.4,40.4]", 14)
	if !errors.Is(err, ErrOptions) || !strings.Contains(remedy.Try(err), "--levels 0-") {
		t.Errorf("a sliver between the posts: %v (%s)", err, remedy.Try(err))
	}
}

func TestEarthworkIsWhatTheGroundIsMovedBy(t *testing.T) {
	dir := t.TempDir()
	flat := filepath.Join(t.TempDir(), "flat.asc")
	text := "ncols 40\nnrows 40\nxllcorner 10\nyllcorner 40\ncellsize 0.025\n" + strings.Repeat(strings.Repeat("100 ", 40)+"\n", 40)
	if err := os.WriteFile(flat, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	old := made(t, dir, Options{Sources: []string{flat}})
	const field = "[10.4,40.4],[10.41,40.4],[10.41,40.41],[10.4,40.41],[10.4,40.4]"
	east, north := terrain.MetresPerDegree(40.405)
	area := east * north * 1e-4
	for _, c := range []struct {
		grade     Grade
		height    float64
		cut, fill float64 // of the area, metres
	}{
		{Flatten, 90, 10, 0}, {Flatten, 103, 0, 3}, {Flatten, 100, 0, 0}, {Cut, 90, 10, 0}, {Cut, 110, 0, 0}, {Raise, 110, 0, 10}, {Raise, 90, 0, 0},
	} {
		j, err := plannedSite(t, dir, old, Site{Height: c.height, Grade: c.grade}, field, 17)
		if err != nil {
			t.Fatal(err)
		}
		e := j.Earthwork()
		if math.Abs(e.Cut/area-c.cut) > 0.02*c.cut || math.Abs(e.Fill/area-c.fill) > 0.02*c.fill || e.Ground != [2]float64{100, 100} ||
			e.Nothing() != (c.cut+c.fill == 0) {
			t.Errorf("%s to %g m: %+v, want %g and %g m3", c.grade, c.height, e, c.cut*area, c.fill*area)
		}
	}
}
