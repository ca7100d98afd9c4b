package doctor

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
)

// How much of an answer is read.
const (
	tileBytes     = 16 << 20
	documentBytes = 64 << 20
)

// What browsers and CesiumJS 1.145 say, measured.
const (
	browserEncoding = "gzip, deflate, br"
	ionHeaders      = "authorization,x-cesium-client,x-cesium-client-version"
	clientVersion   = "1.145"
)

// ask is a request.
type ask struct {
	url      *url.URL
	method   string // "" is GET
	accept   string
	encoding string // Accept-Encoding; "" is a browser's, "none" leaves it out
	limit    int64  // of the body; 0 is that of a tile
	any      bool   // a status other than 200 is what is hoped for: CORS is judged by itself
}

// answer is what came back.
type answer struct {
	url    *url.URL
	status int
	header http.Header
	raw    []byte // as it came
	body   []byte // without the Content-Encoding; raw if that does not fit
	flag   string // Content-Encoding
	bad    error  // why body could not be made of raw
	cut    bool   // the connection, or the patience, ended before the body did
	late   bool   // it was the patience
	over   bool   // the body is larger than what is read
}

// at is the answer as evidence: address, status, what the headers say about the body.
func (a *answer) at() string {
	text := fmt.Sprintf("%s: %d", shown(a.url), a.status)
	for _, name := range []string{"Content-Type", "Content-Encoding", "Access-Control-Allow-Origin", "Location"} {
		if v := a.header.Values(name); len(v) > 0 {
			text += ", " + name + ": " + hidden(strings.Join(v, " | "))
		}
	}
	return fmt.Sprintf("%s, %d bytes", text, len(a.raw))
}

func (a *answer) ok() bool { return a.status >= 200 && a.status < 300 }

// refused tells whether who asks is not let in.
func (a *answer) refused() bool {
	return a.status == http.StatusUnauthorized || a.status == http.StatusForbidden
}

// page tells whether the body is HTML.
func (a *answer) page() bool {
	head := bytes.ToLower(bytes.TrimLeft(a.body[:min(len(a.body), 512)], "\ufeff \t\r\n"))
	return bytes.HasPrefix(head, []byte("<!doctype html")) || bytes.HasPrefix(head, []byte("<html"))
}

func newClient(home *url.URL, patience time.Duration) *http.Client {
	return &http.Client{
		Timeout: patience,
		Transport: &http.Transport{
			DisableCompression: true, ForceAttemptHTTP2: true, TLSHandshakeTimeout: patience, ResponseHeaderTimeout: patience, MaxIdleConnsPerHost: 4,
			TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12},
		},
		CheckRedirect: func(next *http.Request, via []*http.Request) error {
			if len(via) > 5 || !strings.EqualFold(next.URL.Hostname(), home.Hostname()) {
				return http.ErrUseLastResponse
			}
			return nil
		},
	}
}

// greet asks for the address itself, to tell a server that cannot be reached from one with faults. It returns false if the rest makes no sense.
func (d *doctor) greet(ctx context.Context) (bool, error) {
	if page, err := url.Parse(d.Origin); err == nil && page.Scheme == "https" && d.home.Scheme == "http" {
		if loopback(d.home.Hostname()) {
			d.foundAs(Note, "net.mixed", "", "the page is https, this server http on this machine itself: browsers allow that to it alone")
		} else {
			d.found("net.mixed", "", "the page %s is https, the server http", d.Origin)
		}
	} else {
		d.pass("net.mixed")
	}
	r, err := d.request(ctx, ask{url: d.home})
	if err != nil {
		return false, fmt.Errorf("%w: %v", ErrAddress, err)
	}
	a, err := d.client.Do(r)
	if err == nil {
		a.Body.Close()
		d.pass("net.tls")
		return true, nil
	}
	var wrong *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	if errors.As(err, &wrong) || errors.As(err, &unknown) {
		d.found("net.tls", shown(d.home), "%v", reason(err))
		return false, nil
	}
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	return false, fmt.Errorf("%w: %v", ErrUnreached, reason(err))
}

