package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/terrane/terrane/internal/doctor"
	"github.com/terrane/terrane/internal/remedy"
)

// doctorFlags are the flags of "doctor" as the user wrote them.
type doctorFlags struct {
	client, origin, token string
	headers               []string
	tiles                 int
	timeout               time.Duration
}

func newDoctorCommand(a *app) *cobra.Command {
	var f doctorFlags
	c := &cobra.Command{
		Use:   "doctor URL",
		Short: "Examine anybody's server as CesiumJS would meet it: what is wrong, what users see, what to change",
		Long: "Asks a server for what CesiumJS would ask it for, reads a few tiles, and says what is wrong, what the user of an app sees of it,\n" +
			"and what to change, with lines for nginx, Apache and IIS where a header is the matter. Takes the address that an app is given: of\n" +
			"terrain (where layer.json lies), a tilemapresource.xml, a TileJSON, an XYZ template, a WMS or WMTS, an endpoint of ion\n" +
			"(.../v1/assets/1/endpoint), or the root of a server of this program. It opens connections to that host and to no other.\n" +
			"terrane verify reads all tiles. Exit code 5 if there are faults.",
		Example: "  terrane doctor http://127.0.0.1:8080/terrain/alps/\n" +
			"  terrane doctor https://maps.example.org/tiles --origin https://app.example.org\n" +
			"  terrane doctor 'https://maps.example.org/wms?layers=ortho' --json",
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			o, err := f.options()
			if err != nil {
				return usageError(c, err)
			}
			return a.doctor(c.Context(), c, args[0], o)
		},
	}
	v := c.Flags()
	v.StringVar(&f.client, "client", doctor.Latest, "whose eyes to look with: latest (CesiumJS 1.145) or 1.48")
	v.StringVar(&f.origin, "origin", "", "origin of the page that the app is, for CORS and mixed content (default another one, http://app.example)")
	v.StringVar(&f.token, "token", "", "token that the app has; it is sent as CesiumJS sends those of ion, and is in no report")
	v.StringArrayVar(&f.headers, "header", nil, "header of every request, 'Name: value'")
	v.IntVar(&f.tiles, "tiles", 40, "tiles to read of a dataset at most")
	v.IntVar(&f.tiles, "points", 40, "the same as --tiles")
	v.Lookup("points").Hidden = true
	v.DurationVar(&f.timeout, "timeout", 15*time.Second, "for one request")
	return c
}

// options checks the flags.
func (f *doctorFlags) options() (doctor.Options, error) {
	o := doctor.Options{Client: f.client, Origin: f.origin, Token: f.token, Tiles: f.tiles, Timeout: f.timeout, Header: http.Header{}}
	if f.client != doctor.Latest && f.client != doctor.Old {
		return o, remedy.New("--client", fmt.Errorf("%q is not known", f.client), doctor.Latest+" or "+doctor.Old)
	}
	if f.tiles < 1 || f.timeout <= 0 {
		return o, errors.New("--tiles and --timeout must be positive")
	}
	if u, err := url.Parse(f.origin); f.origin != "" && (err != nil || u.Host == "" || strings.Trim(u.Path, "/") != "") {
		return o, remedy.New("--origin", fmt.Errorf("%q is no origin", f.origin), "https://app.example.org")
	}
	for _, h := range f.headers {
		name, value, ok := strings.Cut(h, ":")
		if !ok || strings.TrimSpace(name) == "" || strings.ContainsAny(h, "\r\n") {
			return o, remedy.New("--header", errors.New("no header"), "--header 'X-Api-Key: abc'")
		}
		o.Header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	return o, nil
}

// doctor examines a server and prints what it found.
func (a *app) doctor(ctx context.Context, c *cobra.Command, address string, o doctor.Options) error {
	r, err := doctor.Examine(ctx, address, o)
	if errors.Is(err, doctor.ErrAddress) {
		return usageError(c, err)
	}
	if err != nil {
		return err
	}
	if a.json {
		err = a.printJSON(r)
	} else {
		err = a.printDoctor(a.stdout, r)
	}
	if err == nil && !r.OK() {
		err = remedy.New(r.Address, fmt.Errorf("%w: %s", errVerification, count(r.Count(doctor.Fault), "fault")), doctorAdvice(r))
	}
	return err
}

// doctorAdvice is what to do first.
func doctorAdvice(r doctor.Report) string {
	first, _, _ := strings.Cut(r.Findings[0].Change, "\n")
	return strings.TrimSuffix(first, ":")
}

// printDoctor writes the report for people: what was looked at, then the findings, faults first, of each what was found, what
// is seen, what to change.
func (a *app) printDoctor(w io.Writer, r doctor.Report) error {
	var b strings.Builder
	for _, s := range r.Subjects {
		fmt.Fprintf(&b, "%-8s %s", s.Kind, s.Address)
		if s.About != "" {
			fmt.Fprintf(&b, ", %s", s.About)
		}
		fmt.Fprintf(&b, "; %s read\n", count(s.Tiles, "tile"))
	}
	fmt.Fprintf(&b, "%-8s CesiumJS %s on a page of %s, %s\n", "as", r.Client, r.Origin, count(r.Requests, "request"))
	told := map[string]string{}
	for _, f := range r.Findings {
		switch {
		case f.Severity == doctor.OK:
		case f.Severity != doctor.Note || a.verbose:
			change := f.Change
			if as, ok := told[change]; ok {
				f.Change = "as for " + as
			} else {
				told[change] = f.Check
			}
			writeFinding(&b, f)
		case !a.quiet:
			fmt.Fprintf(&b, "\n%-8s %s: %s", f.Severity, f.Check, oneLine(f.Found))
		}
	}
	if !strings.HasSuffix(b.String(), "\n") {
		fmt.Fprintln(&b)
	}
	fmt.Fprintf(&b, "\n%s, %s, %s, %s hold\n", count(r.Count(doctor.Fault), "fault"), count(r.Count(doctor.Warning), "warning"),
		count(r.Count(doctor.Note), "note"), count(r.Count(doctor.OK), "rule"))
	_, err := io.WriteString(w, b.String())
	return err
}

func writeFinding(b *strings.Builder, f doctor.Finding) {
	fmt.Fprintf(b, "\n%-8s %s: %s", f.Severity, f.Check, oneLine(f.Found))
	if f.Count > 1 {
		fmt.Fprintf(b, " (%d times)", f.Count)
	}
	fmt.Fprintln(b)
	if len(f.At) > 0 {
		fmt.Fprintf(b, "  at     %s\n", oneLine(f.At[0]))
	}
	fmt.Fprintf(b, "  rule   %s\n  see    %s\n", f.Rule, f.See)
	for i, line := range strings.Split(f.Change, "\n") {
		head := "change"
		if i > 0 {
			head = ""
		}
		fmt.Fprintf(b, "  %-6s %s\n", head, line)
	}
}
