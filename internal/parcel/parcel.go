// Package parcel is the manifest of an export, and its signature: what crosses an air gap beside the tiles.
//
// A manifest is JSON: what was exported, in which form, and size and SHA-256 of each file. Of one file, alps.mbtiles, it is
// alps.mbtiles.json beside it;
// of a folder it is terrane.json in it. The signature is an ed25519 one over the bytes of the manifest, 64 bytes as they are, in a file named
// as the manifest with .sig after it: openssl pkeyutl -verify -rawin can check it too. Keys are PEM as openssl writes them: PKCS #8, and
// SubjectPublicKeyInfo of public ones.
//
// Errors wrap [ErrTampered], [ErrSignature] or [ErrKey] and name the remedy.
package parcel

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/terrane/terrane/internal/remedy"
)

// Errors that callers branch on.
var (
	// ErrTampered: a file is not the one that its manifest names, or is missing, or the manifest makes no sense.
	ErrTampered = errors.New("parcel: not what was exported")
	// ErrSignature: the signature is missing, or by another key.
	ErrSignature = errors.New("parcel: signature")
	// ErrKey: a file is no key of the kind that is needed.
	ErrKey = errors.New("parcel: unusable key")
)

// Format is what every manifest says of itself.
const Format = "terrane export 1"

// Forms of an export.
const (
	MBTiles = "mbtiles"
	Folder  = "folder"
	Delta   = "delta"
)

// Names of the files beside an export.
const (
	FolderManifest = "terrane.json" // in a folder
	Suffix         = ".json"        // of a manifest beside one file
	Signed         = ".sig"         // of a signature, after the manifest's name
)

// mostManifest is how long a manifest may be: some five million tiles in a folder.
const mostManifest = 1 << 30

// Base is the version that a delta is to be laid over.
type Base struct {
	Version  int    `json:"version"`
	Manifest string `json:"manifest"` // of its tiles
	Heights  string `json:"heights"`  // manifest of its grids of heights
}

// File is a file of an export.
type File struct {
	Path   string `json:"path"` // relative to the export, slashes
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"` // hex
}

// Manifest describes an export.
type Manifest struct {
	Format   string          `json:"format"`
	Form     string          `json:"form"`
	Program  string          `json:"program"`
	Name     string          `json:"name"`
	Version  int             `json:"version"`
	Manifest string          `json:"manifest"`          // of all tiles of the version, see tilestore.Manifest
	Heights  string          `json:"heights,omitempty"` // the same of its grids of heights, if they are in the export
	Since    *Base           `json:"since,omitempty"`   // of a delta
	Dataset  json.RawMessage `json:"dataset"`           // what the version says of itself, see mbtiles.MarshalInfo
	Files    []File          `json:"files"`
}

// PathOf returns where the manifest of an export lies.
func PathOf(export string, folder bool) string {
	if folder {
		return filepath.Join(export, FolderManifest)
	}
	return export + Suffix
}

// Read returns a manifest and its bytes; ok is false if there is none, or if it is another program's.
func Read(path string) (m Manifest, text []byte, ok bool, err error) {
	stat, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && (!stat.Mode().IsRegular() || stat.Size() > mostManifest) {
		return m, nil, false, nil
	}
	if err == nil {
		text, err = os.ReadFile(path)
	}
	if err != nil {
		return m, nil, false, remedy.New(path, err, "check the permissions")
	}
	var form struct{ Format string }
	if json.Unmarshal(text, &form) != nil || form.Format != Format {
		return m, text, false, nil
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, text, false, remedy.New(path, fmt.Errorf("%w: %v", ErrTampered, err), again)
	}
	return m, text, true, nil
}

const again = "copy the export again, or export again"

// Check reads the file at path and compares it with what the manifest says.
func (f File) Check(path string) error {
	stat, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return remedy.New(path, fmt.Errorf("%w: it is missing", ErrTampered), again)
	case err != nil:
		return err
	case !stat.Mode().IsRegular():
		return remedy.New(path, fmt.Errorf("%w: not a regular file", ErrTampered), again)
	case stat.Size() != f.Bytes:
		return remedy.New(path, fmt.Errorf("%w: %d bytes, its manifest says %d", ErrTampered, stat.Size(), f.Bytes), again)
	}
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, in); err != nil {
		return err
	}
	if got := hex.EncodeToString(hash.Sum(nil)); got != f.SHA256 {
		return remedy.New(path, fmt.Errorf("%w: its SHA-256 begins with %.12s, its manifest says %.12s", ErrTampered, got, f.SHA256), again)
	}
	return nil
}

// Holds tells whether data are those of the file.
func (f File) Holds(data []byte) bool {
	sum := sha256.Sum256(data)
	return int64(len(data)) == f.Bytes && hex.EncodeToString(sum[:]) == f.SHA256
}
