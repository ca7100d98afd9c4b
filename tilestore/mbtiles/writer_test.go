package mbtiles

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/storetest"
)

// writerDir in the environment makes the test binary a process that writes a dataset into that folder: the one that is killed.
const writerDir = "TERRANE_TEST_WRITER_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(writerDir); dir != "" {
		if err := writeUnits(context.Background(), dir, 1); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

const units = 60

// writeUnits writes, or carries on, 60 units of 65 tiles and 65 grids of heights each, in the scattered order of a quadtree walk.
func writeUnits(ctx context.Context, dir string, each int) error {
	w, err := Create(ctx, dir, "alps", Options{Work: "units"})
	if err != nil {
		return err
	}
	defer w.Close()
	for unit := w.Done(); unit < units; unit++ {
		if err := writeUnit(ctx, w, unit); err != nil {
			return err
		}
		if unit%each == 0 {
			if err := w.Checkpoint(ctx, unit+1); err != nil {
				return err
			}
		}
	}
	if err := w.Checkpoint(ctx, units); err != nil {
		return err
	}
	return w.Commit(ctx, storetest.Info())
}

func writeUnit(ctx context.Context, w *Writer, unit int) error {
	x, y := uint32(unit*37%units), uint32(unit*13%units)
	for _, c := range append(slices.Collect(tilegrid.Range{Z: 9, MinX: x * 8, MinY: y * 8, MaxX: x*8 + 7, MaxY: y*8 + 7}.All()), tilegrid.Coord{Z: 6, X: x, Y: y}) {
		if err := errors.Join(w.Put(ctx, c, storetest.Tile(c)), w.PutHeights(ctx, c, storetest.Tile(c)[:40])); err != nil {
			return err
		}
	}
	return nil
}

