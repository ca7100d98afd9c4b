package ingest

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/terrain"
)

// ascii writes an ASCII grid of n x n cells over a box of so many degrees, and returns its path.
func ascii(t *testing.T, name string, west, south, degrees float64, n int) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "ncols %d\nnrows %d\nxllcorner %.9f\nyllcorner %.9f\ncellsize %.12f\nNODATA_value -9999\n", n, n, west, south, degrees/float64(n))
	for k := range n * n {
		fmt.Fprintf(&b, "%d ", 100+mix(1, 2, uint64(k))%50)
		if k%n == n-1 {
			b.WriteByte('\n')
		}
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, time.Unix(1e9, 0), time.Unix(1e9, 0)); err != nil {
		t.Fatal(err)
	}
	return path
}

func optionsFor(paths ...string) Options {
	return Options{Sources: paths, Leaf: -1, Raster: raster.Options{SrcCRS: "EPSG:4326"}}
}

func prepare(t *testing.T, o Options) *Job {
	t.Helper()
	j, err := Prepare(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return j
}

func TestProvenanceSaysHowWithoutWhereAndWhen(t *testing.T) {
	path := ascii(t, "hills.asc", 10, 40, 1, 20)
	o := optionsFor(path)
	o.Title = "Hills"
	j := prepare(t, o)
	var got map[string]any
	if err := json.Unmarshal(j.provenance, &got); err != nil {
		t.Fatal(err)
	}
	text := string(j.provenance)
	if strings.Contains(text, filepath.Dir(path)) || strings.Contains(text, fmt.Sprint(time.Now().Year())) {
		t.Errorf("a path or a clock: %s", text)
	}
	for _, want := range []string{`"hills.asc"`, `"2001-09-09T01:46:40Z"`, `"EPSG:4326"`, `"noData":-9999`, `"title":"Hills"`, `"fill":"interpolate"`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
	if again := prepare(t, o); string(again.provenance) != text || again.Work != j.Work {
		t.Error("the same once more is described otherwise")
	}
}

func TestWorkIsAnotherWhereverTilesMayBe(t *testing.T) {
	path := ascii(t, "hills.asc", 10, 40, 1, 20)
	same := ascii(t, "hills.asc", 10, 40, 1, 20)
	fewer := 10.0
	first := prepare(t, optionsFor(path)).Work
	if prepare(t, optionsFor(same)).Work != first {
		t.Error("an equal file in another folder is other work")
	}
	seen := map[string]string{first: "as it is"}
	for _, c := range []struct {
		name   string
		change func(*Options)
	}{
		{"leaf", func(o *Options) { o.Leaf = 3 }},
		{"error", func(o *Options) { o.MaxError = 7 }},
		{"fill", func(o *Options) { o.Fill = Sea }},
		{"no fill", func(o *Options) { o.Fill = NoFill }},
		{"vertical", func(o *Options) { o.Vertical = "ellipsoid" }},
		{"geoid", func(o *Options) { o.Vertical = "egm96" }},
		{"depths", func(o *Options) { o.Raster.Depth = true }},
		{"box", func(o *Options) { b := box(10.2, 40.2, 10.8, 40.8); o.BBox = &b }},
		{"title", func(o *Options) { o.Title = "T" }},
		{"program", func(o *Options) { o.Program = "v9" }},
		{"attribution", func(o *Options) { o.Attribution = "A" }},
		{"priority", func(o *Options) { o.Raster.Priority = raster.Last }},
		{"reference", func(o *Options) { o.Raster.SrcCRS = "EPSG:4258" }},
		{"nodata", func(o *Options) { o.Raster.NoData = &fewer }},
		{"a second source", func(o *Options) { o.Sources = append(o.Sources, ascii(t, "more.asc", 11, 40, 1, 20)) }},
		{"other bytes", func(o *Options) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			data[len(data)-3] ^= 1
			other := filepath.Join(t.TempDir(), "hills.asc")
			if err := os.WriteFile(other, data, 0o644); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(other, time.Unix(1e9, 0), time.Unix(1e9, 0)); err != nil {
				t.Fatal(err)
			}
			o.Sources = []string{other}
		}},
	} {
		o := optionsFor(path)
		c.change(&o)
		work := prepare(t, o).Work
		if other, ok := seen[work]; ok {
			t.Errorf("%s is the same work as %s", c.name, other)
		}
		seen[work] = c.name
	}
}

func TestABoxCutsTheGround(t *testing.T) {
	path := ascii(t, "hills.asc", 10, 40, 2, 20)
	across := ascii(t, "dateline.asc", 179, -1, 2, 20)
	for _, c := range []struct {
		name, path string
		box        orb.Bound
		want       []orb.Bound
	}{
		{"inside", path, box(10.5, 40.5, 11, 41), []orb.Bound{box(10.5, 40.5, 11, 41)}},
		{"half beside", path, box(0, 41, 11, 60), []orb.Bound{box(10, 41, 11, 42)}},
		{"around", path, box(0, 0, 60, 60), []orb.Bound{box(10, 40, 12, 42)}},
		{"beside", path, box(0, 0, 5, 5), nil},
		{"across the antimeridian, east of it", across, box(-180, -1, -179.5, 1), []orb.Bound{box(-180, -1, -179.5, 1)}},
		{"across the antimeridian, both sides", across, box(179.5, -1, 180.5, 1), []orb.Bound{box(179.5, -1, 180, 1), box(-180, -1, -179.5, 1)}},
	} {
		o := optionsFor(c.path)
		o.BBox = &c.box
		j, err := Prepare(t.Context(), o)
		if c.want == nil {
			if !errors.Is(err, ErrOptions) {
				t.Errorf("%s: %v, want ErrOptions", c.name, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, j.Bounds()); diff != "" {
			t.Errorf("%s (-want +got)\n%s", c.name, diff)
		}
		_ = j.Close()
	}
}

func TestNotANumberAsNodataFitsIntoJSON(t *testing.T) {
	o := optionsFor(ascii(t, "hills.asc", 10, 40, 1, 20))
	nan := float64(missing)
	o.Raster.NoData = &nan
	if j := prepare(t, o); strings.Contains(string(j.provenance), "noData") {
		t.Errorf("%s", j.provenance)
	}
}

func TestSourcesOfDifferentFinenessAreEachAsDeepAsTheyAreWorth(t *testing.T) {
	fine, coarse := ascii(t, "fine.asc", 10.2, 40.2, 0.4, 40), ascii(t, "coarse.asc", 10, 40, 1, 10)
	j := prepare(t, optionsFor(coarse, fine))
	var leaves []uint8
	for _, g := range j.Plan.Grounds {
		leaves = append(leaves, g.Leaf)
	}
	if diff := cmp.Diff([]uint8{LeafLevel(0.01), LeafLevel(0.1)}, leaves); diff != "" {
		t.Errorf("leaves (-want +got)\n%s", diff)
	}
	all, own := j.sources(LeafLevel(0.1))
	if all == nil || own == nil {
		t.Error("no source comes in at the coarse one's level")
	}
	if all, own := j.sources(LeafLevel(0.1) - 1); all != nil || own != nil {
		t.Error("a source comes in below its level")
	}
	for _, c := range []struct {
		name string
		leaf int
		want []uint8
	}{
		{"deeper than any", 12, []uint8{12, 5}},
		{"between", 7, []uint8{7, 5}},
		{"shallower than all", 3, []uint8{3, 3}},
	} {
		o := optionsFor(coarse, fine)
		o.Leaf = c.leaf
		var got []uint8
		for _, g := range prepare(t, o).Plan.Grounds {
			got = append(got, g.Leaf)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", c.name, diff)
		}
	}
}

func TestErrorBoundsFollowTheClientsAndTheLastOneTheOptions(t *testing.T) {
	o := optionsFor(ascii(t, "hills.asc", 10, 40, 1, 20))
	errs := prepare(t, o).MaxErrors()
	for z, got := range errs {
		share := ErrorShare
		if z == len(errs)-1 {
			share = LeafErrorShare
		}
		if want := terrain.MaxError(uint8(z)) * share; got != want {
			t.Errorf("level %d: %g, want %g", z, got, want)
		}
	}
	o.MaxError = 3
	j := prepare(t, o)
	if got := j.MaxErrors(); got[len(got)-1] != 3 || got[0] != errs[0] {
		t.Errorf("asked for 3 m: %v", got)
	}
	if got := j.Vertical(); got != "unknown" {
		t.Errorf("vertical %s", got)
	}
}
