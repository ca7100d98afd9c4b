package access

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func requestOf(query string, headers ...string) *http.Request {
	r := &http.Request{URL: &url.URL{Path: "/", RawQuery: query}, Header: http.Header{}}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	return r
}

func TestATokenIsFoundWhereClientsPutIt(t *testing.T) {
	for name, c := range map[string]struct {
		query   string
		headers []string
		token   string
		inURL   bool
	}{
		"nowhere":                          {"", nil, "", false},
		"header":                           {"", []string{"Authorization: Bearer T"}, "T", false},
		"header in other letters":          {"", []string{"Authorization: bearer  T "}, "T", false},
		"another kind of header":           {"", []string{"Authorization: Basic dTpw"}, "", false},
		"after another kind":               {"", []string{"Authorization: Basic dTpw", "Authorization: Bearer T"}, "T", false},
		"an empty header":                  {"access_token=U", []string{"Authorization: Bearer "}, "", false},
		"query":                            {"v=1&access_token=T", nil, "T", true},
		"query, short":                     {"token=T&v=1", nil, "T", true},
		"query of WMS":                     {"SERVICE=WMS&TOKEN=T", nil, "T", true},
		"both names":                       {"token=U&access_token=T", nil, "T", true},
		"twice":                            {"access_token=T&access_token=U", nil, "T", true},
		"empty in the query":               {"access_token=&v=1", nil, "", false},
		"empty, then not":                  {"access_token=&token=T", nil, "T", true},
		"escaped":                          {"access_token=a%2Eb", nil, "a.b", true},
		"badly escaped":                    {"access_token=%zz", nil, "", false},
		"part of another name":             {"xaccess_token=T&tokens=T&my-token=T", nil, "", false},
		"header before query":              {"access_token=U", []string{"Authorization: Bearer T"}, "T", false},
		"the same in both":                 {"access_token=T", []string{"Authorization: Bearer T"}, "T", true},
		"Accept, as in 2018":               {"", []string{"Accept: application/vnd.quantized-mesh,*/*;q=0.01,*/*;access_token=T"}, "T", false},
		"Accept, with extensions":          {"", []string{"Accept: application/vnd.quantized-mesh;extensions=watermask,*/*;access_token=T"}, "T", false},
		"Accept, all by itself":            {"", []string{"Accept: */*;access_token=T"}, "T", false},
		"Accept, quoted and with a weight": {"", []string{`Accept: */*; access_token="T"; q=0.1`}, "T", false},
		"Accept, on a second line":         {"", []string{"Accept: image/png", "Accept: */*;access_token=T"}, "T", false},
		"Accept without":                   {"", []string{"Accept: */*;q=0.01"}, "", false},
		"query before Accept":              {"access_token=T", []string{"Accept: */*;access_token=U"}, "T", true},
	} {
		if token, inURL := FromRequest(requestOf(c.query, c.headers...)); token != c.token || inURL != c.inURL {
			t.Errorf("%s: %q %v, want %q %v", name, token, inURL, c.token, c.inURL)
		}
	}
}

func TestAQueryLosesItsTokensOnly(t *testing.T) {
	for raw, want := range map[string]string{
		"": "", "v=1": "v=1", "access_token=T": "", "v=1&access_token=T&w": "v=1&w", "token=T&x=%26token=U&Access_Token=": "x=%26token=U",
		"tokens=1&line=1,2;3,4": "tokens=1&line=1,2;3,4", "access_token=%zz&a": "a", "a&&b": "a&&b",
	} {
		if got := WithoutToken(raw); got != want {
			t.Errorf("%q: %q, want %q", raw, got, want)
		}
	}
}

// FuzzFromRequest: whatever comes, no panic; what is left of the query holds no token; a token that a client writes plainly is found.
func FuzzFromRequest(f *testing.F) {
	f.Add("v=1&access_token=T", "Bearer T", "*/*;access_token=T")
	f.Add("token=%41&&=;", "bearer", "a;b,c;access_token=\"\"")
	f.Add("access_token=&TOKEN=x", "", ",;=,access_token==")
	f.Fuzz(func(t *testing.T, query, authorization, accept string) {
		r := requestOf(query)
		r.Header["Authorization"], r.Header["Accept"] = []string{authorization}, []string{accept}
		token, inURL := FromRequest(r)
		if inURL && fromQuery(query) != token {
			t.Errorf("%q is not in %q", token, query)
		}
		rest := WithoutToken(query)
		if fromQuery(rest) != "" || WithoutToken(rest) != rest {
			t.Errorf("%q is left of %q", rest, query)
		}
		if len(token) > len(query)+len(authorization)+len(accept) {
			t.Errorf("token %q is of nobody's making", token)
		}
		if query == "" && !strings.ContainsAny(accept, `,;="`) && accept != "" && strings.TrimSpace(accept) == accept {
			plain := requestOf("", "Accept: */*;access_token="+accept)
			if got, _ := FromRequest(plain); got != accept {
				t.Errorf("sent %q, found %q", accept, got)
			}
		}
	})
}
