package exporter

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/terrane/terrane/internal/parcel"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/tilestore"
)

// stage is the hidden folder .<name>.terrane-partial beside the target in which an export is made. Whoever makes it holds a lock on it that the
// kernel drops when the process dies; what a killed one left is cleared by the next export of the same target.
type stage struct {
	target string
	dir    string
	lock   *os.File
}

// newStage checks that the target may be made and begins.
func newStage(target string, folder bool, o Options) (*stage, error) {
	target = filepath.Clean(target)
	if err := checkTarget(target, folder, o.Force); err != nil {
		return nil, err
	}
	s := &stage{target: target, dir: filepath.Join(filepath.Dir(target), "."+filepath.Base(target)+".terrane-partial")}
	if err := os.Mkdir(s.dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, remedy.New(filepath.Dir(target), reason(err), "make that folder, make it writable, or name another")
	}
	var err error
	if s.lock, err = os.Open(s.dir); err != nil {
		return nil, err
	}
	if unix.Flock(int(s.lock.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
		s.lock.Close()
		return nil, remedy.New(target, tilestore.ErrLocked, "wait for the other export, or name another target")
	}
	left, err := os.ReadDir(s.dir)
	for _, e := range left {
		err = errors.Join(err, os.RemoveAll(s.path(e.Name())))
	}
	if err == nil {
		err = room(s.dir, o.needed)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// checkTarget refuses what must not be overwritten. Nothing that is not an export is replaced, whatever the user wants.
func checkTarget(target string, folder, force bool) error {
	stat, err := os.Lstat(target)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if !folder && !force {
			if _, err := os.Lstat(parcel.PathOf(target, false)); err == nil {
				return remedy.New(parcel.PathOf(target, false), tilestore.ErrExists, "--force replaces it, or name another target")
			}
		}
		return nil
	case err != nil:
		return remedy.New(target, reason(err), "name another target")
	case folder != stat.IsDir() || !folder && !stat.Mode().IsRegular():
		return remedy.New(target, fmt.Errorf("%w: it is no export of that form", tilestore.ErrExists), "name another target")
	case folder:
		if files, err := os.ReadDir(target); err == nil && len(files) == 0 {
			return nil
		}
		m, _, ours, _ := parcel.Read(parcel.PathOf(target, true))
		if !ours {
			return remedy.New(target, fmt.Errorf("%w: it is a folder of other things", tilestore.ErrExists), "name another target")
		}
		if other := stranger(target, m); other != "" {
			return remedy.New(filepath.Join(target, other), fmt.Errorf("%w: it is no part of the export in that folder", tilestore.ErrExists), "take it away, or name another target")
		}
	}
	if !force {
		return remedy.New(target, fmt.Errorf("%w: it is there already", tilestore.ErrExists), "--force replaces it, or name another target")
	}
	return nil
}

// stranger names a file below an exported folder that its manifest does not, "" if there is none.
func stranger(folder string, m parcel.Manifest) string {
	known := map[string]bool{parcel.FolderManifest: true, parcel.FolderManifest + parcel.Signed: true}
	for _, f := range m.Files {
		known[f.Path] = true
	}
	found := ""
	_ = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		name, _ := filepath.Rel(folder, path) // it is below
		if err == nil && !d.IsDir() && !known[filepath.ToSlash(name)] {
			found = name
			return fs.SkipAll
		}
		return err
	})
	return found
}

// room checks that the disk has so many bytes left.
func room(dir string, needed int64) error {
	var disk unix.Statfs_t
	if err := unix.Statfs(dir, &disk); err != nil {
		return err
	}
	if free := int64(disk.Bavail) * disk.Bsize; free < needed {
		err := fmt.Errorf("%w: about %d MB needed, %d MB free", tilestore.ErrFull, needed/1e6+1, free/1e6)
		return remedy.New(filepath.Dir(dir), err, "free some space, or name another target")
	}
	return nil
}

// path is where a file lies while the export is made.
func (s *stage) path(name string) string { return filepath.Join(s.dir, name) }

// publish gives the parts of an export of one file their names, the file itself last. A signature of an earlier export goes.
func (s *stage) publish(parts []string) error {
	if err := s.sync(); err != nil {
		return err
	}
	if err := os.Remove(s.target + parcel.Suffix + parcel.Signed); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, name := range parts {
		if err := os.Rename(s.path(name), filepath.Join(filepath.Dir(s.target), name)); err != nil {
			return err
		}
	}
	return s.syncParent()
}

// publishFolder gives the folder of this name its final one, in place of an earlier export.
func (s *stage) publishFolder(name string) error {
	if err := s.sync(); err != nil {
		return err
	}
	old := s.path("old")
	if err := os.Rename(s.target, old); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Rename(s.path(name), s.target); err != nil {
		return errors.Join(err, os.Rename(old, s.target))
	}
	return s.syncParent()
}

// sync writes all that was made to the disk.
func (s *stage) sync() error { return unix.Syncfs(int(s.lock.Fd())) }

func (s *stage) syncParent() error {
	d, err := os.Open(filepath.Dir(s.target))
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// close removes what was not published.
func (s *stage) close() error { return errors.Join(os.RemoveAll(s.dir), s.lock.Close()) }

// reason takes the path out of an error that is told together with it.
func reason(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
