//go:build !serveonly

package main

import (
	"fmt"

	"github.com/terrane/terrane/imagery"
	"github.com/terrane/terrane/internal/raster"
)

// registry shows PROJ's reference systems to the server, which knows no GDAL.
type registry struct{ *raster.Registry }

// newRegistry returns every reference system that PROJ has.
func newRegistry() imagery.Registry { return registry{raster.NewRegistry()} }

// CRS finds a reference system by its code.
func (r registry) CRS(code string) (imagery.CRS, error) {
	if c, err := imagery.Builtin().CRS(code); err == nil {
		return c, nil // the commonest, without PROJ
	}
	c, err := r.Registry.CRS(code)
	if err != nil {
		return imagery.CRS{}, fmt.Errorf("%w: %w", imagery.ErrCRS, err)
	}
	return imagery.CRS{Code: c.Code, Title: c.Title, NorthFirst: c.NorthFirst, MetresPerUnit: c.MetresPerUnit, Area: c.Area, Projection: c}, nil
}
