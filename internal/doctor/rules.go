package doctor

// Rule is a check: its name, what has to hold, how bad it is if it does not, what a user of an app then sees, and what to change.
type Rule struct {
	Check    string   `json:"check"`
	Severity Severity `json:"severity"`
	Rule     string   `json:"rule"`
	See      string   `json:"see"`
	Change   string   `json:"change"`
}

// What several rules say alike.
const (
	blank   = "a blank globe"
	blurred = "squares that stay blurred: the ancestor's shape, not asked for again; sampleTerrain gives undefined"
	retile  = "have the tiles made anew; terrane import takes them, terrane ingest terrain makes them"

	gzipChange = `send the flag with gzipped files, and only with them:
nginx   location ~ \.terrain$ { add_header Content-Encoding gzip always; gzip off; }
Apache  <FilesMatch "\.terrain$"> Header set Content-Encoding gzip; SetEnv no-gzip 1 </FilesMatch>
IIS     <outboundRules> a rule with serverVariable RESPONSE_Content_Encoding = gzip for .terrain; doStaticCompression="false"`
	plainChange = `do not flag files that are not gzipped:
nginx   add_header Content-Encoding only in location ~ \.terrain$, and only if those are gzipped; gzip on; gzip_types application/json;
Apache  Header set Content-Encoding only in <FilesMatch "\.terrain$">, and only if those are gzipped; AddOutputFilterByType DEFLATE application/json
IIS     remove the header from <customHeaders>; <urlCompression doDynamicCompression="true"/>`
	corsChange = `send the header with every answer, errors too, once:
nginx   add_header Access-Control-Allow-Origin * always;
Apache  Header always set Access-Control-Allow-Origin "*"
IIS     <customHeaders><add name="Access-Control-Allow-Origin" value="*"/></customHeaders>`
	preflightChange = `answer OPTIONS with 204 and
nginx   add_header Access-Control-Allow-Headers "Authorization, X-Cesium-Client, X-Cesium-Client-Version, Accept" always;
Apache  Header always set Access-Control-Allow-Headers "Authorization, X-Cesium-Client, X-Cesium-Client-Version, Accept"
IIS     <add name="Access-Control-Allow-Headers" value="Authorization, X-Cesium-Client, X-Cesium-Client-Version, Accept"/>
or use an external type of ion (STK_TERRAIN_SERVER, TMS), which needs none`
	typeChange = `serve what is missing as 404, not as the app's index.html:
nginx   location /terrain/ { try_files $uri =404; }
Apache  no FallbackResource for the folder of the tiles
IIS     no rewrite rule for it; <mimeMap fileExtension=".terrain" mimeType="application/vnd.quantized-mesh"/>`
	mimeChange = `tell the type:
nginx   types { application/vnd.quantized-mesh terrain; }
Apache  AddType application/vnd.quantized-mesh .terrain
IIS     <mimeMap fileExtension=".terrain" mimeType="application/vnd.quantized-mesh"/> (without it IIS answers 404)`
	cacheChange = `nginx   etag on; add_header Cache-Control "public, max-age=3600" always;
Apache  FileETag MTime Size; Header set Cache-Control "public, max-age=3600"
IIS     <clientCache cacheControlMode="UseMaxAge" cacheControlMaxAge="01:00:00"/>`
)

// Rules returns every check, in the order in which findings of one severity are told.
func Rules() []Rule {
	var all []Rule
	for _, part := range [][]Rule{httpRules(), layerRules(), tileRules(), meshRules(), pictureRules(), ionRules()} {
		all = append(all, part...)
	}
	return all
}

