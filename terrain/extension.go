package terrain

import (
	"encoding/binary"
	"encoding/json"
)

// waterSide is the side of a water mask that is more than one byte.
const waterSide = 256

// extension is one extension as it lies in a tile.
type extension struct {
	id   uint8
	body []byte
	at   int // offset of its header
}

// extensions reads all that follows the edge lists.
func (c *cursor) extensions(m *Mesh) {
	if c.err != nil {
		return
	}
	little := *c
	list := little.split(binary.LittleEndian)
	if little.err != nil {
		big := *c
		if list = big.split(binary.BigEndian); big.err != nil {
			*c = little
			return
		}
		little = big
	}
	end := little.at
	seen := [256]bool{}
	for _, e := range list {
		c.at = e.at
		if seen[e.id] {
			c.fail("extension", "id %d appears twice", e.id)
		}
		seen[e.id] = true
		c.extension(m, e)
	}
	c.at = end
}

// split cuts the rest of the tile into extensions; the last must end where the tile ends.
func (c *cursor) split(order binary.ByteOrder) []extension {
	var list []extension
	for c.err == nil && c.at < len(c.data) {
		e := extension{at: c.at}
		h := c.take(extHeaderBytes, "extension header")
		if h == nil {
			break
		}
		e.id = h[0]
		length := int64(order.Uint32(h[1:]))
		if left := int64(len(c.data) - c.at); length > left {
			c.fail("extension", "id %d has %d bytes, %d are left", e.id, length, left)
			break
		}
		e.body = c.take(int(length), "extension")
		list = append(list, e)
	}
	return list
}

func (c *cursor) extension(m *Mesh, e extension) {
	switch e.id {
	case ExtNormals:
		c.normals(m, e.body)
	case ExtWater:
		if len(e.body) != 1 && len(e.body) != waterSide*waterSide {
			c.fail("watermask", "%d bytes, not 1 or %d", len(e.body), waterSide*waterSide)
		}
		m.Water = e.body
	case ExtMetadata:
		c.metadata(m, e.body)
	}
}

func (c *cursor) normals(m *Mesh, body []byte) {
	if len(body) != 2*len(m.Vertices) {
		c.fail("octvertexnormals", "%d bytes for %d vertices", len(body), len(m.Vertices))
		return
	}
	m.Normals = make([]Normal, len(m.Vertices))
	for i := range m.Normals {
		m.Normals[i] = Normal{body[2*i], body[2*i+1]}
	}
}

func (c *cursor) metadata(m *Mesh, body []byte) {
	if len(body) < 4 || int64(binary.LittleEndian.Uint32(body)) != int64(len(body)-4) {
		c.fail("metadata", "its JSON does not fill its %d bytes", len(body))
		return
	}
	if !json.Valid(body[4:]) {
		c.fail("metadata", "not JSON")
		return
	}
	m.Metadata = body[4:]
}
