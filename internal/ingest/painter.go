package ingest

import (
	"bytes"
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/internal/region"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
)

// painter is the memory of one goroutine that makes water masks.
type painter struct {
	wet, dry region.Drawer
	sea      []byte
	line     [terrain.StoredSide]float32 // the sea under a row of posts
	upper    [terrain.StoredSide]float32 // the same, where the base was asked last, to the north
	lower    [terrain.StoredSide]float32 // and to the south
	ground   region.Drawer
	clip     region.Drawer
	union    []byte    // the mask of a dataset with what is laid over it
	depth    []float32 // of each post of a tile over the water, negative below
	inside   []bool
}

// mask returns the water mask of a tile as quantized-mesh has it: 256 x 256 bytes from the north, 0 land .. 255 water, or one
// byte where all are the same. grid holds its posts, data says which of them a source has data for, nil for all. A pixel follows
// from its place and the posts around it, so neighbours have no seam between them.
func (p *painter) mask(s *shores, c tilegrid.Coord, grid []float32, data []bool) []byte {
	mask, b := []byte{0}, tilegrid.Geodetic.Bound(c)
	if s.dry {
		mask = inverted(p.dry.Draw(s.land, b))
	}
	if s.water != nil {
		mask = joined(mask, p.wet.Draw(s.water, b), func(a, b byte) byte { return byte(min(255, int(a)+int(b))) })
	}
	if s.sea {
		sea := p.below(s, c, grid)
		if !s.beyond && data != nil {
			sea = p.surveyed(sea, data)
		}
		mask = joined(mask, sea, func(a, b byte) byte { return max(a, b) })
	}
	return mask
}

// inverted makes water of land, in place.
func inverted(mask []byte) []byte {
	for k := range mask {
		mask[k] = 255 - mask[k]
	}
	return mask
}

// joined puts two masks together, in a's place where both have pixels. Polygons that share a border add up to all of a pixel;
// of a polygon and a sea level, which do not share one, the larger counts.
func joined(a, b []byte, join func(a, b byte) byte) []byte {
	switch {
	case len(a) == 1 && a[0] == 0 || len(b) == 1 && b[0] == 255:
		return b
	case len(a) == 1 || len(b) == 1:
		return a
	}
	same := true
	for k := range a {
		a[k] = join(a[k], b[k])
		same = same && a[k] == 255
	}
	if same {
		return a[:1]
	}
	return a
}

// perCell is how many pixels of a mask a cell between posts has along each side.
const perCell = region.Side / terrain.Cells

// below returns the mask of what lies at or below the sea level.
func (p *painter) below(s *shores, c tilegrid.Coord, grid []float32) []byte {
	low, high := float32(math.Inf(1)), float32(math.Inf(-1))
	for _, h := range grid {
		low, high = min(low, h), max(high, h)
	}
	b := tilegrid.Geodetic.Bound(c)
	from, to := s.span(b)
	switch slack := s.slack(); {
	case low > to+slack:
		return append(p.sea[:0], 0)
	case high <= from+slack:
		return append(p.sea[:0], 255)
	}
	switch low, high = p.fathom(s, c, grid); {
	case low > 0:
		return append(p.sea[:0], 0)
	case high <= 0:
		return append(p.sea[:0], 255)
	}
	return p.flood()
}

// surveyed leaves of a sea what lies between posts with data.
func (p *painter) surveyed(sea []byte, data []bool) []byte {
	if len(sea) == 1 && sea[0] == 0 || !slices.Contains(data, false) {
		return sea
	}
	if !slices.Contains(data, true) {
		return append(p.sea[:0], 0)
	}
	if len(sea) == 1 {
		p.sea = append(p.sea[:0], bytes.Repeat([]byte{sea[0]}, region.Side*region.Side)...)
	}
	for r := range terrain.Cells {
		for c := range terrain.Cells {
			k := r*terrain.StoredSide + c
			if data[k] && data[k+1] && data[k+terrain.StoredSide] && data[k+terrain.StoredSide+1] {
				continue
			}
			for y := range perCell {
				clear(p.sea[(r*perCell+y)*region.Side+c*perCell:][:perCell])
			}
		}
	}
	if !slices.ContainsFunc(p.sea, func(b byte) bool { return b != 0 }) {
		return p.sea[:1]
	}
	return p.sea
}

