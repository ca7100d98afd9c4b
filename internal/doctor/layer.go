package doctor

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
)

const heightmaps = "heightmap-1.0"

// layer is what clients make of a layer.json.
type layer struct {
	base       *url.URL
	at         string // evidence
	heightmap  bool
	templates  []string
	version    string
	north      bool // rows of addresses count from there
	grid       tilegrid.Grid
	listed     bool               // there is an available
	available  [][]tilegrid.Range // a list a level, rows from the south
	metadata   int                // metadataAvailability
	extensions []string
	ion        bool // of ion's normal kind: extensions go in the query
}

// fields is layer.json, field by field: one of a wrong type must not hide the others.
type fields map[string]json.RawMessage

func (f fields) text(name string) string {
	var s string
	if json.Unmarshal(f[name], &s) != nil {
		return strings.TrimSpace(string(f[name]))
	}
	return s
}

// into reads a field. It returns false if it is not there, or is null, or of another type.
func (f fields) into(name string, v any) bool {
	raw, ok := f[name]
	return ok && string(raw) != "null" && json.Unmarshal(raw, v) == nil
}

// terrain looks at terrain whose layer.json lies in the folder base.
func (d *doctor) terrain(ctx context.Context, base *url.URL) { d.terrainOf(ctx, base, false) }

func (d *doctor) terrainOf(ctx context.Context, base *url.URL, ion bool) {
	s := d.subject("terrain", base)
	l := &layer{base: base, ion: ion}
	if !d.readLayer(ctx, l, s) {
		return
	}
	t := &tiles{doctor: d, layer: l, read: map[tilegrid.Coord]*tile{}}
	t.look(ctx)
	s.Tiles = len(t.read)
	if l.listed {
		s.say("%d tiles listed", count(l.available))
	}
}

// readLayer reads and judges layer.json. It returns false if clients would not get any further.
func (d *doctor) readLayer(ctx context.Context, l *layer, s *Subject) bool {
	a := d.admitted(ctx, below(l.base, "layer.json"))
	if a == nil {
		return false
	}
	l.at = a.at()
	if d.unless(a.status != http.StatusOK, "layer.status", l.at, "answered with %d %s", a.status, http.StatusText(a.status)) {
		return false
	}
	d.encoding(a)
	text := a.body
	if z, err := unpack(a.body, "gzip", documentBytes); err == nil && isGzip(a.body) {
		text = z
	}
	bare := bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	d.unless(len(bare) != len(text), "layer.bom", l.at, "it begins with EF BB BF")
	var f fields
	err := json.Unmarshal(bare, &f)
	if a.page() {
		d.found("layer.json", l.at, "it is a page of HTML")
		return false
	}
	if d.unless(err != nil || f == nil, "layer.json", l.at, "%v", err) {
		return false
	}
	good := d.layerFormat(l, f)
	good = d.layerTiles(l, f) && good
	good = d.layerGrid(l, f) && good
	d.layerAvailable(l, f)
	d.layerTexts(ctx, l, f)
	s.say("%s", f.text("format"))
	if n := len(l.available); n > 0 {
		s.say("levels 0-%d", n-1)
	}
	return good
}

// encoding tells whether the flag of a body fits the body.
func (d *doctor) encoding(a *answer) (fits bool) {
	switch {
	case a.bad != nil && !isGzip(a.raw):
		d.found("gzip.plain", a.at(), "Content-Encoding: %s on bytes that are not gzipped", a.flag)
	case a.bad != nil:
		return false // begun as gzip, and not whole: for others to say
	case a.flag != "" && isGzip(a.body):
		d.found("gzip.double", a.at(), "gzip within Content-Encoding: %s", a.flag)
	case a.flag == "" && isGzip(a.body):
		d.found("gzip.flag", a.at(), "gzipped bytes without Content-Encoding")
	default:
		d.pass("gzip.plain", "gzip.double", "gzip.flag")
		return true
	}
	return false
}

func isGzip(b []byte) bool { return len(b) > 1 && b[0] == 0x1f && b[1] == 0x8b }

func (d *doctor) layerFormat(l *layer, f fields) bool {
	format := f.text("format")
	l.heightmap = format == heightmaps
	known := l.heightmap || strings.HasPrefix(format, "quantized-mesh-1.")
	return !d.unless(!known, "layer.format", l.at, "format is %q", format)
}

func (d *doctor) layerTiles(l *layer, f fields) bool {
	f.into("tiles", &l.templates)
	if d.unless(len(l.templates) == 0, "layer.tiles", l.at, "tiles is %q", string(f["tiles"])) {
		return false
	}
	l.version = "{version}"
	if v := f.text("version"); v != "" {
		l.version = v
	}
	asked := false
	for _, t := range l.templates {
		for _, part := range []string{"{z}", "{x}", "{y}"} {
			if !strings.Contains(t, part) {
				d.found("layer.tiles", l.at, "%q has no %s", t, part)
			}
		}
		asked = asked || strings.Contains(t, "{version}")
	}
	d.unless(asked && f.text("version") == "", "layer.version", l.at, "tiles asks for {version}, and there is none")
	return true
}

