package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/tilestore"
)

func TestUsersReadNoPackageNames(t *testing.T) {
	opening := errors.New("raster: cannot open")
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"a sentinel", tilestore.ErrLocked, "dataset is being written by another process"},
		{"a file and a cause", remedy.New("a.tif", fmt.Errorf("%w: empty", opening), ""), "a.tif: cannot open: empty"},
		{"a dataset named as a package", remedy.New("terrain", tilestore.ErrNoDataset, ""), "terrain: no such dataset"},
		{"work around a file", fmt.Errorf("survey: %w", remedy.New("raster", opening, "")), "survey: raster: cannot open"},
		{"a package around a file", fmt.Errorf("verify: tile 1/2/3: %w", remedy.New("a", opening, "")), "tile 1/2/3: a: cannot open"},
		{"several packages", errors.New("mbtiles: tilestore: no such tile"), "no such tile"},
		{"a remedy in a remedy", remedy.New("a", remedy.New("b", opening, ""), ""), "a: b: cannot open"},
		{"a remedy about nothing", remedy.New("", opening, "wait"), "cannot open"},
		{"options", errors.New("ingest: bad options: level 40"), "level 40"},
		{"several lines", errors.New("one\n  two"), "one two"},
		{"marked", mark(remedy.New("a", opening, ""), errInput), "a: cannot open"},
	} {
		if got := plain(c.err); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestAnInterruptedCommandSaysWhatItLeaves(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"an ingest", mark(ctx.Err(), errResumable), "terrane: interrupted\ntry: the same command again; it carries on where it stopped\n"},
		{"all else", fmt.Errorf("verify: %w", remedy.New("a", ctx.Err(), "copy it again")), "terrane: interrupted\ntry: the same command again; nothing was changed, it begins anew\n"},
	} {
		var talk bytes.Buffer
		if code := (&app{stderr: &talk}).report(ctx, c.err); code != exitInterrupted || talk.String() != c.want {
			t.Errorf("%s: exit %d, %q", c.name, code, talk.String())
		}
	}
}
