package ion

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"github.com/terrane/terrane/tilestore"
)

// box is a dataset on a box of ground.
func box(name string, kind tilestore.Kind, west, south, east, north float64) tilestore.Info {
	ground := orb.Bound{Min: orb.Point{west, south}, Max: orb.Point{east, north}}
	return tilestore.Info{Name: name, Version: 1, Kind: kind, SizeBytes: 1000, Bound: ground}
}

func shelf() []tilestore.Info {
	return []tilestore.Info{
		box("alps", tilestore.Terrain, 5, 44, 16, 48), box("europe", tilestore.Terrain, -10, 35, 30, 60), box("pole", tilestore.Terrain, -180, 80, 180, 90),
		box("ortho", tilestore.Imagery, 6, 45, 7, 46), box("globe", tilestore.Imagery, -180, -85, 180, 85),
	}
}

func TestANumberIsMadeOfTheNameAlone(t *testing.T) {
	for name, want := range map[string]int64{"alps": 1_485_004_322, "demo": 1_268_734_596} { // they are in applications: these never change
		if got := ID(name); got != want {
			t.Errorf("%s has %d, want %d", name, got, want)
		}
		if got := New(append(shelf(), box("demo", tilestore.Terrain, 0, 0, 1, 1)), Choices{}).ID(name); got != want {
			t.Errorf("%s has %d among others, want %d", name, got, want)
		}
	}
}

func TestNamesThatShareANumberGetTheirOwnInTheOrderOfNames(t *testing.T) {
	same := func(text string) int64 { // of names, their length; hashed again, 10 and more
		name, again, ok := strings.Cut(text, "\x00")
		if ok {
			return int64(10*len(again) + len(name))
		}
		return int64(len(name))
	}
	want := map[string]int64{"aa": 2, "ab": 12, "b": 1}
	if diff := cmp.Diff(want, assign([]string{"aa", "ab", "b"}, same)); diff != "" {
		t.Errorf("numbers (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(Assign([]string{"b", "aa", "b"}), Assign([]string{"aa", "b"})); diff != "" {
		t.Errorf("the order of names matters:\n%s", diff)
	}
}

func TestWhatStandsForTheWorld(t *testing.T) {
	for _, c := range []struct {
		name             string
		choices          Choices
		terrain, imagery string
	}{
		{"the widest: not that with most degrees", Choices{}, "europe", "globe"},
		{"what the operator chose", Choices{World: "alps", WorldImagery: "ortho"}, "alps", "ortho"},
		{"a name that nobody has", Choices{World: "none", WorldImagery: "none"}, "europe", "globe"},
		{"a dataset of the other kind", Choices{World: "ortho", WorldImagery: "alps"}, "europe", "globe"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := New(shelf(), c.choices)
			for id, want := range map[int64]string{
				1: c.terrain, 2426648: c.terrain, 2: c.imagery, 3: c.imagery, 4: c.imagery, 3954: c.imagery, 3845: c.imagery, 3812: c.imagery,
				3830182: c.imagery, 3830183: c.imagery, 3830184: c.imagery, 3830185: c.imagery, 3830186: c.imagery, 3891168: c.imagery, 3891169: c.imagery,
			} {
				if a, ok := r.Find(id); !ok || a.Info.Name != want {
					t.Errorf("%d is %q, want %q", id, a.Info.Name, want)
				}
			}
			for _, id := range []int64{0, 5, 96188, 2275207} {
				if a, ok := r.Find(id); ok {
					t.Errorf("%d is %q, want nothing", id, a.Info.Name)
				}
			}
		})
	}
}

func TestOfEquallyWideDatasetsTheFirstNameStandsForTheWorld(t *testing.T) {
	r := New([]tilestore.Info{box("b", tilestore.Terrain, 0, 0, 1, 1), box("a", tilestore.Terrain, 8, 0, 9, 1)}, Choices{})
	if got := r.World(tilestore.Terrain).Info.Name; got != "a" {
		t.Errorf("%q", got)
	}
}

func TestWithoutDatasetsTheBaseStandsForTheWorld(t *testing.T) {
	r := New(nil, Choices{World: "alps"})
	for id, kind := range map[int64]tilestore.Kind{1: tilestore.Terrain, 2: tilestore.Imagery} {
		a, ok := r.Find(id)
		if !ok || !a.Base() || a.Info.Kind != kind || a.Info.Title == "" {
			t.Errorf("%d is %+v", id, a)
		}
	}
}

