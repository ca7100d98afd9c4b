package server

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"github.com/terrane/terrane/internal/ion"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// newIonShelf holds alps and a picture of the globe, credited to its maker.
func newIonShelf(t *testing.T) shelf {
	t.Helper()
	var tile bytes.Buffer
	if err := png.Encode(&tile, image.NewNRGBA(image.Rect(0, 0, 256, 256))); err != nil {
		t.Fatal(err)
	}
	s := newShelf()
	s["photo"] = &book{
		info: tilestore.Info{
			Name: "photo", Version: 3, Kind: tilestore.Imagery, Format: tilestore.PNG, Grid: tilegrid.Mercator, Tiles: 1, Attribution: "<b>maker</b>",
			Bound: orb.Bound{Min: orb.Point{-180, -85}, Max: orb.Point{180, 85}}, Available: [][]tilegrid.Range{{{}}}, SizeBytes: 5,
		},
		tiles: map[tilegrid.Coord][]byte{{}: tile.Bytes()},
	}
	return s
}

// cesiumWithBase is a build of CesiumJS that has nothing but Natural Earth II.
func cesiumWithBase(t *testing.T) *zip.Reader {
	t.Helper()
	var packed bytes.Buffer
	z := zip.NewWriter(&packed)
	f, err := z.Create(naturalEarth + "tilemapresource.xml")
	if err != nil {
		t.Fatal(err)
	}
	f.Write([]byte("<TileMap/>"))
	z.Close()
	r, err := zip.NewReader(bytes.NewReader(packed.Bytes()), int64(packed.Len()))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// endpointOf asks for the endpoint of an asset.
func endpointOf(t *testing.T, h http.Handler, id int64, query string, headers ...string) ion.Endpoint {
	t.Helper()
	r := ask(h, "GET", fmt.Sprintf("/v1/assets/%d/endpoint%s", id, query), headers...)
	body := bodyOf(t, r)
	if r.StatusCode != http.StatusOK || r.Header.Get("Cache-Control") != "no-store" || r.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("asset %d: %d %s %s", id, r.StatusCode, r.Header, body)
	}
	if !bytes.Contains(body, []byte(`"attributions":[`)) {
		t.Errorf("asset %d: without an array of attributions CesiumJS draws no globe: %s", id, body)
	}
	var e ion.Endpoint
	if err := json.Unmarshal(body, &e); err != nil {
		t.Fatal(err)
	}
	return e
}

func TestEndpointsLeadToWhatTheNumbersStandFor(t *testing.T) {
	const host = "http://example.com"
	full, empty := New(newIonShelf(t), Options{Cesium: cesiumWithBase(t)}), New(shelf{}, Options{Cesium: cesiumWithBase(t)})
	chosen := New(newIonShelf(t), Options{Ion: ion.Choices{Assets: map[int64]string{2426648: "photo", 7: "alps"}}})
	for _, c := range []struct {
		name           string
		server         *Server
		id             int64
		kind, external string
		url            string
	}{
		{"world terrain", full, 1, "TERRAIN", "STK_TERRAIN_SERVER", host + "/terrain/alps/"},
		{"world bathymetry", full, 2426648, "TERRAIN", "STK_TERRAIN_SERVER", host + "/terrain/alps/"},
		{"world imagery", full, 2, "IMAGERY", "TMS", host + "/tms/photo/"},
		{"a picture of the picker", full, 3954, "IMAGERY", "TMS", host + "/tms/photo/"},
		{"terrain by its own number", full, ion.ID("alps"), "TERRAIN", "STK_TERRAIN_SERVER", host + "/terrain/alps/"},
		{"imagery by its own number", full, ion.ID("photo"), "IMAGERY", "TMS", host + "/tms/photo/"},
		{"the base of terrain", empty, 1, "TERRAIN", "STK_TERRAIN_SERVER", host + "/base/terrain/"},
		{"the base of imagery", empty, 4, "IMAGERY", "TMS", host + "/cesium/Assets/Textures/NaturalEarthII/"},
		{"as the operator says", chosen, 2426648, "IMAGERY", "TMS", host + "/tms/photo/"},
		{"a number of the operator's", chosen, 7, "TERRAIN", "STK_TERRAIN_SERVER", host + "/terrain/alps/"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := endpointOf(t, c.server, c.id, "")
			if e.Type != c.kind || e.ExternalType != c.external || e.Options == nil || e.Options.URL != c.url || e.URL != c.url {
				t.Errorf("%+v %+v", e, e.Options)
			}
		})
	}
	credits := []ion.Attribution{{HTML: "<b>maker</b>"}}
	if diff := cmp.Diff(credits, endpointOf(t, full, 2, "").Attributions); diff != "" {
		t.Errorf("credits (-want +got):\n%s", diff)
	}
}

