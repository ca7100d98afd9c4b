//go:build !serveonly

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/terrane/terrane/internal/server"
)

// hills writes an ASCII grid of a degree, and returns its path.
func hills(t *testing.T) string {
	t.Helper()
	rows := strings.Repeat("100 250 120 330 90 260 310 150 200 110\n", 10)
	return write(t, filepath.Join(t.TempDir(), "hills.asc"), []byte("ncols 10\nnrows 10\nxllcorner 10\nyllcorner 40\ncellsize 0.1\n"+rows))
}

func TestTheSameWorkIsNotDoneTwice(t *testing.T) {
	t.Chdir(t.TempDir())
	line := []string{"ingest", "terrain", "--src-crs", "EPSG:4326", hills(t)}
	code, stdout, stderr := run(t, line...)
	if code != exitDone || stdout != "hills@1  data/hills@1.mbtiles\n" {
		t.Fatalf("exit %d\n%s%s", code, stdout, stderr)
	}
	if !strings.Contains(stderr, "; error bound ") || strings.Count(stderr, "tiling ") != 1 {
		t.Errorf("said\n%s", stderr)
	}
	code, stdout, stderr = run(t, line...)
	if code != exitDone || stdout != "hills@1  data/hills@1.mbtiles\n" || !strings.Contains(stderr, "nothing to do: hills version 1 ") {
		t.Errorf("again: exit %d\n%s%s", code, stdout, stderr)
	}
	code, stdout, _ = run(t, append(line, "--json", "--quiet")...)
	var p published
	if err := json.Unmarshal([]byte(stdout), &p); err != nil || code != exitDone || p.Version != 1 || !p.Existed || p.Tiles == 0 {
		t.Errorf("again as JSON: exit %d, %v\n%s", code, err, stdout)
	}
	if code, _, stderr = run(t, append(line, "--dry-run")...); code != exitDone || !strings.Contains(stderr, "hills version 1 is this already") {
		t.Errorf("again as a dry run: exit %d\n%s", code, stderr)
	}
	for n, more := range [][]string{{"--force"}, {"--max-error", "9"}} {
		if code, stdout, stderr = run(t, append(line, more...)...); code != exitDone || !strings.HasPrefix(stdout, "hills@"+versionText(n+2)+" ") {
			t.Errorf("%v: exit %d\n%s%s", more, code, stdout, stderr)
		}
	}
	if code, stdout, _ = run(t, line...); code != exitDone || !strings.HasPrefix(stdout, "hills@4 ") {
		t.Errorf("an older version is the same, the latest is not: exit %d\n%s", code, stdout)
	}
}

func TestInfoSaysWhatADatasetWasMadeOf(t *testing.T) {
	t.Chdir(t.TempDir())
	if code, _, stderr := run(t, "ingest", "terrain", "--src-crs", "EPSG:4326", "--max-error", "9", "--bbox", "10.2,40.123456,10.8,40.9", hills(t)); code != exitDone {
		t.Fatalf("exit %d\n%s", code, stderr)
	}
	_, stdout, _ := run(t, "info", "hills")
	for _, want := range []string{"hills.asc (EPSG:4326, 4", "about 90 .. 330 m", "9 m at level ", "10.2,40.12346,10.8,40.9\n", "made by      terrane dev\n"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in\n%s", want, stdout)
		}
	}
}

func TestVerifyExplainsItsTableAndIsSilentWhenAsked(t *testing.T) {
	t.Chdir(t.TempDir())
	if code, _, stderr := run(t, "ingest", "terrain", "--src-crs", "EPSG:4326", hills(t)); code != exitDone {
		t.Fatalf("exit %d\n%s", code, stderr)
	}
	_, stdout, _ := run(t, "verify", "hills")
	for _, want := range []string{"GAP m", "ERROR MAX m", "\ngap: widest crack", "; error: mesh, ", "\nMeshes keep their bound in space: ", "no faults\n"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in\n%s", want, stdout)
		}
	}
	if code, stdout, stderr := run(t, "verify", "hills", "-q"); code != exitDone || stdout+stderr != "" {
		t.Errorf("quiet: exit %d\n%s%s", code, stdout, stderr)
	}
}

func TestAFileGivenTwiceIsReadOnce(t *testing.T) {
	t.Chdir(t.TempDir())
	file := hills(t)
	link := filepath.Join(t.TempDir(), "link.asc")
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	var talk strings.Builder
	a := &app{stderr: &talk}
	got, err := a.namedSources([]string{file, "absent.tif", link, file})
	if err != nil || !slices.Equal(got, []string{file, "absent.tif"}) {
		t.Errorf("%v, %v", got, err)
	}
	if strings.Count(talk.String(), "is given twice") != 2 || !strings.Contains(talk.String(), "link.asc is given twice, and read once: it is "+file) {
		t.Errorf("said\n%s", &talk)
	}
}

func TestInfoSaysHowPixelsWereMade(t *testing.T) {
	landsat, naip := sharedFile(t, "imagery/landsat8_uint16_cog_utm21n.tif"), sharedFile(t, "imagery/landsat_bahamas_rgb_nodata0_utm18n.tif")
	t.Chdir(t.TempDir())
	if code, _, stderr := run(t, "ingest", "imagery", "--name", "two", "--levels", "4", "--time", "2019-07-01", "--scale", "1,9000", landsat, naip); code != exitDone {
		t.Fatalf("exit %d\n%s", code, stderr)
	}
	_, stdout, _ := run(t, "info", "two")
	for _, want := range []string{"landsat8_uint16_cog_utm21n.tif (EPSG:32621, ", "band 1, values 1 .. 9000 black .. white", "; bands 1 2 3, ", "transparent by ", "bilinear",
		"written   jpeg where opaque, png elsewhere, quality 85, the last source on top", "time      2019-07-01", " of 256 x 256 pixels", "made by   terrane dev"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in\n%s", want, stdout)
		}
	}
}

// TestVersionsHaveTheirTimes: the same pictures at another time are another version.
func TestVersionsHaveTheirTimes(t *testing.T) {
	file := sharedFile(t, "imagery/aerial_rgba_15cm_utm13n.tif")
	t.Chdir(t.TempDir())
	for n, at := range []string{"2019-07-01", "2024-06-01T10:30:00Z", "2024-06-01T10:30:00Z"} {
		code, stdout, stderr := run(t, "ingest", "imagery", "--name", "ortho", "--levels", "15", "--time", at, file)
		if code != exitDone || !strings.HasPrefix(stdout, "ortho@"+versionText(min(n+1, 2))+" ") {
			t.Fatalf("%s: exit %d\n%s%s", at, code, stdout, stderr)
		}
	}
	_, stdout, _ := run(t, "versions", "ortho")
	if lines := strings.Split(stdout, "\n"); len(lines) != 4 || !strings.Contains(lines[1], " 2024-06-01T10:30:00Z ") || !strings.Contains(lines[2], " 2019-07-01 ") {
		t.Errorf("got\n%s", stdout)
	}
	_, stdout, _ = run(t, "versions", "ortho", "--json")
	var list []server.Summary
	if err := json.Unmarshal([]byte(stdout), &list); err != nil || len(list) != 2 || list[1].Time.Format("2006-01-02T15:04:05Z") != "2019-07-01T00:00:00Z" {
		t.Errorf("%v\n%s", err, stdout)
	}
	if code, _, stderr := run(t, "ingest", "imagery", "--time", "June", file); code != exitUsage || !strings.Contains(stderr, `--time "June"`) {
		t.Errorf("exit %d\n%s", code, stderr)
	}
}
