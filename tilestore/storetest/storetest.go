// Package storetest is the suite that every tile store passes. A store's own test is one call of [Run]; what is special to
// its files or tables it tests beside that.
//
// The suite looks at a store from outside only: what was put is read back, what was not committed is not seen, what was
// checkpointed is there after the writer died, and equal tiles give equal manifests in any store and any order.
package storetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// Store is what the suite needs of a store.
type Store interface {
	// Create begins the next version of a dataset, or carries on unfinished work of the same name and work.
	Create(ctx context.Context, name, work string) (tilestore.Writer, error)
	// Open reads a version: "name" is the latest, "name@2" the second. It returns tilestore.ErrNoDataset if there is none.
	Open(ctx context.Context, ref string) (tilestore.Reader, error)
}

// Run runs the suite. Each part gets a store of its own, empty.
func Run(t *testing.T, empty func(t *testing.T) Store) {
	parts := []struct {
		name string
		run  func(*testing.T, Store)
	}{
		{"tiles come back as they were put", testRoundTrip},
		{"a place without a tile is not found", testNotFound},
		{"the last put of a place counts", testReplace},
		{"an empty tile and a place outside the grid are refused", testRefused},
		{"a dataset without tiles is not committed", testNoTiles},
		{"a tile of five million bytes comes back", testBig},
		{"the order of puts does not matter", testOrder},
		{"availability, levels and count are exact", testAvailability},
		{"what is not committed is not seen", testInvisible},
		{"a second version stands beside the first", testVersions},
		{"a name is written by one at a time", testLocked},
		{"a bad name is refused", testBadName},
		{"work of the same kind is carried on from its checkpoint", testResume},
		{"without a checkpoint nothing is kept", testNoCheckpoint},
		{"unfinished work of another kind is in the way", testOtherWork},
		{"heights are read back while writing and after", testHeights},
		{"a cancelled context stops every call", testCancel},
		{"after commit the writer takes no more", testAfterCommit},
		{"many goroutines read at once", testConcurrent},
		{"tiles are listed by row, then column", testLister},
		{"an ETag follows from the tile alone", testETag},
	}
	for _, p := range parts {
		t.Run(p.name, func(t *testing.T) { p.run(t, empty(t)) })
	}
}

// Tile returns bytes for a place that differ from all others': between 40 and 3,000, not compressible.
func Tile(c tilegrid.Coord) []byte {
	seed := binary.LittleEndian.AppendUint32([]byte{c.Z}, c.X)
	seed = binary.LittleEndian.AppendUint32(seed, c.Y)
	sum := sha256.Sum256(seed)
	n := 40 + int(binary.LittleEndian.Uint32(sum[:]))%2960
	out := make([]byte, 0, n+len(sum))
	for len(out) < n {
		out = append(out, sum[:]...)
		sum = sha256.Sum256(sum[:])
	}
	return out[:n]
}

// Places returns the tiles of a small pyramid: both roots, a cover of two boxes that do not touch down to level 5.
func Places() []tilegrid.Coord {
	places := []tilegrid.Coord{{Z: 0, X: 0}, {Z: 0, X: 1}}
	for z := uint8(1); z <= 5; z++ {
		for _, b := range []orb.Bound{box(-20, 10, 7, 40), box(100, -50, 120, -45)} {
			for c := range tilegrid.Geodetic.Cover(b, z).All() {
				places = append(places, c)
			}
		}
	}
	return places
}

func box(w, s, e, n float64) orb.Bound { return orb.Bound{Min: orb.Point{w, s}, Max: orb.Point{e, n}} }

// Info returns the description under which the suite commits.
func Info() tilestore.Info {
	return tilestore.Info{
		Kind: tilestore.Terrain, Format: tilestore.QuantizedMesh, Grid: tilegrid.Geodetic, Title: "Two boxes", Attribution: "nobody",
		Bound: box(-20, -50, 120, 40), Extensions: []string{"octvertexnormals"}, Vertical: "ellipsoid", Provenance: []byte(`{"by":"storetest"}`),
	}
}

func create(t *testing.T, s Store, name, work string) tilestore.Writer {
	t.Helper()
	w, err := s.Create(t.Context(), name, work)
	if err != nil {
		t.Fatalf("create %s: %v", name, err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

func put(t *testing.T, w tilestore.Writer, places ...tilegrid.Coord) {
	t.Helper()
	for _, c := range places {
		if err := w.Put(t.Context(), c, Tile(c)); err != nil {
			t.Fatalf("put %s: %v", c, err)
		}
	}
}

func commit(t *testing.T, w tilestore.Writer) {
	t.Helper()
	if err := w.Commit(t.Context(), Info()); err != nil {
		t.Fatalf("commit: %v", err)
	}
	if err := w.Close(); err != nil {
		t.Fatalf("close after commit: %v", err)
	}
}

func open(t *testing.T, s Store, ref string) tilestore.Reader {
	t.Helper()
	r, err := s.Open(t.Context(), ref)
	if err != nil {
		t.Fatalf("open %s: %v", ref, err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// whole writes a whole dataset and opens it.
func whole(t *testing.T, s Store, name string, places ...tilegrid.Coord) tilestore.Reader {
	t.Helper()
	w := create(t, s, name, "work")
	put(t, w, places...)
	commit(t, w)
	return open(t, s, name)
}

func check(t *testing.T, r tilestore.Reader, c tilegrid.Coord, want []byte) {
	t.Helper()
	tile, err := r.Tile(t.Context(), c)
	if err != nil {
		t.Errorf("tile %s: %v", c, err)
	} else if !bytes.Equal(tile.Data, want) {
		t.Errorf("tile %s: got %d bytes that differ from the %d put", c, len(tile.Data), len(want))
	}
}

func wantError(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got %v, want %v", what, err, want)
	}
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}