func TestTheOperatorNumbersDatasets(t *testing.T) {
	r := New(shelf(), Choices{Assets: map[int64]string{1: "alps", 2426648: "pole", 77: "ortho", 78: "none", 3: "none"}})
	for id, want := range map[int64]string{1: "alps", 2426648: "pole", 77: "ortho", 3: "globe", ID("alps"): "alps"} {
		if a, ok := r.Find(id); !ok || a.Info.Name != want {
			t.Errorf("%d is %q, want %q", id, a.Info.Name, want)
		}
	}
	if a, ok := r.Find(78); ok {
		t.Errorf("78 is %q", a.Info.Name)
	}
}

func TestEndpointInBothForms(t *testing.T) {
	credit := box("alps", tilestore.Terrain, 0, 0, 1, 1)
	credit.Attribution = `<a href="/">A & B</a>`
	for _, c := range []struct {
		name  string
		asset Asset
		form  Form
		want  string
	}{
		{"terrain, external", Asset{Info: credit}, External, `{"type":"TERRAIN","externalType":"STK_TERRAIN_SERVER",` +
			`"options":{"url":"http://h/t/"},"url":"http://h/t/","accessToken":"x","attributions":[{"html":"<a href=\"/\">A & B</a>","collapsible":false}]}`},
		{"terrain, normal", Asset{Info: credit}, Normal, `{"type":"TERRAIN","url":"http://h/t/","accessToken":"x",` +
			`"attributions":[{"html":"<a href=\"/\">A & B</a>","collapsible":false}]}`},
		{"imagery, external", Asset{Info: box("ortho", tilestore.Imagery, 0, 0, 1, 1)}, External,
			`{"type":"IMAGERY","externalType":"TMS","options":{"url":"http://h/t/"},"url":"http://h/t/","accessToken":"x","attributions":[]}`},
		{"imagery, normal", Asset{Info: box("ortho", tilestore.Imagery, 0, 0, 1, 1)}, Normal,
			`{"type":"IMAGERY","url":"http://h/t/","accessToken":"x","attributions":[]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got, want any
			text, err := json.Marshal(NewEndpoint(c.asset, c.form, "http://h/t/", "x"))
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(text, &got); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal([]byte(c.want), &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheFormIsTheClientsUnlessTheOperatorSaysOtherwise(t *testing.T) {
	for _, c := range []struct {
		form   Form
		client string
		want   Form
	}{
		{"", "", External}, {Auto, "CesiumJS", External}, {Auto, "Cesium For Unreal", Normal}, {"", "Cesium For Unity", Normal},
		{External, "Cesium For Unreal", External}, {Normal, "CesiumJS", Normal},
	} {
		if got := FormFor(c.form, c.client); got != c.want {
			t.Errorf("%q for %q: %s, want %s", c.form, c.client, got, c.want)
		}
	}
}

func TestListOfAssets(t *testing.T) {
	r := New(shelf(), Choices{Assets: map[int64]string{77: "ortho"}})
	for query, want := range map[string][]int64{
		"":                        {1, 2, 77, ID("alps"), ID("europe"), ID("globe"), ID("ortho"), ID("pole")},
		"type=IMAGERY":            {2, 77, ID("globe"), ID("ortho")},
		"type=imagery&type=x":     {2, 77, ID("globe"), ID("ortho")},
		"type=3DTILES":            {},
		"status=COMPLETE&type=":   {1, 2, 77, ID("alps"), ID("europe"), ID("globe"), ID("ortho"), ID("pole")},
		"status=IN_PROGRESS":      {},
		"search=ALPS":             {ID("alps")},
		"limit=2&page=1&search=":  {1, 2},
		"type=TERRAIN&page=9":     {},
		"page=-1&limit=x&type=no": {},
	} {
		q, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		got, wanted := map[int64]bool{}, map[int64]bool{}
		l := r.List(q)
		for k, d := range l.Items {
			got[d.ID] = true
			if k > 0 && l.Items[k-1].ID >= d.ID {
				t.Errorf("%s: %d comes before %d", query, l.Items[k-1].ID, d.ID)
			}
		}
		for _, id := range want {
			wanted[id] = true
		}
		if diff := cmp.Diff(wanted, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
}

func TestDocumentsThatClientsOfIonReadAtStart(t *testing.T) {
	r := New(shelf(), Choices{})
	d := r.Defaults()
	if len(d.QuickAddAssets) != 1 || d.DefaultAssets.Terrain != 1 || d.DefaultAssets.Imagery != 2 || d.QuickAddAssets[0].RasterOverlays[0].AssetID != 2 {
		t.Errorf("defaults %+v", d)
	}
	if p := r.Profile("Terrane"); p.Storage.Used != 5000 || p.Username != "Terrane" {
		t.Errorf("profile %+v", p)
	}
	if name, ok := r.Named("EuRoPe"); !ok || name != "europe" {
		t.Errorf("EuRoPe is %q, %v", name, ok)
	}
}
