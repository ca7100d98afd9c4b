//go:build !serveonly

package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/terrane/terrane/internal/ingest"
)

// waterFlags are those flags of "ingest terrain" that take polygons, and what belongs to them.
type waterFlags struct {
	water, land      []string
	bathymetry, clip string
}

func (f *waterFlags) register(v *pflag.FlagSet) {
	v.StringSliceVar(&f.water, "water", nil, "water masks: none, sealevel[=METRES] (ground up to there), or a FILE of polygons of water; several add up")
	v.StringSliceVar(&f.land, "water-land", nil, "water masks: a FILE of polygons of land, all outside them is water")
	v.StringVar(&f.bathymetry, "bathymetry", "keep", "ground below the sea: keep, or clamp, which raises what is under water to sea level")
	v.StringVar(&f.clip, "clip", "", "only what lies in the polygons of this FILE (GeoJSON, Shapefile, GeoPackage)")
}

// apply checks the flags and hands them on.
func (f *waterFlags) apply(o *ingest.Options) error {
	for _, w := range f.water {
		name, level, given := strings.Cut(w, "=")
		switch {
		case w == "none" && len(f.water)+len(f.land) > 1:
			return fmt.Errorf("--water none: and what else is water? %s", strings.Join(append(f.water, f.land...), ", "))
		case w == "none":
		case name == "sealevel":
			o.Water.Sea = true
			if !given {
				continue
			}
			v, err := strconv.ParseFloat(level, 64)
			if err != nil || !(v > -12000 && v < 9000) {
				return fmt.Errorf("--water %q: it is sealevel=METRES, or sealevel alone for 0", w)
			}
			o.Water.Level = v
		default:
			o.Water.Files = append(o.Water.Files, w)
		}
	}
	o.Water.Land, o.Clip, o.Bathymetry = f.land, f.clip, ingest.Bathymetry(f.bathymetry)
	switch {
	case f.bathymetry != string(ingest.KeepBathymetry) && f.bathymetry != string(ingest.ClampBathymetry):
		return fmt.Errorf("--bathymetry %q: it is keep or clamp", f.bathymetry)
	case o.Bathymetry == ingest.ClampBathymetry && !o.Water.Any():
		return fmt.Errorf("--bathymetry clamp: --water sealevel, --water FILE or --water-land FILE says where the sea is")
	}
	return nil
}

// sayWater says what is water, and which ground counts.
func (a *app) sayWater(job *ingest.Job, o ingest.Options) {
	for _, s := range job.Shores {
		if s.Kind == "clip" {
			a.say("clip     %s  %s  %s: what lies outside is no data", s.Name, count(s.Polygons, "polygon"), s.CRS)
		}
	}
	if !o.Water.Any() {
		return
	}
	bathymetry := "kept        (--bathymetry clamp raises it to the sea)"
	if o.Bathymetry == ingest.ClampBathymetry {
		bathymetry = "raised to the sea"
	}
	where := ""
	if o.Water.Sea && o.Fill != ingest.Sea {
		where = " where the sources have data, and around islands"
	}
	a.say("water    %s%s; ground below it %s", o.Water.Said(job.Shores), where, bathymetry)
}
