package server

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/terrane/terrane/internal/gzrun"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilestore"
)

// representForeign answers a tile by others, which has no runs. One that holds nothing but what was asked for is sent as it is stored; of
// the others the mesh is written anew without the rest. Metadata must go: see runs.
func representForeign(t tilestore.Tile, key cacheKey) (*answer, error) {
	tag, plain, zipped := strings.TrimSuffix(t.ETag, `"`), t.Data, len(t.Data) > 1 && t.Data[0] == 0x1f && t.Data[1] == 0x8b
	if zipped {
		var err error
		if plain, err = gzrun.Inflate(t.Data); err != nil {
			return nil, fmt.Errorf("%w: %w", tilestore.ErrCorrupt, err)
		}
	}
	if rest := strip(plain, key.runs); len(rest) < len(plain) {
		if key.gzipped {
			return newAnswer(compress(rest), quantizedMesh, fmt.Sprintf(`%s-cut-%x-gzip"`, tag, key.runs), true), nil
		}
		return newAnswer(rest, quantizedMesh, fmt.Sprintf(`%s-cut-%x"`, tag, key.runs), false), nil
	}
	if zipped && key.gzipped {
		return newAnswer(t.Data, quantizedMesh, fmt.Sprintf(`%s-%x-gzip"`, tag, key.runs), true), nil
	}
	return newAnswer(plain, quantizedMesh, fmt.Sprintf(`%s-%x"`, tag, key.runs), false), nil
}

// strip returns a plain tile without the extensions that are not in set. What cannot be read as a tile stays as it is: a client may make more of it.
func strip(plain []byte, set runs) []byte {
	m, err := terrain.Decode(bytes.NewReader(plain))
	if err != nil {
		return plain
	}
	rest := terrain.AppendMesh(nil, m)
	if set&normalRun != 0 {
		rest = terrain.AppendNormals(rest, m)
	}
	if set&waterRun != 0 {
		rest = terrain.AppendWater(rest, m)
	}
	return rest
}
