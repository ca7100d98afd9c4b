package server

import (
	"encoding/xml"
	"fmt"
	"image/color"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"github.com/terrane/terrane/imagery/style"
	"github.com/terrane/terrane/internal/picture"
	"github.com/terrane/terrane/tilestore"
)

// aMap is a GetMap that is answered.
var aMap = map[string]string{"SERVICE": "WMS", "VERSION": "1.3.0", "REQUEST": "GetMap", "LAYERS": "mercator", "STYLES": "", "CRS": "CRS:84", "BBOX": "6,46,14,52",
	"WIDTH": "160", "HEIGHT": "120", "FORMAT": "image/png"}

func getMap(s *Server, changes ...string) *http.Response {
	return ask(s, "GET", "/wms?"+kvp(aMap, changes...))
}

// wmsDocument is what these tests read of the capabilities of both versions.
type wmsDocument struct {
	XMLName  xml.Name
	Version  string   `xml:"version,attr"`
	Sequence string   `xml:"updateSequence,attr"`
	Width    int      `xml:"Service>MaxWidth"`
	Height   int      `xml:"Service>MaxHeight"`
	Limit    int      `xml:"Service>LayerLimit"`
	Formats  []string `xml:"Capability>Request>GetMap>Format"`
	Infos    []string `xml:"Capability>Request>GetFeatureInfo>Format"`
	Root     struct {
		CRS    []string
		SRS    []string
		Layers []struct {
			Name   string
			Boxes  []wmsBox `xml:"BoundingBox"`
			Styles []struct {
				Name   string
				Legend struct {
					Width  int `xml:"width,attr"`
					Height int `xml:"height,attr"`
					Format string
					Online struct {
						Href string `xml:"href,attr"`
					} `xml:"OnlineResource"`
				} `xml:"LegendURL"`
			} `xml:"Style"`
		} `xml:"Layer"`
	} `xml:"Capability>Layer"`
}

type wmsBox struct {
	CRS  string `xml:"CRS,attr"`
	SRS  string `xml:"SRS,attr"`
	MinX string `xml:"minx,attr"`
	MinY string `xml:"miny,attr"`
	MaxX string `xml:"maxx,attr"`
	MaxY string `xml:"maxy,attr"`
}

// TestEveryBoxOfTheCapabilitiesHoldsItsLayer asks for a map of each layer in each box that is stated for it, in both versions: something must be there.
func TestEveryBoxOfTheCapabilitiesHoldsItsLayer(t *testing.T) {
	s, _ := newGallery(t, Options{})
	for version, key := range map[string]string{"1.3.0": "CRS", "1.1.1": "SRS"} {
		mime := map[string]string{"1.3.0": "text/xml", "1.1.1": "application/vnd.ogc.wms_xml"}[version]
		var d wmsDocument
		readXML(t, ask(s, "GET", "/wms?SERVICE=WMS&REQUEST=GetCapabilities&VERSION="+version), mime, &d)
		if d.Version != version || len(d.Root.Layers) != 6 || len(d.Root.CRS)+len(d.Root.SRS) < 15 {
			t.Fatalf("%s: %d layers, %q %q", version, len(d.Root.Layers), d.Root.CRS, d.Root.SRS)
		}
		for _, l := range d.Root.Layers {
			if len(l.Boxes) < 8 {
				t.Errorf("%s: %s has %d boxes", version, l.Name, len(l.Boxes))
			}
			for _, b := range l.Boxes {
				r := getMap(s, "VERSION", version, "CRS", "-", key, b.CRS+b.SRS, "LAYERS", l.Name, "TRANSPARENT", "TRUE", "WIDTH", "64", "HEIGHT", "64",
					"BBOX", strings.Join([]string{b.MinX, b.MinY, b.MaxX, b.MaxY}, ","))
				opaque, _ := opacity(pictureOf(t, r, tilestore.PNG))
				if least := map[bool]int{true: 300, false: 1000}[l.Name == "holed" || l.Name == "world"]; opaque < least && b.CRS+b.SRS != "EPSG:27700" {
					t.Errorf("%s: %s in %s: %d of 4096 pixels are drawn", version, l.Name, b.CRS+b.SRS, opaque)
				}
			}
		}
	}
}

