package terrain

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
)

// MaxTileBytes is the largest plain tile that [Decode] reads: eight times the largest seen in the field.
const MaxTileBytes = 16 << 20

// Decode reads a tile to the end of r, gzipped or plain (told by gzip's first two bytes). It checks every length before it asks for
// memory. What it returns is what the bytes say; whether that is a good mesh is for [Mesh.Validate].
//
// Unknown extensions are skipped. Lengths of extensions are little endian; if they do not fit the tile that way but all do
// big endian, they are read so: some old servers wrote them so (layer.json extension "vertexnormals").
//
// Errors wrap [ErrCorrupt] and name the part and the offset, except those of r itself.
func Decode(r io.Reader) (*Mesh, error) {
	data, err := readPlain(r)
	if err != nil {
		return nil, err
	}
	c := cursor{data: data}
	m := &Mesh{}
	c.header(&m.Header)
	n := c.vertices(m)
	wide := n > shortIndices
	if wide {
		c.take((4-c.at%4)%4, "padding")
	}
	c.triangles(m, wide)
	m.Edges.West = c.edge("west", n, wide)
	m.Edges.South = c.edge("south", n, wide)
	m.Edges.East = c.edge("east", n, wide)
	m.Edges.North = c.edge("north", n, wide)
	c.extensions(m)
	if c.err != nil {
		return nil, c.err
	}
	return m, nil
}

func readPlain(r io.Reader) ([]byte, error) {
	data, err := readCapped(r)
	if err != nil || len(data) < 2 || data[0] != 0x1f || data[1] != 0x8b {
		return data, err
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: gzip: %v", ErrCorrupt, err)
	}
	data, err = readCapped(z)
	if err != nil && !errors.Is(err, ErrCorrupt) {
		err = fmt.Errorf("%w: gzip: %v", ErrCorrupt, err)
	}
	return data, err
}

func readCapped(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxTileBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read tile: %w", err)
	}
	if len(data) > MaxTileBytes {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrCorrupt, MaxTileBytes)
	}
	return data, nil
}

// cursor walks over the bytes of a plain tile. The first fault stays in err and makes every later step return nothing.
type cursor struct {
	data []byte
	at   int
	err  error
}

func (c *cursor) fail(part, format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf("%w: %s at byte %d: %s", ErrCorrupt, part, c.at, fmt.Sprintf(format, args...))
	}
}

// take returns the next n bytes, or nil if the tile ends before.
func (c *cursor) take(n int, part string) []byte {
	if c.err != nil {
		return nil
	}
	if left := len(c.data) - c.at; n > left {
		c.fail(part, "needs %d bytes, %d are left", n, left)
		return nil
	}
	b := c.data[c.at : c.at+n]
	c.at += n
	return b
}

// count returns the next uint32 if that many items of size bytes each can follow.
func (c *cursor) count(part string, size int) int {
	b := c.take(4, part)
	if b == nil {
		return 0
	}
	n := int64(binary.LittleEndian.Uint32(b))
	if left := int64(len(c.data) - c.at); n*int64(size) > left {
		c.fail(part, "%d of %d bytes each, %d bytes are left", n, size, left)
		return 0
	}
	return int(n)
}

func (c *cursor) header(h *Header) {
	b := c.take(headerBytes, "header")
	if b == nil {
		return
	}
	h.Center = vecAt(b, 0)
	h.Min, h.Max = float32At(b, 24), float32At(b, 28)
	h.Sphere, h.Radius = vecAt(b, 32), float64At(b, 56)
	h.Horizon = vecAt(b, 64)
}

func (c *cursor) vertices(m *Mesh) int {
	n := c.count("vertices", 6)
	b := c.take(6*n, "vertices")
	if b == nil {
		return 0
	}
	m.Vertices = make([]Vertex, n)
	var last Vertex
	for i := range m.Vertices {
		last.U = unZigZag(b[2*i:], last.U)
		last.V = unZigZag(b[2*(n+i):], last.V)
		last.H = unZigZag(b[2*(2*n+i):], last.H)
		if last.U|last.V|last.H > QuantizedMax {
			c.fail("vertices", "vertex %d is at %d, %d, %d, beyond 0..%d", i, last.U, last.V, last.H, QuantizedMax)
			return 0
		}
		m.Vertices[i] = last
	}
	return n
}

func unZigZag(b []byte, last uint16) uint16 {
	d := binary.LittleEndian.Uint16(b)
	return last + (d>>1 ^ -(d & 1))
}

// indices returns the next n indices, 16 or 32 bits each.
func (c *cursor) indices(part string, n int, wide bool) []uint32 {
	b := c.take(n*indexBytes(wide), part)
	if b == nil {
		return nil
	}
	list := make([]uint32, n)
	for i := range list {
		if wide {
			list[i] = binary.LittleEndian.Uint32(b[4*i:])
		} else {
			list[i] = uint32(binary.LittleEndian.Uint16(b[2*i:]))
		}
	}
	return list
}

func indexBytes(wide bool) int {
	if wide {
		return 4
	}
	return 2
}

func (c *cursor) triangles(m *Mesh, wide bool) {
	n := c.count("triangles", 3*indexBytes(wide))
	codes := c.indices("triangles", 3*n, wide)
	highest, total := uint32(0), uint32(len(m.Vertices))
	for i, code := range codes {
		if code > highest || highest-code >= total {
			c.fail("triangles", "index %d is %d of %d vertices", i, int64(highest)-int64(code), total)
			return
		}
		codes[i] = highest - code
		if code == 0 {
			highest++
		}
	}
	m.Triangles = codes
}

func (c *cursor) edge(side string, n int, wide bool) []uint32 {
	part := side + " edge"
	list := c.indices(part, c.count(part, indexBytes(wide)), wide)
	for i, index := range list {
		if index >= uint32(n) {
			c.fail(part, "entry %d is %d of %d vertices", i, index, n)
			return nil
		}
	}
	return list
}
