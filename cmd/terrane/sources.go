//go:build !serveonly

package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/terrane/terrane/internal/remedy"
)

// namedSources returns the files to read: each once, however often and by whichever name it was given. A pattern that the shell passed on as it is, is
// refused.
func (a *app) namedSources(given []string) ([]string, error) {
	var sources []string
	seen := map[string]string{}
	for _, name := range given {
		if err := checkPattern(name); err != nil {
			return nil, err
		}
		path := realPath(name)
		if first, twice := seen[path]; twice {
			a.say("note     %s is given twice, and read once%s", name, otherName(first, name))
			continue
		}
		seen[path] = name
		sources = append(sources, name)
	}
	return sources, nil
}

// realPath is the one name of a file, or the name itself of what is not there.
func realPath(name string) string {
	path, err := filepath.EvalSymlinks(name)
	if err != nil {
		return name
	}
	if path, err = filepath.Abs(path); err != nil {
		return name
	}
	return path
}

func otherName(first, second string) string {
	if first == second {
		return ""
	}
	return ": it is " + first
}

// checkPattern refuses a name with wildcards that is no file.
func checkPattern(name string) error {
	if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) || !strings.ContainsAny(name, "*?[") {
		return nil
	}
	if files, err := filepath.Glob(name); err == nil && len(files) > 0 {
		return remedy.New(name, mark(errors.New("a pattern, not a file: the shell leaves what stands in quotes alone"), errInput), "the same without the quotes")
	}
	return remedy.New(name, mark(errors.New("no file matches this pattern"), errInput), "ls "+filepath.Dir(name)+" shows what there is")
}
