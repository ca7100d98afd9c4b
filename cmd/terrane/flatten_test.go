//go:build !serveonly

package main

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// yard writes a polygon in hills, some hundred metres wide, and returns its path.
func yard(t *testing.T) string {
	t.Helper()
	return write(t, filepath.Join(t.TempDir(), "yard.geojson"),
		[]byte(`{"type":"Polygon","coordinates":[[[10.40,40.40],[10.404,40.40],[10.404,40.403],[10.40,40.403],[10.40,40.40]]]}`))
}

func TestASiteBecomesAsHighAsToldAndCanBeUndone(t *testing.T) {
	t.Chdir(t.TempDir())
	run(t, "ingest", "terrain", "--src-crs", "EPSG:4326", "--vertical", "ellipsoid", "--name", "alps", hills(t))
	height := func(lon, lat string) string {
		_, stdout, _ := run(t, "height", "alps", lon, lat)
		return strings.TrimSpace(stdout)
	}
	middle, beside := height("10.402", "40.4015"), height("10.42", "40.42")
	line := []string{"flatten", "alps", yard(t), "--height", "500", "--blend", "40"}
	code, stdout, stderr := run(t, line...)
	if code != exitDone || stdout != "alps@2  data/alps@2.mbtiles\n" || !strings.Contains(stderr, "flatten to 500 m above the ellipsoid, blended over 40 m") {
		t.Fatalf("exit %d\n%s%s", code, stdout, stderr)
	}
	if got := height("10.402", "40.4015"); !strings.Contains(got, "500") {
		t.Errorf("in the site: %s, it was %s", got, middle)
	}
	if got := height("10.42", "40.42"); got[:5] != beside[:5] {
		t.Errorf("beside it: %s, it was %s", got, beside)
	}
	if code, _, stderr := run(t, line...); code != exitDone || !strings.Contains(stderr, "nothing to do") {
		t.Errorf("again: exit %d\n%s", code, stderr)
	}
	if _, stdout, _ := run(t, "info", "alps"); !strings.Contains(stdout, "flatten yard.geojson to 500 m over version 1") {
		t.Errorf("info does not tell of the site:\n%s", stdout)
	}
	// the site lies at 500 m now: nothing is above 600, and all is below
	code, stdout, stderr = run(t, "cut", "alps", yard(t), "--height", "600", "--blend", "40")
	if code != exitDone || stdout != "alps@2  data/alps@2.mbtiles\n" || !strings.Contains(stderr, "nothing to do: no ground lies above 600 m in there") {
		t.Errorf("cut: exit %d\n%s%s", code, stdout, stderr)
	}
	if code, _, stderr := run(t, "fill", "alps", yard(t), "--height", "600", "--blend", "40"); code != exitDone {
		t.Fatalf("fill: exit %d\n%s", code, stderr)
	}
	if got := height("10.402", "40.4015"); !strings.Contains(got, "600") {
		t.Errorf("fill: %s, want 600", got)
	}
	run(t, "rm", "alps@3")
	if code, _, stderr := run(t, "verify", "alps"); code != exitDone {
		t.Errorf("verify: exit %d\n%s", code, stderr)
	}
	run(t, "rm", "alps@2")
	if got := height("10.402", "40.4015"); got != middle {
		t.Errorf("undone: %s, it was %s", got, middle)
	}
}

func TestASiteThatCannotBeSaysWhy(t *testing.T) {
	t.Chdir(t.TempDir())
	swapped := write(t, filepath.Join(t.TempDir(), "swapped.geojson"),
		[]byte(`{"type":"Polygon","coordinates":[[[40.40,10.40],[40.403,10.40],[40.403,10.404],[40.40,10.404],[40.40,10.40]]]}`))
	run(t, "ingest", "terrain", "--src-crs", "EPSG:4326", "--vertical", "ellipsoid", "--name", "alps", hills(t))
	for _, c := range []struct {
		name, says string
		code       int
		line       []string
	}{
		{"no height", "--height METRES is missing", exitUsage, []string{"flatten", "alps", yard(t)}},
		{"a height in the sky", "-12000 to 9000", exitUsage, []string{"cut", "alps", yard(t), "--height", "20000"}},
		{"a blend the wrong way", "0 to 10000", exitUsage, []string{"fill", "alps", yard(t), "--height", "1", "--blend=-1"}},
		{"another datum", "--vertical \"egm96\": the height of a site is above", exitUsage,
			[]string{"cut", "alps", yard(t), "--height", "1", "--vertical", "egm96"}},
		{"levels that are none", "--levels \"5-9\"", exitUsage, []string{"cut", "alps", yard(t), "--height", "1", "--levels", "5-9"}},
		{"one version", "terrane use alps@1, then terrane cut alps", exitUsage, []string{"cut", "alps@1", yard(t), "--height", "1"}},
		{"latitude first", "its polygons lie in 40.4,10.4,40.403,10.404, the dataset covers 10,40,", exitUsage,
			[]string{"flatten", "alps", swapped, "--height", "1"}},
		{"no such dataset", "terrane list names", exitFailed, []string{"flatten", "andes", yard(t), "--height", "1"}},
		{"no polygons", "", exitInput, []string{"flatten", "alps", hills(t), "--height", "1"}},
	} {
		if code, _, stderr := run(t, c.line...); code != c.code || !strings.Contains(stderr, c.says) {
			t.Errorf("%s: exit %d, want %d\n%s", c.name, code, c.code, stderr)
		}
	}
}

