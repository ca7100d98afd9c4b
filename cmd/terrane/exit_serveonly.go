//go:build serveonly

package main

// rasterExitCode knows no rasters: this build has no GDAL.
func rasterExitCode(error) int { return exitFailed }