func TestLegendsHaveTheSizeThatIsStated(t *testing.T) {
	s, _ := newGallery(t, Options{})
	for _, version := range []string{"1.3.0", "1.1.1"} {
		var d wmsDocument
		r := ask(s, "GET", "/wms?SERVICE=WMS&REQUEST=GetCapabilities&VERSION="+version)
		readXML(t, r, r.Header.Get("Content-Type"), &d)
		legends := 0
		for _, l := range d.Root.Layers {
			for _, st := range l.Styles {
				g := st.Legend
				if g.Online.Href == "" {
					continue
				}
				legends++
				p := pictureOf(t, ask(s, "GET", strings.TrimPrefix(g.Online.Href, "http://example.com")), g.Format)
				if p.Rect.Dx() != g.Width || p.Rect.Dy() != g.Height {
					t.Errorf("%s: %v, stated are %d x %d", g.Online.Href, p.Rect, g.Width, g.Height)
				}
			}
		}
		if legends != len(style.Styles()) {
			t.Errorf("%s: %d legends", version, legends)
		}
	}
	legend := "/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetLegendGraphic&LAYER=slope&STYLE=slope"
	pictureOf(t, ask(s, "GET", legend+"&FORMAT=image/jpeg"), tilestore.JPEG)
	slope, _ := style.Named("slope")
	width, height := slope.LegendSize()
	for hint, want := range map[string][2]int{"&WIDTH=20&HEIGHT=20": {width, height}, "&WIDTH=377&HEIGHT=333": {377, 333}, "&WIDTH=377": {377, height}} {
		if p := pictureOf(t, ask(s, "GET", legend+hint), tilestore.PNG); p.Rect.Dx() != want[0] || p.Rect.Dy() != want[1] {
			t.Errorf("%s: %v, want %v", hint, p.Rect, want)
		}
	}
	white, blue := color.NRGBA{R: 255, G: 255, B: 255, A: 255}, color.NRGBA{B: 255, A: 255}
	for paper, want := range map[string]color.NRGBA{"": white, "&BGCOLOR=0x0000FF": blue, "&TRANSPARENT=TRUE": {}, "&TRANSPARENT=TRUE&BGCOLOR=0x0000FF": {}, "&TRANSPARENT=FALSE": white} {
		if got := pictureOf(t, ask(s, "GET", legend+paper), tilestore.PNG).NRGBAAt(0, 0); got != want {
			t.Errorf("%s: a corner of the legend is %v, want %v", paper, got, want)
		}
	}
	if got := pictureOf(t, ask(s, "GET", legend+"&FORMAT=image/jpeg&TRANSPARENT=TRUE"), tilestore.JPEG).NRGBAAt(0, 0); got != white {
		t.Errorf("JPEG, which keeps no transparency: a corner of the legend is %v", got)
	}
	for change, code := range map[string]string{"&FORMAT=image/tiff": "InvalidFormat", "&FORMAT=image/gif": "InvalidFormat", "&WIDTH=99999": "InvalidParameterValue"} {
		expectWMS(t, ask(s, "GET", legend+change), 400, code)
	}
	expectWMS(t, ask(s, "GET", "/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetLegendGraphic&LAYER=plate"), 400, "StyleNotDefined")
	expectWMS(t, ask(s, "GET", "/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetLegendGraphic&LAYER=none"), 400, "LayerNotDefined")
}

