package ingest

import (
	"fmt"
	"math"
	"path/filepath"

	"github.com/paulmach/orb"
	"github.com/terrane/terrane/internal/raster"
	"github.com/terrane/terrane/internal/remedy"
)

// Pixels finer than these, metres: no survey makes the one, few make the other.
const (
	finestPixel = 0.001
	rarePixel   = 0.02
)

// credible refuses files whose ground cannot be what their spatial reference makes of it, and notes what is merely odd: a wrong reference moves data
// to where nobody looks for it.
func (j *Job) credible() error {
	given := j.options.Raster.SrcCRS
	for k, f := range j.Files {
		metres, extent := f.Resolution.Metres, extentOf(f)
		wrong := ""
		switch {
		case countsMetres(f) && likeDegrees(extent):
			wrong = fmt.Sprintf("%s counts metres, and its coordinates look like degrees: %s", f.CRS, boundText(extent))
		case metres < finestPixel:
			wrong = fmt.Sprintf("by %s its pixels are %.2g mm wide", f.CRS, metres*1000)
		}
		switch {
		case wrong != "" && (given != "" || metres < finestPixel):
			return remedy.New(filepath.Base(f.Path), fmt.Errorf("%w: %s", raster.ErrCRS, wrong), referenceAdvice(given))
		case wrong != "":
			j.note(k, wrong+" (--src-crs EPSG:4326 if they are)")
		case metres < rarePixel:
			j.note(k, fmt.Sprintf("by %s its pixels are %.2g mm wide (--src-crs EPSG:n if that is wrong)", f.CRS, metres*1000))
		}
	}
	return nil
}

func (j *Job) note(file int, text string) {
	s := &j.Files[file].Survey
	s.Suspicions = append(s.Suspicions, text)
}

func referenceAdvice(given string) string {
	if given != "" {
		return "leave --src-crs out if the file knows its own reference, or --src-crs EPSG:4326 for degrees"
	}
	return "--src-crs EPSG:n if the file's own reference is wrong, for example --src-crs EPSG:4326 for degrees"
}

// extentOf is the rectangle around a file's outer edges in its own coordinates.
func extentOf(f raster.File) orb.Bound {
	t, cols, rows := f.Transform, float64(f.Cols), float64(f.Rows)
	b := orb.Bound{Min: orb.Point{t[0], t[3]}, Max: orb.Point{t[0], t[3]}}
	for _, c := range [][2]float64{{cols, 0}, {0, rows}, {cols, rows}} {
		b = b.Extend(orb.Point{t[0] + c[0]*t[1] + c[1]*t[2], t[3] + c[0]*t[4] + c[1]*t[5]})
	}
	return b
}

// countsMetres tells whether a file's coordinates are lengths (metres, feet, kilometres) rather than angles, of which one is a hundred kilometres.
func countsMetres(f raster.File) bool {
	return f.Resolution.Metres < 20_000*math.Hypot(f.Transform[2], f.Transform[5])
}

// likeDegrees tells whether an extent could be longitudes and latitudes, a cell beyond them included. As metres it would be a few paces of ground at the
// origin of the reference, where nothing is measured.
func likeDegrees(b orb.Bound) bool {
	return b.Min[0] >= -361 && b.Max[0] <= 361 && b.Min[1] >= -91 && b.Max[1] <= 91
}

// boundText writes west, south, east, north.
func boundText(b orb.Bound) string {
	return fmt.Sprintf("%.9g,%.9g,%.9g,%.9g", b.Min[0], b.Min[1], b.Max[0], b.Max[1])
}
