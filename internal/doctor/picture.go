package doctor

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/internal/picture"
	"github.com/terrane/terrane/tilegrid"
)

const mostPixels = 4096 * 4096

// isPicture tells whether the bytes begin as a picture that browsers show.
func isPicture(b []byte) bool { return strings.HasPrefix(http.DetectContentType(b), "image/") }

// pyramid is a set of pictures in a grid, as a provider of CesiumJS would ask for it.
type pyramid struct {
	grid    tilegrid.Grid
	bound   orb.Bound // degrees
	levels  [2]uint8  // first and last
	side    [2]int    // pixels of a tile, width and height
	address func(c tilegrid.Coord) *url.URL
	absent  *url.URL // where there is nothing
}

// pictures reads tiles of a pyramid: the first level, the way down to the middle of the data, corners of the deepest. It returns how many it read.
func (d *doctor) pictures(ctx context.Context, p pyramid) int {
	n := 0
	for _, c := range p.choose() {
		if n >= d.Tiles || d.lost >= 4 {
			break
		}
		n++
		u := p.address(c)
		a := d.get(ctx, ask{url: u, accept: accepted})
		if a == nil {
			continue
		}
		d.picture(a, "tile "+c.String(), p.side, c.Z == 0)
	}
	d.habits(ctx, ask{url: p.address(p.choose()[0]), accept: accepted}, p.absent)
	return n
}

func (p pyramid) choose() []tilegrid.Coord {
	available := make([][]tilegrid.Range, p.levels[1]+1)
	for z := p.levels[0]; z <= p.levels[1]; z++ {
		for _, part := range tilegrid.SplitBound(p.bound) {
			available[z] = append(available[z], p.grid.Cover(part, z))
		}
	}
	list := choose(p.grid, available)
	if len(list) == 0 {
		list = []tilegrid.Coord{{Z: p.levels[0]}}
	}
	return list
}

// picture judges an answer that should be a picture, and returns it.
func (d *doctor) picture(a *answer, what string, side [2]int, root bool) picture.Picture {
	at := a.at()
	switch {
	case a.status == http.StatusNoContent:
		d.found("picture.nocontent", at, "%s: 204", what)
		return picture.Picture{}
	case !a.ok() && root:
		d.found("picture.root", at, "%s: %d %s", what, a.status, http.StatusText(a.status))
		return picture.Picture{}
	case !a.ok():
		d.found("picture.missing", at, "%s: %d %s", what, a.status, http.StatusText(a.status))
		return picture.Picture{}
	case !d.encoding(a):
		return picture.Picture{}
	}
	d.pass("picture.nocontent", "picture.missing")
	if root {
		d.pass("picture.root")
	}
	got, err := picture.Decode(a.body, mostPixels)
	if err != nil && isPicture(a.body) && !strings.Contains(http.DetectContentType(a.body), "png") &&
		!strings.Contains(http.DetectContentType(a.body), "jpeg") {
		d.pass("picture.type") // a GIF, AVIF: browsers show it, this program does not
		return picture.Picture{}
	}
	if d.unless(err != nil, "picture.type", at, "%s is no picture that can be read: %s", what, beginning(a)) {
		return picture.Picture{}
	}
	size := got.Rect.Size()
	d.unless(side[0] > 0 && (size.X != side[0] || size.Y != side[1]), "picture.size", at, "%s has %d x %d pixels, said are %d x %d", what,
		size.X, size.Y, side[0], side[1])
	return got
}

// beginning is what a body that is no picture begins with, on one line.
func beginning(a *answer) string {
	if len(a.body) == 0 {
		return "no bytes"
	}
	text := strings.Join(strings.Fields(strings.ToValidUTF8(string(a.body[:min(len(a.body), 200)]), "?")), " ")
	return text[:min(len(text), 120)]
}
