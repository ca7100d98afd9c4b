package elevation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"github.com/terrane/terrane/tilestore"
)

// slab is ground that rises 100 m a degree to the east, on level 7, of which there is none north of 50.
type slab struct{ asked uint8 }

func (s *slab) Height(_ context.Context, p orb.Point, deepest uint8) (float64, uint8, bool, error) {
	s.asked = deepest
	return 100 * p.Lon(), min(deepest, 7), p.Lat() <= 50, nil
}

// sunk is a sea 40 m below the ellipsoid, known west of 20 only.
type sunk struct{}

func (sunk) Undulation(p orb.Point) (float64, bool) { return -40, p.Lon() < 20 }

func (s *slab) Doubt() float64 { return 0.25 }

var alps = tilestore.Info{Name: "alps", Version: 2, Vertical: Ellipsoid, Levels: [2]uint8{0, 7}, Attribution: `"© Survey"`}

func newGround(t testing.TB, ask Ask) *Ground {
	t.Helper()
	g, err := New(&slab{}, alps, ask, Sea{sunk{}, "sunk"})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// plain decodes JSON, so that texts compare by what they say.
func plain(t testing.TB, text []byte) (v any) {
	t.Helper()
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
}

func TestAnAnswerSaysWhatItsHeightIs(t *testing.T) {
	for name, c := range map[string]struct {
		ask  Ask
		p    orb.Point
		want string // but for source and attribution
	}{
		"deepest": {Ask{}, orb.Point{1.5, 42},
			`{"lon":1.5,"lat":42,"height":150,"level":7,"resolution":2441.86,"interpolation":0.25,"vertical":"ellipsoid"`},
		"a level": {Ask{Level: "3"}, orb.Point{-1.5, 42},
			`{"lon":-1.5,"lat":42,"height":-150,"level":3,"resolution":39069.765,"interpolation":0.25,"vertical":"ellipsoid"`},
		"no data": {Ask{}, orb.Point{1, 60},
			`{"lon":1,"lat":60,"height":null,"level":null,"resolution":null,"interpolation":null,"vertical":"ellipsoid"`},
		"sea level": {Ask{Vertical: MSL}, orb.Point{1, 42},
			`{"lon":1,"lat":42,"height":140,"level":7,"resolution":2441.86,"interpolation":0.25,"undulation":-40,"vertical":"msl","geoid":"sunk"`},
		"a sea that is not the dataset's": {Ask{Vertical: MSL, Lifted: "lake"}, orb.Point{1, 42}, `{"lon":1,"lat":42,"height":140,"level":7,` +
			`"resolution":2441.86,"interpolation":0.25,"undulation":-40,"vertical":"msl","geoid":"sunk","datasetGeoid":"lake"`},
		"the dataset's own sea": {Ask{Vertical: MSL, Lifted: "sunk"}, orb.Point{1, 42},
			`{"lon":1,"lat":42,"height":140,"level":7,"resolution":2441.86,"interpolation":0.25,"undulation":-40,"vertical":"msl","geoid":"sunk"`},
		"no sea asked for": {Ask{Lifted: "lake"}, orb.Point{1.5, 42},
			`{"lon":1.5,"lat":42,"height":150,"level":7,"resolution":2441.86,"interpolation":0.25,"vertical":"ellipsoid"`},
		"no sea": {Ask{Vertical: MSL}, orb.Point{21, 42},
			`{"lon":21,"lat":42,"height":null,"level":null,"resolution":null,"interpolation":null,"vertical":"msl","geoid":"sunk"`},
		"to a millimetre": {Ask{Vertical: Ellipsoid}, orb.Point{0.123456789, 0},
			`{"lon":0.123456789,"lat":0,"height":12.346,"level":7,"resolution":2441.86,"interpolation":0.25,"vertical":"ellipsoid"`},
		"all but zero": {Ask{}, orb.Point{-1e-7, 0},
			`{"lon":-1e-7,"lat":0,"height":0,"level":7,"resolution":2441.86,"interpolation":0.25,"vertical":"ellipsoid"`},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGround(t, c.ask)
			r, err := g.At(t.Context(), c.p)
			if err != nil {
				t.Fatal(err)
			}
			got := g.AppendJSON(nil, r)
			if diff := cmp.Diff(plain(t, []byte(c.want+`,"source":"alps@2","attribution":"\"© Survey\""}`)), plain(t, got)); diff != "" {
				t.Error(diff)
			}
			if strings.Contains(string(got), "-0,") {
				t.Errorf("a negative zero: %s", got)
			}
		})
	}
}

