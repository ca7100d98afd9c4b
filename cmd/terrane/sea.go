//go:build !serveonly

package main

import (
	"context"
	"errors"

	"github.com/terrane/terrane/internal/elevation"
	"github.com/terrane/terrane/internal/raster"
)

// openSea opens the geoid that --geoid names. Of "auto" it is the best that PROJ has, or none.
func openSea(ctx context.Context, name string) (elevation.Sea, error) {
	switch name {
	case "none":
		return elevation.Sea{}, nil
	case "auto":
		for _, best := range []string{"egm2008", "egm96"} {
			if g, err := raster.OpenGeoid(ctx, best); err == nil {
				return elevation.Sea{Geoid: g, Name: g.Name}, nil
			} else if errors.Is(err, context.Canceled) {
				return elevation.Sea{}, err
			}
		}
		return elevation.Sea{}, nil
	}
	g, err := raster.OpenGeoid(ctx, name)
	if err != nil {
		return elevation.Sea{}, err
	}
	return elevation.Sea{Geoid: g, Name: g.Name}, nil
}
