package raster

// #cgo LDFLAGS: -lproj
// #include <stdlib.h>
// #include "geoid.h"
import "C"

import (
	"cmp"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unsafe"

	"github.com/lukeroth/gdal"
	"github.com/paulmach/orb"
)

// operation is one way that PROJ knows from heights of a vertical system to the ellipsoid.
type operation struct {
	accuracy float64 // metres, negative if unknown
	area     orb.Bound
	usable   bool // every grid is there
	pipeline string
	grids    []projGrid
}

// projGrid is a grid that an operation needs: its name, its path if it is there, its address if PROJ knows one.
type projGrid struct{ name, path, url string }

// operations lists those of a vertical system in PROJ's order. Ballpark guesses, which leave heights as they are without a word, are none.
func operations(code int) []operation {
	c := C.terrane_operations(C.int(code))
	defer C.free(unsafe.Pointer(c))
	var out []operation
	for _, line := range strings.Split(C.GoString(c), "\n") {
		if f := strings.Split(line, "\t"); len(f) >= 7 {
			out = append(out, parseOperation(f))
		}
	}
	return out
}

// preferred orders operations as PROJ does for a point: by accuracy, then by area.
func preferred(a, b operation) int {
	return cmp.Or(cmp.Compare(rank(a.accuracy), rank(b.accuracy)), cmp.Compare(extent(a.area), extent(b.area)))
}

func rank(accuracy float64) float64 {
	if accuracy < 0 {
		return math.Inf(1)
	}
	return accuracy
}

func extent(b orb.Bound) float64 { return (b.Max[0] - b.Min[0]) * (b.Max[1] - b.Min[1]) }

func parseOperation(f []string) operation {
	var n [5]float64
	for i := range n {
		n[i], _ = strconv.ParseFloat(f[i], 64)
	}
	if n[3] < n[1] {
		n[3] += 360
	}
	o := operation{accuracy: n[0], area: orb.Bound{Min: orb.Point{n[1], n[2]}, Max: orb.Point{n[3], n[4]}}, usable: f[5] == "1", pipeline: f[6]}
	for _, text := range f[7:] {
		if g := strings.Split(text, "|"); len(g) == 3 {
			o.grids = append(o.grids, projGrid{g[0], g[1], g[2]})
		}
	}
	return o
}

// openGeoidCode opens all that PROJ can do for a vertical system. name is how it was asked for.
func openGeoidCode(name string, code int) (*Geoid, error) {
	title, err := verticalTitle(code)
	if err != nil {
		return nil, refuse("--vertical", ErrVertical, geoidAdvice, "%s: %v", name, err)
	}
	g := &Geoid{Name: title, EPSG: code}
	all := operations(code)
	for _, o := range slices.SortedStableFunc(slices.Values(all), preferred) {
		if !o.usable {
			g.lacking = append(g.lacking, o)
			continue
		}
		p, err := o.open()
		if err != nil {
			return nil, err
		}
		g.parts = append(g.parts, p)
	}
	if len(g.parts) == 0 {
		return nil, missingGrids(name, title, all)
	}
	g.settle()
	return g, nil
}

// verticalTitle returns the name of a vertical system of the EPSG registry.
func verticalTitle(code int) (string, error) {
	sr := gdal.CreateSpatialReference("")
	defer sr.Destroy()
	if err := collected(func() error { return sr.FromEPSG(code) }); err != nil || !sr.IsVertical() {
		return "", fmt.Errorf("EPSG:%d is not a vertical system", code)
	}
	return srsName(sr), nil
}

// ownGrid says what helps where PROJ does not.
const ownGrid = "--vertical GRIDFILE with a grid of your own (GTX, GeoTIFF), a path or a name in a folder of PROJ's: " +
	"--vertical de_bkg_gcg2016.tif for GCG2016; --vertical egm96 for sea level to about a metre, --vertical ellipsoid for heights as they are"