// expectWMS fails the test unless the answer is a service exception of either version.
func expectWMS(t *testing.T, r *http.Response, status int, code string) {
	t.Helper()
	body := bodyOf(t, r)
	var report struct {
		XMLName xml.Name
		Version string `xml:"version,attr"`
		Fault   struct {
			Code string `xml:"code,attr"`
			Text string `xml:",chardata"`
		} `xml:"ServiceException"`
	}
	err := xml.Unmarshal(body, &report)
	kind := map[string]string{"1.3.0": "text/xml", "1.1.1": "application/vnd.ogc.se_xml"}[report.Version]
	if err != nil || r.StatusCode != status || report.XMLName.Local != "ServiceExceptionReport" || report.Fault.Code != code || report.Fault.Text == "" || r.Header.Get("Content-Type") != kind {
		t.Errorf("%d %s: %.400s, %v; want %d %s", r.StatusCode, r.Header.Get("Content-Type"), body, err, status, code)
	}
	if r.Header.Get("Access-Control-Allow-Origin") != "*" || r.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("an exception with the headers %v", r.Header)
	}
}

func TestWMSExceptionsSayWhatIsWrong(t *testing.T) {
	s, _ := newGallery(t, Options{})
	for _, c := range []struct{ code, key, value string }{
		{"InvalidParameterValue", "WIDTH", "0"},
		{"InvalidParameterValue", "WIDTH", "-5"},
		{"InvalidParameterValue", "WIDTH", "8193"},
		{"InvalidParameterValue", "WIDTH", "99999999999999999999"},
		{"InvalidParameterValue", "HEIGHT", "NaN"},
		{"InvalidParameterValue", "HEIGHT", "1.5"},
		{"MissingParameterValue", "HEIGHT", "-"},
		{"InvalidParameterValue", "BBOX", "14,46,6,52"},
		{"InvalidParameterValue", "BBOX", "6,46,6,52"},
		{"InvalidParameterValue", "BBOX", "6,46,14"},
		{"InvalidParameterValue", "BBOX", "6,46,14,52,9"},
		{"InvalidParameterValue", "BBOX", "NaN,46,14,52"},
		{"InvalidParameterValue", "BBOX", "-Inf,46,14,52"},
		{"InvalidParameterValue", "BBOX", "a,b,c,d"},
		{"InvalidParameterValue", "BBOX", "6,46,1e99,52"},
		{"InvalidParameterValue", "BBOX", "6,46,6.00000000000000001,52"},
		{"MissingParameterValue", "BBOX", "-"},
		{"LayerNotDefined", "LAYERS", "none"},
		{"LayerNotDefined", "LAYERS", "mercator,"},
		{"LayerNotDefined", "LAYERS", "mercator@9"},
		{"MissingParameterValue", "LAYERS", "-"},
		{"InvalidParameterValue", "LAYERS", strings.Repeat("plate,", 40) + "plate"},
		{"StyleNotDefined", "STYLES", "none"},
		{"StyleNotDefined", "STYLES", "default,default"},
		{"StyleNotDefined", "STYLES", "hillshade"},
		{"InvalidCRS", "CRS", "EPSG:1"},
		{"InvalidCRS", "CRS", "EPSG:99999999"},
		{"InvalidCRS", "CRS", "AUTO:42001,1,10,50"},
		{"InvalidCRS", "CRS", "../../etc/passwd"},
		{"InvalidCRS", "CRS", "EPSG:4978"},
		{"MissingParameterValue", "CRS", "-"},
		{"InvalidFormat", "FORMAT", "image/gif"},
		{"InvalidFormat", "FORMAT", "text/html"},
		{"MissingParameterValue", "FORMAT", "-"},
		{"InvalidParameterValue", "BGCOLOR", "red"},
		{"InvalidParameterValue", "TRANSPARENT", "perhaps"},
		{"InvalidParameterValue", "EXCEPTIONS", "text/bogus"},
		{"InvalidParameterValue", "VERSION", "2.0.0"},
		{"MissingParameterValue", "VERSION", "-"},
		{"InvalidParameterValue", "SERVICE", "WFS"},
		{"OperationNotSupported", "REQUEST", "GetBogus"},
		{"MissingParameterValue", "REQUEST", "-"},
		{"InvalidParameterValue", "SLD", "http://127.0.0.1/sld.xml"},
		{"InvalidParameterValue", "SLD_BODY", "<a/>"},
	} {
		t.Run(fmt.Sprintf("%s=%.30s", c.key, c.value), func(t *testing.T) { expectWMS(t, getMap(s, c.key, c.value), 400, c.code) })
	}
	expectWMS(t, ask(s, "GET", "/wms?"+kvp(aMap)+"&width=161"), 400, "InvalidParameterValue")
	expectWMS(t, ask(s, "GET", "/wms?"+kvp(aMap)+"&x=%zz"), 400, "InvalidParameterValue")
	expectWMS(t, getMap(s, "WIDTH", "8192", "HEIGHT", "8192"), 400, "InvalidParameterValue")
	expectWMS(t, getMap(s, "VERSION", "1.1.1", "CRS", "-", "SRS", "EPSG:1"), 400, "InvalidSRS")
	expectWMS(t, ask(s, "GET", "/wms?&"), 400, "MissingParameterValue")
	pictureOf(t, ask(s, "GET", "/wms?"+kvp(aMap)+"&width=160&LaYeRs=mercator&DPI=96"), tilestore.PNG) // twice the same, and what nobody knows
	pictureOf(t, ask(s, "GET", "/wms?"+strings.NewReplacer("WIDTH", "WiDtH", "BBOX", "BbOx", "GetMap", "getmap").Replace(kvp(aMap))), tilestore.PNG)
}

