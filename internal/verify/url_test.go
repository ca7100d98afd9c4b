package verify

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/terrane/terrane/internal/gzrun"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// site serves a dataset as a static server would: gzipped files, rows as the scheme says.
type site struct {
	*dataset
	scheme   string
	encoding string // of the Content-Encoding header
	status   int    // of tiles
}

func (s site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("key") != "k" {
		http.Error(w, "no key", http.StatusForbidden)
		return
	}
	if r.URL.Path == "/set/layer.json" {
		l := terrain.NewLayer(s.info)
		l.Scheme = s.scheme
		text, _ := json.Marshal(l)
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(gzrun.Pack([]gzrun.Run{{Data: text}}))
		return
	}
	for c, data := range s.tiles {
		row := c
		if s.scheme == terrain.SchemeSlippyMap {
			row = tilegrid.Geodetic.FlipY(c)
		}
		if r.URL.Path == "/set/"+row.String()+".terrain" && strings.Contains(r.Header.Get("Accept"), "quantized-mesh") {
			w.Header().Set("Content-Encoding", s.encoding)
			w.WriteHeader(s.status)
			w.Write(data)
			return
		}
	}
	http.NotFound(w, r)
}

func open(t *testing.T, s site) *URL {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	r, err := OpenURL(context.Background(), server.URL+"/set?key=k")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func TestAServerOfEitherRowOrderIsVerified(t *testing.T) {
	for _, scheme := range []string{terrain.SchemeTMS, terrain.SchemeSlippyMap} {
		d := testDataset()
		r := open(t, site{d, scheme, "gzip", http.StatusOK})
		report := run(t, r, Options{})
		if !report.OK() || report.Total().Tiles != int64(len(d.tiles)) {
			t.Errorf("%s: %d tiles, %v", scheme, report.Total().Tiles, report.Faults)
		}
	}
}

func TestServersThatClientsCannotReadAreFaulty(t *testing.T) {
	cases := []struct {
		name string
		site site
		want string
	}{
		{"gzip bytes without the flag", site{testDataset(), "tms", "", http.StatusOK}, "without Content-Encoding"},
		{"tiles answered with 500", site{testDataset(), "tms", "gzip", http.StatusInternalServerError}, "500"},
		{"rows in another order than said", site{flipped(testDataset()), "tms", "gzip", http.StatusOK}, "bounding sphere"},
	}
	for _, c := range cases {
		report := run(t, open(t, c.site), Options{MaxFaults: 1000})
		found := false
		for _, f := range report.Faults {
			found = found || strings.Contains(f.Detail, c.want)
		}
		if !found {
			t.Errorf("%s: %v", c.name, report.Faults)
		}
	}
}

func flipped(d *dataset) *dataset {
	tiles := map[tilegrid.Coord][]byte{}
	for c, data := range d.tiles {
		tiles[tilegrid.Geodetic.FlipY(c)] = data
	}
	d.tiles = tiles
	return d
}

func TestOpenURLSaysWhatIsWrong(t *testing.T) {
	answers := map[string]struct {
		status int
		body   string
	}{
		"/gone/layer.json":  {http.StatusNotFound, ""},
		"/html/layer.json":  {http.StatusOK, "<html>"},
		"/empty/layer.json": {http.StatusOK, `{"format":"quantized-mesh-1.0","tiles":["{z}/{x}/{y}.terrain"]}`},
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, found := answers[r.URL.Path]
		if !found {
			a.status = http.StatusNotFound
		}
		w.WriteHeader(a.status)
		w.Write([]byte(a.body))
	}))
	defer server.Close()
	for address, want := range map[string]error{
		server.URL + "/gone": ErrServer, server.URL + "/html": terrain.ErrLayer, server.URL + "/empty/layer.json": ErrServer,
		"ftp://127.0.0.1/": ErrServer, "http://": ErrServer, "::": ErrServer,
	} {
		if _, err := OpenURL(context.Background(), address); !errors.Is(err, want) {
			t.Errorf("%s: got %v", address, err)
		}
	}
}

func TestAMissingTileOfAServerIsNotFound(t *testing.T) {
	r := open(t, site{testDataset(), "tms", "gzip", http.StatusOK})
	if _, err := r.Tile(context.Background(), tilegrid.Coord{Z: 9}); !errors.Is(err, tilestore.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

func TestAServerThatIsNotThereIsNoFaultOfItsTiles(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	_, err := OpenURL(t.Context(), s.URL)
	if err == nil || errors.Is(err, ErrServer) || strings.Contains(err.Error(), "layer.json") || !strings.Contains(remedy.Try(err), "server runs") {
		t.Errorf("%v, try %q", err, remedy.Try(err))
	}
}
