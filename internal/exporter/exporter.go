// Package exporter writes dataset versions to be carried elsewhere: as one MBTiles file ([File]), as a folder of static files that any web server can
// serve ([Folder]), or as what has changed since another version ([Delta]). internal/importer takes each of them back.
//
// Beside each export lies its manifest, with the SHA-256 of each file, and, with a key, an ed25519 signature of the manifest (internal/parcel).
// An export is made under another name and renamed when it is whole and on the disk; what fails or is interrupted leaves nothing under the
// name that was asked for.
//
// A folder holds the tiles as they are stored: terrain as gzip, z/x/y.terrain with layer.json; pictures as z/x/y.png (.jpg, .webp: all by
// the format of the
// dataset, also those of another) with tilemapresource.xml and tilejson.json, rows from the south. The configuration that makes nginx, Apache and IIS
// serve them right is beside them. Heights and kept values are in files and deltas only: a web server has no use for them.
//
// Errors wrap tilestore.ErrExists (the target is there), ErrFull, ErrLocked, ErrCorrupt, or ErrForeign (no delta of a file by others: it
// has no hashes).
package exporter

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"

	"github.com/terrane/terrane/internal/parcel"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// Options of an export.
type Options struct {
	Program  string                  // the version of this program, for the manifest
	Key      ed25519.PrivateKey      // signs the manifest; nil: it is not signed
	Force    bool                    // replace an earlier export
	URL      string                  // where a folder will be served, for tilejson.json; "": relative references
	Progress func(done, total int64) // called now and then, or nil

	needed int64 // bytes of disk, about
}

func (o Options) report(done, total int64) {
	if o.Progress != nil {
		o.Progress(done, total)
	}
}

// describe begins the manifest of a version. Heights are named if they are in the export.
func describe(ctx context.Context, r *mbtiles.Reader, form string, o Options) (parcel.Manifest, error) {
	i := r.Info()
	m := parcel.Manifest{Format: parcel.Format, Form: form, Program: o.Program, Name: i.Name, Version: i.Version, Manifest: i.Manifest}
	var err error
	if form != parcel.Folder && i.Manifest != "" {
		if m.Heights, err = r.HeightsManifest(ctx); err != nil {
			return m, err
		}
	}
	m.Dataset, err = mbtiles.MarshalInfo(i)
	return m, err
}

// seal writes the manifest, and its signature if there is a key, and returns the names of both files.
func seal(dir, name string, m parcel.Manifest, o Options) (names []string, err error) {
	text, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return nil, err
	}
	text = append(text, '\n')
	if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
		return nil, err
	}
	names = []string{name}
	if o.Key != nil {
		if err := os.WriteFile(filepath.Join(dir, name+parcel.Signed), ed25519.Sign(o.Key, text), 0o644); err != nil {
			return nil, err
		}
		names = append(names, name+parcel.Signed)
	}
	return names, nil
}

// summed is a file that is hashed while it is written.
type summed struct {
	name string
	f    *os.File
	hash hash.Hash
	size int64
}

func createSummed(dir, name string) (*summed, error) {
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	return &summed{name: name, f: f, hash: sha256.New()}, err
}

// Write implements io.Writer.
func (s *summed) Write(b []byte) (int, error) {
	n, err := s.f.Write(b)
	s.hash.Write(b[:n])
	s.size += int64(n)
	return n, err
}

// finish closes the file and returns what the manifest says of it.
func (s *summed) finish() (parcel.File, error) {
	return parcel.File{Path: s.name, Bytes: s.size, SHA256: hex.EncodeToString(s.hash.Sum(nil))}, s.f.Close()
}

// File writes the version in the file at source, which r reads, to the MBTiles file target: byte by byte.
func File(ctx context.Context, r *mbtiles.Reader, source, target string, o Options) (m parcel.Manifest, err error) {
	o.needed = r.Info().SizeBytes + 1<<20
	s, err := newStage(target, false, o)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if m, err = describe(ctx, r, parcel.MBTiles, o); err != nil {
		return m, err
	}
	in, err := os.Open(source)
	if err != nil {
		return m, err
	}
	defer in.Close()
	out, err := createSummed(s.dir, filepath.Base(target))
	if err != nil {
		return m, err
	}
	for err == nil {
		if err = ctx.Err(); err == nil {
			_, err = io.CopyN(out, in, 1<<20)
			o.report(out.size, r.Info().SizeBytes)
		}
	}
	if err != io.EOF {
		return m, errors.Join(err, out.f.Close())
	}
	return m, s.sealFile(out, &m, o)
}

// sealFile closes the one file of an export, writes manifest and signature, and publishes all.
func (s *stage) sealFile(out *summed, m *parcel.Manifest, o Options) error {
	file, err := out.finish()
	if err != nil {
		return err
	}
	m.Files = []parcel.File{file}
	names, err := seal(s.dir, file.Path+parcel.Suffix, *m, o)
	if err != nil {
		return err
	}
	return s.publish(append(names, file.Path))
}

// wrote wraps what went wrong with one file of an export.
func wrote(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("export %s: %w", name, err)
}
