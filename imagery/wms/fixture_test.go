package wms

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"github.com/terrane/terrane/imagery"
)

// plate is degrees as they are.
type plate struct{}

func (plate) Inverse(x, y []float64) {}
func (plate) Forward(x, y []float64) {}

const radius = 6378137

// mercator is EPSG:3857.
type mercator struct{}

func (mercator) Forward(x, y []float64) {
	for i := range x {
		x[i], y[i] = x[i]*math.Pi/180*radius, math.Asinh(math.Tan(y[i]*math.Pi/180))*radius
	}
}

func (mercator) Inverse(x, y []float64) {
	for i := range x {
		x[i], y[i] = x[i]/radius*180/math.Pi, math.Atan(math.Sinh(y[i]/radius))*180/math.Pi
	}
}

// polar is a stereographic map of the north on a sphere: 0 degrees points down, as EPSG:3995 does. The south has no place on it.
type polar struct{}

func (polar) Forward(x, y []float64) {
	for i := range x {
		lon, r := x[i]*math.Pi/180, 2*radius*math.Tan((90-y[i])*math.Pi/360)
		if y[i] < 0 {
			r = math.NaN()
		}
		x[i], y[i] = r*math.Sin(lon), -r*math.Cos(lon)
	}
}

func (polar) Inverse(x, y []float64) {
	for i := range x {
		lat := 90 - 2*math.Atan(math.Hypot(x[i], y[i])/(2*radius))*180/math.Pi
		lon := math.Atan2(x[i], -y[i]) * 180 / math.Pi
		if lat < 0 {
			lat = math.NaN()
		}
		x[i], y[i] = lon, lat
	}
}

const perDegree = 111319.49079327358

// systems is a registry of four.
type systems struct{}

func (systems) CRS(code string) (imagery.CRS, error) {
	known := map[string]imagery.CRS{
		"CRS:84":    {Title: "WGS 84 longitude-latitude", MetresPerUnit: perDegree, Area: bounds(-180, -90, 180, 90), Projection: plate{}},
		"EPSG:4326": {Title: "WGS 84", NorthFirst: true, MetresPerUnit: perDegree, Area: bounds(-180, -90, 180, 90), Projection: plate{}},
		"EPSG:3857": {Title: "Pseudo-Mercator", MetresPerUnit: 1, Area: bounds(-180, -85.06, 180, 85.06), Projection: mercator{}},
		"EPSG:3995": {Title: "Arctic Polar Stereographic", MetresPerUnit: 1, Area: bounds(-180, 60, 180, 90), Projection: polar{}},
	}
	crs, ok := known[code]
	if !ok {
		return crs, fmt.Errorf("%w: %s", imagery.ErrCRS, code)
	}
	crs.Code = code
	return crs, nil
}

func bounds(w, s, e, n float64) orb.Bound {
	return orb.Bound{Min: orb.Point{w, s}, Max: orb.Point{e, n}}
}

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

// service is a server with an island in two styles, a coast in three years, a photograph that is not queryable and only drawn
// from near, and a group of the last two.
func service() *Service {
	return &Service{
		Title: "Maps", Abstract: "All that there is.", Keywords: []string{"relief", "photographs"}, BaseURL: "https://maps.example/terrane/wms", UpdateSequence: "41",
		Contact: Contact{Person: "A. Person", Organization: "Survey", Email: "maps@example.org", Address: Address{Type: "postal", City: "Town"}},
		Limits:  Limits{MaxWidth: 4096, MaxHeight: 4096, MaxPixels: 8 << 20, LayerLimit: 4},
		Formats: []Format{
			{Name: "png", MIME: "image/png", Ext: "png", Alpha: true},
			{Name: "png8", MIME: "image/png; mode=8bit", Ext: "png", Alpha: true},
			{Name: "jpeg", MIME: "image/jpeg", Ext: "jpg"},
			{Name: "webp", MIME: "image/webp", Ext: "webp", Alpha: true},
			{Name: "geotiff", MIME: "image/tiff", Ext: "tif", Alpha: true},
		},
		InfoFormats: InfoFormats(),
		CRSs:        []string{"CRS:84", "EPSG:4326", "EPSG:3857", "EPSG:3995", "EPSG:1"},
		Layers: []Layer{
			{Name: "island", Title: "Island & sea", Abstract: "Heights <of> an island.", Attribution: "© Survey", AttributionURL: "https://survey.example/", Bound: bounds(9, 40, 10, 41.5), Queryable: true,
				Styles: []Style{
					{Name: "hillshade", Title: "Hillshade"},
					{Name: "relief", Title: "Colour relief", Legend: &Legend{Width: 120, Height: 300, MIME: "image/png"}},
				},
				Data: []Link{{MIME: "application/json", URL: "/terrane/datasets/island"}}},
			{Name: "recent", Title: "What changes", Layers: []Layer{
				{Name: "coast", Title: "Coast", Bound: bounds(178, -20, 182, -15), Queryable: true,
					Times: []time.Time{at("2020-06-01T10:00:00Z"), at("2021-06-02T11:00:00Z"), at("2023-06-03T12:30:00Z")}},
				{Name: "photo", Bound: bounds(-180, -90, 180, 90), Opaque: true, MaxScale: 1e6, Keywords: []string{"near"},
					Metadata: []Link{{Type: "ISO19115:2003", MIME: "text/xml", URL: "https://survey.example/photo.xml"}}},
			}},
		},
	}
}

// base is a GetMap of 1.3.0 that is right in everything.
var base = map[string]string{
	"SERVICE": "WMS", "VERSION": "1.3.0", "REQUEST": "GetMap", "LAYERS": "island", "STYLES": "", "CRS": "CRS:84", "BBOX": "9,40,10,41", "WIDTH": "200", "HEIGHT": "200", "FORMAT": "image/png",
}

// change returns a query that differs from one in some keys; a value of "-" leaves a key out.
func change(from map[string]string, pairs ...string) string {
	v := url.Values{}
	for k, s := range from {
		v.Set(k, s)
	}
	for i := 0; i < len(pairs); i += 2 {
		if v.Set(pairs[i], pairs[i+1]); pairs[i+1] == "-" {
			v.Del(pairs[i])
		}
	}
	return v.Encode()
}

func parse[R Request](t *testing.T, query string) R {
	t.Helper()
	request, err := Parse(query, service(), systems{})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	r, ok := request.(R)
	if !ok {
		t.Fatalf("%s: got a %T", query, request)
	}
	return r
}

func refused(t *testing.T, query string) *Exception {
	t.Helper()
	request, err := Parse(query, service(), systems{})
	var e *Exception
	if !errors.As(err, &e) || request != nil {
		t.Fatalf("%s: got %#v, %v, want an exception", query, request, err)
	}
	return e
}
