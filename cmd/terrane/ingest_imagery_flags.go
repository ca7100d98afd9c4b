//go:build !serveonly

package main

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/terrane/terrane/internal/picture"
	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/internal/resample"
	"github.com/terrane/terrane/internal/tiler"
	"github.com/terrane/terrane/tilegrid"
)

// imageryFlags are the flags of "ingest imagery" as the user wrote them.
type imageryFlags struct {
	generalFlags
	levels, grid, format, scale, resampling, nodata, bands, time string
	quality                                                      int
	keepValues                                                   bool
}

func newIngestImageryCommand(a *app) *cobra.Command {
	var f imageryFlags
	c := &cobra.Command{
		Use:   "imagery SOURCE...",
		Short: "Make an imagery dataset from pictures, maps and other rasters",
		Long: "Makes one imagery dataset from any number of rasters, of any reference system that GDAL knows. Later ones lie on top of earlier ones.\n" +
			"Interrupted, the same command carries on where it stopped.",
		Example: "  terrane ingest imagery --name ortho photos/*.tif\n  terrane ingest imagery world.jpg --src-crs EPSG:4326 --grid geographic\n" +
			"  terrane ingest imagery sentinel.tif --bands 4,3,2 --scale 0,3000\n  terrane ingest imagery --name ortho --time 2024-06-01 flight2024/*.tif",
		Args: usage(cobra.MinimumNArgs(1)),
		RunE: func(c *cobra.Command, sources []string) error {
			sources, err := a.namedSources(sources)
			if err != nil {
				return err
			}
			o, err := f.options(c, sources)
			if err != nil {
				return err
			}
			_, err = a.ingestImagery(c.Context(), o, f)
			return err
		},
	}
	v := c.Flags()
	f.register(v, "last")
	v.StringVar(&f.levels, "levels", "auto", "levels to make, MIN-MAX, MAX or auto: as deep as each source is fine")
	v.StringVar(&f.grid, "grid", "mercator", "tile grid: mercator (EPSG:3857), or geographic (EPSG:4326, two roots, to the poles; GDAL reads no such MBTiles file itself)")
	v.StringVar(&f.format, "format", "auto", "tiles: png, jpeg, webp, or auto: JPEG where opaque, PNG elsewhere and for palettes")
	v.IntVar(&f.quality, "quality", picture.DefaultQuality, "of JPEG and WebP, 1 to 100; 100 is WebP without loss")
	v.StringVar(&f.bands, "bands", "", "numbers of the bands to show, from 1: of grey, 5; of red, green and blue, 4,3,2; alpha behind them (default by what they say they are)")
	v.StringVar(&f.scale, "scale", "auto", "values that become black and white, MIN,MAX; auto: bytes as they are, others from the 2nd to the 98th percentile")
	v.StringVar(&f.resampling, "resampling", "auto", "nearest, bilinear, cubic, or auto: bilinear, nearest for palettes")
	v.StringVar(&f.nodata, "nodata", "", "value that means no data, or one for each band: 0 or 255,255,255")
	v.BoolVar(&f.keepValues, "keep-values", false,
		"store the sources' own values, of all bands, beside the tiles: clients that ask what lies at a place (GetFeatureInfo) are told them")
	v.StringVar(&f.time, "time", "", timeHelp)
	return c
}

// pictureMemory is what a job takes: a window of 2048 x 2048 pixels with its levels, and the source's pixels below it.
const pictureMemory = 96 << 20

// valueMemory is what it takes more where values are kept: those under a tile, and the source's pixels below it.
const valueMemory = 64 << 20

// options checks the flags.
func (f *imageryFlags) options(c *cobra.Command, sources []string) (tiler.Options, error) {
	o := tiler.Options{
		Sources: sources, Program: version, Min: -1, Max: -1, Title: f.title, Attribution: f.attribution, Format: tiler.Format(f.format), Quality: f.quality,
		KeepValues: f.keepValues,
		Raster:     raster.PictureOptions{SrcCRS: f.srcCRS, Priority: raster.Priority(f.priority)},
	}
	var err error
	switch {
	case f.grid == "geographic":
		o.Grid = tilegrid.Geodetic
	case f.grid == "mercator":
		o.Grid = tilegrid.Mercator
	default:
		err = fmt.Errorf("--grid %q: it is mercator or geographic", f.grid)
	}
	switch o.Format {
	case tiler.Auto, tiler.PNG, tiler.JPEG, tiler.WebP:
	default:
		err = errors.Join(err, fmt.Errorf("--format %q: it is auto, png, jpeg or webp", f.format))
	}
	switch k := resample.Kernel(f.resampling); {
	case k == resample.Nearest || k == resample.Bilinear || k == resample.Cubic:
		o.Raster.Resampling = k
	case f.resampling != "auto":
		err = errors.Join(err, fmt.Errorf("--resampling %q: it is auto, nearest, bilinear or cubic", f.resampling))
	}
	err = errors.Join(err, f.check(), f.numbers(&o))
	if err != nil {
		return o, usageError(c, err)
	}
	return o, usageFault(f.settle(sources[0]))
}

// numbers parses the flags that are numbers.
func (f *imageryFlags) numbers(o *tiler.Options) (err error) {
	if f.quality < 1 || f.quality > 100 {
		return fmt.Errorf("--quality %d: it is 1 to 100", f.quality)
	}
	if f.levels != "auto" {
		m := regexp.MustCompile(`^(?:(\d{1,2})-)?(\d{1,2})$`).FindStringSubmatch(f.levels)
		if m == nil {
			return fmt.Errorf("--levels %q: it is MIN-MAX, MAX or auto", f.levels)
		}
		o.Min, _ = strconv.Atoi(orElse(m[1], "0"))
		if o.Max, _ = strconv.Atoi(m[2]); o.Max > tiler.DeepestLevel || o.Min > o.Max {
			return fmt.Errorf("--levels %q: MIN is at most MAX, and MAX at most %d", f.levels, tiler.DeepestLevel)
		}
	}
	if f.nodata != "" {
		if o.Raster.NoData, err = numbersOf(f.nodata); err != nil || len(o.Raster.NoData) > 4 {
			return fmt.Errorf("--nodata %q: it is a number, or one for each band", f.nodata)
		}
	}
	if f.scale != "auto" {
		v, err := numbersOf(f.scale)
		if err != nil || len(v) != 2 || !(v[0] < v[1]) || v[1]-v[0] > 1e300 {
			return fmt.Errorf("--scale %q: it is MIN,MAX, the smaller one first, or auto", f.scale)
		}
		o.Raster.Scale = &[2]float64{v[0], v[1]}
	}
	if o.Raster.Bands, err = bandsOf(f.bands); err != nil {
		return err
	}
	if o.Time, err = parseInstant(f.time); err != nil {
		return err
	}
	if o.BBox, err = f.box(); err != nil {
		return err
	}
	memory := int64(pictureMemory)
	if f.keepValues {
		memory += valueMemory
	}
	o.Raster.CacheBytes, err = f.generalFlags.share(memory)
	return err
}

// bandsOf parses --bands; "" is none.
func bandsOf(text string) (bands []int, err error) {
	if text == "" {
		return nil, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil || n < 1 || len(bands) == 4 {
			return nil, fmt.Errorf("--bands %q: it is one to four numbers of bands, counted from 1, such as 4,3,2", text)
		}
		bands = append(bands, n)
	}
	return bands, nil
}

// numbersOf parses numbers that are separated by commas.
func numbersOf(text string) (out []float64, err error) {
	for part := range strings.SplitSeq(text, ",") {
		v, err := strconv.ParseFloat(strings.TrimSpace(part), 64)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}