func httpRules() []Rule {
	return []Rule{
		{"net.address", Fault, "the address is that of terrain, pictures or an endpoint", "nothing loads; the provider is rejected",
			"give the folder of layer.json, or the address of a tilemapresource.xml, a TileJSON, an XYZ template, a WMS, a WMTS or an endpoint of ion"},
		{"net.token", Fault, "who asks is let in", "nothing loads; the console says 401 or 403",
			"give the token of the app: --token TOKEN, or access_token=TOKEN in the address; in the app Ion.defaultAccessToken or the address;\n" +
				"a token for other data is 403; or let all read"},
		{"net.tls", Fault, "the certificate is one that browsers trust", "nothing loads; the console says net::ERR_CERT_...",
			"a certificate of an authority that the browsers know, for this host name, with the whole chain"},
		{"net.mixed", Fault, "a page on https is served by https", "nothing loads; the console says Mixed Content",
			"serve https, or put the server behind the proxy that serves the page"},
		{"net.redirect", Fault, "no request is sent on to another host", "what lies elsewhere needs CORS there; without it nothing loads",
			"give apps the address that it ends at"},
		{"net.host", Warning, "all lies on the host that was named", "requests to another host; nothing, where that is not reachable",
			"relative addresses in the documents; or examine the other host too"},
		{"net.lost", Fault, "every request is answered", blurred, "see the server's log; a proxy's limits and timeouts"},
		{"cors.missing", Fault, "pages of another origin may read every answer (CORS)",
			"nothing loads across origins: a flat ellipsoid, no pictures; the provider is rejected", corsChange},
		{"cors.wrong", Fault, "Access-Control-Allow-Origin is * or the page's origin, once", "nothing loads across origins", corsChange},
		{"cors.errors", Warning, "CORS is in errors too",
			"the console tells of CORS where the trouble is a 404 or a 401, and no new token is fetched", corsChange},
		{"cors.preflight", Fault, "OPTIONS allows the headers that carry a token", "nothing loads with a token in a header: the preflight fails",
			preflightChange},
		{"gzip.flag", Fault, "gzipped bodies have Content-Encoding: gzip", blank + ": all tiles fail", gzipChange},
		{"gzip.plain", Fault, "plain bodies have no Content-Encoding", blank + ": all tiles fail (net::ERR_CONTENT_DECODING_FAILED)", plainChange},
		{"gzip.double", Fault, "bodies are gzipped once", blank + ": all tiles fail", "tiles that lie gzipped on disk must not be gzipped again:\n" +
			"nginx   gzip off; for .terrain\nApache  SetEnv no-gzip 1\n" +
			"IIS     <urlCompression doStaticCompression=\"false\" doDynamicCompression=\"false\"/>"},
		{"gzip.unasked", Note, "who does not ask for gzip gets plain bodies", "nothing in browsers; programs that do not ask for gzip cannot read tiles",
			"nginx   gunzip on;\nApache  content negotiation, or leave it\nIIS     leave it, or serve with terrane, which inflates"},
		{"cache.vary", Warning, "Vary names what the answer depends on",
			"behind a cache, gzip or extensions for a client that did not ask: blank or dark tiles now and then",
			"nginx   gzip_vary on; add_header Vary \"Accept, Accept-Encoding\";\nApache  Header append Vary \"Accept, Accept-Encoding\"\n" +
				"IIS     <add name=\"Vary\" value=\"Accept, Accept-Encoding\"/>"},
		{"cache.headers", Note, "tiles may be kept: Cache-Control, ETag or Last-Modified", "tiles load again at each visit", cacheChange},
		{"http.catchall", Warning, "what does not exist is 404", "errors that speak of tiles where the trouble is an address", typeChange},
		{"http.type", Note, "tiles say what they are",
			"nothing in CesiumJS, which does not look; IIS answers 404 to files of a type it does not know", mimeChange},
	}
}

