package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/internal/region"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
)

func polygonOf(b orb.Bound) orb.Polygon { return b.ToPolygon() }

// squares writes a GeoJSON file of boxes.
func squares(t testing.TB, name string, boxes ...orb.Bound) string {
	t.Helper()
	var all []string
	for _, b := range boxes {
		w, s, e, n := b.Min[0], b.Min[1], b.Max[0], b.Max[1]
		all = append(all, fmt.Sprintf("[[[%g,%g],[%g,%g],[%g,%g],[%g,%g],[%g,%g]]]", w, s, e, s, e, n, w, n, w, s))
	}
	file := filepath.Join(t.TempDir(), name)
	text := `{"type":"MultiPolygon","coordinates":[` + strings.Join(all, ",") + `]}`
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// slope is a grid that rises eastwards from low to high.
func slope(low, high float32) []float32 {
	grid := make([]float32, terrain.StoredSide*terrain.StoredSide)
	for k := range grid {
		grid[k] = low + (high-low)*float32(k%terrain.StoredSide)/terrain.Cells
	}
	return grid
}

func TestAMaskIsWaterWhereAnyOfItsPartsSaysSo(t *testing.T) {
	c := tilegrid.Coord{Z: 6, X: 70, Y: 40}
	b := tilegrid.Geodetic.Bound(c)
	mid := b.Center()
	west := region.New([]orb.Polygon{polygonOf(box(b.Min[0]-1, b.Min[1]-1, mid[0], b.Max[1]+1))})
	south := region.New([]orb.Polygon{polygonOf(box(b.Min[0]-1, b.Min[1]-1, b.Max[0]+1, mid[1]))})
	all := region.New([]orb.Polygon{polygonOf(b.Pad(1))})
	hill := slope(-100, 100)
	for name, c := range map[string]struct {
		shores shores
		grid   []float32
		want   [4]int // north-west, north-east, south-west, south-east quarter
		bytes  int
	}{
		"sea":                           {shores{sea: true}, hill, [4]int{255, 0, 255, 0}, 65536},
		"sea above everything":          {shores{sea: true, level: 101}, hill, [4]int{255, 255, 255, 255}, 1},
		"sea below everything":          {shores{sea: true, level: -101}, hill, [4]int{0, 0, 0, 0}, 1},
		"flat at sea level":             {shores{sea: true}, slope(0, 0), [4]int{255, 255, 255, 255}, 1},
		"a shore that covers no pixel":  {shores{sea: true, level: -100.0145}, hill, [4]int{0, 0, 0, 0}, 1},
		"polygons of water":             {shores{water: west}, hill, [4]int{255, 0, 255, 0}, 65536},
		"polygons of land":              {shores{land: west, dry: true}, hill, [4]int{0, 255, 0, 255}, 65536},
		"land with a lake":              {shores{land: west, dry: true, water: south}, hill, [4]int{0, 255, 255, 255}, 65536},
		"land elsewhere":                {shores{dry: true}, hill, [4]int{255, 255, 255, 255}, 1},
		"land all over":                 {shores{dry: true, land: all}, hill, [4]int{0, 0, 0, 0}, 1},
		"water all over":                {shores{water: all}, hill, [4]int{255, 255, 255, 255}, 1},
		"water elsewhere":               {shores{}, hill, [4]int{0, 0, 0, 0}, 1},
		"polygons and sea":              {shores{water: south, sea: true}, hill, [4]int{255, 0, 255, 255}, 65536},
		"land and water make all":       {shores{dry: true, land: west, water: west}, hill, [4]int{255, 255, 255, 255}, 1},
		"a geoid above the ground":      {shores{sea: true, base: func(orb.Point) float32 { return 105 }}, hill, [4]int{255, 255, 255, 255}, 1},
		"a geoid halfway":               {shores{sea: true, base: func(orb.Point) float32 { return 0 }}, hill, [4]int{255, 0, 255, 0}, 65536},
		"a geoid, and ground well over": {shores{sea: true, base: func(orb.Point) float32 { return -50 }}, slope(90, 100), [4]int{0, 0, 0, 0}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			var p painter
			for range 2 { // the painter's memory must not matter
				mask := p.mask(&c.shores, tilegrid.Coord{Z: 6, X: 70, Y: 40}, c.grid, nil)
				if len(mask) != c.bytes {
					t.Fatalf("%d bytes, want %d", len(mask), c.bytes)
				}
				for k, at := range [4][2]int{{50, 50}, {200, 50}, {50, 200}, {200, 200}} {
					got := mask[0]
					if len(mask) > 1 {
						got = mask[at[1]*256+at[0]]
					}
					if int(got) != c.want[k] {
						t.Errorf("quarter %d is %d, want %d", k, got, c.want[k])
					}
				}
			}
		})
	}
}

