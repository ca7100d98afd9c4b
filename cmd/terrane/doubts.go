//go:build !serveonly

package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/internal/tiler"
)

// sayDoubts says what a user may have meant otherwise: each doubt once, with the first file that raises it.
func (a *app) sayDoubts(job *tiler.Job) {
	var replaced, collars, heights doubts
	for _, f := range job.Files {
		name := filepath.Base(f.Path)
		if f.Replaced != "" {
			replaced.add(f.Replaced, name)
		}
		if f.Collar != nil {
			collars.add(valuesText(f.Collar.Values), fmt.Sprintf("about %.0f %% of %s", 100*f.Collar.Share, name))
		}
		if likeHeights(f) {
			heights.add(strings.ToLower(f.DataType), name)
		}
	}
	a.sayReplaced(replaced)
	for _, d := range collars {
		a.say("note     the value %s fills %s from the edges, and is not declared as no data        (--nodata %s makes it transparent)",
			d.what, d.where(), d.what)
	}
	for _, d := range heights {
		a.say("note     %s, one band of %s: if these are heights, terrane ingest terrain makes ground of them", d.where(), d.what)
	}
}

// sayReplaced says that --src-crs counts instead of what files state.
func (a *app) sayReplaced(replaced doubts) {
	for _, d := range replaced {
		a.say("note     --src-crs counts, not the file's own %s: %s        (leave --src-crs out to trust the file)", d.what, d.where())
	}
}

// doubts are things that files have in common.
type doubts []doubt

type doubt struct {
	what, first string
	files       int
}

func (d *doubts) add(what, where string) {
	for i := range *d {
		if (*d)[i].what == what {
			(*d)[i].files++
			return
		}
	}
	*d = append(*d, doubt{what, where, 1})
}

// where names the first file, and says how many more there are.
func (d doubt) where() string {
	if d.files == 1 {
		return d.first
	}
	return fmt.Sprintf("%s (and %s)", d.first, count(d.files-1, "other"))
}

// valuesText writes a value, or one for each band, as --nodata takes it.
func valuesText(values []float64) string {
	var words []string
	for _, v := range values {
		words = append(words, fmt.Sprintf("%.17g", v))
	}
	for _, w := range words[1:] {
		if w != words[0] {
			return strings.Join(words, ",")
		}
	}
	return words[0]
}

// likeHeights tells whether a picture may be an elevation model: one band of numbers that are no bytes, and may be below zero.
func likeHeights(f raster.PictureFile) bool {
	switch f.DataType {
	case "Int16", "Int32", "Float32", "Float64":
		return f.Count == 1
	}
	return false
}
