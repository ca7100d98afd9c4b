//go:build !serveonly

package main

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/terrane/terrane/internal/ingest"
	"github.com/terrane/terrane/internal/raster"
)

// terrainFlags are the flags of "ingest terrain" as the user wrote them.
type terrainFlags struct {
	generalFlags
	waterFlags
	levels, vertical, nodata, fill, maxError string
	base, unit                               string
	strict, depths                           bool
	told                                     bool // --vertical was given
}

func newIngestTerrainCommand(a *app) *cobra.Command {
	var f terrainFlags
	c := &cobra.Command{
		Use:   "terrain SOURCE...",
		Short: "Make a terrain dataset from elevation models",
		Long: "Makes one terrain dataset from any number of elevation models, of any reference system that GDAL knows. The finest lies on top, its holes\n" +
			"are filled from those below. Interrupted, the same command carries on where it stopped.",
		Example: "  terrane ingest terrain --name alps dem/*.tif\n  terrane ingest terrain N46E010.hgt.zip --dry-run",
		Args:    usage(cobra.MinimumNArgs(1)),
		RunE: func(c *cobra.Command, sources []string) error {
			if f.base != "" {
				return a.overlay(c, sources, f, false)
			}
			sources, err := a.namedSources(sources)
			if err != nil {
				return err
			}
			o, err := f.options(c, sources)
			if err != nil {
				return err
			}
			_, err = a.ingestTerrain(c.Context(), o, f)
			return err
		},
	}
	f.register(c.Flags())
	c.Flags().StringVar(&f.base, "base", "", "lay the sources over this terrain dataset, NAME[@VERSION] or a file, which is copied where they do not reach")
	return c
}

// register adds the flags of all that reads elevation models.
func (f *terrainFlags) register(v *pflag.FlagSet) {
	f.generalFlags.register(v, "finest")
	f.waterFlags.register(v)
	v.StringVar(&f.levels, "levels", "auto", "levels to make, 0-MAX or auto: as deep as the finest source")
	v.StringVar(&f.vertical, "vertical", "auto", verticalHelp)
	v.BoolVar(&f.depths, "depth-positive", false, "values count downwards: depths become negative heights")
	v.StringVar(&f.unit, "unit", "auto", "unit of the values: m, ft or us-ft; auto: as the files state, else metres")
	v.StringVar(&f.nodata, "nodata", "", "value that means no data, instead of the declared one")
	v.StringVar(&f.fill, "fill", "interpolate", "holes inside the data: interpolate, sea or none")
	v.StringVar(&f.maxError, "max-error", "auto", "most distance between the heights and the mesh at the deepest level, metres")
	v.BoolVar(&f.strict, "strict", false, "refuse to assume anything about the heights")
}

const verticalHelp = "what the heights count from: auto (as found), ellipsoid (no shift), egm96, egm2008, egm84, EPSG:n or a grid file; " +
	"PATTERN=MODEL for the files of a name, commas between"

// jobMemory is what a job takes: a window with its levels, GDAL's block of a read, finished tiles.
const jobMemory = 48 << 20

// options checks the flags.
func (f *terrainFlags) options(c *cobra.Command, sources []string) (ingest.Options, error) {
	o := ingest.Options{
		Sources: sources, Program: version, Leaf: -1, Title: f.title, Attribution: f.attribution,
		Fill:     ingest.Fill(f.fill),
		Vertical: f.vertical,
		Raster:   raster.Options{SrcCRS: f.srcCRS, Priority: raster.Priority(f.priority), Depth: f.depths},
	}
	var err error
	switch {
	case f.fill != "interpolate" && f.fill != "sea" && f.fill != "none":
		err = fmt.Errorf("--fill %q: it is interpolate, sea or none", f.fill)
	case f.unit == "m" || f.unit == "ft" || f.unit == "us-ft":
		o.Raster.Unit = f.unit
	case f.unit != "auto":
		err = fmt.Errorf("--unit %q: it is m, ft, us-ft or auto", f.unit)
	}
	err = errors.Join(err, f.numbers(&o), f.apply(&o))
	if err != nil {
		return o, usageError(c, err)
	}
	return o, usageFault(f.settle(sources[0]))
}

// numbers parses the flags that are numbers.
func (f *terrainFlags) numbers(o *ingest.Options) error {
	var err error
	if o.Leaf, err = parseLevels(f.levels); err != nil {
		return err
	}
	if f.nodata != "" {
		v, err := strconv.ParseFloat(f.nodata, 64)
		if err != nil {
			return fmt.Errorf("--nodata %q is not a number", f.nodata)
		}
		o.Raster.NoData = &v
	}
	if f.maxError != "auto" {
		v, err := strconv.ParseFloat(f.maxError, 64)
		if err != nil || !(v > 0 && v < 1e6) {
			return fmt.Errorf("--max-error %q: it is metres above 0, or auto", f.maxError)
		}
		o.MaxError = v
	}
	if o.BBox, err = f.box(); err != nil {
		return err
	}
	if err = f.check(); err != nil {
		return err
	}
	o.Raster.CacheBytes, err = f.share(jobMemory)
	return err
}

// parseLevels reads --levels of terrain: the deepest level, -1 for auto.
func parseLevels(text string) (leaf int, err error) {
	if text == "auto" {
		return -1, nil
	}
	m := regexp.MustCompile(`^(?:0-)?(\d{1,2})$`).FindStringSubmatch(text)
	if m == nil {
		return 0, fmt.Errorf("--levels %q: it is 0-MAX, since clients start at level 0, or auto", text)
	}
	if leaf, _ = strconv.Atoi(m[1]); leaf > ingest.DeepestLevel {
		return 0, fmt.Errorf("--levels %q: the deepest is %d, and auto is as deep as the ground is worth", text, ingest.DeepestLevel)
	}
	return leaf, nil
}
