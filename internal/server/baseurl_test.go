package server

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

func TestForwardedTakesWhatTheNearestProxyWrote(t *testing.T) {
	for _, c := range []struct {
		name   string
		header http.Header
		want   origin
	}{
		{"nothing", http.Header{}, origin{}},
		{"one of each", http.Header{"X-Forwarded-Proto": {"HTTPS"}, "X-Forwarded-Host": {"a.example:1"}, "X-Forwarded-Prefix": {"/t"}}, origin{scheme: "https", host: "a.example:1", prefix: "/t"}},
		{"the last of a list", http.Header{"X-Forwarded-Host": {"evil.example, a.example"}}, origin{host: "a.example"}},
		{"the last line", http.Header{"X-Forwarded-Host": {"evil.example", "a.example"}}, origin{host: "a.example"}},
		{"an empty last entry", http.Header{"X-Forwarded-Host": {"evil.example,"}}, origin{}},
		{"Forwarded before X-Forwarded", http.Header{"X-Forwarded-Proto": {"http"}, "Forwarded": {`Proto=https; HOST="[::1]:80"`}}, origin{scheme: "https", host: "[::1]:80"}},
		{"no scheme, host or path", http.Header{"X-Forwarded-Proto": {"ftp"}, "X-Forwarded-Host": {"a b"}, "X-Forwarded-Prefix": {"t"}}, origin{}},
		{"another origin as prefix", http.Header{"X-Forwarded-Prefix": {"//evil.example"}}, origin{}},
	} {
		if got := forwarded(c.header); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

// FuzzForwarded: whatever a trusted proxy passes on, base URLs are plain http or https URLs without markup, and the server's word comes first.
// What a stranger sends changes nothing.
func FuzzForwarded(f *testing.F) {
	f.Add("https", "maps.example:8443", "/t/", `for=1.2.3.4;host=a.example, for=5.6.7.8;proto=https;host="b.example:1"`, "a")
	f.Add("javascript", "a<b>.example", "//evil", `host="a\";b=c`, "")
	f.Add("http,https", "a, b", "/../%2e", ";;==,\"", "[::1]:80")
	f.Add("\r\n", "a\r\nX: b", "/\x00", "proto=\xff", "a@b")
	proxy := &Server{options: Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}}
	named := &Server{options: Options{TrustedProxies: proxy.options.TrustedProxies, BaseURL: &url.URL{Scheme: "https", Host: "maps.example", Path: "/t/"}}}
	f.Fuzz(func(t *testing.T, proto, host, prefix, list, own string) {
		r := &http.Request{Host: own, RemoteAddr: "192.0.2.1:1", URL: &url.URL{Path: "/"}, Header: http.Header{
			"X-Forwarded-Proto": {proto}, "X-Forwarded-Host": {host}, "X-Forwarded-Prefix": {prefix}, "Forwarded": {list}}}
		base := proxy.baseURL(r)
		if strings.ContainsAny(base, "<>\"'\\ \r\n\x00?#@%") || strings.HasSuffix(base, "/") {
			t.Fatalf("base URL %q", base)
		}
		scheme, rest, _ := strings.Cut(base, "://")
		authority, path, _ := strings.Cut(rest, "/")
		if scheme != "http" && scheme != "https" || !plainHost(authority) || path != "" && !plainPath("/"+path) {
			t.Fatalf("base URL %q: %q, %q, %q", base, scheme, authority, path)
		}
		if got := named.baseURL(r); got != "https://maps.example/t" {
			t.Fatalf("in spite of --base-url: %q", got)
		}
		r.RemoteAddr = "198.51.100.1:1"
		stranger, plain := proxy.baseURL(r), &http.Request{Host: own, URL: r.URL}
		if want := proxy.baseURL(plain); stranger != want {
			t.Fatalf("a stranger's headers count: %q, not %q", stranger, want)
		}
	})
}
