package server

import (
	"io/fs"
	"path"
	"strings"

	"github.com/labstack/echo/v4"
)

// kinds are the Content-Types of files that come with the program. The system's own table is not asked: it differs by machine.
var kinds = map[string]string{
	".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".txt": "text/plain; charset=utf-8", ".md": "text/plain; charset=utf-8",
	".js": "text/javascript; charset=utf-8", ".mjs": "text/javascript; charset=utf-8", ".json": "application/json", ".map": "application/json",
	".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".svg": "image/svg+xml", ".ico": "image/x-icon", ".webp": "image/webp",
	".wasm": "application/wasm", ".xml": "application/xml", ".woff2": "font/woff2", ".webmanifest": "application/manifest+json",
	".glb": "model/gltf-binary", ".ktx2": "image/ktx2",
}

func kindOf(name string) string {
	return either(kinds[strings.ToLower(path.Ext(name))], "application/octet-stream")
}

// loadPages makes ready answers of all files; they are few and small. A nil file system has none.
func loadPages(files fs.FS) map[string]pair {
	pages := map[string]pair{}
	if files == nil {
		return pages
	}
	_ = fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error { // files inside the program cannot fail to be read
		if err != nil || d.IsDir() {
			return err
		}
		body, err := fs.ReadFile(files, name)
		if err == nil {
			pages[name] = newPair(body, kindOf(name))
		}
		return err
	})
	return pages
}

// page answers one file of the pages.
func (s *Server) page(name string) echo.HandlerFunc {
	return func(c echo.Context) error { return s.sendPage(c, name) }
}

// asset answers /assets/*: any file of the pages but the pages themselves.
func (s *Server) asset(c echo.Context) error {
	name := strings.TrimPrefix(c.Request().URL.Path, "/assets/")
	if isHTML(name) {
		return errNoPage
	}
	return s.sendPage(c, name)
}

func (s *Server) sendPage(c echo.Context, name string) error {
	p, ok := s.pages[name]
	if !ok {
		return errNoPage
	}
	if isHTML(name) {
		s.headers.page(c.Response().Header())
	}
	return p.of(c.Request()).send(c, s.headers.varyEncoding, cacheRevalidate)
}
