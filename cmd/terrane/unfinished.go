package main

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// unfinished lists the names in the data folder under which something half-made lies: killed, or being made right now. It is no dataset, and in no catalogue.
// docs/formats.md says what its file is called.
func (a *app) unfinished() []string {
	files, _ := filepath.Glob(filepath.Join(a.data, ".*.mbtiles.partial")) // the pattern is well formed
	var names []string
	for _, f := range files {
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(f), "."), ".mbtiles.partial")
		if tilestore.CheckName(name) == nil {
			names = append(names, name)
		}
	}
	return names
}

// sayUnfinished tells of what is half-made in the data folder.
func (a *app) sayUnfinished() {
	for _, name := range a.unfinished() {
		a.sayUnfinishedOf(name)
	}
}

// sayUnfinishedOf tells of what is half-made under a name, if anything is.
func (a *app) sayUnfinishedOf(name string) {
	if size := mbtiles.Unfinished(a.data, name); size > 0 {
		a.say("note     %s: unfinished work, %s: the command that began it carries on, terrane rm %s --unfinished drops it", name, sizeText(size), name)
	}
}

// dropUnfinished drops what is half-made under a name and returns its bytes. Nobody else may be at it.
func (a *app) dropUnfinished(ctx context.Context, name string) (int64, error) {
	size := mbtiles.Unfinished(a.data, name)
	if err := tilestore.CheckName(name); err != nil {
		return 0, remedy.New("", err, "terrane list names what is unfinished")
	}
	if size == 0 {
		return 0, remedy.New(name, errors.New("nothing unfinished under this name"), "terrane list names what is unfinished; terrane rm "+name+" removes a dataset")
	}
	w, err := mbtiles.Create(ctx, a.data, name, mbtiles.Options{Work: "rm", Force: true})
	if err != nil {
		return 0, err
	}
	return size, w.Discard()
}
