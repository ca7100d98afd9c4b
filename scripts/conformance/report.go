package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
)

// notRun is the file of a session folder that says why there is no session in it.
const notRun = "notrun"

// suite is what became of one suite.
type suite struct {
	name    string
	why     string // it did not run, for this reason
	passed  int    // with warnings, best practices and idle ones
	failed  []test // unfinished ones too
	skipped []test // not tested ones too
	warned  []test
	idle    []test
}

// bad says that a suite does not count as passed. One in which not a single test asked anything has proved nothing.
func (s suite) bad() bool { return s.why != "" || len(s.failed) > 0 || s.passed <= len(s.idle) }

// reportAll writes the table of the suites, then each test that failed, was skipped or warned, with its reason.
func reportAll(args []string, w io.Writer) error {
	var suites []suite
	good := true
	for _, arg := range args {
		name, folder, ok := strings.Cut(arg, "=")
		if !ok {
			return fmt.Errorf("%q is not NAME=FOLDER", arg)
		}
		s := readSuite(name, folder)
		suites = append(suites, s)
		good = good && !s.bad()
	}
	writeTable(w, suites)
	for _, s := range suites {
		writeDetails(w, s)
	}
	if !good {
		return errFailed
	}
	return nil
}

func readSuite(name, folder string) suite {
	s := suite{name: name}
	why, err := os.ReadFile(filepath.Join(folder, notRun))
	switch {
	case err == nil:
		s.why = strings.TrimSpace(string(why))
		return s
	case !errors.Is(err, fs.ErrNotExist):
		s.why = err.Error()
		return s
	}
	if err := walk(folder, s.add); err != nil {
		s.why = err.Error()
	}
	return s
}

func (s *suite) add(t test) {
	if !t.counts() {
		return
	}
	if t.idle() {
		s.idle = append(s.idle, t)
	}
	switch t.outcome() {
	case passed, bestPractice:
		s.passed++
	case warning:
		s.passed++
		s.warned = append(s.warned, t)
	case skipped, notTested:
		s.skipped = append(s.skipped, t)
	default:
		s.failed = append(s.failed, t)
	}
}

func writeTable(w io.Writer, suites []suite) {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "suite\tpassed\tfailed\tskipped")
	for _, s := range suites {
		if s.why != "" {
			fmt.Fprintf(out, "%s\tnot run\t\t\n", s.name)
			continue
		}
		fmt.Fprintf(out, "%s\t%d\t%d\t%d\n", s.name, s.passed, len(s.failed), len(s.skipped))
	}
	out.Flush()
}

func writeDetails(w io.Writer, s suite) {
	if s.why != "" {
		fmt.Fprintf(w, "\n%s: not run: %s\n", s.name, s.why)
		return
	}
	for _, t := range s.failed {
		word := "failed"
		if t.outcome() == unfinished {
			word = "failed: it did not end"
		}
		writeTest(w, s.name, word, t)
	}
	for _, t := range s.skipped {
		writeTest(w, s.name, "skipped", t)
	}
	for _, t := range s.warned {
		writeTest(w, s.name, "passed with a warning", t)
	}
	if len(s.idle) > 0 {
		fmt.Fprintf(w, "\n%s: of those that passed, %d had nothing to test:\n", s.name, len(s.idle))
	}
	for _, t := range s.idle {
		fmt.Fprintf(w, "  %s: %s\n", t.name(), oneLine(t.Messages[0]))
	}
}

// writeTest says of one test what it asserts, what it was told, and what it asked for last.
func writeTest(w io.Writer, suite, word string, t test) {
	fmt.Fprintf(w, "\n%s %s: %s\n  asserts: %s\n", suite, t.name(), word, oneLine(t.Start.Assertion))
	for _, m := range t.Messages {
		fmt.Fprintf(w, "  says:    %s\n", oneLine(m))
	}
	if t.Exception != "" {
		fmt.Fprintf(w, "  stopped: %s\n", oneLine(t.Exception))
	}
	if n := len(t.Requests); n > 0 {
		fmt.Fprintf(w, "  asked:   %s\n", t.Requests[n-1])
	}
}

// oneLine keeps a message readable: suites put whole documents in them.
func oneLine(s string) string {
	const most = 600
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + " ..."
	}
	return s
}
