package server

import "github.com/labstack/echo/v4"

// route joins a URL to the handler that answers GET and HEAD there.
type route struct {
	path   string
	handle echo.HandlerFunc
}

// routes is the table of every URL that the server knows. A "*" takes the rest of the path.
func (s *Server) routes() []route {
	return []route{
		{"/terrain/*", s.terrain("/terrain/")}, // terrain.go: layer.json and tiles

		{"/datasets", s.datasets}, // datasets.go
		{"/datasets/*", s.dataset},

		{"/", s.page("index.html")}, // pages.go
		{"/viewer", s.page("viewer.html")},
		{"/assets/*", s.asset},
		{"/cesium/*", s.cesiumFile}, // cesium.go

		{"/healthz", s.health}, // health.go
		{"/readyz", s.ready},
		{"/version", s.version},
		{"/metrics", s.metrics.handle}, // metrics.go
	}
}
