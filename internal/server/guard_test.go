package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/terrane/terrane/internal/access"
	"github.com/terrane/terrane/tilestore"
)

// bearers are tokens of all kinds.
type bearers struct {
	slope, photo, every, admin, slopeAdmin, nothing, expired string
	file                                                     string
}

// newBearers makes a file of tokens and a gate over it.
func newBearers(t testing.TB) (*access.Gate, bearers) {
	t.Helper()
	b := bearers{file: filepath.Join(t.TempDir(), access.FileName)}
	create := func(token access.Token) string {
		secret, _, err := access.Create(b.file, token)
		if err != nil {
			t.Fatal(err)
		}
		return secret
	}
	read, admin := []string{access.ScopeRead}, []string{access.ScopeAdmin}
	b.slope = create(access.Token{Datasets: []string{"slope"}, Scopes: read})
	b.photo = create(access.Token{Datasets: []string{"photo"}, Scopes: read})
	b.every = create(access.Token{Datasets: []string{access.Every}, Scopes: read})
	b.admin = create(access.Token{Datasets: []string{access.Every}, Scopes: admin})
	b.slopeAdmin = create(access.Token{Datasets: []string{"slope"}, Scopes: admin})
	b.nothing = create(access.Token{Datasets: []string{access.Every}})
	b.expired = create(access.Token{Datasets: []string{access.Every}, Scopes: admin, Expires: time.Now().Add(-time.Minute)})
	gate, err := access.Open(access.Options{Tokens: b.file})
	if err != nil {
		t.Fatal(err)
	}
	return gate, b
}

// newGuarded is the gallery behind a guard.
func newGuarded(t testing.TB, o Options) (*Server, bearers) {
	t.Helper()
	gate, b := newBearers(t)
	o.Access = gate
	s, _ := newGallery(t, o)
	return s, b
}

func bearer(token string) string { return "Authorization: Bearer " + token }

// sampleOf is an address that a route answers, or one that only its handler can refuse.
func sampleOf(path string) string {
	if own, ok := map[string]string{
		"/terrain/*": "/terrain/slope/layer.json", "/imagery/*": "/imagery/slope/tilejson.json", "/tms/*": "/tms/slope/tilemapresource.xml",
		"/wmts": "/wmts?service=WMTS&request=GetCapabilities", "/wmts/*": "/wmts/1.0.0/WMTSCapabilities.xml",
		"/wms":      "/wms?service=WMS&request=GetCapabilities",
		"/height/*": "/height/slope?lon=10.5&lat=47.5", "/profile/*": "/profile/slope?line=10,47;11,48", "/heightmap/*": "/heightmap/slope/layer.json",
		"/rgb/*": "/rgb/slope/tilejson.json", "/terrarium/*": "/terrarium/slope/tilejson.json", "/datasets/*": "/datasets/slope",
		"/v1/geocode/search": "/v1/geocode/search?text=hol", "/v1/geocode/autocomplete": "/v1/geocode/autocomplete?text=holed",
	}[path]; ok {
		return own
	}
	return strings.ReplaceAll(path, "*", "slope")
}

// TestWhatIsOpenToAll is the list of what tells nothing of the data. A route that is to be added to it has to be added here as well.
func TestWhatIsOpenToAll(t *testing.T) {
	var open []string
	for _, r := range New(newShelf(), Options{}).routes() {
		if r.gate == forAll {
			open = append(open, r.path)
		}
	}
	want := []string{"/", "/appData", "/assets/*", "/base/terrain/*", "/cesium/*", "/config.json",
		"/healthz", "/inspect", "/inspect/", "/readyz", "/version", "/viewer", "/viewer/"}
	if slices.Sort(open); !slices.Equal(open, want) {
		t.Errorf("open to all is %q, want %q", open, want)
	}
}

