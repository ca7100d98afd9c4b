package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/internal/verify"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// made runs an ingest into a folder and opens what came out. Any fault of the dataset fails the test.
func made(t *testing.T, dir string, o Options) *mbtiles.Reader {
	t.Helper()
	o.Raster.SrcCRS, o.Leaf, o.Vertical = "EPSG:4326", -1, "ellipsoid"
	return ran(t, dir, prepare(t, o))
}

// ran runs a job as made does.
func ran(t *testing.T, dir string, j *Job) *mbtiles.Reader {
	t.Helper()
	w, err := mbtiles.Create(t.Context(), dir, "alps", mbtiles.Options{Work: j.Work})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := j.Run(t.Context(), w, 2, silent); err != nil {
		t.Fatal(err)
	}
	r, err := mbtiles.Open(t.Context(), w.Path())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	for _, touched := range []func(tilegrid.Coord) bool{nil, j.Touched} {
		report, err := verify.Run(t.Context(), r, verify.Options{Touched: touched})
		if err != nil || !report.OK() {
			t.Fatalf("%v, %d faults: %v", err, report.FaultCount, report.Faults)
		}
	}
	return r
}

func over(dir string, version int, r *mbtiles.Reader, sources ...string) Options {
	return Options{Sources: sources, Under: &Under{Stored: r, Path: filepath.Join(dir, fmt.Sprintf("alps@%d.mbtiles", version)), Update: true}}
}

