//go:build !serveonly

package main

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/terrane/terrane/internal/doctor"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
)

// deep is from which level on the faults of single tiles are, as in the table of spec/cesium-client.md.
const deep = 7

// answered answers for the tiles of a level and deeper.
func answered(from uint8, status int, body string) func(tilegrid.Coord, http.ResponseWriter) bool {
	return func(c tilegrid.Coord, w http.ResponseWriter) bool {
		if c.Z < from {
			return false
		}
		w.WriteHeader(status)
		w.Write([]byte(body))
		return true
	}
}

func without(key string) func(map[string]any) {
	return func(j map[string]any) { delete(j, key) }
}

func set(key string, v any) func(map[string]any) {
	return func(j map[string]any) { j[key] = v }
}

func root(x uint32) func(tilegrid.Coord, http.ResponseWriter) bool {
	return func(c tilegrid.Coord, w http.ResponseWriter) bool {
		if c.Z == 0 && c.X == x {
			http.Error(w, "no", http.StatusNotFound)
			return true
		}
		return false
	}
}

func onMesh(change func(*terrain.Mesh)) func(tilegrid.Coord, *terrain.Mesh) {
	return func(_ tilegrid.Coord, m *terrain.Mesh) { change(m) }
}

// northward counts the rows of available from the north.
func northward(j map[string]any) {
	for z, level := range j["available"].([]any) {
		for _, r := range level.([]any) {
			span := r.(map[string]any)
			rows := math.Exp2(float64(z))
			span["startY"], span["endY"] = rows-1-span["endY"].(float64), rows-1-span["startY"].(float64)
		}
	}
}

// doctorCase is one deliberate fault: how it must be named, and how bad.
type doctorCase struct {
	name, check string
	severity    doctor.Severity
	server      faulty
	args        []string
}

// tableOfFaults are the faults of "One fault at a time" in spec/cesium-client.md, in its order.
func tableOfFaults() []doctorCase {
	no := func(check string) (string, doctor.Severity) { return check, doctor.Fault }
	var rows []doctorCase
	add := func(name, check string, s faulty) {
		check, severity := no(check)
		rows = append(rows, doctorCase{name: name, check: check, severity: severity, server: s})
	}
	milder := func(name, check string, severity doctor.Severity, s faulty) {
		rows = append(rows, doctorCase{name: name, check: check, severity: severity, server: s})
	}
	add("available absent", "layer.available", faulty{layer: without("available")})
	add("available and maxzoom absent", "layer.available", faulty{layer: func(j map[string]any) { delete(j, "available"); delete(j, "maxzoom") }})
	add("available[0] empty", "layer.root", faulty{layer: func(j map[string]any) { j["available"].([]any)[0] = []any{} }})
	add("one of two roots listed", "layer.root", faulty{layer: func(j map[string]any) {
		j["available"].([]any)[0] = []any{map[string]any{"startX": 1, "startY": 0, "endX": 1, "endY": 0}}
	}})
	add("maxzoom too small", "layer.maxzoom", faulty{layer: set("maxzoom", 5)})
	add("slippyMap said, tms tiles", "layer.scheme", faulty{layer: set("scheme", "slippyMap")})
	milder("version absent", "layer.version", doctor.Note, faulty{layer: without("version")})
	milder("extensions absent", "normals.none", doctor.Note, faulty{layer: without("extensions")})
	add("metadataAvailability said, tiles without", "layer.metadata", faulty{layer: set("metadataAvailability", 10)})
	add("metadataAvailability said, metadata empty", "layer.metadata", faulty{layer: set("metadataAvailability", 10), tile: withMetadata})
	add("layer.json 404", "layer.status", faulty{path: func(p string) (int, string) {
		if strings.HasSuffix(p, "layer.json") {
			return http.StatusNotFound, "no"
		}
		return 0, ""
	}})
	add("root 404, seen half", "tile.root", faulty{say: root(1)})
	add("root 404, far half", "tile.root", faulty{say: root(0)})
	add("deep tiles 404", "tile.missing", faulty{say: answered(deep, 404, "")})
	add("deep tiles 500", "tile.status", faulty{say: answered(deep, 500, "")})
	add("deep tiles 204", "tile.nocontent", faulty{say: answered(deep, 204, "")})
	add("deep tiles empty", "tile.empty", faulty{say: answered(deep, 200, "")})
	add("deep tiles truncated", "tile.truncated", faulty{tile: func(c tilegrid.Coord, b []byte) []byte {
		if c.Z >= deep {
			return b[:len(b)/2]
		}
		return b
	}})
	add("one extra byte", "tile.trailing", faulty{tile: func(_ tilegrid.Coord, b []byte) []byte { return append(b, 0) }})
	add("gzip flag missing", "gzip.flag", faulty{pack: func(_ http.Header, b []byte) []byte { return zipped(b) }})
	add("gzip flag on plain bodies", "gzip.plain", faulty{pack: func(h http.Header, b []byte) []byte { h.Set("Content-Encoding", "gzip"); return b }})
	add("metadata extension not announced", "tile.metadata", faulty{tile: withMetadata})
	add("normals announced, absent", "normals.absent", faulty{mesh: onMesh(func(m *terrain.Mesh) { m.Normals = nil })})
	add("horizon point 0", "mesh.horizon", faulty{mesh: onMesh(func(m *terrain.Mesh) { m.Horizon = terrain.Vec{} })})
	add("horizon point negated", "mesh.horizon", faulty{mesh: onMesh(func(m *terrain.Mesh) { m.Horizon = m.Horizon.Scale(-1) })})
	milder("horizon point in metres", "mesh.horizon.metres", doctor.Warning,
		faulty{mesh: onMesh(func(m *terrain.Mesh) { m.Horizon = m.Horizon.Scale(terrain.SemiMajor) })})
	milder("header centre 0", "mesh.center", doctor.Note, faulty{mesh: onMesh(func(m *terrain.Mesh) { m.Center = terrain.Vec{} })})
	add("sphere radius 0", "mesh.sphere", faulty{mesh: onMesh(func(m *terrain.Mesh) { m.Radius = 0 })})
	add("sphere centre 0", "mesh.sphere.center", faulty{mesh: onMesh(func(m *terrain.Mesh) { m.Sphere = terrain.Vec{} })})
	add("min and max swapped", "mesh.minmax", faulty{mesh: onMesh(func(m *terrain.Mesh) { m.Min, m.Max = m.Max, m.Min })})
	add("edge lists empty", "mesh.edges", faulty{mesh: onMesh(func(m *terrain.Mesh) { m.Edges = terrain.Edges{} })})
	add("winding reversed", "mesh.winding", faulty{mesh: flip})
	add("no CORS headers", "cors.missing", faulty{head: func(_ int, h http.Header) { h.Del("Access-Control-Allow-Origin") }})
	return rows
}

