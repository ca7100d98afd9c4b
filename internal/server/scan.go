package server

import "bytes"

// form is how much of a client's bytes [scan] vouches for.
type form int

const (
	unclear form = iota // cut short, with a body, or in any way out of the ordinary
	whole               // a request without body that ends where scan says, whatever it asks for
	plain               // a whole request, and all that matters of it is in asked
)

// kept are the headers that answers to stored tiles depend on, as http.Header names them.
var kept = [...]string{"Accept", "Accept-Encoding", "If-None-Match", "Origin"}

// asked is a plain GET request, cut out of the client's bytes: its values are good as long as those.
type asked struct {
	path, query []byte
	headers     [len(kept)][]byte // nil where the client sent none
}

// scan reads the request at the beginning of b and returns its size. It is stricter than net/http: what it calls whole or plain net/http reads as
// the same request of the same size, and there are requests of which it only says that it does not know (RFC 9112, sections 2 to 6).
func scan(b []byte) (q asked, size int, f form) {
	line, size := cutLine(b, 0)
	if size == 0 || len(line) == 0 {
		return q, 0, unclear
	}
	f = whole
	if q.readTarget(line) {
		f = plain
	}
	hosts := 0
	for {
		begin := size
		if line, size = cutLine(b, begin); size == 0 {
			return q, 0, unclear
		}
		if len(line) == 0 {
			break
		}
		name, value, ok := cutHeader(line)
		if !ok {
			return q, 0, unclear
		}
		f = min(f, q.readHeader(name, value, &hosts))
		if f == unclear {
			return q, 0, unclear
		}
	}
	if hosts != 1 {
		f = whole
	}
	return q, size, f
}

// cutLine returns the line that begins at i, without its CR LF, and where the next one begins: 0 if there is no end of line or a bare LF.
func cutLine(b []byte, i int) (line []byte, next int) {
	n := bytes.IndexByte(b[i:], '\n')
	if n < 1 || b[i+n-1] != '\r' {
		return nil, 0
	}
	return b[i : i+n-1], i + n + 1
}

// readTarget reads "GET /path?query HTTP/1.1" of characters that mean themselves in a URL, and tells whether line is such.
func (q *asked) readTarget(line []byte) bool {
	target, ok := bytes.CutPrefix(line, []byte("GET "))
	if !ok {
		return false
	}
	if target, ok = bytes.CutSuffix(target, []byte(" HTTP/1.1")); !ok || len(target) == 0 || target[0] != '/' {
		return false
	}
	q.path, q.query, _ = bytes.Cut(target, []byte("?"))
	return all(q.path, inPath) && all(q.query, inQuery)
}

// cutHeader reads "name: value"; ok is false for whatever RFC 9110 does not call a field, folded lines included.
func cutHeader(line []byte) (name, value []byte, ok bool) {
	colon := bytes.IndexByte(line, ':')
	if colon < 1 || !all(line[:colon], inName) {
		return nil, nil, false
	}
	if value = bytes.Trim(line[colon+1:], " \t"); value == nil {
		value = []byte{} // it was sent, if empty
	}
	return line[:colon], value, all(value, inValue)
}

// readHeader keeps the value if it matters, and returns what the request can be at best with this header.
func (q *asked) readHeader(name, value []byte, hosts *int) form {
	var lower [len("transfer-encoding")]byte // the longest that matters
	if len(name) > len(lower) {
		return plain
	}
	for i, c := range name {
		lower[i] = c | 0x20 // of token characters none but letters become letters, and "-" stays
	}
	switch string(lower[:len(name)]) {
	case "accept":
		return q.keep(0, value)
	case "accept-encoding":
		return q.keep(1, value)
	case "if-none-match":
		return q.keep(2, value)
	case "origin":
		return q.keep(3, value)
	case "host":
		if *hosts++; !plainHost(string(value)) {
			return whole
		}
	case "connection":
		if !bytes.EqualFold(value, []byte("keep-alive")) {
			return whole
		}
	case "te":
		return whole
	case "content-length", "transfer-encoding", "trailer", "expect", "upgrade":
		return unclear
	}
	return plain
}

// keep keeps the value of kept[i]. A second one, a list over two lines, is net/http's.
func (q *asked) keep(i int, value []byte) form {
	if q.headers[i] != nil {
		return whole
	}
	q.headers[i] = value
	return plain
}

// Classes of bytes, bits of the table below.
const (
	inPath  = 1 << iota // means itself in a path: neither escaped nor a delimiter
	inQuery             // means the same to us as to net/url, escapes included
	inName              // of a header's name: tchar of RFC 9110
	inValue             // of a header's value: visible ASCII, blank, tab
)

// classes says of each byte which classes it is in.
var classes = func() (t [256]uint8) {
	for c := byte(' '); c < 0x7f; c++ {
		t[c] |= inValue
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
			t[c] |= inPath | inQuery | inName
		case bytes.IndexByte([]byte("-._~"), c) >= 0:
			t[c] |= inPath | inQuery | inName
		case bytes.IndexByte([]byte("/@"), c) >= 0:
			t[c] |= inPath | inQuery
		case bytes.IndexByte([]byte("=&;,:%+?"), c) >= 0:
			t[c] |= inQuery
		}
		if bytes.IndexByte([]byte("!#$%&'*+^`|"), c) >= 0 {
			t[c] |= inName
		}
	}
	t['\t'] |= inValue
	return t
}()

// all tells whether each byte of b is in the class.
func all(b []byte, class uint8) bool {
	for _, c := range b {
		if classes[c]&class == 0 {
			return false
		}
	}
	return true
}
