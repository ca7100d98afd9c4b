// Package fingerprint tells versions of a source file apart without reading a terabyte twice.
package fingerprint

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// beside are the ends of files that say something about the raster beside them: where it lies (world files, .prj), what is hidden, its overviews.
var beside = regexp.MustCompile(`(?i)\.(?:[a-z]{2,4}w|wld|prj|hdr|ovr|msk|aux|aux\.xml|rrd|rde|ige)$`)

// referred finds what a VRT mosaic is made of.
var referred = regexp.MustCompile(`<SourceFilename[^>]*>([^<]+)</SourceFilename>`)

// mostVRT is more than any VRT of a plain mosaic has, bytes.
const mostVRT = 64 << 20

// Raster returns the fingerprint of a raster file with all that GDAL reads together with it: files beside it of the same name, and for a VRT the size and time of
// every file that it names. A file moved by a new world file is another source.
func Raster(path string) (string, error) { return new(Rasters).Of(path) }

// Rasters takes the fingerprints of many rasters, and reads each folder once for all of them. The zero value is ready to use, by one goroutine.
type Rasters struct {
	folders map[string][]string // names of the files that may belong to a raster, sorted
}

// Of is [Raster].
func (r *Rasters) Of(path string) (string, error) {
	own, err := File(path)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	fmt.Fprintln(sum, own)
	companions, err := r.companions(path)
	if err != nil {
		return "", fmt.Errorf("fingerprint: %w", err)
	}
	for _, c := range companions {
		print, err := File(c)
		if err != nil {
			return "", err
		}
		fmt.Fprintln(sum, filepath.Base(c), print)
	}
	if err := sources(sum, path); err != nil {
		return "", fmt.Errorf("fingerprint: %w", err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// companions lists the files beside a raster that belong to it, sorted.
func (r *Rasters) companions(path string) ([]string, error) {
	folder, base := filepath.Split(path)
	names, err := r.namesIn(folder)
	if err != nil {
		return nil, err
	}
	stem := strings.TrimSuffix(base, filepath.Ext(base)) + "."
	var all []string
	for k, _ := slices.BinarySearch(names, stem); k < len(names) && strings.HasPrefix(names[k], stem); k++ {
		if names[k] != base {
			all = append(all, filepath.Join(folder, names[k]))
		}
	}
	return all, nil
}

// namesIn lists what lies in a folder and may belong to a raster, sorted.
func (r *Rasters) namesIn(folder string) ([]string, error) {
	if names, known := r.folders[folder]; known {
		return names, nil
	}
	entries, err := os.ReadDir(cmp.Or(folder, "."))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries { // sorted
		if e.Type().IsRegular() && beside.MatchString(e.Name()) {
			names = append(names, e.Name())
		}
	}
	if r.folders == nil {
		r.folders = map[string][]string{}
	}
	r.folders[folder] = names
	return names, nil
}

// sources writes down the files that a VRT names, of those that are there.
func sources(sum io.Writer, path string) error {
	if !strings.EqualFold(filepath.Ext(path), ".vrt") {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, mostVRT))
	if err != nil {
		return err
	}
	for _, m := range referred.FindAllSubmatch(text, -1) {
		if stat, err := os.Stat(filepath.Join(filepath.Dir(path), string(m[1]))); err == nil {
			fmt.Fprintln(sum, string(m[1]), stat.Size(), stat.ModTime().UnixNano())
		}
	}
	return nil
}

// Of a large file this much is read at each of so many places.
const (
	blockBytes = 64 << 10
	blocks     = 64
)

// File returns the SHA-256 of a file, hex, or for a file over 4 MiB that of 64 blocks of 64 KiB spread evenly from its first byte to its last.
func File(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("fingerprint: %w", err)
	}
	defer f.Close()
	stat, err := f.Stat()
	if err != nil {
		return "", fmt.Errorf("fingerprint: %w", err)
	}
	sum := sha256.New()
	if stat.Size() <= blockBytes*blocks {
		_, err = io.Copy(sum, f)
	} else {
		for k := range int64(blocks) {
			at := k * (stat.Size() - blockBytes) / (blocks - 1)
			if _, err = io.Copy(sum, io.NewSectionReader(f, at, blockBytes)); err != nil {
				break
			}
		}
	}
	if err != nil {
		return "", fmt.Errorf("fingerprint %s: %w", path, err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
