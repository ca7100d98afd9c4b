package server

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const acceptAll = "Accept: application/vnd.quantized-mesh;extensions=octvertexnormals-watermask-metadata,application/octet-stream;q=0.9,*/*;q=0.01"

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func TestTileHoldsTheExtensionsThatWereAskedFor(t *testing.T) {
	s := New(newShelf(), Options{})
	for _, c := range []struct {
		name, query, accept string
		want                []byte
	}{
		{"nothing is said", "", "Accept: */*", meshPart},
		{"no Accept at all", "", "X-None: 1", meshPart},
		{"the type without extensions", "", "Accept: application/vnd.quantized-mesh,application/octet-stream;q=0.9,*/*;q=0.01", meshPart},
		{"all that Cesium knows", "", acceptAll, join(meshPart, normalPart, waterPart)},
		{"normals", "", "Accept: application/vnd.quantized-mesh;extensions=octvertexnormals", join(meshPart, normalPart)},
		{"water", "", "Accept: application/vnd.quantized-mesh; extensions=watermask", join(meshPart, waterPart)},
		{"the other order", "", "Accept: */*;q=0.1, application/vnd.quantized-mesh; q=1; extensions=\"watermask-octvertexnormals\"", join(meshPart, normalPart, waterPart)},
		{"unknown names", "", "Accept: application/vnd.quantized-mesh;extensions=foo-bar", meshPart},
		{"ion's query", "?extensions=octvertexnormals-watermask&v=1.0.0", "Accept: application/vnd.quantized-mesh,*/*;q=0.01", join(meshPart, normalPart, waterPart)},
		{"the query wins", "?v=1&extensions=watermask", acceptAll, join(meshPart, waterPart)},
		{"an empty query", "?extensions=", acceptAll, meshPart},
	} {
		t.Run(c.name, func(t *testing.T) {
			plain := ask(s, "GET", "/terrain/alps/0/0/0.terrain"+c.query, c.accept)
			if got := bodyOf(t, plain); !bytes.Equal(got, c.want) {
				t.Errorf("plain body has %d bytes, want %d", len(got), len(c.want))
			}
			packed := ask(s, "GET", "/terrain/alps/0/0/0.terrain"+c.query, c.accept, "Accept-Encoding: gzip, deflate, br")
			if got := gunzip(t, bodyOf(t, packed)); !bytes.Equal(got, c.want) {
				t.Errorf("gzipped body has %d bytes, want %d", len(got), len(c.want))
			}
		})
	}
}

func TestGzipFlagMatchesTheBody(t *testing.T) {
	s := New(newShelf(), Options{})
	for _, c := range []struct {
		name, header string
		gzip         bool
	}{
		{"browser", "Accept-Encoding: gzip, deflate, br, zstd", true},
		{"gzip alone", "Accept-Encoding: gzip", true},
		{"no header", "X-None: 1", false},
		{"identity", "Accept-Encoding: identity", false},
		{"others only", "Accept-Encoding: br, deflate", false},
		{"refused", "Accept-Encoding: gzip;q=0", false},
		{"refused, finely", "Accept-Encoding: gzip; q=0.000, br", false},
		{"anything", "Accept-Encoding: *", true},
		{"anything but gzip", "Accept-Encoding: *, gzip;q=0", false},
		{"weighted", "Accept-Encoding: br;q=1.0, gzip;q=0.8", true},
		{"the old name", "Accept-Encoding: x-gzip", true},
		{"a weight that is none", "Accept-Encoding: gzip;q=NaN", false},
		{"capitals", "Accept-Encoding: GZIP", true},
	} {
		for _, path := range []string{"/terrain/alps/0/1/0.terrain", "/terrain/alps/1/0/0.terrain"} {
			t.Run(c.name+path, func(t *testing.T) {
				r := ask(s, "GET", path, c.header)
				body := bodyOf(t, r)
				if got := r.Header.Get("Content-Encoding") == "gzip"; got != c.gzip {
					t.Errorf("Content-Encoding %q", r.Header.Get("Content-Encoding"))
				}
				if c.gzip {
					body = gunzip(t, body)
				}
				if !bytes.Equal(body, meshPart) {
					t.Errorf("body has %d bytes, want %d", len(body), len(meshPart))
				}
			})
		}
	}
}

