//go:build !serveonly

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/terrane/terrane/internal/places"
)

func TestAGazetteerIsMadeListedAndRemoved(t *testing.T) {
	if err := places.Supported(); err != nil {
		t.Skipf("SQLite has no FTS5 in this build: %v (go test -tags sqlite_fts5)", err)
	}
	data, sources := filepath.Join(t.TempDir(), "data"), t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(sources, name)
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	towns := file("Swiss Towns.csv", "name,lon,lat,population\nBern,7.45,46.95,133883\nZürich,8.55,47.37,420217\nNowhere,200,0,1\n,1,2,3\n")
	latin := file("latin.csv", "name,lon,lat\nZ\xfcrich,8.5,47.4\n")
	picture := file("x.tif", "II*\x00\x08\x00\x00\x00")
	nothing := file("nothing.csv", "name,lon,lat\nA,b,c\n")
	for _, c := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"no file", nil, exitUsage, "try: terrane ingest places --help"},
		{"a file that is not there", []string{"none.csv"}, exitInput, "none.csv: unusable source: no such file or directory\n"},
		{"a picture", []string{picture}, exitInput, "line 1 is no text\n"},
		{"another encoding", []string{latin}, exitInput, "line 2 is not UTF-8: Latin-1, perhaps\ntry: iconv -f WINDOWS-1252"},
		{"no row of use", []string{nothing}, exitInput, "no row of it can be used"},
		{"a name that cannot be", []string{towns, "--name", "Über"}, exitUsage, "--name"},
		{"a progress that cannot be", []string{towns, "--progress", "x"}, exitUsage, "--progress"},
		{"a dry run", []string{towns, "--dry-run"}, exitDone, "nothing was written"},
		{"the first time", []string{towns}, exitDone, "line 4: longitude 200 is not on the globe"},
		{"once more", []string{towns}, exitDone, "nothing to do"},
		{"with other options", []string{towns, "--attribution", "me"}, exitStore, "--force"},
		{"by force", []string{towns, "--attribution", "me", "--force"}, exitDone, "2 rows left out"},
	} {
		code, _, talk := run(t, append([]string{"ingest", "places", "--data", data}, c.args...)...)
		if code != c.code || !strings.Contains(talk, c.says) {
			t.Errorf("%s: exit code %d, want %d: %s", c.name, code, c.code, talk)
		}
		if _, err := os.Stat(filepath.Join(data, "swiss-towns.places")); c.name == "a dry run" && err == nil {
			t.Error("a dry run wrote a file")
		}
	}
	_, out, _ := run(t, "list", "--data", data)
	if !strings.Contains(out, "swiss-towns  -        places  names") {
		t.Errorf("list: %s", out)
	}
	var list []gazetteer
	_, out, _ = run(t, "list", "--data", data, "--json")
	if err := json.Unmarshal([]byte(out), &list); err != nil || len(list) != 1 || list[0].Places != 2 || list[0].Attribution != "me" || list[0].Sources[0].Bad != 2 {
		t.Errorf("list --json: %v %s", err, out)
	}
	if _, out, _ = run(t, "info", "swiss-towns", "--data", data); !strings.Contains(out, "2 rows left out") {
		t.Errorf("info: %s", out)
	}
	if code, _, talk := run(t, "rm", "swiss-towns", "--data", data); code != exitDone || !strings.Contains(talk, "removed swiss-towns, a gazetteer") {
		t.Errorf("rm: %d %s", code, talk)
	}
	if left, err := os.ReadDir(data); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
