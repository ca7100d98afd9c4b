package wmts

import (
	"encoding/xml"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// box returns the availability of a dataset that covers b from level lo to hi.
func box(g tilegrid.Grid, b orb.Bound, lo, hi uint8) [][]tilegrid.Range {
	all := make([][]tilegrid.Range, hi+1)
	for z := lo; z <= hi; z++ {
		all[z] = []tilegrid.Range{g.Cover(b, z)}
	}
	return all
}

// alps is a Mercator layer of levels 5 to 8 that answers GetFeatureInfo; relief a geographic one of tiles of 512 pixels with
// two styles, a legend and times.
func alps() Layer {
	b := orb.Bound{Min: orb.Point{5.9, 45.8}, Max: orb.Point{10.5, 47.8}}
	l := NewLayer(tilestore.Info{Name: "alps", Title: "Alps <2024> & \"more\"", Attribution: "© Survey", Format: tilestore.JPEG,
		Grid: tilegrid.Mercator, Bound: b, Available: box(tilegrid.Mercator, b, 5, 8)}, 256)
	l.InfoFormats = []Format{{"application/json", "json"}, {"text/html", "html"}}
	l.Theme = "Imagery"
	return l
}

func relief() Layer {
	b := orb.Bound{Min: orb.Point{-180, -90}, Max: orb.Point{180, 90}}
	l := NewLayer(tilestore.Info{Name: "relief", Format: tilestore.PNG, Bound: b, Available: box(tilegrid.Geodetic, b, 0, 2)}, 512)
	l.Styles = []Style{{"hillshade", "Hillshade", nil}, {"slope", "", &Legend{"http://127.0.0.1:8080/legend/slope.png", "image/png", 120, 200}}}
	l.Formats = append(l.Formats, formatJPEG, formatWebP)
	l.Dimensions = []Dimension{{"Time", "Time of the survey", "ISO8601", "2024-05-01", []string{"2023-05-01", "2024-05-01"}}}
	l.Theme = "Terrain"
	return l
}

// ask resolves the standard request with one parameter changed.
func ask(t *testing.T, l Layer, key, value string) (Tile, error) {
	t.Helper()
	pairs := strings.Split(getTile, "&")
	for n, pair := range pairs {
		if strings.HasPrefix(pair, key+"=") {
			pairs[n] = key + "=" + strings.ReplaceAll(value, "+", "%2B")
		}
	}
	r, err := Parse(strings.Join(pairs, "&"))
	if err != nil {
		return Tile{}, err
	}
	return l.Tile(*r.Tile)
}

func TestTileIsFoundAndItsRowTurned(t *testing.T) {
	got, err := ask(t, alps(), "layer", "alps")
	want := Tile{Set{tilegrid.Mercator, 256}, tilegrid.Coord{Z: 6, X: 33, Y: 63 - 22}, "default", formatJPEG, nil}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

// TestLimits: of level 6 the layer has columns 33 and row 22; the grid goes to 63.
func TestLimits(t *testing.T) {
	want := Limit{Level: 6, MinRow: 22, MaxRow: 22, MinCol: 33, MaxCol: 33}
	if got := alps().Links[0].Limits[1]; got != want {
		t.Fatalf("limits of level 6: got %+v, want %+v", got, want)
	}
	for _, c := range []struct{ key, value, want string }{
		{"tilerow", "21", "TileOutOfRange TileRow"},
		{"tilerow", "23", "TileOutOfRange TileRow"},
		{"tilerow", "63", "TileOutOfRange TileRow"},
		{"tilerow", "64", "TileOutOfRange TileRow"},
		{"tilecol", "32", "TileOutOfRange TileCol"},
		{"tilecol", "34", "TileOutOfRange TileCol"},
		{"tilematrix", "4", "InvalidParameterValue TileMatrix"},
		{"tilematrix", "9", "InvalidParameterValue TileMatrix"},
		{"tilematrix", "31", "InvalidParameterValue TileMatrix"},
		{"tilematrix", "256", "InvalidParameterValue TileMatrix"},
		{"tilematrix", "262", "InvalidParameterValue TileMatrix"}, // 6 in eight bits
		{"tilematrix", "EPSG:3857:6", "InvalidParameterValue TileMatrix"},
		{"tilematrixset", "WorldCRS84Quad", "InvalidParameterValue TileMatrixSet"},
		{"tilematrixset", "webmercatorquad", "InvalidParameterValue TileMatrixSet"},
		{"style", "bogus", "InvalidParameterValue Style"},
		{"format", "image/png", "InvalidParameterValue Format"},
		{"format", "text/html", "InvalidParameterValue Format"},
		{"format", "image/jpg", ""},
		{"format", "IMAGE/JPEG", ""},
	} {
		if _, err := ask(t, alps(), c.key, c.value); verdict(err) != c.want {
			t.Errorf("%s=%s: got %q, want %q", c.key, c.value, verdict(err), c.want)
		}
	}
}

// hostile are numbers that no row, column or pixel has, and whether they are whole.
var hostile = map[string]bool{
	"-1": true, "-22": true, "99999999999999999999": true, "-99999999999999999999": true,
	"4294967318": true, "18446744073709551638": true, // the last two are 22 in 32 and 64 bits
	"NaN": false, "Inf": false, "-Inf": false, "1e9": false, "2.2e1": false, "0x16": false,
	"+22": false, "22.0": false, "022": false, "-": false, "--22": false, " 22": false, "22 ": false,
	"2_2": false, "٢٢": false, "２２": false, "<script>": false, "22;23": false, "1'--": false,
}

func TestHostileNumbers(t *testing.T) {
	for value, whole := range hostile {
		for _, key := range []string{"TileRow", "TileCol"} {
			want := "InvalidParameterValue " + key
			if whole {
				want = "TileOutOfRange " + key
			}
			if _, err := ask(t, alps(), strings.ToLower(key), value); verdict(err) != want {
				t.Errorf("%s=%q: got %q, want %q", key, value, verdict(err), want)
			}
		}
		if _, err := ask(t, alps(), "tilematrix", value); verdict(err) != "InvalidParameterValue TileMatrix" {
			t.Errorf("TileMatrix=%q: got %q", value, verdict(err))
		}
	}
}

func TestHostilePixels(t *testing.T) {
	base, err := Parse(getInfo)
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]bool{"256": true, "1000000": true}
	for value, whole := range hostile {
		values[strings.ReplaceAll(value, "22", "256")] = whole
	}
	for value, whole := range values {
		code := InvalidParameterValue
		if whole {
			code = PointIJOutOfRange
		}
		i := *base.Info
		i.I = value
		if _, err := alps().Info(i); verdict(err) != code+" I" {
			t.Errorf("I=%q: got %q, want %s", value, verdict(err), code)
		}
		i = *base.Info
		i.J = value
		if _, err := alps().Info(i); verdict(err) != code+" J" {
			t.Errorf("J=%q: got %q, want %s", value, verdict(err), code)
		}
	}
}

func TestFeatureInfo(t *testing.T) {
	base, _ := Parse(getInfo)
	got, err := alps().Info(*base.Info)
	if err != nil || got.Column != 255 || got.Row != 10 || got.InfoFormat.Ext != "json" || got.Coord.Y != 41 {
		t.Errorf("got %+v, %v", got, err)
	}
	rest, err := ParseREST("1.0.0/alps/default/WebMercatorQuad/6/22/33/10/255.html", "")
	if err != nil {
		t.Fatal(err)
	}
	if got, err = alps().Info(*rest.Info); err != nil || got.Column != 255 || got.Row != 10 || got.InfoFormat.MIME != "text/html" {
		t.Errorf("got %+v, %v", got, err)
	}
	i := *base.Info
	i.InfoFormat = "application/bogus"
	if _, err := alps().Info(i); verdict(err) != "InvalidParameterValue InfoFormat" {
		t.Errorf("bogus format: %v", err)
	}
	if _, err := relief().Info(*base.Info); verdict(err) != "OperationNotSupported GetFeatureInfo" {
		t.Errorf("layer without feature info: %v", err)
	}
}

func TestStylesFormatsAndTimesOfALayer(t *testing.T) {
	for path, want := range map[string]string{
		"relief/slope/WorldCRS84Quadx2/0/0/1.png":                    "0/1/0 slope image/png 2024-05-01",
		"relief/default/WorldCRS84Quadx2/1/0/3.webp?time=2023-05-01": "1/3/1 hillshade image/webp 2023-05-01",
		"relief/slope/WorldCRS84Quadx2/0/0/1.jpeg?TIME=default":      "0/1/0 slope image/jpeg 2024-05-01",
		"relief/slope/WorldCRS84Quadx2/0/0/1.jpeg?TIME=1999":         "InvalidParameterValue Time",
		"relief/slope/WorldCRS84Quadx2/0/0/1.jpeg?TIME=%zz":          "InvalidParameterValue Time",
		"relief/slope/WorldCRS84Quadx2/0/0/1.jpeg?TIME=1&time=2":     "InvalidParameterValue Time",
		"relief/slope/WorldCRS84Quadx2/0/0/1.gif":                    "InvalidParameterValue Format",
		"relief/slope/WorldCRS84Quad/0/0/1.png":                      "InvalidParameterValue TileMatrixSet",
		"relief/slope/WorldCRS84Quadx2/0/1/0.png":                    "TileOutOfRange TileRow",
		"relief/slope/WorldCRS84Quadx2/0/0/2.png":                    "TileOutOfRange TileCol",
	} {
		path, query, _ := strings.Cut(path, "?")
		r, err := ParseREST("1.0.0/"+path, query)
		if err != nil {
			t.Fatal(err)
		}
		tile, err := relief().Tile(*r.Tile)
		got := verdict(err)
		if err == nil {
			got = fmt.Sprintf("%s %s %s %s", tile.Coord, tile.Style, tile.Format.MIME, tile.Dimensions["Time"])
		}
		if got != want {
			t.Errorf("%s?%s: got %q, want %q", path, query, got, want)
		}
	}
	l := relief()
	l.Dimensions[0].Default = ""
	r, _ := ParseREST("1.0.0/relief/slope/WorldCRS84Quadx2/0/0/1.png", "")
	if _, err := l.Tile(*r.Tile); verdict(err) != "MissingParameterValue Time" {
		t.Errorf("no default and no value: %v", err)
	}
}

// TestRowsAreTurnedAtEveryZoom: the tile that a row names covers the ground that the matrix set's own arithmetic gives it.
func TestRowsAreTurnedAtEveryZoom(t *testing.T) {
	world := orb.Bound{Min: orb.Point{-180, -90}, Max: orb.Point{180, 90}}
	for _, g := range []tilegrid.Grid{tilegrid.Mercator, tilegrid.Geodetic} {
		set := Set{g, 256}
		k := NewLink(set, box(g, world, 0, 22))
		for z := uint8(0); z <= 22; z++ {
			columns, rows := g.Size(z)
			if m := k.Limits[z]; m != (Limit{z, 0, rows - 1, 0, columns - 1}) {
				t.Fatalf("%s level %d: limits %+v", set.ID(), z, m)
			}
			for _, row := range []uint32{0, rows / 3, rows - 1} {
				c, err := k.coord(GetTile{Matrix: fmt.Sprint(z), Row: fmt.Sprint(row), Col: "0"})
				if err != nil {
					t.Fatal(err)
				}
				if got, want := g.Bound(c).Max.Lat(), north(set, z, row); math.Abs(got-want) > 1e-6 {
					t.Errorf("%s level %d row %d: north is %v, want %v", set.ID(), z, row, got, want)
				}
			}
		}
	}
}

// north computes the northern edge of a row as a client does: from the top left corner down, by the scale denominator and
// 0.28 mm pixels (07-057r7, 6.1).
func north(s Set, z uint8, row uint32) float64 {
	span := float64(s.TileSize) * s.ScaleDenominator(z) * 0.28e-3
	if s.Grid == tilegrid.Geodetic {
		return 90 - float64(row)*span/111319.49079327358
	}
	return math.Atan(math.Sinh((20037508.3427892-float64(row)*span)/6378137)) * 180 / math.Pi
}

// TestExtendedLinksAnswerEveryLevel: what is stored keeps its limits, the rest has those of the ground.
func TestExtendedLinksAnswerEveryLevel(t *testing.T) {
	l := alps()
	stored := l.Links[0].Limits
	k := l.Links[0].Extend(l.Bound, 0, 10)
	if len(k.Limits) != 11 || k.Limits[0] != (Limit{}) || k.Limits[4] != (Limit{4, 5, 5, 8, 8}) || !slices.Equal(k.Limits[5:9], stored) {
		t.Errorf("got %+v", k.Limits)
	}
	if len(l.Links[0].Limits) != 4 {
		t.Error("the link itself has changed")
	}
	l.Links[0] = k
	for _, z := range []string{"0", "4", "10"} {
		row, col := k.Limits[len(k.Limits)-1].MinRow, k.Limits[len(k.Limits)-1].MinCol
		if z != "10" {
			row, col = row>>(10-(z[0]-'0')), col>>(10-(z[0]-'0'))
		}
		request := GetTile{Layer: "alps", Style: "default", Set: "WebMercatorQuad", Matrix: z, Row: fmt.Sprint(row), Col: fmt.Sprint(col), Ext: "jpg"}
		if _, err := l.Tile(request); err != nil {
			t.Errorf("level %s: %v", z, err)
		}
	}
	crossing := orb.Bound{Min: orb.Point{170, -20}, Max: orb.Point{200, -10}}
	if m := NewLink(Set{tilegrid.Geodetic, 256}, nil).Extend(crossing, 2, 2).Limits[0]; m.MinCol != 0 || m.MaxCol != 7 {
		t.Errorf("across the antimeridian: %+v", m)
	}
}

// TestLimitsReachAsFarAsThoseOfTheLevelAbove: of a mosaic the deep levels store a part of the ground, and the rest is drawn.
func TestLimitsReachAsFarAsThoseOfTheLevelAbove(t *testing.T) {
	ground := orb.Bound{Min: orb.Point{-10, 40}, Max: orb.Point{30, 60}}
	g := tilegrid.Geodetic
	village := g.Cover(orb.Bound{Min: orb.Point{9, 49}, Max: orb.Point{9.5, 49.5}}, 8)
	available := make([][]tilegrid.Range, 11)
	for z := range uint8(6) {
		available[z] = []tilegrid.Range{g.Cover(ground, z)}
	}
	available[8] = []tilegrid.Range{village} // 6 and 7 are missing
	available[9] = []tilegrid.Range{{Z: 9, MinX: 2 * village.MinX, MinY: 2 * village.MinY, MaxX: 2 * village.MinX, MaxY: 2 * village.MinY}}
	set := Set{g, 256}
	stored := NewLink(set, available).Limits
	k := NewLink(set, available).Extend(ground, 0, 10)
	if len(k.Limits) != 11 {
		t.Fatalf("%+v", k.Limits)
	}
	for z, m := range k.Limits {
		want := limitOf(g, uint8(z), []tilegrid.Range{g.Cover(ground, uint8(z))})
		switch z {
		case 3: // what is stored goes as far as what is above it
			want = stored[z]
		}
		if m != want {
			t.Errorf("level %d: %+v, want %+v", z, m, want)
		}
	}
}

// TestScaleDenominatorsAreThoseOfTheStandard compares with the tables of 07-057r7, annex E, and of the WMTS Simple profile
// (13-082r2).
func TestScaleDenominatorsAreThoseOfTheStandard(t *testing.T) {
	table := []string{"559082264.0287178", "279541132.0143589", "139770566.0071794", "69885283.00358972", "34942641.50179486",
		"17471320.75089743", "8735660.375448715",
		"4367830.187724357", "2183915.093862179", "1091957.546931089", "545978.7734655447",
		"272989.3867327723", "136494.6933663862", "68247.34668319309", "34123.67334159654",
		"17061.83667079827", "8530.918335399136", "4265.459167699568", "2132.729583849784"}
	for z, want := range table {
		if got := digits((Set{tilegrid.Mercator, 256}).ScaleDenominator(uint8(z))); got != want {
			t.Errorf("WebMercatorQuad %d: got %s, want %s", z, got, want)
		}
		if z > 0 {
			for _, s := range []Set{{tilegrid.Geodetic, 256}, {tilegrid.Mercator, 512}} {
				if got := digits(s.ScaleDenominator(uint8(z - 1))); got != want {
					t.Errorf("%s %d: got %s, want %s", s.ID(), z-1, got, want)
				}
			}
		}
	}
}

// TestDepthsAreSetsOfTheirOwn: the matrices of a set are those of the layers that it is linked to, with limits for each.
func TestDepthsAreSetsOfTheirOwn(t *testing.T) {
	b := orb.Bound{Min: orb.Point{5, 45}, Max: orb.Point{15, 55}}
	shallow, deep, like := alps(), alps(), alps()
	for l, hi := range map[*Layer]uint8{&shallow: 3, &deep: 19, &like: 3} {
		l.Name = fmt.Sprint("to-", hi)
		l.Links = []Link{NewLink(Set{tilegrid.Mercator, 256}, nil).Extend(b, 0, hi)}
	}
	s := service()
	s.Layers = []Layer{shallow, deep, like}
	document, err := answer(t, s, "&sections=Contents")
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Linked []string `xml:"Contents>Layer>TileMatrixSetLink>TileMatrixSet"`
		Sets   []struct {
			ID       string   `xml:"Identifier"`
			Scales   string   `xml:"WellKnownScaleSet"`
			Matrices []string `xml:"TileMatrix>Identifier"`
		} `xml:"Contents>TileMatrixSet"`
	}
	if err := xml.Unmarshal(document, &got); err != nil {
		t.Fatal(err)
	}
	if want := "[WebMercatorQuad_Level3 WebMercatorQuad_Level19 WebMercatorQuad_Level3]"; fmt.Sprint(got.Linked) != want {
		t.Errorf("linked: %v", got.Linked)
	}
	const compatible = "urn:ogc:def:wkss:OGC:1.0:GoogleMapsCompatible" // has nineteen scales
	if len(got.Sets) != 2 || len(got.Sets[0].Matrices) != 4 || len(got.Sets[1].Matrices) != 20 ||
		got.Sets[0].Scales != compatible || got.Sets[1].Scales != "" {
		t.Errorf("sets: %+v", got.Sets)
	}
	for id, want := range map[string]string{"WebMercatorQuad_Level3": "", "WebMercatorQuad": "",
		"WebMercatorQuad_Level19": "", "WebMercatorQuad_Level0": "", "WebMercatorQuad_Level30": "", // of other versions
		"WebMercatorQuad_Level31": "no", "WebMercatorQuad_Level99999999999999999999": "no", "WebMercatorQuad_Level03": "no", "WebMercatorQuad_Level": "no", "WebMercatorQuad3": "no",
		"WebMercatorQuad_Level-3": "no", "WorldCRS84Quad": "no", "WorldCRS84Quad_Level3": "no"} {
		_, err := shallow.Tile(GetTile{Layer: "to-3", Style: DefaultStyle, Set: id, Matrix: "3", Row: "2", Col: "4", Ext: "jpg"})
		if (err == nil) != (want == "") || err != nil && verdict(err) != "InvalidParameterValue TileMatrixSet" {
			t.Errorf("%s: %v", id, err)
		}
	}
}

