package server

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"github.com/terrane/terrane/internal/elevation"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
)

// sunk is a sea 40 m below the ellipsoid.
type sunk struct{}

func (sunk) Undulation(orb.Point) (float64, bool) { return -40, true }

func newRough(t testing.TB, o Options) *Server {
	t.Helper()
	dir := t.TempDir()
	publishRough(t, dir, "rough")
	publish(t, dir, "bare", 'b') // terrain without heights
	return New(openFolder(t, dir), o)
}

// posted sends a body and returns the answer.
func posted(s *Server, path, body string, headers ...string) *http.Response {
	r := httptest.NewRequest("POST", path, strings.NewReader(body))
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Result()
}

// decoded reads the JSON of an answer of that status.
func decoded(t testing.TB, r *http.Response, status int, to any) {
	t.Helper()
	body := bodyOf(t, r)
	if r.StatusCode != status {
		t.Fatalf("%d, want %d: %.300s", r.StatusCode, status, body)
	}
	if err := json.Unmarshal(body, to); err != nil {
		t.Fatalf("%v: %.300s", err, body)
	}
}

func TestHeightIsExactOnPostsAndBilinearBetween(t *testing.T) {
	s := newRough(t, Options{})
	step := tilegrid.Geodetic.Resolution(roughLeaf, terrain.Cells)
	chance := rand.New(rand.NewPCG(2, 3))
	for range 300 {
		x, y := 1+chance.IntN(int(1/step)-3), 1+chance.IntN(int(1/step)-3)
		post := orb.Point{math.Ceil(10/step)*step + float64(x)*step, math.Ceil(47/step)*step + float64(y)*step}
		middle := orb.Point{post[0] + step/2, post[1] + step/2}
		mean := 0.0
		for k := range 4 {
			mean += rough(orb.Point{post[0] + float64(k%2)*step, post[1] + float64(k/2)*step}) / 4
		}
		for p, want := range map[orb.Point]float64{post: rough(post), middle: mean} {
			var got struct {
				Lon, Lat, Height, Resolution float64
				Level                        int
				Vertical, Source             string
			}
			decoded(t, ask(s, "GET", fmt.Sprintf("/height/rough?lon=%v&lat=%v", p[0], p[1])), 200, &got)
			if math.Abs(got.Height-want) > 6e-4 || got.Lon != p[0] || got.Lat != p[1] || got.Level != roughLeaf ||
				got.Vertical != "ellipsoid" || got.Source != "rough@1" {
				t.Fatalf("%v: %+v, want %.3f m", p, got, want)
			}
		}
	}
}

func TestHeightOfLevelsSeaLevelAndNothing(t *testing.T) {
	s := newRough(t, Options{Sea: elevation.Sea{Geoid: sunk{}, Name: "sunk"}})
	var got struct {
		Height     *float64
		Level      *int
		Undulation float64
		Vertical   string
		Geoid      string
	}
	decoded(t, ask(s, "GET", "/height/rough?lon=10.3&lat=47.5&level=4"), 200, &got)
	if got.Level == nil || *got.Level != 4 {
		t.Errorf("of level 4: %+v", got)
	}
	decoded(t, ask(s, "GET", "/height/rough@1?lon=10.3&lat=47.5"), 200, &got)
	above := *got.Height
	decoded(t, ask(s, "GET", "/height/rough?lon=10.3&lat=47.5&vertical=msl"), 200, &got)
	if math.Abs(*got.Height-above-40) > 1e-3 || got.Vertical != "msl" || got.Geoid != "sunk" || got.Undulation != -40 {
		t.Errorf("above sea level: %+v, above the ellipsoid %.3f m", got, above)
	}
	for _, place := range []string{"lon=9.9&lat=47.5", "lon=10.5&lat=48.001", "lon=-170&lat=-80"} {
		decoded(t, ask(s, "GET", "/height/rough?"+place), 200, &got)
		if got.Height != nil || got.Level != nil {
			t.Errorf("%s: %+v", place, got)
		}
	}
	decoded(t, ask(s, "GET", "/height/rough?lon=370.3&lat=47.5"), 400, &struct{}{})
	decoded(t, ask(s, "GET", "/height/rough?lon=-349.7&lat=47.5"), 200, &got)
	if got.Height == nil || math.Abs(*got.Height-above) > 1e-3 {
		t.Errorf("once round the globe: %+v", got)
	}
}