func TestExceptionsArePicturesForWhoAsksSo(t *testing.T) {
	s, _ := newGallery(t, Options{})
	for version, names := range map[string][2]string{"1.3.0": {"INIMAGE", "BLANK"}, "1.1.1": {"application/vnd.ogc.se_inimage", "application/vnd.ogc.se_blank"}} {
		key := map[string]string{"1.3.0": "CRS", "1.1.1": "SRS"}[version]
		for _, format := range []string{"image/png", "image/png; mode=8bit", "image/jpeg", "image/webp"} {
			wrong := func(exceptions string, changes ...string) picture.Picture {
				r := getMap(s, append(changes, "VERSION", version, "CRS", "-", key, "EPSG:4326", "LAYERS", "none", "EXCEPTIONS", exceptions, "FORMAT", format)...)
				p := pictureOf(t, r, format)
				if p.Rect.Dx() != 160 || p.Rect.Dy() != 120 {
					t.Errorf("%s %s: %v", exceptions, format, p.Rect)
				}
				return p
			}
			colours := map[color.NRGBA]bool{}
			inImage := wrong(names[0])
			for i := range 160 * 120 {
				colours[inImage.NRGBAAt(i%160, i/160)] = true
			}
			if len(colours) < 2 {
				t.Errorf("%s: nothing is written in the picture", format)
			}
			if got := pixelAt(wrong(names[1], "BGCOLOR", "0xFF0000")); got.R < 250 || got.G > 5 || got.A != 255 {
				t.Errorf("%s: blank is %v", format, got)
			}
			if got := pixelAt(wrong(names[1], "TRANSPARENT", "TRUE")); format != "image/jpeg" && got.A != 0 {
				t.Errorf("%s: blank and transparent is %v", format, got)
			}
		}
	}
	r := getMap(s, "LAYERS", "none", "EXCEPTIONS", "INIMAGE", "FORMAT", "image/tiff")
	if kind, body := r.Header.Get("Content-Type"), bodyOf(t, r); kind != http.DetectContentType(body) && !(kind == "image/tiff" && strings.HasPrefix(string(body), "II*\x00")) {
		t.Errorf("a picture of the error is called %s and begins with %.8q", kind, body)
	}
	expectWMS(t, getMap(s, "WIDTH", "0", "EXCEPTIONS", "INIMAGE"), 400, "InvalidParameterValue") // no size, no picture
}

