package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestProgressIsToldInLinesThatFitTheMode(t *testing.T) {
	for _, c := range []struct {
		mode  string
		quiet bool
		took  time.Duration // before the last part
		lines int
		says  string // the last line
	}{
		{"auto", false, 0, 1, "tiling   100 %  50 tiles  "},
		{"auto", false, 11 * time.Second, 2, "tiling   100 %  50 tiles  "},
		{"lines", false, 0, 10, "tiling   100 %  50 tiles  "},
		{"json", false, 0, 10, `"done":100,`},
		{"json", true, 0, 10, `"left":0,`},
		{"none", false, 0, 0, ""},
		{"auto", true, 0, 0, ""},
	} {
		var talk bytes.Buffer
		p := newProgress(&app{stderr: &talk, quiet: c.quiet}, c.mode, "tiling", 100)
		for n := range int64(100) {
			if n == 98 {
				p.shownAt = p.shownAt.Add(-c.took)
			}
			p.set(n+1, (n+1)/2)
		}
		p.stop()
		lines := strings.Split(strings.TrimSuffix(talk.String(), "\n"), "\n")
		if got := strings.Count(talk.String(), "\n"); got != c.lines || !strings.Contains(lines[len(lines)-1], c.says) {
			t.Errorf("--progress %s, quiet %v, %v: %d lines, want %d\n%s", c.mode, c.quiet, c.took, got, c.lines, &talk)
		}
	}
}

func TestWhatWasDoneBeforeTakesNoTime(t *testing.T) {
	var talk bytes.Buffer
	p := newProgress(&app{stderr: &talk}, "lines", "tiling", 1000)
	p.from(800)
	p.start = p.start.Add(-10 * time.Second)
	p.set(801, 5)
	if talk.Len() > 0 {
		t.Errorf("a line though no tenth was done:\n%s", &talk)
	}
	p.set(900, 500)
	if got := talk.String(); !strings.Contains(got, " 90 %  500 tiles  ") || !strings.Contains(got, "ETA 10 s\n") {
		t.Errorf("half of what was left took 10 s: %s", got)
	}
}

func TestTimesAreWrittenAsPeopleSayThem(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"1 s": 200 * time.Millisecond, "2 s": 2100 * time.Millisecond, "119 s": 119 * time.Second, "3 min": 170 * time.Second, "5 h 20 min": 320 * time.Minute,
	} {
		if got := durationText(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}