func TestManyHeightsComeInTheFormOfTheQuestion(t *testing.T) {
	s := newRough(t, Options{})
	chance := rand.New(rand.NewPCG(5, 6))
	var positions []string
	for range 10_000 {
		positions = append(positions, fmt.Sprintf("[%.7f,%.7f]", 9.9+1.2*chance.Float64(), 46.9+1.2*chance.Float64()))
	}
	list := "[" + strings.Join(positions, ",") + "]"
	for _, headers := range [][]string{nil, {"Accept-Encoding: gzip"}} {
		r := posted(s, "/height/rough", list, headers...)
		body := bodyOf(t, r)
		if headers != nil {
			body = gunzip(t, body)
		}
		var got [][3]*float64
		if err := json.Unmarshal(body, &got); err != nil || len(got) != 10_000 || r.Header.Get("Cache-Control") != "no-store" {
			t.Fatalf("%d answers, %v, %v", len(got), err, r.Header)
		}
		for k := 0; k < 10_000; k += 97 {
			var one struct{ Height *float64 }
			decoded(t, ask(s, "GET", fmt.Sprintf("/height/rough?lon=%v&lat=%v", *got[k][0], *got[k][1])), 200, &one)
			if (one.Height == nil) != (got[k][2] == nil) || one.Height != nil && *one.Height != *got[k][2] {
				t.Fatalf("place %d: %v alone, %v among others", k, one.Height, got[k][2])
			}
		}
	}
	const feature = `{"type":"Feature","properties":{"name":"a place with a name of some length"},"geometry":` +
		`{"type":"Point","coordinates":[10.1234567,47.1234567]}},`
	features := `{"type":"FeatureCollection","features":[` + strings.Repeat(feature, 9_999) +
		`{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[10.5,47.5]}}]}`
	var answer struct {
		Source   string
		Features []struct{ Properties struct{ Height float64 } }
	}
	r := posted(s, "/height/rough", features)
	if kind := r.Header.Get("Content-Type"); kind != "application/geo+json" {
		t.Errorf("features come as %s", kind)
	}
	decoded(t, r, 200, &answer)
	if len(answer.Features) != 10_000 || answer.Source != "rough@1" || answer.Features[0].Properties.Height == 0 {
		t.Errorf("%d features", len(answer.Features))
	}
}

func TestProfilesComeByGetAndByPost(t *testing.T) {
	s := newRough(t, Options{})
	type profile struct {
		Length, Spacing, Gain, Loss, Min, Max, Resolution float64
		Level, Missing                                    int
		Points                                            []struct{ Distance, Lon, Lat, Height float64 }
	}
	var first, second profile
	const target = "/profile/rough?line=10.1,47.1;10.5,47.2;10.9,47.9&spacing=500"
	r := ask(s, "GET", target, "Accept-Encoding: gzip")
	if r.Header.Get("ETag") == "" || r.Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("%v", r.Header)
	}
	if again := ask(s, "GET", target, "Accept-Encoding: gzip", "If-None-Match: "+r.Header.Get("ETag")); again.StatusCode != 304 {
		t.Errorf("asked again: %d", again.StatusCode)
	}
	if err := json.Unmarshal(gunzip(t, bodyOf(t, r)), &first); err != nil {
		t.Fatal(err)
	}
	decoded(t, posted(s, "/profile/rough?spacing=500", `{"type":"LineString","coordinates":[[10.1,47.1],[10.5,47.2],[10.9,47.9]]}`), 200, &second)
	if fmt.Sprint(first) != fmt.Sprint(second) {
		t.Error("GET and POST differ")
	}
	// 32 381.1 m and 83 459.4 m (PROJ's geod).
	if math.Abs(first.Length-115840.4) > 200 || len(first.Points) < 231 || first.Missing != 0 || first.Level != roughLeaf ||
		first.Max <= first.Min || first.Gain <= 0 || first.Loss <= 0 {
		t.Errorf("%.1f m, %d points, %+v", first.Length, len(first.Points), first.Missing)
	}
	for _, k := range []int{0, 40, len(first.Points) - 1} {
		var one struct{ Height float64 }
		p := first.Points[k]
		decoded(t, ask(s, "GET", fmt.Sprintf("/height/rough?lon=%v&lat=%v", p.Lon, p.Lat)), 200, &one)
		if math.Abs(one.Height-p.Height) > 2e-3 {
			t.Errorf("point %d: %.3f m, asked for alone %.3f m", k, p.Height, one.Height)
		}
	}
}

