package server

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/terrane/terrane/internal/ion"
	"github.com/terrane/terrane/tilestore"
)

// assets is what numbers stand for, with the offer of which it was made.
type assets struct {
	*ion.Register
	of *offer
}

// assets returns what numbers stand for now.
func (s *Server) assets(ctx context.Context) (*assets, error) {
	now, err := s.services(ctx)
	if err != nil {
		return nil, err
	}
	return s.assetsOf(now), nil
}

// assetsOf returns what numbers stand for in an offer. Imagery counts if pictures can be drawn of it.
func (s *Server) assetsOf(now *offer) *assets {
	if known := now.numbered.Load(); known != nil {
		return &assets{known, now}
	}
	var served []tilestore.Info
	for _, i := range now.infos {
		if i.Kind == tilestore.Terrain {
			served = append(served, i)
		}
	}
	for _, p := range now.pictured {
		if p.info.Kind == tilestore.Imagery {
			served = append(served, p.info)
		}
	}
	now.numbered.Store(ion.New(served, s.options.Ion))
	return &assets{now.numbered.Load(), now}
}

// own is a dataset's own number, also of one that was published a moment ago.
func (a *assets) own(name string) int64 { return either(a.ID(name), ion.ID(name)) }

// assetNumbered finds the asset of a number that a client wrote.
func (s *Server) assetNumbered(ctx context.Context, text string) (ion.Asset, bool, error) {
	id, ok := parseWhole(text)
	if !ok {
		return ion.Asset{}, false, nil
	}
	all, err := s.assets(ctx)
	if err != nil {
		return ion.Asset{}, false, err
	}
	a, ok := all.Find(int64(id))
	if ok {
		return a, true, nil
	}
	if now := s.renewed(ctx, all.of); now != nil { // it may have been published a moment ago
		a, ok = s.assetsOf(now).Find(int64(id))
	}
	return a, ok, nil
}

// ionList answers /v1/assets.
func (s *Server) ionList(c echo.Context) error {
	return s.ionDocument(c, func(all *assets) any { return all.List(c.QueryParams()) })
}

// ionAsset answers /v1/assets/{id} and /v1/assets/{id}/endpoint.
func (s *Server) ionAsset(c echo.Context) error {
	text, rest, _ := strings.Cut(strings.TrimPrefix(c.Request().URL.Path, "/v1/assets/"), "/")
	a, ok, err := s.assetNumbered(c.Request().Context(), text)
	if err != nil {
		return err
	}
	address, there := s.ionAddress(c.Request(), a)
	switch {
	case !ok || !there:
		return s.ionMissing(c)
	case rest == "":
		return s.sendJSON(c, ion.Describe(a), cacheRevalidate)
	case rest == "endpoint":
		return s.ionEndpoint(c, a, address)
	}
	return s.ionMissing(c)
}

// ionAddress is where an asset is: absolute, with a slash at its end. There is none of a base picture in a build without CesiumJS.
func (s *Server) ionAddress(r *http.Request, a ion.Asset) (address string, ok bool) {
	base := s.baseURL(r)
	switch terrain := a.Info.Kind == tilestore.Terrain; {
	case terrain && a.Base():
		return base + globePath, true
	case terrain:
		return base + "/terrain/" + a.Info.Name + "/", true
	case !a.Base():
		return base + "/tms/" + a.Info.Name + "/", true
	}
	return base + "/cesium/" + naturalEarth, s.cesium != nil && s.cesium.files[naturalEarth+"tilemapresource.xml"] != nil
}

// ionEndpoint answers where an asset is. It is not to be kept: it may hold the token that came with the request.
func (s *Server) ionEndpoint(c echo.Context, a ion.Asset, address string) error {
	r := c.Request()
	form := ion.FormFor(s.options.Ion.Form, r.Header.Get("X-Cesium-Client"))
	body, err := json.Marshal(ion.NewEndpoint(a, form, s.handOn(r, address), either(sentToken(r), noToken)))
	if err != nil {
		return err
	}
	return s.sendBody(c, http.StatusOK, "application/json", body)
}

// noToken is the token of those who sent none: some clients want a word there.
const noToken = "none"

// ionDocument answers one of ion's documents that tell of all assets.
func (s *Server) ionDocument(c echo.Context, document func(all *assets) any) error {
	all, err := s.assets(c.Request().Context())
	if err != nil {
		return err
	}
	return s.sendJSON(c, document(all), cacheRevalidate)
}

// ionMe answers /v1/me.
func (s *Server) ionMe(c echo.Context) error {
	return s.ionDocument(c, func(all *assets) any { return all.Profile(s.options.Title) })
}

// ionDefaults answers /v1/defaults.
func (s *Server) ionDefaults(c echo.Context) error {
	return s.ionDocument(c, func(all *assets) any { return all.Defaults() })
}

// ionTokens answers /v1/tokens and /v2/tokens.
func (s *Server) ionTokens(c echo.Context) error {
	return s.sendJSON(c, ion.Tokens{Items: []string{}}, cacheRevalidate)
}

// ionApplication answers /appData: of the two modes that there are, one asks for a token.
func (s *Server) ionApplication(c echo.Context) error {
	mode := "single-user"
	if s.options.Access != nil {
		mode = "cesium-ion"
	}
	return s.sendJSON(c, ion.ApplicationData{ApplicationMode: mode, DataStoreType: "FILE_SYSTEM"}, cacheRevalidate)
}

// ionConfig answers /config.json, of which cesium-native learns where the API is: that file names a host, and the scheme is always https.
func (s *Server) ionConfig(c echo.Context) error {
	host, ok := strings.CutPrefix(s.baseURL(c.Request()), "https://")
	if !ok {
		return s.ionMissing(c)
	}
	return s.sendJSON(c, map[string]string{"apiHostname": host}, cacheRevalidate)
}

// ionMissing answers as ion does when there is no such thing.
func (s *Server) ionMissing(c echo.Context) error {
	body, _ := json.Marshal(ion.NotFound()) // two strings always marshal
	return s.sendBody(c, http.StatusNotFound, "application/json", body)
}

// ionRoutes are the URLs that clients of Cesium ion ask for.
func (s *Server) ionRoutes() []route {
	return []route{
		{path: "/v1/assets", handle: s.ionList},
		{path: "/v1/assets/*", handle: s.ionAsset},
		{path: "/v1/me", handle: s.ionMe},
		{path: "/v1/defaults", handle: s.ionDefaults},
		{path: "/v1/tokens", handle: s.ionTokens},
		{path: "/v2/tokens", handle: s.ionTokens},
		{path: "/v2/tokens/*", handle: s.ionMissing},
		{path: "/appData", gate: forAll, handle: s.ionApplication},
		{path: "/config.json", gate: forAll, handle: s.ionConfig},
		{path: globePath + "*", gate: forAll, find: s.baseTerrain}, // ion_globe.go
	}
}