func TestStoredMembersPassThroughUntouched(t *testing.T) {
	books := newShelf()
	s := New(books, Options{})
	for path, stored := range map[string][]byte{
		"/terrain/alps/0/0/0.terrain": books["alps"].tiles[coord(0, 0, 0)],
		"/terrain/alps/1/0/0.terrain": books["alps"].tiles[coord(1, 0, 0)],
		"/terrain/alps/1/1/0.terrain": books["alps"].tiles[coord(1, 1, 0)],
	} {
		r := ask(s, "GET", path, acceptAll, "Accept-Encoding: gzip")
		if got := bodyOf(t, r); !bytes.Equal(got, stored) {
			t.Errorf("%s: %d bytes, stored are %d", path, len(got), len(stored))
		}
	}
	if e := ask(s, "GET", "/terrain/alps/1/1/0.terrain", "Accept-Encoding: gzip").Header.Get("Content-Encoding"); e != "" {
		t.Errorf("a tile that is stored plain has Content-Encoding %q", e)
	}
}

func TestEachRepresentationHasItsOwnStrongETag(t *testing.T) {
	s := New(newShelf(), Options{})
	seen := map[string]string{}
	for _, accept := range []string{"Accept: */*", acceptAll, "Accept: application/vnd.quantized-mesh;extensions=watermask"} {
		for _, encoding := range []string{"Accept-Encoding: gzip", "Accept-Encoding: identity"} {
			r := ask(s, "GET", "/terrain/alps/0/0/0.terrain", accept, encoding)
			tag := r.Header.Get("ETag")
			if len(tag) < 4 || tag[0] != '"' || tag[len(tag)-1] != '"' {
				t.Errorf("%s %s: %s is not a strong validator", accept, encoding, tag)
			}
			if other, ok := seen[tag]; ok {
				t.Errorf("%s %s has the validator of %s", accept, encoding, other)
			}
			seen[tag] = accept + " " + encoding
			again := ask(s, "GET", "/terrain/alps/0/0/0.terrain", accept, encoding, "If-None-Match: \"x\", W/"+tag)
			if again.StatusCode != http.StatusNotModified || len(bodyOf(t, again)) != 0 {
				t.Errorf("status %d with its own validator", again.StatusCode)
			}
			for _, h := range []string{"ETag", "Vary", "Cache-Control", "Access-Control-Allow-Origin"} {
				if again.Header.Get(h) == "" {
					t.Errorf("304 without %s", h)
				}
			}
		}
	}
	if r := ask(s, "GET", "/terrain/alps/0/0/0.terrain", `If-None-Match: "nothing"`); r.StatusCode != 200 {
		t.Errorf("status %d with a validator that does not match", r.StatusCode)
	}
}

func TestTileHeaders(t *testing.T) {
	s := New(newShelf(), Options{})
	get := ask(s, "GET", "/terrain/alps/0/0/0.terrain", acceptAll, "Accept-Encoding: gzip")
	body := bodyOf(t, get)
	for name, want := range map[string]string{
		"Content-Type":                "application/vnd.quantized-mesh",
		"Content-Length":              strconv.Itoa(len(body)),
		"Vary":                        "Accept, Accept-Encoding",
		"Access-Control-Allow-Origin": "*",
		"Cache-Control":               "public, max-age=60, must-revalidate",
		"X-Content-Type-Options":      "nosniff",
	} {
		if got := get.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	head := ask(s, "HEAD", "/terrain/alps/0/0/0.terrain", acceptAll, "Accept-Encoding: gzip")
	if diff := cmp.Diff(get.Header, head.Header); diff != "" || len(bodyOf(t, head)) != 0 {
		t.Errorf("HEAD differs from GET (-get +head):\n%s", diff)
	}
	for _, path := range []string{"/terrain/alps@1/0/0/0.terrain", "/terrain/alps@1/layer.json"} { // its number may be given again after "rm"
		if got := ask(s, "GET", path).Header.Get("Cache-Control"); got != "public, max-age=3600, must-revalidate" {
			t.Errorf("%s has Cache-Control %q", path, got)
		}
	}
}

func TestLayerSaysWhatTheStoreHolds(t *testing.T) {
	s := New(newShelf(), Options{})
	r := ask(s, "GET", "/terrain/alps/layer.json?token=x")
	var layer struct {
		Format, Scheme, Projection string
		Tiles, Extensions          []string
		Available                  [][]map[string]int
		MetadataAvailability       *int
	}
	if err := json.Unmarshal(bodyOf(t, r), &layer); err != nil || r.StatusCode != 200 {
		t.Fatalf("status %d, %v", r.StatusCode, err)
	}
	if layer.Format != "quantized-mesh-1.0" || layer.Scheme != "tms" || layer.Projection != "EPSG:4326" || layer.MetadataAvailability != nil {
		t.Errorf("layer.json is %+v", layer)
	}
	want := []map[string]int{{"startX": 0, "startY": 0, "endX": 1, "endY": 0}}
	if diff := cmp.Diff(want, layer.Available[0]); diff != "" {
		t.Errorf("level 0 (-want +got):\n%s", diff)
	}
	if got := r.Header.Get("Cache-Control"); got != cacheRevalidate[0] {
		t.Errorf("Cache-Control %q", got)
	}
}
