package doctor

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// externals are the external types that CesiumJS knows.
var externals = []string{
	"STK_TERRAIN_SERVER", "TMS", "WMS", "WMTS", "URL_TEMPLATE", "SINGLE_TILE", "ARCGIS_MAPSERVER", "MAPBOX", "BING", "GOOGLE_EARTH",
	"GOOGLE_2D_MAPS", "AZURE_MAPS",
}

// endpoint looks at what Cesium.Ion.defaultServer answers for an asset, and at what that leads to.
func (d *doctor) endpoint(ctx context.Context, u *url.URL) {
	s := d.subject("ion", u)
	asked := u
	if d.Token != "" {
		asked = with(u, "access_token", d.Token)
	}
	a := d.get(ctx, ask{url: asked, limit: documentBytes})
	if a == nil {
		return
	}
	at := a.at()
	if d.unless(a.status != http.StatusOK, "ion.status", at, "answered with %d %s", a.status, http.StatusText(a.status)) {
		return
	}
	var f fields
	if d.unless(json.Unmarshal(a.body, &f) != nil || f == nil, "ion.json", at, "%s", beginning(a)) {
		return
	}
	kind, external := f.text("type"), f.text("externalType")
	s.say("%s", strings.TrimSpace(kind+" "+external))
	d.unless(kind != "TERRAIN" && kind != "IMAGERY", "ion.type", at, "type is %q", kind)
	var attributions []any
	d.unless(!f.into("attributions", &attributions), "ion.attributions", at, "attributions is %q", string(f["attributions"]))
	d.shy = true
	d.preflight(ctx, u)
	d.shy = false
	if external != "" {
		d.external(ctx, f, kind, external, at)
		return
	}
	d.found("ion.kind", at, "the normal kind: OPTIONS goes before each tile")
	d.unless(f.text("accessToken") == "", "ion.token", at, "there is none")
	address, err := u.Parse(f.text("url"))
	if d.unless(err != nil || f.text("url") == "", "ion.url", at, "url is %q", f.text("url")) || d.foreign(address, "the asset's url") {
		return
	}
	token := d.Token
	d.Token, d.shy = f.text("accessToken"), true
	defer func() { d.Token, d.shy = token, false }()
	if kind == "IMAGERY" {
		d.tms(ctx, slashed(address))
		return
	}
	d.terrainOf(ctx, slashed(address), true)
}

// external looks at what an external type of asset leads to.
func (d *doctor) external(ctx context.Context, f fields, kind, external, at string) {
	d.pass("ion.kind", "ion.token")
	if d.unless(!slices.Contains(externals, external) || kind == "TERRAIN" && external != "STK_TERRAIN_SERVER", "ion.external", at,
		"type %s, externalType %q", kind, external) {
		return
	}
	var options struct {
		URL           string
		Layers, Layer string
		Style, Format string
		TileMatrixSet string `json:"tileMatrixSetID"`
	}
	f.into("options", &options)
	address, err := d.home.Parse(options.URL)
	if d.unless(err != nil || options.URL == "", "ion.url", at, "options.url is %q", options.URL) || d.foreign(address, "the asset's url") {
		return
	}
	switch external {
	case "STK_TERRAIN_SERVER":
		d.terrain(ctx, slashed(address))
	case "TMS":
		d.tms(ctx, slashed(address))
	case "WMS":
		d.wms(ctx, with(address, "layers", options.Layers))
	case "WMTS":
		d.wmts(ctx, with(address, "layer", options.Layer, "style", options.Style, "tilematrixset", options.TileMatrixSet, "format", options.Format))
	case "URL_TEMPLATE":
		if address, err = d.home.Parse(strings.NewReplacer("{", "%7B", "}", "%7D").Replace(options.URL)); err == nil {
			d.xyz(ctx, address)
		}
	}
}
