package server

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// TestATokenThatCameByURLGoesOn: whoever follows the addresses of a document needs nothing else.
func TestATokenThatCameByURLGoesOn(t *testing.T) {
	s, b := newGuarded(t, Options{})
	for _, path := range []string{
		"/datasets", "/datasets/slope", "/datasets/slope/metadata.xml", "/imagery/slope/tilejson.json", "/imagery/slope/tilejson.json?style=slope",
		"/tms/", "/tms/slope/tilemapresource.xml", "/rgb/slope/tilejson.json", "/terrarium/slope/tilejson.json", "/v1/assets/1/endpoint",
		"/wms?service=WMS&request=GetCapabilities&version=1.1.1", "/wms?service=WMS&request=GetCapabilities&version=1.3.0",
		"/wmts?service=WMTS&request=GetCapabilities", "/wmts/1.0.0/WMTSCapabilities.xml",
	} {
		plain := bodyOf(t, ask(s, "GET", path, bearer(b.slope)))
		if bytes.Contains(plain, []byte(b.slope)) != strings.HasPrefix(path, "/v1/") {
			t.Errorf("%s: a token that came by header is handed on: %s", path, plain)
		}
		got := ask(s, "GET", withToken(path, b.slope))
		body := bodyOf(t, got)
		if got.StatusCode != 200 || got.Header.Get("Cache-Control") != "private, no-store" || got.Header.Get("Etag") != "" {
			t.Errorf("%s: %d %v", path, got.StatusCode, got.Header)
		}
		checkForm(t, path, body)
		for _, address := range addresses(body) {
			u, err := url.Parse(strings.ReplaceAll(strings.ReplaceAll(address, "&amp;", "&"), `\u0026`, "&"))
			if err != nil {
				t.Errorf("%s holds %s: %v", path, address, err)
				continue
			}
			if tokens := u.Query()["access_token"]; takesToken(u.Path) && (len(tokens) != 1 || tokens[0] != b.slope) {
				t.Errorf("%s holds %s", path, address)
			}
		}
		if again := bodyOf(t, ask(s, "GET", path, bearer(b.slope))); !bytes.Equal(again, plain) && !strings.HasPrefix(path, "/wms") {
			t.Errorf("%s: the next answer is another", path)
		} else if bytes.Contains(again, []byte(b.slope)) && !strings.HasPrefix(path, "/v1/") {
			t.Errorf("%s: the token was kept for others", path)
		}
		if other := bodyOf(t, ask(s, "GET", withToken(path, b.every))); bytes.Contains(other, []byte(b.slope)) {
			t.Errorf("%s: the token was kept for another", path)
		}
	}
}

// addresses finds those of the test's host.
func addresses(document []byte) []string {
	return regexp.MustCompile(`http://example\.com(?:\\u0026|[^"'<>\s,\x60)\\])*`).FindAllString(string(document), -1)
}

// checkForm: what was JSON or XML is so still.
func checkForm(t *testing.T, path string, body []byte) {
	t.Helper()
	if body[0] != '<' {
		if !json.Valid(body) {
			t.Errorf("%s is no JSON: %s", path, body)
		}
		return
	}
	for d := xml.NewDecoder(bytes.NewReader(body)); ; {
		if _, err := d.Token(); err == io.EOF {
			return
		} else if err != nil {
			t.Fatalf("%s is no XML: %v", path, err)
		}
	}
}

func TestALayerHandsTheTokenOnToItsTiles(t *testing.T) {
	s, b := newGuarded(t, Options{})
	for _, path := range []string{
		"/terrain/slope/layer.json", "/terrain/slope@1/layer.json", "/heightmap/slope/layer.json", "/stk-terrain/slope/layer.json",
	} {
		tiles := func(r *http.Response) string {
			var l struct{ Tiles []string }
			if err := json.Unmarshal(bodyOf(t, r), &l); err != nil || len(l.Tiles) != 1 {
				t.Fatalf("%s: %v, %v", path, l, err)
			}
			return l.Tiles[0]
		}
		if got := tiles(ask(s, "GET", path, bearer(b.slope))); strings.Contains(got, "token") {
			t.Errorf("%s by header: %s", path, got)
		}
		if got := tiles(ask(s, "GET", path, "Accept: */*;access_token="+b.slope)); strings.Contains(got, "token") {
			t.Errorf("%s by Accept: %s", path, got)
		}
		r := ask(s, "GET", path+"?access_token="+b.slope)
		if control := r.Header.Get("Cache-Control"); control != "private, no-store" || r.Header.Get("Etag") != "" {
			t.Errorf("%s: Cache-Control %q, ETag %q", path, control, r.Header.Get("Etag"))
		}
		template := tiles(r)
		tile := path[:strings.LastIndexByte(path, '/')+1] + strings.NewReplacer("{z}", "0", "{x}", "0", "{y}", "0", "{version}", "1.1.0").Replace(template)
		if got := ask(s, "GET", tile); got.StatusCode != 200 {
			t.Errorf("%s: %d", tile, got.StatusCode)
		}
		if got := tiles(ask(s, "GET", path, bearer(b.every))); strings.Contains(got, "token") {
			t.Errorf("%s: the token was kept: %s", path, got)
		}
	}
	if got := ask(s, "GET", "/terrain/slope?access_token="+b.slope).Header.Get("Location"); got != "slope/layer.json?access_token="+b.slope {
		t.Errorf("the redirect to layer.json: %s", got)
	}
	h := ask(s, "GET", "/viewer/?access_token="+b.slope).Header
	if h.Get("Location") != "../viewer?access_token="+b.slope || h.Get("Cache-Control") != "private, no-store" {
		t.Errorf("the redirect to the viewer: %v", h)
	}
}

