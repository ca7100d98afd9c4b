//go:build !serveonly

package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

// knoll writes an ASCII grid of a tenth of a degree in the middle of hills, finer than those, and returns its path.
func knoll(t *testing.T) string {
	t.Helper()
	rows := strings.Repeat("400 410 420 430 440 440 430 420 410 400\n", 10)
	return write(t, filepath.Join(t.TempDir(), "knoll.asc"), []byte("ncols 10\nnrows 10\nxllcorner 10.4\nyllcorner 40.4\ncellsize 0.02\n"+rows))
}

func TestAnUpdateMakesTheNextVersionOnce(t *testing.T) {
	t.Chdir(t.TempDir())
	run(t, "ingest", "terrain", "--src-crs", "EPSG:4326", "--vertical", "ellipsoid", "--name", "alps", hills(t))
	line := []string{"update", "alps", knoll(t), "--src-crs", "EPSG:4326", "--vertical", "ellipsoid"}
	code, stdout, stderr := run(t, append(line, "--dry-run")...)
	if code != exitDone || stdout != "" || !strings.Contains(stderr, "base     alps version 1, levels 0-5, ") {
		t.Errorf("dry run: exit %d\n%s%s", code, stdout, stderr)
	}
	code, stdout, stderr = run(t, line...)
	if code != exitDone || stdout != "alps@2  data/alps@2.mbtiles\n" || !strings.Contains(stderr, "alps version 2, levels 0-8, ") {
		t.Fatalf("exit %d\n%s%s", code, stdout, stderr)
	}
	code, stdout, stderr = run(t, line...)
	if code != exitDone || stdout != "alps@2  data/alps@2.mbtiles\n" || !strings.Contains(stderr, "nothing to do: alps version 2 ") {
		t.Errorf("again: exit %d\n%s%s", code, stdout, stderr)
	}
	if code, _, stderr = run(t, "verify", "alps"); code != exitDone {
		t.Errorf("verify: exit %d\n%s", code, stderr)
	}
	var list []struct{ Version int }
	_, stdout, _ = run(t, "versions", "alps", "--json")
	if err := json.Unmarshal([]byte(stdout), &list); err != nil || len(list) != 2 || list[0].Version != 2 {
		t.Errorf("versions: %v\n%s", err, stdout)
	}
}

func TestSourcesAreLaidOverABaseUnderANewName(t *testing.T) {
	t.Chdir(t.TempDir())
	run(t, "ingest", "terrain", "--src-crs", "EPSG:4326", "--vertical", "ellipsoid", "--name", "wide", hills(t))
	for name, base := range map[string]string{"named": "wide", "pinned": "wide@1", "by-file": "data/wide@1.mbtiles"} {
		code, stdout, stderr := run(t, "ingest", "terrain", "--name", name, "--base", base, "--src-crs", "EPSG:4326", "--vertical", "ellipsoid", knoll(t))
		if code != exitDone || !strings.HasPrefix(stdout, name+"@1 ") || !strings.Contains(stderr, "levels 0-8, ") {
			t.Errorf("%s: exit %d\n%s%s", name, code, stdout, stderr)
		}
	}
	if code, _, stderr := run(t, "ingest", "terrain", "--name", "vague", "--base", "wide", "--src-crs", "EPSG:4326", knoll(t)); code != exitAmbiguous {
		t.Errorf("datum not stated: exit %d\n%s", code, stderr)
	}
	if _, stdout, _ := run(t, "info", "named"); !strings.Contains(stdout, "base         wide version 1, where the sources do not reach\n") {
		t.Errorf("info:\n%s", stdout)
	}
	if _, stdout, _ := run(t, "versions", "named"); !strings.Contains(stdout, "from knoll.asc over wide version 1\n") {
		t.Errorf("versions:\n%s", stdout)
	}
	_, stdout, _ := run(t, "info", "named", "--json")
	var i struct {
		Provenance struct {
			Base struct {
				Name       string
				Version    int
				Provenance struct{ Leaf int }
			}
		}
	}
	err := json.Unmarshal([]byte(stdout), &i)
	if b := i.Provenance.Base; err != nil || b.Name != "wide" || b.Version != 1 || b.Provenance.Leaf != 5 {
		t.Errorf("%v\n%s", err, stdout)
	}
}