// otherFaults are the ten rules as far as the table has not got them, and what else documents, tiles and headers get wrong.
func otherFaults() []doctorCase { return slices.Concat(documentFaults(), tileFaults(), headerFaults()) }

func documentFaults() []doctorCase {
	const fault, warning, note = doctor.Fault, doctor.Warning, doctor.Note
	return []doctorCase{
		{"an ancestor's level is missing", "layer.ancestors", fault, faulty{layer: func(j map[string]any) { j["available"].([]any)[5] = []any{} }}, nil},
		{"rows of available from the north", "layer.rows", fault, faulty{layer: northward}, nil},
		{"rows of available from the north, no bounds", "layer.rows", fault, faulty{layer: func(j map[string]any) {
			northward(j)
			delete(j,
				"bounds")
		}}, nil},
		{"available too small", "layer.small", warning, faulty{layer: func(j map[string]any) { j["available"] = j["available"].([]any)[:8] }}, nil},
		{"available outside the grid", "layer.grid", fault, faulty{layer: func(j map[string]any) {
			j["available"].([]any)[1] = []any{map[string]any{"startX": 0, "startY": 0, "endX": 9, "endY": 1}}
		}}, nil},
		{"ranges that overlap", "layer.overlap", note, faulty{layer: func(j map[string]any) {
			level := j["available"].([]any)
			level[1] = append(level[1].([]any), level[1].([]any)[0])
		}}, nil},
		{"bounds elsewhere", "layer.bounds", note, faulty{layer: set("bounds", []float64{100, 10, 101, 11})}, nil},
		{"no format", "layer.format", fault, faulty{layer: without("format")}, nil},
		{"another format", "layer.format", fault, faulty{layer: set("format", "quantized-mesh-2.0")}, nil},
		{"no tiles", "layer.tiles", fault, faulty{layer: set("tiles", []string{})}, nil},
		{"tiles on another host", "net.host", warning, faulty{layer: set("tiles", []string{"http://tiles.example/{z}/{x}/{y}.terrain"})}, nil},
		{"a scheme that is none", "layer.scheme", fault, faulty{layer: set("scheme", "xyz")}, nil},
		{"a projection that is none", "layer.projection", fault, faulty{layer: set("projection", "EPSG:25832")}, nil},
		{"layer.json with a mark in front", "layer.bom", warning, faulty{text: func(b []byte) []byte { return append([]byte("\xef\xbb\xbf"), b...) }}, nil},
		{"layer.json cut short", "layer.json", fault, faulty{text: func(b []byte) []byte { return b[:len(b)/2] }}, nil},
		{"a page for layer.json", "layer.json", fault, faulty{text: func([]byte) []byte { return []byte("<!DOCTYPE html><p>no") }}, nil},
		{"attribution with a script", "layer.attribution", note, faulty{layer: set("attribution", "<script src=//x.example></script>")}, nil},
		{"parentUrl to nothing", "layer.parent", warning, faulty{layer: set("parentUrl", "../none/")}, nil},
		{"heights above the sea", "layer.datum", warning, faulty{layer: set("vertical", "EGM96")}, nil},
		{"metadata only, for an old client", "layer.available", fault,
			faulty{layer: func(j map[string]any) { delete(j, "available"); j["metadataAvailability"] = 10 }}, []string{"--client", "1.48"}},
		{"slippyMap, for an old client", "layer.scheme", fault, faulty{layer: set("scheme", "slippyMap")}, []string{"--client", "1.48"}},
		{"metadataAvailability alone", "layer.oldclients", warning,
			faulty{layer: func(j map[string]any) { delete(j, "available"); j["metadataAvailability"] = 10 }, tile: withMetadata}, nil},
	}
}