func TestAPlanOfASiteSaysWhatItDoesToTheGround(t *testing.T) {
	t.Chdir(t.TempDir())
	run(t, "ingest", "terrain", "--src-crs", "EPSG:4326", "--vertical", "ellipsoid", "--name", "alps", hills(t))
	line := []string{"flatten", "alps", yard(t), "--height", "250", "--dry-run"}
	code, stdout, stderr := run(t, append(line, "--json", "--levels", "14")...)
	var plan struct {
		Levels    []int
		Ground    []float64
		Cut, Fill float64
		Vertical  string
	}
	// 339 m by 333 m of ground about 218 m high
	if err := json.Unmarshal([]byte(stdout), &plan); err != nil || code != exitDone || plan.Levels[1] != 14 || plan.Cut != 0 ||
		plan.Vertical != "ellipsoid" || plan.Fill < 3.2e6 || plan.Fill > 4.5e6 || plan.Ground[0] < 210 || plan.Ground[1] > 225 {
		t.Errorf("exit %d, %v\n%s%s", code, err, stdout, stderr)
	}
	if !strings.Contains(stderr, "flatten to 250 m above the ellipsoid, blended over 10 m      (--vertical msl counts from sea level)") ||
		!strings.Contains(stderr, "ground   there now 21") {
		t.Errorf("the plan:\n%s", stderr)
	}
	if code, _, stderr = run(t, line...); code != exitDone || !strings.Contains(stderr, "would show all of its shape") {
		t.Errorf("levels: exit %d\n%s", code, stderr)
	}
	code, _, stderr = run(t, append(line, "--vertical", "msl", "--geoid", "none")...)
	if code != exitUsage || !strings.Contains(stderr, "no geoid here") {
		t.Errorf("no sea: exit %d\n%s", code, stderr)
	}
	if left := names(t, "data"); len(left) != 1 {
		t.Errorf("a dry run left %v", left)
	}
}

func TestASiteAboveSeaLevelLiesThere(t *testing.T) {
	t.Chdir(t.TempDir())
	run(t, "ingest", "terrain", "--src-crs", "EPSG:4326", "--vertical", "ellipsoid", "--name", "alps", hills(t))
	code, _, stderr := run(t, "flatten", "alps", yard(t), "--height", "200", "--vertical", "msl", "--geoid", "egm96", "--levels", "14")
	if strings.Contains(stderr, "missing grid") {
		t.Skipf("no geoid here: %s", stderr)
	}
	// EGM96 at 10.4 E 40.4 N: 46 m (NGA's own calculator, between 45 and 48).
	if code != exitDone || !strings.Contains(stderr, "flatten to 200 m above mean sea level, blended over 10 m, by EGM96 height") ||
		!strings.Contains(stderr, "above mean sea level; about ") {
		t.Fatalf("exit %d\n%s", code, stderr)
	}
	_, stdout, _ := run(t, "height", "alps", "10.402", "40.4015", "--vertical", "msl", "--geoid", "egm96", "--json")
	var got struct{ Height, Undulation float64 }
	if err := json.Unmarshal([]byte(stdout), &got); err != nil || math.Abs(got.Height-200) > 0.02 || math.Abs(got.Undulation-46) > 3 {
		t.Errorf("%v %s", err, stdout)
	}
	if _, stdout, _ := run(t, "versions", "alps"); !strings.Contains(stdout, "flatten yard.geojson to 200 m above mean sea level by EGM96 height") ||
		!strings.Contains(stdout, "from hills.asc") {
		t.Errorf("versions do not tell them apart:\n%s", stdout)
	}
}

func TestWhatDoesNotFitOnTheDiskIsRefusedBeforeTheWork(t *testing.T) {
	t.Chdir(t.TempDir())
	dir := mount(t, "size=1m", 0)
	run(t, "ingest", "terrain", "--data", dir, "--src-crs", "EPSG:4326", "--vertical", "ellipsoid", "--name", "alps", "--levels", "5", hills(t))
	wide := write(t, filepath.Join(t.TempDir(), "wide.geojson"),
		[]byte(`{"type":"Polygon","coordinates":[[[10.1,40.1],[10.9,40.1],[10.9,40.9],[10.1,40.9],[10.1,40.1]]]}`))
	before := listing(t, dir)
	for _, line := range [][]string{
		{"flatten", "alps", wide, "--height", "500", "--levels", "13"}, {"cut", "alps", wide, "--height", "200", "--levels", "13"},
		{"fill", "alps", wide, "--height", "200", "--levels", "13"},
	} {
		code, _, stderr := run(t, append(line, "--data", dir)...)
		if code != exitDisk || !strings.Contains(stderr, dir+": no space left: about ") || !strings.Contains(stderr, " free\n") {
			t.Errorf("%s: exit %d\n%s", line[0], code, stderr)
		}
	}
	write(t, filepath.Join(dir, "ballast"), make([]byte, 800<<10)) // no copy of the dataset has room beside it
	code, _, stderr := run(t, "update", "alps", knoll(t), "--src-crs", "EPSG:4326", "--vertical", "ellipsoid", "--data", dir)
	if code != exitDisk || !strings.Contains(stderr, ": no space left: about ") {
		t.Errorf("update: exit %d\n%s", code, stderr)
	}
	os.Remove(filepath.Join(dir, "ballast"))
	if after := listing(t, dir); after != before {
		t.Errorf("the folder was\n%s and is\n%s", before, after)
	}
}
