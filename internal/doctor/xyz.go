package doctor

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/tilegrid"
)

// world is the ground of a grid.
func world(g tilegrid.Grid) orb.Bound {
	if g == tilegrid.Mercator {
		return orb.Bound{Min: orb.Point{-180, -tilegrid.MercatorLimit}, Max: orb.Point{180, tilegrid.MercatorLimit}}
	}
	return orb.Bound{Min: orb.Point{-180, -90}, Max: orb.Point{180, 90}}
}

// template makes addresses of an XYZ template, whose rows count from the north, and from the south for {reverseY} and {-y}.
func (d *doctor) template(g tilegrid.Grid, base *url.URL, text string, south bool) func(tilegrid.Coord) *url.URL {
	return func(c tilegrid.Coord) *url.URL {
		north, row := g.FlipY(c).Y, c.Y
		if !south {
			row = north
		}
		number := func(n uint32) string { return strconv.FormatUint(uint64(n), 10) }
		filled := strings.NewReplacer("{z}", number(uint32(c.Z)), "{x}", number(c.X), "{y}", number(row), "{reverseY}", number(c.Y), "{-y}", number(c.Y),
			"{s}", "a", "{ratio}", "", "{r}", "").Replace(text)
		return below(base, filled)
	}
}

// xyz looks at an XYZ template. Nothing says what it covers: level 0 to 3 are asked for, in Mercator.
func (d *doctor) xyz(ctx context.Context, u *url.URL) {
	s := d.subject("XYZ", u)
	text := shown(u)
	if unescaped, err := url.PathUnescape(u.String()); err == nil {
		text = unescaped
	}
	base := *u
	base.RawQuery = ""
	address := d.template(tilegrid.Mercator, &base, text, false)
	if !d.whole(text, shown(u)) {
		return
	}
	d.pass("xyz.template")
	s.say("asked for as CesiumJS's UrlTemplateImageryProvider does by default: Web Mercator, rows from the north")
	s.Tiles = d.pictures(ctx, pyramid{
		grid: tilegrid.Mercator, bound: world(tilegrid.Mercator), levels: [2]uint8{0, 3}, address: address, absent: address(tilegrid.Coord{Z: 29}),
	})
}

// whole tells whether a template has all that tells tiles apart.
func (d *doctor) whole(text, at string) bool {
	row := strings.Contains(text, "{y}") || strings.Contains(text, "{reverseY}") || strings.Contains(text, "{-y}")
	box := strings.Contains(text, "{bbox") || strings.Contains(text, "{westDegrees}") || strings.Contains(text, "{quadkey}")
	return !d.unless(!box && (!row || !strings.Contains(text, "{z}") || !strings.Contains(text, "{x}")), "xyz.template", at, "the template is %q", text)
}

// tileJSON looks at pictures that a TileJSON describes.
func (d *doctor) tileJSON(ctx context.Context, u *url.URL) {
	s := d.subject("TileJSON", u)
	a := d.admitted(ctx, u)
	if a == nil {
		return
	}
	at := a.at()
	var f fields
	err := json.Unmarshal(a.body, &f)
	var tiles []string
	f.into("tiles", &tiles)
	if d.unless(!a.ok() || err != nil || len(tiles) == 0, "tilejson.json", at, "%d %s: no TileJSON with tiles", a.status,
		http.StatusText(a.status)) || !d.whole(tiles[0], at) {
		return
	}
	p := pyramid{grid: tilegrid.Mercator}
	if strings.Contains(f.text("crs"), "4326") {
		p.grid = tilegrid.Geodetic
	}
	p.bound = world(p.grid)
	first, last := 0.0, 30.0
	f.into("minzoom", &first)
	said := f.into("maxzoom", &last)
	if d.unless(first > last || first < 0 || last > tilegrid.MaxLevel, "tilejson.levels", at, "minzoom %g, maxzoom %g", first, last) {
		return
	}
	d.unless(!said, "tilejson.levels", at, "there is no maxzoom")
	if !said {
		last = min(first+3, tilegrid.MaxLevel)
	}
	p.levels = [2]uint8{uint8(first), uint8(last)}
	var b []float64
	if f.into("bounds", &b) {
		wrong := len(b) != 4 || b[0] >= b[2] || b[1] >= b[3] || b[1] < -90.001 || b[3] > 90.001 || b[0] < -180.001 || b[2] > 540
		if !d.unless(wrong, "tilejson.bounds", at, "bounds is %s", f["bounds"]) {
			p.bound = orb.Bound{Min: orb.Point{b[0], b[1]}, Max: orb.Point{b[2], b[3]}}
		}
	}
	p.address = d.template(p.grid, folder(u), tiles[0], f.text("scheme") == "tms")
	deeper := tilegrid.Coord{Z: uint8(min(last+3, tilegrid.MaxLevel))}
	p.absent = p.address(deeper)
	s.say("levels %g-%g", first, last)
	s.Tiles = d.pictures(ctx, p)
	d.deeper(ctx, p, said)
}

// deeper asks for a tile below the last level.
func (d *doctor) deeper(ctx context.Context, p pyramid, said bool) {
	if !said || p.levels[1] >= tilegrid.MaxLevel {
		return
	}
	c := p.grid.At(p.bound.Center(), p.levels[1]+1)
	if a := d.get(ctx, ask{url: p.address(c), accept: accepted, any: true}); a != nil {
		if a.ok() && isPicture(a.body) {
			d.foundAs(Note, "tilejson.levels", a.at(), "there are tiles of level %d, and maxzoom is %d", c.Z, p.levels[1])
		} else {
			d.pass("tilejson.levels")
		}
	}
}
