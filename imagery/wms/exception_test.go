package wms

import (
	"encoding/xml"
	"image"
	"image/color"
	"io"
	"strings"
	"testing"
)

func TestExceptionsInXML(t *testing.T) {
	cases := []struct {
		name, query, mime string
		want              []string
	}{
		{"1.3.0", change(base, "LAYERS", "Atlantis"), "text/xml", []string{`<ServiceExceptionReport xmlns="http://www.opengis.net/ogc" version="1.3.0"`, `<ServiceException code="LayerNotDefined" locator="layers">LAYERS names`}},
		{"1.1.1", change(base, "LAYERS", "Atlantis", "VERSION", "1.1.1"), "application/vnd.ogc.se_xml", []string{`exception_1_1_1.dtd">`, `<ServiceExceptionReport version="1.1.1"><ServiceException code="LayerNotDefined">LAYERS: LAYERS names`}},
		{"1.1.1 says SRS", change(base, "CRS", "-", "SRS", "EPSG:1", "VERSION", "1.1.1"), "application/vnd.ogc.se_xml", []string{`code="InvalidSRS"`}},
		{"asked for by name", change(base, "LAYERS", "Atlantis", "VERSION", "1.1.1", "EXCEPTIONS", "application/vnd.ogc.se_xml"), "application/vnd.ogc.se_xml", []string{"LayerNotDefined"}},
		{"a picture of a size that is wrong", change(base, "WIDTH", "-5", "EXCEPTIONS", "INIMAGE"), "text/xml", []string{"InvalidParameterValue"}},
		{"a picture in a format that is not offered", change(base, "FORMAT", "image/bmp", "EXCEPTIONS", "BLANK"), "text/xml", []string{"InvalidFormat"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			e := refused(t, c.query)
			out, err := e.XML()
			if err != nil || e.Pictured() || e.ContentType() != c.mime || e.Status() != 400 {
				t.Fatalf("%v, %v, %s, %d", err, e.Pictured(), e.ContentType(), e.Status())
			}
			wellFormed(t, out)
			for _, w := range c.want {
				if !strings.Contains(string(out), w) {
					t.Errorf("no %s in\n%s", w, out)
				}
			}
		})
	}
}

func wellFormed(t *testing.T, doc []byte) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(string(doc)))
	for {
		if _, err := d.Token(); err == io.EOF {
			return
		} else if err != nil {
			t.Fatalf("%v in\n%s", err, doc)
		}
	}
}

func TestStatusesThatAreNot400(t *testing.T) {
	if e := refused(t, "SERVICE=WMS&REQUEST=GetCapabilities&UPDATESEQUENCE=41"); e.Status() != 200 {
		t.Errorf("nothing new: %d", e.Status())
	}
	m := parse[*GetMap](t, change(base))
	busy := m.Fail("", "", "too many maps are being drawn")
	if busy.HTTP = 503; busy.Status() != 503 {
		t.Errorf("busy: %d", busy.Status())
	}
}

// Facts: 06-042, 7.3.3.11.
func TestExceptionsInPictures(t *testing.T) {
	white, none, red := color.NRGBA{255, 255, 255, 255}, color.NRGBA{}, color.NRGBA{255, 0, 0, 255}
	cases := []struct {
		name   string
		pairs  []string
		mime   string
		corner color.NRGBA
		text   bool
	}{
		{"blank", []string{"EXCEPTIONS", "BLANK"}, "image/png", white, false},
		{"blank and red", []string{"EXCEPTIONS", "BLANK", "BGCOLOR", "0xFF0000"}, "image/png", red, false},
		{"blank and transparent", []string{"EXCEPTIONS", "BLANK", "TRANSPARENT", "TRUE"}, "image/png", none, false},
		{"blank jpeg is never transparent", []string{"EXCEPTIONS", "BLANK", "TRANSPARENT", "TRUE", "FORMAT", "image/jpeg"}, "image/jpeg", white, false},
		{"blank by its name of 1.1.1", []string{"EXCEPTIONS", "application/vnd.ogc.se_blank", "VERSION", "1.1.1"}, "image/png", white, false},
		{"text on red", []string{"EXCEPTIONS", "INIMAGE", "BGCOLOR", "0xFF0000"}, "image/png", red, true},
		{"text on nothing", []string{"EXCEPTIONS", "application/vnd.ogc.se_inimage", "TRANSPARENT", "TRUE", "FORMAT", "image/webp"}, "image/webp", none, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			e := refused(t, change(base, append(c.pairs, "LAYERS", "Atlantis")...))
			if !e.Pictured() || e.ContentType() != c.mime || e.Status() != 200 {
				t.Fatalf("%v, %s, %d", e.Pictured(), e.ContentType(), e.Status())
			}
			p := e.Picture()
			if p.Rect != image.Rect(0, 0, 200, 200) || p.NRGBAAt(199, 199) != c.corner || p.Opaque != (c.corner.A == 255) {
				t.Errorf("%v, corner %v, opaque %v", p.Rect, p.NRGBAAt(199, 199), p.Opaque)
			}
			black := 0
			for i := 0; i < len(p.Pix); i += 4 {
				if p.Pix[i] == 0 && p.Pix[i+3] == 255 {
					black++
				}
			}
			if (black > 200) != c.text {
				t.Errorf("%d black pixels", black)
			}
		})
	}
}

func TestTextFitsAnyPicture(t *testing.T) {
	for _, side := range []string{"1", "2", "9", "15", "16", "33"} {
		e := refused(t, change(base, "LAYERS", "Atlantis", "EXCEPTIONS", "INIMAGE", "WIDTH", side, "HEIGHT", side))
		e.Picture()
	}
	e := Exception{Code: "Code", Text: "anticonstitutionnellement — é"}
	if got := strings.Join(e.lines(10), "|"); got != "Code|anticonsti|tutionnell|ement ? ?" {
		t.Errorf("got %s", got)
	}
}

func TestWhatClientsSendIsNotRepeated(t *testing.T) {
	for key := range base {
		for _, hostile := range []string{"<script>c4nary</script>", "c4nary\r\nX-C4nary: 1", strings.Repeat("c4nary", 5000), "&c4nary;", "%c4nary%s%d", "\x00c4nary", "c4nary\xff]]>"} {
			_, err := Parse(change(base, key, hostile), service(), systems{})
			if err == nil {
				continue
			}
			out, xmlErr := err.(*Exception).XML()
			if xmlErr != nil || strings.Contains(strings.ToLower(string(out)), "c4nary") {
				t.Errorf("%s=%.30q: %v\n%s", key, hostile, xmlErr, out)
			}
			wellFormed(t, out)
		}
	}
}

func TestTextOfServersIsEscapedToo(t *testing.T) {
	e := Exception{Code: "A\"B", Locator: "<x>", Text: "a\x00b\x1b[31m & <c> \xff ]]>\r\nd\u2028é"}
	out, err := e.XML()
	if err != nil || !strings.Contains(string(out), `code="A&#34;B" locator="&lt;x&gt;">ab[31m &amp; &lt;c&gt;  ]]&gt;  d`) {
		t.Errorf("%v\n%s", err, out)
	}
	wellFormed(t, out)
}