func layerRules() []Rule {
	return []Rule{
		{"layer.status", Fault, "layer.json is answered with 200",
			blank + ": the client silently takes the tiles for heightmap-1.0 (\"Invalid typed array length: 4225\")",
			"put layer.json where the address says, readable for the server; check the case of letters"},
		{"layer.json", Fault, "layer.json is JSON",
			"nothing: the provider is rejected; a flat ellipsoid", "mend the text; json.tool or a browser says where"},
		{"layer.bom", Warning, "layer.json has no byte order mark",
			"nothing in browsers; Unreal, QGIS and others may refuse it", "save it as UTF-8 without BOM"},
		{"layer.format", Fault, "format is quantized-mesh-1.x or heightmap-1.0",
			"nothing: the provider is rejected, a flat ellipsoid (\"tile format is ...\")",
			`"format": "quantized-mesh-1.0"`},
		{"layer.tiles", Fault, "tiles names where the tiles lie", "nothing: the provider is rejected, a flat ellipsoid",
			`"tiles": ["{z}/{x}/{y}.terrain?v={version}"]`},
		{"layer.version", Note, "version is there if tiles asks for it",
			"nothing; v={version} is sent as it stands", `"version": "1.0.0", a new one for new tiles`},
		{"layer.scheme", Fault, "scheme says from where rows of tiles count",
			"tiles of another place, mirrored north and south, or flat ground and 404s",
			`"scheme": "tms" if rows count from the south, "slippyMap" if from the north`},
		{"layer.projection", Fault, "projection is EPSG:4326 or EPSG:3857",
			"nothing: the provider is rejected, a flat ellipsoid", `"projection": "EPSG:4326"`},
		{"layer.available", Fault, "available lists the tiles", blank + ": every tile fails with a TypeError (computeChildMaskForTile)",
			`"available": one list a level of {"startX", "startY", "endX", "endY"}, both ends included`},
		{"layer.root", Fault, "available lists level 0 with all roots",
			"no root: " + blank + ", only stars, no error, no tile is ever asked for; one root of two: terrain on that half only",
			`"available": [[{"startX": 0, "startY": 0, "endX": 1, "endY": 0}], ...], and both tiles served`},
		{"layer.ancestors", Fault, "every ancestor of an available tile is available", blurred + "; tiles below the gap may never show",
			"list, and make, the ancestors of all tiles"},
		{"layer.rows", Fault, "rows in available count from the south", "flat ground where there is data, blurred squares on the other hemisphere",
			"startY = 2^z - 1 - (last row from the north); also with \"scheme\": \"slippyMap\""},
		{"layer.small", Warning, "available lists all tiles that there are", "coarse or flat ground where finer tiles lie on the server, no error",
			"list in available what lies there"},
		{"layer.maxzoom", Fault, "maxzoom is not above the deepest tiles", "blurred ground: deeper tiles are never drawn, though sampling uses them",
			"maxzoom = the deepest level of available"},
		{"layer.grid", Fault, "available names tiles that exist in the grid",
			"blurred squares, or nothing", "ranges within 2^(z+1) x 2^z tiles (EPSG:3857: 2^z x 2^z)"},
		{"layer.overlap", Note, "ranges of available do not overlap", "nothing; time at the start", "merge the ranges"},
		{"layer.many", Warning, "available has a moderate number of ranges",
			"seconds of standstill when the terrain is set", "merge ranges: rows first, then equal rows"},
		{"layer.bounds", Note, "bounds holds the tiles", "nothing in CesiumJS, which does not read it; others show or hide by it",
			"bounds = west, south, east, north of the data, degrees"},
		{"layer.metadata", Fault, "metadataAvailability is there only if the tiles hold it",
			"a flat world without an error: the client stops at level 0 or 1, heights off by the height of the mountains",
			"remove metadataAvailability and list all tiles in available"},
		{"layer.oldclients", Warning, "old clients find available too", "CesiumJS up to 1.51: " + blank, "write available as well, with all tiles"},
		{"layer.attribution", Note, "attribution is text that may be shown",
			"HTML is shown as such in the credits", "plain text, or links of your own"},
		{"layer.parent", Warning, "parentUrl leads to a layer.json with available", "ground only where this layer has tiles; a line in the console",
			"one tileset with all levels (terrane ingest terrain --base), or available in the parent"},
		{"layer.datum", Note, "heights are above the ellipsoid",
			"if they are above the sea: terrain 30-50 m too low or high in most places, models float or sink",
			"no client can tell; ask who made it, or compare a known place"},
	}
}

