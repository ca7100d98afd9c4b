package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/terrane/terrane/internal/server"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// twoVersions publishes a dataset and the same file as its next version.
func twoVersions(t *testing.T) string {
	t.Helper()
	dir := publish(t, "alps")
	data, err := os.ReadFile(filepath.Join(dir, "alps@1.mbtiles"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "alps@2.mbtiles"), data)
	return dir
}

// half begins a dataset and leaves it unfinished.
func half(t *testing.T, dir, name string) {
	t.Helper()
	w, err := mbtiles.Create(t.Context(), dir, name, mbtiles.Options{Work: "some"})
	if err != nil {
		t.Fatal(err)
	}
	c := tilegrid.Coord{}
	if err := errors.Join(w.Put(t.Context(), c, squareTile(t, c)), w.Checkpoint(t.Context(), 1), w.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestVersionsAreListedAndRemovedOneByOne(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("TERRANE_DATA", twoVersions(t))
	if code, stdout, stderr := run(t, "list"); code != exitDone || !strings.Contains(stdout, "2 (+1)") || !strings.Contains(stderr, "terrane versions NAME") {
		t.Errorf("list: exit %d\n%s%s", code, stdout, stderr)
	}
	code, stdout, _ := run(t, "versions", "alps", "--json")
	var list []server.Summary
	if err := json.Unmarshal([]byte(stdout), &list); err != nil || code != exitDone || len(list) != 2 || list[0].Version != 2 || list[1].Version != 1 {
		t.Errorf("versions --json: exit %d, %v\n%s", code, err, stdout)
	}
	if code, stdout, _ := run(t, "versions", "alps"); code != exitDone || strings.Count(stdout, "alps@") != 2 {
		t.Errorf("versions: exit %d\n%s", code, stdout)
	}
	for _, args := range [][]string{{"info", "alps@9"}, {"verify", "alps@9"}, {"rm", "alps@9"}} {
		if code, _, stderr := run(t, args...); code != exitFailed || !strings.Contains(stderr, "alps has no version 9\ntry: terrane versions alps: there are versions 2, 1\n") {
			t.Errorf("%v: exit %d\n%s", args, code, stderr)
		}
	}
	code, stdout, _ = run(t, "rm", "alps@2", "--json")
	var gone removed
	if err := json.Unmarshal([]byte(stdout), &gone); err != nil || code != exitDone || !slices.Equal(gone.Versions, []int{2}) {
		t.Errorf("rm --json: exit %d, %v\n%s", code, err, stdout)
	}
	if _, stdout, _ := run(t, "list"); strings.Contains(stdout, "(+") {
		t.Errorf("one version:\n%s", stdout)
	}
	if code, _, stderr := run(t, "versions", "none"); code != exitFailed || !strings.Contains(stderr, "none: no such dataset\ntry: terrane list") {
		t.Errorf("versions of nothing: exit %d\n%s", code, stderr)
	}
}

func TestUnfinishedWorkIsNamedButNotListedAndCanBeDropped(t *testing.T) {
	t.Chdir(t.TempDir())
	dir := publish(t, "alps")
	t.Setenv("TERRANE_DATA", dir)
	half(t, dir, "ural")
	code, stdout, stderr := run(t, "list")
	if code != exitDone || strings.Contains(stdout, "ural") || !strings.Contains(stderr, "ural: unfinished work") {
		t.Errorf("list: exit %d\n%s%s", code, stdout, stderr)
	}
	if _, stdout, _ := run(t, "list", "--json"); strings.Contains(stdout, "ural") {
		t.Errorf("in the catalogue: %s", stdout)
	}
	if code, _, stderr := run(t, "rm", "ural"); code != exitFailed || !strings.Contains(stderr, "it is unfinished\ntry: ") || !strings.Contains(stderr, "--unfinished") {
		t.Errorf("rm: exit %d\n%s", code, stderr)
	}
	if code, _, stderr := run(t, "rm", "alps", "--unfinished"); code != exitFailed || !strings.Contains(stderr, "nothing unfinished") {
		t.Errorf("rm --unfinished of a dataset: exit %d\n%s", code, stderr)
	}
	if code, _, stderr := run(t, "rm", "ural", "--unfinished"); code != exitDone || !strings.Contains(stderr, "removed the unfinished work of ural") {
		t.Errorf("rm --unfinished: exit %d\n%s", code, stderr)
	}
	if left := names(t, dir); !slices.Equal(left, []string{"alps@1.mbtiles"}) {
		t.Errorf("left: %v", left)
	}
}

func TestWorkUnderWayIsNotDropped(t *testing.T) {
	t.Chdir(t.TempDir())
	dir := t.TempDir()
	half(t, dir, "ural")
	w, err := mbtiles.Create(t.Context(), dir, "ural", mbtiles.Options{Work: "some"})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if code, _, stderr := run(t, "rm", "ural", "--unfinished", "--data", dir); code != exitStore || !strings.Contains(stderr, "being written") {
		t.Errorf("exit %d\n%s", code, stderr)
	}
	if w.Done() != 1 {
		t.Error("what was done is lost")
	}
}

func TestADataFolderIsNoFile(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "alps.mbtiles", []byte("x"))
	for _, args := range []string{"list", "info alps", "versions alps", "rm alps", "rm alps --unfinished", "serve --listen 127.0.0.1:0"} {
		code, _, stderr := run(t, append(strings.Fields(args), "--data", "alps.mbtiles")...)
		if code != exitFailed || !strings.Contains(stderr, "alps.mbtiles: a file, where a data folder is due\ntry: --data DIR") {
			t.Errorf("%s: exit %d\n%s", args, code, stderr)
		}
	}
}

func TestTheProgramSaysWhichItIs(t *testing.T) {
	t.Chdir(t.TempDir())
	_, want, _ := run(t, "version")
	t.Setenv("TERRANE_VERSION", "of something else")
	if code, got, _ := run(t, "--version"); code != exitDone || got != want || !strings.HasPrefix(got, "terrane dev\n") {
		t.Errorf("exit %d\n%swant\n%s", code, got, want)
	}
	if code, _, stderr := run(t, "list", "--data", t.TempDir()); code != exitDone {
		t.Errorf("exit %d\n%s", code, stderr)
	}
}
