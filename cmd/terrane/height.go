package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/paulmach/orb"
	"github.com/spf13/cobra"
	"github.com/terrane/terrane/imagery/style"
	"github.com/terrane/terrane/internal/elevation"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
	"github.com/terrane/terrane/tilestore/mbtiles"
)

// heightFlags are what "terrane height" and "terrane profile" take beside the common flags.
type heightFlags struct {
	ask   elevation.Ask
	geoid string
}

func (f *heightFlags) register(c *cobra.Command) {
	s := c.Flags()
	s.StringVar(&f.ask.Level, "level", "", "level whose posts heights lie between (default the deepest there is)")
	s.StringVar(&f.ask.Vertical, "vertical", "", "ellipsoid or msl, above mean sea level (default what the dataset keeps)")
	s.StringVar(&f.geoid, "geoid", "auto", geoidUsage)
}

const geoidUsage = "mean sea level: egm96, egm2008, egm84, EPSG:n, a grid file, none, or auto for the best there is"

func newHeightCommand(a *app) *cobra.Command {
	var f heightFlags
	c := &cobra.Command{
		Use:   "height NAME[@VERSION] [LON LAT]",
		Short: "Say how high the ground is at a place, or at many",
		Long: "Height answers from the stored heights, bilinear between posts. Places are degrees on WGS 84, longitude first. Without a\n" +
			"place it reads them from stdin: a line each, \"LON LAT\", answered as \"LON LAT HEIGHT\" with nan where there is no data; or\n" +
			"JSON, an array of [lon,lat] or GeoJSON, answered in its form.",
		Example: "  terrane height alps 10.98 47.42\n  terrane height alps 10.98 47.42 --vertical msl --json\n  terrane height alps < points.txt",
		Args:    usage(heightArgs),
		RunE: func(c *cobra.Command, args []string) error {
			q, err := a.askGround(c.Context(), args[0], f)
			if err != nil {
				return err
			}
			defer q.close()
			if len(args) == 1 {
				return a.heightsOf(c.Context(), q.Ground, c.InOrStdin())
			}
			return a.heightAt(c.Context(), q, args[1], args[2])
		},
	}
	f.register(c)
	return c
}

// heightArgs wants a name, and a place or none.
func heightArgs(_ *cobra.Command, args []string) error {
	if len(args) != 1 && len(args) != 3 {
		return fmt.Errorf("%d arguments, want NAME, or NAME LON LAT", len(args))
	}
	return nil
}

// grounds is a dataset that is asked for heights.
type grounds struct {
	*elevation.Ground
	folder *mbtiles.Folder
	handle *mbtiles.Handle
}

func (g *grounds) close() {
	g.handle.Release()
	g.folder.Close()
}

// heightMemory bounds the decoded heights that a command keeps, bytes.
const heightMemory = 256 << 20

// askGround opens a dataset for questions. The caller closes it.
func (a *app) askGround(ctx context.Context, ref string, f heightFlags) (*grounds, error) {
	var sea elevation.Sea
	if f.ask.Vertical == elevation.MSL {
		var err error
		if sea, err = openSea(ctx, f.geoid); err != nil {
			return nil, err
		}
	}
	folder, err := a.openFolder(ctx)
	if err != nil {
		return nil, err
	}
	handle, err := a.borrow(ctx, folder, ref)
	if err != nil {
		folder.Close()
		return nil, err
	}
	q := &grounds{folder: folder, handle: handle}
	ground, err := style.NewGround(handle.Reader, style.NewCache(heightMemory), nil)
	if err == nil {
		err = keepsHeights(ctx, handle.Reader)
	}
	if err == nil {
		f.ask.Lifted = elevation.LiftedBy(handle.Info().Provenance)
		q.Ground, err = elevation.New(ground.Probe(), handle.Info(), f.ask, sea)
	}
	if errors.Is(err, style.ErrNoHeights) {
		err = remedy.New(ref, mark(err, errInput), "a terrain dataset made by terrane ingest terrain, which keeps heights")
	}
	if err != nil {
		q.close()
		return nil, refused(err)
	}
	if other := q.OtherGeoid(); other != "" {
		a.say("note     mean sea level is that of %s; the heights of %s counted from %s before they were made ellipsoidal      (--geoid)",
			sea.Name, ref, other)
	}
	return q, nil
}

// keepsHeights is style.ErrNoHeights for terrain that came without them, from a folder or from others.
func keepsHeights(ctx context.Context, r tilestore.Reader) error {
	if h, ok := r.(tilestore.Heights); ok {
		for x := range uint32(2) {
			if _, err := h.Heights(ctx, tilegrid.Coord{X: x}); !errors.Is(err, tilestore.ErrNotFound) {
				return err
			}
		}
	}
	return fmt.Errorf("%w: %s", style.ErrNoHeights, r.Info().Name)
}

// refused gives a question that has no answer the form of the other errors.
func refused(err error) error {
	var r *elevation.Refusal
	if errors.As(err, &r) {
		return remedy.New("", mark(errors.New(asFlags(r.Reason)), errUsage), asFlags(r.Try))
	}
	return err
}

