package server

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/terrane/terrane/internal/access"
)

// visitor is who asks, as the guard found out. Where there is no guard there is none.
type visitor struct {
	grant  *access.Grant // nil where no token was looked at: then no dataset may be read
	token  string
	inURL  bool // the token came in the URL: the client may be one that sends no headers, so addresses are handed on with it
	handed bool // an address with the token is part of the answer
}

type visitorKey struct{}

// visitorOf returns who asks, nil if nobody was asked who that is.
func visitorOf(ctx context.Context) *visitor {
	v, _ := ctx.Value(visitorKey{}).(*visitor)
	return v
}

// sentToken is the token that came with a request, good or not, "" for none.
func sentToken(r *http.Request) string {
	if v := visitorOf(r.Context()); v != nil {
		return v.token
	}
	token, _ := access.FromRequest(r)
	return token
}

// ionPrefix is where documents are that hand the token on however it came: who asks ion for an endpoint then asks there with what it says.
const ionPrefix = "/v1/"

// handOn returns address with the token that came with r, for clients that drop headers on the requests that follow. Without access control it is
// address itself.
func (s *Server) handOn(r *http.Request, address string) string {
	v := visitorOf(r.Context())
	if s.options.Access == nil || v == nil || v.token == "" || !v.inURL && !strings.HasPrefix(r.URL.Path, ionPrefix) {
		return address
	}
	v.handed = true
	return withToken(address, v.token)
}

// withToken returns an address with a token in its query, before what the query has.
func withToken(address, token string) string {
	end := strings.IndexAny(address, "?#")
	if end < 0 {
		end = len(address)
	}
	pair := access.Parameter + "=" + url.QueryEscape(token)
	if strings.HasPrefix(address[end:], "?") {
		return address[:end] + "?" + pair + "&" + address[end+1:]
	}
	return address[:end] + "?" + pair + address[end:]
}

// sendDocument writes a document of either representation. If the token came in the URL, every address of this server in it has the token, and
// the answer is nobody else's: it is neither kept here nor anywhere.
func (s *Server) sendDocument(c echo.Context, p pair, control []string) error {
	r := c.Request()
	v := visitorOf(r.Context())
	if s.options.Access == nil || v == nil || !v.inURL {
		return p.of(r).send(c, s.headers.varyEncoding, control)
	}
	v.handed = true
	body := handOnAll(p[0].body, s.baseURL(r), v.token)
	return s.newQuick(r, body, p[0].kind[0]).send(c, s.headers.varyEncoding, control)
}

// endOfPath are the bytes that a path of ours ends before, in JSON, in XML, and in the code of a snippet.
const endOfPath = "?#\"'`<>\\ \t\r\n,;)|&"

// handOnAll returns a document in which every address below base has the token, see [withToken].
func handOnAll(document []byte, base, token string) []byte {
	var out bytes.Buffer
	out.Grow(len(document) * 5 / 4)
	and := "&"
	if bytes.HasPrefix(document, []byte("<")) {
		and = "&amp;"
	}
	pair := access.Parameter + "=" + url.QueryEscape(token)
	for {
		n := bytes.Index(document, []byte(base))
		if n < 0 {
			out.Write(document)
			return out.Bytes()
		}
		n += len(base)
		end := bytes.IndexAny(document[n:], endOfPath)
		if end < 0 {
			end = len(document) - n
		}
		path := string(document[n : n+end])
		out.Write(document[:n+end])
		document = document[n+end:]
		query, queried := bytes.CutPrefix(document, []byte("?"))
		switch {
		case !takesToken(path), bytes.HasPrefix(query, []byte(access.Parameter+"=")):
		case queried:
			out.WriteString("?" + pair + and)
			document = query
		default:
			out.WriteString("?" + pair)
		}
	}
}

// takesToken tells whether an address of this path takes a token: not what is open, and not the folder of a level of TMS, to which clients
// append.
func takesToken(path string) bool {
	switch {
	case !strings.HasPrefix(path, "/"), path == "/", strings.HasPrefix(path, "/cesium/"), strings.HasPrefix(path, "/assets/"):
		return false
	case strings.HasPrefix(path, "/tms/"):
		return strings.Trim(path[strings.LastIndexByte(path, '/')+1:], "0123456789") != "" || strings.HasSuffix(path, "/")
	}
	return true
}

// handOnTiles gives the token to the templates of a layer.json, which are relative and have a query.
func (s *Server) handOnTiles(r *http.Request, tiles []string) bool {
	v := visitorOf(r.Context())
	if s.options.Access == nil || v == nil || !v.inURL {
		return false
	}
	v.handed = true
	for i := range tiles {
		tiles[i] = withToken(tiles[i], v.token)
	}
	return true
}
