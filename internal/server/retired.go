package server

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/terrane/terrane/tilestore"
)

// Prefixes of the URLs of the terrain service that was switched off in 2018, and of its product for one's own network: an application of that time
// changes the host and nothing else. Between the dataset and the tile the first two have [retiredTiles].
const (
	retiredV1    = "/stk-terrain/v1/tilesets/"
	retiredOld   = "/stk-terrain/tilesets/"
	retiredShort = "/stk-terrain/"
	retiredTiles = "tiles/"
)

// retiredWorld is the tileset that everybody used. Without a dataset of this name it is the world's terrain, see internal/ion.
const retiredWorld = "world"

// retired finds layer.json and tiles below a prefix of the retired service: the very answers of /terrain.
func (s *Server) retired(prefix, infix string) finder {
	return func(r *http.Request) (reply, error) {
		name, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, prefix), "/")
		rest, ok := strings.CutPrefix(rest, infix)
		if !ok {
			return reply{}, errNoPage
		}
		ref, err := s.retiredRef(r.Context(), name)
		if err != nil {
			return reply{}, err
		}
		if ref == "" {
			return s.globeTerrain(r, rest)
		}
		return s.terrainOf(r, ref+"/"+rest)
	}
}

// retiredRef is the dataset of a tileset's name, "" for the base: names are found in any case of letters, as applications write them.
func (s *Server) retiredRef(ctx context.Context, name string) (string, error) {
	if _, ok := checkRef(name); ok && name != retiredWorld {
		return name, nil
	}
	all, err := s.assets(ctx)
	if err != nil {
		return "", err
	}
	plain, version, pinned := strings.Cut(name, "@")
	known, ok := all.Named(plain)
	switch {
	case ok && pinned:
		return known + "@" + version, nil
	case ok:
		return known, nil
	case known == retiredWorld && !pinned:
		return all.World(tilestore.Terrain).Info.Name, nil
	}
	return "", tilestore.ErrNoDataset
}

// retiredRoot answers the address of a tileset itself: with where its layer.json is, or, above its tiles, with its description.
func (s *Server) retiredRoot(prefix, infix string) echo.HandlerFunc {
	return func(c echo.Context) error {
		path, slash := strings.CutSuffix(strings.TrimPrefix(c.Request().URL.Path, prefix), "/")
		name, tail, _ := strings.Cut(path, "/")
		if tail == "" && infix != "" {
			return s.retiredTileset(c, name)
		}
		if tail != strings.TrimSuffix(infix, "/") {
			return errNoPage
		}
		ref, err := s.retiredRef(c.Request().Context(), name)
		if err != nil {
			return err
		}
		if ref != "" {
			d, err := s.open(c.Request().Context(), ref, tilestore.Terrain)
			if err != nil {
				return err
			}
			d.Release()
		}
		if slash {
			return redirect(c, "layer.json")
		}
		return redirect(c, path[strings.LastIndexByte(path, '/')+1:]+"/layer.json")
	}
}

// tileset describes a dataset as the retired service did.
type tileset struct {
	Name        string          `json:"name"`
	Description string          `json:"description"`
	DataSources []tilesetSource `json:"dataSources"`
}

type tilesetSource struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Attribution string `json:"attribution"`
}

func newTileset(name string, i tilestore.Info) tileset {
	title := either(i.Title, i.Name)
	source := tilesetSource{Name: either(i.Name, title), Description: title, Attribution: i.Attribution}
	return tileset{Name: name, Description: title, DataSources: []tilesetSource{source}}
}

// retiredTilesets answers /stk-terrain/v1/tilesets: all terrain by name, and the world.
func (s *Server) retiredTilesets(c echo.Context) error {
	list, err := s.tilesets(c.Request().Context())
	if err != nil {
		return err
	}
	return s.sendJSON(c, list, cacheRevalidate)
}

// retiredTileset answers /stk-terrain/v1/tilesets/{name}.
func (s *Server) retiredTileset(c echo.Context, name string) error {
	if name == "" {
		return s.retiredTilesets(c)
	}
	list, err := s.tilesets(c.Request().Context())
	if err != nil {
		return err
	}
	at := slices.IndexFunc(list, func(t tileset) bool { return strings.EqualFold(t.Name, name) })
	if at < 0 {
		return tilestore.ErrNoDataset
	}
	return s.sendJSON(c, list[at], cacheRevalidate)
}

func (s *Server) tilesets(ctx context.Context) ([]tileset, error) {
	all, err := s.assets(ctx)
	if err != nil {
		return nil, err
	}
	list := []tileset{}
	for _, i := range all.of.infos {
		if i.Kind == tilestore.Terrain {
			list = append(list, newTileset(i.Name, i))
		}
	}
	if _, ok := all.Named(retiredWorld); !ok {
		list = append(list, newTileset(retiredWorld, all.World(tilestore.Terrain).Info))
	}
	return list, nil
}