func TestQuestionsForHeightsThatHaveNoAnswerGet4xx(t *testing.T) {
	s := newRough(t, Options{})
	for target, want := range map[string]string{
		"/height/rough":                               "400 lon and lat",
		"/height/rough?lon=1":                         "400 lon and lat",
		"/height/rough?lon=NaN&lat=47":                "400 lon and lat",
		"/height/rough?lon=Inf&lat=47":                "400 lon and lat",
		"/height/rough?lon=1e999&lat=47":              "400 lon and lat",
		"/height/rough?lon=0x1p3&lat=47":              "400 lon and lat",
		"/height/rough?lon=10,5&lat=47":               "400 lon and lat",
		"/height/rough?lon=10&lat=91":                 "400 outside of the globe",
		"/height/rough?lon=10&lat=47&level=10":        "400 levels 0 to 9",
		"/height/rough?lon=10&lat=47&level=x":         "400 levels 0 to 9",
		"/height/rough?lon=10&lat=47&vertical=msl":    "400 no geoid",
		"/height/rough?lon=10&lat=47&vertical=c4nary": "400 ellipsoid or msl",
		"/height/bare?lon=10&lat=47":                  "404 keeps no heights",
		"/height/none?lon=10&lat=47":                  "404 no such dataset",
		"/height/rough@9?lon=10&lat=47":               "404 no such dataset",
		"/height/rough/x?lon=10&lat=47":               "404 no such dataset",
		"/profile/rough":                              "400 two numbers",
		"/profile/rough?line=10,47":                   "400 two positions",
		"/profile/rough?line=10,47;11,NaN":            "400 two numbers",
		"/profile/rough?line=10,47;11,48&spacing=0":   "400 spacing is metres",
		"/profile/rough?line=10,47;11,48&spacing=NaN": "400 spacing is metres",
		"/profile/rough?line=10,47;11,48&spacing=1":   "400 too long",
		"/profile/rough?line=0,0;180,0":               "400 opposite sides",
		"/profile/bare?line=10,47;11,48":              "404 keeps no heights",
		"/rgb/rough/0/0/0.jpg":                        "404 no such page",
		"/rgb/rough/10/0/0.png":                       "404 no such tile",
		"/rgb/rough/3/8/0.png":                        "404 outside the grid",
		"/rgb/rough/a/0/0.png":                        "400 whole numbers",
		"/rgb/bare/0/0/0.png":                         "404 keeps no heights",
		"/rgb/bare/tilejson.json":                     "404 keeps no heights",
		"/rgb/rough/tilejson.json?format=gif":         "400 png",
		"/terrarium/rough/0/0/0.tif":                  "404 no such page",
		"/heightmap/rough/10/0/0.terrain":             "404 no such tile",
		"/heightmap/rough/5/0/0.terrain":              "404 no such tile",
		"/heightmap/bare/0/0/0.terrain":               "404 keeps no heights",
		"/heightmap/bare/layer.json":                  "404 keeps no heights",
	} {
		expectProblem(t, target, ask(s, "GET", target), want)
	}
	for body, want := range map[string]string{
		`{"type":"Polygon","coordinates":[[[1,2],[3,4],[5,6],[1,2]]]}`: "400 none of Point",
		`[[1,2],[NaN,3]]`: "400 not JSON",
		`[[1,95]]`:        "400 outside of the globe",
		`[` + strings.Repeat(`[1,2],`, 10_000) + `[1,2]]`: "400 more than 10000",
		``:                                     "400 not JSON",
		`[` + strings.Repeat(" ", 2<<20) + `]`: "413 too large",
	} {
		expectProblem(t, fmt.Sprintf("%.40s", body), posted(s, "/height/rough", body), want)
	}
	expectProblem(t, "polygon", posted(s, "/profile/rough", `{"type":"Polygon","coordinates":[[[1,2],[3,4],[5,6],[1,2]]]}`), "400 no line")
	expectProblem(t, "POST elsewhere", posted(s, "/datasets", "{}"), "405 ")
	expectProblem(t, "a large body elsewhere", posted(s, "/datasets", strings.Repeat(" ", 65<<10)), "413 too large")
}

