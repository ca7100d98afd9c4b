//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// terrane runs a command and returns what it prints.
func terrane(t *testing.T, args ...string) string {
	t.Helper()
	c := exec.Command(program, args...)
	out, err := c.Output()
	if err != nil {
		t.Fatalf("terrane %s: %v", strings.Join(args, " "), err)
	}
	return string(out)
}

// keepFile writes a file that a command is to read.
func keepFile(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// textOf decodes a result that is one string.
func textOf(t *testing.T, result json.RawMessage) string {
	t.Helper()
	var text string
	if err := json.Unmarshal(result, &text); err != nil {
		t.Fatal(err)
	}
	return text
}

// layVersions makes two versions of a picture: magenta all over, and then in a corner only.
func layVersions(t *testing.T, data string) {
	t.Helper()
	layMagenta(t, data, "plot", -79.8, 43.8, 0.6)
	layMagenta(t, data, "plot", -79.8, 43.8, 0.05)
}

func TestCatalogueShowsThumbnailsOfWhatItLists(t *testing.T) {
	data := ingest(t, "ontario", sharedFile(t, "data/dem/n43.dt0"))
	layVersions(t, data)
	server := start(t, "serve", "--data", data)
	r := visit(t, server.url,
		step{"do": "open", "path": "./", "size": []int{1000, 700}},
		step{"do": "see", "selector": "article pre"},
		step{"do": "appear", "selector": ".drawn .thumbnail"},
		step{"do": "see", "selector": ".compare:not([hidden])"},
		step{"do": "see", "selector": "article dd"},
		step{"do": "see", "selector": ".client"},
		step{"do": "shot", "name": "catalogue"},
		step{"do": "open", "path": "./", "size": []int{390, 844}, "dark": true},
		step{"do": "see", "selector": "article pre"},
		step{"do": "overflow"},
		step{"do": "shot", "name": "catalogue-dark-phone"},
		step{"do": "click", "selector": "article:nth-child(1) .inspect"},
		step{"do": "until", "text": "inspect#dataset=ontario&tile="},
	)
	expect(t, "thumbnails", r[2], "2")
	expect(t, "datasets with versions to compare", r[3], `["Compare versions"]`)
	if facts := texts(t, r[4]); !strings.Contains(facts, "2, one of 2") {
		t.Errorf("the version is not told: %s", facts)
	}
	if clients := texts(t, r[5]); !strings.Contains(clients, "ion") {
		t.Errorf("no lines to swap ion: %s", clients)
	}
	expect(t, "pixels that stick out on a phone", r[9], "0")
	if share := magentaShare(t, "catalogue", 52, 12, 60, 30); share < 0.5 {
		t.Errorf("the thumbnail of magenta covers %.2f of its place", share)
	}
}

// TestViewerSplitsTwoVersionsAndTheKeyboardMovesTheDivider has magenta in the middle in version 1 only.
func TestViewerSplitsTwoVersionsAndTheKeyboardMovesTheDivider(t *testing.T) {
	data := t.TempDir()
	layVersions(t, data)
	server := start(t, "serve", "--data", data)
	size := []int{420, 500}
	r := visit(t, server.url,
		step{"do": "open", "path": "viewer#dataset=&base=none&lon=-79.5&lat=43.5&height=60000&pitch=-90&heading=0", "size": size},
		step{"do": "complete"},
		step{"do": "press", "selector": "#layers > summary", "key": "Enter"},
		step{"do": "press", "selector": "#split-on", "key": "Enter"},
		step{"do": "until", "text": "split=plot*default*1*2*50"},
		step{"do": "press", "selector": "#layers > summary", "key": "Enter"},
		step{"do": "complete"},
		step{"do": "shot", "name": "viewer-split"},
		step{"do": "press", "selector": "#divider", "key": "End"},
		step{"do": "until", "text": "*100"},
		step{"do": "complete"},
		step{"do": "shot", "name": "viewer-split-end"},
		step{"do": "press", "selector": "#divider", "key": "Shift+ArrowLeft"},
		step{"do": "press", "selector": "#divider", "key": "ArrowLeft"},
		step{"do": "address"},
		step{"do": "count", "selector": "#problems"},
	)
	for name, want := range map[string][2]float64{"viewer-split": {1, 0}, "viewer-split-end": {1, 1}} {
		left, right := magentaShare(t, name, 40, 30, 46, 40), magentaShare(t, name, 54, 30, 60, 40)
		if left < want[0]-0.1 || left > want[0]+0.1 || right < want[1]-0.1 || right > want[1]+0.1 {
			t.Errorf("%s: %.2f magenta on the left, %.2f on the right, want %v", name, left, right, want)
		}
	}
	expect(t, "problems shown", r[15], "0")
	link := textOf(t, r[14])
	if !strings.Contains(link, "split=plot*default*1*2*88") {
		t.Errorf("the link does not hold the split: %s", link)
	}
	_, hash, _ := strings.Cut(link, "#")
	r = visit(t, server.url,
		step{"do": "open", "path": "viewer#" + strings.Replace(hash, "*88", "*30", 1), "size": size, "dark": true},
		step{"do": "complete"},
		step{"do": "shot", "name": "viewer-split-link"},
		step{"do": "see", "selector": "#divider .left"},
		step{"do": "press", "selector": "#layers > summary", "key": "Enter"},
		step{"do": "set", "selector": "#base", "value": "dataset:plot"},
		step{"do": "press", "selector": "#split-on", "key": "Enter"},
		step{"do": "until", "text": "base=dataset:plot"},
		step{"do": "address"},
		step{"do": "overflow"},
		step{"do": "count", "selector": "#problems"},
	)
	expect(t, "version on the left", r[3], `["Version 1"]`)
	left, right := magentaShare(t, "viewer-split-link", 22, 30, 27, 40), magentaShare(t, "viewer-split-link", 36, 30, 60, 40)
	if left < 0.9 || right > 0.1 {
		t.Errorf("by its link: %.2f magenta on the left, %.2f on the right", left, right)
	}
	if link := textOf(t, r[8]); strings.Contains(link, "split=") {
		t.Errorf("the split is over, and the link holds it: %s", link)
	}
	expect(t, "pixels that stick out on a phone", r[9], "0")
	expect(t, "problems shown", r[10], "0")
}

func TestViewerFliesToWhatIsSearchedByKeyboard(t *testing.T) {
	data := t.TempDir()
	layMagenta(t, data, "plot", -79.8, 43.8, 0.6)
	bare := start(t, "serve", "--data", data)
	r := visit(t, bare.url,
		step{"do": "open", "path": "viewer#dataset=", "size": []int{420, 400}},
		step{"do": "complete"},
		step{"do": "fill", "selector": "#search-text", "text": "Bruxelles"},
		step{"do": "see", "selector": "#search-news:not(.unseen)"},
	)
	if news := texts(t, r[3]); !strings.Contains(news, "no gazetteer") {
		t.Errorf("without a gazetteer the box says %q", news)
	}
	terrane(t, "ingest", "places", "--data", data, "--name", "towns", "--progress", "none",
		keepFile(t, "towns.csv", "name,lon,lat,population,country\nÅrhus,10.2,56.15,290000,DK\nArholma,19.1,59.85,60,SE\n"))
	server := start(t, "serve", "--data", data)
	r = visit(t, server.url,
		step{"do": "open", "path": "viewer#dataset=&base=none", "size": []int{420, 640}, "dark": true},
		step{"do": "complete"},
		step{"do": "press", "selector": "body", "key": "/"},
		step{"do": "fill", "selector": "#search-text:focus", "text": "arh"},
		step{"do": "see", "selector": "#search-list li"},
		step{"do": "press", "selector": "#search-text", "key": "ArrowDown"},
		step{"do": "shot", "name": "viewer-search-phone"},
		step{"do": "press", "selector": "#search-text", "key": "Enter"},
		step{"do": "until", "text": "lon=10.2"},
		step{"do": "complete"},
		step{"do": "address"},
		step{"do": "fill", "selector": "#search-text", "text": "-33.5 151.25"},
		step{"do": "press", "selector": "#search-text", "key": "Enter"},
		step{"do": "until", "text": "lon=151.25"},
		step{"do": "fill", "selector": "#search-text", "text": "zzzz"},
		step{"do": "see", "selector": "#search-news:not(.unseen)"},
		step{"do": "overflow"},
		step{"do": "count", "selector": "#problems"},
	)
	if list := texts(t, r[4]); !strings.HasPrefix(list, "Århus") || !strings.Contains(list, "Arholma") {
		t.Errorf("found %q", list)
	}
	_, hash, _ := strings.Cut(textOf(t, r[10]), "#")
	if q, err := url.ParseQuery(hash); err != nil || !strings.HasPrefix(q.Get("lon"), "10.2") || !strings.HasPrefix(q.Get("lat"), "55.9") {
		t.Errorf("the camera is at %s, %v", hash, err)
	}
	expect(t, "what is said of nonsense", r[15], `["Nothing found."]`)
	expect(t, "pixels that stick out on a phone", r[16], "0")
	expect(t, "problems shown", r[17], "0")
}

func TestPagesPassTheirTokenOn(t *testing.T) {
	data := ingest(t, "ontario", sharedFile(t, "data/dem/n43.dt0"))
	towns := keepFile(t, "towns.csv", "name,lon,lat\nToronto,-79.38,43.65\n")
	terrane(t, "ingest", "places", "--data", data, "--name", "towns", "--progress", "none", towns)
	var made struct{ Token string }
	answer := terrane(t, "token", "create", "--data", data, "--name", "reader", "--json")
	if err := json.Unmarshal([]byte(answer), &made); err != nil || made.Token == "" {
		t.Fatalf("no token: %+v, %v", made, err)
	}
	server := start(t, "serve", "--data", data, "--auth")
	with := func(page, hash string) string {
		return fmt.Sprintf("%s?access_token=%s%s", page, url.QueryEscape(made.Token), hash)
	}
	r := visit(t, server.url,
		step{"do": "open", "path": with("./", ""), "size": []int{800, 600}},
		step{"do": "see", "selector": "article pre"},
		step{"do": "appear", "selector": ".drawn .thumbnail"},
		step{"do": "click", "selector": "article .inspect"},
		step{"do": "see", "selector": "#seam-rows .good"},
		step{"do": "open", "path": with("viewer", "#dataset=ontario&layer=ontario*slope*100&water=0&lighting=0"), "size": []int{420, 400}},
		step{"do": "complete"},
		step{"do": "fill", "selector": "#search-text", "text": "toro"},
		step{"do": "see", "selector": "#search-list li"},
		step{"do": "count", "selector": "#problems"},
	)
	expect(t, "found", r[8], `["Toronto"]`)
	expect(t, "problems shown", r[9], "0")
}
