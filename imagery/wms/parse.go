package wms

import (
	"cmp"
	"image/color"
	"math"
	"net/url"
	"strconv"
	"strings"

	"github.com/terrane/terrane/imagery"
)

// Request is one of [*GetCapabilities], [*GetMap], [*GetFeatureInfo], [*GetLegendGraphic] and [*GetSchema].
type Request interface{ request() }

func (*GetCapabilities) request()  {}
func (*GetMap) request()           {}
func (*GetFeatureInfo) request()   {}
func (*GetLegendGraphic) request() {}
func (*GetSchema) request()        {}

// GetCapabilities asks for the document that [WriteCapabilities] writes.
type GetCapabilities struct{ Version Version }

// GetSchema asks for the schema that GML answers of GetFeatureInfo name as theirs: see [InfoSchema]. It is an operation of our own.
type GetSchema struct{}

// most that a query may hold: longer ones are refused before they are taken apart.
const (
	mostQueryBytes = 64 << 10
	mostKeys       = 256
)

// bare is what no query at all asks for: clients are given the address of the service and nothing else.
const bare = "SERVICE=WMS&REQUEST=GetCapabilities"

// Parse reads a query string (what follows the ? of the URL, still escaped); an empty one asks for the capabilities. Every error is an [*Exception]. Codes of reference
// systems that have the right form are looked up in the registry, advertised or not.
func Parse(query string, s *Service, registry imagery.Registry) (Request, error) {
	if query == "" {
		query = bare
	}
	p := &parser{service: s, registry: registry, report: Report{Version: V130, Mode: AsXML, Background: white}}
	if err := p.split(query); err != nil {
		return nil, err
	}
	var versionErr error
	p.report.Version, versionErr = p.version()
	asked, err := p.need("request")
	if err != nil {
		return nil, err
	}
	if service, ok := p.get("service"); ok && !strings.EqualFold(service, "WMS") {
		return nil, p.fail(InvalidParameter, "service", "SERVICE is WMS here")
	}
	operation, versioned := p.operation(operationNamed(asked))
	switch {
	case operation == nil:
		return nil, p.fail(OperationNotSupported, "request", "REQUEST names an operation that is not offered")
	case versioned && versionErr != nil:
		return nil, versionErr
	}
	return operation()
}

// oldNames are the operations as 1.0.0 calls them, which 1.1.1 keeps (01-068r3, 7.1.3.5 and 7.2.3.2).
var oldNames = map[string]string{"capabilities": "getcapabilities", "map": "getmap", "feature_info": "getfeatureinfo"}

// operationNamed is the operation of a REQUEST, in lower case.
func operationNamed(request string) string {
	request = strings.ToLower(request)
	if name, ok := oldNames[request]; ok {
		return name
	}
	return request
}

// operation finds what reads a request, and whether its VERSION is that of WMS: that of GetLegendGraphic is SLD's, if clients
// send the right one at all.
func (p *parser) operation(request string) (read func() (Request, error), versioned bool) {
	switch {
	case request == "getcapabilities":
		return p.getCapabilities, true
	case request == "getmap":
		return p.getMap, true
	case request == "getfeatureinfo" && len(p.service.InfoFormats) > 0:
		return p.getFeatureInfo, true
	case request == "getlegendgraphic":
		return p.getLegendGraphic, false
	case request == schemaRequest:
		return func() (Request, error) { return &GetSchema{}, nil }, false
	}
	return nil, false
}

// parser holds the keys of a query, in lower case, and how to report what is wrong with them.
type parser struct {
	service  *Service
	registry imagery.Registry
	values   map[string]string
	report   Report
}

var white = color.NRGBA{R: 255, G: 255, B: 255, A: 255}

// split takes the query apart at & alone: QGIS sends the semicolon of "image/png; mode=8bit" as it is.
func (p *parser) split(query string) error {
	p.values = map[string]string{}
	if len(query) > mostQueryBytes || strings.Count(query, "&") >= mostKeys {
		return p.fail("", "", "the query is too long")
	}
	for part := range strings.SplitSeq(query, "&") {
		key, value, _ := strings.Cut(part, "=")
		key, err := url.QueryUnescape(key)
		if err == nil {
			value, err = url.QueryUnescape(value)
		}
		if err != nil {
			return p.fail(InvalidParameter, "", "the query holds a percent sign that is no escape")
		}
		key = strings.ToLower(key)
		if before, twice := p.values[key]; twice && before != value {
			return p.fail(InvalidParameter, "", "a parameter comes twice with different values")
		}
		if key != "" {
			p.values[key] = value
		}
	}
	return nil
}

