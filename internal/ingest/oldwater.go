package ingest

import (
	"context"
	"fmt"
	"slices"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/internal/gzrun"
	"github.com/terrane/terrane/internal/region"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
)

// Water that is laid over a dataset adds to the dataset's own: polygons of water wherever they lie. What is water by polygons of
// land or by a sea level takes its place on the sources' ground, and says nothing of the ground around.

// oldMask returns the water mask of a tile as the dataset has it, that of the deepest tile over it magnified; nil where it has none.
func (o *oven) oldMask(ctx context.Context, c tilegrid.Coord) ([]byte, error) {
	from := c
	for from.Z > 0 && !o.old.has(from) {
		from = from.Parent()
	}
	t, err := o.old.Tile(ctx, from)
	if err != nil {
		return nil, fmt.Errorf("water of %s: %w", from, err)
	}
	run, err := gzrun.Inflate(t.Data, terrain.ExtWater)
	const head = 5 // id and length
	if err != nil || len(run) <= head {
		return nil, err
	}
	return magnified(run[head:], from, c), nil
}

// magnified returns the part of a tile's mask that lies under a tile below it.
func magnified(mask []byte, from, c tilegrid.Coord) []byte {
	shift := c.Z - from.Z
	if shift == 0 || len(mask) == 1 {
		return mask
	}
	parts := uint64(1) << shift
	west, north := uint64(c.X)%parts*region.Side, (parts-1-uint64(c.Y)%parts)*region.Side
	out, same := make([]byte, region.Side*region.Side), true
	for r := range uint64(region.Side) {
		for k := range uint64(region.Side) {
			v := mask[(north+r)>>shift*region.Side+(west+k)>>shift]
			out[r*region.Side+k] = v
			same = same && v == out[0]
		}
	}
	if same && (out[0] == 0 || out[0] == 255) {
		return out[:1]
	}
	return out
}

// on returns the water for work over a dataset: its ground is that of the sources, bounds and clip.
func (s *shores) on(bounds []orb.Bound, clip *region.Region) *shores {
	if s == nil {
		return nil
	}
	var boxes []orb.Polygon
	for _, b := range bounds {
		for _, part := range tilegrid.SplitBound(b) {
			boxes = append(boxes, part.ToPolygon())
		}
	}
	own := *s
	own.ground, own.clip = region.New(boxes), clip
	return &own
}

// added returns the mask of a tile that has old as its mask.
func (p *painter) added(s *shores, c tilegrid.Coord, grid []float32, old []byte) []byte {
	b := tilegrid.Geodetic.Bound(c)
	p.union = append(p.union[:0], make([]byte, region.Side*region.Side)...)
	for k := range p.union {
		p.union[k] = pixel(old, k)
	}
	if s.dry || s.sea {
		p.replace(b, s, p.mask(s, c, grid, nil))
	}
	if s.water != nil {
		wet := p.wet.Draw(s.water, b)
		for k, v := range p.union {
			p.union[k] = max(v, pixel(wet, k))
		}
	}
	if first := p.union[0]; (first == 0 || first == 255) && !slices.ContainsFunc(p.union, func(v byte) bool { return v != first }) {
		return p.union[:1]
	}
	return p.union
}

// replace puts a mask in the place of the union so far, as far as each pixel is the sources' ground.
func (p *painter) replace(b orb.Bound, s *shores, mask []byte) {
	ground, clip := p.ground.Draw(s.ground, b), []byte{255}
	if s.clip != nil {
		clip = p.clip.Draw(s.clip, b)
	}
	for k, v := range p.union {
		share := int(min(pixel(ground, k), pixel(clip, k)))
		p.union[k] = byte((int(v)*(255-share) + int(pixel(mask, k))*share + 127) / 255)
	}
}

// pixel returns the kth pixel of a mask, which is one byte where all are the same.
func pixel(mask []byte, k int) byte {
	if len(mask) == 1 {
		return mask[0]
	}
	return mask[k]
}