// TestSetsHaveNamesOfOthers which requests may use; who names none of a layer's sets is told which it has.
func TestSetsHaveNamesOfOthers(t *testing.T) {
	b := orb.Bound{Min: orb.Point{5, 45}, Max: orb.Point{15, 55}}
	for id, want := range map[string]tilegrid.Grid{"GoogleMapsCompatible": tilegrid.Mercator, "EPSG:3857": tilegrid.Mercator, "EPSG:4326": tilegrid.Geodetic} {
		for size, ok := range map[int]bool{256: true, 512: false} {
			l := alps()
			l.Links = []Link{NewLink(Set{tilegrid.Mercator, size}, nil).Extend(b, 0, 3), NewLink(Set{tilegrid.Geodetic, size}, nil).Extend(b, 0, 3)}
			got, err := l.Tile(GetTile{Layer: "alps", Style: DefaultStyle, Set: id, Matrix: "0", Row: "0", Col: "0", Ext: "jpg"})
			if id == "EPSG:4326" && ok {
				got, err = l.Tile(GetTile{Layer: "alps", Style: DefaultStyle, Set: id, Matrix: "0", Row: "0", Col: "1", Ext: "jpg"})
			}
			if (err == nil) != ok || ok && got.Set.Grid != want {
				t.Errorf("%s of %d pixels: %+v, %v", id, size, got, err)
			}
		}
	}
	l := alps()
	l.Links = []Link{NewLink(Set{tilegrid.Mercator, 256}, nil).Extend(b, 0, 3), NewLink(Set{tilegrid.Geodetic, 256}, nil).Extend(b, 0, 2)}
	for _, id := range []string{"none", "EPSG:3395", "GoogleMapsCompatible_Level3", "googlemapscompatible"} {
		_, err := l.Tile(GetTile{Layer: "alps", Style: DefaultStyle, Set: id, Matrix: "0", Row: "0", Col: "0", Ext: "jpg"})
		if verdict(err) != "InvalidParameterValue TileMatrixSet" || !strings.HasSuffix(err.Error(), ": WebMercatorQuad_Level3, WorldCRS84Quad_Level2") {
			t.Errorf("%s: %v", id, err)
		}
	}
}

