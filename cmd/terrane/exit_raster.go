//go:build !serveonly

package main

import (
	"errors"

	"github.com/terrane/terrane/internal/ingest"
	"github.com/terrane/terrane/internal/raster"
)

// rasterExitCode returns the exit code of errors that come from rasters and from what is asked of them.
func rasterExitCode(err error) int {
	switch {
	case errors.Is(err, raster.ErrInput):
		return exitInput
	case errors.Is(err, ingest.ErrOptions):
		return exitUsage
	}
	return exitFailed
}
