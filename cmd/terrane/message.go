package main

import (
	"errors"
	"regexp"
	"strings"

	"github.com/terrane/terrane/internal/remedy"
)

// plain is what a user reads of an error, on one line: the file or dataset and the cause, without the names of the program's own packages that errors
// begin with. What an error is about is left as it is: a dataset may be called "terrain".
func plain(err error) string { return oneLine(spelt(err)) }

func spelt(err error) string {
	var e *remedy.Error
	if !errors.As(err, &e) {
		return withoutPackages(err.Error())
	}
	context, found := strings.CutSuffix(err.Error(), e.Error())
	switch {
	case !found:
		return withoutPackages(err.Error())
	case e.On == "":
		return withoutPackages(context) + spelt(e.Err)
	}
	return withoutPackages(context) + e.On + ": " + spelt(e.Err)
}

// withoutPackages takes the names of packages out of a text.
func withoutPackages(s string) string {
	const names = `ingest: bad options|tiler: bad options|tiler|picture|imagery|raster|tilestore|mbtiles|ingest|verify|importer|terrain|tilegrid|gzrun|server|places|doctor|parcel|elevation`
	s = regexp.MustCompile(`strconv\.Parse\w+: parsing "[^"]*": `).ReplaceAllString(s, "")
	return regexp.MustCompile(`(^|: )(?:(?:`+names+`): )+`).ReplaceAllString(s, "$1")
}

// oneLine keeps a text on one line whatever a library wrote into it.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
