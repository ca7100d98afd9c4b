package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/terrane/terrane/internal/gzrun"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/internal/server"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// run runs the program in this process.
func run(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, talk bytes.Buffer
	a := &app{stdout: &out, stderr: &talk}
	c := newRootCommand(a)
	c.SetArgs(args)
	code = a.report(t.Context(), c.ExecuteContext(t.Context()))
	return code, out.String(), talk.String()
}

// publish writes a small dataset of both roots and returns its folder.
func publish(t testing.TB, name string) string {
	t.Helper()
	dir := t.TempDir()
	w, err := mbtiles.Create(t.Context(), dir, name, mbtiles.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for c := range (tilegrid.Range{MaxX: 1}).All() {
		if err := w.Put(t.Context(), c, gzrun.Pack([]gzrun.Run{{ID: 0, Data: []byte("a mesh, as far as HTTP is concerned")}})); err != nil {
			t.Fatal(err)
		}
	}
	info := tilestore.Info{Kind: tilestore.Terrain, Format: tilestore.QuantizedMesh, Vertical: "ellipsoid", Provenance: json.RawMessage(`{"by":"hand"}`)}
	if err := w.Commit(t.Context(), info); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestExitCodesAndRemedies(t *testing.T) {
	t.Chdir(t.TempDir())
	dir := publish(t, "alps")
	broken := filepath.Join(t.TempDir(), "broken.yaml")
	os.WriteFile(broken, []byte("listen: [\n"), 0o644)
	misspelt := filepath.Join(t.TempDir(), "misspelt.yaml")
	os.WriteFile(misspelt, []byte("lisen: 127.0.0.1:80\n"), 0o644)
	for _, c := range []struct {
		name string
		args string
		code int
		says string
	}{
		{"nothing", "", exitDone, ""},
		{"unknown command", "sing", exitUsage, "try: terrane --help"},
		{"unknown flag", "list --no-such", exitUsage, "try: terrane list --help"},
		{"a name is missing", "info", exitUsage, "try: terrane info --help"},
		{"a value that is none", "serve --max-connections x", exitUsage, "try: terrane serve --help"},
		{"a base URL that is none", "serve --base-url ftp://a", exitUsage, "--base-url"},
		{"a proxy that is none", "serve --trusted-proxy nobody", exitUsage, "--trusted-proxy"},
		{"an address that is none", "serve --data " + dir + " --listen 999.0.0.1:80", exitFailed, "--listen"},
		{"no data folder", "serve --data none", exitFailed, "terrane: none: no such data folder\ntry: "},
		{"no configuration file", "list --config none.yaml", exitUsage, "none.yaml"},
		{"a broken configuration file", "list --config " + broken, exitUsage, "broken.yaml"},
		{"an unknown key", "list --config " + misspelt, exitUsage, `unknown key "lisen"`},
		{"no such dataset", "info none --data " + dir, exitFailed, "none: no such dataset"},
		{"a name that is none", "rm ../x --data " + dir, exitFailed, "bad dataset name"},
		{"list", "list --data " + dir, exitDone, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, _, stderr := run(t, strings.Fields(c.args)...)
			if code != c.code || !strings.Contains(stderr, c.says) {
				t.Errorf("exit %d, want %d; stderr:\n%s", code, c.code, stderr)
			}
			if code != 0 && !strings.HasPrefix(stderr, "terrane: ") {
				t.Errorf("stderr does not begin with the program's name:\n%s", stderr)
			}
		})
	}
}

func TestExitCodeOfEachSentinel(t *testing.T) {
	for _, c := range []struct {
		err  error
		want int
	}{
		{nil, exitDone},
		{fmt.Errorf("a: %w", tilestore.ErrLocked), exitStore},
		{remedy.New("x", tilestore.ErrCorrupt, "y"), exitStore},
		{tilestore.ErrForeign, exitStore},
		{tilestore.ErrFull, exitDisk},
		{&os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}, exitDisk},
		{errVerification, exitVerify},
		{errAmbiguous, exitAmbiguous},
		{os.ErrNotExist, exitFailed},
		{context.Canceled, exitInterrupted},
	} {
		if got := exitCode(c.err, true); got != c.want {
			t.Errorf("%v: %d, want %d", c.err, got, c.want)
		}
	}
	if got := exitCode(context.Canceled, false); got != exitFailed {
		t.Errorf("cancelled without a signal: %d", got)
	}
}

