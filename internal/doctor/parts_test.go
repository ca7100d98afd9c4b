package doctor

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/terrane/terrane/tilegrid"
)

func TestTilesByOthersAreReadApart(t *testing.T) {
	root := os.Getenv("TERRANE_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	files, _ := filepath.Glob(filepath.Join(root, "data", "qmesh", "*", "*.terrain*"))
	nested, _ := filepath.Glob(filepath.Join(root, "data", "qmesh", "*", "*", "*.terrain"))
	if files = append(files, nested...); len(files) == 0 {
		t.Skip("no tiles by others: set TERRANE_SHARED")
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if z, err := gzip.NewReader(bytes.NewReader(data)); err == nil {
			data, _ = io.ReadAll(z)
		}
		if m, wrong := dissect(data); wrong != nil || len(m.Vertices) < 4 || len(m.Triangles) < 6 {
			t.Errorf("%s: %+v", filepath.Base(f), wrong)
		}
	}
}

func FuzzDissect(f *testing.F) {
	f.Add([]byte{})
	f.Add(make([]byte, 120))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		if m, wrong := dissect(data); m == nil && wrong == nil {
			t.Error("neither a mesh nor a reason")
		}
	})
}

func TestWhatIsNotCoveredIsFound(t *testing.T) {
	whole := tilegrid.Range{Z: 4, MinX: 2, MinY: 2, MaxX: 5, MaxY: 5}
	part := func(a, b, c, d uint32) tilegrid.Range {
		return tilegrid.Range{Z: 4, MinX: a, MinY: b, MaxX: c, MaxY: d}
	}
	for name, c := range map[string]struct {
		by   []tilegrid.Range
		left int
	}{
		"nothing":        {nil, 16},
		"itself":         {[]tilegrid.Range{whole}, 0},
		"two halves":     {[]tilegrid.Range{part(0, 0, 3, 9), part(4, 0, 9, 9)}, 0},
		"a hole":         {[]tilegrid.Range{part(2, 2, 5, 3), part(2, 5, 5, 5), part(2, 4, 3, 4), part(5, 4, 5, 4)}, 1},
		"one in between": {[]tilegrid.Range{part(3, 3, 4, 4)}, 12},
		"beside":         {[]tilegrid.Range{part(6, 0, 9, 9)}, 16},
	} {
		n := 0
		for _, r := range uncovered(whole, c.by) {
			n += r.Len()
		}
		if n != c.left {
			t.Errorf("%s: %d tiles, want %d", name, n, c.left)
		}
	}
}

func TestTheSameTilesAreChosenRootsAndTheWayDownFirst(t *testing.T) {
	available := [][]tilegrid.Range{wholeLevel(tilegrid.Geodetic), {{Z: 1, MaxX: 3, MaxY: 1}}, {{Z: 2, MinX: 4, MinY: 2, MaxX: 5, MaxY: 3}}}
	got := fmt.Sprint(choose(tilegrid.Geodetic, available)[:8])
	if diff := cmp.Diff("[0/0/0 0/1/0 1/2/1 2/4/2 2/5/2 2/4/3 1/3/1 1/1/1]", got); diff != "" {
		t.Error(diff)
	}
	for _, c := range outside(tilegrid.Geodetic, available) {
		if has(available, c) || !tilegrid.Geodetic.Valid(c) {
			t.Errorf("%v is not outside", c)
		}
	}
	if got := choose(tilegrid.Geodetic, nil); len(got) > 0 {
		t.Errorf("nothing available: %v", got)
	}
}

func TestAddressesAreMadeAsCesiumMakesThem(t *testing.T) {
	// The header is the longest that CesiumJS sends, 119 bytes: 128 are what CORS lets pass without a preflight.
	l := &layer{extensions: []string{"metadata", "watermask", "octvertexnormals"}}
	const want = "application/vnd.quantized-mesh;extensions=octvertexnormals-watermask-metadata,application/octet-stream;q=0.9,*/*;q=0.01"
	if got := l.accept(); got != want || len(got) != 119 {
		t.Errorf("got %q", got)
	}
	for template, want := range map[string]string{
		"{z}/{x}/{y}.terrain?v={version}": "http://h/set/3/5/6.terrain?v=1.1.0&key=k",
		"/tiles/{z}/{x}/{y}":              "http://h/tiles/3/5/6?key=k",
		"https://o/{z}/{x}/{y}":           "https://o/3/5/6?key=k",
	} {
		base, _ := http.NewRequest(http.MethodGet, "http://h/set/?key=k", nil)
		l := &layer{base: base.URL, templates: []string{template}, version: "1.1.0"}
		if got := l.address(tilegrid.Coord{Z: 3, X: 5, Y: 6}).String(); got != want {
			t.Errorf("%s: %s, want %s", template, got, want)
		}
	}
}

// relief serves heightmap-1.0 of a slope that rises to the north and east, with one fault at most.
type relief struct {
	north, short, maskless bool
}

func (s relief) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Access-Control-Allow-Headers", ionHeaders)
	w.Header().Set("ETag", `"1"`)
	var c tilegrid.Coord
	if strings.HasSuffix(r.URL.Path, "layer.json") {
		json.NewEncoder(w).Encode(map[string]any{"format": heightmaps, "tiles": []string{"{z}/{x}/{y}.terrain"}, "vertical": "ellipsoid", "maxzoom": 3,
			"available": [][]span{{{0, 0, 1, 0}}, {{0, 0, 3, 1}}, {{0, 0, 7, 3}}, {{0, 0, 15, 7}}}})
		return
	}
	if n, _ := fmt.Sscanf(r.URL.Path, "/%d/%d/%d.terrain", &c.Z, &c.X, &c.Y); n != 3 || c.Z > 3 || !tilegrid.Geodetic.Valid(c) {
		http.NotFound(w, r)
		return
	}
	if s.north {
		c = tilegrid.Geodetic.FlipY(c)
	}
	var out []byte
	b := tilegrid.Geodetic.Bound(c)
	for j := range heightmapSide {
		for i := range heightmapSide {
			lon := b.Min[0] + (b.Max[0]-b.Min[0])*float64(i)/64
			lat := b.Max[1] - (b.Max[1]-b.Min[1])*float64(j)/64
			h := 4000 + 30*lat + 10*math.Abs(lon)
			out = binary.LittleEndian.AppendUint16(out, uint16(math.Max(0, math.Min(65535, (h+1000)*5))))
		}
	}
	mask := byte(15)
	if c.Z == 3 || s.maskless {
		mask = 0
	}
	out = append(out, mask, 0)
	if s.short {
		out = out[:100]
	}
	w.Write(out)
}

func TestHeightmapsAreJudged(t *testing.T) {
	for name, c := range map[string]struct {
		s        relief
		check    string
		severity Severity
	}{
		"sound":                  {relief{}, "heightmap.size", OK},
		"rows from the north":    {relief{north: true}, "layer.scheme", Fault},
		"too short":              {relief{short: true}, "heightmap.size", Fault},
		"masks without children": {relief{maskless: true}, "heightmap.mask", Warning},
	} {
		server := httptest.NewServer(c.s)
		r, err := Examine(t.Context(), server.URL, Options{})
		server.Close()
		if err != nil || severityOf(r, c.check) != c.severity || c.severity == OK && (!r.OK() || r.Count(Warning) > 0) {
			t.Errorf("%s: %v, %s is %q: %+v", name, err, c.check, severityOf(r, c.check), r.Findings)
		}
	}
}
