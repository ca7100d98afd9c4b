package server

import (
	"encoding/binary"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/paulmach/orb"

	"github.com/terrane/terrane/imagery/xyz"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// BenchmarkDEMTile draws tiles of heights anew, from heights that are decoded.
func BenchmarkDEMTile(b *testing.B) {
	dir := b.TempDir()
	publishRough(b, dir, "rough")
	s := New(openFolder(b, dir), Options{CacheBytes: -1})
	c := tilegrid.Mercator.FlipY(tilegrid.Mercator.At(orb.Point{10.5, 47.5}, 9))
	for _, form := range []string{"/rgb/rough/%d/%d/%d.png", "/rgb/rough/%d/%d/%d@2x.png", "/terrarium/rough/%d/%d/%d.png", "/rgb/rough/%d/%d/%d.webp"} {
		b.Run(form, func(b *testing.B) {
			r := httptest.NewRequest(http.MethodGet, fmt.Sprintf(form, c.Z, c.X, c.Y), nil)
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if w.Code != 200 {
				b.Fatal(w.Code)
			}
			b.ReportMetric(float64(w.Body.Len()), "B/tile")
			sink := &sink{http.Header{}}
			for b.Loop() {
				clear(sink.header)
				s.ServeHTTP(sink, r)
			}
		})
	}
}

// heightsOfTile decodes a tile of heights: metres of each pixel.
func heightsOfTile(t *testing.T, s *Server, path string, e terrain.Encoding, mime string) (side int, at func(x, y int) float64) {
	t.Helper()
	p := pictureOf(t, ask(s, "GET", path), mime)
	if !p.Opaque {
		t.Errorf("%s: transparent pixels, which clients take for depths", path)
	}
	return p.Rect.Dx(), func(x, y int) float64 {
		c := p.NRGBAAt(x, y)
		return e.Height(c.R, c.G, c.B)
	}
}

// TestDEMTilesHoldWhatIsAskedForAtThePlacesOfTheirPixels compares pixels of tiles, of both encodings, sizes and formats, with
// /height at their centres.
func TestDEMTilesHoldWhatIsAskedForAtThePlacesOfTheirPixels(t *testing.T) {
	s := newRough(t, Options{})
	for _, c := range []struct {
		prefix   string
		encoding terrain.Encoding
		half     float64 // half of a step
	}{{"rgb", terrain.Mapbox, 0.05}, {"terrarium", terrain.Terrarium, terrain.StoredStep / 2}} {
		for suffix, mime := range map[string]string{".png": tilestore.PNG, ".webp": tilestore.WebP, "@2x.png": tilestore.PNG} {
			z := uint8(roughLeaf)
			if suffix == "@2x.png" {
				z--
			}
			tile := tilegrid.Mercator.At(orb.Point{10.5, 47.5}, z)
			path := fmt.Sprintf("/%s/rough/%d/%d/%d%s", c.prefix, z, tile.X, tilegrid.Mercator.FlipY(tile).Y, suffix)
			side, at := heightsOfTile(t, s, path, c.encoding, mime)
			for pixel, p := range tilePlaces(tilegrid.Mercator, tile, side) {
				var want struct{ Height *float64 }
				decoded(t, ask(s, "GET", fmt.Sprintf("/height/rough?lon=%.12f&lat=%.12f", p[0], p[1])), 200, &want)
				if want.Height == nil {
					continue
				}
				if got := at(pixel[0], pixel[1]); math.Abs(got-*want.Height) > c.half+2e-3 {
					t.Fatalf("%s: pixel %v is %.3f m, /height has %.3f m", path, pixel, got, *want.Height)
				}
			}
		}
	}
}

func TestDEMTilesOutsideOfTheDataAreItsBase(t *testing.T) {
	s := newRough(t, Options{})
	for _, path := range []string{"/rgb/rough/3/0/0.png", "/rgb/rough/9/0/511.png", "/rgb/rough/0/0/0.png", "/rgb/rough/6/33/22.webp"} {
		mime := tilestore.PNG
		if path[len(path)-1] == 'p' {
			mime = tilestore.WebP
		}
		side, at := heightsOfTile(t, s, path, terrain.Mapbox, mime)
		if got := at(0, side-1); got != 0 {
			t.Errorf("%s: %.1f m in a corner without data", path, got)
		}
	}
}

func TestDEMTilesAreDrawnOnceAndKept(t *testing.T) {
	s := newRough(t, Options{})
	const path = "/rgb/rough/9/270/178.png"
	first := ask(s, "GET", path)
	before := s.cache.hits.Load()
	second := ask(s, "GET", path)
	if first.StatusCode != 200 || second.Header.Get("ETag") != first.Header.Get("ETag") || s.cache.hits.Load() == before {
		t.Errorf("%d, %v, %v", first.StatusCode, first.Header, second.Header)
	}
	if r := ask(s, "GET", path, "If-None-Match: "+first.Header.Get("ETag")); r.StatusCode != 304 {
		t.Errorf("asked again: %d", r.StatusCode)
	}
}

func TestTileJSONOfHeightsNamesItsEncoding(t *testing.T) {
	s := newRough(t, Options{})
	for path, want := range map[string]demJSON{
		"/rgb/rough/tilejson.json": {xyz.TileJSON{
			Tiles: []string{"http://example.com/rgb/rough/{z}/{x}/{y}.png"}, MaxZoom: 9, TileSize: 256, Format: "png",
		}, "mapbox", "ellipsoid"},
		"/terrarium/rough@1/tilejson@2x.json?format=webp": {xyz.TileJSON{
			Tiles: []string{"http://example.com/terrarium/rough@1/{z}/{x}/{y}@2x.webp"}, MaxZoom: 8, TileSize: 512, Format: "webp",
		}, "terrarium", "ellipsoid"},
	} {
		var got demJSON
		decoded(t, ask(s, "GET", path), 200, &got)
		if got.TileJSON.TileJSON != "3.0.0" || got.Tiles[0] != want.Tiles[0] || got.MaxZoom != want.MaxZoom || got.TileSize != want.TileSize ||
			got.Format != want.Format ||
			got.Encoding != want.Encoding || got.Vertical != want.Vertical || got.Bounds != [4]float64{10, 47, 11, 48} || got.Attribution != "© Survey" || got.Scheme != "xyz" {
			t.Errorf("%s: %+v", path, got)
		}
	}
}

func TestHeightmapsHoldTheStoredHeightsTheChildrenAndTheWater(t *testing.T) {
	s := newRough(t, Options{})
	var layer terrain.Layer
	decoded(t, ask(s, "GET", "/heightmap/rough/layer.json"), 200, &layer)
	if layer.Format != "heightmap-1.0" || len(layer.Extensions) > 0 || len(layer.Available) != roughLeaf+1 || layer.Scheme != "tms" {
		t.Errorf("%+v", layer)
	}
	c := tilegrid.Geodetic.At(orb.Point{10.4, 47.4}, 6)
	for _, headers := range [][]string{nil, {"Accept-Encoding: gzip"}} {
		body := bodyOf(t, ask(s, "GET", "/heightmap/rough/"+c.String()+".terrain?v=1.0.0", headers...))
		if headers != nil {
			body = gunzip(t, body)
		}
		if len(body) != 65*65*2+2 {
			t.Fatalf("%d bytes", len(body))
		}
		b, step := tilegrid.Geodetic.Bound(c), tilegrid.Geodetic.Resolution(c.Z, terrain.Cells)
		for k := 0; k < 65*65; k += 13 {
			want := rough(orb.Point{b.Min[0] + float64(k%65)*step, b.Max[1] - float64(k/65)*step})
			if got := float64(binary.LittleEndian.Uint16(body[2*k:]))/5 - 1000; math.Abs(got-want) > 0.1+1e-6 {
				t.Fatalf("sample %d is %.1f m, want %.2f m", k, got, want)
			}
		}
		children := uint8(0)
		for k, child := range c.Children() {
			if tilegrid.Geodetic.Cover(roughBound, 7).Contains(child) {
				children |= 1 << k
			}
		}
		if body[len(body)-2] != children || body[len(body)-1] != c.Z {
			t.Errorf("children %b, want %b; water %d, want %d", body[len(body)-2], children, body[len(body)-1], c.Z)
		}
	}
}
