package mbtiles

import (
	"fmt"
	"path/filepath"

	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/internal/sqlite"
	"github.com/terrane/terrane/tilestore"
)

// openConn opens path with the URI parameters given, such as "mode=ro&immutable=1".
func openConn(path, params string) (*sqlite.Conn, error) {
	return sqlite.Open(path, params, &sqlite.Faults{Owner: "mbtiles", Full: func(path, _ string) error { return full(path) }, Foreign: noDatabase, Damaged: damaged})
}

func full(path string) error {
	return remedy.New(filepath.Dir(path), tilestore.ErrFull, "free some space there and run the same command again: it carries on where it stopped")
}

func noDatabase(path, why string) error {
	return remedy.New(path, fmt.Errorf("%w: %s", tilestore.ErrForeign, why), "remove it, or check that the copy is complete")
}

func damaged(path, why string) error {
	return remedy.New(path, fmt.Errorf("%w: %s", tilestore.ErrCorrupt, why), "make it again, or copy it again from a good one")
}
