package places

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"unicode/utf8"
)

// utf8Reader passes on what is UTF-8, and fails at the first byte that is not.
type utf8Reader struct {
	r     io.Reader
	path  string
	line  int64
	rest  [utf8.UTFMax]byte // the beginning of a letter that goes on in what is read next
	held  int
	begun bool
}

func (u *utf8Reader) Read(p []byte) (int, error) {
	n, err := u.r.Read(p)
	if fault := u.check(p[:n], err == io.EOF); fault != nil {
		return 0, fault
	}
	return n, err
}

func (u *utf8Reader) check(p []byte, last bool) error {
	if !u.begun && len(p) >= 2 && (p[0] == 0xff && p[1] == 0xfe || p[0] == 0xfe && p[1] == 0xff) {
		return u.fault("UTF-16", "UTF-16")
	}
	first := !u.begun
	u.begun = u.begun || len(p) > 0
	for u.held > 0 && len(p) > 0 && !utf8.FullRune(u.rest[:u.held]) {
		u.rest[u.held] = p[0]
		u.held, p = u.held+1, p[1:]
	}
	if u.held > 0 && (utf8.FullRune(u.rest[:u.held]) || last) {
		if !utf8.Valid(u.rest[:u.held]) {
			return u.fault("not UTF-8", "WINDOWS-1252")
		}
		u.held = 0
	}
	end := len(p)
	for k := 1; k < utf8.UTFMax && k <= len(p) && !last; k++ {
		if tail := p[len(p)-k:]; utf8.RuneStart(tail[0]) {
			if !utf8.FullRune(tail) {
				u.held, end = copy(u.rest[:], tail), len(p)-k
			}
			break
		}
	}
	whole := p[:end]
	if at := bytes.IndexByte(whole, 0); at >= 0 {
		u.line += int64(bytes.Count(whole[:at], []byte("\n")))
		if first && at < 2 {
			return u.fault("UTF-16", "UTF-16")
		}
		return unusable(u.path, fmt.Sprintf("line %d is no text", u.line), "files of GeoNames, GeoJSON or CSV, as text, .zip or .gz")
	}
	if !utf8.Valid(whole) {
		u.line += int64(bytes.Count(whole[:invalidAt(whole)], []byte("\n")))
		return u.fault("not UTF-8", "WINDOWS-1252")
	}
	u.line += int64(bytes.Count(whole, []byte("\n")))
	return nil
}

// invalidAt is where a text ceases to be UTF-8.
func invalidAt(p []byte) int {
	for k := 0; k < len(p); {
		r, size := utf8.DecodeRune(p[k:])
		if r == utf8.RuneError && size == 1 {
			return k
		}
		k += size
	}
	return len(p)
}

func (u *utf8Reader) fault(what, encoding string) error {
	why := fmt.Sprintf("line %d is %s", u.line, what)
	if encoding != "UTF-16" {
		why += ": Latin-1, perhaps"
	}
	return unusable(u.path, why, fmt.Sprintf("iconv -f %s -t UTF-8 %s > utf8-%s", encoding, u.path, filepath.Base(u.path)))
}

// guard fails when a row, or a feature, does not end: a quote that is never closed would take all memory. reset tells it that one has ended.
type guard struct {
	r    io.Reader
	path string
	most int64 // bytes of one row; 0 is no limit
	n    int64
}

func (g *guard) Read(p []byte) (int, error) {
	if g.most > 0 && g.n > g.most {
		return 0, unusable(g.path, fmt.Sprintf("a row of more than %d MB: a quote or a bracket is never closed", g.most>>20), "")
	}
	n, err := g.r.Read(p)
	g.n += int64(n)
	return n, err
}

func (g *guard) reset() { g.n = 0 }
