package xyz

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"flag"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got, go test -update writes it anew):\n%s", name, diff)
	}
}

func bound(w, s, e, n float64) orb.Bound {
	return orb.Bound{Min: orb.Point{w, s}, Max: orb.Point{e, n}}
}

// alps is a Mercator dataset with markup in its title, earth a geographic one that covers the globe.
func alps() Layer {
	return NewLayer("https://maps.example/terrane", "alps@3", tilestore.Info{Name: "alps", Version: 3, Title: "Alps <2024> & \"more\"",
		Attribution: "© Survey", Format: tilestore.JPEG, Grid: tilegrid.Mercator, Bound: bound(5.9, 45.8, 10.5, 47.8), Levels: [2]uint8{5, 8}}, 256)
}

func earth() Layer {
	return NewLayer("http://127.0.0.1:8080", "earth", tilestore.Info{Name: "earth", Version: 1, Format: tilestore.PNG,
		Bound: bound(-180, -90, 180, 90), Levels: [2]uint8{0, 2}}, 256)
}

func TestTileJSONHasTheFieldsOfTheSpecification(t *testing.T) {
	got, err := json.MarshalIndent(NewTileJSON(alps(), 1), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "tilejson.golden", append(got, '\n'))
}

// TestTileJSONKeepsTheRulesOfTheSpecification holds the constraints of TileJSON 3.0.0, section 3, over awkward datasets.
func TestTileJSONKeepsTheRulesOfTheSpecification(t *testing.T) {
	crossing := alps()
	crossing.Bound = bound(170, -20, 200, -10)
	poles := alps()
	poles.Bound = bound(-180, -90, 180, 90)
	point := alps()
	point.Bound = bound(7, 46, 7, 46)
	for name, l := range map[string]Layer{"alps": alps(), "earth": earth(),
		"across the antimeridian": crossing, "to the poles": poles, "a point": point, "nothing": {}} {
		j := NewTileJSON(l, 1)
		b, c := j.Bounds, j.Center
		switch {
		case j.TileJSON != "3.0.0" || j.Scheme != "xyz" || len(j.Tiles) != 1 || strings.Count(j.Version, ".") != 2:
			t.Errorf("%s: %+v", name, j)
		case b[0] < -180 || b[2] > 180 || b[0] > b[2] || b[1] < -90 || b[3] > 90 || b[1] > b[3]:
			t.Errorf("%s: bounds %v", name, b)
		case c[0] < b[0] || c[0] > b[2] || c[1] < b[1] || c[1] > b[3] || c[2] < float64(j.MinZoom) || c[2] > float64(j.MaxZoom):
			t.Errorf("%s: center %v outside of bounds %v or levels", name, c, b)
		case j.MinZoom > j.MaxZoom || j.MaxZoom > 30:
			t.Errorf("%s: levels %d to %d", name, j.MinZoom, j.MaxZoom)
		}
	}
}

func TestTileJSONOfTwiceThePixels(t *testing.T) {
	j := NewTileJSON(alps(), 2)
	if want := "https://maps.example/terrane/imagery/alps@3/{z}/{x}/{y}@2x.jpg"; j.Tiles[0] != want || j.TileSize != 256 {
		t.Errorf("got %s with tiles of %d, want %s with 256", j.Tiles[0], j.TileSize, want)
	}
}

func TestTemplatesLeadBackToTheParser(t *testing.T) {
	for _, l := range []Layer{alps(), earth()} {
		for scale := 1; scale <= 2; scale++ {
			path := strings.NewReplacer("{z}", "1", "{x}", "1", "{y}", "0").Replace(NewTileJSON(l, scale).Tiles[0])
			p, err := ParseXYZ(strings.TrimPrefix(path, l.BaseURL+"/imagery/"))
			if err != nil || p.Ref != l.Ref || p.Scale != scale || p.MIME != l.MIME {
				t.Errorf("%s: %+v, %v", path, p, err)
			}
		}
	}
}

func TestTileMapResource(t *testing.T) {
	for name, l := range map[string]Layer{"mercator.golden": alps(), "geodetic.golden": earth()} {
		var b bytes.Buffer
		if err := WriteTileMap(&b, l); err != nil {
			t.Fatal(err)
		}
		golden(t, name, b.Bytes())
	}
}

func TestTileMapService(t *testing.T) {
	var b bytes.Buffer
	if err := WriteTileMapService(&b, "http://127.0.0.1:8080", "Terrane", []Layer{alps(), earth()}); err != nil {
		t.Fatal(err)
	}
	golden(t, "service.golden", b.Bytes())
}

