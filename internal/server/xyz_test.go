package server

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"image/color"
	"math"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"github.com/terrane/terrane/imagery/style"
	"github.com/terrane/terrane/imagery/xyz"
	"github.com/terrane/terrane/internal/tiler"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// tilePlaces returns what is to be seen in a tile of a grid: a few pixels of a picture of that size, and where on the ground each has its centre.
func tilePlaces(g tilegrid.Grid, c tilegrid.Coord, size int) map[[2]int]orb.Point {
	b := g.Bound(c)
	_, y0 := g.Fraction(orb.Point{0, b.Max[1]})
	_, y1 := g.Fraction(orb.Point{0, b.Min[1]})
	all := map[[2]int]orb.Point{}
	for py := size / 16; py < size; py += size / 8 {
		for px := size / 16; px < size; px += size / 8 {
			lon := b.Min[0] + (float64(px)+0.5)/float64(size)*(b.Max[0]-b.Min[0])
			y := y0 + (float64(py)+0.5)/float64(size)*(y1-y0)
			lat := 180*y - 90
			if g == tilegrid.Mercator {
				lat = math.Atan(math.Sinh(math.Pi*(2*y-1))) * 180 / math.Pi
			}
			all[[2]int{px, py}] = orb.Point{lon, lat}
		}
	}
	return all
}

// inside tells whether a place lies within a box, not nearer to its rim than margin degrees.
func inside(b orb.Bound, p orb.Point, margin float64) bool {
	return p[0] > b.Min[0]+margin && p[0] < b.Max[0]-margin && p[1] > b.Min[1]+margin && p[1] < b.Max[1]-margin
}

// expectTint compares the pixels of a tile with the colours of its ground, and says how many were compared. Those next to the rim of the data are left out.
func expectTint(t *testing.T, what string, k tint, at func(x, y int) color.NRGBA, places map[[2]int]orb.Point) int {
	t.Helper()
	n := 0
	for pixel, p := range places {
		switch got := at(pixel[0], pixel[1]); {
		case inside(k.bound, p, 0.5):
			if !k.near(got, p) {
				t.Errorf("%s: pixel %v is %v, at %.3f there is %v", what, pixel, got, p, k.colour(p))
				return n
			}
			n++
		case !inside(k.bound, p, -0.5) && got.A != 0:
			t.Errorf("%s: pixel %v is %v, and %.3f has no data", what, pixel, got, p)
			return n
		}
	}
	return n
}

// TestTilesShowTheGroundThatTheirNumbersName asks for every tile of a level through XYZ and TMS, in both grids, as stored and at twice the pixels.
func TestTilesShowTheGroundThatTheirNumbersName(t *testing.T) {
	s, _ := newGallery(t, Options{})
	for _, c := range []struct {
		name string
		grid tilegrid.Grid
		tint tint
		z    uint8
	}{{"plate", tilegrid.Geodetic, germany, 4}, {"mercator", tilegrid.Mercator, germany, 5}, {"world", tilegrid.Geodetic, world, 1}} {
		compared := 0
		for tile := range c.grid.Cover(c.tint.bound, c.z).All() {
			north := c.grid.FlipY(tile)
			for path, size := range map[string]int{
				fmt.Sprintf("/imagery/%s/%d/%d/%d.png", c.name, tile.Z, tile.X, north.Y):      256,
				fmt.Sprintf("/imagery/%s@1/%d/%d/%d@2x.png", c.name, tile.Z, tile.X, north.Y): 512,
				fmt.Sprintf("/tms/%s/%d/%d/%d.png", c.name, tile.Z, tile.X, tile.Y):           256,
			} {
				p := pictureOf(t, ask(s, "GET", path), tilestore.PNG)
				if p.Rect.Dx() != size || p.Rect.Dy() != size {
					t.Errorf("%s: %v", path, p.Rect)
				}
				compared += expectTint(t, path, c.tint, p.NRGBAAt, tilePlaces(c.grid, tile, size))
			}
		}
		if compared < 100 {
			t.Errorf("%s: only %d pixels compared", c.name, compared)
		}
	}
}

