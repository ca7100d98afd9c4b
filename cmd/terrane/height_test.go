//go:build !serveonly

package main

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
)

// runWith is run with something on stdin, and with arguments as main takes them.
func runWith(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, talk bytes.Buffer
	a := &app{stdout: &out, stderr: &talk}
	c := newRootCommand(a)
	c.SetIn(strings.NewReader(stdin))
	c.SetArgs(shield(c, args))
	code = a.report(t.Context(), c.ExecuteContext(t.Context()))
	return code, out.String(), talk.String()
}

// ramps ingests a plane that rises a metre a hundredth of a degree to the east, in 3..2 W, 40..41 N, and goes to its folder.
func ramps(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	var rows strings.Builder
	for range 101 {
		for x := range 101 {
			fmt.Fprintf(&rows, "%d ", x)
		}
		rows.WriteString("\n")
	}
	const header = "ncols 101\nnrows 101\nxllcenter -3\nyllcenter 40\ncellsize 0.01\nNODATA_value -9999\n"
	file := write(t, filepath.Join(t.TempDir(), "ramp.asc"), []byte(header+rows.String()))
	if code, _, stderr := run(t, "ingest", "terrain", "--src-crs", "EPSG:4326", "--vertical", "ellipsoid", file); code != exitDone {
		t.Fatalf("exit %d\n%s", code, stderr)
	}
}

func TestHeightAnswersOnePlaceAndMany(t *testing.T) {
	ramps(t)
	code, stdout, stderr := runWith(t, "", "height", "ramp", "-2.5", "40.5")
	if code != exitDone || !strings.HasPrefix(stdout, "50.0") || !strings.Contains(stdout, "above the ellipsoid; ramp@1 level ") {
		t.Errorf("one place: exit %d\n%s%s", code, stdout, stderr)
	}
	var one struct {
		Height, Lon float64
		Level       int
	}
	code, stdout, _ = runWith(t, "", "height", "ramp", "-2.25", "40.5", "--json", "--level", "3")
	if json.Unmarshal([]byte(stdout), &one) != nil || code != exitDone || one.Lon != -2.25 || one.Level != 3 {
		t.Errorf("as JSON: exit %d %s", code, stdout)
	}
	code, stdout, stderr = runWith(t, "", "height", "ramp", "5", "40.5")
	if code != exitDone || stdout != "no data there (ramp@1)\n" || !strings.Contains(stderr, "ramp covers -3") || strings.Contains(stderr, "first") {
		t.Errorf("elsewhere: exit %d %q %s", code, stdout, stderr)
	}
	if _, _, stderr = runWith(t, "", "height", "ramp", "40.5", "-2.5"); !strings.Contains(stderr, "; longitude comes first") {
		t.Errorf("swapped: %s", stderr)
	}
	code, stdout, stderr = runWith(t, "\n-2.5 40.5\n-2.25,40.5 a name\n\n5\t40\n", "height", "ramp")
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	if code != exitDone || len(lines) != 3 || !strings.HasPrefix(lines[0], "-2.5 40.5 50.0") ||
		!strings.HasPrefix(lines[1], "-2.25 40.5 75.0") || lines[2] != "5 40 nan" {
		t.Errorf("lines: exit %d\n%s%s", code, stdout, stderr)
	}
	code, stdout, _ = runWith(t, ` [[-2.5,40.5],[5,40]]`, "height", "ramp")
	if code != exitDone || !strings.HasPrefix(stdout, "[[-2.5,40.5,50.0") || !strings.HasSuffix(stdout, ",[5,40,null]]\n") {
		t.Errorf("JSON: exit %d %s", code, stdout)
	}
}

func TestHeightKnowsMeanSeaLevelWhereThereIsAGeoid(t *testing.T) {
	ramps(t)
	code, stdout, stderr := runWith(t, "", "height", "ramp", "-2.5", "40.5", "--vertical", "msl", "--json", "--geoid", "egm96")
	if code != exitDone {
		t.Skipf("no geoid here: %s", stderr)
	}
	var got struct {
		Height, Undulation float64
		Vertical, Geoid    string
	}
	// EGM96 at 2.5 W 40.5 N: 52.2 m (NGA's own calculator).
	err := json.Unmarshal([]byte(stdout), &got)
	if err != nil || got.Vertical != "msl" || math.Abs(got.Undulation-52.2) > 1 || math.Abs(got.Height+got.Undulation-50) > 0.05 {
		t.Errorf("%v %s", err, stdout)
	}
}

