package doctor

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"
)

var endpoint = regexp.MustCompile(`/v1/assets/\d+/endpoint$`)

// examine finds out what lies at an address and looks at it.
func (d *doctor) examine(ctx context.Context, u *url.URL) {
	service := strings.ToLower(query(u).Get("service"))
	name := strings.ToLower(path.Base(u.Path))
	switch {
	case strings.ContainsAny(u.Path+u.RawQuery, "{") || strings.Contains(u.RawQuery, "%7B"):
		d.xyz(ctx, u)
	case endpoint.MatchString(u.Path):
		d.endpoint(ctx, u)
	case service == "wms" || service == "" && name == "wms":
		d.wms(ctx, u)
	case service == "wmts" || name == "wmts" || name == "wmtscapabilities.xml":
		d.wmts(ctx, u)
	case name == "layer.json":
		d.terrain(ctx, folder(u))
	case name == "tilemapresource.xml":
		d.tms(ctx, folder(u))
	case strings.HasSuffix(name, ".json"):
		d.document(ctx, u)
	default:
		d.base(ctx, u)
	}
}

// base looks for the documents that clients look for below a base.
func (d *doctor) base(ctx context.Context, u *url.URL) {
	for _, c := range []struct {
		name string
		look func(context.Context, *url.URL)
	}{{"layer.json", d.terrain}, {"tilemapresource.xml", d.tms}} {
		if a := d.probe(ctx, below(u, c.name)); a != nil && a.ok() && !a.page() {
			c.look(ctx, slashed(u))
			return
		}
	}
	for _, name := range []string{"tilejson.json", "tiles.json"} {
		if a := d.probe(ctx, below(u, name)); a != nil && a.ok() && json.Valid(a.body) {
			d.document(ctx, below(u, name))
			return
		}
	}
	if a := d.probe(ctx, below(u, "datasets")); a != nil && a.ok() && d.datasets(ctx, a) {
		return
	}
	if a := d.probe(ctx, u); a != nil && a.ok() && bytes.HasPrefix(bytes.TrimSpace(a.body), []byte("{")) {
		d.document(ctx, u)
		return
	}
	if d.service(ctx, u) {
		return
	}
	switch {
	case d.unclear(ctx, u):
	case d.refusal != nil:
		d.locked(d.refusal)
	default:
		d.found("net.address", shown(u), "there is no layer.json, tilemapresource.xml, tilejson.json or datasets below it, and it is no WMS or WMTS")
	}
}

// service finds a WMS or WMTS whose name does not say so.
func (d *doctor) service(ctx context.Context, u *url.URL) bool {
	for _, c := range []struct {
		name string
		look func(context.Context, *url.URL)
	}{{"WMS", d.wms}, {"WMTS", d.wmts}} {
		a := d.probe(ctx, with(u, "service", c.name, "request", "GetCapabilities"))
		if a != nil && a.ok() && bytes.Contains(a.body, []byte("Capabilities")) && bytes.Contains(a.body, []byte("<")) && !a.page() {
			c.look(ctx, u)
			return true
		}
	}
	return false
}

// unclear takes an address without documents for terrain whose layer.json is lost, if a root tile of it is there.
func (d *doctor) unclear(ctx context.Context, u *url.URL) bool {
	for _, root := range []string{"0/0/0.terrain", "0/1/0.terrain"} {
		if a := d.probe(ctx, below(u, root)); a != nil && a.ok() && len(a.raw) > 0 && !a.page() {
			d.terrain(ctx, slashed(u))
			return true
		}
	}
	for _, root := range []string{"0/0/0.png", "0/0/0.jpg"} {
		if a := d.probe(ctx, below(u, root)); a != nil && a.ok() && isPicture(a.body) {
			d.tms(ctx, slashed(u))
			return true
		}
	}
	return false
}

// probe asks without judging: what it asks for need not be there.
func (d *doctor) probe(ctx context.Context, u *url.URL) *answer {
	if ctx.Err() != nil || !strings.EqualFold(u.Hostname(), d.home.Hostname()) {
		return nil
	}
	return d.reach(ctx, ask{url: u, encoding: "gzip", limit: documentBytes})
}

// document looks at JSON whose address does not say what it is: a layer.json, a TileJSON, or what ion answers.
func (d *doctor) document(ctx context.Context, u *url.URL) {
	var j struct {
		Format, ExternalType, Type string
		URL                        string
	}
	a := d.probe(ctx, u)
	if a == nil || json.Unmarshal(a.body, &j) != nil {
		d.tileJSON(ctx, u)
		return
	}
	switch {
	case strings.HasPrefix(j.Format, "quantized-mesh") || strings.HasPrefix(j.Format, "heightmap"):
		d.terrain(ctx, folder(u))
	case j.ExternalType != "" || j.URL != "" && j.Type != "":
		d.endpoint(ctx, u)
	default:
		d.tileJSON(ctx, u)
	}
}

// shownDatasets is how many datasets of a server of ours are looked at.
const shownDatasets = 12