func tileFaults() []doctorCase {
	const fault, warning = doctor.Fault, doctor.Warning
	onTile := func(edit func(tilegrid.Coord, []byte) []byte) faulty { return faulty{tile: edit} }
	return []doctorCase{
		{"gzip twice", "gzip.double", fault, faulty{pack: func(h http.Header, b []byte) []byte {
			h.Set("Content-Encoding",
				"gzip")
			return zipped(zipped(b))
		}}, nil},
		{"pages for tiles", "tile.page", fault, faulty{say: answered(deep, 200, "<html><body>welcome</body></html>")}, nil},
		{"tiles denied", "tile.denied", fault, faulty{say: answered(deep, 401, "")}, nil},
		{"a tile cut in its gzip", "tile.truncated", fault, faulty{pack: func(h http.Header, b []byte) []byte {
			h.Set("Content-Encoding", "gzip")
			z := zipped(b)
			return z[:len(z)/2]
		}}, nil},
		{"NaN in the header", "mesh.nan", fault, faulty{mesh: onMesh(func(m *terrain.Mesh) { m.Radius = math.NaN() })}, nil},
		{"nodata among the heights", "mesh.height", fault, faulty{mesh: onMesh(func(m *terrain.Mesh) { m.Min = -32768 })}, nil},
		{"65 536 vertices", "mesh.count", fault, onTile(vertices65536), nil},
		{"an index beyond the vertices", "mesh.index", fault, onTile(wrongIndex), nil},
		{"no corners", "mesh.corners", fault, faulty{mesh: onMesh(func(m *terrain.Mesh) {
			for i, v := range m.Vertices {
				if v.U == 0 && v.V == 0 {
					m.Vertices[i].U = 300
				}
			}
		})}, nil},
		{"half of an edge list", "mesh.edges", fault, faulty{mesh: onMesh(func(m *terrain.Mesh) { m.Edges.East = m.Edges.East[:1] })}, nil},
		{"every second tile higher", "mesh.seam", fault, faulty{mesh: func(c tilegrid.Coord, m *terrain.Mesh) {
			if c.Z >= deep && (c.X+c.Y)%2 == 0 {
				m.Min, m.Max = m.Min+900, m.Max+900
			}
		}}, nil},
		{"coarse levels at height 0", "mesh.parent", fault, faulty{mesh: func(c tilegrid.Coord, m *terrain.Mesh) {
			if c.Z == 9 {
				m.Min, m.Max = m.Min+3000, m.Max+3000
			}
		}}, nil},
		{"a bounding sphere too small", "mesh.sphere.small", warning, faulty{mesh: onMesh(func(m *terrain.Mesh) { m.Radius /= 2 })}, nil},
		{"a horizon point too near", "mesh.horizon.short", warning, faulty{mesh: func(c tilegrid.Coord, m *terrain.Mesh) {
			if c.Z > 3 {
				m.Horizon = m.Horizon.Scale(1.0000001 / m.Horizon.Len())
			}
		}}, nil},
		{"normals into the ground", "normals.down", warning, faulty{mesh: onMesh(func(m *terrain.Mesh) {
			for i, n := range m.Normals {
				m.Normals[i] = terrain.EncodeNormal(n.Vec().Scale(-1))
			}
		})}, nil},
		{"a normal too few", "normals.size", fault, faulty{layer: set("extensions", []string{"octvertexnormals"}), tile: func(_ tilegrid.Coord,
			b []byte) []byte {
			return append(b[:0:0], shortened(b)...)
		}}, nil},
		{"a water mask of three bytes", "water.size", fault, faulty{layer: set("extensions", []string{}), tile: func(_ tilegrid.Coord, b []byte) []byte {
			return append(b, terrain.ExtWater, 3, 0, 0, 0, 1, 1, 1)
		}}, nil},
		{"water masks announced, absent", "water.absent", warning, faulty{layer: set("extensions", []string{"octvertexnormals", "watermask"})}, nil},
	}
}

