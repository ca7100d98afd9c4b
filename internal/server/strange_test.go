package server

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"github.com/terrane/terrane/internal/picture"
	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/internal/tiler"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// publishLarge publishes the globe in Mercator in tiles of 512 pixels, levels 0 and 1, as other programs make them.
func publishLarge(t *testing.T, dir, name string) {
	t.Helper()
	w, err := mbtiles.Create(t.Context(), dir, name, mbtiles.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for z := range uint8(2) {
		columns, rows := tilegrid.Mercator.Size(z)
		for c := range (tilegrid.Range{Z: z, MaxX: columns - 1, MaxY: rows - 1}).All() {
			if err := w.Put(t.Context(), c, largeTile(t, c)); err != nil {
				t.Fatal(err)
			}
		}
	}
	limit := tilegrid.MercatorLimit
	err = w.Commit(t.Context(), tilestore.Info{Kind: tilestore.Imagery, Format: tilestore.PNG, Grid: tilegrid.Mercator, Bound: box(-180, -limit, 180, limit)})
	if err != nil {
		t.Fatal(err)
	}
}

// largeTile has the colours that world's tint has along the equator and along the meridian of Greenwich, latitudes by their rows.
func largeTile(t *testing.T, c tilegrid.Coord) []byte {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, 512, 512))
	n, _ := tilegrid.Mercator.Size(c.Z)
	for y := range 512 {
		for x := range 512 {
			east := (float64(c.X) + (float64(x)+0.5)/512) / float64(n)
			north := (float64(c.Y) + 1 - (float64(y)+0.5)/512) / float64(n)
			m.SetNRGBA(x, y, color.NRGBA{uint8(20.5 + 200*east), uint8(20.5 + 200*north), 50, 255})
		}
	}
	png, ok := picture.ByExt("png")
	if !ok {
		t.Fatal("no PNG")
	}
	body, err := png.Encode(picture.Picture{NRGBA: m, Opaque: true}, 0)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// TestTilesOfAnotherSizeLieWhereTheyBelong serves tiles of 512 pixels in every protocol: those of XYZ and TMS as they are, those of WMTS cut to its 256.
func TestTilesOfAnotherSizeLieWhereTheyBelong(t *testing.T) {
	dir := t.TempDir()
	publishLarge(t, dir, "large")
	s := New(openFolder(t, dir), Options{})
	for _, c := range []struct {
		path string
		size int
		want color.NRGBA // in the middle
	}{
		{"/imagery/large/0/0/0.png", 512, color.NRGBA{120, 120, 50, 255}},
		{"/imagery/large/1/0/0.png", 512, color.NRGBA{70, 170, 50, 255}},
		{"/imagery/large/1/1/0@2x.png", 1024, color.NRGBA{170, 170, 50, 255}},
		{"/imagery/large/1/1/1.webp", 512, color.NRGBA{170, 70, 50, 255}},
		{"/tms/large/1/0/0.png", 512, color.NRGBA{70, 70, 50, 255}},
		{"/wmts/1.0.0/large/default/WebMercatorQuad/0/0/0.png", 256, color.NRGBA{120, 120, 50, 255}},
		{"/wmts/1.0.0/large/default/WebMercatorQuad/1/0/0.png", 256, color.NRGBA{70, 170, 50, 255}},
		{"/wms?" + kvp(aMap, "LAYERS", "large", "BBOX", "-120,-10,-60,10", "WIDTH", "300", "HEIGHT", "100"), 300, color.NRGBA{70, 120, 50, 255}},
	} {
		for range 2 { // made, and then out of the cache
			r := ask(s, "GET", c.path)
			p := pictureOf(t, r, r.Header.Get("Content-Type"))
			got := p.NRGBAAt(p.Rect.Dx()/2, p.Rect.Dy()/2)
			d := func(a, b uint8) bool { return max(a, b)-min(a, b) <= 3 }
			if p.Rect.Dx() != c.size || !d(got.R, c.want.R) || !d(got.G, c.want.G) || !d(got.B, c.want.B) {
				t.Errorf("%.60s: %v, %v in the middle, want %v", c.path, p.Rect, got, c.want)
			}
		}
	}
	if j := tileJSONOf(t, s, "/imagery/large/tilejson.json"); j.TileSize != 512 {
		t.Errorf("TileJSON says %d pixels", j.TileSize)
	}
	if c := infosOf(t, ask(s, "GET", "/wmts/1.0.0/large/default/WebMercatorQuad/1/0/0/128/128.json")); len(c.Features) != 1 || c.Features[0].Properties["red"] != 70.0 {
		t.Errorf("%+v", c)
	}
}

