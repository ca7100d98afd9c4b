package doctor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
)

// studio is a server of pictures with at most one fault. Every picture shows longitude as red and latitude as green.
type studio struct {
	xml, json, capabilities, matrices, endpoint string
	tile                                        func(http.ResponseWriter, *http.Request) bool // answers for a picture in its place
	side                                        int
	turned                                      bool // 1.3.0 takes EPSG:4326 as longitude, latitude
	shy                                         bool // no CORS
}

const (
	goodXML = `<?xml version="1.0"?><TileMap version="1.0.0"><SRS>EPSG:4326</SRS>
<BoundingBox minx="-180" miny="-90" maxx="180" maxy="90"/><TileFormat width="256" height="256" extension="png"/>
<TileSets profile="geodetic"><TileSet href="0" order="0"/><TileSet href="1" order="1"/></TileSets></TileMap>`
	goodJSON         = `{"tilejson":"3.0.0","tiles":["{z}/{x}/{y}.png"],"minzoom":0,"maxzoom":2,"bounds":[-180,-85,180,85]}`
	goodCapabilities = `<WMS_Capabilities version="1.3.0"><Capability><Layer><Layer><Name>photo</Name><EX_GeographicBoundingBox>
<westBoundLongitude>10</westBoundLongitude><eastBoundLongitude>20</eastBoundLongitude>
<southBoundLatitude>40</southBoundLatitude><northBoundLatitude>50</northBoundLatitude>
</EX_GeographicBoundingBox></Layer></Layer></Capability></WMS_Capabilities>`
	goodMatrices = `<Capabilities><Contents><Layer><Identifier>photo</Identifier><Format>image/png</Format>
<Style isDefault="true"><Identifier>default</Identifier></Style><TileMatrixSetLink><TileMatrixSet>geo</TileMatrixSet></TileMatrixSetLink></Layer>
<TileMatrixSet><Identifier>geo</Identifier><SupportedCRS>urn:ogc:def:crs:OGC:1.3:CRS84</SupportedCRS>
<TileMatrix><Identifier>0</Identifier><ScaleDenominator>279541132.0143589</ScaleDenominator>
<TileWidth>256</TileWidth><TileHeight>256</TileHeight><MatrixWidth>2</MatrixWidth><MatrixHeight>1</MatrixHeight></TileMatrix>
</TileMatrixSet></Contents></Capabilities>`
	goodEndpoint = `{"type":"IMAGERY","externalType":"TMS","options":{"url":"/set/"},"attributions":[]}`
)

func (s studio) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.shy {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Access-Control-Allow-Headers", "authorization, x-cesium-client, x-cesium-client-version")
	}
	w.Header().Set("Cache-Control", "max-age=60")
	q := r.URL.Query()
	document := map[string]string{
		"/set/tilemapresource.xml": s.xml, "/set/tilejson.json": s.json, "/v1/assets/2/endpoint": s.endpoint,
		"/wmsGetCapabilities": s.capabilities, "/wmtsGetCapabilities": s.matrices,
	}[r.URL.Path+q.Get("request")]
	switch {
	case document != "":
		fmt.Fprint(w, document)
	case s.tile != nil && s.tile(w, r):
	case q.Get("request") == "GetMap" && q.Get("layers") == "photo":
		w.Write(s.picture(s.box(r)))
	case q.Get("request") == "GetTile" && q.Get("tilematrix") != "no-such-matrix", strings.HasSuffix(r.URL.Path, ".png") &&
		!strings.Contains(r.URL.Path, "/5/"):
		w.Write(s.plain())
	default:
		http.Error(w, "nothing here", http.StatusNotFound)
	}
}

func (s studio) box(r *http.Request) orb.Bound {
	var v [4]float64
	fmt.Sscanf(r.URL.Query().Get("bbox"), "%g,%g,%g,%g", &v[0], &v[1], &v[2], &v[3])
	if r.URL.Query().Get("version") == "1.3.0" && r.URL.Query().Get("crs") == "EPSG:4326" && !s.turned {
		v = [4]float64{v[1], v[0], v[3], v[2]}
	}
	return orb.Bound{Min: orb.Point{v[0], v[1]}, Max: orb.Point{v[2], v[3]}}
}

