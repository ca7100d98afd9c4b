package server

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"image/color"
	"math"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"github.com/terrane/terrane/imagery/style"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// kvp makes a query of keys and values; a key whose value is "-" is left out.
func kvp(base map[string]string, changes ...string) string {
	q := url.Values{}
	for k, v := range base {
		q.Set(k, v)
	}
	for i := 0; i+1 < len(changes); i += 2 {
		if q.Set(changes[i], changes[i+1]); changes[i+1] == "-" {
			q.Del(changes[i])
		}
	}
	return q.Encode()
}

// aTile is a GetTile that is answered: the tile around 8 E, 48 N.
var aTile = map[string]string{"SERVICE": "WMTS", "REQUEST": "GetTile", "VERSION": "1.0.0", "LAYER": "mercator", "STYLE": "default", "FORMAT": "image/png",
	"TILEMATRIXSET": "WebMercatorQuad", "TILEMATRIX": "5", "TILEROW": "11", "TILECOL": "16"}

// wmtsDocument is what these tests read of the capabilities.
type wmtsDocument struct {
	Sequence string `xml:"updateSequence,attr"`
	Version  string `xml:"version,attr"`
	Layers   []struct {
		Name   string   `xml:"Identifier"`
		Styles []string `xml:"Style>Identifier"`
		Links  []struct {
			Set    string `xml:"TileMatrixSet"`
			Limits []struct {
				Matrix string `xml:"TileMatrix"`
				MinRow int64  `xml:"MinTileRow"`
				MaxRow int64  `xml:"MaxTileRow"`
				MinCol int64  `xml:"MinTileCol"`
				MaxCol int64  `xml:"MaxTileCol"`
			} `xml:"TileMatrixSetLimits>TileMatrixLimits"`
		} `xml:"TileMatrixSetLink"`
		Templates []struct {
			Kind     string `xml:"resourceType,attr"`
			Format   string `xml:"format,attr"`
			Template string `xml:"template,attr"`
		} `xml:"ResourceURL"`
	} `xml:"Contents>Layer"`
	Sets []struct {
		Name     string `xml:"Identifier"`
		Matrices []struct {
			Name string `xml:"Identifier"`
		} `xml:"TileMatrix"`
	} `xml:"Contents>TileMatrixSet"`
	Operations []struct {
		Name string `xml:"name,attr"`
		Get  struct {
			Href string `xml:"href,attr"`
		} `xml:"DCP>HTTP>Get"`
	} `xml:"OperationsMetadata>Operation"`
	Self struct {
		Href string `xml:"href,attr"`
	} `xml:"ServiceMetadataURL"`
}

func wmtsCapabilitiesOf(t *testing.T, s *Server, query string) wmtsDocument {
	t.Helper()
	var d wmtsDocument
	readXML(t, ask(s, "GET", "/wmts?SERVICE=WMTS&REQUEST=GetCapabilities"+query), "application/xml", &d)
	return d
}

// TestWMTSTilesShowTheGroundThatTheirNumbersName asks for tiles of both sets, of a dataset in each grid, in both tongues.
func TestWMTSTilesShowTheGroundThatTheirNumbersName(t *testing.T) {
	s, _ := newGallery(t, Options{})
	sets := map[string]tilegrid.Grid{"WebMercatorQuad": tilegrid.Mercator, "WorldCRS84Quad": tilegrid.Geodetic}
	for _, layer := range []string{"mercator", "plate"} {
		for set, grid := range sets {
			compared := 0
			for tile := range grid.Cover(germany.bound, 4).All() {
				north := grid.FlipY(tile)
				query := kvp(aTile, "LAYER", layer, "TILEMATRIXSET", set, "TILEMATRIX", "4", "TILEROW", fmt.Sprint(north.Y), "TILECOL", fmt.Sprint(north.X))
				rest := fmt.Sprintf("/wmts/1.0.0/%s/default/%s/4/%d/%d.png", layer, set, north.Y, north.X)
				for _, path := range []string{"/wmts?" + query, rest} {
					p := pictureOf(t, ask(s, "GET", path), tilestore.PNG)
					if p.Rect.Dx() != 256 || p.Rect.Dy() != 256 {
						t.Errorf("%s: %v", path, p.Rect)
					}
					compared += expectTint(t, path, germany, p.NRGBAAt, tilePlaces(grid, tile, 256))
				}
			}
			if compared < 30 {
				t.Errorf("%s in %s: only %d pixels compared", layer, set, compared)
			}
		}
	}
}