func TestFeatureInfoIsWhatIsStored(t *testing.T) {
	s, _ := newGallery(t, Options{})
	query := map[string]string{"SERVICE": "WMS", "VERSION": "1.3.0", "REQUEST": "GetFeatureInfo", "LAYERS": "slope", "QUERY_LAYERS": "slope", "STYLES": "", "CRS": "EPSG:4326",
		"BBOX": "47,10,48,11", "WIDTH": "100", "HEIGHT": "200", "FORMAT": "image/png", "INFO_FORMAT": "application/json", "I": "70", "J": "50"}
	get := func(changes ...string) *http.Response { return ask(s, "GET", "/wms?"+kvp(query, changes...)) }
	at := orb.Point{10.705, 48 - 50.5/200}
	expectSlope(t, infosOf(t, get()), at)
	expectSlope(t, infosOf(t, get("CRS", "CRS:84", "BBOX", "10,47,11,48")), at)
	expectSlope(t, infosOf(t, get("VERSION", "1.1.1", "CRS", "-", "SRS", "EPSG:4326", "BBOX", "10,47,11,48", "I", "-", "J", "-", "X", "70", "Y", "50")), at)
	expectSlope(t, infosOf(t, get("FORMAT", "-", "STYLES", "slope")), at)
	both := infosOf(t, get("LAYERS", "plate,slope", "QUERY_LAYERS", "slope,plate", "FEATURE_COUNT", "10"))
	if len(both.Features) != 2 || both.Features[0].Properties["layer"] != "slope" || both.Features[1].Properties["layer"] != "plate" {
		t.Errorf("%+v", both)
	}
	expectColour(t, infosOf(t, get("LAYERS", "plate", "QUERY_LAYERS", "plate")), germany)
	expectColour(t, infosOf(t, get("LAYERS", "mercator", "QUERY_LAYERS", "mercator", "BBOX", "46,8,48,12")), germany)
	if none := infosOf(t, get("BBOX", "57,10,58,11")); len(none.Features) != 0 {
		t.Errorf("%+v", none)
	}
	for format, part := range map[string]string{"text/plain": "height: ", "text/html": "<th>height</th>", "application/vnd.ogc.gml": "height", "text/xml": "height"} {
		r := get("INFO_FORMAT", format)
		if body := string(bodyOf(t, r)); r.StatusCode != 200 || !strings.HasPrefix(r.Header.Get("Content-Type"), format) || !strings.Contains(body, part) {
			t.Errorf("%s: %d %s %.300s", format, r.StatusCode, r.Header.Get("Content-Type"), body)
		}
	}
	expectWMS(t, get("I", "100"), 400, "InvalidPoint")
	expectWMS(t, get("J", "-1"), 400, "InvalidPoint")
	expectWMS(t, get("INFO_FORMAT", "text/bogus"), 400, "InvalidFormat")
	expectWMS(t, get("QUERY_LAYERS", "none"), 400, "LayerNotDefined")
	expectWMS(t, get("QUERY_LAYERS", "-"), 400, "MissingParameterValue")
}

