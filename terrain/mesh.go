package terrain

import "errors"

// ErrCorrupt says that bytes are not a quantized-mesh tile, or not a whole one; the text says where and why.
var ErrCorrupt = errors.New("terrain: corrupt tile")

// QuantizedMax is the largest value of a quantised coordinate: u = 32767 is a tile's east side.
const QuantizedMax = 32767

// Vec is a position or direction in Earth-centred, Earth-fixed metres (or a unit vector).
type Vec [3]float64

// Vertex is a mesh vertex in tile units 0..[QuantizedMax]: U from west to east, V from south to north, H from Header.Min to Header.Max.
type Vertex struct{ U, V, H uint16 }

// Header is what a client needs before it looks at the mesh (quantized-mesh 1.0, QuantizedMeshHeader).
type Header struct {
	Center   Vec     // ECEF metres
	Min, Max float32 // heights of H = 0 and H = QuantizedMax, ellipsoidal metres
	Sphere   Vec     // centre of the bounding sphere, ECEF metres
	Radius   float64 // of the bounding sphere, metres
	Horizon  Vec     // horizon occlusion point in ellipsoid-scaled space (x/a, y/a, z/b)
}

// Edges lists the vertices on each side of a tile, each list in order from south to north or west to east.
type Edges struct{ West, South, East, North []uint32 }

// Normal is a unit normal in ECEF, oct-encoded in two bytes (Cigolle et al. 2014; quantized-mesh extension 1).
type Normal [2]uint8

// Mesh is one tile: the ground between four tile borders as triangles. Vertices are numbered by first use in Triangles (the
// format's index coding demands it), triangles are counter-clockwise seen from outside.
type Mesh struct {
	Header
	Vertices  []Vertex
	Triangles []uint32 // three indices a triangle
	Edges     Edges
	Normals   []Normal // one a vertex, or nil (extension 1)
	Water     []byte   // nil, 1 byte, or 256 x 256 from the north, 0 land .. 255 water (extension 2)
	Metadata  []byte   // JSON of extension 4, or nil
}

// Height returns the height of a vertex, ellipsoidal metres.
func (m *Mesh) Height(v Vertex) float64 {
	return float64(m.Min) + float64(v.H)*(float64(m.Max)-float64(m.Min))/QuantizedMax
}
