package mbtiles

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/storetest"
)

var roots = []tilegrid.Coord{{Z: 0, X: 0}, {Z: 0, X: 1}}

func get(t testing.TB, f *Folder, ref string) *Handle {
	t.Helper()
	h, err := f.Get(t.Context(), ref)
	if err != nil {
		t.Fatalf("get %s: %v", ref, err)
	}
	t.Cleanup(h.Release)
	return h
}

// within polls until ok, and fails after three seconds: the folder promises about one.
func within(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(3 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within three seconds: %s", what)
		}
	}
}

func TestAFolderIsSeenAsItChanges(t *testing.T) {
	dir := t.TempDir()
	f := openFolder(t, dir)
	has := func(ref string) func() bool {
		return func() bool {
			h, err := f.Get(t.Context(), ref)
			if err == nil {
				h.Release()
			}
			return err == nil
		}
	}
	listed := func(want ...string) func() bool {
		return func() bool {
			infos, _ := f.All(t.Context())
			var got []string
			for _, i := range infos {
				got = append(got, fmt.Sprintf("%s@%d", i.Name, i.Version))
			}
			return slices.Equal(got, want)
		}
	}
	one := dataset(t, dir, "alps", roots...)
	within(t, "a new dataset is listed without being asked for", listed("alps@1"))
	dataset(t, dir, "alps", roots...)
	within(t, "a new version is the latest", listed("alps@2"))
	if !has("alps@1")() || !slices.Equal(f.Versions("alps"), []int{2, 1}) {
		t.Errorf("versions: %v", f.Versions("alps"))
	}
	if err := os.Rename(one, filepath.Join(dir, "Old Alps.mbtiles")); err != nil {
		t.Fatal(err)
	}
	within(t, "a renamed file has its new name", listed("alps@2", "old-alps@0"))
	within(t, "and no longer the old one", func() bool { return !has("alps@1")() })
	if err := os.Remove(filepath.Join(dir, "alps@2.mbtiles")); err != nil {
		t.Fatal(err)
	}
	within(t, "a removed file is gone", listed("old-alps@0"))
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	within(t, "a removed folder is empty", listed())
}

func TestADatasetThatIsAskedForIsFoundAtOnce(t *testing.T) {
	dir := t.TempDir()
	f := openFolder(t, dir)
	f.scanning.Lock()
	f.scanned = time.Time{} // the last look was long ago
	dataset(t, dir, "alps", roots...)
	f.scanning.Unlock()
	get(t, f, "alps")
}

func TestAHandleOutlivesItsFile(t *testing.T) {
	dir := t.TempDir()
	path := dataset(t, dir, "alps", storetest.Places()...)
	f := openFolder(t, dir)
	h := get(t, f, "alps")
	if err := f.Remove("alps"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("the file is still there: %v", err)
	}
	if _, err := f.Get(t.Context(), "alps"); !errors.Is(err, tilestore.ErrNoDataset) {
		t.Errorf("get after remove: %v", err)
	}
	dataset(t, dir, "alps", roots...) // another file of the same name must not be mistaken for it
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for _, c := range storetest.Places() {
				if tile, err := h.Tile(t.Context(), c); err != nil || string(tile.Data) != string(storetest.Tile(c)) {
					t.Errorf("%s: %v", c, err)
				}
			}
		})
	}
	all.Wait()
	h.Release()
	h.Release()
}

