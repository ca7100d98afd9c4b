package server

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// health answers /healthz: the process runs and answers.
func (s *Server) health(c echo.Context) error {
	return s.sendJSON(c, map[string]string{"status": "ok"}, cacheNever)
}

// ready answers /readyz: 200 while requests are welcome, 503 from the moment the server is told to stop or cannot read its catalogue.
func (s *Server) ready(c echo.Context) error {
	_, err := s.catalog.All(everything(c.Request().Context()))
	if err == nil && !s.stopping.Load() {
		return s.sendJSON(c, map[string]string{"status": "ready"}, cacheNever)
	}
	c.Response().Header().Set("Retry-After", "5")
	c.Response().Header()["Cache-Control"] = cacheNever
	return c.JSON(http.StatusServiceUnavailable, map[string]string{"status": "not ready"})
}

// version answers /version: which program this is, and whether its viewer works.
func (s *Server) version(c echo.Context) error {
	return s.sendJSON(c, struct {
		Build
		Viewer bool `json:"viewer"`
	}{s.options.Build, s.cesium != nil}, cacheRevalidate)
}
