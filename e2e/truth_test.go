//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// known is a shared DEM whose vertical datum is known, and how GDAL's and PROJ's own programs say where its posts are.
type known struct {
	name, file, inZip string
	width, height     int
	west, north, cell float64 // of the raster's corner and its cells, in its own reference system
	voids             float64 // value of cells without data
	geoid             string  // grid file that the flags and the transformation need
	bound             float64 // of the error of meshes on the deepest level, metres, as the plan prints it
	level             uint8   // the deepest
}

// sagitta is by how much the ellipsoid may rise above a chord of a tile of the deepest level: a mesh keeps its bound in space, while clients
// interpolate heights between vertices that lie so far apart along the curved ground.
func (d known) sagitta() float64 {
	half := 180 / math.Exp2(float64(d.level)) * 111_320 / math.Sqrt2
	return half * half / (2 * 6_378_137)
}

const egm96 = "EPSG:4326+5773"

var knownDEMs = []known{
	{name: "catalonia", file: "dem/N41E001.hgt.zip", inZip: "N41E001.hgt",
		width: 1201, height: 1201, west: 1 - .5/1200, north: 42 + .5/1200, cell: 1. / 1200, voids: -32768, bound: 7.53, level: 12},
	{name: "pyrenees", file: "dem/N42E001.hgt.zip", inZip: "N42E001.hgt",
		width: 1201, height: 1201, west: 1 - .5/1200, north: 43 + .5/1200, cell: 1. / 1200, voids: -32768, bound: 7.53, level: 12},
	{name: "olympic", file: "dem/N48W125.hgt.zip", inZip: "N48W125.hgt",
		width: 3601, height: 3601, west: -125 - .5/3600, north: 49 + .5/3600, cell: 1. / 3600, voids: -32768, bound: 1.88, level: 14},
	{name: "ontario", file: "dem/n43.dt0",
		width: 121, height: 121, west: -80 - .5/120, north: 44 + .5/120, cell: 1. / 120, voids: -32767, bound: 60.2, level: 9},
	{name: "compound", file: "dem/pyrenees_crop_epsg4326+5773.tif",
		width: 600, height: 360, west: 1.3 - .5/1200, north: 42.75 + .5/1200, cell: 1. / 1200, voids: -32768, bound: 7.53, level: 12},
	{name: "essen", file: "dem/nrw_dsm_1m_epsg25832+7837.tif",
		width: 1000, height: 1000, west: 356000, north: 5700000, cell: 1, voids: math.NaN(), bound: 0.0588, level: 19, geoid: "geoid/de_bkg_gcg2016.tif"},
}

// post is one of a DEM: where it is, and its height above the ellipsoid as PROJ has it.
type post struct{ lon, lat, height float64 }

// places picks n posts with data all around them, and has gdallocationinfo read and gdaltransform lift them.
func (d known) places(t *testing.T, file, geoid string, n int) []post {
	t.Helper()
	chance := rand.New(rand.NewPCG(4, 1))
	var cells strings.Builder
	for range 2 * n {
		i, j := 3+chance.IntN(d.width-6), 3+chance.IntN(d.height-6)
		for k := range 9 {
			fmt.Fprintln(&cells, i+2*(k%3-1), j+2*(k/3-1))
		}
		fmt.Fprintln(&cells, i, j)
	}
	if d.inZip != "" {
		file = "/vsizip/" + file + "/" + d.inZip
	}
	values := strings.Fields(piped(t, cells.String(), "gdallocationinfo", "-valonly", file))
	asked := strings.Fields(cells.String())
	var posts strings.Builder
	for k := 0; k < len(values) && n > 0; k += 10 {
		if around := values[k : k+10]; !strings.Contains(strings.Join(around, " "), strconv.Itoa(int(d.voids))) {
			i, _ := strconv.Atoi(asked[2*(k+9)])
			j, _ := strconv.Atoi(asked[2*(k+9)+1])
			fmt.Fprintf(&posts, "%.9f %.9f %s\n", d.west+(float64(i)+.5)*d.cell, d.north-(float64(j)+.5)*d.cell, around[9])
			n--
		}
	}
	how := []string{"-s_srs", egm96, "-t_srs", "EPSG:4979"}
	if geoid != "" {
		how = []string{"-ct", "+proj=pipeline +step +inv +proj=utm +zone=32 +ellps=GRS80 +step +proj=vgridshift +grids=" + geoid +
			" +multiplier=1 +step +proj=unitconvert +xy_in=rad +xy_out=deg"}
	}
	var all []post
	for line := range strings.Lines(piped(t, posts.String(), "gdaltransform", how...)) {
		var p post
		if _, err := fmt.Sscan(line, &p.lon, &p.lat, &p.height); err != nil {
			t.Fatalf("gdaltransform said %q: %v", line, err)
		}
		all = append(all, p)
	}
	return all
}

