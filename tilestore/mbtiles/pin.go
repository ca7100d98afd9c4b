package mbtiles

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/tilestore"
)

// A pin is the hidden file .<name>.use beside the versions of a dataset: the number of the version that its bare name stands for, and a
// line feed. A pin to a version that is not there, or not whole, counts for nothing; who removes that version, or publishes one of its
// number, removes the pin.

const (
	pinSuffix = ".use"
	pinMost   = 16 // bytes of a pin
)

func pinPath(folder, name string) string { return filepath.Join(folder, "."+name+pinSuffix) }

// nameOfPin tells whose pin a file name stands for.
func nameOfPin(file string) (name string, ok bool) {
	stem, found := strings.CutSuffix(file, pinSuffix)
	name, hidden := strings.CutPrefix(stem, ".")
	return name, found && hidden && tilestore.CheckName(name) == nil
}

// readPin returns the version that a dataset is pinned to; none if there is no pin.
func readPin(folder, name string) (version int, ok bool, err error) {
	path := pinPath(folder, name)
	stat, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, false, nil
	}
	if err == nil && (!stat.Mode().IsRegular() || stat.Size() > pinMost) {
		err = fmt.Errorf("%w: not the number of a version", tilestore.ErrCorrupt)
	}
	var text []byte
	if err == nil {
		text, err = os.ReadFile(path)
	}
	if err == nil {
		if version, err = parseVersion(strings.TrimSuffix(string(text), "\n")); err != nil {
			err = fmt.Errorf("%w: not the number of a version", tilestore.ErrCorrupt)
		}
	}
	if err != nil {
		return 0, false, remedy.New(filepath.Base(path), err, "terrane use "+name+" makes the newest version the current one")
	}
	return version, true, nil
}

// writePin writes it under another name first: whoever looks sees the old one or the new one.
func writePin(folder string, r Ref) error {
	path := pinPath(folder, r.Name)
	f, err := os.CreateTemp(folder, "."+r.Name+".*.tmp")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(strconv.Itoa(r.Version) + "\n")
	if err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncFolder(folder)
}

// dropPin removes the pin of a dataset if gone says so of the version that it names.
func dropPin(folder, name string, gone func(version int) bool) error {
	version, ok, err := readPin(folder, name)
	if err == nil && (!ok || !gone(version)) {
		return nil
	}
	if err := os.Remove(pinPath(folder, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return folderFault(folder, err)
	}
	return nil
}

// Use makes a version, "name@2", the one that the bare name stands for, whatever is published later; "name" makes it the newest again. Everybody
// who watches the folder follows within about a second. Errors wrap tilestore.ErrNoDataset or ErrName, or are those of [Folder.Get].
func (f *Folder) Use(ctx context.Context, ref string) error {
	r, latest, err := parseRef(ref)
	if err != nil {
		return err
	}
	f.refresh()
	if len(f.now.Load().refs[ref]) == 0 {
		return noDataset(ref)
	}
	if latest {
		err = dropPin(f.dir, r.Name, func(int) bool { return true })
	} else {
		h, wrong := f.Get(ctx, ref)
		if wrong != nil {
			return wrong // what cannot be read is not to be served
		}
		h.Release()
		err = folderFault(f.dir, writePin(f.dir, r))
	}
	f.refresh()
	return err
}

// Pinned returns the version that [Folder.Use] made the current one. It may be gone, or broken: then the bare name stands for the newest.
func (f *Folder) Pinned(name string) (version int, ok bool) {
	version, ok = f.now.Load().pins[name]
	return version, ok
}

// pin takes a file into the listing if it is a pin.
func (l *listing) pin(dir, file string) {
	name, ok := nameOfPin(file)
	if !ok {
		return
	}
	version, ok, err := readPin(dir, name)
	if err != nil {
		l.problems = append(l.problems, Problem{file, err})
	}
	if ok {
		l.pins[name] = version
	}
}

// pinned puts the version to which a dataset is pinned before all others.
func (l *listing) pinned(name string, entries []*entry) {
	version, ok := l.pins[name]
	for k, e := range entries {
		if ok && e.ref.Version == version {
			copy(entries[1:k+1], entries[:k])
			entries[0] = e
			return
		}
	}
}
