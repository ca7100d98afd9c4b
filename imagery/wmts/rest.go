package wmts

import (
	"net/url"
	"strings"
)

// CapabilitiesPath is the REST path of the capabilities, below "/wmts/".
const CapabilitiesPath = "1.0.0/WMTSCapabilities.xml"

// ParseREST reads the path of a REST request, without its leading "/wmts/" and still escaped (URL.EscapedPath), and its raw
// query, which may name dimensions:
//
//	1.0.0/WMTSCapabilities.xml
//	1.0.0/{layer}/{style}/{set}/{matrix}/{row}/{col}.{ext}
//	1.0.0/{layer}/{style}/{set}/{matrix}/{row}/{col}/{j}/{i}.{ext}
//
// Errors are [*Exception]: status 404 for a path of another shape, 400 for a part of it that is empty or no text.
func ParseREST(path, raw string) (Request, error) {
	if path == CapabilitiesPath {
		return Request{Capabilities: &GetCapabilities{Sections: Sections{true, true, true, true, true}, MIME: MIME}}, nil
	}
	rest, ok := strings.CutPrefix(path, Version+"/")
	if !ok || len(rest) > 4096 {
		return Request{}, NoPath()
	}
	dot := strings.LastIndexByte(rest, '.')
	if dot < 0 || strings.IndexByte(rest[dot:], '/') >= 0 {
		return Request{}, NoPath()
	}
	ext := rest[dot+1:]
	parts := strings.Split(rest[:dot], "/")
	switch len(parts) {
	case 6:
		t, err := tileOfPath(parts, raw)
		t.Ext = ext
		if err == nil && ext == "" {
			err = missing("Format")
		}
		if err != nil {
			return Request{}, err
		}
		return Request{Tile: &t}, nil
	case 8:
		return wrapInfo(infoOfPath(parts, ext, raw))
	}
	return Request{}, NoPath()
}

func tileOfPath(parts []string, raw string) (GetTile, error) {
	var t GetTile
	err := segments(parts, []field{{"Layer", &t.Layer}, {"Style", &t.Style}, {"TileMatrixSet", &t.Set},
		{"TileMatrix", &t.Matrix}, {"TileRow", &t.Row}, {"TileCol", &t.Col}})
	if err == nil && raw != "" {
		t.Other = newQuery(raw).other()
	}
	return t, err
}

func infoOfPath(parts []string, ext, raw string) (GetFeatureInfo, error) {
	i := GetFeatureInfo{InfoExt: ext}
	var err error
	if i.GetTile, err = tileOfPath(parts[:6], raw); err != nil {
		return i, err
	}
	if err = segments(parts[6:], []field{{"J", &i.J}, {"I", &i.I}}); err != nil {
		return i, err
	}
	if ext == "" {
		return i, missing("InfoFormat")
	}
	return i, nil
}

// segments unescapes the parts of a path into their fields.
func segments(parts []string, fields []field) error {
	for n, f := range fields {
		v, err := url.PathUnescape(parts[n])
		switch {
		case err != nil || !printable(v):
			return invalid(f.locator, "the value is not well-formed text")
		case v == "":
			return missing(f.locator)
		}
		*f.to = v
	}
	return nil
}
