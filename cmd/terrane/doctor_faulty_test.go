//go:build !serveonly

package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/terrane/terrane/internal/server"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// faulty is a server of ours with one deliberate fault. The zero value has none.
type faulty struct {
	layer func(map[string]any)                           // changes layer.json
	text  func([]byte) []byte                            // and its text
	mesh  func(tilegrid.Coord, *terrain.Mesh)            // changes a tile
	tile  func(tilegrid.Coord, []byte) []byte            // and its plain bytes
	say   func(tilegrid.Coord, http.ResponseWriter) bool // answers for a tile in its place
	pack  func(http.Header, []byte) []byte               // makes the body and its flag of plain bytes; nil: gzip, flagged
	head  func(status int, h http.Header)                // changes the headers of all answers
	path  func(string) (status int, body string)         // answers for a path in its place; status 0: does not
}

// faults serves the dataset alps of a folder through each fault in turn.
type faults struct {
	inner http.Handler
	now   faulty
}

// serveFaulty starts a server over the datasets of a folder.
func serveFaulty(t *testing.T, data string) (*faults, string) {
	t.Helper()
	folder, err := mbtiles.OpenFolder(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	f := &faults{inner: server.New(catalog{folder}, server.Options{})}
	s := httptest.NewServer(f)
	t.Cleanup(func() { s.Close(); folder.Close() })
	return f, s.URL
}

func (f *faults) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	out := &headed{ResponseWriter: w, change: f.now.head}
	if f.now.path != nil {
		if status, body := f.now.path(r.URL.Path); status != 0 {
			out.Header().Set("Access-Control-Allow-Origin", "*")
			out.WriteHeader(status)
			out.Write([]byte(body))
			return
		}
	}
	var c tilegrid.Coord
	tail := r.URL.Path[strings.LastIndex(strings.TrimSuffix(r.URL.Path, "/"), "/alps")+1:]
	_, notTile := fmt.Sscanf(tail, "alps/%d/%d/%d.terrain", &c.Z, &c.X, &c.Y)
	switch {
	case r.Method == http.MethodOptions:
		f.inner.ServeHTTP(out, r)
	case strings.HasSuffix(r.URL.Path, "/layer.json"):
		f.serveLayer(out, r)
	case notTile == nil:
		f.serveTile(out, r, c)
	default:
		f.inner.ServeHTTP(out, r)
	}
}

// plain asks the server itself, for a body without gzip.
func (f *faults) plain(r *http.Request) *httptest.ResponseRecorder {
	asked := r.Clone(r.Context())
	asked.Header.Del("Accept-Encoding")
	got := httptest.NewRecorder()
	f.inner.ServeHTTP(got, asked)
	return got
}

func (f *faults) serveLayer(w http.ResponseWriter, r *http.Request) {
	got := f.plain(r)
	body := got.Body.Bytes()
	if f.now.layer != nil {
		var j map[string]any
		json.Unmarshal(body, &j)
		f.now.layer(j)
		body, _ = json.Marshal(j)
	}
	if f.now.text != nil {
		body = f.now.text(body)
	}
	copyHeader(w, got)
	w.WriteHeader(got.Code)
	w.Write(body)
}

func (f *faults) serveTile(w http.ResponseWriter, r *http.Request, c tilegrid.Coord) {
	got := f.plain(r)
	copyHeader(w, got)
	if f.now.say != nil && f.now.say(c, w) {
		return
	}
	body := got.Body.Bytes()
	if got.Code == http.StatusOK {
		body = f.changed(c, body)
		switch {
		case f.now.pack != nil:
			body = f.now.pack(w.Header(), body)
		case strings.Contains(r.Header.Get("Accept-Encoding"), "gzip"):
			w.Header().Set("Content-Encoding", "gzip")
			body = zipped(body)
		}
	}
	w.WriteHeader(got.Code)
	w.Write(body)
}

func (f *faults) changed(c tilegrid.Coord, body []byte) []byte {
	if f.now.mesh != nil {
		m, err := terrain.Decode(bytes.NewReader(body))
		if err != nil {
			panic(err)
		}
		f.now.mesh(c, m)
		var b bytes.Buffer
		terrain.Encode(&b, m)
		body = b.Bytes()
	}
	if f.now.tile != nil {
		body = f.now.tile(c, bytes.Clone(body))
	}
	return body
}

func copyHeader(w http.ResponseWriter, from *httptest.ResponseRecorder) {
	for name, values := range from.Header() {
		if name != "Content-Length" {
			w.Header()[name] = values
		}
	}
}

// headed changes headers before they go out.
type headed struct {
	http.ResponseWriter
	change func(int, http.Header)
	gone   bool
}

func (h *headed) WriteHeader(status int) {
	if h.change != nil && !h.gone {
		h.change(status, h.Header())
	}
	h.gone = true
	h.ResponseWriter.WriteHeader(status)
}

func (h *headed) Write(b []byte) (int, error) {
	if !h.gone {
		h.WriteHeader(http.StatusOK)
	}
	return h.ResponseWriter.Write(b)
}

func zipped(b []byte) []byte {
	var out bytes.Buffer
	z, _ := gzip.NewWriterLevel(&out, gzip.StatelessCompression) // the others take a megabyte of memory each time
	z.Write(b)
	z.Close()
	return out.Bytes()
}

// flip turns every triangle over and numbers the vertices anew, by first use.
func flip(_ tilegrid.Coord, m *terrain.Mesh) {
	number := map[uint32]uint32{}
	var vertices []terrain.Vertex
	var normals []terrain.Normal
	for i := 0; i < len(m.Triangles); i += 3 {
		t := m.Triangles[i : i+3]
		t[1], t[2] = t[2], t[1]
		for k, old := range t {
			if _, ok := number[old]; !ok {
				number[old] = uint32(len(vertices))
				vertices = append(vertices, m.Vertices[old])
				if m.Normals != nil {
					normals = append(normals, m.Normals[old])
				}
			}
			t[k] = number[old]
		}
	}
	m.Vertices, m.Normals = vertices, normals
	m.Edges = m.FindEdges()
}

// vertices65536 is a tile whose header says 65 536 vertices.
func vertices65536(_ tilegrid.Coord, b []byte) []byte {
	out := append(bytes.Clone(b[:88]), make([]byte, 4+6*65536+4+16)...)
	binary.LittleEndian.PutUint32(out[88:], 65536)
	return out
}

// wrongIndex makes the first index name a vertex that is not there: the code of the first is the distance to the highest so far, 0.
func wrongIndex(_ tilegrid.Coord, b []byte) []byte {
	n := binary.LittleEndian.Uint32(b[88:])
	binary.LittleEndian.PutUint16(b[92+6*n+4:], 7)
	return b
}

// withMetadata adds extension 4 to a tile.
func withMetadata(_ tilegrid.Coord, b []byte) []byte { return withExtension(b, `{"available":[]}`) }

func withExtension(b []byte, text string) []byte {
	b = append(b, terrain.ExtMetadata)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(text)+4))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(text)))
	return append(b, text...)
}