func TestEveryRouteAsksForWhatItsGateSays(t *testing.T) {
	s, b := newGuarded(t, Options{Pages: fstest.MapFS{}, Admin: new(clerk), UploadBytes: 1 << 20})
	kinds := []struct {
		name, token string
		want        map[gate]int // refused with; 0: let in
	}{
		{"no token", "", map[gate]int{forReaders: 401, forLocals: 401, forAdmins: 401}},
		{"an unknown token", "trn_" + strings.Repeat("a", 43), map[gate]int{forReaders: 401, forLocals: 401, forAdmins: 401}},
		{"an expired token", b.expired, map[gate]int{forReaders: 401, forLocals: 401, forAdmins: 401}},
		{"a token without scopes", b.nothing, map[gate]int{forReaders: 403, forLocals: 403, forAdmins: 403}},
		{"a reader", b.every, map[gate]int{forLocals: 403, forAdmins: 403}},
		{"an administrator", b.admin, map[gate]int{}},
	}
	for _, r := range s.routes() {
		for method := range r.methods() {
			for _, k := range kinds {
				var headers []string
				if k.token != "" {
					headers = []string{bearer(k.token)}
				}
				got := ask(s, method, sampleOf(r.path), headers...)
				want := k.want[r.gate]
				if refused := got.StatusCode == 401 || got.StatusCode == 403; refused != (want != 0) || refused && got.StatusCode != want {
					t.Errorf("%s %s with %s: %d, refusal due: %d", method, r.path, k.name, got.StatusCode, want)
				}
				if challenged := strings.HasPrefix(got.Header.Get("WWW-Authenticate"), "Bearer"); challenged != (want != 0) {
					t.Errorf("%s %s with %s: WWW-Authenticate %q", method, r.path, k.name, got.Header.Get("WWW-Authenticate"))
				}
				if got.Header.Get("Access-Control-Allow-Origin") != "*" {
					t.Errorf("%s %s with %s: no CORS", method, r.path, k.name)
				}
			}
		}
		got := ask(s, "OPTIONS", sampleOf(r.path))
		if allowed := got.Header.Get("Access-Control-Allow-Headers"); got.StatusCode != 204 || !strings.Contains(allowed, "Authorization") {
			t.Errorf("OPTIONS %s: %d, %q", r.path, got.StatusCode, allowed)
		}
	}
}

func TestAnswersToReadersAreTheirs(t *testing.T) {
	s, b := newGuarded(t, Options{})
	for _, r := range s.routes() {
		if r.gate != forReaders {
			continue
		}
		got := ask(s, "GET", sampleOf(r.path), bearer(b.every))
		control, vary := got.Header.Get("Cache-Control"), strings.Join(got.Header.Values("Vary"), ", ")
		if strings.Contains(control, "public") || control == "" || !strings.Contains(vary, "Authorization") || !strings.Contains(vary, "Accept") {
			t.Errorf("%s: %d, Cache-Control %q, Vary %q", r.path, got.StatusCode, control, vary)
		}
		if got.Header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: Referrer-Policy %q", r.path, got.Header.Get("Referrer-Policy"))
		}
	}
}

func TestRefusalsReachTheOriginsThatAreListed(t *testing.T) {
	gate, _ := newBearers(t)
	s := New(newShelf(), Options{Access: gate, CORS: []string{"https://app.example"}})
	for origin, want := range map[string]string{"https://app.example": "https://app.example", "https://evil.example": ""} {
		for _, method := range []string{"GET", "OPTIONS"} {
			got := ask(s, method, "/terrain/alps/layer.json", "Origin: "+origin, "Authorization: Bearer wrong")
			h := got.Header
			if h.Get("Access-Control-Allow-Origin") != want || h.Get("Access-Control-Allow-Credentials") != "" || !strings.Contains(h.Get("Vary"), "Origin") {
				t.Errorf("%s from %s: %d %v", method, origin, got.StatusCode, h)
			}
		}
	}
}

