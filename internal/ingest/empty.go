package ingest

import (
	"context"

	"github.com/terrane/terrane/tilegrid"
)

// emptyUnits is how many units without a tile count together: to do them again costs less than to write down each.
const emptyUnits = 64

// empty tells that a unit of the first stage has no data and no hole that may be filled, as far as that is known without
// reading heights: so it is with most of a sparse raster.
func (o *oven) empty(ctx context.Context, unit tilegrid.Coord) (bool, error) {
	if o.void == nil {
		return false, nil
	}
	if guide := o.guide.from(o.pyramid.base().level); guide.enclosesAny(unit) {
		return false, nil
	}
	return o.void(ctx, o.lattice())
}