func TestIonHandsTheTokenOnHoweverItCame(t *testing.T) {
	s, b := newGuarded(t, Options{})
	for name, headers := range map[string][]string{
		"header": {bearer(b.slope)}, "Accept": {"Accept: */*;access_token=" + b.slope}, "URL": nil,
		"header of Unreal": {bearer(b.slope), "X-Cesium-Client: Cesium For Unreal"},
	} {
		path := "/v1/assets/1/endpoint"
		if headers == nil {
			path += "?access_token=" + b.slope
		}
		var e struct {
			URL, AccessToken string
			Options          *struct{ URL string }
		}
		r := ask(s, "GET", path, headers...)
		err := json.Unmarshal(bodyOf(t, r), &e)
		if err != nil || e.AccessToken != b.slope || !strings.HasSuffix(r.Header.Get("Cache-Control"), "no-store") {
			t.Errorf("%s: %+v, %v, %v", name, e, err, r.Header)
		}
		want := "http://example.com/terrain/slope/?access_token=" + b.slope
		if e.URL != want || e.Options != nil && e.Options.URL != want {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

func TestAddressesTakeATokenWhereverTheirPathEnds(t *testing.T) {
	for text, want := range map[string]string{
		`"http://h/t/datasets/a"`:                   `"http://h/t/datasets/a?access_token=T"`,
		`"http://h/t/wms?service=WMS\u0026x=1"`:     `"http://h/t/wms?access_token=T&service=WMS\u0026x=1"`,
		`"http://h/t/viewer#dataset=a"`:             `"http://h/t/viewer?access_token=T#dataset=a"`,
		`"http://h/t/imagery/a/{z}/{x}/{y}.png"`:    `"http://h/t/imagery/a/{z}/{x}/{y}.png?access_token=T"`,
		`url: 'http://h/t/terrain/a/',\n`:           `url: 'http://h/t/terrain/a/?access_token=T',\n`,
		"`http://h/t/rgb/${x}.png`":                 "`http://h/t/rgb/${x}.png?access_token=T`",
		`curl \"http://h/t/height/a?lon=1\"`:        `curl \"http://h/t/height/a?access_token=T&lon=1\"`,
		`<a href="http://h/t/wmts?"/>`:              `<a href="http://h/t/wmts?access_token=T&amp;"/>`,
		`<a>http://h/t/wms?x=1&amp;y=2</a>`:         `<a>http://h/t/wms?access_token=T&amp;x=1&amp;y=2</a>`,
		`"http://h/t/tms/a/tilemapresource.xml"`:    `"http://h/t/tms/a/tilemapresource.xml?access_token=T"`,
		`"http://h/t/tms/a/7"`:                      `"http://h/t/tms/a/7"`,
		`"http://h/t/cesium/Assets/x"`:              `"http://h/t/cesium/Assets/x"`,
		`Ion.defaultServer = 'http://h/t/';`:        `Ion.defaultServer = 'http://h/t/';`,
		`"http://h/t"`:                              `"http://h/t"`,
		`"http://h/tx/a"`:                           `"http://h/tx/a"`,
		`"http://other/t/datasets/a"`:               `"http://other/t/datasets/a"`,
		`"http://h/t/terrain/a/?access_token=T"`:    `"http://h/t/terrain/a/?access_token=T"`,
		`"http://h/t/a/1.png","http://h/t/b/1.png"`: `"http://h/t/a/1.png?access_token=T","http://h/t/b/1.png?access_token=T"`,
		"":                      "",
		`http://h/t/at/the/end`: `http://h/t/at/the/end?access_token=T`,
	} {
		if got := string(handOnAll([]byte(text), "http://h/t", "T")); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}
