package remedy

import (
	"errors"
	"fmt"
	"testing"
)

var errCause = errors.New("no spatial reference")

func TestAnErrorNamesWhatItIsAboutAndKeepsItsCause(t *testing.T) {
	err := New("dem.tif", errCause, "--src-crs EPSG:4326")
	if got, want := err.Error(), "dem.tif: no spatial reference"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if !errors.Is(err, errCause) {
		t.Error("the cause is lost")
	}
	if got := New("", errCause, "").Error(); got != errCause.Error() {
		t.Errorf("about nothing: %q", got)
	}
}

func TestTheRemedyIsFoundThroughWrappers(t *testing.T) {
	inner := New("dem.tif", errCause, "--src-crs EPSG:4326")
	cases := map[string]struct {
		err  error
		want string
	}{
		"itself":             {inner, "--src-crs EPSG:4326"},
		"wrapped":            {fmt.Errorf("plan: %w", inner), "--src-crs EPSG:4326"},
		"outer has its own":  {New("alps", inner, "try another"), "try another"},
		"outer has none":     {New("alps", inner, ""), "--src-crs EPSG:4326"},
		"no remedy anywhere": {errCause, ""},
		"no error":           {nil, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := Try(c.err); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
