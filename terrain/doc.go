// Package terrain turns heights into the tiles that a globe draws, and back: heights in, mesh, bytes out. It is pure Go and knows no
// files and no HTTP.
//
// # The way of a tile
//
// A [Mesh] is one tile of ground as triangles. [AppendMesh], [AppendNormals], [AppendWater] and [AppendMetadata] write it as
// quantized-mesh 1.0 (https://github.com/CesiumGS/quantized-mesh), one part at a time, so that a store can keep parts that are
// sent or left out as a client asks; [Encode] writes all of them. [Decode] reads a tile by anybody, gzipped or plain. [SetHeader]
// computes what clients cull by: bounding sphere and horizon occlusion point.
//
// [Mesh.Validate] says whether a mesh is whole. The tests, the verify command and the fuzz targets all ask it; it needs no
// knowledge of how the mesh was made. [Mesh.ValidateAt] knows the tile's place too, [Mesh.ValidateDrawable] asks less, for tiles by others.
//
// [NewLayer] describes a tileset as layer.json, [ParseLayer] reads those of others.
//
// # Axes and units
//
// Within a tile U runs from west to east, V from south to north, H from the lowest to the highest ground, each 0..32767
// ([QuantizedMax]). Longitude and latitude in degrees are linear in U and V, in both tile grids. Heights are metres above the WGS84 ellipsoid.
// Positions and normals are Earth-centred, Earth-fixed (x to longitude 0, z to the north pole), metres.
// Tile rows count from the south. Rows of height grids and of water masks run from the north.
//
// # The bytes
//
// All numbers are little endian.
//
//	0   f64 x 3  Center        ECEF, metres
//	24  f32      Min, Max      metres
//	32  f64 x 4  Sphere, Radius
//	64  f64 x 3  Horizon       ECEF divided by the ellipsoid's radii
//	88  u32      n             vertices, then n u16 each of U, V and H: zig-zag of the difference to the value before
//	    0..3 bytes of padding to a multiple of 4, only for 32-bit indices (n > 65536)
//	    u32      triangles, then three indices each, high-water-mark coded
//	    u32 and indices, four times: the vertices on the west, south, east and north side
//	    u8 id, u32 length, body: extensions to the end of the tile
//
// Extension 1 holds two bytes a vertex (oct-encoded normal), 2 the water mask, 4 a u32 length and JSON.
//
// # What it does not do
//
// Exactly 65 536 vertices cannot be encoded so that all clients read them; [Mesh.Validate] refuses them. The BVH extension (3) and
// others are skipped. Mercator terrain can be read but [SetHeader] is exact for it only because clients place vertices linearly in latitude.
//
// # Errors
//
// [ErrCorrupt]: the bytes are not a whole tile. [ErrInvalid]: the mesh breaks a rule, an [InvalidError] names it. [ErrLayer]:
// layer.json cannot be used. All say where and why.
package terrain