// TestWMTSKeepsTheLimitsThatItStates asks at the corners of the limits of each matrix and one tile beyond them.
func TestWMTSKeepsTheLimitsThatItStates(t *testing.T) {
	s, _ := newGallery(t, Options{})
	d := wmtsCapabilitiesOf(t, s, "")
	if len(d.Layers) != 6 {
		t.Fatalf("%d layers", len(d.Layers))
	}
	matrices := map[string]int{}
	for _, set := range d.Sets {
		if matrices[set.Name] = len(set.Matrices); set.Name == "WebMercatorQuad" || set.Name == "WorldCRS84Quad" {
			t.Errorf("%s has %d matrices, and no depth in its name", set.Name, len(set.Matrices))
		}
	}
	for _, l := range d.Layers {
		if len(l.Links) != 2 {
			t.Errorf("%s is linked to %d sets", l.Name, len(l.Links))
		}
		for _, k := range l.Links {
			if len(k.Limits) != matrices[k.Set] { // GDAL makes a picture of the set's deepest matrix
				t.Errorf("%s has limits for %d of the %d matrices of %s", l.Name, len(k.Limits), matrices[k.Set], k.Set)
			}
			for _, m := range k.Limits {
				get := func(row, col int64) *http.Response {
					return ask(s, "GET", "/wmts?"+kvp(aTile, "LAYER", l.Name, "TILEMATRIXSET", k.Set, "TILEMATRIX", m.Matrix, "TILEROW", fmt.Sprint(row), "TILECOL", fmt.Sprint(col)))
				}
				for _, at := range [][2]int64{{m.MinRow, m.MinCol}, {m.MaxRow, m.MaxCol}} {
					if r := get(at[0], at[1]); r.StatusCode != 200 {
						t.Errorf("%s %s/%s %v: %d", l.Name, k.Set, m.Matrix, at, r.StatusCode)
					}
				}
				for _, at := range []struct {
					row, col int64
					locator  string
				}{{m.MinRow - 1, m.MinCol, "TileRow"}, {m.MaxRow + 1, m.MinCol, "TileRow"}, {m.MinRow, m.MinCol - 1, "TileCol"}, {m.MinRow, m.MaxCol + 1, "TileCol"}} {
					expectOWS(t, get(at.row, at.col), 400, "TileOutOfRange", at.locator)
				}
			}
		}
	}
}

// expectOWS fails the test unless the answer is an exception report with these words.
func expectOWS(t *testing.T, r *http.Response, status int, code, locator string) {
	t.Helper()
	body := bodyOf(t, r)
	var report struct {
		XMLName   xml.Name
		Version   string `xml:"version,attr"`
		Exception struct {
			Code    string `xml:"exceptionCode,attr"`
			Locator string `xml:"locator,attr"`
			Text    string `xml:"ExceptionText"`
		}
	}
	err := xml.Unmarshal(body, &report)
	if err != nil || r.StatusCode != status || report.XMLName.Local != "ExceptionReport" || report.Exception.Code != code ||
		!strings.EqualFold(report.Exception.Locator, locator) || report.Exception.Text == "" || r.Header.Get("Content-Type") != "application/xml" {
		t.Errorf("%d %s: %s, %v; want %d %s %s", r.StatusCode, r.Header.Get("Content-Type"), body, err, status, code, locator)
	}
	if r.Header.Get("Access-Control-Allow-Origin") != "*" || r.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("an exception with the headers %v", r.Header)
	}
}