func TestTheShoreOfASlopeIsWhereItMeetsTheSea(t *testing.T) {
	var p painter
	for _, level := range []float32{-80, -33.3, 0.1, 47} {
		mask := p.mask(&shores{sea: true, level: level - terrain.StoredStep}, tilegrid.Coord{Z: 9}, slope(-100, 100), nil)
		wet := 0.0
		for _, v := range mask[:256] {
			wet += float64(v) / 255
		}
		if want := float64(level+100) / 200 * 256; math.Abs(wet-want) > 0.02 {
			t.Errorf("sea at %g: the first row is water for %.2f pixels, want %.2f", level, wet, want)
		}
	}
}

// wet is a baker of two places with a sea at half height, a lake, and a geoid.
func wet(t testing.TB) *Baker {
	b := twoPlaces(t)
	lake := region.New([]orb.Polygon{polygonOf(box(6.1, 45.05, 9.3, 46.7))})
	b.water = &shores{water: lake, sea: true, level: 3400, base: func(p orb.Point) float32 { return float32(20 * math.Sin(p[0]/10)) }}
	return b
}

func TestEveryTileHasItsMaskWhateverTheGoroutinesDo(t *testing.T) {
	whole := run(t, wet(t), 1)
	again := run(t, wet(t), 4)
	if !cmp.Equal(whole.tiles, again.tiles) {
		t.Error("tiles differ between one goroutine and four")
	}
	sizes := map[int]int{}
	for c, data := range whole.tiles {
		m, err := terrain.Decode(bytes.NewReader(data))
		if err != nil {
			t.Fatalf("%s: %v", c, err)
		}
		sizes[len(m.Water)]++
	}
	if len(sizes) != 2 || sizes[1] == 0 || sizes[65536] == 0 {
		t.Errorf("masks by their bytes: %v, want some of 1 and some of 65536", sizes)
	}
}

func TestPolygonsDoNotChangeTheGround(t *testing.T) {
	b := wet(t)
	b.water.sea = false
	if plain := run(t, twoPlaces(t), 2); !cmp.Equal(plain.heights, run(t, b, 2).heights) {
		t.Error("masks change the ground")
	}
}

// TestTheSeaIsCalmBesideCliffs has a flat sea and a high coast: at no level may the sea rise or fall.
func TestTheSeaIsCalmBesideCliffs(t *testing.T) {
	cliff := field{bounds: []orb.Bound{box(5, 44, 12, 48)}, seed: 1}
	b := kitchen(t, Interpolate, []Ground{{cliff.bounds, 5}}, []field{cliff})
	coast := coastal{cliff}
	b.sources = func(uint8) (all, own Source) { return coast, coast }
	guide, err := newGuide(t.Context(), coast, cliff.bounds, b.plan.Leaf, nil, Interpolate)
	if err != nil {
		t.Fatal(err)
	}
	b.guide, b.water = guide, &shores{sea: true}
	grid := make([]float32, terrain.StoredSide*terrain.StoredSide)
	for c, data := range run(t, b, 2).heights {
		if err := terrain.DecodeHeights(data, grid); err != nil {
			t.Fatal(err)
		}
		for k, h := range grid {
			if h < 0 || h > 0 && h < 100 && c.Z == b.plan.Leaf && coast.inside(c, k) {
				t.Fatalf("%s post %d: %g m", c, k, h)
			}
		}
	}
}

// coastal is a field with a flat sea between every two strips of land.
type coastal struct{ field }

func (f coastal) Heights(ctx context.Context, l raster.Lattice, dst []float32) error {
	err := f.field.Heights(ctx, l, dst)
	for k, h := range dst {
		if p := l.Post(l.MinI+int64(k%l.Cols), l.MinJ); !isMissing(h) && int(math.Floor(p[0]))%2 == 0 {
			dst[k] = 0
		}
	}
	return err
}