// TestTilesComeInTheFormatThatTheirExtensionNames covers tiles that are sent as stored and tiles that are written anew, and says what the documents' format is.
func TestTilesComeInTheFormatThatTheirExtensionNames(t *testing.T) {
	s, _ := newGallery(t, Options{})
	tile := tilegrid.Mercator.FlipY(tilegrid.Mercator.At(orb.Point{8, 48}, 5))
	for _, name := range []string{"photo", "mercator", "slope"} {
		for ext, mime := range map[string]string{"png": tilestore.PNG, "jpg": tilestore.JPEG, "jpeg": tilestore.JPEG, "webp": tilestore.WebP} {
			for range 2 { // made, and then out of the cache
				r := ask(s, "GET", fmt.Sprintf("/imagery/%s/%d/%d/%d.%s", name, tile.Z, tile.X, tile.Y, ext))
				p := pictureOf(t, r, mime)
				if got := p.NRGBAAt(200, 128); name != "slope" && (got.A != 255 || got.B < 90 || got.B > 110) {
					t.Errorf("%s.%s: %v", name, ext, got)
				}
			}
		}
	}
	edge := tilegrid.Mercator.FlipY(tilegrid.Mercator.At(orb.Point{4.1, 44.1}, 5)) // photo keeps JPEG throughout, mercator is transparent west of 4 E
	jpeg := pictureOf(t, ask(s, "GET", fmt.Sprintf("/imagery/mercator/5/%d/%d.jpg", edge.X, edge.Y)), tilestore.JPEG)
	if got := jpeg.NRGBAAt(1, 255); got.R < 250 || got.G < 250 || got.B < 250 {
		t.Errorf("what is transparent is %v as JPEG, not white", got)
	}
}

// TestMixedTilesAreSentAsStoredUnderTheDatasetsOwnExtension ingests with JPEG where tiles are opaque and PNG at the rim. The documents name one extension, under which
// every tile comes as it is stored; under any other, and in WMTS, the format is the one asked for.
func TestMixedTilesAreSentAsStoredUnderTheDatasetsOwnExtension(t *testing.T) {
	dir := t.TempDir()
	k := tint{box(-5, 35, 30, 60), 100}
	publishPicture(t, dir, "mixed", tiler.Options{Sources: []string{k.write(t, 512, false)}, Grid: tilegrid.Mercator, Max: 5})
	s := New(openFolder(t, dir), Options{})
	if j := tileJSONOf(t, s, "/imagery/mixed/tilejson.json"); j.Format != "png" {
		t.Fatalf("the dataset is of %s", j.Format)
	}
	const inner, rim = "5/16/11", "5/15/11"
	for path, mime := range map[string]string{
		"/imagery/mixed/" + inner + ".png": tilestore.JPEG, "/imagery/mixed/" + inner + ".jpg": tilestore.JPEG, "/imagery/mixed/" + inner + ".webp": tilestore.WebP,
		"/imagery/mixed/" + rim + ".png": tilestore.PNG, "/imagery/mixed/" + rim + ".jpg": tilestore.JPEG, "/imagery/mixed/" + inner + "@2x.png": tilestore.PNG,
		"/wmts/1.0.0/mixed/default/WebMercatorQuad/5/11/16.png": tilestore.PNG, "/wmts/1.0.0/mixed/default/WebMercatorQuad/5/11/16.jpg": tilestore.JPEG,
		"/wmts/1.0.0/mixed/default/WebMercatorQuad/5/11/15.png": tilestore.PNG, "/tms/mixed/5/16/20.png": tilestore.JPEG,
	} {
		for range 2 {
			pictureOf(t, ask(s, "GET", path), mime)
		}
	}
}