func TestTheGeoidsOfADatasetAreInItsProvenance(t *testing.T) {
	for provenance, want := range map[string]string{
		``:                           "",
		`[1]`:                        "",
		`{"sources":[{"name":"a"}]}`: "",
		`{"sources":[{"shift":{"model":"EGM96 height"}},{"shift":{"model":"EGM96 height"}}]}`:                              "EGM96 height",
		`{"sources":[{"shift":{"model":"a"}}],"updates":[{"sources":[{"shift":{"model":"b"}}]}]}`:                          "a, b",
		`{"sources":[{}],"base":{"provenance":{"sources":[{"shift":{"model":"a"}}],"base":{"name":"x","provenance":{}}}}}`: "a",
	} {
		if got := LiftedBy(json.RawMessage(provenance)); got != want {
			t.Errorf("%s: %q, want %q", provenance, got, want)
		}
	}
}

func TestQuestionsWithoutAnswerAreRefusedInWords(t *testing.T) {
	unknown := alps
	unknown.Vertical = "unknown"
	for name, c := range map[string]struct {
		info tilestore.Info
		ask  Ask
		sea  Sea
		want string
	}{
		"a level too deep":        {alps, Ask{Level: "8"}, Sea{}, "levels 0 to 7"},
		"a level that is none":    {alps, Ask{Level: "c4nary"}, Sea{}, "levels 0 to 7"},
		"a negative level":        {alps, Ask{Level: "-1"}, Sea{}, "levels 0 to 7"},
		"a level in fractions":    {alps, Ask{Level: "1.5"}, Sea{}, "levels 0 to 7"},
		"a datum that is none":    {alps, Ask{Vertical: "c4nary"}, Sea{}, "ellipsoid or msl"},
		"no geoid":                {alps, Ask{Vertical: MSL}, Sea{}, "no geoid"},
		"heights of unknown kind": {unknown, Ask{Vertical: MSL}, Sea{sunk{}, "sunk"}, "not known to be above the ellipsoid"},
		"also for the ellipsoid":  {unknown, Ask{Vertical: Ellipsoid}, Sea{sunk{}, "sunk"}, "not known to be above the ellipsoid"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := New(&slab{}, c.info, c.ask, c.sea)
			expectRefusal(t, err, c.want)
		})
	}
	if g, err := New(&slab{}, unknown, Ask{}, Sea{}); err != nil || g.vertical != "unknown" {
		t.Errorf("as it is kept: %v", err)
	}
	g := newGround(t, Ask{})
	for _, p := range []orb.Point{{0, 90.1}, {361, 0}, {math.NaN(), 0}, {0, math.NaN()}, {math.Inf(-1), 0}} {
		_, err := g.At(t.Context(), p)
		expectRefusal(t, err, "outside of the globe")
	}
}

func expectRefusal(t *testing.T, err error, want string) {
	t.Helper()
	var r *Refusal
	if !errors.As(err, &r) || !strings.Contains(r.Reason, want) || r.Try == "" || strings.Contains(r.Reason+r.Try, "c4nary") {
		t.Errorf("got %v, want a refusal with %q", err, want)
	}
}