// remade lists by level the tiles of one dataset that are not in the other or not the same there.
func remade(t *testing.T, a, b *mbtiles.Reader) map[uint8][]tilegrid.Coord {
	t.Helper()
	out := map[uint8][]tilegrid.Coord{}
	for z := range a.Info().Levels[1] + 1 {
		for c, err := range a.Coords(t.Context(), z) {
			if err != nil {
				t.Fatal(err)
			}
			x, err := a.Tile(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			if y, err := b.Tile(t.Context(), c); err != nil || !bytes.Equal(x.Data, y.Data) {
				out[z] = append(out[z], c)
			}
		}
	}
	return out
}

// furthest returns the most that the heights of two datasets differ at a level, over the tiles that both have.
func furthest(t *testing.T, a, b *mbtiles.Reader, z uint8) float32 {
	t.Helper()
	most := float32(0)
	for c, err := range a.Coords(t.Context(), z) {
		x, first := a.Heights(t.Context(), c)
		y, second := b.Heights(t.Context(), c)
		if errors.Is(second, tilestore.ErrNotFound) {
			continue
		}
		one, other := make([]float32, terrain.StoredSide*terrain.StoredSide), make([]float32, terrain.StoredSide*terrain.StoredSide)
		if err := errors.Join(err, first, second, terrain.DecodeHeights(x, one), terrain.DecodeHeights(y, other)); err != nil {
			t.Fatal(err)
		}
		for k := range one {
			most = max(most, abs32(one[k]-other[k]))
		}
	}
	return most
}

func TestAnUpdateIsAFullIngestOfBothAndTouchesLittle(t *testing.T) {
	wide, patch := ascii(t, "wide.asc", 10, 40, 2, 240), ascii(t, "patch.asc", 11.129, 40.621, 0.25, 30)
	dir := t.TempDir()
	old := made(t, dir, Options{Sources: []string{wide}})
	renewed := made(t, dir, over(dir, 1, old, patch))
	both := Options{Sources: []string{patch, wide}}
	both.Raster.Priority = raster.First
	full := made(t, t.TempDir(), both)
	if renewed.Info().Version != 2 || renewed.Info().Tiles != full.Info().Tiles {
		t.Errorf("version %d of %d tiles, want 2 of %d", renewed.Info().Version, renewed.Info().Tiles, full.Info().Tiles)
	}
	leaf := old.Info().Levels[1]
	for z := range leaf + 1 {
		if got := furthest(t, renewed, full, z); got > 4*terrain.StoredStep {
			t.Errorf("level %d: %v m off a full ingest of both", z, got)
		}
	}
	touched := remade(t, renewed, old)
	if n := len(touched[leaf]); n == 0 || n > 16 {
		t.Errorf("%d tiles of the deepest level were made: %v", n, touched[leaf])
	}
}

func TestFinerDataOverADatasetMakeItDeeperThereOnly(t *testing.T) {
	wide, fine := ascii(t, "wide.asc", 10, 40, 2, 60), ascii(t, "fine.asc", 11.03, 40.61, 0.2, 100)
	dir := t.TempDir()
	old := made(t, dir, Options{Sources: []string{wide}, Title: "Alps", Attribution: "A"})
	o := over(dir, 1, old, fine)
	o.Attribution = "B"
	deeper := made(t, dir, o)
	full := made(t, t.TempDir(), Options{Sources: []string{fine, wide}})
	i := deeper.Info()
	if i.Levels != full.Info().Levels || i.Title != "Alps" || i.Attribution != "A; B" || i.Bound != old.Info().Bound {
		t.Errorf("%+v", i)
	}
	for z := range full.Info().Levels[1] + 1 {
		for c, err := range full.Coords(t.Context(), z) {
			if err != nil || !i.Has(c) {
				t.Errorf("%s is not there, %v", c, err)
			}
		}
	}
	if i.Tiles != full.Info().Tiles {
		t.Errorf("%d tiles, want %d", i.Tiles, full.Info().Tiles)
	}
	// coarser data on top of the deep ones: the deep levels stay, and change
	coarse := made(t, dir, over(dir, 2, deeper, ascii(t, "coarse.asc", 11, 40.5, 0.5, 9)))
	if coarse.Info().Levels != i.Levels || len(remade(t, coarse, deeper)[i.Levels[1]]) == 0 {
		t.Errorf("levels %v, and nothing of the deepest changed", coarse.Info().Levels)
	}
	var story struct {
		Sources []struct{ Name string }
		Updates []struct {
			Base    origin
			Sources []struct{ Name string }
		}
	}
	if err := json.Unmarshal(coarse.Info().Provenance, &story); err != nil || len(story.Updates) != 2 || story.Sources[0].Name != "wide.asc" ||
		story.Updates[0].Sources[0].Name != "fine.asc" || story.Updates[1].Base.Version != 2 || story.Updates[1].Base.Manifest != i.Manifest {
		t.Errorf("%v\n%s", err, coarse.Info().Provenance)
	}
}

func TestAnInterruptedUpdateCarriesOnToTheSameBytes(t *testing.T) {
	wide, fine := ascii(t, "wide.asc", 10, 40, 1, 40), ascii(t, "fine.asc", 10.4, 40.4, 0.2, 40)
	dir := t.TempDir()
	old := made(t, dir, Options{Sources: []string{wide}})
	o := over(dir, 1, old, fine)
	path := made(t, dir, o)
	want, err := os.ReadFile(filepath.Join(dir, "alps@2.mbtiles"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(path.Close(), os.Remove(filepath.Join(dir, "alps@2.mbtiles"))); err != nil {
		t.Fatal(err)
	}
	o.Raster.SrcCRS, o.Leaf, o.Vertical = "EPSG:4326", -1, "ellipsoid"
	for stop := 1; ; stop += 5 {
		ctx, cancel := context.WithCancel(t.Context())
		j := prepare(t, o)
		w, err := mbtiles.Create(t.Context(), dir, "alps", mbtiles.Options{Work: j.Work})
		if err != nil {
			t.Fatal(err)
		}
		err = j.Run(ctx, w, 1+stop%2, func(p Progress) {
			if p.Units == stop {
				cancel()
			}
		})
		cancel()
		if closed := w.Close(); closed != nil {
			t.Fatal(closed)
		}
		if err == nil {
			break
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(filepath.Join(dir, "alps@2.mbtiles")); err != nil || !bytes.Equal(got, want) {
		t.Errorf("other bytes than in one go, %v", err)
	}
}

func TestWaterStaysWhereAnUpdateBringsNone(t *testing.T) {
	wide, fine := ascii(t, "wide.asc", 10, 40, 1, 40), ascii(t, "fine.asc", 10.4, 40.4, 0.2, 40)
	dir := t.TempDir()
	old := made(t, dir, Options{Sources: []string{wide}, Water: Water{Sea: true, Level: 125}})
	r := made(t, dir, over(dir, 1, old, fine))
	wet := 0
	for z := range r.Info().Levels[1] + 1 {
		for c := range r.Coords(t.Context(), z) {
			tile, err := r.Tile(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			m, err := terrain.Decode(bytes.NewReader(tile.Data))
			if err != nil || m.Water == nil {
				t.Fatalf("%s has no mask, %v", c, err)
			}
			if z > old.Info().Levels[1] && bytes.Contains(m.Water, []byte{255}) {
				wet++
			}
		}
	}
	if wet == 0 {
		t.Error("no water in the new levels")
	}
}

func TestWaterOverADatasetWithoutMasksIsRefusedBeforeTheWork(t *testing.T) {
	dir := t.TempDir()
	o := over(dir, 1, made(t, dir, Options{Sources: []string{ascii(t, "wide.asc", 10, 40, 1, 40)}}), ascii(t, "fine.asc", 10.4, 40.4, 0.2, 40))
	o.Water, o.Raster.SrcCRS, o.Leaf, o.Vertical = Water{Sea: true}, "EPSG:4326", -1, "ellipsoid"
	if _, err := Prepare(t.Context(), o); !errors.Is(err, ErrOptions) || !strings.Contains(err.Error(), "no water masks") {
		t.Error(err)
	}
}

func TestAMaskIsMagnifiedToTheTileBelow(t *testing.T) {
	mask := make([]byte, 256*256)
	for k := range mask {
		if k%256 >= 128 && k/256 < 128 {
			mask[k] = 255 // the north-east is water
		}
	}
	from := tilegrid.Coord{Z: 3, X: 5, Y: 2}
	for k, c := range from.Children() {
		got := magnified(mask, from, c)
		if want := byte(0); len(got) != 1 || k == 3 && got[0] != 255 || k < 3 && got[0] != want {
			t.Errorf("child %d: %d bytes, %d", k, len(got), got[0])
		}
	}
	if got := magnified(mask, from, from); len(got) != len(mask) {
		t.Error("the tile itself")
	}
	half := magnified(mask, tilegrid.Coord{Z: 3, X: 5, Y: 2}, tilegrid.Coord{Z: 3, X: 5, Y: 2})
	if half[200] != 255 || half[100] != 0 {
		t.Error("rows do not run from the north")
	}
}

func TestADatasetIsASourceOfItsOwnHeights(t *testing.T) {
	dir := t.TempDir()
	r := made(t, dir, Options{Sources: []string{ascii(t, "wide.asc", 10, 40, 1, 40)}})
	d, err := newDataset(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	z := r.Info().Levels[1]
	at := tilegrid.Geodetic.At(orb.Point{10.5, 40.5}, z)
	i, j := int64(at.X)*terrain.Cells, int64(at.Y)*terrain.Cells
	whole := heightsOf(t, ground{d}, raster.Lattice{Level: z, MinI: i, MinJ: j, Cols: terrain.StoredSide, Rows: terrain.StoredSide})
	data, err := r.Heights(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	want := make([]float32, len(whole))
	if err := terrain.DecodeHeights(data, want); err != nil {
		t.Fatal(err)
	}
	for k := range want {
		if whole[k] != want[k] {
			t.Fatalf("post %d: %v, want %v", k, whole[k], want[k])
		}
	}
	deep := heightsOf(t, ground{d}, raster.Lattice{Level: z + 1, MinI: 2*i + 1, MinJ: 2 * j, Cols: 1, Rows: 1})
	if mean := (want[64*65] + want[64*65+1]) / 2; deep[0] != mean {
		t.Errorf("between two posts: %v, want %v", deep[0], mean)
	}
	for name, l := range map[string]raster.Lattice{
		"the far side of the globe": {Level: 6, MinI: -70, MinJ: 100, Cols: 200, Rows: 3},
		"a pole":                    {Level: 2, MinI: 500, MinJ: 0, Cols: 200, Rows: 9},
	} {
		for k, h := range heightsOf(t, ground{d}, l) {
			if isMissing(h) {
				t.Fatalf("%s: post %d has no height", name, k)
			}
		}
	}
	beyond := heightsOf(t, ground{d}, raster.Lattice{Level: 2, MinI: 5, MinJ: -1, Cols: 1, Rows: 1})
	if !isMissing(beyond[0]) {
		t.Error("there is ground beyond the pole")
	}
}

func TestARegionOnAGlobeIsFaultless(t *testing.T) {
	globe, region := sharedFile(t, "data/dem/etopo20_global_20arcmin.tif"), sharedFile(t, "data/dem/n43.dt0")
	dir := t.TempDir()
	old := made(t, dir, Options{Sources: []string{globe}})
	r := made(t, dir, over(dir, 1, old, region))
	i := r.Info()
	if i.Levels[1] <= old.Info().Levels[1] || i.Bound != old.Info().Bound {
		t.Errorf("levels %v, bound %v", i.Levels, i.Bound)
	}
	for z := old.Info().Levels[1] + 2; z <= i.Levels[1]; z++ {
		if n := len(remade(t, r, old)[z]); n > 40 {
			t.Errorf("level %d has %d tiles: it should be where the region is only", z, n)
		}
	}
}

func TestAnUpdateIsMadeAlreadyOnlyOfItsOwnBase(t *testing.T) {
	wide := ascii(t, "wide.asc", 10, 40, 1, 40)
	one, other := ascii(t, "one.asc", 10.2, 40.2, 0.2, 20), ascii(t, "other.asc", 10.6, 40.6, 0.2, 20)
	dir := t.TempDir()
	first := made(t, dir, Options{Sources: []string{wide}})
	second := made(t, dir, over(dir, 1, first, one))
	third := made(t, dir, over(dir, 1, first, other)) // the first was in use again
	for _, c := range []struct {
		name string
		base *mbtiles.Reader
		of   *mbtiles.Reader
		want bool
	}{
		{"the version that has it already", third, third, true},
		{"the version that it was made of", first, third, true},
		{"another version in use", second, third, false},
		{"the newest has something else on top", first, second, false},
	} {
		o := over(dir, c.base.Info().Version, c.base, other)
		o.Raster.SrcCRS, o.Leaf, o.Vertical = "EPSG:4326", -1, "ellipsoid"
		if got := prepare(t, o).Makes(c.of.Info().Provenance); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
