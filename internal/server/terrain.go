package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/terrane/terrane/internal/gzrun"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilestore"
)

const quantizedMesh = tilestore.QuantizedMesh

// terrain finds layer.json and tiles of the datasets below prefix.
func (s *Server) terrain(prefix string) finder {
	return func(r *http.Request) (reply, error) { return s.terrainOf(r, strings.TrimPrefix(r.URL.Path, prefix)) }
}

// terrainOf finds what rest, "{name}/layer.json" or "{name}/{z}/{x}/{y}.terrain", names.
func (s *Server) terrainOf(r *http.Request, rest string) (reply, error) {
	path, err := parseTilePath(rest)
	if err != nil {
		return reply{}, err
	}
	d, err := s.open(r.Context(), path.ref, tilestore.Terrain)
	if err != nil {
		return reply{}, err
	}
	defer d.Release()
	if path.layer {
		return s.layer(r, &d, path.pinned)
	}
	return s.tile(r, &d, path)
}

// terrainRoot answers "{name}" and "{name}/", which clients complete with layer.json on their own, and people in a browser do not.
func (s *Server) terrainRoot(prefix string) echo.HandlerFunc {
	return func(c echo.Context) error {
		ref, slash := strings.CutSuffix(strings.TrimPrefix(c.Request().URL.Path, prefix), "/")
		if _, ok := checkRef(ref); !ok {
			return errNoPage
		}
		d, err := s.open(c.Request().Context(), ref, tilestore.Terrain)
		if err != nil {
			return err
		}
		d.Release()
		if slash {
			return redirect(c, "layer.json")
		}
		return redirect(c, ref+"/layer.json")
	}
}

// open returns the dataset of this kind, which the caller releases.
func (s *Server) open(ctx context.Context, ref string, kind tilestore.Kind) (lease, error) {
	l, err := s.openAny(ctx, ref)
	if err == nil && l.info.Kind != kind {
		l.Release()
		return lease{}, tilestore.ErrNoDataset
	}
	return l, err
}

// openAny returns the dataset of whatever kind, which the caller releases.
func (s *Server) openAny(ctx context.Context, ref string) (lease, error) {
	d, err := s.catalog.Get(ctx, ref)
	if err != nil {
		return lease{}, err
	}
	return lease{Dataset: d, info: d.Info()}, nil
}

// lease is a dataset version during one request, with what the request asks for often.
type lease struct {
	Dataset
	info tilestore.Info
}

// layer finds layer.json.
func (s *Server) layer(r *http.Request, d *lease, pinned bool) (reply, error) {
	found := reply{vary: s.headers.varyEncoding, control: cacheRevalidate}
	if pinned {
		found.control = cachePinned
	}
	described := terrain.NewLayer(d.info)
	if s.handOnTiles(r, described.Tiles) {
		body, err := json.Marshal(described)
		found.answer = s.newQuick(r, append(body, '\n'), "application/json")
		return found, err
	}
	key := cacheKey{opening: d.Opening(), gzipped: acceptsGzip(r)}
	if found.answer = s.cache.get(key); found.answer != nil {
		return found, nil
	}
	body, err := json.Marshal(terrain.NewLayer(d.info))
	if err != nil {
		return reply{}, err
	}
	found.answer = newPair(append(body, '\n'), "application/json").of(r)
	s.cache.put(key, found.answer)
	return found, nil
}

// tile finds one tile with the extensions that were asked for and that the dataset has.
func (s *Server) tile(r *http.Request, d *lease, path tilePath) (reply, error) {
	found := reply{vary: s.headers.varyAccept, control: cacheShort}
	if path.pinned {
		found.control = cachePinned
	}
	key := cacheKey{opening: d.Opening(), coord: path.coord, runs: runsAsked(r) & runsOf(d.info.Extensions), gzipped: acceptsGzip(r)}
	if found.answer = s.cache.get(key); found.answer != nil {
		return found, nil
	}
	var err error
	if found.answer, err = tileAnswer(r.Context(), d, key); err != nil {
		return reply{}, err
	}
	s.cache.put(key, found.answer)
	return found, nil
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