func fileBytes(t *testing.T, dir string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "alps@1.mbtiles"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// wantOnly fails unless the folder holds just these files.
func wantOnly(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if !slices.Equal(got, names) {
		t.Errorf("folder holds %v, want %v", got, names)
	}
}

func TestTheSamePutsGiveTheSameBytes(t *testing.T) {
	undisturbed := t.TempDir()
	if err := writeUnits(t.Context(), undisturbed, 1); err != nil {
		t.Fatal(err)
	}
	want := fileBytes(t, undisturbed)
	wantOnly(t, undisturbed, "alps@1.mbtiles")
	for _, each := range []int{1, 7, 1000} {
		t.Run(fmt.Sprintf("with a checkpoint every %d units", each), func(t *testing.T) {
			dir := t.TempDir()
			if err := writeUnits(t.Context(), dir, each); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(fileBytes(t, dir), want) {
				t.Error("the files differ")
			}
		})
	}
}

func TestReopenedWorkGivesTheSameBytes(t *testing.T) {
	undisturbed, dir := t.TempDir(), t.TempDir()
	if err := writeUnits(t.Context(), undisturbed, 1); err != nil {
		t.Fatal(err)
	}
	for unit := range units {
		w, err := Create(t.Context(), dir, "alps", Options{Work: "units"})
		if err != nil {
			t.Fatal(err)
		}
		if w.Done() != unit {
			t.Fatalf("done: got %d, want %d", w.Done(), unit)
		}
		err = errors.Join(writeUnit(t.Context(), w, unit), w.Checkpoint(t.Context(), unit+1), writeUnit(t.Context(), w, unit+1), w.Close())
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := writeUnits(t.Context(), dir, 1); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(fileBytes(t, dir), fileBytes(t, undisturbed)) {
		t.Error("the files differ")
	}
}

func TestAKilledWriterIsCarriedOnToTheSameBytes(t *testing.T) {
	undisturbed, dir := t.TempDir(), t.TempDir()
	if err := writeUnits(t.Context(), undisturbed, 1); err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(2, 7))
	killed := 0
	for delay := 20 * time.Millisecond; ; delay += time.Millisecond {
		p := exec.Command(os.Args[0])
		p.Env = append(os.Environ(), writerDir+"="+dir)
		var talk bytes.Buffer
		p.Stderr = &talk
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(time.Duration(random.Int64N(int64(delay))), func() { p.Process.Kill() })
		err := p.Wait()
		timer.Stop()
		if err == nil {
			break
		}
		if talk.Len() > 0 {
			t.Fatalf("after %d kills: %s", killed, &talk)
		}
		killed++
		if _, err := os.Stat(filepath.Join(dir, "alps@1.mbtiles")); err == nil {
			break // killed after it was published
		}
	}
	t.Logf("killed %d times", killed)
	if killed < 3 {
		t.Errorf("killed %d times only", killed)
	}
	if !bytes.Equal(fileBytes(t, dir), fileBytes(t, undisturbed)) {
		t.Error("the files differ")
	}
}

func TestRepeatedWorkAfterTheLastCheckpointGivesTheSameBytes(t *testing.T) {
	write := func(dir string, again bool) []byte {
		w, err := Create(t.Context(), dir, "alps", Options{Work: "units"})
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		err = writeUnit(t.Context(), w, 0)
		if again { // as after a kill between the last transaction and the rename
			err = errors.Join(err, w.Checkpoint(t.Context(), 0), writeUnit(t.Context(), w, 0))
		}
		if err := errors.Join(err, w.Commit(t.Context(), storetest.Info())); err != nil {
			t.Fatal(err)
		}
		return fileBytes(t, dir)
	}
	if !bytes.Equal(write(t.TempDir(), false), write(t.TempDir(), true)) {
		t.Error("the files differ")
	}
}

func TestForceDropsOtherUnfinishedWork(t *testing.T) {
	dir := t.TempDir()
	w, err := Create(t.Context(), dir, "alps", Options{Work: "one"})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(writeUnit(t.Context(), w, 3), w.Checkpoint(t.Context(), 4), w.Close()); err != nil {
		t.Fatal(err)
	}
	_, err = Create(t.Context(), dir, "alps", Options{Work: "two"})
	if !errors.Is(err, tilestore.ErrExists) || remedy.Try(err) == "" {
		t.Errorf("other work: %v, try %q", err, remedy.Try(err))
	}
	w, err = Create(t.Context(), dir, "alps", Options{Work: "two", Force: true})
	if err != nil {
		t.Fatal(err)
	}
	if w.Done() != 0 {
		t.Errorf("done: got %d", w.Done())
	}
	if _, err := w.Heights(t.Context(), tilegrid.Coord{Z: 6, X: 3 * 37 % units, Y: 3 * 13 % units}); !errors.Is(err, tilestore.ErrNotFound) {
		t.Errorf("heights of the dropped work: %v", err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	wantOnly(t, dir)
}

func TestAnUnfinishedFileThatIsNoneIsReplaced(t *testing.T) {
	for name, junk := range map[string]string{"empty": "", "no SQLite": "this is no database, but it is longer than a header of one hundred bytes would be, so it is looked at"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(partialPath(dir, "alps"), []byte(junk), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := writeUnits(t.Context(), dir, 1); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestAFolderThatCannotBeWrittenIsRefusedWithARemedy(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name, folder string
		want         error
	}{
		{"missing", filepath.Join(t.TempDir(), "none"), fs.ErrNotExist},
		{"a file", file, nil},
		{"read-only", "/sys", fs.ErrPermission}, // refuses root too
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := Create(t.Context(), c.folder, "alps", Options{})
			if err == nil || remedy.Try(err) == "" || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("got %v, try %q", err, remedy.Try(err))
			}
		})
	}
}

func TestAVersionDroppedInWhileWritingIsNotOverwritten(t *testing.T) {
	dir := t.TempDir()
	w, err := Create(t.Context(), dir, "alps", Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	dropped := filepath.Join(dir, "alps@1.mbtiles")
	if err := os.WriteFile(dropped, []byte("somebody's"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(writeUnit(t.Context(), w, 0), w.Commit(t.Context(), storetest.Info())); err != nil {
		t.Fatal(err)
	}
	if w.Version() != 2 || w.Path() != filepath.Join(dir, "alps@2.mbtiles") {
		t.Errorf("got version %d at %s", w.Version(), w.Path())
	}
	if b, err := os.ReadFile(dropped); err != nil || string(b) != "somebody's" {
		t.Errorf("the dropped file holds %q, %v", b, err)
	}
}

func BenchmarkPut(b *testing.B) {
	w, err := Create(b.Context(), b.TempDir(), "alps", Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	data := bytes.Repeat(storetest.Tile(tilegrid.Coord{}), 100)[:3000]
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		c := mortonPlace(n)
		if err := w.Put(b.Context(), c, data); err != nil {
			b.Fatal(err)
		}
		if n%10_000 == 9_999 {
			if err := w.Checkpoint(b.Context(), n); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// mortonPlace returns the n-th tile of level 12 in quadtree order.
func mortonPlace(n int) tilegrid.Coord {
	c := tilegrid.Coord{Z: 12}
	for bit := range 12 {
		c.X |= uint32(n>>(2*bit)&1) << bit
		c.Y |= uint32(n>>(2*bit+1)&1) << bit
	}
	return c
}

// TestAPublishedVersionIsNotWrittenOn: its writer died between giving it its name by a link and taking the unfinished one away.
func TestAPublishedVersionIsNotWrittenOn(t *testing.T) {
	dir := t.TempDir()
	if err := writeUnits(t.Context(), dir, 1); err != nil {
		t.Fatal(err)
	}
	published := fileBytes(t, dir)
	if err := os.Link(filepath.Join(dir, "alps@1.mbtiles"), partialPath(dir, "alps")); err != nil {
		t.Fatal(err)
	}
	w, err := Create(t.Context(), dir, "alps", Options{Work: "units"})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if w.Done() != 0 || w.Version() != 2 {
		t.Errorf("carries on at %d, version %d", w.Done(), w.Version())
	}
	c := tilegrid.Coord{Z: 6}
	if err := errors.Join(w.Put(t.Context(), c, []byte("other")), w.Checkpoint(t.Context(), 1), w.Close()); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(fileBytes(t, dir), published) {
		t.Error("the published file has changed")
	}
}

func TestOnlyWrongContentDropsTheWork(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		kept bool
	}{
		{"the content is wrong", fmt.Errorf("checked: %w", tilestore.ErrInvalid), false},
		{"it cannot be read back", fmt.Errorf("checked: %w", tilestore.ErrCorrupt), false},
		{"the disk fails", errors.New("input/output error"), true},
		{"it is interrupted", context.Canceled, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			w, err := Create(t.Context(), dir, "alps", Options{Work: "units", Check: func(context.Context, tilestore.Reader) error { return c.err }})
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(writeUnit(t.Context(), w, 0), w.Checkpoint(t.Context(), 1)); err != nil {
				t.Fatal(err)
			}
			if err := w.Commit(t.Context(), storetest.Info()); !errors.Is(err, c.err) {
				t.Errorf("commit: %v", err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if c.kept {
				wantOnly(t, dir, ".alps.mbtiles.partial")
			} else {
				wantOnly(t, dir)
			}
		})
	}
}

func TestUnfinishedWorkIsDroppedAsAsked(t *testing.T) {
	dir := t.TempDir()
	begin := func(opts Options) (*Writer, error) {
		w, err := Create(t.Context(), dir, "alps", opts)
		if err == nil {
			t.Cleanup(func() { w.Close() })
			err = errors.Join(writeUnit(t.Context(), w, 0), w.Checkpoint(t.Context(), w.Done()+1))
		}
		return w, err
	}
	w, err := begin(Options{Work: "import one"})
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	if w, err = begin(Options{Work: "import two", Drops: "import "}); err != nil || w.Done() != 1 {
		t.Fatalf("other work that may be dropped: %v, done %d", err, w.Done())
	}
	w.Close()
	if _, err := begin(Options{Work: "ingest", Drops: "ingest "}); !errors.Is(err, tilestore.ErrExists) {
		t.Errorf("other work that may not be dropped: %v", err)
	}
	if w, err = begin(Options{Work: "import two", Drops: "import "}); err != nil || w.Done() != 2 {
		t.Fatalf("the same work: %v, done %d", err, w.Done())
	}
	if err := w.Discard(); err != nil {
		t.Fatal(err)
	}
	wantOnly(t, dir)
}

func TestNumbersThatNoVersionCanHave(t *testing.T) {
	dir := t.TempDir()
	for _, file := range []string{"alps@9223372036854775807.mbtiles", "alps@2147483648.mbtiles"} {
		if err := os.WriteFile(filepath.Join(dir, file), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	w, err := Create(t.Context(), dir, "alps", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if w.Version() != 1 {
		t.Errorf("got version %d", w.Version())
	}
	w.Close()
	if err := os.WriteFile(filepath.Join(dir, "alps@2147483647.mbtiles"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(t.Context(), dir, "alps", Options{}); !errors.Is(err, tilestore.ErrExists) || remedy.Try(err) == "" {
		t.Errorf("after the last version: %v", err)
	}
	if _, _, err := parseRef("alps@2147483648"); !errors.Is(err, tilestore.ErrNoDataset) {
		t.Errorf("got %v", err)
	}
}