func TestWhatAnEndpointNamesIsThere(t *testing.T) {
	for _, s := range []*Server{New(newIonShelf(t), Options{Cesium: cesiumWithBase(t)}), New(shelf{}, Options{Cesium: cesiumWithBase(t)})} {
		for id, file := range map[int64]string{1: "layer.json", 2: "tilemapresource.xml"} {
			if r := ask(s, "GET", endpointOf(t, s, id, "").URL+file); r.StatusCode != http.StatusOK {
				t.Errorf("asset %d: %d", id, r.StatusCode)
			}
		}
	}
}

func TestEndpointsInTheNormalFormAreForClientsThatKnowNoOther(t *testing.T) {
	auto, normal := New(newIonShelf(t), Options{}), New(newIonShelf(t), Options{Ion: ion.Choices{Form: ion.Normal}})
	for _, c := range []struct {
		server   *Server
		client   string
		external bool
	}{
		{auto, "X-Cesium-Client: CesiumJS", true}, {auto, "X-None: 1", true}, {auto, "X-Cesium-Client: Cesium For Unreal", false},
		{normal, "X-Cesium-Client: CesiumJS", false},
	} {
		e := endpointOf(t, c.server, 1, "?access_token=abc", c.client)
		if (e.ExternalType != "") != c.external || (e.Options != nil) != c.external || e.URL == "" || e.AccessToken != "abc" {
			t.Errorf("%s: %+v", c.client, e)
		}
	}
}

func TestTokensAreAcceptedInEveryWay(t *testing.T) {
	s := New(newIonShelf(t), Options{})
	for _, c := range []struct{ query, header, want string }{
		{"", "X-None: 1", "none"},
		{"?access_token=eyJ.e30.x-_", "X-None: 1", "eyJ.e30.x-_"},
		{"?token=abc", "X-None: 1", "abc"},
		{"", "Authorization: Bearer abc", "abc"},
		{"", "authorization: bearer abc", "abc"},
		{"", "Accept: application/json,*/*;access_token=abc", "abc"},
		{"", "Accept: */*;access_token=abc,text/plain", "abc"},
		{"", "Authorization: Basic abc", "none"},
		{"?access_token=%22%7D%3Cscript%3E", "X-None: 1", `"}<script>`},
	} {
		if got := endpointOf(t, s, 1, c.query, c.header).AccessToken; got != c.want {
			t.Errorf("%s %s: %q, want %q", c.query, c.header, got, c.want)
		}
	}
	for _, header := range []string{"Authorization: Bearer abc", "Accept: */*;access_token=abc"} {
		for _, path := range []string{"/terrain/alps/0/0/0.terrain", "/terrain/alps/layer.json?access_token=abc", "/tms/photo/0/0/0.png?token=abc"} {
			if r := ask(s, "GET", path, header); r.StatusCode != http.StatusOK {
				t.Errorf("%s %s: %d", path, header, r.StatusCode)
			}
		}
	}
}