// TestDataAcrossTheAntimeridianAreOnBothSides covers every protocol's own way to say it.
func TestDataAcrossTheAntimeridianAreOnBothSides(t *testing.T) {
	fiji := tint{box(170, -25, 190, -10), 30}
	dir := t.TempDir()
	source := fiji.write(t, 256, false)
	publishPicture(t, dir, "mercator", tiler.Options{Sources: []string{source}, Grid: tilegrid.Mercator, Max: 5, Format: tiler.PNG})
	publishPicture(t, dir, "plate", tiler.Options{Sources: []string{source}, Grid: tilegrid.Geodetic, Max: 4, Format: tiler.PNG})
	s := New(openFolder(t, dir), Options{Registry: projections{raster.NewRegistry()}})
	for name, grid := range map[string]tilegrid.Grid{"mercator": tilegrid.Mercator, "plate": tilegrid.Geodetic} {
		set, z := "WebMercatorQuad", uint8(5)
		if name == "plate" {
			set, z = "WorldCRS84Quad", 4
		}
		for _, place := range []orb.Point{{175, -17}, {-175, -17}} {
			tile := grid.At(place, z)
			north := grid.FlipY(tile)
			for _, path := range []string{
				fmt.Sprintf("/imagery/%s/%d/%d/%d.png", name, z, north.X, north.Y), fmt.Sprintf("/imagery/%s/%d/%d/%d@2x.png", name, z, north.X, north.Y),
				fmt.Sprintf("/tms/%s/%d/%d/%d.png", name, z, tile.X, tile.Y), fmt.Sprintf("/wmts/1.0.0/%s/default/%s/%d/%d/%d.png", name, set, z, north.Y, north.X),
			} {
				if opaque, _ := opacity(pictureOf(t, ask(s, "GET", path), tilestore.PNG)); opaque < 1000 {
					t.Errorf("%s: %d pixels", path, opaque)
				}
			}
		}
		for what, c := range map[string]struct {
			changes []string
			east    float64 // of the map's middle
		}{
			"across, beyond 180":  {[]string{"CRS", "CRS:84", "BBOX", "176,-20,184,-14"}, 180},
			"across, below -180":  {[]string{"CRS", "CRS:84", "BBOX", "-184,-20,-176,-14"}, 180},
			"east of it":          {[]string{"CRS", "CRS:84", "BBOX", "-178,-20,-174,-17"}, 184},
			"west of it":          {[]string{"CRS", "EPSG:4326", "BBOX", "-20,174,-17,178"}, 176},
			"across, in a system": {[]string{"CRS", "EPSG:3832", "BBOX", "3300000,-2200000,3500000,-2050000"}, 180.54},
		} {
			p := pictureOf(t, getMap(s, append(c.changes, "LAYERS", name, "TRANSPARENT", "TRUE")...), tilestore.PNG)
			opaque, _ := opacity(p)
			got, want := pixelAt(p), fiji.colour(orb.Point{c.east, -17})
			if opaque != 160*120 || max(got.R, want.R)-min(got.R, want.R) > 4 {
				t.Errorf("%s, %s: %d pixels of 19200, %v in the middle, want about %v", name, what, opaque, got, want)
			}
		}
		info := map[string]string{"SERVICE": "WMS", "VERSION": "1.3.0", "REQUEST": "GetFeatureInfo", "LAYERS": name, "QUERY_LAYERS": name, "STYLES": "", "CRS": "CRS:84",
			"WIDTH": "10", "HEIGHT": "10", "INFO_FORMAT": "application/json", "I": "5", "J": "5"}
		for _, b := range []string{"176,-20,184,-14", "-184,-20,-176,-14", "-179,-20,-174,-17"} {
			if c := infosOf(t, ask(s, "GET", "/wms?"+kvp(info, "BBOX", b))); len(c.Features) != 1 {
				t.Errorf("%s in %s: %+v", name, b, c)
			}
		}
	}
	var d wmsDocument
	readXML(t, ask(s, "GET", "/wms?SERVICE=WMS&REQUEST=GetCapabilities"), "text/xml", &d)
	j := tileJSONOf(t, s, "/imagery/mercator/tilejson.json")
	if b := j.Bounds; b[0] < -180 || b[2] > 180 || b[0] > b[2] {
		t.Errorf("TileJSON's bounds are %v", b)
	}
}

