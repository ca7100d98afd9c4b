package wmts

import (
	"net/http"
	"slices"
	"strings"
)

// Request is a parsed request: exactly one of its fields is set.
type Request struct {
	Capabilities *GetCapabilities
	Tile         *GetTile
	Info         *GetFeatureInfo
}

// Sections says which parts of the capabilities are asked for.
type Sections struct{ Identification, Provider, Operations, Contents, Themes bool }

// GetCapabilities asks for the capabilities.
type GetCapabilities struct {
	Sections       Sections
	UpdateSequence string // of the document that the client has; empty: none
	MIME           string // content type of the answer: application/xml or text/xml
}

// GetTile asks for a tile, by names that nobody has checked yet: see [Layer.Tile]. Matrix, Row and Col are as the client
// wrote them.
type GetTile struct {
	Layer, Style, Set, Matrix, Row, Col string
	Format                              string            // MIME type, or empty if Ext is set
	Ext                                 string            // extension of a REST path
	Other                               map[string]string // keys that are not of the protocol, lower case: dimensions are among them
}

// GetFeatureInfo asks what lies under a pixel of a tile: I columns from its left, J rows from its top.
type GetFeatureInfo struct {
	GetTile
	I, J       string
	InfoFormat string // MIME type, or empty if InfoExt is set
	InfoExt    string // extension of a REST path
}

// bare is what no query at all asks for: clients such as GDAL are given the address of the service and nothing else.
const bare = "service=WMTS&request=GetCapabilities"

// Parse reads the raw query of a KVP request; an empty one asks for the capabilities. Errors are [*Exception].
func Parse(raw string) (Request, error) {
	if raw == "" {
		raw = bare
	}
	q := newQuery(raw)
	service, err := q.mandatory("Service")
	if err != nil {
		return Request{}, err
	}
	if !strings.EqualFold(service, "WMTS") {
		return Request{}, invalid("Service", "the service is WMTS")
	}
	request, err := q.mandatory("Request")
	if err != nil {
		return Request{}, err
	}
	switch strings.ToLower(request) {
	case "getcapabilities":
		return wrapCapabilities(q.capabilities())
	case "gettile":
		t, err := q.tile()
		if err != nil {
			return Request{}, err
		}
		return Request{Tile: &t}, nil
	case "getfeatureinfo":
		return wrapInfo(q.info())
	}
	return Request{}, invalid("Request", "the requests are GetCapabilities, GetTile and GetFeatureInfo")
}

func wrapCapabilities(c GetCapabilities, err error) (Request, error) {
	if err != nil {
		return Request{}, err
	}
	return Request{Capabilities: &c}, nil
}

func wrapInfo(i GetFeatureInfo, err error) (Request, error) {
	if err != nil {
		return Request{}, err
	}
	return Request{Info: &i}, nil
}

// capabilities reads the parameters of GetCapabilities, all of which may be absent. Version is no parameter of it, and is
// passed over as clients do send it.
func (q query) capabilities() (GetCapabilities, error) {
	c := GetCapabilities{MIME: MIME}
	if err := q.acceptVersions(); err != nil {
		return c, err
	}
	sections, there, err := q.optional("Sections")
	if err != nil {
		return c, err
	}
	if c.Sections, err = parseSections(sections, there); err != nil {
		return c, err
	}
	if c.UpdateSequence, _, err = q.optional("UpdateSequence"); err != nil {
		return c, err
	}
	formats, _, err := q.optional("AcceptFormats")
	if err != nil {
		return c, err
	}
	for f := range strings.SplitSeq(formats, ",") {
		if f == MIME || f == "text/xml" {
			c.MIME = f
			break
		}
	}
	return c, nil
}

func (q query) acceptVersions() error {
	versions, there, err := q.optional("AcceptVersions")
	switch {
	case err != nil || !there:
		return err
	case versions == "":
		return missing("AcceptVersions")
	case !slices.Contains(strings.Split(versions, ","), Version):
		return &Exception{VersionNegotiationFailed, "", "the version is 1.0.0", http.StatusBadRequest}
	}
	return nil
}

// parseSections reads a list of section names. No such key asks for all of them, an empty one for nothing that could be given.
func parseSections(list string, there bool) (Sections, error) {
	var s Sections
	if !there {
		list = "All"
	}
	if list == "" {
		return s, missing("Sections")
	}
	for name := range strings.SplitSeq(list, ",") {
		switch strings.ToLower(name) {
		case "all":
			s = Sections{true, true, true, true, true}
		case "serviceidentification":
			s.Identification = true
		case "serviceprovider":
			s.Provider = true
		case "operationsmetadata":
			s.Operations = true
		case "contents":
			s.Contents = true
		case "themes":
			s.Themes = true
		default:
			return s, invalid("Sections", "the sections are ServiceIdentification, ServiceProvider, OperationsMetadata, Contents, Themes and All")
		}
	}
	return s, nil
}

// tile reads the parameters of GetTile, all of which must be there.
func (q query) tile() (GetTile, error) {
	var t GetTile
	var version string
	err := q.all([]field{{"Version", &version}, {"Layer", &t.Layer}, {"Style", &t.Style}, {"Format", &t.Format},
		{"TileMatrixSet", &t.Set}, {"TileMatrix", &t.Matrix}, {"TileRow", &t.Row}, {"TileCol", &t.Col}})
	if err != nil {
		return t, err
	}
	if version != Version {
		return t, invalid("Version", "the version is 1.0.0")
	}
	t.Other = q.other()
	return t, nil
}

func (q query) info() (GetFeatureInfo, error) {
	var i GetFeatureInfo
	var err error
	if i.GetTile, err = q.tile(); err != nil {
		return i, err
	}
	return i, q.all([]field{{"J", &i.J}, {"I", &i.I}, {"InfoFormat", &i.InfoFormat}})
}
