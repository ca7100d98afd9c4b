package server

import (
	"bytes"
	"context"
	"errors"
	"math"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/terrane/terrane/imagery/wms"
	"github.com/terrane/terrane/imagery/wmts"
	"github.com/terrane/terrane/internal/access"
	"github.com/terrane/terrane/tilestore"
)

// gate is what a route asks of who comes by it. A route that says nothing asks for a token.
type gate int

const (
	forReaders gate = iota // a token that may read
	forAll                 // nothing: it tells nothing of the data
	forLocals              // to come from this machine, or a token that may administrate
	forAdmins              // a token that may administrate
)

var (
	errForbidden = errors.New("server: a token for other datasets")
	errScope     = errors.New("server: a token without the scope")
	errRate      = errors.New("server: too many requests")
	errNoAdmin   = errors.New("server: no administration")
)

// guards tells whether there is anything to guard: else requests are answered in front of net/http as well.
func (s *Server) guards() bool { return s.options.Access != nil || s.options.Rate.Per != 0 }

// guard puts the gate of a route before a handler.
func (s *Server) guard(r route, handle echo.HandlerFunc) echo.HandlerFunc {
	if !s.guards() && r.gate != forAdmins {
		return handle
	}
	return func(c echo.Context) error {
		if err := s.admit(c, r.gate); err != nil {
			return s.refuse(c, err)
		}
		return handle(c)
	}
}

// admit finds out who asks, and whether that may come in. What follows reads who it is with visitorOf; the token is no longer in the URL.
func (s *Server) admit(c echo.Context, at gate) error {
	r := c.Request()
	v := new(visitor)
	if s.options.Access == nil {
		if at == forAdmins {
			return errNoAdmin
		}
		return s.throttle(c, nil, at)
	}
	v.token, v.inURL = access.FromRequest(r)
	c.Response().Before(func() { v.protect(c.Response().Header(), at) })
	open := at == forAll || at == forLocals && s.local(r)
	var err error
	if !open {
		v.grant, err = s.options.Access.Check(v.token)
	}
	if wait := s.throttle(c, v.grant, at); wait != nil {
		return wait
	}
	if !open {
		if err == nil {
			err = checkScope(v.grant, at)
		}
		if err != nil {
			c.Response().Header()["Www-Authenticate"] = challenge(err)
			return err
		}
	}
	r = r.WithContext(context.WithValue(r.Context(), visitorKey{}, v))
	if query := access.WithoutToken(r.URL.RawQuery); query != r.URL.RawQuery {
		u := *r.URL
		u.RawQuery = query
		r.URL = &u
	}
	c.SetRequest(r)
	return nil
}

func checkScope(g *access.Grant, at gate) error {
	if g.Admin || at == forReaders && g.Read {
		return nil
	}
	return errScope
}

// challenge is what WWW-Authenticate says of an error (RFC 6750, section 3).
func challenge(err error) []string {
	text := `Bearer realm="terrane"`
	switch {
	case errors.Is(err, errScope):
		text += `, error="insufficient_scope"`
	case !errors.Is(err, access.ErrAbsent):
		text += `, error="invalid_token"`
	}
	return []string{text}
}

// throttle counts a request, and is errRate if there were too many: of a token by its own rate, of a JWT and of who shows nothing good by that
// of the server. What is open to all is not counted: a page is made of many files.
func (s *Server) throttle(c echo.Context, g *access.Grant, at gate) error {
	if at == forAll {
		return nil
	}
	caller, rate := "", s.options.Rate
	switch {
	case g == nil && rate.Per != 0:
		caller = "address " + s.client(c.Request())
	case g != nil && g.Rate.Per != 0:
		caller, rate = "token "+g.Caller, g.Rate
	case g != nil && strings.HasPrefix(g.Caller, access.JWTPrefix):
		caller = g.Caller
	default:
		return nil
	}
	wait := s.limiter.Take(caller, rate)
	if wait == 0 {
		return nil
	}
	c.Response().Header()["Retry-After"] = []string{strconv.Itoa(int(math.Ceil(wait.Seconds())))}
	return errRate
}

// client is the address that a request comes from, as a trusted proxy tells it. Of IPv6 it is the network of 64 bits: one customer has that many.
func (s *Server) client(r *http.Request) string {
	a, err := addressOf(r.RemoteAddr)
	if s.trusted(r.RemoteAddr) {
		if told, wrong := addressOf(forwarded(r.Header).client); wrong == nil {
			a, err = told, nil
		}
	}
	if err != nil {
		return "unknown"
	}
	if a = a.Unmap().WithZone(""); a.Is6() {
		a = netip.PrefixFrom(a, 64).Masked().Addr()
	}
	return a.String()
}

// addressOf reads an address with or without a port: "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]".
func addressOf(text string) (netip.Addr, error) {
	if host, _, err := net.SplitHostPort(text); err == nil {
		text = host
	}
	return netip.ParseAddr(strings.Trim(text, "[]"))
}

