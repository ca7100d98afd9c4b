package tilestore

import (
	"html"
	"regexp"
	"strings"
)

var (
	plainTag  = regexp.MustCompile(`(?i)^<(?:/?(?:a|b|em|i|small|strong|sub|sup)|br ?/?)>`)
	linkTag   = regexp.MustCompile(`(?i)^<a((?: +(?:href|title|target|rel) *= *(?:"[^"<>]*"|'[^'<>]*'))+) *>`)
	linkValue = regexp.MustCompile(`(?i) href *= *["'] *([^"']*)`)
	linkGoes  = regexp.MustCompile(`(?i)^(?:https?:|mailto:|/|$)`)
)

// Credit returns an attribution, which may be text or HTML and by anybody, as HTML from which no client fetches or runs anything: links and plain
// emphasis stay, every other "<" and ">" stands for itself. Credit of a Credit is the same.
func Credit(attribution string) string {
	var b strings.Builder
	for rest := attribution; ; {
		n := strings.IndexByte(rest, '<')
		if n < 0 {
			b.WriteString(closed(rest))
			return b.String()
		}
		b.WriteString(closed(rest[:n]))
		rest = rest[n:]
		tag := harmless(rest)
		b.WriteString(tag)
		if rest = rest[len(tag):]; tag == "" {
			b.WriteString("&lt;")
			rest = rest[1:]
		}
	}
}

// harmless is the tag that a text begins with, "" if it is none that may stay.
func harmless(text string) string {
	if tag := plainTag.FindString(text); tag != "" {
		return tag
	}
	parts := linkTag.FindStringSubmatch(text)
	if parts == nil {
		return ""
	}
	for _, goes := range linkValue.FindAllStringSubmatch(parts[1], -1) {
		if !linkGoes.MatchString(html.UnescapeString(goes[1])) {
			return ""
		}
	}
	return parts[0]
}

// closed is text without tags.
func closed(text string) string { return strings.ReplaceAll(text, ">", "&gt;") }
