package server

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
)

// maxURI is the longest request target that gets an answer other than 414.
const maxURI = 8 << 10

// edge is the one middleware: it stands around routing and every handler, bounds what comes in, sets the headers that each
// answer has, turns errors and panics into answers, and counts.
func (s *Server) edge(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start := time.Now()
		s.headers.apply(c.Response().Header(), c.Request())
		if err := s.guarded(c, next); err != nil {
			s.fail(c, err)
		}
		s.metrics.of(c.Path()).observe(c.Response().Status, c.Response().Size, time.Since(start))
		s.logAccess(c, start)
		return nil
	}
}

// guarded answers what needs no route, and turns a panic into an error.
func (s *Server) guarded(c echo.Context, next echo.HandlerFunc) (err error) {
	defer func() {
		if p := recover(); p != nil {
			s.options.Log.Error("panic in a handler", "cause", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = errPanic
		}
	}()
	r := c.Request()
	if len(r.RequestURI) > maxURI {
		return errURI
	}
	s.trimBase(r.URL)
	if r.ContentLength != 0 {
		most := s.options.Limits.BodyBytes
		if asksPoints(r) {
			most = max(most, pointsBytes)
		}
		if publishes(r) {
			most = either(s.options.UploadBytes, most)
		}
		if r.ContentLength > most {
			return errBody
		}
		r.Body = http.MaxBytesReader(c.Response(), r.Body, most)
	}
	if r.Method == http.MethodOptions {
		s.headers.preflight(c.Response().Header(), r.URL.Path)
		c.Response().WriteHeader(http.StatusNoContent)
		return nil
	}
	return next(c)
}

// trimBase takes the path of the base URL, which a proxy may have left on a request, off its URL.
func (s *Server) trimBase(u *url.URL) {
	if s.options.BaseURL == nil {
		return
	}
	prefix := strings.TrimSuffix(s.options.BaseURL.Path, "/")
	rest, ok := strings.CutPrefix(u.Path, prefix)
	if prefix == "" || !ok || rest != "" && rest[0] != '/' {
		return
	}
	u.Path, u.RawPath = either(rest, "/"), ""
}

// logAccess writes one line: JSON or quoted text, so nothing of the client's can break out of it, and no query, as that may hold a token.
func (s *Server) logAccess(c echo.Context, start time.Time) {
	if s.options.AccessLog == nil {
		return
	}
	r, w := c.Request(), c.Response()
	s.options.AccessLog.InfoContext(context.WithoutCancel(r.Context()), "request",
		"method", r.Method, "path", clip(r.URL.Path), "status", w.Status, "bytes", w.Size,
		"ms", float64(time.Since(start).Microseconds())/1000, "peer", r.RemoteAddr, "agent", clip(r.UserAgent()))
}

// clip shortens what a client sent to what a log line should hold.
func clip(s string) string {
	const most = 256
	if len(s) > most {
		return s[:most] + "..."
	}
	return s
}