func TestManyPlacesAreAnsweredInTheFormInWhichTheyCame(t *testing.T) {
	for name, c := range map[string]struct{ question, want string }{
		"a list":       {`[[1,42],[2,60,7]]`, `[[1,42,100],[2,60,null]]`},
		"an empty one": {` [ ] `, `[]`},
		"a point":      {`{"type":"Point","coordinates":[1,42]}`, `{"type":"Point","coordinates":[1,42,100],"height":100,"level":7,FACTS}`},
		"points": {`{"type":"MultiPoint","coordinates":[[1,42],[2,60]]}`,
			`{"type":"MultiPoint","coordinates":[[1,42,100],[2,60]],"heights":[100,null],"levels":[7,null],FACTS}`},
		"a line as a feature": {
			`{"type":"Feature","id":"a","properties":{"heights":5,"of":{"b":[1]}},"geometry":{"type":"LineString","coordinates":[[1,42],[2,43]]}}`,
			`{"type":"Feature","id":"a","geometry":{"type":"LineString","coordinates":[[1,42,100],[2,43,200]]},
			"properties":{"of":{"b":[1]},"heights":[100,200],"levels":[7,7]},FACTS}`},
		"features": {`{"type":"FeatureCollection","features":[{"type":"Feature","id":3,"properties":null,"geometry":{"type":"Point","coordinates":[1,42]}},
			{"type":"Feature","properties":{"n":"x"},"geometry":{"type":"Point","coordinates":[2,60]}}]}`,
			`{"type":"FeatureCollection",FACTS,"features":[
			{"type":"Feature","id":3,"geometry":{"type":"Point","coordinates":[1,42,100]},"properties":{"height":100,"level":7}},
			{"type":"Feature","geometry":{"type":"Point","coordinates":[2,60]},"properties":{"n":"x","height":null,"level":null}}]}`},
		"no features": {`{"type":"FeatureCollection","features":[]}`, `{"type":"FeatureCollection",FACTS,"features":[]}`},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGround(t, Ask{})
			p, err := ParsePoints([]byte(c.question))
			if err != nil {
				t.Fatal(err)
			}
			all, err := g.All(t.Context(), p.Places)
			if err != nil {
				t.Fatal(err)
			}
			want := strings.ReplaceAll(c.want, "FACTS", `"vertical":"ellipsoid","source":"alps@2","attribution":"\"© Survey\""`)
			if diff := cmp.Diff(plain(t, []byte(want)), plain(t, g.AppendPoints(nil, p, all))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// RFC 7946 has heights above the ellipsoid only as third coordinates.
func TestHeightsAboveSeaLevelAreNoCoordinates(t *testing.T) {
	g := newGround(t, Ask{Vertical: MSL})
	p, err := ParsePoints([]byte(`{"type":"Point","coordinates":[1,42]}`))
	if err != nil {
		t.Fatal(err)
	}
	all, err := g.All(t.Context(), p.Places)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(g.AppendPoints(nil, p, all)); !strings.HasPrefix(got, `{"type":"Point","coordinates":[1,42],"height":140,`) {
		t.Error(got)
	}
}

func TestBodiesThatHoldNoPlacesAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ body, want string }{
		"nothing":                {``, "not JSON"},
		"half a list":            {`[[1,2],[3`, "not JSON"},
		"words":                  {`c4nary`, "not JSON"},
		"NaN":                    {`[[NaN,1]]`, "not JSON"},
		"a number":               {`5`, "not GeoJSON"},
		"numbers":                {`[1,2]`, "two numbers"},
		"one number":             {`[[1]]`, "two numbers"},
		"text for a number":      {`[["c4nary",2]]`, "two numbers"},
		"null for a number":      {`[[null,2]]`, "two numbers"},
		"a number out of range":  {`[[1e999,2]]`, "two numbers"},
		"a list of lists":        {`[[[1,2]]]`, "two numbers"},
		"a place on no globe":    {`[[1,91]]`, "outside of the globe"},
		"a polygon":              {`{"type":"Polygon","coordinates":[[[1,2],[3,4],[5,6],[1,2]]]}`, "none of Point"},
		"an object":              {`{"c4nary":1}`, "none of Point"},
		"no coordinates":         {`{"type":"Point"}`, "two numbers"},
		"no geometry":            {`{"type":"Feature","geometry":null}`, "without geometry"},
		"geometries as features": {`{"type":"FeatureCollection","features":[{"type":"Point","coordinates":[1,2]}]}`, "without geometry"},
		"numbers as features":    {`{"type":"FeatureCollection","features":[1,1]}`, "without geometry"},
		"too many empty features": {`{"type":"FeatureCollection","features":[` +
			strings.Repeat(`{"type":"Feature","geometry":{"type":"MultiPoint","coordinates":[]}},`, MostPlaces) +
			`{"type":"Feature","geometry":{"type":"MultiPoint","coordinates":[]}}]}`, "more than 10000 features"},
		"features in a string": {`{"type":"FeatureCollection","features":"c4nary"}`, "not GeoJSON"},
		"too many features": {`{"type":"FeatureCollection","features":[` +
			strings.Repeat(`{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]}},`, MostPlaces) +
			`{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]}}]}`, "more than 10000"},
		"too many": {`[` + strings.Repeat(`[1,2],`, MostPlaces) + `[1,2]]`, "more than 10000"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParsePoints([]byte(c.body))
			expectRefusal(t, err, c.want)
		})
	}
}

