package server

import (
	"errors"
	"fmt"
	"strings"

	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// errPath says that a URL cannot name a tile whatever the catalogue holds: coordinates that are not whole numbers.
var errPath = errors.New("server: tile coordinates are whole numbers: {z}/{x}/{y}.terrain")

// errNoPage says that nothing lives at this URL.
var errNoPage = errors.New("server: no such page")

// tilePath is what the URL of a terrain dataset asks for: its layer.json or one tile.
type tilePath struct {
	ref    string // name or name@version
	pinned bool   // the version is named
	layer  bool   // layer.json, and no tile
	coord  tilegrid.Coord
}

// parseTilePath reads "{name}[@{version}]/layer.json" or "{name}[@{version}]/{z}/{x}/{y}.terrain". The errors are errPath,
// errNoPage, tilegrid.ErrOutOfGrid and tilestore.ErrNoDataset; none holds the client's text.
func parseTilePath(path string) (tilePath, error) {
	ref, rest, _ := strings.Cut(path, "/")
	p := tilePath{ref: ref, layer: rest == "layer.json"}
	var ok bool
	if p.pinned, ok = checkRef(ref); !ok {
		return p, tilestore.ErrNoDataset
	}
	if p.layer {
		return p, nil
	}
	rest, ok = strings.CutSuffix(rest, ".terrain")
	if !ok {
		return p, errNoPage
	}
	var err error
	p.coord, err = parseCoord(rest)
	return p, err
}

// checkRef tells whether ref can name a dataset, and whether it names a version.
func checkRef(ref string) (pinned, ok bool) {
	name, version, pinned := strings.Cut(ref, "@")
	if pinned {
		if _, ok := parseWhole(version); !ok {
			return true, false
		}
	}
	return pinned, tilestore.CheckName(name) == nil
}

// parseCoord reads "{z}/{x}/{y}" of the geographic grid.
func parseCoord(s string) (tilegrid.Coord, error) {
	zs, rest, _ := strings.Cut(s, "/")
	xs, ys, _ := strings.Cut(rest, "/")
	z, okZ := parseWhole(zs)
	x, okX := parseWhole(xs)
	y, okY := parseWhole(ys)
	if !okZ || !okX || !okY {
		return tilegrid.Coord{}, errPath
	}
	if z > tilegrid.MaxLevel {
		return tilegrid.Coord{}, fmt.Errorf("%w: level %d", tilegrid.ErrOutOfGrid, z)
	}
	c := tilegrid.Coord{Z: uint8(z), X: x, Y: y}
	return c, tilegrid.Geodetic.Check(c)
}

// parseWhole reads a whole number of at most ten digits below 2^32, written without sign and leading zeros: one tile, one URL.
func parseWhole(s string) (uint32, bool) {
	if s == "" || len(s) > 10 || s[0] == '0' && len(s) > 1 {
		return 0, false
	}
	var n uint64
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + uint64(s[i]-'0')
	}
	return uint32(n), n <= 1<<32-1
}