func TestAddressesAreWhereTheClientSeesTheServer(t *testing.T) {
	base, _ := url.Parse("https://maps.example/t/")
	proxy := Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}} // httptest's peer is in it
	for _, c := range []struct {
		options Options
		headers []string
		want    string
	}{
		{Options{BaseURL: base}, nil, "https://maps.example/t/terrain/alps/"},
		{proxy, []string{"X-Forwarded-Proto: https", "X-Forwarded-Host: a.example", "X-Forwarded-Prefix: /x"}, "https://a.example/x/terrain/alps/"},
		{Options{}, []string{"X-Forwarded-Host: evil.example"}, "http://example.com/terrain/alps/"},
	} {
		if got := endpointOf(t, New(newIonShelf(t), c.options), 1, "", c.headers...).Options.URL; got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}

func TestUnknownAssetsAre404AsIonWordsIt(t *testing.T) {
	s := New(newIonShelf(t), Options{})
	for _, path := range []string{
		"/v1/assets/96188/endpoint?access_token=x", "/v1/assets/2275207/endpoint", "/v1/assets/5", "/v1/assets/abc", "/v1/assets/-1/endpoint",
		"/v1/assets/", "/v1/assets/1/x", "/v1/assets/99999999999999999999/endpoint", "/v1/assets/01/endpoint", "/v2/tokens/x", "/config.json",
	} {
		r := ask(s, "GET", path, "Origin: http://app.example")
		var fault ion.Fault
		if err := json.Unmarshal(bodyOf(t, r), &fault); err != nil || r.StatusCode != http.StatusNotFound || fault != ion.NotFound() ||
			r.Header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: %d %+v %v", path, r.StatusCode, fault, err)
		}
	}
	if r := ask(New(shelf{}, Options{}), "GET", "/v1/assets/2/endpoint"); r.StatusCode != http.StatusNotFound {
		t.Errorf("imagery without any and without CesiumJS: %d", r.StatusCode)
	}
}

func TestPreflightsOfIonClientsAreAllowed(t *testing.T) {
	s := New(newIonShelf(t), Options{})
	for _, path := range []string{
		"/v1/assets/1/endpoint", "/v1/assets", "/v1/me", "/terrain/alps/0/0/0.terrain", "/stk-terrain/world/layer.json", "/tms/photo/0/0/0.png",
	} {
		r := ask(s, "OPTIONS", path, "Origin: http://app.example", "Access-Control-Request-Method: GET",
			"Access-Control-Request-Headers: authorization,x-cesium-client,x-cesium-client-version")
		allowed := strings.Split(strings.ToLower(r.Header.Get("Access-Control-Allow-Headers")), ", ")
		for _, name := range []string{"authorization", "x-cesium-client", "x-cesium-client-version", "accept"} {
			if !slices.Contains(allowed, name) {
				t.Errorf("%s: %s is not allowed", path, name)
			}
		}
		for name, want := range map[string]string{
			"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS", "Access-Control-Max-Age": "86400",
		} {
			if got := r.Header.Get(name); got != want || r.StatusCode != http.StatusNoContent {
				t.Errorf("%s: %d, %s is %q", path, r.StatusCode, name, got)
			}
		}
	}
}

func TestListsAndDescriptionsOfAssets(t *testing.T) {
	s := New(newIonShelf(t), Options{})
	var list struct{ Items []ion.Document }
	if err := json.Unmarshal(bodyOf(t, ask(s, "GET", "/v1/assets?type=IMAGERY&status=COMPLETE")), &list); err != nil {
		t.Fatal(err)
	}
	want := ion.Document{
		ID: ion.ID("photo"), Type: "IMAGERY", Name: "photo", Description: "Dataset photo, version 3, levels 0 to 0.", Attribution: "<b>maker</b>", Bytes: 5,
		Status: "COMPLETE", PercentComplete: 100,
	}
	if len(list.Items) != 2 || list.Items[0].ID != 2 || list.Items[1] != want {
		t.Errorf("%+v", list.Items)
	}
	var one ion.Document
	if err := json.Unmarshal(bodyOf(t, ask(s, "GET", fmt.Sprintf("/v1/assets/%d", want.ID))), &one); err != nil || one != want {
		t.Errorf("%+v, %v", one, err)
	}
}