// asFlags writes what a refusal calls by the names of HTTP, parameters and a body, as the command line has it.
func asFlags(text string) string {
	return strings.NewReplacer(
		"line=lon,lat;lon,lat;..., or a GeoJSON", "GeoJSON only: a", "the body is", "it is",
		"vertical=ellipsoid; who runs this adds a geoid with", "leave --vertical out; a geoid comes with",
		"spacing=", "--spacing ", "leave spacing", "leave --spacing", "leave level", "leave --level", "leave vertical", "leave --vertical",
		"level is", "--level is", "vertical is", "--vertical is",
		"that is none of Point, MultiPoint and LineString", "that is no Point, MultiPoint or LineString",
	).Replace(text)
}

func (a *app) heightAt(ctx context.Context, g *grounds, lon, lat string) error {
	p, err := placeOf(lon, lat)
	if err != nil {
		return err
	}
	r, err := g.At(ctx, p)
	if err != nil {
		return refused(err)
	}
	if a.json {
		_, err = fmt.Fprintf(a.stdout, "%s\n", g.AppendJSON(nil, r))
		return err
	}
	if !r.Known {
		a.sayWhere(g, p)
	}
	_, err = fmt.Fprintln(a.stdout, g.Text(r))
	return err
}

// sayWhere says what a dataset covers that has nothing at a place.
func (a *app) sayWhere(g *grounds, p orb.Point) {
	b := g.handle.Info().Bound
	text := ""
	if !g.covers(p) && g.covers(orb.Point{p[1], p[0]}) {
		text = "; longitude comes first"
	}
	a.say("note     %s covers %s%s", g.handle.Info().Name, boundsText([4]float64{b.Min[0], b.Min[1], b.Max[0], b.Max[1]}), text)
}

// covers tells whether a place lies in the dataset's bound, whichever way round the globe its longitude counts.
func (g *grounds) covers(p orb.Point) bool {
	b := g.handle.Info().Bound
	return b.Contains(p) || b.Contains(orb.Point{p[0] + 360, p[1]}) || b.Contains(orb.Point{p[0] - 360, p[1]})
}

// placeOf reads a longitude and a latitude. A blank in front is from shield.
func placeOf(lon, lat string) (orb.Point, error) {
	x, okX := elevation.ParseNumber(strings.TrimSpace(lon))
	y, okY := elevation.ParseNumber(strings.TrimSpace(lat))
	if !okX || !okY {
		return orb.Point{}, remedy.New("", mark(errors.New("longitude and latitude are numbers"), errUsage), "terrane height NAME 10.98 47.42")
	}
	return orb.Point{x, y}, nil
}

// heightsOf answers what comes in on stdin.
func (a *app) heightsOf(ctx context.Context, g *elevation.Ground, in io.Reader) error {
	if in == os.Stdin {
		if stat, err := os.Stdin.Stat(); err == nil && stat.Mode()&os.ModeCharDevice != 0 {
			a.say("reading places from the terminal, LON LAT a line; Ctrl-D ends")
		}
	}
	r, w := bufio.NewReader(in), bufio.NewWriter(a.stdout)
	first, err := r.Peek(1)
	for err == nil && strings.ContainsRune(" \t\r\n", rune(first[0])) {
		r.Discard(1)
		first, err = r.Peek(1)
	}
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return fmt.Errorf("read places: %w", err)
	case err == nil && (first[0] == '[' || first[0] == '{'):
		err = answerJSON(ctx, g, r, w)
	default:
		err = answerLines(ctx, g, r, w)
	}
	return errors.Join(err, w.Flush())
}

func answerJSON(ctx context.Context, g *elevation.Ground, r io.Reader, w io.Writer) error {
	body, err := io.ReadAll(r)
	if err != nil {
		return fmt.Errorf("read places: %w", err)
	}
	p, err := elevation.ParsePoints(body)
	if err != nil {
		return refused(err)
	}
	all, err := g.All(ctx, p.Places)
	if err != nil {
		return refused(err)
	}
	_, err = w.Write(append(g.AppendPoints(nil, p, all), '\n'))
	return err
}

func answerLines(ctx context.Context, g *elevation.Ground, r io.Reader, w io.Writer) error {
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		words := strings.FieldsFunc(lines.Text(), func(c rune) bool { return c == ' ' || c == '\t' || c == ',' || c == ';' || c == '\r' })
		if len(words) == 0 {
			continue
		}
		if len(words) < 2 {
			return remedy.New(fmt.Sprintf("line %d", n), mark(errors.New("no place"), errUsage), "LON LAT a line")
		}
		p, err := placeOf(words[0], words[1])
		if err != nil {
			return remedy.New(fmt.Sprintf("line %d", n), err, "LON LAT a line")
		}
		reading, err := g.At(ctx, p)
		if err != nil {
			return remedy.New(fmt.Sprintf("line %d", n), refused(err), "")
		}
		height := "nan"
		if reading.Known {
			height = fmt.Sprintf("%.3f", reading.Height)
		}
		if _, err := fmt.Fprintln(w, words[0], words[1], height); err != nil {
			return err
		}
	}
	return lines.Err()
}
