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
	"github.com/spf13/pflag"

	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/tilestore"
)

func newIngestCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "ingest",
		Short: "Make datasets from rasters, gazetteers from lists of places",
		Args:  usage(cobra.NoArgs),
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newIngestTerrainCommand(a), newIngestImageryCommand(a), newIngestPlacesCommand(a))
	return c
}

// generalFlags are those of every kind of ingest, as the user wrote them.
type generalFlags struct {
	name, priority, srcCRS, memory, attribution, title, progress string
	bbox                                                         []float64
	jobs                                                         int
	dryRun, noVerify, force                                      bool
}

// register adds the flags; top is the priority that is taken without --priority.
func (f *generalFlags) register(v *pflag.FlagSet, top string) {
	v.StringVar(&f.name, "name", "", "name of the dataset (default the first file's)")
	v.StringVar(&f.priority, "priority", top, "which source lies on top: finest, first or last")
	v.StringVar(&f.srcCRS, "src-crs", "", "reference system of the sources, EPSG:n, instead of their own")
	v.Float64SliceVar(&f.bbox, "bbox", nil, "only this box: W,S,E,N in degrees; W > E crosses the antimeridian")
	v.IntVar(&f.jobs, "jobs", runtime.NumCPU(), "tiles made at the same time")
	v.StringVar(&f.memory, "memory", "1GB", "memory to use, whatever the sources' size")
	v.StringVar(&f.title, "title", "", "title shown in catalogues")
	v.StringVar(&f.attribution, "attribution", "", "credit line that clients show")
	v.StringVar(&f.progress, "progress", "auto", progressHelp)
	v.BoolVar(&f.dryRun, "dry-run", false, "print the plan and stop")
	v.BoolVar(&f.noVerify, "no-verify", false, "do not read every tile back before publishing")
	v.BoolVar(&f.force, "force", false, "make it anew though the latest version is the same; drop unfinished work of others under this name")
}

// check refuses general flags that cannot be.
func (f *generalFlags) check() error {
	if f.priority != "finest" && f.priority != "first" && f.priority != "last" {
		return fmt.Errorf("--priority %q: it is finest, first or last", f.priority)
	}
	return errors.Join(checkProgress(f.progress), checkJobs(f.jobs))
}

// box parses --bbox; nil is none. A box that crosses the antimeridian has its west east of its east, or longitudes beyond 180; what is returned has
// Max.Lon beyond 180.
func (f *generalFlags) box() (*orb.Bound, error) {
	b := f.bbox
	if b == nil {
		return nil, nil
	}
	onGlobe := func(lon float64) bool { return -180 <= lon && lon <= 360 }
	if len(b) != 4 || !(onGlobe(b[0]) && onGlobe(b[2]) && b[0] != b[2] && b[2]-b[0] <= 360 && -90 <= b[1] && b[1] < b[3] && b[3] <= 90) {
		return nil, fmt.Errorf("--bbox %.10g: it is W,S,E,N in degrees, -90 <= S < N <= 90, longitudes -180 to 180, or 0 to 360; "+
			"W > E crosses the antimeridian", b)
	}
	west, east := b[0], b[2]
	if west > east {
		east += 360
	}
	if west >= 180 {
		west, east = west-360, east-360
	}
	return &orb.Bound{Min: orb.Point{west, b[1]}, Max: orb.Point{east, b[3]}}, nil
}

// baseMemory is what the program takes beside GDAL's cache and its jobs.
const baseMemory = 64 << 20

// share divides --memory: it returns what GDAL's cache gets, sets the limit for the rest, and lowers the number of jobs to those that fit, each taking jobMemory.
func (f *generalFlags) share(jobMemory int64) (cache int64, err error) {
	memory, err := parseSize(f.memory)
	if err != nil || memory < 256<<20 {
		return 0, fmt.Errorf("--memory %q: a size of at least 256MB, for example 2GB", f.memory)
	}
	cache = min(64<<20, memory/4)
	debug.SetMemoryLimit(memory - cache)
	debug.SetGCPercent(50) // what a job needs it keeps: there is little to collect, and twice as much heap would be waste
	f.jobs = min(f.jobs, max(1, int((memory-cache-baseMemory)/jobMemory)))
	return cache, nil
}

// settle makes a name of the first source's if none was given.
func (f *generalFlags) settle(first string) error {
	if f.name == "" {
		if f.name = nameOf(first); f.name == "" {
			return remedy.New(first, errors.New("no dataset name can be made of the file's"), "--name NAME, of a-z, 0-9, - and _")
		}
	}
	err := tilestore.CheckName(f.name)
	if err == nil {
		return nil
	}
	return remedy.New("--name", err, "--name "+orElse(nameOf(strings.ReplaceAll(f.name, "/", "-")), "alps"))
}

// usageFault marks an error that has its remedy as the user's; nil stays nil.
func usageFault(err error) error { return mark(err, errUsage) }

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