// TestDamageIsToldInEachProtocol rots an imagery dataset: nobody gets its bytes, the other one is served on.
func TestDamageIsToldInEachProtocol(t *testing.T) {
	dir := t.TempDir()
	publishMark(t, dir, "good", 100)
	publishMark(t, dir, "bad", 100)
	rot(t, filepath.Join(dir, "bad@1.mbtiles"))
	s := New(openFolder(t, dir), Options{})
	bad := map[string]string{
		"/imagery/bad/5/16/11.png": "application/json", "/imagery/bad/5/16/11@2x.png": "application/json", "/tms/bad/4/8/10.png": "application/json",
		"/wms?" + kvp(aMap, "LAYERS", "bad"): "text/xml", "/wmts?" + kvp(aTile, "LAYER", "bad"): "application/xml",
		"/wms?" + kvp(aMap, "LAYERS", "bad", "WIDTH", "40", "HEIGHT", "30"): "text/xml",
	}
	withdrawn := 0
	for range 3 {
		for path, kind := range bad {
			r := ask(s, "GET", path)
			body := bodyOf(t, r)
			switch {
			case r.StatusCode == 503 && r.Header.Get("Retry-After") != "" && r.Header.Get("Content-Type") == kind:
				withdrawn++
			case r.StatusCode == 200:
				if _, err := picture.Decode(body, 1<<22); err != nil {
					t.Errorf("%s: damaged bytes", path)
				}
			case r.StatusCode == 400 && kind != "application/json": // withdrawn meanwhile: no such layer
			default:
				t.Errorf("%s: %d %s %.200s", path, r.StatusCode, r.Header.Get("Content-Type"), body)
			}
		}
	}
	if withdrawn == 0 {
		t.Error("nobody was told")
	}
	pictureOf(t, getMap(s, "LAYERS", "good"), tilestore.PNG)
	for _, path := range []string{"/imagery/good/5/16/11.png", "/wmts?" + kvp(aTile, "LAYER", "good")} {
		pictureOf(t, ask(s, "GET", path), tilestore.PNG)
	}
	if r := ask(s, "GET", "/wms?SERVICE=WMS&REQUEST=GetCapabilities"); r.StatusCode != 200 {
		t.Errorf("the capabilities: %d", r.StatusCode)
	}
}

// lost is a catalogue whose folder cannot be read at the moment.
type lost struct{ shelf }

func (lost) All(context.Context) ([]tilestore.Info, error) {
	return nil, errors.New("open /secret: input/output error")
}

func TestACatalogueThatCannotBeReadIsToldInEachProtocol(t *testing.T) {
	s := New(lost{newShelf()}, Options{})
	for path, kind := range map[string]string{
		"/wms?SERVICE=WMS&REQUEST=GetCapabilities": "text/xml", "/wms?" + kvp(aMap): "text/xml", "/wmts?SERVICE=WMTS&REQUEST=GetCapabilities": "application/xml",
		"/wmts?" + kvp(aTile): "application/xml", "/wmts/1.0.0/WMTSCapabilities.xml": "application/xml", "/tms/": "application/json",
	} {
		r := ask(s, "GET", path)
		if body := string(bodyOf(t, r)); r.StatusCode != 503 || r.Header.Get("Retry-After") == "" || r.Header.Get("Content-Type") != kind || strings.Contains(body, "secret") {
			t.Errorf("%.60s: %d %v %s", path, r.StatusCode, r.Header, body)
		}
	}
}