func TestScaleSetsThatAreKept(t *testing.T) {
	for s, want := range map[Set]bool{{tilegrid.Mercator, 256}: true, {tilegrid.Mercator, 512}: false,
		{tilegrid.Geodetic, 256}: false, {tilegrid.Geodetic, 128}: false} {
		if got := s.wellKnown(18); (got != "") != want {
			t.Errorf("%s: %q", s.ID(), got)
		}
	}
}

func TestSetsHaveNames(t *testing.T) {
	for want, s := range map[string]Set{"WebMercatorQuad": {tilegrid.Mercator, 256}, "WorldCRS84Quad": {tilegrid.Geodetic, 256},
		"WebMercatorQuadx2": {tilegrid.Mercator, 512},
		"WorldCRS84Quadx4":  {tilegrid.Geodetic, 1024}} {
		if s.ID() != want {
			t.Errorf("%+v: %s, want %s", s, s.ID(), want)
		}
		if back, ok := ParseSet(want); !ok || back != s {
			t.Errorf("%s: %+v, %v", want, back, ok)
		}
	}
	if id := (Set{tilegrid.Mercator, 300}).ID(); id != "WebMercatorQuad-300px" {
		t.Error(id)
	}
	if _, ok := ParseSet("GoogleMapsCompatible"); ok {
		t.Error("a set that is not ours is known")
	}
}
