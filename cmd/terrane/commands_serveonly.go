//go:build serveonly

package main

import "github.com/spf13/cobra"

// rasterCommands returns nothing: this build has no GDAL.
func rasterCommands(*app) []*cobra.Command { return nil }

// gdalVersion returns "": this build has no GDAL.
func gdalVersion() string { return "" }
