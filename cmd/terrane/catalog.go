package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/internal/server"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// catalog shows a folder of datasets to the server, which knows no files.
type catalog struct{ *mbtiles.Folder }

// lent is a dataset version for one request.
type lent struct{ *mbtiles.Handle }

// Opening is the reader that all who ask share as long as the file stays open and the same.
func (l lent) Opening() any { return l.Reader }

// Heights returns a stored grid of heights.
func (l lent) Heights(ctx context.Context, c tilegrid.Coord) ([]byte, error) {
	h, ok := l.Reader.(tilestore.Heights)
	if !ok {
		return nil, tilestore.ErrNotFound
	}
	return h.Heights(ctx, c)
}

// Get lends a dataset version.
func (c catalog) Get(ctx context.Context, ref string) (server.Dataset, error) {
	h, err := c.Folder.Get(ctx, ref)
	if err != nil {
		return nil, err // not h: a nil handle in an interface is not nil
	}
	return lent{h}, nil
}

// All describes the datasets that are served.
func (c catalog) All(ctx context.Context) ([]tilestore.Info, error) {
	infos, _ := c.Folder.All(ctx)
	return infos, ctx.Err()
}

// Numbers lists the versions of a dataset.
func (c catalog) Numbers(name string) []int { return c.Folder.Versions(name) }

// Held returns the version that "terrane use" made the current one.
func (c catalog) Held(name string) (version int, ok bool) { return c.Folder.Pinned(name) }

// Versions describes the versions of a dataset that can be read, by number.
func (c catalog) Versions(ctx context.Context, name string) ([]tilestore.Info, error) {
	var infos []tilestore.Info
	for _, v := range c.Folder.Versions(name) {
		h, err := c.Folder.Get(ctx, fmt.Sprintf("%s@%d", name, v))
		if err != nil {
			continue // it went away meanwhile, or is damaged
		}
		infos = append(infos, h.Info())
		h.Release()
	}
	slices.SortFunc(infos, func(a, b tilestore.Info) int { return a.Version - b.Version })
	return infos, ctx.Err()
}

// openFolder opens the data folder.
func (a *app) openFolder(ctx context.Context) (*mbtiles.Folder, error) {
	switch stat, err := os.Stat(a.data); {
	case errors.Is(err, fs.ErrNotExist):
		return nil, remedy.New(a.data, errors.New("no such data folder"), "terrane ingest terrain FILE or terrane ingest imagery FILE makes it; --data DIR names another")
	case err == nil && !stat.IsDir():
		return nil, notFolder(a.data)
	}
	return mbtiles.OpenFolder(ctx, a.data)
}

// notFolder says that --data names a file.
func notFolder(path string) error {
	return remedy.New(path, errors.New("a file, where a data folder is due"), "--data DIR names the folder that holds the dataset files, NAME@1.mbtiles")
}

// warn says which files of the folder are not served, and why.
func (a *app) warn(problems []mbtiles.Problem) {
	for _, p := range problems {
		fmt.Fprintf(a.stderr, "terrane: %s is not served: %s\n", p.Name, plain(p.Err))
	}
}
