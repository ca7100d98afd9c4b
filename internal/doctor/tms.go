package doctor

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/tilegrid"
)

// tileMap is what CesiumJS reads of tilemapresource.xml.
type tileMap struct {
	XMLName     xml.Name
	SRS         string
	BoundingBox struct {
		MinX string `xml:"minx,attr"`
		MinY string `xml:"miny,attr"`
		MaxX string `xml:"maxx,attr"`
		MaxY string `xml:"maxy,attr"`
	}
	TileFormat struct {
		Width     string `xml:"width,attr"`
		Height    string `xml:"height,attr"`
		Extension string `xml:"extension,attr"`
	}
	TileSets struct {
		Profile string `xml:"profile,attr"`
		TileSet []struct {
			Order string `xml:"order,attr"`
		}
	}
}

// tms looks at pictures whose tilemapresource.xml lies in the folder base.
func (d *doctor) tms(ctx context.Context, base *url.URL) {
	s := d.subject("TMS", base)
	a := d.admitted(ctx, below(base, "tilemapresource.xml"))
	if a == nil {
		return
	}
	at := a.at()
	if d.unless(!a.ok(), "tms.status", at, "answered with %d %s", a.status, http.StatusText(a.status)) {
		return
	}
	var m tileMap
	err := xml.Unmarshal(a.body, &m)
	if err == nil && m.XMLName.Local != "TileMap" {
		err = fmt.Errorf("its root element is %s", m.XMLName.Local)
	}
	if d.unless(err != nil, "tms.xml", at, "%v", err) {
		return
	}
	d.unless(commented(a.body), "tms.comment", at, "a comment stands before <TileMap>")
	p, ok := d.tileMap(m, at)
	if !ok {
		return
	}
	p.address = func(c tilegrid.Coord) *url.URL {
		return below(base, fmt.Sprintf("%s.%s", c, strings.TrimPrefix(m.TileFormat.Extension, ".")))
	}
	p.absent = below(base, fmt.Sprintf("%d/0/0.%s", int(p.levels[1])+3, m.TileFormat.Extension))
	s.say("%s, levels %d-%d, %s", m.TileSets.Profile, p.levels[0], p.levels[1], m.TileFormat.Extension)
	s.Tiles = d.pictures(ctx, p)
}

// commented tells whether a comment or an instruction other than the declaration stands before the root.
func commented(text []byte) bool {
	i := bytes.Index(text, []byte("<TileMap"))
	return i > 0 && bytes.Contains(text[:i], []byte("<!--"))
}

// tileMap judges the fields and makes a pyramid of them.
func (d *doctor) tileMap(m tileMap, at string) (p pyramid, ok bool) {
	width, wrongW := strconv.Atoi(m.TileFormat.Width)
	height, wrongH := strconv.Atoi(m.TileFormat.Height)
	f := m.TileFormat
	formed := !d.unless(wrongW != nil || wrongH != nil || width < 1 || height < 1 || f.Extension == "", "tms.format", at,
		"width %q, height %q, extension %q", f.Width, f.Height, f.Extension)
	p.side = [2]int{width, height}
	profile := m.TileSets.Profile
	known := !d.unless(!slices.Contains([]string{"geodetic", "global-geodetic", "mercator", "global-mercator"}, profile), "tms.profile", at,
		"profile is %q", profile)
	if strings.HasSuffix(profile, "mercator") {
		p.grid = tilegrid.Mercator
	}
	boxed := d.tileBox(m, at, &p)
	first, last := 0, -1
	for i, t := range m.TileSets.TileSet {
		z, err := strconv.Atoi(t.Order)
		if err != nil || z < 0 || z > tilegrid.MaxLevel {
			d.found("tms.levels", at, "order %q", t.Order)
			return p, false
		}
		if i == 0 {
			first = z
		}
		last = z
	}
	if d.unless(last < first, "tms.levels", at, "%d TileSet elements, the first of level %d, the last of %d", len(m.TileSets.TileSet),
		first, last) || !formed || !known || !boxed {
		return p, false
	}
	p.levels = [2]uint8{uint8(first), uint8(last)}
	tiles := 0
	for _, part := range tilegrid.SplitBound(p.bound) {
		tiles += p.grid.Cover(part, p.levels[0]).Len()
	}
	d.unless(first > 0 && tiles > 4, "tms.minlevel", at, "level %d has %d tiles", first, tiles)
	return p, true
}

// tileBox reads the box, which is in metres for global-mercator and in degrees for the other profiles.
func (d *doctor) tileBox(m tileMap, at string, p *pyramid) bool {
	var v [4]float64
	b := m.BoundingBox
	for i, s := range []string{b.MinX, b.MinY, b.MaxX, b.MaxY} {
		var err error
		if v[i], err = strconv.ParseFloat(s, 64); err != nil {
			d.found("tms.box", at, "minx %q, miny %q, maxx %q, maxy %q", b.MinX, b.MinY, b.MaxX, b.MaxY)
			return false
		}
	}
	const half = 20037508.342789244 // metres from the meridian of Greenwich to 180 degrees in EPSG:3857
	metres := m.TileSets.Profile == "global-mercator"
	large := max(math.Abs(v[0]), math.Abs(v[1]), math.Abs(v[2]), math.Abs(v[3]))
	small := metres && large <= 180 && large > 1
	if d.unless(v[0] >= v[2] || v[1] >= v[3] || !metres && large > 360.001 || small, "tms.box", at, "%g, %g, %g, %g with profile %s",
		v[0], v[1], v[2], v[3], m.TileSets.Profile) {
		return false
	}
	if metres {
		lat := func(y float64) float64 { return math.Atan(math.Sinh(y/half*math.Pi)) * 180 / math.Pi }
		v = [4]float64{v[0] / half * 180, lat(v[1]), v[2] / half * 180, lat(v[3])}
	}
	p.bound = orb.Bound{Min: orb.Point{v[0], v[1]}, Max: orb.Point{v[2], v[3]}}
	return true
}
