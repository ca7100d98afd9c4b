package access

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

func TestRatesAreReadAndWritten(t *testing.T) {
	for _, text := range []string{"", "1/s", "100/s", "600/m", "5000/h", "1000000000/s"} {
		r, err := ParseRate(text)
		if err != nil || r.String() != text {
			t.Errorf("%q: %v, %v", text, r, err)
		}
	}
	for _, text := range []string{"100", "/s", "0/s", "-1/s", "1.5/s", "1e3/s", "100/d", "100/s/s", "100 /s", "99999999999/s", "s"} {
		if r, err := ParseRate(text); !errors.Is(err, ErrRate) {
			t.Errorf("%q: %v, %v", text, r, err)
		}
	}
}

func TestEachCallerHasItsOwnAllowance(t *testing.T) {
	l, r := NewLimiter(), Rate{3, time.Hour}
	for n := range 3 {
		if wait := l.Take("a", r); wait != 0 {
			t.Errorf("request %d has to wait %v", n, wait)
		}
	}
	if wait := l.Take("a", r); wait < 19*time.Minute || wait > 20*time.Minute {
		t.Errorf("the fourth waits %v, a third of an hour is due", wait)
	}
	if again := l.Take("a", r); again > 20*time.Minute {
		t.Errorf("who asks in vain is made to wait longer: %v", again)
	}
	if wait := l.Take("b", r); wait != 0 {
		t.Errorf("another caller waits %v", wait)
	}
	if wait := l.Take("a", Rate{}); wait != 0 {
		t.Errorf("without a rate: %v", wait)
	}
}

func TestALimiterForgetsRatherThanGrows(t *testing.T) {
	l, r := NewLimiter(), Rate{1, time.Hour}
	for n := range 5 * mostCallers {
		l.Take(fmt.Sprint(n), r)
	}
	if n := len(l.callers.young) + len(l.callers.old); n > 2*mostCallers {
		t.Errorf("%d callers are remembered", n)
	}
	if wait := l.Take(fmt.Sprint(5*mostCallers-1), r); wait == 0 {
		t.Error("the last one is forgotten")
	}
}