func tileRules() []Rule {
	return []Rule{
		{"tile.root", Fault, "both roots are served", blank + " (\"Failed to obtain terrain tile\"), or only an error if the root is on the far side",
			"serve 0/0/0.terrain and 0/1/0.terrain, whatever the data cover"},
		{"tile.missing", Fault, "tiles in available are there", blurred, "make the tile, or take it out of available"},
		{"tile.status", Fault, "tiles are answered with 200 or 404", blurred, "see the server's log: the client does not ask again"},
		{"tile.denied", Fault, "tiles may be read with the token that the app has",
			blurred + "; the root: " + blank, "the token, or who may read without"},
		{"tile.empty", Fault, "no tile is empty", blurred, "answer 404 for what is missing, and leave it out of available"},
		{"tile.nocontent", Fault, "missing tiles are 404, not 204",
			blurred + " (\"Mesh buffer doesn't exist\")", "answer 404, and leave the tile out of available"},
		{"tile.page", Fault, "tiles are tiles, not pages", blurred + "; the root: " + blank, typeChange},
		{"tile.truncated", Fault, "tiles are whole", blurred + " (RangeError)", "copy the tiles again; see limits of proxies"},
		{"tile.trailing", Fault, "a tile ends where its last extension ends", blurred + " (RangeError)", retile},
		{"tile.decode", Fault, "tiles are of the format that layer.json says",
			blurred + "; the root: " + blank, `"format" as the tiles are, or ` + retile},
		{"tile.place", Fault, "a tile covers the ground that its address says",
			"terrain of another place", `"scheme" and "projection" as the tiles are`},
		{"tile.metadata", Fault, "tiles hold metadata (extension 4) only if layer.json has metadataAvailability", blank + ": a TypeError at each tile",
			"remove the extension from the tiles, or announce it; terrane import takes it out"},
		{"tile.extension", Note, "tiles hold only what is listed",
			"nothing; bytes for nothing", `list it in "extensions", or leave it out of the tiles`},
		{"heightmap.size", Fault, "a tile of heightmap-1.0 has 65 x 65 heights, child mask, water mask",
			blank + " (\"Invalid typed array length\")", retile},
		{"heightmap.mask", Warning, "the child mask names the children that are there", "ground that stays coarse, or errors for tiles that are not there",
			"write the mask, or available"},
	}
}

