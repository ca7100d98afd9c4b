package verify

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// The test dataset: roots, level 1 whole, level 2 a block on both sides of the antimeridian, level 3 four tiles.
func testDataset() *dataset {
	return newDataset(
		[]tilegrid.Range{{Z: 1, MaxX: 3, MaxY: 1}},
		[]tilegrid.Range{{Z: 2, MinX: 0, MinY: 1, MaxX: 2, MaxY: 3}, {Z: 2, MinX: 6, MinY: 1, MaxX: 7, MaxY: 3}},
		[]tilegrid.Range{{Z: 3, MinX: 2, MinY: 4, MaxX: 3, MaxY: 5}},
	)
}

var inner = tilegrid.Coord{Z: 2, X: 1, Y: 2} // all its neighbours are there

func run(t *testing.T, r tilestore.Reader, opt Options) Report {
	t.Helper()
	report, err := Run(context.Background(), r, opt)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestAGoodDatasetHasNoFaults(t *testing.T) {
	d := testDataset()
	for _, jobs := range []int{1, 3} {
		var last int64
		report := run(t, d, Options{Jobs: jobs, Progress: func(done, total int64) {
			if last = done; total != int64(len(d.tiles)) {
				t.Errorf("total %d", total)
			}
		}})
		if !report.OK() {
			t.Fatalf("%d jobs: %v", jobs, report.Faults)
		}
		total := report.Total()
		if total.Tiles != int64(len(d.tiles)) || last != total.Tiles || report.Manifest != d.info.Manifest || total.MaxTurn != 0 {
			t.Errorf("got %+v, done %d", total, last)
		}
		if step := 3200.0 / terrain.QuantizedMax; total.MaxSeam > 2*step || total.MaxCross == 0 || total.MaxCross > skirt(tilegrid.Geodetic, 2) {
			t.Errorf("seam %.3f m, cross %.1f m", total.MaxSeam, total.MaxCross)
		}
	}
}

func TestNormalsOfOnePlaceMayNotTurnFromTileToTile(t *testing.T) {
	d := testDataset()
	d.change(inner, func(m *terrain.Mesh) {
		n := m.Normals[m.Edges.North[3]].Vec()
		m.Normals[m.Edges.North[3]] = terrain.EncodeNormal(terrain.Vec{n[0] + 0.3, n[1], n[2]})
	})
	for limit, want := range map[float64]int64{0: 1, 45: 0} {
		if got := run(t, d, Options{MaxTurn: limit}); got.FaultCount != want {
			t.Errorf("limit %v: %d faults, want %d: %v", limit, got.FaultCount, want, got.Faults)
		}
	}
}

func TestFaultsAreFoundAndNamed(t *testing.T) {
	cases := []struct {
		name, rule, detail string
		damage             func(*dataset)
	}{
		{"a missing root", "tree.root", "", func(d *dataset) {
			d.info.Available[0] = []tilegrid.Range{{}}
			delete(d.tiles, tilegrid.Coord{X: 1})
			d.seal()
		}},
		{"a missing parent", "tree.parent", "2/1/2 is missing", func(d *dataset) {
			d.info.Available[2] = []tilegrid.Range{{Z: 2, MinX: 0, MinY: 1, MaxX: 2, MaxY: 1}}
		}},
		{"a tile that is listed and not there", "available.absent", "", func(d *dataset) { delete(d.tiles, inner) }},
		{"a tile that is there and not listed", "available.unlisted", "", func(d *dataset) {
			d.tiles[tilegrid.Coord{Z: 3, X: 4, Y: 4}] = pack(meshOf(tilegrid.Coord{Z: 3, X: 4, Y: 4}, hills))
		}},
		{"a tile of the wrong place", "sphere.contains", "", func(d *dataset) { d.tiles[inner] = d.tiles[tilegrid.Coord{Z: 2, X: 6, Y: 2}] }},
		{"a tile cut short", "tile.decode", "gzip", func(d *dataset) { d.tiles[inner] = d.tiles[inner][:500] }},
		{"a tile without runs", "tile.runs", "", func(d *dataset) { d.tiles[inner] = terrain.AppendMesh(nil, meshOf(inner, hills)) }},
		{"another tile than the manifest says", "manifest.differs", "", func(d *dataset) {
			keep := d.info.Manifest
			d.change(inner, func(m *terrain.Mesh) { m.Vertices[20].H++ })
			d.info.Manifest = keep
		}},
		{"a clockwise triangle", "mesh.flipped", "", func(d *dataset) {
			d.change(inner, func(m *terrain.Mesh) { m.Triangles[4], m.Triangles[5] = m.Triangles[5], m.Triangles[4] })
		}},
		{"normals promised and absent", "normals.absent", "", func(d *dataset) { d.change(inner, func(m *terrain.Mesh) { m.Normals = nil }) }},
		{"metadata not promised", "metadata.unlisted", "", func(d *dataset) { d.change(inner, func(m *terrain.Mesh) { m.Metadata = []byte(`{}`) }) }},
		{"a raised border vertex", "seam.gap", "to 2/", func(d *dataset) {
			d.change(inner, func(m *terrain.Mesh) { m.Vertices[m.Edges.East[4]].H += 10 })
		}},
		{"a raised vertex at the antimeridian", "seam.gap", "to 2/0/2", func(d *dataset) {
			d.change(tilegrid.Coord{Z: 2, X: 7, Y: 2}, func(m *terrain.Mesh) { m.Vertices[m.Edges.East[4]].H += 10 })
		}},
		{"another normal on a border", "seam.normals", "", func(d *dataset) {
			d.change(inner, func(m *terrain.Mesh) {
				n := m.Normals[m.Edges.North[3]].Vec()
				m.Normals[m.Edges.North[3]] = terrain.EncodeNormal(terrain.Vec{n[0] + 1.5, n[1], n[2]})
			})
		}},
		{"a cliff to a coarser tile", "cross.open", "skirt", func(d *dataset) {
			for c := range d.tiles {
				if c.Z == 3 {
					m := meshOf(c, hills)
					m.Min, m.Max = m.Min+60000, m.Max+60000
					terrain.SetHeader(m, tilegrid.Geodetic.Bound(c))
					d.tiles[c] = pack(m)
				}
			}
			d.seal()
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := testDataset()
			c.damage(d)
			report := run(t, d, Options{})
			for _, f := range report.Faults {
				if f.Rule == c.rule && strings.Contains(f.Detail, c.detail) {
					return
				}
			}
			t.Errorf("want %s, got %v", c.rule, report.Faults)
		})
	}
}

func TestFaultsAreCountedBeyondThoseKept(t *testing.T) {
	d := testDataset()
	for c := range d.tiles {
		d.tiles[c] = []byte("nothing")
	}
	report := run(t, d, Options{MaxFaults: 3})
	if len(report.Faults) != 3 || report.FaultCount < int64(len(d.tiles)) {
		t.Errorf("kept %d, counted %d", len(report.Faults), report.FaultCount)
	}
}

func TestForeignTilesNeedOnlyBeDrawable(t *testing.T) {
	d := testDataset()
	d.info.Manifest = ""
	m := meshOf(inner, hills)
	m.Edges, m.Normals = terrain.Edges{}, nil
	m.Vertices[m.FindEdges().East[4]].H += 10
	d.tiles[inner] = terrain.AppendMesh(nil, m)
	d.info.Extensions = nil
	if report := run(t, d, Options{Foreign: true}); !report.OK() {
		t.Errorf("got %v", report.Faults)
	}
	if report := run(t, d, Options{}); report.OK() {
		t.Error("strictly they are faults")
	}
}

func TestRunEndsWhenTheReaderFailsOrTheContextDoes(t *testing.T) {
	d := testDataset()
	if _, err := Run(context.Background(), failing{d}, Options{}); !errors.Is(err, errDisk) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Run(ctx, d, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

var errDisk = errors.New("disk gone")

type failing struct{ *dataset }

func (failing) Tile(context.Context, tilegrid.Coord) (tilestore.Tile, error) {
	return tilestore.Tile{}, errDisk
}

// TestErrorIsThatOfTheMeshAgainstTheDeepestHeights lifts the heights under the meshes by known amounts.
func TestErrorIsThatOfTheMeshAgainstTheDeepestHeights(t *testing.T) {
	flat := func(h float64) func(orb.Point) float64 { return func(orb.Point) float64 { return h } }
	d := testDataset()
	for c := range d.tiles {
		d.tiles[c] = pack(meshOf(c, flat(1000)))
		if c.Z == 2 { // overridden below where level 3 has heights
			d.storeHeights(t, c, flat(1003))
		}
	}
	d.storeHeights(t, tilegrid.Coord{Z: 3, X: 2, Y: 4}, flat(1010))
	d.storeHeights(t, tilegrid.Coord{Z: 3, X: 3, Y: 5}, flat(996))
	d.seal()
	report := run(t, d, Options{Jobs: 2})
	if slices.ContainsFunc(report.Faults, func(f Fault) bool { return f.Rule != "heights.absent" }) {
		t.Fatal(report.Faults)
	}
	const step = 3200.0 / terrain.QuantizedMax
	for _, want := range []struct {
		level   int
		worst   float64
		atLeast float64 // RMS
	}{{3, 10, math.Sqrt((10*10 + 4*4) / 2.0)}, {2, 10, 3}, {1, 10, 3}, {0, 10, 3}} {
		l := report.Levels[want.level]
		if math.Abs(l.MaxError-want.worst) > step || l.RMS < want.atLeast-step || l.RMS > want.atLeast+1.5 || l.Posts == 0 {
			t.Errorf("level %d: RMS %.3f, worst %.3f of %d posts, want %.3f and %.3f", want.level, l.RMS, l.MaxError, l.Posts, want.atLeast, want.worst)
		}
	}
	if got := report.Levels[3].Posts; got != 2*65*65 {
		t.Errorf("%d posts on level 3", got)
	}
}

// TestErrorSeesTheShapeOfTheGround: the same hills, drawn with 8 cells a tile.
func TestErrorSeesTheShapeOfTheGround(t *testing.T) {
	d := testDataset()
	for c := range d.tiles {
		d.storeHeights(t, c, hills)
	}
	report := run(t, d, Options{})
	if !report.OK() {
		t.Fatal(report.Faults)
	}
	l := report.Levels
	if !(l[3].RMS < l[2].RMS/3 && l[2].RMS < l[0].RMS/3) || l[3].MaxError > 30 || l[3].MaxError < 3 {
		t.Errorf("RMS %.1f, %.1f, %.1f, %.1f; worst at level 3 %.1f", l[0].RMS, l[1].RMS, l[2].RMS, l[3].RMS, l[3].MaxError)
	}
}

// TestAGridThatIsWrongIsAFault at any level: coarse tiles too, over whose grid the children's are laid.
func TestAGridThatIsWrongIsAFault(t *testing.T) {
	for _, c := range []tilegrid.Coord{{Z: 3, X: 2, Y: 4}, {Z: 2, X: 1, Y: 2}, {Z: 1, X: 1, Y: 1}, {}} {
		for rule, harm := range map[string]func(*dataset){
			"heights.corrupt": func(d *dataset) { d.heights[c] = []byte("nothing") },
			"heights.absent":  func(d *dataset) { delete(d.heights, c) },
		} {
			t.Run(rule+" at "+c.String(), func(t *testing.T) {
				d := testDataset()
				for c := range d.tiles {
					d.storeHeights(t, c, hills)
				}
				harm(d)
				report := run(t, d, Options{})
				if report.FaultCount != 1 || report.Faults[0].Rule != rule || report.Faults[0].Tile != c {
					t.Errorf("got %v", report.Faults)
				}
			})
		}
	}
}

// sealedDataset says that its heights and metadata are as told.
type sealedDataset struct {
	*dataset
	heights, metadata error
}

func (s sealedDataset) CheckHeights(context.Context) error  { return s.heights }
func (s sealedDataset) CheckMetadata(context.Context) error { return s.metadata }

func TestWhatTheReaderHoldsHashesOverIsChecked(t *testing.T) {
	rot := fmt.Errorf("%w: a row", tilestore.ErrCorrupt)
	for _, c := range []struct {
		reader sealedDataset
		want   string
	}{
		{sealedDataset{testDataset(), nil, nil}, "[]"},
		{sealedDataset{testDataset(), rot, nil}, "[heights.differ: " + rot.Error() + "]"},
		{sealedDataset{testDataset(), nil, rot}, "[metadata.differs: " + rot.Error() + "]"},
	} {
		if got := fmt.Sprint(run(t, c.reader, Options{}).Faults); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
	if _, err := Run(context.Background(), sealedDataset{testDataset(), errDisk, nil}, Options{}); !errors.Is(err, errDisk) {
		t.Errorf("got %v", err)
	}
}

func TestAListOfABillionRowsIsRefused(t *testing.T) {
	d := testDataset()
	d.info.Available = append(d.info.Available, []tilegrid.Range{{Z: 4, MaxY: 1<<30 - 1}})
	if _, err := Run(context.Background(), d, Options{}); !errors.Is(err, ErrList) || remedy.Try(err) == "" {
		t.Errorf("got %v", err)
	}
}

func TestWhatIsNotTouchedIsListedOnly(t *testing.T) {
	d := testDataset()
	d.tiles[inner] = []byte("no tile")
	for name, c := range map[string]struct {
		touched func(tilegrid.Coord) bool
		ok      bool
	}{
		"all":           {nil, false},
		"the bad one":   {func(c tilegrid.Coord) bool { return c == inner }, false},
		"all but it":    {func(c tilegrid.Coord) bool { return c != inner }, true},
		"none of them":  {func(tilegrid.Coord) bool { return false }, true},
		"its level not": {func(c tilegrid.Coord) bool { return c.Z != inner.Z }, true},
	} {
		if got := run(t, d, Options{Touched: c.touched}); got.OK() != c.ok || got.Total().Tiles != int64(len(d.tiles)) {
			t.Errorf("%s: %d tiles, faults %v", name, got.Total().Tiles, got.Faults)
		}
	}
	d.info.Available[0] = []tilegrid.Range{{}}
	delete(d.tiles, tilegrid.Coord{X: 1})
	if got := run(t, d, Options{Touched: func(tilegrid.Coord) bool { return false }}); got.OK() {
		t.Error("a missing root is not seen")
	}
}
