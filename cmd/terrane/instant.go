package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/terrane/terrane/internal/server"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// timeHelp describes --time.
const timeHelp = "instant that the pictures show, 2024-06-01 or 2024-06-01T10:30:00Z: versions with one are the times of the dataset in WMS and\n" +
	"WMTS, and who asks for none is shown the latest"

// instantForms are the forms of ISO 8601 that --time takes. What a form leaves out is its first: 2024 is the first instant of 2024.
var instantForms = []string{"2006", "2006-01", "2006-01-02", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z07:00"}

// parseInstant reads --time; "" is none, the zero time.
func parseInstant(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, form := range instantForms {
		if t, err := time.Parse(form, text); err == nil && t.Year() > 0 && !t.IsZero() && t.Nanosecond() == 0 { // Go reads fractions of a second that no form has
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("--time %q: it is a date, 2024-06-01, or an instant with its offset, 2024-06-01T10:30:00Z", text)
}

// instantText writes an instant as short as it can be said; the zero time is "".
func instantText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return strings.TrimSuffix(t.UTC().Format(time.RFC3339Nano), "T00:00:00Z")
}

// shownOf says which of a dataset's versions, the newest first, is served under its bare name: the one that "terrane use" said, the newest, or of
// versions with a time the newest of the latest instant.
func shownOf(folder *mbtiles.Folder, list []server.Summary) (shown int) {
	if k := pinnedOf(folder, list); k >= 0 {
		return k
	}
	for i, v := range list {
		if !list[0].Time.IsZero() && v.Kind == list[0].Kind && v.Time.After(list[shown].Time) {
			shown = i
		}
	}
	return shown
}

// sayInstant says so if a version that was made is not what is served under the dataset's bare name, or if it hides the times of others.
func (a *app) sayInstant(ctx context.Context, made tilestore.Info) error {
	folder, err := a.openFolder(ctx)
	if err != nil {
		return err
	}
	defer folder.Close()
	_, pinned := folder.Pinned(made.Name)
	if !pinned && made.Time.IsZero() && made.Kind == tilestore.Terrain || len(folder.Versions(made.Name)) == 1 {
		return nil // without opening the others
	}
	list, err := a.versions(ctx, folder, made.Name)
	if err != nil || len(list) == 0 || list[0].Version != made.Version {
		return err
	}
	if k := pinnedOf(folder, list); k >= 0 {
		a.say("note     %s stays version %d, as terrane use said        (terrane use %s makes it version %d)", made.Name, list[k].Version, made.Name, made.Version)
		return nil
	}
	if i := shownOf(folder, list); i > 0 {
		a.say("note     %s without a time still shows %s, version %d: it is the latest instant        (%s is had by its time or as %s@%d)",
			made.Name, instantText(list[i].Time), list[i].Version, instantText(made.Time), made.Name, made.Version)
	}
	if hidden := timed(list); made.Time.IsZero() && hidden > 0 {
		a.say("note     %s has no times any more, for this version has none: %s with one        (--time gives it one)",
			made.Name, count(hidden, "other version"))
	}
	return nil
}

// timed counts the versions with a time.
func timed(list []server.Summary) (n int) {
	for _, v := range list {
		if !v.Time.IsZero() {
			n++
		}
	}
	return n
}
