package tilestore

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"

	"github.com/terrane/terrane/tilegrid"
)

// Hash is what a store keeps beside each tile: the first 16 bytes of SHA-256 over the place (level as 1 byte, column and row as
// 4 bytes each, little endian) and then the data. The place is part of it so that a tile found under another's key does not pass.
type Hash [16]byte

// HashTile returns the hash of a tile or of a grid of heights.
func HashTile(c tilegrid.Coord, data []byte) Hash {
	h := sha256.New()
	h.Write(placeOf(c))
	h.Write(data)
	var sum [sha256.Size]byte
	return Hash(h.Sum(sum[:0])[:16])
}

// ETag returns the strong validator of the tile, quotes included.
func (h Hash) ETag() string {
	b := make([]byte, 0, 34)
	b = append(b, '"')
	b = hex.AppendEncode(b, h[:])
	return string(append(b, '"'))
}

func placeOf(c tilegrid.Coord) []byte {
	b := binary.LittleEndian.AppendUint32([]byte{c.Z}, c.X)
	return binary.LittleEndian.AppendUint32(b, c.Y)
}

// Manifest hashes all tiles of a version into one: SHA-256 over place (as in [Hash]) and hash of each, in the order of level, row,
// column. It depends on the tiles only, so it is equal for equal content in any store.
type Manifest struct{ sum hash.Hash }

// NewManifest returns the manifest of no tiles.
func NewManifest() *Manifest { return &Manifest{sha256.New()} }

// Add appends a tile. The caller keeps the order.
func (m *Manifest) Add(c tilegrid.Coord, h Hash) {
	m.sum.Write(placeOf(c))
	m.sum.Write(h[:])
}

// Sum returns the manifest of the tiles added so far, in hex.
func (m *Manifest) Sum() string { return hex.EncodeToString(m.sum.Sum(nil)) }