// inside tells whether a post of a tile is in the data.
func (f coastal) inside(c tilegrid.Coord, k int) bool {
	b := tilegrid.Geodetic.Bound(c)
	s := spacing(c.Z)
	p := orb.Point{b.Min[0] + float64(k%terrain.StoredSide)*s, b.Max[1] - float64(k/terrain.StoredSide)*s}
	return f.covers(p)
}

// lowered is a field with its ground so much lower.
type lowered struct {
	field
	by float32
}

func (l lowered) Heights(ctx context.Context, lattice raster.Lattice, dst []float32) error {
	err := l.field.Heights(ctx, lattice, dst)
	for k := range dst {
		dst[k] -= l.by
	}
	return err
}

func TestAClampedSeaHasNothingBelowItAndUnitsAgree(t *testing.T) {
	chance := rand.New(rand.NewPCG(5, 7))
	for n := range 8 {
		root := uint8(2 + chance.IntN(8))
		columns, rows := tilegrid.Geodetic.Size(root)
		unit := tilegrid.Coord{Z: root, X: chance.Uint32N(columns), Y: chance.Uint32N(rows)}
		other := unit
		for o := range neighbours(unit) {
			other = o
		}
		f := field{bounds: around(unit), seed: uint64(n), voids: 5}
		b := kitchen(t, Interpolate, []Ground{{Bounds: f.bounds, Leaf: root + 2}}, []field{f})
		ground := tilegrid.Geodetic.Bound(unit)
		lower := lowered{f, 3000}
		b.sources = func(uint8) (all, own Source) { return lower, lower }
		b.water = &shores{clamp: true, sea: n%2 == 0, base: func(p orb.Point) float32 { return float32(10 * math.Round(p[0]/90)) }}
		if !b.water.sea {
			b.water.land, b.water.dry = region.New([]orb.Polygon{polygonOf(ground)}), true
		}
		s := Stage{Base: root + 2, Top: root + 2, Root: root, Fresh: true}
		one, two := baked(t, b, s, unit), baked(t, b, s, other)
		agree(t, one, two)
		for k := range one.pyramid.levels {
			w := &one.pyramid.levels[k]
			step := spacing(w.level)
			for i, h := range w.z {
				p := orb.Point{float64(w.west+int64(i%w.side))*step - 180, float64(w.north-int64(i/w.side))*step - 90}
				if (b.water.sea || !ground.Contains(p)) && p[1] >= -90 && p[1] <= 90 && h < b.water.base(p) {
					t.Fatalf("level %d, %v: %g m is below the sea", w.level, p, h)
				}
			}
		}
	}
}

func TestClippedHeightsEndWhereThePolygonsDo(t *testing.T) {
	f := field{seed: 3}
	b := box(5.3, 44.1, 9.9, 47.7)
	s := &clippedSource{Source: f, region: region.New([]orb.Polygon{polygonOf(b)})}
	l := raster.Lattice{Level: 7, MinI: int64(math.Floor(180 / spacing(7))), MinJ: int64(130 / spacing(7)), Cols: 600, Rows: 700}
	got, want := make([]float32, l.Cols*l.Rows), make([]float32, l.Cols*l.Rows)
	if err := errors.Join(s.Heights(t.Context(), l, got), f.Heights(t.Context(), l, want)); err != nil {
		t.Fatal(err)
	}
	inside := 0
	for k, h := range got {
		p := l.Post(l.MinI+int64(k%l.Cols), l.MinJ+int64(l.Rows-1-k/l.Cols))
		if in := b.Contains(p); in == isMissing(h) || in && h != want[k] {
			t.Fatalf("%v: %g m, the source has %g", p, h, want[k])
		} else if in {
			inside++
		}
	}
	if inside == 0 {
		t.Error("nothing is inside")
	}
}

