package elevation

import (
	"encoding/json"
	"strconv"

	"github.com/paulmach/orb"
)

// scanner walks a text that is known to be JSON, where it lies: encoding/json takes five times as long for arrays of numbers, and
// for objects copies and keeps going after what is wrong.
type scanner struct {
	text []byte
	at   int
}

// take skips blanks, and c if it comes next.
func (s *scanner) take(c byte) bool {
	for s.at < len(s.text) && (s.text[s.at] == ' ' || s.text[s.at] == '\n' || s.text[s.at] == '\t' || s.text[s.at] == '\r') {
		s.at++
	}
	if s.at < len(s.text) && s.text[s.at] == c {
		s.at++
		return true
	}
	return false
}

// elements calls each with the elements of an array whose bracket is taken, until one fails.
func (s *scanner) elements(each func(value []byte) error) error {
	if s.take(']') {
		return nil
	}
	for {
		if err := each(s.value()); err != nil || !s.take(',') {
			return err
		}
	}
}

// members calls each with the members of an object whose brace is taken, until one fails.
func (s *scanner) members(each func(name string, value []byte) error) error {
	if s.take('}') {
		return nil
	}
	for {
		name := textOf(s.value())
		s.take(':')
		if err := each(name, s.value()); err != nil || !s.take(',') {
			return err
		}
	}
}

// value skips blanks and a value, and returns it.
func (s *scanner) value() []byte {
	s.take(0) // blanks
	from, depth := s.at, 0
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case '"':
			s.skipText()
			if depth == 0 {
				return s.text[from:s.at]
			}
			continue
		case '[', '{':
			depth++
		case ']', '}':
			if depth--; depth < 0 {
				return s.text[from:s.at]
			}
			if depth == 0 {
				s.at++
				return s.text[from:s.at]
			}
		case ',', ' ', '\n', '\t', '\r':
			if depth == 0 {
				return s.text[from:s.at]
			}
		}
		s.at++
	}
	return s.text[from:]
}

// skipText skips a string.
func (s *scanner) skipText() {
	for s.at++; s.at < len(s.text) && s.text[s.at] != '"'; s.at++ {
		if s.text[s.at] == '\\' {
			s.at++
		}
	}
	s.at = min(s.at+1, len(s.text))
}

// textOf returns what a string of JSON says, "" of any other value.
func textOf(value []byte) string {
	if len(value) < 2 || value[0] != '"' {
		return ""
	}
	for _, c := range value {
		if c == '\\' {
			var text string
			_ = json.Unmarshal(value, &text) // it is a string
			return text
		}
	}
	return string(value[1 : len(value)-1])
}

// position reads [lon, lat, ...].
func (s *scanner) position(dst []orb.Point) ([]orb.Point, error) {
	if !s.take('[') {
		return dst, errPosition()
	}
	var p orb.Point
	n := 0
	for ; ; n++ {
		v, ok := s.number()
		if !ok {
			return dst, errPosition()
		}
		if n < 2 {
			p[n] = v
		}
		if !s.take(',') {
			break
		}
	}
	if n < 1 || !s.take(']') {
		return dst, errPosition()
	}
	return append(dst, p), checkPlace(p)
}

func (s *scanner) number() (float64, bool) {
	s.take(0) // blanks
	from := s.at
	for s.at < len(s.text) && numeral(s.text[s.at]) {
		s.at++
	}
	v, err := strconv.ParseFloat(string(s.text[from:s.at]), 64)
	return v, err == nil
}

// numeral tells whether a byte can be part of a number in JSON.
func numeral(c byte) bool {
	return c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E'
}

// ParseNumber reads a plain decimal number; NaN, infinities and hexadecimal digits are none.
func ParseNumber(s string) (float64, bool) {
	for k := range len(s) {
		if !numeral(s[k]) {
			return 0, false
		}
	}
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil
}
