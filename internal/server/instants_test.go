package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"github.com/terrane/terrane/internal/tiler"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// Versions describes all versions of a dataset, as cmd/terrane's catalogue does.
func (s stored) Numbers(name string) []int { return s.Folder.Versions(name) }

func (s stored) Versions(ctx context.Context, name string) ([]tilestore.Info, error) {
	var all []tilestore.Info
	for _, v := range slices.Backward(s.Folder.Versions(name)) {
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
	for asked, want := range map[string]int{
		"-": 120, "current": 120, "2019-06-01": 80, "2021-06-01T00:00:00Z": 40, "2021": 40, "2019-07-01": 80, "1999": -400, "2030-01-01": -400,
		"yesterday": -400, "2019-06-01/2021-06-01": -400, "2019,2021": -400, "<b>": -400,
	} {
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

// marks returns what each way to ask for a picture shows of a dataset, at one place; minus the status of one that is refused.
func marks(t *testing.T, s *Server, ref string) map[string]int {
	t.Helper()
	at := func(path string) int {
		r := ask(s, "GET", path)
		if r.StatusCode != 200 {
			return -r.StatusCode
		}
		return int(pictureOf(t, r, tilestore.PNG).NRGBAAt(60, 200).B)
	}
	all := map[string]int{
		"XYZ": at("/imagery/" + ref + "/3/4/2.png"), "TMS": at("/tms/1.0.0/" + ref + "/3/4/5.png"),
		"WMTS":       at("/wmts?" + kvp(aTile, "LAYER", ref, "TILEMATRIX", "3", "TILEROW", "2", "TILECOL", "4")),
		"WMTS, REST": at("/wmts/1.0.0/" + ref + "/default/WebMercatorQuad/3/2/4.png"),
		"WMS":        int(pixelAt(pictureOf(t, getMap(s, "LAYERS", ref), tilestore.PNG)).B),
	}
	document := bodyOf(t, ask(s, "GET", "/wms?SERVICE=WMS&REQUEST=GetCapabilities&LAYERS="+ref))
	if pinned := strings.Contains(ref, "@"); bytes.Contains(document, []byte("Name>"+ref+"<")) == pinned {
		t.Errorf("%s in the capabilities: %v", ref, pinned)
	}
	return all
}

func expectMarks(t *testing.T, s *Server, ref string, want int) {
	t.Helper()
	for way, got := range marks(t, s, ref) {
		if got != want {
			t.Errorf("%s of %s shows %d, want %d", way, ref, got, want)
		}
	}
}

// TestWhoNamesNoVersionIsShownTheLatestInstant, in whatever order versions were made; without instants it is the newest version.
func TestWhoNamesNoVersionIsShownTheLatestInstant(t *testing.T) {
	dir := t.TempDir()
	s := New(openFolder(t, dir), Options{})
	for _, c := range []struct {
		day     string
		mark    uint8
		version int // that is shown then
		shown   int
	}{
		{"2021-06-01", 40, 1, 40},
		{"2019-06-01", 80, 1, 40}, // earlier: an archive was added
		{"2021-06-01", 120, 3, 120},
		{"2024-06-01", 160, 4, 160},
	} {
		publishInstant(t, dir, "plot", c.day, c.mark)
		time.Sleep(fresh + 100*time.Millisecond)
		expectMarks(t, s, "plot", c.shown)
		var sum Summary
		readJSON(t, ask(s, "GET", "/datasets/plot"), &sum)
		latest := sum.Times[len(sum.Times)-1]
		if sum.Version != c.version || !sum.Time.Equal(latest.Time) || latest.Version != c.version {
			t.Errorf("the dataset is version %d of %v of %v, want %d", sum.Version, sum.Time, sum.Times, c.version)
		}
		var all []Summary
		readJSON(t, ask(s, "GET", "/datasets"), &all)
		if len(all) != 1 || all[0].Version != c.version || len(all[0].Times) != len(sum.Times) {
			t.Errorf("the list holds %+v", all)
		}
	}
	expectMarks(t, s, "plot@2", 80)
	expectMarks(t, s, "plot@3", 120)
	var sum Summary
	readJSON(t, ask(s, "GET", "/datasets/plot@2"), &sum)
	if sum.Version != 2 || sum.Time.Format(time.DateOnly) != "2019-06-01" || !strings.Contains(sum.Layers[0].Tiles, "/imagery/plot@2/") {
		t.Errorf("a version by its number is %+v", sum)
	}
	var days []string
	for _, m := range sum.Times {
		days = append(days, fmt.Sprint(m.Time.Format(time.DateOnly), " ", m.Version))
	}
	if got := strings.Join(days, ", "); got != "2019-06-01 2, 2021-06-01 3, 2024-06-01 4" {
		t.Errorf("its instants are %s", got)
	}
	publishMark(t, dir, "timeless", 60)
	publishMark(t, dir, "timeless", 200)
	time.Sleep(fresh + 100*time.Millisecond)
	expectMarks(t, s, "timeless", 200)
	var bare Summary
	readJSON(t, ask(s, "GET", "/datasets/timeless"), &bare)
	if !bare.Time.IsZero() || bare.Times != nil || bare.Version != 2 {
		t.Errorf("a dataset without times is %+v", bare)
	}
}

// TestTilesOfEachInstantLieWithinWhatIsListed though the versions that show them differ in ground and depth.
func TestTilesOfEachInstantLieWithinWhatIsListed(t *testing.T) {
	dir := t.TempDir()
	west, east := tint{box(-100, 30, -95, 35), 40}, tint{box(100, 30, 105, 35), 80}
	publish := func(name, day string, k tint, deepest int) {
		at, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		publishPicture(t, dir, name, tiler.Options{
			Sources: []string{k.write(t, 128, false)}, Grid: tilegrid.Mercator, Max: deepest, Format: tiler.PNG, Time: at, Title: "of " + day,
		})
	}
	publish("apart", "2020-01-01", west, 6)
	publish("apart", "2021-01-01", east, 6)
	publish("archived", "2020-01-01", west, 6)
	publish("archived", "2010-01-01", tint{west.bound, 60}, 4)
	s := New(openFolder(t, dir), Options{})
	for _, c := range []struct {
		layer, day string
		z          uint8
		at         orb.Point
		mark       uint8
	}{
		{"apart", "2020-01-01", 6, orb.Point{-97, 32}, 40}, {"apart", "2021-01-01", 6, orb.Point{103, 32}, 80}, {"apart", "2020-01-01", 3, orb.Point{-97, 32}, 40},
		{"archived", "2020-01-01", 6, orb.Point{-97, 32}, 40}, {"archived", "2020-01-01", 4, orb.Point{-97, 32}, 40},
		{"archived", "2010-01-01", 6, orb.Point{-97, 32}, 60}, {"archived", "2010-01-01", 4, orb.Point{-97, 32}, 60},
	} {
		for set, grid := range map[string]tilegrid.Grid{"WebMercatorQuad": tilegrid.Mercator, "WorldCRS84Quad": tilegrid.Geodetic} {
			north := grid.FlipY(grid.At(c.at, c.z))
			path := fmt.Sprintf("/wmts/1.0.0/%s/default/%s/%d/%d/%d.png?Time=%sT00:00:00Z", c.layer, set, c.z, north.Y, north.X, c.day)
			r := ask(s, "GET", path)
			if r.StatusCode != 200 {
				t.Errorf("%s: %d %s", path, r.StatusCode, bodyOf(t, r))
				continue
			}
			shown := map[uint8]bool{}
			p := pictureOf(t, r, tilestore.PNG)
			for k := 0; k < 256*256; k += 97 {
				if got := p.NRGBAAt(k%256, k/256); got.A == 255 {
					shown[got.B] = true
				}
			}
			if len(shown) != 1 || !shown[c.mark] {
				t.Errorf("%s shows %v, want %d", path, shown, c.mark)
			}
		}
	}
	for _, l := range wmtsCapabilitiesOf(t, s, "").Layers {
		if l.Links[0].Set != "WebMercatorQuad_Level6" {
			t.Errorf("%s is cut in %s", l.Name, l.Links[0].Set)
		}
	}
	for _, protocol := range []string{"/wms?SERVICE=WMS", "/wmts?SERVICE=WMTS"} {
		said := string(bodyOf(t, ask(s, "GET", protocol+"&REQUEST=GetCapabilities")))
		if strings.Contains(said, "of 2010-01-01") || !strings.Contains(said, "of 2020-01-01") || strings.Contains(said, "archived, version 2") {
			t.Errorf("%s describes another version than is shown", protocol)
		}
	}
}

func readJSON(t *testing.T, r *http.Response, into any) {
	t.Helper()
	if err := json.Unmarshal(bodyOf(t, r), into); err != nil || r.StatusCode != 200 {
		t.Fatalf("%d %v", r.StatusCode, err)
	}
}

// tally counts how often the catalogue is asked for all.
type tally struct {
	stored
	asked *atomic.Int64
}

func (c tally) All(ctx context.Context) ([]tilestore.Info, error) {
	c.asked.Add(1)
	return c.stored.All(ctx)
}

// TestWhatWasPublishedAMomentAgoIsFound though the services looked at the catalogue just before, and though nobody can make them look at will.
func TestWhatWasPublishedAMomentAgoIsFound(t *testing.T) {
	dir := t.TempDir()
	publishInstant(t, dir, "plot", "2021-06-01", 40)
	asked := new(atomic.Int64)
	s := New(tally{openFolder(t, dir), asked}, Options{})
	look := func() { // as soon as the services looked, something is published
		t.Helper()
		time.Sleep(fresh)
		if got := ask(s, "GET", "/wmts/1.0.0/WMTSCapabilities.xml").StatusCode; got != 200 {
			t.Fatal(got)
		}
	}
	for name, path := range map[string]string{
		"map": "/wms?" + kvp(aMap, "LAYERS", "map"),
		"map-info": "/wms?" + kvp(aMap, "REQUEST", "GetFeatureInfo", "LAYERS", "map-info", "QUERY_LAYERS", "map-info",
			"I", "80", "J", "60", "INFO_FORMAT", "application/json"),
		"legend": "/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetLegendGraphic&FORMAT=image/png&LAYER=legend",
		"tile":   "/wmts?" + kvp(aTile, "LAYER", "tile", "TILEMATRIX", "3", "TILEROW", "2", "TILECOL", "4"),
		"rest":   "/wmts/1.0.0/rest/default/WebMercatorQuad/3/2/4.png",
		"tile-info": "/wmts?" + kvp(aTile, "REQUEST", "GetFeatureInfo", "LAYER", "tile-info", "TILEMATRIX", "3", "TILEROW", "2", "TILECOL", "4",
			"I", "60", "J", "200", "INFOFORMAT", "application/json"),
		"xyz":         "/imagery/xyz/3/4/2.png",
		"description": "/datasets/description",
	} {
		look()
		publishMark(t, dir, name, 200)
		time.Sleep(hasty)
		want := 200
		if name == "legend" {
			want = 400 // pictures have none; it is not said that the layer is missing
		}
		r := ask(s, "GET", path)
		if said := string(bodyOf(t, r)); r.StatusCode != want || strings.Contains(said, "LayerNotDefined") {
			t.Errorf("%s answers %d %.300s", name, r.StatusCode, said)
		}
	}
	for name, c := range map[string]struct { // what a version reaches that the one before it did not
		k    tint
		path string
	}{
		"deeper": {germany, "/6/22/33.png"}, "deeper-info": {germany, "/6/22/33/9/9.json"}, "wider": {tint{box(4, 44, 32, 54), 60}, "/5/11/18.png"},
	} {
		publishMark(t, dir, name, 200)
		look()
		publishPicture(t, dir, name, tiler.Options{Sources: []string{c.k.write(t, 128, false)}, Grid: tilegrid.Mercator, Max: 6, Format: tiler.PNG})
		time.Sleep(hasty)
		if r := ask(s, "GET", "/wmts/1.0.0/"+name+"/default/WebMercatorQuad"+c.path); r.StatusCode != 200 {
			t.Errorf("%s answers %d %.300s", name, r.StatusCode, bodyOf(t, r))
		}
	}
	look()
	publishInstant(t, dir, "plot", "2024-06-01", 80)
	time.Sleep(hasty)
	if got := getMap(s, "LAYERS", "plot", "TIME", "2024-06-01"); got.StatusCode != 200 || got.Header.Get("Warning") != "" {
		t.Errorf("an instant that was published answers %d", got.StatusCode)
	}
	before, start := asked.Load(), time.Now()
	for range 200 {
		expectWMS(t, getMap(s, "LAYERS", "nobody"), 400, "LayerNotDefined")
	}
	if most := 2 + int64(time.Since(start)/hasty); asked.Load()-before > most {
		t.Errorf("the catalogue was asked %d times in %v", asked.Load()-before, time.Since(start))
	}
}
