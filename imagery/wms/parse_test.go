package wms

import (
	"errors"
	"image/color"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
)

// Facts: 06-042, 6.2.4, and 01-068r3, 6.2.4.
func TestVersionsAreNegotiated(t *testing.T) {
	for asked, want := range map[string]Version{
		"": V130, "1.3.0": V130, "1.3": V130, "1.3.1": V130, "100.0.0": V130, "1.2.0": V111, "1.1.1": V111, "1.1.0": V111, "1.0.0": V111, "0.0.1": V111, "1.1.5": V111,
	} {
		query := "SERVICE=WMS&REQUEST=GetCapabilities&VERSION=" + asked
		if got := parse[*GetCapabilities](t, query).Version; got != want {
			t.Errorf("asked for %q: got %s, want %s", asked, got, want)
		}
	}
	if got := parse[*GetCapabilities](t, "service=WMS&request=GetCapabilities&wmtver=1.0.0").Version; got != V111 {
		t.Errorf("WMTVER=1.0.0: got %s", got)
	}
	for query, want := range map[string]Version{ // OGC's suite for 1.1.1 asks so
		"SERVICE=WMS&REQUEST=capabilities&WMTVER=1.1.1": V111, "REQUEST=capabilities&WMTVER=1.0.0": V111, "REQUEST=CAPABILITIES": V130,
		"SERVICE=WMS&REQUEST=GetCapabilities&WMTVER=1.3.0":               V130,
		"WMTVER=0.0.0&VERSION=1.3.0&SERVICE=WMS&REQUEST=GetCapabilities": V130, "WMTVER=100.0.0&VERSION=1.1.1&SERVICE=WMS&REQUEST=GetCapabilities": V111,
	} {
		if got := parse[*GetCapabilities](t, query).Version; got != want {
			t.Errorf("%s: got %s, want %s", query, got, want)
		}
	}
	for _, bad := range []string{"x", "1.3.0.0", "-1", "1.e", "1..0", "99999999999999999999"} {
		if e := refused(t, "SERVICE=WMS&REQUEST=GetCapabilities&VERSION="+bad); e.Locator != "version" {
			t.Errorf("VERSION=%s: got %v", bad, e)
		}
	}
}

func TestNoQueryAtAllAsksForCapabilities(t *testing.T) {
	if got := parse[*GetCapabilities](t, ""); got.Version != V130 {
		t.Errorf("got %+v", got)
	}
}

func TestUpdateSequence(t *testing.T) {
	cases := []struct{ current, asked, want string }{
		{"41", "41", CurrentUpdateSequence}, {"41", "42", InvalidUpdateSequence}, {"41", "100", InvalidUpdateSequence}, {"41", "40", ""}, {"41", "5", ""}, {"41", "0041", CurrentUpdateSequence},
		{"0", "-1", ""}, {"41", "", ""}, {"", "7", ""}, {"9", "10", InvalidUpdateSequence}, {"41", strings.Repeat("9", 400), InvalidUpdateSequence},
		{"41", "NaN", InvalidUpdateSequence}, {"41", "-Inf", InvalidUpdateSequence}, {"41", "Infinity", InvalidUpdateSequence}, {"41", "4.1e1", CurrentUpdateSequence},
		{"2024-05-01T10:00:00Z", "2024-05-01T10:00:00Z", CurrentUpdateSequence}, {"2024-05-01T10:00:00Z", "3135-16-12T21:11:11Z", InvalidUpdateSequence}, {"2024-05-01T10:00:00Z", "1013", ""},
	}
	for _, c := range cases {
		s := service()
		s.UpdateSequence = c.current
		_, err := Parse("SERVICE=WMS&REQUEST=GetCapabilities&UPDATESEQUENCE="+c.asked, s, systems{})
		got := ""
		if e := (*Exception)(nil); errors.As(err, &e) {
			got = e.Code
		}
		if got != c.want {
			t.Errorf("current %q, asked %q: got %q, want %q", c.current, c.asked, got, c.want)
		}
	}
}