func TestAnUpdateOfUnknownDatumIsRefusedAndCanBeRepaired(t *testing.T) {
	t.Chdir(t.TempDir())
	run(t, "ingest", "terrain", "--src-crs", "EPSG:4326", "--vertical", "ellipsoid", "--name", "alps", hills(t))
	line := []string{"update", "alps", knoll(t), "--src-crs", "EPSG:4326"}
	code, _, stderr := run(t, line...)
	if code != exitAmbiguous || !strings.Contains(stderr, "knoll.asc: ambiguous input: vertical datum is not stated, and the heights of alps are") ||
		!strings.Contains(stderr, "\ntry: --vertical egm96") {
		t.Errorf("not stated: exit %d\n%s", code, stderr)
	}
	if code, _, stderr = run(t, append(line, "--vertical", "auto")...); code != exitDone || !strings.Contains(stderr, "tens of metres apart") {
		t.Fatalf("told: exit %d\n%s", code, stderr)
	}
	code, _, stderr = run(t, append(line, "--vertical", "ellipsoid")...)
	if code != exitDone || !strings.Contains(stderr, "alps stays unknown with this: terrane use alps@1, the last that is above the ellipsoid") {
		t.Errorf("too late: exit %d\n%s", code, stderr)
	}
	run(t, "use", "alps@1")
	run(t, append(line, "--vertical", "ellipsoid", "--force")...)
	if _, stdout, _ := run(t, "info", "alps@4"); !strings.Contains(stdout, "vertical     ellipsoid") || !strings.Contains(stdout, "m in the sources") {
		t.Errorf("repaired:\n%s", stdout)
	}
}

func TestWhatCannotBeUpdatedSaysWhy(t *testing.T) {
	t.Chdir(t.TempDir())
	source := knoll(t)
	run(t, "ingest", "terrain", "--src-crs", "EPSG:4326", "--vertical", "ellipsoid", "--name", "alps", hills(t))
	general := []string{"--src-crs", "EPSG:4326", "--vertical", "ellipsoid"}
	for _, c := range []struct {
		name, says string
		code       int
		line       []string
	}{
		{"no source", "at least 2 arg", exitUsage, []string{"update", "alps"}},
		{"a dataset that is not there", "terrane list names", exitFailed, []string{"update", "andes", source}},
		{"one version", "terrane use alps@1, then terrane update alps", exitUsage, []string{"update", "alps@1", source}},
		{"two names", "named before the sources", exitUsage, []string{"update", "alps", source, "--name", "andes"}},
		{"a base that is not there", "no such file", exitFailed, []string{"ingest", "terrain", source, "--base", "none.mbtiles"}},
		{"another bound for levels that stay", "keep the bound", exitUsage, []string{"update", "alps", hills(t), "--max-error", "3"}},
		{"heights that may count from something else", "tens of metres", exitAmbiguous,
			[]string{"update", "alps", source, "--vertical", "auto", "--strict"}},
		{"a box beside the source", "no source reaches", exitUsage, []string{"update", "alps", source, "--bbox", "0,0,1,1"}},
	} {
		line := c.line
		if len(line) > 2 && c.code != exitAmbiguous {
			line = append(line, general...)
		} else if c.code == exitAmbiguous {
			line = append(line, general[:2]...)
		}
		if code, _, stderr := run(t, line...); code != c.code || !strings.Contains(stderr, c.says) {
			t.Errorf("%s: exit %d, want %d\n%s", c.name, code, c.code, stderr)
		}
	}
}
