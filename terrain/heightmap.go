package terrain

import (
	"encoding/binary"
	"fmt"
	"math"
)

// HeightmapFormat is what layer.json says of tiles that [EncodeHeightmap] writes.
const HeightmapFormat = "heightmap-1.0"

// The children of a tile in the mask of [EncodeHeightmap].
const (
	ChildSouthWest uint8 = 1 << iota
	ChildSouthEast
	ChildNorthWest
	ChildNorthEast
)

// HeightmapLowest and HeightmapHighest are the heights in metres beyond which a heightmap has none.
const (
	HeightmapLowest  = -1000.0
	HeightmapHighest = HeightmapLowest + math.MaxUint16/5.0
)

// EncodeHeightmap writes a tile of heightmap-1.0, CesiumJS's format before quantized-mesh: the posts of a tile, StoredSide
// squared, as little-endian 16-bit numbers of fifths of a metre above -1000 m, northern row first; then a byte with the children
// that exist; then the water mask, one byte or 256 x 256 from the north, nil for land. Heights beyond [HeightmapLowest] and
// [HeightmapHighest] are cut off there. z and water have the sizes of stored ones, else the error is [ErrBadHeights].
func EncodeHeightmap(z []float32, children uint8, water []byte) ([]byte, error) {
	if len(z) != posts*posts {
		return nil, fmt.Errorf("%w: %d samples, want %d", ErrBadHeights, len(z), posts*posts)
	}
	if len(water) == 0 {
		water = []byte{0}
	}
	if len(water) != 1 && len(water) != waterSide*waterSide {
		return nil, fmt.Errorf("%w: a water mask of %d bytes", ErrBadHeights, len(water))
	}
	out := make([]byte, 0, 2*len(z)+1+len(water))
	for _, h := range z {
		v := math.Floor((float64(h)-HeightmapLowest)*5 + 0.5)
		out = binary.LittleEndian.AppendUint16(out, uint16(max(0, min(math.MaxUint16, v))))
	}
	return append(append(out, children), water...), nil
}

// NewHeightmapLayer is layer for the same tiles as heightmaps, which have no extensions.
func NewHeightmapLayer(layer Layer) Layer {
	layer.Format, layer.Extensions = HeightmapFormat, nil
	return layer
}
