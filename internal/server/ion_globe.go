package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/paulmach/orb"

	"github.com/terrane/terrane/internal/gzrun"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// What the server brings along, so that an application that asks for the world sees a globe before there is a dataset.
const (
	globePath    = "/base/terrain/"
	naturalEarth = "Assets/Textures/NaturalEarthII/" // of CesiumJS, below /cesium/
)

// globe is the ellipsoid as a terrain dataset: both roots, flat but for the earth's own curve, all land. Clients magnify them.
type globe struct {
	info  tilestore.Info
	tiles [2]tilestore.Tile
}

// newGlobe makes the tiles. A flat root of valid heights can always be meshed.
func newGlobe() *globe {
	roots := tilegrid.Range{MaxX: 1}
	g := &globe{info: tilestore.Info{
		Name: "base", Version: 1, Title: "Ellipsoid", Kind: tilestore.Terrain, Format: tilestore.QuantizedMesh, Grid: tilegrid.Geodetic, Tiles: 2,
		Bound:      orb.Bound{Min: orb.Point{-180, -90}, Max: orb.Point{180, 90}},
		Extensions: []string{"octvertexnormals", "watermask"}, Available: [][]tilegrid.Range{{roots}}, Vertical: "ellipsoid",
	}}
	flat, mesher := make([]float32, terrain.HeightsSide*terrain.HeightsSide), terrain.NewMesher()
	for x := range g.tiles {
		m, err := mesher.Mesh(tilegrid.Coord{X: uint32(x)}, flat, terrain.Options{Error: terrain.MaxError(0) / 8, Normals: true})
		if err != nil {
			panic(err)
		}
		m.Water = []byte{0}
		data := gzrun.Pack([]gzrun.Run{
			{ID: 0, Data: terrain.AppendMesh(nil, m)}, {ID: terrain.ExtNormals, Data: terrain.AppendNormals(nil, m)},
			{ID: terrain.ExtWater, Data: terrain.AppendWater(nil, m)},
		})
		sum := sha256.Sum256(data)
		g.tiles[x] = tilestore.Tile{Data: data, ETag: `"` + hex.EncodeToString(sum[:8]) + `"`}
		g.info.SizeBytes += int64(len(data))
	}
	return g
}

func (g *globe) Opening() any         { return g }
func (g *globe) Info() tilestore.Info { return g.info }
func (g *globe) Release()             {}

// Tile returns a root.
func (g *globe) Tile(_ context.Context, c tilegrid.Coord) (tilestore.Tile, error) {
	if !g.info.Has(c) {
		return tilestore.Tile{}, tilestore.ErrNotFound
	}
	return g.tiles[c.X], nil
}

// baseTerrain finds layer.json and the tiles of the ellipsoid.
func (s *Server) baseTerrain(r *http.Request) (reply, error) {
	return s.globeTerrain(r, strings.TrimPrefix(r.URL.Path, globePath))
}

// globeTerrain is baseTerrain for what follows the dataset in a URL.
func (s *Server) globeTerrain(r *http.Request, rest string) (reply, error) {
	g := s.globe()
	path, err := parseTilePath(g.info.Name + "/" + rest)
	if err != nil {
		return reply{}, err
	}
	d := lease{Dataset: g, info: g.info}
	if path.layer {
		return s.layer(r, &d, false)
	}
	return s.tile(r, &d, path)
}
