//go:build !serveonly

package main

import (
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
	if code != exitDone || stdout != "alps@2  data/alps@2.mbtiles\n" || !strings.Contains(stderr, "flatten to 500 m, blended over 40 m") {
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
	for grade, want := range map[string]string{"cut": "500", "fill": "600"} {
		if code, _, stderr := run(t, grade, "alps", yard(t), "--height", "600", "--blend", "40"); code != exitDone {
			t.Fatalf("%s: exit %d\n%s", grade, code, stderr)
		}
		if got := height("10.402", "40.4015"); !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", grade, got, want)
		}
		run(t, "rm", "alps@3")
	}
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
	run(t, "ingest", "terrain", "--src-crs", "EPSG:4326", "--vertical", "ellipsoid", "--name", "alps", hills(t))
	for _, c := range []struct {
		name, says string
		code       int
		line       []string
	}{
		{"no height", "--height METRES is missing", exitUsage, []string{"flatten", "alps", yard(t)}},
		{"a height in the sky", "-12000 to 9000", exitUsage, []string{"cut", "alps", yard(t), "--height", "20000"}},
		{"a blend the wrong way", "0 to 10000", exitUsage, []string{"fill", "alps", yard(t), "--height", "1", "--blend=-1"}},
		{"no such dataset", "terrane list names", exitFailed, []string{"flatten", "andes", yard(t), "--height", "1"}},
		{"no polygons", "", exitInput, []string{"flatten", "alps", hills(t), "--height", "1"}},
	} {
		if code, _, stderr := run(t, c.line...); code != c.code || !strings.Contains(stderr, c.says) {
			t.Errorf("%s: exit %d, want %d\n%s", c.name, code, c.code, stderr)
		}
	}
}
