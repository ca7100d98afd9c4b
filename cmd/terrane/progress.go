package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progressHelp describes --progress.
const progressHelp = "auto (a bar on a terminal, else a line every 10 s), lines (also one every 10 %), json or none"

// checkProgress refuses a --progress that is none.
func checkProgress(mode string) error {
	if mode != "auto" && mode != "lines" && mode != "json" && mode != "none" {
		return fmt.Errorf("--progress %q: it is auto, lines, json or none", mode)
	}
	return nil
}

// checkJobs refuses a --jobs that is none.
func checkJobs(n int) error {
	if n < 1 {
		return fmt.Errorf("--jobs %d: at least 1", n)
	}
	return nil
}

// lineEvery is how long at most no line is printed.
const lineEvery = 10 * time.Second

// progress shows how far a long step is: a bar on a terminal, lines elsewhere, or JSON lines for machines. The last line says that all is done. One
// goroutine uses it.
type progress struct {
	a       *app
	step    string
	unit    string // what is made: tiles, unless it says otherwise
	total   int64
	mode    string
	bar     *progressbar.ProgressBar
	silent  bool
	start   time.Time
	first   int64     // parts that were done before this run
	tenths  int64     // at the last line
	shownAt time.Time // when the last line was printed
}

// newProgress begins a step of so many parts. mode is auto, lines, json or none.
func newProgress(a *app, mode, step string, total int64) *progress {
	p := &progress{a: a, step: step, unit: "tile", total: max(total, 1), mode: mode, start: time.Now(), shownAt: time.Now()}
	p.silent = mode == "none" || a.quiet && mode != "json"
	if out, ok := a.stderr.(*os.File); ok && mode == "auto" && !p.silent && term.IsTerminal(int(out.Fd())) {
		p.bar = progressbar.NewOptions64(p.total, progressbar.OptionSetWriter(out), progressbar.OptionSetDescription(fmt.Sprintf("%-8s", step)),
			progressbar.OptionSetWidth(30), progressbar.OptionSetPredictTime(false), progressbar.OptionClearOnFinish(),
			progressbar.OptionThrottle(100*time.Millisecond))
	}
	return p
}

// from says that so many parts were done before this run: they take no time.
func (p *progress) from(done int64) {
	p.first, p.tenths = done, 10*done/p.total
}

// set tells how many parts are done, and how many tiles were made in this run.
func (p *progress) set(done, tiles int64) {
	if p.silent {
		return
	}
	tenths, since := 10*done/p.total, time.Since(p.shownAt)
	switch whole := done >= p.total; {
	case p.bar != nil && !whole:
		p.bar.Describe(fmt.Sprintf("%-8s %s", p.step, p.left(done)))
		_ = p.bar.Set64(done)
	case whole, since >= lineEvery, p.mode != "auto" && tenths > p.tenths:
		p.stop()
		p.tenths, p.shownAt = tenths, time.Now()
		p.line(done, tiles)
	}
}

// line prints one line, with the time that is left at the pace of this run so far.
func (p *progress) line(done, tiles int64) {
	elapsed := time.Since(p.start)
	if p.mode == "json" {
		data, _ := json.Marshal(map[string]any{ // numbers and a word: cannot fail
			"step": p.step, "done": done, "total": p.total, p.unit + "s": tiles, "seconds": elapsed.Seconds(), "left": p.remaining(done).Seconds(),
		})
		fmt.Fprintln(p.a.stderr, string(data))
		return
	}
	rate := float64(tiles) / max(elapsed.Seconds(), 1e-3)
	p.a.say("%-8s %3d %%  %s  %s %ss/s  %s", p.step, 100*done/p.total, count(int(tiles), p.unit), thousands(int64(rate)), p.unit, p.left(done))
}

// left says how long it will take, or at the end how long it took.
func (p *progress) left(done int64) string {
	if done >= p.total {
		return fmt.Sprintf("in %.1f s", time.Since(p.start).Seconds())
	}
	return "ETA " + durationText(p.remaining(done))
}

// remaining is the time that is left at the pace of this run so far; 0 before there is a pace.
func (p *progress) remaining(done int64) time.Duration {
	if done <= p.first {
		return 0
	}
	return time.Duration(float64(time.Since(p.start)) * float64(p.total-done) / float64(done-p.first))
}

// stop takes the bar off the terminal.
func (p *progress) stop() {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}

// durationText writes a time as people say it: "2 s", "3 min", "5 h 20 min".
func durationText(d time.Duration) string {
	switch s := int64(d.Round(time.Second).Seconds()); {
	case s < 1:
		return "1 s"
	case s < 120:
		return fmt.Sprintf("%d s", s)
	case s < 7200:
		return fmt.Sprintf("%d min", (s+30)/60)
	default:
		return fmt.Sprintf("%d h %d min", s/3600, s%3600/60)
	}
}
