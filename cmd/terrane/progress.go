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
const progressHelp = "auto (a bar on a terminal, else lines), lines, json or none"

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

// progress shows how far a long step is: a bar on a terminal, a line every tenth or ten seconds elsewhere, or JSON lines for machines. One goroutine
// uses it.
type progress struct {
	a       *app
	step    string
	total   int64
	bar     *progressbar.ProgressBar
	json    bool
	silent  bool
	start   time.Time
	first   int64     // done before this run
	shown   int64     // tenths at the last line
	shownAt time.Time // of the last line
}

// newProgress begins a step of so many parts. mode is auto, lines, json or none.
func newProgress(a *app, mode, step string, total int64) *progress {
	p := &progress{a: a, step: step, total: max(total, 1), start: time.Now(), shownAt: time.Now(), first: -1, json: mode == "json"}
	p.silent = mode == "none" || a.quiet && !p.json
	if out, ok := a.stderr.(*os.File); ok && mode == "auto" && !p.silent && term.IsTerminal(int(out.Fd())) {
		p.bar = progressbar.NewOptions64(p.total, progressbar.OptionSetWriter(out), progressbar.OptionSetDescription(fmt.Sprintf("%-8s", step)),
			progressbar.OptionSetWidth(30), progressbar.OptionSetPredictTime(true), progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(100*time.Millisecond))
	}
	return p
}

// set tells how many parts are done, and how many tiles that are.
func (p *progress) set(done, tiles int64) {
	if p.first < 0 {
		p.first = done - 1
	}
	tenths := 10 * done / p.total
	switch {
	case p.silent:
	case p.bar != nil:
		_ = p.bar.Set64(done)
	case tenths > p.shown || time.Since(p.shownAt) >= 10*time.Second:
		p.shown, p.shownAt = tenths, time.Now()
		p.line(done, tiles)
	}
}

// line prints one line, with the time that is left at the pace so far.
func (p *progress) line(done, tiles int64) {
	elapsed := time.Since(p.start)
	left := time.Duration(float64(elapsed) * float64(p.total-done) / float64(done-p.first))
	if p.json {
		data, _ := json.Marshal(map[string]any{ // numbers and a word: cannot fail
			"step": p.step, "done": done, "total": p.total, "tiles": tiles, "seconds": elapsed.Seconds(), "left": left.Seconds(),
		})
		fmt.Fprintln(p.a.stderr, string(data))
		return
	}
	rate := float64(tiles) / max(elapsed.Seconds(), 1e-3)
	p.a.say("%-8s %3d %%  %s tiles  %s tiles/s  ETA %s", p.step, 100*done/p.total, thousands(tiles), thousands(int64(rate)), left.Round(time.Second))
}

// stop takes the bar off the terminal.
func (p *progress) stop() {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}
