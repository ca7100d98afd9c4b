package storetest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

func testRoundTrip(t *testing.T, s Store) {
	r := whole(t, s, "alps", Places()...)
	for _, c := range Places() {
		check(t, r, c, Tile(c))
	}
	got, want := r.Info(), Info()
	equal(t, "name", got.Name, "alps")
	equal(t, "version", got.Version, 1)
	equal(t, "kind", got.Kind, want.Kind)
	equal(t, "format", got.Format, want.Format)
	equal(t, "grid", got.Grid.CRS(), want.Grid.CRS())
	equal(t, "title", got.Title, want.Title)
	equal(t, "attribution", got.Attribution, want.Attribution)
	equal(t, "bound", got.Bound, want.Bound)
	equal(t, "extensions", got.Extensions, want.Extensions)
	equal(t, "vertical", got.Vertical, want.Vertical)
	equal(t, "provenance", string(got.Provenance), string(want.Provenance))
	if got.SizeBytes <= 0 {
		t.Errorf("size: got %d", got.SizeBytes)
	}
}

func testNotFound(t *testing.T, s Store) {
	r := whole(t, s, "alps", Places()...)
	for _, c := range []tilegrid.Coord{{Z: 5, X: 0, Y: 0}, {Z: 6, X: 64, Y: 40}, {Z: 30, X: 1, Y: 1}, {Z: 2, X: 8, Y: 0}, {Z: 1, X: 0, Y: 2}, {Z: 255, X: 0, Y: 0}} {
		_, err := r.Tile(t.Context(), c)
		wantError(t, c.String(), err, tilestore.ErrNotFound)
	}
	_, err := s.Open(t.Context(), "other")
	wantError(t, "open a dataset that is not there", err, tilestore.ErrNoDataset)
	_, err = s.Open(t.Context(), "alps@7")
	wantError(t, "open a version that is not there", err, tilestore.ErrNoDataset)
}

func testBig(t *testing.T, s Store) {
	c := tilegrid.Coord{Z: 0, X: 1}
	big := bytes.Repeat(Tile(c), 5_000_000/len(Tile(c))+1)
	w := create(t, s, "big", "work")
	put(t, w, tilegrid.Coord{})
	if err := w.Put(t.Context(), c, big); err != nil {
		t.Fatal(err)
	}
	commit(t, w)
	check(t, open(t, s, "big"), c, big)
}

func testAvailability(t *testing.T, s Store) {
	info := whole(t, s, "alps", Places()...).Info()
	equal(t, "levels", info.Levels, [2]uint8{0, 5})
	equal(t, "tiles", info.Tiles, int64(len(Places())))
	equal(t, "levels listed", len(info.Available), 6)
	listed := 0
	for _, level := range info.Available {
		for _, r := range level {
			listed += r.Len()
		}
	}
	equal(t, "tiles listed", listed, len(Places()))
	for _, c := range Places() {
		if !info.Has(c) {
			t.Errorf("%s was put and is not listed", c)
		}
	}
	gap := whole(t, s, "gap", tilegrid.Coord{Z: 1, X: 1, Y: 1}, tilegrid.Coord{Z: 4, X: 9, Y: 8}).Info()
	equal(t, "levels with a gap", gap.Levels, [2]uint8{1, 4})
	equal(t, "lists with a gap", len(gap.Available), 5)
	equal(t, "lists of the gap", len(gap.Available[0])+len(gap.Available[2])+len(gap.Available[3]), 0)
}

func testConcurrent(t *testing.T, s Store) {
	r := whole(t, s, "alps", Places()...)
	var all sync.WaitGroup
	for g := range 16 {
		all.Go(func() {
			for k := range 200 {
				c := Places()[(g*31+k)%len(Places())]
				check(t, r, c, Tile(c))
			}
		})
	}
	all.Wait()
}

func testLister(t *testing.T, s Store) {
	r := whole(t, s, "alps", Places()...)
	l, ok := r.(tilestore.Lister)
	if !ok {
		t.Skip("this store does not list its tiles")
	}
	for z := range uint8(7) {
		var want, got []tilegrid.Coord
		for _, c := range Places() {
			if c.Z == z {
				want = append(want, c)
			}
		}
		slices.SortFunc(want, byRow)
		for c, err := range l.Coords(t.Context(), z) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, c)
		}
		equal(t, fmt.Sprintf("level %d", z), got, want)
	}
	for range l.Coords(t.Context(), 5) {
		break // must not keep the store from closing
	}
}

func byRow(a, b tilegrid.Coord) int {
	if a.Y != b.Y {
		return int(a.Y) - int(b.Y)
	}
	return int(a.X) - int(b.X)
}

func testETag(t *testing.T, s Store) {
	a, b := whole(t, s, "one", Places()...), whole(t, s, "two", Places()[:10]...)
	seen := map[string]bool{}
	for _, c := range Places()[:10] {
		x, err := a.Tile(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		y, err := b.Tile(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, c.String(), x.ETag, y.ETag)
		equal(t, c.String(), x.ETag, tilestore.HashTile(c, Tile(c)).ETag())
		if seen[x.ETag] || !strings.HasPrefix(x.ETag, `"`) || !strings.HasSuffix(x.ETag, `"`) {
			t.Errorf("%s: ETag %s", c, x.ETag)
		}
		seen[x.ETag] = true
	}
}

func testCancel(t *testing.T, s Store) {
	ctx, cancel := context.WithCancel(t.Context())
	r := whole(t, s, "alps", Places()...)
	w := create(t, s, "next", "work")
	put(t, w, Places()...)
	cancel()
	_, err := s.Create(ctx, "third", "work")
	wantError(t, "create", err, context.Canceled)
	_, err = s.Open(ctx, "alps")
	wantError(t, "open", err, context.Canceled)
	_, err = r.Tile(ctx, Places()[0])
	wantError(t, "tile", err, context.Canceled)
	wantError(t, "put", w.Put(ctx, Places()[0], Tile(Places()[0])), context.Canceled)
	wantError(t, "commit", w.Commit(ctx, Info()), context.Canceled)
	_, err = s.Open(t.Context(), "next")
	wantError(t, "open after a cancelled commit", err, tilestore.ErrNoDataset)
}
