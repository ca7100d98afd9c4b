//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"io"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/terrane/terrane/internal/picture"
)

// Ground of the generated datasets, degrees: the picture "tint" and the terrain "slope".
const (
	tintWest, tintSouth, tintEast, tintNorth     = 4.0, 44.0, 16.0, 54.0
	slopeWest, slopeSouth, slopeEast, slopeNorth = 10.0, 47.0, 11.0, 48.0
)

// tintAt is the picture's colour at a place: red grows to the east, green to the north, and blue goes up and down five times a degree, so that a shift of a pixel is
// seen.
func tintAt(lon, lat float64) color.NRGBA {
	wave := math.Sin(10*math.Pi*lon) * math.Sin(10*math.Pi*lat)
	return color.NRGBA{uint8(20.5 + 200*(lon-tintWest)/(tintEast-tintWest)), uint8(20.5 + 200*(lat-tintSouth)/(tintNorth-tintSouth)), uint8(128.5 + 100*wave), 255}
}

// slopeAt is the terrain's height at a place.
func slopeAt(lon, lat float64) float64 { return 500 + 1000*(lon-slopeWest) + 300*(lat-slopeSouth) }

// ingestPictures makes a data folder with the datasets tint (Mercator, PNG, levels 0-6) and slope.
func ingestPictures(t *testing.T) string {
	t.Helper()
	data, sources := t.TempDir(), t.TempDir()
	ingestInto(t, data, "imagery", "tint", writeTint(t, sources, tintWest, tintSouth, tintEast, tintNorth), "--format", "png", "--levels", "0-6")
	ingestInto(t, data, "terrain", "slope", writeSlope(t, sources), "--vertical", "ellipsoid")
	return data
}

// ingestInto runs terrane ingest.
func ingestInto(t *testing.T, data, kind, name, source string, flags ...string) {
	t.Helper()
	c := exec.Command(program, append([]string{"ingest", kind, "--data", data, "--name", name, "--progress", "none", source}, flags...)...)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("ingest: %v\n%s", err, out)
	}
}

// writeTint writes the tint as a GeoTIFF, stretched over a box.
func writeTint(t *testing.T, dir string, west, south, east, north float64) string {
	t.Helper()
	const side = 600
	m := image.NewNRGBA(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			u, v := (float64(x)+0.5)/side, (float64(y)+0.5)/side
			m.SetNRGBA(x, y, tintAt(tintWest+u*(tintEast-tintWest), tintNorth-v*(tintNorth-tintSouth)))
		}
	}
	file, err := picture.AppendGeoTIFF(nil, picture.Picture{NRGBA: m, Opaque: true},
		picture.GeoTag{EPSG: 4326, Geographic: true, West: west, North: north, PixelWidth: (east - west) / side, PixelHeight: (north - south) / side})
	if err != nil {
		t.Fatal(err)
	}
	return write(t, dir, "tint.tif", file)
}

// writeSlope writes a DEM as an Esri ASCII grid, whose posts are the centres of its cells.
func writeSlope(t *testing.T, dir string) string {
	t.Helper()
	const posts, step = 51, 0.02
	var b strings.Builder
	fmt.Fprintf(&b, "ncols %d\nnrows %d\nxllcenter %g\nyllcenter %g\ncellsize %g\nNODATA_value -9999\n", posts, posts, slopeWest, slopeSouth, step)
	for y := range posts {
		for x := range posts {
			fmt.Fprintf(&b, "%.3f ", slopeAt(slopeWest+float64(x)*step, slopeNorth-float64(y)*step))
		}
		b.WriteString("\n")
	}
	write(t, dir, "slope.prj", []byte(`GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]]`))
	return write(t, dir, "slope.asc", []byte(b.String()))
}

func write(t *testing.T, dir, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// tool finds a program, or skips the test and says what brings it.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed: scripts/setup test brings it", name)
	}
	return path
}