func TestTilesThatAreNotThereAreTransparentOrMissing(t *testing.T) {
	s, _ := newGallery(t, Options{})
	hole := tilegrid.Mercator.FlipY(tilegrid.Mercator.At(orb.Point{10, 49}, 10))
	for _, c := range []struct {
		path   string
		status int
	}{
		{"/imagery/holed/10/%d/%d.png", 200},        // in the hole: nothing is stored
		{"/imagery/holed/10/%d/%d.webp", 200},       //
		{"/imagery/holed/10/%d/%d@2x.png", 200},     //
		{"/imagery/holed/10/0/0.png", 204},          // outside of the bounds
		{"/imagery/holed/11/%[3]d/%[4]d.png", 404},  // below the deepest level
		{"/imagery/photo/1/1/0.png", 204},           // above the first
		{"/imagery/photo/2/2/1.png", 200},           //
		{"/imagery/holed/10/1024/0.png", 404},       // outside of the grid
		{"/imagery/holed/31/0/0.png", 404},          //
		{"/imagery/holed/10/-1/0.png", 400},         // no numbers
		{"/imagery/holed/010/%d/%d.png", 400},       //
		{"/imagery/holed/10/1e1/0.png", 400},        //
		{"/imagery/holed/10/%d.png", 400},           //
		{"/imagery/holed/10/%d/%d/0.png", 400},      //
		{"/imagery/holed/10/%d/%d@3x.png", 400},     //
		{"/tms/holed/10/%d/%[2]d@2x.png", 400},      // XYZ only
		{"/imagery/holed/10/%d/%d.gif", 404},        // no such format
		{"/imagery/holed/10/%d/%d", 404},            //
		{"/imagery/none/10/%d/%d.png", 404},         // no such dataset
		{"/imagery/holed@2/10/%d/%d.png", 404},      // no such version
		{"/imagery/holed@x/10/%d/%d.png", 404},      //
		{"/imagery/", 404},                          //
		{"/imagery/holed", 404},                     //
		{"/imagery/holed/", 404},                    //
		{"/imagery/holed/TileJSON.json", 404},       //
		{"/tms/holed/tilejson.json", 404},           //
		{"/imagery/holed/tilemapresource.xml", 404}, //
	} {
		path := strings.ReplaceAll(c.path, "%d/%d", fmt.Sprintf("%d/%d", hole.X, hole.Y))
		path = strings.NewReplacer("%d/%[2]d", fmt.Sprintf("%d/%d", hole.X, tilegrid.Mercator.FlipY(hole).Y), "%[3]d/%[4]d",
			fmt.Sprintf("%d/%d", 2*hole.X, 2*hole.Y), "%d", fmt.Sprint(hole.X)).Replace(path)
		r := ask(s, "GET", path)
		if r.StatusCode != c.status || r.Header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: %d, want %d", path, r.StatusCode, c.status)
			continue
		}
		if c.status == 200 && strings.Contains(path, "holed") {
			p := pictureOf(t, r, r.Header.Get("Content-Type"))
			if _, clear := opacity(p); clear != p.Rect.Dx()*p.Rect.Dy() {
				t.Errorf("%s: %d pixels are clear", path, clear)
			}
		}
	}
}

