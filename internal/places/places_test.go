package places

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"github.com/terrane/terrane/tilestore"
)

// needsFTS5 skips a test in a build without the full-text index.
func needsFTS5(t testing.TB) {
	t.Helper()
	if err := Supported(); err != nil {
		t.Skipf("SQLite has no FTS5 in this build: %v (go test -tags sqlite_fts5)", err)
	}
}

// shared returns a file of the shared real data, or skips the test.
func shared(t testing.TB, path string) string {
	t.Helper()
	folder := os.Getenv("TERRANE_SHARED")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "shared")
	}
	file := filepath.Join(folder, path)
	if _, err := os.Stat(file); err != nil {
		t.Skipf("the shared data are absent (TERRANE_SHARED names their folder): %v", err)
	}
	return file
}

// made writes a gazetteer into dir and returns its path.
func made(t testing.TB, dir, name string, list ...Place) string {
	t.Helper()
	w, err := Create(t.Context(), dir, name)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for _, p := range list {
		if err := w.Put(p); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Commit(t.Context(), Info{Attribution: "of " + name, Work: "w"}, nil); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, name+Extension)
}

func open(t testing.TB, path string) *Gazetteer {
	t.Helper()
	g, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	return g
}

// labels searches and returns what is found.
func labels(t testing.TB, s interface {
	Search(context.Context, Query) ([]Hit, error)
}, q Query) []string {
	t.Helper()
	hits, err := s.Search(t.Context(), q)
	if err != nil {
		t.Fatalf("%q: %v", q.Text, err)
	}
	var all []string
	for _, h := range hits {
		all = append(all, h.Label())
	}
	return all
}

// world is a small gazetteer with everything that is hard about names.
var world = []Place{
	{Name: "Paris", Region: "Île-de-France", Country: "France", CountryCode: "FR", Population: 9904000, Point: orb.Point{2.35, 48.86}},
	{Name: "Paris", Region: "Texas", Country: "United States", CountryCode: "US", Population: 25171, Point: orb.Point{-95.55, 33.66}},
	{Name: "Parintins", Region: "Amazonas", Country: "Brazil", Population: 64428, Point: orb.Point{-56.73, -2.63}},
	{Name: "Saint-Denis", Country: "France", Population: 110000, Point: orb.Point{2.35, 48.93}},
	{Name: "Zürich", Country: "Switzerland", Population: 1108000, Point: orb.Point{8.55, 47.37}},
	{Name: "Zurich", Region: "Kansas", Country: "United States", Population: 99, Point: orb.Point{-99.4, 39.2}},
	{Name: "Tromsø", Country: "Norway", Population: 64492, Point: orb.Point{18.95, 69.65}},
	{Name: "Łódź", Country: "Poland", Population: 768755, Point: orb.Point{19.45, 51.77}},
	{Name: "Gießen", Country: "Germany", Population: 82358, Point: orb.Point{8.67, 50.58}},
	{Name: "Wien", Country: "Austria", Population: 2400000, Point: orb.Point{16.37, 48.2}, Names: []string{"Vienna", "Bécs", "Відень", "ウィーン"}},
	{Name: "Beijing", Country: "China", Population: 11106000, Point: orb.Point{116.39, 39.93}, Names: []string{"北京", "Peking"}},
	{Name: "東京都", Country: "日本", Population: 35676000, Point: orb.Point{139.75, 35.69}},
	{Name: "Москва", Country: "Россия", Population: 10452000, Point: orb.Point{37.6, 55.75}},
	{Name: "القاهرة", Country: "مصر", Population: 11893000, Point: orb.Point{31.25, 30.05}},
	{Name: "서울", Country: "대한민국", Population: 9796000, Point: orb.Point{127, 37.57}},
	{Name: "Xi'an", Country: "China", Population: 4009000, Point: orb.Point{108.9, 34.28}},
	{Name: "L’Aquila", Country: "Italy", Population: 68503, Point: orb.Point{13.4, 42.35}},
	{Name: "New York", Country: "United States", Population: 19040000, Point: orb.Point{-74, 40.75}},
	{Name: "York", Country: "United Kingdom", Population: 158947, Point: orb.Point{-1.08, 53.97}},
	{Name: "Near", Country: "And", Population: 5, Point: orb.Point{1, 1}},
	{Name: "Å", Country: "Norway", Population: 100, Point: orb.Point{13, 67.9}},
	{Name: "Suva", Country: "Fiji", Population: 175000, Point: orb.Point{178.44, -18.13}},
}