// reason is an error of net/http without the address, which may hold a token.
func reason(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// request makes a request as CesiumJS on a page of Origin does.
func (d *doctor) request(ctx context.Context, q ask) (*http.Request, error) {
	method := q.method
	if method == "" {
		method = http.MethodGet
	}
	r, err := http.NewRequestWithContext(ctx, method, q.url.String(), nil)
	if err != nil {
		return nil, reason(err)
	}
	for name, values := range d.Header {
		r.Header[http.CanonicalHeaderKey(name)] = values
	}
	if accept := q.accept; accept != "" {
		r.Header.Set("Accept", accept)
	} else {
		r.Header.Set("Accept", "*/*")
	}
	switch q.encoding {
	case "":
		r.Header.Set("Accept-Encoding", browserEncoding)
	case "none":
	default:
		r.Header.Set("Accept-Encoding", q.encoding)
	}
	r.Header.Set("Origin", d.Origin)
	r.Header.Set("User-Agent", "Mozilla/5.0 (terrane doctor, as CesiumJS)")
	if method == http.MethodOptions {
		r.Header.Set("Access-Control-Request-Method", "GET")
		r.Header.Set("Access-Control-Request-Headers", ionHeaders)
	} else if d.Token != "" {
		r.Header.Set("Authorization", "Bearer "+d.Token)
		r.Header.Set("X-Cesium-Client", "CesiumJS")
		r.Header.Set("X-Cesium-Client-Version", clientVersion)
	}
	return r, nil
}

// get asks, and judges what every answer has to have. It returns nil if there was no answer, which is then noted; most callers have nothing to say
// about that.
func (d *doctor) get(ctx context.Context, q ask) *answer {
	if d.foreign(q.url, "an address") {
		return nil
	}
	a := d.reach(ctx, q)
	if a == nil {
		return nil
	}
	if document := q.limit == documentBytes; !q.any && (a.status == http.StatusUnauthorized || a.refused() && document) { // stores answer 403 for 404
		d.locked(a)
	}
	d.judge(a, q)
	return a
}

// reach asks. It returns nil if there was no answer, which is then noted, and at once after some that were none.
func (d *doctor) reach(ctx context.Context, q ask) *answer {
	const enough = 4
	if d.lost >= enough || ctx.Err() != nil {
		return nil
	}
	a, err := d.once(ctx, q)
	if err == nil && q.encoding == "" && strings.Contains(a.flag, "br") {
		q.encoding = "gzip, deflate" // Brotli is fine in browsers, and this program cannot read it
		a, err = d.once(ctx, q)
	}
	if err == nil && a.late {
		err = fmt.Errorf("the answer was not whole after %v", d.Timeout)
	}
	if err != nil {
		if d.lost++; ctx.Err() == nil {
			d.found("net.lost", shown(q.url), "%v", err)
		}
		return nil
	}
	d.lost = 0
	d.pass("net.lost")
	return a
}

func (d *doctor) once(ctx context.Context, q ask) (*answer, error) {
	r, err := d.request(ctx, q)
	if err != nil {
		return nil, err
	}
	d.requests++
	got, err := d.client.Do(r)
	if err != nil {
		return nil, reason(err)
	}
	defer got.Body.Close()
	limit := int64(tileBytes)
	if q.limit > 0 {
		limit = q.limit
	}
	a := &answer{url: q.url, status: got.StatusCode, header: got.Header, flag: strings.ToLower(got.Header.Get("Content-Encoding"))}
	a.raw, err = io.ReadAll(io.LimitReader(got.Body, limit+1))
	a.cut, a.over = err != nil, int64(len(a.raw)) > limit
	var slow net.Error
	a.late = errors.As(err, &slow) && slow.Timeout()
	if moved := got.Request.URL; moved.String() != q.url.String() {
		d.foundAs(Note, "net.redirect", shown(q.url), "sent on to %s", shown(moved))
	}
	if a.refused() && d.refusal == nil {
		d.refusal = a
	}
	a.body, a.bad = a.raw, nil
	if plain, err := unpack(a.raw, a.flag, limit); err != nil {
		a.bad = err
	} else {
		a.body = plain
	}
	return a, nil
}

// unpack undoes a Content-Encoding.
func unpack(raw []byte, flag string, limit int64) ([]byte, error) {
	if len(raw) == 0 {
		return raw, nil
	}
	codings := strings.Split(flag, ",")
	for i := len(codings) - 1; i >= 0; i-- {
		var z io.Reader
		var err error
		switch strings.TrimSpace(codings[i]) {
		case "gzip", "x-gzip":
			z, err = gzip.NewReader(bytes.NewReader(raw))
		case "deflate":
			z, err = zlib.NewReader(bytes.NewReader(raw))
		case "", "identity":
			continue
		default:
			return nil, fmt.Errorf("cannot read Content-Encoding: %s", flag)
		}
		if err == nil {
			raw, err = io.ReadAll(io.LimitReader(z, limit+1))
		}
		if err != nil {
			return nil, err
		}
	}
	return raw, nil
}

// admitted asks for a document that all depends on, as get does. It returns nil too if who asks is not let in.
func (d *doctor) admitted(ctx context.Context, u *url.URL) *answer {
	a := d.get(ctx, ask{url: u, limit: documentBytes})
	if a != nil && a.refused() {
		return nil
	}
	return a
}

// locked notes that who asks is not let in.
func (d *doctor) locked(a *answer) {
	how := "no token was shown"
	if d.Token != "" || len(d.Header) > 0 || secret.MatchString(a.url.RawQuery) {
		how = "the token that was shown is not taken, or is for something else"
	}
	d.found("net.token", a.at(), "answered with %d %s: %s", a.status, http.StatusText(a.status), how)
}

// judge looks at what every answer has to have.
func (d *doctor) judge(a *answer, q ask) {
	if to, err := a.url.Parse(a.header.Get("Location")); a.status >= 300 && a.status < 400 && a.status != http.StatusNotModified {
		where := "nowhere"
		if err == nil {
			where = to.Host
		}
		d.found("net.redirect", a.at(), "sends on to %s, which was not followed", where)
	} else {
		d.pass("net.redirect")
	}
	d.cors(a, q)
}

// cors tells whether a page of Origin may read the answer.
func (d *doctor) cors(a *answer, q ask) {
	if q.method == http.MethodOptions || d.sameOrigin(a.url) {
		return
	}
	allowed := a.header.Values("Access-Control-Allow-Origin")
	credentials := a.header.Get("Access-Control-Allow-Credentials") == "true"
	switch {
	case len(allowed) == 0 && a.ok() && !q.any:
		d.found("cors.missing", a.at(), "no Access-Control-Allow-Origin in a %d for %s", a.status, d.Origin)
	case len(allowed) == 0:
		d.found("cors.errors", a.at(), "no Access-Control-Allow-Origin in a %d", a.status)
	case len(allowed) > 1 || strings.Contains(allowed[0], ","):
		d.found("cors.wrong", a.at(), "more than one Access-Control-Allow-Origin: browsers refuse that")
	case allowed[0] == "*" && credentials:
		d.foundAs(Note, "cors.wrong", a.at(), "* with Access-Control-Allow-Credentials: refused where an app sends credentials (TrustedServers)")
	case allowed[0] != "*" && allowed[0] != d.Origin:
		d.found("cors.wrong", a.at(), "pages of %s may read it, those of %s may not", allowed[0], d.Origin)
	case a.ok():
		d.pass("cors.missing", "cors.wrong")
	default:
		d.pass("cors.errors")
	}
}

func (d *doctor) sameOrigin(u *url.URL) bool {
	return strings.EqualFold(u.Scheme+"://"+u.Host, d.Origin)
}

// secret finds what must not be shown of an address.
var secret = regexp.MustCompile(`(?i)((?:access_token|token|key|apikey|api_key|password|signature|sig)=)[^&#]*`)

// shown is an address as it may be shown: templates readable, secrets left out.
func shown(u *url.URL) string {
	return hidden(strings.NewReplacer("%7B", "{", "%7D", "}").Replace(u.Redacted()))
}

// password finds who asks, in an address that is part of a text.
var password = regexp.MustCompile(`(://)[^/?#@\s]*@`)

// hidden is a text, such as a header, without the secrets of addresses in it.
func hidden(text string) string {
	return secret.ReplaceAllString(password.ReplaceAllString(text, "${1}...@"), "${1}...")
}
