package wms

import (
	"encoding/xml"
	"fmt"
	"image/color"
	"net/http"
	"strings"
)

// Codes of exceptions.
const (
	InvalidFormat         = "InvalidFormat"
	InvalidCRS            = "InvalidCRS" // 1.3.0
	InvalidSRS            = "InvalidSRS" // 1.1.1
	LayerNotDefined       = "LayerNotDefined"
	StyleNotDefined       = "StyleNotDefined"
	LayerNotQueryable     = "LayerNotQueryable"
	InvalidPoint          = "InvalidPoint"
	CurrentUpdateSequence = "CurrentUpdateSequence"
	InvalidUpdateSequence = "InvalidUpdateSequence"
	MissingDimensionValue = "MissingDimensionValue"
	InvalidDimensionValue = "InvalidDimensionValue"
	OperationNotSupported = "OperationNotSupported"
	MissingParameter      = "MissingParameterValue" // OWS Common's
	InvalidParameter      = "InvalidParameterValue" // OWS Common's
)

// Exception is what the client is told when a request cannot be answered. Report says how.
type Exception struct {
	Code    string // "" if none fits
	Locator string // the key at fault, in lower case, or ""
	Text    string // one sentence that names nothing the client sent
	HTTP    int    // status if it is neither 400 nor decided by the code, such as 503; 0 otherwise
	Report  Report
}

// Report is how a client wants to hear of exceptions.
type Report struct {
	Version       Version
	Mode          Mode
	Width, Height int    // of the picture, INIMAGE and BLANK
	Format        Format // likewise
	Transparent   bool
	Background    color.NRGBA
}

// Mode is a value of EXCEPTIONS.
type Mode string

// The modes, by their names of 1.3.0.
const (
	AsXML   Mode = "XML"
	InImage Mode = "INIMAGE"
	Blank   Mode = "BLANK"
)

// modes of both versions, by what clients write.
var modes = map[string]Mode{
	"XML": AsXML, "TEXT/XML": AsXML, "APPLICATION/VND.OGC.SE_XML": AsXML,
	"INIMAGE": InImage, "APPLICATION/VND.OGC.SE_INIMAGE": InImage,
	"BLANK": Blank, "APPLICATION/VND.OGC.SE_BLANK": Blank,
}

// Error returns "wms: code: text".
func (e *Exception) Error() string {
	if e.Code == "" {
		return "wms: " + e.Text
	}
	return "wms: " + e.Code + ": " + e.Text
}

// Pictured tells whether the client wants a picture: then [Exception.Picture] has it and Report.Format encodes it. Before the
// size and format of the picture are known, or if they are at fault themselves, it is XML.
func (e *Exception) Pictured() bool {
	r := e.Report
	return (r.Mode == InImage || r.Mode == Blank) && r.Width > 0 && r.Height > 0 && r.Format.Name != ""
}

// Status is the HTTP status; the package comment says why.
func (e *Exception) Status() int {
	switch {
	case e.HTTP != 0:
		return e.HTTP
	case e.Pictured() || e.Code == CurrentUpdateSequence:
		return http.StatusOK
	}
	return http.StatusBadRequest
}

// ContentType is the media type of [Exception.XML], or of the picture.
func (e *Exception) ContentType() string {
	switch {
	case e.Pictured():
		return e.Report.Format.MIME
	case e.Report.Version == V111:
		return mimeException
	}
	return mimeXML
}

type report130 struct {
	XMLName  xml.Name `xml:"http://www.opengis.net/ogc ServiceExceptionReport"`
	Version  Version  `xml:"version,attr"`
	XSI      string   `xml:"xmlns:xsi,attr"`
	Location string   `xml:"xsi:schemaLocation,attr"`
	Fault    fault
}

type report111 struct {
	XMLName xml.Name `xml:"ServiceExceptionReport"`
	Version Version  `xml:"version,attr"`
	Fault   fault
}

type fault struct {
	XMLName xml.Name `xml:"ServiceException"`
	Code    text     `xml:"code,attr,omitempty"`
	Locator text     `xml:"locator,attr,omitempty"`
	Text    text     `xml:",chardata"`
}

const (
	doctypeException    = `<!DOCTYPE ServiceExceptionReport SYSTEM "http://schemas.opengis.net/wms/1.1.1/exception_1_1_1.dtd">` + "\n"
	doctypeCapabilities = `<!DOCTYPE WMT_MS_Capabilities SYSTEM "http://schemas.opengis.net/wms/1.1.1/capabilities_1_1_1.dtd">` + "\n"
	xsi                 = "http://www.w3.org/2001/XMLSchema-instance"
	xlink               = "http://www.w3.org/1999/xlink"
)

// XML writes the exception as a document of its version. The DTD of 1.1.1 knows no locator: its text begins with it.
func (e *Exception) XML() ([]byte, error) {
	f := fault{Code: text(e.Code), Locator: text(e.Locator), Text: text(e.Text)}
	if e.Report.Version != V111 {
		return document("", report130{Version: V130, XSI: xsi, Fault: f,
			Location: "http://www.opengis.net/ogc http://schemas.opengis.net/wms/1.3.0/exceptions_1_3_0.xsd"})
	}
	f.Locator = ""
	if e.Locator != "" {
		f.Text = text(strings.ToUpper(e.Locator) + ": " + e.Text)
	}
	return document(doctypeException, report111{Version: V111, Fault: f})
}

// document is a whole XML document.
func document(doctype string, root any) ([]byte, error) {
	body, err := xml.Marshal(root)
	if err != nil {
		return nil, fmt.Errorf("wms: write document: %w", err)
	}
	return append([]byte(xml.Header+doctype), append(body, '\n')...), nil
}

// text is text of a document: what XML cannot hold is dropped, line breaks become spaces.
type text string

// MarshalText implements encoding.TextMarshaler.
func (t text) MarshalText() ([]byte, error) {
	return []byte(clean(string(t))), nil
}

func clean(s string) string {
	return strings.TrimSpace(strings.Map(printable, strings.ToValidUTF8(s, "")))
}

// printable keeps a rune, makes it a space, or drops it with -1: control characters, and what the grammar of XML leaves out.
func printable(r rune) rune {
	switch {
	case r == '\n' || r == '\r' || r == '\t':
		return ' '
	case r < 0x20 || r >= 0x7F && r < 0xA0 || r == 0xFFFE || r == 0xFFFF:
		return -1
	}
	return r
}
