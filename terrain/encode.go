package terrain

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"
)

// Extension ids of quantized-mesh 1.0, as they stand in a tile. The mesh itself has none; internal/gzrun calls it 0.
const (
	ExtNormals  = 1 // octvertexnormals
	ExtWater    = 2 // watermask
	ExtMetadata = 4 // metadata
)

const (
	headerBytes    = 88    // QuantizedMeshHeader
	extHeaderBytes = 5     // u8 id, u32 length
	shortIndices   = 65536 // up to this many vertices indices have 16 bits
)

// Encode writes m as a plain (not gzipped) tile: the mesh, then the extensions that it has. A mesh that breaks the rules of
// [Mesh.Validate] may give bytes that do not decode.
func Encode(w io.Writer, m *Mesh) error {
	data := AppendMesh(nil, m)
	data = AppendNormals(data, m)
	data = AppendWater(data, m)
	data = AppendMetadata(data, m)
	if _, err := w.Write(data); err != nil {
		return fmt.Errorf("write tile: %w", err)
	}
	return nil
}

// AppendMesh appends header, vertices, triangles and edge lists: a whole tile without extensions. It allocates only if dst is
// too small. Vertices must be numbered by first use.
func AppendMesh(dst []byte, m *Mesh) []byte {
	start, n := len(dst), len(m.Vertices)
	dst = slices.Grow(dst, meshBytes(m))
	dst = appendHeader(dst, &m.Header)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(n))
	dst = appendVertices(dst, m.Vertices)
	lists := [4][]uint32{m.Edges.West, m.Edges.South, m.Edges.East, m.Edges.North}
	if n <= shortIndices {
		dst = appendTriangles16(dst, m.Triangles)
		for _, list := range lists {
			dst = appendList16(dst, list)
		}
		return dst
	}
	for (len(dst)-start)%4 != 0 {
		dst = append(dst, 0)
	}
	dst = appendTriangles32(dst, m.Triangles)
	for _, list := range lists {
		dst = appendList32(dst, list)
	}
	return dst
}

// meshBytes is what AppendMesh appends, the 0 to 3 bytes of padding counted as 3.
func meshBytes(m *Mesh) int {
	indices := len(m.Triangles) + len(m.Edges.West) + len(m.Edges.South) + len(m.Edges.East) + len(m.Edges.North)
	width := 2
	if len(m.Vertices) > shortIndices {
		width = 4
	}
	return headerBytes + 4 + 6*len(m.Vertices) + 3 + 5*4 + width*indices
}

func appendHeader(dst []byte, h *Header) []byte {
	dst = appendVec(dst, h.Center)
	dst = appendFloat32(appendFloat32(dst, h.Min), h.Max)
	dst = appendVec(dst, h.Sphere)
	dst = appendFloat64(dst, h.Radius)
	return appendVec(dst, h.Horizon)
}

// appendVertices writes three streams, u then v then height, each as zig-zag differences to the value before.
func appendVertices(dst []byte, vertices []Vertex) []byte {
	at, n := len(dst), len(vertices)
	dst = dst[:at+6*n]
	us, vs, hs := dst[at:at+2*n], dst[at+2*n:at+4*n], dst[at+4*n:at+6*n]
	var last Vertex
	for i, x := range vertices {
		binary.LittleEndian.PutUint16(us[2*i:], zigZag(x.U, last.U))
		binary.LittleEndian.PutUint16(vs[2*i:], zigZag(x.V, last.V))
		binary.LittleEndian.PutUint16(hs[2*i:], zigZag(x.H, last.H))
		last = x
	}
	return dst
}

func zigZag(value, last uint16) uint16 {
	d := int16(value - last)
	return uint16(d<<1) ^ uint16(d>>15)
}

// appendTriangles16 writes the triangle count and the high-water-mark codes: a code is the distance down from the highest index
// so far plus one, hence 0 for each vertex that is new.
func appendTriangles16(dst []byte, indices []uint32) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(indices)/3))
	at := len(dst)
	dst = dst[:at+2*len(indices)]
	out, highest := dst[at:], uint32(0)
	for i, index := range indices {
		code := highest - index
		binary.LittleEndian.PutUint16(out[2*i:], uint16(code))
		if code == 0 {
			highest++
		}
	}
	return dst
}

func appendTriangles32(dst []byte, indices []uint32) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(indices)/3))
	highest := uint32(0)
	for _, index := range indices {
		code := highest - index
		dst = binary.LittleEndian.AppendUint32(dst, code)
		if code == 0 {
			highest++
		}
	}
	return dst
}

func appendList16(dst []byte, list []uint32) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(list)))
	for _, index := range list {
		dst = binary.LittleEndian.AppendUint16(dst, uint16(index))
	}
	return dst
}

func appendList32(dst []byte, list []uint32) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(list)))
	for _, index := range list {
		dst = binary.LittleEndian.AppendUint32(dst, index)
	}
	return dst
}

// AppendNormals appends the octvertexnormals extension with its header, or nothing if m has no normals.
func AppendNormals(dst []byte, m *Mesh) []byte {
	if m.Normals == nil {
		return dst
	}
	dst = appendExtHeader(dst, ExtNormals, 2*len(m.Normals))
	for _, n := range m.Normals {
		dst = append(dst, n[0], n[1])
	}
	return dst
}

// AppendWater appends the watermask extension with its header, or nothing if m has no water mask.
func AppendWater(dst []byte, m *Mesh) []byte {
	if m.Water == nil {
		return dst
	}
	return append(appendExtHeader(dst, ExtWater, len(m.Water)), m.Water...)
}

// AppendMetadata appends the metadata extension with its header, or nothing if m has no metadata.
func AppendMetadata(dst []byte, m *Mesh) []byte {
	if m.Metadata == nil {
		return dst
	}
	dst = appendExtHeader(dst, ExtMetadata, 4+len(m.Metadata))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(m.Metadata)))
	return append(dst, m.Metadata...)
}

// appendExtHeader writes an extension's id and length and makes room for its body.
func appendExtHeader(dst []byte, id uint8, length int) []byte {
	dst = slices.Grow(dst, extHeaderBytes+length)
	return binary.LittleEndian.AppendUint32(append(dst, id), uint32(length))
}
