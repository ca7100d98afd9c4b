package server

import (
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// reply is a ready answer with the headers that depend on how it was asked for.
type reply struct {
	*answer
	vary, control []string // Vary and Cache-Control
}

// wire is what an HTTP/1.1 answer says beside that.
type wire struct {
	origin []string // Access-Control-Allow-Origin, nil for none
	date   string
	last   bool // the connection closes after this
}

// status returns 304 if the client has the answer, else 200.
func (a *answer) status(r *http.Request) int {
	if matches(r.Header["If-None-Match"], a.etag[0]) {
		return http.StatusNotModified
	}
	return http.StatusOK
}

// joined is the largest body that is copied behind its header to go out by one plain write: that costs less than a list of two up to here.
const joined = 16 << 10

// buffers hold answers while they are written.
var buffers = sync.Pool{New: func() any { b := make([]byte, 0, joined+1024); return &b }}

// write sends the answer and returns how many bytes of body it holds. It says what net/http would say, in the same order.
func (a reply) write(to net.Conn, status int, w wire) (size int, err error) {
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	b := a.appendHeader((*buffer)[:0], status, w)
	*buffer = b
	if status == http.StatusNotModified {
		_, err = to.Write(b)
		return 0, err
	}
	if len(a.body) <= joined {
		*buffer = append(b, a.body...)
		_, err = to.Write(*buffer)
		return len(a.body), err
	}
	_, err = (&net.Buffers{b, a.body}).WriteTo(to)
	return len(a.body), err
}

// appendHeader writes the status line and the header of an answer.
func (a reply) appendHeader(b []byte, status int, w wire) []byte {
	if status == http.StatusNotModified {
		b = append(b, "HTTP/1.1 304 Not Modified\r\n"...)
	} else {
		b = append(b, "HTTP/1.1 200 OK\r\n"...)
	}
	b = appendField(b, "Access-Control-Allow-Origin: ", w.origin)
	b = appendField(b, "Cache-Control: ", a.control)
	if status == http.StatusOK {
		b = appendField(b, "Content-Encoding: ", a.encoding)
		b = appendField(b, "Content-Length: ", a.length)
		b = appendField(b, "Content-Type: ", a.kind)
	}
	b = appendField(b, "Etag: ", a.etag)
	b = appendField(b, "Vary: ", a.vary)
	b = appendField(b, "X-Content-Type-Options: ", noSniff)
	b = append(append(b, "Date: "...), w.date...)
	if w.last {
		b = append(b, "\r\nConnection: close"...)
	}
	return append(b, "\r\n\r\n"...)
}

// appendField writes one header line, none for nil.
func appendField(b []byte, name string, value []string) []byte {
	if value == nil {
		return b
	}
	return append(append(append(b, name...), value[0]...), "\r\n"...)
}

// date is the text of the second, made once in it.
type date struct{ now atomic.Pointer[second] }

type second struct {
	unix int64
	text string
}

// at returns the text that the header Date has at t.
func (d *date) at(t time.Time) string {
	s := d.now.Load()
	if s == nil || s.unix != t.Unix() {
		s = &second{t.Unix(), t.UTC().Format(http.TimeFormat)}
		d.now.Store(s)
	}
	return s.text
}