func meshRules() []Rule {
	return []Rule{
		{"mesh.nan", Fault, "numbers of the header are finite", "nothing visible of the tile, or an error panel", retile},
		{"mesh.minmax", Fault, "the lowest height is below the highest", "relief upside down in each tile, cracks at the borders, no error", retile},
		{"mesh.height", Fault, "heights are possible on Earth",
			"walls, spikes or holes: a nodata value has leaked", "state the nodata value and tile again"},
		{"mesh.horizon", Fault, "the horizon point is in ellipsoid-scaled space, outward, longer than 1",
			blank + ", only stars: the tile counts as hidden; no error, loading never ends", retile},
		{"mesh.horizon.metres", Warning, "the horizon point is not in metres", "nothing; tiles behind the horizon are loaded and drawn", retile},
		{"mesh.horizon.short", Warning, "the horizon point hides no tile that is in sight", "tiles vanish near the horizon", retile},
		{"mesh.sphere", Fault, "the bounding sphere has a radius", "parts of the screen cut away at some views", retile},
		{"mesh.sphere.center", Fault, "the bounding sphere lies around the tile", "nothing visible although all tiles load without error", retile},
		{"mesh.sphere.small", Warning, "the bounding sphere holds all vertices", "tiles vanish when turning", retile},
		{"mesh.center", Note, "the header's centre is that of the tile", "nothing: clients do not use it", "the centre of the bounding sphere will do"},
		{"mesh.edges", Fault, "edge lists name every vertex on their side",
			"hairline cracks between tiles of different levels: no skirt; complete from above", retile},
		{"mesh.winding", Fault, "triangles are counter-clockwise seen from above",
			"an empty picture (87-99 %): tiles are seen from below; heights sample right", retile},
		{"mesh.count", Fault, "no tile has exactly 65 536 vertices", blurred + ": clients take the indices for 32 bits", "fewer vertices, or more"},
		{"mesh.index", Fault, "indices name vertices that are there", "spikes across the screen, or " + blurred, retile},
		{"mesh.corners", Fault, "the four corners are there, sides at u, v = 0 and 32767", "cracks or holes at the corners of tiles", retile},
		{"mesh.seam", Fault, "neighbours have the same heights along their border", "steps and thin lines between tiles", retile},
		{"mesh.parent", Fault, "coarse tiles hold the same ground as fine ones", "walls at the border of the data, ground that jumps when zooming",
			"make coarse levels from the fine ones, blended into a base: terrane ingest terrain"},
		{"normals.absent", Fault, "promised normals are in the tiles", "terrain drawn nearly black under lighting",
			`take octvertexnormals out of "extensions", or have tiles made with normals`},
		{"normals.size", Fault, "there are two bytes of normal for each vertex", blurred + ", or wrong shading", retile},
		{"normals.down", Warning, "normals point out of the ground", "dark terrain under lighting", retile},
		{"normals.none", Note, "there are normals", "no shading of relief under lighting", "tiles with octvertexnormals"},
		{"water.size", Fault, "a water mask is 1 byte, or a square", "an error at each tile with water", retile},
		{"water.absent", Warning, "promised water masks are in the tiles",
			"land where there is water", `take watermask out of "extensions", or make the masks`},
	}
}

