package server

import (
	"fmt"
	"image/color"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"github.com/terrane/terrane/imagery"
	"github.com/terrane/terrane/internal/picture"
	"github.com/terrane/terrane/tilestore"
)

// mapPlaces returns a few pixels of a map, and where on the ground each has its centre.
func mapPlaces(crs imagery.CRS, b orb.Bound, width, height int) map[[2]int]orb.Point {
	all := map[[2]int]orb.Point{}
	for py := 3; py < height; py += 9 {
		for px := 3; px < width; px += 9 {
			x := []float64{b.Min[0] + (float64(px)+0.5)/float64(width)*(b.Max[0]-b.Min[0])}
			y := []float64{b.Max[1] - (float64(py)+0.5)/float64(height)*(b.Max[1]-b.Min[1])}
			if crs.Inverse(x, y); !math.IsNaN(x[0]) && !math.IsNaN(y[0]) {
				all[[2]int{px, py}] = orb.Point{x[0], y[0]}
			}
		}
	}
	return all
}

// TestMapsShowTheGroundThatTheirBoxNames holds the axis order of each version, by pixels: which systems write north first is EPSG's word, stated here once more.
func TestMapsShowTheGroundThatTheirBoxNames(t *testing.T) {
	s, _ := newGallery(t, Options{})
	for _, c := range []struct {
		code       string
		northFirst bool
		layer      string
		tint       tint
		place      orb.Point // in the middle of the map
		reach      float64   // from the middle to a side
	}{
		{"CRS:84", false, "plate", germany, orb.Point{10, 49}, 3},
		{"EPSG:4326", true, "plate", germany, orb.Point{10, 49}, 3},
		{"EPSG:4326", true, "mercator", germany, orb.Point{10, 49}, 8},
		{"EPSG:4258", true, "mercator", germany, orb.Point{9, 48}, 2},
		{"EPSG:3857", false, "mercator", germany, orb.Point{10, 49}, 300e3},
		{"EPSG:900913", false, "plate", germany, orb.Point{10, 49}, 300e3},
		{"EPSG:3035", true, "mercator", germany, orb.Point{11, 50}, 200e3},
		{"EPSG:31467", true, "mercator", germany, orb.Point{9, 50}, 200e3},
		{"EPSG:25832", false, "plate", germany, orb.Point{9, 50}, 200e3},
		{"EPSG:3413", false, "world", world, orb.Point{-60, 70}, 1000e3},
		{"EPSG:3031", false, "world", world, orb.Point{60, -70}, 1000e3},
	} {
		crs, err := s.maps.registry.CRS(c.code)
		if err != nil {
			t.Fatal(err)
		}
		x, y := []float64{c.place[0]}, []float64{c.place[1]}
		crs.Forward(x, y)
		b := box(x[0]-c.reach*4/3, y[0]-c.reach, x[0]+c.reach*4/3, y[0]+c.reach)
		xy, yx := fmt.Sprintf("%f,%f,%f,%f", b.Min[0], b.Min[1], b.Max[0], b.Max[1]), fmt.Sprintf("%f,%f,%f,%f", b.Min[1], b.Min[0], b.Max[1], b.Max[0])
		for version, text := range map[string]string{"1.3.0": map[bool]string{true: yx, false: xy}[c.northFirst], "1.1.1": xy} {
			key, other := "CRS", "SRS"
			if version == "1.1.1" {
				key, other = "SRS", "CRS"
			}
			what := fmt.Sprintf("%s of %s in %s", c.layer, c.code, version)
			r := getMap(s, "VERSION", version, other, "-", key, c.code, "BBOX", text, "LAYERS", c.layer, "TRANSPARENT", "TRUE", "WIDTH", "160", "HEIGHT", "120")
			p := pictureOf(t, r, tilestore.PNG)
			if p.Rect.Dx() != 160 || p.Rect.Dy() != 120 {
				t.Fatalf("%s: %v", what, p.Rect)
			}
			margin, places := c.tint, mapPlaces(crs, b, 160, 120)
			if n := expectTint(t, what, margin, p.NRGBAAt, places); n < 40 {
				t.Errorf("%s: only %d pixels compared", what, n)
			}
		}
	}
}

// pixelAt reads the middle of a map of the size of aMap.
func pixelAt(p picture.Picture) color.NRGBA { return p.NRGBAAt(80, 60) }

