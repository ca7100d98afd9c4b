//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// step is one thing to do in the browser; browser.mjs says which there are and what they need.
type step map[string]any

// visit drives the pages below base and returns what each step returned, as JSON. Whatever no visitor should meet fails the test: a failed request, an
// exception, a line on the console, another origin than base's.
func visit(t *testing.T, base string, steps ...step) []json.RawMessage {
	t.Helper()
	return browse(t, base, []string{origin(t, base)}, steps...)
}

// browse is visit for pages that may contact more origins than their own: these, and all of them.
func browse(t *testing.T, base string, origins []string, steps ...step) []json.RawMessage {
	t.Helper()
	shots, err := filepath.Abs("out")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(shots, 0o755); err != nil {
		t.Fatal(err)
	}
	task, err := json.Marshal(map[string]any{"url": base, "shots": shots, "steps": steps})
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command("node", "browser.mjs")
	c.Stdin, c.Stderr = bytes.NewReader(task), os.Stderr
	out, err := c.Output()
	if err != nil {
		t.Fatalf("browser: %v", err)
	}
	var report struct {
		Results                    []json.RawMessage
		Console, Failures, Origins []string
	}
	if err := json.Unmarshal(out, &report); err != nil {
		t.Fatal(err)
	}
	for _, f := range report.Failures {
		t.Errorf("browser: %s", f)
	}
	for _, line := range report.Console {
		t.Errorf("console: %s", line)
	}
	slices.Sort(report.Origins)
	if diff := cmp.Diff(slices.Sorted(slices.Values(origins)), report.Origins); diff != "" {
		t.Errorf("origins contacted: %s", diff)
	}
	if len(report.Results) != len(steps) {
		t.FailNow()
	}
	return report.Results
}

func origin(t *testing.T, base string) string {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	return u.Scheme + "://" + u.Host
}

// texts decodes the result of a "see" step into one string.
func texts(t *testing.T, result json.RawMessage) string {
	t.Helper()
	var list []string
	if err := json.Unmarshal(result, &list); err != nil {
		t.Fatal(err)
	}
	return strings.Join(list, "\n")
}

// expect fails the test unless the JSON of a result is as given.
func expect(t *testing.T, what string, result json.RawMessage, want string) {
	t.Helper()
	if string(result) != want {
		t.Errorf("%s: %s, want %s", what, result, want)
	}
}
