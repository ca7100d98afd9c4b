//go:build !serveonly

package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/terrane/terrane/internal/elevation"
	"github.com/terrane/terrane/internal/ingest"
	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/internal/server"
	"github.com/terrane/terrane/tilestore"
)

// notPinned refuses one version of a dataset where a new one is to be made over that which is served.
func notPinned(verb, ref string) error {
	name, pinned := splitRef(ref)
	if pinned == "" {
		return nil
	}
	err := fmt.Errorf("%s takes a dataset, not one version of it, and builds on the one that is served", verb)
	return mark(remedy.New(ref, err, "terrane use "+ref+", then terrane "+verb+" "+name+" ...; terrane use "+name+" serves the newest again"), errUsage)
}

// sea opens the geoid that the height of a site counts from; nil where it counts as the dataset does.
func (f *siteFlags) sea(ctx context.Context, i tilestore.Info) (*raster.Geoid, error) {
	switch {
	case f.vertical == "" || f.vertical == i.Vertical:
		return nil, nil
	case i.Vertical != elevation.Ellipsoid:
		err := fmt.Errorf("%w: its heights are not known to be above the ellipsoid", ingest.ErrOptions)
		return nil, remedy.New(i.Name, err, "leave --vertical out to give the height as the dataset counts, or ingest it again with --vertical")
	}
	sea, err := openSea(ctx, f.geoid)
	if err != nil {
		return nil, err
	}
	if g, ok := sea.Geoid.(*raster.Geoid); ok {
		return g, nil
	}
	return nil, mark(remedy.New("--vertical msl", errors.New("there is no geoid here, which heights above mean sea level take"),
		"install the package proj-data, or --geoid FILE"), errUsage)
}

// above says what the heights of a site count from.
func above(o ingest.SiteOptions) string {
	switch vertical := o.Under.Info().Vertical; {
	case o.Sea != nil:
		return "above mean sea level"
	case vertical == elevation.Ellipsoid:
		return "above the ellipsoid"
	}
	return "as the dataset counts, from what is unknown"
}

// saySite says what a site is going to do to the ground.
func (a *app) saySite(job *ingest.Job, o ingest.SiteOptions) {
	e := job.Earthwork()
	advice := "      (--vertical msl counts from sea level)"
	if o.Sea != nil {
		advice = fmt.Sprintf(", by %s, N = %s, %s above the ellipsoid", o.Sea, rangeText("%+.2f", e.Undulation),
			rangeText("%.2f", [2]float64{o.Height + e.Undulation[0], o.Height + e.Undulation[1]}))
	} else if o.Under.Info().Vertical != elevation.Ellipsoid {
		advice = ""
	}
	for _, site := range job.Shores {
		a.say("site     %s  %s  %s: %s to %.10g m %s, blended over %g m%s", site.Name, count(site.Polygons, "polygon"), site.CRS, o.Grade,
			o.Height, above(o), o.Blend, advice)
	}
	switch {
	case e.Ground == [2]float64{}:
		a.say("ground   no post of level %d lies in the polygons, only around them", e.Level)
	default:
		a.say("ground   there now %s %s; about %s m3 to cut, %s m3 to fill", rangeText("%.1f", e.Ground), above(o), thousands(int64(e.Cut+0.5)),
			thousands(int64(e.Fill+0.5)))
	}
	if e.Partly {
		a.say("note     the polygons reach beyond the dataset, which covers %s: what lies there stays as it is", boundsText(server.Summarize(o.Under.Info()).Bounds))
	}
	if leaf := job.Plan.Leaf; e.Full > leaf {
		a.say("note     level %d would show all of its shape; made are levels as deep as %d      (--levels 0-%d)", e.Full, leaf, e.Full)
	}
}

// rangeText writes a range of metres, or one number where it has no width.
func rangeText(format string, r [2]float64) string {
	low, high := fmt.Sprintf(format, r[0]), fmt.Sprintf(format, r[1])
	if low == high {
		return low + " m"
	}
	return low + " .. " + high + " m"
}

// sayNothing ends a command whose site is as it is to be already: the version that is there is the result.
func (a *app) sayNothing(i tilestore.Info, path string, s ingest.Site) (published, error) {
	why := map[ingest.Grade]string{
		ingest.Flatten: "all ground in there lies at %.10g m", ingest.Cut: "no ground lies above %.10g m in there",
		ingest.Raise: "no ground lies below %.10g m in there",
	}[s.Grade]
	a.say("done     nothing to do: "+why+"        (--force makes a version all the same)", s.Height)
	p := published{Name: i.Name, Version: i.Version, Path: path, Tiles: i.Tiles, Bytes: i.SizeBytes, Existed: true}
	return p, a.printPublished(p)
}

// printSite writes the plan of a dry run, with --json.
func (a *app) printSite(job *ingest.Job, o ingest.SiteOptions, there published) error {
	if !a.json {
		return nil
	}
	e := job.Earthwork()
	vertical := o.Under.Info().Vertical
	if o.Sea != nil {
		vertical = elevation.MSL
	}
	return a.printJSON(map[string]any{
		"name": o.Under.Info().Name, "levels": []int{0, int(job.Plan.Leaf)}, "vertical": vertical, "height": o.Height,
		"ground": e.Ground, "cut": e.Cut, "fill": e.Fill, "changes": !e.Nothing(), "existed": there.Existed,
	})
}