func TestMapsStandOnTheGroundThatWasAskedFor(t *testing.T) {
	s, _ := newGallery(t, Options{})
	away := []string{"BBOX", "30,46,38,52"}
	for _, c := range []struct {
		name    string
		changes []string
		want    color.NRGBA
	}{
		{"nothing, opaque", away, color.NRGBA{255, 255, 255, 255}},
		{"nothing, in a colour", append(away, "BGCOLOR", "0x102030"), color.NRGBA{16, 32, 48, 255}},
		{"nothing, transparent", append(away, "TRANSPARENT", "TRUE"), color.NRGBA{}},
		{"nothing, transparent in a colour", append(away, "TRANSPARENT", "true", "BGCOLOR", "0xFF0000"), color.NRGBA{}},
		{"the hole", []string{"LAYERS", "holed", "BBOX", "9.6,48.6,10.4,49.4"}, color.NRGBA{255, 255, 255, 255}},
		{"the hole, over the globe", []string{"LAYERS", "world,holed", "BBOX", "9.6,48.6,10.4,49.4"}, world.colour(orb.Point{10, 49})},
		{"the first layer lies lowest", []string{"LAYERS", "world,plate"}, germany.colour(orb.Point{10, 49})},
		{"the last layer lies on top", []string{"LAYERS", "plate,world"}, world.colour(orb.Point{10, 49})},
		{"styles by their place", []string{"LAYERS", "plate,world", "STYLES", ",default"}, world.colour(orb.Point{10, 49})},
		{"beyond the antimeridian", []string{"LAYERS", "world", "BBOX", "366,46,374,52"}, world.colour(orb.Point{10, 49})},
	} {
		got := pixelAt(pictureOf(t, getMap(s, c.changes...), tilestore.PNG))
		d := max(math.Abs(float64(got.R)-float64(c.want.R)), math.Abs(float64(got.G)-float64(c.want.G)), math.Abs(float64(got.B)-float64(c.want.B)))
		if d > 2 || got.A != c.want.A {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	jpeg := pixelAt(pictureOf(t, getMap(s, append(away, "FORMAT", "image/jpeg", "TRANSPARENT", "TRUE", "BGCOLOR", "0x00FF00")...), tilestore.JPEG))
	if jpeg.G < 250 || jpeg.R > 5 {
		t.Errorf("JPEG, which cannot be transparent, stands on %v", jpeg)
	}
}

func TestMapsComeInEveryFormatOfTheCapabilities(t *testing.T) {
	s, _ := newGallery(t, Options{})
	var d wmsDocument
	readXML(t, ask(s, "GET", "/wms?SERVICE=WMS&REQUEST=GetCapabilities"), "text/xml", &d)
	want := []string{"image/png", "image/png; mode=8bit", "image/jpeg", "image/webp", "image/tiff"}
	for _, f := range want {
		if !slices.Contains(d.Formats, f) {
			t.Errorf("%s is not among %q", f, d.Formats)
		}
	}
	for _, f := range d.Formats {
		if f == "image/tiff" {
			continue // TestGeoTIFFSaysWhereItLies
		}
		for _, transparent := range []string{"TRUE", "FALSE"} {
			p := pictureOf(t, getMap(s, "FORMAT", f, "TRANSPARENT", transparent), f)
			got, ground := pixelAt(p), germany.colour(orb.Point{10, 49})
			if math.Abs(float64(got.R)-float64(ground.R)) > 8 || math.Abs(float64(got.G)-float64(ground.G)) > 8 || got.A != 255 {
				t.Errorf("%s: %v, want %v", f, got, ground)
			}
		}
	}
	for asked, mime := range map[string]string{"image/png8": "image/png; mode=8bit", "image/jpg": tilestore.JPEG, "IMAGE/PNG": tilestore.PNG, "image/png;mode=8bit": "image/png; mode=8bit"} {
		pictureOf(t, getMap(s, "FORMAT", asked), mime)
	}
}

// TestGeoTIFFSaysWhereItLies has GDAL read what GetMap wrote: the georeference, and a pixel whose colour is that of the place.
func TestGeoTIFFSaysWhereItLies(t *testing.T) {
	s, _ := newGallery(t, Options{})
	for _, c := range []struct{ crs, box, corner, code, size string }{
		{"CRS:84", "6,46,14,52", "Origin = (6.0", `ID["EPSG",4326]`, "Pixel Size = (0.05"},
		{"EPSG:4326", "46,6,52,14", "Origin = (6.0", `ID["EPSG",4326]`, "Pixel Size = (0.05"},
		{"EPSG:3857", "700000,5800000,1500000,6400000", "Origin = (700000.0", `ID["EPSG",3857]`, "Pixel Size = (5000.0"},
		{"EPSG:3035", "2600000,4000000,3200000,4800000", "Origin = (4000000.0", `ID["EPSG",3035]`, "Pixel Size = (5000.0"},
		{"EPSG:102100", "700000,5800000,1500000,6400000", "Origin = (700000.0", `ID["EPSG",3857]`, "Pixel Size = (5000.0"},
		{"EPSG:102113", "700000,5800000,1500000,6400000", "Origin = (700000.0", `ID["EPSG",3857]`, "Pixel Size = (5000.0"},
	} {
		r := getMap(s, "CRS", c.crs, "BBOX", c.box, "FORMAT", "image/tiff", "TRANSPARENT", "TRUE")
		body := bodyOf(t, r)
		if r.StatusCode != 200 || r.Header.Get("Content-Type") != "image/tiff" || !strings.HasPrefix(string(body), "II*\x00") {
			t.Errorf("%s: %d %s %.200q", c.crs, r.StatusCode, r.Header.Get("Content-Type"), body)
			continue
		}
		gdalinfo, err := exec.LookPath("gdalinfo")
		if err != nil {
			t.Skip("gdalinfo is not installed: scripts/setup test")
		}
		file := filepath.Join(t.TempDir(), "map.tif")
		if err := os.WriteFile(file, body, 0o644); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), gdalinfo, file).CombinedOutput()
		for _, part := range []string{c.corner, c.code, c.size, "Size is 160, 120"} {
			if err != nil || !strings.Contains(string(out), part) {
				t.Errorf("%s: no %q in\n%s", c.crs, part, out)
			}
		}
	}
}
