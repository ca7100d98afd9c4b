//go:build !serveonly

package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
	"github.com/spf13/cobra"
	"github.com/terrane/terrane/internal/ingest"
	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/tilestore"
)

// terrainFlags are the flags of "ingest terrain" as the user wrote them.
type terrainFlags struct {
	name, levels, vertical, nodata, priority, fill, maxError, srcCRS string
	bbox                                                             []float64
	memory, attribution, title, progress                             string
	jobs                                                             int
	dryRun, noVerify, force, strict                                  bool
}

func newIngestCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "ingest",
		Short: "Make datasets from rasters",
		Args:  usage(cobra.NoArgs),
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newIngestTerrainCommand(a))
	return c
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
			o, err := f.options(c, sources)
			if err != nil {
				return err
			}
			_, err = a.ingestTerrain(c.Context(), o, f)
			return err
		},
	}
	v := c.Flags()
	v.StringVar(&f.name, "name", "", "name of the dataset (default the first file's)")
	v.StringVar(&f.levels, "levels", "auto", "levels to make, 0-MAX or auto: as deep as the finest source")
	v.StringVar(&f.vertical, "vertical", "auto", "what the heights are: auto (as found) or ellipsoid; no height is shifted")
	v.StringVar(&f.nodata, "nodata", "", "value that means no data, instead of the declared one")
	v.StringVar(&f.priority, "priority", "finest", "which source lies on top: finest, first or last")
	v.StringVar(&f.fill, "fill", "interpolate", "holes inside the data: interpolate, sea or none")
	v.StringVar(&f.maxError, "max-error", "auto", "most distance between a tile's own heights and its mesh at the deepest level, metres")
	v.Float64SliceVar(&f.bbox, "bbox", nil, "only this box: W,S,E,N in degrees")
	v.StringVar(&f.srcCRS, "src-crs", "", "reference system of the sources, EPSG:n, instead of their own")
	v.IntVar(&f.jobs, "jobs", runtime.NumCPU(), "tiles made at the same time")
	v.StringVar(&f.memory, "memory", "1GB", "memory to use, whatever the sources' size")
	v.StringVar(&f.title, "title", "", "title shown in catalogues")
	v.StringVar(&f.attribution, "attribution", "", "credit line that clients show")
	v.StringVar(&f.progress, "progress", "auto", progressHelp)
	v.BoolVar(&f.dryRun, "dry-run", false, "print the plan and stop")
	v.BoolVar(&f.noVerify, "no-verify", false, "do not read every tile back before publishing")
	v.BoolVar(&f.force, "force", false, "drop a half-made dataset of other work under this name")
	v.BoolVar(&f.strict, "strict", false, "refuse to assume anything about the heights")
	return c
}

// What the program takes beside GDAL's cache: as a whole, and for each job (a window with its levels, GDAL's block of a read, finished tiles).
const (
	baseMemory = 64 << 20
	jobMemory  = 48 << 20
)

// options checks the flags.
func (f *terrainFlags) options(c *cobra.Command, sources []string) (ingest.Options, error) {
	o := ingest.Options{
		Sources: sources, Program: version, Leaf: -1, Title: f.title, Attribution: f.attribution,
		Fill:   ingest.Fill(f.fill),
		Raster: raster.Options{SrcCRS: f.srcCRS, Priority: raster.Priority(f.priority)},
	}
	var err error
	switch {
	case f.fill != "interpolate" && f.fill != "sea" && f.fill != "none":
		err = fmt.Errorf("--fill %q: it is interpolate, sea or none", f.fill)
	case f.priority != "finest" && f.priority != "first" && f.priority != "last":
		err = fmt.Errorf("--priority %q: it is finest, first or last", f.priority)
	case f.vertical == "ellipsoid":
		o.Vertical = f.vertical
	case f.vertical != "auto":
		err = fmt.Errorf("--vertical %q: this version knows auto and ellipsoid", f.vertical)
	}
	err = errors.Join(err, f.numbers(&o))
	if err != nil {
		return o, usageError(c, err)
	}
	if f.name == "" {
		f.name = nameOf(sources[0])
	}
	if err := tilestore.CheckName(f.name); err != nil {
		return o, usageError(c, err)
	}
	return o, nil
}

// numbers parses the flags that are numbers.
func (f *terrainFlags) numbers(o *ingest.Options) error {
	if f.levels != "auto" {
		m := regexp.MustCompile(`^(?:0-)?(\d{1,2})$`).FindStringSubmatch(f.levels)
		if m == nil {
			return fmt.Errorf("--levels %q: it is 0-MAX, since clients start at level 0, or auto", f.levels)
		}
		o.Leaf, _ = strconv.Atoi(m[1])
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
	if f.bbox != nil {
		if len(f.bbox) != 4 || !(-180 <= f.bbox[0] && f.bbox[0] < f.bbox[2] && f.bbox[2] <= 180 && -90 <= f.bbox[1] && f.bbox[1] < f.bbox[3] && f.bbox[3] <= 90) {
			return fmt.Errorf("--bbox %v: it is W,S,E,N in degrees, -180 <= W < E <= 180 and -90 <= S < N <= 90", f.bbox)
		}
		o.BBox = &orb.Bound{Min: orb.Point{f.bbox[0], f.bbox[1]}, Max: orb.Point{f.bbox[2], f.bbox[3]}}
	}
	if err := errors.Join(checkProgress(f.progress), checkJobs(f.jobs)); err != nil {
		return err
	}
	memory, err := parseSize(f.memory)
	if err != nil || memory < 256<<20 {
		return fmt.Errorf("--memory %q: a size of at least 256MB, for example 2GB", f.memory)
	}
	o.Raster.CacheBytes = min(64<<20, memory/4)
	debug.SetMemoryLimit(memory - o.Raster.CacheBytes)
	f.jobs = min(f.jobs, max(1, int((memory-o.Raster.CacheBytes-baseMemory)/jobMemory)))
	return nil
}

// parseSize reads "300MB", "2GB" or plain bytes; units are powers of 1024.
func parseSize(text string) (int64, error) {
	m := regexp.MustCompile(`(?i)^(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?$`).FindStringSubmatch(text)
	if m == nil {
		return 0, fmt.Errorf("%q is not a size", text)
	}
	v, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		return 0, err
	}
	unit := map[string]float64{"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}[strings.ToLower(m[2])]
	return int64(v * unit), nil
}

// nameOf makes a dataset name from a file's: its stem in lower case, whatever else is not allowed replaced by a hyphen.
func nameOf(path string) string {
	stem, _, _ := strings.Cut(filepath.Base(path), ".")
	name := regexp.MustCompile(`[^a-z0-9_]+`).ReplaceAllString(strings.ToLower(stem), "-")
	return strings.Trim(name[:min(len(name), 63)], "-_")
}
