package doctor

import (
	"fmt"
	"slices"
)

// Severity is how bad a finding is.
type Severity string

// The severities, worst first.
const (
	Fault   Severity = "fault"
	Warning Severity = "warning"
	Note    Severity = "note"
	OK      Severity = "ok"
)

// kept is how many requests a finding names.
const kept = 3

// chart holds which rules were looked at and what was found.
type chart struct {
	rules map[string]Rule
	seen  map[string]*Finding
}

func newChart() chart {
	c := chart{rules: map[string]Rule{}, seen: map[string]*Finding{}}
	for _, r := range Rules() {
		c.rules[r.Check] = r
	}
	return c
}

// pass says that rules were looked at and hold here.
func (c *chart) pass(checks ...string) {
	for _, check := range checks {
		if c.seen[check] == nil {
			c.seen[check] = &Finding{Check: check, Severity: OK, Rule: c.rules[check].Rule}
		}
	}
}

// found says that a rule is broken, as bad as the table has it. at is the request that showed it, or "".
func (c *chart) found(check, at, format string, args ...any) {
	c.foundAs(c.rules[check].Severity, check, at, format, args...)
}

// foundAs is found with another severity; the worst of all counts, and what was found with it is told.
func (c *chart) foundAs(s Severity, check, at, format string, args ...any) {
	f, r := c.seen[check], c.rules[check]
	if f == nil || rank(s) < rank(f.Severity) {
		f = &Finding{Check: check, Severity: s, Rule: r.Rule, Found: fmt.Sprintf(format, args...), See: r.See, Change: r.Change}
		c.seen[check] = f
	}
	if rank(s) > rank(f.Severity) {
		return
	}
	f.Count++
	if at != "" && len(f.At) < kept && !slices.Contains(f.At, at) {
		f.At = append(f.At, at)
	}
}

// unless is found if bad, else pass. It returns bad.
func (c *chart) unless(bad bool, check, at, format string, args ...any) bool {
	if bad {
		c.found(check, at, format, args...)
	} else {
		c.pass(check)
	}
	return bad
}

// broken tells whether a rule was found broken.
func (c *chart) broken(check string) bool {
	return c.seen[check] != nil && c.seen[check].Severity != OK
}

func rank(s Severity) int { return slices.Index([]Severity{Fault, Warning, Note, OK}, s) }

// findings lists all, worst first, and within that in the order of the table.
func (c *chart) findings() []Finding {
	all := []Finding{}
	for _, r := range Rules() {
		if f := c.seen[r.Check]; f != nil {
			all = append(all, *f)
		}
	}
	slices.SortStableFunc(all, func(a, b Finding) int { return rank(a.Severity) - rank(b.Severity) })
	return all
}
