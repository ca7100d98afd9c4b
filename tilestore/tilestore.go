// Package tilestore is the contract between those who write a dataset version and those who read it. It holds types,
// errors and interfaces, no storage: tilestore/mbtiles keeps a version in one SQLite file, and every store passes the
// suite in tilestore/storetest.
//
// A dataset has a name and versions 1, 2, 3 ... A version is written once, becomes visible whole by Commit, and never
// changes after. Terrain tiles are stored as gzip members made of runs (internal/gzrun), imagery tiles as the picture's own bytes.
// Rows count from the south.
package tilestore

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"strconv"
	"time"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/tilegrid"
)

// Errors that callers branch on. Stores wrap them with the dataset, the tile and the cause.
var (
	// ErrNotFound: the dataset exists, the tile does not.
	ErrNotFound = errors.New("tilestore: no such tile")
	// ErrNoDataset: no dataset of that name, or not that version.
	ErrNoDataset = errors.New("tilestore: no such dataset")
	// ErrCorrupt: stored bytes do not match their hash, or the file is damaged.
	ErrCorrupt = errors.New("tilestore: corrupt data")
	// ErrInvalid: a version was read through before it was published, and its content is wrong: made again it would be the same.
	ErrInvalid = errors.New("tilestore: wrong content")
	// ErrLocked: another process is writing this dataset.
	ErrLocked = errors.New("tilestore: dataset is being written by another process")
	// ErrForeign: the file is not a tile store that this program can read.
	ErrForeign = errors.New("tilestore: not a tile store")
	// ErrExists: the dataset exists and may not be replaced.
	ErrExists = errors.New("tilestore: dataset exists")
	// ErrFull: the disk has no room left for what was to be written.
	ErrFull = errors.New("tilestore: no space left")
	// ErrName: the name cannot be a dataset's name.
	ErrName = errors.New("tilestore: bad dataset name")
)

// Kind says what the tiles of a dataset are.
type Kind string

// The kinds.
const (
	Terrain Kind = "terrain"
	Imagery Kind = "imagery"
)

// Formats of tiles, as MIME types.
const (
	QuantizedMesh = "application/vnd.quantized-mesh"
	PNG           = "image/png"
	JPEG          = "image/jpeg"
	WebP          = "image/webp"
)

// Info describes a dataset version. It is small: everything that a catalogue, layer.json or TileJSON needs.
type Info struct {
	Name        string
	Version     int
	Kind        Kind
	Title       string
	Attribution string
	Format      string // MIME type of the tiles
	Grid        tilegrid.Grid
	Bound       orb.Bound          // ground that holds data, degrees; Min.Lon > Max.Lon never: crossing data has Max.Lon > 180
	Levels      [2]uint8           // first and last level that holds tiles
	Extensions  []string           // quantized-mesh extensions in the tiles, by layer.json name, in id order
	Available   [][]tilegrid.Range // one list a level from level 0; exact
	Tiles       int64              // number of tiles
	SizeBytes   int64              // bytes of the stored version
	Vertical    string             // what the heights are, e.g. "ellipsoid"
	Time        time.Time          // instant that the pictures show, UTC; zero: none. Versions with one are the instants of the dataset
	Manifest    string             // hash over all tiles in order, hex; equal for equal content in any store
	Provenance  json.RawMessage    // how it was made: sources, options, program version; JSON object or nil
}

// Has tells whether the version lists c as available.
func (i Info) Has(c tilegrid.Coord) bool {
	if int(c.Z) >= len(i.Available) {
		return false
	}
	for _, r := range i.Available[c.Z] {
		if r.Contains(c) {
			return true
		}
	}
	return false
}

// Tile is a stored tile. Data must not be changed by the caller. ETag is a strong validator that depends on the content only, quotes included.
type Tile struct {
	Data []byte
	ETag string
}

// Reader reads one dataset version. It is safe for concurrent use. Tile returns [ErrNotFound] or [ErrCorrupt], wrapped.
type Reader interface {
	Info() Info
	Tile(ctx context.Context, c tilegrid.Coord) (Tile, error)
	Close() error
}

// Writer makes one dataset version; one goroutine uses it. Nothing is visible to readers before Commit has returned nil, and
// then it is durable. Close after Commit does nothing more; Close without Commit keeps what was checkpointed, so that a later Create of
// the same work carries on, and makes nothing visible.
type Writer interface {
	Put(ctx context.Context, c tilegrid.Coord, data []byte) error
	Commit(ctx context.Context, info Info) error
	Close() error
}

// Heights is implemented by readers and writers that keep the height pyramid beside the tiles. The bytes are those of
// terrain.EncodeHeights; of imagery, those of imagery.EncodeValues, the sources' own values under a tile. It returns [ErrNotFound] where there are none.
type Heights interface {
	Heights(ctx context.Context, c tilegrid.Coord) ([]byte, error)
}

// HeightsWriter is implemented by writers that keep what [Heights] gives back.
type HeightsWriter interface {
	PutHeights(ctx context.Context, c tilegrid.Coord, data []byte) error
}

// Checkpointer is implemented by writers that can carry on after being killed. Checkpoint keeps all that was put so far together with the number
// of units of work done; Done returns that number, 0 for a new file. What was checkpointed survives the end of the process however it ends;
// a power cut may take the last checkpoints away, whole ones and the latest first.
type Checkpointer interface {
	Checkpoint(ctx context.Context, done int) error
	Done() int
}

// Lister is implemented by readers that can enumerate their tiles, sorted by row, then column.
type Lister interface {
	Coords(ctx context.Context, z uint8) iter.Seq2[tilegrid.Coord, error]
}

// CheckName returns nil for a name that is safe as a file name, in a URL and as a layer name: a to z, 0 to 9, "-" and "_", up
// to 63 characters, beginning with a letter or digit. Otherwise an error that wraps [ErrName].
func CheckName(name string) error {
	if name == "" || len(name) > 63 || name[0] == '-' || name[0] == '_' {
		return &nameError{name}
	}
	for i := range len(name) { // by hand: the server asks for each request
		c := name[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return &nameError{name}
		}
	}
	return nil
}

type nameError struct{ name string }

func (e *nameError) Error() string {
	return "tilestore: bad dataset name " + strconv.Quote(e.name) + ": use a-z, 0-9, - and _, at most 63 characters"
}
func (e *nameError) Unwrap() error { return ErrName }
