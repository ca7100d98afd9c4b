package mbtiles

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/tilestore"
)

const extension = ".mbtiles"

// maxVersion is the highest number that counts as a version: the next one fits an int everywhere.
const maxVersion = math.MaxInt32

// Ref names a dataset version. Version 0 is that of a file without a number in its name.
type Ref struct {
	Name    string
	Version int
}

// String writes name@version.
func (r Ref) String() string { return r.Name + "@" + strconv.Itoa(r.Version) }

// file returns the file name of a version.
func (r Ref) file() string {
	if r.Version == 0 {
		return r.Name + extension
	}
	return r.String() + extension
}

// parseRef reads "name" or "name@2"; latest tells that no version was given.
func parseRef(s string) (ref Ref, latest bool, err error) {
	name, number, pinned := strings.Cut(s, "@")
	if err := tilestore.CheckName(name); err != nil {
		return Ref{}, false, err
	}
	if !pinned {
		return Ref{Name: name}, true, nil
	}
	v, err := parseVersion(number)
	if err != nil {
		return Ref{}, false, fmt.Errorf("%w: %q", tilestore.ErrNoDataset, s)
	}
	return Ref{name, v}, false, nil
}

// parseVersion reads a version as String writes it: digits only, no leading zero but "0" itself, up to maxVersion.
func parseVersion(s string) (int, error) {
	v, err := strconv.Atoi(s)
	if err == nil && (v < 0 || v > maxVersion || strconv.Itoa(v) != s) {
		err = strconv.ErrSyntax
	}
	return v, err
}

// refOfFile tells which version a file name stands for. Others' names are made fit: "World Map.mbtiles" is world-map. It
// returns an error for an .mbtiles file whose name cannot be used, and ok false for a file that is none of a dataset's.
func refOfFile(file string) (ref Ref, ok bool, err error) {
	stem, found := strings.CutSuffix(file, extension)
	if !found || strings.HasPrefix(file, ".") {
		return Ref{}, false, nil
	}
	if i := strings.LastIndexByte(stem, '@'); i > 0 {
		if v, err := parseVersion(stem[i+1:]); err == nil && v > 0 {
			ref.Version, stem = v, stem[:i]
		}
	}
	ref.Name = strings.Map(fitting, strings.ToLower(stem))
	ref.Name = strings.TrimLeft(ref.Name[:min(len(ref.Name), 63)], "-_")
	if err := tilestore.CheckName(ref.Name); err != nil {
		return Ref{}, false, remedy.New(file, err, "rename the file")
	}
	return ref, true, nil
}

func fitting(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
		return r
	}
	return '-'
}

// highest returns the highest version of name in the folder, 0 if there is none.
func highest(folder, name string) (int, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return 0, err
	}
	last := 0
	for _, e := range entries {
		if ref, ok, _ := refOfFile(e.Name()); ok && ref.Name == name {
			last = max(last, ref.Version)
		}
	}
	return last, nil
}

func partialPath(folder, name string) string {
	return filepath.Join(folder, "."+name+extension+".partial")
}

func lockPath(folder, name string) string { return filepath.Join(folder, "."+name+".lock") }

// Unfinished returns the bytes that a half-made version of name takes in the folder, 0 if there is none.
func Unfinished(folder, name string) int64 {
	total := int64(0)
	for _, suffix := range []string{"", "-wal"} {
		if file, err := os.Stat(partialPath(folder, name) + suffix); err == nil {
			total += file.Size()
		}
	}
	return total
}