// layerGrid reads scheme and projection, which old clients do not read.
func (d *doctor) layerGrid(l *layer, f fields) bool {
	scheme, projection := f.text("scheme"), f.text("projection")
	good := true
	switch scheme {
	case "", terrain.SchemeTMS:
		d.pass("layer.scheme")
	case terrain.SchemeSlippyMap:
		if l.north = !d.old(); d.old() {
			d.found("layer.scheme", l.at, "CesiumJS %s does not read scheme %q: it counts rows from the south", Old, scheme)
		}
	default:
		good = d.old()
		d.found("layer.scheme", l.at, "scheme is %q, neither tms nor slippyMap: the provider is rejected", scheme)
	}
	switch projection {
	case "", "EPSG:4326":
		d.pass("layer.projection")
	case "EPSG:3857":
		l.grid = tilegrid.Mercator
		if d.old() {
			d.found("layer.projection", l.at, "CesiumJS %s does not read projection: it asks for geographic tiles", Old)
		}
	default:
		good = false
		d.found("layer.projection", l.at, "projection is %q", projection)
	}
	return good
}

func (d *doctor) layerTexts(ctx context.Context, l *layer, f fields) {
	f.into("extensions", &l.extensions)
	attribution := f.text("attribution")
	low := strings.ToLower(attribution)
	sourced := strings.Contains(low, "<") && strings.Contains(low, "src=")
	d.unless(strings.Contains(low, "<script") || sourced || strings.Count(low, "<") != strings.Count(low, ">"),
		"layer.attribution", l.at, "attribution is %q", attribution[:min(80, len(attribution))])
	vertical := strings.ToLower(f.text("vertical"))
	switch {
	case strings.Contains(vertical, "ellips"):
		d.pass("layer.datum")
	case vertical != "":
		d.foundAs(Warning, "layer.datum", l.at, "layer.json says vertical: %q", vertical)
	default:
		d.found("layer.datum", l.at, "layer.json does not say what heights count from")
	}
	if !l.heightmap {
		d.unless(!slices.Contains(l.extensions, "octvertexnormals") && !slices.Contains(l.extensions, "vertexnormals"), "normals.none", l.at,
			"extensions is %q", string(f["extensions"]))
	}
	d.layerParent(ctx, l, f.text("parentUrl"))
}

func (d *doctor) layerParent(ctx context.Context, l *layer, parent string) {
	if parent == "" {
		return
	}
	u := below(l.base, parent)
	switch {
	case !l.listed && l.metadata == 0:
		d.found("layer.parent", l.at, "parentUrl is ignored without available")
	case d.foreign(u, "parentUrl"):
	default:
		a := d.get(ctx, ask{url: below(u, "layer.json"), limit: documentBytes})
		if a == nil {
			return
		}
		var f fields
		bad := !a.ok() || json.Unmarshal(a.body, &f) != nil || f["available"] == nil && f["metadataAvailability"] == nil
		d.unless(bad, "layer.parent", a.at(), "no layer.json with available at parentUrl %s", shown(u))
	}
}

// address is where a tile lies.
func (l *layer) address(c tilegrid.Coord) *url.URL {
	row := c
	if l.north {
		row = l.grid.FlipY(c)
	}
	template := l.templates[uint64(c.X+c.Y+uint32(c.Z))%uint64(len(l.templates))]
	u := below(l.base, strings.NewReplacer("{z}", strconv.Itoa(int(c.Z)), "{x}", strconv.Itoa(int(c.X)), "{y}", strconv.Itoa(int(row.Y)),
		"{version}", url.QueryEscape(l.version)).Replace(template))
	if asked := l.asked(); l.ion && len(asked) > 0 {
		u.RawQuery = strings.TrimPrefix(u.RawQuery+"&extensions="+strings.Join(asked, "-"), "&")
	}
	return u
}

// asked is which extensions an app that wants all is sent, in the client's order.
func (l *layer) asked() []string {
	var names []string
	for _, name := range []string{"octvertexnormals", "watermask", "metadata"} {
		if slices.Contains(l.extensions, name) {
			names = append(names, name)
		}
	}
	return names
}

// accept is the Accept header of a tile, byte by byte as measured.
func (l *layer) accept() string {
	const rest = ",application/octet-stream;q=0.9,*/*;q=0.01"
	if asked := l.asked(); len(asked) > 0 && !l.ion {
		return "application/vnd.quantized-mesh;extensions=" + strings.Join(asked, "-") + rest
	}
	return "application/vnd.quantized-mesh" + rest
}
