package doctor

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
)

// tiles is the tiles of one layer that were read.
type tiles struct {
	*doctor
	layer *layer
	read  map[tilegrid.Coord]*tile
	asked int // for tiles in the other order of rows
}

// tile is what came for one address.
type tile struct {
	coord    tilegrid.Coord
	at       string
	mesh     *terrain.Mesh // nil: not a mesh that can be read
	heights  []float64     // of heightmap-1.0, 65 x 65 from the north
	children uint8         // of heightmap-1.0

	elsewhere bool // it lies on other ground than its address says
}

// look reads tiles and judges them.
func (t *tiles) look(ctx context.Context) {
	l := t.layer
	available := l.available
	if l.metadata > 0 { // CesiumJS then ignores available
		available = [][]tilegrid.Range{wholeLevel(l.grid)}
	}
	for more := true; more; {
		more = false
		for _, c := range choose(l.grid, available) {
			if len(t.read) >= t.Tiles || t.lost >= 4 || ctx.Err() != nil {
				break
			}
			if t.read[c] != nil {
				continue
			}
			got := t.one(ctx, c)
			t.read[c] = got
			if l.metadata > 0 && got.mesh != nil && got.mesh.Metadata != nil && t.announce(&available, got) {
				more = true
				break
			}
		}
	}
	if l.metadata > 0 {
		deep := len(available) > 1 || !l.listed || len(l.available) <= 1
		t.unless(!deep, "layer.metadata", l.at, "metadataAvailability is %d, and the metadata of tiles tells of %d levels of %d", l.metadata,
			len(available), len(l.available))
		if !l.listed && len(available) == 1 {
			t.found("layer.metadata", l.at, "metadataAvailability is %d, and the roots hold no metadata", l.metadata)
		}
		l.available = available
	} else {
		t.pass("layer.metadata")
	}
	t.neighbours()
	t.generations()
	t.beyond(ctx)
	root := tilegrid.Coord{}
	for _, c := range sorted(t.read) {
		if t.read[c].readable() {
			root = c
			break
		}
	}
	absent := tilegrid.Coord{Z: uint8(min(len(available)+3, tilegrid.MaxLevel))}
	t.habits(ctx, ask{url: l.address(root), accept: l.accept()}, l.address(absent))
	t.byAccept(ctx, root)
}

// announce takes what the metadata of a tile says of the levels below it. It tells whether that is anything.
func (t *tiles) announce(available *[][]tilegrid.Range, from *tile) bool {
	var m struct{ Available [][]span }
	if json.Unmarshal(from.mesh.Metadata, &m) != nil {
		return false
	}
	found := false
	for i, spans := range m.Available {
		z := int(from.coord.Z) + 1 + i
		for _, s := range spans {
			if r, ok := s.within(t.layer.grid, uint8(min(z, tilegrid.MaxLevel))); ok && z <= tilegrid.MaxLevel {
				for len(*available) <= z {
					*available = append(*available, nil)
				}
				if !slices.Contains((*available)[z], r) {
					(*available)[z] = append((*available)[z], r)
					found = true
				}
			}
		}
	}
	return found
}

// one reads a tile and judges what can be told of it alone.
func (t *tiles) one(ctx context.Context, c tilegrid.Coord) *tile {
	got := &tile{coord: c}
	a := t.get(ctx, ask{url: t.layer.address(c), accept: t.layer.accept()})
	if a == nil {
		return got
	}
	got.at = a.at()
	if !t.present(ctx, a, c) {
		return got
	}
	if t.layer.heightmap {
		t.heightmap(got, a.body)
		return got
	}
	t.mesh(got, a.body)
	return got
}

// present tells whether an answer holds a tile, and says what is wrong if not.
func (t *tiles) present(ctx context.Context, a *answer, c tilegrid.Coord) bool {
	at := a.at()
	root := c.Z == 0
	switch {
	case a.status == http.StatusNoContent:
		t.found("tile.nocontent", at, "tile %s: 204", c)
	case a.status == http.StatusUnauthorized || a.status == http.StatusForbidden:
		t.found("tile.denied", at, "tile %s: %d", c, a.status)
	case a.status >= 300 && a.status < 400: // the redirect is a finding of its own
	case a.status == http.StatusNotFound || a.status == http.StatusGone:
		t.found("tile.missing", at, "tile %s is available and not there", c)
		t.mirrored(ctx, c)
	case !a.ok():
		t.found("tile.status", at, "tile %s: %d %s", c, a.status, http.StatusText(a.status))
	case len(a.raw) == 0:
		t.found("tile.empty", at, "tile %s has no bytes", c)
	case a.page():
		t.found("tile.page", at, "tile %s is a page of HTML", c)
	case a.cut || a.bad != nil && isGzip(a.raw):
		t.found("tile.truncated", at, "tile %s: %s", c, cutText(a))
	case a.over:
		t.found("tile.decode", at, "tile %s is larger than 16 MB", c)
	case a.bad == nil && a.flag == "" && isGzip(a.body), a.bad != nil, isGzip(a.body):
		t.encoding(a)
		return false // counts as broken, and a root so broken blanks the globe, which the finding says
	default:
		t.pass("tile.nocontent", "tile.missing", "tile.status", "tile.empty", "tile.page", "tile.denied")
		if t.encoding(a); root {
			t.pass("tile.root")
		}
		kind := a.header.Get("Content-Type")
		t.unless(kind == "" || len(kind) >= 4 && kind[:4] == "text", "http.type", at, "Content-Type of a tile is %q", kind)
		return true
	}
	if root {
		t.found("tile.root", at, "root %s", c)
	}
	return false
}

