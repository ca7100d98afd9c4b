package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"github.com/terrane/terrane/internal/elevation"
	"github.com/terrane/terrane/internal/remedy"
)

func newProfileCommand(a *app) *cobra.Command {
	var f heightFlags
	var spacing float64
	c := &cobra.Command{
		Use:   "profile NAME[@VERSION] FILE.geojson",
		Short: "Say how the ground runs along a line",
		Long: "Profile reads a line, GeoJSON (no other format) or an array of [lon,lat], from a file, or from stdin where the file is -. Between its positions\n" +
			"it follows the shortest way on the ellipsoid. It prints a line a point: distance from the beginning, longitude, latitude,\n" +
			"height (nan where there is no data); the sums go to stderr, with --json into the object on stdout.",
		Example: "  terrane profile alps road.geojson\n  terrane profile alps road.geojson --spacing 10 --vertical msl --json",
		Args:    usage(cobra.ExactArgs(2)),
		RunE: func(c *cobra.Command, args []string) error {
			body, err := readLine(args[1], c.InOrStdin())
			if err != nil {
				return err
			}
			line, err := elevation.ParseLine(body)
			if err != nil {
				return remedy.New(args[1], refused(err), "")
			}
			if c.Flags().Changed("spacing") && !(spacing > 0) {
				return usageError(c, errors.New("--spacing is metres, above 0"))
			}
			q, err := a.askGround(c.Context(), args[0], f)
			if err != nil {
				return err
			}
			defer q.close()
			p, err := q.Profile(c.Context(), line, spacing)
			if err != nil {
				return refused(err)
			}
			return a.printProfile(q, p)
		},
	}
	f.register(c)
	c.Flags().Float64Var(&spacing, "spacing", 0, "metres from point to point (default as the posts lie, up to about 500 points)")
	return c
}

// mostLineBytes is more than any line takes.
const mostLineBytes = 64 << 20

func readLine(path string, stdin io.Reader) ([]byte, error) {
	in := stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, remedy.New(path, mark(errors.Unwrap(err), errInput), "a file of GeoJSON, or - for stdin")
		}
		defer f.Close()
		in = f
	}
	body, err := io.ReadAll(io.LimitReader(in, mostLineBytes))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return body, nil
}

func (a *app) printProfile(g *grounds, p *elevation.Profile) error {
	if a.json {
		_, err := fmt.Fprintf(a.stdout, "%s\n", g.AppendProfile(nil, p))
		return err
	}
	w := bufio.NewWriter(a.stdout)
	for _, s := range p.Samples {
		height := "nan"
		if s.Known {
			height = fmt.Sprintf("%.3f", s.Height)
		}
		fmt.Fprintf(w, "%.3f %.8f %.8f %s\n", s.Distance, s.Place.Lon(), s.Place.Lat(), height)
	}
	a.say("%s", g.Summary(p))
	if p.Known == 0 {
		a.sayWhere(g, p.Samples[0].Place)
	}
	return w.Flush()
}