// plain is a picture of one colour.
func (s studio) plain() []byte {
	var out bytes.Buffer
	png.Encode(&out, image.NewPaletted(image.Rect(0, 0, s.width(), s.width()), color.Palette{color.White}))
	return out.Bytes()
}

func (s studio) width() int {
	if s.side > 0 {
		return s.side
	}
	return 256
}

func (s studio) picture(b orb.Bound) []byte {
	side := s.width()
	m := image.NewNRGBA(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			lon := b.Min[0] + (b.Max[0]-b.Min[0])*float64(x)/float64(side)
			lat := b.Max[1] - (b.Max[1]-b.Min[1])*float64(y)/float64(side)
			m.SetNRGBA(x, y, color.NRGBA{uint8(math.Mod(lon*5+1000, 256)), uint8(math.Mod(lat*5+1000, 256)), 90, 255})
		}
	}
	var out bytes.Buffer
	png.Encode(&out, m)
	return out.Bytes()
}

func sound() studio {
	return studio{xml: goodXML, json: goodJSON, capabilities: goodCapabilities, matrices: goodMatrices, endpoint: goodEndpoint}
}

func look(t *testing.T, s studio, path string, o Options) Report {
	t.Helper()
	server := httptest.NewServer(s)
	defer server.Close()
	o.Tiles = 8
	r, err := Examine(context.Background(), server.URL+path, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func severityOf(r Report, check string) Severity {
	for _, f := range r.Findings {
		if f.Check == check {
			return f.Severity
		}
	}
	return ""
}

const (
	tmsPath, jsonPath, wmsPath, wmtsPath, ionPath = "/set/tilemapresource.xml", "/set/tilejson.json", "/wms?layers=photo&format=image/png",
		"/wmts", "/v1/assets/2/endpoint"
)

func TestSoundServersOfPicturesHaveNoFault(t *testing.T) {
	for _, path := range []string{tmsPath, "/set", "/set/{z}/{x}/{y}.png", jsonPath, wmsPath, wmtsPath, ionPath} {
		r := look(t, sound(), path, Options{})
		if !r.OK() || r.Count(Warning) > 0 || r.Count(OK) < 10 || len(r.Subjects) == 0 || r.Subjects[len(r.Subjects)-1].Tiles == 0 {
			t.Errorf("%s: %+v", path, r)
		}
	}
}

// pictureCase is one deliberate fault of a server of pictures.
type pictureCase struct {
	name, path, check string
	severity          Severity
	damage            func(*studio)
}

func pictureCases() []pictureCase {
	always := func(status int, body string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(status)
			fmt.Fprint(w, body)
			return true
		}
	}
	swap := func(from, to string) func(*studio) {
		return func(s *studio) {
			for _, text := range []*string{&s.xml, &s.json, &s.capabilities, &s.matrices, &s.endpoint} {
				*text = strings.ReplaceAll(*text, from, to)
			}
		}
	}
	return []pictureCase{
		{"no tilemapresource.xml", tmsPath, "tms.status", Fault, func(s *studio) { s.xml = "" }},
		{"not XML", tmsPath, "tms.xml", Fault, func(s *studio) { s.xml = "<TileMap><" }},
		{"another document", tmsPath, "tms.xml", Fault, func(s *studio) { s.xml = "<html></html>" }},
		{"a comment before the root", tmsPath, "tms.comment", Fault, func(s *studio) { s.xml = "<!-- made by hand -->" + s.xml }},
		{"no extension", tmsPath, "tms.format", Fault, swap(`extension="png"`, "")},
		{"no box", tmsPath, "tms.box", Fault, swap(`minx="-180"`, "")},
		{"degrees in a profile of metres", tmsPath, "tms.box", Fault, swap(`profile="geodetic"`, `profile="global-mercator"`)},
		{"metres in a profile of degrees", tmsPath, "tms.box", Fault, swap(`maxx="180"`, `maxx="20037508"`)},
		{"a profile that is none", tmsPath, "tms.profile", Fault, swap(`"geodetic"`, `"local"`)},
		{"no levels", tmsPath, "tms.levels", Fault, swap("TileSet href", "Level href")},
		{"levels from 4", tmsPath, "tms.minlevel", Warning, swap(`order="0"/><TileSet href="1" order="1"`, `order="4"`)},
		{"tiles of 512 pixels", tmsPath, "picture.size", Fault, func(s *studio) { s.side = 512 }},
		{"text for tiles", tmsPath, "picture.type", Fault, func(s *studio) { s.tile = always(200, "no tile for you") }},
		{"204 for tiles", tmsPath, "picture.nocontent", Warning, func(s *studio) { s.tile = always(204, "") }},
		{"404 for tiles", tmsPath, "picture.missing", Fault, func(s *studio) { s.tile = always(404, "") }},
		{"404 for the root", tmsPath, "picture.root", Warning, func(s *studio) { s.tile = always(404, "") }},
		{"no CORS", tmsPath, "cors.missing", Fault, func(s *studio) { s.shy = true }},
		{"TileJSON without tiles", jsonPath, "tilejson.json", Fault, swap(`"tiles"`, `"urls"`)},
		{"a template without row", jsonPath, "xyz.template", Fault, swap("{y}", "0")},
		{"no maxzoom", jsonPath, "tilejson.levels", Warning, swap(`"maxzoom":2,`, "")},
		{"levels the wrong way round", jsonPath, "tilejson.levels", Warning, swap(`"minzoom":0`, `"minzoom":9`)},
		{"bounds latitude first", jsonPath, "tilejson.bounds", Note, swap("[-180,-85,180,85]", "[-85,-180,85,180]")},
		{"a template without column", "/set/{z}/{y}.png", "xyz.template", Fault, func(*studio) {}},
		{"no capabilities", wmsPath, "wms.capabilities", Warning, func(s *studio) { s.capabilities = "<html></html>" }},
		{"another layer", "/wms?layers=other", "wms.map", Fault, func(*studio) {}},
		{"an exception with 200", wmsPath, "wms.map", Fault, func(s *studio) { s.tile = always(200, "<ServiceException/>") }},
		{"axes turned", wmsPath, "wms.axis", Fault, func(s *studio) { s.turned = true }},
		{"no capabilities of tiles", wmtsPath, "wmts.capabilities", Warning, func(s *studio) { s.matrices = "<html></html>" }},
		{"a geographic set of one root", wmtsPath, "wmts.level", Fault, func(s *studio) {
			swap("279541132.0143589", "559082264.0287178")(s)
			swap("<MatrixWidth>2<", "<MatrixWidth>1<")(s)
		}},
		{"names for matrices", wmtsPath, "wmts.labels", Warning, swap("<TileMatrix><Identifier>0<", "<TileMatrix><Identifier>EPSG:4326:0<")},
		{"no set", wmtsPath, "wmts.tile", Fault, swap("<TileMatrixSetLink><TileMatrixSet>geo<", "<TileMatrixSetLink><TileMatrixSet>other<")},
		{"no endpoint", ionPath, "ion.status", Fault, func(s *studio) { s.endpoint = "" }},
		{"no JSON of an endpoint", ionPath, "ion.json", Fault, func(s *studio) { s.endpoint = "no" }},
		{"no attributions", ionPath, "ion.attributions", Fault, swap(`,"attributions":[]`, "")},
		{"another type", ionPath, "ion.type", Fault, swap(`"IMAGERY"`, `"3DTILES"`)},
		{"an external type that is none", ionPath, "ion.external", Fault, swap(`"externalType":"TMS"`, `"externalType":"FTP"`)},
		{"no url", ionPath, "ion.url", Fault, swap(`"url":"/set/"`, `"href":"/set/"`)},
		{"an asset on another host", ionPath, "net.host", Warning, swap(`"/set/"`, `"https://elsewhere.example/set/"`)},
		{"the normal kind", ionPath, "ion.kind", Note, swap(`"externalType":"TMS","options":{"url":"/set/"}`, `"url":"/set/","accessToken":"t"`)},
		{"the normal kind without a token", ionPath, "ion.token", Fault, swap(`"externalType":"TMS","options":{"url":"/set/"}`, `"url":"/set/"`)},
	}
}

func TestFaultsOfServersOfPicturesAreNamed(t *testing.T) {
	for _, c := range pictureCases() {
		s := sound()
		c.damage(&s)
		if got := severityOf(look(t, sound(), c.path, Options{}), c.check); got == c.severity && c.path != "/wms?layers=other" &&
			!strings.Contains(c.path, "{") {
			t.Errorf("%s: %s is found on the sound server too", c.name, c.check)
		}
		r := look(t, s, c.path, Options{})
		if got := severityOf(r, c.check); got != c.severity {
			t.Errorf("%s: %s is %q, want %q: %+v", c.name, c.check, got, c.severity, r.Findings)
		}
	}
}

func TestNoOtherHostIsAsked(t *testing.T) {
	asked := 0
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer other.Close()
	elsewhere := strings.Replace(other.URL, "127.0.0.1", "localhost", 1)
	s := sound()
	s.tile = func(w http.ResponseWriter, r *http.Request) bool {
		http.Redirect(w, r, elsewhere+"/x.png", http.StatusFound)
		return true
	}
	s.endpoint = strings.Replace(s.endpoint, "/set/", elsewhere+"/set/", 1)
	for path, check := range map[string]string{tmsPath: "net.redirect", ionPath: "net.host"} {
		if r := look(t, s, path, Options{}); severityOf(r, check) == OK || severityOf(r, check) == "" {
			t.Errorf("%s: %s is %q", path, check, severityOf(r, check))
		}
	}
	if asked > 0 {
		t.Errorf("%d requests to another host", asked)
	}
}

func TestWhatCannotBeAskedIsAnError(t *testing.T) {
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	for address, want := range map[string]error{"alps": ErrAddress, "ftp://127.0.0.1/": ErrAddress, "http://": ErrAddress, closed.URL: ErrUnreached} {
		if _, err := Examine(context.Background(), address, Options{}); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", address, err, want)
		}
	}
	if r := look(t, sound(), "/5/nothing", Options{}); severityOf(r, "net.address") != Fault {
		t.Errorf("nothing there: %+v", r.Findings)
	}
}