func TestATokenIsForItsDatasetsOnly(t *testing.T) {
	s, b := newGuarded(t, Options{})
	for _, path := range []string{
		"/terrain/slope/layer.json", "/terrain/slope@1/layer.json", "/terrain/slope/0/0/0.terrain", "/terrain/slope@1/0/0/0.terrain", "/terrain/slope",
		"/terrain/slope/", "/imagery/slope/tilejson.json", "/imagery/slope/0/0/0.png", "/imagery/slope@1/0/0/0.png?style=slope",
		"/tms/slope/tilemapresource.xml", "/tms/slope/0/0/0.png", "/height/slope?lon=10.5&lat=47.5", "/profile/slope?line=10,47;11,48",
		"/heightmap/slope/layer.json", "/heightmap/slope/0/0/0.terrain", "/rgb/slope/tilejson.json", "/rgb/slope/0/0/0.png", "/terrarium/slope/0/0/0.png",
		"/datasets/slope", "/datasets/slope@1", "/datasets/slope/metadata.xml", "/datasets/slope/thumbnail.png",
		"/wmts/1.0.0/slope/hillshade/WebMercatorQuad/0/0/0.png",
		"/wmts?service=WMTS&request=GetTile&version=1.0.0&layer=slope&style=hillshade&tilematrixset=WebMercatorQuad&tilematrix=0" +
			"&tilerow=0&tilecol=0&format=image/png",
		"/wms?service=WMS&version=1.1.1&request=GetMap&layers=slope&styles=&srs=EPSG:4326&bbox=10,47,11,48&width=9&height=9&format=image/png",
		"/wms?service=WMS&version=1.1.1&request=GetMap&LAYERS=photo,slope&styles=,&srs=EPSG:4326&bbox=10,47,11,48&width=9&height=9&format=image/png",
		"/wms?service=WMS&version=1.1.1&request=GetFeatureInfo&layers=photo&query_layers=slope&styles=&srs=EPSG:4326" +
			"&bbox=10,47,11,48&width=9&height=9&x=1&y=1&info_format=application/json",
		"/wms?service=WMS&version=1.3.0&request=GetLegendGraphic&format=image/png&layer=slope&style=hillshade",
		"/stk-terrain/slope/layer.json", "/stk-terrain/v1/tilesets/slope/tiles/0/0/0.terrain",
	} {
		for name, c := range map[string]struct {
			token string
			ok    bool
		}{"of slope": {b.slope, true}, "of all": {b.every, true}, "of photo": {b.photo, false}} {
			ours := c.token == b.slope && strings.Contains(path, "photo")
			got := ask(s, "GET", path, bearer(c.token))
			if refused := got.StatusCode == 403; refused != (!c.ok || ours) {
				t.Errorf("%.90s with a token %s: %d %.100s", path, name, got.StatusCode, bodyOf(t, got))
			}
			if body := bodyOf(t, got); !c.ok && bytes.Contains(body, []byte("slope")) {
				t.Errorf("%.90s: the refusal names the dataset: %s", path, body)
			}
		}
	}
}

// TestListsShowWhatATokenIsFor: a dataset that is not for somebody is not there, wherever it is told of.
func TestListsShowWhatATokenIsFor(t *testing.T) {
	s, b := newGuarded(t, Options{})
	for range 2 { // the second time out of what is kept
		for _, r := range s.routes() {
			if r.gate != forReaders || strings.Contains(sampleOf(r.path), "slope") {
				continue
			}
			for token, names := range map[string][2]string{b.photo: {"photo", "holed"}, b.slope: {"slope", "holed"}} {
				got := ask(s, "GET", sampleOf(r.path), bearer(token))
				body := string(bodyOf(t, got))
				if strings.Contains(body, names[1]) {
					t.Errorf("%s tells who may read %s of %s", r.path, names[0], names[1])
				}
			}
		}
		for path, form := range map[string]string{
			"/datasets": `"name":"%s"`, "/wms?service=WMS&request=GetCapabilities": "<Name>%s</Name>", "/tms/": "/tms/%s/",
			"/wmts/1.0.0/WMTSCapabilities.xml": "<ows:Identifier>%s</ows:Identifier>", "/v1/assets": `"name":"%s"`,
		} {
			for _, name := range []string{"photo", "slope", "mercator", "world"} {
				own, all := bodyOf(t, ask(s, "GET", path, bearer(b.photo))), bodyOf(t, ask(s, "GET", path, bearer(b.every)))
				text := fmt.Appendf(nil, form, name)
				if bytes.Contains(own, text) != (name == "photo") || !bytes.Contains(all, text) {
					t.Errorf("%s: %s is told of to its own: %v, to all: %v", path, name, bytes.Contains(own, text), bytes.Contains(all, text))
				}
			}
		}
	}
}

