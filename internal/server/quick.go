package server

import (
	"bytes"
	"net/http"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// quickFrom is the size below which gzip costs more than it saves: what fits into a packet.
const quickFrom = 1400

// quick are writers of gzip that is made for one answer, quickly.
var quick = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is a valid one
	return w
}}

// quickly returns body as gzip, or nil if the client does not take it or it saves nothing.
func (s *Server) quickly(r *http.Request, body []byte) []byte {
	if len(body) < quickFrom || !acceptsGzip(r) {
		return nil
	}
	w := quick.Get().(*gzip.Writer)
	defer quick.Put(w)
	var b bytes.Buffer
	b.Grow(len(body) / 2)
	w.Reset(&b)
	w.Write(body) // a bytes.Buffer takes all
	w.Close()
	if b.Len() >= len(body) {
		return nil
	}
	return b.Bytes()
}

// newQuick makes the representation of body that the client accepts.
func (s *Server) newQuick(r *http.Request, body []byte, kind string) *answer {
	plain := newPlain(body, kind)
	if zipped := s.quickly(r, body); zipped != nil {
		tag := plain.etag[0]
		return newAnswer(zipped, kind, tag[:len(tag)-1]+`-gzip"`, true)
	}
	return plain
}
