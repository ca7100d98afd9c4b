package server

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

func coord(z uint8, x, y uint32) tilegrid.Coord { return tilegrid.Coord{Z: z, X: x, Y: y} }

func TestParseTilePath(t *testing.T) {
	for _, c := range []struct {
		path string
		want tilePath
		err  error
	}{
		{"alps/layer.json", tilePath{ref: "alps", layer: true}, nil},
		{"alps@3/layer.json", tilePath{ref: "alps@3", pinned: true, layer: true}, nil},
		{"alps/0/1/0.terrain", tilePath{ref: "alps", coord: coord(0, 1, 0)}, nil},
		{"a-b_1@12/14/17000/9000.terrain", tilePath{ref: "a-b_1@12", pinned: true, coord: coord(14, 17000, 9000)}, nil},
		{"alps/30/2147483647/1073741823.terrain", tilePath{ref: "alps", coord: coord(30, 1<<31-1, 1<<30-1)}, nil},
		{"", tilePath{}, tilestore.ErrNoDataset},
		{"alps", tilePath{}, errNoPage},
		{"alps/", tilePath{}, errNoPage},
		{"alps/layer.json/", tilePath{}, errNoPage},
		{"alps/0/0/0", tilePath{}, errNoPage},
		{"ALPS/layer.json", tilePath{}, tilestore.ErrNoDataset},
		{"../etc/passwd", tilePath{}, tilestore.ErrNoDataset},
		{"alps@/layer.json", tilePath{}, tilestore.ErrNoDataset},
		{"alps@01/layer.json", tilePath{}, tilestore.ErrNoDataset},
		{"alps@-1/layer.json", tilePath{}, tilestore.ErrNoDataset},
		{"alps@1@2/layer.json", tilePath{}, tilestore.ErrNoDataset},
		{"alps/0/2/0.terrain", tilePath{}, tilegrid.ErrOutOfGrid},
		{"alps/0/0/1.terrain", tilePath{}, tilegrid.ErrOutOfGrid},
		{"alps/31/0/0.terrain", tilePath{}, tilegrid.ErrOutOfGrid},
		{"alps/4294967295/0/0.terrain", tilePath{}, tilegrid.ErrOutOfGrid},
		{"alps/4294967296/0/0.terrain", tilePath{}, errPath},
		{"alps/0/-1/0.terrain", tilePath{}, errPath},
		{"alps/0/+1/0.terrain", tilePath{}, errPath},
		{"alps/0/1e3/0.terrain", tilePath{}, errPath},
		{"alps/0/1.5/0.terrain", tilePath{}, errPath},
		{"alps/0/NaN/0.terrain", tilePath{}, errPath},
		{"alps/0/Infinity/0.terrain", tilePath{}, errPath},
		{"alps/0/0x1/0.terrain", tilePath{}, errPath},
		{"alps/00/0/0.terrain", tilePath{}, errPath},
		{"alps/0/99999999999999999999/0.terrain", tilePath{}, errPath},
		{"alps/0/\x00/0.terrain", tilePath{}, errPath},
		{"alps/0/\u0661/0.terrain", tilePath{}, errPath},
		{"alps/0/0/0/0.terrain", tilePath{}, errPath},
		{"alps/../0/0.terrain", tilePath{}, errPath},
		{"alps//0/0.terrain", tilePath{}, errPath},
		{"alps/.terrain", tilePath{}, errPath},
	} {
		got, err := parseTilePath(c.path)
		if !errors.Is(err, c.err) {
			t.Errorf("%q: error %v, want %v", c.path, err, c.err)
		}
		if err == nil && got != c.want {
			t.Errorf("%q: %+v, want %+v", c.path, got, c.want)
		}
	}
}

// FuzzTilePath: what parses is written back as the same URL, and what does not has an answer in the 400s.
func FuzzTilePath(f *testing.F) {
	for _, s := range []string{"alps/layer.json", "alps@3/1/2/0.terrain", "a/0/0/0.terrain", "../x", "a/-1/1e3/NaN.terrain"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, path string) {
		p, err := parseTilePath(path)
		if err != nil {
			if s := problemOf(err).status; s != 400 && s != 404 {
				t.Fatalf("%q: status %d", path, s)
			}
			return
		}
		again := p.ref + "/layer.json"
		if !p.layer {
			again = fmt.Sprintf("%s/%s.terrain", p.ref, p.coord)
		}
		if again != path || !tilegrid.Geodetic.Valid(p.coord) || p.pinned != strings.Contains(path, "@") {
			t.Fatalf("%q parsed as %+v", path, p)
		}
	})
}