// TestABodyOfNonsenseTakesLittleMemory reads a body as large as is let in, whose elements are none of them features.
func TestABodyOfNonsenseTakesLittleMemory(t *testing.T) {
	body := []byte(`{"type":"FeatureCollection","features":[` + strings.Repeat("1,", 1_000_000) + `1]}`)
	if n := testing.AllocsPerRun(3, func() { _, _ = ParsePoints(body) }); n > 100 {
		t.Errorf("%v allocations", n)
	}
}

func TestLinesAreReadInEveryForm(t *testing.T) {
	want := orb.LineString{{1, 42}, {-2.5, 43}}
	for name, read := range map[string]func() (orb.LineString, error){
		"text":   func() (orb.LineString, error) { return ParseLineText("1,42;-2.5,43") },
		"spaced": func() (orb.LineString, error) { return ParseLineText(" 1, 42 ; -2.5 ,43") },
		"list":   func() (orb.LineString, error) { return ParseLine([]byte(`[[1,42],[-2.5,43]]`)) },
		"geometry": func() (orb.LineString, error) {
			return ParseLine([]byte(`{"type":"LineString","coordinates":[[1,42,9],[-2.5,43]]}`))
		},
		"feature": func() (orb.LineString, error) {
			return ParseLine([]byte(`{"type":"Feature","geometry":{"type":"LineString","coordinates":[[1,42],[-2.5,43]]}}`))
		},
		"collection": func() (orb.LineString, error) {
			return ParseLine([]byte(`{"type":"FeatureCollection","features":[
				{"type":"Feature","geometry":{"type":"LineString","coordinates":[[1,42],[-2.5,43]]}}]}`))
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := read()
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Error(err, diff)
			}
		})
	}
	for name, c := range map[string]struct{ text, want string }{
		"nothing": {"", "two numbers"}, "one position": {"1,2", "two positions"}, "NaN": {"NaN,1;2,3", "two numbers"},
		"hexadecimal":   {"0x1p4,1;2,3", "two numbers"},
		"three numbers": {"1,2,3;4,5,6", "two numbers"}, "nowhere": {"1,2;3,95", "outside"}, "canary": {"c4nary", "two numbers"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseLineText(c.text)
			expectRefusal(t, err, c.want)
		})
	}
	for name, c := range map[string]struct{ body, want string }{
		"a polygon": {`{"type":"Polygon","coordinates":[[[1,2],[3,4],[5,6],[1,2]]]}`, "no line"},
		"points":    {`{"type":"MultiPoint","coordinates":[[1,2],[3,4]]}`, "a line is due"},
		"two lines": {`{"type":"FeatureCollection","features":[
			{"type":"Feature","geometry":{"type":"LineString","coordinates":[[1,42],[2,43]]}},
			{"type":"Feature","geometry":{"type":"LineString","coordinates":[[1,42],[2,43]]}}]}`, "one"},
		"one point": {`[[1,2]]`, "two positions"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseLine([]byte(c.body))
			expectRefusal(t, err, c.want)
		})
	}
}

func TestAProfileRunsAlongTheLineAtEqualDistances(t *testing.T) {
	g := newGround(t, Ask{})
	line := orb.LineString{{1, 42}, {1.1, 42}, {1.1, 42.05}}
	p, err := g.Profile(t.Context(), line, 1000)
	if err != nil {
		t.Fatal(err)
	}
	// 8283.0 m and 5553.6 m: nine and six steps.
	if len(p.Samples) != 16 || math.Abs(p.Length-(8283.9+5553.7)) > 3 {
		t.Fatalf("%d samples on %.1f m", len(p.Samples), p.Length)
	}
	for k, s := range p.Samples {
		if k > 0 {
			if step := s.Distance - p.Samples[k-1].Distance; step > 1000 || step < 900 {
				t.Errorf("sample %d: %.1f m after the one before", k, step)
			}
		}
		if want := 100 * s.Place.Lon(); math.Abs(s.Height-want) > 1e-9 {
			t.Errorf("sample %d: %.3f m, want %.3f m", k, s.Height, want)
		}
	}
	if p.Samples[9].Place != line[1] || p.Samples[15].Place != line[2] || p.Samples[15].Distance != p.Length {
		t.Errorf("vertices are left out: %v, %v", p.Samples[9], p.Samples[15])
	}
	if math.Abs(p.Gain-10) > 1e-9 || math.Abs(p.Loss) > 1e-9 || p.Min != 100 || math.Abs(p.Max-110) > 1e-9 || p.Level != 7 {
		t.Errorf("%+v", p)
	}
	var said struct {
		Length, Spacing, Gain, Min, Max, Resolution float64
		Level, Missing                              int
		Vertical, Source                            string
		Points                                      []struct{ Distance, Lon, Lat, Height *float64 }
	}
	if err := json.Unmarshal(g.AppendProfile(nil, p), &said); err != nil {
		t.Fatal(err)
	}
	if len(said.Points) != 16 || said.Gain != 10 || said.Max != 110 || said.Level != 7 || said.Source != "alps@2" || *said.Points[15].Height != 110 {
		t.Errorf("%+v", said)
	}
}

