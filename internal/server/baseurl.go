package server

import (
	"net/http"
	"net/netip"
	"strings"
)

// baseURL returns where the client sees this server, without a slash at the end: what --base-url says, else what a trusted proxy says,
// else the request's own host.
func (s *Server) baseURL(r *http.Request) string {
	scheme, host, prefix := "http", r.Host, ""
	if r.TLS != nil {
		scheme = "https"
	}
	if s.trusted(r.RemoteAddr) {
		f := forwarded(r.Header)
		scheme, host, prefix = either(f.scheme, scheme), either(f.host, host), f.prefix
	}
	if u := s.options.BaseURL; u != nil {
		scheme, host, prefix = either(u.Scheme, scheme), either(u.Host, host), either(u.Path, prefix)
	}
	if !plainHost(host) {
		host = "localhost"
	}
	return scheme + "://" + host + strings.TrimSuffix(prefix, "/")
}

// trusted tells whether the peer is one of the proxies whose word counts.
func (s *Server) trusted(peer string) bool {
	if len(s.options.TrustedProxies) == 0 {
		return false
	}
	a, err := netip.ParseAddrPort(peer)
	if err != nil {
		return false
	}
	for _, p := range s.options.TrustedProxies {
		if p.Contains(a.Addr().Unmap()) {
			return true
		}
	}
	return false
}

// origin is what a proxy tells of the request that it got; empty fields were not told.
type origin struct {
	scheme, host, prefix string
	client               string // address, with or without a port; not checked
}

// forwarded reads Forwarded (RFC 7239) and X-Forwarded-Proto, -Host, -Prefix and -For; of a list the last entry counts, which the nearest
// proxy wrote. What is not a scheme, a host or a path is dropped.
func forwarded(h http.Header) origin {
	o := origin{last(h["X-Forwarded-Proto"]), last(h["X-Forwarded-Host"]), last(h["X-Forwarded-Prefix"]), last(h["X-Forwarded-For"])}
	for _, p := range strings.Split(last(h["Forwarded"]), ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		switch value = strings.Trim(value, `"`); strings.ToLower(name) {
		case "proto":
			o.scheme = value
		case "host":
			o.host = value
		case "for":
			o.client = value
		}
	}
	if o.scheme = strings.ToLower(o.scheme); o.scheme != "https" && o.scheme != "http" {
		o.scheme = ""
	}
	if !plainHost(o.host) {
		o.host = ""
	}
	if !plainPath(o.prefix) {
		o.prefix = ""
	}
	return o
}

// last returns the last entry of a list header, or "".
func last(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	line := lines[len(lines)-1]
	return strings.TrimSpace(line[strings.LastIndexByte(line, ',')+1:])
}

// plainHost tells whether s can be a host with or without port, and nothing else.
func plainHost(s string) bool { return s != "" && len(s) <= 255 && only(s, ".-_:[]") }

// plainPath tells whether s can be a path prefix.
func plainPath(s string) bool {
	return strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "//") && only(s, "/.-_~")
}

// only tells whether s has nothing but ASCII letters, digits and the characters of extra.
func only(s, extra string) bool {
	for _, c := range s {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && !strings.ContainsRune(extra, c) {
			return false
		}
	}
	return true
}
