package server

import (
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"
)

// mischief makes requests for pictures out of good and bad parts, and knows which have a bad one.
type mischief struct {
	hostile
	bad bool
}

// part picks a good part, seldom a bad one.
func (m *mischief) part(good []string, bad ...string) string {
	if m.IntN(12) > 0 {
		return m.pick(good...)
	}
	m.bad = true
	return m.pick(bad...)
}

// nonsense are numbers that no protocol takes.
var nonsense = []string{"-1", "00", "1e3", "1.5", "NaN", "nan", "Infinity", "-inf", "0x10", "18446744073709551616", " 1", "1\x00", "١", "..", "1;c4nary", "1' OR 'c4nary'='c4nary",
	"<c4nary>", "1\r\nX-C4nary: 1", "${jndi:ldap://c4nary}", strings.Repeat("9", 300)}

// strange are names of layers, styles, systems and formats that there are not.
var strange = []string{"none", "..", "../../etc/passwd", "mercator@99", "MERCATOR", "mercator\x00", "<script>c4nary</script>", "c4nary' OR 1=1--", "{{c4nary}}", "\xff\xfe",
	"x\r\nX-C4nary:1", "/vsicurl/http://c4nary", "file:///etc/passwd", ".mercator.mbtiles.partial", "c4nary]]>", strings.Repeat("a", 3000)}

// key is one parameter. Without bad parts its value is not to be tampered with.
type key struct {
	name string
	good []string
	bad  []string
}

var (
	layers    = []string{"mercator", "plate", "photo", "holed", "world", "slope"}
	sizes     = []string{"1", "5", "64", "100"}
	badSizes  = append([]string{"0", "8193", "65536", "2147483648"}, nonsense...)
	badBoxes  = []string{"NaN,46,14,52", "6,46,inf,52", "14,46,6,52", "6,52,14,46", "6,46,6,52", "6,46,6.000000000000001,46.000000000000001", "6,46,14", "6,46,14,52,1", ",,,", "1e10,0,2e10,1", "6,46,14,1e400", "a,b,c,d", "6;46;14;52", "0x6,46,14,52", "6,46,14,<c4nary>", strings.Repeat("6,", 3000)}
	goodBoxes = []string{"6,46,14,52", "46,6,52,14", "-180,-90,180,90", "-1e9,-1e9,1e9,1e9", "10,47,10.000001,47.000001", "9e8,9e8,9.1e8,9.1e8", "-20037508,-20037508,20037508,20037508",
		"100,20,500,25", "10,-1e-3,11,1e-3"}
	systems = []string{"CRS:84", "EPSG:4326", "EPSG:3857", "EPSG:3035", "EPSG:3413", "EPSG:31467"}
)

func (m *mischief) query(keys []key) string {
	var parts []string
	for _, k := range keys {
		value := k.good[0]
		if k.bad != nil {
			value = m.part(k.good, k.bad...)
		}
		parts = append(parts, m.casing(k.name)+"="+url.QueryEscape(value))
	}
	if m.IntN(20) == 0 { // the first is one that must be there
		parts, m.bad = parts[1:], true
	}
	m.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	switch m.IntN(20) {
	case 0: // a key twice
		m.bad = true
		parts = append(parts, keys[m.IntN(len(keys))].name+"=c4nary")
	case 1:
		parts = append(parts, "x="+strings.Repeat("c4nary", 1000))
	case 2: // beyond what is read of a URL
		m.bad = true
		parts = append(parts, "x="+strings.Repeat("c4nary", 2000))
	case 3:
		parts = append(parts, "url=http://c4nary/", "map=/etc/passwd", "callback=c4nary", "")
	}
	return strings.Join(parts, "&")
}

func (m *mischief) casing(s string) string {
	if m.IntN(2) == 0 {
		return strings.ToLower(s)
	}
	return s
}

func (m *mischief) wms() string {
	crs := "CRS"
	version := m.part([]string{"1.3.0", "1.1.1"}, "9.9.9", "NaN", "c4nary", "1.3.0.0")
	if version == "1.1.1" {
		crs = "SRS"
	}
	keys := []key{
		{crs, systems, append([]string{"EPSG:0", "EPSG:-1", "EPSG:999999", "EPSG:4978", "AUTO2:42001,1,1,1", "CRS:85", "+proj=c4nary"}, strange...)},
		{"BBOX", goodBoxes, badBoxes}, {"WIDTH", sizes, badSizes}, {"HEIGHT", sizes, badSizes},
		{"LAYERS", layers, append([]string{",", "mercator,,plate", strings.Repeat("mercator,", 33) + "plate"}, strange...)},
	}
	request := m.part([]string{"GetMap", "GetMap", "GetMap", "GetFeatureInfo"}, strange...)
	keys = append(keys, key{"VERSION", []string{version}, nil}, key{"REQUEST", []string{request}, nil})
	if request == "GetFeatureInfo" {
		keys = append(keys, key{"QUERY_LAYERS", layers, strange}, key{"I", []string{"0"}, []string{"100", "-1", "NaN", "0.5", "<c4nary>"}}, key{"J", []string{"0", "00"}, []string{"100", "1e0", "c4nary"}},
			key{"INFO_FORMAT", []string{"application/json", "text/html", "text/plain", "text/xml"}, strange})
	} else {
		keys = append(keys, key{"FORMAT", []string{"image/png", "image/jpeg", "image/webp", "image/tiff", "image/png; mode=8bit"}, append([]string{"text/html", "image/svg+xml"}, strange...)},
			key{"BGCOLOR", []string{"0xFFFFFF", "#102030"}, []string{"0x", "red", "0xGGGGGG", "<c4nary>"}}, key{"TRANSPARENT", []string{"TRUE", "false"}, []string{"maybe", "<c4nary>"}},
			key{"STYLES", []string{"", "default"}, strange})
	}
	return "/wms?" + m.query(keys)
}