func TestAServerThatFallsSilentIsLeft(t *testing.T) {
	s, asked := sound(), 0
	s.tile = func(_ http.ResponseWriter, r *http.Request) bool { asked++; <-r.Context().Done(); return true }
	r := look(t, s, tmsPath, Options{Timeout: 50 * time.Millisecond})
	if severityOf(r, "net.lost") != Fault || asked > 6 {
		t.Errorf("%d requests, %+v", asked, r.Findings)
	}
}

func TestAServerWhoseAnswersDripIsLeft(t *testing.T) {
	s, asked := sound(), 0
	s.tile = func(w http.ResponseWriter, r *http.Request) bool {
		asked++
		w.Write([]byte("\x89PNG"))
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		return true
	}
	r := look(t, s, tmsPath, Options{Timeout: 50 * time.Millisecond})
	if severityOf(r, "net.lost") != Fault || asked > 6 {
		t.Errorf("%d requests, %+v", asked, r.Findings)
	}
}

func TestWhoIsNotLetInIsToldSo(t *testing.T) {
	for _, status := range []int{401, 403} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Access-Control-Allow-Origin", "*")
			w.WriteHeader(status)
		}))
		for _, path := range []string{"/terrain/alps/", "/terrain/alps/layer.json", tmsPath, jsonPath, wmsPath, wmtsPath, ionPath} {
			r, err := Examine(t.Context(), server.URL+path, Options{Token: "old"})
			if err != nil || r.Findings[0].Check != "net.token" || !strings.Contains(r.Findings[0].Found, "is not taken") {
				t.Errorf("%d %s: %v %+v", status, path, err, r.Findings)
			}
			for _, check := range []string{"net.address", "layer.status", "tms.status", "wms.capabilities", "wmts.capabilities", "tilejson.json"} {
				if severityOf(r, check) == Fault {
					t.Errorf("%d %s: %s too", status, path, check)
				}
			}
		}
		server.Close()
	}
	if r := look(t, sound(), "/5/nothing", Options{}); severityOf(r, "net.token") == Fault {
		t.Errorf("nothing there: %+v", r.Findings)
	}
}