func expectProblem(t *testing.T, what string, r *http.Response, want string) {
	t.Helper()
	var p struct {
		Error  string
		Status int
	}
	body := bodyOf(t, r)
	status, text, _ := strings.Cut(want, " ")
	err := json.Unmarshal(body, &p)
	if err != nil || fmt.Sprint(r.StatusCode) != status || p.Status != r.StatusCode || !strings.Contains(p.Error, text) ||
		strings.Contains(p.Error, "c4nary") {
		t.Errorf("%s: %d %s, want %s", what, r.StatusCode, body, want)
	}
	if r.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("%s: no CORS", what)
	}
}

func TestBrowsersMayPostQuestionsFromOtherOrigins(t *testing.T) {
	s := newRough(t, Options{})
	for path, want := range map[string]string{
		"/height/rough": "GET, HEAD, POST, OPTIONS", "/profile/rough": "GET, HEAD, POST, OPTIONS", "/datasets": "GET, HEAD, OPTIONS",
	} {
		r := ask(s, "OPTIONS", path, "Origin: https://a.example", "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: content-type")
		if r.StatusCode != 204 || r.Header.Get("Access-Control-Allow-Methods") != want ||
			!strings.Contains(r.Header.Get("Access-Control-Allow-Headers"), "Content-Type") {
			t.Errorf("%s: %d %v", path, r.StatusCode, r.Header)
		}
	}
}

// TestLargeBodiesAreHeldAFewAtATime has as many clients as may be there stop in the middle of a body: one more is told to come
// back, small bodies pass.
func TestLargeBodiesAreHeldAFewAtATime(t *testing.T) {
	s := newRough(t, Options{})
	var pens []*io.PipeWriter
	done := make(chan int, largeBodies)
	for range largeBodies {
		body, pen := io.Pipe()
		pens = append(pens, pen)
		r := httptest.NewRequest("POST", "/height/rough", body)
		r.ContentLength = 1 << 20
		go func() {
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			done <- w.Code
		}()
		pen.Write([]byte("[")) // the body is being read
	}
	large := "[" + strings.Repeat(" ", 70<<10) + "]"
	if r := posted(s, "/height/rough", large); r.StatusCode != 503 || r.Header.Get("Retry-After") == "" {
		t.Errorf("one more: %d, Retry-After %q", r.StatusCode, r.Header.Get("Retry-After"))
	}
	if r := posted(s, "/height/rough", "[[10.5,47.5]]"); r.StatusCode != 200 {
		t.Errorf("a small one: %d", r.StatusCode)
	}
	for _, pen := range pens {
		pen.CloseWithError(io.ErrUnexpectedEOF)
	}
	for range largeBodies {
		if code := <-done; code != 400 {
			t.Errorf("a body that ends too soon: %d", code)
		}
	}
	if r := posted(s, "/height/rough", large); r.StatusCode != 200 {
		t.Errorf("afterwards: %d", r.StatusCode)
	}
}

// TestTheFrontAnswersHeights compares what comes from the front with what net/http sends, byte by byte; tiles of heights once
// they have been drawn.
func TestTheFrontAnswersHeights(t *testing.T) {
	dir := t.TempDir()
	publishRough(t, dir, "rough")
	front, reached := counted(New(openFolder(t, dir), Options{}))
	behind, _ := start(t, front)
	alone, _ := start(t, New(openFolder(t, dir), withoutFront(Options{})))
	a, b := dial(t, behind), dial(t, alone)
	a.ask(t, healthRequest) // a connection's first request is net/http's
	b.ask(t, healthRequest)
	for _, path := range []string{
		"/height/rough?lon=10.5&lat=47.5", "/height/rough@1?lon=1&lat=2", "/heightmap/rough/layer.json", "/heightmap/rough/0/1/0.terrain?v=1.0.0",
		"/rgb/rough/0/0/0.png", "/terrarium/rough/0/0/0@2x.png",
	} {
		request := "GET " + path + " HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n"
		a.ask(t, request)
		b.ask(t, request)
		before := reached.Load()
		_, got := a.ask(t, request)
		_, want := b.ask(t, request)
		if reached.Load() != before {
			t.Errorf("%s: the front does not answer", path)
		}
		if got, want = dateLine.ReplaceAllString(got, ""), dateLine.ReplaceAllString(want, ""); got != want {
			t.Errorf("%s: the front says\n%.600q, net/http\n%.600q", path, got, want)
		}
	}
	if r, _ := a.ask(t, "GET /height/rough?lon=10 HTTP/1.1\r\nHost: a\r\n\r\n"); r.StatusCode != 400 {
		t.Errorf("half a place: %d", r.StatusCode)
	}
}