// TestCapabilitiesFollowTheCatalogue publishes, replaces and removes datasets while the server runs.
func TestCapabilitiesFollowTheCatalogue(t *testing.T) {
	s, dir := newGallery(t, Options{})
	capabilities := func() (d wmsDocument) {
		readXML(t, ask(s, "GET", "/wms?SERVICE=WMS&REQUEST=GetCapabilities"), "text/xml", &d)
		return d
	}
	has := func(d wmsDocument, name string) bool {
		for _, l := range d.Root.Layers {
			if l.Name == name {
				return true
			}
		}
		return false
	}
	first := capabilities()
	expectWMS(t, ask(s, "GET", "/wms?SERVICE=WMS&REQUEST=GetCapabilities&UPDATESEQUENCE="+first.Sequence), 200, "CurrentUpdateSequence")
	expectWMS(t, ask(s, "GET", "/wms?SERVICE=WMS&REQUEST=GetCapabilities&UPDATESEQUENCE="+first.Sequence+"0"), 400, "InvalidUpdateSequence")
	if r := ask(s, "GET", "/wms?SERVICE=WMS&REQUEST=GetCapabilities&UPDATESEQUENCE=0"); r.StatusCode != 200 {
		t.Errorf("an older sequence: %d", r.StatusCode)
	}
	expectWMS(t, getMap(s, "LAYERS", "newcomer"), 400, "LayerNotDefined")
	publishMark(t, dir, "newcomer", 40)
	eventually(t, "the newcomer", func() bool { return has(capabilities(), "newcomer") })
	second := capabilities()
	if second.Sequence <= first.Sequence {
		t.Errorf("the sequence was %s and is %s", first.Sequence, second.Sequence)
	}
	mark := func() uint8 { return pixelAt(pictureOf(t, getMap(s, "LAYERS", "newcomer"), tilestore.PNG)).B }
	if got := mark(); got != 40 {
		t.Errorf("the newcomer shows %d", got)
	}
	publishMark(t, dir, "newcomer", 80)
	eventually(t, "its second version", func() bool { return mark() == 80 })
	eventually(t, "the next sequence", func() bool { return capabilities().Sequence > second.Sequence })
	for _, v := range []string{"@1", "@2"} {
		if err := os.Remove(filepath.Join(dir, "newcomer"+v+".mbtiles")); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "its end", func() bool { return !has(capabilities(), "newcomer") })
	expectWMS(t, getMap(s, "LAYERS", "newcomer"), 400, "LayerNotDefined")
	expectOWS(t, ask(s, "GET", "/wmts?"+kvp(aTile, "LAYER", "newcomer")), 400, "InvalidParameterValue", "Layer")
	if r := ask(s, "GET", "/imagery/newcomer/0/0/0.png"); r.StatusCode != 404 {
		t.Errorf("a tile of it: %d", r.StatusCode)
	}
}

func TestCapabilitiesStateTheLimitsThatAreKept(t *testing.T) {
	s, _ := newGallery(t, Options{Title: "Maps & <more>"})
	var d wmsDocument
	readXML(t, ask(s, "GET", "/wms?SERVICE=WMS&REQUEST=GetCapabilities"), "text/xml", &d)
	side := func(w, h int) *http.Response {
		return getMap(s, "WIDTH", fmt.Sprint(w), "HEIGHT", fmt.Sprint(h), "LAYERS", "world")
	}
	pictureOf(t, side(d.Width, 2), tilestore.PNG)
	pictureOf(t, side(2, d.Height), tilestore.PNG)
	expectWMS(t, side(d.Width+1, 2), 400, "InvalidParameterValue")
	expectWMS(t, side(2, d.Height+1), 400, "InvalidParameterValue")
	r := getMap(s, "WIDTH", "4096", "HEIGHT", "4096", "LAYERS", "world", "FORMAT", "image/jpeg") // the abstract states how many pixels in all
	pictureOf(t, r, tilestore.JPEG)
	expectWMS(t, side(4096, 4097), 400, "InvalidParameterValue")
	names := strings.Repeat("world,", d.Limit-1) + "world"
	pictureOf(t, getMap(s, "LAYERS", names, "WIDTH", "8", "HEIGHT", "8"), tilestore.PNG)
	expectWMS(t, getMap(s, "LAYERS", names+",world"), 400, "InvalidParameterValue")
}

// TestAServerWithoutPROJServesWhatNeedsNone starts with the built-in systems only, as a build without GDAL does.
func TestAServerWithoutPROJServesWhatNeedsNone(t *testing.T) {
	dir := t.TempDir()
	publishMark(t, dir, "mercator", germany.mark)
	s := New(openFolder(t, dir), Options{})
	var d wmsDocument
	readXML(t, ask(s, "GET", "/wms?SERVICE=WMS&REQUEST=GetCapabilities"), "text/xml", &d)
	if want := []string{"CRS:84", "EPSG:4326", "EPSG:3857"}; !slices.Equal(d.Root.CRS, want) {
		t.Errorf("%q, want %q", d.Root.CRS, want)
	}
	pictureOf(t, getMap(s), tilestore.PNG)
	expectWMS(t, getMap(s, "CRS", "EPSG:3035"), 400, "InvalidCRS")
}
