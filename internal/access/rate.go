package access

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Rate is how many requests are answered in a second, a minute or an hour: so many at once, and then as many as time goes by. The zero Rate is
// no limit.
type Rate struct {
	Requests int
	Per      time.Duration
}

// ErrRate: the text is no rate.
var ErrRate = errors.New(`access: a rate is a whole number above 0, and "/s", "/m" or "/h"`)

// mostRequests is the highest number in a rate.
const mostRequests = 1_000_000_000

var periods = []struct {
	name string
	time.Duration
}{{"s", time.Second}, {"m", time.Minute}, {"h", time.Hour}}

// ParseRate reads "100/s", "600/m" or "5000/h"; "" is no limit. The error is [ErrRate].
func ParseRate(text string) (Rate, error) {
	if text == "" {
		return Rate{}, nil
	}
	number, unit, _ := strings.Cut(text, "/")
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > mostRequests {
		return Rate{}, ErrRate
	}
	for _, p := range periods {
		if p.name == unit {
			return Rate{n, p.Duration}, nil
		}
	}
	return Rate{}, ErrRate
}

// String writes a rate as ParseRate reads it.
func (r Rate) String() string {
	for _, p := range periods {
		if p.Duration == r.Per {
			return strconv.Itoa(r.Requests) + "/" + p.name
		}
	}
	return ""
}

// MarshalText writes a rate as ParseRate reads it.
func (r Rate) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText is ParseRate.
func (r *Rate) UnmarshalText(text []byte) error {
	parsed, err := ParseRate(string(text))
	if err != nil {
		return fmt.Errorf("%w: %q", err, text)
	}
	*r = parsed
	return nil
}

// mostCallers bounds the memory of a Limiter to some megabytes: twice as many are remembered at most. A caller who is forgotten has a new
// allowance.
const mostCallers = 1 << 14

// Limiter counts the requests of each caller. It is safe for concurrent use.
type Limiter struct {
	mu      sync.Mutex // guards callers
	callers *recent[string, *rate.Limiter]
}

// NewLimiter returns a limiter that has seen nobody.
func NewLimiter() *Limiter {
	return &Limiter{callers: newRecent[string, *rate.Limiter](mostCallers)}
}

// Take asks for one request of a caller, who has the rate r. It returns 0 if it may be answered, else how long the caller has to wait.
func (l *Limiter) Take(caller string, r Rate) time.Duration {
	if r.Per == 0 {
		return 0
	}
	now := time.Now()
	taken := l.of(caller, r).ReserveN(now, 1)
	wait := taken.DelayFrom(now)
	if wait > 0 {
		taken.CancelAt(now)
	}
	return wait
}

func (l *Limiter) of(caller string, r Rate) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	one, ok := l.callers.get(caller)
	if limit := rate.Limit(float64(r.Requests) / r.Per.Seconds()); !ok || one.Limit() != limit || one.Burst() != r.Requests {
		one = rate.NewLimiter(limit, r.Requests)
		l.callers.put(caller, one)
	}
	return one
}
