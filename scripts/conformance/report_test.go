package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// writeLog writes one log.xml as TEAM Engine 5.7 lays it out; an empty result leaves the end away.
func writeLog(t *testing.T, folder, name, body, result string) {
	t.Helper()
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	end := ""
	if result != "" {
		end = fmt.Sprintf("<endtest result=%q/></log>", result)
	}
	log := fmt.Sprintf(`<log mode="0"><starttest prefix="t" local-name=%q><assertion>It is %s.</assertion></starttest>%s%s`, name, name, body, end)
	if err := os.WriteFile(filepath.Join(folder, "log.xml"), []byte(log), 0o644); err != nil {
		t.Fatal(err)
	}
}

// session writes a main test that calls one test for each of results, name to result.
func session(t *testing.T, results map[string]string) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "s1")
	calls := ""
	for name, result := range results {
		calls += fmt.Sprintf(`<testcall path="s1/%s"/>`, name)
		writeLog(t, filepath.Join(folder, name), name, `<message>so</message><request><ctl:request xmlns:ctl="c"><ctl:url>http://h/wms?</ctl:url>
			<ctl:param name="LAYERS"> a,b </ctl:param><ctl:param name="STYLES"/></ctl:request></request>`, result)
	}
	writeLog(t, folder, "main", calls, "5")
	return folder
}

func TestATestCountsOnce(t *testing.T) {
	for _, c := range []struct {
		name                    string
		results                 map[string]string
		passed, failed, skipped int
		bad                     bool
	}{
		{"all pass", map[string]string{"a": "1", "b": "0", "c": "4"}, 3, 0, 0, false},
		{"a skipped and an untested one are no failures", map[string]string{"a": "1", "b": "2", "c": "3"}, 1, 0, 2, false},
		{"one fails, and the group above is not counted", map[string]string{"a": "1", "b": "6"}, 1, 1, 0, true},
		{"one did not end", map[string]string{"a": "1", "b": ""}, 1, 1, 0, true},
		{"a suite in which nothing passed proves nothing", map[string]string{"a": "3"}, 0, 0, 1, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := readSuite("x", session(t, c.results))
			if s.passed != c.passed || len(s.failed) != c.failed || len(s.skipped) != c.skipped || s.bad() != c.bad || s.why != "" {
				t.Errorf("got %d passed, %d failed, %d skipped, bad %v, %q; want %+v", s.passed, len(s.failed), len(s.skipped), s.bad(), s.why, c)
			}
		})
	}
}

func TestReportNamesWhatFailed(t *testing.T) {
	var b strings.Builder
	if err := reportAll([]string{"x=" + session(t, map[string]string{"a": "1", "b": "6"})}, &b); err == nil {
		t.Error("a failed test is no error")
	}
	for _, want := range []string{"suite  passed  failed  skipped", "x t:b: failed", "asserts: It is b.", "says:    so",
		"asked:   http://h/wms?LAYERS=a,b&STYLES="} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in:\n%s", want, b.String())
		}
	}
}

func TestASuiteThatDidNotRunFails(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, notRun), []byte("nowhere to be had\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, folder := range map[string]string{"with a reason": dir, "without a folder": filepath.Join(dir, "none")} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			if err := reportAll([]string{"x=" + folder}, &b); err == nil {
				t.Error("it counts as passed")
			}
			if !strings.Contains(b.String(), "x: not run: ") {
				t.Errorf("it is not told:\n%s", b.String())
			}
		})
	}
}
