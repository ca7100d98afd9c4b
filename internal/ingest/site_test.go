package ingest

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/internal/region"
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
