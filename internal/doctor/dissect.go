package doctor

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"

	"github.com/terrane/terrane/terrain"
)

// The layout of quantized-mesh 1.0, see package terrain.
const (
	headBytes    = 92    // header and number of vertices
	extBytes     = 5     // id and length of an extension
	shortIndices = 65536 // as many vertices or more: clients read 32-bit indices
)

// damage is why a tile cannot be read: the check that it breaks, and how.
type damage struct{ check, detail string }

func broken(check, format string, args ...any) *damage {
	return &damage{check, fmt.Sprintf(format, args...)}
}

// dissect reads a plain tile by anybody, part by part, as clients do, and tells the ways in which it cannot be read apart. The mesh may break every
// rule but those; its extensions are as they lie in the tile.
func dissect(data []byte) (*terrain.Mesh, *damage) {
	end, wrong := walk(data)
	if wrong != nil {
		return nil, wrong
	}
	m, err := terrain.Decode(bytes.NewReader(data[:end]))
	if err != nil {
		return nil, broken("mesh.index", "%v", err) // lengths are right: it is indices, or places beyond 0..32767
	}
	return m, extensions(m, data[end:])
}

// walk finds where the edge lists end.
func walk(data []byte) (end int, wrong *damage) {
	if len(data) < headBytes {
		return 0, broken("tile.truncated", "%d bytes, a header has %d", len(data), headBytes)
	}
	n := int64(binary.LittleEndian.Uint32(data[headBytes-4:]))
	if n == 0 || n > 1<<24 {
		return 0, broken("tile.decode", "no quantized-mesh: %d vertices", n)
	}
	wide, at := int64(2), headBytes+6*n
	if n == shortIndices {
		return 0, broken("mesh.count", "%d vertices", n)
	}
	if n > shortIndices {
		wide, at = 4, (at+3)/4*4
	}
	step := func(part string, size int64) bool {
		if wrong != nil {
			return false
		}
		if at+4 > int64(len(data)) {
			wrong = broken("tile.truncated", "it ends before its %s, after %d bytes", part, len(data))
			return false
		}
		k := int64(binary.LittleEndian.Uint32(data[at:]))
		if at += 4 + k*size; at > int64(len(data)) {
			wrong = broken("tile.truncated", "%d %s, and it ends after %d bytes", k, part, len(data))
		}
		return wrong == nil
	}
	step("triangles", 3*wide)
	for _, side := range []string{"western", "southern", "eastern", "northern"} {
		step(side+" edge vertices", wide)
	}
	return int(at), wrong
}

// extensions reads what follows the edge lists. Lengths that fit only big endian are those of the legacy extension vertexnormals.
func extensions(m *terrain.Mesh, rest []byte) *damage {
	list, wrong := split(rest, binary.LittleEndian)
	if wrong != nil {
		var other *damage
		if list, other = split(rest, binary.BigEndian); other != nil {
			return wrong
		}
	}
	for _, e := range list {
		switch body := e.body; e.id {
		case terrain.ExtNormals:
			if len(body) != 2*len(m.Vertices) {
				return broken("normals.size", "%d bytes for %d vertices", len(body), len(m.Vertices))
			}
			m.Normals = make([]terrain.Normal, len(m.Vertices))
			for i := range m.Normals {
				m.Normals[i] = terrain.Normal{body[2*i], body[2*i+1]}
			}
		case terrain.ExtWater:
			m.Water = body
		case terrain.ExtMetadata:
			if len(body) < 4 || int64(binary.LittleEndian.Uint32(body)) != int64(len(body)-4) || !json.Valid(body[4:]) {
				return broken("tile.decode", "metadata that is not JSON of the length that it says")
			}
			m.Metadata = body[4:]
		}
	}
	return nil
}

type extension struct {
	id   uint8
	body []byte
}

func split(rest []byte, order binary.ByteOrder) ([]extension, *damage) {
	var list []extension
	for len(rest) > 0 {
		if len(rest) < extBytes {
			return nil, broken("tile.trailing", "%d bytes too many after the last extension", len(rest))
		}
		id, length := rest[0], int64(order.Uint32(rest[1:]))
		if length > int64(len(rest)-extBytes) {
			return nil, broken("tile.truncated", "extension %d says %d bytes, and %d are left", id, length, len(rest)-extBytes)
		}
		list = append(list, extension{id, rest[extBytes : extBytes+length]})
		rest = rest[extBytes+length:]
	}
	return list, nil
}