func TestATokenIsTakenInEveryWayThatClientsSendIt(t *testing.T) {
	s, b := newGuarded(t, Options{})
	for name, c := range map[string]struct {
		path    string
		headers []string
	}{
		"header":                     {"/terrain/slope/0/0/0.terrain", []string{bearer(b.slope)}},
		"header in small letters":    {"/terrain/slope/0/0/0.terrain", []string{"Authorization: bearer " + b.slope}},
		"access_token":               {"/terrain/slope/0/0/0.terrain?v=1&access_token=" + b.slope, nil},
		"token":                      {"/terrain/slope/0/0/0.terrain?token=" + b.slope, nil},
		"Accept of 2018":             {"/terrain/slope/0/0/0.terrain", []string{"Accept: application/vnd.quantized-mesh,*/*;access_token=" + b.slope}},
		"tile of XYZ":                {"/imagery/slope/0/0/0.png?access_token=" + b.slope, nil},
		"map":                        {"/wms?SERVICE=WMS&TOKEN=" + b.slope + "&REQUEST=GetCapabilities", nil},
		"height, with a line":        {"/profile/slope?line=10,47;11,48&token=" + b.slope, nil},
		"with something else beside": {"/terrain/slope/layer.json?token=" + b.slope, []string{"Authorization: Basic dTpw"}},
	} {
		if got := ask(s, "GET", c.path, c.headers...); got.StatusCode != 200 {
			t.Errorf("%s: %d %s", name, got.StatusCode, bodyOf(t, got))
		}
	}
	if got := ask(s, "GET", "/terrain/slope/0/0/0.terrain?extensions=octvertexnormals&access_token="+b.slope); got.StatusCode != 200 {
		t.Errorf("extensions beside the token: %d", got.StatusCode)
	}
}