func TestFlagBeatsVariableBeatsFileBeatsDefault(t *testing.T) {
	t.Chdir(t.TempDir())
	listen := func(args ...string) string {
		t.Helper()
		c := newRootCommand(&app{stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}})
		serve, _, err := c.Find([]string{"serve"})
		if err != nil {
			t.Fatal(err)
		}
		serve.RunE = func(*cobra.Command, []string) error { return nil }
		c.SetArgs(append([]string{"serve"}, args...))
		if _, err := c.ExecuteC(); err != nil {
			t.Fatal(err)
		}
		return serve.Flag("listen").Value.String() + " " + serve.Flag("cors").Value.String()
	}
	check := func(want, got string) {
		t.Helper()
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	check("127.0.0.1:8080 [*]", listen())
	os.WriteFile(configFile, []byte("listen: file:1\ncors:\n  - https://a\n  - https://b\n"), 0o644)
	check("file:1 [https://a,https://b]", listen())
	t.Setenv("TERRANE_LISTEN", "variable:1")
	t.Setenv("TERRANE_CORS", "https://c,https://d")
	check("variable:1 [https://c,https://d]", listen())
	check("flag:1 [https://c,https://d]", listen("--listen", "flag:1"))
}

func TestListInfoAndRemove(t *testing.T) {
	t.Chdir(t.TempDir())
	dir := publish(t, "alps")
	t.Setenv("TERRANE_DATA", dir)
	_, stdout, _ := run(t, "list", "--json")
	var list []server.Summary
	if err := json.Unmarshal([]byte(stdout), &list); err != nil || len(list) != 1 || list[0].Name != "alps" {
		t.Fatalf("%v %+v", err, list)
	}
	_, stdout, _ = run(t, "info", "alps", "--json")
	var info map[string]any
	if err := json.Unmarshal([]byte(stdout), &info); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"name", "kind", "version", "format", "grid", "bounds", "levels", "tiles", "bytes", "vertical", "manifest"} {
		if _, ok := info[key]; !ok {
			t.Errorf("info --json lacks %s", key)
		}
	}
	if diff := cmp.Diff(map[string]any{"by": "hand"}, info["provenance"]); diff != "" {
		t.Errorf("provenance (-want +got):\n%s", diff)
	}
	if code, stdout, _ := run(t, "info", "alps@1"); code != 0 || !strings.Contains(stdout, "ellipsoid") {
		t.Errorf("info as text: %d\n%s", code, stdout)
	}
	if code, _, stderr := run(t, "rm", "alps"); code != 0 || !strings.Contains(stderr, "removed alps") {
		t.Errorf("rm: %d %s", code, stderr)
	}
	if _, stdout, _ := run(t, "list", "--json"); strings.TrimSpace(stdout) != "[]" {
		t.Errorf("after rm: %s", stdout)
	}
	if code, _, _ := run(t, "rm", "alps"); code != exitFailed {
		t.Errorf("rm of nothing: %d", code)
	}
}

func TestFilesThatAreNotServedAreNamed(t *testing.T) {
	t.Chdir(t.TempDir())
	dir := publish(t, "alps")
	os.WriteFile(filepath.Join(dir, "junk.mbtiles"), []byte("no database"), 0o644)
	code, stdout, stderr := run(t, "list", "--data", dir)
	if code != 0 || !strings.Contains(stdout, "alps") || !strings.Contains(stderr, "junk.mbtiles is not served") {
		t.Errorf("%d\n%s\n%s", code, stdout, stderr)
	}
}
