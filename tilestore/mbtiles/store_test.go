package mbtiles

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/storetest"
)

// folderStore is a folder as the suite sees it: written by Create, read through the catalogue.
type folderStore struct {
	t      *testing.T
	dir    string
	shared bool
	*Folder
}

func (s folderStore) Create(ctx context.Context, name, work string) (tilestore.Writer, error) {
	w, err := Create(ctx, s.dir, name, Options{Work: work, Shared: s.shared})
	if err != nil {
		return nil, err
	}
	return w, nil
}

func (s folderStore) Open(ctx context.Context, ref string) (tilestore.Reader, error) {
	if ctx.Err() == nil {
		s.refresh() // the suite does not wait for the watch
	}
	h, err := s.Get(ctx, ref)
	if err != nil {
		return nil, err
	}
	s.t.Cleanup(h.Release)
	return h.Reader, nil
}

func openFolder(t testing.TB, dir string) *Folder {
	t.Helper()
	f, err := OpenFolder(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestFolderPassesTheSuite(t *testing.T) {
	for name, shared := range map[string]bool{"tiles as they are": false, "equal tiles stored once": true} {
		t.Run(name, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) storetest.Store {
				dir := t.TempDir()
				return folderStore{t, dir, shared, openFolder(t, dir)}
			})
		})
	}
}

func TestEqualTilesAreStoredOnce(t *testing.T) {
	dir := t.TempDir()
	w, err := Create(t.Context(), dir, "sea", Options{Work: "w", Shared: true})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	sea := append([]byte("\x89PNG\r\n\x1a\n"), make([]byte, 50_000)...)
	land := []byte("\xff\xd8\xffland")
	for c := range (tilegrid.Range{Z: 4, MaxX: 15, MaxY: 15}).All() {
		data := sea
		if c.X == 3 && c.Y == 9 {
			data = land
		}
		if err := w.Put(t.Context(), c, data); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := w.Tile(t.Context(), tilegrid.Coord{Z: 4, X: 3, Y: 9}); err != nil || string(got.Data) != string(land) {
		t.Errorf("the writer gives back %q, %v", got.Data, err)
	}
	if types, err := w.Formats(t.Context()); err != nil || !slices.Equal(types, []string{tilestore.JPEG, tilestore.PNG}) {
		t.Errorf("formats %v, %v", types, err)
	}
	if err := w.Commit(t.Context(), tilestore.Info{Kind: tilestore.Imagery, Format: tilestore.PNG, Grid: tilegrid.Mercator}); err != nil {
		t.Fatal(err)
	}
	r, err := Open(t.Context(), w.Path())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if i := r.Info(); i.Tiles != 256 || i.SizeBytes > 300_000 {
		t.Errorf("%d tiles in %d bytes; 255 of them are one of 50 kB", i.Tiles, i.SizeBytes)
	}
	for _, c := range []tilegrid.Coord{{Z: 4}, {Z: 4, X: 3, Y: 9}} {
		if _, err := r.Tile(t.Context(), c); err != nil {
			t.Error(err)
		}
	}
}

// TestTheInstantOfADatasetIsKept, as UTC; a dataset without one says nothing of it.
func TestTheInstantOfADatasetIsKept(t *testing.T) {
	for at, want := range map[time.Time]string{
		{}: "", time.Date(2024, 6, 1, 12, 30, 0, 0, time.FixedZone("east", 7200)): `"time":"2024-06-01T10:30:00Z"`,
	} {
		text, err := encodeInfo(tilestore.Info{Kind: tilestore.Imagery, Time: at})
		if err != nil || strings.Contains(text, `"time"`) == at.IsZero() || !strings.Contains(text, want) {
			t.Errorf("%v: %s, %v", at, text, err)
		}
		if back, err := decodeInfo(text, hashText(text)); err != nil || !back.Time.Equal(at) || back.Time.Location() != time.UTC {
			t.Errorf("%v came back as %v, %v", at, back.Time, err)
		}
	}
}
