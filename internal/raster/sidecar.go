package raster

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// sidecarNames is how many names of a folder are compared without regard to case. GDAL does so in folders of up to 100 (see
// GDAL_READDIR_LIMIT_ON_OPEN in seam.c); in larger ones it asks for the plain names only.
const sidecarNames = 128

// sidecars are the extensions of the files that GDAL opens by itself beside a raster, with any driver that likes the head.
func sidecars() []string { return []string{".ovr", ".msk", ".aux", ".rrd", ".rde", ".ige"} }

// sidecarHeads returns how a sidecar must begin, so that no driver but the one meant for it takes it. The NUL counts: the VRT
// driver looks for its element in the text up to there.
func sidecarHeads(ext string) []string {
	switch strings.ToLower(ext) {
	case ".ovr", ".msk":
		return tiffHeads()
	case ".aux", ".rrd":
		return []string{"EHFA_HEADER_TAG\x00"}
	case ".ige", ".rde":
		return []string{"ERDAS_IMG_EXTERNAL_RASTER\x00"}
	}
	return nil
}

func tiffHeads() []string { return []string{"II*\x00", "MM\x00*", "II+\x00", "MM\x00+"} }

func beginsWith(head []byte, any []string) bool {
	return slices.ContainsFunc(any, func(s string) bool { return bytes.HasPrefix(head, []byte(s)) })
}

// checkSidecars looks at the files that GDAL opens by itself beside a raster, and at those beside these: overviews may have
// overviews. Georeferencing is text, and must not be a pipe.
func checkSidecars(name, abs string) error {
	if err := checkSidecarsOf(name, abs, map[string]bool{abs: true}); err != nil {
		return err
	}
	stem, own := strings.TrimSuffix(abs, filepath.Ext(abs)), filepath.Ext(abs)
	texts := []string{".prj", ".hdr", ".wld", ".clr", ".stx", ".tab", own + "w"}
	if n := len(own); n > 2 {
		texts = append(texts, "."+own[1:2]+own[n-1:]+"w") // .tfw, .jgw
	}
	for _, ext := range texts {
		for _, side := range []string{stem + ext, stem + strings.ToUpper(ext), abs + ext} {
			if info, err := os.Stat(side); err == nil && !info.Mode().IsRegular() {
				return refuse(name, ErrUnsafe, "remove it", "its sidecar %s is not a regular file", filepath.Base(side))
			}
		}
	}
	return nil
}

func checkSidecarsOf(name, abs string, seen map[string]bool) error {
	for _, side := range besides(abs) {
		if _, err := os.Lstat(side); err != nil || seen[side] {
			continue
		}
		seen[side] = true
		if _, err := regular(side); err != nil {
			return refuse(name, ErrUnsafe, "remove it", "its sidecar %s is %v", filepath.Base(side), err)
		}
		head, err := readHead(side)
		if err != nil {
			return refuse(name, ErrUnsafe, "remove it", "its sidecar %s: %v", filepath.Base(side), unpath(err))
		}
		if err := checkSidecarHead(side, head); err != nil {
			return refuse(name, ErrUnsafe, "remove it or make it anew with gdaladdo", "%v", err)
		}
		if err := checkSidecarsOf(name, side, seen); err != nil {
			return err
		}
	}
	return nil
}

func checkSidecarHead(side string, head []byte) error {
	if isVRT(head) {
		return fmt.Errorf("its sidecar %s is a VRT", filepath.Base(side))
	}
	if !beginsWith(head, sidecarHeads(filepath.Ext(side))) {
		return fmt.Errorf("its sidecar %s is not what its name says", filepath.Base(side))
	}
	return nil
}

// besides lists where a raster's sidecars may be: at its whole name and at its stem, in any case.
func besides(abs string) []string {
	var out, bases []string
	for _, ext := range sidecars() {
		for _, base := range []string{abs, strings.TrimSuffix(abs, filepath.Ext(abs))} {
			out = append(out, base+ext, base+strings.ToUpper(ext))
			bases = append(bases, filepath.Base(base)+ext)
		}
	}
	folder, err := os.Open(filepath.Dir(abs))
	if err != nil {
		return out
	}
	defer folder.Close()
	names, _ := folder.Readdirnames(sidecarNames)
	for _, n := range names {
		if slices.ContainsFunc(bases, func(b string) bool { return strings.EqualFold(b, n) }) {
			out = append(out, filepath.Join(filepath.Dir(abs), n))
		}
	}
	return out
}

// checkZipSidecars holds every member of a zip that GDAL might take for a sidecar to the same rules.
func checkZipSidecars(name string, z *zip.Reader) error {
	for _, f := range z.File {
		if !slices.Contains(sidecars(), strings.ToLower(filepath.Ext(f.Name))) {
			continue
		}
		head, err := memberHead(f)
		if err != nil {
			return refuse(name, ErrCorrupt, "copy the file again", "%s: %v", f.Name, err)
		}
		if err := checkSidecarHead(f.Name, head); err != nil {
			return refuse(name, ErrUnsafe, "unzip it and give the file", "%v", err)
		}
	}
	return nil
}

func memberHead(f *zip.File) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(io.LimitReader(r, 4096))
}