// TestWMTSExceptionsSayWhatIsWrongWhere holds what OGC's suite asks for (spec/ogc-conformance.md), over HTTP.
func TestWMTSExceptionsSayWhatIsWrongWhere(t *testing.T) {
	s, _ := newGallery(t, Options{})
	capabilities := map[string]string{"service": "WMTS", "request": "GetCapabilities"}
	info := map[string]string{"INFOFORMAT": "application/json", "I": "1", "J": "1"}
	for k, v := range aTile {
		info[k] = v
	}
	info["REQUEST"] = "GetFeatureInfo"
	for _, c := range []struct{ query, code, locator string }{
		{"&", "MissingParameterValue", "Service"},
		{"service=WMTS&request~GetCapabilities!version~1.0.0", "MissingParameterValue", "Request"},
		{kvp(capabilities, "service", "-"), "MissingParameterValue", "Service"},
		{kvp(capabilities, "service", "BOGUS"), "InvalidParameterValue", "Service"},
		{kvp(capabilities, "request", "GetBOGUS"), "InvalidParameterValue", "Request"},
		{kvp(capabilities, "sections", "Bogus"), "InvalidParameterValue", "Sections"},
		{kvp(capabilities, "sections", ""), "MissingParameterValue", "Sections"},
		{kvp(capabilities, "acceptversions", "9.9.9"), "VersionNegotiationFailed", ""},
		{kvp(capabilities, "updatesequence", "99999999999999999999"), "InvalidUpdateSequence", ""},
		{kvp(aTile, "VERSION", "-"), "MissingParameterValue", "Version"},
		{kvp(aTile, "VERSION", "2.0.0"), "InvalidParameterValue", "Version"},
		{kvp(aTile, "LAYER", "-"), "MissingParameterValue", "Layer"},
		{kvp(aTile, "LAYER", "none"), "InvalidParameterValue", "Layer"},
		{kvp(aTile, "LAYER", "mercator@9"), "InvalidParameterValue", "Layer"},
		{kvp(aTile, "STYLE", "-"), "MissingParameterValue", "Style"},
		{kvp(aTile, "STYLE", "none"), "InvalidParameterValue", "Style"},
		{kvp(aTile, "FORMAT", "-"), "MissingParameterValue", "Format"},
		{kvp(aTile, "FORMAT", "image/gif"), "InvalidParameterValue", "Format"},
		{kvp(aTile, "TILEMATRIXSET", "none"), "InvalidParameterValue", "TileMatrixSet"},
		{kvp(aTile, "TILEMATRIX", "99"), "InvalidParameterValue", "TileMatrix"},
		{kvp(aTile, "TILEMATRIX", "EPSG:3857:5"), "InvalidParameterValue", "TileMatrix"},
		{kvp(aTile, "TILEROW", "-"), "MissingParameterValue", "TileRow"},
		{kvp(aTile, "TILEROW", "NaN"), "InvalidParameterValue", "TileRow"},
		{kvp(aTile, "TILEROW", "-1"), "TileOutOfRange", "TileRow"},
		{kvp(aTile, "TILECOL", "9999999999999999999"), "TileOutOfRange", "TileCol"},
		{kvp(aTile) + "&layer=plate", "InvalidParameterValue", "Layer"},
		{kvp(aTile) + "&tilerow=%ff", "InvalidParameterValue", "TileRow"},
		{kvp(info, "I", "256"), "PointIJOutOfRange", "I"},
		{kvp(info, "J", "-1"), "PointIJOutOfRange", "J"},
		{kvp(info, "J", "-"), "MissingParameterValue", "J"},
		{kvp(info, "INFOFORMAT", "text/bogus"), "InvalidParameterValue", "InfoFormat"},
	} {
		t.Run(fmt.Sprintf("%.60s %s %s", c.query, c.code, c.locator), func(t *testing.T) {
			expectOWS(t, ask(s, "GET", "/wmts?"+c.query), 400, c.code, c.locator)
		})
	}
	for path, want := range map[string]struct {
		status        int
		code, locator string
	}{
		"/wmts/1.0.0/Bogus":                {404, "NoApplicableCode", ""},
		"/wmts/Bogus":                      {404, "NoApplicableCode", ""},
		"/wmts/2.0.0/WMTSCapabilities.xml": {404, "NoApplicableCode", ""},
		"/wmts/1.0.0/none/default/WebMercatorQuad/5/11/16.png":         {400, "InvalidParameterValue", "Layer"},
		"/wmts/1.0.0/mercator/none/WebMercatorQuad/5/11/16.png":        {400, "InvalidParameterValue", "Style"},
		"/wmts/1.0.0/mercator/default/none/5/11/16.png":                {400, "InvalidParameterValue", "TileMatrixSet"},
		"/wmts/1.0.0/mercator/default/WebMercatorQuad/x/11/16.png":     {400, "InvalidParameterValue", "TileMatrix"},
		"/wmts/1.0.0/mercator/default/WebMercatorQuad/5/0/16.png":      {400, "TileOutOfRange", "TileRow"},
		"/wmts/1.0.0/mercator/default/WebMercatorQuad/5/11/16.gif":     {400, "InvalidParameterValue", "Format"},
		"/wmts/1.0.0/mercator/default/WebMercatorQuad/5/11/16/1/x.txt": {400, "InvalidParameterValue", "I"},
		"/wmts/1.0.0/%2e%2e/default/WebMercatorQuad/5/11/16.png":       {400, "InvalidParameterValue", "Layer"},
	} {
		t.Run(path, func(t *testing.T) { expectOWS(t, ask(s, "GET", path), want.status, want.code, want.locator) })
	}
}