func cutText(a *answer) string {
	if a.cut {
		return "the connection ended before the body did"
	}
	return a.bad.Error()
}

// mirrored asks for a missing tile in the other order of rows, to tell which of layer.json's claims is wrong.
func (t *tiles) mirrored(ctx context.Context, c tilegrid.Coord) {
	const enough = 6
	flipped := t.layer.grid.FlipY(c)
	if t.asked++; t.asked > enough || flipped == c {
		return
	}
	a := t.get(ctx, ask{url: t.layer.address(flipped), accept: t.layer.accept(), any: true})
	if a == nil || !a.ok() || a.bad != nil {
		return
	}
	m, _ := dissect(a.body)
	if m == nil {
		return
	}
	switch {
	case covers(m, t.layer.grid.Bound(c)):
		t.found("layer.scheme", a.at(), "tile %s lies where its row counted from the other end says", c)
	case covers(m, t.layer.grid.Bound(flipped)):
		t.found("layer.rows", a.at(), "tile %s is listed and not there; %s is there and not listed", c, flipped)
	}
}

// covers tells whether a mesh lies on a tile's ground, by its bounding sphere and header.
func covers(m *terrain.Mesh, b orb.Bound) bool {
	at, ok := position(m)
	if !ok {
		return false
	}
	return b.Pad((b.Max.Lat() - b.Min.Lat()) / 4).Contains(at)
}

// position is the place on the ground that the header of a mesh names; not ok if it names none.
func position(m *terrain.Mesh) (orb.Point, bool) {
	for _, v := range []terrain.Vec{m.Sphere, m.Center} {
		if v.Len() > terrain.SemiMinor/2 && v.Len() < 2*terrain.SemiMajor {
			return degrees(v), true
		}
	}
	return orb.Point{}, false
}

// place compares where a tile is with where its address says.
func (t *tiles) place(got *tile) {
	g, c := t.layer.grid, got.coord
	at, known := position(got.mesh)
	if c.Z == 0 || !known { // half a globe has its middle anywhere
		return
	}
	got.elsewhere = !covers(got.mesh, g.Bound(c))
	switch flipped := g.FlipY(c); {
	case !got.elsewhere:
		t.pass("tile.place")
	case covers(got.mesh, g.Bound(flipped)):
		t.found("layer.scheme", got.at, "tile %s covers the ground of %s: rows are counted from the other end", c, flipped)
	default:
		t.found("tile.place", got.at, "tile %s lies at %.3f, %.3f", c, at.Lon(), at.Lat())
	}
}

// beyond asks for tiles just outside available.
func (t *tiles) beyond(ctx context.Context) {
	l := t.layer
	if !l.listed || t.broken("layer.rows") || t.broken("layer.scheme") {
		return
	}
	for _, c := range outside(l.grid, l.available) {
		a := t.get(ctx, ask{url: l.address(c), accept: l.accept(), any: true})
		if a == nil || a.page() {
			continue
		}
		there := a.ok() && len(a.raw) > 0
		if there && !l.heightmap {
			m, _ := dissect(a.body)
			t.unless(m == nil, "http.catchall", a.at(), "%s for a tile that does not exist: it is none", beginning(a))
			there = m != nil
		}
		t.unless(there, "layer.small", a.at(), "tile %s is there and not in available", c)
	}
}

// byAccept asks for a root without extensions: if that is another answer, caches must be told.
func (t *tiles) byAccept(ctx context.Context, root tilegrid.Coord) {
	if len(t.layer.asked()) == 0 || t.layer.ion || t.layer.heightmap {
		return
	}
	u := t.layer.address(root)
	all := t.get(ctx, ask{url: u, accept: t.layer.accept()})
	bare := t.get(ctx, ask{url: u, accept: "application/vnd.quantized-mesh,application/octet-stream;q=0.9,*/*;q=0.01"})
	if all == nil || bare == nil || !all.ok() || !bare.ok() || len(all.body) == len(bare.body) {
		return
	}
	t.unless(!varies(all, "accept"), "cache.vary", all.at(), "the answer depends on Accept, and Vary is %q", all.header.Values("Vary"))
}
