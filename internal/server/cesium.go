package server

import (
	"archive/zip"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"
)

// archive serves the files of a zip. A deflated entry is a gzip member but for ten bytes before and eight after, so it goes out as it is
// stored to every client that takes gzip.
type archive struct {
	files map[string]*zip.File
}

// newArchive returns nil for a nil zip.
func newArchive(z *zip.Reader) *archive {
	if z == nil {
		return nil
	}
	a := &archive{files: make(map[string]*zip.File, len(z.File))}
	for _, f := range z.File {
		a.files[f.Name] = f
	}
	return a
}

// cesiumFile answers /cesium/*.
func (s *Server) cesiumFile(c echo.Context) error {
	if s.cesium == nil {
		return errNoCesium
	}
	name := strings.TrimPrefix(c.Request().URL.Path, "/cesium/")
	f, ok := s.cesium.files[name]
	if !ok || strings.HasSuffix(name, "/") {
		return errNoPage
	}
	if isHTML(name) {
		s.headers.page(c.Response().Header())
	}
	return s.sendEntry(c, f)
}

// sendEntry writes the headers of a zip entry and then its bytes, as gzip if the client and the entry allow it.
func (s *Server) sendEntry(c echo.Context, f *zip.File) error {
	r, w := c.Request(), c.Response()
	h := w.Header()
	gzipped := f.Method == zip.Deflate && acceptsGzip(r)
	size, tag := f.UncompressedSize64, fmt.Sprintf(`"%08x-%x"`, f.CRC32, f.UncompressedSize64)
	if gzipped {
		size, tag = f.CompressedSize64+uint64(len(gzipHead))+8, fmt.Sprintf(`"%08x-%x-gzip"`, f.CRC32, f.UncompressedSize64)
	}
	h["Etag"], h["Vary"], h["Cache-Control"] = []string{tag}, s.headers.varyEncoding, cacheRevalidate
	if matches(r.Header["If-None-Match"], tag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h["Content-Type"], h["Content-Length"] = []string{kindOf(f.Name)}, []string{strconv.FormatUint(size, 10)}
	if gzipped {
		h["Content-Encoding"] = gzipEncoding
	}
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return nil
	}
	if gzipped {
		return writeMember(w, f)
	}
	return writePlain(w, f)
}

// gzipHead is the header of a gzip member without name and time (RFC 1952).
var gzipHead = []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255}

// writeMember writes a deflated entry as a gzip member.
func writeMember(w io.Writer, f *zip.File) error {
	raw, err := f.OpenRaw()
	if err != nil {
		return err
	}
	if _, err := w.Write(gzipHead); err != nil {
		return nil // the client went away
	}
	if _, err := io.Copy(w, raw); err != nil {
		return nil
	}
	tail := binary.LittleEndian.AppendUint32(nil, f.CRC32)
	_, _ = w.Write(binary.LittleEndian.AppendUint32(tail, uint32(f.UncompressedSize64)))
	return nil
}

func writePlain(w io.Writer, f *zip.File) error {
	body, err := f.Open()
	if err != nil {
		return err
	}
	defer body.Close()
	_, _ = io.Copy(w, body) // an error here is a client that went away
	return nil
}