func TestWMTSCapabilitiesLeadToEverythingThatTheyName(t *testing.T) {
	s, _ := newGallery(t, Options{})
	d := wmtsCapabilitiesOf(t, s, "")
	if d.Version != "1.0.0" || d.Sequence == "" || d.Self.Href != "http://example.com/wmts/1.0.0/WMTSCapabilities.xml" {
		t.Errorf("%q %q %q", d.Version, d.Sequence, d.Self.Href)
	}
	kvpBody, restBody := bodyOf(t, ask(s, "GET", "/wmts?service=wmts&REQUEST=getcapabilities")), bodyOf(t, ask(s, "GET", "/wmts/1.0.0/WMTSCapabilities.xml"))
	if string(kvpBody) != string(restBody) {
		t.Error("KVP and REST differ")
	}
	for _, l := range d.Layers {
		if l.Name == "slope" && len(l.Styles) != len(style.Styles()) {
			t.Errorf("terrain has the styles %q", l.Styles)
		}
		last := l.Links[0].Limits[len(l.Links[0].Limits)-1]
		fill := strings.NewReplacer("http://example.com", "", "{style}", l.Styles[len(l.Styles)-1], "{TileMatrixSet}", l.Links[0].Set, "{TileMatrix}", last.Matrix,
			"{TileRow}", fmt.Sprint(last.MinRow), "{TileCol}", fmt.Sprint(last.MinCol), "{I}", "128", "{J}", "128")
		if len(l.Templates) != 4 { // of tiles in one format, and of feature information in three
			t.Errorf("%s has %d templates", l.Name, len(l.Templates))
		}
		for _, r := range l.Templates {
			if a := ask(s, "GET", fill.Replace(r.Template)); a.StatusCode != 200 || a.Header.Get("Content-Type") != r.Format {
				t.Errorf("%s: %d %s, want %s", r.Template, a.StatusCode, a.Header.Get("Content-Type"), r.Format)
			}
		}
	}
}

// TestABareAddressAnswersCapabilities: it is what "terrane serve" prints, and all that a client is given.
func TestABareAddressAnswersCapabilities(t *testing.T) {
	s, _ := newGallery(t, Options{})
	for path, query := range map[string]string{"/wmts": "?service=WMTS&request=GetCapabilities", "/wms": "?SERVICE=WMS&REQUEST=GetCapabilities"} {
		want := string(bodyOf(t, ask(s, "GET", path+query)))
		for _, bare := range []string{path, path + "?"} {
			if r := ask(s, "GET", bare); r.StatusCode != 200 || string(bodyOf(t, r)) != want {
				t.Errorf("%s answers %d", bare, r.StatusCode)
			}
		}
		for _, rest := range []string{"?&", "?x=y", "?SERVICE="} {
			if r := ask(s, "GET", path+rest); r.StatusCode != 400 {
				t.Errorf("%s answers %d", path+rest, r.StatusCode)
			}
		}
	}
}

func TestWMTSSectionsAndUpdateSequence(t *testing.T) {
	s, _ := newGallery(t, Options{})
	d := wmtsCapabilitiesOf(t, s, "")
	if part := wmtsCapabilitiesOf(t, s, "&sections=OperationsMetadata"); len(part.Operations) != 3 || len(part.Layers) != 0 {
		t.Errorf("%+v", part)
	}
	if part := wmtsCapabilitiesOf(t, s, "&sections=Contents,Themes"); len(part.Operations) != 0 || len(part.Layers) != 6 {
		t.Errorf("%+v", part)
	}
	if same := wmtsCapabilitiesOf(t, s, "&updatesequence="+d.Sequence); same.Sequence != d.Sequence || len(same.Layers) != 0 || len(same.Operations) != 0 {
		t.Errorf("%+v", same)
	}
	if older := wmtsCapabilitiesOf(t, s, "&updatesequence=1"); len(older.Layers) != 6 {
		t.Errorf("%+v", older)
	}
	expectOWS(t, ask(s, "GET", "/wmts?service=WMTS&request=GetCapabilities&updatesequence="+d.Sequence+"0"), 400, "InvalidUpdateSequence", "")
}

// collection is what these tests read of GeoJSON answers.
type collection struct {
	Type     string
	Features []struct {
		Geometry   struct{ Coordinates orb.Point }
		Properties map[string]any
	}
}

func infosOf(t *testing.T, r *http.Response) collection {
	t.Helper()
	var c collection
	body := bodyOf(t, r)
	if err := json.Unmarshal(body, &c); err != nil || r.StatusCode != 200 || r.Header.Get("Content-Type") != "application/json" || c.Type != "FeatureCollection" {
		t.Fatalf("%d %v: %.300s", r.StatusCode, err, body)
	}
	return c
}

