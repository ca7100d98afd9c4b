package places

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/internal/sqlite"
)

// read reads files and returns the places and the rows that were left out.
func read(t testing.TB, field string, paths ...string) (list []Place, bad []BadRow, err error) {
	t.Helper()
	r := Reader{NameField: field, Bad: func(b BadRow) { bad = append(bad, b) }, Put: func(p Place) error { list = append(list, p); return nil }}
	_, err = r.Read(t.Context(), paths)
	return list, bad, err
}

func write(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// Two rows as geonames.org has them, and one that is cut off.
const geoNames = "" +
	"2988507\tParis\tParis\tLutetia,Parijs,巴黎\t48.85341\t2.3488\tP\tPPLC\tFR\t\t11\t75\t751\t75056\t2138551\t\t42\tEurope/Paris\t2022-11-04\n" +
	"4717560\tParis\tParis\tParis TX\t33.66094\t-95.55551\tP\tPPLA2\tUS\t\tTX\t277\t\t\t24782\t183\t182\tAmerica/Chicago\t2017-03-09\n" +
	"2658434\tCut\tCut\t\t47.0\n" +
	"3038999\tPic\tPic\t\tn\t1\tT\tPK\tAD\t\t00\t\t\t\t0\t\t2411\tEurope/Andorra\t2011-11-05\n"

func TestAGeoNamesTableIsRead(t *testing.T) {
	regions := write(t, "admin1CodesASCII.txt", "US.TX\tTexas\tTexas\t4736286\nFR.11\tÎle-de-France\tIle-de-France\t3012874\n")
	table := write(t, "cities.txt", geoNames)
	list, bad, err := read(t, "", table, regions)
	if err != nil || len(list) != 2 {
		t.Fatalf("%v, %v", list, err)
	}
	want := []Place{
		{Name: "Paris", Region: "Île-de-France", Country: "France", CountryCode: "FR", Layer: Locality, Population: 2138551, Importance: 2138551,
			Point: orb.Point{2.3488, 48.85341}, Names: []string{"Paris", "Lutetia", "Parijs", "巴黎"}},
		{Name: "Paris", Region: "Texas", Country: "United States", CountryCode: "US", Layer: Locality, Population: 24782, Importance: 24782,
			Point: orb.Point{-95.55551, 33.66094}, Names: []string{"Paris", "Paris TX"}},
	}
	if diff := cmp.Diff(want, list); diff != "" {
		t.Error(diff)
	}
	if len(bad) != 2 || bad[0].Line != 3 || bad[1].Line != 4 || bad[0].File != "cities.txt" {
		t.Errorf("left out: %+v", bad)
	}
}

func TestPackedTablesAreRead(t *testing.T) {
	var zipped, gzipped bytes.Buffer
	z := zip.NewWriter(&zipped)
	for name, content := range map[string]string{"readme.txt": "read me", "cities500.txt": geoNames, "picture.png": "none"} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		w.Write([]byte(content))
	}
	z.Close()
	g := gzip.NewWriter(&gzipped)
	g.Write([]byte(geoNames))
	g.Close()
	for name, content := range map[string]string{"cities500.zip": zipped.String(), "cities500.txt.gz": gzipped.String()} {
		if list, bad, err := read(t, "", write(t, name, content)); err != nil || len(list) != 2 || len(bad) != 2 {
			t.Errorf("%s: %d places, %d bad, %v", name, len(list), len(bad), err)
		}
	}
	for name, content := range map[string]string{"cut.zip": zipped.String()[:200], "cut.gz": gzipped.String()[:100]} {
		if _, _, err := read(t, "", write(t, name, content)); !errors.Is(err, ErrSource) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCSVIsRead(t *testing.T) {
	for name, content := range map[string]string{
		"commas":     "Name,Lon,Lat,Population,Country,Admin,Alternates\n\"Bern, Stadt\",7.45,46.95,133883,Schweiz,Bern,Berne|Berna\n",
		"semicolons": "name;longitude;latitude;population;country;admin;alternates\n\"Bern, Stadt\";7,45;46,95;133883;Schweiz;Bern;Berne|Berna\n",
		"tabs":       "name\tx\ty\tpopulation\tcountry\tadmin\talternates\nBern, Stadt\t7.45\t46.95\t133883\tSchweiz\tBern\tBerne,Berna\n",
		"BOM, CRLF":  "\ufeffname,lng,lat,pop,country,state,alternates\r\n\"Bern, Stadt\",7.45,46.95,133883,Schweiz,Bern,\"Berne,Berna\"\r\n",
	} {
		list, bad, err := read(t, "", write(t, "x.csv", content))
		want := []Place{{
			Name: "Bern, Stadt", Region: "Bern", Country: "Schweiz", Population: 133883, Point: orb.Point{7.45, 46.95}, Names: []string{"Berne", "Berna"},
		}}
		if diff := cmp.Diff(want, list); diff != "" || err != nil || len(bad) > 0 {
			t.Errorf("%s: %s%v %v", name, diff, bad, err)
		}
	}
	list, bad, err := read(t, "", write(t, "x.csv",
		"name,lon,lat\nA,1,2\n,1,2\nB,x,2\nC,181,2\nD,1,-91\nE,1\nF,1,2,3\nG\"x\",1,2\n\nH,5,6\n\"I\nJ\",7,8\nK,NaN,1\n"))
	if err != nil || len(list) != 3 {
		t.Errorf("%v, %v", list, err)
	}
	var lines []int64
	for _, b := range bad {
		lines = append(lines, b.Line)
	}
	if diff := cmp.Diff([]int64{3, 4, 5, 6, 7, 8, 9, 14}, lines); diff != "" {
		t.Errorf("lines left out: %s %+v", diff, bad)
	}
	if list, _, err := read(t, "ORT", write(t, "x.csv", "ort,name,lon,lat\nBern,x,1,2\n")); err != nil || len(list) != 1 || list[0].Name != "Bern" {
		t.Errorf("--name-field: %v, %v", list, err)
	}
}

func TestGeoJSONIsRead(t *testing.T) {
	content := `{"type":"FeatureCollection","bbox":[0,0,1,1],"features":[
{"type":"Feature","properties":{"NAME":"Bern","POP_MAX":275329,"ADM0NAME":"Switzerland","namealt":null},` +
		`"geometry":{"type":"Point","coordinates":[7.45,46.95,540]}},
{"type":"Feature","properties":{"name":"Fiji","featurecla":"Admin-0 country"},"geometry":{"type":"MultiPolygon","coordinates":` +
		`[[[[177,-18],[180,-18],[180,-16],[177,-16],[177,-18]]],[[[-180,-18],[-179,-18],[-179,-16],[-180,-16],[-180,-18]]]]}},
{"type":"Feature","properties":{"name":"Nowhere"},"geometry":null},
{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[7,46]}},
{"type":"Feature","properties":{"name":"Metres"},"geometry":{"type":"Point","coordinates":[830000,5900000]}},
{"type":"Feature","properties":{"name":"Odd"},"geometry":{"type":"Point","coordinates":"7,46"}},
{"type":"Feature","properties":{"name":"Rhine"},"geometry":{"type":"LineString","coordinates":[[7,46],[8,48]]}}
],"name":"x"}`
	list, bad, err := read(t, "", write(t, "x.geojson", content))
	if err != nil || len(list) != 3 {
		t.Fatalf("%v, %v", list, err)
	}
	if p := list[0]; p.Name != "Bern" || p.Population != 275329 || p.Country != "Switzerland" || p.Point != (orb.Point{7.45, 46.95}) {
		t.Errorf("the point is %+v", p)
	}
	if p := list[1]; p.Layer != Country || p.Bound.Min.Lon() != 177 || p.Bound.Max.Lon() != 181 || p.Point != (orb.Point{178.5, -17}) {
		t.Errorf("what lies on the antimeridian is %+v", p)
	}
	if p := list[2]; p.Layer != Area || p.Bound.Max != (orb.Point{8, 48}) {
		t.Errorf("the line is %+v", p)
	}
	var lines []int64
	for _, b := range bad {
		lines = append(lines, b.Line)
	}
	if diff := cmp.Diff([]int64{4, 5, 6, 7}, lines); diff != "" {
		t.Errorf("lines left out: %s %+v", diff, bad)
	}
	single := `{"type":"Feature","properties":{"name":"A"},"geometry":{"type":"Point","coordinates":[1,2]}}` + "\n"
	if list, _, err := read(t, "", write(t, "x.json", single+single)); err != nil || len(list) != 2 {
		t.Errorf("features in lines: %v, %v", list, err)
	}
}

func TestWhatCannotBeReadIsRefusedWithARemedy(t *testing.T) {
	for name, content := range map[string]string{
		"Latin-1":        "name,lon,lat\nZ\xfcrich,8.5,47.4\n",
		"Latin-1 later":  "name,lon,lat\n" + strings.Repeat("Bern,7.4,46.9\n", 20000) + "Z\xfcrich,8.5,47.4\n",
		"Latin-1 JSON":   "{\"type\":\"FeatureCollection\",\"features\":[{\"properties\":{\"name\":\"Z\xfcrich\"}}]}",
		"UTF-16":         "\xff\xfen\x00a\x00m\x00e\x00",
		"binary":         "name,lon,lat\n\x00\x01\x02\n",
		"empty":          "",
		"blank":          " \n\n",
		"no names":       "id,lon,lat\n1,2,3\n",
		"no places":      "name,east,north\nA,2,3\n",
		"XML":            "<kml/>",
		"an array":       "[1,2]",
		"cut JSON":       `{"type":"FeatureCollection","features":[{"type":"Feature"`,
		"broken JSON":    `{"type":"FeatureCollection","features":[{]}`,
		"other JSON":     `{"type":"Topology"}`,
		"features: 1":    `{"features":1}`,
		"other CRS":      `{"type":"FeatureCollection","features":[],"crs":{"properties":{"name":"urn:ogc:def:crs:EPSG::3857"}}}`,
		"an open quote":  "name,lon,lat\n\"A,1,2\n" + strings.Repeat("Bern,7.4,46.9\n", 100_000),
		"an endless row": "1\tA\tA\t\t1\t2\tP\tPPL\tFR\t\t\t\t\t\t0\t\t0\tx\ty" + strings.Repeat("z", 2<<20),
	} {
		_, _, err := read(t, "", write(t, "x", content))
		if !errors.Is(err, ErrSource) || remedy.Try(err) == "" {
			t.Errorf("%s: %v, try %q", name, err, remedy.Try(err))
		}
		if name == "Latin-1 later" && !strings.Contains(err.Error(), "line 20002 is not UTF-8") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := read(t, "", filepath.Join(t.TempDir(), "none")); !errors.Is(err, ErrSource) {
		t.Errorf("an absent file: %v", err)
	}
}

// TestLettersAreWholeWhereverReadsEnd reads a text with letters of every length in pieces of every size.
func TestLettersAreWholeWhereverReadsEnd(t *testing.T) {
	text := "aé京🏔z🏔京éa\n"
	for size := 1; size < 12; size++ {
		u := &utf8Reader{r: &pieces{text, size}, path: "x", line: 1}
		got := make([]byte, 0, 64)
		for {
			p := make([]byte, 16)
			n, err := u.Read(p)
			got = append(got, p[:n]...)
			if err != nil {
				break
			}
		}
		if string(got) != text {
			t.Errorf("in pieces of %d: %q", size, got)
		}
	}
}

type pieces struct {
	text string
	size int
}

func (p *pieces) Read(b []byte) (int, error) {
	if p.text == "" {
		return 0, sqlite.ErrEnough
	}
	n := copy(b, p.text[:min(p.size, len(p.text))])
	p.text = p.text[n:]
	return n, nil
}

func TestNaturalEarthIsFound(t *testing.T) {
	needsFTS5(t)
	list, bad, err := read(t, "", shared(t, "data/vector/ne_10m_populated_places.geojson"))
	if err != nil || len(list)+len(bad) != 7343 {
		t.Fatalf("%d places and %d bad rows of 7343: %v %v", len(list), len(bad), err, bad)
	}
	g := open(t, made(t, t.TempDir(), "world", list...))
	for text, want := range map[string]string{
		"zurich": "Zürich, Switzerland", "Zürich": "Zürich, Switzerland", "paris": "Paris, Île-de-France, France",
		"paris fr":  "Paris, Île-de-France, France",
		"sao paulo": "São Paulo, Brazil", "tromso": "Tromsø, Troms, Norway", "new york": "New York, United States of America",
		"lodz": "Łódź, Lódz, Poland",
	} {
		got := labels(t, g, Query{Text: text})
		if len(got) == 0 || got[0] != want {
			t.Errorf("%q finds %q, want %q", text, got, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{
		geoNames, "name,lon,lat\nA,1,2\n", "US.TX\tTexas\tTexas\t1\n",
		`{"type":"Feature","properties":{"name":"A"},"geometry":{"type":"Polygon","coordinates":[[[1,2],[3,4],[5,2],[1,2]],[]]}}`,
		`{"type":"FeatureCollection","features":[{"geometry":{"type":"GeometryCollection","geometries":[{"type":"MultiPolygon","coordinates":[[]]}]}}]}`, "name;x;y\n\"A;1;2\n",
	} {
		f.Add([]byte(s))
	}
	path := filepath.Join(f.TempDir(), "x")
	f.Fuzz(func(t *testing.T, content []byte) {
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		list, _, err := read(t, "", path)
		if err != nil && !errors.Is(err, ErrSource) {
			t.Errorf("%v", err)
		}
		for _, p := range list {
			if why := p.flaw(); why != "" {
				t.Errorf("%+v: %s", p, why)
			}
			_ = termsOf(p.Complete())
		}
	})
}