func headerFaults() []doctorCase {
	const fault, warning, note = doctor.Fault, doctor.Warning, doctor.Note
	index := func(p string) (int, string) {
		if strings.Contains(p, "/13/") {
			return http.StatusOK, "<!doctype html><html></html>"
		}
		return 0, ""
	}
	return []doctorCase{
		{"CORS not on errors", "cors.errors", warning, faulty{head: func(status int, h http.Header) {
			if status >= 400 {
				h.Del("Access-Control-Allow-Origin")
			}
		}}, nil},
		{"CORS for another page", "cors.wrong", fault, faulty{head: func(_ int, h http.Header) {
			h.Set("Access-Control-Allow-Origin",
				"https://other.example")
		}}, nil},
		{"CORS twice", "cors.wrong", fault, faulty{head: func(_ int, h http.Header) { h["Access-Control-Allow-Origin"] = []string{"*", "*"} }}, nil},
		{"no preflight, with a token", "cors.preflight", fault, faulty{head: func(_ int,
			h http.Header) {
			h.Del("Access-Control-Allow-Headers")
		}}, []string{"--token", "t0ps3cret"}},
		{"no preflight, without a token", "cors.preflight", note, faulty{head: func(_ int, h http.Header) { h.Del("Access-Control-Allow-Headers") }}, nil},
		{"gzip unasked", "gzip.unasked", note, faulty{pack: func(h http.Header, b []byte) []byte {
			h.Set("Content-Encoding",
				"gzip")
			return zipped(b)
		}}, nil},
		{"no Vary", "cache.vary", warning, faulty{head: func(_ int, h http.Header) { h.Del("Vary") }}, nil},
		{"nothing for caches", "cache.headers", note, faulty{head: func(_ int, h http.Header) { h.Del("Cache-Control"); h.Del("ETag") }}, nil},
		{"pages for what is not there", "http.catchall", warning, faulty{path: index}, nil},
		{"other text for what is not there", "http.catchall", warning, faulty{say: func(c tilegrid.Coord, w http.ResponseWriter) bool {
			if c.Z < deep+3 {
				return false
			}
			w.Write([]byte(`{"tilejson":"2.1.0"}`))
			return true
		}}, nil},
		{"a page on https", "net.mixed", note, faulty{}, []string{"--origin", "https://app.example"}},
	}
}

// shortened takes the last normal of a tile away, whose only extension is normals.
func shortened(b []byte) []byte {
	n := int(b[88]) | int(b[89])<<8 | int(b[90])<<16
	b = b[:len(b)-2]
	size := 2*n - 2
	copy(b[len(b)-size-4:], []byte{byte(size), byte(size >> 8), byte(size >> 16), 0})
	return b
}

// ingestPyrenees makes the dataset alps of the real N42E001, shallow.
func ingestPyrenees(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	dem := copyShared(t, "dem/N42E001.hgt.zip", t.TempDir())
	if code, _, talk := run(t, "ingest", "terrain", "--data", folder, "--name", "alps", "--levels", "0-9", "--quiet", dem); code != exitDone {
		t.Fatal(talk)
	}
	return folder
}