// TestTilesFollowTheRulesOfHTTP covers stored and drawn tiles, XYZ and TMS, in front of net/http and behind it.
func TestTilesFollowTheRulesOfHTTP(t *testing.T) {
	s, _ := newGallery(t, Options{})
	address, _ := start(t, s)
	tile := tilegrid.Mercator.At(orb.Point{8, 48}, 5)
	north := tilegrid.Mercator.FlipY(tile).Y
	for _, path := range []string{
		fmt.Sprintf("/imagery/mercator/5/%d/%d.png", tile.X, north), fmt.Sprintf("/imagery/mercator/5/%d/%d.webp", tile.X, north),
		fmt.Sprintf("/tms/mercator@1/5/%d/%d.png", tile.X, tile.Y), fmt.Sprintf("/imagery/mercator@1/5/%d/%d@2x.png", tile.X, north),
		fmt.Sprintf("/imagery/slope/5/%d/%d.png?style=slope", tile.X, north), "/imagery/mercator@1/tilejson.json", "/tms/mercator/tilemapresource.xml", "/tms/",
		fmt.Sprintf("/wmts/1.0.0/mercator/default/WebMercatorQuad/5/%d/%d.png", north, tile.X), "/wmts/1.0.0/WMTSCapabilities.xml",
		"/wms?" + kvp(aMap), "/wms?SERVICE=WMS&REQUEST=GetCapabilities", "/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetLegendGraphic&LAYER=slope",
	} {
		get := fetch(t, "GET", address, path)
		body := bodyOf(t, get)
		tag := get.Header.Get("ETag")
		if get.StatusCode != 200 || !strings.HasPrefix(tag, `"`) || get.ContentLength != int64(len(body)) || get.Header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: %d %v", path, get.StatusCode, get.Header)
		}
		pinned := strings.Contains(path, "@1/")
		if control := get.Header["Cache-Control"]; pinned && !slices.Equal(control, cachePinned) {
			t.Errorf("%s: Cache-Control %q", path, control)
		}
		if r := fetch(t, "GET", address, path, "If-None-Match: "+tag); r.StatusCode != 304 || len(bodyOf(t, r)) != 0 || r.Header.Get("ETag") != tag {
			t.Errorf("%s: %d to a client that has it", path, r.StatusCode)
		}
		if r := fetch(t, "GET", address, path, `If-None-Match: "another"`); r.StatusCode != 200 || !bytes.Equal(bodyOf(t, r), body) {
			t.Errorf("%s: %d to a client that has another", path, r.StatusCode)
		}
		if r := fetch(t, "HEAD", address, path); r.StatusCode != 200 || r.ContentLength != int64(len(body)) || r.Header.Get("ETag") != tag || len(bodyOf(t, r)) != 0 {
			t.Errorf("HEAD %s: %d %v", path, r.StatusCode, r.Header)
		}
		if r := fetch(t, "OPTIONS", address, path, "Origin: https://a.example"); r.StatusCode != 204 || r.Header.Get("Access-Control-Allow-Methods") != "GET, HEAD, OPTIONS" {
			t.Errorf("OPTIONS %s: %d", path, r.StatusCode)
		}
		if r := fetch(t, "POST", address, path); r.StatusCode != 405 {
			t.Errorf("POST %s: %d", path, r.StatusCode)
		}
	}
}

// fetch sends one request over the network, compressed answers neither asked for nor taken apart.
func fetch(t *testing.T, method, address, path string, headers ...string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://"+address+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", "identity")
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Body.Close() })
	return a
}

// TestAStyleIsAnAnswerOfItsOwn asks for terrain in each style, and for a style that imagery does not have, before and after the tile is in the cache.
func TestAStyleIsAnAnswerOfItsOwn(t *testing.T) {
	s, _ := newGallery(t, Options{})
	tile := tilegrid.Mercator.FlipY(tilegrid.Mercator.At(orb.Point{10.5, 47.5}, 7))
	path := func(name, query string) string {
		return fmt.Sprintf("/imagery/%s/7/%d/%d.png%s", name, tile.X, tile.Y, query)
	}
	seen := map[string]string{}
	for _, st := range style.Styles() {
		body := string(bodyOf(t, ask(s, "GET", path("slope", "?style="+st.Name))))
		if other, ok := seen[body]; ok {
			t.Errorf("%s looks as %s does", st.Name, other)
		}
		seen[body] = st.Name
	}
	first := style.Styles()[0].Name
	for _, query := range []string{"", "?style=", "?style=default", "?v=1"} {
		if got := seen[string(bodyOf(t, ask(s, "GET", path("slope", query))))]; got != first {
			t.Errorf("%q is drawn as %q, not as %s", query, got, first)
		}
	}
	if r := ask(s, "GET", path("slope", "?style=none")); r.StatusCode != 404 {
		t.Errorf("an unknown style: %d", r.StatusCode)
	}
	tile = tilegrid.Mercator.FlipY(tilegrid.Mercator.At(orb.Point{8, 48}, 5))
	photo := fmt.Sprintf("/imagery/mercator/5/%d/%d.png", tile.X, tile.Y)
	for range 2 {
		for query, want := range map[string]int{"?style=default": 200, "?style=hillshade": 404, "?style=%3Cb%3E": 404, "?style=": 200, "": 200} {
			if r := ask(s, "GET", photo+query); r.StatusCode != want {
				t.Errorf("%s of imagery: %d, want %d", query, r.StatusCode, want)
			}
		}
	}
}

