package raster

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lukeroth/gdal"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"

	"github.com/terrane/terrane/internal/remedy"
)

// geoJSON writes a file with these geometries, each a feature.
func geoJSON(t testing.TB, geometries ...string) string {
	t.Helper()
	var features []string
	for _, g := range geometries {
		features = append(features, `{"type":"Feature","properties":{},"geometry":`+g+`}`)
	}
	return textFile(t, "made.geojson", `{"type":"FeatureCollection","features":[`+strings.Join(features, ",")+`]}`)
}

func textFile(t testing.TB, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// vectorFile writes one layer of a driver with these geometries; epsg 0 leaves the reference out.
func vectorFile(t testing.TB, driver, name string, epsg int, shapes ...string) string {
	t.Helper()
	setup(0)
	d, err := gdal.GetDriverByName(driver)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), name)
	ds := d.Create(file, 0, 0, 0, gdal.Unknown, nil)
	defer ds.Close()
	var sr gdal.SpatialReference
	if epsg != 0 {
		if sr, err = load(fmt.Sprintf("EPSG:%d", epsg)); err != nil {
			t.Fatal(err)
		}
		defer sr.Destroy()
	}
	layer := ds.CreateLayer("shapes", sr, gdal.GT_Unknown, nil)
	if driver == "ESRI Shapefile" {
		layer = ds.LayerByIndex(0)
	}
	for _, s := range shapes {
		f := layer.Definition().Create()
		g, err := gdal.CreateFromWKT(s, gdal.SpatialReference{})
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(f.SetGeometryDirectly(g), layer.Create(f)); err != nil {
			t.Fatal(err)
		}
		f.Destroy()
	}
	return file
}

func polygonsOf(t testing.TB, file string) Polygons {
	t.Helper()
	p, err := ReadPolygons(t.Context(), file)
	if err != nil {
		t.Fatalf("%v (try: %s)", err, remedy.Try(err))
	}
	return p
}

// squareKilometres is the area of polygons in square kilometres.
func squareKilometres(shapes []orb.Polygon) float64 {
	sum := 0.0
	for _, p := range shapes {
		sum += geo.Area(p) / 1e6
	}
	return sum
}

const ringWithHole = "POLYGON((6 50,8 50,8 51,6 51,6 50),(6.5 50.4,6.5 50.6,7 50.6,7 50.4,6.5 50.4))"

func TestPolygonsComeOutOfEveryFormatTheSame(t *testing.T) {
	want := orb.Polygon{{{6, 50}, {8, 50}, {8, 51}, {6, 51}, {6, 50}}, {{6.5, 50.4}, {6.5, 50.6}, {7, 50.6}, {7, 50.4}, {6.5, 50.4}}}
	text := `{"type":"Polygon","coordinates":[[[6,50],[8,50],[8,51],[6,51],[6,50]],[[6.5,50.4],[6.5,50.6],[7,50.6],[7,50.4],[6.5,50.4]]]}`
	for name, file := range map[string]string{
		"GeoJSON":               geoJSON(t, text, "null", `{"type":"Point","coordinates":[0,0]}`),
		"GeoJSON, a mark first": textFile(t, "bom.json", "\xef\xbb\xbf "+text),
		"a collection":          geoJSON(t, `{"type":"GeometryCollection","geometries":[`+text+`,{"type":"Point","coordinates":[0,0]}]}`),
		"heights in it":         geoJSON(t, strings.NewReplacer("0],", "0,99],", "1],", "1,99],").Replace(text)),
		"GeoPackage":            vectorFile(t, "GPKG", "made.gpkg", 4326, ringWithHole),
		"Shapefile":             vectorFile(t, "ESRI Shapefile", "made.shp", 4326, ringWithHole),
	} {
		t.Run(name, func(t *testing.T) {
			p := polygonsOf(t, file)
			if len(p.Shapes) != 1 || math.Abs(squareKilometres(p.Shapes)/squareKilometres([]orb.Polygon{want})-1) > 1e-9 || len(p.Shapes[0]) != 2 {
				t.Errorf("got %v, want %v", p.Shapes, want)
			}
			if p.CRS != lonLat || len(p.Files) == 0 || p.Path != file {
				t.Errorf("CRS %s, path %s, files %v", p.CRS, p.Path, p.Files)
			}
		})
	}
}

