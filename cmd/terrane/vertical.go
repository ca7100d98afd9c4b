//go:build !serveonly

package main

import (
	"fmt"
	"path/filepath"

	"github.com/terrane/terrane/internal/ingest"
	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/internal/remedy"
)

// sayHeights says what the heights of the sources are taken for, and by how much they are shifted.
func (a *app) sayHeights(files []raster.File) {
	datums := ingest.Datums(files)
	for _, d := range datums {
		text := d.From
		switch {
		case d.Assumed:
			text += ", taken as " + d.String()
		case d.From != "":
			text += " says " + d.String()
		default:
			text = "vertical " + d.String()
		}
		if len(datums) > 1 {
			text = doubt{first: d.First, files: d.Files}.where() + ": " + text
		}
		a.say("heights  %s      (%s)", text, override(d))
	}
	var units doubts
	for _, f := range files {
		if f.UnitMetres != 1 {
			units.add(fmt.Sprintf("%s, %.9g m", f.Unit, f.UnitMetres), filepath.Base(f.Path))
		}
	}
	for _, d := range units {
		a.say("note     values are taken in units of 1 %s: %s", d.what, d.where())
	}
	if turned := depths(files); turned > 0 {
		a.say("note     values are taken as depths, positive downwards: %s", count(turned, "file"))
	}
}

// depths counts the files whose values count downwards.
func depths(files []raster.File) int {
	n := 0
	for _, f := range files {
		if f.Depth {
			n++
		}
	}
	return n
}

// override names the flag that says otherwise.
func override(d ingest.Datum) string {
	if d.From == "" {
		return "--vertical egm96, egm2008, EPSG:n or GRIDFILE shifts them, --vertical ellipsoid says that they are right"
	}
	return "--vertical to override"
}

// certain is what --strict asks: nothing about the heights has to be assumed.
func certain(job *ingest.Job) error {
	for _, f := range job.Files {
		name := filepath.Base(f.Path)
		switch doubts := f.Survey.Suspicions; {
		case f.Vertical.Assumed:
			return remedy.New(name, fmt.Errorf("%w: vertical datum is not certain: %s, taken as %s", errAmbiguous, f.Vertical.From, f.Vertical.Name),
				"--vertical egm96, egm2008, EPSG:n, GRIDFILE or ellipsoid, or leave --strict out")
		case !f.Ellipsoidal():
			return remedy.New(name, fmt.Errorf("%w: vertical datum is not stated", errAmbiguous),
				"--vertical egm96, egm2008, EPSG:n, GRIDFILE or ellipsoid, or leave --strict out")
		case f.Shift.Model != "" && f.Shift.Covered < 1:
			return remedy.New(name, fmt.Errorf("%w: %s", errAmbiguous, doubts[len(doubts)-1]),
				"--vertical GRIDFILE that reaches all of it, or leave --strict out")
		case len(doubts) > 0:
			return remedy.New(name, fmt.Errorf("%w: %s", errAmbiguous, doubts[0]), "--nodata V if that value means no data, or leave --strict out")
		}
	}
	return nil
}