// expectTint fails the test unless a picture file shows the ground between corners, whose rows and columns are even in a projection that place undoes: red and green
// where they belong, and blue nearer to the waves there than to those a pixel beside.
func expectTint(t *testing.T, what string, file []byte, place func(u, v float64) (lon, lat float64)) {
	t.Helper()
	p, err := picture.Decode(file, 1<<24)
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	w, h := p.Rect.Dx(), p.Rect.Dy()
	off := func(dx, dy int) float64 { // mean difference of blue to what lies so many pixels beside
		sum, n := 0.0, 0
		for y := 2; y < h-2; y += 3 {
			for x := 2; x < w-2; x += 3 {
				lon, lat := place((float64(x+dx)+0.5)/float64(w), (float64(y+dy)+0.5)/float64(h))
				sum += math.Abs(float64(p.NRGBAAt(x, y).B) - float64(tintAt(lon, lat).B))
				n++
			}
		}
		return sum / float64(n)
	}
	worst := 0.0
	for y := 2; y < h-2; y += 3 {
		for x := 2; x < w-2; x += 3 {
			want, got := tintAt(place((float64(x)+0.5)/float64(w), (float64(y)+0.5)/float64(h))), p.NRGBAAt(x, y)
			worst = max(worst, math.Abs(float64(got.R)-float64(want.R)), math.Abs(float64(got.G)-float64(want.G)), 255-float64(got.A))
		}
	}
	here, beside := off(0, 0), min(off(1, 0), off(-1, 0), off(0, 1), off(0, -1))
	t.Logf("%s: %d x %d, colours off by %.0f at most, waves by %.2f, a pixel beside by %.2f", what, w, h, worst, here, beside)
	if worst > 4 || here > 8 || here > beside/2 {
		t.Errorf("%s: colours are off by %.0f at most, waves by %.2f, a pixel beside by %.2f", what, worst, here, beside)
	}
}

// degrees places pixels of a box in degrees, metres those of a box in EPSG:3857.
func degrees(w, s, e, n float64) func(u, v float64) (lon, lat float64) {
	return func(u, v float64) (float64, float64) { return w + u*(e-w), n - v*(n-s) }
}

const earth = 6378137

func metres(w, s, e, n float64) func(u, v float64) (lon, lat float64) {
	return func(u, v float64) (float64, float64) {
		return (w + u*(e-w)) / earth * 180 / math.Pi, math.Atan(math.Sinh((n-v*(n-s))/earth)) * 180 / math.Pi
	}
}

// mercatorTile places pixels of an XYZ tile.
func mercatorTile(z, x, y int) func(u, v float64) (lon, lat float64) {
	side := 2 * math.Pi * earth / float64(int(1)<<z)
	west, north := float64(x)*side-math.Pi*earth, math.Pi*earth-float64(y)*side
	return metres(west, north-side, west+side, north)
}

// runTool runs a tool and returns what it printed.
func runTool(t *testing.T, path string, args ...string) string {
	t.Helper()
	c := exec.CommandContext(t.Context(), path, args...)
	c.Env = append(os.Environ(), "GDAL_PAM_ENABLED=NO", "GDAL_ENABLE_WMS_CACHE=NO", "GDAL_DEFAULT_WMS_CACHE_PATH="+t.TempDir())
	out, err := c.CombinedOutput()
	if err != nil || strings.Contains(string(out), "ERROR ") {
		t.Errorf("%s %q: %v\n%s", filepath.Base(path), args, err, out)
	}
	return string(out)
}

// get fetches a document.
func (r running) get(t *testing.T, path string) []byte {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d, %v", path, answer.StatusCode, err)
	}
	return body
}

// subdatasets lists the names that gdalinfo offers.
func subdatasets(info string) []string {
	var all []string
	for line := range strings.Lines(info) {
		if _, name, ok := strings.Cut(strings.TrimSpace(line), "_NAME="); ok {
			all = append(all, name)
		}
	}
	return all
}

// Windows of 150 x 150 pixels of level 6, on its pixels: of 16384 a globe's girth in Mercator, of 32768 in degrees. What the drivers then read is what was sent.
func mercatorWindow() (projwin []string, place func(u, v float64) (lon, lat float64)) {
	const pixel = 2 * math.Pi * earth / 16384
	west, north := 8500*pixel-math.Pi*earth, math.Pi*earth-5650*pixel
	return []string{"-projwin", number(west), number(north), number(west + 150*pixel), number(north - 150*pixel)}, metres(west, north-150*pixel, west+150*pixel, north)
}

func geographicWindow() (projwin []string, place func(u, v float64) (lon, lat float64)) {
	const pixel = 360.0 / 32768
	west, north := 17100*pixel-180, 90-3700*pixel
	return []string{"-projwin", number(west), number(north), number(west + 150*pixel), number(north - 150*pixel)}, degrees(west, north-150*pixel, west+150*pixel, north)
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// windowOf has gdal_translate cut a window out of a source and returns it as PNG.
func windowOf(t *testing.T, source string, flags ...string) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), "window.png")
	runTool(t, tool(t, "gdal_translate"), append(append([]string{"-q", "-of", "PNG"}, flags...), source, out)...)
	file, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// TestGDALReadsWhatIsServed opens the capabilities of WMS and WMTS, tilemapresource.xml and XYZ with GDAL's own drivers, and compares a window of each with the source.
