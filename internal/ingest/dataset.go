package ingest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// Stored is a finished terrain dataset that keeps its heights.
type Stored interface {
	tilestore.Reader
	tilestore.Heights
}

// dataset is a stored dataset as a source: at every post of every level it has the height of the deepest tile that covers it,
// no deeper than that level, and between the posts of a coarser tile what a plane through them has. As both roots exist it has
// no holes. It is safe for goroutines.
type dataset struct {
	Stored
	tiles map[uint8]cover

	mu     sync.Mutex              // guards the fields below
	grids  map[tilegrid.Coord]grid // decoded, the latest ones
	recent []tilegrid.Coord        // the keys of grids, the oldest first
}

// grid is a tile's posts.
type grid struct {
	z    []float32
	data []bool // which of them sources had data for; nil: all
}

// gridsKept is how many decoded tiles a dataset keeps: 17 KB each. Windows overlap by their margins.
const gridsKept = 1024

// newDataset makes a source of a finished dataset. It is refused if it keeps no heights.
func newDataset(ctx context.Context, s Stored) (*dataset, error) {
	d := &dataset{Stored: s, tiles: map[uint8]cover{}, grids: map[tilegrid.Coord]grid{}}
	for z, ranges := range s.Info().Available {
		d.tiles[uint8(z)] = cover{}
		for _, r := range ranges {
			for c := range r.All() {
				d.tiles[uint8(z)].add(c)
			}
		}
	}
	for x := range uint32(2) {
		if _, err := d.grid(ctx, tilegrid.Coord{X: x}); err != nil {
			return nil, remedy.New(s.Info().Name, fmt.Errorf("%w: it keeps no heights to build on: %w", ErrOptions, err),
				"a terrain dataset that terrane ingest terrain or terrane update made")
		}
	}
	return d, nil
}

func (d *dataset) has(c tilegrid.Coord) bool { return d.tiles[c.Z].has(c) }

