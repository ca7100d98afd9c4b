package wms

import (
	"bytes"
	"encoding/xml"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"github.com/terrane/terrane/imagery"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func capabilities(t testing.TB, v Version, s *Service) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := WriteCapabilities(&b, v, s, NewBoxes(systems{})); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// indent breaks a document into lines, for the eye.
func indent(t *testing.T, doc []byte) []byte {
	t.Helper()
	wellFormed(t, doc)
	return bytes.ReplaceAll(doc, []byte("><"), []byte(">\n<"))
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Error(diff)
	}
}

// The golden files are valid by OGC's schema and DTD, which others hold: `make conformance` validates the documents of a
// running server.
func TestCapabilities(t *testing.T) {
	for _, v := range []Version{V111, V130} {
		golden(t, "capabilities-"+string(v)+".golden", indent(t, capabilities(t, v, service())))
	}
}

func TestAServiceOfNothingHasCapabilities(t *testing.T) {
	for _, v := range []Version{V111, V130} {
		wellFormed(t, capabilities(t, v, &Service{Title: "Empty", BaseURL: "http://localhost/wms"}))
	}
}

// read is what a client reads out of a document of 1.3.0.
type read struct {
	Layer struct {
		CRS   []string
		Layer []readLayer
	} `xml:"Capability>Layer"`
}

type readLayer struct {
	Name  string
	Title string
	West  float64 `xml:"EX_GeographicBoundingBox>westBoundLongitude"`
	East  float64 `xml:"EX_GeographicBoundingBox>eastBoundLongitude"`
	Boxes []struct {
		CRS  string  `xml:"CRS,attr"`
		MinX float64 `xml:"minx,attr"`
		MinY float64 `xml:"miny,attr"`
		MaxX float64 `xml:"maxx,attr"`
		MaxY float64 `xml:"maxy,attr"`
	} `xml:"BoundingBox"`
	Layer []readLayer
}

