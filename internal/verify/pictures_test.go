package verify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"github.com/terrane/terrane/internal/picture"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// earth is the 42 JPEG tiles of Natural Earth that CesiumJS comes with, as a dataset; the test is skipped where they are absent.
func earth(t *testing.T) *dataset {
	t.Helper()
	root := os.Getenv("TERRANE_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	d := &dataset{tiles: map[tilegrid.Coord][]byte{}}
	d.info = tilestore.Info{Name: "earth", Kind: tilestore.Imagery, Format: tilestore.JPEG, Grid: tilegrid.Geodetic, Levels: [2]uint8{0, 2}}
	for z := range uint8(3) {
		all := tilegrid.Range{Z: z, MaxX: 2<<z - 1, MaxY: 1<<z - 1}
		d.info.Available = append(d.info.Available, []tilegrid.Range{all})
		for c := range all.All() {
			data, err := os.ReadFile(filepath.Join(root, "data", "imagery", "NaturalEarthII_tms", c.String()+".jpg"))
			if err != nil {
				t.Skipf("no pictures by others (tile %s): set TERRANE_SHARED", c)
			}
			d.tiles[c] = data
		}
	}
	d.seal()
	return d
}

// plain returns a grey picture.
func plain(t *testing.T, ext string, width, height int) []byte {
	t.Helper()
	f, ok := picture.ByExt(ext)
	if !ok {
		t.Fatalf("no %s", ext)
	}
	p := image.NewNRGBA(image.Rect(0, 0, width, height))
	for i := range p.Pix {
		p.Pix[i] = 255
	}
	data, err := f.Encode(picture.Picture{NRGBA: p, Opaque: true}, 80)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Clone(data)
}

func TestGoodPicturesHaveNoFaultsAndAreCounted(t *testing.T) {
	r := run(t, earth(t), Options{})
	if !r.OK() || len(r.Levels) != 3 {
		t.Fatalf("%+v", r)
	}
	all := r.Total()
	if all.Tiles != 42 || all.Side != 256 || !maps.Equal(all.Formats, map[string]int64{tilestore.JPEG: 42}) || r.Levels[1].Formats[tilestore.JPEG] != 8 {
		t.Errorf("%+v", r)
	}
}

func TestFaultsOfPicturesAreFound(t *testing.T) {
	at := tilegrid.Coord{Z: 2, X: 3, Y: 1}
	unlisted := append(slices.Repeat([]string{"available.unlisted"}, 8), "manifest.differs")
	for _, c := range []struct {
		name    string
		harm    func(d *dataset)
		rules   []string // of this program's own
		foreign []string // of tiles by others
	}{
		{"a byte is flipped", func(d *dataset) { d.tiles[at] = flip(d.tiles[at]) }, []string{"manifest.differs"}, []string{"manifest.differs"}},
		{"a tile is missing", func(d *dataset) { delete(d.tiles, at); d.seal() }, []string{"available.absent"}, nil},
		{"a parent is missing", func(d *dataset) { d.drop(tilegrid.Coord{Z: 1, X: 1}); d.seal() },
			[]string{"tree.parent", "tree.parent", "tree.parent", "tree.parent"}, nil},
		{"a parent is missing of what fades", func(d *dataset) {
			d.drop(tilegrid.Coord{Z: 1, X: 1})
			for k := range uint32(4) {
				d.tiles[tilegrid.Coord{Z: 2, X: 2 + k&1, Y: k >> 1}] = speck(t, 1)
			}
			d.info.Format = tilestore.PNG
			d.seal()
		}, nil, nil},
		{"a parent is missing of what nearly fades", func(d *dataset) {
			d.drop(tilegrid.Coord{Z: 1, X: 1})
			d.tiles[tilegrid.Coord{Z: 2, X: 2}], d.tiles[tilegrid.Coord{Z: 2, X: 3}] = speck(t, 2), speck(t, 1)
			d.tiles[tilegrid.Coord{Z: 2, X: 2, Y: 1}], d.tiles[tilegrid.Coord{Z: 2, X: 3, Y: 1}] = speck(t, 1), speck(t, 1)
			d.info.Format = tilestore.PNG
			d.seal()
		}, []string{"tree.parent"}, nil},
		{"a row of tiles is there and not listed", func(d *dataset) { d.info.Available[2][0].MaxY = 2 }, unlisted, unlisted},
		{"a tile is larger", func(d *dataset) { d.tiles[at] = plain(t, "jpg", 512, 512); d.seal() }, []string{"picture.size"}, []string{"picture.size"}},
		{"a tile is not square", func(d *dataset) { d.tiles[at] = plain(t, "jpg", 256, 255); d.seal() }, []string{"picture.square"}, []string{"picture.square"}},
		{"a tile is too large to be drawn", func(d *dataset) { d.tiles[at] = plain(t, "jpg", 2304, 2304); d.seal() }, []string{"picture.decode"}, []string{"picture.decode"}},
		{"a tile is a page of HTML", func(d *dataset) { d.tiles[at] = []byte("<html>"); d.seal() }, []string{"picture.decode"}, []string{"picture.decode"}},
		{"a tile is cut short", func(d *dataset) { d.tiles[at] = d.tiles[at][:900]; d.seal() }, []string{"picture.decode"}, []string{"picture.decode"}},
		{"a tile is of another format", func(d *dataset) { d.tiles[at] = plain(t, "png", 256, 256); d.seal() }, []string{"picture.format"}, nil},
		{"of several formats, and it says so", func(d *dataset) { d.info.Format = tilestore.PNG; d.tiles[at] = plain(t, "webp", 256, 256); d.seal() }, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			for foreign, want := range map[bool][]string{false: c.rules, true: c.foreign} {
				d := earth(t)
				c.harm(d)
				var got []string
				for _, f := range run(t, d, Options{Foreign: foreign}).Faults {
					got = append(got, f.Rule)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("foreign %v (-want +got)\n%s", foreign, diff)
				}
			}
		})
	}
}

