package raster

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxVRT bounds the XML that is read: gdalbuildvrt writes about 500 bytes a file.
const maxVRT = 64 << 20

// isVRT tells what GDAL's VRT driver would open, whatever the file is named.
func isVRT(head []byte) bool { return bytes.Contains(head, []byte("<VRTDataset")) }

// vrtElements are the elements of a plain mosaic as gdalbuildvrt writes it. Everything else (warps, pan-sharpening, raw
// bands, pixel functions, option lists) can open files or run code, and is refused.
func vrtElements() []string {
	return []string{"VRTDataset", "SRS", "GeoTransform", "Metadata", "MDI", "VRTRasterBand", "Description", "UnitType", "NoDataValue",
		"HideNoDataValue", "NODATA", "ColorInterp", "Scale", "Offset", "ScaleOffset", "ScaleRatio", "MaskBand", "SimpleSource",
		"ComplexSource", "SourceFilename", "SourceBand", "SourceProperties", "SrcRect", "DstRect", "OverviewList", "Histograms"}
}

// checkVRT reads the XML before GDAL does: every file that it names must be a GeoTIFF, or a picture where pictures are meant, in the VRT's own folder or below.
func checkVRT(name, abs string, allowed formats) error {
	f, err := os.Open(abs)
	if err != nil {
		return refuse(name, ErrOpen, "check the permissions", "%v", unpath(err))
	}
	defer f.Close()
	named, err := vrtSources(io.LimitReader(f, maxVRT), allowed.elements)
	if err != nil {
		return refuse(name, ErrUnsafe, "give the files themselves, or gdal_translate the VRT to a GeoTIFF", "%v", err)
	}
	if len(named) == 0 {
		return refuse(name, ErrOpen, "give the files themselves", "the VRT names no file")
	}
	for _, n := range named {
		if err := checkVRTSource(filepath.Dir(abs), n, allowed); err != nil {
			return refuse(name, ErrUnsafe, "give the files themselves, or put them into the VRT's folder",
				"source %s: %v", filepath.Base(n), err)
		}
	}
	return checkSidecars(name, abs)
}

// vrtSources lists the file names in a VRT, which may have more elements than a plain mosaic.
func vrtSources(r io.Reader, more []string) ([]string, error) {
	var named []string
	known := append(vrtElements(), more...)
	d := xml.NewDecoder(r)
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return named, nil
		}
		if err != nil {
			return nil, err
		}
		e, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if !slices.Contains(known, e.Name.Local) {
			return nil, errors.New("a VRT with <" + e.Name.Local + "> is more than a mosaic")
		}
		n, err := vrtSource(d, e)
		if err != nil {
			return nil, err
		}
		if e.Name.Local == "SourceFilename" {
			named = append(named, n)
		}
	}
}

// vrtSource returns the file that an element names, "" if it cannot name any.
func vrtSource(d *xml.Decoder, e xml.StartElement) (string, error) {
	relative := false
	for _, a := range e.Attr {
		switch a.Name.Local {
		case "subClass":
			return "", errors.New("a VRT of class " + a.Value + " is more than a mosaic")
		case "relativeToVRT":
			relative = a.Value == "1"
		}
	}
	if e.Name.Local != "SourceFilename" {
		return "", nil
	}
	token, err := d.Token()
	if err != nil {
		return "", err
	}
	text, ok := token.(xml.CharData) // and nothing else: GDAL would end the name at a comment
	name := string(text)
	if token, err = d.Token(); err != nil {
		return "", err
	}
	if _, end := token.(xml.EndElement); !ok || !end {
		return "", errors.New("the name of a source is not plain text")
	}
	if !relative && !filepath.IsAbs(name) {
		return "", errors.New("the name of a source is not relative to the VRT")
	}
	return name, nil
}

// checkVRTSource accepts a file of an allowed format inside folder, links resolved.
func checkVRTSource(folder, name string, allowed formats) error {
	if !filepath.IsAbs(name) {
		name = filepath.Join(folder, name)
	}
	real, err := filepath.EvalSymlinks(name)
	if err != nil {
		return errors.New("no such file")
	}
	if !inside(folder, real) {
		return errors.New("outside the VRT's folder")
	}
	if strings.HasPrefix(real, "/vsi") {
		return errors.New("not a local file")
	}
	if _, err := regular(real); err != nil {
		return err
	}
	if head, err := readHead(real); err != nil || !beginsWith(head, allowed.heads) || isVRT(head) {
		return errors.New("not of a format that a VRT may join")
	}
	if err := checkSidecars(name, real); err != nil {
		return err
	}
	s := source{path: real, gdal: real, formats: formats{drivers: allowed.members, advice: allowed.advice}}
	ds, err := s.open()
	if err != nil {
		return err
	}
	defer ds.Close()
	return s.checkProxy(ds)
}