// grid returns the decoded heights of a tile. They are shared: do not change them.
func (d *dataset) grid(ctx context.Context, c tilegrid.Coord) (grid, error) {
	d.mu.Lock()
	g, known := d.grids[c]
	d.mu.Unlock()
	if known {
		return g, nil
	}
	stored, err := d.Heights(ctx, c)
	if err != nil {
		return grid{}, fmt.Errorf("heights of %s: %w", c, err)
	}
	g.z = make([]float32, terrain.StoredSide*terrain.StoredSide)
	err = terrain.DecodeHeights(stored, g.z)
	if err == nil {
		g.data, err = d.coverage(c, stored)
	}
	if err != nil {
		return grid{}, fmt.Errorf("heights of %s: %w", c, err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, known := d.grids[c]; !known {
		if len(d.recent) >= gridsKept {
			delete(d.grids, d.recent[0])
			d.recent = d.recent[1:]
		}
		d.grids[c], d.recent = g, append(d.recent, c)
	}
	return g, nil
}

// coverage returns which posts of a tile sources had data for, nil for all. Datasets made before that was stored had data in
// their bounds, as far as anybody knows.
func (d *dataset) coverage(c tilegrid.Coord, stored []byte) ([]bool, error) {
	data := make([]bool, terrain.StoredSide*terrain.StoredSide)
	all, known, err := terrain.DecodeCoverage(stored, data)
	if err != nil {
		return nil, err
	}
	if !known {
		all = true
		s, bound := spacing(c.Z), d.Info().Bound
		for k := range data {
			i, j := int(c.X)*terrain.Cells+k%terrain.StoredSide, (int(c.Y)+1)*terrain.Cells-k/terrain.StoredSide
			data[k] = within(bound, orb.Point{float64(i)*s - 180, float64(j)*s - 90}, s/1000)
			all = all && data[k]
		}
	}
	if all {
		return nil, nil
	}
	return data, nil
}

// ground is a dataset as a Source.
type ground struct{ *dataset }

// Heights fills dst with a window of heights, NaN beyond the poles.
func (g ground) Heights(ctx context.Context, l raster.Lattice, dst []float32) error {
	for k := range dst {
		dst[k] = missing
	}
	for _, p := range g.under(l) {
		own, err := g.grid(ctx, p.Coord)
		if err != nil {
			return err
		}
		p.draw(own.z, l, dst)
	}
	return ctx.Err()
}

// surveyed is a dataset as a Source without what was filled in: it has a height where all posts around have data.
type surveyed struct{ *dataset }

// Heights fills dst with a window of heights, NaN where no source of the dataset had data.
func (s surveyed) Heights(ctx context.Context, l raster.Lattice, dst []float32) error {
	for k := range dst {
		dst[k] = missing
	}
	for _, p := range s.under(l) {
		own, err := s.grid(ctx, p.Coord)
		if err != nil {
			return err
		}
		p.draw(own.z, l, dst)
		if own.data != nil {
			p.erase(own.data, l, dst)
		}
	}
	return ctx.Err()
}

// whole tells whether a dataset's sources had data for all of a window.
func (d *dataset) whole(ctx context.Context, l raster.Lattice) (bool, error) {
	for _, p := range d.under(l) {
		if own, err := d.grid(ctx, p.Coord); err != nil || own.data != nil {
			return false, err
		}
	}
	return true, nil
}

// placed is a tile and the column in which a window sees it, which may lie beyond the antimeridian.
type placed struct {
	tilegrid.Coord
	column int64
}

// under lists the deepest tiles that touch a window, the coarsest first: where two meet, the finer one counts.
func (d *dataset) under(l raster.Lattice) []placed {
	columns, rows := tilegrid.Geodetic.Size(l.Level)
	seen := map[placed]bool{}
	south, north := floorDiv(l.MinJ-1, terrain.Cells), floorDiv(l.MinJ+int64(l.Rows)-1, terrain.Cells)
	for y := max(0, south); y <= min(int64(rows)-1, north); y++ {
		for x := floorDiv(l.MinI-1, terrain.Cells); x <= floorDiv(l.MinI+int64(l.Cols)-1, terrain.Cells); x++ {
			wrapped := (x%int64(columns) + int64(columns)) % int64(columns)
			p := placed{tilegrid.Coord{Z: l.Level, X: uint32(wrapped), Y: uint32(y)}, x}
			for p.Z > 0 && !d.has(p.Coord) {
				p.Coord, p.column = p.Parent(), p.column>>1
			}
			seen[p] = true
		}
	}
	tiles := make([]placed, 0, len(seen))
	for p := range seen {
		tiles = append(tiles, p)
	}
	slices.SortFunc(tiles, func(a, b placed) int { return cmp.Compare(a.Z, b.Z) })
	return tiles
}

// draw fills the part of a window that the tile covers, borders included.
func (p placed) draw(z []float32, l raster.Lattice, dst []float32) {
	shift := l.Level - p.Z
	west, north := p.column*terrain.Cells<<shift, (int64(p.Y)+1)*terrain.Cells<<shift
	size := int64(terrain.Cells) << shift
	scale := 1 / float32(int64(1)<<shift)
	top := l.MinJ + int64(l.Rows) - 1
	for j := min(north, top); j >= max(north-size, l.MinJ); j-- {
		row := dst[int(top-j)*l.Cols:][:l.Cols]
		r := min(int((north-j)>>shift), terrain.Cells-1)
		down := float32(north-j-int64(r)<<shift) * scale
		upper, lower := z[r*terrain.StoredSide:][:terrain.StoredSide], z[(r+1)*terrain.StoredSide:][:terrain.StoredSide]
		for i := max(west, l.MinI); i <= min(west+size, l.MinI+int64(l.Cols)-1); i++ {
			c := min(int((i-west)>>shift), terrain.Cells-1)
			along := float32(i-west-int64(c)<<shift) * scale
			n := upper[c] + (upper[c+1]-upper[c])*along
			s := lower[c] + (lower[c+1]-lower[c])*along
			row[i-l.MinI] = n + (s-n)*down
		}
	}
}

// erase takes the heights of the part of a window that the tile covers from posts that lie not between posts with data.
func (p placed) erase(data []bool, l raster.Lattice, dst []float32) {
	shift := l.Level - p.Z
	west, north := p.column*terrain.Cells<<shift, (int64(p.Y)+1)*terrain.Cells<<shift
	size, last := int64(terrain.Cells)<<shift, int64(1)<<shift-1
	top := l.MinJ + int64(l.Rows) - 1
	for j := min(north, top); j >= max(north-size, l.MinJ); j-- {
		row := dst[int(top-j)*l.Cols:][:l.Cols]
		upper := data[(north-j)>>shift*terrain.StoredSide:][:terrain.StoredSide]
		lower := data[(north-j+last)>>shift*terrain.StoredSide:][:terrain.StoredSide]
		for i := max(west, l.MinI); i <= min(west+size, l.MinI+int64(l.Cols)-1); i++ {
			a, b := (i-west)>>shift, (i-west+last)>>shift
			if !(upper[a] && upper[b] && lower[a] && lower[b]) {
				row[i-l.MinI] = missing
			}
		}
	}
}
