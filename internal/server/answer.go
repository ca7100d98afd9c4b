package server

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"
)

// Values of Cache-Control.
var (
	// A version that is named does not change, but it may be removed and its number be given again: a copy is good for an hour, then the
	// client asks whether it still is, and most often gets 304. "immutable" would keep the removed one for a year.
	cachePinned     = []string{"public, max-age=3600, must-revalidate"}
	cacheShort      = []string{"public, max-age=60, must-revalidate"} // tiles of the newest version, whichever it is
	cacheRevalidate = []string{"public, max-age=0, must-revalidate"}  // what tells of a new version
	cacheNever      = []string{"no-store"}
)

var gzipEncoding = []string{"gzip"}

var oneLine = strings.NewReplacer("\r", " ", "\n", " ")

// answer is a response that is ready to be sent to whoever asks for this representation. Header values are kept as the one-element
// slices that http.Header holds, so that sending allocates nothing.
type answer struct {
	body     []byte
	kind     []string // Content-Type
	encoding []string // Content-Encoding, nil for plain bytes
	length   []string // Content-Length
	etag     []string
}

// newAnswer returns an answer; etag is a strong validator of this very representation, quotes included. A line break in kind or etag, which may be
// from a file by others, becomes a blank.
func newAnswer(body []byte, kind, etag string, gzipped bool) *answer {
	kind, etag = oneLine.Replace(kind), oneLine.Replace(etag)
	a := &answer{body: body, kind: []string{kind}, length: []string{strconv.Itoa(len(body))}, etag: []string{etag}}
	if gzipped {
		a.encoding = gzipEncoding
	}
	return a
}

// pair is one content in both representations: index 0 plain, 1 gzip. They are the same where gzip saves nothing.
type pair [2]*answer

// newPair makes both representations of body, with validators made from its bytes.
func newPair(body []byte, kind string) pair {
	sum := sha256.Sum256(body)
	tag := hex.EncodeToString(sum[:12])
	plain := newAnswer(body, kind, `"`+tag+`"`, false)
	if zipped := compress(body); len(zipped) < len(body)*9/10 {
		return pair{plain, newAnswer(zipped, kind, `"`+tag+`-gzip"`, true)}
	}
	return pair{plain, plain}
}

// newPlain makes the plain representation only, of what gzip makes no smaller.
func newPlain(body []byte, kind string) *answer {
	sum := sha256.Sum256(body)
	return newAnswer(body, kind, `"`+hex.EncodeToString(sum[:12])+`"`, false)
}

func compress(body []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is a valid one
	w.Write(body)                                         // a bytes.Buffer takes all
	w.Close()
	return b.Bytes()
}

// of picks the representation that the client accepts.
func (p pair) of(r *http.Request) *answer {
	if acceptsGzip(r) {
		return p[1]
	}
	return p[0]
}

// send writes the answer, or 304 if the client has it. vary and control are the headers of these names.
func (a *answer) send(c echo.Context, vary, control []string) error {
	r, w := c.Request(), c.Response()
	h := w.Header()
	h["Etag"], h["Vary"], h["Cache-Control"] = a.etag, vary, control
	if matches(r.Header["If-None-Match"], a.etag[0]) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h["Content-Type"], h["Content-Length"] = a.kind, a.length
	if a.encoding != nil {
		h["Content-Encoding"] = a.encoding
	}
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		w.Write(a.body) // an error here is a client that went away
	}
	return nil
}

// sendBody writes a body of any status that is not to be kept.
func (s *Server) sendBody(c echo.Context, status int, kind string, body []byte) error {
	h := c.Response().Header()
	h["Content-Type"], h["Content-Length"], h["Cache-Control"] = []string{kind}, []string{strconv.Itoa(len(body))}, cacheNever
	h["Vary"] = s.headers.varyAccept
	c.Response().WriteHeader(status)
	if c.Request().Method != http.MethodHead {
		c.Response().Write(body) // an error here is a client that went away
	}
	return nil
}

// sendJSON writes v as JSON with a validator, see [Server.sendDocument].
func (s *Server) sendJSON(c echo.Context, v any, control []string) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return s.sendDocument(c, newPair(append(body, '\n'), "application/json"), control)
}