func TestNamesAreFoundAsPeopleTypeThem(t *testing.T) {
	needsFTS5(t)
	g := open(t, made(t, t.TempDir(), "world", world...))
	for text, want := range map[string]string{
		"paris": "Paris, Île-de-France, France", "PARIS": "Paris, Île-de-France, France", "  paris ": "Paris, Île-de-France, France",
		"paris texas": "Paris, Texas, United States", "texas paris": "Paris, Texas, United States", "Paris, Texas": "Paris, Texas, United States",
		"paris, tex": "Paris, Texas, United States", "Paris, Texas, United States": "Paris, Texas, United States",
		"paris us":                     "Paris, Texas, United States",
		"Paris, Île-de-France, France": "Paris, Île-de-France, France", "par": "Paris, Île-de-France, France",
		"parin":       "Parintins, Amazonas, Brazil",
		"saint denis": "Saint-Denis, France", "saintdenis": "Saint-Denis, France", "denis": "Saint-Denis, France",
		"denis sai": "Saint-Denis, France",
		"zurich":    "Zürich, Switzerland", "Zürich": "Zürich, Switzerland", "ZÜRICH": "Zürich, Switzerland", "zuerich": "Zürich, Switzerland",
		"Zürich kansas": "Zurich, Kansas, United States", "zür": "Zürich, Switzerland",
		"tromso": "Tromsø, Norway", "TROMSØ": "Tromsø, Norway", "tromsoe": "Tromsø, Norway", "lodz": "Łódź, Poland", "Łodz": "Łódź, Poland",
		"giessen": "Gießen, Germany", "GIESSEN": "Gießen, Germany", "gießen": "Gießen, Germany",
		"vienna": "Wien, Austria", "becs": "Wien, Austria", "відень": "Wien, Austria", "ウィーン": "Wien, Austria", "vienna austria": "Wien, Austria",
		"北京": "Beijing, China", "北": "Beijing, China", "東京": "東京都, 日本", "京": "東京都, 日本", "москва": "Москва, Россия", "МОСК": "Москва, Россия",
		"القاهرة": "القاهرة, مصر", "القاهره": "القاهرة, مصر", "서울": "서울, 대한민국", "서": "서울, 대한민국",
		"xian": "Xi'an, China", "xi'an": "Xi'an, China", "xi’an": "Xi'an, China", "xian china": "Xi'an, China", "aquila": "L’Aquila, Italy",
		"laquila": "L’Aquila, Italy",
		"york":    "York, United Kingdom", "new york": "New York, United States", "newyork": "New York, United States",
		"york new": "New York, United States",
		"near":     "Near, And", "near and": "Near, And", "AND": "Near, And", "a": "Å, Norway", "austria": "Wien, Austria",
		"ｐａｒｉｓ": "Paris, Île-de-France, France",
	} {
		if got := labels(t, g, Query{Text: text}); len(got) == 0 || got[0] != want {
			t.Errorf("%q finds %q, want %q first", text, got, want)
		}
	}
}

func TestWhatFitsBetterComesFirstThenWhatIsLarger(t *testing.T) {
	needsFTS5(t)
	g := open(t, made(t, t.TempDir(), "world", world...))
	want := []string{"Paris, Île-de-France, France", "Parintins, Amazonas, Brazil", "Paris, Texas, United States"}
	if diff := cmp.Diff(want, labels(t, g, Query{Text: "pari"})); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"York, United Kingdom", "New York, United States"}, labels(t, g, Query{Text: "york"})); diff != "" {
		t.Error(diff)
	}
	near := orb.Point{-95, 33}
	if got := labels(t, g, Query{Text: "paris", Focus: &near}); got[0] != "Paris, Texas, United States" {
		t.Errorf("near Texas: %q", got)
	}
	texas := func(p Place) bool { return p.Region == "Texas" }
	if diff := cmp.Diff([]string{"Paris, Texas, United States"}, labels(t, g, Query{Text: "p", Keep: texas})); diff != "" {
		t.Error(diff)
	}
	if got := labels(t, g, Query{Text: "p", Size: 2}); len(got) != 2 {
		t.Errorf("two were asked for: %q", got)
	}
}

