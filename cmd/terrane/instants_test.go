//go:build !serveonly

package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/terrane/terrane/internal/server"
)

// TestVersionsWithATimeAreTheInstantsOfALayer makes a red and a blue version of one dataset and asks for either by its time.
func TestVersionsWithATimeAreTheInstantsOfALayer(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	for year, colour := range map[int]color.NRGBA{2019: {R: 255, A: 255}, 2024: {B: 255, A: 255}} {
		var b bytes.Buffer
		m := image.NewNRGBA(image.Rect(0, 0, 64, 64))
		for k := range m.Pix {
			m.Pix[k] = []uint8{colour.R, colour.G, colour.B, colour.A}[k%4]
		}
		if err := png.Encode(&b, m); err != nil {
			t.Fatal(err)
		}
		file := write(t, filepath.Join(dir, fmt.Sprint(year, ".png")), b.Bytes())
		write(t, filepath.Join(dir, fmt.Sprint(year, ".pgw")), []byte("0.01\n0\n0\n-0.01\n10.005\n46.995\n"))
		line := []string{"ingest", "imagery", "--data", data, "--name", "plot", "--src-crs", "EPSG:4326", "--levels", "8", "--format", "png"}
		if code, _, said := run(t, append(line, "--time", fmt.Sprint(year, "-06-01"), file)...); code != exitDone {
			t.Fatal(said)
		}
	}
	a := &app{data: data}
	folder, err := a.openFolder(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	s := httptest.NewServer(server.New(catalog{folder}, server.Options{}))
	defer s.Close()
	wms := s.URL + "/wms?service=WMS&version=1.3.0&request=GetMap&layers=plot&styles=&crs=CRS:84&bbox=10.1,46.5,10.5,46.9&width=8&height=8&format=image/png"
	wmts := s.URL + "/wmts?service=WMTS&version=1.0.0&request=GetTile&layer=plot&style=default&tilematrixset=WebMercatorQuad&tilematrix=8&tilerow=90&tilecol=135&format=image/png"
	for _, c := range []struct{ url, want string }{
		{wms + "&time=2019-06-01", "red"}, {wms + "&time=2024-06-01T00:00:00Z", "blue"}, {wms + "&time=current", "blue"},
		{wms + "&time=2020-01-01", "red"}, // the nearest
		{wms + "&time=1919-06-01", "none"}, {wms + "&time=noon", "none"},
		{wmts + "&time=2019-06-01T00:00:00Z", "red"}, {wmts + "&time=2024-06-01T00:00:00Z", "blue"}, {wmts + "&time=2020-06-01T00:00:00Z", "none"},
	} {
		if got := colourOf(t, c.url); got != c.want {
			t.Errorf("%s is %s, want %s", c.url[strings.LastIndex(c.url, "&"):], got, c.want)
		}
	}
}

// colourOf names the colour in the middle of a picture; it is none of an error of the client's.
func colourOf(t *testing.T, url string) string {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusBadRequest {
		return "none"
	}
	m, err := png.Decode(answer.Body)
	if err != nil {
		t.Fatalf("%s: %v", answer.Status, err)
	}
	switch r, _, b, _ := m.At(m.Bounds().Dx()/2, m.Bounds().Dy()/2).RGBA(); {
	case r > b:
		return "red"
	case b > r:
		return "blue"
	}
	return "neither"
}

// TestANameThatIsImageryDoesNotBecomeTerrain: clients of it would find something else in its place.
func TestANameThatIsImageryDoesNotBecomeTerrain(t *testing.T) {
	dir := publish(t, "alps") // terrain
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	file := write(t, filepath.Join(t.TempDir(), "a.png"), b.Bytes())
	write(t, strings.TrimSuffix(file, "png")+"pgw", []byte("0.01\n0\n0\n-0.01\n10.005\n46.995\n"))
	line := []string{"ingest", "imagery", "--data", dir, "--name", "alps", "--src-crs", "EPSG:4326", file}
	if code, _, said := run(t, line...); code == exitDone || !strings.Contains(said, "it is terrain") || !strings.Contains(said, "--force") {
		t.Errorf("exit %d: %s", code, said)
	}
	if code, _, said := run(t, append(line, "--force")...); code != exitDone {
		t.Errorf("forced: exit %d: %s", code, said)
	}
	if code, _, said := run(t, append(line, "--grid", "geographic")...); code != exitStore || !strings.Contains(said, "EPSG:3857, and clients would find those of EPSG:4326") {
		t.Errorf("another grid: exit %d: %s", code, said)
	}
}

// TestTheLatestInstantIsServedWhateverWasMadeLast, and the commands say so.
func TestTheLatestInstantIsServedWhateverWasMadeLast(t *testing.T) {
	t.Chdir(t.TempDir())
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	file := write(t, "plot.png", b.Bytes())
	write(t, "plot.pgw", []byte("0.01\n0\n0\n-0.01\n10.005\n46.995\n"))
	made := func(flags ...string) string {
		t.Helper()
		code, _, said := run(t, append([]string{"ingest", "imagery", "--src-crs", "EPSG:4326", "--levels", "8", file}, flags...)...)
		if code != exitDone {
			t.Fatal(said)
		}
		return said
	}
	for _, day := range []string{"2021-06-01", "2024-06-01"} {
		if said := made("--time", day); strings.Contains(said, "latest instant") {
			t.Errorf("the latest instant so far said\n%s", said)
		}
	}
	if said := made("--time", "2019-06-01"); !strings.Contains(said, "note     plot without a time still shows 2024-06-01, version 2") {
		t.Errorf("an earlier instant said\n%s", said)
	}
	_, listed, _ := run(t, "list")
	lines := strings.Split(listed, "\n")
	if !strings.Contains(lines[0], "TIME") || !strings.HasPrefix(lines[1], "plot  2 (+2)") || !strings.Contains(lines[1], " 2024-06-01 ") {
		t.Errorf("list says\n%s", listed)
	}
	_, versions, _ := run(t, "versions", "plot")
	if lines := strings.Split(versions, "\n"); strings.Contains(lines[1], "plot, plot@3") || !strings.Contains(lines[2], "plot, plot@2") {
		t.Errorf("versions says\n%s", versions)
	}
	line := []string{"ingest", "imagery", "--src-crs", "EPSG:4326", "--levels", "8", file}
	for _, more := range [][]string{{"--dry-run"}, {}} {
		if code, _, said := run(t, slices.Concat(line, more)...); code != exitStore || !strings.Contains(said, "would end the series") || !strings.Contains(said, "--time DATE") {
			t.Errorf("a version without a time: exit %d\n%s", code, said)
		}
	}
	if said := made("--force"); !strings.Contains(said, "note     plot has no times any more, for this version has none: 3 other versions with one") {
		t.Errorf("a version without a time said\n%s", said)
	}
	if _, listed, _ := run(t, "list"); strings.Contains(listed, "TIME") || !strings.Contains(listed, "plot  4 (+3)") {
		t.Errorf("list says\n%s", listed)
	}
}
