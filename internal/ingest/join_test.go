package ingest

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// massif is a DEM of pixels 1/120 degree wide of one mountain range, about 1,500 m high: a rectangle of it, counted in pixels from 10 E 46 N,
// without those that keep refuses.
type massif struct {
	west, south, cols, rows int
	keep                    func(x, y int) bool // nil: all
	off                     float64             // of its pixels from those of others, in pixels
}

const massifCell = 1.0 / 120

func (m massif) write(t *testing.T, name string) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "ncols %d\nnrows %d\nxllcorner %.12f\nyllcorner %.12f\ncellsize %.14f\nNODATA_value -9999\n", m.cols, m.rows,
		10+(float64(m.west)+m.off)*massifCell, 46+(float64(m.south)+m.off)*massifCell, massifCell)
	for r := range m.rows {
		for c := range m.cols {
			x, y := m.west+c, m.south+m.rows-1-r
			h := 1500 + 400*math.Sin(float64(x)/9) + 300*math.Cos(float64(y)/7) + float64(mix(1, uint64(x+999), uint64(y+999))%40)
			if m.keep != nil && !m.keep(x, y) {
				h = -9999
			}
			fmt.Fprintf(&b, "%.2f ", h)
		}
		b.WriteByte('\n')
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// apart returns by how much the heights of two datasets differ at the posts of their deepest level where sources have data, RMS and
// most, and the highest step of each from there to the ground beyond.
func apart(t *testing.T, a, b *mbtiles.Reader, in orb.Bound) (rms, most float64, walls [2]float64, posts int) {
	t.Helper()
	level := a.Info().Levels[1]
	p := newPatch(in, level, 0)
	l := raster.Lattice{Level: level, MinI: p.west, MinJ: p.north - int64(p.rows) + 1, Cols: p.cols, Rows: p.rows}
	one, err := newDataset(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	other, err := newDataset(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	x, y, data := heightsOf(t, ground{one}, l), heightsOf(t, ground{other}, l), heightsOf(t, surveyed{other}, l)
	for k := range x {
		d := math.Abs(float64(x[k] - y[k]))
		if isMissing(data[k]) {
			continue
		}
		for n, z := range [2][]float32{x, y} {
			if k%l.Cols > 0 && isMissing(data[k-1]) {
				walls[n] = max(walls[n], math.Abs(float64(z[k]-z[k-1])))
			}
			if k+1 < len(z) && isMissing(data[k+1]) {
				walls[n] = max(walls[n], math.Abs(float64(z[k]-z[k+1])))
			}
		}
		rms, most, posts = rms+d*d, max(most, d), posts+1
	}
	return math.Sqrt(rms / float64(posts)), most, walls, posts
}

func TestAnUpdateBeyondTheOldDataIsAFullIngestOfBoth(t *testing.T) {
	diamond := func(x, y int) bool { return math.Abs(float64(x-60))+math.Abs(float64(y-24)) < 40 }
	const off = 0.37
	west, east := massif{0, 0, 48, 48, nil, 0}, massif{48, 0, 48, 48, nil, 0}
	rounding := [2]float64{terrain.StoredStep, 4 * terrain.StoredStep}
	for _, c := range []struct {
		name     string
		old, new massif
		within   [2]float64 // RMS and most, metres
	}{
		// an ingest reads files of one grid as one: between the last pixels of either, where the old one alone goes on with its last, theirs count
		{"a neighbour to the east of the same grid", west, east, [2]float64{1, 20}},
		{"a neighbour to the west of the same grid", east, west, [2]float64{1, 20}},
		{"a neighbour to the east", west, massif{48, 0, 48, 48, nil, off}, rounding},
		{"a neighbour over a strip", west, massif{40, 6, 48, 48, nil, off}, rounding},
		{"an inlay", massif{0, 0, 96, 60, nil, 0}, massif{30, 12, 36, 36, nil, off}, rounding},
		{"a corner that an L leaves out, and beyond", massif{0, 0, 60, 60, func(x, y int) bool { return x < 24 || y < 24 }, 0},
			massif{20, 20, 56, 56, nil, off}, rounding},
		{"a turned square over an edge", west, massif{20, -16, 80, 80, diamond, off}, rounding},
		{"onto a turned square", massif{20, -16, 80, 80, diamond, 0}, massif{60, 4, 48, 48, nil, off}, rounding},
		{"voids in both", massif{0, 0, 60, 48, func(x, y int) bool { return x < 20 || x > 36 || y < 14 || y > 30 }, 0},
			massif{28, 0, 60, 48, func(x, y int) bool { return x < 60 || x > 70 || y < 10 || y > 24 }, off}, rounding},
	} {
		t.Run(c.name, func(t *testing.T) {
			below, above := c.old.write(t, "old.asc"), c.new.write(t, "new.asc")
			dir := t.TempDir()
			old := made(t, dir, Options{Sources: []string{below}})
			renewed := made(t, dir, over(dir, 1, old, above))
			both := Options{Sources: []string{above, below}}
			both.Raster.Priority = raster.First
			full := made(t, t.TempDir(), both)
			rms, most, walls, posts := apart(t, renewed, full, full.Info().Bound.Pad(0.3))
			t.Logf("%d posts: RMS %.4f m, most %.4f m; steps at the edge %.0f m, full %.0f m", posts, rms, most, walls[0], walls[1])
			if posts < 1000 || rms > c.within[0] || most > c.within[1] {
				t.Errorf("%d posts are RMS %.3f m, at most %.2f m off a full ingest of both", posts, rms, most)
			}
			if walls[0] > max(walls[1], 250) { // posts are 610 m apart
				t.Errorf("a wall of %.0f m at the edge of the data, %.0f m in a full ingest", walls[0], walls[1])
			}
			if renewed.Info().Tiles != full.Info().Tiles {
				t.Errorf("%d tiles, want %d", renewed.Info().Tiles, full.Info().Tiles)
			}
		})
	}
}

// untold is a dataset of which nobody wrote down where its sources have data.
type untold struct{ Stored }

func (u untold) Heights(ctx context.Context, c tilegrid.Coord) ([]byte, error) {
	stored, err := u.Stored.Heights(ctx, c)
	if err != nil {
		return nil, err
	}
	z := make([]float32, terrain.StoredSide*terrain.StoredSide)
	if err := terrain.DecodeHeights(stored, z); err != nil {
		return nil, err
	}
	return terrain.EncodeHeights(z)
}

func TestARegionalBaseIsJoinedWhereItHasData(t *testing.T) {
	below, above := massif{0, 0, 48, 48, nil, 0}.write(t, "old.asc"), massif{44, 0, 48, 48, nil, 0.37}.write(t, "new.asc")
	dir := t.TempDir()
	old := made(t, dir, Options{Sources: []string{below}})
	both := Options{Sources: []string{above, below}}
	both.Raster.Priority = raster.First
	full := made(t, t.TempDir(), both)
	for name, stored := range map[string]Stored{"as it is": old, "which does not tell where": untold{old}} {
		t.Run(name, func(t *testing.T) {
			o := over(dir, 1, old, above)
			o.Under.Stored, o.Under.Update = stored, false
			rms, most, _, posts := apart(t, made(t, t.TempDir(), o), full, full.Info().Bound)
			if posts < 1000 || rms > terrain.StoredStep || most > 4*terrain.StoredStep {
				t.Errorf("%d posts are RMS %.3f m, at most %.2f m off a full ingest of both", posts, rms, most)
			}
		})
	}
}

func TestATileSaysWhereItsSourcesHaveData(t *testing.T) {
	hole := massif{0, 0, 60, 60, func(x, y int) bool { return x < 20 || x > 40 || y < 20 || y > 40 }, 0}
	r := made(t, t.TempDir(), Options{Sources: []string{hole.write(t, "hole.asc")}})
	d, err := newDataset(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	for z := uint8(4); z <= r.Info().Levels[1]; z++ {
		p := newPatch(r.Info().Bound.Pad(0.2), z, 0)
		l := raster.Lattice{Level: z, MinI: p.west, MinJ: p.north - int64(p.rows) + 1, Cols: p.cols, Rows: p.rows}
		for k, h := range heightsOf(t, surveyed{d}, l) {
			at := p.point(k)
			x, y := (at[0]-10)/massifCell, (at[1]-46)/massifCell
			in := x > 1 && y > 1 && x < 59 && y < 59 && (x < 19 || x > 42 || y < 19 || y > 42)
			out := x < -1 || y < -1 || x > 61 || y > 61 || x > 21 && x < 40 && y > 21 && y < 40
			if in && isMissing(h) || out && !isMissing(h) {
				t.Fatalf("level %d, pixel %.1f, %.1f: %v", z, x, y, h)
			}
		}
	}
}