func readBack(t *testing.T, s *Service) read {
	t.Helper()
	var r read
	if err := xml.Unmarshal(capabilities(t, V130, s), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestBoxesOfLayers(t *testing.T) {
	s := service()
	cases := []struct {
		name       string
		bound      orb.Bound
		west, east float64
		boxes      map[string]orb.Bound // as written: first axis first
	}{
		{"an island", bounds(9, 40, 10, 41.5), 9, 10, map[string]orb.Bound{
			"CRS:84": bounds(9, 40, 10, 41.5), "EPSG:4326": bounds(40, 9, 41.5, 10), "EPSG:3857": bounds(1001875.417, 4865942.280, 1113194.908, 5086373.649)}},
		{"across the antimeridian", bounds(178, -20, 182, -15), -180, 180, map[string]orb.Bound{
			"CRS:84": bounds(-180, -20, 180, -15), "EPSG:4326": bounds(-20, -180, -15, 180), "EPSG:3857": bounds(-20037508.343, -2273030.927, 20037508.343, -1689200.140)}},
		{"wholly beyond it", bounds(181, -20, 182, -15), -179, -178, map[string]orb.Bound{
			"CRS:84": bounds(-179, -20, -178, -15), "EPSG:4326": bounds(-20, -179, -15, -178), "EPSG:3857": bounds(-19926188.852, -2273030.927, -19814869.361, -1689200.140)}},
		{"the world: Mercator ends before the poles", bounds(-180, -90, 180, 90), -180, 180, map[string]orb.Bound{
			"CRS:84": bounds(-180, -90, 180, 90), "EPSG:4326": bounds(-90, -180, 90, 180), "EPSG:3857": bounds(-20037508.343, -20048966.104, 20037508.343, 20048966.104),
			"EPSG:3995": bounds(-3418033.317, -3418033.317, 3418033.317, 3418033.317)}},
		{"a quarter of the arctic, whose box is wider than its corners", bounds(45, 70, 135, 80), 45, 135, map[string]orb.Bound{
			"CRS:84": bounds(45, 70, 135, 80), "EPSG:4326": bounds(70, 45, 80, 135), "EPSG:3857": bounds(5009377.086, 11068715.659, 15028131.257, 15538711.096),
			"EPSG:3995": bounds(789151.931, -1590477.803, 2249275.280, 1590477.803)}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s.Layers = []Layer{{Name: "a", Bound: c.bound}}
			l := readBack(t, s).Layer.Layer[0]
			if l.West != c.west || l.East != c.east {
				t.Errorf("got %f to %f, want %f to %f", l.West, l.East, c.west, c.east)
			}
			if len(l.Boxes) != len(c.boxes) {
				t.Errorf("got %d boxes, want %d", len(l.Boxes), len(c.boxes))
			}
			for _, b := range l.Boxes {
				want := c.boxes[b.CRS]
				for i, got := range []float64{b.MinX, b.MinY, b.MaxX, b.MaxY} {
					if math.Abs(got-[]float64{want.Min[0], want.Min[1], want.Max[0], want.Max[1]}[i]) > 0.001 {
						t.Errorf("%s: got %v, want %v", b.CRS, b, want)
						break
					}
				}
			}
		})
	}
}

// A client that asks for a layer's box as it is written gets that layer's ground, whatever the axes.
func TestBoxesCanBeAskedFor(t *testing.T) {
	s := service()
	for _, l := range readBack(t, s).Layer.Layer {
		for _, b := range l.Boxes {
			m := parse[*GetMap](t, change(base, "LAYERS", l.Name, "CRS", b.CRS, "BBOX", fmt.Sprint(b.MinX, ",", b.MinY, ",", b.MaxX, ",", b.MaxY)))
			layer, _ := s.Layer(l.Name)
			if box, ok := NewBoxes(systems{}).box(m.CRS, layer.bound()); !ok || box != m.View.Bound {
				t.Errorf("%s in %s: got %v, want %v", l.Name, b.CRS, m.View.Bound, box)
			}
		}
	}
}

func TestHostileTextsOfDatasetsAreEscaped(t *testing.T) {
	hostile := "<script>alert(1)</script>\x00\x1b]]>&\"'\r\n" + strings.Repeat("a", 64<<10) + "\xff\ufffe"
	s := service()
	s.Title, s.Abstract, s.Fees, s.BaseURL = hostile, hostile, hostile, "https://x/?a=<b>&\"c"
	s.Keywords, s.Contact.Person, s.UpdateSequence = []string{hostile}, hostile, hostile
	s.Layers[0] = Layer{Name: hostile, Title: hostile, Attribution: hostile, AttributionURL: hostile, Data: []Link{{MIME: hostile, URL: hostile}},
		Styles: []Style{{Name: hostile, Title: hostile, Legend: &Legend{Width: 1, Height: 1, MIME: hostile}}}, Bound: bounds(0, 0, 1, 1)}
	for _, v := range []Version{V111, V130} {
		doc := capabilities(t, v, s)
		wellFormed(t, doc)
		if bytes.Contains(doc, []byte("<script")) || bytes.ContainsAny(doc, "\x00\x1b\r") || bytes.Contains(doc, []byte("\ufffe")) {
			t.Errorf("%s: text came out as it went in", v)
		}
	}
}

func TestAddressesAreThoseOfTheRequest(t *testing.T) {
	for base, want := range map[string]string{
		"https://h/p/wms":           "https://h/p/wms?",
		"https://h/wms?":            "https://h/wms?",
		"https://h/wms?token=a":     "https://h/wms?token=a&amp;",
		"http://127.0.0.1:8080/wms": "http://127.0.0.1:8080/wms?",
	} {
		s := service()
		s.BaseURL = base
		doc := string(capabilities(t, V130, s))
		if n := strings.Count(doc, `xlink:href="`+want+`"`); n < 3 {
			t.Errorf("%s: %d operations at %s", base, n, want)
		}
		if !strings.Contains(doc, `xlink:href="`+want+`SERVICE=WMS&amp;VERSION=1.3.0&amp;REQUEST=GetLegendGraphic&amp;SLD_VERSION=1.1.0&amp;LAYER=island&amp;STYLE=relief&amp;FORMAT=image%2Fpng"`) {
			t.Errorf("%s: no legend", base)
		}
	}
}

// many is a service of so many layers.
func many(n int) *Service {
	s := service()
	s.Layers = nil
	for i := range n {
		x := float64(i%300) - 150
		s.Layers = append(s.Layers, Layer{Name: fmt.Sprintf("layer-%d", i), Title: fmt.Sprintf("Layer %d", i), Abstract: "A dataset.", Attribution: "© Survey", Bound: bounds(x, 10, x+1.5, 75), Queryable: true,
			Styles: []Style{{Name: "hillshade", Title: "Hillshade"}, {Name: "relief", Title: "Relief", Legend: &Legend{120, 300, "image/png"}}}})
	}
	return s
}

// counted is a registry that counts the positions it projects.
type counted struct {
	systems
	positions *int
}

func (c counted) CRS(code string) (imagery.CRS, error) {
	crs, err := c.systems.CRS(code)
	crs.Projection = counting{crs.Projection, c.positions}
	return crs, err
}

type counting struct {
	imagery.Projection
	positions *int
}

func (c counting) Forward(x, y []float64) {
	*c.positions += len(x)
	c.Projection.Forward(x, y)
}

// What makes a thousand layers quick: see BenchmarkCapabilities for how quick.
func TestBoxesAreProjectedOnce(t *testing.T) {
	positions := 0
	s, boxes := many(1000), NewBoxes(counted{positions: &positions})
	var first, second bytes.Buffer
	if err := WriteCapabilities(&first, V130, s, boxes); err != nil || positions == 0 {
		t.Fatalf("%v, %d positions", err, positions)
	}
	before := positions
	if err := WriteCapabilities(&second, V130, s, boxes); err != nil || positions != before || !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Errorf("%v, %d positions projected again", err, positions-before)
	}
}

func BenchmarkCapabilities(b *testing.B) {
	s, boxes := many(1000), NewBoxes(systems{})
	for _, v := range []Version{V111, V130} {
		b.Run(string(v), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := WriteCapabilities(io.Discard, v, s, boxes); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	s, query := many(1000), change(base, "LAYERS", "layer-999")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(query, s, systems{}); err != nil {
			b.Fatal(err)
		}
	}
}