// odd is what must be neither an error nor a long wait.
var odd = []string{
	"", " ", `"`, `""`, "*", "a*", `"a`, "a\"b", "NEAR", "NEAR(a b)", "AND", "a AND", "OR", "NOT a", "a NOT b", "term:a", "^a", "{a}",
	"(", ")", "a + b", "-a", "'", "';--", "%",
	"\x00", "a\x00b", "\xff\xfe", "a\xffb", "\ufeff", "\u0301", "🏔", "👨‍👩‍👧", strings.Repeat("a ", 500), strings.Repeat("a",
		5000), strings.Repeat("京", 300), wholeMark + "paris",
	"\u202e", "1", "a b c d e f g h i j k l", ",", ",,,", ", paris", "a,", "\t\n",
}

func TestNothingThatIsTypedIsAnError(t *testing.T) {
	needsFTS5(t)
	g := open(t, made(t, t.TempDir(), "world", world...))
	for _, text := range odd {
		if _, err := g.Search(t.Context(), Query{Text: text}); err != nil {
			t.Errorf("%.40q: %v", text, err)
		}
	}
	for _, text := range []string{"", " ", `"`, "*", "🏔", "\u0301"} {
		if got := labels(t, g, Query{Text: text}); got != nil {
			t.Errorf("%q finds %q", text, got)
		}
	}
}

func FuzzSearch(f *testing.F) {
	needsFTS5(f)
	g := open(f, made(f, f.TempDir(), "world", world...))
	for _, text := range odd {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := g.Search(t.Context(), Query{Text: text}); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	})
}