func TestAClipLimitsTheTilesToItsGround(t *testing.T) {
	path := ascii(t, "hills.asc", 10, 40, 1, 60)
	clip := box(10.21, 40.33, 10.42, 40.55)
	o := optionsFor(path)
	o.Clip = squares(t, "clip.geojson", clip, box(50, 0, 51, 1))
	j := prepare(t, o)
	if diff := cmp.Diff([]orb.Bound{clip}, j.Bounds()); diff != "" {
		t.Errorf("bounds: %s", diff)
	}
	m := newMemory()
	if err := j.Run(t.Context(), m, 2, silent); err != nil {
		t.Fatal(err)
	}
	leaf := 0
	for c := range m.tiles {
		if c.Z != j.Plan.Leaf {
			continue
		}
		if leaf++; !tilegrid.Geodetic.Bound(c).Intersects(clip) {
			t.Errorf("tile %s lies outside", c)
		}
	}
	if want := tilegrid.Geodetic.Cover(clip, j.Plan.Leaf).Len(); leaf != want {
		t.Errorf("%d tiles of the deepest level, want %d", leaf, want)
	}
	o.Clip = squares(t, "elsewhere.geojson", box(50, 0, 51, 1))
	if _, err := Prepare(t.Context(), o); !errors.Is(err, ErrOptions) || !strings.Contains(fmt.Sprint(err), "elsewhere.geojson") {
		t.Errorf("polygons beside the sources: %v", err)
	}
}

func TestWaterIsInTheProvenanceAndNamesTheWork(t *testing.T) {
	path := ascii(t, "hills.asc", 10, 40, 1, 20)
	lake := squares(t, "lake.geojson", box(10.2, 40.2, 10.4, 40.4))
	seen := map[string]string{}
	for _, c := range []struct {
		name   string
		change func(*Options)
		want   string
	}{
		{"none", func(o *Options) {}, `"sources"`},
		{"sea", func(o *Options) { o.Water.Sea = true }, `"seaLevel":0`},
		{"a higher sea", func(o *Options) { o.Water = Water{Sea: true, Level: 2} }, `"water":"ground up to 2 m"`},
		{"lake", func(o *Options) { o.Water.Files = []string{lake} }, `"kind":"water"`},
		{"land", func(o *Options) { o.Water.Land = []string{lake} }, `"water":"land of lake.geojson (1 polygons)"`},
		{"another lake", func(o *Options) {
			o.Water.Files = []string{squares(t, "lake.geojson", box(10.2, 40.2, 10.4, 40.3))}
		}, `"fingerprint"`},
		{"clamped", func(o *Options) { o.Water.Sea = true; o.Bathymetry = ClampBathymetry }, `"bathymetry":"clamp"`},
		{"clip", func(o *Options) { o.Clip = lake }, `"kind":"clip"`},
	} {
		o := optionsFor(path)
		c.change(&o)
		j := prepare(t, o)
		if !strings.Contains(string(j.provenance), c.want) {
			t.Errorf("%s: no %s in %s", c.name, c.want, j.provenance)
		}
		if other, ok := seen[j.Work]; ok {
			t.Errorf("%s is the same work as %s", c.name, other)
		}
		seen[j.Work] = c.name
		extensions := []string{"octvertexnormals"}
		if o.Water.Any() {
			extensions = append(extensions, "watermask")
		}
		if diff := cmp.Diff(extensions, j.info().Extensions); diff != "" {
			t.Errorf("%s: extensions: %s", c.name, diff)
		}
	}
	o := optionsFor(path)
	o.Water.Files = []string{path}
	if _, err := Prepare(t.Context(), o); !errors.Is(err, raster.ErrOpen) {
		t.Errorf("water of a raster: %v", err)
	}
}

