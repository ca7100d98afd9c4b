// Command bundle packs a folder into a zip file that depends on nothing but the folder's content: names sorted, no times, no
// modes, deflate at its best level. scripts/setup packs CesiumJS with it.
//
//	go run ./scripts/bundle FOLDER FILE.zip
package main

import (
	"archive/zip"
	"compress/flate"
	"fmt"
	"io"
	"io/fs"
	"os"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: bundle FOLDER FILE.zip")
		os.Exit(2)
	}
	if err := write(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "bundle:", err)
		os.Exit(1)
	}
}

// write packs folder into file by way of a partial file, so that an interrupted run leaves no half zip behind.
func write(folder, file string) error {
	partial := file + ".partial"
	f, err := os.Create(partial)
	if err != nil {
		return err
	}
	err = pack(f, os.DirFS(folder))
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		os.Remove(partial)
		return fmt.Errorf("pack %s: %w", folder, err)
	}
	return os.Rename(partial, file)
}

// pack writes the files of folder in the order of [fs.WalkDir], which sorts by name.
func pack(w io.Writer, folder fs.FS) error {
	z := zip.NewWriter(w)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.BestCompression)
	})
	err := fs.WalkDir(folder, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(folder, name)
		if err != nil {
			return err
		}
		e, err := z.Create(name)
		if err != nil {
			return err
		}
		_, err = e.Write(data)
		return err
	})
	if err != nil {
		return err
	}
	return z.Close()
}