func TestAProfileLeavesGapsWhereThereIsNoData(t *testing.T) {
	g := newGround(t, Ask{})
	p, err := g.Profile(t.Context(), orb.LineString{{1, 49.9}, {1.2, 50.1}, {1.4, 49.9}}, 5000)
	if err != nil {
		t.Fatal(err)
	}
	if p.Known == 0 || p.Known == len(p.Samples) || p.Max > 140.001 || p.Gain > 40 {
		t.Errorf("%+v", p)
	}
	p, err = g.Profile(t.Context(), orb.LineString{{1, 60}, {2, 61}}, 0)
	if err != nil || p.Known != 0 {
		t.Fatal(err, p)
	}
	said := plain(t, g.AppendProfile(nil, p)).(map[string]any)
	if said["min"] != nil || said["gain"] != nil || said["resolution"] != nil || said["missing"] != float64(len(p.Samples)) {
		t.Errorf("%v", said)
	}
	if n := len(p.Samples); n < 50 || n > usualSamples+2 {
		t.Errorf("%d samples of their own", n)
	}
}

func TestLinesTooLongAreRefusedWithASpacingThatWillDo(t *testing.T) {
	g := newGround(t, Ask{})
	line := orb.LineString{{1, 42}, {2, 43}, {2, 44}}
	_, err := g.Profile(t.Context(), line, 1)
	expectRefusal(t, err, "too long")
	var r *Refusal
	var spacing float64
	if errors.As(err, &r) {
		fmt.Sscanf(r.Try, "spacing=%g or more", &spacing)
	}
	if p, err := g.Profile(t.Context(), line, spacing); err != nil || len(p.Samples) > MostPlaces {
		t.Errorf("spacing %g: %v", spacing, err)
	}
	for _, spacing := range []float64{-1, math.NaN(), math.Inf(1)} {
		_, err := g.Profile(t.Context(), line, spacing)
		expectRefusal(t, err, "spacing is metres")
	}
	_, err = g.Profile(t.Context(), orb.LineString{{0, 0}, {180, 0}}, 1000)
	expectRefusal(t, err, "opposite sides")
	zigzag := make(orb.LineString, MostPlaces)
	for k := range zigzag {
		zigzag[k] = orb.Point{float64(k % 2), 42}
	}
	_, err = g.Profile(t.Context(), zigzag, 1e6)
	expectRefusal(t, err, "too long")
}

func FuzzParsePoints(f *testing.F) {
	for _, seed := range []string{
		`[[1,42],[2,60,7]]`, `{"type":"Point","coordinates":[1,42]}`,
		`{"type":"FeatureCollection","features":[{"type":"Feature","id":3,"properties":{"a":1},"geometry":{"type":"MultiPoint","coordinates":[[1,42]]}}]}`,
		`{"type":"Feature","properties":{"height":"\u00e9"},"geometry":{"type":"Point","coordinates":[1e-9,-0]}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := ParsePoints(body)
		if err != nil {
			var r *Refusal
			if !errors.As(err, &r) {
				t.Fatal(err)
			}
			return
		}
		g := newGround(t, Ask{})
		all, err := g.All(t.Context(), p.Places)
		if err != nil {
			t.Fatal(err)
		}
		if answer := g.AppendPoints(nil, p, all); !json.Valid(answer) {
			t.Fatalf("%q is answered with %q", body, answer)
		}
	})
}