func (p *parser) fail(code, locator, text string) *Exception {
	return &Exception{Code: code, Locator: locator, Text: text, Report: p.report}
}

// get gives the value of a key, and whether it has one: an empty value is none.
func (p *parser) get(key string) (string, bool) {
	v := p.values[key]
	return v, v != ""
}

func (p *parser) need(key string) (string, error) {
	if v, ok := p.get(key); ok {
		return v, nil
	}
	return "", p.fail(MissingParameter, key, "the parameter "+strings.ToUpper(key)+" is missing")
}

// version reads VERSION, or WMTVER as 1.0.0 has it. For GetCapabilities that is a negotiation (06-042, 6.2.4): the highest
// version not above the one asked for, else the lowest; none asked for is the highest. The others need a version that is
// spoken; GetMap of 1.1.1 without SERVICE is what many clients send, without VERSION nobody does.
func (p *parser) version() (Version, error) {
	asked, ok := p.get("version")
	if !ok {
		asked, ok = p.get("wmtver")
	}
	negotiable := operationNamed(p.values["request"]) == "getcapabilities"
	if !ok && negotiable {
		return V130, nil
	} else if !ok {
		return V130, p.fail(MissingParameter, "version", "the parameter VERSION is missing")
	}
	number, ok := versionNumber(asked)
	if !ok {
		return V130, p.fail(InvalidParameter, "version", "VERSION is not a version number")
	}
	version := V130
	if number < 1_03_00 {
		version = V111
	}
	switch {
	case negotiable, number == 1_00_00, number == 1_01_00, number == 1_01_01, number == 1_03_00:
		return version, nil
	}
	p.report.Version = version
	return version, p.fail(InvalidParameter, "version", "VERSION is not spoken here: 1.1.1 and 1.3.0 are")
}

// versionNumber makes 10300 of "1.3.0"; parts above 99 count as 99.
func versionNumber(s string) (int, bool) {
	parts := strings.Split(s, ".")
	if len(parts) > 3 {
		return 0, false
	}
	n := 0
	for i := range 3 {
		part := 0
		if i < len(parts) {
			var ok bool
			if part, ok = whole(parts[i]); !ok {
				return 0, false
			}
		}
		n = n*100 + min(part, 99)
	}
	return n, true
}

// getCapabilities ignores FORMAT: a document has one form in each version. SERVICE is mandatory; 1.0.0, which calls the operation by
// another name, does not know it.
func (p *parser) getCapabilities() (Request, error) {
	if _, err := p.need("service"); err != nil && !strings.EqualFold(p.values["request"], "capabilities") {
		return nil, err
	}
	asked, ok := p.get("updatesequence")
	current := p.service.UpdateSequence
	if ok && current != "" {
		if v, err := strconv.ParseFloat(asked, 64); err == nil && (math.IsNaN(v) || math.IsInf(v, 0)) { // words that Go takes for numbers
			return nil, p.fail(InvalidUpdateSequence, "updatesequence", "UPDATESEQUENCE is not one that this server has given")
		}
		switch c := compareSequences(asked, current); {
		case c == 0:
			return nil, p.fail(CurrentUpdateSequence, "updatesequence", "the capabilities have not changed")
		case c > 0:
			return nil, p.fail(InvalidUpdateSequence, "updatesequence", "UPDATESEQUENCE is higher than the current one")
		}
	}
	return &GetCapabilities{Version: p.report.Version}, nil
}

// compareSequences orders two update sequences: as numbers if both are, whatever way they are written (OGC's suite counts one up and writes 1.5E9), else as text.
func compareSequences(a, b string) int {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	if errX == nil && errY == nil {
		return cmp.Compare(x, y)
	}
	return strings.Compare(a, b)
}
