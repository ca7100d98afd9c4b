package doctor

import (
	"bytes"
	"context"
	"encoding/xml"
	"image"
	"math"
	"net/url"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
)

// offer is what matters of a layer in the capabilities of a WMS, 1.1.1 or 1.3.0.
type offer struct {
	Name string
	Geo  struct {
		West  string `xml:"westBoundLongitude"`
		East  string `xml:"eastBoundLongitude"`
		South string `xml:"southBoundLatitude"`
		North string `xml:"northBoundLatitude"`
	} `xml:"EX_GeographicBoundingBox"`
	LatLon struct {
		MinX string `xml:"minx,attr"`
		MinY string `xml:"miny,attr"`
		MaxX string `xml:"maxx,attr"`
		MaxY string `xml:"maxy,attr"`
	} `xml:"LatLonBoundingBox"`
	Layers []offer `xml:"Layer"`
}

// bound is the ground of a layer; that of the layer around it, if it says none.
func (o offer) bound(around orb.Bound) orb.Bound {
	for _, texts := range [][4]string{{o.Geo.West, o.Geo.South, o.Geo.East, o.Geo.North}, {o.LatLon.MinX, o.LatLon.MinY, o.LatLon.MaxX, o.LatLon.MaxY}} {
		var v [4]float64
		good := true
		for i, s := range texts {
			var err error
			v[i], err = strconv.ParseFloat(strings.TrimSpace(s), 64)
			good = good && err == nil
		}
		if good && v[0] < v[2] && v[1] < v[3] {
			return orb.Bound{Min: orb.Point{v[0], v[1]}, Max: orb.Point{v[2], v[3]}}
		}
	}
	return around
}

// find returns the layer of a name, the first with any if name is "".
func (o offer) find(name string, around orb.Bound) (string, orb.Bound, bool) {
	b := o.bound(around)
	if o.Name != "" && (name == "" || o.Name == name) {
		return o.Name, b, true
	}
	for _, l := range o.Layers {
		if n, b, ok := l.find(name, b); ok {
			return n, b, true
		}
	}
	return "", b, false
}

// wms looks at a map service. The query may name layers, styles and format as the app does.
func (d *doctor) wms(ctx context.Context, u *url.URL) {
	s := d.subject("WMS", u)
	said := query(u)
	wanted := strings.Split(said.Get("layers"), ",")[0]
	bare := without(u, "service", "request", "version", "layers", "styles", "format", "bbox", "width", "height", "srs", "crs", "transparent")
	name, ground := wanted, orb.Bound{Min: orb.Point{-180, -90}, Max: orb.Point{180, 90}}
	a := d.admitted(ctx, with(bare, "service", "WMS", "version", "1.3.0", "request", "GetCapabilities"))
	if a == nil {
		return
	}
	var c struct {
		XMLName xml.Name
		Layer   offer `xml:"Capability>Layer"`
	}
	err := decodeXML(a.body, &c)
	d.unless(!a.ok() || err != nil || !strings.Contains(c.XMLName.Local, "Capabilities"), "wms.capabilities", a.at(), "no capabilities: %s",
		beginning(a))
	if n, b, ok := c.Layer.find(wanted, ground); ok {
		name, ground = n, b
	} else if wanted != "" && err == nil {
		d.found("wms.map", a.at(), "there is no layer %q in the capabilities", wanted)
		return
	}
	if name == "" {
		d.found("wms.map", a.at(), "no layer is named: give layers=NAME in the address")
		return
	}
	s.say("layer %s", name)
	s.Tiles = d.maps(ctx, bare, name, ground, said)
}