func TestGDALReadsWhatIsServed(t *testing.T) {
	gdalinfo := tool(t, "gdalinfo")
	tool(t, "gdal_translate")
	server := start(t, "serve", "--data", ingestPictures(t))
	t.Run("WMS", func(t *testing.T) {
		for _, version := range []string{"1.1.1", "1.3.0"} {
			info := runTool(t, gdalinfo, "WMS:"+server.url+"wms?SERVICE=WMS&REQUEST=GetCapabilities&VERSION="+version)
			found := 0
			for _, name := range subdatasets(info) {
				if !strings.Contains(name, "LAYERS=tint") {
					continue
				}
				found++
				file := windowOf(t, name+"&FORMAT=image/png", "-r", "bilinear", "-projwin", "8", "50", "11", "48", "-projwin_srs", "EPSG:4326", "-outsize", "160", "107")
				if strings.Contains(name, "EPSG:4326") || strings.Contains(name, "CRS:84") {
					expectTint(t, name, file, degrees(8, 48, 11, 50))
				}
			}
			if found == 0 {
				t.Errorf("WMS %s: gdalinfo finds no layer tint:\n%.2000s", version, info)
			}
		}
		for name, place := range map[string]func(u, v float64) (float64, float64){
			"VERSION=1.3.0&CRS=EPSG:4326&BBOX=44,4,54,16":                                 degrees(8, 48, 11, 50),
			"VERSION=1.1.1&SRS=EPSG:4326&BBOX=4,44,16,54":                                 degrees(8, 48, 11, 50),
			"VERSION=1.3.0&CRS=CRS:84&BBOX=4,44,16,54":                                    degrees(8, 48, 11, 50),
			"VERSION=1.3.0&CRS=EPSG:3857&BBOX=445277.96,5465442.18,1781111.85,7170156.29": metres(900e3, 6100e3, 1200e3, 6400e3),
			"VERSION=1.1.1&SRS=EPSG:3857&BBOX=445277.96,5465442.18,1781111.85,7170156.29": metres(900e3, 6100e3, 1200e3, 6400e3),
		} {
			window := []string{"-projwin", "8", "50", "11", "48", "-outsize", "160", "107"}
			if strings.Contains(name, "3857") {
				window = []string{"-projwin", "900000", "6400000", "1200000", "6100000", "-outsize", "150", "150"}
			}
			source := "WMS:" + server.url + "wms?SERVICE=WMS&REQUEST=GetMap&LAYERS=tint&STYLES=&FORMAT=image/png&" + name
			expectTint(t, name, windowOf(t, source, append(window, "-r", "bilinear")...), place)
		}
	})
	inMetres, metresPlace := mercatorWindow()
	inDegrees, degreesPlace := geographicWindow()
	t.Run("WMTS", func(t *testing.T) {
		for _, capabilities := range []string{"wmts/1.0.0/WMTSCapabilities.xml", "wmts?SERVICE=WMTS&REQUEST=GetCapabilities"} {
			source := "WMTS:" + server.url + capabilities
			names := subdatasets(runTool(t, gdalinfo, source))
			if !strings.Contains(strings.Join(names, " "), "layer=tint") || !strings.Contains(strings.Join(names, " "), "layer=slope") {
				t.Errorf("%s: gdalinfo finds %q", capabilities, names)
			}
			expectTint(t, capabilities+" WebMercatorQuad", windowOf(t, source+",layer=tint,tilematrixset=WebMercatorQuad_Level6,tilematrix=6", inMetres...), metresPlace)
			expectTint(t, capabilities+" WorldCRS84Quad", windowOf(t, source+",layer=tint,tilematrixset=WorldCRS84Quad_Level6,tilematrix=6", inDegrees...), degreesPlace)
		}
	})
	t.Run("XYZ", func(t *testing.T) {
		for path, origin := range map[string]string{"imagery/tint/${z}/${x}/${y}.png": "top", "tms/tint/${z}/${x}/${y}.png": "bottom"} {
			source := write(t, t.TempDir(), "tms.xml", []byte(fmt.Sprintf(`<GDAL_WMS><Service name="TMS"><ServerUrl>%s%s</ServerUrl></Service>
<DataWindow><UpperLeftX>-20037508.342789244</UpperLeftX><UpperLeftY>20037508.342789244</UpperLeftY><LowerRightX>20037508.342789244</LowerRightX>
<LowerRightY>-20037508.342789244</LowerRightY><TileLevel>6</TileLevel><TileCountX>1</TileCountX><TileCountY>1</TileCountY><YOrigin>%s</YOrigin></DataWindow>
<Projection>EPSG:3857</Projection><BlockSizeX>256</BlockSizeX><BlockSizeY>256</BlockSizeY><BandsCount>4</BandsCount></GDAL_WMS>`, server.url, path, origin)))
			expectTint(t, path, windowOf(t, source, inMetres...), metresPlace)
		}
	})
}