// local tells whether a request comes from this machine and nobody says that it is passed on for another.
func (s *Server) local(r *http.Request) bool {
	a, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !a.Addr().Unmap().IsLoopback() || s.trusted(r.RemoteAddr) {
		return false
	}
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via"} {
		if len(r.Header[name]) > 0 {
			return false
		}
	}
	return true
}

// protect changes the headers of an answer that not everybody may have: no cache that is shared keeps it, and none at all if a token is in it.
func (v *visitor) protect(h http.Header, at gate) {
	if at == forAll && !v.handed {
		return
	}
	control := "no-store"
	if was := h["Cache-Control"]; len(was) > 0 {
		control = strings.Replace(was[0], "public", "private", 1)
	}
	if v.handed {
		control = "private, no-store"
		delete(h, "Etag")
	}
	h["Cache-Control"] = []string{control}
	vary := append(slices.Clone(h["Vary"]), "Authorization")
	if v.grant != nil && !v.inURL && !strings.Contains(strings.ReplaceAll(vary[0], "Accept-Encoding", ""), "Accept") {
		vary = append(vary, "Accept") // the token may be in there
	}
	h["Vary"] = []string{strings.Join(vary, ", ")}
	h["Referrer-Policy"] = noReferrer
}

// refuse answers an error of the guard: WMS and WMTS in their own tongue, the others as any error.
func (s *Server) refuse(c echo.Context, err error) error {
	p := problemOf(err)
	switch path := c.Path(); {
	case path == "/wms":
		e := new(wms.GetMap).Fail("", "", p.text)
		e.HTTP = p.status
		return s.sendException(c, e)
	case strings.HasPrefix(path, "/wmts"):
		var b bytes.Buffer
		e := wmts.Exception{Code: wmts.NoApplicableCode, Text: p.text, Status: p.status}
		if err := e.Encode(&b); err != nil {
			return err
		}
		return s.sendBody(c, e.Status, wmts.MIME, b.Bytes())
	}
	return err
}

// covers is nil if who asks may read the dataset that ref names, else the error that says why not.
func (s *Server) covers(ctx context.Context, ref string) error {
	if s.options.Access == nil {
		return nil
	}
	return covered(ctx, ref)
}

// covered is covers where access is controlled.
func covered(ctx context.Context, ref string) error {
	switch v := visitorOf(ctx); {
	case v == nil, v.grant == nil:
		return access.ErrAbsent
	case !v.grant.Covers(ref):
		return errForbidden
	}
	return nil
}

// coversLayers is covers for all layers that a request of WMS names.
func (s *Server) coversLayers(c echo.Context) error {
	if s.options.Access == nil {
		return nil
	}
	for name := range namedLayers(c.Request()) {
		if err := covered(c.Request().Context(), name); err != nil {
			return err
		}
	}
	return nil
}

// guarded is a catalogue in which everybody finds what is for them. Who is not known finds nothing.
type guarded struct{ Catalog }

// Get lends a dataset, if it is for who asks.
func (g guarded) Get(ctx context.Context, ref string) (Dataset, error) {
	if err := covered(ctx, ref); err != nil {
		return nil, err
	}
	return g.Catalog.Get(ctx, ref)
}

// All describes the datasets that are for who asks.
func (g guarded) All(ctx context.Context) ([]tilestore.Info, error) {
	v := visitorOf(ctx)
	if v == nil || v.grant == nil {
		return nil, access.ErrAbsent
	}
	all, err := g.Catalog.All(ctx)
	if v.grant.All() {
		return all, err
	}
	return seen(v.grant, all, func(i *tilestore.Info) string { return i.Name }), err
}

// Numbers are those of the versions, none of a catalogue that cannot tell.
func (g guarded) Numbers(name string) []int {
	if c, ok := g.Catalog.(Chronicle); ok {
		return c.Numbers(name)
	}
	return nil
}

// Versions describes the versions, none of a catalogue that cannot tell.
func (g guarded) Versions(ctx context.Context, name string) ([]tilestore.Info, error) {
	if err := covered(ctx, name); err != nil {
		return nil, err
	}
	if c, ok := g.Catalog.(Chronicle); ok {
		return c.Versions(ctx, name)
	}
	return nil, nil
}

// Held is that of the catalogue.
func (g guarded) Held(name string) (version int, ok bool) {
	if h, can := g.Catalog.(Holder); can {
		return h.Held(name)
	}
	return 0, false
}

// seen returns those of a list that a grant is for.
func seen[T any](g *access.Grant, list []T, name func(*T) string) []T {
	var out []T
	for i := range list {
		if g.Covers(name(&list[i])) {
			out = append(out, list[i])
		}
	}
	return out
}

// everything is a context for the server's own work, which nobody in particular asked for.
func everything(ctx context.Context) context.Context {
	return context.WithValue(ctx, visitorKey{}, &visitor{grant: &access.Grant{Datasets: []string{access.Every}, Read: true}})
}
