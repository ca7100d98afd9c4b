package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"
	"github.com/terrane/terrane/imagery"
	"github.com/terrane/terrane/imagery/style"
	"github.com/terrane/terrane/imagery/xyz"
	"github.com/terrane/terrane/internal/access"
	"github.com/terrane/terrane/internal/elevation"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

var (
	errURI      = errors.New("server: the URL is too long")
	errBody     = errors.New("server: the request body is too large")
	errPanic    = errors.New("server: internal error")
	errNoCesium = errors.New("server: built without CesiumJS")
)

// problem is what a client reads of an error: a fixed sentence, and nothing of the error's own text, which may hold paths.
type problem struct {
	status int
	text   string
	retry  string // Retry-After in seconds, for 503
}

// problems is the table of errors that have an answer of their own; the first match counts.
var problems = []struct {
	is error
	problem
}{
	{errPath, problem{400, "tile coordinates are whole numbers without sign or leading zeros: {z}/{x}/{y}.terrain", ""}},
	{tilegrid.ErrOutOfGrid, problem{404, "no such tile: outside the grid", ""}},
	{tilestore.ErrNotFound, problem{404, "no such tile", ""}},
	{tilestore.ErrNoDataset, problem{404, "no such dataset", ""}},
	{tilestore.ErrName, problem{404, "no such dataset", ""}},
	{errNoPage, problem{404, "no such page", ""}},
	{xyz.ErrPath, problem{400, "tile coordinates are whole numbers without sign or leading zeros: {z}/{x}/{y}.png", ""}},
	{xyz.ErrPage, problem{404, "no such page", ""}},
	{errStyle, problem{404, "no such style", ""}},
	{imagery.ErrTooLarge, problem{400, "the picture would take too many tiles", ""}},
	{style.ErrNoHeights, problem{404, "this dataset keeps no heights", ""}},
	{errDEMFormat, problem{400, "heights come as format=png and format=webp", ""}},
	{errCrowd, problem{503, "too many large questions at a time", "5"}},
	{errBodyRead, problem{400, "the request body did not arrive whole", ""}},
	{errBusy, problem{503, "too many maps are being drawn", "5"}},
	{errURI, problem{414, "the URL is too long", ""}},
	{errBody, problem{413, "the request body is too large", ""}},
	{tilestore.ErrCorrupt, problem{503, "this dataset is withdrawn: its stored bytes are damaged", "300"}},
	{tilestore.ErrForeign, problem{503, "this dataset is withdrawn: its file cannot be read", "300"}},
	{errNoCesium, problem{503, "this build has no viewer: CesiumJS was not bundled (run scripts/setup, then build again)", "86400"}},
	{errPanic, problem{500, "internal error", ""}},
	{access.ErrAbsent, problem{401, "a token is needed: Authorization: Bearer TOKEN, or access_token=TOKEN in the URL", ""}},
	{access.ErrExpired, problem{401, "the token has expired", ""}},
	{access.ErrUnknown, problem{401, "the token is not known", ""}},
	{errForbidden, problem{403, "the token is for other datasets", ""}},
	{errScope, problem{403, "the token is not for this", ""}},
	{errNoAdmin, problem{403, "there is no administration over HTTP: it takes a server with --auth", ""}},
	{errNoUpload, problem{403, "publishing over HTTP is switched off: --max-upload", ""}},
	{errAdminName, problem{400, "a dataset is named by a-z, 0-9, - and _, at most 63 characters, and a version is a whole number", ""}},
	{errUpload, problem{503, "another dataset is being published", "5"}},
	{errReload, problem{503, "a file could not be read again: the server's log says which", "60"}},
	{errRate, problem{429, "too many requests", ""}},
	{context.Canceled, problem{503, "the request was given up", "1"}},
	{context.DeadlineExceeded, problem{503, "the request took too long", "5"}},
}

// problemOf finds the answer to an error. What has none in the table is a passing fault of the machine: 503.
func problemOf(err error) problem {
	var a *Refusal
	if errors.As(err, &a) {
		return problem{a.Status, a.Text, a.retry()}
	}
	for i := range problems {
		if errors.Is(err, problems[i].is) {
			return problems[i].problem
		}
	}
	var r *elevation.Refusal
	if errors.As(err, &r) {
		return problem{400, r.Reason + "; try: " + r.Try, ""}
	}
	var h *echo.HTTPError
	if errors.As(err, &h) && h.Code >= 400 && h.Code < 500 {
		return problem{h.Code, http.StatusText(h.Code), ""}
	}
	return problem{503, "temporarily not available", "5"}
}

// fail answers an error as JSON, and logs what an operator must look at.
func (s *Server) fail(c echo.Context, err error) {
	p := problemOf(err)
	if p.status >= 500 && !errors.Is(err, errPanic) && !errors.Is(err, context.Canceled) {
		s.options.Log.Warn("request not served", "path", clip(c.Request().URL.Path), "cause", err.Error())
	}
	w := c.Response()
	if w.Committed {
		return
	}
	h := w.Header()
	for _, name := range []string{"Etag", "Content-Encoding", "Content-Security-Policy"} {
		delete(h, name)
	}
	body, _ := json.Marshal(struct {
		Error  string `json:"error"`
		Status int    `json:"status"`
	}{p.text, p.status}) // a string and a number always marshal
	if p.retry != "" {
		h["Retry-After"] = []string{p.retry}
	}
	h["Content-Type"] = []string{"application/json"}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	h["Cache-Control"] = cacheNever
	h["Vary"] = s.headers.varyAccept
	w.WriteHeader(p.status)
	if c.Request().Method != http.MethodHead {
		w.Write(body) // an error here is a client that went away
	}
}
