package server

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/terrane/terrane/tilestore"
)

// Admin changes what is served. Names and references that it gets have the right form. An error that is a [*Refusal] is told to the client, as
// are those of tilestore; of others only the log hears.
type Admin interface {
	// Publish makes the next version of a dataset of body, an MBTiles file, once all of it is found good; size is -1 if nobody knows it.
	Publish(ctx context.Context, name string, body io.Reader, size int64) (version int, err error)
	// Remove removes "name", with all its versions, or "name@2", and returns the versions that went.
	Remove(ctx context.Context, ref string) (versions []int, err error)
	// Use makes "name@2" the current version, or, of "name", the newest, and returns which that is.
	Use(ctx context.Context, ref string) (version int, err error)
}

// Refusal is an error of an [Admin] that its client may read: Text is a fixed sentence. Err is the cause, for the log.
type Refusal struct {
	Status int
	Text   string
	Err    error
}

// Error returns the text and the cause.
func (r *Refusal) Error() string { return "server: " + r.Text + ": " + r.Err.Error() }

// Unwrap returns the cause.
func (r *Refusal) Unwrap() error { return r.Err }

func (r *Refusal) retry() string {
	if r.Status == http.StatusServiceUnavailable {
		return "60"
	}
	return ""
}

var (
	errNoUpload  = errors.New("server: no uploads")
	errUpload    = errors.New("server: another upload")
	errAdminName = errors.New("server: a bad name")
	errReload    = errors.New("server: a file was not read again")
)

const adminPrefix = "/admin/datasets/"

// publishes tells whether a request may bring a dataset.
func publishes(r *http.Request) bool {
	return r.Method == http.MethodPut && strings.HasPrefix(r.URL.Path, adminPrefix)
}

// adminRef reads the dataset that a path names, which must be one that the token is for.
func (s *Server) adminRef(c echo.Context, ref string) (string, error) {
	if s.options.Admin == nil {
		return "", errNoAdmin
	}
	if _, ok := checkRef(ref); !ok {
		return "", errAdminName
	}
	return ref, s.covers(c.Request().Context(), ref)
}

// adminPublish answers PUT /admin/datasets/{name}.
func (s *Server) adminPublish(c echo.Context) error {
	r := c.Request()
	name, err := s.adminRef(c, strings.TrimPrefix(r.URL.Path, adminPrefix))
	switch {
	case err != nil:
		return err
	case tilestore.CheckName(name) != nil: // a version is given, not asked for
		return errAdminName
	case s.options.UploadBytes == 0:
		return errNoUpload
	case !s.upload.TryLock():
		return errUpload
	}
	defer s.upload.Unlock()
	body := newPatient(c, s.options.Limits)
	version, err := s.options.Admin.Publish(r.Context(), name, body, r.ContentLength)
	body.end()
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return errBody
	case body.failed != nil:
		return errBodyRead
	case err != nil:
		if problemOf(err).status < 500 { // of the others the log hears in any case
			s.warn(c, err)
		}
		return err
	}
	return c.JSON(http.StatusCreated, map[string]any{"name": name, "version": version})
}

// adminRemove answers DELETE /admin/datasets/{name} and /admin/datasets/{name}@{version}.
func (s *Server) adminRemove(c echo.Context) error {
	ref, err := s.adminRef(c, strings.TrimPrefix(c.Request().URL.Path, adminPrefix))
	if err != nil {
		return err
	}
	gone, err := s.options.Admin.Remove(c.Request().Context(), ref)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]any{"removed": ref, "versions": gone})
}

// adminUse answers POST /admin/datasets/{name}/use?version=V; without a version the newest is the current one again.
func (s *Server) adminUse(c echo.Context) error {
	name, ok := strings.CutSuffix(strings.TrimPrefix(c.Request().URL.Path, adminPrefix), "/use")
	if !ok {
		return errNoPage
	}
	if tilestore.CheckName(name) != nil {
		return errAdminName
	}
	ref := name
	if version := c.QueryParam("version"); version != "" {
		ref += "@" + version
	}
	ref, err := s.adminRef(c, ref)
	if err != nil {
		return err
	}
	version, err := s.options.Admin.Use(c.Request().Context(), ref)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]any{"name": name, "version": version, "fixed": ref != name})
}

// adminReload answers POST /admin/reload: tokens and keys are read and the catalogue is looked at now, not within a second.
func (s *Server) adminReload(c echo.Context) error {
	if err := s.options.Access.Reload(); err != nil {
		s.options.Log.Warn("not reloaded", "cause", err.Error())
		return errReload
	}
	now, err := s.allServices(c.Request().Context())
	if err != nil {
		return err
	}
	if other := s.renewed(everything(c.Request().Context()), now); other != nil {
		now = other
	}
	told := map[string]any{"datasets": len(s.seenBy(c.Request().Context(), now).infos)}
	if v := visitorOf(c.Request().Context()); v != nil && v.grant != nil && v.grant.All() {
		told["tokens"] = s.options.Access.Tokens()
	}
	return c.JSON(http.StatusOK, told)
}

// patient is the body of an upload, which may take as long as it takes, so long as bytes keep coming: the usual limits are on whole requests.
type patient struct {
	io.Reader
	control  *http.ResponseController
	limits   Limits
	began    time.Time
	extended time.Time
	read     int64 // bytes
	failed   error // of the reading
}

// How slow an upload may be: there is one at a time, and whoever sends it must not keep the others away.
const (
	uploadRate  = 16 << 10 // bytes a second on average
	uploadGrace = time.Minute
)

var errSlow = errors.New("server: an upload that is too slow")

func newPatient(c echo.Context, l Limits) *patient {
	p := &patient{Reader: c.Request().Body, control: http.NewResponseController(c.Response()), limits: l, began: time.Now()}
	_ = p.control.SetWriteDeadline(time.Time{}) // errors are of connections that know no deadlines, or are gone
	return p
}

// Read reads on, and gives the client as long as for a whole request until it has to send the next bytes.
func (p *patient) Read(b []byte) (int, error) {
	now := time.Now()
	if late := now.Sub(p.began) - uploadGrace; late > 0 && float64(p.read) < late.Seconds()*uploadRate {
		p.failed = errSlow
		return 0, errSlow
	}
	if now.Sub(p.extended) > time.Second {
		p.extended = now
		_ = p.control.SetReadDeadline(now.Add(p.limits.Read + time.Second))
	}
	n, err := p.Reader.Read(b)
	p.read += int64(n)
	if err != nil && err != io.EOF {
		p.failed = err
	}
	return n, err
}

// end puts the limit on the answer back.
func (p *patient) end() {
	_ = p.control.SetReadDeadline(time.Time{})
	_ = p.control.SetWriteDeadline(time.Now().Add(p.limits.Write))
}
