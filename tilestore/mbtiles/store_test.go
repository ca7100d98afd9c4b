package mbtiles

import (
	"context"
	"testing"

	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/storetest"
)

// folderStore is a folder as the suite sees it: written by Create, read through the catalogue.
type folderStore struct {
	t   *testing.T
	dir string
	*Folder
}

func (s folderStore) Create(ctx context.Context, name, work string) (tilestore.Writer, error) {
	w, err := Create(ctx, s.dir, name, Options{Work: work})
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
	storetest.Run(t, func(t *testing.T) storetest.Store {
		dir := t.TempDir()
		return folderStore{t, dir, openFolder(t, dir)}
	})
}