func tileJSONOf(t *testing.T, s *Server, path string) xyz.TileJSON {
	t.Helper()
	r := ask(s, "GET", path)
	var j xyz.TileJSON
	if err := json.Unmarshal(bodyOf(t, r), &j); err != nil || r.StatusCode != 200 || r.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("%s: %d, %v", path, r.StatusCode, err)
	}
	return j
}

func TestTileJSONSaysWhatThereIs(t *testing.T) {
	s, _ := newGallery(t, Options{})
	for _, c := range []struct {
		path, tiles, format, crs string
		min, max                 uint8
	}{
		{"/imagery/mercator/tilejson.json", "mercator/{z}/{x}/{y}.png", "png", "EPSG:3857", 0, 5},
		{"/imagery/mercator@1/tilejson.json", "mercator@1/{z}/{x}/{y}.png", "png", "EPSG:3857", 0, 5},
		{"/imagery/mercator/tilejson@2x.json", "mercator/{z}/{x}/{y}@2x.png", "png", "EPSG:3857", 0, 5},
		{"/imagery/photo/tilejson.json", "photo/{z}/{x}/{y}.jpg", "jpg", "EPSG:3857", 2, 5},
		{"/imagery/plate/tilejson.json", "plate/{z}/{x}/{y}.png", "png", "EPSG:4326", 0, 4},
		{"/imagery/slope/tilejson.json", "slope/{z}/{x}/{y}.png", "png", "EPSG:3857", 0, 0},
		{"/imagery/slope/tilejson.json?style=slope", "slope/{z}/{x}/{y}.png?style=slope", "png", "EPSG:3857", 0, 0},
	} {
		j := tileJSONOf(t, s, c.path)
		if c.max == 0 {
			c.max = j.MaxZoom
		}
		want := "http://example.com/imagery/" + c.tiles
		if j.TileJSON != "3.0.0" || j.Scheme != "xyz" || len(j.Tiles) != 1 || j.Tiles[0] != want || j.Format != c.format || j.CRS != c.crs ||
			j.MinZoom != c.min || j.MaxZoom != c.max || j.TileSize != 256 {
			t.Errorf("%s: %+v", c.path, j)
		}
		z := j.MaxZoom
		grid := tilegrid.Mercator
		if j.CRS == "EPSG:4326" {
			grid = tilegrid.Geodetic
		}
		tile := grid.FlipY(grid.At(orb.Point{j.Bounds[0] + 0.1, j.Bounds[1] + 0.1}, z))
		at := strings.NewReplacer("http://example.com", "", "{z}", fmt.Sprint(z), "{x}", fmt.Sprint(tile.X), "{y}", fmt.Sprint(tile.Y)).Replace(j.Tiles[0])
		if r := ask(s, "GET", at); r.StatusCode != 200 {
			t.Errorf("%s: the template leads to %s: %d", c.path, at, r.StatusCode)
		} else if opaque, _ := opacity(pictureOf(t, r, r.Header.Get("Content-Type"))); opaque == 0 {
			t.Errorf("%s: nothing is to be seen at the corner of the bounds", c.path)
		}
	}
	if j := tileJSONOf(t, s, "/imagery/mercator/tilejson.json"); j.Attribution != "© Survey & &lt;Sons&gt;" || math.Abs(j.Bounds[0]-4) > 0.1 || math.Abs(j.Bounds[3]-54) > 0.1 {
		t.Errorf("%+v", j)
	}
	for _, path := range []string{"/imagery/none/tilejson.json", "/imagery/mercator@7/tilejson.json", "/imagery/slope/tilejson.json?style=none", "/imagery/mercator/tilejson.json?style=slope"} {
		if r := ask(s, "GET", path); r.StatusCode != 404 {
			t.Errorf("%s: %d", path, r.StatusCode)
		}
	}
}

