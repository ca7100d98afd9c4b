package wmts

import (
	"bytes"
	"io"
	"net/http"
)

// Codes of exceptions: OWS Common 1.1 (06-121r3, table 25) and WMTS (07-057r7, tables 24 and 30).
const (
	MissingParameterValue    = "MissingParameterValue"
	InvalidParameterValue    = "InvalidParameterValue"
	VersionNegotiationFailed = "VersionNegotiationFailed"
	InvalidUpdateSequence    = "InvalidUpdateSequence"
	TileOutOfRange           = "TileOutOfRange"
	PointIJOutOfRange        = "PointIJOutOfRange"
	OperationNotSupported    = "OperationNotSupported"
	NoApplicableCode         = "NoApplicableCode"
)

// MIME is the content type of capabilities and exceptions.
const MIME = "application/xml"

// Exception is a request that cannot be answered. Text is for people and never holds what the client sent. Status is the HTTP
// status: 400 for all that this package returns, but 404 where a REST path names nothing at all.
type Exception struct {
	Code, Locator, Text string
	Status              int
}

// Error returns "wmts: code locator: text".
func (e *Exception) Error() string {
	if e.Locator == "" {
		return "wmts: " + e.Code + ": " + e.Text
	}
	return "wmts: " + e.Code + " " + e.Locator + ": " + e.Text
}

// Encode writes the exception as an OWS 1.1 ExceptionReport.
func (e *Exception) Encode(w io.Writer) error {
	var b bytes.Buffer
	x := xmlWriter{&b}
	x.raw(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
		`<ows:ExceptionReport xmlns:ows="http://www.opengis.net/ows/1.1" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"` + "\n" +
		` xsi:schemaLocation="http://www.opengis.net/ows/1.1 http://schemas.opengis.net/ows/1.1.0/owsExceptionReport.xsd"` +
		` version="1.1.0" xml:lang="en">` + "\n")
	x.raw(" <ows:Exception")
	x.attr("exceptionCode", e.Code)
	if e.Locator != "" {
		x.attr("locator", e.Locator)
	}
	x.raw(">")
	x.element("ows:ExceptionText", e.Text)
	x.raw("</ows:Exception>\n</ows:ExceptionReport>\n")
	_, err := w.Write(b.Bytes())
	return err
}

func missing(locator string) *Exception {
	return &Exception{MissingParameterValue, locator, "this parameter is mandatory and has no value", http.StatusBadRequest}
}

func invalid(locator, text string) *Exception {
	return &Exception{InvalidParameterValue, locator, text, http.StatusBadRequest}
}

// NoLayer is the answer to a layer that does not exist.
func NoLayer() *Exception { return invalid("Layer", "no such layer") }

// noInfo is the answer of a layer that cannot be queried. OWS Common has 501 for it, which here stays 400: the client is wrong, not the
// server.
func noInfo() *Exception {
	return &Exception{OperationNotSupported, "GetFeatureInfo", "the layer does not answer GetFeatureInfo", http.StatusBadRequest}
}

// NoPath is the answer to a REST path that is none of this service.
func NoPath() *Exception {
	return &Exception{NoApplicableCode, "", "no such resource", http.StatusNotFound}
}