func TestSwappingVersionsUnderLoadLosesNoRequest(t *testing.T) {
	dir := t.TempDir()
	dataset(t, dir, "alps", roots...)
	f := openFolder(t, dir)
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	var answers, slowest atomic.Int64
	for range 4 {
		all.Go(func() {
			last := 0
			for ctx.Err() == nil {
				begun := time.Now()
				h, err := f.Get(t.Context(), "alps")
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := h.Tile(t.Context(), roots[1]); err != nil {
					t.Error(err)
				}
				if v := h.Info().Version; v < last {
					t.Errorf("version %d came back after %d", v, last)
				} else {
					last = v
				}
				h.Release()
				answers.Add(1)
				slowest.Store(max(slowest.Load(), int64(time.Since(begun))))
			}
		})
	}
	for v := 2; v <= 10; v++ {
		dataset(t, dir, "alps", roots...)
		within(t, "the new version", func() bool { return f.Versions("alps")[0] == v })
		if err := f.Remove(fmt.Sprintf("alps@%d", v-1)); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	all.Wait()
	t.Logf("%d answers, the slowest in %s", answers.Load(), time.Duration(slowest.Load()))
}

func TestACorruptFileWithdrawsItsDatasetOnly(t *testing.T) {
	dir := t.TempDir()
	dataset(t, dir, "good", roots...)
	bad := dataset(t, dir, "bad", roots...)
	whole, err := os.ReadFile(bad)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, b []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("bad@1.mbtiles", whole[:5000])
	write("text.mbtiles", []byte(strings.Repeat("no database ", 50)))
	write("Good@1.mbtiles", whole)
	write("§§§.mbtiles", whole)
	f := openFolder(t, dir)
	get(t, f, "good")
	infos, problems := f.All(t.Context())
	if len(infos) != 1 || infos[0].Name != "good" {
		t.Errorf("listed: %v", infos)
	}
	want := []struct {
		name string
		err  error
	}{{"bad@1.mbtiles", tilestore.ErrCorrupt}, {"good@1.mbtiles", tilestore.ErrExists}, {"text.mbtiles", tilestore.ErrForeign}, {"§§§.mbtiles", tilestore.ErrName}}
	for k, w := range want {
		if k >= len(problems) || problems[k].Name != w.name || !errors.Is(problems[k].Err, w.err) || remedy.Try(problems[k].Err) == "" {
			t.Errorf("problem %d: got %v, want %v", k, problems, w)
		}
	}
	if _, err := f.Get(t.Context(), "bad"); !errors.Is(err, tilestore.ErrCorrupt) {
		t.Errorf("get bad: %v", err)
	}
	write("bad@1.mbtiles", whole)
	within(t, "a repaired file is served", func() bool {
		h, err := f.Get(t.Context(), "bad")
		if err == nil {
			h.Release()
		}
		return err == nil
	})
}

func TestFilesByOthersAreToldFromOurs(t *testing.T) {
	dir := t.TempDir()
	whole, err := os.ReadFile(dataset(t, dir, "ours", roots...))
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"ours@2.mbtiles": whole[:200],
		"World Map.mbtiles": []byte("SQLite format 3\x00"), "world-map@3.mbtiles": bytes.Repeat([]byte{7}, 100)} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	f := openFolder(t, dir)
	for ref, want := range map[string][]string{
		"ours": nil, "ours@2": nil, "none": nil,
		"world-map": {"world-map@3.mbtiles", "World Map.mbtiles"}, "world-map@3": {"world-map@3.mbtiles"}, "world-map@0": {"World Map.mbtiles"},
	} {
		if got := f.Foreign(ref); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", ref, got, want)
		}
	}
	if _, problems := f.All(t.Context()); !slices.ContainsFunc(problems, func(p Problem) bool { return p.Name == "World Map.mbtiles" }) {
		t.Errorf("a file is not called by its name: %v", problems)
	}
}

func TestRotFoundOnReadingGivesWayToTheVersionBefore(t *testing.T) {
	dir := t.TempDir()
	dataset(t, dir, "alps", roots...)
	path := dataset(t, dir, "alps", roots...)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	tile := storetest.Tile(roots[0])
	b[strings.Index(string(b), string(tile))+len(tile)-1] ^= 4 // beyond the 40 bytes that are its heights too
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	f := openFolder(t, dir)
	h := get(t, f, "alps")
	if _, err := h.Tile(t.Context(), roots[0]); !errors.Is(err, tilestore.ErrCorrupt) {
		t.Fatalf("the rotten tile: %v", err)
	}
	if v := get(t, f, "alps").Info().Version; v != 1 {
		t.Errorf("got version %d", v)
	}
	if _, err := f.Get(t.Context(), "alps@2"); !errors.Is(err, tilestore.ErrCorrupt) {
		t.Errorf("the withdrawn version: %v", err)
	}
	infos, problems := f.All(t.Context())
	if len(infos) != 1 || infos[0].Version != 1 || len(problems) != 1 {
		t.Errorf("listed %v, problems %v", infos, problems)
	}
}

