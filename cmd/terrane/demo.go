//go:build !serveonly

package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/terrane/terrane/internal/demo"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/tilestore"
)

// demoName is the dataset that "terrane demo" makes; its DEM lies beside it.
const demoName = "demo"

func newDemoCommand(a *app) *cobra.Command {
	var f serveFlags
	c := &cobra.Command{
		Use:   "demo",
		Short: "Make an island, tile it and serve it: no data of your own needed",
		Long: "Demo writes the elevation model of an island that does not exist to the data folder, ingests it as \"demo\" and serves the folder.\n" +
			"The second time it only serves. It makes no outbound connections.",
		Example: "  terrane demo\n  terrane demo --data /tmp/globe --listen 127.0.0.1:0",
		Args:    usage(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			o, err := f.options(c.Context(), a)
			if err != nil {
				return usageError(c, err)
			}
			if err := a.makeDemo(c.Context()); err != nil {
				return err
			}
			return a.serve(c.Context(), f.listen, o)
		},
	}
	f.register(c)
	return c
}

// makeDemo makes the demo dataset if the data folder has none.
func (a *app) makeDemo(ctx context.Context) error {
	if err := os.MkdirAll(a.data, 0o755); err != nil {
		return remedy.New(a.data, err, "--data DIR names a folder that can be written")
	}
	made, err := a.hasDataset(ctx, demoName)
	if err != nil || made {
		return err
	}
	dem := filepath.Join(a.data, demoName+".tif")
	if _, err := os.Stat(dem); errors.Is(err, fs.ErrNotExist) {
		a.say("island   raising mountains, running rivers: %s", dem)
		if err := writeIsland(dem); err != nil {
			return remedy.New(dem, err, "--data DIR names a folder that can be written")
		}
	}
	silent := *a
	silent.stdout = io.Discard // the result of demo is the server
	ingest := newIngestTerrainCommand(&silent)
	ingest.SilenceErrors, ingest.SilenceUsage = true, true
	ingest.SetArgs([]string{
		"--name", demoName, "--title", "An island that does not exist", "--attribution", "Made by terrane demo", "--vertical", "ellipsoid", "--water", "sealevel", dem,
	})
	return ingest.ExecuteContext(ctx)
}

// hasDataset tells whether the data folder has a dataset of that name.
func (a *app) hasDataset(ctx context.Context, name string) (bool, error) {
	folder, err := a.openFolder(ctx)
	if err != nil {
		return false, err
	}
	defer folder.Close()
	h, err := folder.Get(ctx, name)
	if errors.Is(err, tilestore.ErrNoDataset) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	h.Release()
	return true, nil
}

// writeIsland writes the demo's elevation model; the file appears whole or not at all.
func writeIsland(path string) error {
	partial := path + ".partial"
	f, err := os.Create(partial)
	if err != nil {
		return err
	}
	defer os.Remove(partial) // gone by then, unless something failed
	if err := errors.Join(demo.Make().WriteTIFF(f), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(partial, path)
}
