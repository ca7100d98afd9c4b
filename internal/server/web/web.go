// Package web holds the files that a browser gets: the catalogue page, the viewer, the tile inspector, their scripts and styles, and CesiumJS.
// All of them are inside the program, so a page never needs another origin. The package knows nothing of HTTP: internal/server
// decides which URL gives which file, and with which headers.
//
// The pages live below the server's root and use relative URLs only, so that the whole site may sit behind a path prefix:
//
//	/            index.html
//	/viewer      viewer.html
//	/inspect     inspect.html
//	/assets/*    every other file of [Pages]
//	/cesium/*    the files of [Cesium]
//
// They need this Content-Security-Policy and nothing wider (measured with CesiumJS 1.145 in Chromium): see [Policy].
//
// CesiumJS is not committed. scripts/setup puts it into bundle/cesium.zip before the build; a program that was built without it has
// no viewer, and [Cesium] says so.
package web

import (
	"archive/zip"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// Policy is the Content-Security-Policy of the pages. CesiumJS compiles WebAssembly, starts its workers from files of this origin (from blobs
// only if it comes from another one, which is not allowed here), decodes pictures from blobs and data URLs, and sets style
// attributes; none of that leaves the origin.
const Policy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; " +
	"connect-src 'self' blob: data:; img-src 'self' blob: data:; style-src 'self' 'unsafe-inline'; " +
	"object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"

// ErrNoCesium says that the program was built without CesiumJS: scripts/setup had not run before the build.
var ErrNoCesium = errors.New("web: built without CesiumJS")

//go:embed pages
var pages embed.FS

//go:embed bundle
var bundle embed.FS

// Pages returns index.html, viewer.html, inspect.html and the files that they use.
func Pages() fs.FS {
	sub, err := fs.Sub(pages, "pages")
	if err != nil { // only for a malformed name, and this one is constant
		panic(err)
	}
	return sub
}

// Cesium returns CesiumJS as a zip whose entries are deflated, so that a server may pass them on as they are
// ([zip.File.OpenRaw]). The reader is safe for goroutines and reads from the program's own memory. It returns [ErrNoCesium].
func Cesium() (*zip.Reader, error) {
	f, err := bundle.Open("bundle/cesium.zip")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNoCesium
	}
	if err != nil {
		return nil, fmt.Errorf("open CesiumJS: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("open CesiumJS: %w", err)
	}
	r, err := zip.NewReader(f.(io.ReaderAt), info.Size())
	if err != nil {
		return nil, fmt.Errorf("open CesiumJS: %w", err)
	}
	return r, nil
}