func TestASeveralPartsAreSeveralPolygons(t *testing.T) {
	two := "MULTIPOLYGON(((0 0,1 0,1 1,0 0)),((5 5,6 5,6 6,5 5)))"
	p := polygonsOf(t, vectorFile(t, "GPKG", "made.gpkg", 4326, two, ringWithHole, "LINESTRING(0 0,1 1)"))
	if len(p.Shapes) != 3 {
		t.Errorf("%d polygons, want 3", len(p.Shapes))
	}
}

func TestEdgesOfAProjectedReferenceBendAsTheyDoOnTheGlobe(t *testing.T) {
	// A square of 200 km in UTM 32: its southern side leaves the straight line between its corners by kilometres.
	const block = "POLYGON((400000 5500000,600000 5500000,600000 5700000,400000 5700000,400000 5500000))"
	p := polygonsOf(t, vectorFile(t, "GPKG", "made.gpkg", 32632, block))
	to, err := newTransform("EPSG:32632", lonLat)
	if err != nil {
		t.Fatal(err)
	}
	defer to.close()
	for _, x := range []float64{412345, 500000, 555555} {
		at := to.point(orb.Point{x, 5500000})
		if off := distance(p.Shapes[0][0], at); off > 0.2 {
			t.Errorf("the southern side passes %.2f m from %v", off, at)
		}
	}
	if got := squareKilometres(p.Shapes); math.Abs(got-40000/0.9996/0.9996)/40000 > 0.002 {
		t.Errorf("%.0f square kilometres", got)
	}
}

// distance from a point to the nearest place of a line, metres.
func distance(line orb.Ring, p orb.Point) float64 {
	least := math.Inf(1)
	for k := 1; k < len(line); k++ {
		a, b := line[k-1], line[k]
		dx, dy := b[0]-a[0], b[1]-a[1]
		s := max(0, min(1, ((p[0]-a[0])*dx+(p[1]-a[1])*dy)/(dx*dx+dy*dy)))
		least = min(least, geo.Distance(p, orb.Point{a[0] + s*dx, a[1] + s*dy}))
	}
	return least
}