// slack is how far above the sea ground is still sea, metres: heights are rounded, and by a geoid the sea is not quite where another geoid has it.
func (s *shores) slack() float32 {
	if s.base == nil {
		return terrain.StoredStep
	}
	return 0.1
}

// Within a tile of level 5 or deeper the sea is no further than this from where it is at the tile's corners, and nowhere
// further than farSea from the ellipsoid, metres.
const nearSea, farSea = 20, 150

// span returns the lowest and the highest that the sea may stand in a tile.
func (s *shores) span(b orb.Bound) (low, high float32) {
	if s.base == nil {
		return s.level, s.level
	}
	if b.Max[1]-b.Min[1] > 180.0/32 {
		return s.level - farSea, s.level + farSea
	}
	low, high = farSea, -farSea
	for _, corner := range [4]orb.Point{b.Min, b.Max, {b.Min[0], b.Max[1]}, {b.Max[0], b.Min[1]}} {
		h := s.base(corner)
		low, high = min(low, h), max(high, h)
	}
	return s.level + low - nearSea, s.level + high + nearSea
}

// From this level on a geoid is taken as straight between every eighth post, 2.4 km: it bends by millimetres there.
const straightSea, seaStride = 10, 8

// fathom notes how far above the sea each post is, and returns the least and the most.
func (p *painter) fathom(s *shores, c tilegrid.Coord, grid []float32) (low, high float32) {
	stride := seaStride
	if c.Z < straightSea {
		stride = 1
	}
	low, high = float32(math.Inf(1)), float32(math.Inf(-1))
	p.depth = append(p.depth[:0], grid...)
	for y := range terrain.StoredSide {
		p.sound(s, c, y, stride)
		row := p.depth[y*terrain.StoredSide:][:terrain.StoredSide]
		for x := range row {
			row[x] -= p.line[x]
			low, high = min(low, row[x]), max(high, row[x])
		}
	}
	return low, high
}

// sound fills line with the sea under row y of a tile, from the north: at every stride-th post as the base has it, straight
// between in rows and columns.
func (p *painter) sound(s *shores, c tilegrid.Coord, y, stride int) {
	west, north := int64(c.X)*terrain.Cells, int64(c.Y+1)*terrain.Cells
	over, slack := y%stride, s.slack()
	for x := 0; x < terrain.StoredSide; x += stride {
		i, j := west+int64(x), north-int64(y-over)
		switch {
		case over > 0:
			p.line[x] = p.upper[x] + (p.lower[x]-p.upper[x])*float32(over)/float32(stride)
		case stride > 1 && y < terrain.Cells:
			p.upper[x], p.lower[x] = s.at(c.Z, i, j)+slack, s.at(c.Z, i, j-int64(stride))+slack
			p.line[x] = p.upper[x]
		default:
			p.line[x] = s.at(c.Z, i, j) + slack
		}
	}
	for x := range terrain.Cells {
		if t := x % stride; t > 0 {
			from, to := p.line[x-t], p.line[x-t+stride]
			p.line[x] = from + (to-from)*float32(t)/float32(stride)
		}
	}
}

// at returns the height of the sea at a post, whichever way round the globe i counts.
func (s *shores) at(level uint8, i, j int64) float32 {
	if s.base == nil {
		return s.level
	}
	circle, step := int64(2*terrain.Cells)<<level, spacing(level)
	return s.base(orb.Point{float64((i%circle+circle)%circle)*step - 180, float64(j)*step - 90}) + s.level
}