// TestAViewIsOfTheNamesAsTheyAreToldApart: a JWT may name anything.
func TestAViewIsOfTheNamesAsTheyAreToldApart(t *testing.T) {
	s, _ := newGallery(t, Options{})
	all, err := s.allServices(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, joined := range []string{"photo,slope", "photo slope", `photo" "slope`, "photo\x00slope"} {
		if n := len(all.view(&access.Grant{Datasets: []string{joined}}).infos); n != 0 {
			t.Errorf("%q: %d datasets", joined, n)
		}
		if n := len(all.view(&access.Grant{Datasets: []string{"photo", "slope"}}).infos); n != 2 {
			t.Errorf("photo and slope, after %q: %d datasets", joined, n)
		}
	}
}

func TestWithoutAccessControlTokensMeanNothing(t *testing.T) {
	s, _ := newGallery(t, Options{Admin: new(clerk)})
	for _, path := range []string{"/terrain/slope/layer.json", "/terrain/slope/layer.json?access_token=wrong", "/datasets?token=x", "/metrics"} {
		got := ask(s, "GET", path, bearer("whatever"))
		body, vary := bodyOf(t, got), got.Header.Get("Vary")
		if got.StatusCode != 200 || bytes.Contains(body, []byte("wrong")) || strings.Contains(vary, "Authorization") {
			t.Errorf("%s: %d %v", path, got.StatusCode, got.Header)
		}
	}
	for _, method := range []string{"PUT", "DELETE"} {
		got := ask(s, method, "/admin/datasets/slope")
		if body := bodyOf(t, got); got.StatusCode != 403 || !bytes.Contains(body, []byte("--auth")) {
			t.Errorf("%s: %d %s", method, got.StatusCode, body)
		}
	}
}

func TestMetricsAreForAdministratorsAndThisMachine(t *testing.T) {
	proxy := netip.MustParsePrefix("127.0.0.2/32")
	s, b := newGuarded(t, Options{TrustedProxies: []netip.Prefix{proxy}})
	for _, c := range []struct {
		peer, header, token string
		want                int
	}{
		{"127.0.0.1:1234", "", "", 200}, {"[::1]:1234", "", "", 200}, {"[::ffff:127.0.0.1]:1234", "", "", 200},
		{"192.0.2.1:1234", "", "", 401}, {"192.0.2.1:1234", "", b.every, 403}, {"192.0.2.1:1234", "", b.admin, 200},
		{"127.0.0.2:1234", "", "", 401}, {"127.0.0.1:1234", "X-Forwarded-For", "", 401}, {"127.0.0.1:1234", "Forwarded", "", 401},
		{"127.0.0.1:1234", "X-Forwarded-For", b.admin, 200}, {"nonsense", "", "", 401},
	} {
		r := httptest.NewRequest("GET", "/metrics", nil)
		r.RemoteAddr = c.peer
		if c.header != "" {
			r.Header.Set(c.header, "192.0.2.9")
		}
		if c.token != "" {
			r.Header.Set("Authorization", "Bearer "+c.token)
		}
		w := httptest.NewRecorder()
		if s.ServeHTTP(w, r); w.Code != c.want {
			t.Errorf("from %s, %s: %d, want %d", c.peer, c.header, w.Code, c.want)
		}
		if c.want == 200 && !strings.Contains(w.Body.String(), "terrane_datasets 6") {
			t.Errorf("from %s: the metrics do not count the datasets", c.peer)
		}
	}
}

func TestRatesAreKept(t *testing.T) {
	gate, b := newBearers(t)
	rate := access.Rate{Requests: 2, Per: time.Hour}
	slow, _, err := access.Create(b.file, access.Token{Datasets: []string{"*"}, Scopes: []string{"read"}, Rate: rate})
	if err != nil || gate.Reload() != nil {
		t.Fatal(err)
	}
	s := New(newShelf(), Options{Access: gate, Rate: access.Rate{Requests: 3, Per: time.Hour}, Pages: fstest.MapFS{"index.html": {}}})
	from := func(peer, token, path string) *http.Response {
		r := httptest.NewRequest("GET", path, nil)
		r.RemoteAddr = peer
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w.Result()
	}
	statuses := func(n int, peer, token, path string) (all []int) {
		for range n {
			got := from(peer, token, path)
			all = append(all, got.StatusCode)
			wait := got.Header.Get("Retry-After")
			if (got.StatusCode == 429) != (wait != "" && wait != "0") || got.Header.Get("Access-Control-Allow-Origin") != "*" {
				t.Errorf("%d with Retry-After %q, %v", got.StatusCode, wait, got.Header)
			}
		}
		return all
	}
	for name, c := range map[string]struct{ got, want []int }{
		"a token of two an hour":     {statuses(3, "192.0.2.1:1", slow, "/terrain/alps/layer.json"), []int{200, 200, 429}},
		"a token without a rate":     {statuses(6, "192.0.2.1:1", b.every, "/terrain/alps/layer.json"), []int{200, 200, 200, 200, 200, 200}},
		"an address without a token": {statuses(5, "192.0.2.2:1", "", "/datasets"), []int{401, 401, 401, 429, 429}},
		"one that guesses":           {statuses(4, "192.0.2.3:1", "trn_guess", "/datasets"), []int{401, 401, 401, 429}},
		"one network of IPv6": {slices.Concat(statuses(3, "[2001:db8::1]:1", "", "/datasets"), statuses(1, "[2001:db8::2]:1", "", "/datasets")),
			[]int{401, 401, 401, 429}},
		"another one":                      {statuses(1, "[2001:db8:0:1::1]:1", "", "/datasets"), []int{401}},
		"pages, which are of many files":   {statuses(5, "192.0.2.2:1", "", "/"), []int{200, 200, 200, 200, 200}},
		"those who look whether it is up":  {statuses(5, "192.0.2.2:1", "", "/healthz"), []int{200, 200, 200, 200, 200}},
		"maps, in the tongue of the maps":  {statuses(1, "192.0.2.2:1", "", "/wms?request=GetCapabilities"), []int{429}},
		"tiles, in the tongue of WMTS":     {statuses(1, "192.0.2.2:1", "", "/wmts/1.0.0/WMTSCapabilities.xml"), []int{429}},
		"a token from a slow address":      {statuses(1, "192.0.2.2:1", b.every, "/datasets"), []int{200}},
		"the slow token from elsewhere":    {statuses(1, "192.0.2.9:1", slow, "/datasets"), []int{429}},
		"one hidden behind a header of it": {[]int{429}, []int{from("192.0.2.2:1", "", "/datasets").StatusCode}},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
	proxied := New(newShelf(), Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}})
	for header, want := range map[string]string{
		"X-Forwarded-For: 192.0.2.1, 192.0.2.7": "192.0.2.7", "Forwarded: for=192.0.2.8": "192.0.2.8", `Forwarded: proto=https; For="192.0.2.9:81"`: "192.0.2.9",
		`Forwarded: for="[2001:db8::1]:81"`: "2001:db8::", "Forwarded: for=_hidden": "127.0.0.1", "Via: x": "127.0.0.1",
	} {
		r := httptest.NewRequest("GET", "/", nil)
		name, value, _ := strings.Cut(header, ": ")
		r.RemoteAddr, r.Header = "127.0.0.1:1", http.Header{name: {value}}
		if got := proxied.client(r); got != want {
			t.Errorf("%s: %s, want %s", header, got, want)
		}
	}
	open := New(newShelf(), Options{Rate: access.Rate{Requests: 1, Per: time.Hour}})
	if a, b := ask(open, "GET", "/datasets").StatusCode, ask(open, "GET", "/datasets").StatusCode; a != 200 || b != 429 {
		t.Errorf("without tokens: %d, then %d", a, b)
	}
}

