package server

import (
	"encoding/xml"
	"fmt"
	"image/color"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"github.com/terrane/terrane/imagery"
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

// mapPlaces returns a few pixels of a map, and where on the ground each has its centre.
func mapPlaces(crs imagery.CRS, b orb.Bound, width, height int) map[[2]int]orb.Point {
	all := map[[2]int]orb.Point{}
	for py := 3; py < height; py += 9 {
		for px := 3; px < width; px += 9 {
			x := []float64{b.Min[0] + (float64(px)+0.5)/float64(width)*(b.Max[0]-b.Min[0])}
			y := []float64{b.Max[1] - (float64(py)+0.5)/float64(height)*(b.Max[1]-b.Min[1])}
			if crs.Inverse(x, y); !math.IsNaN(x[0]) && !math.IsNaN(y[0]) {
				all[[2]int{px, py}] = orb.Point{x[0], y[0]}
			}
		}
	}
	return all
}

// TestMapsShowTheGroundThatTheirBoxNames holds the axis order of each version, by pixels: which systems write north first is EPSG's word, stated here once more.
func TestMapsShowTheGroundThatTheirBoxNames(t *testing.T) {
	s, _ := newGallery(t, Options{})
	for _, c := range []struct {
		code       string
		northFirst bool
		layer      string
		tint       tint
		place      orb.Point // in the middle of the map
		reach      float64   // from the middle to a side
	}{
		{"CRS:84", false, "plate", germany, orb.Point{10, 49}, 3},
		{"EPSG:4326", true, "plate", germany, orb.Point{10, 49}, 3},
		{"EPSG:4326", true, "mercator", germany, orb.Point{10, 49}, 8},
		{"EPSG:4258", true, "mercator", germany, orb.Point{9, 48}, 2},
		{"EPSG:3857", false, "mercator", germany, orb.Point{10, 49}, 300e3},
		{"EPSG:900913", false, "plate", germany, orb.Point{10, 49}, 300e3},
		{"EPSG:3035", true, "mercator", germany, orb.Point{11, 50}, 200e3},
		{"EPSG:31467", true, "mercator", germany, orb.Point{9, 50}, 200e3},
		{"EPSG:25832", false, "plate", germany, orb.Point{9, 50}, 200e3},
		{"EPSG:3413", false, "world", world, orb.Point{-60, 70}, 1000e3},
		{"EPSG:3031", false, "world", world, orb.Point{60, -70}, 1000e3},
	} {
		crs, err := s.maps.registry.CRS(c.code)
		if err != nil {
			t.Fatal(err)
		}
		x, y := []float64{c.place[0]}, []float64{c.place[1]}
		crs.Forward(x, y)
		b := box(x[0]-c.reach*4/3, y[0]-c.reach, x[0]+c.reach*4/3, y[0]+c.reach)
		xy, yx := fmt.Sprintf("%f,%f,%f,%f", b.Min[0], b.Min[1], b.Max[0], b.Max[1]), fmt.Sprintf("%f,%f,%f,%f", b.Min[1], b.Min[0], b.Max[1], b.Max[0])
		for version, text := range map[string]string{"1.3.0": map[bool]string{true: yx, false: xy}[c.northFirst], "1.1.1": xy} {
			key, other := "CRS", "SRS"
			if version == "1.1.1" {
				key, other = "SRS", "CRS"
			}
			what := fmt.Sprintf("%s of %s in %s", c.layer, c.code, version)
			r := getMap(s, "VERSION", version, other, "-", key, c.code, "BBOX", text, "LAYERS", c.layer, "TRANSPARENT", "TRUE", "WIDTH", "160", "HEIGHT", "120")
			p := pictureOf(t, r, tilestore.PNG)
			if p.Rect.Dx() != 160 || p.Rect.Dy() != 120 {
				t.Fatalf("%s: %v", what, p.Rect)
			}
			margin, places := c.tint, mapPlaces(crs, b, 160, 120)
			if n := expectTint(t, what, margin, p.NRGBAAt, places); n < 40 {
				t.Errorf("%s: only %d pixels compared", what, n)
			}
		}
	}
}

// pixelAt reads the middle of a map of the size of aMap.
func pixelAt(p picture.Picture) color.NRGBA { return p.NRGBAAt(80, 60) }

func TestMapsStandOnTheGroundThatWasAskedFor(t *testing.T) {
	s, _ := newGallery(t, Options{})
	away := []string{"BBOX", "30,46,38,52"}
	for _, c := range []struct {
		name    string
		changes []string
		want    color.NRGBA
	}{
		{"nothing, opaque", away, color.NRGBA{255, 255, 255, 255}},
		{"nothing, in a colour", append(away, "BGCOLOR", "0x102030"), color.NRGBA{16, 32, 48, 255}},
		{"nothing, transparent", append(away, "TRANSPARENT", "TRUE"), color.NRGBA{}},
		{"nothing, transparent in a colour", append(away, "TRANSPARENT", "true", "BGCOLOR", "0xFF0000"), color.NRGBA{}},
		{"the hole", []string{"LAYERS", "holed", "BBOX", "9.6,48.6,10.4,49.4"}, color.NRGBA{255, 255, 255, 255}},
		{"the hole, over the globe", []string{"LAYERS", "world,holed", "BBOX", "9.6,48.6,10.4,49.4"}, world.colour(orb.Point{10, 49})},
		{"the first layer lies lowest", []string{"LAYERS", "world,plate"}, germany.colour(orb.Point{10, 49})},
		{"the last layer lies on top", []string{"LAYERS", "plate,world"}, world.colour(orb.Point{10, 49})},
		{"styles by their place", []string{"LAYERS", "plate,world", "STYLES", ",default"}, world.colour(orb.Point{10, 49})},
		{"beyond the antimeridian", []string{"LAYERS", "world", "BBOX", "366,46,374,52"}, world.colour(orb.Point{10, 49})},
	} {
		got := pixelAt(pictureOf(t, getMap(s, c.changes...), tilestore.PNG))
		d := max(math.Abs(float64(got.R)-float64(c.want.R)), math.Abs(float64(got.G)-float64(c.want.G)), math.Abs(float64(got.B)-float64(c.want.B)))
		if d > 2 || got.A != c.want.A {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	jpeg := pixelAt(pictureOf(t, getMap(s, append(away, "FORMAT", "image/jpeg", "TRANSPARENT", "TRUE", "BGCOLOR", "0x00FF00")...), tilestore.JPEG))
	if jpeg.G < 250 || jpeg.R > 5 {
		t.Errorf("JPEG, which cannot be transparent, stands on %v", jpeg)
	}
}

func TestMapsComeInEveryFormatOfTheCapabilities(t *testing.T) {
	s, _ := newGallery(t, Options{})
	var d wmsDocument
	readXML(t, ask(s, "GET", "/wms?SERVICE=WMS&REQUEST=GetCapabilities"), "text/xml", &d)
	want := []string{"image/png", "image/png; mode=8bit", "image/jpeg", "image/webp", "image/tiff"}
	for _, f := range want {
		if !slices.Contains(d.Formats, f) {
			t.Errorf("%s is not among %q", f, d.Formats)
		}
	}
	for _, f := range d.Formats {
		if f == "image/tiff" {
			continue // TestGeoTIFFSaysWhereItLies
		}
		for _, transparent := range []string{"TRUE", "FALSE"} {
			p := pictureOf(t, getMap(s, "FORMAT", f, "TRANSPARENT", transparent), f)
			got, ground := pixelAt(p), germany.colour(orb.Point{10, 49})
			if math.Abs(float64(got.R)-float64(ground.R)) > 8 || math.Abs(float64(got.G)-float64(ground.G)) > 8 || got.A != 255 {
				t.Errorf("%s: %v, want %v", f, got, ground)
			}
		}
	}
	for asked, mime := range map[string]string{"image/png8": "image/png; mode=8bit", "image/jpg": tilestore.JPEG, "IMAGE/PNG": tilestore.PNG, "image/png;mode=8bit": "image/png; mode=8bit"} {
		pictureOf(t, getMap(s, "FORMAT", asked), mime)
	}
}

// TestGeoTIFFSaysWhereItLies has GDAL read what GetMap wrote: the georeference, and a pixel whose colour is that of the place.
func TestGeoTIFFSaysWhereItLies(t *testing.T) {
	s, _ := newGallery(t, Options{})
	for _, c := range []struct{ crs, box, corner, code, size string }{
		{"CRS:84", "6,46,14,52", "Origin = (6.0", `ID["EPSG",4326]`, "Pixel Size = (0.05"},
		{"EPSG:4326", "46,6,52,14", "Origin = (6.0", `ID["EPSG",4326]`, "Pixel Size = (0.05"},
		{"EPSG:3857", "700000,5800000,1500000,6400000", "Origin = (700000.0", `ID["EPSG",3857]`, "Pixel Size = (5000.0"},
		{"EPSG:3035", "2600000,4000000,3200000,4800000", "Origin = (4000000.0", `ID["EPSG",3035]`, "Pixel Size = (5000.0"},
		{"EPSG:102100", "700000,5800000,1500000,6400000", "Origin = (700000.0", `ID["EPSG",3857]`, "Pixel Size = (5000.0"},
		{"EPSG:102113", "700000,5800000,1500000,6400000", "Origin = (700000.0", `ID["EPSG",3857]`, "Pixel Size = (5000.0"},
	} {
		r := getMap(s, "CRS", c.crs, "BBOX", c.box, "FORMAT", "image/tiff", "TRANSPARENT", "TRUE")
		body := bodyOf(t, r)
		if r.StatusCode != 200 || r.Header.Get("Content-Type") != "image/tiff" || !strings.HasPrefix(string(body), "II*\x00") {
			t.Errorf("%s: %d %s %.200q", c.crs, r.StatusCode, r.Header.Get("Content-Type"), body)
			continue
		}
		gdalinfo, err := exec.LookPath("gdalinfo")
		if err != nil {
			t.Skip("gdalinfo is not installed: scripts/setup test")
		}
		file := filepath.Join(t.TempDir(), "map.tif")
		if err := os.WriteFile(file, body, 0o644); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), gdalinfo, file).CombinedOutput()
		for _, part := range []string{c.corner, c.code, c.size, "Size is 160, 120"} {
			if err != nil || !strings.Contains(string(out), part) {
				t.Errorf("%s: no %q in\n%s", c.crs, part, out)
			}
		}
	}
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
	if p := pictureOf(t, ask(s, "GET", legend+"&WIDTH=77&HEIGHT=33"), tilestore.PNG); p.Rect.Dx() != 77 || p.Rect.Dy() != 33 {
		t.Errorf("%v", p.Rect)
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
		{"LayerNotDefined", "LAYERS", "mercator@1"},
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
	expectWMS(t, ask(s, "GET", "/wms"), 400, "MissingParameterValue")
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
	expectStoredColour(t, infosOf(t, get("LAYERS", "plate", "QUERY_LAYERS", "plate")), germany)
	expectStoredColour(t, infosOf(t, get("LAYERS", "mercator", "QUERY_LAYERS", "mercator", "BBOX", "46,8,48,12")), germany)
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
