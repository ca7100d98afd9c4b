//go:build serveonly

package main

import (
	"context"
	"errors"

	"github.com/terrane/terrane/internal/elevation"
	"github.com/terrane/terrane/internal/remedy"
)

// openSea opens the geoid that --geoid names: none, as this build has no PROJ.
func openSea(_ context.Context, name string) (elevation.Sea, error) {
	if name != "auto" && name != "none" {
		err := mark(errors.New("this build has no GDAL and PROJ, which geoids take"), errUsage)
		return elevation.Sea{}, remedy.New("--geoid", err, "a build without the tag serveonly")
	}
	return elevation.Sea{}, nil
}