// cesium is what CesiumJS's TileMapServiceImageryProvider takes out of tilemapresource.xml, 1.48 and 1.145 alike: children of
// the root by a part of their name, attributes by name.
type cesium struct {
	extension, profile    string
	width, height         string
	west, south           string
	east, north           string
	minLevel, maxLevel    string
	rootIsFirst           bool
	boxes, formats, lists int
}

func readAsCesium(t *testing.T, document []byte) cesium {
	t.Helper()
	var root struct {
		XMLName  xml.Name
		Children []element `xml:",any"`
	}
	if err := xml.Unmarshal(document, &root); err != nil {
		t.Fatal(err)
	}
	_, rest, _ := bytes.Cut(document, []byte("?>"))
	c := cesium{rootIsFirst: bytes.HasPrefix(bytes.TrimSpace(rest), []byte("<TileMap "))}
	for _, e := range root.Children {
		switch name := strings.ToLower(e.XMLName.Local); {
		case strings.Contains(name, "tileformat"):
			c.formats++
			c.width, c.height, c.extension = e.attr("width"), e.attr("height"), e.attr("extension")
		case strings.Contains(name, "tilesets"):
			c.lists++
			c.profile, c.minLevel, c.maxLevel = e.attr("profile"), e.Children[0].attr("order"), e.Children[len(e.Children)-1].attr("order")
		case strings.Contains(name, "boundingbox"):
			c.boxes++
			c.west, c.south, c.east, c.north = e.attr("minx"), e.attr("miny"), e.attr("maxx"), e.attr("maxy")
		}
	}
	return c
}

type element struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Children []element  `xml:",any"`
}

func (e element) attr(name string) string {
	for _, a := range e.Attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func TestTileMapResourceAsCesiumReadsIt(t *testing.T) {
	var b bytes.Buffer
	if err := WriteTileMap(&b, earth()); err != nil {
		t.Fatal(err)
	}
	want := cesium{"png", "global-geodetic", "256", "256", "-180", "-90", "180", "90", "0", "2", true, 1, 1, 1}
	if got := readAsCesium(t, b.Bytes()); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	b.Reset()
	if err := WriteTileMap(&b, alps()); err != nil {
		t.Fatal(err)
	}
	got := readAsCesium(t, b.Bytes())
	if got.profile != "global-mercator" || got.minLevel != "5" || got.maxLevel != "8" || got.extension != "jpg" || !got.rootIsFirst {
		t.Errorf("got %+v", got)
	}
}

// TestTileMapResourceAgreesWithProvenFile compares ours with a file that CesiumJS ships and reads: Natural Earth II. Its
// profile has gdal2tiles's name for the same grid.
func TestTileMapResourceAgreesWithProvenFile(t *testing.T) {
	shared := os.Getenv("TERRANE_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	proven, err := os.ReadFile(filepath.Join(shared, "data", "imagery", "NaturalEarthII_tms", "tilemapresource.xml"))
	if err != nil {
		t.Skip("TERRANE_SHARED has no data/imagery/NaturalEarthII_tms")
	}
	l := earth()
	l.MIME = tilestore.JPEG
	var b bytes.Buffer
	if err := WriteTileMap(&b, l); err != nil {
		t.Fatal(err)
	}
	want, got := readAsCesium(t, proven), readAsCesium(t, b.Bytes())
	for _, s := range []*string{&want.west, &want.south, &want.east, &want.north} {
		*s = strings.TrimSuffix(strings.TrimRight(*s, "0"), ".")
	}
	want.west, want.east, want.south, want.north = "-180", "180", "-90", "90" // written there with fourteen zeros
	want.profile = "global-" + want.profile
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestMetres(t *testing.T) {
	for p, want := range map[orb.Point]orb.Point{
		{0, 0}:                             {0, 0},
		{180, tilegrid.MercatorLimit}:      {20037508.342789244, 20037508.342789244},
		{-180, -tilegrid.MercatorLimit}:    {-20037508.342789244, -20037508.342789244},
		{13.40495, 52.52}:                  {1492232.21, 6894699.80}, // cs2cs EPSG:4326 EPSG:3857, PROJ 9.1.1
		{0, tilegrid.MercatorLimit + 1e-9}: {0, 20037508.342789244},
	} {
		if got := metres(p); math.Abs(got[0]-want[0]) > 0.01 || math.Abs(got[1]-want[1]) > 0.01 {
			t.Errorf("%v: got %v, want %v", p, got, want)
		}
	}
}