func TestWhatClientsOfIonAskAtStart(t *testing.T) {
	s := New(newIonShelf(t), Options{Title: "Maps"})
	for path, want := range map[string]string{
		"/v1/me":       `"username":"Maps","email":"","emailVerified":false`,
		"/v1/defaults": `"defaultAssets":{"imagery":2,"terrain":1}`,
		"/v1/tokens":   `{"items":[]}`, "/v2/tokens?limit=100&page=1": `{"items":[]}`,
		"/appData":   `"applicationMode":"single-user"`,
		"/v1/assets": `{"items":[{"id":1,"type":"TERRAIN","name":"World terrain: alps"`,
	} {
		r := ask(s, "GET", path, "Authorization: Bearer abc", "Accept: application/json")
		if body := bodyOf(t, r); r.StatusCode != http.StatusOK || !strings.Contains(string(body), want) {
			t.Errorf("%s: %d %s", path, r.StatusCode, body)
		}
	}
	secure, _ := url.Parse("https://maps.example/t/")
	r := ask(New(newShelf(), Options{BaseURL: secure}), "GET", "/config.json")
	if got := string(bodyOf(t, r)); got != `{"apiHostname":"maps.example/t"}`+"\n" {
		t.Errorf("config.json: %d %s", r.StatusCode, got)
	}
}

func TestTheBaseTerrainIsAValidGlobe(t *testing.T) {
	s := New(shelf{}, Options{})
	layer, err := terrain.ParseLayer(bodyOf(t, ask(s, "GET", "/base/terrain/layer.json")))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]terrain.LayerRange{{{EndX: 1}}}, layer.Available); diff != "" {
		t.Errorf("available (-want +got):\n%s", diff)
	}
	for _, x := range []uint32{0, 1} {
		path := fmt.Sprintf("/base/terrain/0/%d/0.terrain?v=1.0.0", x)
		r := ask(s, "GET", path, acceptAll)
		m, err := terrain.Decode(bytes.NewReader(bodyOf(t, r)))
		if err != nil {
			t.Fatalf("%s: %d, %v", path, r.StatusCode, err)
		}
		if err := m.ValidateAt(tilegrid.Geodetic.Bound(tilegrid.Coord{X: x})); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		if m.Min != 0 || m.Max != 0 || len(m.Normals) != len(m.Vertices) || !bytes.Equal(m.Water, []byte{0}) {
			t.Errorf("%s: heights %g to %g, %d normals of %d vertices, water %v",
				path, m.Min, m.Max, len(m.Normals), len(m.Vertices), m.Water)
		}
		if m, err := terrain.Decode(bytes.NewReader(bodyOf(t, ask(s, "GET", path)))); err != nil || m.Normals != nil || m.Water != nil {
			t.Errorf("%s: nothing was asked for beside the mesh: %v", path, err)
		}
	}
	for path, want := range map[string]int{
		"/base/terrain/1/0/0.terrain": 404, "/base/terrain/0/2/0.terrain": 404, "/base/terrain/x": 404, "/base/terrain/0/a/0.terrain": 400,
	} {
		if r := ask(s, "GET", path); r.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, r.StatusCode, want)
		}
	}
}

func TestADatasetThatWasJustPublishedHasItsNumber(t *testing.T) {
	books := newShelf()
	s := New(books, Options{})
	endpointOf(t, s, 1, "")
	fresh := *books["alps"]
	fresh.info.Name = "fresh"
	books["fresh"] = &fresh
	s.maps.services.asked = s.maps.services.asked.Add(-hasty)
	endpointOf(t, s, ion.ID("fresh"), "")
}