func TestProfileReadsALine(t *testing.T) {
	ramps(t)
	const feature = `{"type":"Feature","properties":{},"geometry":{"type":"LineString","coordinates":[[-2.9,40.5],[-2.1,40.5]]}}`
	line := write(t, filepath.Join(t.TempDir(), "line.geojson"), []byte(feature))
	code, stdout, stderr := runWith(t, "", "profile", "ramp", line, "--spacing", "10000")
	rows := strings.Split(strings.TrimSpace(stdout), "\n")
	if code != exitDone || len(rows) != 8 || !strings.HasPrefix(rows[0], "0.000 -2.90000000 40.50000000 10.0") ||
		!strings.Contains(stderr, "up 80.0 m, down 0.0 m; ellipsoid, ramp@1") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
	var p struct {
		Length, Gain float64
		Points       []struct{ Distance, Height float64 }
	}
	code, stdout, _ = runWith(t, `[[-2.9,40.5],[-2.1,40.5]]`, "profile", "ramp", "-", "--json")
	err := json.Unmarshal([]byte(stdout), &p)
	if err != nil || code != exitDone || math.Abs(p.Gain-80) > 0.1 || math.Abs(p.Length-67850) > 100 || len(p.Points) < 60 {
		t.Errorf("exit %d, %v, %.0f m, %d points", code, err, p.Length, len(p.Points))
	}
}

func TestQuestionsForHeightsThatMakeNoSenseAreRefused(t *testing.T) {
	ramps(t)
	polygon := write(t, filepath.Join(t.TempDir(), "polygon.geojson"), []byte(`{"type":"Polygon","coordinates":[[[1,2],[3,4],[5,6],[1,2]]]}`))
	for _, c := range []struct {
		name, stdin, args string
		code              int
		says              string
	}{
		{"no name", "", "height", exitUsage, "try: "},
		{"half a place", "", "height ramp 1", exitUsage, "want NAME, or NAME LON LAT"},
		{"words", "", "height ramp a b", exitUsage, "numbers"},
		{"NaN", "", "height ramp NaN 1", exitUsage, "numbers"},
		{"no place on the globe", "", "height ramp 1 95", exitUsage, "outside of the globe"},
		{"a level too deep", "", "height ramp 1 2 --level 31", exitUsage, "has levels 0 to "},
		{"no such datum", "", "height ramp 1 2 --vertical sea", exitUsage, "ellipsoid or msl"},
		{"no such dataset", "", "height alps 1 2", exitFailed, "try: terrane list"},
		{"a bad line", "1 2\n3\n", "height ramp", exitUsage, "line 2: no place"},
		{"half JSON", "[[1,2]", "height ramp", exitUsage, "not JSON"},
		{"a polygon", "", "profile ramp " + polygon, exitUsage, "no line"},
		{"no file", "", "profile ramp none.geojson", exitInput, "none.geojson"},
		{"a spacing of nothing", "[[-3,40],[-2,40]]", "profile ramp - --spacing 0", exitUsage, "--spacing"},
		{"too fine a spacing", "[[-3,40],[-2,40]]", "profile ramp - --spacing 0.1", exitUsage, "too long"},
		{"a spacing that would do", "[[-3,40],[-2,40]]", "profile ramp - --spacing 0.1", exitUsage, "try: --spacing 9 or more"},
		{"a line that is no JSON", "PK", "profile ramp -", exitUsage, "it is not JSON\ntry: GeoJSON only: a LineString, or [[lon,lat], ...]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, _, stderr := runWith(t, c.stdin, strings.Fields(c.args)...)
			if code != c.code || !strings.Contains(stderr, c.says) || !strings.Contains(stderr, "\ntry: ") {
				t.Errorf("exit %d, want %d\n%s", code, c.code, stderr)
			}
		})
	}
}

