package server

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/terrane/terrane/imagery/style"
	"github.com/terrane/terrane/internal/gzrun"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

const heightmapPrefix = "/heightmap/"

// heightmap finds layer.json and tiles of terrain as heightmap-1.0, which CesiumJS read before there were meshes.
func (s *Server) heightmap(r *http.Request) (reply, error) {
	path, err := parseTilePath(strings.TrimPrefix(r.URL.Path, heightmapPrefix))
	if err != nil {
		return reply{}, err
	}
	d, err := s.open(r.Context(), path.ref, tilestore.Terrain)
	if err != nil {
		return reply{}, err
	}
	defer d.Release()
	f, err := s.maps.facts(r.Context(), &d)
	if err != nil {
		return reply{}, err
	}
	if !f.ground {
		return reply{}, style.ErrNoHeights
	}
	found := reply{vary: s.headers.varyEncoding, control: tileControl(path.pinned)}
	key := cacheKey{opening: d.Opening(), coord: path.coord, gzipped: acceptsGzip(r), variant: "heightmap"}
	body, kind := heightmapTile, "application/octet-stream"
	if path.layer {
		key.variant, body, kind = "heightmap layer", heightmapLayer, "application/json"
		if !path.pinned {
			found.control = cacheRevalidate
		}
	}
	if layer := terrain.NewHeightmapLayer(terrain.NewLayer(d.info)); path.layer && s.handOnTiles(r, layer.Tiles) {
		b, err := json.Marshal(layer)
		found.answer = s.newQuick(r, b, kind)
		return found, err
	}
	if found.answer = s.cache.get(key); found.answer != nil {
		return found, nil
	}
	b, err := body(r.Context(), &d, path.coord)
	if err != nil {
		return reply{}, err
	}
	found.answer = newPair(b, kind).of(r)
	s.cache.put(key, found.answer)
	return found, nil
}

func heightmapLayer(_ context.Context, d *lease, _ tilegrid.Coord) ([]byte, error) {
	return json.Marshal(terrain.NewHeightmapLayer(terrain.NewLayer(d.info)))
}

func heightmapTile(ctx context.Context, d *lease, c tilegrid.Coord) ([]byte, error) {
	stored, err := reader{d.Dataset}.Heights(ctx, c)
	if err != nil {
		return nil, err
	}
	z := make([]float32, terrain.StoredSide*terrain.StoredSide)
	if err := terrain.DecodeHeights(stored, z); err != nil {
		return nil, err
	}
	water, err := waterOf(ctx, d, c)
	if err != nil {
		return nil, err
	}
	children := uint8(0)
	for k, child := range c.Children() { // south-west, south-east, north-west, north-east, as the bits are
		if d.info.Has(child) {
			children |= 1 << k
		}
	}
	return terrain.EncodeHeightmap(z, children, water)
}

// waterOf returns a tile's water mask, nil if the dataset has none.
func waterOf(ctx context.Context, d *lease, c tilegrid.Coord) ([]byte, error) {
	if !slices.ContainsFunc(d.info.Extensions, func(name string) bool { return runOf(name) == waterRun }) {
		return nil, nil
	}
	t, err := d.Tile(ctx, c)
	if err != nil {
		return nil, err
	}
	const id, header = 2, 5 // the run, and the bytes of the extension's own header
	run, err := gzrun.Inflate(t.Data, id)
	if err != nil || len(run) < header {
		return nil, nil // a tile by others: its water is not set apart
	}
	return run[header:], nil
}