// missingGrids says which files PROJ lacks for a vertical system and where they belong. A transform without them would leave the heights as they are.
func missingGrids(on, title string, all []operation) error {
	var files, unmapped []string
	for _, o := range all {
		for _, g := range o.grids {
			list := &files
			if g.url == "" {
				list = &unmapped
			}
			if g.path == "" && !slices.Contains(*list, g.name) {
				*list = append(*list, g.name)
			}
		}
	}
	switch {
	case len(files) > 0:
		return refuse(on, ErrVertical, fmt.Sprintf("put %s into a folder of PROJ's (%s, or one that PROJ_DATA names), by projsync --file %s; or %s",
			files[0], strings.Join(gridFolders(), ", "), files[0], ownGrid), "%s: PROJ has no grid, missing: %s", title, listed(files))
	case len(unmapped) > 0:
		return refuse(on, ErrVertical, ownGrid, "%s: missing grid %s, for which this version of PROJ knows no file", title, listed(unmapped))
	}
	return refuse(on, ErrVertical, ownGrid, "%s: PROJ knows no grid for it", title)
}

// listed writes the first three of some names.
func listed(names []string) string {
	if len(names) > 3 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:3], ", "), len(names)-3)
	}
	return strings.Join(names, ", ")
}

// gridFolders returns where PROJ looks for grids.
func gridFolders() []string {
	c := C.terrane_grid_folders()
	defer C.free(unsafe.Pointer(c))
	return strings.Split(C.GoString(c), string(os.PathListSeparator))
}

// open readies an operation. One that is a single grid is read and interpolated here, if that gives what PROJ gives; PROJ is asked for each point
// otherwise.
func (o operation) open() (part, error) {
	p := &pipeline{text: o.pipeline}
	if len(o.grids) == 1 && o.plain() {
		grid, err := readGeoidGrid(o.grids[0].path)
		if err == nil && grid.agrees(p) {
			return part{area: o.area, grid: grid, file: filepath.Base(o.grids[0].path)}, nil
		}
	}
	h, err := p.borrow()
	if err != nil {
		return part{}, err
	}
	p.free.Put(h)
	return part{area: o.area, pipeline: p}, nil
}

// plain tells whether an operation is nothing but one grid, angles and axes apart.
func (o operation) plain() bool {
	shifts := 0
	for _, m := range regexp.MustCompile(`\+proj=(\w+)`).FindAllStringSubmatch(o.pipeline, -1) {
		switch m[1] {
		case "pipeline", "axisswap", "unitconvert", "noop":
		case "vgridshift":
			shifts++
		default:
			return false
		}
	}
	return shifts == 1
}

// agreement is how far the grid as read here may be off what PROJ makes of it, metres.
const agreement = 1e-4

// agrees compares the grid with PROJ at places all over it.
func (g *geoidGrid) agrees(p *pipeline) bool {
	const n = 7
	b := g.bound()
	for k := range n * n {
		x, y := (float64(k%n)+0.37)/n, (float64(k/n)+0.61)/n
		at := orb.Point{b.Min[0] + x*(b.Max[0]-b.Min[0]), b.Min[1] + y*(b.Max[1]-b.Min[1])}
		at[0] -= 360 * math.Floor((at[0]+180)/360)
		own, theirs := g.at(at[0], at[1]), p.lift(at)
		if (own != own) != (theirs != theirs) || math.Abs(own-theirs) > agreement {
			return false
		}
	}
	return true
}

// pipeline is an operation of PROJ that is asked point by point, from any number of goroutines.
type pipeline struct {
	text string
	free sync.Pool // of *pipelineHandle
}

type pipelineHandle struct{ c *C.terrane_pipeline }

func (p *pipeline) borrow() (*pipelineHandle, error) {
	if h, ok := p.free.Get().(*pipelineHandle); ok {
		return h, nil
	}
	text := C.CString(p.text)
	defer C.free(unsafe.Pointer(text))
	c := C.terrane_pipeline_open(text)
	if c == nil {
		return nil, fmt.Errorf("%w: PROJ cannot run %s", ErrVertical, p.text)
	}
	h := &pipelineHandle{c}
	runtime.AddCleanup(h, func(c *C.terrane_pipeline) { C.terrane_pipeline_close(c) }, c)
	return h, nil
}

// lift returns what becomes of height 0, NaN where there is no answer.
func (p *pipeline) lift(at orb.Point) float64 {
	h, err := p.borrow()
	if err != nil {
		return math.NaN()
	}
	defer p.free.Put(h)
	return float64(C.terrane_pipeline_lift(h.c, C.double(at[0]), C.double(at[1])))
}