// srtm is a tile of SRTM, read without GDAL: posts of three seconds from the north-west, metres, NaN for voids.
func srtm(t *testing.T, path string, west, south float64) func(lon, lat float64) float64 {
	t.Helper()
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	f, err := z.File[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	side := int(math.Sqrt(float64(len(raw) / 2)))
	post := func(x, y int) float64 {
		v := int16(binary.BigEndian.Uint16(raw[2*(min(y, side-1)*side+min(x, side-1)):]))
		if v == math.MinInt16 {
			return math.NaN()
		}
		return float64(v)
	}
	return func(lon, lat float64) float64 {
		x, y := (lon-west)*float64(side-1), (south+1-lat)*float64(side-1)
		return between(x, y, post)
	}
}

// between is bilinear between the values at whole numbers.
func between(x, y float64, at func(x, y int) float64) float64 {
	i, j := math.Floor(x), math.Floor(y)
	fx, fy := x-i, y-j
	c, r := int(i), int(j)
	return (at(c, r)*(1-fx)+at(c+1, r)*fx)*(1-fy) + (at(c, r+1)*(1-fx)+at(c+1, r+1)*fx)*fy
}

// TestHeightsAreTheSourcesOwn asks for 1,000 places of a real DEM. A height is bilinear between posts that are bilinear in the
// source: to the centimetre. From the source's own bilinear height it differs by no more than the answer admits.
func TestHeightsAreTheSourcesOwn(t *testing.T) {
	file := sharedFile(t, "dem/N42E001.hgt.zip")
	t.Chdir(t.TempDir())
	if code, _, stderr := run(t, "ingest", "terrain", "--vertical", "ellipsoid", "--name", "pyrenees", file); code != exitDone {
		t.Fatalf("exit %d\n%s", code, stderr)
	}
	source := srtm(t, file, 1, 42)
	chance := rand.New(rand.NewPCG(11, 12))
	var places strings.Builder
	for range 1000 {
		fmt.Fprintf(&places, "%.8f %.8f\n", 1.01+0.98*chance.Float64(), 42.01+0.98*chance.Float64())
	}
	code, stdout, stderr := runWith(t, places.String(), "height", "pyrenees")
	if code != exitDone {
		t.Fatal(stderr)
	}
	_, described, _ := run(t, "info", "pyrenees", "--json")
	var info struct{ Levels [2]uint8 }
	if err := json.Unmarshal([]byte(described), &info); err != nil {
		t.Fatal(err)
	}
	step := tilegrid.Geodetic.Resolution(info.Levels[1], terrain.Cells)
	folder, err := (&app{data: "data"}).askGround(t.Context(), "pyrenees", heightFlags{})
	if err != nil {
		t.Fatal(err)
	}
	defer folder.close()
	sum, worst, doubts, compared := 0.0, 0.0, 0.0, 0
	for line := range strings.Lines(stdout) {
		w := strings.Fields(line)
		lon, _ := strconv.ParseFloat(w[0], 64)
		lat, _ := strconv.ParseFloat(w[1], 64)
		got, err := strconv.ParseFloat(w[2], 64)
		if err != nil {
			t.Fatal(line)
		}
		posts := between((lon+180)/step, (90-lat)/step, func(x, y int) float64 { return source(float64(x)*step-180, 90-float64(y)*step) })
		own := source(lon, lat)
		if math.IsNaN(posts) || math.IsNaN(own) {
			continue // a void, which was filled
		}
		compared++
		r, err := folder.At(t.Context(), [2]float64{lon, lat})
		if err != nil || math.Abs(got-own) > 0.01+r.Doubt {
			t.Errorf("%.8f %.8f: %.3f m, the source has %.3f m, admitted are %.3f m; %v", lon, lat, got, own, r.Doubt, err)
		}
		doubts += r.Doubt
		if math.Abs(got-posts) > 0.01 {
			t.Errorf("%.8f %.8f: %.3f m, between the source's heights at the posts lie %.3f m", lon, lat, got, posts)
		}
		sum, worst = sum+(got-own)*(got-own), max(worst, math.Abs(got-own))
	}
	t.Logf("%d places; from the source's own bilinear heights RMS %.3f m, at most %.2f m; admitted %.2f m in the mean",
		compared, math.Sqrt(sum/float64(compared)), worst, doubts/float64(compared))
	if compared < 950 || math.Sqrt(sum/float64(compared)) > 2 {
		t.Errorf("%d places, RMS %.3f m", compared, math.Sqrt(sum/float64(compared)))
	}
}