// TestGDALReadsTileMapsOfTheGlobe is about the globe because GDAL takes the bounding box of tilemapresource.xml for the grid's and passes over its origin; CesiumJS
// takes it for the data's, as the specification does.
func TestGDALReadsTileMapsOfTheGlobe(t *testing.T) {
	tool(t, "gdal_translate")
	data, source := t.TempDir(), writeTint(t, t.TempDir(), -180, -90, 180, 90)
	ingestInto(t, data, "imagery", "mercator", source, "--format", "png", "--levels", "0-1")
	ingestInto(t, data, "imagery", "geographic", source, "--format", "png", "--levels", "0-1", "--grid", "geographic")
	server := start(t, "serve", "--data", data)
	for name, lat := range map[string]float64{"mercator": 66.5133, "geographic": 45} {
		document := write(t, t.TempDir(), "tilemapresource.xml", server.get(t, "tms/"+name+"/tilemapresource.xml"))
		p, err := picture.Decode(windowOf(t, document, "-outsize", "256", "256"), 1<<24)
		if err != nil {
			t.Fatal(err)
		}
		for pixel, at := range map[image.Point][2]float64{{64, 64}: {-90, lat}, {192, 64}: {90, lat}, {64, 192}: {-90, -lat}, {192, 192}: {90, -lat}} {
			got := p.NRGBAAt(pixel.X, pixel.Y)
			red, green := 20+200*(at[0]+180)/360, 20+200*(at[1]+90)/180
			if math.Abs(float64(got.R)-red) > 3 || math.Abs(float64(got.G)-green) > 3 {
				t.Errorf("%s: %v is %v, want red %.0f and green %.0f", name, pixel, got, red, green)
			}
		}
	}
}

// owslib is the program that asks with OWSLib: argument 1 is the server's address, 2 the folder for pictures. It prints what it learned as JSON.
const owslib = `
import json, sys
from urllib.request import urlopen
from owslib.wms import WebMapService
from owslib.wmts import WebMapTileService
url, out = sys.argv[1:3]
said = {"layers": {}, "info": {}, "crs": {}, "box": {}}
def keep(name, answer):
    with open(out + "/" + name, "wb") as f:
        f.write(answer.read())
for version in ("1.1.1", "1.3.0"):
    wms = WebMapService(url + "wms", version=version)
    said["layers"]["wms " + version] = sorted(wms.contents)
    said["box"]["wms " + version] = list(wms["tint"].boundingBoxWGS84)
    said["crs"]["wms " + version] = sorted(wms["tint"].crsOptions)
    for srs, box in (("EPSG:4326", (8, 48, 11, 50)), ("EPSG:3857", (900000, 6100000, 1200000, 6400000))):
        view = dict(layers=["tint"], styles=[""], srs=srs, bbox=box, size=(150, 100))
        keep(version + " " + srs[5:], wms.getmap(format="image/png", transparent=True, **view))
    answer = wms.getfeatureinfo(layers=["slope"], styles=[""], srs="EPSG:4326", bbox=(10, 47, 11, 48), size=(100, 100), format="image/png",
        query_layers=["slope"], info_format="application/json", xy=(70, 20))
    said["info"]["wms " + version] = json.loads(answer.read())
    legend = wms["slope"].styles["slope"]["legend"]
    keep(version + " legend", urlopen(legend))
for name, address in (("kvp", url + "wmts"), ("rest", url + "wmts/1.0.0/WMTSCapabilities.xml")):
    wmts = WebMapTileService(address)
    said["layers"]["wmts " + name] = sorted(wmts.contents)
    said["box"]["wmts " + name] = list(wmts["tint"].boundingBoxWGS84)
    keep("wmts " + name, wmts.gettile(layer="tint", tilematrixset="WebMercatorQuad", tilematrix="6", row=22, column=33, format="image/png"))
    # OWSLib knows no GetFeatureInfo of WMTS; it gives the template.
    for r in wmts["slope"].resourceURLs:
        if r["resourceType"] == "FeatureInfo" and r["format"] == "application/json":
            address = r["template"]
            for key, value in dict(style="default", TileMatrixSet="WebMercatorQuad", TileMatrix=8, TileRow=89, TileCol=135, I=100, J=100).items():
                address = address.replace("{%s}" % key, str(value))
            said["info"]["wmts " + name] = json.loads(urlopen(address).read())
print(json.dumps(said))
`

