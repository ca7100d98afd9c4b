package raster

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/paulmach/orb"
)

// Geoid is a surface that heights count from, sea level near enough, by how far it lies above the ellipsoid of WGS 84. It is safe for concurrent
// use and needs no closing.
type Geoid struct {
	Name    string      // "EGM96 height", or the grid file's name
	EPSG    int         // code of the heights that count from it; 0 for a grid file
	parts   []part      // the first that has an answer counts
	whole   *geoidGrid  // the only part's grid, if it is global
	lacking []operation // what PROJ has no grids for
}

// part is what a geoid is where one operation of PROJ holds, or one grid.
type part struct {
	area     orb.Bound // degrees; Max.Lon > 180 across the antimeridian
	grid     *geoidGrid
	pipeline *pipeline // instead of a grid, where the way to the ellipsoid is longer than one grid: PROJ is asked for each point
	file     string    // the grid's name, "" of a pipeline
}

// geoidAdvice says what --vertical understands.
const geoidAdvice = "--vertical egm96, egm2008, egm84, EPSG:n with the code of a vertical system, or a grid file (GTX, GeoTIFF), " +
	"by its path or, in a folder of PROJ's, by its name; ellipsoid for no shift"

// geoidCode returns the code of the heights that a name stands for.
func geoidCode(name string) (code int, ok bool) {
	switch strings.ToLower(name) {
	case "egm96":
		return 5773, true
	case "egm2008", "egm08":
		return 3855, true
	case "egm84":
		return 5798, true
	}
	code, vertical, err := epsg(name)
	return code, err == nil && vertical == 0
}

// OpenGeoid opens a model by name: egm96, egm2008, egm84, EPSG:n with the code of a vertical system, or the path of a grid file, GTX or GeoTIFF,
// that holds metres above the ellipsoid; a bare name that is not in the working folder is looked for in PROJ's. A grid is read whole,
// about 4 MB for egm96. What PROJ has no grid for is an error that matches [ErrVertical], names the missing file and says where it belongs; a name
// that is none of these is one about --vertical.
func OpenGeoid(ctx context.Context, name string) (*Geoid, error) {
	setup(0)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if code, ok := geoidCode(name); ok {
		return openGeoidCode(name, code)
	}
	path, ok := gridFile(name)
	if !ok {
		return nil, refuse("--vertical", ErrVertical, geoidAdvice, "%q is no vertical system, and no such file is there", name)
	}
	grid, err := readGeoidGrid(path)
	if err != nil {
		return nil, err
	}
	file := filepath.Base(path)
	g := &Geoid{Name: file, parts: []part{{grid: grid, file: file}}}
	g.settle()
	return g, nil
}

// gridFile returns the path of a grid file: the name itself or, of a bare one, where PROJ finds it.
func gridFile(name string) (path string, ok bool) {
	if _, err := os.Stat(name); err == nil {
		return name, true
	}
	if name != filepath.Base(name) {
		return "", false
	}
	for _, folder := range gridFolders() {
		path = filepath.Join(folder, name)
		if stat, err := os.Stat(path); err == nil && stat.Mode().IsRegular() {
			return path, true
		}
	}
	return "", false
}

// Undulation returns how far the geoid lies above the ellipsoid at a longitude and latitude of WGS 84, metres; false where the model has no answer.
// Ellipsoidal height = height above the geoid + undulation. Any turn of longitude will do.
func (g *Geoid) Undulation(p orb.Point) (metres float64, ok bool) {
	if !(p[0] >= -180 && p[0] < 180) {
		p[0] -= 360 * math.Floor((p[0]+180)/360)
	}
	if g.whole != nil {
		v := g.whole.at(p[0], p[1])
		return v, v == v
	}
	for i := range g.parts {
		if v, ok := g.parts[i].at(p); ok {
			return v, true
		}
	}
	return 0, false
}

// settle lets a model of one grid reach as far as the grid does.
func (g *Geoid) settle() {
	if len(g.parts) == 1 && g.parts[0].grid != nil {
		if g.parts[0].area = g.parts[0].grid.bound(); g.parts[0].grid.global() {
			g.whole = g.parts[0].grid
		}
	}
}

// Global tells whether the model covers the whole Earth.
func (g *Geoid) Global() bool {
	for _, p := range g.parts {
		if p.grid != nil && p.grid.global() {
			return true
		}
	}
	return false
}

// Source names the grid files that the model was read from, or PROJ where it is asked itself.
func (g *Geoid) Source() string {
	var names []string
	for _, p := range g.parts {
		if p.file == "" {
			return "PROJ"
		}
		names = append(names, p.file)
	}
	return strings.Join(names, ", ")
}

// at returns the part's undulation at a point whose longitude is in -180..180.
func (p *part) at(at orb.Point) (float64, bool) {
	if !p.area.Contains(at) && !reaches(p.area, at) {
		return 0, false
	}
	var v float64
	if p.grid != nil {
		v = p.grid.at(at[0], at[1])
	} else {
		v = p.pipeline.lift(at)
	}
	return v, v == v
}

// reaches tells whether a point lies in an area, whichever way round the globe its longitude counts.
func reaches(area orb.Bound, p orb.Point) bool {
	return area.Contains(p) || area.Contains(orb.Point{p[0] + 360, p[1]}) || area.Contains(orb.Point{p[0] - 360, p[1]})
}

// sameArea tells whether two bounds share ground, round the globe.
func sameArea(a, b orb.Bound) bool {
	for _, turn := range []float64{0, 360, -360} {
		t := orb.Bound{Min: orb.Point{b.Min[0] + turn, b.Min[1]}, Max: orb.Point{b.Max[0] + turn, b.Max[1]}}
		if a.Intersects(t) {
			return true
		}
	}
	return false
}

// String names the model and where it is from.
func (g *Geoid) String() string {
	if g.Name == g.Source() {
		return g.Name
	}
	return fmt.Sprintf("%s (%s)", g.Name, g.Source())
}