func TestAPageOfTheSameOriginNeedsNoCORS(t *testing.T) {
	s := sound()
	s.shy = true
	server := httptest.NewServer(s)
	defer server.Close()
	r, err := Examine(t.Context(), server.URL+tmsPath, Options{Origin: server.URL + "/"})
	if err != nil || !r.OK() || severityOf(r, "cors.missing") != "" {
		t.Errorf("%v, %+v", err, r.Findings)
	}
}

func TestACertificateThatBrowsersRefuseIsAFault(t *testing.T) {
	server := httptest.NewTLSServer(sound())
	defer server.Close()
	server.Config.ErrorLog = nil
	r, err := Examine(context.Background(), server.URL+tmsPath, Options{})
	if err != nil || severityOf(r, "net.tls") != Fault {
		t.Errorf("%v, %+v", err, r.Findings)
	}
}

func TestSecretsAreNotShown(t *testing.T) {
	var got []string
	s := sound()
	s.tile = func(_ http.ResponseWriter, r *http.Request) bool {
		got = append(got, r.Header.Get("Authorization")+r.Header.Get("X-Key"))
		return false
	}
	r := look(t, s, "/set/tilemapresource.xml?access_token=topsecret", Options{Token: "topsecret", Header: http.Header{"x-key": {"topsecret"}}})
	if text := fmt.Sprintf("%+v", r); strings.Contains(text, "topsecret") {
		t.Errorf("the token is in %s", text)
	}
	s.tile = func(w http.ResponseWriter, r *http.Request) bool {
		http.Redirect(w, r, "http://me:topsecret@other.example/x.png?"+r.URL.RawQuery, http.StatusFound)
		return true
	}
	r = look(t, s, tmsPath+"?access_token=topsecret", Options{})
	if text := fmt.Sprintf("%+v", r); strings.Contains(text, "topsecret") || !strings.Contains(text, "other.example/x.png") {
		t.Errorf("the token is in what is sent on: %s", text)
	}
	s.capabilities = ""
	s.tile = func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Content-Type", "text/plain; for="+r.Header.Get("X-Key"))
		fmt.Fprintf(w, "unknown token %s in %s", r.Header.Get("Authorization"), r.URL)
		return true
	}
	r = look(t, s, "/wms?layers=photo&access_token=top+secret", Options{Token: "topsecret", Header: http.Header{"X-Key": {"topsecret"}}})
	if text := fmt.Sprintf("%+v", r); strings.Contains(text, "secret") || !strings.Contains(text, "unknown token") {
		t.Errorf("the token is in what the server repeats: %s", text)
	}
	if len(got) == 0 || got[0] != "Bearer topsecrettopsecret" {
		t.Errorf("sent %q", got)
	}
}

func TestEveryRuleSaysWhatToDo(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Rules() {
		if r.Rule == "" || r.See == "" || r.Change == "" || seen[r.Check] || rank(r.Severity) < 0 || r.Severity == OK {
			t.Errorf("%+v", r)
		}
		seen[r.Check] = true
	}
}