func TestNoTokenIsWrittenAnywhere(t *testing.T) {
	var log bytes.Buffer
	gate, b := newBearers(t)
	all := slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	broken := newShelf()
	broken["slope"] = &book{info: tilestore.Info{Name: "slope", Kind: tilestore.Terrain}, err: errors.New("disk I/O error")}
	s := New(broken, Options{Access: gate, Log: all, AccessLog: all})
	wrong := "trn_" + strings.Repeat("w", 43)
	for _, token := range []string{b.every, b.expired, wrong, "%00" + wrong, wrong + "%22%3Cb%3E"} {
		for _, r := range s.routes() {
			for method := range r.methods() {
				byURL, byHeader := ask(s, method, withToken(sampleOf(r.path), token)+"&token="+token), ask(s, method, sampleOf(r.path), bearer(token))
				for _, got := range []*http.Response{byURL, byHeader} {
					body := bodyOf(t, got)
					inHeader := strings.Contains(fmt.Sprint(got.Header), "trn_") && got.StatusCode != 302
					if got.StatusCode >= 400 && bytes.Contains(body, []byte("wwwwwwww")) || inHeader {
						t.Errorf("%s %s: %d %v %s", method, r.path, got.StatusCode, got.Header, body)
					}
				}
			}
		}
	}
	ask(s, "GET", "/terrain/slope/0/0/0.terrain?token="+b.every)
	metrics := bodyOf(t, ask(s, "GET", "/metrics", bearer(b.admin)))
	if bytes.Contains(log.Bytes(), []byte("trn_")) || bytes.Contains(metrics, []byte("trn_")) || log.Len() == 0 {
		t.Errorf("a token in the log or in the metrics: %s", log.Bytes())
	}
}

// TestAHandlerCannotGiveAwayWhatIsNotTheirs: even one that forgets to ask.
func TestAHandlerCannotGiveAwayWhatIsNotTheirs(t *testing.T) {
	gate, _ := newBearers(t)
	s := New(newShelf(), Options{Access: gate})
	if _, err := s.openAny(context.Background(), "alps"); !errors.Is(err, access.ErrAbsent) {
		t.Errorf("nobody opens a dataset: %v", err)
	}
	if all, err := s.catalog.All(context.Background()); !errors.Is(err, access.ErrAbsent) || len(all) > 0 {
		t.Errorf("nobody lists the datasets: %d, %v", len(all), err)
	}
	if o, err := s.services(context.Background()); err != nil || len(o.infos)+len(o.wms.Layers)+len(o.wmts.Layers) > 0 {
		t.Errorf("nobody is offered %d datasets, %v", len(o.infos), err)
	}
	if all, err := s.catalog.All(everything(context.Background())); err != nil || len(all) != 2 {
		t.Errorf("the server itself sees %d datasets, %v", len(all), err)
	}
}

// BenchmarkGuard is what the guard adds to a request.
func BenchmarkGuard(b *testing.B) {
	gate, tokens := newBearers(b)
	s := New(newShelf(), Options{Access: gate})
	for name, r := range map[string]*http.Request{
		"header": httptest.NewRequest("GET", "/terrain/slope/0/0/0.terrain?v=1.1.0", nil),
		"URL":    httptest.NewRequest("GET", "/terrain/slope/0/0/0.terrain?v=1.1.0&access_token="+tokens.slope, nil),
	} {
		if name == "header" {
			r.Header.Set("Authorization", "Bearer "+tokens.slope)
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			w := httptest.NewRecorder()
			c := s.echo.NewContext(r, w)
			for b.Loop() {
				c.Reset(r, w)
				if err := s.admit(c, forReaders); err != nil {
					b.Fatal(err)
				}
				if err := s.covers(c.Request().Context(), "slope@1"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
