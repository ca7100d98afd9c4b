package main

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// outcome is how a test ended, in TEAM Engine's numbers.
type outcome int

// The numbers of com.occamlab.te.TECore. An inherited failure is that of a group: the failure is told by the test below it.
const (
	bestPractice outcome = 0
	passed       outcome = 1
	notTested    outcome = 2
	skipped      outcome = 3
	warning      outcome = 4
	inherited    outcome = 5
	failed       outcome = 6
	unfinished   outcome = 7 // ours: the log has no end
)

// test is one log.xml of a session.
type test struct {
	Start struct {
		Prefix    string `xml:"prefix,attr"`
		Name      string `xml:"local-name,attr"`
		Assertion string `xml:"assertion"`
	} `xml:"starttest"`
	Messages  []string  `xml:"message"`
	Requests  []request `xml:"request>request"`
	Exception string    `xml:"exception"`
	Calls     []struct {
		Path string `xml:"path,attr"`
	} `xml:"testcall"`
	End *struct {
		Result outcome `xml:"result,attr"`
	} `xml:"endtest"`
}

// request is what a test asked the server for.
type request struct {
	URL    string `xml:"url"`
	Params []struct {
		Name  string `xml:"name,attr"`
		Value string `xml:",chardata"`
	} `xml:"param"`
}

func (r request) String() string {
	s := strings.TrimSpace(r.URL)
	for _, p := range r.Params {
		switch {
		case !strings.Contains(s, "?"):
			s += "?"
		case !strings.HasSuffix(s, "?") && !strings.HasSuffix(s, "&"):
			s += "&"
		}
		s += p.Name + "=" + strings.TrimSpace(p.Value)
	}
	return s
}

// name is that of the CTL scripts, such as getmap:invalid-crs.
func (t test) name() string { return t.Start.Prefix + ":" + t.Start.Name }

func (t test) outcome() outcome {
	if t.End == nil {
		return unfinished
	}
	return t.End.Result
}

// counts tells whether t is a figure of its own. A group is none, unless it has itself a reason to fail, to be skipped, to warn.
func (t test) counts() bool {
	switch t.outcome() {
	case inherited:
		return false
	case passed, bestPractice:
		return len(t.Calls) == 0
	}
	return true
}

// idle says that t passed without having asked anything, since what it tests is not there; it says so in a message.
func (t test) idle() bool {
	return t.outcome() == passed && len(t.Calls) == 0 && len(t.Requests) == 0 && len(t.Messages) > 0
}

// walk hands the tests of a session to visit, callers before those that they call. folder is the session's own.
func walk(folder string, visit func(test)) error {
	t, err := readLog(filepath.Join(folder, "log.xml"))
	if err != nil {
		return err
	}
	return descend(filepath.Dir(folder), t, visit)
}

// descend visits t and what it calls. Paths of calls begin with the session's name: they are relative to its parent.
func descend(parent string, t test, visit func(test)) error {
	visit(t)
	for _, c := range t.Calls {
		called, err := readLog(filepath.Join(parent, filepath.FromSlash(c.Path), "log.xml"))
		if err != nil {
			return err
		}
		if err := descend(parent, called, visit); err != nil {
			return err
		}
	}
	return nil
}

// readLog reads one log. The engine writes it as it goes: a test during which it died has a log without an end, which is read as
// far as it goes.
func readLog(file string) (test, error) {
	var t test
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return t, fmt.Errorf("%s: the engine wrote no such log", file)
	}
	if err != nil {
		return t, err
	}
	var broken *xml.SyntaxError
	if err := xml.Unmarshal(data, &t); err != nil && !errors.As(err, &broken) {
		return t, fmt.Errorf("read %s: %w", file, err)
	}
	return t, nil
}
