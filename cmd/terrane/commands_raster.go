//go:build !serveonly

package main

import (
	"github.com/spf13/cobra"
	"github.com/terrane/terrane/internal/raster"
)

// rasterCommands returns the commands that read rasters and so need GDAL.
func rasterCommands(a *app) []*cobra.Command {
	return append(siteCommands(a), newIngestCommand(a), newUpdateCommand(a), newDemoCommand(a))
}

// gdalVersion returns the version of the GDAL library, or "" in a build without it.
func gdalVersion() string { return raster.Version() }