// datasets looks at what a server of this program lists.
func (d *doctor) datasets(ctx context.Context, a *answer) bool {
	var list []struct {
		Kind  string
		Links map[string]string
	}
	if json.Unmarshal(a.body, &list) != nil {
		return false
	}
	total := d.Tiles
	defer func() { d.Tiles = total }()
	d.Tiles = max(8, total/max(1, min(len(list), shownDatasets)))
	for i, set := range list {
		if i == shownDatasets {
			d.found("net.address", "", "%d datasets are not looked at: give their addresses", len(list)-i)
			break
		}
		key, look := "layer", d.terrain
		if set.Kind == "imagery" {
			key, look = "tms", d.tms
		}
		if u, err := url.Parse(set.Links[key]); err == nil && set.Links[key] != "" && !d.foreign(u, "a dataset") {
			look(ctx, folder(u))
		}
	}
	return len(list) > 0
}

// query is the query of an address with names in lower case; its first values.
func query(u *url.URL) url.Values {
	low := url.Values{}
	for name, values := range u.Query() {
		low[strings.ToLower(name)] = values
	}
	return low
}

// with is an address with parameters set, whatever case their names have in it.
func with(u *url.URL, pairs ...string) *url.URL {
	next, values := *u, u.Query()
	for i := 0; i+1 < len(pairs); i += 2 {
		for name := range values {
			if strings.EqualFold(name, pairs[i]) {
				values.Del(name)
			}
		}
		values.Set(pairs[i], pairs[i+1])
	}
	next.RawQuery = values.Encode()
	return &next
}

// folder is the folder that a document lies in, with the query of its address.
func folder(u *url.URL) *url.URL {
	next := *u
	next.Path = path.Dir(u.Path)
	next.RawPath = ""
	return slashed(&next)
}

func slashed(u *url.URL) *url.URL {
	next := *u
	if !strings.HasSuffix(next.Path, "/") {
		next.Path += "/"
		if next.RawPath != "" {
			next.RawPath += "/"
		}
	}
	return &next
}

// below resolves a reference in a folder. The query of the folder is kept, as CesiumJS does.
func below(base *url.URL, reference string) *url.URL {
	next, err := slashed(base).Parse(reference)
	if err != nil {
		next = slashed(base)
		next.Path += reference
	}
	if extra := base.RawQuery; extra != "" && next.RawQuery != extra {
		next.RawQuery = strings.TrimPrefix(next.RawQuery+"&"+extra, "&")
	}
	return next
}

// accepted is what a request for anything but terrain accepts in a browser.
const accepted = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"

// habits looks at what caches and other clients need of a kind of answer: one that is there, and one that is not.
func (d *doctor) habits(ctx context.Context, q ask, absent *url.URL) {
	full := d.get(ctx, q)
	if full == nil || !full.ok() {
		return
	}
	vary := strings.ToLower(strings.Join(full.header.Values("Vary"), ","))
	none := q
	none.encoding = "none"
	if plain := d.get(ctx, none); plain != nil && plain.ok() {
		d.unless(plain.flag != "", "gzip.unasked", plain.at(), "Content-Encoding: %s though nothing was asked for", plain.flag)
		if plain.flag != full.flag {
			d.unless(!strings.Contains(vary, "accept-encoding") && !strings.Contains(vary, "*"), "cache.vary", full.at(),
				"the answer depends on Accept-Encoding, and Vary is %q", vary)
		}
	}
	kept := full.header.Get("Cache-Control") + full.header.Get("ETag") + full.header.Get("Last-Modified") + full.header.Get("Expires")
	d.unless(kept == "", "cache.headers", full.at(), "neither Cache-Control nor ETag nor Last-Modified")
	d.preflight(ctx, q.url)
	if a := d.get(ctx, ask{url: absent, accept: q.accept, any: true}); a != nil {
		d.unless(a.ok() && a.page(), "http.catchall", a.at(), "a page for an address that does not exist")
	}
}

// preflight asks what browsers ask before they send a token in a header.
func (d *doctor) preflight(ctx context.Context, u *url.URL) {
	if d.sameOrigin(u) {
		return
	}
	a := d.get(ctx, ask{url: u, method: http.MethodOptions, any: true})
	if a == nil {
		return
	}
	names := strings.ToLower(strings.Join(a.header.Values("Access-Control-Allow-Headers"), ","))
	origin := a.header.Get("Access-Control-Allow-Origin")
	var why string
	for _, name := range strings.Split(ionHeaders, ",") {
		if !strings.Contains(names, name) && (name == "authorization" || !strings.Contains(names, "*")) {
			why = "Access-Control-Allow-Headers lacks " + name
		}
	}
	if origin != "*" && origin != d.Origin {
		why = "no Access-Control-Allow-Origin for the page"
	}
	if !a.ok() {
		why = "OPTIONS is answered " + http.StatusText(a.status)
	}
	switch {
	case why == "":
		d.pass("cors.preflight")
	case d.Token != "" || d.shy:
		d.found("cors.preflight", a.at(), "%s", why)
	default:
		d.foundAs(Note, "cors.preflight", a.at(), "%s; it matters only for a token in a header (--token)", why)
	}
}