// expectSlope fails the test unless the answer is the height of the slope where it says it is.
func expectSlope(t *testing.T, c collection, at orb.Point) {
	t.Helper()
	if len(c.Features) != 1 {
		t.Fatalf("%d features", len(c.Features))
	}
	f := c.Features[0]
	p, h := f.Geometry.Coordinates, f.Properties["height"]
	height, ok := h.(float64)
	if !ok || math.Abs(height-slope(p)) > 0.5 || f.Properties["kind"] != "stored value" || f.Properties["layer"] != "slope" || f.Properties["height unit"] != "m" {
		t.Errorf("%v at %v, where the slope is %.3f m high", f.Properties, p, slope(p))
	}
	if math.Abs(p[0]-at[0]) > 0.002 || math.Abs(p[1]-at[1]) > 0.002 {
		t.Errorf("the answer is for %v, asked was %v", p, at)
	}
}

// expectColour fails the test unless the answer is the colour of k where it says it is, as a value: the tiles are PNG of bytes.
func expectColour(t *testing.T, c collection, k tint) {
	t.Helper()
	if len(c.Features) != 1 {
		t.Fatalf("%d features", len(c.Features))
	}
	p := c.Features[0].Properties
	byteOf := func(name string) uint8 { v, _ := p[name].(float64); return uint8(v) }
	got := color.NRGBA{byteOf("red"), byteOf("green"), byteOf("blue"), 255}
	if at := c.Features[0].Geometry.Coordinates; !k.near(got, at) || p["kind"] != "stored value" {
		t.Errorf("%v at %v, want %v", p, at, k.colour(at))
	}
}

func TestWMTSTellsWhatLiesUnderAPixel(t *testing.T) {
	s, _ := newGallery(t, Options{})
	for set, grid := range map[string]tilegrid.Grid{"WebMercatorQuad": tilegrid.Mercator, "WorldCRS84Quad": tilegrid.Geodetic} {
		for layer, place := range map[string]orb.Point{"slope": {10.31, 47.62}, "mercator": {8.2, 47.3}, "plate": {12.9, 51.7}, "world": {-60, -20}} {
			z, asked := uint8(4), 0
			if layer == "slope" {
				z = 8
			} else if layer == "world" {
				z = 1
			}
			tile := grid.At(place, z)
			places := tilePlaces(grid, tile, 256)
			north := grid.FlipY(tile)
			for pixel, at := range places {
				if layer == "slope" && !inside(box(10, 47, 11, 48), at, 0.05) || layer != "slope" && layer != "world" && !inside(germany.bound, at, 0.5) {
					continue
				}
				asked++
				path := fmt.Sprintf("/wmts/1.0.0/%s/default/%s/%d/%d/%d/%d/%d.json", layer, set, z, north.Y, north.X, pixel[1], pixel[0])
				query := kvp(aTile, "REQUEST", "GetFeatureInfo", "LAYER", layer, "TILEMATRIXSET", set, "TILEMATRIX", fmt.Sprint(z), "TILEROW", fmt.Sprint(north.Y),
					"TILECOL", fmt.Sprint(north.X), "I", fmt.Sprint(pixel[0]), "J", fmt.Sprint(pixel[1]), "INFOFORMAT", "application/json")
				for _, path := range []string{path, "/wmts?" + query} {
					switch c := infosOf(t, ask(s, "GET", path)); layer {
					case "slope":
						expectSlope(t, c, at)
					case "world":
						expectColour(t, c, world)
					default:
						expectColour(t, c, germany)
					}
				}
			}
			if asked < 8 {
				t.Errorf("%s in %s: only %d places asked", layer, set, asked)
			}
		}
	}
	hole := tilegrid.Mercator.FlipY(tilegrid.Mercator.At(orb.Point{10, 49}, 10))
	path := fmt.Sprintf("/wmts/1.0.0/holed/default/WebMercatorQuad/10/%d/%d/1/1", hole.Y, hole.X)
	if c := infosOf(t, ask(s, "GET", path+".json")); len(c.Features) != 0 {
		t.Errorf("in the hole: %+v", c)
	}
	for ext, mime := range map[string]string{"txt": "text/plain", "html": "text/html"} {
		if r := ask(s, "GET", path+"."+ext); r.StatusCode != 200 || !strings.HasPrefix(r.Header.Get("Content-Type"), mime) || !strings.Contains(string(bodyOf(t, r)), "nothing here") {
			t.Errorf("%s: %d %v", ext, r.StatusCode, r.Header)
		}
	}
}
