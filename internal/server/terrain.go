package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/terrane/terrane/internal/gzrun"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilestore"
)

const quantizedMesh = tilestore.QuantizedMesh

// terrain answers layer.json and tiles of the datasets below prefix.
func (s *Server) terrain(prefix string) echo.HandlerFunc {
	return func(c echo.Context) error {
		path, err := parseTilePath(strings.TrimPrefix(c.Request().URL.Path, prefix))
		if err != nil {
			return err
		}
		d, err := s.open(c.Request().Context(), path.ref, tilestore.Terrain)
		if err != nil {
			return err
		}
		defer d.Release()
		if path.layer {
			return s.sendLayer(c, d, path.pinned)
		}
		return s.sendTile(c, d, path)
	}
}

// open returns the dataset of this kind, which the caller releases.
func (s *Server) open(ctx context.Context, ref string, kind tilestore.Kind) (*lease, error) {
	d, err := s.catalog.Get(ctx, ref)
	if err != nil {
		return nil, err
	}
	l := &lease{Dataset: d, info: d.Info()}
	if l.info.Kind != kind {
		d.Release()
		return nil, tilestore.ErrNoDataset
	}
	return l, nil
}

// lease is a dataset version during one request, with what the request asks for often.
type lease struct {
	Dataset
	info tilestore.Info
}

// sendLayer answers layer.json.
func (s *Server) sendLayer(c echo.Context, d *lease, pinned bool) error {
	control := cacheRevalidate
	if pinned {
		control = cachePinned
	}
	key := cacheKey{opening: d.Opening(), gzipped: acceptsGzip(c.Request())}
	if a := s.cache.get(key); a != nil {
		return a.send(c, s.headers.varyEncoding, control)
	}
	body, err := json.Marshal(terrain.NewLayer(d.info))
	if err != nil {
		return err
	}
	a := newPair(append(body, '\n'), "application/json").of(c.Request())
	s.cache.put(key, a)
	return a.send(c, s.headers.varyEncoding, control)
}

// sendTile answers one tile with the extensions that were asked for and that the dataset has.
func (s *Server) sendTile(c echo.Context, d *lease, path tilePath) error {
	control := cacheShort
	if path.pinned {
		control = cachePinned
	}
	r := c.Request()
	key := cacheKey{d.Opening(), path.coord, runsAsked(r) & runsOf(d.info.Extensions), acceptsGzip(r)}
	if a := s.cache.get(key); a != nil {
		return a.send(c, s.headers.varyAccept, control)
	}
	a, err := tileAnswer(r.Context(), d, key)
	if err != nil {
		return err
	}
	s.cache.put(key, a)
	return a.send(c, s.headers.varyAccept, control)
}

// tileAnswer reads a tile and makes the representation that key names.
func tileAnswer(ctx context.Context, d *lease, key cacheKey) (*answer, error) {
	t, err := d.Tile(ctx, key.coord)
	if err != nil {
		return nil, err
	}
	a, err := represent(t, key)
	if err != nil {
		return nil, fmt.Errorf("%s tile %s: %w", d.info.Name, key.coord, err)
	}
	return a, nil
}

// represent cuts the asked runs out of a stored tile.
func represent(t tilestore.Tile, key cacheKey) (*answer, error) {
	tag := strings.TrimSuffix(t.ETag, `"`)
	if len(t.Data) < 2 || t.Data[0] != 0x1f || t.Data[1] != 0x8b {
		return representForeign(t, key)
	}
	ids := key.runs.ids()
	member, err := gzrun.Join(t.Data, ids...)
	if errors.Is(err, gzrun.ErrPlain) {
		return representForeign(t, key)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", tilestore.ErrCorrupt, err)
	}
	if key.gzipped {
		return newAnswer(member, quantizedMesh, fmt.Sprintf(`%s-%x-gzip"`, tag, key.runs), true), nil
	}
	plain, err := gzrun.Inflate(member, ids...)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", tilestore.ErrCorrupt, err)
	}
	return newAnswer(plain, quantizedMesh, fmt.Sprintf(`%s-%x"`, tag, key.runs), false), nil
}
