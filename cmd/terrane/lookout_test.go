package main

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/terrane/terrane/internal/server"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

func TestBrokenFilesAreToldOnceWhenNobodyWritesThem(t *testing.T) {
	dir := t.TempDir()
	old, young := write(t, filepath.Join(dir, "old.mbtiles"), []byte("no database")), write(t, filepath.Join(dir, "young.mbtiles"), []byte("not yet"))
	past := time.Now().Add(-time.Minute)
	if err := os.Chtimes(old, past, past); err != nil {
		t.Fatal(err)
	}
	folder, err := mbtiles.OpenFolder(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	l := newLookout(dir, nil)
	names := func() string {
		_, problems := folder.All(t.Context())
		var said []string
		for _, p := range l.fresh(problems) {
			said = append(said, p.Name)
		}
		return strings.Join(said, " ")
	}
	if got := names(); got != "old.mbtiles" {
		t.Errorf("first %q", got)
	}
	if err := os.Chtimes(young, past, past); err != nil {
		t.Fatal(err)
	}
	if got := names(); got != "young.mbtiles" {
		t.Errorf("then %q", got)
	}
	if got := names(); got != "" {
		t.Errorf("again %q", got)
	}
	_, problems := folder.All(t.Context())
	if got := newLookout(dir, problems).fresh(problems); len(got) > 0 {
		t.Errorf("what was told at the start is told again: %v", got)
	}
}

func TestARunningServerTellsOfABrokenFile(t *testing.T) {
	dir := publish(t, "alps")
	folder, err := mbtiles.OpenFolder(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	var said bytes.Buffer
	ctx, stop := context.WithTimeout(t.Context(), 6*time.Second)
	defer stop()
	past := time.Now().Add(-time.Minute)
	if err := os.Chtimes(write(t, filepath.Join(dir, "bad.mbtiles"), []byte("no database")), past, past); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(writerFunc(func(p []byte) (int, error) { defer stop(); return said.Write(p) }), nil))
	newLookout(dir, nil).follow(ctx, folder, log)
	if got := said.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "file=bad.mbtiles") || !strings.Contains(got, "cause=") {
		t.Errorf("log: %s", got)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestBrokenFilesAreListedWithTheReason(t *testing.T) {
	t.Chdir(t.TempDir())
	dir := publish(t, "alps")
	write(t, filepath.Join(dir, "junk.mbtiles"), bytes.Repeat([]byte("no database "), 20))
	write(t, filepath.Join(dir, "empty.mbtiles"), nil)
	_, stdout, _ := run(t, "list", "--data", dir)
	for _, want := range []string{"alps", "junk.mbtiles", "broken", "no SQLite database", "0 bytes only"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in\n%s", want, stdout)
		}
	}
	_, stdout, _ = run(t, "list", "--data", dir, "--json")
	var list []server.Summary
	if err := json.Unmarshal([]byte(stdout), &list); err != nil || len(list) != 1 {
		t.Errorf("%v\n%s", err, stdout)
	}
}

func TestFilesByOthersAreRemovedByForceOnly(t *testing.T) {
	t.Chdir(t.TempDir())
	dir := publish(t, "alps")
	copyShared(t, "tiles/world_l1.mbtiles", dir)
	write(t, filepath.Join(dir, "junk.mbtiles"), []byte("no database"))
	for ref, file := range map[string]string{"world_l1": "world_l1.mbtiles", "junk": "junk.mbtiles"} {
		if code, _, stderr := run(t, "rm", ref, "--data", dir); code != exitStore || !strings.Contains(stderr,
			file+": this program did not make the file") || !strings.Contains(stderr, "try: terrane rm "+ref+" --force") {
			t.Errorf("rm %s: exit %d\n%s", ref, code, stderr)
		}
		if _, err := os.Stat(filepath.Join(dir, file)); err != nil {
			t.Errorf("%s is gone", file)
		}
		if code, _, stderr := run(t, "rm", ref, "--force", "--data", dir); code != exitDone || !strings.Contains(stderr, "removed "+ref) {
			t.Errorf("rm %s --force: exit %d\n%s", ref, code, stderr)
		}
	}
	if code, _, stderr := run(t, "rm", "alps", "--data", dir); code != exitDone {
		t.Errorf("rm of ours: exit %d\n%s", code, stderr)
	}
	if left := names(t, dir); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}
