package mbtiles

import (
	"database/sql/driver"
	"fmt"

	"github.com/terrane/terrane/internal/sqlite"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// blob is a stored value and its hash.
type blob struct {
	found bool
	hash  []byte
	data  []byte
}

// read runs a point query that yields hash and data.
func (b *blob) read(s *sqlite.Statement, c tilegrid.Coord) error {
	return s.Each(func(v []driver.Value) error {
		b.found = true
		b.hash, _ = v[0].([]byte)
		b.data, _ = v[1].([]byte)
		return sqlite.ErrEnough
	}, int64(c.Z), int64(c.X), int64(c.Y))
}

// checked returns the data, ErrNotFound, or ErrCorrupt if the hash disagrees.
func (b *blob) checked(path string, c tilegrid.Coord) ([]byte, error) {
	if !b.found {
		return nil, fmt.Errorf("%w: %s", tilestore.ErrNotFound, c)
	}
	if h := tilestore.HashTile(c, b.data); string(h[:]) != string(b.hash) {
		return nil, damaged(path, fmt.Sprintf("%s does not match its hash", c))
	}
	return b.data, nil
}
