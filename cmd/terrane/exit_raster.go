//go:build !serveonly

package main

import (
	"errors"

	"github.com/terrane/terrane/internal/raster"
)

// rasterExitCode returns the exit code of errors that come from reading rasters.
func rasterExitCode(err error) int {
	if errors.Is(err, raster.ErrInput) {
		return exitInput
	}
	return exitFailed
}
