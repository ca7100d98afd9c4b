package snippet

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

const host = "https://maps.example/globe"

// datasets are one of each shape that a snippet has to cope with.
func datasets() map[string]Dataset {
	return map[string]Dataset{
		"mercator": {Name: "photo", Kind: Imagery, BaseURL: host, Grid: "mercator", Levels: [2]uint8{0, 17}, Ext: "jpg",
			Bounds: [4]float64{7.12, 46.1, 7.92, 46.6}, Attribution: "© Survey", IonAsset: 1987654321},
		"mercator-512-from-12": {Name: "city@3", Kind: Imagery, BaseURL: host, Grid: "mercator", Levels: [2]uint8{12, 18}, Ext: "webp", TileSize: 512,
			Bounds: [4]float64{7.42, 46.93, 7.48, 46.97}},
		"geographic": {Name: "earth", Kind: Imagery, BaseURL: "http://127.0.0.1:8080", Grid: "geographic", Levels: [2]uint8{0, 4}, Ext: "jpg",
			Bounds: [4]float64{-180, -90, 180, 90}},
		"antimeridian": {Name: "fiji", Kind: Imagery, BaseURL: host, Grid: "mercator", Levels: [2]uint8{0, 11}, Ext: "png",
			Bounds: [4]float64{176.5, -20.1, 182.25, -15.5}},
		"terrain": {Name: "alps", Kind: Terrain, BaseURL: host, Grid: "geographic", Levels: [2]uint8{0, 11}, Style: "relief",
			Bounds: [4]float64{7.0001388888889, 46, 8, 47}, Attribution: "Made by a survey", IonAsset: 1123456789},
		"terrain-without-pictures": {Name: "other", Kind: Terrain, BaseURL: host, Bounds: [4]float64{-180, -90, 180, 90}},
	}
}

func TestSnippetsOfEachShapeOfDataset(t *testing.T) {
	for name, d := range datasets() {
		var b strings.Builder
		for _, s := range For(d) {
			fmt.Fprintf(&b, "==== %s: %s\n%s\n", s.Client, s.Title, s.Code)
		}
		path := filepath.Join("testdata", name+".golden")
		if *update {
			if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), b.String()); diff != "" {
			t.Errorf("%s (-want +got, go test -update writes it anew):\n%s", path, diff)
		}
	}
}

func TestEveryClientHasASnippetForSomeDataset(t *testing.T) {
	known := map[string]string{}
	for _, d := range datasets() {
		for _, s := range For(d) {
			known[s.Client] = s.Title
		}
	}
	for _, c := range Clients() {
		if known[c.Name] != c.Title || c.Title == "" {
			t.Errorf("%s: %q, want %q", c.Name, known[c.Name], c.Title)
		}
	}
	if len(known) != len(Clients()) {
		t.Errorf("%d clients, %d listed", len(known), len(Clients()))
	}
}

func TestEveryAddressInASnippetIsOfTheServer(t *testing.T) {
	address := regexp.MustCompile(`(?:https?:)?//[^\s"']+`)
	for name, d := range datasets() {
		for _, s := range For(d) {
			for _, u := range address.FindAllString(s.Code, -1) {
				if !strings.HasPrefix(u, d.BaseURL+"/") {
					t.Errorf("%s, %s: %s", name, s.Client, u)
				}
			}
			if !strings.Contains(s.Code, d.BaseURL+"/") {
				t.Errorf("%s, %s does not name the server", name, s.Client)
			}
			if s.Code != strings.TrimSpace(s.Code) || s.Code == "" || strings.Contains(s.Code, "\n\n\n") || strings.Contains(s.Code, "<no value>") {
				t.Errorf("%s, %s: %q", name, s.Client, s.Code)
			}
		}
	}
}

func TestTextsOfADatasetCannotBecomeCode(t *testing.T) {
	d := datasets()["mercator"]
	d.Attribution = "\"); alert('x') //\n</script><img src=x onerror=alert(1)>\\\u2028"
	for _, s := range For(d) {
		for _, bad := range []string{"alert('", "<img", "</script", "\u2028", "x\n&lt;"} {
			if strings.Contains(s.Code, bad) {
				t.Errorf("%s lets %q through:\n%s", s.Client, bad, s.Code)
			}
		}
	}
	d.BaseURL, d.Name = `https://maps.example/"+x+"`, "a b/c"
	for _, s := range For(d) {
		switch s.Client {
		case "qgis", "unreal", "curl":
		default:
			if strings.Contains(s.Code, `"+x+"`) && !strings.Contains(s.Code, `\"+x+\"`) || strings.Contains(s.Code, "a b/c/") {
				t.Errorf("%s:\n%s", s.Client, s.Code)
			}
		}
	}
}

func TestFirstLevelIsNamedOnlyWhereItIsAHandfulOfTiles(t *testing.T) {
	for name, c := range map[string]struct {
		bounds [4]float64
		level  uint8
		want   uint8
	}{
		"a town at level 12":       {[4]float64{7.42, 46.93, 7.48, 46.97}, 12, 12},
		"a country at level 12":    {[4]float64{5.9, 45.8, 10.5, 47.8}, 12, 0},
		"from the root":            {[4]float64{5.9, 45.8, 10.5, 47.8}, 0, 0},
		"the globe at level 1":     {[4]float64{-180, -85, 180, 85}, 1, 1},
		"both sides of 180 degree": {[4]float64{179.9, -17, 180.1, -16.9}, 9, 9},
	} {
		v := newView(Dataset{Kind: Imagery, Grid: "mercator", Bounds: c.bounds, Levels: [2]uint8{c.level, 18}})
		if got := v.First(); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func TestSomeTileLiesInTheMiddleOfTheData(t *testing.T) {
	for name, want := range map[string]string{
		"mercator":             host + "/imagery/photo/0/0/0.jpg",
		"mercator-512-from-12": host + "/imagery/city@3/12/2132/1441.webp", // 7.45 E, 46.95 N: (1 - asinh(tan(lat)) / pi) / 2 of 4096 rows
		"terrain":              host + "/imagery/alps/0/1/0.png?style=relief",
	} {
		if got := newView(datasets()[name]).SomeTile(); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestAMapHasTheShapeOfItsGround(t *testing.T) {
	for name, want := range map[string]string{
		"mercator":     "&crs=CRS:84&bbox=7.12,46.1,7.92,46.6&width=1024&height=640",
		"antimeridian": "&crs=CRS:84&bbox=176.5,-20.1,182.25,-15.5&width=1024&height=819",
		"geographic":   "&crs=CRS:84&bbox=-180,-90,180,90&width=1024&height=512",
	} {
		if got := newView(datasets()[name]).Map(); !strings.HasSuffix(got, want) {
			t.Errorf("%s: %s, want %s at the end", name, got, want)
		}
	}
}

func TestDegreesAreShortAndExactToACentimetre(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 180: "180", -0.00000001: "0", 7.0001388888889: "7.0001389", 1e-7: "0.0000001", -85.05112877980659: "-85.0511288"} {
		if got := degrees(v); got != want {
			t.Errorf("%v: %s, want %s", v, got, want)
		}
	}
}