// maps asks for maps as CesiumJS does: 1.1.1 as JPEG or as the address says, then 1.3.0 in CRS:84 and in EPSG:4326, which must show the same.
func (d *doctor) maps(ctx context.Context, bare *url.URL, name string, ground orb.Bound, said url.Values) int {
	box := square(ground)
	format := said.Get("format")
	if format == "" {
		format = "image/jpeg"
	}
	common := []string{"service", "WMS", "request", "GetMap", "layers", name, "styles", said.Get("styles"), "format", format, "width",
		"256", "height", "256"}
	lonLat, latLon := numbers(box.Min[0], box.Min[1], box.Max[0], box.Max[1]), numbers(box.Min[1], box.Min[0], box.Max[1], box.Max[0])
	asks := [][]string{
		{"version", "1.1.1", "srs", "EPSG:4326", "bbox", lonLat},
		{"version", "1.3.0", "crs", "CRS:84", "bbox", lonLat},
		{"version", "1.3.0", "crs", "EPSG:4326", "bbox", latLon},
	}
	var pictures [3]image.Image
	for i, more := range asks {
		a := d.get(ctx, ask{url: with(bare, append(append([]string{}, common...), more...)...), accept: accepted})
		if a == nil {
			return i
		}
		d.unless(!a.ok() || !isPicture(a.body), "wms.map", a.at(), "GetMap %s in %s: %s", more[1], more[3], beginning(a))
		if got := d.picture(a, "GetMap "+more[1], [2]int{256, 256}, false); got.NRGBA != nil {
			pictures[i] = got
		}
	}
	if pictures[1] != nil && pictures[2] != nil {
		d.unless(difference(pictures[1], pictures[2]) > 12, "wms.axis", shown(bare), "GetMap 1.3.0 in EPSG:4326 with latitude first differs from CRS:84")
	}
	absent := with(bare, "service", "WMS", "version", "1.1.1", "request", "GetMap", "layers", "no-such-layer", "styles", "", "format", format,
		"width", "256", "height", "256", "srs", "EPSG:4326", "bbox", lonLat)
	d.habits(ctx, ask{url: with(bare, append(append([]string{}, common...), asks[0]...)...), accept: accepted}, absent)
	return len(asks)
}

// square is a part of the ground around its middle that is not symmetrical in longitude and latitude, so that turned axes show.
func square(b orb.Bound) orb.Bound {
	side := min(b.Max[0]-b.Min[0], b.Max[1]-b.Min[1]) * 0.8
	c := b.Center()
	return orb.Bound{Min: orb.Point{c[0] - side/2, c[1] - side/2}, Max: orb.Point{c[0] + side/2, c[1] + side/2}}
}

// difference is the mean difference of the colours of two pictures of one size, 0..255.
func difference(a, b image.Image) float64 {
	if a.Bounds().Size() != b.Bounds().Size() {
		return 255
	}
	sum, n := 0.0, 0
	for y := a.Bounds().Min.Y; y < a.Bounds().Max.Y; y += 3 {
		for x := a.Bounds().Min.X; x < a.Bounds().Max.X; x += 3 {
			r, g, bl, _ := a.At(x, y).RGBA()
			r2, g2, b2, _ := b.At(x, y).RGBA()
			sum += math.Abs(float64(r)-float64(r2)) + math.Abs(float64(g)-float64(g2)) + math.Abs(float64(bl)-float64(b2))
			n += 3
		}
	}
	return sum / float64(n) / 257
}

func numbers(v ...float64) string {
	var texts []string
	for _, x := range v {
		texts = append(texts, strconv.FormatFloat(x, 'f', -1, 64))
	}
	return strings.Join(texts, ",")
}

// without is an address without some parameters, whatever the case of their names.
func without(u *url.URL, names ...string) *url.URL {
	next, values := *u, u.Query()
	for have := range values {
		for _, name := range names {
			if strings.EqualFold(have, name) {
				values.Del(have)
			}
		}
	}
	next.RawQuery = values.Encode()
	return &next
}

// decodeXML reads a document and no entity that it declares.
func decodeXML(text []byte, v any) error {
	x := xml.NewDecoder(bytes.NewReader(text))
	x.Strict = false
	return x.Decode(v)
}