// TestTheGlobeHasItsSeasAndLakes makes a coarse globe with the land and lakes of Natural Earth, and looks at places.
func TestTheGlobeHasItsSeasAndLakes(t *testing.T) {
	o := Options{Sources: []string{sharedFile(t, "data/dem/etopo20_global_20arcmin.tif")}, Leaf: 3}
	o.Water.Land = []string{sharedFile(t, "data/vector/ne_50m_land.geojson")}
	o.Water.Files = []string{sharedFile(t, "data/vector/ne_50m_lakes.geojson")}
	m := newMemory()
	if err := prepare(t, o).Run(t.Context(), m, 2, silent); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		at    orb.Point
		water bool
	}{
		"Atlantic": {orb.Point{-30, 40}, true}, "Gulf of Mexico": {orb.Point{-90, 25}, true}, "north pole": {orb.Point{10, 89.9}, true},
		"Superior": {orb.Point{-87.5, 47.7}, true}, "Victoria": {orb.Point{33, -1}, true}, "beside the antimeridian": {orb.Point{-179.9, 0.3}, true},
		"Kansas": {orb.Point{-98, 38.5}, false}, "Death Valley": {orb.Point{-116.9, 36.3}, false}, "south pole": {orb.Point{10, -89.9}, false},
		"Chukotka": {orb.Point{-178, 67}, false}, "Sahara": {orb.Point{10, 23}, false},
	} {
		for z := range uint8(4) {
			tile := tilegrid.Geodetic.At(c.at, z)
			mesh, err := terrain.Decode(bytes.NewReader(m.tiles[tile]))
			if err != nil {
				t.Fatal(err)
			}
			b := tilegrid.Geodetic.Bound(tile)
			x, y := int((c.at[0]-b.Min[0])/(b.Max[0]-b.Min[0])*256), int((b.Max[1]-c.at[1])/(b.Max[1]-b.Min[1])*256)
			v := mesh.Water[0]
			if len(mesh.Water) > 1 {
				v = mesh.Water[y*256+x]
			}
			if (v > 127) != c.water && (z > 0 || c.at[1] < 80) {
				t.Errorf("%s at level %d: %d", name, z, v)
			}
		}
	}
}

func TestAKilledRunWithWaterCarriesOnToTheSameTiles(t *testing.T) {
	whole := run(t, wet(t), 2)
	m := newMemory()
	m.failCheckpoint = whole.done / 2
	if err := wet(t).Run(t.Context(), m, 2, silent); !errors.Is(err, errDisk) {
		t.Fatalf("a store that fails: %v", err)
	}
	again := m.reopen()
	again.failCheckpoint = 0
	if err := wet(t).Run(t.Context(), again, 3, silent); err != nil {
		t.Fatal(err)
	}
	if !cmp.Equal(again.tiles, whole.tiles) || !cmp.Equal(again.heights, whole.heights) {
		t.Error("tiles differ from those of a run in one piece")
	}
}

// TestTheSeaEndsWithTheDataUnlessTheyEndInIt has ground far above the sea, an island, and ground that is an island as told.
func TestTheSeaEndsWithTheDataUnlessTheyEndInIt(t *testing.T) {
	height := func(name string, rim, middle int) string {
		line := func(ends, between int) string {
			return fmt.Sprintf("%d %d%s %d\n", ends, ends, strings.Repeat(fmt.Sprint(" ", between), 16), ends)
		}
		rows := strings.Repeat(line(rim, rim), 2) + strings.Repeat(line(rim, middle), 15) + strings.Repeat(line(rim, rim), 2)
		file := filepath.Join(t.TempDir(), name)
		text := "ncols 19\nnrows 19\nxllcorner 10\nyllcorner 40\ncellsize 0.1\n" + rows
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return file
	}
	for _, c := range []struct {
		name            string
		rim, middle     int
		fill            Fill
		inside, outside bool // water
	}{
		{"mountains", 900, 800, Interpolate, false, false},
		{"a valley below the sea in mountains", 900, -50, Interpolate, true, false},
		{"an island", 0, 800, Interpolate, false, true},
		{"mountains, the rest told to be sea", 900, 800, Sea, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := optionsFor(height("ground.asc", c.rim, c.middle))
			o.Fill, o.Water = c.fill, Water{Sea: true}
			m := newMemory()
			j := prepare(t, o)
			if err := j.Run(t.Context(), m, 2, silent); err != nil {
				t.Fatal(err)
			}
			for place, want := range map[orb.Point]bool{{10.9, 40.9}: c.inside, {15.5, 40.9}: c.outside} {
				tile := tilegrid.Geodetic.At(place, j.Plan.Leaf)
				for m.tiles[tile] == nil {
					tile = tile.Parent()
				}
				mesh, err := terrain.Decode(bytes.NewReader(m.tiles[tile]))
				if err != nil {
					t.Fatal(err)
				}
				b := tilegrid.Geodetic.Bound(tile)
				x, y := int((place[0]-b.Min[0])/(b.Max[0]-b.Min[0])*256), int((b.Max[1]-place[1])/(b.Max[1]-b.Min[1])*256)
				if v := pixel(mesh.Water, y*256+x); (v > 127) != want {
					t.Errorf("%v in %s: %d", place, tile, v)
				}
			}
		})
	}
}