// flood turns depths into pixels, cell by cell.
func (p *painter) flood() []byte {
	p.sea = append(p.sea[:0], make([]byte, region.Side*region.Side)...)
	for r := range terrain.Cells {
		for c := range terrain.Cells {
			k := r*terrain.StoredSide + c
			d := cell{p.depth[k], p.depth[k+1], p.depth[k+terrain.StoredSide], p.depth[k+terrain.StoredSide+1]}
			at := p.sea[(r*region.Side+c)*perCell:]
			switch {
			case max(d.nw, d.ne, d.sw, d.se) <= 0:
				for y := range perCell {
					copy(at[y*region.Side:][:perCell], "\xff\xff\xff\xff")
				}
			case min(d.nw, d.ne, d.sw, d.se) <= 0:
				d.shore(at)
			}
		}
	}
	if first := p.sea[0]; (first == 0 || first == 255) && !slices.ContainsFunc(p.sea, func(b byte) bool { return b != first }) {
		return p.sea[:1]
	}
	return p.sea
}

// cell is how far above the sea the four posts around a cell are.
type cell struct{ nw, ne, sw, se float32 }

// shore paints a cell that the shore runs through: a pixel is covered as a plane would be that leans as the ground does in its middle.
func (d cell) shore(at []byte) {
	for y := range perCell {
		v := (float32(y) + 0.5) / perCell
		west, east := d.nw+(d.sw-d.nw)*v, d.ne+(d.se-d.ne)*v
		for x := range perCell {
			u := (float32(x) + 0.5) / perCell
			north, south := d.nw+(d.ne-d.nw)*u, d.sw+(d.se-d.sw)*u
			lean := (abs32(east-west) + abs32(south-north)) / perCell
			height := west + (east-west)*u
			switch {
			case lean > 0:
				at[y*region.Side+x] = byte(max(0, min(1, 0.5-height/lean))*255 + 0.5)
			case height <= 0:
				at[y*region.Side+x] = 255
			}
		}
	}
}

func abs32(v float32) float32 { return max(v, -v) }

// raise lifts ground of a window that is below the water, if it is to be.
func (p *painter) raise(s *shores, w *window) {
	if s == nil || !s.clamp {
		return
	}
	wet := p.under(s, w)
	for k, h := range w.z {
		if h > s.level+farSea || wet != nil && !wet[k] {
			continue
		}
		w.z[k] = max(h, s.at(w.level, w.west+int64(k%w.side), w.north-int64(k/w.side)))
	}
}

// calm keeps the sea of a level, and its shores, where the level below has them: made of the posts around as well, they would
// ring beside cliffs, as banks and pits.
func (p *painter) calm(s *shores, fine, w *window) {
	if s == nil || !s.sea {
		return
	}
	for k := range w.z {
		i, j := w.west+int64(k%w.side), w.north-int64(k/w.side)
		h := fine.z[fine.at(2*i, 2*j)]
		if h > s.level+farSea {
			continue
		}
		if abs32(w.z[k]-h) <= terrain.StoredStep { // most of a sea
			w.z[k] = h
			continue
		}
		sea := s.at(w.level, i, j)
		switch over := h - sea; {
		case over < -s.slack():
			w.z[k] = min(w.z[k], sea)
		case over <= s.slack():
			w.z[k] = h
		default:
			w.z[k] = max(w.z[k], min(h, sea+seaLevelled))
		}
	}
}

// under tells which posts of a window are under water by polygons; nil where a sea level says it of all that is low enough.
func (p *painter) under(s *shores, w *window) []bool {
	if s.sea {
		return nil
	}
	posts := postsOf(raster.Lattice{Level: w.level, MinI: w.west, MinJ: w.north - int64(w.side) + 1, Cols: w.side, Rows: w.side})
	wet := make([]bool, len(w.z))
	p.wet.Inside(s.water, posts, wet)
	if !s.dry {
		return wet
	}
	p.inside = append(p.inside[:0], make([]bool, len(w.z))...)
	p.dry.Inside(s.land, posts, p.inside)
	for k, land := range p.inside {
		wet[k] = wet[k] || !land
	}
	return wet
}

func postsOf(l raster.Lattice) region.Posts {
	return region.Posts{Spacing: spacing(l.Level), West: l.MinI, North: l.MinJ + int64(l.Rows) - 1, Cols: l.Cols, Rows: l.Rows}
}
