package wms

import (
	"strings"
	"time"
)

// periods are the forms of TIME (ISO 8601, 06-042 annex D) and how long a value of each form lasts: years, months, days, duration.
var periods = []struct {
	layout              string
	years, months, days int
	rest                time.Duration
}{
	{layout: "2006", years: 1},
	{layout: "2006-01", months: 1},
	{layout: "2006-01-02", days: 1},
	{layout: "2006-01-02T15Z07:00", rest: time.Hour},
	{layout: "2006-01-02T15:04Z07:00", rest: time.Minute},
	{layout: "2006-01-02T15:04:05Z07:00", rest: time.Second}, // fractions of a second are read too
	{layout: "2006-01-02T15", rest: time.Hour},
	{layout: "2006-01-02T15:04", rest: time.Minute},
	{layout: "2006-01-02T15:04:05", rest: time.Second},
}

// parseTime reads one value: the time from start until before end.
func parseTime(s string) (start, end time.Time, ok bool) {
	for _, p := range periods {
		if t, err := time.Parse(p.layout, s); err == nil {
			return t.UTC(), t.UTC().AddDate(p.years, p.months, p.days).Add(p.rest), true
		}
	}
	return time.Time{}, time.Time{}, false
}

// times reads TIME and sets the time of every layer that has any; other layers ignore it.
//
// The rule: no TIME, an empty one, "current" and "default" are the latest time. A value may be as coarse as a year; the latest
// time within it is meant. If there is none, it is the time nearest to the value's beginning, the earlier of two as near, but
// only between the first and the last: before and after is InvalidDimensionValue, as are lists, ranges, and what is no time.
func (p *parser) times(drawn []Drawn) (warnings []string, err error) {
	asked, given := p.get("time")
	latest := !given || strings.EqualFold(asked, "current") || strings.EqualFold(asked, "default")
	start, end, ok := parseTime(asked)
	for i := range drawn {
		d := &drawn[i]
		if len(d.Times) == 0 {
			continue
		}
		exact := true
		switch {
		case latest:
			d.Time = d.Times[len(d.Times)-1]
		case !ok:
			return nil, p.fail(InvalidDimensionValue, "time", "TIME is not one instant of ISO 8601, or current")
		default:
			if d.Time, exact, ok = pick(d.Times, start, end); !ok {
				return nil, p.fail(InvalidDimensionValue, "time", "TIME is before or after all times of the layer")
			}
		}
		if !given {
			warnings = append(warnings, "99 Default value used: time="+instant(d.Time)+" ISO8601")
		} else if !exact {
			warnings = append(warnings, "99 Nearest value used: time="+instant(d.Time)+" ISO8601")
		}
	}
	return warnings, nil
}

// pick finds the time that is meant in an ascending list: see [parser.times].
func pick(times []time.Time, start, end time.Time) (best time.Time, exact, ok bool) {
	for _, t := range times {
		if !t.Before(start) && t.Before(end) {
			best, exact = t, true
		}
	}
	if exact {
		return best, true, true
	}
	if start.Before(times[0]) || start.After(times[len(times)-1]) {
		return time.Time{}, false, false
	}
	best = times[0]
	for _, t := range times {
		if t.Sub(start).Abs() < best.Sub(start).Abs() {
			best = t
		}
	}
	return best, false, true
}

// instant writes a time as the capabilities list it.
func instant(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
