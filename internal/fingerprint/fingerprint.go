// Package fingerprint tells versions of a source file apart without reading a terabyte twice.
package fingerprint

import (
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
func Raster(path string) (string, error) {
	own, err := File(path)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	fmt.Fprintln(sum, own)
	companions, err := companionsOf(path)
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

// companionsOf lists the files beside a raster that belong to it, sorted.
func companionsOf(path string) ([]string, error) {
	base := filepath.Base(path)
	stem := strings.TrimSuffix(base, filepath.Ext(base)) + "."
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	var all []string
	for _, e := range entries {
		if name := e.Name(); name != base && e.Type().IsRegular() && strings.HasPrefix(name, stem) && beside.MatchString(name) {
			all = append(all, filepath.Join(filepath.Dir(path), name))
		}
	}
	slices.Sort(all)
	return all, nil
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