func (m *mischief) wmts() string {
	return "/wmts?" + m.query([]key{
		{"SERVICE", []string{"WMTS"}, strange}, {"VERSION", []string{"1.0.0"}, []string{"2.0.0", "NaN", "c4nary"}}, {"REQUEST", []string{"GetTile"}, strange},
		{"LAYER", layers, strange}, {"STYLE", []string{"default"}, strange}, {"FORMAT", []string{"image/png", "image/jpeg", "image/webp"}, strange},
		{"TILEMATRIXSET", []string{"WebMercatorQuad", "WorldCRS84Quad"}, strange}, {"TILEMATRIX", []string{"0", "1", "2", "5"}, append([]string{"31", "99"}, nonsense...)},
		{"TILEROW", []string{"0", "1", "11"}, append([]string{"4294967296"}, nonsense...)}, {"TILECOL", []string{"0", "1", "16"}, append([]string{"4294967296"}, nonsense...)},
	})
}

// plain makes the path of a tile of XYZ, TMS or WMTS.
func (m *mischief) plain() string {
	// In a path a slash, a dot and a dot twice are structure: what is strange there is asked for in queries.
	name := func(good []string) string {
		return url.PathEscape(m.part(good, "none", "c4nary'--", "<c4nary>", "mercator@99", "mercator@-1", "MERCATOR", "\xff", "x\r\nX-C4nary:1"))
	}
	number := func(good ...string) string { return url.PathEscape(m.part(good, nonsense...)) }
	switch m.IntN(3) {
	case 0:
		return fmt.Sprintf("/imagery/%s/%s/%s/%s%s.%s", name(layers), number("0", "1", "5"), number("0", "1", "16"), number("0", "1", "11"), m.part([]string{"", "", "@2x"}, "@3x", "@c4nary"),
			m.part([]string{"png", "jpg", "webp"}, "gif", "svg", "html", "c4nary", "PNG", ""))
	case 1:
		return fmt.Sprintf("/tms/%s/%s/%s/%s.%s", name(layers), number("0", "1", "5"), number("0", "1", "16"), number("0", "1", "20"), m.part([]string{"png", "jpg", "webp"}, "gif", "c4nary"))
	}
	return fmt.Sprintf("/wmts/1.0.0/%s/%s/%s/%s/%s/%s.%s", name(layers), name([]string{"default"}), name([]string{"WebMercatorQuad", "WorldCRS84Quad"}), number("0", "1", "5"), number("0", "1", "11"),
		number("0", "1", "16"), m.part([]string{"png", "jpg", "webp"}, "gif", "c4nary"))
}

func (m *mischief) target() string {
	m.bad = false
	switch m.IntN(3) {
	case 0:
		return m.wms()
	case 1:
		return m.wmts()
	}
	return m.plain()
}

// TestHostileRequestsForPicturesAreRefusedInWords sends thousands of them. One with a bad part never gets a picture, none gets a server error or learns
// anything, and none takes long.
func TestHostileRequestsForPicturesAreRefusedInWords(t *testing.T) {
	s, dir := newGallery(t, Options{})
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	leak := leak(t, dir, here)
	m := &mischief{hostile: hostile{rand.New(rand.NewPCG(3, 5000))}}
	seen, slowest := map[string]int{}, time.Duration(0)
	for i := range 5000 {
		target := m.target()
		u, err := url.ParseRequestURI(target)
		if err != nil {
			t.Fatalf("%.200q: %v", target, err)
		}
		r := httptest.NewRequest("GET", "/", nil)
		r.RequestURI, r.URL, r.Header = target, u, m.headers()
		w := httptest.NewRecorder()
		begin := time.Now()
		s.ServeHTTP(w, r)
		slowest = max(slowest, time.Since(begin))
		kind := w.Header().Get("Content-Type")
		words := !strings.HasPrefix(kind, "image/")
		seen[fmt.Sprint(w.Code)]++
		switch {
		case w.Code >= 500 && (w.Code != 503 || w.Header().Get("Retry-After") == ""):
			t.Errorf("request %d %.300q: %d", i, target, w.Code)
		case m.bad && w.Code == 200:
			t.Errorf("request %d %.300q has a bad part and gets 200 of %s", i, target, kind)
		case !m.bad && w.Code == 200 && w.Body.Len() == 0 && w.Code != 304:
			t.Errorf("request %d %.300q: an empty answer", i, target)
		case w.Code >= 400 && !words:
			t.Errorf("request %d %.300q: %d of %s", i, target, w.Code, kind)
		}
		if w.Header().Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("request %d: CORS %v", i, w.Header())
		}
		if text := fmt.Sprint(w.Header()); leak.MatchString(text) || words && leak.MatchString(w.Body.String()) {
			t.Errorf("request %d %.300q: the answer holds %q", i, target, leak.FindString(text+w.Body.String()))
		}
	}
	t.Logf("%v, the slowest in %v", seen, slowest)
	if seen["200"] < 500 || seen["400"] < 1000 || seen["404"] < 200 || seen["414"] < 20 {
		t.Errorf("the generator is too tame: %v", seen)
	}
	if slowest > 10*time.Second {
		t.Errorf("a request took %v", slowest)
	}
}