func TestHalfMadeFilesAreNotListed(t *testing.T) {
	dir := t.TempDir()
	w, err := Create(t.Context(), dir, "alps", Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := errors.Join(writeUnit(t.Context(), w, 0), w.Checkpoint(t.Context(), 1)); err != nil {
		t.Fatal(err)
	}
	infos, problems := openFolder(t, dir).All(t.Context())
	if len(infos)+len(problems) > 0 {
		t.Errorf("listed %v, problems %v", infos, problems)
	}
}

func TestAFolderThatIsNoneIsRefusedWithARemedy(t *testing.T) {
	_, err := OpenFolder(t.Context(), filepath.Join(t.TempDir(), "none"))
	if !errors.Is(err, fs.ErrNotExist) || remedy.Try(err) == "" {
		t.Errorf("got %v", err)
	}
}

func TestWhatIsAskedForWronglyIsRefused(t *testing.T) {
	f := openFolder(t, t.TempDir())
	for ref, want := range map[string]error{
		"": tilestore.ErrName, "../etc": tilestore.ErrName, "a@": tilestore.ErrNoDataset, "a@01": tilestore.ErrNoDataset, "a@-1": tilestore.ErrNoDataset,
		"a@1@2": tilestore.ErrNoDataset, "@1": tilestore.ErrName, "a": tilestore.ErrNoDataset, "a@99999999999999999999": tilestore.ErrNoDataset,
	} {
		if _, err := f.Get(t.Context(), ref); !errors.Is(err, want) {
			t.Errorf("get %q: %v, want %v", ref, err, want)
		}
		if err := f.Remove(ref); !errors.Is(err, want) {
			t.Errorf("remove %q: %v, want %v", ref, err, want)
		}
	}
}

// crowd fills a folder with n datasets, all links to one file.
func crowd(t testing.TB, n int) string {
	t.Helper()
	dir := t.TempDir()
	first := dataset(t, t.TempDir(), "first", storetest.Places()...)
	for k := range n {
		if err := os.Link(first, filepath.Join(dir, fmt.Sprintf("d%04d@1.mbtiles", k))); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestFewFilesStayOpen(t *testing.T) {
	f := openFolder(t, crowd(t, maxOpen+100))
	held := get(t, f, "d0000")
	infos, problems := f.All(t.Context())
	if len(infos) != maxOpen+100 || len(problems) > 0 {
		t.Fatalf("%d listed, problems %v", len(infos), problems)
	}
	open := 0
	for _, e := range f.now.Load().files {
		if e.reader != nil {
			open++
		}
	}
	if open > maxOpen || open < maxOpen/2 {
		t.Errorf("%d files are open", open)
	}
	for _, h := range []*Handle{held, get(t, f, "d0001"), get(t, f, "d0355")} {
		if _, err := h.Tile(t.Context(), roots[0]); err != nil {
			t.Error(err)
		}
	}
}

func BenchmarkFolderOpen1000(b *testing.B) {
	dir := crowd(b, 1000)
	b.Run("list and first tile", func(b *testing.B) {
		for b.Loop() {
			f := openFolder(b, dir)
			if _, err := get(b, f, "d0500").Tile(b.Context(), roots[0]); err != nil {
				b.Fatal(err)
			}
			f.Close()
		}
	})
	b.Run("describe all", func(b *testing.B) {
		for b.Loop() {
			f := openFolder(b, dir)
			if infos, _ := f.All(b.Context()); len(infos) != 1000 {
				b.Fatal(len(infos))
			}
			f.Close()
		}
	})
}