func TestKeysComeInAnyCaseAndOrder(t *testing.T) {
	a := parse[*GetMap](t, "bBoX=9,40,10,41&lAyErS=island&StYlEs=&WiDtH=200&HEIGHT=200&format=image%2Fpng&&crs=CRS:84&vErSiOn=1.3.0&ReQuEsT=%47%65tMap&BoGuS=ignored&DPI=96&MAP_RESOLUTION=96&FORMAT_OPTIONS=dpi:96")
	b := parse[*GetMap](t, change(base))
	if diff := cmp.Diff(a, b); diff != "" {
		t.Error(diff)
	}
}

// What CesiumJS 1.48 to the latest, QGIS 3 and Leaflet send.
func TestClientsAreUnderstood(t *testing.T) {
	cases := []struct {
		name, query string
		want        orb.Bound
	}{
		{"Cesium, 1.1.1, keys in lower case", "service=WMS&version=1.1.1&request=GetMap&styles=&format=image%2Fpng&layers=island&bbox=9,40,10,41&width=256&height=256&srs=EPSG%3A4326", bounds(9, 40, 10, 41)},
		{"Cesium, 1.3.0 with CRS:84", "service=WMS&version=1.3.0&request=GetMap&styles=&format=image%2Fjpeg&layers=island&bbox=9,40,10,41&width=256&height=256&crs=CRS%3A84", bounds(9, 40, 10, 41)},
		{"Cesium, 1.3.0 with EPSG:4326", "service=WMS&version=1.3.0&request=GetMap&styles=&format=image%2Fjpeg&layers=island&bbox=40,9,41,10&width=256&height=256&crs=EPSG%3A4326", bounds(9, 40, 10, 41)},
		{"QGIS leaves the semicolon of a format as it is", "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&BBOX=4865942,1001875,5160979,1113194&CRS=EPSG:3857&WIDTH=900&HEIGHT=600&LAYERS=island&STYLES=relief&FORMAT=image/png;%20mode=8bit&DPI=96&MAP_RESOLUTION=96&FORMAT_OPTIONS=dpi:96&TRANSPARENT=TRUE", bounds(4865942, 1001875, 5160979, 1113194)},
		{"no SERVICE in 1.1.1", "VERSION=1.1.1&REQUEST=GetMap&SRS=EPSG:900913&BBOX=-2e7,-2E7,2e+07,2.0e7&WIDTH=256&HEIGHT=256&LAYERS=island&FORMAT=image/jpg", bounds(-2e7, -2e7, 2e7, 2e7)},
		{"operations of 1.0.0 keep their names",
			"WMTVER=1.1.1&REQUEST=map&SRS=EPSG:4326&BBOX=9,40,10,41&WIDTH=256&HEIGHT=256&LAYERS=island&STYLES=&FORMAT=image/png", bounds(9, 40, 10, 41)},
		{"1.1.0 is read as 1.1.1", "VERSION=1.1.0&REQUEST=GetMap&SRS=EPSG:4326&BBOX=9,40,10,41&WIDTH=256&HEIGHT=256&LAYERS=island&STYLES=&FORMAT=image/png", bounds(9, 40, 10, 41)},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := parse[*GetMap](t, c.query).View.Bound; got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestBadParametersAreNamed(t *testing.T) {
	long := strings.Repeat("9", 60000)
	cases := []struct{ key, value, code, locator string }{
		{"SERVICE", "WFS", InvalidParameter, "service"},
		{"REQUEST", "-", MissingParameter, "request"}, {"REQUEST", "", MissingParameter, "request"}, {"REQUEST", "DescribeLayer", OperationNotSupported, "request"}, {"REQUEST", "<script>", OperationNotSupported, "request"},
		{"VERSION", "-", MissingParameter, "version"}, {"VERSION", "1.2.0", InvalidParameter, "version"}, {"VERSION", "2.0.0", InvalidParameter, "version"}, {"VERSION", "abc", InvalidParameter, "version"},
		{"LAYERS", "-", MissingParameter, "layers"}, {"LAYERS", "", MissingParameter, "layers"}, {"LAYERS", "Atlantis", LayerNotDefined, "layers"}, {"LAYERS", "Island", LayerNotDefined, "layers"}, {"LAYERS", "island,", LayerNotDefined, "layers"},
		{"LAYERS", "Atlantis,island", LayerNotDefined, "layers"}, {"LAYERS", "island,Atlantis", LayerNotDefined, "layers"}, {"LAYERS", "island,island,island,island,island", InvalidParameter, "layers"}, {"LAYERS", "recent,recent,island", InvalidParameter, "layers"},
		{"LAYERS", strings.Repeat("island,", 2000) + "island", InvalidParameter, "layers"},
		{"STYLES", "sepia", StyleNotDefined, "styles"}, {"STYLES", "relief,relief", StyleNotDefined, "styles"}, {"STYLES", ",", StyleNotDefined, "styles"},
		{"CRS", "-", MissingParameter, "crs"}, {"CRS", "EPSG:1", InvalidCRS, "crs"}, {"CRS", "UndefinedCRS", InvalidCRS, "crs"}, {"CRS", "EPSG:4326;DROP", InvalidCRS, "crs"}, {"CRS", "+proj=longlat", InvalidCRS, "crs"}, {"CRS", "AUTO2:42001,1,0,0", InvalidCRS, "crs"}, {"CRS", "/vsicurl/http://x", InvalidCRS, "crs"},
		{"BBOX", "-", MissingParameter, "bbox"}, {"BBOX", "1,2,3", InvalidParameter, "bbox"}, {"BBOX", "1,2,3,4,5", InvalidParameter, "bbox"}, {"BBOX", "a,b,c,d", InvalidParameter, "bbox"}, {"BBOX", "10,40,9,41", InvalidParameter, "bbox"}, {"BBOX", "9,41,10,40", InvalidParameter, "bbox"},
		{"BBOX", "9,40,9,41", InvalidParameter, "bbox"}, {"BBOX", "9,40,10,40", InvalidParameter, "bbox"}, {"BBOX", "NaN,40,10,41", InvalidParameter, "bbox"}, {"BBOX", "-Inf,40,Inf,41", InvalidParameter, "bbox"}, {"BBOX", "9,40,10,1e400", InvalidParameter, "bbox"}, {"BBOX", "9,40,10,1e300", InvalidParameter, "bbox"},
		{"BBOX", "0x9,40,10,41", InvalidParameter, "bbox"}, {"BBOX", "9_0,40,100,41", InvalidParameter, "bbox"}, {"BBOX", ",,,", InvalidParameter, "bbox"}, {"BBOX", "9,40,9.00000000000001,41", InvalidParameter, "bbox"}, {"BBOX", "9,40,10," + long, InvalidParameter, "bbox"}, {"BBOX", "٩,40,10,41", InvalidParameter, "bbox"},
		{"WIDTH", "-", MissingParameter, "width"}, {"WIDTH", "0", InvalidParameter, "width"}, {"WIDTH", "-1", InvalidParameter, "width"}, {"WIDTH", "4097", InvalidParameter, "width"}, {"WIDTH", "1e2", InvalidParameter, "width"}, {"WIDTH", "100.5", InvalidParameter, "width"}, {"WIDTH", "NaN", InvalidParameter, "width"},
		{"WIDTH", "0x10", InvalidParameter, "width"}, {"WIDTH", long, InvalidParameter, "width"}, {"WIDTH", " 1", InvalidParameter, "width"}, {"HEIGHT", "99999999999", InvalidParameter, "height"}, {"HEIGHT", "", MissingParameter, "height"},
		{"FORMAT", "-", MissingParameter, "format"}, {"FORMAT", "image/bmp", InvalidFormat, "format"}, {"FORMAT", "png", InvalidFormat, "format"}, {"FORMAT", "text/html", InvalidFormat, "format"},
		{"TRANSPARENT", "maybe", InvalidParameter, "transparent"}, {"BGCOLOR", "red", InvalidParameter, "bgcolor"}, {"BGCOLOR", "0xFF00", InvalidParameter, "bgcolor"}, {"BGCOLOR", "0xGG0000", InvalidParameter, "bgcolor"}, {"BGCOLOR", "0x+10000", InvalidParameter, "bgcolor"},
		{"EXCEPTIONS", "application/json", InvalidParameter, "exceptions"}, {"SLD", "http://evil.example/sld.xml", InvalidParameter, "sld"}, {"SLD_BODY", "<!DOCTYPE a>", InvalidParameter, "sld_body"},
	}
	for _, c := range cases {
		e := refused(t, change(base, c.key, c.value))
		if e.Code != c.code || e.Locator != c.locator || e.Status() != 400 {
			t.Errorf("%s=%.40s: got %s at %q, status %d, want %s at %q", c.key, c.value, e.Code, e.Locator, e.Status(), c.code, c.locator)
		}
	}
}

func TestASizeHasLimits(t *testing.T) {
	if m := parse[*GetMap](t, change(base, "WIDTH", "4096", "HEIGHT", "2048")); m.View.Width != 4096 || m.View.Height != 2048 {
		t.Errorf("got %d x %d", m.View.Width, m.View.Height)
	}
	if e := refused(t, change(base, "WIDTH", "4096", "HEIGHT", "2049")); !strings.Contains(e.Text, "8388608 pixels") {
		t.Errorf("got %v", e)
	}
	for _, side := range []string{"1", "5", "8"} {
		parse[*GetMap](t, change(base, "WIDTH", side, "HEIGHT", "5"))
	}
}

func TestDoubledKeysAreRefusedUnlessTheyAgree(t *testing.T) {
	parse[*GetMap](t, change(base)+"&layers=island")
	for _, more := range []string{"&layers=coast", "&LAYERS=", "&WiDtH=100", "&%6Cayers=coast"} {
		refused(t, change(base)+more)
	}
}

func TestQueriesThatAreNone(t *testing.T) {
	for _, q := range []string{"&", "&&&", "%zz", "REQUEST=GetMap%", "=", "a;b;c", strings.Repeat("a=b&", 300), strings.Repeat("x", 70000), "request=GetMap&\x00=\xff"} {
		if e := refused(t, q); e.Status() != 400 {
			t.Errorf("%.30q: status %d", q, e.Status())
		}
	}
}

// Facts: 06-042, 7.3.3.4.
func TestStylesBelongToLayersOneByOne(t *testing.T) {
	cases := []struct {
		layers, styles string
		want           []string
	}{
		{"island", "", []string{"hillshade"}},
		{"island", "default", []string{"hillshade"}},
		{"island", "relief", []string{"relief"}},
		{"island,coast,island", "", []string{"hillshade", "default", "hillshade"}},
		{"island,coast,island", ",,", []string{"hillshade", "default", "hillshade"}},
		{"island,coast,island", "relief,,hillshade", []string{"relief", "default", "hillshade"}},
		{"recent", "", []string{"default", "default"}},
	}
	for _, c := range cases {
		m := parse[*GetMap](t, change(base, "LAYERS", c.layers, "STYLES", c.styles, "BBOX", "9,40,9.1,40.1"))
		var got []string
		for _, d := range m.Layers {
			got = append(got, d.Style.Name)
		}
		if !cmp.Equal(got, c.want) {
			t.Errorf("LAYERS=%s STYLES=%s: got %q, want %q", c.layers, c.styles, got, c.want)
		}
	}
	parse[*GetMap](t, change(base, "STYLES", "-"))
}

func TestPaper(t *testing.T) {
	cases := []struct {
		name        string
		pairs       []string
		transparent bool
		background  color.NRGBA
	}{
		{"white and opaque unless asked", nil, false, color.NRGBA{255, 255, 255, 255}},
		{"a colour", []string{"BGCOLOR", "0xFF8000"}, false, color.NRGBA{255, 128, 0, 255}},
		{"a colour as in HTML", []string{"BGCOLOR", "#ff8000"}, false, color.NRGBA{255, 128, 0, 255}},
		{"transparent", []string{"TRANSPARENT", "true"}, true, color.NRGBA{255, 255, 255, 255}},
		{"not transparent", []string{"TRANSPARENT", "FALSE"}, false, color.NRGBA{255, 255, 255, 255}},
		{"a jpeg never is", []string{"TRANSPARENT", "TRUE", "FORMAT", "image/jpeg"}, false, color.NRGBA{255, 255, 255, 255}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := parse[*GetMap](t, change(base, c.pairs...))
			if m.Transparent != c.transparent || m.Background != c.background {
				t.Errorf("got %v on %v", m.Transparent, m.Background)
			}
		})
	}
}

func TestFormatsUnderAllTheirNames(t *testing.T) {
	for asked, want := range map[string]string{
		"image/png": "png", "IMAGE/PNG": "png", "image/png; mode=8bit": "png8", "image/png;mode=8bit": "png8", "image/png8": "png8", "image/png; mode=24bit": "png",
		"image/jpeg": "jpeg", "image/jpg": "jpeg", "image/webp": "webp", "image/tiff": "geotiff", "image/geotiff": "geotiff",
	} {
		if got := parse[*GetMap](t, change(base, "FORMAT", asked)).Format.Name; got != want {
			t.Errorf("%s: got %s, want %s", asked, got, want)
		}
	}
}

// The scale of 256 pixels around the globe is 559082264.029 (07-057r7, annex E.2: 5.5908226e8).
func TestScaleIsCountedWithPixelsOf28Hundredths(t *testing.T) {
	world := []string{"CRS", "EPSG:3857", "BBOX", "-20037508.342789244,-20037508.342789244,20037508.342789244,20037508.342789244", "WIDTH", "256", "HEIGHT", "256", "DPI", "300"}
	if m := parse[*GetMap](t, change(base, world...)); math.Abs(m.Scale-559082264.029) > 1 {
		t.Errorf("got %f", m.Scale)
	}
	if m := parse[*GetMap](t, change(base, "BBOX", "-180,-90,180,90", "WIDTH", "512", "HEIGHT", "256")); math.Abs(m.Scale-279541132.014) > 1 {
		t.Errorf("in degrees: got %f", m.Scale)
	}
}

func TestLayersOutOfScaleAreNotDrawn(t *testing.T) {
	far := parse[*GetMap](t, change(base, "LAYERS", "photo,island", "STYLES", ""))
	near := parse[*GetMap](t, change(base, "LAYERS", "photo,island", "BBOX", "9,40,9.1,40.1"))
	if len(far.Layers) != 1 || far.Layers[0].Name != "island" || len(near.Layers) != 2 || near.Layers[0].Name != "photo" {
		t.Errorf("far %d at %f, near %d at %f", len(far.Layers), far.Scale, len(near.Layers), near.Scale)
	}
	if none := parse[*GetMap](t, change(base, "LAYERS", "photo")); len(none.Layers) != 0 {
		t.Errorf("got %d layers", len(none.Layers))
	}
}

func TestTimes(t *testing.T) {
	cases := []struct{ asked, want, warning string }{
		{"", "2023-06-03T12:30:00Z", "99 Default value used: time=2023-06-03T12:30:00Z ISO8601"},
		{"current", "2023-06-03T12:30:00Z", ""},
		{"2021-06-02T11:00:00Z", "2021-06-02T11:00:00Z", ""},
		{"2021-06-02T11:00:00.000Z", "2021-06-02T11:00:00Z", ""},
		{"2021-06-02T13:00:00+02:00", "2021-06-02T11:00:00Z", ""},
		{"2021-06-02", "2021-06-02T11:00:00Z", ""},
		{"2021", "2021-06-02T11:00:00Z", ""},
		{"2023-06", "2023-06-03T12:30:00Z", ""},
		{"2020", "2020-06-01T10:00:00Z", ""},
		{"2022-01-01", "2021-06-02T11:00:00Z", "99 Nearest value used: time=2021-06-02T11:00:00Z ISO8601"},
		{"2023-01-01T00:00:00Z", "2023-06-03T12:30:00Z", "99 Nearest value used: time=2023-06-03T12:30:00Z ISO8601"},
	}
	for _, c := range cases {
		m := parse[*GetMap](t, change(base, "LAYERS", "coast", "TIME", c.asked))
		warning := strings.Join(m.Warnings, "; ")
		if got := instant(m.Layers[0].Time); got != c.want || warning != c.warning {
			t.Errorf("TIME=%s: got %s and %q, want %s and %q", c.asked, got, warning, c.want, c.warning)
		}
	}
	for _, bad := range []string{"1999", "2024-01-01", "yesterday", "2021-06-02,2023-06-03", "2020/2023", "2020/2023/P1Y", "2021-13-01", "NaN", "-1", strings.Repeat("2021", 9999)} {
		if e := refused(t, change(base, "LAYERS", "coast", "TIME", bad)); e.Code != InvalidDimensionValue || e.Locator != "time" {
			t.Errorf("TIME=%.30s: got %v", bad, e)
		}
	}
	if m := parse[*GetMap](t, change(base, "TIME", "yesterday")); !m.Layers[0].Time.IsZero() {
		t.Error("a layer without times looked at TIME")
	}
}

var info = map[string]string{
	"SERVICE": "WMS", "VERSION": "1.3.0", "REQUEST": "GetFeatureInfo", "LAYERS": "island", "STYLES": "relief", "CRS": "EPSG:4326", "BBOX": "40,9,41,10", "WIDTH": "200", "HEIGHT": "100", "FORMAT": "image/png",
	"QUERY_LAYERS": "island", "INFO_FORMAT": "application/json", "I": "50", "J": "20",
}

func TestFeatureInfo(t *testing.T) {
	q := parse[*GetFeatureInfo](t, change(info, "FEATURE_COUNT", "10"))
	if want := (orb.Point{9.2525, 40.795}); math.Abs(q.Point[0]-want[0]) > 1e-12 || math.Abs(q.Point[1]-want[1]) > 1e-12 || q.LonLat != q.Point {
		t.Errorf("got %v and %v, want %v", q.Point, q.LonLat, want)
	}
	if len(q.Query) != 1 || q.Query[0].Name != "island" || q.Query[0].Style.Name != "relief" || q.Format != InfoJSON || q.Count != 10 {
		t.Errorf("got %+v", q)
	}
	old := parse[*GetFeatureInfo](t, change(info, "VERSION", "1.1.1", "SRS", "EPSG:4326", "CRS", "-", "BBOX", "9,40,10,41", "I", "-", "J", "-", "X", "50", "Y", "20", "INFO_FORMAT", "-", "FORMAT", "-"))
	if old.LonLat != q.LonLat || old.Format != InfoJSON || old.Count != 1 {
		t.Errorf("1.1.1: got %+v", old)
	}
	group := parse[*GetFeatureInfo](t, change(info, "QUERY_LAYERS", "recent", "LAYERS", "recent", "STYLES", ""))
	if len(group.Query) != 1 || group.Query[0].Name != "coast" || group.Query[0].Time.Year() != 2023 {
		t.Errorf("a group: got %+v", group.Query)
	}
	beyond := parse[*GetFeatureInfo](t, change(info, "CRS", "EPSG:3995", "BBOX", "-9e7,-9e7,9e7,9e7", "I", "0", "J", "0"))
	if !math.IsNaN(beyond.LonLat[0]) {
		t.Errorf("beyond the map: got %v", beyond.LonLat)
	}
}

func TestBadFeatureInfoIsNamed(t *testing.T) {
	cases := []struct{ key, value, code, locator string }{
		{"QUERY_LAYERS", "-", MissingParameter, "query_layers"}, {"QUERY_LAYERS", "Atlantis", LayerNotDefined, "query_layers"}, {"QUERY_LAYERS", "photo", LayerNotQueryable, "query_layers"}, {"QUERY_LAYERS", "island,photo", LayerNotQueryable, "query_layers"},
		{"LAYERS", "Atlantis", LayerNotDefined, "layers"}, {"QUERY_LAYERS", strings.Repeat("island,", 9) + "island", InvalidParameter, "query_layers"},
		{"INFO_FORMAT", "image/png", InvalidFormat, "info_format"}, {"INFO_FORMAT", "-", MissingParameter, "info_format"},
		{"I", "-", MissingParameter, "i"}, {"I", "200", InvalidPoint, "i"}, {"I", "-1", InvalidPoint, "i"}, {"I", "1.5", InvalidPoint, "i"}, {"I", "NaN", InvalidPoint, "i"}, {"J", "100", InvalidPoint, "j"}, {"J", "99999999999999999999", InvalidPoint, "j"}, {"J", "one", InvalidPoint, "j"},
		{"FEATURE_COUNT", "0", InvalidParameter, "feature_count"}, {"FEATURE_COUNT", "-5", InvalidParameter, "feature_count"}, {"FEATURE_COUNT", "many", InvalidParameter, "feature_count"},
		{"BBOX", "41,9,40,10", InvalidParameter, "bbox"}, {"WIDTH", "0", InvalidParameter, "width"}, {"CRS", "EPSG:9", InvalidCRS, "crs"},
	}
	for _, c := range cases {
		if e := refused(t, change(info, c.key, c.value)); e.Code != c.code || e.Locator != c.locator {
			t.Errorf("%s=%.30s: got %s at %q, want %s at %q", c.key, c.value, e.Code, e.Locator, c.code, c.locator)
		}
	}
	s := service()
	s.InfoFormats = nil
	if _, err := Parse(change(info), s, systems{}); err.(*Exception).Code != OperationNotSupported {
		t.Errorf("not offered: got %v", err)
	}
}

func TestLegendGraphic(t *testing.T) {
	g := parse[*GetLegendGraphic](t, "service=WMS&version=1.3.0&request=GetLegendGraphic&sld_version=1.1.0&layer=island&style=relief&format=image/png&transparent=true&scale=5000&rule=x")
	if g.Layer.Name != "island" || g.Style.Name != "relief" || g.Format.Name != "png" || !g.Transparent || g.Width != 0 {
		t.Errorf("got %+v", g)
	}
	if g := parse[*GetLegendGraphic](t, "REQUEST=GetLegendGraphic&LAYER=island&STYLE=relief&WIDTH=20&HEIGHT=30"); g.Width != 20 || g.Height != 30 || g.Format.MIME != "image/png" {
		t.Errorf("got %+v", g)
	}
	legend := map[string]string{"REQUEST": "GetLegendGraphic", "LAYER": "island", "STYLE": "relief", "FORMAT": "image/png"}
	cases := []struct{ key, value, code, locator string }{
		{"LAYER", "-", MissingParameter, "layer"}, {"LAYER", "Atlantis", LayerNotDefined, "layer"}, {"STYLE", "sepia", StyleNotDefined, "style"}, {"STYLE", "hillshade", StyleNotDefined, "style"},
		{"FORMAT", "image/bmp", InvalidFormat, "format"}, {"WIDTH", "0", InvalidParameter, "width"}, {"HEIGHT", "99999", InvalidParameter, "height"}, {"SLD", "http://x", InvalidParameter, "sld"},
	}
	for _, c := range cases {
		if e := refused(t, change(legend, c.key, c.value)); e.Code != c.code || e.Locator != c.locator {
			t.Errorf("%s=%s: got %s at %q, want %s at %q", c.key, c.value, e.Code, e.Locator, c.code, c.locator)
		}
	}
}