// examine runs "doctor --json".
func examine(t *testing.T, args ...string) (int, doctor.Report, string) {
	t.Helper()
	code, out, talk := run(t, append([]string{"doctor", "--json"}, args...)...)
	var r doctor.Report
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("%v: %v\n%s\n%s", args, err, out, talk)
	}
	return code, r, out
}

func findingOf(r doctor.Report, check string) (doctor.Finding, bool) {
	i := slices.IndexFunc(r.Findings, func(f doctor.Finding) bool { return f.Check == check })
	if i < 0 {
		return doctor.Finding{}, false
	}
	return r.Findings[i], true
}

func TestDoctorNamesEachFaultOfAServer(t *testing.T) {
	f, address := serveFaulty(t, ingestPyrenees(t))
	address += "/terrain/alps"
	code, sound, _ := examine(t, address)
	if code != exitDone || !sound.OK() || sound.Count(doctor.Warning) > 0 || sound.Count(doctor.OK) < 50 {
		t.Fatalf("the sound server: exit %d, %+v", code, sound.Findings)
	}
	named := 0
	table := tableOfFaults()
	for _, c := range append(table, otherFaults()...) {
		if was, ok := findingOf(sound, c.check); ok && was.Severity != doctor.OK {
			t.Errorf("%s: %s is found on the sound server too: the row proves nothing", c.name, c.check)
		}
		f.now = c.server
		code, r, out := examine(t, append([]string{address, "--tiles", "24"}, c.args...)...)
		got, ok := findingOf(r, c.check)
		if !ok || got.Severity != c.severity {
			t.Errorf("%s: %s is %q, want %q: %s", c.name, c.check, got.Severity, c.severity, said(r))
			continue
		}
		named++
		if want := map[bool]int{true: exitVerify, false: exitDone}[!r.OK()]; code != want || c.severity == doctor.Fault && code != exitVerify {
			t.Errorf("%s: exit %d, want %d", c.name, code, want)
		}
		if got.See == "" || got.Change == "" || got.Found == "" {
			t.Errorf("%s: %+v", c.name, got)
		}
		if strings.Contains(out, "t0ps3cret") {
			t.Errorf("%s: the token is in the report", c.name)
		}
	}
	t.Logf("%d of %d faults named, %d of them the table's", named, len(table)+len(otherFaults()), len(table))
}

// said lists what was found, for messages.
func said(r doctor.Report) string {
	var b strings.Builder
	for _, f := range r.Findings {
		if f.Severity != doctor.OK {
			fmt.Fprintf(&b, "\n  %s %s: %s", f.Severity, f.Check, f.Found)
		}
	}
	return b.String()
}

func TestWhatCesiumForgivesIsNoFault(t *testing.T) {
	f, address := serveFaulty(t, ingestPyrenees(t))
	levels := ""
	for name, s := range map[string]faulty{
		"metadata in the roots": {
			layer: func(j map[string]any) {
				text, _ := json.Marshal(map[string]any{"available": j["available"].([]any)[1:]})
				levels, j["metadataAvailability"] = string(text), 10
				j["extensions"] = append(j["extensions"].([]any), "metadata")
			},
			tile: func(c tilegrid.Coord, b []byte) []byte {
				if c.Z == 0 {
					return withExtension(b, levels)
				}
				return b
			},
		},
		"maxzoom too large":   {layer: set("maxzoom", 20)},
		"projection absent":   {layer: without("projection")},
		"scheme absent":       {layer: without("scheme")},
		"bounds absent":       {layer: without("bounds")},
		"minzoom wrong":       {layer: set("minzoom", 7)},
		"a number as version": {layer: set("version", 3)},
		"edge lists shuffled": {mesh: onMesh(func(m *terrain.Mesh) { slices.Reverse(m.Edges.West); slices.Reverse(m.Edges.North) })},
		"tiles as text/html":  {head: func(_ int, h http.Header) { h.Set("Content-Type", "text/html") }},
	} {
		f.now = s
		if code, r, _ := examine(t, address+"/terrain/alps/"); code != exitDone || r.Count(doctor.Warning) > 0 {
			t.Errorf("%s: exit %d: %s", name, code, said(r))
		}
	}
}
