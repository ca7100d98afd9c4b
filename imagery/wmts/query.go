package wmts

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// query holds key-value pairs as they come. OGC's keys have no case and no order.
type query []pair

// pair is one key, in lower case, and its value; bad says that the value is no text.
type pair struct {
	key, value string
	bad        bool
}

// newQuery reads a raw query string. What is no "key=value" has no meaning and is passed over, and nobody minds what is wrong
// with a pair until its key is asked for.
func newQuery(raw string) query {
	q := make(query, 0, 16)
	for raw != "" {
		var s string
		s, raw, _ = strings.Cut(raw, "&")
		k, v, ok := strings.Cut(s, "=")
		if !ok {
			continue
		}
		k, err := url.QueryUnescape(k)
		if err != nil {
			continue
		}
		v, err = url.QueryUnescape(v)
		q = append(q, pair{strings.ToLower(k), v, err != nil || !printable(v)})
	}
	return q
}

// optional returns the value of a key and whether the key is there. The locator is the key's name as the standard writes it.
// A key that comes twice with one value is one key: clients add to an address that has some already.
func (q query) optional(locator string) (value string, there bool, err error) {
	for _, p := range q {
		switch {
		case !strings.EqualFold(p.key, locator):
		case p.bad:
			return "", true, invalid(locator, "the value is not well-formed text")
		case there && p.value != value:
			return "", true, invalid(locator, "the parameter is given twice, with two values")
		default:
			value, there = p.value, true
		}
	}
	return value, there, nil
}

// mandatory returns the value of a key; absent and empty are both missing.
func (q query) mandatory(locator string) (string, error) {
	v, _, err := q.optional(locator)
	if err == nil && v == "" {
		err = missing(locator)
	}
	return v, err
}

// all reads mandatory keys in the order given; the first that fails counts.
func (q query) all(fields []field) error {
	for _, f := range fields {
		v, err := q.mandatory(f.locator)
		if err != nil {
			return err
		}
		*f.to = v
	}
	return nil
}

// field joins a key of the protocol to where its value goes.
type field struct {
	locator string
	to      *string
}

// ours are the keys of the protocol; all others may be dimensions.
func ours(key string) bool {
	switch key {
	case "service", "request", "version", "layer", "style", "format", "tilematrixset", "tilematrix", "tilerow", "tilecol", "i", "j", "infoformat":
		return true
	}
	return false
}

// unusable is the value of a key that has two, or one that is no text. No dimension has it.
const unusable = "\x00"

// other returns the keys that may be dimensions, nil if there are none.
func (q query) other() map[string]string {
	var m map[string]string
	for _, p := range q {
		if ours(p.key) {
			continue
		}
		if m == nil {
			m = map[string]string{}
		}
		if previous, twice := m[p.key]; p.bad || twice && previous != p.value {
			p.value = unusable
		}
		m[p.key] = p.value
	}
	return m
}

func printable(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, unicode.IsControl) < 0
}
