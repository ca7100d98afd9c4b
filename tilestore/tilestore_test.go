package tilestore_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

func TestNamesThatAreSafeEverywhereAreTaken(t *testing.T) {
	for _, name := range []string{"a", "7", "alps", "alps-30m_v2", strings.Repeat("a", 63)} {
		if err := tilestore.CheckName(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"", "-a", "_a", "Alps", "a.b", "a/b", "..", "a@2", "a b", "ä", "a\n", "a\x00", strings.Repeat("a", 64)} {
		if err := tilestore.CheckName(name); !errors.Is(err, tilestore.ErrName) || !strings.Contains(err.Error(), fmt.Sprintf("%q", name)) {
			t.Errorf("%q: got %v", name, err)
		}
	}
}

func TestAvailabilityIsThatOfTheRanges(t *testing.T) {
	info := tilestore.Info{Available: [][]tilegrid.Range{{{MaxX: 1}}, nil, {{Z: 2, MinX: 3, MinY: 1, MaxX: 4, MaxY: 2}, {Z: 2, MinX: 7, MinY: 3, MaxX: 7, MaxY: 3}}}}
	for c, want := range map[tilegrid.Coord]bool{
		{}: true, {X: 1}: true, {X: 2}: false, {Z: 1}: false, {Z: 2, X: 3, Y: 1}: true, {Z: 2, X: 4, Y: 2}: true, {Z: 2, X: 5, Y: 2}: false,
		{Z: 2, X: 7, Y: 3}: true, {Z: 2}: false, {Z: 3}: false, {Z: 255}: false,
	} {
		if got := info.Has(c); got != want {
			t.Errorf("%s: got %v", c, got)
		}
	}
}

// The values are those of: printf '\x01\x02\0\0\0\x01\0\0\0tile' | sha256sum, and of the 25 bytes of place and hash.
const (
	etagOfTile     = `"05f0d8cba40d44b8d9d2e124ab32a6a0"`
	manifestOfTile = "2c9b935b6801a6d5ab4ebdb2e050b42aa56e494cd2b88530a1e2c4ce64b2f8da"
)

func TestHashesAreThoseOfTheFormat(t *testing.T) {
	c := tilegrid.Coord{Z: 1, X: 2, Y: 1}
	h := tilestore.HashTile(c, []byte("tile"))
	if got := h.ETag(); got != etagOfTile {
		t.Errorf("ETag: got %s, want %s", got, etagOfTile)
	}
	m := tilestore.NewManifest()
	m.Add(c, h)
	if got := m.Sum(); got != manifestOfTile {
		t.Errorf("manifest: got %s, want %s", got, manifestOfTile)
	}
}

func TestAHashTellsPlaceAndDataApart(t *testing.T) {
	seen := map[tilestore.Hash]string{}
	for _, c := range []tilegrid.Coord{{}, {X: 1}, {Y: 1}, {Z: 1}, {X: 256}} {
		for _, data := range []string{"", "a", "b"} {
			h, what := tilestore.HashTile(c, []byte(data)), fmt.Sprintf("%s %q", c, data)
			if before, ok := seen[h]; ok {
				t.Errorf("%s and %s have one hash", what, before)
			}
			seen[h] = what
		}
	}
}

func ExampleCheckName() {
	fmt.Println(tilestore.CheckName("alps"))
	fmt.Println(tilestore.CheckName("../alps"))
	// Output:
	// <nil>
	// tilestore: bad dataset name "../alps": use a-z, 0-9, - and _, at most 63 characters
}