func TestTileMapResourcesAreListedAndLeadToTiles(t *testing.T) {
	s, _ := newGallery(t, Options{})
	var list struct {
		Maps []struct {
			Title   string `xml:"title,attr"`
			Profile string `xml:"profile,attr"`
			SRS     string `xml:"srs,attr"`
			Href    string `xml:"href,attr"`
		} `xml:"TileMaps>TileMap"`
	}
	readXML(t, ask(s, "GET", "/tms/"), "text/xml", &list)
	if len(list.Maps) != 6 {
		t.Fatalf("%d maps are listed, want 6: %+v", len(list.Maps), list)
	}
	for _, m := range list.Maps {
		var doc struct {
			Version string `xml:"version,attr"`
			SRS     string
			Box     struct {
				West  float64 `xml:"minx,attr"`
				South float64 `xml:"miny,attr"`
			} `xml:"BoundingBox"`
			Format struct {
				Width     int    `xml:"width,attr"`
				MIME      string `xml:"mime-type,attr"`
				Extension string `xml:"extension,attr"`
			} `xml:"TileFormat"`
			Sets struct {
				Profile string `xml:"profile,attr"`
				Sets    []struct {
					Href  string  `xml:"href,attr"`
					Order uint8   `xml:"order,attr"`
					Units float64 `xml:"units-per-pixel,attr"`
				} `xml:"TileSet"`
			} `xml:"TileSets"`
		}
		path := strings.TrimPrefix(m.Href, "http://example.com")
		if !strings.HasSuffix(path, "tilemapresource.xml") {
			path = strings.TrimSuffix(path, "/") + "/tilemapresource.xml"
		}
		readXML(t, ask(s, "GET", path), "text/xml", &doc)
		if doc.Version != "1.0.0" || doc.SRS != m.SRS || doc.Sets.Profile != m.Profile || doc.Format.Width != 256 || len(doc.Sets.Sets) == 0 {
			t.Errorf("%s: %+v", path, doc)
		}
		last := doc.Sets.Sets[len(doc.Sets.Sets)-1]
		side, west, south := last.Units*256, -180.0, -90.0
		if doc.SRS == "EPSG:3857" {
			west, south = -mercatorHalf, -mercatorHalf
		}
		tile := fmt.Sprintf("%s/%.0f/%.0f.%s", strings.TrimPrefix(last.Href, "http://example.com"), math.Floor((doc.Box.West-west)/side+0.01), math.Floor((doc.Box.South-south)/side+0.01), doc.Format.Extension)
		if opaque, _ := opacity(pictureOf(t, ask(s, "GET", tile), doc.Format.MIME)); opaque == 0 {
			t.Errorf("%s: nothing to be seen in %s, the south-west corner", m.Title, tile)
		}
	}
}

// readXML decodes an answer, which must be a 200 of this media type.
func readXML(t *testing.T, r *http.Response, mime string, to any) {
	t.Helper()
	body := bodyOf(t, r)
	if r.StatusCode != 200 || r.Header.Get("Content-Type") != mime {
		t.Fatalf("%d %s: %.300s", r.StatusCode, r.Header.Get("Content-Type"), body)
	}
	d := xml.NewDecoder(bytes.NewReader(body))
	if err := d.Decode(to); err != nil {
		t.Fatalf("%v: %.300s", err, body)
	}
}

func TestPinnedVersionsStayWhatTheyWere(t *testing.T) {
	s, dir := newGallery(t, Options{})
	tile := tilegrid.Mercator.FlipY(tilegrid.Mercator.At(orb.Point{8, 48}, 5))
	mark := func(ref string) int {
		r := ask(s, "GET", fmt.Sprintf("/imagery/%s/5/%d/%d.png", ref, tile.X, tile.Y))
		if r.StatusCode != 200 {
			return -r.StatusCode
		}
		return int(pictureOf(t, r, tilestore.PNG).NRGBAAt(128, 128).B)
	}
	if got := mark("mercator"); got != 100 {
		t.Fatalf("version 1 shows %d", got)
	}
	publishMark(t, dir, "mercator", 60)
	eventually(t, "version 2", func() bool { return mark("mercator") == 60 })
	if one, two := mark("mercator@1"), mark("mercator@2"); one != 100 || two != 60 {
		t.Errorf("versions 1 and 2 show %d and %d", one, two)
	}
	for _, v := range []string{"@1", "@2"} {
		if err := os.Remove(dir + "/mercator" + v + ".mbtiles"); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the end of both", func() bool { return mark("mercator") == -404 && mark("mercator@1") == -404 })
}
