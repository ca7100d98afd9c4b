package main

import (
	"fmt"
	"strings"
	"time"
)

// timeHelp describes --time.
const timeHelp = "instant that the pictures show, 2024-06-01 or 2024-06-01T10:30:00Z: versions with one are the times of the dataset in WMS"

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
