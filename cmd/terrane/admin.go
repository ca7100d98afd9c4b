package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/terrane/terrane/internal/importer"
	"github.com/terrane/terrane/internal/parcel"
	"github.com/terrane/terrane/internal/server"
	"github.com/terrane/terrane/terrain"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// admin does over HTTP what the commands import, rm and use do, in the folder of a server that runs.
type admin struct {
	app    *app
	folder *mbtiles.Folder
}

// uploadPrefix begins the hidden folders in the data folder in which uploads arrive. What a killed server left of them is removed once it is
// so old.
const (
	uploadPrefix = ".upload-"
	uploadStale  = 24 * time.Hour
)

// newAdmin returns the administration of a folder.
func newAdmin(a *app, folder *mbtiles.Folder) admin {
	left, _ := filepath.Glob(filepath.Join(a.data, uploadPrefix+"*"))
	for _, path := range left {
		if s, err := os.Lstat(path); err == nil && s.IsDir() && time.Since(s.ModTime()) > uploadStale {
			os.RemoveAll(path)
		}
	}
	quiet := *a
	quiet.quiet, quiet.json, quiet.stdout, quiet.stderr = true, true, io.Discard, io.Discard
	return admin{&quiet, folder}
}

// Publish takes in an MBTiles file: beside the datasets first, then as terrane import does.
func (d admin) Publish(ctx context.Context, name string, body io.Reader, size int64) (int, error) {
	if err := errors.Join(checkFolder(d.app.data), makeFolder(d.app.data, 2*max(size, 0))); err != nil {
		return 0, overHTTP(err)
	}
	dir, err := os.MkdirTemp(d.app.data, uploadPrefix+"*")
	if err != nil {
		return 0, overHTTP(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, name+".mbtiles")
	if err := receive(path, body); err != nil {
		return 0, overHTTP(err)
	}
	if err := mbtiles.CheckPlain(path); err != nil {
		return 0, overHTTP(err)
	}
	version, err := d.take(ctx, path, name)
	if err != nil {
		return 0, overHTTP(err)
	}
	return version, d.await(ctx, name+"@"+versionText(version))
}

// receive writes an upload into a file, if it begins as an MBTiles file does.
func receive(path string, body io.Reader) error {
	const magic = "SQLite format 3\x00"
	head := make([]byte, len(magic))
	if _, err := io.ReadFull(body, head); err == io.EOF || err == io.ErrUnexpectedEOF || err == nil && string(head) != magic {
		return mark(errors.New("no MBTiles file"), errInput)
	} else if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, io.MultiReader(bytes.NewReader(head), body))
	return errors.Join(err, f.Close())
}

// take imports a file as the next version of a dataset.
func (d admin) take(ctx context.Context, path, name string) (int, error) {
	var out bytes.Buffer
	a := *d.app
	a.stdout = &out
	f := importFlags{name: name, rows: "auto", grid: "auto", progress: "none", jobs: runtime.NumCPU(), uploaded: true}
	o, at, err := f.options()
	if err != nil {
		return 0, err
	}
	p, err := a.openParcel(ctx, path, f)
	switch {
	case err != nil:
		err = parcelFault(err)
	case p == nil:
		err = a.importTiles(ctx, path, o, at, f)
	default:
		err = parcelFault(a.importParcel(ctx, p, f))
	}
	if err != nil {
		return 0, err
	}
	var made published
	err = json.Unmarshal(out.Bytes(), &made)
	return made.Version, err
}

// await waits until the folder, which sees changes soon but not at once, knows a version: who is told of it finds it.
func (d admin) await(ctx context.Context, ref string) error {
	const pause, most = 25 * time.Millisecond, 80
	for n := 0; ; n++ {
		h, err := d.folder.Get(ctx, ref)
		if err == nil {
			h.Release()
			return nil
		}
		if !errors.Is(err, tilestore.ErrNoDataset) || n == most {
			return overHTTP(err)
		}
		time.Sleep(pause)
	}
}

// Remove removes what ref names, unless this program did not make it.
func (d admin) Remove(_ context.Context, ref string) ([]int, error) {
	versions, err := removeFrom(d.folder, ref, false)
	if errors.Is(err, tilestore.ErrForeign) {
		const text = "this program did not make the file: terrane rm --force removes it, if it is to go"
		return nil, &server.Refusal{Status: http.StatusConflict, Text: text, Err: err}
	}
	return versions, overHTTP(err)
}

// Use makes what ref names the current version.
func (d admin) Use(ctx context.Context, ref string) (int, error) {
	if err := d.folder.Use(ctx, ref); err != nil {
		return 0, overHTTP(err)
	}
	name, _ := splitRef(ref)
	list, err := d.app.versions(ctx, d.folder, name)
	if err != nil {
		return 0, overHTTP(err)
	}
	return list[shownOf(d.folder, list)].Version, nil
}

// answersOverHTTP say what becomes of errors over HTTP; the first match counts. Of those that are not here the client hears nothing.
var answersOverHTTP = []struct {
	is     error
	status int
	text   string
}{
	{tilestore.ErrFull, http.StatusServiceUnavailable, "there is no room for it on the server's disk"},
	{syscall.ENOSPC, http.StatusServiceUnavailable, "there is no room for it on the server's disk"},
	{syscall.EDQUOT, http.StatusServiceUnavailable, "there is no room for it on the server's disk"},
	{tilestore.ErrLocked, http.StatusConflict, "other work on this dataset is under way"},
	{tilestore.ErrExists, http.StatusConflict, "other work on this dataset is unfinished: terrane rm --unfinished drops it"},
	{errReadOnly, http.StatusConflict, "the data folder is read-only"},
	{syscall.EROFS, http.StatusConflict, "the data folder is read-only"},
	{errInput, http.StatusUnprocessableEntity, notWhole},
	{errVerification, http.StatusUnprocessableEntity, notWhole},
	{tilestore.ErrInvalid, http.StatusUnprocessableEntity, notWhole},
	{tilestore.ErrCorrupt, http.StatusUnprocessableEntity, notWhole},
	{tilestore.ErrForeign, http.StatusUnprocessableEntity, notWhole},
	{terrain.ErrCorrupt, http.StatusUnprocessableEntity, notWhole},
	{terrain.ErrInvalid, http.StatusUnprocessableEntity, notWhole},
	{importer.ErrIncomplete, http.StatusUnprocessableEntity, notWhole},
	{importer.ErrPicture, http.StatusUnprocessableEntity, notWhole},
	{parcel.ErrTampered, http.StatusUnprocessableEntity, notWhole},
}

const notWhole = "nothing was published: this is no MBTiles file whose tiles are all good; terrane verify FILE says what is wrong"

// overHTTP tells an error as a client may hear it; nil stays nil.
func overHTTP(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	for _, r := range answersOverHTTP {
		if errors.Is(err, r.is) {
			return &server.Refusal{Status: r.status, Text: r.text, Err: err}
		}
	}
	return err
}