func TestFoldingForgetsHowANameIsWritten(t *testing.T) {
	for s, want := range map[string]string{
		"Zürich": "zurich", "Łódź": "lodz", "TROMSØ": "tromso", "Straße": "strasse", "Ærø": "aero", "İstanbul": "istanbul",
		"Iğdır": "igdir", "Đà Nẵng": "da nang",
		"Saint-Denis (Réunion)": "saint denis reunion", "Ἀθῆναι": "αθηναι", "Άργος": "αργοσ", "Ёлкино": "елкино", "東京都": "東 京 都", "ﬁ": "fi",
		"¼": "1 4", "": "", "--": "",
		"Þingvellir": "thingvellir", "Qırmızı": "qirmizi", "Hawaiʻi": "hawai i", "São  Paulo\n": "sao paulo",
	} {
		if got := Fold(s); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}

func TestEveryPlaceHasAUsefulBox(t *testing.T) {
	width := func(p Place) float64 { b := p.Complete().Bound; return b.Max.Lat() - b.Min.Lat() }
	metropolis := width(Place{Name: "Tokyo", Population: 35e6, Point: orb.Point{139.7, 35.7}})
	city := width(Place{Name: "Bern", Population: 275e3, Point: orb.Point{7.4, 46.9}})
	hamlet := width(Place{Name: "Gimmelwald", Point: orb.Point{7.9, 46.5}})
	country := width(Place{Name: "Nowhere", Layer: Country})
	if !(country > metropolis && metropolis > city && city > hamlet && hamlet > 0.02) {
		t.Errorf("boxes: %g, %g, %g, %g degrees high", country, metropolis, city, hamlet)
	}
	for _, at := range []orb.Point{{0, 90}, {0, -90}, {180, 0}, {-180, 0}, {179.99, 89.9}, {-179.99, -60}} {
		b := Place{Name: "x", Population: 1e6, Point: at}.Complete().Bound
		onGlobe := b.Min.Lat() >= -90 && b.Max.Lat() <= 90 && b.Min.Lon() >= -180 && b.Min.Lon() <= 180
		if !(onGlobe && b.Max.Lon() > b.Min.Lon() && b.Max.Lon()-b.Min.Lon() <= 180.001) {
			t.Errorf("the box of %v is %v", at, b)
		}
	}
	own := orb.Bound{Min: orb.Point{1, 2}, Max: orb.Point{3, 4}}
	if got := (Place{Name: "x", Bound: own}).Complete().Bound; got != own {
		t.Errorf("its own box became %v", got)
	}
}

func TestAFileIsMadeWholeOrNotAtAll(t *testing.T) {
	needsFTS5(t)
	dir := t.TempDir()
	w, err := Create(t.Context(), dir, "world")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Create(t.Context(), dir, "world"); !errors.Is(err, tilestore.ErrLocked) {
		t.Errorf("a second writer: %v", err)
	}
	if err := w.Commit(t.Context(), Info{}, nil); !errors.Is(err, ErrSource) {
		t.Errorf("a gazetteer of nothing: %v", err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	made(t, dir, "world", world...)
	if left, err = os.ReadDir(dir); err != nil || len(left) != 1 || left[0].Name() != "world.places" {
		t.Errorf("in the folder: %v, %v", left, err)
	}
	for _, name := range []string{"", "../x", "Über", "a.b"} {
		if _, err := Create(t.Context(), dir, name); !errors.Is(err, tilestore.ErrName) {
			t.Errorf("name %q: %v", name, err)
		}
	}
}

func TestAFileOfOthersIsNoGazetteer(t *testing.T) {
	needsFTS5(t)
	dir := t.TempDir()
	whole, err := os.ReadFile(made(t, dir, "good", world...))
	if err != nil {
		t.Fatal(err)
	}
	changed := func(at int, b byte) []byte {
		other := slices.Clone(whole)
		other[at] = b
		return other
	}
	for name, content := range map[string][]byte{
		"empty": {}, "text": []byte(strings.Repeat("no database ",
			50)), "others": changed(71, 1), "newer": changed(63, 9), "short": whole[:len(whole)/2], "header": whole[:100],
	} {
		path := filepath.Join(dir, name+Extension)
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		g, err := Open(t.Context(), path)
		if err == nil {
			_, err = g.Search(t.Context(), Query{Text: "paris"})
			g.Close()
		}
		if !errors.Is(err, tilestore.ErrForeign) && !errors.Is(err, tilestore.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
	f, err := OpenFolder(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got := labels(t, f, Query{Text: "wien"}); len(got) != 1 {
		t.Errorf("beside broken files, wien finds %q", got)
	}
	if _, problems := f.All(t.Context()); len(problems) < 5 {
		t.Errorf("told as broken: %v", problems)
	}
}

func TestAFolderIsSearchedAsItChanges(t *testing.T) {
	needsFTS5(t)
	dir := t.TempDir()
	f, err := OpenFolder(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	old := func() { // the last look was long ago
		f.look.Lock()
		f.at = f.at.Add(-2 * lookEvery)
		f.look.Unlock()
	}
	expect := func(text string, want ...string) {
		t.Helper()
		old()
		if diff := cmp.Diff(want, labels(t, f, Query{Text: text})); diff != "" {
			t.Error(diff)
		}
	}
	expect("wien")
	made(t, dir, "world", world...)
	expect("wien", "Wien, Austria")
	made(t, dir, "other", Place{Name: "Wien", Population: 7, Point: orb.Point{16.4, 48.2}}, Place{Name: "Wiener Neustadt", Point: orb.Point{16.2, 47.8}})
	expect("wien", "Wien, Austria", "Wiener Neustadt")
	made(t, dir, "world", Place{Name: "Atlantis", Point: orb.Point{-30, 30}})
	expect("atlantis", "Atlantis")
	expect("wien", "Wien", "Wiener Neustadt")
	if err := Remove(dir, "other"); err != nil {
		t.Fatal(err)
	}
	expect("wien")
	if infos, _ := f.All(t.Context()); len(infos) != 1 || infos[0].Places != 1 || infos[0].Attribution != "of world" {
		t.Errorf("described as %+v", infos)
	}
}

func ExampleFold() {
	fmt.Println(Fold("Gimmelwald, Großes Öschinenhorn (Łódź)"))
	// Output: gimmelwald grosses oschinenhorn lodz
}