func TestPolygonsAcrossTheAntimeridianAndRoundPolesAreWhatTheyEnclose(t *testing.T) {
	square := func(r float64) string {
		return fmt.Sprintf("(%.9g %.9g,%.9g %.9g,%.9g %.9g,%.9g %.9g,%.9g %.9g)", -r, -r, r, -r, r, r, -r, r, -r, -r)
	}
	for name, c := range map[string]struct {
		epsg  int
		shape string
		want  float64 // square kilometres
		south float64
	}{
		"UTM 60 across the antimeridian":    {32660, "POLYGON((600000 5600000,800000 5600000,800000 5700000,600000 5700000,600000 5600000))", 20000, 50},
		"round the north pole":              {3413, "POLYGON(" + square(1e6) + ")", 4e6, 76},
		"round the south pole":              {3031, "POLYGON(" + square(1e6) + ")", 4e6, -90},
		"round the north pole, with a hole": {3413, "POLYGON(" + square(1e6) + "," + square(5e5) + ")", 3e6, 76},
		"a corner at the pole":              {3413, "POLYGON((0 0,1000000 0,1000000 1000000,0 1000000,0 0))", 1e6, 76},
		"three corners round the pole":      {3413, "POLYGON((0 0,0 -1000000,-1000000 -1000000,-1000000 1000000,1000000 1000000,1000000 0,0 0))", 3e6, 76},
		"an edge through the pole":          {3413, "POLYGON((-1000000 0,1000000 0,1000000 1000000,-1000000 1000000,-1000000 0))", 2e6, 76},
		"the globe in Mercator":             {3857, "POLYGON(" + square(20037508.34) + ")", 508e6, -85.06},
		"beyond 180 degrees":                {4326, "POLYGON((179 0,182 0,182 1,179 1,179 0))", 37000, 0},
		"longitudes from Paris":             {4807, "POLYGON((0 54,1 54,1 55,0 55,0 54))", 6800, 48.5},
	} {
		t.Run(name, func(t *testing.T) {
			p := polygonsOf(t, vectorFile(t, "GPKG", "made.gpkg", c.epsg, c.shape))
			got, b := squareKilometres(p.Shapes), p.Shapes[0].Bound()
			if math.Abs(got-c.want) > 0.06*c.want {
				t.Errorf("%.0f square kilometres, want %.0f", got, c.want)
			}
			if math.Abs(b.Min[1]-c.south) > 1.5 {
				t.Errorf("it begins at latitude %g, want about %g", b.Min[1], c.south)
			}
			for _, ring := range p.Shapes[0] {
				if ring[0] != ring[len(ring)-1] {
					t.Error("a ring is not closed any more")
				}
				if err := checkEdges(ring); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestWhatEnclosesNothingThatCanBeToldIsRefusedWithARemedy(t *testing.T) {
	const linked = `{"type":"FeatureCollection","crs":{"type":"link","properties":{"href":"http://127.0.0.1:9/x"}},"features":[]}`
	shapefile := vectorFile(t, "ESRI Shapefile", "made.shp", 4326, ringWithHole)
	polygon := func(coordinates string) string { return `{"type":"Polygon","coordinates":[[` + coordinates + `]]}` }
	for name, c := range map[string]struct {
		file       string
		want       error
		text, hint string
	}{
		"not closed":            {geoJSON(t, polygon("[0,0],[1,0],[1,1],[0,1]")), ErrShape, "feature 0: a ring is not closed", "makevalid"},
		"three points":          {geoJSON(t, polygon("[0,0],[1,0],[0,0]")), ErrShape, "3 points", "makevalid"},
		"metres":                {geoJSON(t, polygon("[400000,5500000],[600000,5500000],[600000,5700000],[400000,5500000]")), ErrShape, "[400000 5500000], which are no degrees", "-a_srs EPSG:n"},
		"either way round":      {geoJSON(t, polygon("[179,0],[-179,0],[-179,1],[179,1],[179,0]")), ErrShape, "further than half round", "beyond 180"},
		"a bow tie":             {geoJSON(t, polygon("[0,0],[1,1],[1,0],[0,1],[0,0]")), ErrShape, "crosses itself near", "makevalid"},
		"lines only":            {geoJSON(t, `{"type":"LineString","coordinates":[[0,0],[1,1]]}`), ErrShape, "points or lines only", "polygons"},
		"nothing":               {geoJSON(t), ErrShape, "it is empty", "polygons"},
		"no reference":          {vectorFile(t, "ESRI Shapefile", "made.shp", 0, ringWithHole), ErrNoCRS, "where on Earth", "-a_srs"},
		"a broken text":         {textFile(t, "a.geojson", `{"type":"FeatureCollection","features":[`), ErrCorrupt, "unexpected end", "copy"},
		"other JSON":            {textFile(t, "a.json", `{"type":"Topology"}`), ErrOpen, "", "supported: GeoJSON"},
		"a linked reference":    {textFile(t, "a.json", linked), ErrUnsafe, "not named", "if you trust it"},
		"KML":                   {textFile(t, "a.kml", `<?xml version="1.0"?><kml/>`), ErrOpen, "supported format", "ogr2ogr"},
		"a part of a Shapefile": {strings.TrimSuffix(shapefile, "shp") + "dbf", ErrOpen, "part of a Shapefile", ".shp"},
		"no such file":          {filepath.Join(t.TempDir(), "none.geojson"), ErrOpen, "no such file", "check the path"},
		"a folder":              {t.TempDir(), ErrOpen, "a folder", ""},
		"empty":                 {textFile(t, "a.geojson", ""), ErrOpen, "empty", "copy"},
		"network":               {"/vsicurl/http://127.0.0.1:9/x.geojson", ErrOpen, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ReadPolygons(context.Background(), c.file)
			said := strings.Contains(fmt.Sprint(err), c.text) && strings.Contains(remedy.Try(err), c.hint)
			if !said || !errors.Is(err, c.want) || !errors.Is(err, ErrInput) {
				t.Errorf("got %v (try: %s), want %v, %q and %q", err, remedy.Try(err), c.want, c.text, c.hint)
			}
		})
	}
}

func TestAShapefileIsHeldToItsFolder(t *testing.T) {
	file := vectorFile(t, "ESRI Shapefile", "made.shp", 4326, ringWithHole)
	stem := strings.TrimSuffix(file, ".shp")
	other := vectorFile(t, "ESRI Shapefile", "made.shp", 4326, ringWithHole)
	if err := errors.Join(os.Remove(stem+".shx"), os.Symlink(strings.TrimSuffix(other, ".shp")+".shx", stem+".shx")); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadPolygons(t.Context(), file); !errors.Is(err, ErrUnsafe) {
		t.Errorf("a .shx elsewhere: %v", err)
	}
	if err := os.Remove(stem + ".shx"); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadPolygons(t.Context(), file); !errors.Is(err, ErrOpen) {
		t.Errorf("no .shx: %v", err)
	}
	if err := os.Mkdir(stem+".shx", 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadPolygons(t.Context(), file); !errors.Is(err, ErrUnsafe) {
		t.Errorf("a folder for a .shx: %v", err)
	}
}

func TestATruncatedVectorFileIsNeverLessWater(t *testing.T) {
	var rings []string
	for k := range 200 {
		rings = append(rings, fmt.Sprintf("POLYGON((%d 0,%d 1,%d 1,%d 0))", k-100, k-100, k-99, k-100))
	}
	for _, made := range [][2]string{{"ESRI Shapefile", "made.shp"}, {"GPKG", "made.gpkg"}, {"GeoJSON", "made.geojson"}} {
		t.Run(made[0], func(t *testing.T) {
			file := vectorFile(t, made[0], made[1], 4326, rings...)
			info, err := os.Stat(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(file, info.Size()*2/3); err != nil {
				t.Fatal(err)
			}
			if p, err := ReadPolygons(t.Context(), file); !errors.Is(err, ErrInput) {
				t.Errorf("%d polygons of %d, error %v", len(p.Shapes), len(rings), err)
			}
		})
	}
}

func TestNaturalEarthIsRead(t *testing.T) {
	for name, want := range map[string]float64{"ne_110m_land": 147e6, "ne_50m_land": 147e6, "ne_110m_ocean": 362e6, "ne_50m_lakes": 1.05e6} {
		p := polygonsOf(t, shared(t, "vector", name+".geojson"))
		if got := squareKilometres(p.Shapes); math.Abs(got-want) > 0.1*want {
			t.Errorf("%s: %d polygons, %.3g square kilometres, want about %.3g", name, len(p.Shapes), got, want)
		}
	}
}

// FuzzShape gives geometries of any bytes to what reads GDAL's: nothing may break, and what is taken is closed and in degrees.
func FuzzShape(f *testing.F) {
	for _, text := range []string{ringWithHole, "MULTIPOLYGON(((0 0,1 0,1 1,0 0)))", "GEOMETRYCOLLECTION(POINT(0 0),POLYGON((0 0,1 0,1 1,0 0)))"} {
		g, err := gdal.CreateFromWKT(text, gdal.SpatialReference{})
		if err != nil {
			f.Fatal(err)
		}
		data, err := g.ToWKB()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	p := &placer{crs: crs{geographic: true, name: lonLat}, degrees: 1}
	f.Fuzz(func(t *testing.T, data []byte) {
		r := vectorReader{}
		polygons, err := r.decode(data)
		for k := 0; k < len(polygons) && err == nil; k++ {
			err = r.add(p, polygons[k])
		}
		for _, polygon := range r.Shapes {
			for _, ring := range polygon {
				if ring[0] != ring[len(ring)-1] || !(math.Abs(ring[0][0]) <= furthestLon && math.Abs(ring[0][1]) <= 90) {
					t.Errorf("taken: %v", ring)
				}
			}
		}
	})
}
