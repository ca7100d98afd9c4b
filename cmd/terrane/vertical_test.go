//go:build !serveonly

package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"strings"
	"testing"

	"github.com/terrane/terrane/internal/server"
)

func TestAShiftIsSaidAndKept(t *testing.T) {
	t.Chdir(t.TempDir())
	line := []string{"ingest", "terrain", "--src-crs", "EPSG:4326", "--levels", "5", hills(t)}
	for _, c := range []struct {
		more            []string
		say             string
		vertical, datum string
	}{
		{nil, "heights  vertical datum not stated: kept as they are      (--vertical egm96, ", "unknown", "datum not stated: kept as they are"},
		{[]string{"--vertical", "ellipsoid"}, "heights  --vertical says ellipsoidal: no shift      (--vertical to override)", "ellipsoid", ""},
		{[]string{"--vertical", "egm96"}, "heights  --vertical says EGM96 -> ellipsoid, N = +4", "ellipsoid", "EGM96 -> ellipsoid, N = +4"},
		{[]string{"--src-crs", "EPSG:4326+5773"}, "heights  compound CRS says EGM96 -> ellipsoid, N = +4", "ellipsoid", "EGM96 -> ellipsoid, N = +4"},
		{[]string{"--vertical", "ellipsoid,hills*=EPSG:5773"}, "heights  --vertical says EGM96 -> ellipsoid, N = +4",
			"ellipsoid", "EGM96 -> ellipsoid, N = +4"},
	} {
		code, _, stderr := run(t, append(line, c.more...)...)
		if code != exitDone || !strings.Contains(stderr, c.say) {
			t.Errorf("%v: exit %d\n%s", c.more, code, stderr)
		}
		_, stdout, _ := run(t, "info", "hills", "--json")
		var got struct {
			server.Summary
			Provenance struct {
				Sources []struct{ Vertical, VerticalFrom string }
			}
		}
		if err := json.Unmarshal([]byte(stdout), &got); err != nil {
			t.Fatal(err)
		}
		if got.Vertical != c.vertical || !strings.HasPrefix(got.Datum, c.datum) || (got.Datum == "") != (c.datum == "") {
			t.Errorf("%v: vertical %q, datum %q", c.more, got.Vertical, got.Datum)
		}
		if _, text, _ := run(t, "info", "hills"); !strings.Contains(text, "vertical     "+c.vertical+"\n") || !strings.Contains(text, got.Datum) {
			t.Errorf("%v: info\n%s", c.more, text)
		}
	}
}

func TestDepthsAreTurned(t *testing.T) {
	t.Chdir(t.TempDir())
	code, _, stderr := run(t, "ingest", "terrain", "--src-crs", "EPSG:4326", "--dry-run", "--depth-positive", hills(t))
	if code != exitDone || !strings.Contains(stderr, "heights about -330 .. -90 m") || !strings.Contains(stderr, "values are taken as depths") {
		t.Errorf("exit %d\n%s", code, stderr)
	}
}

func TestAUnitThatIsToldIsSaidAndKept(t *testing.T) {
	t.Chdir(t.TempDir())
	line := []string{"ingest", "terrain", "--src-crs", "EPSG:4326", "--vertical", "ellipsoid", hills(t)}
	code, _, stderr := run(t, append(line, "--unit", "us-ft")...)
	if code != exitDone || !strings.Contains(stderr, "heights about 27 .. 101 m") ||
		!strings.Contains(stderr, "values are taken in units of 1 US survey foot, 0.30480061 m: hills.asc") {
		t.Errorf("exit %d\n%s", code, stderr)
	}
	_, stdout, _ := run(t, "info", "hills", "--json")
	var got struct {
		Provenance struct{ Sources []struct{ Unit string } }
	}
	if err := json.Unmarshal([]byte(stdout), &got); err != nil || got.Provenance.Sources[0].Unit != "US survey foot" {
		t.Errorf("%v\n%s", err, stdout)
	}
	if code, _, stderr = run(t, append(line, "--unit", "yd")...); code != exitUsage || !strings.Contains(stderr, "it is m, ft, us-ft or auto") {
		t.Errorf("exit %d\n%s", code, stderr)
	}
	if code, _, stderr = run(t, "update", "hills", "--unit", "ft", "--dry-run", "--src-crs", "EPSG:4326+5773", knoll(t)); code != exitInput ||
		!strings.Contains(stderr, "stated to be in units of a metre, not a foot") {
		t.Errorf("update: exit %d\n%s", code, stderr)
	}
}

func TestAnotherGeoidThanTheDatasetsIsNoted(t *testing.T) {
	t.Chdir(t.TempDir())
	var grid bytes.Buffer // GTX: two rows of three, 30 m everywhere
	for _, v := range []any{39.0, 9.0, 3.0, 3.0, int32(2), int32(3), [6]float32{30, 30, 30, 30, 30, 30}} {
		if err := binary.Write(&grid, binary.BigEndian, v); err != nil {
			t.Fatal(err)
		}
	}
	write(t, "thirty.gtx", grid.Bytes())
	if code, _, stderr := run(t, "ingest", "terrain", "--src-crs", "EPSG:4326", "--vertical", "thirty.gtx", "--levels", "5", hills(t)); code != exitDone {
		t.Fatalf("exit %d\n%s", code, stderr)
	}
	const note = "note     mean sea level is that of EGM96 height; the heights of hills counted from thirty.gtx"
	line := []string{"height", "hills", "10.4", "40.4", "--vertical", "msl", "--json", "--geoid"}
	code, stdout, stderr := run(t, append(line, "egm96")...)
	if code != exitDone || !strings.Contains(stderr, note) || !strings.Contains(stdout, `"geoid":"EGM96 height","datasetGeoid":"thirty.gtx"`) {
		t.Errorf("another: exit %d\n%s%s", code, stdout, stderr)
	}
	if code, stdout, stderr = run(t, append(line, "thirty.gtx")...); code != exitDone || strings.Contains(stderr+stdout, "counted from") ||
		strings.Contains(stdout, "datasetGeoid") {
		t.Errorf("its own: exit %d\n%s%s", code, stdout, stderr)
	}
}
