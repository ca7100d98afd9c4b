package server

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/terrane/terrane/internal/tiler"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// Versions describes all versions of a dataset, as cmd/terrane's catalogue does.
func (s stored) Numbers(name string) []int { return s.Folder.Versions(name) }

func (s stored) Versions(ctx context.Context, name string) ([]tilestore.Info, error) {
	var all []tilestore.Info
	for _, v := range s.Folder.Versions(name) {
		h, err := s.Folder.Get(ctx, fmt.Sprintf("%s@%d", name, v))
		if err != nil {
			return nil, err
		}
		all = append(all, h.Info())
		h.Release()
	}
	return all, nil
}

// publishInstant publishes germany as of a day, with a mark.
func publishInstant(t *testing.T, dir, name, day string, mark uint8) {
	t.Helper()
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		t.Fatal(err)
	}
	k := tint{germany.bound, mark}
	publishPicture(t, dir, name, tiler.Options{Sources: []string{k.write(t, 128, false)}, Grid: tilegrid.Mercator, Max: 3, Format: tiler.PNG, Time: at})
}

func TestInstantsComeAndGoWithTheirVersions(t *testing.T) {
	dir := t.TempDir()
	for n, day := range []string{"2021-06-01", "2019-06-01", "2024-06-01"} { // not in the order of their times
		publishInstant(t, dir, "plot", day, uint8(40+40*n))
	}
	publishMark(t, dir, "timeless", 200)
	s := New(openFolder(t, dir), Options{})
	mark := func(changes ...string) int {
		r := getMap(s, append([]string{"LAYERS", "plot"}, changes...)...)
		if r.StatusCode != 200 {
			return -r.StatusCode
		}
		return int(pixelAt(pictureOf(t, r, tilestore.PNG)).B)
	}
	for asked, want := range map[string]int{"-": 120, "current": 120, "2019-06-01": 80, "2021-06-01T00:00:00Z": 40, "2021": 40, "2019-07-01": 80, "1999": -400, "2030-01-01": -400, "yesterday": -400,
		"2019-06-01/2021-06-01": -400, "2019,2021": -400, "<b>": -400} {
		if got := mark("TIME", asked); got != want {
			t.Errorf("TIME=%s shows %d, want %d", asked, got, want)
		}
	}
	expectWMS(t, getMap(s, "LAYERS", "plot", "TIME", "1999"), 400, "InvalidDimensionValue")
	if got := mark("LAYERS", "timeless", "TIME", "1999"); got != 200 {
		t.Errorf("a layer without times shows %d", got)
	}
	if w := getMap(s, "LAYERS", "plot").Header.Get("Warning"); !strings.HasPrefix(w, "99 Default value used: time=2024-06-01") {
		t.Errorf("Warning %q", w)
	}
	if w := getMap(s, "LAYERS", "plot", "TIME", "2019-07-01").Header.Get("Warning"); !strings.HasPrefix(w, "99 Nearest value used: time=2019-06-01") {
		t.Errorf("Warning %q", w)
	}
	tile := func(at string) int {
		query := kvp(aTile, "LAYER", "plot", "TILEMATRIX", "3", "TILEROW", "2", "TILECOL", "4", "TIME", at)
		r := ask(s, "GET", "/wmts?"+query)
		if r.StatusCode != 200 {
			return -r.StatusCode
		}
		return int(pictureOf(t, r, tilestore.PNG).NRGBAAt(60, 200).B)
	}
	for asked, want := range map[string]int{"-": 120, "2019-06-01T00:00:00Z": 80, "2021-06-01T00:00:00Z": 40, "2022": -400} {
		if got := tile(asked); got != want {
			t.Errorf("a tile of %s shows %d, want %d", asked, got, want)
		}
	}
	lists := func(day string) bool {
		wms := string(bodyOf(t, ask(s, "GET", "/wms?SERVICE=WMS&REQUEST=GetCapabilities")))
		wmts := string(bodyOf(t, ask(s, "GET", "/wmts/1.0.0/WMTSCapabilities.xml")))
		if strings.Contains(wms, day) != strings.Contains(wmts, day) {
			t.Logf("%s: WMS and WMTS differ", day)
		}
		return strings.Contains(wms, day) && strings.Contains(wmts, day)
	}
	if !lists("2019-06-01") || !lists("2021-06-01") || !lists("2024-06-01") {
		t.Error("an instant is not listed")
	}
	if err := os.Remove(filepath.Join(dir, "plot@2.mbtiles")); err != nil { // not the newest: the catalogue's list stays the same
		t.Fatal(err)
	}
	eventually(t, "2019 is gone", func() bool { return !lists("2019-06-01") })
	if got := mark("TIME", "2019-06-01"); got != -400 {
		t.Errorf("a version that is gone shows %d", got)
	}
}