// piped runs one of GDAL's programs on text.
func piped(t *testing.T, in, name string, args ...string) string {
	t.Helper()
	c := exec.Command(name, args...)
	c.Stdin, c.Env = strings.NewReader(in), append(c.Environ(), "GDAL_PAM_ENABLED=NO")
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%s %v: %v", name, args, err)
	}
	return string(out)
}

// elevationAt asks for the height at a place, and by how much the server says that the source may differ.
func (r running) elevationAt(t *testing.T, name string, p post) (height, interpolation float64) {
	t.Helper()
	answer, err := http.Get(fmt.Sprintf("%sheight/%s?lon=%.9f&lat=%.9f", r.url, name, p.lon, p.lat))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var said struct {
		Height        *float64
		Interpolation float64
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil || json.Unmarshal(body, &said) != nil || said.Height == nil {
		t.Fatalf("height at %v: %d %s %v", p, answer.StatusCode, body, err)
	}
	return *said.Height, said.Interpolation
}

// TestHeightsOfEverySharedDEMAreThoseOfGDALAndPROJ compares 1000 posts of each DEM, lifted by PROJ, with /height and with
// the meshes in CesiumJS. What the server answers may be off by the interpolation error that it states and 1 cm, a mesh by its level's error bound and the earth's curvature more.
func TestHeightsOfEverySharedDEMAreThoseOfGDALAndPROJ(t *testing.T) {
	data, all, stated := t.TempDir(), make([][]post, len(knownDEMs)), make([][]float64, len(knownDEMs))
	for k, d := range knownDEMs {
		file, geoid := sharedFile(t, "data/"+d.file), ""
		var flags []string
		if d.geoid != "" {
			geoid = sharedFile(t, "data/"+d.geoid)
			flags = []string{"--vertical", geoid}
		}
		ingestInto(t, data, "terrain", d.name, file, flags...)
		all[k] = d.places(t, file, geoid, 1000)
		if len(all[k]) != 1000 {
			t.Fatalf("%s: %d posts", d.name, len(all[k]))
		}
	}
	server := start(t, "serve", "--data", data)
	steps := []step{{"do": "open", "path": "viewer", "size": []int{320, 240}}, {"do": "complete"}}
	for k, d := range knownDEMs {
		points, sum, worst := make([][2]float64, len(all[k])), 0., 0.
		for i, p := range all[k] {
			points[i] = [2]float64{p.lon, p.lat}
			h, may := server.elevationAt(t, d.name, p)
			off := math.Abs(h - p.height)
			if stated[k] = append(stated[k], may); off > may+0.01 {
				t.Errorf("%s at %v: /height %.3f m, off by %.3f m, %.3f m stated", d.name, p, h, off, may)
			}
			sum, worst = sum+off*off, max(worst, off)
		}
		t.Logf("%s: /height RMS %.3f m, at most %.3f m", d.name, math.Sqrt(sum/1000), worst)
		steps = append(steps, step{"do": "terrain", "path": "terrain/" + d.name + "/"}, step{"do": "sample", "points": points})
	}
	results := visit(t, server.url, steps...)
	for k, d := range knownDEMs {
		var heights []*float64
		if err := json.Unmarshal(results[3+2*k], &heights); err != nil || len(heights) != len(all[k]) {
			t.Fatalf("%s: %v, %d heights", d.name, err, len(heights))
		}
		sum, worst := 0., 0.
		for i, p := range all[k] {
			if heights[i] == nil {
				t.Fatalf("%s: no height at %v", d.name, p)
			}
			off := math.Abs(*heights[i] - p.height)
			if off > stated[k][i]+d.bound+d.sagitta()+0.01 {
				t.Errorf("%s at %v: mesh %.3f m, off by %.3f m; %.3f m stated, bound %.3g m", d.name, p, *heights[i], off, stated[k][i], d.bound)
			}
			sum, worst = sum+off*off, max(worst, off)
		}
		t.Logf("%s: meshes RMS %.3f m, at most %.3f m", d.name, math.Sqrt(sum/1000), worst)
	}
}
