package server

import (
	"net/http"
	"strconv"
	"strings"
)

// runs is a set of the parts of a terrain tile, bit i for the run of id i (see internal/gzrun): bit 0 is the mesh, the others are
// the quantized-mesh extensions.
type runs uint8

const meshRun runs = 1

// The extensions that are sent when asked for. Metadata (id 4) is none of them: a tile that holds it throws in the client unless layer.json has
// metadataAvailability, which ours has not.
const (
	normalRun runs = 1 << 1
	waterRun  runs = 1 << 2
)

// runOf returns the run of an extension by the name that layer.json and clients use, none if nobody knows it.
func runOf(name string) runs {
	switch name {
	case "octvertexnormals":
		return normalRun
	case "watermask":
		return waterRun
	}
	return 0
}

// runsOf returns the mesh and the extensions of a dataset.
func runsOf(names []string) runs {
	set := meshRun
	for _, n := range names {
		set |= runOf(n)
	}
	return set
}

// runsNamed returns the mesh and the extensions of a list "a-b".
func runsNamed(list string) runs {
	set := meshRun
	for list != "" {
		var name string
		name, list, _ = strings.Cut(list, "-")
		set |= runOf(name)
	}
	return set
}

// ids lists the set as gzrun takes it, in ascending order.
func (r runs) ids() []uint8 {
	var ids []uint8
	for i := range uint8(8) {
		if r&(1<<i) != 0 {
			ids = append(ids, i)
		}
	}
	return ids
}

// runsAsked returns what a request for a tile wants: the query "extensions=a-b" (ion's way) or else the parameter of that name in
// Accept (everybody else's). A client that names nothing gets the mesh alone.
func runsAsked(r *http.Request) runs {
	if strings.Contains(r.URL.RawQuery, "extensions=") {
		if v, ok := r.URL.Query()["extensions"]; ok {
			return runsNamed(v[0])
		}
	}
	for _, line := range r.Header["Accept"] {
		if set, ok := runsAccepted(line); ok {
			return set
		}
	}
	return meshRun
}

// runsAccepted reads an Accept header's "application/vnd.quantized-mesh;extensions=a-b".
func runsAccepted(accept string) (runs, bool) {
	for accept != "" {
		var media string
		media, accept, _ = strings.Cut(accept, ",")
		kind, parameters, _ := strings.Cut(media, ";")
		if !strings.EqualFold(strings.TrimSpace(kind), quantizedMesh) {
			continue
		}
		for parameters != "" {
			var p string
			p, parameters, _ = strings.Cut(parameters, ";")
			name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
			if strings.EqualFold(name, "extensions") {
				return runsNamed(strings.Trim(value, `"`)), true
			}
		}
	}
	return 0, false
}

// acceptsGzip tells whether the client takes gzip: it says so, or says "*", and not with a weight of zero. A client that sends no
// Accept-Encoding gets plain bytes.
func acceptsGzip(r *http.Request) bool {
	lines := r.Header["Accept-Encoding"]
	if len(lines) == 1 && (lines[0] == "gzip" || strings.HasPrefix(lines[0], "gzip, ")) {
		return true
	}
	star := false
	for _, line := range lines {
		for line != "" {
			var coding string
			coding, line, _ = strings.Cut(line, ",")
			name, parameters, _ := strings.Cut(coding, ";")
			switch name = strings.ToLower(strings.TrimSpace(name)); name {
			case "gzip", "x-gzip":
				return weight(parameters) > 0
			case "*":
				star = weight(parameters) > 0
			}
		}
	}
	return star
}

// weight reads "q=0.5" of a header's parameters: 1 if there is none, 0 if it makes no sense.
func weight(parameters string) float64 {
	for parameters != "" {
		var p string
		p, parameters, _ = strings.Cut(parameters, ";")
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		if !strings.EqualFold(name, "q") {
			continue
		}
		q, err := strconv.ParseFloat(value, 64)
		if err != nil || !(q >= 0 && q <= 1) {
			return 0
		}
		return q
	}
	return 1
}

// matches tells whether an If-None-Match header names the strong validator etag. Weak copies (W/) count, as RFC 9110 says.
func matches(ifNoneMatch []string, etag string) bool {
	for _, line := range ifNoneMatch {
		for line != "" {
			var one string
			one, line, _ = strings.Cut(line, ",")
			one = strings.TrimPrefix(strings.TrimSpace(one), "W/")
			if one == etag || one == "*" {
				return true
			}
		}
	}
	return false
}
