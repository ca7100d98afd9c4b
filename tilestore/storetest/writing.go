package storetest

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

func testReplace(t *testing.T, s Store) {
	c := Places()[3]
	w := create(t, s, "alps", "work")
	put(t, w, Places()...)
	for _, data := range []string{"first", "second"} {
		if err := w.Put(t.Context(), c, []byte(data)); err != nil {
			t.Fatal(err)
		}
	}
	commit(t, w)
	r := open(t, s, "alps")
	check(t, r, c, []byte("second"))
	equal(t, "tiles", r.Info().Tiles, int64(len(Places())))
}

func testRefused(t *testing.T, s Store) {
	w := create(t, s, "alps", "work")
	if w.Put(t.Context(), tilegrid.Coord{}, nil) == nil {
		t.Error("an empty tile was taken")
	}
	for _, c := range []tilegrid.Coord{{Z: 0, X: 2}, {Z: 3, Y: 8}, {Z: 31}} {
		wantError(t, c.String(), w.Put(t.Context(), c, []byte("x")), tilegrid.ErrOutOfGrid)
	}
	put(t, w, Places()...)
	commit(t, w) // what was refused did no harm

	w = create(t, s, "flat", "work")
	put(t, w, tilegrid.Coord{Z: 0, X: 1}) // Mercator has one root only
	info := Info()
	info.Grid = tilegrid.Mercator
	wantError(t, "commit with the wrong grid", w.Commit(t.Context(), info), tilegrid.ErrOutOfGrid)
}

func testNoTiles(t *testing.T, s Store) {
	w := create(t, s, "void", "work")
	if w.Commit(t.Context(), Info()) == nil {
		t.Error("committed without tiles")
	}
	_, err := s.Open(t.Context(), "void")
	wantError(t, "open", err, tilestore.ErrNoDataset)
}

func testOrder(t *testing.T, s Store) {
	first := whole(t, s, "sorted", Places()...).Info()
	second := whole(t, s, "reversed", reversed(Places())...).Info()
	shuffled := Places()
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	third := whole(t, s, "shuffled", shuffled...).Info()
	equal(t, "manifest", first.Manifest, manifest(Places()))
	equal(t, "manifest, reversed", second.Manifest, first.Manifest)
	equal(t, "manifest, shuffled", third.Manifest, first.Manifest)
	equal(t, "availability, shuffled", third.Available, first.Available)
	if less := whole(t, s, "less", Places()[1:]...).Info(); less.Manifest == first.Manifest {
		t.Error("a tile less, and the same manifest")
	}
}

func reversed(c []tilegrid.Coord) []tilegrid.Coord {
	slices.Reverse(c)
	return c
}

// manifest computes what every store must say of these tiles.
func manifest(places []tilegrid.Coord) string {
	slices.SortFunc(places, func(a, b tilegrid.Coord) int {
		if a.Z != b.Z {
			return int(a.Z) - int(b.Z)
		}
		return byRow(a, b)
	})
	m := tilestore.NewManifest()
	for _, c := range places {
		m.Add(c, tilestore.HashTile(c, Tile(c)))
	}
	return m.Sum()
}