// python finds a Python that has OWSLib, or skips the test.
func python(t *testing.T) string {
	t.Helper()
	for _, name := range []string{os.Getenv("TERRANE_PYTHON"), "/usr/bin/python3", "python3"} {
		if name != "" && exec.Command(name, "-c", "import owslib.wms, owslib.wmts").Run() == nil {
			return name
		}
	}
	t.Skip("no Python has OWSLib: scripts/setup test brings python3-owslib, TERRANE_PYTHON names another Python")
	return ""
}

// learned is what the program prints; keys are "wms 1.1.1", "wms 1.3.0", "wmts kvp" and "wmts rest".
type learned struct {
	Layers map[string][]string
	CRS    map[string][]string
	Box    map[string][4]float64
	Info   map[string]struct {
		Features []struct {
			Geometry   struct{ Coordinates [2]float64 }
			Properties struct{ Height float64 }
		}
	}
}

// askOWSLib runs the program.
func askOWSLib(t *testing.T, interpreter, address, out string) (said learned) {
	t.Helper()
	c := exec.CommandContext(t.Context(), interpreter, "-c", owslib, address, out)
	var complaints strings.Builder
	c.Stderr = &complaints
	answer, err := c.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, complaints.String())
	}
	if err := json.Unmarshal(answer, &said); err != nil {
		t.Fatal(err)
	}
	return said
}

func TestOWSLibReadsWhatIsServed(t *testing.T) {
	interpreter := python(t)
	server, out := start(t, "serve", "--data", ingestPictures(t)), t.TempDir()
	said := askOWSLib(t, interpreter, server.url, out)
	for _, service := range []string{"wms 1.1.1", "wms 1.3.0", "wmts kvp", "wmts rest"} {
		if got := strings.Join(said.Layers[service], " "); got != "slope tint" {
			t.Errorf("%s: layers %q", service, got)
		}
		b := said.Box[service]
		if math.Abs(b[0]-tintWest)+math.Abs(b[1]-tintSouth)+math.Abs(b[2]-tintEast)+math.Abs(b[3]-tintNorth) > 0.1 {
			t.Errorf("%s: the box is %v", service, b)
		}
		if crs := strings.Join(said.CRS[service], " "); strings.HasPrefix(service, "wms") && (!strings.Contains(crs, "EPSG:3035") || !strings.Contains(crs, "EPSG:4326")) {
			t.Errorf("%s: systems %s", service, crs)
		}
		info := said.Info[service].Features
		if len(info) != 1 {
			t.Errorf("%s: %d features", service, len(info))
			continue
		}
		p := info[0].Geometry.Coordinates
		if got, want := info[0].Properties.Height, slopeAt(p[0], p[1]); math.Abs(got-want) > 0.5 {
			t.Errorf("%s: %.2f m at %v, the source has %.2f m", service, got, p, want)
		}
		if want := [2]float64{10.705, 47.795}; strings.HasPrefix(service, "wms") && math.Abs(p[0]-want[0])+math.Abs(p[1]-want[1]) > 0.001 {
			t.Errorf("%s: the answer is for %v, asked was %v", service, p, want)
		}
	}
	for name, place := range map[string]func(u, v float64) (float64, float64){
		"1.1.1 4326": degrees(8, 48, 11, 50), "1.3.0 4326": degrees(8, 48, 11, 50), "1.1.1 3857": metres(900e3, 6100e3, 1200e3, 6400e3), "1.3.0 3857": metres(900e3, 6100e3, 1200e3, 6400e3),
		"wmts kvp": mercatorTile(6, 33, 22), "wmts rest": mercatorTile(6, 33, 22),
	} {
		file, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			t.Fatal(err)
		}
		expectTint(t, "OWSLib "+name, file, place)
	}
	for _, version := range []string{"1.1.1", "1.3.0"} {
		file, err := os.ReadFile(filepath.Join(out, version+" legend"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := picture.Decode(file, 1<<20); err != nil {
			t.Errorf("the legend of %s: %v", version, err)
		}
	}
}
