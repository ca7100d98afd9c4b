package mbtiles

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// threeVersions publishes three versions of a dataset that differ in one tile.
func threeVersions(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for v := range 3 {
		addVersion(t, dir, byte('1'+v))
	}
	return dir
}

func addVersion(t *testing.T, dir string, mark byte) {
	t.Helper()
	w, err := Create(t.Context(), dir, "alps", Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	err = errors.Join(w.Put(t.Context(), tilegrid.Coord{}, []byte{mark}), w.Put(t.Context(), tilegrid.Coord{X: 1}, []byte("same")))
	if err := errors.Join(err, w.Commit(t.Context(), tilestore.Info{Kind: tilestore.Terrain, Format: tilestore.QuantizedMesh})); err != nil {
		t.Fatal(err)
	}
}

// versionOf is the version that a name stands for.
func versionOf(t *testing.T, f *Folder) int {
	t.Helper()
	h, err := f.Get(t.Context(), "alps")
	if err != nil {
		t.Fatal(err)
	}
	defer h.Release()
	return h.Info().Version
}

func TestUseMakesAVersionTheCurrentOneForAllWhoWatch(t *testing.T) {
	dir := threeVersions(t)
	here, elsewhere := openFolder(t, dir), openFolder(t, dir)
	for _, c := range []struct {
		ref  string
		want int
	}{{"alps@1", 1}, {"alps@2", 2}, {"alps@3", 3}, {"alps@1", 1}, {"alps", 3}} {
		if err := here.Use(t.Context(), c.ref); err != nil {
			t.Fatal(err)
		}
		if got := versionOf(t, here); got != c.want {
			t.Errorf("use %s: version %d", c.ref, got)
		}
		for end := time.Now().Add(5 * time.Second); versionOf(t, elsewhere) != c.want && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		}
		if got := versionOf(t, elsewhere); got != c.want {
			t.Errorf("use %s, seen by another: version %d", c.ref, got)
		}
		if got := here.Versions("alps"); !slices.Equal(got, []int{3, 2, 1}) {
			t.Errorf("versions %v", got)
		}
	}
	if _, pinned := here.Pinned("alps"); pinned {
		t.Error("still pinned")
	}
}

func TestAPinHoldsOnlyAsLongAsItsVersion(t *testing.T) {
	dir := threeVersions(t)
	f := openFolder(t, dir)
	use := func(ref string) {
		t.Helper()
		if err := f.Use(t.Context(), ref); err != nil {
			t.Fatal(err)
		}
	}
	use("alps@2")
	addVersion(t, dir, '4')
	f.refresh()
	if got := versionOf(t, f); got != 2 {
		t.Errorf("after a new version: %d", got)
	}
	if err := f.Remove("alps@2"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(pinPath(dir, "alps")); versionOf(t, f) != 4 || err == nil {
		t.Errorf("pinned version removed: %d, %v", versionOf(t, f), err)
	}
	use("alps@4")
	if err := os.Remove(filepath.Join(dir, "alps@4.mbtiles")); err != nil { // by hand
		t.Fatal(err)
	}
	f.refresh()
	if got := versionOf(t, f); got != 3 {
		t.Errorf("pinned version gone: %d", got)
	}
	use("alps@1")
	if err := os.WriteFile(pinPath(dir, "alps"), []byte("4\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	addVersion(t, dir, '5') // takes number 4 again
	f.refresh()
	if _, pinned := f.Pinned("alps"); pinned || versionOf(t, f) != 4 {
		t.Errorf("a stale pin holds: version %d", versionOf(t, f))
	}
	use("alps@1")
	if err := f.Remove("alps"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(pinPath(dir, "alps")); err == nil {
		t.Error("the pin outlives its dataset")
	}
}

func TestUseRefusesWhatCannotBeServed(t *testing.T) {
	dir := threeVersions(t)
	if err := os.Truncate(filepath.Join(dir, "alps@2.mbtiles"), 5000); err != nil {
		t.Fatal(err)
	}
	f := openFolder(t, dir)
	for ref, want := range map[string]error{"alps@9": tilestore.ErrNoDataset, "ural": tilestore.ErrNoDataset, "Alps!": tilestore.ErrName, "alps@2": tilestore.ErrCorrupt} {
		if err := f.Use(t.Context(), ref); !errors.Is(err, want) {
			t.Errorf("%s: %v", ref, err)
		}
	}
	if err := os.WriteFile(pinPath(dir, "alps"), []byte("two\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	f.refresh()
	if _, problems := f.All(t.Context()); len(problems) == 0 || problems[0].Name != ".alps.use" || versionOf(t, f) != 3 {
		t.Errorf("a broken pin: %v, version %d", problems, versionOf(t, f))
	}
	if err := f.Use(t.Context(), "alps"); err != nil {
		t.Error(err)
	}
}
