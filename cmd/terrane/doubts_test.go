//go:build !serveonly

package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

func TestWhatMayBeMeantOtherwiseIsSaid(t *testing.T) {
	t.Chdir(t.TempDir())
	for line, want := range map[string]string{
		"imagery SHARED/imagery/landsat8_uint16_cog_utm21n.tif":                "note     the value 1 fills about 48 % of landsat8_uint16_cog_utm21n.tif from the edges, and is not",
		"imagery SHARED/dem/slovenia_lidar_dtm_1m_epsg3794_nan.tif":            "one band of float32: if these are heights, terrane ingest terrain",
		"imagery SHARED/dem/bigtujunga_utm11n_30m_int16.tif":                   "one band of int16: if these are heights, terrane ingest terrain",
		"imagery --src-crs 32614 SHARED/imagery/naip_4band_utm14n_5m.tif":      "note     --src-crs counts, not the file's own EPSG:26914: naip_4band_utm14n_5m.tif",
		"terrain --src-crs 4258 SHARED/dem/n43.dt0":                            "note     --src-crs counts, not the file's own EPSG:4326: n43.dt0",
		"imagery --src-crs epsg:26914 SHARED/imagery/naip_4band_utm14n_5m.tif": "",
		"imagery --src-crs 4326 SHARED/imagery/blue_marble_4096x2048.jpg":      "",
		"imagery --nodata 1 SHARED/imagery/landsat8_uint16_cog_utm21n.tif":     "",
		"imagery SHARED/imagery/aerial_rgba_15cm_utm13n.tif":                   "",
	} {
		args := strings.Fields("ingest " + strings.ReplaceAll(line, "SHARED", filepath.Dir(sharedFile(t, "imagery"))) + " --dry-run")
		code, _, stderr := run(t, args...)
		if code != exitDone || !strings.Contains(stderr, want) || want == "" && strings.Contains(stderr, "note") {
			t.Errorf("%s: exit %d, want %q in\n%s", line, code, want, stderr)
		}
	}
}

func TestDoubtsAreSaidOnceForAllFiles(t *testing.T) {
	var d doubts
	for n := range 3 {
		d.add("1", fmt.Sprint("a", n))
	}
	d.add("2", "b")
	if len(d) != 2 || d[0].where() != "a0 (and 2 others)" || d[1].where() != "b" {
		t.Errorf("%v", d)
	}
	if got := valuesText([]float64{255, 255, 255}) + " " + valuesText([]float64{1, 2.5, 3}); got != "255 1,2.5,3" {
		t.Error(got)
	}
}

func TestLevelsThatShowNothingAreNotPromised(t *testing.T) {
	t.Chdir(t.TempDir())
	args := []string{"ingest", "imagery", "--name", "aerial", "--keep-values", sharedFile(t, "imagery/aerial_rgba_15cm_utm13n.tif")}
	code, _, stderr := run(t, args...)
	for _, want := range []string{"plan     mercator grid, levels 7-20, about 23 tiles", "done     aerial version 1, levels 7-20, 23 tiles"} {
		if code != exitDone || !strings.Contains(stderr, want) {
			t.Errorf("exit %d, no %q in\n%s", code, want, stderr)
		}
	}
	_, stdout, _ := run(t, "info", "aerial")
	for _, want := range []string{"levels 7-20 ", "values the sources' own are kept: 3 bands of uint8 "} {
		if !strings.Contains(strings.Join(strings.Fields(stdout), " "), want) {
			t.Errorf("no %q in\n%s", want, stdout)
		}
	}
	if _, stdout, _ := run(t, "versions", "aerial"); !strings.Contains(stdout, "KIND") || !strings.Contains(stdout, "imagery  png") {
		t.Errorf("versions:\n%s", stdout)
	}
	if code, stdout, stderr := run(t, "verify", "aerial"); code != exitDone || !strings.Contains(stdout, "no faults\n") {
		t.Errorf("verify: exit %d\n%s%s", code, stdout, stderr)
	}
}

// TestTheLastLineOfProgressIsToldOnce has levels of 2, 8, 32, 128 and 512 tiles: whole batches.
func TestTheLastLineOfProgressIsToldOnce(t *testing.T) {
	t.Chdir(t.TempDir())
	code, _, stderr := run(t, "ingest", "terrain", "--name", "earth", "--jobs", "2", "--progress", "lines", sharedFile(t,
		"dem/etopo20_global_20arcmin.tif"))
	if code != exitDone || strings.Count(stderr, "verify   100 %") != 1 || strings.Count(stderr, "tiling   100 %") != 1 {
		t.Errorf("exit %d\n%s", code, stderr)
	}
}
