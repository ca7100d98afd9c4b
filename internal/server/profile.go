package server

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"
	"github.com/paulmach/orb"

	"github.com/terrane/terrane/internal/elevation"
)

// profile answers /profile/{name}: the ground along a line, which is in the query (line=lon,lat;lon,lat) or in the body of a
// POST.
func (s *Server) profile(c echo.Context) error {
	r := c.Request()
	query := queryOf(r)
	q, err := s.question(r.Context(), r.URL, profilePrefix, query)
	if err != nil {
		return err
	}
	defer q.Release()
	spacing := 0.0
	if text := query.Get("spacing"); text != "" {
		var ok bool
		if spacing, ok = elevation.ParseNumber(text); !ok || spacing <= 0 {
			return &elevation.Refusal{Reason: "spacing is metres, above 0", Try: "leave spacing out for the dataset's own"}
		}
	}
	if r.Method == http.MethodPost {
		return s.withBody(c, func(ctx context.Context, body []byte) error {
			line, err := elevation.ParseLine(body)
			if err != nil {
				return err
			}
			answer, err := profileOf(ctx, q.ground, line, spacing)
			if err != nil {
				return err
			}
			return s.sendOnce(c, answer, "application/json")
		})
	}
	line, err := elevation.ParseLineText(query.Get("line"))
	if err != nil {
		return err
	}
	return s.maps.draw(r.Context(), 0, func(ctx context.Context) error {
		answer, err := profileOf(ctx, q.ground, line, spacing)
		if err != nil {
			return err
		}
		return s.newQuick(r, answer, "application/json").send(c, s.headers.varyEncoding, tileControl(q.pinned))
	})
}

// profileOf makes the body of an answer.
func profileOf(ctx context.Context, g *elevation.Ground, line orb.LineString, spacing float64) ([]byte, error) {
	p, err := g.Profile(ctx, line, spacing)
	if err != nil {
		return nil, err
	}
	return append(g.AppendProfile(make([]byte, 0, 80*len(p.Samples)+512), p), '\n'), nil
}