func pictureRules() []Rule {
	return []Rule{
		{"tms.status", Fault, "tilemapresource.xml is answered with 200",
			"silently taken for Web Mercator PNG without a limit of levels: pictures at the wrong place, and 404s", "put the file there"},
		{"tms.xml", Fault, "tilemapresource.xml is XML of TMS", "as if it were not there: pictures at the wrong place, and 404s", "mend the file"},
		{"tms.comment", Fault, "the first thing in the document is its root element",
			"the provider fails: only stars, no globe", "take the comment before <TileMap> out"},
		{"tms.format", Fault, "TileFormat has width, height and extension", "the provider fails, or asks for the wrong files",
			`<TileFormat width="256" height="256" mime-type="image/jpeg" extension="jpg"/>`},
		{"tms.box", Fault, "BoundingBox has minx, miny, maxx, maxy in the units of the profile", "no pictures, or only in one corner of the world",
			"degrees for geodetic and mercator, metres for global-mercator"},
		{"tms.profile", Fault, "TileSets has a profile that the client knows", "the provider is rejected: only stars, no globe",
			`profile="geodetic", "mercator", "global-geodetic" or "global-mercator"`},
		{"tms.levels", Fault, "TileSet elements say the levels",
			"the provider fails, or asks for levels that are not there", `<TileSet href="0" units-per-pixel="..." order="0"/>`},
		{"tms.minlevel", Warning, "the first level has four tiles at most",
			"the client begins at level 0: 404s there, nothing from afar", "levels from 0"},
		{"tilejson.json", Fault, "TileJSON is JSON with tiles", "nothing: the app has no tiles", `"tiles": ["https://HOST/{z}/{x}/{y}.png"]`},
		{"tilejson.levels", Warning, "minzoom and maxzoom are those of the tiles", "404s beyond the last level, or blurred pictures",
			"minzoom and maxzoom as the tiles are; give them to UrlTemplateImageryProvider"},
		{"tilejson.bounds", Note, "bounds are west, south, east, north in degrees",
			"404s outside the data, or pictures cut off", `"bounds": [w, s, e, n]`},
		{"xyz.template", Fault, "the template has {z}, {x} and {y}",
			"one and the same picture, or 404s", "{z}/{x}/{y}; {reverseY} where rows count from the south"},
		{"picture.missing", Fault, "tiles of the data are there",
			"blurred squares: the ancestor's picture is stretched; an error a tile", "make the tile, or narrow the levels and the box"},
		{"picture.root", Warning, "tiles of level 0 are there",
			"nothing from afar: only stars, if no tile loads", "levels from 0, or a base layer below"},
		{"picture.nocontent", Warning, "no tile is answered with 204",
			"an error a tile; an empty transparent PNG is quieter", "200 with a transparent PNG"},
		{"picture.type", Fault, "tiles are pictures that browsers show",
			"an error a tile, blurred squares; the layer never shows", "PNG, JPEG or WebP"},
		{"picture.size", Fault, "tiles have the size that is said",
			"blurred or shifted pictures", "say the size that they have: tileWidth, tileHeight"},
		{"wms.capabilities", Warning, "GetCapabilities answers with capabilities", "nothing in CesiumJS, which does not read them; QGIS and others fail",
			"the address without a query, or with map= and the like only"},
		{"wms.map", Fault, "GetMap as CesiumJS sends it gives a picture", "no pictures: an error a tile; the layer never shows",
			"the layer's name, EPSG:4326 and image/jpeg in WMS 1.1.1; or parameters in the app: format, styles"},
		{"wms.axis", Fault, "WMS 1.3.0 takes EPSG:4326 as latitude, longitude", "pictures turned, or of another place, with version 1.3.0",
			"use CRS:84, or 1.1.1 in the app; or mend the server's axis order"},
		{"wmts.capabilities", Warning, "GetCapabilities answers with capabilities",
			"nothing in CesiumJS, which does not read them; QGIS and others fail", "the address of the service"},
		{"wmts.tile", Fault, "GetTile as CesiumJS sends it gives a picture", "no pictures: an error a tile; the layer never shows",
			"layer, style and tileMatrixSetID in the app as the capabilities say"},
		{"wmts.level", Fault, "a geographic set has 2 x 1 tiles at its first level", "pictures shifted and doubled in size: one level off",
			"a tilingScheme with numberOfLevelZeroTilesX: 1 and its own rectangle in the app, or a set as WorldCRS84Quad"},
		{"wmts.labels", Warning, "names of matrices are their levels", "404s: CesiumJS sends the level's number", "tileMatrixLabels: [...] in the app"},
	}
}

func ionRules() []Rule {
	return []Rule{
		{"ion.status", Fault, "the endpoint answers 200",
			"imagery: the whole globe is never drawn, only stars; terrain: a rejected promise", "accept the token that apps have, and none"},
		{"ion.json", Fault, "the endpoint answers JSON",
			"as above: only stars, or a rejected promise", "an object with type, url or externalType, attributions"},
		{"ion.type", Fault, "type is TERRAIN or IMAGERY", "imagery of another type is rejected: only stars", `"type": "IMAGERY"`},
		{"ion.url", Fault, "it says where the data lie", "nothing loads", `"url" (normal kind), or "externalType" and "options": {"url": ...}`},
		{"ion.external", Fault, "externalType is one that clients know",
			"rejected: only stars", "STK_TERRAIN_SERVER; TMS, WMS, WMTS, URL_TEMPLATE, SINGLE_TILE"},
		{"ion.attributions", Fault, "attributions is an array", "a TypeError, no globe", `"attributions": []`},
		{"ion.token", Fault, "the normal kind has an accessToken", "requests with \"Bearer undefined\"", `"accessToken": any text`},
		{"ion.kind", Note, "an external kind, which needs no preflight for each tile",
			"two requests a tile", `"externalType": "STK_TERRAIN_SERVER" or "TMS", "options": {"url": ...}`},
	}
}
