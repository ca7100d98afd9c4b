package server

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/terrane/terrane/imagery/xyz"
	"github.com/terrane/terrane/terrain"
)

// route joins a URL to what answers GET and HEAD there: a handler, or a finder of what is stored. Where both are given the finder is asked first.
type route struct {
	path   string
	handle echo.HandlerFunc
	find   finder
	post   echo.HandlerFunc // of POST, where that is answered
	put    echo.HandlerFunc // likewise
	remove echo.HandlerFunc // of DELETE
	gate   gate             // what it asks of who comes: a token, unless it says something else
}

// methods are the handlers of a route.
func (r route) methods() map[string]echo.HandlerFunc {
	get := r.handle
	if r.find != nil {
		get = handlerOf(r.find, get)
	}
	all := map[string]echo.HandlerFunc{
		http.MethodGet: get, http.MethodHead: get, http.MethodPost: r.post, http.MethodPut: r.put, http.MethodDelete: r.remove,
	}
	for method, handle := range all {
		if handle == nil {
			delete(all, method)
		}
	}
	return all
}

// finder finds the ready answer to a request for something stored. It may look at the URL, at the headers that are [kept], and at the context: of
// requests that come by the front there is no more.
type finder func(r *http.Request) (reply, error)

// handlerOf makes a handler of a finder, and of the handler of what it does not know.
func handlerOf(find finder, other echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		a, err := find(c.Request())
		if errors.Is(err, errNoPage) && other != nil {
			return other(c)
		}
		if err != nil {
			return err
		}
		return a.send(c, a.vary, a.control)
	}
}

// redirect answers with where to look instead. The place is relative, so it holds behind any proxy; none of it is the client's own text.
func redirect(c echo.Context, to string) error {
	h := c.Response().Header()
	if v := visitorOf(c.Request().Context()); v != nil && v.inURL {
		v.handed = true
		to = withToken(to, v.token)
	}
	h["Location"], h["Cache-Control"], h["Content-Length"] = []string{to}, cacheRevalidate, []string{"0"}
	c.Response().WriteHeader(http.StatusFound)
	return nil
}

// routes is the table of every URL that the server knows. A "*" takes the rest of the path.
func (s *Server) routes() []route {
	rgb, terrarium := dem{s, "/rgb/", terrain.Mapbox}, dem{s, "/terrarium/", terrain.Terrarium}
	return append([]route{
		{path: "/terrain/*", find: s.terrain("/terrain/"), handle: s.terrainRoot("/terrain/")}, // terrain.go: layer.json and tiles

		{path: retiredV1 + "*", find: s.retired(retiredV1, retiredTiles), handle: s.retiredRoot(retiredV1, retiredTiles)}, // retired.go
		{path: retiredOld + "*", find: s.retired(retiredOld, retiredTiles), handle: s.retiredRoot(retiredOld, retiredTiles)},
		{path: "/stk-terrain/v1/tilesets", handle: s.retiredTilesets},
		{path: retiredShort + "*", find: s.retired(retiredShort, ""), handle: s.retiredRoot(retiredShort, "")},

		{path: "/imagery/*", find: s.storedTile("/imagery/", xyz.ParseXYZ), handle: s.xyz}, // xyz.go: tilejson.json and tiles
		{path: "/tms/*", find: s.storedTile("/tms/", xyz.ParseTMS), handle: s.tms},
		{path: "/wmts", find: s.storedWMTS, handle: s.wmts}, // wmts.go
		{path: "/wmts/*", find: s.storedWMTS, handle: s.wmts},
		{path: "/wms", handle: s.wms}, // wms.go

		{path: "/height/*", find: s.height, post: s.heights},     // height.go
		{path: "/profile/*", handle: s.profile, post: s.profile}, // profile.go
		{path: "/heightmap/*", find: s.heightmap},                // heightmap.go
		{path: "/rgb/*", find: rgb.ready, handle: rgb.handle},    // dem.go
		{path: "/terrarium/*", find: terrarium.ready, handle: terrarium.handle},

		{path: "/v1/geocode/search", handle: s.geocode}, // geocode.go
		{path: "/v1/geocode/autocomplete", handle: s.geocode},

		{path: "/datasets", handle: s.datasets}, // datasets.go
		{path: "/datasets/*", handle: s.dataset},

		{path: "/", gate: forAll, handle: s.page("index.html")}, // pages.go
		{path: "/viewer", gate: forAll, handle: s.page("viewer.html")},
		{path: "/viewer/", gate: forAll, handle: func(c echo.Context) error { return redirect(c, "../viewer") }}, // the page's links are relative
		{path: "/inspect", gate: forAll, handle: s.page("inspect.html")},
		{path: "/inspect/", gate: forAll, handle: func(c echo.Context) error { return redirect(c, "../inspect") }},
		{path: "/assets/*", gate: forAll, handle: s.asset},
		{path: "/cesium/*", gate: forAll, handle: s.cesiumFile}, // cesium.go

		{path: "/healthz", gate: forAll, handle: s.health}, // health.go
		{path: "/readyz", gate: forAll, handle: s.ready},
		{path: "/version", gate: forAll, handle: s.version},
		{path: "/metrics", gate: forLocals, handle: s.metrics.handle}, // metrics.go

		{path: adminPrefix + "*", gate: forAdmins, put: s.adminPublish, remove: s.adminRemove, post: s.adminUse}, // admin.go
		{path: "/admin/reload", gate: forAdmins, post: s.adminReload},
	}, s.ionRoutes()...) // ion.go
}