// speck is a transparent picture but for one pixel, with that alpha.
func speck(t *testing.T, alpha uint8) []byte {
	t.Helper()
	p := image.NewNRGBA(image.Rect(0, 0, 256, 256))
	p.SetNRGBA(255, 254, color.NRGBA{R: 200, A: alpha})
	f, _ := picture.ByMIME(tilestore.PNG)
	data, err := f.Encode(picture.Picture{NRGBA: p}, 0)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Clone(data)
}

// flip changes a byte amid the entropy-coded data of a JPEG: it can still be decoded.
func flip(data []byte) []byte {
	out := bytes.Clone(data)
	out[len(out)/2] ^= 4
	return out
}

// drop takes a tile out of the list too.
func (d *dataset) drop(c tilegrid.Coord) {
	delete(d.tiles, c)
	var coords []tilegrid.Coord
	for at := range d.Coords(context.Background(), c.Z) {
		coords = append(coords, at)
	}
	d.info.Available[c.Z] = tilegrid.Ranges(coords)
}

// pictureSite serves a dataset of pictures as others do: rows from the north, 404 where there is nothing, a key in the query.
type pictureSite struct {
	*dataset
	json string
}

func (s pictureSite) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var c tilegrid.Coord
	_, err := fmt.Sscanf(r.URL.Path, "/map/%d/%d/%d.jpg", &c.Z, &c.X, &c.Y)
	data, found := s.tiles[s.info.Grid.FlipY(c)]
	switch {
	case r.URL.Query().Get("key") != "k":
		http.Error(w, "no key", http.StatusForbidden)
	case r.URL.Path == "/map/tilejson.json", r.URL.Path == "/map/other.json":
		w.Write([]byte(s.json))
	case err == nil && found:
		w.Write(data)
	default:
		http.NotFound(w, r)
	}
}

func TestAServerOfPicturesIsVerified(t *testing.T) {
	d := earth(t)
	d.tiles[tilegrid.Coord{Z: 1, X: 2, Y: 1}] = []byte("<html>")
	delete(d.tiles, tilegrid.Coord{Z: 2})
	s := httptest.NewServer(pictureSite{d, `{"tilejson":"3.0.0","tiles":["{z}/{x}/{y}.jpg"],"minzoom":1,"maxzoom":22,"bounds":[-180,-90,180,90],"crs":"EPSG:4326"}`})
	defer s.Close()
	for _, path := range []string{"/map?key=k", "/map/tilejson.json?key=k", "/map/other.json?key=k"} {
		r, err := OpenURL(t.Context(), s.URL+path)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		first, last, some := r.Unread()
		if i := r.Info(); i.Kind != tilestore.Imagery || i.Levels != [2]uint8{1, 7} || !some || first != 8 || last != 22 || i.Grid != tilegrid.Geodetic {
			t.Errorf("%d-%d %v, %+v", first, last, some, i)
		}
		r.info.Available, r.info.Levels[1] = r.info.Available[:3], 2 // the others are empty
		report := run(t, r, Options{Foreign: true})
		if report.FaultCount != 1 || !strings.HasPrefix(report.Faults[0].String(), "1/2/1: picture.decode: ") || report.Total().Tiles != 8+31 {
			t.Errorf("%s: %+v", path, report)
		}
	}
}

func TestTileJSONThatDoesNotDoIsRefused(t *testing.T) {
	for _, text := range []string{"<html>", `{}`, `{"tiles":["x.png"]}`, `{"tiles":["{z}/{x}/{y}.png"],"minzoom":9,"maxzoom":3}`, `{"tiles":["{z}/{x}/{y}.png"],"minzoom":20}`} {
		s := httptest.NewServer(pictureSite{&dataset{}, text})
		_, err := OpenURL(t.Context(), s.URL+"/map?key=k")
		if !errors.Is(err, ErrServer) || !strings.Contains(remedy.Try(err), "tilejson.json") {
			t.Errorf("%s: %v, try %q", text, err, remedy.Try(err))
		}
		s.Close()
	}
	var r URL
	err := r.readTileJSON([]byte(`{"tiles":["{z}/{x}/{y}.png"],"maxzoom":3,"bounds":[170,10,190,20],"scheme":"tms"}`))
	if want := (orb.Bound{Min: orb.Point{170, 10}, Max: orb.Point{190, 20}}); err != nil || r.north || r.info.Bound != want || r.info.Grid != tilegrid.Mercator ||
		r.info.Tiles != 2+2+2+2 {
		t.Errorf("across the antimeridian: %+v, %v", r, err)
	}
}
