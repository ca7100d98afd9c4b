package picture

import (
	"encoding/json"
	"errors"
	"image"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestGDALReadsGeoTIFF asks for size, place, bands and pixels.
func TestGDALReadsGeoTIFF(t *testing.T) {
	info, err := exec.LookPath("gdalinfo")
	if err != nil {
		t.Skip("no gdalinfo: install the package gdal-bin")
	}
	clear := kinds()["soft edges"]
	for _, c := range []struct {
		name  string
		p     Picture
		geo   GeoTag
		bands int
	}{
		{"projected, opaque, odd size", photo(301, 77), GeoTag{EPSG: 3035, West: 4000000, North: 3000000, PixelWidth: 25.5, PixelHeight: 30}, 3},
		{"geographic, with alpha", clear, GeoTag{EPSG: 4326, Geographic: true, West: -10.25, North: 60, PixelWidth: 0.01, PixelHeight: 0.02}, 4},
		{"one pixel", photo(1, 1), GeoTag{EPSG: 3857, West: -20037508.342789244, North: 20037508.342789244, PixelWidth: 1, PixelHeight: 1}, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			prefix := "before"
			data, err := AppendGeoTIFF([]byte(prefix), c.p, c.geo)
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), "map.tif")
			if err := os.WriteFile(file, data[len(prefix):], 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command(info, "-json", "-checksum", file).Output()
			if err != nil {
				t.Fatal(err)
			}
			checkInfo(t, out, c.p, c.geo, c.bands)
			png := filepath.Join(t.TempDir(), "map.png")
			if out, err := exec.Command("gdal_translate", "-q", "-of", "PNG", file, png).CombinedOutput(); err != nil || len(out) > 0 {
				t.Fatalf("%v: %s", err, out)
			}
			back, err := os.ReadFile(png)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := Decode(back, testPixels); err != nil || !equal(got, c.p) {
				t.Errorf("error %v, or other pixels", err)
			}
		})
	}
}

func checkInfo(t *testing.T, out []byte, p Picture, geo GeoTag, bands int) {
	t.Helper()
	var got struct {
		Size             [2]int
		GeoTransform     [6]float64
		CoordinateSystem struct{ WKT string }
		Bands            []struct{ ColorInterpretation string }
		Metadata         map[string]map[string]string
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	if want := [2]int{p.Rect.Dx(), p.Rect.Dy()}; got.Size != want {
		t.Errorf("size %v, want %v", got.Size, want)
	}
	if want := [6]float64{geo.West, geo.PixelWidth, 0, geo.North, 0, -geo.PixelHeight}; got.GeoTransform != want {
		t.Errorf("place %v, want %v", got.GeoTransform, want)
	}
	id, err := json.Marshal(geo.EPSG)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(strings.TrimSpace(got.CoordinateSystem.WKT), `ID["EPSG",`+string(id)+`]]`) {
		t.Errorf("system %s, want EPSG:%d", got.CoordinateSystem.WKT, geo.EPSG)
	}
	if len(got.Bands) != bands || bands == 4 && got.Bands[3].ColorInterpretation != "Alpha" {
		t.Errorf("bands %+v, want %d", got.Bands, bands)
	}
	if got.Metadata[""]["AREA_OR_POINT"] != "Area" {
		t.Errorf("metadata %v", got.Metadata)
	}
}

func TestGeoTIFFRefuses(t *testing.T) {
	good := GeoTag{EPSG: 3857, PixelWidth: 1, PixelHeight: 1}
	if _, err := AppendGeoTIFF(nil, Picture{}, good); !errors.Is(err, ErrFormat) {
		t.Errorf("no picture: error %v", err)
	}
	if _, err := AppendGeoTIFF(nil, Picture{NRGBA: &image.NRGBA{Rect: image.Rect(0, 0, 1<<16, 1<<15)}}, good); !errors.Is(err, ErrTooLarge) {
		t.Errorf("8 GB: error %v", err)
	}
	for name, geo := range map[string]GeoTag{
		"no system":      {PixelWidth: 1, PixelHeight: 1},
		"a code too big": {EPSG: 102100, PixelWidth: 1, PixelHeight: 1},
		"no width":       {EPSG: 3857, PixelHeight: 1},
		"upside down":    {EPSG: 3857, PixelWidth: 1, PixelHeight: -1},
		"not a number":   {EPSG: 3857, PixelWidth: math.NaN(), PixelHeight: 1},
	} {
		if _, err := AppendGeoTIFF(nil, photo(2, 2), geo); err == nil {
			t.Errorf("%s: written", name)
		}
	}
}
