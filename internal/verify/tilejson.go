package verify

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/paulmach/orb"

	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// mostAsked is how many pictures are asked of a server: TileJSON bounds nothing but a box and levels, and a world of 20 levels is more than anybody's patience.
const mostAsked = 100_000

// tileJSON is what matters of TileJSON 3.0.0; crs is this program's own.
type tileJSON struct {
	Name, Attribution, Scheme, CRS string
	Tiles                          []string
	MinZoom                        uint8
	MaxZoom                        *uint8
	Bounds                         []float64
}

// readTileJSON takes the pictures of all levels that are not too large.
func (r *URL) readTileJSON(text []byte) error {
	var j tileJSON
	if err := json.Unmarshal(text, &j); err != nil {
		return fmt.Errorf("%w: no TileJSON: %v", ErrServer, err)
	}
	if len(j.Tiles) == 0 || !strings.Contains(j.Tiles[0], "{z}") {
		return fmt.Errorf("%w: its TileJSON names no tiles", ErrServer)
	}
	r.tiles, r.north, r.accept = j.Tiles, j.Scheme != "tms", acceptPictures
	i := tilestore.Info{
		Name: j.Name, Kind: tilestore.Imagery, Title: j.Name, Attribution: j.Attribution, Grid: tilegrid.Mercator,
		Bound: orb.Bound{Min: orb.Point{-180, -tilegrid.MercatorLimit}, Max: orb.Point{180, tilegrid.MercatorLimit}},
	}
	if strings.HasSuffix(j.CRS, "4326") {
		i.Grid, i.Bound = tilegrid.Geodetic, orb.Bound{Min: orb.Point{-180, -90}, Max: orb.Point{180, 90}}
	}
	if b := j.Bounds; len(b) == 4 && b[0] >= -180 && b[0] < b[2] && b[2] <= 540 && b[1] >= -90 && b[1] < b[3] && b[3] <= 90 {
		i.Bound = orb.Bound{Min: orb.Point{b[0], b[1]}, Max: orb.Point{b[2], b[3]}}
	}
	deepest := uint8(tilegrid.MaxLevel)
	if j.MaxZoom != nil {
		deepest = min(deepest, *j.MaxZoom)
	}
	if j.MinZoom > deepest {
		return fmt.Errorf("%w: its TileJSON has no levels: %d-%d", ErrServer, j.MinZoom, deepest)
	}
	i.Levels = [2]uint8{j.MinZoom, deepest}
	r.info = i
	return r.within(deepest)
}

// within lists the tiles of the bound down to a level, or to the last one above it that leaves not too many.
func (r *URL) within(deepest uint8) error {
	i := &r.info
	i.Available = make([][]tilegrid.Range, i.Levels[0])
	for z := i.Levels[0]; z <= deepest; z++ {
		var level []tilegrid.Range
		n := int64(0)
		for _, part := range tilegrid.SplitBound(i.Bound) {
			all := i.Grid.Cover(part, z)
			level, n = append(level, all), n+int64(all.Len())
		}
		if i.Tiles+n > mostAsked {
			r.unread = deepest - z + 1
			break
		}
		i.Available, i.Tiles, i.Levels[1] = append(i.Available, level), i.Tiles+n, z
	}
	if i.Tiles == 0 {
		return fmt.Errorf("%w: level %d has more than %d tiles", ErrServer, i.Levels[0], mostAsked)
	}
	return nil
}

// Unread returns the levels that are not read because they have too many tiles; ok is false if there are none.
func (r *URL) Unread() (first, last uint8, ok bool) {
	return r.info.Levels[1] + 1, r.info.Levels[1] + r.unread, r.unread > 0
}
