package access

import (
	"net/http"
	"net/url"
	"strings"
)

// Parameters of a query that hold a token, the one that counts first.
var parameters = [...]string{"access_token", "token"}

// Parameter is the parameter of a query that addresses are handed on with.
const Parameter = "access_token"

// FromRequest returns the token of a request, "" if there is none: that of "Authorization: Bearer", else of access_token or token in the
// query, else of a parameter access_token in Accept. inURL tells whether the URL holds this token too, so that the client may be one that
// cannot send headers. Nothing says that the token is good.
func FromRequest(r *http.Request) (token string, inURL bool) {
	query := fromQuery(r.URL.RawQuery)
	for _, line := range r.Header["Authorization"] {
		if scheme, rest, ok := strings.Cut(line, " "); ok && strings.EqualFold(scheme, "Bearer") {
			token = strings.TrimSpace(rest)
			return token, token != "" && token == query
		}
	}
	if query != "" {
		return query, true
	}
	return fromAccept(r.Header["Accept"]), false
}

// fromQuery returns the first token in a query, by the order of parameters.
func fromQuery(raw string) string {
	found := len(parameters)
	token := ""
	for rest := raw; rest != ""; {
		var pair string
		pair, rest, _ = strings.Cut(rest, "&")
		key, value, _ := strings.Cut(pair, "=")
		if n := parameter(key); n < found && value != "" {
			if text, err := unescape(value); err == nil {
				found, token = n, text
			}
		}
	}
	return token
}

// unescape is url.QueryUnescape, quick where there is nothing to be done.
func unescape(s string) (string, error) {
	if strings.IndexByte(s, '%') < 0 && strings.IndexByte(s, '+') < 0 {
		return s, nil
	}
	return url.QueryUnescape(s)
}

// parameter returns which of the parameters a key is, len(parameters) if none. Keys of WMS may be in capitals, so these may be as well.
func parameter(key string) int {
	for i, name := range parameters {
		if len(key) == len(name) && strings.EqualFold(key, name) {
			return i
		}
	}
	return len(parameters)
}

// WithoutToken returns a query without the parameters that hold tokens.
func WithoutToken(raw string) string {
	var out []byte // what is kept, once something is not
	cut := false
	for rest := raw; rest != ""; {
		pair, next, more := strings.Cut(rest, "&")
		key, _, _ := strings.Cut(pair, "=")
		switch drop := parameter(key) < len(parameters); {
		case drop && !cut:
			cut, out = true, append(make([]byte, 0, len(raw)), strings.TrimSuffix(raw[:len(raw)-len(rest)], "&")...)
		case !drop && cut:
			if len(out) > 0 {
				out = append(out, '&')
			}
			out = append(out, pair...)
		}
		if rest = next; !more {
			break
		}
	}
	if !cut {
		return raw
	}
	return string(out)
}

// fromAccept finds "*/*;access_token=T" among the media types of Accept.
func fromAccept(lines []string) string {
	for _, line := range lines {
		for line != "" {
			var one string
			if n := strings.IndexAny(line, ",;"); n >= 0 {
				one, line = line[:n], line[n+1:]
			} else {
				one, line = line, ""
			}
			if key, value, ok := strings.Cut(strings.TrimSpace(one), "="); ok && strings.EqualFold(key, Parameter) && value != "" {
				return strings.Trim(value, `"`)
			}
		}
	}
	return ""
}