func testInvisible(t *testing.T, s Store) {
	w := create(t, s, "alps", "work")
	put(t, w, Places()...)
	_, err := s.Open(t.Context(), "alps")
	wantError(t, "open while writing", err, tilestore.ErrNoDataset)
	if c, ok := w.(tilestore.Checkpointer); ok {
		if err := c.Checkpoint(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
	}
	_, err = s.Open(t.Context(), "alps")
	wantError(t, "open after a checkpoint", err, tilestore.ErrNoDataset)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = s.Open(t.Context(), "alps")
	wantError(t, "open after close", err, tilestore.ErrNoDataset)
}

func testVersions(t *testing.T, s Store) {
	old := whole(t, s, "alps", Places()...)
	equal(t, "latest", whole(t, s, "alps", Places()[:5]...).Info().Version, 2)
	equal(t, "first", open(t, s, "alps@1").Info().Tiles, int64(len(Places())))
	equal(t, "second", open(t, s, "alps@2").Info().Tiles, int64(5))
	last := Places()[len(Places())-1]
	check(t, old, last, Tile(last)) // who began with the first stays with it
}

func testLocked(t *testing.T, s Store) {
	w := create(t, s, "alps", "work")
	_, err := s.Create(t.Context(), "alps", "work")
	wantError(t, "second writer", err, tilestore.ErrLocked)
	create(t, s, "andes", "work") // another name is free
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	w = create(t, s, "alps", "work")
	put(t, w, Places()...)
	commit(t, w)
	create(t, s, "alps", "work")
}

func testBadName(t *testing.T, s Store) {
	for _, name := range []string{"", ".", "..", "a/b", "../alps", "Alps", "a@1", "a b", "-a", "a\x00"} {
		_, err := s.Create(t.Context(), name, "work")
		wantError(t, "create "+name, err, tilestore.ErrName)
		if r, err := s.Open(t.Context(), name); err == nil {
			r.Close()
			t.Errorf("opened %q", name)
		}
	}
}

// resumable makes a writer that can checkpoint, or skips.
func resumable(t *testing.T, s Store, work string) (tilestore.Writer, tilestore.Checkpointer) {
	t.Helper()
	w := create(t, s, "alps", work)
	c, ok := w.(tilestore.Checkpointer)
	if !ok {
		t.Skip("this store does not carry on")
	}
	return w, c
}

func testResume(t *testing.T, s Store) {
	half := len(Places()) / 2
	w, c := resumable(t, s, "work")
	equal(t, "done at first", c.Done(), 0)
	put(t, w, Places()[:half]...)
	if err := c.Checkpoint(t.Context(), 7); err != nil {
		t.Fatal(err)
	}
	equal(t, "done", c.Done(), 7)
	put(t, w, tilegrid.Coord{Z: 9, X: 1, Y: 1}) // not checkpointed: gone
	w.Close()

	w, c = resumable(t, s, "work")
	equal(t, "done after carrying on", c.Done(), 7)
	put(t, w, Places()[half:]...)
	commit(t, w)
	r := open(t, s, "alps")
	equal(t, "manifest", r.Info().Manifest, manifest(Places()))
	for _, p := range Places() {
		check(t, r, p, Tile(p))
	}
	_, c = resumable(t, s, "work")
	equal(t, "done after commit", c.Done(), 0)
}

func testNoCheckpoint(t *testing.T, s Store) {
	w, _ := resumable(t, s, "work")
	put(t, w, Places()...)
	w.Close()
	w, c := resumable(t, s, "other work")
	equal(t, "done", c.Done(), 0)
	put(t, w, Places()[:3]...)
	commit(t, w)
	equal(t, "tiles", open(t, s, "alps").Info().Tiles, int64(3))
}

func testOtherWork(t *testing.T, s Store) {
	w, c := resumable(t, s, "work")
	put(t, w, Places()...)
	if err := c.Checkpoint(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	w.Close()
	_, err := s.Create(t.Context(), "alps", "other work")
	wantError(t, "other work", err, tilestore.ErrExists)
	_, c = resumable(t, s, "work")
	equal(t, "done, still there", c.Done(), 1)
}

func testHeights(t *testing.T, s Store) {
	w := create(t, s, "alps", "work")
	hw, ok := w.(tilestore.HeightsWriter)
	if !ok {
		t.Skip("this store keeps no heights")
	}
	reader := w.(tilestore.Heights)
	put(t, w, Places()...)
	var all sync.WaitGroup
	for _, c := range Places()[2:] {
		if err := hw.PutHeights(t.Context(), c, heights(c)); err != nil {
			t.Fatal(err)
		}
		all.Go(func() { checkHeights(t, reader, c) }) // while others are put
	}
	all.Wait()
	_, err := reader.Heights(t.Context(), Places()[0])
	wantError(t, "heights not put, while writing", err, tilestore.ErrNotFound)
	commit(t, w)
	r := open(t, s, "alps")
	for _, c := range Places()[2:] {
		checkHeights(t, r.(tilestore.Heights), c)
		check(t, r, c, Tile(c))
	}
	_, err = r.(tilestore.Heights).Heights(t.Context(), Places()[0])
	wantError(t, "heights not put", err, tilestore.ErrNotFound)
	equal(t, "manifest holds tiles only", r.Info().Manifest, manifest(Places()))
}

func heights(c tilegrid.Coord) []byte { return append([]byte("heights"), Tile(c)...) }

func checkHeights(t *testing.T, r tilestore.Heights, c tilegrid.Coord) {
	t.Helper()
	if got, err := r.Heights(t.Context(), c); err != nil || !bytes.Equal(got, heights(c)) {
		t.Errorf("heights %s: %d bytes, %v", c, len(got), err)
	}
}

func testAfterCommit(t *testing.T, s Store) {
	w := create(t, s, "alps", "work")
	put(t, w, Places()...)
	if err := w.Commit(t.Context(), Info()); err != nil {
		t.Fatal(err)
	}
	if w.Put(t.Context(), Places()[0], []byte("late")) == nil {
		t.Error("put after commit was taken")
	}
	if w.Commit(t.Context(), Info()) == nil {
		t.Error("committed twice")
	}
	if err := w.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	if err := w.Close(); err != nil {
		t.Errorf("close again: %v", err)
	}
	check(t, open(t, s, "alps"), Places()[0], Tile(Places()[0]))
}
