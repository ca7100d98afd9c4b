package server

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terrane/terrane/internal/ion"
)

// retiredBases are all addresses of a tileset that applications of 2018 have.
func retiredBases(name string) []string {
	return []string{"/stk-terrain/" + name, "/stk-terrain/tilesets/" + name + "/tiles", "/stk-terrain/v1/tilesets/" + name + "/tiles"}
}

// acceptOf2018 is what CesiumJS 1.48 sends for a tile of an ion asset.
const acceptOf2018 = "Accept: application/vnd.quantized-mesh;extensions=octvertexnormals-watermask,application/octet-stream;q=0.9,*/*;q=0.01," +
	"*/*;access_token=eyJhbGciOiJIUzI1NiJ9.e30.abc"

func TestTheRetiredServiceAnswersAsTerrainDoes(t *testing.T) {
	s := New(newShelf(), Options{})
	files := []string{
		"/layer.json", "/0/0/0.terrain?v=1.1.0", "/1/1/0.terrain", "/1/0/0.terrain", "/9/0/0.terrain", "/0/9/0.terrain", "/0/x/0.terrain", "/none",
	}
	asking := [][]string{
		nil, {acceptAll, "Accept-Encoding: gzip, deflate"}, {acceptOf2018}, {"Accept: */*;access_token=abc"}, {"Origin: http://a.example"},
	}
	for _, file := range files {
		for _, headers := range asking {
			want := ask(s, "GET", "/terrain/alps"+file, headers...)
			body := bodyOf(t, want)
			for _, name := range []string{"alps", "world", "ALPS", "World"} {
				for _, base := range retiredBases(name) {
					got := ask(s, "GET", base+file, headers...)
					if got.StatusCode != want.StatusCode || !bytes.Equal(bodyOf(t, got), body) || cmp.Diff(want.Header, got.Header) != "" {
						t.Errorf("%s%s %q: %d %s, /terrain answers %d %s", base, file, headers, got.StatusCode, got.Header, want.StatusCode, want.Header)
					}
				}
			}
		}
	}
}

func TestTheAcceptHeaderOf2018AsksForExtensions(t *testing.T) {
	s := New(newShelf(), Options{})
	for accept, want := range map[string][]byte{
		acceptOf2018: join(meshPart, normalPart, waterPart),
		"Accept: application/vnd.quantized-mesh;extensions=octvertexnormals,application/octet-stream;q=0.9,*/*;q=0.01": join(meshPart, normalPart),
		"Accept: application/vnd.quantized-mesh,application/octet-stream;q=0.9,*/*;q=0.01,*/*;access_token=abc":        meshPart,
	} {
		if got := bodyOf(t, ask(s, "GET", "/stk-terrain/world/0/0/0.terrain", accept)); !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, want %d", accept, len(got), len(want))
		}
	}
}

func TestTheFrontAnswersTheRetiredService(t *testing.T) {
	s, reached := counted(New(newShelf(), Options{}))
	address, _ := start(t, s)
	k := dial(t, address)
	k.ask(t, healthRequest) // the first request is always net/http's
	for _, base := range retiredBases("world") {
		request := "GET " + base + "/0/0/0.terrain HTTP/1.1\r\nHost: a\r\n\r\n"
		before := reached.Load()
		r, _ := k.ask(t, request)
		for try := 0; reached.Load() > before && try < 100; try++ {
			before = reached.Load()
			r, _ = k.ask(t, request)
		}
		if r.StatusCode != http.StatusOK || reached.Load() > before {
			t.Errorf("%s: %d, reached net/http %d times", base, r.StatusCode, reached.Load()-before)
		}
	}
}

func TestTheWorldIsADatasetOfThatNameOrWhatWasChosen(t *testing.T) {
	wide, named := newShelf(), newShelf()
	other := *wide["alps"]
	other.info.Name, other.info.Title, other.info.Bound.Max[0] = "wide", "Wide", 50
	wide["wide"] = &other
	called := other
	called.info.Name, called.info.Title = "world", "World"
	called.info.Bound = wide["alps"].info.Bound
	named["world"], named["wide"] = &called, &other
	for _, c := range []struct {
		name    string
		catalog shelf
		choices ion.Choices
		want    string
	}{
		{"the only one", newShelf(), ion.Choices{}, "alps"},
		{"the widest", wide, ion.Choices{}, "wide"},
		{"the chosen one", wide, ion.Choices{World: "alps"}, "alps"},
		{"one of this name", named, ion.Choices{World: "wide"}, "world"},
		{"none", shelf{}, ion.Choices{}, "base"},
	} {
		s := New(c.catalog, Options{Ion: c.choices})
		for _, base := range retiredBases("world") {
			var layer struct{ Name string }
			if err := json.Unmarshal(bodyOf(t, ask(s, "GET", base+"/layer.json")), &layer); err != nil || layer.Name != c.want {
				t.Errorf("%s: %s is %q, want %q (%v)", c.name, base, layer.Name, c.want, err)
			}
		}
	}
}

func TestUnknownTilesetsAre404(t *testing.T) {
	s := New(newShelf(), Options{})
	for _, name := range []string{"none", "None", "photo", "..", "world@1", "a%20b"} {
		for _, base := range retiredBases(name) {
			r := ask(s, "GET", base+"/layer.json")
			if r.StatusCode != http.StatusNotFound || r.Header.Get("Access-Control-Allow-Origin") != "*" {
				t.Errorf("%s: %d", base, r.StatusCode)
			}
		}
	}
}

func TestListOfTilesets(t *testing.T) {
	books := newShelf()
	books["alps"].info.Title, books["alps"].info.Attribution = "The Alps", "somebody"
	s := New(books, Options{})
	source := []tilesetSource{{Name: "alps", Description: "The Alps", Attribution: "somebody"}}
	want := []tileset{{Name: "alps", Description: "The Alps", DataSources: source}, {Name: "world", Description: "The Alps", DataSources: source}}
	for _, path := range []string{"/stk-terrain/v1/tilesets", "/stk-terrain/v1/tilesets/"} {
		var got []tileset
		if err := json.Unmarshal(bodyOf(t, ask(s, "GET", path)), &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
	var one tileset
	if err := json.Unmarshal(bodyOf(t, ask(s, "GET", "/stk-terrain/v1/tilesets/World")), &one); err != nil || one.Name != "world" {
		t.Errorf("%+v, %v", one, err)
	}
}

func TestTheAddressOfATilesetLeadsToItsLayer(t *testing.T) {
	s := New(newShelf(), Options{})
	for path, want := range map[string]string{
		"/stk-terrain/world": "world/layer.json", "/stk-terrain/world/": "layer.json", "/stk-terrain/Alps": "Alps/layer.json",
		"/stk-terrain/v1/tilesets/world/tiles": "tiles/layer.json", "/stk-terrain/v1/tilesets/world/tiles/": "layer.json",
		"/stk-terrain/tilesets/alps/tiles/": "layer.json",
	} {
		if r := ask(s, "GET", path); r.StatusCode != http.StatusFound || r.Header.Get("Location") != want {
			t.Errorf("%s: %d to %q, want %q", path, r.StatusCode, r.Header.Get("Location"), want)
		}
	}
	for _, path := range []string{"/stk-terrain", "/stk-terrain/", "/stk-terrain/none", "/stk-terrain/world/x", "/stk-terrain/v1/tilesets/none/tiles/"} {
		if r := ask(s, "GET", path); r.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, r.StatusCode)
		}
	}
}
